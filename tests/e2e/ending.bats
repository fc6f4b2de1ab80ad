#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=any-kernel
# How a run ends: by a signal, by its reader, by its command.
# shellcheck disable=SC2030,SC2031 # each test is a process
# shellcheck disable=SC2016 # for the shells that tests start
# shellcheck source=tests/e2e/helpers.bash
. "$BATS_TEST_DIRNAME/helpers.bash"

# stuck OPTION...: the tool, with a reader that takes nothing, in the middle of a write. There are ten
# events, of which a pipe holds two.
stuck() {
	local many i

	mkfifo events
	exec {reader}<>events
	programs a
	"${via[@]}" execwatch -c "$U*" "$@" >events 2>err 3>&- &
	begun $!
	many=$(head -c 100000 /dev/zero | tr '\0' x)
	for ((i = 0; i < 10; i++)); do "./${U}a" "$many"; done
	until_true blocked
}

# The signal that the tool was sent has reached it.
# shellcheck disable=SC2317 # called through until_true
delivered() { gone "$tool" || [[ $(status_of "$tool" ShdPnd) == 0000000000000000 ]]; }

# take_rest: what is left in the pipe, to `out`, once the tool has ended.
take_rest() {
	local end

	exec {end}<events {reader}<&-
	cat <&"$end" >out
}

@test "signals: what happened before is printed, and the summary; status 0" {
	via=(env --default-signal=INT)
	programs a
	for signal in TERM INT HUP; do
		watch -c "$U*"
		burst 300 "./${U}a"
		finish $signal
		is "$signal $status $(wc -l <out) $(<err)" "$signal 0 300 execwatch: 300 events printed"
	done
}

@test "a signal while more waits than is read at a time" {
	programs a
	watch -c "$U*" -e exit
	kill -STOP "$tool"
	"./${U}a" 4500
	kill -TERM "$tool"
	kill -CONT "$tool"
	ended
	is "$status $(wc -l <out) $(<err)" "0 4501 execwatch: 4501 events printed"
}

@test "a signal that comes twice at once, as timeout(1) has it, is one" {
	local sender

	programs a
	start timeout 1000 execwatch -c "$U*" >out 2>err
	sender=$!
	until_true pgrep -P "$sender"
	begun "$(pgrep -P "$sender")"
	burst 300 "./${U}a"
	kill -TERM "$sender"
	until_true gone "$sender"
	is "$(wc -l <out) $(<err)" '300 execwatch: 300 events printed'
}

@test "signals that are ignored from the start are ignored: nohup, and jobs of a script" {
	programs a
	via=(nohup)
	watch -c "$U*" # and in the background, so without SIGINT
	kill -HUP "$tool"
	kill -INT "$tool"
	until_true delivered
	"./${U}a"
	until_true lines out 1
	finish TERM
	is "$status" 0
}

@test "a second signal ends at once" {
	stuck --grace 1h
	kill -TERM "$tool"
	until_true delivered
	insist TERM
	is "$status" $((128 + 15))
}

@test "--grace: a reader that is stuck is given up, and what it did not get is counted" {
	local from to printed undelivered

	stuck --grace 300ms
	from=$(date +%s%N)
	finish TERM
	to=$(date +%s%N)
	is "$status" 1
	((to - from >= 300000000 && to - from < 5000000000))
	[[ $(<err) =~ ^execwatch:\ ([0-9]+)\ events?\ printed,\ ([0-9]+)\ undelivered$ ]]
	printed=${BASH_REMATCH[1]} undelivered=${BASH_REMATCH[2]}
	is $((printed + undelivered)) 10
	take_rest
	is "$(wc -l <out)" "$printed"
}

@test "--grace: a reader that is slow gets everything" {
	local i

	stuck --grace 2s
	kill -TERM "$tool"
	# Longer in all than the reader may be stuck, but never so long at a time.
	for ((i = 0; i < 8; i++)); do
		read -rt 0.3 -u "$never" _ || :
		head -c 30000 <&"$reader" >>out
	done
	cat <&"$reader" >>out &
	started+=($!)
	ended
	until_true lines out 10
	is "$status $(<err)" '0 execwatch: 10 events printed'
	is "$(what length)" 10
}

@test "a reader that has enough: ends quietly, also when nothing more happens" {
	programs a
	{
		execwatch -c "$U*" 2>err 3>&- &
		echo $! >pid
		wait $! || echo $? >failed
		echo >over
	} | head -n 1 >out &
	until_true test -s pid
	tool=$(<pid)
	started+=("$tool")
	until_true watching
	"./${U}a"
	until_true test -e over
	[[ ! -e failed ]]
	is "$(<err) $(names)" ' a'
}

@test "a reader that closes the pipe while nothing happens" {
	mkfifo events
	execwatch -c "$U*" >events 2>err 3>&- &
	exec {reader}<events
	begun $!
	exec {reader}<&-
	ended
	is "$status $(<err)" '0 '
}

@test "a full disk is an error" {
	execwatch -q -- true >/dev/full 2>err || status=$?
	is "$status $(<err)" "1 execwatch: can't write events: No space left on device"
	status=0
	execwatch -q -w /dev/full -- true 2>err || status=$?
	is "$status $(<err)" "1 execwatch: can't write events: No space left on device"
	status=0
	execwatch -q -- sh -c 'exit 5' >/dev/full 2>err || status=$?
	is "$status" 5
}

@test "a full disk is an error without a command too" {
	programs a
	execwatch -q -c "$U*" >/dev/full 2>err 3>&- &
	begun $!
	"./${U}a"
	ended
	is "$status $(<err)" "1 execwatch: can't write events: No space left on device"
}

@test "a closed stdout is an error; other files don't take its place" {
	execwatch -- touch ran >&- 2>err || status=$?
	is "$status $(<err)" '1 execwatch: standard output is closed'
	[[ ! -e ran ]]
	execwatch -q -w out -- true >&-
	is "$(what 'map(.comm)')" '["true"]'
	execwatch -w out -- sh -c 'echo said >&2' 2>&- <&-
	is "$(what 'map(.comm)')" '["sh"]'
}

@test "the command keeps its standard input" {
	echo hello | execwatch -q -w out -- cat >said
	is "$(<said)" hello
}

@test "ends when the command ends, not its daemons" {
	observe -e all -- bash -c 'exec >/dev/null; echo $$ >pid; (exec -a daemon tail -f go) & echo $! >daemon'
	started+=("$(<daemon)")
	is "$status" 0
	not gone "$(<daemon)"
	kill "$(<daemon)"
	holds 'map(select(.event == "process.exit" and .pid == $pid)) | length == 1' --argjson pid "$(<pid)"
}

# A command that waits for a signal, executes something, and ends with a status of its own.
wait_for_signal='trap "\"$1\"; exit 7" TERM INT; echo >ready; while :; do read -rt 0.02 <>go; done'

@test "a signal is handed on to the command, which is watched to its end" {
	via=(env --default-signal=INT)
	programs bye
	for signal in TERM INT; do
		rm -f ready
		"${via[@]}" execwatch -- bash -c "$wait_for_signal" bash "./${U}bye" >out 2>err 3>&- &
		begun $!
		until_true test -e ready
		finish $signal
		is "$signal $status $(names)" "$signal 7 bye"
	done
}

@test "a second signal does not wait for the command" {
	execwatch -- bash -c 'trap "echo >told" TERM; echo $$ >pid; while :; do read -rt 0.02 <>go; done' \
		>out 2>err 3>&- &
	begun $!
	until_true test -s pid
	started+=("$(<pid)")
	kill -TERM "$tool"
	until_true test -e told
	insist TERM
	is "$status" $((128 + 15))
	kill -KILL "$(<pid)"
}

@test "from the terminal a signal reaches the command once" {
	mkfifo keys
	exec {keys}<>keys
	cat >count <<-'END'
		sleeps() {
			while read -r key value; do
				[[ $key != voluntary_ctxt_switches: ]] || echo "$value"
			done </proc/$PPID/status
		}
		moment() { read -rt 0.02 <>go; }
		trap '((n++))' INT
		before=$(sleeps)
		echo >ready
		until ((n)); do moment; done
		# The tool was told as well. When it sleeps again, it has done what it does then.
		until (($(sleeps) > before)); do moment; done
		moment
		exit $((40 + n))
	END
	start env --default-signal=INT terminal execwatch -q -w out -- bash count <&"$keys"
	until_true test -e ready
	printf '\3' >&"$keys"
	tool=$!
	ended
	is "$status" 41
}

@test "no event waits for the next one" {
	local i from late=0

	# What comes within 5 ms of a wake-up brings none; a signal must not end the looking out for it.
	programs a
	watch -c "$U*"
	for ((i = 1; i <= 20; i++)); do
		burst 3 "./${U}a" &
		read -rt "0.00$((i % 5))" -u "$never" _ || :
		kill -CHLD "$tool"
		wait $!
		from=${EPOCHREALTIME/./}
		until_true lines out $((3 * i))
		((${EPOCHREALTIME/./} - from < 250000)) || ((++late))
	done
	finish TERM
	((late <= 5)) || is "$late of 20 took a quarter of a second and more" '5 at most'
}
