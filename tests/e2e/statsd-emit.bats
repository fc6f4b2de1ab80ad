#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=any-kernel
# Events become metrics: which ones, and how they get to a server.
# shellcheck disable=SC2030,SC2031 # each test is a process
# shellcheck disable=SC2317 # much is called through until_true
# shellcheck source=tests/e2e/helpers.bash
. "$BATS_TEST_DIRNAME/helpers.bash"

unset STATSD_HOST STATSD_PORT

# emit OPTION...: from start to end, with the events of standard input. Its output goes to `out`.
emit() {
	status=0
	statsd-emit "$@" >out 2>err || status=$?
}

# prints OPTION...: what would be sent for the events of standard input, in any order, as one line.
prints() {
	emit --print "$@"
	is "$status" 0
	sort out | paste -sd ' '
}

# begin OPTION...: in the background; events are written to descriptor $to.
begin() {
	mkfifo events
	"${via[@]}" statsd-emit "$@" <events >out 2>err 3>&- &
	tool=$!
	started+=("$tool")
	exec {to}>events
}

# The end of its input. Leaves its exit status in $status.
end_input() {
	exec {to}>&-
	ended
}

# receive udp|unix:PATH [PORT]: starts a server, which $server is the process of, and whose address is
# $at. It appends what it gets to `got`, and the size of each datagram to `sizes`.
receive() {
	rm -f at
	# shellcheck disable=SC2016 # perl's own variables
	start perl -MSocket -MPOSIX -e '
		POSIX::close($_) for 3 .. 100; # the end of the tool that the test writes to
		my ($at, $port) = @ARGV;
		if ($at =~ /^unix:(.*)/) {
			unlink $1;
			socket(S, AF_UNIX, SOCK_DGRAM, 0) && bind(S, pack_sockaddr_un($1)) or die $!;
		} else {
			socket(S, AF_INET, SOCK_DGRAM, 0) or die $!;
			setsockopt(S, SOL_SOCKET, SO_RCVBUF, pack("i", 4 << 20));
			bind(S, pack_sockaddr_in($port || 0, INADDR_LOOPBACK)) or die $!;
			($port) = unpack_sockaddr_in(getsockname(S));
			$at = "127.0.0.1:$port";
		}
		open(my $got, ">>", "got") && open(my $sizes, ">>", "sizes") or die $!;
		open(my $name, ">", "at.new") or die $!;
		print $name "$at\n";
		close($name) && rename("at.new", "at") or die $!;
		while (defined(recv(S, my $datagram, 65536, 0))) {
			syswrite($sizes, length($datagram) . "\n");
			syswrite($got, "$datagram\n");
		}' "$@"
	server=$!
	until_true test -e at
	at=$(<./at)
}

end_server() {
	kill -KILL "$server"
	wait "$server" 2>/dev/null || :
}

# got LINE...: the server gets these, in any order.
got() {
	until_true lines got $#
	is "$(sort got)" "$(printf '%s\n' "$@" | sort)"
}

# many N [EXTRA]: N events, each of which is another metric of some 40 bytes.
many() { awk -v n="$1" -v extra="${2:-x}" 'BEGIN { for (i = 1; i <= n; i++) printf "{\"event\":\"many.%s.%06d\",\"v\":%d}\n", extra, i, i }'; }

# A file has the text.
has() { grep -q -- "$2" "$1"; }

@test "each event of the collection has its metrics" {
	checked=0
	while IFS=$'\t' read -r event expected; do
		[[ $event ]] || continue
		is "$event $(prints --tag-keys '' <<<"$event")" "$event $expected"
		checked=$((checked + 1))
	done <<-'TABLE'
		{"event":"process.exec","comm":"ls"}	process.exec:1|c
		{"event":"process.exec","count":7}	process.exec:7|c
		{"event":"process.exec_failed","error":"ENOENT"}	process.exec_failed.ENOENT:1|c
		{"event":"process.exit"}	process.exit:1|c
		{"event":"process.exit","since_exec_ns":1500000}	process.exit:1|c process.run_time:1.5|ms
		{"event":"file.write","bytes":4096,"calls":3}	file.write.bytes:4096|c file.write:3|c
		{"event":"file.open"}	file.open:1|c
		{"event":"file.unlink","count":9}	file.unlink:1|c
		{"event":"net.connect","latency_ns":250000}	net.connect.time:0.25|ms net.connect:1|c
		{"event":"net.close"}	net.close:1|c
		{"event":"dns.query","query":"x"}	dns.query:1|c
		{"event":"dns.answer","rcode":"NXDOMAIN","latency_ns":2000000}	dns.answer.NXDOMAIN:1|c dns.answer.time:2|ms
		{"event":"dns.answer"}	dns.answer.none:1|c
		{"event":"dns.timeout"}	dns.timeout:1|c
		{"event":"dns.malformed"}	dns.malformed:1|c
		{"event":"tls.client_hello","version":"TLS 1.3"}	tls.client_hello.TLS_1_3:1|c
		{"event":"syscall.count","count":12}	syscall.count:12|c
		{"event":"lost","count":5}	lost:5|c
	TABLE
	is "$checked" 18
}

@test "events without a mapping are counted; so are lines that are none" {
	printf '%s\n' '{"event":"what"}' '{"no":"event"}' '{"event":7}' nonsense '{"event":"lost","count":1}' >in
	emit --print --rejects rejected <in
	is "$status $(<out) $(<rejected)" '0 lost:1|c nonsense'
	has err '^statsd-emit: 3 events have no mapping$'
	has err '^statsd-emit: line 4 .*: left out$'
}

@test "each type, in both dialects" {
	mappings=() plain=() tagged=()
	for type in c ms g s h d; do
		mappings+=(-m "e:$type:n.$type:v:t")
		plain+=("n.$type.x:2.5|$type")
		tagged+=("n.$type:2.5|$type|#t:x")
	done
	is "$(prints "${mappings[@]}" <<<'{"event":"e","v":2.5,"t":"x"}')" "$(printf '%s\n' "${plain[@]}" | sort | paste -sd ' ')"
	is "$(prints --format dogstatsd "${mappings[@]}" <<<'{"event":"e","v":2.5,"t":"x"}')" \
		"$(printf '%s\n' "${tagged[@]}" | sort | paste -sd ' ')"
	is "$(prints --format statsd "${mappings[@]}" <<<'{"event":"e"}')" ''
}

@test "in an interval counters add up, gauges keep the last value, and timers and sets each one" {
	printf '{"event":"e","v":%s}\n' 1 3 -2 2 2 >in
	is "$(prints -m e:c:c -m e:c:sum:v -m e:g:g:v -m e:s:s:v -m e:h:h:v <in)" \
		'c:5|c g:2|g h:-2|h h:1|h h:2|h h:2|h h:3|h s:-2|s s:1|s s:2|s s:3|s sum:6|c'
}

@test "integers are exact, whatever their sum; other numbers are the nearest" {
	printf '{"event":"e","v":%s}\n' 9007199254740993 18446744073709551615 18446744073709551615 -9223372036854775808 >in
	is "$(prints -m e:c:n:v <in)" 'n:27679123309819068415|c'
	printf '{"event":"e","v":%s}\n' 0.1 0.2 1e15 >in
	is "$(prints -m e:c:n:v <in)" 'n:1000000000000000.2|c'
	printf '{"event":"e","v":%s}\n' 1e308 1e308 1e308 >in
	is "$(prints -m e:c:n:v <in)" 'n:1.7976931348623157e+308|c'
}

@test "a gauge below zero: plain StatsD takes a sign for a difference, so that 0 comes before" {
	emit --print -m e:g:n:v <<<'{"event":"e","v":-5}'
	is "$(<out)" $'n:0|g\nn:-5|g'
	emit --print --format dogstatsd -m e:g:n:v <<<'{"event":"e","v":-5}'
	is "$(<out)" 'n:-5|g'
	# Both are in one datagram, or none: only two of these three have room.
	receive udp
	printf '{"event":"e","v":-1.5,"t":"%s"}\n' 1 2 3 >in
	emit -q -a "$at" --mtu 64 -m e:g:negative:v:t <in
	got negative.{1,2,3}:{0,-1.5}'|g'
	is "$(paste -sd ' ' sizes)" '32 32 32'
}

@test "what ends in _ns becomes milliseconds where the type is ms, and nowhere else" {
	is "$(prints -m e:ms:a:x_ns -m e:ms:b:x -m e:h:c:x_ns -m e:ms:d:y_ns=3000000 <<<'{"event":"e","x_ns":1234567,"x":7}')" \
		'a:1.234567|ms b:7|ms c:1234567|h d:3|ms'
}

@test "values that no metric can have are left out, and said" {
	printf '{"event":"e","v":%s}\n' '"7"' true '[1]' '{}' null -1 >in
	is "$(prints -m e:c:c:v -m e:ms:t:v <in)" 'c:-1|c'
	has err '^statsd-emit: 9 values were left out, as they are no numbers or negative times$'
	# null is as if it weren't there.
	is "$(prints -m e:c:c:v=3 -m e:s:s:v <<<'{"event":"e","v":null}')" 'c:3|c'
}

@test "timers beyond a thousand values an interval: a random choice, and said" {
	awk 'BEGIN { for (i = 0; i < 5000; i++) printf "{\"event\":\"e\",\"v\":%d}\n", i }' >in
	emit --print -m e:ms:n:v <in
	is "$(wc -l <out) $(sort -u out | wc -l) $(grep -vc '^n:[0-9]*|ms$' out)" '1000 1000 0'
	has err '^statsd-emit: 4000 values of timers were more than 1000 in an interval'
	is "$status" 0
}

@test "members of sets: different ones stay different" {
	printf '{"event":"e","v":%s}\n' '"a b"' '"a_b"' '"a%20b"' '""' '"%"' '"é"' '"a|b:c#d,e\n"' '"/etc/x.y-z"' 7 '"7"' >in
	is "$(prints -m e:s:n:v <in)" \
		'n:%25|s n:%c3%a9|s n:%|s n:/etc/x.y-z|s n:7|s n:a%20b|s n:a%2520b|s n:a%7cb%3ac%23d%2ce%0a|s n:a_b|s'
}

@test "nothing in an event adds a metric, a tag or a value" {
	hostile='x\ny:9|c\r\n|@0.1|#t:u,v:w;a=b/\u0001é '
	echo "{\"event\":\"$hostile\",\"v\":\"$hostile\",\"$hostile\":1}" >in
	emit --print -m '*:c:*.c:k=1:v' -m '*:s:*.s:v:v' --tag-keys event <in
	is "$(LC_ALL=C grep -cvxE '[A-Za-z0-9._-]+:[A-Za-z0-9._/%-]+\|[cs]' out) $(wc -l <out)" '0 2'
	emit --print --format dogstatsd -m '*:c:*.c:k=1:v' -m '*:s:*.s:v:v' --tag-keys event <in
	is "$(LC_ALL=C grep -cvxE '[A-Za-z0-9._-]+:[A-Za-z0-9._/%-]+\|[cs]\|#v:[^|,#[:cntrl:]]+,event:[^|,#[:cntrl:]]+' out) $(wc -l <out)" '0 2'
	# Nor in what the user says.
	emit --print --format dogstatsd --prefix 'p:1|c|#a,b' -m $'*:c:n|@0.1\nm::a|#b' <<<'{"event":"e","a|#b":"x"}'
	is "$(<out)" 'p_1_c__a_b.n__0.1_m:1|c|#a__b:x'
}

@test "an event without name, or with an empty one" {
	is "$(prints -m 'x=*:c:*.n' <<<'{"x":1}')" 'none.n:1|c'
	is "$(prints -m '*:c' <<<'{"event":""}')" 'none:1|c'
}

@test "what is long is cut, and not in the middle of a character" {
	long=$(printf '%0199d' 0)é
	echo "{\"event\":\"e\",\"v\":\"$long\",\"w\":\"${long}x\",\"x\":\"$(printf '%0500d' 0)\"}" >in
	is "$(prints --format dogstatsd -m e:c:n::v,w,x <in)" "n:1|c|#v:$(printf '%0199d' 0),w:$(printf '%0199d' 0),x:$(printf '%0200d' 0)"
	is "$(prints -m e:c:n::v,x <in)" "n.$(printf '%0199d' 0).$(printf '%0200d' 0):1|c"
	is "$(prints -m '*:c' <<<"{\"event\":\"$(printf '%0300d' 0)\"}")" "$(printf '%0200d' 0):1|c"
	emit --print --mtu 1432 -m "*:c:$(printf '%0200d' 0)::$(seq -s, 32)" --prefix "$(printf '%0200d' 0)" <<<"{\"event\":\"e\",$(seq -f "\"%g\":\"$(printf '%0200d' 0)\"" -s, 32)}"
	is "$status $(<out)" '75 '
	has err ': Message too long: 1 metrics lost so far'
}

@test "tags: parts of the name in plain StatsD; none of what there isn't" {
	printf '%s\n' '{"event":"e","a":"x.y","c":{"d":["",3]}}' '{"event":"e","a":null,"b":true}' >in
	is "$(prints -m e:c:n::a,b --tag-keys c.d.1,a,c.d.0 <in)" 'n.none.true.none.none:1|c n.x_y.none.3.none:1|c'
	is "$(prints --format dogstatsd -m e:c:n::a,b --tag-keys c.d.1,a,c.d.0 <in)" 'n:1|c|#a:x.y,c.d.1:3 n:1|c|#b:true'
	# Those of all metrics are the built-in ones' too.
	is "$(prints --tag-keys comm,event <<<'{"event":"process.exec","comm":"ls"}')" 'process.exec.ls.process_exec:1|c'
}

@test "--prefix" {
	is "$(prints --prefix web.1 <<<'{"event":"process.exec"}')" 'web.1.process.exec:1|c'
	is "$(prints --prefix '' <<<'{"event":"process.exec"}')" 'process.exec:1|c'
}

@test "--mapping: of names, patterns and fields; instead of what is built in" {
	printf '%s\n' '{"event":"app.login","user":"a","http":{"status":503}}' '{"event":"file.read","bytes":10}' \
		'{"http":{"status":404},"n":4}' >in
	is "$(prints -m 'app.*:c:logins' -m 'http.status=5*:c:errors' -m 'http.status=*:c:all:n=1:http.status' <in)" \
		'all.404:4|c all.503:1|c errors:1|c file.read.bytes:10|c file.read:1|c logins:1|c'
	is "$(prints -m 'file.read:c:reads' <in)" 'reads:1|c'
	# Of the same name: both count.
	is "$(prints -m 'file.*:c:n' -m '*.read:c:n:bytes' <in)" 'n:10|c n:1|c'
	# So many are allowed.
	options=()
	for i in {1..40}; do options+=(-m "file.read:c:n.$i"); done
	is "$(prints "${options[@]}" <in | wc -w)" 40
}

@test "--max-series: beyond it tags become other, then names, and no value is lost" {
	many 3000 | jq -c '.t = "t" + (.v | tostring)' >in
	for options in '-m many.*:c:n:v:t' '-m many.*:c:*:v:t' '-m many.*:c:*:v'; do
		# shellcheck disable=SC2086 # several options
		emit --print --max-series 100 $options <in
		is "$status $(awk -F '[:|]' '{ n += $2 } END { print n }' out)" '0 4501500'
		has err '^statsd-emit: 2900 values were beyond --max-series 100'
	done
	is "$(wc -l <out) $(tail -n 1 out)" "1101 other:$(((1101 + 3000) * 1900 / 2))|c"
	emit --print --max-series 10 -m 'many.*:s:n:v:t' <in
	is "$(grep -c '^n\.other:' out) $(wc -l <out)" '2990 3000'
	# Each interval anew.
	is "$(prints --max-series 1 <<<'{"event":"lost","count":1}')" 'lost:1|c'
	not has err max-series
}

@test "memory has a bound, whatever comes" {
	awk 'BEGIN { srand(1); for (i = 0; i < 150000; i++) printf "{\"event\":\"e%d\",\"v\":%d,\"t\":\"%0150d\"}\n", i, i, rand() * 1e9 }' >in
	(
		ulimit -v 300000
		emit --print -m '*:c::v:t' -m '*:ms:t:v:t' -m '*:s:s:t' <in
		is "$status" 0
	)
}

@test "datagrams are no longer than --mtu, and full" {
	receive udp
	many 2000 >in
	for mtu in 64 512 1432 60000; do
		: >got
		: >sizes
		emit -q -a "$at" --mtu $mtu -m 'many.*:c:*:v' <in
		is "$status $(<err)" '0 '
		until_true lines got 2000
		is "$(sort -u got | wc -l)" 2000
		is "$(awk -v mtu=$mtu '$1 > mtu' sizes | wc -l) $(sed '$d' sizes | awk -v mtu=$mtu '$1 < mtu - 21' | wc -l)" '0 0'
	done
	: >sizes
	emit -q -a "$at" -m 'many.*:c:*:v' <in
	until_true lines got 4000
	is "$(awk '$1 > 1432 || $1 < 1432 - 21' sizes | wc -l)" 1 # the last one
}

@test "over UDP: what the end of the input leaves is sent; the summary" {
	receive udp
	printf '{"event":"process.exec"}\n{"event":"file.read","bytes":3}' >in
	emit -a "$at" <in
	is "$status $(<err)" '0 statsd-emit: 2 events became 3 metrics in 1 datagrams'
	got 'process.exec:1|c' 'file.read:1|c' 'file.read.bytes:3|c'
	is "$(<sizes)" "$(($(wc -c <got) - 1))"
	emit -q -a "$at" </dev/null
	is "$status $(<err)" '0 '
}

@test "over a unix socket" {
	receive unix:socket
	many 3000 >in
	emit -a "$at" -m 'many.*:c:*:v' <in
	has err '^statsd-emit: 3000 events became 3000 metrics in [0-9]* datagrams$'
	until_true lines got 3000
	is "$status $(sort -u got | wc -l)" '0 3000'
}

@test "STATSD_HOST and STATSD_PORT, and -a before them" {
	receive udp
	STATSD_PORT=${at#*:} emit -q <<<'{"event":"a","v":1}' -m a:g:n1:v
	STATSD_HOST=localhost STATSD_PORT=${at#*:} emit -q <<<'{"event":"a","v":1}' -m a:g:n2:v
	STATSD_HOST=$at STATSD_PORT=9 emit -q <<<'{"event":"a","v":1}' -m a:g:n3:v
	STATSD_HOST=127.0.0.1 STATSD_PORT=9 emit -q -a "$at" <<<'{"event":"a","v":1}' -m a:g:n4:v
	STATSD_HOST='' STATSD_PORT=${at#*:} emit -q <<<'{"event":"a","v":1}' -m a:g:n5:v
	got n{1,2,3,4,5}':1|g'
	rm got
	receive unix:"$PWD/socket"
	STATSD_HOST=$at STATSD_PORT=9 emit -q <<<'{"event":"a","v":1}' -m a:g:n6:v
	got 'n6:1|g'
}

@test "--interval: sent each time, without an end" {
	receive udp
	begin -a "$at" -I 50ms
	echo '{"event":"process.exec"}' >&"$to"
	got 'process.exec:1|c'
	echo '{"event":"process.exec","count":2}' >&"$to"
	got 'process.exec:1|c' 'process.exec:2|c'
	end_input
	is "$status $(<err)" '0 statsd-emit: 2 events became 2 metrics in 2 datagrams'
}

@test "SIGTERM: the input is read to its end, and sent; twice ends at once" {
	receive udp
	for signal in TERM INT HUP; do
		rm -f events
		: >got
		via=(env --default-signal=INT)
		begin -a "$at" -I 1h
		echo '{"event":"process.exec"}' >&"$to"
		until_true reading
		kill -s $signal "$tool"
		echo '{"event":"process.exec"}' >&"$to"
		end_input
		is "$signal $status" "$signal 0"
		got 'process.exec:2|c'
	done
	# Input that does not end.
	rm -f events
	: >got
	begin -a "$at" -I 1h --grace 100ms
	echo '{"event":"process.exec"}' >&"$to"
	until_true reading
	finish TERM
	is "$status" 1
	has err 'gave up on input that does not end'
	got 'process.exec:1|c'
	rm -f events
	: >got
	begin -a "$at" -I 1h --grace 1h
	echo '{"event":"process.exec"}' >&"$to"
	until_true reading
	kill -TERM "$tool"
	until_true taken "$tool"
	insist TERM
	is "$status" 143
}

# The tool has read all there is, and waits.
reading() { [[ $(<"/proc/$tool/wchan") == *poll* ]]; }

# A signal that the process was sent has reached it.
taken() { gone "$1" || [[ $(status_of "$1" ShdPnd) == 0000000000000000 ]]; }

@test "--tee passes every byte on" {
	receive udp
	{ printf 'nonsense\n\n\r\n{"event":"lost","count":1}\n\0\377\n' && head -c 3000000 /dev/urandom && many 1000 && printf '{"half"'; } >in
	emit -q -a "$at" --tee <in
	cmp in out
	is "$status" 0
	got 'lost:1|c'
	# Its reader goes away: the end, quietly, and what came is sent.
	: >got
	{ echo '{"event":"lost","count":2}' && yes '{"event":"lost","count":0}'; } 2>/dev/null | statsd-emit -q -a "$at" --tee -I 1h 2>err | head -n 1 >out
	is "${PIPESTATUS[*]:1} $(<out) $(<err)" '0 0 {"event":"lost","count":2} '
	got 'lost:2|c'
}

@test "--print: each interval, and until nobody reads it" {
	begin --print -I 50ms
	echo '{"event":"process.exec"}' >&"$to"
	until_true lines out 1
	echo '{"event":"process.exec"}' >&"$to"
	until_true lines out 2
	end_input
	is "$status $(paste -sd ' ' out) $(<err)" '0 process.exec:1|c process.exec:1|c '
	yes '{"event":"lost","count":1}' 2>/dev/null | statsd-emit -q --print -I 10ms 2>err | head -n 1 >out
	is "${PIPESTATUS[*]:1} $(<err)" '0 0 '
	# No server is looked for.
	is "$(STATSD_HOST=no.such.host.invalid prints <<<'{"event":"lost","count":1}')" 'lost:1|c'
}

@test "nobody listens on the port: every metric counts as lost" {
	receive udp
	end_server
	many 1000 >in
	emit -a "$at" -m 'many.*:c:*:v' <in
	is "$status" 75
	has err "^statsd-emit: $at: Connection refused: [0-9]* metrics lost so far$"
	has err '^statsd-emit: 1000 events became 0 metrics in 0 datagrams$'
	has err '^statsd-emit: 1000 metrics could not be sent and were dropped$'
}

@test "a server goes away and comes back: what is sent and what is lost add up" {
	receive udp
	begin -a "$at" -I 20ms
	echo '{"event":"process.exec"}' >&"$to"
	until_true lines got 1
	end_server
	echo '{"event":"process.exec"}' >&"$to"
	until_true has err 'Connection refused: 1 metrics lost so far'
	receive udp "${at#*:}"
	echo '{"event":"process.exec"}' >&"$to"
	until_true lines got 2
	end_input
	is "$status $(wc -l <got)" '75 2'
	has err '3 events became 2 metrics in 2 datagrams'
	has err '1 metrics could not be sent and were dropped'
}

@test "no unix socket is there: lost; one comes: it gets what comes then" {
	begin -a unix:socket -I 20ms
	echo '{"event":"process.exec"}' >&"$to"
	until_true has err '^statsd-emit: unix:socket: No such file or directory: 1 metrics lost so far$'
	receive unix:socket
	echo '{"event":"process.exec"}' >&"$to"
	got 'process.exec:1|c'
	end_input
	is "$status" 75
	has err '2 events became 1 metrics in 1 datagrams'
	has err '1 metrics could not be sent and were dropped'
}

@test "the receiver of a unix socket ends: lost; another one comes: it gets what comes then" {
	receive unix:socket
	begin -a unix:socket -I 20ms
	echo '{"event":"process.exec"}' >&"$to"
	got 'process.exec:1|c'
	end_server
	echo '{"event":"process.exec"}' >&"$to"
	until_true has err '^statsd-emit: unix:socket: Connection refused: 1 metrics lost so far$'
	receive unix:socket
	echo '{"event":"process.exec"}' >&"$to"
	got 'process.exec:1|c' 'process.exec:1|c'
	end_input
	is "$status" 75
	has err '3 events became 2 metrics in 2 datagrams'
}

@test "another receiver takes the place of one that is still there" {
	receive unix:socket
	begin -a unix:socket -I 20ms
	echo '{"event":"process.exec"}' >&"$to"
	got 'process.exec:1|c'
	kill -STOP "$server"
	receive unix:socket
	echo '{"event":"process.exec","count":2}' >&"$to"
	got 'process.exec:1|c' 'process.exec:2|c'
	end_input
	is "$status" 0
}

# The tool waits, for room in the socket's queue, or has ended.
waits() { gone "$tool" || [[ $(<"/proc/$tool/wchan") == *poll* ]]; }

@test "a unix socket that is full for a moment: nothing is lost" {
	receive unix:socket
	kill -STOP "$server"
	many 3000 >in
	statsd-emit -a unix:socket -m 'many.*:c:*:v' <in >out 2>err 3>&- &
	tool=$!
	started+=("$tool")
	until_true waits
	kill -CONT "$server"
	ended
	until_true lines got 3000
	is "$status $(wc -l <got) $(<err)" "0 3000 statsd-emit: 3000 events became 3000 metrics in $(wc -l <sizes) datagrams"
}

@test "a unix socket that stays full: a second is waited for, the rest is lost and counted" {
	receive unix:socket
	kill -STOP "$server"
	many 3000 >in
	before=${EPOCHREALTIME/./}
	emit -a unix:socket -m 'many.*:c:*:v' <in
	took=$((${EPOCHREALTIME/./} - before))
	is "$status" 75
	((took >= 900000)) || is "$took us" 'a second'
	((took <= E2E_PATIENCE * 1000000)) || is "$took us" 'a second'
	kill -CONT "$server"
	sent=$(sed -n 's/.* became \([0-9]*\) metrics.*/\1/p' err)
	until_true lines got "$sent"
	is "$(sort -u got | wc -l)" "$sent"
	has err "^statsd-emit: unix:socket: Resource temporarily unavailable: [0-9]* metrics lost so far$"
	has err "^statsd-emit: $((3000 - sent)) metrics could not be sent and were dropped$"
	((sent < 3000 && sent > 0)) || is "$sent" 'some'
}

@test "a line that is longer than a datagram may be is lost, and said" {
	receive udp
	printf '%s\n' "{\"event\":\"$(printf 'a%0100d' 0)\"}" '{"event":"b"}' >in
	emit -a "$at" --mtu 64 -m '*:c' <in
	is "$status" 75
	has err ': Message too long: 1 metrics lost so far$'
	has err '^statsd-emit: 2 events became 1 metrics in 1 datagrams$'
	got 'b:1|c'
}

@test "usage errors say which option, which value, and what is allowed" {
	checked=0
	while IFS=$'\t' read -r options expected; do
		checked=$((checked + 1))
		# shellcheck disable=SC2086 # several options
		emit $options </dev/null
		is "$options: $status $(<err)" "$options: 64 statsd-emit: $expected"
	done <<-'TABLE'
		-a h:0	--address: 'h:0' has a port that is not a number from 1 to 65535
		-a unix:	--address: 'unix:' needs a path behind unix:
		-a [::1	--address: '[::1' has an opening bracket, but not [IPV6] or [IPV6]:PORT
		--format x	--format: 'x' is neither statsd nor dogstatsd
		--mtu 63	--mtu: '63' is not a whole number from 64 to 65507
		--mtu 65508	--mtu: '65508' is not a whole number from 64 to 65507
		--max-series 0	--max-series: '0' is not a whole number from 1 to 10000000
		-I 0	--interval: '0' is not a time above 0, such as 5, 1.5s, 200ms, 10m or 1h
		--tag-keys a,,b	--tag-keys: 'a,,b' has an empty name among its tags
		--print --tee	--print and --tee both want standard output
		-m x	--mapping: 'x' has none of the types c, ms, g, s, h and d (WHEN:TYPE[:NAME[:VALUE[:TAGS]]] is what it can be)
		-m x:g	--mapping: 'x:g' needs a VALUE, as only c counts by itself (WHEN:TYPE[:NAME[:VALUE[:TAGS]]] is what it can be)
	TABLE
	is "$checked" 12
	emit --prefix "$(printf '%0201d' 0)" </dev/null
	is "$status $(<err)" "64 statsd-emit: --prefix: '00000000000000000000...' has 201 bytes, of which 200 are allowed"
	emit --tag-keys "$(seq -s, 33)" </dev/null
	is "$status $(<err)" "64 statsd-emit: --tag-keys: '$(seq -s, 33)' has more than 32 tags"
	emit --tag-keys "$(seq -s, 32)" </dev/null
	is "$status $(<err)" "64 statsd-emit: --tag-keys: '$(seq -s, 32)' and the tags of 'process.exec_failed:c:*:count=1:error' are more than 32"
	options=()
	for i in {1..64}; do options+=(-m "e:c:n.$i"); done
	emit "${options[@]}" </dev/null
	is "$status $(sed 's/than [0-9]*/than N/' err)" "64 statsd-emit: --mapping: 64 of them are more than N, which are allowed"
	STATSD_PORT=http emit </dev/null
	is "$status $(<err)" "64 statsd-emit: \$STATSD_PORT: 'http' is not a number from 1 to 65535"
	STATSD_HOST=a:b emit </dev/null
	is "$status $(<err)" "64 statsd-emit: \$STATSD_HOST: 'a:b' has a port that is not a number from 1 to 65535"
}

@test "execwatch's events become metrics" {
	execwatch -q -e exec,exit -- sh -c 'env true; env true' 2>err | statsd-emit --print >out
	is "${PIPESTATUS[*]} $(grep -v run_time out | sort | paste -sd ' ')" '0 0 process.exec:5|c process.exit:3|c'
	is "$(grep -cxE 'process\.run_time:[0-9.]+\|ms' out)" 3
}

@test "the manual names each mapping that is built in" {
	top=$BATS_TEST_DIRNAME/../..
	[[ -e $top/man/statsd-emit.8 ]] || skip 'the manual is not here'
	mapfile -t built_in < <(sed -n '/ built_in\[\]/,/^};/s/^\t"\(.*\)",$/\1/p' "$top/tools/statsd-emit.c")
	((${#built_in[@]} > 10))
	is "$(sed -n '/^These are built in:$/,/^\.El$/s/^\.Li //p' "$top/man/statsd-emit.8")" "$(printf '%s\n' "${built_in[@]}")"
}
