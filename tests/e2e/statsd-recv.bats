#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=any-kernel
# statsd-recv: what is sent in any dialect comes out as what it was meant to be.
# shellcheck disable=SC2030,SC2031 # each test is a process
# shellcheck disable=SC2016 # for the shells and interpreters that tests start
# shellcheck source=tests/e2e/helpers.bash
. "$BATS_TEST_DIRNAME/helpers.bash"

# receive OPTION...: starts the tool on a free port, $port, unless -l says where; without -I an
# interval ends only with the tool.
receive() {
	local options=("$@")

	[[ " $* " == *" -l "* ]] || options+=(-l 127.0.0.1:0)
	[[ " $* " == *" --each "* || " $* " == *" -I "* ]] || options+=(-I 1h)
	: >out
	: >err # or what the last one said would be taken for what this one says
	env --default-signal=INT statsd-recv "${options[@]}" >>out 2>>err 3>&- &
	tool=$!
	started+=("$tool")
	until_true listening
	port=$(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' err | head -n 1)
}

listening() { gone "$tool" || (($(grep -c 'listening on' err) >= ${sockets:-1})); }

# datagram ADDRESS PORT | datagram PATH: sends standard input as one.
datagram() {
	perl -MIO::Socket::IP -MIO::Socket::UNIX -e '
		my $to = @ARGV > 1
			? IO::Socket::IP->new(PeerHost => $ARGV[0], PeerPort => $ARGV[1], Type => SOCK_DGRAM)
			: IO::Socket::UNIX->new(Peer => $ARGV[0], Type => SOCK_DGRAM);
		local $/;
		$to && defined $to->send(<STDIN> // "") or die "@ARGV: $!\n"' "$@"
}

# send [TEXT]...: each a datagram, escapes and all.
send() {
	local text

	for text; do printf '%b' "$text" | datagram 127.0.0.1 "$port"; done
}

# The tool ends; what is in its sockets it still reads.
received() {
	kill -s TERM "$tool"
	ended
	is "$status" 0
}

# metrics [FILTER]: of all metrics, without ts and event.
metrics() { jq -c "select(.event == \"statsd.metric\") | del(.ts, .event) | ${1-.}" out; }

# each TEXT...: the lines of --each for these datagrams.
each() {
	receive --each
	send "$@"
	received
	metrics
}

# sums TEXT...: what they sum up to, without rates.
sums() {
	receive
	send "$@"
	received
	metrics 'if .type == "counter" then del(.rate) else . end'
}

@test "counters: sums, sample rates, rates per second" {
	is "$(sums 'a:1|c' 'a:2|c\na:-0.5|c\n' 'b:1|c|@0.1\nb:3|c|@0.5' 'm:4|m')" \
		'{"name":"a","type":"counter","value":2.5}
{"name":"b","type":"counter","value":16}
{"name":"m","type":"counter","value":4}'
	holds 'map(select(.name == "a"))[0] | .rate > 0 and .rate < 1000'
}

@test "an interval: the rate is by its seconds, and there is nothing of what was before" {
	receive -I 300ms
	send 'a:3|c'
	until_true lines out 1
	send 'b:6|c'
	until_true lines out 2
	received
	is "$(metrics '[.name, .value]')" $'["a",3]\n["b",6]'
	holds 'map(.value / .rate) | all(. > 0.2999 and . < 60)'
}

@test "timers, histograms and distributions" {
	is "$(sums 't:1:2:3|ms\nt:4|ms' 'h:5|h|@0.5' 'd:-1.5|d')" \
		'{"name":"t","type":"timer","count":4,"sum":10,"min":1,"max":4,"mean":2.5,"p50":2,"p90":4,"p95":4,"p99":4}
{"name":"h","type":"histogram","count":2,"sum":10,"min":5,"max":5,"mean":5,"p50":5,"p90":5,"p95":5,"p99":5}
{"name":"d","type":"distribution","count":1,"sum":-1.5,"min":-1.5,"max":-1.5,"mean":-1.5,"p50":-1.5,"p90":-1.5,"p95":-1.5,"p99":-1.5}'
}

@test "percentiles of a thousand values are exact" {
	is "$(sums "$(seq 1 500 | tr '\n' : | sed 's/^/t:/; s/:$/|ms/')" \
		"$(seq 501 1000 | tr '\n' : | sed 's/^/t:/; s/:$/|ms/')" |
		jq -c '[.count, .sum, .p50, .p90, .p95, .p99]')" '[1000,500500,500,900,950,990]'
}

@test "gauges: values, changes, and what is kept from interval to interval" {
	receive -I 200ms
	send 'g:5|g\ng:+3|g\ng:-1|g' 'h:-2|g'
	until_true lines out 2
	send 'g:+0.5|g'
	until_true lines out 3
	send 'other:1|g'
	until_true lines out 4
	received
	is "$(metrics '[.name, .type, .value]')" '["g","gauge",7]
["h","gauge",-2]
["g","gauge",7.5]
["other","gauge",1]'
}

@test "--signed-gauges: a sign is part of the value" {
	receive --signed-gauges
	send 'g:5|g\ng:-3|g'
	received
	is "$(metrics)" '{"name":"g","type":"gauge","value":-3}'
}

@test "sets" {
	is "$(sums 's:a|s\ns:b|s\ns:a|s' 's:a:b|s\nr:1|s')" '{"name":"s","type":"set","value":3}
{"name":"r","type":"set","value":1}'
}

@test "tags: order doesn't matter, keys may have several values, dialects mean the same" {
	is "$(sums 'a:1|c|#x:1,y,x:2\na:1|c|#y,x:2,x:1,y' 'a:1|c' 'b;k=v:1|c\nb,k=v:1|c\nb#k=v:1|c\nb:1|c|#k:v' 'b;k=v:1|c|#l:w:x,')" \
		'{"name":"a","type":"counter","tags":{"x":["1","2"],"y":""},"value":2}
{"name":"a","type":"counter","value":1}
{"name":"b","type":"counter","tags":{"k":"v"},"value":4}
{"name":"b","type":"counter","tags":{"k":"v","l":"w:x"},"value":1}'
}

@test "a name has a series for each type" {
	is "$(sums 'a:1|c\na:1|g\na:1|s' | jq -c .type)" $'"counter"\n"gauge"\n"set"'
}

@test "--each: every value, with all that came with it" {
	is "$(each 'a:1|c|@0.1|#k:v|T1656581400|c:ci-1|e:it-x|card:low' 't:1:2.5|ms' 'g:+3|g\ng:3|g' 's:x:y|s')" \
		'{"name":"a","type":"counter","tags":{"k":"v"},"value":1,"sample_rate":0.1,"timestamp":1656581400,"container":"ci-1","external":"it-x","cardinality":"low"}
{"name":"t","type":"timer","value":1}
{"name":"t","type":"timer","value":2.5}
{"name":"g","type":"gauge","value":3,"relative":true}
{"name":"g","type":"gauge","value":3}
{"name":"s","type":"set","value":"x:y"}'
}

@test "--each prints at once" {
	receive --each
	send 'a:1|c'
	until_true lines out 1
	finish TERM
	is "$status" 0
}

@test "events and service checks, in both modes at once" {
	local mode expected='{"event":"statsd.event","title":"title","text":"two\nlines\nthree","host":"me","priority":"low","alert_type":"error","source_type":"src","aggregation_key":"key","tags":{"a":"b"},"timestamp":17,"container":"id"}
{"event":"statsd.service_check","name":"chk","status":2,"message":"all\nbad","host":"me","tags":{"q":""},"timestamp":18}'

	for mode in --each -I1h; do
		receive "$mode" -l 127.0.0.1:0
		send '_e{5,16}:title|two\nlines\\nthree|d:17|h:me|k:key|p:low|s:src|t:error|#a:b|c:id\na:1|c' \
			'_sc|chk|2|d:18|h:me|#q|m:all\\nbad'
		until_true lines out 2
		received
		is "$(jq -c 'select(.event != "statsd.metric") | del(.ts)' out)" "$expected"
		is "$(metrics .name)" '"a"'
	done
}

@test "times are those of the interval's end, in UTC with nanoseconds" {
	receive
	send 'a:1|c'
	received
	holds '.[0].ts | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[.][0-9]{9}Z$")'
	holds '(.[0].ts[:19] + "Z" | fromdate) - now | fabs < 600'
}

@test "lines: the last newline may be missing, empty ones and carriage returns don't matter" {
	is "$(sums 'a:1|c\r\n\r\n\na:1|c\r\n' 'a:1|c\r' '' | jq .value)" 3
	[[ $(<err) == *' 3 metrics in 3 datagrams' ]]
}

@test "bad lines are counted, said and kept; good ones beside them are read" {
	receive --rejects rejects
	send 'a:1|c\nno metric\na:x|c\n\0b:1|c\na:1|c' '_e{9,9}:short|text' '\xff\xfe'
	received
	is "$(metrics .value)" 2
	[[ $(<err) == *'datagram 1 is not NAME:VALUE|TYPE: there is no | (byte 16): left out'* ]]
	[[ $(<err) == *'2 metrics in 3 datagrams, 5 rejected' ]]
	printf 'no metric\na:x|c\n\0b:1|c\n_e{9,9}:short|text\n\xff\xfe\n' | cmp - rejects
}

@test "hostile names and tags: valid JSON, and nothing is lost" {
	receive --each
	send 'a"\\\x01\x9b\xff:1|c|#\xfe:\xfd,k:"' 's:\xff|s' '_e{2,1}:\xff\xfe|\xfd'
	received
	is "$(jq -c 'del(.ts, .event)' out)" \
		'{"name":"a\"\\\u0001��","name_hex":"61225c019bff","type":"counter","tags":{"k":"\"","�":"�"},"tags_hex":"6b3a222cfe3afd","value":1}
{"name":"s","type":"set","value":"�","value_hex":"ff"}
{"title":"��","title_hex":"fffe","text":"�","text_hex":"fd"}'
}

@test "numbers: too large for JSON they never become" {
	is "$(sums 'a:1e308|c\na:1e308|c' 't:1e308:1e308|ms|@0.001' 'c:9007199254740993|c' | jq -c '[.value // .sum]')" \
		'[1.7976931348623157e+308]
[1.7976931348623157e+308]
[9007199254740992]'
}

@test "a name with tags of more than 4096 bytes is refused, a datagram of 65507 read" {
	receive
	head -c 4096 /dev/zero | tr '\0' n | sed 's/$/:1|c/' | datagram 127.0.0.1 "$port"
	head -c 4097 /dev/zero | tr '\0' n | sed 's/$/:1|c/' | datagram 127.0.0.1 "$port"
	perl -e 'print "b:1", ":1" x 32751, "|d"' | datagram 127.0.0.1 "$port"
	received
	is "$(metrics 'select(.name != "b") | .name | length')" 4096
	is "$(metrics 'select(.name == "b") | .count')" 32752
	[[ $(<err) == *'datagram 2 has more than 4096 bytes of name and tags'* ]]
}

@test "--max-series: no count is lost" {
	receive --max-series 2
	send 'a:1|c\nb:2|c\nc:3|c\nd:4|c|#x:y\na:5|c' 'e:1|ms\nf:3|ms' 'g:1|g\ng:2|g' 's:1|s\ns2:1|s\ns2:2|s'
	received
	is "$(metrics 'del(.rate, .p50, .p90, .p95, .p99)')" '{"name":"a","type":"counter","value":6}
{"name":"b","type":"counter","value":2}
{"name":"other","type":"counter","other":true,"value":7}
{"name":"other","type":"gauge","other":true,"count":2}
{"name":"other","type":"timer","other":true,"count":2,"sum":4,"min":1,"max":3,"mean":2}
{"name":"other","type":"set","other":true,"value":2}'
	[[ $(<err) == *' 12 metrics in 4 datagrams, 9 of series beyond --max-series, in those with other' ]]
}

@test "--max-series: gauges that are no longer set make room" {
	receive --max-series 2 -I 200ms
	send 'a:1|g\nb:1|g'
	until_true lines out 2
	send 'b:+1|g\nc:1|g'
	until_true lines out 4
	send 'a:+1|g\nb:+1|g'
	until_true lines out 6
	received
	is "$(metrics '[.name, .value]')" $'["a",1]\n["b",1]\n["b",2]\n["c",1]\n["a",1]\n["b",3]'
	[[ $(<err) == *', 2 gauges forgotten' ]]
}

@test "-n stops after so many lines, -d after a time" {
	receive --each -n 2
	send 'a:1:2:3|ms'
	ended
	is "$status $(wc -l <out)" '0 2'
	receive -n 1
	send '_e{1,1}:a|b'
	ended
	is "$status $(jq -r .event out)" '0 statsd.event'
	receive -d 200ms
	send 'a:1|c'
	ended
	is "$status" 0
}

@test "SIGINT, SIGTERM and SIGHUP: what was sent before is read and printed" {
	local signal

	for signal in INT TERM HUP; do
		receive
		kill -STOP "$tool"
		send a:{1..50}'|c'
		kill -s TERM "$tool"
		kill -CONT "$tool"
		ended
		is "$signal $status $(metrics .value)" "$signal 0 1275"
	done
}

@test "it ends although senders go on" {
	receive --each
	start perl -MIO::Socket::IP -e '
		my $s = IO::Socket::IP->new(PeerHost => "127.0.0.1", PeerPort => $ARGV[0], Type => SOCK_DGRAM);
		$s->send("a:1|c") while 1' "$port"
	until_true lines out 1000
	finish TERM
	is "$status" 0
	# All that was printed was received, and there is no half line.
	is "$(metrics .value | wc -l)" "$(sed -n 's/.*statsd-recv: \([0-9]*\) metrics.*/\1/p' err)"
}

@test "a closed pipe ends it quietly" {
	bash -c 'statsd-recv --each -l 127.0.0.1:0 2>err | :; echo "${PIPESTATUS[0]}" >status'
	is "$(<status) $(wc -l <err)" '0 1'
}

@test "--grace: a reader that takes nothing" {
	mkfifo pipe
	exec 9<>pipe # a reader, which reads nothing
	: >err
	statsd-recv --each --grace 300ms -l 127.0.0.1:0 >pipe 2>>err 3>&- 9>&- &
	tool=$!
	started+=("$tool")
	until_true listening
	port=$(sed -n 's/.*:\([0-9]*\)$/\1/p' err)
	perl -e 'print "a:1", ":1" x 5000, "|c"' | datagram 127.0.0.1 "$port"
	until_true blocked
	finish TERM
	is "$status" 1
}

@test "output that can't be written" {
	status=0
	timeout "$E2E_PATIENCE" statsd-recv -q -l 127.0.0.1:0 -d 100ms >/dev/full 2>err || status=$?
	is "$status" 0
	: >out
	: >err
	statsd-recv --each -l 127.0.0.1:0 >/dev/full 2>>err 3>&- &
	tool=$!
	started+=("$tool")
	until_true listening
	port=$(sed -n 's/.*:\([0-9]*\)$/\1/p' err)
	send 'a:1|c'
	ended
	is "$status" 1
	[[ $(<err) == *"can't write metrics: No space left on device"* ]]
}

@test "datagrams that the kernel drops are counted, told and, with --strict, the status" {
	receive --strict --buffer 4096
	kill -STOP "$tool"
	/usr/bin/python3 - "$port" <<-'END'
		import socket, sys
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		for i in range(500):
		    s.sendto(b"a:1|c", ("127.0.0.1", int(sys.argv[1])))
	END
	kill -CONT "$tool"
	until_true grep -q '"lost"' out
	finish TERM
	is "$status" 3
	is "$(metrics .value) + $(jq -s 'map(select(.event == "lost").count) | add' out)" \
		"$(metrics .value) + $((500 - $(metrics .value)))"
	holds 'map(select(.event == "lost"))[0] | .count > 0 and
		.by == [{ event: "statsd.datagram", count: .count }] and (keys == ["by", "count", "event", "ts"])'
	[[ $(<err) == *" metrics in "*" datagrams, "*" datagrams lost" ]]
}

@test "a port that is taken, addresses that are none" {
	receive
	status=0
	statsd-recv -l "127.0.0.1:$port" >out2 2>err2 || status=$?
	is "$status $(<err2)" "1 statsd-recv: can't listen on 127.0.0.1:$port: another process listens there"
	received
	for where in '' 127.0.0.1:x 127.0.0.1:65536 127.0.0.1: '[::1' '[127.0.0.1]:5' unix: \
		"unix:$(printf 'x%.0s' {1..108})"; do
		status=0
		statsd-recv -l "$where" >out2 2>err2 || status=$?
		is "$where $status $(wc -l <err2)" "$where 64 1"
		[[ $(<err2) == "statsd-recv: --listen: '$where' "* ]]
	done
	status=0
	statsd-recv -l 192.0.2.1:0 >out2 2>err2 || status=$?
	is "$status $(<err2)" "1 statsd-recv: can't listen on 192.0.2.1:0: this machine has no such address"
}

@test "options that are wrong" {
	local option

	for option in --interval=0 --interval=x --buffer=1 --max-series=0 --count=0 --duration=0 --nonsense; do
		status=0
		statsd-recv "$option" -l 127.0.0.1:0 >out 2>err || status=$?
		is "$option $status $(wc -c <out)" "$option 64 0"
	done
	status=0
	statsd-recv --each -I 1s >out 2>err || status=$?
	is "$status $(<err)" '64 statsd-recv: --each and --interval exclude each other'
}

@test "all addresses, IPv6, names, and several at once" {
	sockets=3 receive -l :0 -l '[::1]:0' -l localhost:0
	mapfile -t ports < <(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' err)
	is "$(sed 's/[0-9]*$//' err)" 'statsd-recv: listening on [::]:
statsd-recv: listening on [::1]:
statsd-recv: listening on 127.0.0.1:'
	echo 'a:1|c' | datagram 127.0.0.1 "${ports[0]}"
	echo 'b:1|c' | datagram ::1 "${ports[0]}"
	echo 'c:1|c' | datagram ::1 "${ports[1]}"
	echo 'd:1|c' | datagram 127.0.0.1 "${ports[2]}"
	received
	is "$(metrics .name | sort | tr -d '\n')" '"a""b""c""d"'
}

@test "unix sockets: mode by the umask, gone at the end" {
	umask 177
	receive -l unix:./socket --each
	is "$(stat -c '%F %a' socket)" 'socket 600'
	printf 'a:1|c' | datagram socket
	until_true lines out 1
	status=0
	statsd-recv -l unix:socket >out2 2>err2 || status=$?
	is "$status $(<err2)" "1 statsd-recv: can't listen on unix:socket: another process listens there"
	[[ -S socket ]]
	received
	is "$(metrics .name)" '"a"'
	[[ ! -e socket ]]
}

@test "unix sockets: one that nobody listens on is replaced, nothing else is" {
	receive -l unix:socket
	kill -KILL "$tool"
	ended
	[[ -S socket ]]
	receive -l unix:socket
	# Somebody replaces it: then it is not ours to remove.
	rm socket
	: >socket
	received
	[[ -f socket ]]
	status=0
	statsd-recv -l unix:socket >out2 2>err2 || status=$?
	is "$status $(<err2)" "1 statsd-recv: can't listen on unix:socket: there is a file that is no socket"
	# The first of two that can't both be had is removed too.
	status=0
	statsd-recv -l unix:first -l unix:socket >out2 2>err2 || status=$?
	is "$status" 1
	[[ ! -e first ]]
}

@test "a unix datagram of more than 64 KiB is refused" {
	receive -l unix:socket
	/usr/bin/python3 - <<-'END'
		import socket
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
		s.sendto(b"a:1|c" + b"\n" * 65532, "socket")
		s.sendto(b"b:1|c" + b"\n" * 65531, "socket")
	END
	received
	is "$(metrics .name)" '"b"'
	[[ $(<err) == *'datagram 1 has more than 65536 bytes'* ]]
}

@test "-q says nothing, --help, --usage and --version do" {
	for option in --help --usage --version; do
		statsd-recv "$option" >out 2>err
		[[ -s out && ! -s err ]]
	done
	status=0
	statsd-recv -q -l 127.0.0.1:0 -d 10ms >out 2>err || status=$?
	is "$status $(cat out err | wc -c)" '0 0'
}

## Senders of others.

@test "python3-statsd" {
	/usr/bin/python3 -c 'import statsd' 2>/dev/null || skip 'there is no python3-statsd'
	receive
	/usr/bin/python3 - "$port" <<-'END'
		import statsd, sys
		c = statsd.StatsClient("127.0.0.1", int(sys.argv[1]), prefix="app")
		c.incr("hits"); c.incr("hits", 4); c.decr("hits", 2)
		for i in range(50): c.incr("sampled", rate=0.9999999)
		c.gauge("level", 5); c.gauge("level", 3, delta=True); c.gauge("depth", -4)
		c.timing("took", 12.5); c.set("users", "ann"); c.set("users", "bob"); c.set("users", "ann")
		with c.pipeline() as p:
		    p.incr("piped"); p.timing("took", 2)
	END
	received
	is "$(metrics '[.name, .type, .value // .sum | if type == "number" then . * 1000 | round / 1000 else . end]')" '["app.hits","counter",3]
["app.sampled","counter",50]
["app.level","gauge",8]
["app.depth","gauge",-4]
["app.took","timer",14.5]
["app.users","set",2]
["app.piped","counter",1]'
}

@test "python3-aiodogstatsd" {
	/usr/bin/python3 -c 'import aiodogstatsd' 2>/dev/null || skip 'there is no python3-aiodogstatsd'
	receive
	/usr/bin/python3 - "$port" <<-'END'
		import aiodogstatsd, asyncio, sys
		async def main():
		    async with aiodogstatsd.Client(host="127.0.0.1", port=int(sys.argv[1]), namespace="app",
		                                   constant_tags={"env": "prod"}) as c:
		        c.increment("hits", value=3, tags={"user": "ann"}); c.decrement("hits", tags={"user": "ann"})
		        c.gauge("level", value=7.5); c.histogram("size", value=21)
		        c.distribution("spread", value=84); c.timing("took", value=42)
		asyncio.run(main())
	END
	received
	is "$(metrics '[.name, .type, .tags, .value // .sum]')" '["app.hits","counter",{"env":"prod","user":"ann"},2]
["app.level","gauge",{"env":"prod"},7.5]
["app.size","histogram",{"env":"prod"},21]
["app.spread","distribution",{"env":"prod"},84]
["app.took","timer",{"env":"prod"},42]'
}

@test "ruby-statsd" {
	ruby -e 'require "statsd-ruby"' 2>/dev/null || skip 'there is no ruby-statsd'
	receive
	ruby -e '
		require "statsd-ruby"
		c = Statsd.new("127.0.0.1", ARGV[0].to_i); c.namespace = "app"
		c.increment("hits"); c.count("hits", 41); c.decrement("hits")
		c.gauge("level", 5); c.gauge("level", "+2"); c.timing("took", 320)
		c.set("users", "ann"); c.set("users", "bob")
		b = Statsd::Batch.new(c); b.increment("batched"); b.increment("batched"); b.flush' "$port"
	received
	is "$(metrics '[.name, .type, .value // .sum]')" '["app.hits","counter",41]
["app.level","gauge",7]
["app.took","timer",320]
["app.users","set",2]
["app.batched","counter",2]'
}

@test "libnet-statsd-perl" {
	perl -MNet::Statsd -e 1 2>/dev/null || skip 'there is no libnet-statsd-perl'
	receive
	perl -MNet::Statsd -e '
		$Net::Statsd::HOST = "127.0.0.1"; $Net::Statsd::PORT = shift;
		Net::Statsd::increment("hits"); Net::Statsd::decrement("hits");
		Net::Statsd::update_stats(["hits", "hits"], 20); Net::Statsd::gauge("level", 1.5, "level", 2.5);
		Net::Statsd::timing("took", 77);' "$port"
	received
	is "$(metrics '[.name, .type, .value // .sum]')" '["hits","counter",20]
["level","gauge",2.5]
["took","timer",77]'
}

@test "hot-shots" {
	export NODE_PATH=$BATS_TEST_DIRNAME/../../.cache/npm/hot-shots-17.1.1/node_modules
	[[ -d $NODE_PATH/hot-shots ]] && command -v node >/dev/null || skip 'no hot-shots of npm (make deps-test)'
	receive
	node -e '
		const StatsD = require("hot-shots");
		const c = new StatsD({ host: "127.0.0.1", port: +process.argv[1], prefix: "app.",
			globalTags: { env: "prod" }, includeDatadogTelemetry: false });
		c.increment("hits", 3, ["user:ann"]); c.decrement("hits", 1, ["user:ann"]);
		c.gauge("level", 7.5); c.gaugeDelta("level", -2); c.histogram("size", 21);
		c.distribution("spread", 84); c.timing("took", 42); c.unique("users", "ann"); c.unique("users", "bob");
		c.event("café", "two\nlines €", { alert_type: "error", hostname: "me", priority: "low",
			aggregation_key: "key", source_type_name: "src", date_happened: new Date(17000) }, ["a:b"]);
		c.check("chk", c.CHECKS.CRITICAL, { message: "all bad", hostname: "me" }, ["q:r"]);
		c.close();' "$port"
	until_true lines out 2
	received
	is "$(metrics 'select(.name | startswith("app.")) | [.name, .type, .tags, .value // .sum]')" \
		'["app.hits","counter",{"env":"prod","user":"ann"},2]
["app.level","gauge",{"env":"prod"},5.5]
["app.size","histogram",{"env":"prod"},21]
["app.spread","distribution",{"env":"prod"},84]
["app.took","timer",{"env":"prod"},42]
["app.users","set",{"env":"prod"},2]'
	is "$(jq -c 'select(.event != "statsd.metric") | del(.ts)' out)" \
		'{"event":"statsd.event","title":"app.café","text":"two\nlines €","host":"me","priority":"low","alert_type":"error","source_type":"src","aggregation_key":"key","tags":{"a":"b","env":"prod"},"timestamp":17}
{"event":"statsd.service_check","name":"app.chk","status":2,"message":"all bad","host":"me","tags":{"env":"prod","q":"r"}}'
}
