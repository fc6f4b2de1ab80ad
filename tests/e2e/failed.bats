#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# process.exec_failed: programs that could not be executed.
# shellcheck disable=SC2030,SC2031 # each test is a process
# shellcheck disable=SC2016 # for the shells that tests start
# shellcheck source=tests/e2e/helpers.bash
. "$BATS_TEST_DIRNAME/helpers.bash"

# They look at the end of each system call of the machine.
export NEEDS_UNPREEMPTED=yes

@test "-e failed: why it failed, and what was asked for" {
	observe -e failed -- "$BUILD/tests/e2e/failing" errors
	agree
	is "$(what length)" "$(wc -l <said)"
	is "$(jq -r .error out | sort -u | xargs)" 'EACCES ELOOP ENAMETOOLONG ENOENT ENOEXEC ENOTDIR'
}

@test "a search in PATH that finds nothing is one event" {
	observe -e failed -- "$BUILD/tests/e2e/failing" search nothing
	agree
	is "$(what length)" 1
}

@test "a search in PATH that finds the program is none: the program's event has the tries" {
	programs found
	PATH=$PATH:$PWD observe -e failed,exec -- "$BUILD/tests/e2e/failing" found "${U}found"
	holds 'map(.event) == ["process.exec", "process.exec"] and .[1].failed_tries >= 3'
	PATH=$PATH:$PWD observe -- "$BUILD/tests/e2e/failing" found "${U}found"
	holds 'length == 2 and (.[1] | has("failed_tries") | not)' # not watched, not known
}

@test "two calls with another one between them are two events" {
	observe -e failed -- "$BUILD/tests/e2e/failing" twice
	is "$(what 'map([.filename, .tries])')" '[["/nowhere/first",1],["/nowhere/second",1]]'
}

@test "a process that ends at once" {
	observe -e all -- "$BUILD/tests/e2e/failing" silently
	is "$(what 'map(.event)')" '["process.exec","process.exec_failed","process.exit"]'
	holds '.[1].filename == "/nowhere/silently"'
}

@test "arguments: 64, or 1536 bytes" {
	observe -e failed -- "$BUILD/tests/e2e/failing" many 63
	agree
	observe -e failed -- "$BUILD/tests/e2e/failing" many 64
	holds '.[0].args_truncated and .[0].args == ["failing"] + [range(1; 64) | tostring]'
	observe -e failed -- bash -c 'exec -a "$1" /nowhere/x' bash "$(head -c 5000 /dev/zero | tr '\0' x)"
	holds '.[0].args_truncated and (.[0].args | length == 1) and
		(.[0].args[0] | test("^x+$") and length >= 1500 and length <= 1536)'
}

@test "arguments that the kernel can't read are not passed over in silence" {
	observe -e failed -- "$BUILD/tests/e2e/failing" unread
	holds '.[0] | .args == ["failing", "argument"] or (.args == ["failing"] and .args_truncated)'
}

@test "arguments have nothing in them of other calls" {
	observe -e failed -- bash -c '(exec -a "$1" /nowhere/x); failing many 99; failing many 99' bash \
		"$(head -c 1500 /dev/zero | tr '\0' S)"
	holds 'length == 3 and (.[1:] | all(.args | all(test("S") | not)))'
	holds '.[1:] | all(.args | length <= 64)'
}

@test "arguments and names that an attacker chose" {
	observe -e failed -- bash -c 'exec -a "$1" "$2"' bash $'\e[7m\n\xff' $'/nowhere/\e[1m\x9b'
	holds 'length == 1 and (.[0] | .args_hex == ["1b5b376d0aff"] and
		.filename_hex == "2f6e6f77686572652f1b5b316d9b")'
	is "$(wc -l <out)" 1
	observe -o table -f args,filename -e failed -- bash -c 'exec -a "$1" "$2"' bash $'\e[7m\n\xff' \
		$'/nowhere/\e[1m\x9b'
	is "$(LC_ALL=C grep -c '[^ -~]' out)" 0
}

@test "-x: only what failed" {
	observe -x -- "$BUILD/tests/e2e/failing" search nothing
	is "$(what 'map(.event)')" '["process.exec_failed"]'
	observe --failed -- true
	is "$(what length)" 0
	observe -- "$BUILD/tests/e2e/failing" search nothing
	is "$(what 'map(.event)')" '["process.exec"]'
}
