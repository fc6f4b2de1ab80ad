#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# DNS as it is sent and received: what is seen, and whose it is. `dns` is a server and a client that
# say what they do, real ones come after that. Ports are those of a network namespace of its own.
# shellcheck disable=SC2030,SC2031 # each test is a process
# shellcheck disable=SC2016 # for jq, and for the shells that tests start
# shellcheck source=tests/e2e/helpers.bash
. "$BATS_TEST_DIRNAME/helpers.bash"
subject=dnssnoop

# As who a program runs is told by its name.
role() { [[ -e $U$1 ]] || ln -s "$BUILD/tests/e2e/dns" "$U$1"; }

# see OPTION...: starts the tool, for this test's programs.
see() { watch -c "$U*" "$@"; }

# serve OPTION... ADDRESS PORT: a server in the background, once it can be asked.
serve() {
	role serve
	servers=$((${servers:-0} + 1))
	start "./${U}serve" serve "$@" >>said
	server=$!
	until_true served
}
served() { (($(grep -c ready said) >= servers)); }

# ask OPTION... ADDRESS PORT NAME...
ask() {
	role ask
	"${inside[@]}" "./${U}ask" ask "$@" >>said
}
inside=()

# asks OPTION...: in the background, its socket is there already. It goes on with `go 1`.
asks() {
	role ask
	start "./${U}ask" ask -g "$@" >>said <go
	asker=$!
}

# Questions and answers of this test's programs, one a line.
messages() {
	jq -c --arg u "$U" 'objects | select(.event == ("dns.query", "dns.answer"))
		| select(.comm // "" | startswith($u))
		| [.event, .direction, .proto, .query, .bytes, .id, .pid, .ppid, .uid, .comm]' "$1" | sort
}

# All that was said is seen, and nothing else.
told() {
	messages said >expected
	messages out >seen
	[[ -s expected ]] || is 'nothing was said' ''
	diff expected seen || {
		show err out
		return 1
	}
}

# count N: that many messages.
count() { is "$(wc -l <seen)" "$1"; }

# of_all EXPRESSION: of this test's programs' events, with jq.
of_all() { jq -sr --arg u "$U" "map(select(.comm // \"\" | startswith(\$u))) | $1" out; }

needs() {
	local program

	for program; do command -v "$program" >/dev/null || skip "no $program"; done
}

listening() { grep -q "^ *[0-9]*: [0-9A-F]*:$(printf %04X "$2") .* 0\(7\|A\) " "/proc/net/$1"; }

#
# Who asks, and who answers.
#

@test "UDP and TCP, IPv4 and IPv6: each message on both sides, and who sends and receives it" {
	watch
	for address in 127.0.0.1 ::1; do
		for proto in '' -t; do
			serve $proto $address 53
			ask $proto $address 53 a.test b.a.test
			kill "$server"
			until_true gone "$server"
		done
	done
	finish TERM
	told
	count 32
	is "$(of_all '[.[] | .saddr, .daddr] | unique | join(" ")')" '127.0.0.1 ::1'
	is "$(of_all '[.[] | if .direction == (if .event == "dns.query" then "out" else "in" end) then .dport, .sport else empty end] | contains([53])')" true
	holds 'all(.[]; has("malformed") or has("community_id"))'
}

@test "sockets that are older than the tool" {
	serve 127.0.0.1 53
	serve -t ::1 53
	asks 127.0.0.1 53 udp.test
	asks -t ::1 53 tcp.test
	until_true connected
	see
	go 2
	until_true lines said 10
	finish TERM
	told
	count 8
}
connected() { grep -q ':0035 .* 01 ' /proc/net/tcp6; }

@test "a server that has become another user" {
	see
	serve -u 65534 127.0.0.1 53
	serve -t -u 65534 127.0.0.1 53
	ask 127.0.0.1 53 udp.test
	ask -t 127.0.0.1 53 tcp.test
	finish TERM
	told
	count 8
	is "$(of_all 'map(select(.comm | endswith("serve")) | .uid) | unique | @text')" '[65534]'
}

@test "several processes that share a socket: each question is whose who takes it" {
	local n=12 names

	mapfile -t names < <(seq -f n%g.test $n)
	for older in '' yes; do
		rm -f said
		servers=0
		[[ $older ]] || see
		serve -w 3 127.0.0.1 53
		[[ ! $older ]] || see
		ask 127.0.0.1 53 "${names[@]}"
		finish TERM
		told
		count $((4 * n))
		is "$(of_all 'map(select(.comm | endswith("serve")) | .pid) | unique | length')" 3
		pkill -P "$server"
		kill "$server"
		until_true gone "$server"
	done
}

@test "questions that came at once, to several processes that share a socket" {
	unpreempted
	mkfifo held
	exec {held}<>held
	see
	serve -g -w 3 127.0.0.1 53 <held
	ask -n 127.0.0.1 53 n1.test n2.test n3.test n4.test n5.test n6.test
	echo >&"$held"
	until_true lines said 19
	finish TERM
	told
	count 18
}

@test "connections that one process accepts and another serves" {
	for older in '' yes; do
		rm -f said
		servers=0
		[[ $older ]] || see
		serve -t -w 1 ::1 53
		[[ ! $older ]] || see
		ask -t ::1 53 a.test b.test
		ask -t ::1 53 c.test
		finish TERM
		told
		count 12
		is "$(of_all 'map(select(.comm | endswith("serve")) | .pid) | unique | length')" 2
		kill "$server"
		until_true gone "$server"
	done
}

# beyond_veth [N]: another network namespace, where commands run by "${inside[@]}": here is 192.0.N.1
# (2, unless told otherwise) and 2001:db8:N::1, there are 192.0.N.2 and 2001:db8:N::2. The interface
# here is $near.
beyond_veth() {
	local n=${1:-2} far

	near=v$$-$n
	start unshare --net sleep infinity
	far=$!
	# shellcheck disable=SC2317 # called through until_true
	apart() { [[ $(readlink "/proc/$far/ns/net") != $(readlink /proc/self/ns/net) ]]; }
	until_true apart
	ip link add "$near" type veth peer name far netns "$far" || skip 'no veth'
	ip addr add "192.0.$n.1/24" dev "$near"
	ip addr add "2001:db8:$n::1/64" dev "$near" nodad
	ip link set "$near" up
	inside=(nsenter "--net=/proc/$far/ns/net")
	"${inside[@]}" ip addr add "192.0.$n.2/24" dev far
	"${inside[@]}" ip addr add "2001:db8:$n::2/64" dev far nodad
	"${inside[@]}" ip link set far up
	"${inside[@]}" ip route add default via "192.0.$n.1"
	"${inside[@]}" ip route add default via "2001:db8:$n::1"
}

@test "a client in another network namespace" {
	beyond_veth
	see
	serve 192.0.2.1 53
	serve -t 192.0.2.1 53
	ask 192.0.2.1 53 udp.test
	ask -t 192.0.2.1 53 tcp.test
	finish TERM
	told
	count 8
	is "$(of_all 'map(select(.event == "dns.query") | .saddr) | unique | join(" ")')" 192.0.2.2
	ip link del "$near"
}

@test "-i: what passes an interface, also on its way from one to another" {
	local there client interface

	role serve
	role ask
	beyond_veth 2
	there=("${inside[@]}")
	beyond_veth 3
	interface=$near
	echo 1 >/proc/sys/net/ipv4/ip_forward
	echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
	watch -i "$interface" -f event,direction,proto,query,daddr
	for address in 192.0.2.2 2001:db8:2::2; do
		for proto in '' -t; do
			# shellcheck disable=SC2086 # an option, or none
			start "${there[@]}" "./${U}serve" serve $proto $address 53 >>said
			servers=$((${servers:-0} + 1))
			until_true served
			# Several in one packet, of which an interface sees one, too.
			# shellcheck disable=SC2086
			"${inside[@]}" "./${U}ask" ask $proto -p $address 53 a.test b.test c.test >/dev/null
		done
	done
	# At other interfaces it has nothing to see.
	inside=()
	serve 127.0.0.1 53
	ask 127.0.0.1 53 no.test
	ask 192.0.2.2 53 no.test
	until_true lines out 24
	finish TERM
	is "$(jq -r '[.event, .direction, .proto, .query, .daddr] | join(" ")' out | sort)" \
		"$(for address in 192.0.3.2 2001:db8:3::2; do
			for client in udp tcp; do
				printf "dns.query in $client %s ${address/3/2}\ndns.answer out $client %s $address\n" \
					a.test{,} b.test{,} c.test{,}
			done
		done | sort)"
}

#
# Time.
#

ns='def ns: (.ts[0:19] + "Z" | fromdate) % 100000 * 1000000000 + (.ts[20:29] | tonumber);'

@test "latency: of each answer, on either side" {
	see
	serve -d 30 127.0.0.1 53
	serve -t -d 30 127.0.0.1 53
	ask 127.0.0.1 53 a.test
	ask -t 127.0.0.1 53 a.test
	finish TERM
	told
	holds 'map(select(.comm // "" | startswith($u)) | select(.event == "dns.answer")) | length == 4
		and all(.[]; .latency_ns >= 30e6 and .latency_ns < 30e9)
		and ([.[] | select(.proto == "udp")] | .[0].latency_ns < .[1].latency_ns)' --arg u "$U"
	# It is the time between the two events.
	holds "$ns"' map(select(.comm // "" | startswith($u))) | group_by([.pid, .proto])
		| all(.[]; (.[1] | ns) - (.[0] | ns) - .[1].latency_ns | fabs < 1e6)' --arg u "$U"
}

# shellcheck disable=SC2317 # called through until_true
saw() { (($(jq -c "select($1)" out 2>/dev/null | wc -l) >= $2)); }

@test "dns.timeout: after --timeout, with how often was asked, on either side" {
	serve -n 127.0.0.1 53
	see --timeout 300ms
	ask -n -r 3 127.0.0.1 53 nobody.test
	until_true saw '.event == "dns.timeout" and .query == "nobody.test"' 2
	finish TERM
	holds "$ns"' map(select(.query == "nobody.test")) | group_by(.direction)
		| length == 2 and all(.[]; length == 4 and .[3].event == "dns.timeout"
			and .[3].retries == 2 and .[3].pid == .[0].pid and .[3].comm == .[0].comm
			and .[3].qtype == "A" and .[3].sport == .[0].sport
			and ((.[3] | ns) - (.[2] | ns) - 3e8 | fabs < 1e6))'
}

@test "retries: of an answer, how often the question was repeated" {
	mkfifo held
	exec {held}<>held
	see --direction in
	serve -g 127.0.0.1 53 <held
	asks -r 3 127.0.0.1 53 again.test
	go 1
	until_true lines said 4
	echo >&"$held"
	until_true gone "$asker"
	finish TERM
	holds 'map(select(.query == "again.test" and .event == "dns.answer")) | .[0].retries == 2'
}

#
# What is no DNS.
#

@test "dns.malformed: what is wrong, where, and whose it is" {
	see -x
	serve -n 127.0.0.1 53
	serve -t -n 127.0.0.1 53
	role send
	"./${U}send" send 127.0.0.1 53 676172 00010100000100000000000003777777
	"./${U}send" send -t 127.0.0.1 53 00020100000100000000000003777777
	until_true saw '.event == "dns.malformed"' 6
	finish TERM
	is "$(jq -r --arg u "$U" 'select(.comm | startswith($u)) | [.event, .proto, .direction, .bytes, .malformed != null, .malformed_at] | @tsv' out | sort | tr '\t' ' ')" \
		'dns.malformed tcp in 16 true 16
dns.malformed tcp out 16 true 16
dns.malformed udp in 16 true 16
dns.malformed udp in 3 true 3
dns.malformed udp out 16 true 16
dns.malformed udp out 3 true 3'
}

#
# Sizes and segments.
#

@test "answers that are large: 4,000 bytes over UDP, 64 KiB over TCP" {
	see
	serve -s 4000 127.0.0.1 53
	serve -t -s 65400 127.0.0.1 53
	ask 127.0.0.1 53 udp.test
	ask -t 127.0.0.1 53 tcp.test
	finish TERM
	told
	count 8
	holds '[.[] | select(.event == "dns.answer" and (.comm // "" | startswith($u)))] | length == 4
		and all(.[]; (.answers | length) == .answer_count or .answers_truncated)
		and ([.[] | select(.proto == "udp") | .answers | length] | unique == [18])
		and all(.[]; .answers[0] | .type == "TXT" and .data == "\"" + "x" * 200 + "\"")' --arg u "$U"
}

@test "many messages in one segment, and one in many" {
	see
	serve -t 127.0.0.1 53
	ask -t -p 127.0.0.1 53 a.test b.test c.test d.test e.test
	ask -t -1 127.0.0.1 53 f.test g.test
	finish TERM
	told
	count 28
}

@test "datagrams that are given to the kernel as one" {
	local names

	see
	for address in 127.0.0.1 ::1; do
		serve $address 53
		ask -p $address 53 a.test b.test c.test d.test
		# 64 of 1 KiB are as many as there may be.
		mapfile -t names < <(seq -f "n%03g$(printf '.%060d' 1 2 3).test" 1 40)
		ask -p $address 53 "${names[@]}"
	done
	finish TERM
	told
	count $((2 * 4 * 44))
}

#
# Options.
#

@test "--pair: one event for question and answer" {
	see --pair
	serve -d 5 127.0.0.1 53
	ask 127.0.0.1 53 a.test b.test
	finish TERM
	is "$(of_all '.[] | [.event, .direction, .query, .answers[0].data, .latency_ns > 5e6, (.comm | ltrimstr($u))] | map(tostring) | join(" ")' | sort)" \
		'dns.exchange in a.test 192.0.2.1 true ask
dns.exchange in b.test 192.0.2.1 true ask
dns.exchange out a.test 192.0.2.1 true serve
dns.exchange out b.test 192.0.2.1 true serve'
}

# Some questions of two kinds, which have answers of two kinds; names in `out` are told by `asked`.
traffic() {
	if [[ ! ${servers:-} ]]; then
		serve 127.0.0.1 53
		serve -c 3 127.0.0.2 53
	fi
	ask 127.0.0.1 53 one.test
	ask -q 28 127.0.0.1 53 two.test
	ask 127.0.0.2 53 THREE.test
}
asked() { jq -r "select(.query // \"\" | endswith(\".test\")) | ${1:-.query}" out | sort -u | xargs; }

@test "--name, --qtype, --rcode, --direction: only these; twice: both" {
	see --name 'T*.test'
	traffic
	finish TERM
	is "$(asked)" 'THREE.test two.test'

	see --name one.test --name 'th?ee.*'
	traffic
	finish TERM
	is "$(asked)" 'THREE.test one.test'

	see --qtype AAAA
	traffic
	finish TERM
	is "$(asked)" two.test

	see --qtype HTTPS --qtype aaaa,TYPE1
	traffic
	finish TERM
	is "$(asked)" 'THREE.test one.test two.test'

	see --rcode NXDOMAIN
	traffic
	finish TERM
	is "$(asked '"\(.event) \(.query)"')" 'dns.answer THREE.test'

	see --direction out
	traffic
	finish TERM
	is "$(asked .direction) $(asked .event)" 'out dns.answer dns.query'
}

@test "--port: another one, too" {
	see --port 5300 --port 5301
	serve 127.0.0.1 5300
	serve -t 127.0.0.1 5301
	serve 127.0.0.1 5302
	ask 127.0.0.1 5300 a.test
	ask -t 127.0.0.1 5301 b.test
	ask 127.0.0.1 5302 c.test
	finish TERM
	is "$(asked) $(asked .pid | wc -w)" 'a.test b.test 4'
}

@test "-c, -p, -u: only these processes, of a server also what comes before it has ever answered" {
	watch -c "${U}as?"
	traffic
	finish TERM
	is "$(asked .direction) $(asked '.comm | ltrimstr("'"$U"'")')" 'in out ask'

	watch -c "${U}serve"
	traffic
	finish TERM
	is "$(asked '.comm | ltrimstr("'"$U"'")')" serve
	is "$(asked '.event + " " + .direction')" 'dns.answer out dns.query in'

	serve 127.0.0.3 53
	watch -p "$server"
	ask 127.0.0.3 53 p.test
	ask 127.0.0.1 53 no.test
	finish TERM
	is "$(asked) $(asked .pid)" "p.test $server"

	watch -u 65534
	serve -u 65534 127.0.0.4 53
	serve -t -w 1 -u 65534 127.0.0.4 53
	ask 127.0.0.4 53 u.test
	ask -t 127.0.0.4 53 v.test
	ask 127.0.0.1 53 no.test
	finish TERM
	is "$(asked) $(asked .uid) $(of_all 'map(select(.event != "lost")) | length')" 'u.test v.test 65534 4'
}

@test "-p: one of several processes that share a socket gets its own questions" {
	local worker

	dnssnoop --check | grep -q 'no sock_recv_length' && skip 'who receives is not told by this kernel'
	serve -w 2 127.0.0.1 53
	worker=$(pgrep -P "$server" | tail -n 1)
	watch -p "$worker"
	ask 127.0.0.1 53 a.test b.test c.test d.test
	finish TERM
	messages said | grep ",$worker,$server," >expected
	messages out >seen
	diff expected seen
	count 4
}

@test "-- COMMAND and --tree: only it and its descendants" {
	role ask
	serve 127.0.0.1 53
	watch -- sh -c 'read -r _ <go; ./"$1" ask 127.0.0.1 53 mine.test; exit 3' sh "${U}ask"
	ask 127.0.0.1 53 other.test
	go 1
	ended
	is "$status" 3
	is "$(asked) $(asked '.comm | ltrimstr("'"$U"'")')" 'mine.test ask'

	start sh -c 'read -r _; ./"$1" ask 127.0.0.1 53 tree.test >&2; :' sh "${U}ask" <go
	asker=$!
	watch --tree "$asker"
	ask 127.0.0.1 53 other.test
	go 1
	until_true gone "$asker"
	finish TERM
	is "$(asked) $(asked '.ppid == '"$asker")" 'tree.test true'
}

@test "--cgroup: sockets of this cgroup" {
	role ask
	serve 127.0.0.1 53
	mkdir "$(cgroup_root)/${U}g"
	watch --cgroup "/${U}g"
	ask 127.0.0.1 53 other.test
	in_cgroup "/${U}g/below" "./${U}ask" ask 127.0.0.1 53 mine.test
	finish TERM
	is "$(asked) $(asked .cgroup) $(asked '.comm | ltrimstr("'"$U"'")')" "mine.test /${U}g/below ask"
}

@test "-e, -x, -n, -d, -f, -w" {
	see -e answer -f event,query
	traffic
	finish TERM
	is "$(asked .event) $(jq -c 'select(.event != "lost") | keys_unsorted' out | sort -u)" 'dns.answer ["event","query"]'

	see -x --rcode NXDOMAIN
	traffic
	finish TERM
	is "$(asked)" ''

	see -n 2
	traffic
	ended
	is "$status $(what 'map(select(.event != "lost")) | length')" '0 2'

	capture -d 100ms
	is "$status" 0

	observe -- "./${U}ask" ask 127.0.0.1 53 a.test # with -w
	is "$status $(asked) $(asked .event)" '0 a.test dns.answer dns.query'
}

@test "--all-sections: authority and additional records" {
	serve -a 127.0.0.1 53
	see --all-sections -e answer
	ask 127.0.0.1 53 a.test
	finish TERM
	holds 'map(select(.query == "a.test")) | length == 2 and all(.[];
		.authority == [{ data: "a.test", type: "NS", name: "a.test", ttl: 60 }]
		and .additional == [{ data: "192.0.2.2", type: "A", name: "a.test", ttl: 60 }])'
	see -e answer
	ask 127.0.0.1 53 a.test
	finish TERM
	holds 'map(select(.query == "a.test")) | length == 2 and all(.[];
		(has("authority") or has("additional") | not)
		and .authority_count == 1 and .additional_count == 1)'
}

@test "--check, --schema: what is there, and what events look like" {
	capture --check
	is "$status" 0
	grep -q '^  on_egress *cgroup_skb/egress' out
	grep -q '^  owner_recv\|degraded: .*sock_recv_length' out
	capture --schema
	is "$status" 0
	jq -e . out >/dev/null
	for event in dns.query dns.answer dns.exchange dns.timeout dns.malformed; do grep -q "\"$event\"" out; done
}

@test "an option's value that is none: which, and what is allowed" {
	while read -r options; do
		# shellcheck disable=SC2086 # a list
		capture $options
		is "$status $(grep -c -e "${options%% *}: '" err)" '64 1'
	done <<-'LIST'
		--port 65536
		--port dns
		--qtype NOSUCH
		--rcode NOSUCH
		--direction up
	LIST
}

#
# Servers and clients that people use.
#

# Whose the messages are that are about a name.
of_whom() {
	jq -r --arg name "$1" 'select(.query == $name) | "\(.event) \(.direction) \(.pid) \(.comm) \(.uid)"' out
}

# exchange NAME CLIENT COMM SERVER COMM UID: a question and its answer, seen on both sides.
exchange() {
	is "$(of_whom "$1" | sort -u)" "dns.answer in $2 $3 0
dns.answer out $4 $5 $6
dns.query in $4 $5 $6
dns.query out $2 $3 0"
}

# dnsmasq_here [COMMAND...]: which runs it.
dnsmasq_here() {
	needs dnsmasq
	printf '%s\n' port=53 listen-address=127.0.0.1,::1 bind-interfaces no-resolv no-hosts pid-file= \
		user=nobody log-facility=- address=/test/192.0.2.1 address=/test/2001:db8::1 >dnsmasq.conf
	start "$@" dnsmasq --keep-in-foreground -C dnsmasq.conf 2>dnsmasq.log
	server=$!
	until_true grep -q started dnsmasq.log
}

# by COMMAND...: a client, which finds that server. Its id is in $client.
by() {
	echo 'nameserver 127.0.0.1' >resolv.conf
	start unshare --mount sh -c 'mount --bind resolv.conf /etc/resolv.conf && exec "$@"' sh "$@" >answered
	client=$!
	until_true gone "$client"
}

@test "dnsmasq and dig: older or younger than the tool, over UDP and TCP, IPv4 and IPv6" {
	needs dig
	dnsmasq_here
	watch
	by dig +tries=1 @127.0.0.1 a.test
	until_true saw '.query == "a.test"' 4
	exchange a.test "$client" dig "$server" dnsmasq 65534
	by dig +tries=1 @::1 b.test AAAA
	until_true saw '.query == "b.test"' 4
	exchange b.test "$client" dig "$server" dnsmasq 65534
	holds 'map(select(.query == "b.test" and .event == "dns.answer").answers[0].data) == ["2001:db8::1", "2001:db8::1"]'
	# It has a child for each connection.
	by dig +tries=1 +tcp @127.0.0.1 c.test
	until_true saw '.query == "c.test"' 4
	finish TERM
	is "$(jq -r 'select(.query == "c.test") | "\(.comm) \(.direction) \(.pid == '"$client"' or .ppid == '"$server"') \(.uid)"' out | sort -u | tr '\n' ';')" \
		'dig in true 0;dig out true 0;dnsmasq in true 65534;dnsmasq out true 65534;'
}

@test "getent and python3: the questions that they never asked themselves" {
	needs getent python3
	dnsmasq_here
	watch
	by getent ahosts g.test
	grep -q 192.0.2.1 answered
	until_true saw '.query == "g.test"' 8
	exchange g.test "$client" getent "$server" dnsmasq 65534
	is "$(jq -r 'select(.query == "g.test").qtype' out | sort | uniq -c | xargs)" '4 A 4 AAAA'
	by "$(python3 -c 'import sys; print(sys.executable)')" -c 'import socket; print(socket.getaddrinfo("p.test", 1)[0][4])'
	until_true saw '.query == "p.test"' 8
	is "$(jq -r 'select(.query == "p.test" and .pid == '"$client"').comm[:6]' out | sort -u)" python
	finish TERM
}

# unbound_at ADDRESS...: knows about $name.
unbound_at() {
	needs unbound
	{
		printf '%s\n' server: 'username: ""' 'chroot: ""' 'pidfile: ""' 'use-syslog: no' \
			'do-daemonize: no' 'num-threads: 2' 'logfile: ""' 'verbosity: 1' 'directory: "."' \
			'module-config: "iterator"' 'access-control: 192.0.2.0/24 allow' 'access-control: 2001:db8::/32 allow' \
			'local-zone: "test." static' "local-data: \"$name A 192.0.2.7\"" "local-data: \"$name AAAA 2001:db8::7\""
		printf "local-data: '$name TXT \"%0200d\"'\n" {1..12} # more than goes into a datagram
		printf 'interface: %s\n' "$@"
	} >unbound.conf
	start unbound -d -p -c unbound.conf 2>unbound.log
	server=$!
	until_true grep -q 'start of service' unbound.log
}

@test "dig, node and python3 in another network namespace ask unbound here, over UDP and TCP, IPv4 and IPv6" {
	local address name=${U}u.test # nobody else's

	needs unbound dig node python3
	beyond_veth
	watch
	unbound_at 192.0.2.1 2001:db8:2::1
	for address in 192.0.2.1 2001:db8:2::1; do
		for client in 'dig +tries=1' 'dig +tries=1 +tcp'; do
			# shellcheck disable=SC2086 # with its options
			"${inside[@]}" $client "@$address" "$name" AAAA | grep -q 2001:db8::7
		done
		# It asks over TCP when the answer does not fit.
		"${inside[@]}" node -e 'const r = new (require("dns").Resolver)()
			r.setServers([process.argv[1].includes(":") ? `[${process.argv[1]}]` : process.argv[1]])
			r.resolveTxt(process.argv[2], (e, a) => { console.log(a.length) })' "$address" "$name" | grep -qx 12
		"${inside[@]}" python3 -c 'import socket, sys
labels = [l.encode() for l in sys.argv[2].split(".") + [""]]
question = b"\x12\x34\x01\x00\x00\x01" + bytes(6) + b"".join(bytes([len(l)]) + l for l in labels) + b"\x00\x01\x00\x01"
for kind, front in (socket.SOCK_DGRAM, b""), (socket.SOCK_STREAM, len(question).to_bytes(2, "big")):
    s = socket.create_connection((sys.argv[1], 53)) if front else socket.socket(
        socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, kind)
    s.connect((sys.argv[1], 53)) if not front else None
    s.sendall(front + question)
    assert s.recv(4096)[-4:] == bytes((192, 0, 2, 7)), "answer"' "$address" "$name"
	done
	until_true saw '.query == "'"$name"'" and .event == "dns.answer"' 24
	finish TERM
	# Each asks over both, and each message is seen on both sides.
	for address in 192.0.2.1 2001:db8:2::1; do
		for proto in udp tcp; do
			is "$proto $(jq -r --arg a "$address" --arg p "$proto" --arg n "$name" 'select(.query == $n and .proto == $p
				and (.saddr == $a or .daddr == $a)) | "\(.event) \(.direction) \(.comm | match("^(dig|node|python|unbound)").string)"' out | sort | uniq -c | xargs)" \
				"$proto 1 dns.answer in dig 1 dns.answer in node 1 dns.answer in python 3 dns.answer out unbound 3 dns.query in unbound 1 dns.query out dig 1 dns.query out node 1 dns.query out python"
		done
	done
	is "$(jq -r --arg n "$name" 'select(.query == $n and .comm == "unbound").pid' out | sort -u)" "$server"
	holds 'map(select(.query == $n and .event == "dns.answer")) | all(.[]; .latency_ns > 0)' --arg n "$name"
}

@test "unbound, which has threads and sockets of its own for each" {
	local name=u.test

	needs unbound dig
	watch --pair
	unbound_at 127.0.0.6
	by dig +tries=1 @127.0.0.6 u.test
	by dig +tries=1 +tcp @127.0.0.6 nx.test
	finish TERM
	is "$(jq -r 'select(.query | endswith(".test")) | "\(.query) \(.rcode) \(.proto) \(.direction) \(.comm) \(.answers[0].data)"' out | sort)" \
		'nx.test NXDOMAIN tcp in dig null
nx.test NXDOMAIN tcp out unbound null
u.test NOERROR udp in dig 192.0.2.7
u.test NOERROR udp out unbound 192.0.2.7'
}

# load SECONDS: as many questions as dnsmasq answers. Leaves in $sent how many dnsperf says there were,
# each of which was answered.
load() {
	in_cgroup "/${U}g" dnsperf -s 127.0.0.1 -d questions -l "$1" -q 50 >answered 2>&1
	sent=$(sed -n 's/^ *Queries sent: *//p' answered)
	is "$(sed -n 's/^ *Queries completed: *\([0-9]*\) .*/\1/p' answered)" "$sent"
	((sent > 1000))
}

@test "dnsperf, as fast as dnsmasq answers: what is seen and what is lost are what it has sent, to the last one" {
	needs dnsperf
	dnsmasq_here in_cgroup "/${U}g"
	for i in {1..100}; do echo "host$i.test A"; done >questions
	# Room for all that two seconds can bring: nothing is lost, whatever else the machine does.
	watch -c dnsperf --buffer 128M -f event,direction
	load 2
	finish TERM
	is "$(sort out | uniq -c | awk '{ print $1, $2 }' | sort -k 2)" "$sent {\"event\":\"dns.answer\",\"direction\":\"in\"}
$sent {\"event\":\"dns.query\",\"direction\":\"out\"}"
	# And with little: each message is seen or lost on either side.
	watch --cgroup "/${U}g" --buffer 16K -e query,answer -f event
	load 1
	finish TERM
	is "$(what 'map(if .event == "lost" then .by[] | select(.event == "packet").count else 1 end) | add')" $((4 * sent))
	is "$(what 'map(select(.event == "lost")) | length > 0')" true
}

@test "77 without privileges; the capabilities that are named are enough" {
	via=(setpriv '--bounding-set=-all,+perfmon,+bpf')
	"${via[@]}" true || skip 'setpriv does not know these capabilities'
	capture --check
	is "$status $(<err)" '77 dnssnoop: not permitted: root, or the capabilities CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN, are needed'
	via=(setpriv '--bounding-set=-all,+perfmon,+bpf,+net_admin')
	capture --check
	is "$status" 0
}

#
# Others at the ports, loss, and what the tool may do.
#

@test "mDNS and LLMNR" {
	see
	serve 127.0.0.1 5353
	serve ::1 5355
	ask 127.0.0.1 5353 printer.local
	ask ::1 5355 printer
	finish TERM
	told
	count 8
	is "$(of_all '[.[] | "\(.service) \(.query)"] | unique | join(" ")')" 'llmnr printer mdns printer.local'
}

@test "--buffer: what it has no room for is lost, and counted" {
	local n=2000

	role ask
	# Nobody listens: each datagram is seen once, on its way out.
	watch --buffer 4K -c "${U}ask"
	kill -STOP "$tool"
	ask -f 100 127.0.0.9 53 flood.test
	kill -CONT "$tool"
	until_true grep -qs '"event":"lost"' out
	ask -f $n 127.0.0.9 53 flood.test
	finish TERM
	is "$(what 'map(select(.event == "dns.query")) | length + ('"$(what 'map(select(.event == "lost") | .count) | add')"')')" $((n + 100))
	holds 'map(select(.event == "lost")) | map(.by[].event) | unique == ["packet"]'
	grep -q 'lost' err
	watch --strict --buffer 4K -c "${U}ask"
	kill -STOP "$tool"
	ask -f 100 127.0.0.9 53 flood.test
	kill -CONT "$tool"
	finish TERM
	is "$status" 3
}

@test "a connection of which events were lost goes on with its next message" {
	local i connection questions

	serve -t 127.0.0.1 53
	see --buffer 4K -e query,answer,malformed
	exec {connection}<>/dev/tcp/127.0.0.1/53
	# asks NAME-OF-ONE-LETTER: and waits for the answer.
	asks_for() {
		printf '\x00\x18\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01%s\x04test\x00\x00\x01\x00\x01' "$1" >&"$connection"
		LC_ALL=C IFS= read -rN 1 -u "$connection" # bash leaves out NULs: the length's second byte
		until_true served_all $((2 * ++questions))
	}
	# shellcheck disable=SC2317 # called through until_true
	served_all() { (($(grep -c '"dns\.' said) >= $1)); }
	questions=0
	asks_for a
	until_true saw '.query == "a.test"' 2
	kill -STOP "$tool"
	for ((i = 0; i < 60; i++)); do asks_for b; done
	kill -CONT "$tool"
	until_true grep -qs '"event":"lost"' out
	asks_for c
	until_true saw '.query == "c.test" and .event == "dns.answer"' 1
	exec {connection}>&-
	finish TERM
	# Of both sides of the server something is missing, all that is printed was there, and what is
	# missing is as long as what was skipped.
	is "$(of_all 'map(select(.event | startswith("dns.")) | .malformed // .query) | unique | join(" ")')" 'a.test b.test c.test is skipped, as bytes are missing'
	is "$(of_all 'map(select(.malformed).direction) | sort | join(" ")')" 'in out'
	# 26 bytes of a question, 42 of an answer.
	is "$(of_all 'map(select(.direction == "in") | if .malformed then .bytes else 26 end) | add')" $((26 * questions))
	is "$(of_all 'map(select(.direction == "out") | if .malformed then .bytes else 42 end) | add')" $((42 * questions))
}

@test "a flood, with room for it: none is missing, on either side" {
	local n=5000

	see --buffer 64M -e query -f event,direction
	serve -n 127.0.0.1 53
	ask -f $n 127.0.0.1 53 flood.test
	finish TERM
	is "$(jq -r 'select(.direction == "out") | .event' out | sort | uniq -c | xargs)" "$n dns.query"
	is "$(jq -r 'select(.direction == "in") | .event' out | wc -l)" "$n"
}

@test "while it runs it has no capabilities and few system calls, which are enough" {
	needs strace
	strace -D -qq -o /dev/null true || skip 'strace is not allowed'
	via=(strace -D -qq -o trace)
	watch -v --timeout 100ms
	is "$(privileges "$tool")" 'CapInh=0000000000000000 CapPrm=0000000000000000 CapEff=0000000000000000 CapAmb=0000000000000000 NoNewPrivs=1 Seccomp=2'
	serve -n 127.0.0.1 53
	serve -t -s 30000 127.0.0.1 53
	ask -n 127.0.0.1 53 a.test
	ask -t 127.0.0.1 53 b.test
	until_true saw '.event == "dns.timeout"' 2
	finish TERM
	is "$status" 0
	is "$(sed '1,/seccomp(SECCOMP_SET_MODE_FILTER/d' trace | grep EPERM)" ''
}
