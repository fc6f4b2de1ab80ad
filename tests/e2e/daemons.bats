#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=any-kernel
# Events go through statsd-emit into real daemons, and what these have in the end is what jq makes of
# the same lines. EVENTS is how many lines there are.
# shellcheck disable=SC2030,SC2031 # each test is a process
# shellcheck disable=SC2317 # much is called through until_true
# shellcheck source=tests/e2e/helpers.bash
. "$BATS_TEST_DIRNAME/helpers.bash"

: "${EVENTS:=20000}"

top=$BATS_TEST_DIRNAME/../..
statsd=$top/.cache/npm/statsd-0.9.0/node_modules/statsd

# What the mappings that are built in don't have.
mappings=(-m 'app.load:g:load:v:cpu' -m 'app.login:s:users:user' -m 'app.sent:c:*:v')

# Events of all kinds. Times are few, so that all are sent.
mixed() {
	awk -v n="$EVENTS" 'BEGIN {
		split("NOERROR NXDOMAIN SERVFAIL", rcode)
		split("ENOENT EACCES", error)
		for (i = 0; i < n; i++) {
			kind = i % 10
			if (i % (n / 400) == 0)
				printf "{\"event\":\"net.connect\",\"latency_ns\":%d}\n", i * 7919 % 100000000
			else if (kind == 0)
				printf "{\"event\":\"process.exec\",\"args\":[\"\\\"\\u00e9\",\"a|c:1\"]%s}\n", i % 3 ? "" : ",\"count\":4"
			else if (kind == 1)
				printf "{\"event\":\"process.exec_failed\",\"error\":\"%s\"}\n", error[i % 20 < 10 ? 1 : 2]
			else if (kind == 2)
				print "{\"event\":\"process.exit\",\"exit_code\":0}"
			else if (kind == 3)
				printf "{\"event\":\"file.write\",\"bytes\":%d,\"calls\":%d}\n", i * 37 % 100000, 1 + i % 30
			else if (kind == 4)
				printf "{\"event\":\"file.read\"%s}\n", i % 20 < 10 ? "" : ",\"bytes\":" i
			else if (kind == 5)
				printf "{\"event\":\"dns.answer\",\"rcode\":\"%s\"}\n", rcode[1 + i % 3]
			else if (kind == 6)
				printf "{\"event\":\"syscall.count\",\"count\":%d}\n", i % 1000
			else if (kind == 7)
				printf "{\"event\":\"app.load\",\"cpu\":%d,\"v\":%.1f}\n", i % 40 / 10, i * 7919 % 1000 / 10 - 50
			else if (kind == 8)
				printf "{\"event\":\"app.login\",\"user\":\"user %d\\u00fc|:%%\"}\n", i % 7000
			else
				printf "{\"event\":\"app.sent\",\"v\":%d}\n", i * 104729 % 1000000000
		}
		print "{\"event\":\"lost\",\"count\":17}"
	}' </dev/null
}

# expected FILE: what a daemon must have of these lines.
expected() {
	jq -nc --argjson users "$(jq -n '[inputs | .user // empty] | unique | length' "$1")" '
		reduce inputs as $e ({ counters: {}, gauges: {}, timers: {}, sets: { users: $users } };
			if $e.event == "process.exec" then .counters["process.exec"] += ($e.count // 1)
			elif $e.event == "process.exec_failed" then .counters["process.exec_failed." + $e.error] += 1
			elif $e.event == "process.exit" then .counters["process.exit"] += 1
			elif $e.event == "file.write" or $e.event == "file.read" then
				.counters[$e.event] += ($e.calls // 1)
				| if $e.bytes then .counters[$e.event + ".bytes"] += $e.bytes else . end
			elif $e.event == "net.connect" then
				.counters["net.connect"] += 1
				| .timers["net.connect.time"] += [$e.latency_ns / 1000000]
			elif $e.event == "dns.answer" then .counters["dns.answer." + $e.rcode] += 1
			elif $e.event == "syscall.count" then .counters["syscall.count"] += $e.count
			elif $e.event == "app.load" then .gauges["load." + ($e.cpu | tostring)] = $e.v
			elif $e.event == "app.login" then .
			elif $e.event == "app.sent" then .counters["app.sent"] += $e.v
			elif $e.event == "lost" then .counters.lost += $e.count
			else error($e.event)
			end)
		| .timers[] |= sort' "$1"
}

# same RESULT EXPECTED: two objects; shows what differs.
same() {
	jq -nc --slurpfile got "$1" --slurpfile expected "$2" '
		$expected[0] as $e | $got[0] as $g
		| if $e == $g then empty
		else { expected: $e, got: $g } | [paths(scalars) | .[1:]] | unique[] as $path
			| select(($e | getpath($path)) != ($g | getpath($path)))
			| { path: $path, expected: ($e | getpath($path)), got: ($g | getpath($path)) }
		end' >differences
	[[ ! -s differences ]] || { show differences err; return 1; }
}

# A port that is free, for UDP and TCP. No other test may be told the same.
free_port() {
	# shellcheck disable=SC2016 # perl's own variables
	perl -MSocket -e '
		for (1 .. 100) {
			socket(U, AF_INET, SOCK_DGRAM, 0) && bind(U, pack_sockaddr_in(0, INADDR_LOOPBACK)) or die $!;
			my ($port) = unpack_sockaddr_in(getsockname(U));
			socket(T, AF_INET, SOCK_STREAM, 0) or die $!;
			next unless bind(T, pack_sockaddr_in($port, INADDR_LOOPBACK));
			print $port;
			exit 0;
		}
		exit 1'
}

# Somebody listens at a UDP port.
listens() { awk -v port="$(printf ':%04X' "$1")" '$2 ~ port "$" { found = 1 } END { exit !found }' /proc/net/udp; }

# emit OPTION...: sends the events of standard input.
emit() {
	status=0
	statsd-emit -q -a "127.0.0.1:$port" "${mappings[@]}" "$@" 2>err || status=$?
	is "$status $(<err)" '0 '
}

# The last metric, behind all others.
end() { emit -m 'end:c' <<<'{"event":"end"}'; }

# begin COMMAND...: starts a daemon that listens at $port.
begin() {
	"$@" >daemon.out 2>daemon.err 3>&- &
	daemon=$!
	started+=("$daemon")
	until_true listens_or_gone
	if gone "$daemon"; then
		tail -n 5 daemon.out daemon.err
		return 1
	fi
}

listens_or_gone() { gone "$daemon" || listens "$port"; }

# The original one, whose results get into the file `result`.
original() {
	[[ -d $statsd ]] || skip 'no statsd of npm (make deps-test)'
	command -v node >/dev/null || skip 'no node'
	port=$(free_port)
	cat >config.js <<-CONFIG
		{
			address: '127.0.0.1', port: $port, mgmt_address: '127.0.0.1', mgmt_port: $(free_port),
			flushInterval: 3600000, backends: ['$BATS_TEST_DIRNAME/backend.js'], result: '$PWD/result'
		}
	CONFIG
	begin node "$statsd/stats.js" config.js
}

# What it has, less its own metrics and the end.
original_has() {
	end
	until_true gone "$daemon"
	jq -c '.counters["statsd.bad_lines_seen"] as $bad
		| .counters |= with_entries(select(.key | test("^(statsd\\.|end$)") | not))
		| .gauges |= with_entries(select(.key | startswith("statsd.") | not))
		| .timers |= map_values(sort) | .bad = $bad' result
}

@test "statsd: counters, gauges, timers and sets of $EVENTS events" {
	original
	mixed >in
	expected in | jq -c '.bad = 0' >want
	emit -I 100ms <in
	original_has >have
	same have want
}

# More at once may find the buffer of its socket full, as it is slow when it has just started.
@test "statsd: of a thousand series" {
	original
	awk 'BEGIN { for (i = 0; i < 40000; i++) printf "{\"event\":\"app.many\",\"key\":%d,\"v\":%d}\n", i % 999, i }' >in
	jq -nc '[inputs] | group_by(.key) | map({ key: "many.\(first.key)", value: map(.v) | add }) | from_entries
		| { counters: ., gauges: {}, timers: {}, sets: {}, bad: 0 }' in >want
	emit -m app.many:c:many:v:key <in
	original_has >have
	same have want
}

@test "statsd: as many execs as there were" {
	original
	# shellcheck disable=SC2016 # the script's
	execwatch -q -- sh -c 'for i in $(seq 150); do env true; done' 2>watch.err | emit
	is "${PIPESTATUS[*]} $(<watch.err)" '0 0 '
	original_has >have
	is "$(<have)" '{"counters":{"process.exec":302},"gauges":{},"timers":{},"sets":{},"bad":0}'
}

@test "collectd: counters, gauges, timers and sets of $EVENTS events" {
	command -v collectd >/dev/null || skip 'no collectd'
	port=$(free_port)
	cat >collectd.conf <<-CONFIG
		Hostname "h"
		BaseDir "$PWD"
		PIDFile "$PWD/pid"
		PluginDir "$(echo /usr/lib*/collectd)"
		TypesDB "/usr/share/collectd/types.db"
		Interval 0.5
		LoadPlugin logfile
		<Plugin logfile>
			LogLevel info
			File stderr
		</Plugin>
		LoadPlugin statsd
		<Plugin statsd>
			Host "127.0.0.1"
			Port "$port"
			TimerLower true
			TimerUpper true
			TimerSum true
			TimerCount true
		</Plugin>
		LoadPlugin csv
		<Plugin csv>
			DataDir "stdout"
			StoreRates false
		</Plugin>
	CONFIG
	begin collectd -f -C collectd.conf
	mixed >in
	# Of times it tells the number, the least and the most, of each of its intervals. It cuts them to
	# whole milliseconds, and 0 is none.
	expected in | jq -c '.timers[] |= (map(floor | select(. > 0)) | [length, first, last])' >want
	emit -I 1h <in
	end
	until_true has_end
	kill "$daemon"
	until_true gone "$daemon"
	is "$(grep -c 'Unable to parse' daemon.err)" 0
	sed -n 's|^PUTVAL h/statsd/\([a-z]*\)-\(.*\) interval=[^ ]* [0-9.]*:\([-0-9.]*\).*|\1\t\2\t\3|p' daemon.out |
		jq -nRc 'reduce (inputs | split("\t")) as [$type, $name, $value] ({ counters: {}, gauges: {}, timers: {}, sets: {} };
			($value | tonumber? // null) as $v
			| if $name == "end" or $v == null then .
			elif $type == "derive" then .counters[$name] = $v
			elif $type == "objects" then .sets[$name] += $v
			elif $name | endswith("-count") then .timers[$name[:-6]][0] += $v
			elif $type == "gauge" then .gauges[$name] = $v
			elif $name | endswith("-lower") then .timers[$name[:-6]][1] |= ([. // infinite, $v * 1000] | min)
			elif $name | endswith("-upper") then .timers[$name[:-6]][2] |= ([. // 0, $v * 1000] | max)
			else . end)
			| .timers[] |= map(round)' >have
	same have want
}

# Twice: all that was there with the end has been written.
has_end() { (($(grep -c derive-end daemon.out) > 1)); }

# ask PATH: of netdata's web server.
ask() {
	local web

	exec {web}<>"/dev/tcp/127.0.0.1/$web_port" || return
	printf 'GET %s HTTP/1.0\r\n\r\n' "$1" >&"$web"
	sed '1,/^\r*$/d' <&"$web"
	exec {web}>&-
}

counts_end() { ask '/api/v1/allmetrics?format=json' | jq -e '.["statsd_end.counter"]' >/dev/null 2>&1; }

# chart NAME DIMENSION: an array of what it was in each second.
chart() { ask "/api/v1/data?chart=$1&after=-60&dimensions=$2&format=json" | jq -c '[.data[][1] | numbers]'; }

# What is of one second only can be asked for once that is over.
charted() {
	times=$(chart statsd_net.connect.time_timer max 2>/dev/null)
	users=$(chart statsd_users.set unique 2>/dev/null)
	[[ $times == *[1-9]* && $users == *[1-9]* ]]
}

@test "netdata: counters, gauges, timers and sets of $EVENTS events" {
	command -v netdata >/dev/null || skip 'no netdata'
	port=$(free_port) web_port=$(free_port)
	mkdir etc
	{
		printf '[directories]\n'
		for dir in config 'stock config' log cache lib home plugins registry; do printf '%s = %s/etc\n' "$dir" "$PWD"; done
		printf '[plugins]\n'
		for plugin in timex idlejitter 'netdata monitoring' profile tc diskspace proc cgroups 'enable running new plugins' \
			apps checks slabinfo perf nfacct go.d python.d charts.d fping ioping ebpf freeipmi; do
			printf '%s = no\n' "$plugin"
		done
		for section in ml health registry; do printf '[%s]\nenabled = no\n' "$section"; done
		cat <<-CONFIG
			[global]
			run as user = $(id -un)
			[db]
			mode = ram
			retention = 3600
			[web]
			bind to = 127.0.0.1:$web_port
			[statsd]
			bind to = udp:127.0.0.1:$port
			create private charts for metrics matching = *
		CONFIG
	} >etc/netdata.conf
	begin netdata -D -c "$PWD/etc/netdata.conf"
	mixed >in
	# Names are in small letters. Of times it tells the most, in some digits, of each of its seconds.
	expected in | jq -c '.counters |= with_entries(.key |= ascii_downcase) | .timers[] |= (last * 100 | round / 100)' >want
	emit -I 1h <in
	end
	until_true counts_end
	until_true charted
	ask '/api/v1/allmetrics?format=prometheus&source=as-collected' >metrics
	# Numbers are thousandths but for counters.
	{
		sed -nE 's/.*\{chart="statsd_([^"]*)[._](counter|gauge)".*\} (-?[0-9]+) [0-9]+\r?$/\2s\t\1\t\3/p' metrics
		printf 'timers\tnet.connect.time\t%s\n' "$(jq 'max * 100 | round / 100' <<<"$times")"
		printf 'sets\tusers\t%s\n' "$(jq add <<<"$users")"
	} | jq -nRc 'reduce (inputs | split("\t") | select(.[1] != "end")) as [$kind, $name, $value] ({};
		.[$kind][$name] = ($value | tonumber) / (if $kind == "gauges" then 1000 else 1 end))' >have
	same have want
}
