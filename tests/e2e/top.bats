#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=any-kernel
# --top: sums instead of events, of any tool.
# shellcheck disable=SC2030,SC2031 # each test is a process
# shellcheck disable=SC2016 # for the shells that tests start
# shellcheck source=tests/e2e/helpers.bash
. "$BATS_TEST_DIRNAME/helpers.bash"

captures=$BATS_TEST_DIRNAME/../data/captures
export TERM=xterm

# sums NAME-OF-SUM: of all rows together.
sums() { what "map(.$1) | add"; }

@test "--by: each row says how many events there were with these fields" {
	programs a b
	capture --top --by comm,args -- sh -c 'burst 5 "$0" x; burst 3 "$0" y; burst 2 "$1" y' "./${U}a" "./${U}b"
	is "$status" 0
	holds 'all(.event == "top")'
	is "$(jq -r --arg u "$U" 'select(.comm | startswith($u)) | [(.comm | ltrimstr($u)), .args[1], .count] | join(" ")' out)" \
		'a x 5
a y 3
b y 2'
	# A shell, three programs that start others, and those.
	is "$(sums count)" 14
	grep -qx 'execwatch: 14 events summed up' err
	# The name of the event, and fields that not all events have.
	capture --top --by event,exit_code -e exec,exit -- sh -c 'env true; env false'
	is "$(jq -c '[.of, .exit_code, .count]' out | sort)" '["process.exec",null,5]
["process.exit",0,1]
["process.exit",1,2]'
}

@test "--top=N: the busiest first, and all others in one row" {
	programs a b c
	for format in json table; do
		capture -q -o "$format" --top=2 --by comm -c "$U*" -- sh -c 'burst 2 "$0"; burst 9 "$1"; burst 4 "$2"' "./${U}a" "./${U}b" "./${U}c"
		case $format in
		json) is "$(jq -r --arg u "$U" '[.count, (.comm // "others" | ltrimstr($u)), .other] | map(tostring) | join(" ")' out)" \
			'9 b null
4 c null
2 others true' ;;
		table) is "$(sed 1d out | sed "s/$U//; s/^  *//")" 'COUNT COMM
9 b
4 c
2 (others)' ;;
		esac
	done
	[[ $(head -n 1 out) =~ ^[0-9:.]{12}\ 15\ events\ in\ [0-9.ms]+,\ 3\ rows,\ 0\ lost$ ]]
}

@test "what a table is summed up by without --by, and what is summed up" {
	subject=filemon
	mkdir files
	capture -q --top -I 1h -e read,write files -- sh -c 'dd if=/dev/zero of=files/a bs=1000 count=20 status=none
		dd if=/dev/zero of=files/b bs=5000 count=2 status=none; cat files/a files/b >/dev/null'
	# As many bytes, and calls of them, as these programs say that they make.
	is "$(jq -c '[(.path | sub(".*/"; "")), .bytes_sum]' out)" '["a",40000]
["b",20000]'
	is "$(sums calls_sum)" 24
	capture -q --top=1 --by path,event -I 1h -e read,write files -- sh -c 'dd if=/dev/zero of=files/a bs=1000 count=20 status=none; cat files/a >/dev/null'
	is "$(jq -c '[.of, .other, .bytes_sum]' out)" '["file.write",null,20000]
[null,true,20000]'
}

@test "a capture: one table, which agrees with its events" {
	local by keys

	subject=dnssnoop
	for by in query,qtype rcode,event daddr flags,answer_count; do
		for file in "$captures"/dns-udp4-types.pcap "$captures"/dns-tcp.pcap; do
			capture -q -r "$file"
			keys=$(jq -sc --arg by "$by" 'map([.[($by | split(","))[]]])
				| group_by(.) | map(.[0] + [length]) | sort[]' out)
			[[ $keys ]]
			capture -q -r "$file" --top --by "$by"
			is "$(jq -sc --arg by "$by" 'map([.[($by | split(",") | map(sub("event"; "of")))[]], .count]) | sort[]' out)" "$keys"
			holds 'map(.count) | . == (sort | reverse)'
			holds 'all(.ts <= .ts_last)'
		done
	done
}

@test "each interval anew, -n tables, and what came after the last one" {
	programs a
	# shellcheck disable=SC2317 # called through until_true
	tables() { (($(grep -c lost out) >= $1)); }
	watch -o table --top --by comm -I 100ms -c "$U*"
	until_true tables 1
	burst 20 "./${U}a"
	until_true grep -q "${U}a" out
	until_true tables 4
	finish TERM
	# Each program is in one table, and there is one line between two.
	is "$(awk -v name="${U}a" '$2 == name { n += $1 } END { print n }' out)" 20
	is "$(grep -c '^$' out)" $(($(grep -c lost out) - 1))
	is "$(grep -c 'COUNT COMM' out)" "$(grep -c lost out)"

	capture -q -o table --top -I 50ms -n 3 -c "$U*"
	is "$status $(grep -c ' 0 events in .*, 0 rows, 0 lost' out)" '0 3'
	# What has not been printed when the command ends.
	capture -q --top -I 1h --by comm -- true
	is "$(what 'map([.comm, .count])')" '[["true",1]]'
	# The second table is of what came after the first: that is not among its.
	capture -q --top -I 1h -d 300ms -c "$U*"
	is "$(wc -c <out)" 0
}

@test "lost events are counted, in JSON and in the tables" {
	programs a
	for format in json table; do
		watch -v -o "$format" --top -I 50ms --by comm -c "$U*" --buffer 4K
		kill -STOP "$tool"
		burst 300 "./${U}a"
		kill -CONT "$tool"
		finish TERM
		if [[ $format == json ]]; then
			lost=$(what 'map(select(.event == "lost").count) | add')
			seen=$(what 'map(select(.event == "top").count) | add')
		else
			lost=$(awk '{ for (i = 2; i <= NF; i++) if ($i == "lost") n += $(i - 1) } END { print n }' out)
			seen=$(awk '$2 ~ /^e[0-9]*-a$/ { n += $1 } END { print n }' out)
		fi
		((lost > 0))
		is $((lost + seen)) 300
		grep -q "^execwatch: $seen events summed up, $lost lost" err
	done
}

# screens: of what a terminal got to see, each table, behind the newlines that clear it at first.
screens() { sed 's/\r//g' out | awk 'BEGIN { RS = "\033\\[H"; ORS = "\036" } NR > 1 { gsub(/\033\[[0-9;]*m/, ""); print }'; }

@test "on a terminal: drawn over the last table, fitted to its size, and nobody else steers it" {
	local n=0 screen name=$'\e[2J\e[31m'

	cp "$BUILD/tests/e2e/burst" "$U$name"
	programs a b c d e f g
	# shellcheck disable=SC2317 # called through until_true
	shown() { screens | grep -qa "$1"; }
	# Others more than there are rows, and one that is the busiest.
	# shellcheck disable=SC2317
	crowded() {
		local pids=() p

		for p in a b c d e f g; do burst 5 "./$U$p" 3>&- & pids+=($!); done
		burst 20 "./$U$name" 3>&- & pids+=($!)
		wait "${pids[@]}"
		shown '(others)' && shown '1b\[2J'
	}
	terminal sh -c 'stty rows 7 cols 50; exec "$@"' sh execwatch -q --top --by comm -I 300ms -c "$U*" </dev/null >out &
	started+=($!)
	until_true pgrep -P $!
	begun "$(pgrep -P $!)"
	until_true shown '0 events'
	until_true crowded
	finish TERM
	while IFS= read -r -d $'\036' screen; do
		n=$((n + 1))
		[[ $screen == *$'\e[K\n'* ]]
		# A line for each row, less the one below, and each no longer than that.
		screen=${screen%%$'\e[J'*}
		(($(wc -l <<<"${screen%$'\n'}") <= 6))
		(($(wc -L <<<"${screen//$'\e[K'/}") <= 50))
	done < <(screens)
	((n > 1))
	# These sequences, and none else.
	is "$(grep -aoP '\e(\[[0-9;]*.)?' out | sort -u | tr '\033' '^' | xargs)" '^[0m ^[1m ^[H ^[J ^[K'
	is "$(head -n 6 out | tr -d '\r\n')" '' # what was on the screen has left it
}

@test "on a terminal that ends at once, or knows no cursor: only the table" {
	terminal execwatch -q --top -- true </dev/null >out
	is "$(tr -d '\r' <out | sed 1d)" $'\e[1m   COUNT EXE\e[0m\n       1 /usr/bin/true'
	TERM=dumb terminal execwatch -q --top -I 50ms -n 2 -c "$U*" </dev/null >out
	is "$(grep -c $'\e' out) $(grep -c COUNT out)" '0 2'
	terminal sh -c 'execwatch -q -o table --top -I 50ms -n 2 -c "$1*" | cat >out' sh "$U" </dev/null
	is "$(grep -c $'\e' out) $(grep -c COUNT out)" '0 2'
	terminal execwatch -q -o json --top -- true </dev/null >out
	is "$(what 'map([.exe, .count])')" '[["/usr/bin/true",1]]'
}

@test "composes: rows are events that stand for several" {
	programs a b
	execwatch -q --top --by comm -c "$U*" -I 20ms -- sh -c 'burst 30 "$0"; burst 30 "$1"; burst 10 "$0"' "./${U}a" "./${U}b" >rows
	event-agg -q --by comm <rows >out
	is "$(jq -r --arg u "$U" '"\(.comm | ltrimstr($u)) \(.count)"' out | sort)" 'a 40
b 30'
	# And its rows are what event-agg makes of events, but for the name.
	dnssnoop -q -r "$captures/dns-tcp.pcap" --top --by query,rcode | jq -S 'del(.event)' >rows
	dnssnoop -q -r "$captures/dns-tcp.pcap" | event-agg -q --by query,rcode | jq -S . >out
	is "$(jq -sc 'sort' rows)" "$(jq -sc 'sort' out)"
}

@test "--schema has top, and all that a row has" {
	for subject in execwatch filemon dnssnoop; do
		capture --schema
		mv out schema
		is "$(jq -r '.oneOf[] | select(.title == "top") | .required | join(" ")' schema)" 'ts event count ts_last'
		by=$(jq -r '[.oneOf[].properties | keys_unsorted[]] | unique | map(select(test("_hex$|_redacted$|_sum$|^ts|^of$|^count$|^other$|^by$") | not)) | join(",")' schema)
		if [[ $subject == dnssnoop ]]; then
			capture -q --top=3 --by "$by" -e all -r "$captures/dns-udp4-types.pcap"
		else
			capture -q --top=3 --by "$by" -e all -- sh -c 'true; cat /etc/passwd >/dev/null'
		fi
		is "$(jq -sr --slurpfile schema schema '([.[] | keys[]] | unique)
			- ($schema[0].oneOf[] | select(.title == "top") | .properties | keys) | join(" ")' out)" ''
		(($(jq -s 'map(keys[]) | unique | length' out) > 15))
	done
}

@test "wrong usage" {
	while read -r expected; do
		read -r options
		# shellcheck disable=SC2086 # several
		capture $options
		is "$status $(sed 's/; there are .*//' err)" "64 execwatch: $expected"
	done <<-'CASES'
		--by needs --top
		--by comm
		--interval needs --top
		-I 1
		--top and --fields can't be used together: --by has its fields
		--top -f comm
		--top and --tree-view can't be used together
		--top --tree-view -o table
		--top: '0' is not a whole number from 1 to 10000
		--top=0
		--by: 'comm' stands there twice
		--top --by comm,comm
		tag 'ts_last' has the name of what --top prints; choose another
		--top --tag ts_last=1
	CASES
	capture --top --by nothing
	is "$status" 64
	grep -q "^execwatch: --by: 'nothing' is unknown; there are event, pid," err
}
