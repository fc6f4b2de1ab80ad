#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=any-kernel
# What dnssnoop reads of captures is compared with what tshark and dnspython say of the same ones. Of
# each there is NAME, NAME.dns.tsv (tshark 4.4, a row for each message) and NAME.dnspython.tsv (the
# same messages by dnspython 2.7, which writes out more types and escapes names as zone files do).
#
# tests/data/captures has some that were made of real clients and servers: UDP (many types), TCP
# (several messages a connection, transfers), IPv6 in pcapng, questions without answers, multicast.
# More are in a directory of captures beside the checkout, where there is one.
# shellcheck disable=SC2030,SC2031 # each test is a process
# shellcheck disable=SC2016 # for perl and jq
# shellcheck source=tests/e2e/helpers.bash
. "$BATS_TEST_DIRNAME/helpers.bash"

data=$(realpath "$BATS_TEST_DIRNAME/../data/captures")
beside=$(realpath -m "$BATS_TEST_DIRNAME/../../../shared/captures")

# reads OPTION...: dnssnoop from start to end; its exit status is $status.
reads() {
	status=0
	"${via[@]}" dnssnoop "$@" >out 2>err || status=$?
}

# well OPTION...: the same, and it succeeds.
well() {
	reads "$@"
	is "$status" 0
}

# all_beside: what is beside the checkout, or the test is skipped.
all_beside() {
	[[ -d $beside ]] || skip "there is no $beside"
	captures=("$beside"/*/*.pcap*)
}

# expected CAPTURE SUFFIX: the file that has what another program says of it.
expected() {
	local with=$1.$2

	[[ -e $with ]] || with=${1%/*}/expected/${1##*/}.$2
	printf '%s\n' "$with"
}

# differs CAPTURE MESSAGE FIELD SAYS WHY: what dnssnoop says otherwise than tshark or dnspython.
# MESSAGE is its frame and its number in there. Such a difference has to be there.
differs() {
	local IFS=$'\t'

	printf '%s\n' "$*" >>known
}

known() {
	local i

	differs dns-axfr.pcap 28.0 'tshark answer records' 512 'of 705 records the first 512 are kept'
	differs dns-axfr.pcap 28.0 'dnspython answer records' 512 'the same'
	differs dns-axfr.pcap 47.0 latency '' 'the second message of a transfer: the first was the answer'
	differs dns-axfr.pcap 86.0 latency '' 'so is this'
	differs dns-axfr.pcap 80.0 'tshark answer 29' 'bin\000\255\009x.example.test 300 RRSIG' \
		'tshark gives U+FFFD for a byte of a name, and \t for another'
	differs dns-axfr.pcap 80.0 'tshark answer 34' 'esc\.dot.example.test 300 RRSIG' \
		'tshark does not escape a dot in a label'

	differs mdns-zeroconf.pcap 4.0 latency '' 'a question of multicast DNS has no one answer'
	for i in 3 4 19 20 23 24; do
		differs zeek__dns.mdns.pcap "$i.0" latency '' 'a question of multicast DNS has no one answer'
	done

	for i in 2 3 5 6; do
		differs ndpi__malformed_dns.pcap "$i.0" 'tshark answer records' 0 \
			'behind a name of over 255 bytes nothing is read; tshark goes on'
		differs ndpi__malformed_dns.pcap "$i.0" malformed_at 255 \
			'the label with which it is too long; dnspython goes on to a pointer'
	done
	differs sv__dns.dns-forward-pointer.input.pcap 1.0 question '' \
		'a pointer that points forward is wrong (RFC 1035, 4.1.4); tshark follows it'
	differs sv__dns.dns-forward-pointer.input.pcap 1.0 malformed_at 12 \
		'where the pointer is; dnspython has read it'
	differs sv__dns.dns-forward-pointer.input.pcap 2.0 latency '' \
		'a question that cannot be read is not waited for'

	differs zeek__dns-edns-ecs.pcap 7.0 'dnspython additional records' 1 \
		'dnspython has the TSIG record apart from others'
	differs zeek__dns-edns-ecs.pcap 8.0 'dnspython additional records' 4 'here too'
}

# agree CAPTURE...: with tshark and dnspython in all but what is known.
agree() {
	local capture

	: >known
	known
	for capture; do
		[[ -e $(expected "$capture" dns.tsv) ]] || continue
		well -o json --all-sections -r "$capture"
		jq -rf "$BATS_TEST_DIRNAME/captures.jq" out >rows
		gawk -b -f "$BATS_TEST_DIRNAME/captures.awk" -v capture="${capture##*/}" known rows \
			"$(expected "$capture" dns.tsv)" "$(expected "$capture" dnspython.tsv)" >said || show said
		cat said >>sum
	done
	# What agrees is two words: the capture and the number of its messages.
	not grep -av $'^[^\t]*\t[0-9]*$' sum
}

@test "every message and field of our captures is as tshark and dnspython have it" {
	agree "$data"/*.pcap{,ng}
	is "$(awk '{ n += $2 } END { print NR, n }' sum)" "5 $(cat "$data"/*.dns.tsv | grep -vc ^frame)"
}

@test "every message and field of the captures beside the checkout is as tshark and dnspython have it" {
	all_beside
	agree "${captures[@]}"
	is "$(awk '{ n += $2 } END { print NR, n }' sum)" \
		"$(cat "$beside"/*/expected/*.dns.tsv | awk '/^frame/ { files++; next } { n++ } END { print files, n }')"
}

@test "captures where others find no DNS have nothing, but for an empty one" {
	local capture

	all_beside
	for capture in "${captures[@]}"; do
		[[ ! -e $(expected "$capture" dns.tsv) ]] || continue
		well -o json -r "$capture"
		if [[ $capture == */tcpdump__dns-zlip-1.pcap ]]; then
			# UDP says that there is nothing in it.
			is "$(what 'map([.event, .bytes, .malformed])')" \
				'[["dns.malformed",0,"is shorter than a header"]]'
		else
			is "$(<out)" ''
		fi
	done
}

# packets CAPTURE: of each its time and the byte where it ends, if that is pcap and not pcapng.
packets() {
	perl -0777 -ne '
		my %kinds = (d4c3b2a1 => ["V", 1000], "4d3cb2a1" => ["V", 1],
			a1b2c3d4 => ["N", 1000], a1b23c4d => ["N", 1]);
		my $kind = $kinds{unpack "H8", $_} or exit;
		for (my $at = 24; $at + 16 <= length;) {
			my ($s, $fraction, $len) = unpack "$kind->[0]3", substr $_, $at, 16;
			$at += 16 + $len;
			printf "%d.%09d\t%d\n", $s, $fraction * $kind->[1], $at;
		}' "$1"
}

# unanswered TIMEOUT CAPTURE: questions that tshark gives no answer of within so many ns, if the
# capture goes on for that long: when they were given up, and their id.
unanswered() {
	gawk -M -v timeout="$1" -v last="$(packets "$2" | tail -n1 | cut -f1)" -F '\t' '
		function number(time) { sub(/[.]/, "", time); return time + 0 }
		function expire(now,    i, oldest) {
			for (;;) {
				oldest = ""
				for (i in asked)
					if (oldest == "" || asked[i] < asked[oldest])
						oldest = i
				if (oldest == "" || asked[oldest] + timeout > now)
					return
				print asked[oldest] + timeout, id[oldest]
				delete asked[oldest]
			}
		}
		NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
		{ expire(number($column["time"])) }
		$column["app"] != "dns" { next }
		{
			from = $column["src"] " " $column["sport"]
			to = $column["dst"] " " $column["dport"]
			rest = $column["proto"] " " $column["id"]
		}
		$column["qr"] == 0 {
			asked[from, to, rest] = number($column["time"])
			id[from, to, rest] = strtonum("0x" $column["id"])
		}
		$column["resp_to"] != "" { delete asked[to, from, rest] }
		END { expire(number(last)) }' "$(expected "$2" dns.tsv)"
}

# times_out TIMEOUT CAPTURE: as tshark says.
times_out() {
	[[ -e $(expected "$2" dns.tsv) && $(packets "$2") ]] || return 0
	well -o json --timeout "$1ns" -e dns.timeout -r "$2"
	is "$(jq -r '(.ts[:19] + "Z" | fromdate | tostring) + .ts[20:29] + " \(.id)"' out | sort)" \
		"$(unanswered "$1" "$2" | sort)"
}

@test "a question is given up when no answer came in time, and not when the capture ends before" {
	local timeout capture=$data/dns-timeouts.pcap

	for timeout in 60000 100000 1000000 50000000 100000000 1000000000 2000000000 3000000000 3191526000 3191527000 5000000000; do
		times_out "$timeout" "$capture"
		[[ $timeout != 2000000000 ]] || is "$(what length)" 2
	done
	# None of them by default: it ends after three seconds.
	well -o json -e dns.timeout -r "$capture"
	is "$(<out)" ''
}

@test "the same of the captures beside the checkout" {
	local timeout capture

	all_beside
	for capture in "${captures[@]}"; do
		# Its question is malformed, and is not waited for.
		[[ $capture != */sv__dns.dns-forward-pointer.input.pcap ]] || continue
		for timeout in 100000 5000000 1000000000 5000000000; do
			times_out "$timeout" "$capture"
		done
	done
}

# changed CAPTURE PERL: `changed.pcap` is the capture with its bytes, $_, so changed.
changed() { perl -0777 -pe "$2" "$1" >changed.pcap; }

@test "a question that is asked again counts once, and its answer is the first" {
	well -r "$data/dns-timeouts.pcap"
	holds 'map(select(.id == 9) | [.event, .retries, .latency_ns])
		== [["dns.query",null,null],["dns.query",null,null],["dns.answer",1,50000],["dns.answer",null,null]]'
}

@test "a malformed answer is one, too: the question is not given up" {
	# The first answer has a name that points behind itself.
	changed "$data/dns-timeouts.pcap" 's/\xc0\x0c(?=\0\x01\0\x01)/\xc0\x4c/'
	well --timeout 50ms -r changed.pcap
	holds 'map(select(.id == 7 and .dport == 42203 or .sport == 42203) | [.event, .latency_ns])[:2]
		== [["dns.query",null],["dns.malformed",148000]]'
	holds 'map(select(.event == "dns.timeout" and .sport == 42203)) == []'
}

@test "of packets that were not captured whole there is what they have" {
	local n=100 capture=$data/dns-udp4-types.pcap

	# Each cut to so many bytes.
	perl -0777 -e '
		$n = shift;
		$_ = <>;
		print substr $_, 0, 24;
		for (my $at = 24; $at < length; $at += 16 + $len) {
			($s, $us, $len, $was) = unpack "V4", substr $_, $at, 16;
			$kept = $len < $n ? $len : $n;
			print pack("V4", $s, $us, $kept, $was), substr $_, $at + 16, $kept;
		}' "$n" "$capture" >cut.pcap
	well -o json -r "$capture"
	jq -c 'select(.proto == "udp")' out >whole
	well -o json -r cut.pcap
	# Headers of Ethernet, IP and UDP are 42 bytes. Answers that are there are right.
	holds '[$whole, map(select(.proto == "udp"))] | transpose | length > 50 and all(
		[.[] | [.event, .ts, .id, .bytes, .flags, .rcode, .answer_count]] as [$a, $b]
		| $a == $b and (.[1].query // .[0].query) == .[0].query and (.[1].truncated == true) == (.[0].bytes > 100 - 42)
		and (.[0].answers // [])[:.[1].answers // [] | length] == (.[1].answers // [])
		and (.[1].answers_truncated == true) == ((.[1].answer_count // 0) != (.[1].answers // [] | length)))' \
		--slurpfile whole whole
}

# without CAPTURE: as cut.N what is left of it without its Nth packet; says how many there are.
without() {
	perl -0777 -ne '
		my ($header, $at, @packets) = (substr($_, 0, 24), 24);
		while ($at < length) {
			my $n = 16 + unpack("V", substr($_, $at + 8, 4));
			push @packets, substr($_, $at, $n);
			$at += $n;
		}
		for my $i (0..$#packets) {
			open my $f, ">", "cut.$i" or die;
			print $f $header, @packets[grep { $_ != $i } 0..$#packets];
		}
		print scalar @packets' "$1"
}

# missing CAPTURE MOST: whichever packet is missing, nothing is read that was not there, and no more
# messages than MOST are missing for that; of TCP that is said.
missing() {
	local key='[.event, .proto, .sport, .dport, .id, .bytes, .query, .rcode, .answer_count, .answers]'
	local i n

	n=$(without "$1")
	((n > 5))
	well -q -e query,answer -r "$1"
	jq -c "$key" out >full
	for ((i = 0; i < n; i++)); do
		dnssnoop -q -e query,answer,malformed --tag cut="$i" -r "cut.$i"
	done >said
	jq -nc --slurpfile full full --slurpfile cut said --argjson most "$2" '
		$cut | group_by(.cut)[] | { cut: .[0].cut,
			skipped: map(select(.malformed).bytes),
			wrong: (map(select(.malformed | not) | '"$key"') - $full),
			gone: ($full - map('"$key"')) }
		| select(.wrong != [] or (.gone | length) > $most
			or ((.skipped == []) and (.gone | any(.[1] == "tcp"))))' >differences
	[[ ! -s differences ]] || { show differences; return 1; }
	jq -se 'map(select(.malformed)) | length > 0 and all(.[]; .malformed == "is skipped, as bytes are missing")' said >/dev/null
	# Each segment that is not whole, too.
	perl -0777 -pe '
		my ($to, $at) = (substr($_, 0, 24), 24);
		while ($at < length) {
			my ($n, $all) = unpack("VV", substr($_, $at + 8, 8));
			my $kept = $n > 400 ? 400 : $n;
			$to .= substr($_, $at, 8) . pack("VV", $kept, $all) . substr($_, $at + 16, $kept);
			$at += 16 + $n;
		}
		$_ = $to' "$1" >short
	well -q -e query,answer,malformed -r short
	jq -nc --slurpfile full full --slurpfile out out '$out | map(select(.malformed or .truncated | not) | '"$key"') - $full | .[]' >differences
	[[ ! -s differences ]] || { show differences; return 1; }
	[[ -s out ]]
}

@test "a connection of which a packet is missing goes on with its next message" {
	missing "$data/dns-tcp.pcap" 1
}

@test "so do those of the captures beside the checkout" {
	local file

	all_beside
	for file in "${captures[@]}"; do
		[[ $file == */dns-axfr.pcap || $file == *dns-tcp*.pcap ]] || continue
		missing "$file" 100 # many in one packet
	done
}

@test "--port: messages at another port" {
	# 5353 becomes 5300.
	changed "$data/mdns-zeroconf.pcap" 's/\x14\xe9\x14\xe9/\x14\xb4\x14\xb4/g'
	well -r changed.pcap
	is "$(<out)" ''
	well --port 5300 -e dns.query,dns.answer -f service,id,sport,dport,bytes,query -r changed.pcap
	mv out got
	well -f service,id,sport,dport,bytes,query -r "$data/mdns-zeroconf.pcap"
	diff <(sed 's/mdns/dns/; s/5353/5300/g' out) got
	is "$(wc -l <got)" 11
}

@test "a pipe, in pieces, gives what the file gives" {
	local capture

	for capture in "$data"/*.pcap{,ng}; do
		well -r "$capture"
		mv out whole
		dd if="$capture" bs=7 status=none | dnssnoop -r - >out 2>err
		diff whole out
		well -r - <"$capture"
		diff whole out
	done
}

@test "no privileges are needed" {
	local capture=$data/dns-tcp.pcap

	well -r "$capture"
	mv out whole
	via=(setpriv --bounding-set=-all --inh-caps=-all)
	well -r "$capture"
	diff whole out
	via=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	"${via[@]}" dnssnoop --version >/dev/null || skip "nobody can't execute $BUILD/bin/dnssnoop"
	well -r - <"$capture"
	diff whole out
}

@test "a capture that was cut gives all packets before, a sentence, and status 1" {
	local n size end

	well -r "$data/dns-tcp.pcap"
	mv out whole
	size=$(stat -c %s "$data/dns-tcp.pcap")
	for ((n = 25; n < size; n += 331)); do
		head -c "$n" "$data/dns-tcp.pcap" >cut.pcap
		reads -r cut.pcap
		end=$(packets "$data/dns-tcp.pcap" | awk -v n="$n" '$2 <= n { end = $2 } END { print end + 0 }')
		((end != n)) || continue
		head -c "$((end ? end : 24))" "$data/dns-tcp.pcap" >before.pcap
		is "$status" 1
		grep -q '^dnssnoop: cut.pcap: ends within \(the header of \)\?a packet (byte [0-9]*)$' err
		mv out cut
		well -r before.pcap
		cmp out cut
		cmp cut <(head -c "$(stat -c %s cut)" whole)
	done
}

@test "what is no capture is told from one that can't be read" {
	reads -r /dev/null
	is "$status" 1
	reads -r "$BATS_TEST_FILENAME"
	is "$status" 1
	grep -q '^dnssnoop: .*captures.bats: ' err
	reads -r nosuch
	is "$status" 1
	grep -q '^dnssnoop: .*nosuch.*: No such file' err
	is "$(<out)" ''
}

@test "-w, -f and -n" {
	local capture=$data/dns-udp4-types.pcap

	well -r "$capture"
	mv out whole
	well -w written -r "$capture"
	is "$(<out)" ''
	diff whole written
	well -n 7 -r "$capture"
	diff <(head -n 7 whole) out
	well -f query,ts,id -r "$capture"
	diff <(jq -c '{ query, ts, id }' whole) out
}

# keeps OPTION VALUE EXPRESSION: with that filter those events remain that jq selects so.
keeps() {
	well --timeout 100ms "$1" "$2" -r "$capture"
	diff <(jq -c "select($3)" whole) out
	holds 'length > 0'
}

@test "--name, --qtype, --rcode, --direction and -e" {
	local capture

	for capture in "$data"/dns-{udp4-types,timeouts}.pcap; do
		well --timeout 100ms -r "$capture"
		mv out whole
		keeps --name 'W*.EXAMPLE.test' '.query // "" | test("^w.*\\.example\\.test$")'
		keeps --qtype aaaa '.qtype == "AAAA"'
		keeps --qtype 'A,AAAA' '.qtype | IN("A", "AAAA")'
		keeps --rcode nxdomain '.rcode == "NXDOMAIN"'
		keeps --rcode 0 '.rcode == "NOERROR"'
		# A capture doesn't say what is in and what is out.
		keeps --direction in true
		keeps --direction out 'has("direction") | not'
		keeps -e dns.answer '.event == "dns.answer"'
	done
	keeps -e dns.timeout '.event == "dns.timeout"'
	mv out timeouts
	well --timeout 100ms -x -r "$capture"
	diff timeouts out
}

@test "--pair: a question and its answer are one, at the time of the question" {
	local capture

	for capture in "$data"/*.pcap{,ng}; do
		well -r "$capture"
		mv out whole
		well --pair -r "$capture"
		jq -c 'select(.latency_ns) | .event = "dns.exchange" | del(.ts)' whole >answers
		diff answers <(jq -c 'del(.ts)' out)
		# Their times, by the answers'.
		diff <(jq -r 'select(.latency_ns) | .ts[17:29]' whole) \
			<(jq -r '.latency_ns as $l | (.ts[17:29] | tonumber) * 1000000000 + $l | round % 60000000000
				| tostring | (11 - length) * "0" + . | .[:2] + "." + .[2:]' out)
	done
}

@test "the table" {
	well -o table --timeout 2s -r "$data/dns-timeouts.pcap"
	diff <(head -n 9 out) - <<-'END'
		TIME             PID COMM            EVENT         DIR DADDR           RCODE     LATENCY QTYPE QUERY                    ANSWERS
		19:42:06.695       - -               dns.query     -   10.77.0.99      -               - A     timeout.example.test     -
		19:42:07.697       - -               dns.query     -   10.77.0.99      -               - A     timeout.example.test     -
		19:42:08.695       - -               dns.timeout   -   10.77.0.99      -               - A     timeout.example.test     -
		19:42:08.698       - -               dns.query     -   10.77.0.99      -               - A     timeout.example.test     -
		19:42:09.697       - -               dns.timeout   -   10.77.0.99      -               - A     timeout.example.test     -
		19:42:09.747       - -               dns.query     -   10.77.0.6       -               - A     closed.example.test      -
		19:42:09.823       - -               dns.query     -   10.77.0.2       -               - A     www.example.test         -
		19:42:09.823       - -               dns.answer    -   10.77.0.1       NOERROR     148us A     www.example.test         10.77.0.2(A)
	END
	is "$(wc -l <out)" 21
}

# damage N CAPTURE: of it N files in `damaged`, cut somewhere or with up to 8 bytes changed, the same
# ones each time. Most changes are behind the header of the file.
damage() {
	rm -rf damaged
	mkdir damaged
	perl -0777 -ne '
		BEGIN { $n = shift }
		srand length;
		for my $i (1 .. $n) {
			my $bytes = $_;
			if ($i % 3) {
				for (0 .. rand 8) {
					my $at = int rand(rand() < 0.1 ? 24 : length);
					my $byte = (0, 255, 192, 128, rand 256)[rand 5];
					substr($bytes, $at, 1) = chr $byte;
				}
			} else {
				substr($bytes, rand length) = "";
			}
			open my $to, ">", "damaged/$i";
			print $to $bytes;
		}' "$1" "$2"
}

# survives TOOL N CAPTURE...: status 0 or 1, and every line is JSON, of N damaged ones of each.
survives() {
	local by=$1 n=$2 file capture ends=()

	for capture in "${@:3}"; do
		damage "$n" "$capture"
		: >lines
		for file in damaged/*; do
			status=0
			timeout "$E2E_PATIENCE" "$by" --no-sandbox -q --all-sections --timeout 1s -o json -e all \
				-r "$file" >out 2>err || status=$?
			if ((status > 1)) || grep -q 'runtime error\|Sanitizer' err; then
				echo "$file of $capture: status $status"
				show err
				return 1
			fi
			((++ends[status]))
			cat out >>lines
		done
		is "$(jq -c .event lines | wc -l)" "$(wc -l <lines)"
	done
	# Both happen.
	((ends[0] && ends[1]))
}

# HOSTILE=N: of each capture so many.
@test "damaged captures: JSON all the same, and nothing else goes wrong" {
	export ASAN_OPTIONS=exitcode=99:detect_leaks=0 UBSAN_OPTIONS=exitcode=99
	local by=$BUILD/bin/dnssnoop

	[[ ! -x $BUILD/sanitize/bin/dnssnoop ]] || by=$BUILD/sanitize/bin/dnssnoop
	survives "$by" "${HOSTILE:-24}" "$data"/*.pcap{,ng}
}

@test "damaged captures of those beside the checkout" {
	export ASAN_OPTIONS=exitcode=99:detect_leaks=0 UBSAN_OPTIONS=exitcode=99
	local by=$BUILD/bin/dnssnoop

	all_beside
	[[ ! -x $BUILD/sanitize/bin/dnssnoop ]] || by=$BUILD/sanitize/bin/dnssnoop
	survives "$by" "${HOSTILE:-6}" "${captures[@]}"
}
