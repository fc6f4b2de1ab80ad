#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# process.exit: what it says is what wait(2) said to the parent.
# shellcheck disable=SC2030,SC2031 # each test is a process
# shellcheck disable=SC2016 # for the shells that tests start
# shellcheck source=tests/e2e/helpers.bash
. "$BATS_TEST_DIRNAME/helpers.bash"

@test "exit codes" {
	observe -e exit -- ending codes
	agree
	is "$(what 'map(.exit_code)')" '[0,1,255,0]'
	holds 'all(.tid == .pid)'
}

@test "signals" {
	observe -e exit -- ending signals
	agree
	holds 'map(.signal) | index("SIGKILL") and index("SIGSEGV") and index("SIGRTMIN+3")'
	is "$(what length)" $(($(wc -l <said) + 1))
}

@test "a core dump" {
	[[ $(</proc/sys/kernel/core_pattern) == [!/\|]* ]] || skip 'cores do not go into the current directory'
	[[ $(ulimit -Hc) == unlimited ]] || skip 'no cores allowed'
	observe -e exit -- ending core
	[[ $(jq .core_dumped said) == true ]] || skip 'this kernel dumps no core'
	agree
}

@test "several threads: one event, when the last one ends" {
	observe -e exit -- ending threads
	agree
	is "$(what length)" 3
}

@test "threads that outlive the first one" {
	observe -e exit -- ending leader
	agree
	holds 'length == 3 and all(.[:2][]; .tid != .pid and .comm == "ending")'
}

@test "two last threads at once: one event" {
	unpreempted
	observe -e exit -- ending race 200
	diff <(jq 'select(.exit_code == 0) | .pid' out | head -n -1 | sort) <(sort said)
	is "$(wc -l <said) $(what length)" '200 201'
}

@test "times: those of wait(2), all threads together" {
	observe -e exit -- ending times
	# Both clocks are sampled at ticks, and ending takes a moment more.
	jq -ne --slurpfile said said --slurpfile out out '
		$said[0] as $s | ($out[] | select(.pid == $s.pid)) as $e | ($s.tick_ns * 3) as $little
		| ($e.utime_ns - $s.utime_ns | fabs) < $little and
		  ($e.stime_ns - $s.stime_ns | fabs) < $little and
		  ($e.utime_ns + $e.stime_ns - $s.utime_ns - $s.stime_ns | fabs) < $little' ||
		is "$(tail -n 2 out)" "$(<said)"
}

@test "since_fork_ns and since_exec_ns: from the fork, and from the exec where there was one" {
	local from to

	from=$(date +%s%N)
	observe -e all -- sh -c 'exec ending codes'
	to=$(date +%s%N)
	jq -se 'def ns: (.ts[:19] + "Z" | fromdate) * 1000000000 + (.ts[20:29] | tonumber);
		map(select(.comm == "ending" and .event == "process.exec"))[0] as $exec
		| map(select(.event == "process.exit" and .pid == $exec.pid))[0] as $exit
		| (($exit | ns) - ($exec | ns) - $exit.since_exec_ns | fabs < 5000000) and
		  $exit.since_fork_ns > $exit.since_exec_ns and
		  $exit.since_fork_ns < '$((to - from))'' out || is "$(<out)" 'time between the two events'
	# The others were only forked.
	holds 'map(select(.comm == "ending" and .event == "process.exit"))
		| length == 4 and all(.[:3][]; .since_fork_ns > 0 and has("since_exec_ns") == false)'
}

@test "a process executed before the tool watched has no since_exec_ns" {
	start sh -c 'read x <go'
	waiting+=($!)
	watch -e exit -p "${waiting[0]}"
	go 1
	wait "${waiting[0]}"
	finish TERM
	holds 'length == 1 and (.[0] | .pid == $pid and .exit_code == 0 and has("since_exec_ns") == false)' \
		--argjson pid "${waiting[0]}"
}
