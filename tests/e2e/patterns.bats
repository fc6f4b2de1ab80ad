#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The automaton runs in the kernel, but nothing in it is the kernel's (tests/bpf/filter has it too).
# bats file_tags=any-kernel
# --exe and --args: what a pattern matches, and which events it lets through.
# shellcheck disable=SC2030,SC2031 # each test is a process
# shellcheck disable=SC2016 # for the shells that tests start
# shellcheck source=tests/e2e/helpers.bash
. "$BATS_TEST_DIRNAME/helpers.bash"

tries=$BUILD/tests/e2e/tries

# repeated N CHARACTER
repeated() { head -c "$1" /dev/zero | tr '\0' "$2"; }

# matches EXPECTED OPTION...: which of the programs in `place` are seen with these options.
matches() {
	local expected=$1

	shift
	observe "$@" -- sh -c 'for p in place/* place/*/*; do [ -d "$p" ] || "$p" "-n ${p##*/}" last; done'
	is "$* $(jq -r .exe out | sed 's,.*/place/,,' | xargs)" "$* $expected"
}

copies() {
	local copy

	mkdir -p place/sub
	for copy in one two 'o*e' sub/one '[x]'; do cp "$BUILD/tests/e2e/burst" "place/$copy"; done
}

@test "--exe: * ? [] and \\ in the whole path, where / is a character like others" {
	copies
	matches 'one' --exe "$PWD/place/one"
	matches 'one sub/one' --exe '*/place/*one'
	matches 'o*e one' --exe '*/place?o?e'
	matches 'o*e' --exe '*/o\*e'
	matches '[x] sub/one' --exe '*/place/\[x\]' --exe '*[/]sub[.-0]one'
	matches 'two' --exe '*/place/[!o[s]*'
	matches '' --exe "${PWD#/}/place/one" --exe "$PWD/place/on" --exe place/one --exe one --exe '*/place/on[!e]'
}

@test "--args: * ? [] in all arguments with a space between them" {
	copies
	matches 'one sub/one' --args '*/one -n one last'
	matches 'o*e one sub/one' --args '*-n [o]?e?last'
	matches 'two' --args 'place*two*two*last'
	matches '' --args '*-n one' --args 'one last' --args '*last ' --args ' place/*'
}

@test "--exe and --args: both must match, each of them is widened by another one" {
	copies
	matches 'one' --exe '*/place/one' --args '*-n one*'
	matches '' --exe '*/place/one' --args '*-n two*'
	matches 'one two sub/one' --exe '*/place/one' --args '*-n two*' --args '*-n one*' --exe '*/place/two' --exe '*/sub/*' \
		--args nothing
}

@test "--exe: a path of 4000 bytes" {
	local dir

	dir=$(repeated 250 d)
	for ((i = 0; i < 15; i++)); do
		mkdir "$dir"
		cd "$dir"
	done
	dir=$(repeated $((4000 - ${#PWD} - 2 - 6)) e)
	mkdir "$dir"
	cp "$BUILD/tests/e2e/burst" "$dir/needle"
	for pattern in "*/${dir:0:100}*e/needle" "${BATS_TEST_TMPDIR}*/needle" '*?needle'; do
		observe --exe "$pattern" -- "$dir/needle"
		is "$pattern $(what 'map(.exe | length)')" "$pattern [4000]"
	done
	for pattern in '*/needl' "*/x${dir:0:100}*" "${BATS_TEST_TMPDIR#/}*/needle"; do
		observe --exe "$pattern" -- "$dir/needle"
		is "$pattern $(what length)" "$pattern 0"
	done
}

@test "--args: at the end of 20000 bytes; not beyond the 28 KiB that are kept" {
	local long

	long=$(repeated 20000 x)
	programs a
	observe --args '*x needle' --args '*[^x] x*x needle 3' -- \
		sh -c '"$0" "$1" needle; "$0" "$1" needl; "$0" "$1" needle 2; "$0" "$1" needle 3' "./${U}a" "$long"
	is "$(what 'map(.args[2:])')" '[["needle"],["needle","3"]]'
	observe --args './*needle*' -- \
		sh -c '"$0" "$1" "$1" needle; "$0" needle "$1" "$1"; "$0" "$1" needle "$1"' "./${U}a" "$long"
	is "$(what 'map([.args_truncated, .args[1][:6], .args[2][:6]])')" '[[true,"needle","xxxxxx"],[true,"xxxxxx","needle"]]'
}

@test "process.exit: only of processes whose program matches" {
	programs a b
	cp "$(command -v bash)" shell
	observe -e all --exe '*/shell' -- sh -c '"$0"; ./shell -c ":; exit 3"; (exit 4); exec ./shell -c "\"$0\"; (exit 5); exit 6"' \
		"./${U}a"
	is "$(what 'map([.event, .exit_code])')" \
		'[["process.exec",null],["process.exit",3],["process.exec",null],["process.exit",6]]'
	# The last program counts.
	observe -e all --exe '*/shell' -- ./shell -c 'exec "$0"' "./${U}a"
	is "$(what 'map(.event)')" '["process.exec"]'
	observe -e exit --args '*y' -- sh -c '"$0" x; "$0" y; ' "./${U}a"
	holds 'length == 1 and .[0].comm == $comm' --arg comm "${U}a"
}

@test "process.exec_failed: by what was asked for, each try by itself" {
	local each='for p in 1 2 3; do "$0" once "/nowhere/$p" name "$p" last; done'

	observe -x --exe '*/[13]' -- sh -c "$each" "$tries"
	is "$(what 'map(.filename)')" '["/nowhere/1","/nowhere/3"]'
	observe -x --args 'name 2 last' --args '3 last' -- sh -c "$each" "$tries"
	is "$(what 'map(.filename)')" '["/nowhere/2"]'
	observe -x --args '*last' --exe nowhere/1 --exe /nowhere/3 -- sh -c "$each" "$tries"
	is "$(what 'map(.filename)')" '["/nowhere/3"]'
	observe -x --exe '*/[12]' -- "$tries" signal # a search for the same in three directories
	is "$(what 'map([.filename, .tries])')" '[["/nowhere/2",2]]'
	observe -x --args "$(repeated 200 a)*b" -- "$tries" once /nowhere/x "$(repeated 1533 a)b"
	is "$(what length)" 1
}

@test "patterns that can't be: empty, not closed, too long, alone or together" {
	local most option

	most=$(repeated 255 '?')
	for option in --exe --args; do
		for pattern in '' '[' '*[a' '[]' '[!]' "?$most"; do
			capture "$option=$pattern"
			is "$option=$pattern $status $(wc -l <err)" "$option=$pattern 64 1"
			grep -qF -- "execwatch: $option: '$pattern' " err
		done
		capture "$option" "${most:1}" "$option" 'a'
		is "$option $status" "$option 64"
		capture --check "$option" "$most"
		is "$option $status" "$option 0"
		capture --check "$option=*[]a]*" "$option" "$(repeated 100 '*')a$(repeated 200 '*')"
		is "$option $status" "$option 0"
	done
}
