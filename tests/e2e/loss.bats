#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Many events: none is missing, or it is counted.
# shellcheck disable=SC2030,SC2031 # each test is a process
# shellcheck disable=SC2016 # for the shells that tests start
# shellcheck source=tests/e2e/helpers.bash
. "$BATS_TEST_DIRNAME/helpers.bash"

: "${E2E_BURST:=5000}" # how many processes a slow machine can start in reasonable time

# flood N OPTION...: the tool does not run while a program is executed N times; it has then seen all
# that it will see. Its status is in $status.
flood() {
	local n=$1

	shift
	[[ -e ${U}a ]] || programs a
	watch -c "$U*" "$@"
	kill -STOP "$tool"
	burst "$n" "./${U}a"
	kill -CONT "$tool"
}

lost() { jq -s 'map(select(.event == "lost") | .count) | add // 0' out; }
printed() { jq -s 'map(select(.event != "lost")) | length' out; }

# What the summary says of something.
summary() { sed -n "s/^execwatch: .*[^0-9]\([0-9][0-9]*\) $1.*/\1/p; s/^execwatch: \([0-9][0-9]*\) events* $1.*/\1/p" err; }

@test "a burst: none is missing" {
	unpreempted
	local half=$((E2E_BURST / 2))

	programs a
	observe -f comm -- sh -c 'burst "$1" "$0" & burst "$1" "$0" & wait' "./${U}a" "$half"
	is "$(names | wc -l)" $((2 * half))
	is "$(wc -l <out) $(<err)" "$((2 * half + 3)) execwatch: $((2 * half + 3)) events printed"
}

@test "--buffer: what it has no room for is lost, said in the stream, and counted" {
	flood 100
	finish TERM
	is "$(printed) $(lost) $status" '100 0 0'

	flood 100 --buffer 4K
	until_true grep -qs '"event":"lost"' out # within a second, though nothing follows
	finish TERM
	is "$(($(printed) + $(lost))) $status" '100 0'
	(($(printed) > 0 && $(lost) > 50))
	is "$(summary printed) $(summary lost)" "$(printed) $(lost)"
	holds 'map(select(.event == "lost")) | all(.by == [{ event: "process.exec", count }])'
}

@test "each kind of event that is lost is counted by itself" {
	flood 100 --buffer 4K -e all
	finish TERM
	is $(($(printed) + $(lost))) 200
	is "$(jq -sc 'map(select(.event == "lost").by[])
			+ (map(select(.event != "lost") | { event, count: 1 }))
		| group_by(.event) | map([.[0].event, (map(.count) | add)])' out)" \
		'[["process.exec",100],["process.exit",100]]'
}

@test "lines about losses come whatever -f, -e and -n say" {
	flood 100 --buffer 4K -f comm -n 2
	ended
	is "$status" 0
	is "$(jq -c 'select(.event == null)' out | sort -u)" "{\"comm\":\"${U}a\"}"
	is "$(jq -c 'select(.event == null)' out | wc -l)" 2
	(($(lost) > 50))
	is "$(summary lost)" "$(lost)"
	is $((2 + $(summary filtered) + $(lost))) 100
}

@test "lines about losses in a table" {
	flood 100 --buffer 4K -o table
	finish TERM
	is "$(sed -n 's/.*lost \([0-9]*\) events (process.exec \([0-9]*\))$/\1 \2/p' out |
		awk '{ a += $1; b += $2 } END { print a, b }')" "$(summary lost) $(summary lost)"
	is $(($(wc -l <out) - $(grep -c ' lost ' out) - 1 + $(summary lost))) 100
}

@test "--strict: status 3 if events were lost" {
	flood 100 --buffer 4K --strict
	finish TERM
	is "$status" 3
	flood 100 --strict
	finish TERM
	is "$status" 0
}

# lossy OPTION... -- COMMAND...: the tool with a tiny buffer, whose reader reads nothing until the
# command is through. With what was lost, and with the command's status.
lossy() {
	local reader

	[[ -p events ]] || mkfifo events
	start bash -c 'exec <events; read -r _ <go; cat >out'
	reader=$!
	execwatch --buffer 4K "$@" >events 2>err 3>&- &
	tool=$!
	started+=("$tool")
	ended
	wait "$reader"
}

@test "a reader that does not read: printed + lost = executed" {
	programs a
	lossy -v -- sh -c 'burst 300 "$0"; echo >go' "./${U}a"
	is "$status" 0
	is $(($(printed) + $(lost))) 302
	(($(lost) > 100))
	is "$(summary lost) $(summary printed)" "$(lost) $(printed)"
	awk '/^execwatch: produced/ {
		gsub(/[^0-9]+/, " ")
		good = $1 == 302 && $1 == $2 + $3 && $2 == $4 + $5 + $6
	} END { exit !good }' err
}

@test "a reader that never reads: printed + lost + undelivered = executed" {
	local reader end

	mkfifo events
	exec {reader}<>events
	programs a
	execwatch -c "$U*" --buffer 64K --grace 300ms >events 2>err 3>&- &
	begun $!
	burst 600 "./${U}a"
	finish TERM
	exec {end}<events {reader}<&-
	cat <&"$end" >all
	# The last line may be cut.
	head -n "$(wc -l <all)" all >out
	is "$status $(summary printed)" "1 $(printed)"
	(($(summary lost) > 0 && $(summary undelivered) > 0))
	is $(($(summary printed) + $(summary lost) + $(summary undelivered))) 600
}

@test "a line about losses that does not get through is not counted as an event" {
	local reader

	mkfifo events
	exec {reader}<>events
	programs a
	execwatch -c "$U*" -f comm -n 1 --buffer 4K --grace 200ms >events 2>err 3>&- &
	begun $!
	kill -STOP "$tool"
	# A pipe has 64 KiB: there is room for one line, of 24 bytes at most, not for another of 60 or more.
	head -c $((65536 - 60)) /dev/zero >&"$reader"
	burst 50 "./${U}a"
	kill -CONT "$tool"
	until_true blocked
	finish TERM
	is "$status $(summary printed) $(summary undelivered)" '1 1 '
	is $((1 + $(summary lost) + $(summary filtered))) 50
}

@test "--strict with a command: its own status, and 3 only instead of 0" {
	programs a
	lossy --strict -- sh -c 'burst 300 "$0"; echo >go' "./${U}a"
	is "$status" 3
	lossy --strict -- sh -c 'burst 300 "$0"; echo >go; exit 5' "./${U}a"
	is "$status" 5
	observe --strict -- true
	is "$status" 0
}
