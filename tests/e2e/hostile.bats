#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Names and arguments that an attacker chose: JSON stays valid and loses nothing, a table shows no byte
# that a terminal would obey.
# shellcheck disable=SC2030,SC2031 # each test is a process
# shellcheck disable=SC2016 # for the shells that tests start
# shellcheck source=tests/e2e/helpers.bash
. "$BATS_TEST_DIRNAME/helpers.bash"

identity=$BUILD/tests/e2e/identity

# Each control character, in ASCII and as UTF-8, a byte that is none, a character cut in two, an overlong
# one, half a pair of surrogates, one beyond the last; quotes of JSON and of the shell; nothing.
hostile=(
	$'\e]0;title\a\e[2J\e[31m' $'one\ntwo\rthree\t\b\v\f' $'\x01\x02\x1f\x7f'
	$'\xc2\x80\xc2\x9b31m\xc2\x9f' $'\x80\x9b\x9f\xa0' $'ok\xff\xfeok' $'\xe2\x82' $'\xc0\xaf'
	$'\xed\xa0\x80' $'\xf4\x90\x80\x80' $'"\\' $'\'' '$(reboot)`reboot`' '' ' ' '\x1b' $'\ea1'
)

# clean FILE...: nothing but printable ASCII, newlines and the character for what is none, U+FFFD.
clean() { is "$(cat "$@" | sed 's/\xef\xbf\xbd//g' | tr -d '\n -~' | od -An -tx1)" ''; }

@test "arguments, in JSON" {
	observe -- "$identity" "${hostile[@]}"
	agree
	clean out
	holds 'length == 1 and (.[0] | (.args | length) == (.args_hex | length))'
	is "$(wc -l <out)" 1
}

@test "arguments, in a table: they can be pasted into a shell" {
	local args

	observe -o table -f args -- "$identity" "${hostile[@]}"
	clean out
	is "$(wc -l <out)" 2
	args=$(sed 1d out)
	eval "set -- $args"
	is "$(printf '%s\0' "$@" | od -c)" "$(printf '%s\0' "$identity" "${hostile[@]}" | od -c)"
}

@test "characters beyond ASCII stay what they are" {
	local text='größer € 😀 日本'

	observe -- "$identity" "$text"
	agree
	grep -qF "$text" out
	holds '.[0] | has("args_hex") | not'
	observe -o table -- "$identity" "$text"
	grep -qF "$text" out
	# but for those that change the direction in which others are shown
	observe -o table -- "$identity" $'user\u202etxt.exe' $'\u2066x' $'\u200f'
	clean out
}

@test "no argument at all" {
	observe -- launch empty "$identity"
	agree
	holds '.[1].args == [""]'
}

@test "many arguments: the first 28 KiB, and how many bytes there were" {
	local long

	long=$(head -c 100000 /dev/zero | tr '\0' x)
	observe -- "$identity" "$long" "$long"
	jq -ne --slurpfile said said --slurpfile out out '
		($said[0].args | map(. + "\u0000") | add) as $all | $out[0]
		| .args_truncated and .args_size == ($all | length) and
		  (.args | join("\u0000")) == $all[:28 * 1024]' || is "$(<err)" truncated
}

@test "as many bytes of arguments as are kept, and one more" {
	local n=$((28 * 1024 - ${#identity} - 2))

	observe -- "$identity" "$(head -c $n /dev/zero | tr '\0' x)"
	agree
	holds '.[0] | has("args_truncated") or has("args_size") | not'
	observe -- "$identity" "$(head -c $((n + 1)) /dev/zero | tr '\0' x)"
	holds '.[0].args_truncated and .[0].args_size == 28 * 1024 + 1'
}

@test "names of files, directories and processes" {
	local dir=$'dir \e[1m\n\xff' name=$'\e[7m\n\xff\xc2\x9b"\\'

	mkdir "$dir"
	cp "$identity" "$dir/$name"
	cd "$dir"
	observe -- "./$name"
	agree
	clean out
	observe -o table -f comm,exe,filename,cwd,args -- "./$name"
	clean out
	is "$(wc -l <out)" 2
}

@test "the name of the parent" {
	observe -- launch named $'\e[7m\n\xff' "$identity"
	agree
	clean out
	holds '.[1].parent_comm_hex == "1b5b376d0aff" and .[1].ancestors[0].comm_hex == "1b5b376d0aff"'
	observe -o table -- launch named $'\e[7m\n\xff' "$identity"
	clean out
	is "$(wc -l <out)" 3
}

@test "the interpreter of a script" {
	local dir=$'\e[1m\xff'

	mkdir "$dir"
	cp "$identity" "$dir/i"
	printf '#!%s/%s/i\n' "$PWD" "$dir" >$'script\xff'
	chmod +x $'script\xff'
	observe -- $'./script\xff'
	agree
	clean out
	holds '.[0] | has("interpreter_hex") and has("script_hex") and has("filename_hex")'
}

@test "the name of a cgroup" {
	local group

	group=$(cgroup_root)/${U}$'\e[7m"\\\xff'
	mkdir "$group"
	observe -- sh -c 'echo $$ >"$0/cgroup.procs" && exec "$1"' "$group" "$identity"
	rmdir "$group"
	agree
	clean out
	holds '.[1] | has("cgroup_hex")'
}

@test "a file whose name ends in ' (deleted)' is not deleted" {
	cp "$identity" 'x (deleted)'
	observe -- './x (deleted)'
	holds '.[0].exe == "'"$PWD"'/x (deleted)" and (.[0] | has("exe_deleted") | not)'
}
