#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=any-kernel
# Equal events become one: what event-agg prints is compared with what jq and gawk compute of the
# same lines.
# shellcheck disable=SC2030,SC2031 # each test is a process
# shellcheck disable=SC2016 # for the shells that tests start
# shellcheck disable=SC2028,SC2258 # backslashes and commas are meant
# shellcheck source=tests/e2e/helpers.bash
. "$BATS_TEST_DIRNAME/helpers.bash"

# agg OPTION...: of `in`, from start to end.
agg() {
	status=0
	event-agg "$@" <in >out 2>err || status=$?
}

# gives OPTION...: what it prints for the lines on stdin, exactly, is `expected`, and it succeeds.
gives() {
	cat >in
	agg "$@"
	is "$status $(<out)" "0 $(<expected)"
}

# begin OPTION...: in the background, its input from a FIFO that `feed` writes to, until `feed_end`.
begin() {
	mkfifo in
	exec {feed}<>in
	"${via[@]}" event-agg "$@" <in >out 2>err 3>&- {feed}>&- {go}>&- {never}>&- &
	tool=$!
	started+=("$tool")
	exec {only}>in {feed}>&-
	feed=$only
}
feed() { printf '%s\n' "$@" >&"$feed"; }
feed_end() { exec {feed}>&-; }

# Mixed lines, the same for each seed: objects with absent, hostile and nested members.
generate() {
	gawk -v n="$1" -v seed="$2" 'BEGIN {
		srand(seed)
		comms = split("sh|ls|a b|\\u0073h|\\\"q\\\\|\\u001b[31m|\303\274|\\ud83d\\ude00|x.y|", comm, "|")
		for (i = 0; i < n; i++) {
			s = sprintf("{\"ts\":\"2026-11-21T21:%02d:%02d.%09dZ\"", i / 60000 % 60, i / 1000 % 60,
				(i * 1000000 + rand() * 9000000) % 1e9)
			if (rand() < .9)
				s = s ",\"event\":\"" (rand() < .5 ? "file.read" : "file.write") "\""
			s = s ", \"comm\" : \"" comm[1 + int(rand() * comms)] "\""
			if (rand() < .8)
				s = s ",\"uid\":" int(rand() * 4)
			if (rand() < .9)
				s = s ",\"bytes\":" (rand() < .2 ? int(rand() * 4000) / 4 "" : int(rand() * 1e9))
			if (rand() < .3)
				s = s ",\"bytes\":" (rand() < .2 ? "null" : rand() < .2 ? "\"7\"" : -int(rand() * 100))
			if (rand() < .5)
				s = s ",\"a\":{\"x\":[], \"b\":" int(rand() * 3) "}"
			if (rand() < .5)
				s = s ",\"list\":[{\"n\":\"" int(rand() * 50) "\"}," int(rand() * 1e6) "]"
			if (rand() < .2)
				s = s ",\"count\":" int(rand() * 10)
			print s "}"
		}
	}'
}

# oracle [JQ-OPTION...] EXPRESSION: for each group of `in` by the array KEY of paths, the object of
# those that are there, and what the expression adds. Sorted, as jq would write them.
oracle() {
	jq -Sc -n '
		def count: .count | if type == "number" then . else 1 end;
		def at($p): try getpath($p) catch null;
		def there($p): try (getpath($p[:-1]) | has($p[-1])) catch false;
		def numbers($p): [.[] | at($p) | numbers];
		def rank($p): sort | .[(length * $p / 100 | ceil) - 1];
		def sums($p; $name): numbers($p) | if length > 0 then { ($name + "_sum"): add } else {} end;
		def ends($p; $name): numbers($p) | if length > 0 then
			{ ($name + "_min"): min, ($name + "_max"): max } else {} end;
		[inputs] | group_by([$KEY[] as $p | there($p), at($p)])[]
			| (.[0] as $first | reduce $KEY[] as $p ({};
				if $first | there($p) then . + { ($p | map(tostring) | join(".")): ($first | at($p)) }
				else . end)) as $key
			| $key + { count: map(count) | add, ts: map(.ts) | min, ts_last: map(.ts) | max } + ('"${*: -1}"')' "${@:1:$#-1}" in | sort >expected
}

# agrees: all lines of `out` are the oracle's, in any order.
agrees() {
	jq -Sc . out | sort >got
	diff got expected >differences || { show differences; return 1; }
}

@test "equal events become one, in the order in which they came first" {
	cat >expected <<-'END'
		{"event":"b","n":1,"count":2}
		{"event":"a","n":1,"count":3}
		{"event":"b","n":2,"count":1}
		{"count":1}
	END
	gives <<-'END'
		{"event":"b","n":1}
		{"event":"a","n":1}
		{"event":"a", "n": 1}
		 { "event" : "b" , "n" : 1 }
		{"event":"b","n":2}
		{"event":"a","n":1}
		{}
	END
	is "$(<err)" 'event-agg: 7 events became 4'
}

@test "by default all but the times, the count and what is summed up makes the difference" {
	cat >expected <<-'END'
		{"ts":"1","a":1,"count":7,"b_sum":11,"c_min":3,"d_max":5,"e_p50":4,"f_distinct":2,"ts_last":"4"}
	END
	gives --sum b --min c --max d --percentiles 50 --of e --distinct f <<-'END'
		{"ts":"1","a":1,"b":5,"c":3,"d":4,"e":4,"f":1}
		{"ts":"2","a":1,"b":6,"c":4,"d":5,"e":5,"f":2,"count":5,"ts_last":"4"}
		{"ts":"3","a":1}
	END
}

@test "--by: fields in this order, nested ones, elements; what is absent stays so" {
	cat >expected <<-'END'
		{"b":1,"a.x":2,"list.0":"p","count":2}
		{"a.x":{"y":null},"count":1}
		{"b":null,"list.0":[],"count":1}
		{"a.x":"dot","count":1}
		{"count":2}
	END
	gives --by b,a.x --by list.0 <<-'END'
		{"a":{"x":2},"b":1,"list":["p"],"c":1}
		{"list":["p","q"],"a":{"w":[[{}]],"x":2},"b":1,"c":2}
		{"a":{"x":{"y":null}},"list":[]}
		{"b":null,"list":[[]]}
		{"a.x":"dot","a":{"x":2}}
		{"a":"x","list":{"1":2}}
		{"c":3}
	END
}

@test "a field given again is there once, the last member of a name counts" {
	echo '{"a":2,"count":1,"b_sum":3,"b_p50":3}' >expected
	gives --by a,a --by a --sum b,b --percentiles 50,50 --percentiles 50.0 --of b --of b <<<'{"a":1,"a":2,"b":3}'
}

@test "the first and the last time, of whatever form" {
	cat >expected <<-'END'
		{"ts":"2026-11-21T21:00:01Z","k":1,"count":4,"ts_last":"2026-11-21T21:00:09Z"}
		{"ts":9,"k":2,"count":3,"ts_last":1700000000.5}
		{"ts":9007199254740993,"k":3,"count":2,"ts_last":9007199254740994}
		{"ts":"b\"","k":4,"count":2,"ts_last":"c\""}
		{"k":5,"count":4}
		{"ts":"y","k":6,"count":1,"ts_last":"z"}
	END
	gives --by k <<-'END'
		{"k":1,"ts":"2026-11-21T21:00:03Z"}
		{"k":1,"ts":"2026-11-21T21:00:02Z","ts_last":"2026-11-21T21:00:09Z"}
		{"k":1,"ts":"2026-11-21T21:00:01Z"}
		{"k":1,"ts":"2026-11-21T21:00:04Z"}
		{"k":2,"ts":10}
		{"k":2,"ts":1700000000.5}
		{"k":2,"ts":9}
		{"k":3,"ts":9007199254740994}
		{"k":3,"ts":9007199254740993}
		{"k":4,"ts":"c\""}
		{"k":4,"ts":"b\""}
		{"k":5}
		{"k":5,"ts":null}
		{"k":5,"ts":["x"]}
		{"k":5,"ts":"12345678901234567890123456789012345678901234567890"}
		{"k":6,"ts":"y","ts_last":"z"}
	END
}

@test "integers are exact, whatever their sum" {
	gawk 'BEGIN {
		srand(5)
		for (i = 0; i < 3000; i++) {
			s = rand() < .5 ? "-" : ""
			n = 1 + int(rand() * 9)
			for (j = 0; j < 19; j++)
				n = n int(rand() * 10)
			# Within 64 bits, with a sign or without.
			print s (s || n > "18446744073709551615" ? substr(n, 1, 18) : n)
		}
		print "-9223372036854775808"
		print "18446744073709551615"
	}' >numbers
	sed 's/.*/{"n":&}/' numbers >in
	gawk -M 'BEGIN { PREC = 200 } { sum += $1 } NR == 1 || $1 < min { min = $1 } NR == 1 || $1 > max { max = $1 }
		END { printf "{\"count\":%d,\"n_sum\":%d,\"n_min\":%d,\"n_max\":%d}\n", NR, sum, min, max }' numbers >expected
	grep -q 'n_min":-9223372036854775808,"n_max":18446744073709551615' expected
	agg --sum n --min n --max n
	is "$(<out)" "$(<expected)"
	# Over 2^64, which doubles can't tell from its neighbours.
	(($(grep -o 'n_sum":-*[0-9]*' out | wc -c) > 28))
}

@test "fractions, and what is beyond all numbers" {
	cat >expected <<-'END'
		{"k":1,"count":4,"n_sum":3.75,"n_min":-0.5,"n_max":2.5}
		{"k":2,"count":2,"n_sum":18014398509481984,"n_min":9007199254740992,"n_max":9007199254740993}
		{"k":3,"count":2,"n_sum":1.7976931348623157e+308,"n_min":9e+307,"n_max":1e+308}
		{"k":4,"count":2,"n_sum":1.8446744073709552e+19,"n_min":0,"n_max":1.8446744073709552e+19}
	END
	gives --by k --sum n --min n --max n <<-'END'
		{"k":1,"n":1}
		{"k":1,"n":2.5}
		{"k":1,"n":-5e-1}
		{"k":1,"n":0.75}
		{"k":2,"n":9007199254740993}
		{"k":2,"n":9007199254740992.0}
		{"k":3,"n":1e308}
		{"k":3,"n":9E+307}
		{"k":4,"n":18446744073709551616}
		{"k":4,"n":-0.0}
	END
}

@test "what is no number is in no sum" {
	cat >expected <<-'END'
		{"k":1,"count":5,"n_sum":3,"n_min":3,"n_max":3,"n_p50":3}
		{"k":2,"count":1}
	END
	gives --by k --sum n --min n --max n --percentiles 50 --of n <<-'END'
		{"k":1,"n":"4"}
		{"k":1,"n":3}
		{"k":1,"n":null}
		{"k":1,"n":[5]}
		{"k":1}
		{"k":2,"n":true}
	END
}

@test "percentiles are nearest ranks" {
	generate 9000 3 >in
	oracle --argjson KEY '[["event"],["comm"]]' '
		numbers(["bytes"]) | { bytes_p1: rank(1), bytes_p50: rank(50), "bytes_p99.9": rank(99.9),
			bytes_p100: rank(100) }'
	agg --by event,comm --percentiles 1,50 --percentiles 1,50,99.9,100,50 --of bytes
	agrees
	holds 'map(has("bytes_p99.9")) | all'
}

@test "percentiles of more values than are kept are near" {
	gawk 'BEGIN { for (i = 1; i <= 50000; i++) print "{\"n\":" i "}" }' >in
	agg --percentiles 10,50,90 --of n
	holds 'length == 1 and .[0].count == 50000
		and ([.[0] | .n_p10 - 5000, .n_p50 - 25000, .n_p90 - 45000] | map(fabs < 3500) | all)'
	# Not the first ones, nor the last ones.
	holds '.[0] | .n_p90 - .n_p10 > 30000'
}

@test "--distinct: values as JSON tells them apart" {
	cat >expected <<-'END'
		{"k":1,"count":12,"v_distinct":9,"l.1_distinct":2}
		{"k":2,"count":2,"v_distinct":1,"l.1_distinct":0}
	END
	gives --by k --distinct v,l.1 <<-'END'
		{"k":1,"v":1}
		{"k":1,"v":"1"}
		{"k":1,"v":1.0}
		{"k":1,"v":"A"}
		{"k":1,"v":"\u0041"}
		{"k":1,"v":null}
		{"k":1,"v":"null"}
		{"k":1,"v":[1],"l":[0,5]}
		{"k":1,"v":"[1]","l":[1,5]}
		{"k":1,"v":"","l":[1,6]}
		{"k":1,"v":""}
		{"k":1}
		{"k":2,"v":1}
		{"k":2,"v":1}
	END
}

@test "--distinct: a million values are known at a time" {
	gawk 'BEGIN { for (i = 0; i < 1000005; i++) print i "{\"n\":" i "}" }' | sed 's/^[0-9]*//' >in
	echo '{"n":3}' >>in
	agg --distinct n
	is "$(<out)" '{"count":1000006,"n_distinct":1000000,"n_distinct_more":true}'
}

@test "an event that stands for several counts as many" {
	cat >expected <<-'END'
		{"k":1,"count":18446744073709551623}
		{"k":2,"count":4}
		{"k":3,"count":0}
	END
	gives <<-'END'
		{"k":1,"count":18446744073709551615}
		{"k":1,"count":7}
		{"k":1}
		{"k":2,"count":"5"}
		{"k":2,"count":null}
		{"k":2,"co\u0075nt":2}
		{"k":3,"count":0}
	END
}

@test "aggregated again, parts give what the whole gives" {
	generate 20000 4 >in
	agg --by event,comm,uid
	sort out >expected
	split -n l/7 in part.
	for part in part.*; do event-agg -q --by event,comm,uid <"$part"; done >parts
	(($(wc -l <parts) > 2 * $(wc -l <expected)))
	event-agg -q <parts | sort >got
	cmp got expected
	event-agg -q --by event <parts | sort >got
	event-agg -q --by event <in | sort >expected
	cmp got expected
}

@test "a hundred thousand lines: counts, sums, ends, different values" {
	generate 100000 1 >in
	oracle --argjson KEY '[["event"],["comm"],["a","b"]]' '
		sums(["bytes"]; "bytes") + sums(["list", 1]; "list.1") + ends(["bytes"]; "bytes")
		+ { "list.0.n_distinct": map(at(["list", 0, "n"]) | strings) | unique | length }
		+ { "uid_distinct": map(.uid | numbers) | unique | length }'
	agg --by event,comm,a.b --sum bytes,list.1 --min bytes --max bytes --distinct list.0.n --distinct uid
	(($(wc -l <expected) > 90))
	agrees
}

@test "thirty thousand lines: all fields" {
	generate 30000 2 | sed 's/"list":[^]]*\]/"list":0/; s/"bytes":[^,}]*/"bytes":1/g' >in
	agg
	jq -Scn '[inputs | { key: del(.ts, .count), n: (.count // 1) }] | group_by(.key)[]
		| .[0].key + { count: map(.n) | add }' in | sort >expected
	(($(wc -l <expected) > 300))
	# Names may be there twice here, which to jq is once.
	jq -Sc 'del(.ts, .ts_last)' out | jq -Scn '[inputs] | group_by(del(.count))[] | .[0] + { count: map(.count) | add }' |
		sort >got
	cmp got expected
}

@test "hostile strings: the same text is the same key, and nothing steers a terminal" {
	printf '%s\n' '{"k":"A\u001b[2J\u0000"}' >in
	agg
	is "$(<out)" ''
	printf '{"k":"%s"}\n' 'A' '\u0041' '\u001b[2J' '\u001B[2J' $'\xc2\x9b2J' '\u009b2J' $'\x7f' '\u007f' \
		'\/' '/' '\"' '\u0022' $'\xc3\xbc' '\u00fc' $'\xf0\x9f\x98\x80' '\ud83d\ude00' '\\u0041' >in
	printf '{"\\u006b":"A"}\n{"\xc2\x9bx":1}\n{"\\u009bx":1}\n' >>in
	cat >expected <<-'END'
		{"k":"A","count":3}
		{"k":"\u001b[2J","count":2}
		{"k":"\u009b2J","count":2}
		{"k":"\u007f","count":2}
		{"k":"/","count":2}
		{"k":"\"","count":2}
		{"k":"ü","count":2}
		{"k":"😀","count":2}
		{"k":"\\u0041","count":1}
		{"\u009bx":1,"count":2}
	END
	for by in '' k; do
		agg ${by:+--by "$by"} --max-groups 100
		is "$(head -n 9 out)" "$(head -n 9 expected)"
	done
	agg
	is "$(<out)" "$(<expected)"
	not grep -qP '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' out
}

@test "names of fields are text, too" {
	echo '{"a\"b.\\c":1,"ü":2,"count":1,"a\"b.\\c_sum":1}' >expected
	gives --by 'a"b.\c,ü' --sum 'a"b.\c' <<<'{"a\"b":{"\\c":1},"\u00fc":2}'
}

@test "--max-groups: what is beyond is counted in one, and nothing is lost" {
	generate 20000 6 >in
	for max in 1 5 20; do
		agg --by event,comm --max-groups "$max" --sum bytes
		is "$(wc -l <out) $(what 'map(select(.other)) | length')" "$((max + 1)) 1"
		for key in count bytes_sum; do
			is "$max $key $(what "map(.$key) | add")" \
				"$max $key $(event-agg -q --by none --sum bytes <in | jq -c ".$key")"
		done
		rest=$(sed -nE 's/^event-agg: ([0-9]+) events had no room \(--max-groups is '"$max"'\).*/\1/p' err)
		((rest > 1000))
	done
	agg --by event,comm --max-groups 1000
	is "$(what 'map(select(.other)) | length') $(grep -c room err)" '0 0'
}

@test "--max-groups: also what counts as none, and anew in each interval" {
	begin -I 20ms --by k --max-groups 1 --sum n --percentiles 50 --of n --distinct n
	feed '{"k":1}
{"k":2,"count":0,"n":5}'
	until_true lines out 2
	feed '{"k":3}
{"k":4,"n":7}'
	until_true lines out 4
	feed_end
	ended
	is "$status $(what 'map(del(.k)) | map(select(.other))')" \
		'0 [{"other":true,"count":0,"n_sum":5,"n_p50":5,"n_distinct":1},{"other":true,"count":1,"n_sum":7,"n_p50":7,"n_distinct":1}]'
}

@test "long keys take no more memory than there is for them" {
	gawk 'BEGIN {
		x = sprintf("%1000000s", "")
		for (i = 0; i < 300; i++) {
			print "{\"k\":\"" x i "\"}"
			print "{\"k\":" i % 3 "}"
		}
	}' | (ulimit -v 400000 && event-agg 2>err) | sed 's/  *//' | jq -c '[.k, .count, .other]' >out
	is "$(jq -c 'select(.[0] | numbers)' out)" "$(printf '[%s,100,null]\n' 0 1 2)"
	holds '(map(.[1]) | add) == 600 and (map(select(.[2])) | length == 1 and (.[0][1] > 20 and .[0][1] < 100))'
	grep -q ' had no room ' err
}

@test "intervals: each has its own counts, and one without events prints nothing" {
	begin -I 50ms
	feed '{"a":1}' '{"a":1}'
	until_true lines out 1
	feed '{"a":1}'
	until_true lines out 2
	feed '{"a":1}' '{"a":2}' '{"a":1}'
	feed_end
	ended
	holds '.[:2] == [{"a":1,"count":2},{"a":1,"count":1}] and (map(.count) | add) == 6'
}

@test "intervals: also while events keep coming" {
	begin -I 100ms
	for ((i = 0; i < 1000; i++)); do echo '{"a":1}'; done >thousand
	n=0
	for ((end = SECONDS + E2E_PATIENCE; SECONDS < end; )); do
		cat thousand >&"$feed"
		n=$((n + 1))
		((n % 50)) || not lines out 3 >/dev/null || break
	done
	feed_end
	ended
	holds "length >= 3 and (map(.count) | add) == $n * 1000"
}

@test "times of centuries, with which those of the clock make no number" {
	begin -I 106751.99d --grace 106751.99d
	feed '{}'
	until_true taken
	kill -s TERM "$tool"
	until_true told
	feed '{}'
	feed_end
	ended
	is "$status $(<out)" '0 {"count":2}'
}

@test "no events, blank lines, and a last one without newline" {
	: >expected
	gives </dev/null
	is "$(<err)" 'event-agg: 0 events became 0'
	echo '{"a":1,"count":2}' >expected
	printf '\n \t\r\n{"a":1}\r\n\n{"a":1}' >raw
	gives --rejects rejects <raw
	is "$(wc -c <rejects)" 0
}

@test "lines that are no objects are said, kept and left out" {
	printf '{"a":1}\n[]\n{"a":}\n\xff\n{"a":1}x\n{"a":1}\n{"a' >in
	agg --rejects rejects
	is "$status $(<out)" '0 {"a":1,"count":2}'
	printf '[]\n{"a":}\n\xff\n{"a":1}x\n{"a\n' | cmp - rejects
	is "$(stat -c %a rejects)" 600
	grep -qx "event-agg: line 2 doesn't begin with { (byte 1): left out" err
	grep -qx 'event-agg: 4 more were left out' err
	agg -q --rejects rejects
	is "$(wc -l <rejects)" 10
	agg --rejects /dev/full
	is "$status $(<out)" '1 {"a":1,"count":2}'
	grep -q "can't write the file of --rejects: No space left on device" err
}

@test "a line has a mebibyte at most" {
	for n in 1048576 1048577 1400000; do
		printf '{"a":"%*s"}\n' $((n - 8)) '' >"line$n"
		is "$(wc -c <"line$n")" $((n + 1))
	done
	cat line1048576 line1048577 line1400000 line1048576 >in
	echo '{"a":1}' >>in
	# From a file and, in other pieces, from a pipe.
	agg --rejects rejects1
	dd if=in bs=100003 status=none | event-agg --rejects rejects2 >out2 2>err2
	is "$(jq -c '[(.a | length), .count]' out)" $'[1048568,2]\n[1,1]'
	cmp out out2
	for r in rejects1 rejects2; do cat line1048577 line1400000 | cmp - "$r"; done
	grep -qx 'event-agg: line 2 has more than 1048576 bytes: left out' err
	# The last one, without newline.
	head -c 1048576 line1048576 | event-agg -q | jq -c .count >got
	is "$(<got)" 1
}

@test "a line of a hundred megabytes costs no memory" {
	(head -c 100000000 /dev/zero | tr '\0' '{'; printf '\n{"a":1}\n') |
		(ulimit -v 65536 && exec event-agg --rejects rejects) >out 2>err
	is "$(<out)" '{"a":1,"count":1}'
	is "$(wc -c <rejects) $(tr -d '{\n' <rejects | wc -c)" '100000001 0'
}

@test "told to end: reads on to the end of the input" {
	for signal in TERM INT HUP; do
		rm -f in
		via=(env --default-signal)
		begin
		feed '{"a":1}'
		until_true taken
		kill -s "$signal" "$tool"
		until_true told
		feed '{"a":1}' '{"a":2}'
		feed_end
		ended
		is "$signal $status $(<out)" "$signal 0 "$'{"a":1,"count":2}\n{"a":2,"count":1}'
	done
}

# The tool has read all that was fed.
# shellcheck disable=SC2317 # called through until_true
taken() { [[ $(<"/proc/$tool/wchan") == *poll* ]] && event_is_waited_for; }

# The tool's timer goes on interrupting it once it was told to end: it is seen from outside only in
# that the signal is no longer pending.
# shellcheck disable=SC2317
told() { [[ $(status_of "$tool" ShdPnd) =~ ^0+$ ]] && taken; }

# shellcheck disable=SC2317
event_is_waited_for() { perl -e 'ioctl(STDIN, 0x541b, $n = pack("i", 0)) or die; exit !!unpack("i", $n)' <in; }

@test "told to end: gives up on input that does not end" {
	begin --grace 100ms
	feed '{"a":1}'
	until_true taken
	finish TERM
	is "$status $(<out)" '1 {"a":1,"count":1}'
	grep -qx 'event-agg: gave up on input that does not end' err
}

@test "told twice: ends at once" {
	begin --grace 1h
	feed '{"a":1}'
	until_true taken
	kill -s TERM "$tool"
	until_true told
	insist HUP
	is "$status $(<out)" '129 '
}

@test "a reader that is gone ends it, quietly, though nothing comes" {
	mkfifo in
	exec {feed}<>in
	start bash -c 'event-agg -I 20ms <in 2>err | head -n 1 >out; echo "${PIPESTATUS[0]}" >ended'
	echo '{"a":1}' >&"$feed"
	printf '{"half' >&"$feed"
	until_true test -s ended
	is "$(<ended) $(<out) $(<err)" '0 {"a":1,"count":1} '
}

@test "a reader that is stuck is waited for, but not for ever" {
	mkfifo stuck
	exec {reader}<>stuck # which never reads
	generate 20000 7 >in
	event-agg --by bytes --max-groups 100000 --grace 100ms <in >stuck 2>err 3>&- &
	tool=$!
	started+=("$tool")
	until_true blocked
	finish TERM
	exec {reader}>&-
	is "$status $(<err)" '1 event-agg: nobody takes the output: not all of it was written'
}

@test "what can't be read or written is said" {
	echo '{"a":1}' >in
	agg >/dev/full
	for case in 'write events: No space left on device|</dev/null {}>/dev/full' \
		'write events: Bad file|</dev/null {}>&-' 'read events: Bad file|<&-' 'read events: Is a directory|</'; do
		redirect=${case#*|}
		redirect=${redirect//'</dev/null {}'/<in }
		status=0
		eval "event-agg $redirect" 2>err || status=$?
		is "$status" 1
		[[ $(head -n 1 err) == "event-agg: can't ${case%|*}"* ]] || is "$(<err)" "$case"
	done
	status=0
	event-agg --rejects /nowhere/file <in >out 2>err || status=$?
	is "$status $(<err)" '1 event-agg: --rejects: /nowhere/file: No such file or directory'
}

@test "input that does not block, and a terminal" {
	mkfifo in
	exec {feed}<>in
	perl -e 'use Fcntl; fcntl(STDIN, F_SETFL, O_NONBLOCK) or die; exec @ARGV' event-agg -I 20ms <in >out 2>err 3>&- &
	tool=$!
	started+=("$tool")
	echo '{"a":1}' >&"$feed"
	until_true lines out 1
	kill -KILL "$tool"
	rm in

	mkfifo keys
	exec {keys}<>keys
	start env --default-signal terminal event-agg -I 20ms <keys >shown # behind & interrupts are ignored
	pid=$!
	until_true grep -q 'event-agg: reading events from the terminal' shown
	echo '{"a":1}' >&"$keys"
	until_true grep -q '^{"a":1,"count":1}' shown
	printf '\003' >&"$keys"
	until_true gone "$pid"
	status=0
	wait "$pid" || status=$?
	is "$status" 0
	not grep 'gave up' shown
}

# refuses PATTERN OPTION...: ends with 64, nothing on stdout, and one line that matches.
refuses() {
	status=0
	event-agg "${@:2}" </dev/null >out 2>err || status=$?
	is "$* $status $(wc -c <out)" "$* 64 0"
	sed -i '/^Try `.*--help/d' err
	is "$* $(wc -l <err)" "$* 1"
	[[ $(<err) =~ ^(.*/)?event-agg:\ .*$1 ]] || is "$(<err)" "$1"
}

@test "wrong usage: 64, with the option, the value and what is allowed" {
	local option value

	refuses nonsense --nonsense
	refuses "unexpected operand 'file'" file
	refuses quiet --quiet=yes
	for option in by sum min max of distinct; do
		for value in '' , a, ,a a,,b $'\xff'; do
			refuses "--$option: '$value' is not a list of fields, .* such as event,comm" \
				--percentiles 50 --of x "--$option=$value"
		done
	done
	for value in ts count ts_last; do refuses "--by: '$value' is summed up" --by "a,$value"; done
	for value in '' 0 -1 100.1 x 50x nan inf 0x10 1e1 '50 ' ' 50' 1.2.3; do
		refuses "--percentiles: '$value' is not a number above 0 and up to 100, such as 99.9" \
			--of x "--percentiles=50,$value"
	done
	refuses '--percentiles and --of need each other' --percentiles 50
	refuses '--percentiles and --of need each other' --of x
	for value in 0 -1 x 1000001 ''; do
		refuses "--max-groups: '$value' is not a whole number from 1 to 1000000" "--max-groups=$value"
	done
	for option in interval grace; do
		for value in 0 -1 x ''; do refuses "--$option: '$value' is not a time above 0" "--$option=$value"; done
	done
	refuses 'so many columns' --of "$(seq -s, 1 9999)" --percentiles "$(seq -s, 0.1 0.1 100)"
}

@test "--quiet, --help, --version" {
	echo '{}' >in
	agg -q
	is "$status $(<out) $(<err)" '0 {"count":1} '
	for option in --help --usage --version; do
		agg "$option"
		is "$option $status $(<err)" "$option 0 "
		grep -q event-agg out
		status=0
		event-agg "$option" >/dev/full 2>err || status=$?
		is "$option $status $(<err)" "$option 1 event-agg: can't write: No space left on device"
	done
}
