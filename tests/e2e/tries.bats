#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# process.exec_failed: the less common ways to fail, and whose search in PATH is whose.
# shellcheck disable=SC2030,SC2031 # each test is a process
# shellcheck disable=SC2016 # for the shells that tests start
# shellcheck source=tests/e2e/helpers.bash
. "$BATS_TEST_DIRNAME/helpers.bash"

# They look at the end of each system call of the machine.
export NEEDS_UNPREEMPTED=yes

tries=$BUILD/tests/e2e/tries

# agree_all: what the workload says, and no other failure.
agree_all() {
	agree
	is "$(what 'map(select(.event == "process.exec_failed")) | length')" "$(wc -l <said)"
}

# repeated N TEXT
repeated() {
	local text

	printf -v text "%$1s" ''
	printf %s "${text// /$2}"
}

@test "errors that have to do with the caller, the file's users and the amount of arguments" {
	chmod o+x "$BATS_RUN_TMPDIR"
	cp "$tries" "$BUILD/tests/e2e/burst" .
	mkdir closed
	chmod 700 closed
	observe -e failed -- setpriv --reuid=54321 --clear-groups ./tries once ./closed/program argument
	agree_all
	is "$(what 'map([.error, .uid])')" '[["EACCES",54321]]'
	observe -e failed -- sh -c 'exec 9>>burst; "$0" once ./burst' "$tries"
	agree_all
	is "$(what 'map(.error)')" '["ETXTBSY"]'
	observe -e failed -- "$tries" big ./burst
	agree_all
	is "$(what 'map([.error, .args_truncated])')" '[["E2BIG",true]]'
}

@test "arguments: none, empty ones, hostile ones" {
	local hostile=(
		$'\e]0;title\a\e[2J\e[31m' $'one\ntwo\rthree\t' $'\x01\x02\x1f\x7f' $'\xc2\x9b31m' '' ''
		$'ok\xff\xfeok' $'\xe2\x82' $'\xed\xa0\x80' $'"\\' $'\'' '$(reboot)`reboot`' ' ' ''
	)

	observe -e failed -- "$tries" once /nowhere/x
	agree_all
	is "$(what 'map(.args)')" '[[]]'
	observe -e failed -- "$tries" once '' ''
	agree_all
	observe -e failed -- "$tries" once $'/nowhere/\e[1m\n\xff' "${hostile[@]}"
	agree_all
	is "$(wc -l <out) $(grep -c '[^ -~]' < <(sed 's/\xef\xbf\xbd//g' out))" '1 0'
	# They can be pasted into a shell.
	observe -o table -f args -e failed -- "$tries" once /nowhere/x "${hostile[@]}"
	is "$(wc -l <out) $(grep -c '[^ -~]' out)" '2 0'
	eval "set -- $(sed 1d out)"
	is "$(printf '%s\0' "$@" | od -c)" "$(printf '%s\0' "${hostile[@]}" | od -c)"
}

@test "as many bytes as are kept, and one more: of arguments and of the name" {
	local n

	for n in 1535 1536 4000; do
		observe -e failed -- "$tries" once /nowhere/x "$(repeated "$n" a)"
		agree_all
		is "$(what '.[0].args_truncated')" "$([[ $n == 1535 ]] && echo null || echo true)"
	done
	observe -e failed -- "$tries" once /nowhere/x "$(repeated 1530 a)" 1234 5 6 # the NULs count
	agree_all
	# A path may have 4095 bytes.
	for n in 2046 2047 4094 4095 5000; do
		observe -e failed -- "$tries" once "/$(repeated $((n / 2 - 1)) ./)$(repeated $((n % 2 + 1)) a)" argument
		agree_all
		is "$n $(what '.[0] | [.filename_truncated, .error]')" "$n $(
			((n > 2047)) && echo -n '[true,' || echo -n '[null,'
			((n > 4095)) && echo '"ENAMETOOLONG"]' || echo '"ENOENT"]'
		)"
	done
}

@test "pointers to nothing: what can't be read is left out, and the kernel's memory not shown" {
	observe -e failed -- "$tries" pointers "$tries"
	agree_all
	is "$(jq -r .error out | sort | uniq -c | xargs)" '13 EFAULT'
}

# search OPTION... -- PROGRAM...: looked for in five directories, as is what it looks for itself.
search() {
	local options=()

	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	mkdir -p 1 2 3 4 5
	: >"3/${U}a" # can't be executed
	observe "${options[@]}" -- "$(command -v env)" PATH=1:2:3:4:5 "${@:2}"
}

@test "a search through five directories that fails: one event with the last try and its error" {
	search -x -- "${U}a"
	is "$(what 'map([.filename, .error, .tries])')" "[[\"5/${U}a\",\"ENOENT\",5]]"
}

@test "a search that succeeds: no failure; the event of the program has the tries before" {
	mkdir 5
	ln -s "$BUILD/tests/e2e/burst" "5/${U}a"
	search -e all -- "${U}a"
	is "$(what 'map([.event, .failed_tries])')" '[["process.exec",null],["process.exec",4],["process.exit",null]]'
	search -- "${U}a" # not watched, not known
	is "$(what 'map(.failed_tries)')" '[null,null]'
}

@test "a search by a shell" {
	local dash

	dash=$(command -v dash) || skip 'no dash: others look first where the program is'
	search -x -- "$dash" -c 'exec "$0" x' "${U}a"
	is "$(what 'map([.filename, .error, .tries, .args[1]])')" "[[\"5/${U}a\",\"ENOENT\",5,\"x\"]]"
	ln -s "$BUILD/tests/e2e/burst" "5/${U}a"
	search -e failed,exec -- "$dash" -c 'exec "$0" x' "${U}a"
	is "$(what 'map([.event, .failed_tries])')" '[["process.exec",null],["process.exec",null],["process.exec",4]]'
}

@test "posix_spawnp: a child that ends at once is told before its end" {
	observe -e failed,exit -- "$(command -v env)" PATH=/nowhere/1:/nowhere/2:/nowhere/3 "$tries" spawn program
	holds 'map(select(.ppid == $pid)) | map([.event, .filename, .tries, .exit_code]) == [
			["process.exec_failed", "/nowhere/3/program", 3, null],
			["process.exit", null, null, 127]]
		and (map(.pid) | .[0] == .[1])' --argjson pid "$(<said)"
}

@test "two programs with different arguments and no other call between them: two events" {
	observe -e failed -- "$tries" two
	is "$(what 'map([.filename, .tries, (.args | length)])')" '[["/nowhere/1",1,1],["/nowhere/2",1,2]]'
}

@test "a search ends where the next call begins, and be it one that does not end" {
	ln -s "$tries" "${U}t"
	watch -x -c "${U}t"
	start "./${U}t" wait
	until_true lines out 1
	not gone $!
	finish TERM
	is "$(what 'map([.filename, .tries])')" '[["/nowhere/2",2]]'
}

@test "a signal that is handled in the middle does not end a search" {
	observe -e failed -- "$tries" signal
	agree_all
}

@test "a search in the middle of which a thread, or the process, is killed" {
	observe -e failed -- "$tries" killed
	agree_all
	holds 'length == 2 and .[0].tid != .[0].pid and .[1].tid == .[1].pid'
}

@test "a program executed by another thread than the first one" {
	programs a
	observe -e failed,exec -- "$tries" thread "./${U}a"
	is "$(what 'map([.event, .failed_tries])')" '[["process.exec",null],["process.exec",3]]'
	# The first one's search is its own, and ends with it.
	observe -e failed,exec -- "$tries" leader "./${U}a"
	is "$(what '.[1:] | map([.event, .tries, .failed_tries])')" \
		'[["process.exec_failed",2,null],["process.exec",null,null]]'
	is "$(what 'map(.pid) | unique | length')" 1
}

@test "a program that turns out broken when the old one is gone" {
	observe -e failed -- "$tries" fatal
	agree_all
}

@test "two threads that execute at once: the one that is killed has not failed" {
	programs a
	observe -e failed,exec -- "$tries" race 100 "./${U}a"
	is "$(what 'map(.event) | group_by(.) | map([.[0], length])')" '[["process.exec",101]]'
}

# searches: of all events, less what the processes share, sorted.
searches() {
	jq -c '[.tid, .filename // .filename_bytes, .tries, (.args // .args_bytes)[0]]' "$1" | sort
}

@test "threads that search at once: each its own" {
	observe -e failed -- "$tries" threads 50 20
	is "$(wc -l <said) $(wc -l <out)" '1000 1000'
	jq -c '.args = .args_bytes | .filename = .filename_bytes' said | searches - >expected
	# ASCII: the bytes in hex are easily made of the text.
	jq -c 'def hex: explode | map("0123456789abcdef"[. / 16 | floor:][:1] + "0123456789abcdef"[. % 16:][:1]) | add;
		.args |= map(hex) | .filename |= hex' out | searches - >got
	diff expected got
}

@test "the filters are for failures, too" {
	local name

	for name in a b; do ln -s "$tries" "$U$name"; done
	watch -x -c "${U}a"
	for name in b a; do "./$U$name" once "/nowhere/$name"; done >said
	finish TERM
	is "$(what 'map(.filename)')" '["/nowhere/a"]'
}

@test "32-bit system calls" {
	programs a
	observe -e failed,exec -- "$tries" compat "./${U}a"
	[[ $status != 77 ]] || skip 'this kernel has none'
	agree_all
	holds 'map(select(.event == "process.exec"))[1]
		| .failed_tries == 2 and .args == ["name", "argument"] and .comm == $comm' --arg comm "${U}a"
}

@test "system calls are looked at only where failures are asked for" {
	local option

	for option in '' '-e exec' '-e exit,exec' '--args x --exe x'; do
		# shellcheck disable=SC2086
		capture --check $option
		is "$option $status $(grep -c 'on_exec .*sched_process_exec' out) $(grep -c sys_e out)" "$option 0 1 0"
	done
	for option in '-e failed' '-e all' -x --failed; do
		# shellcheck disable=SC2086
		capture --check $option
		is "$option $status $(grep -c 'on_sys_\(enter .*tp_btf/sys_enter\|exit .*tp_btf/sys_exit\)' out)" "$option 0 2"
	done
}

@test "more failures than there is room for: counted, and it all adds up" {
	ln -s "$tries" "${U}t"
	watch -v -x -c "${U}t" --buffer 4K
	kill -STOP "$tool"
	"./${U}t" threads 10 30 >said
	kill -CONT "$tool"
	finish TERM
	is "$status $(wc -l <said)" '0 300'
	holds 'map(select(.event == "lost")) | length > 0 and all(.by == [{ event: "process.exec_failed", count }])'
	holds '(map(select(.event == "lost").count) | add) as $lost
		| $lost > 0 and $lost + (map(select(.event == "process.exec_failed")) | length) == 300'
	awk '/^execwatch: produced/ {
		gsub(/[^0-9]+/, " ")
		good = $1 == 300 && $1 == $2 + $3 && $2 == $4 + $5 + $6 && $3 > 0
	} END { exit !good }' err
}
