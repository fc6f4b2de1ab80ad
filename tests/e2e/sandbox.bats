#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the tool can still do while it runs, and what it leaves behind.
# shellcheck disable=SC2030,SC2031 # each test is a process
# shellcheck disable=SC2016 # for the shells that tests start
# shellcheck source=tests/e2e/helpers.bash
. "$BATS_TEST_DIRNAME/helpers.bash"

# objects KIND: the ids of the BPF programs, maps or links that the tool holds.
objects() { sed -n "s/^$1:\t//p" "/proc/$tool/fdinfo/"* | sort -un; }

left() {
	# shellcheck disable=SC2086
	[[ $(alive prog_id $programs && alive map_id $maps && alive link_id $links) ]]
}

none_left() { ! left; }

@test "while it runs it has no capabilities, can't get any, and few system calls" {
	watch
	is "$(privileges "$tool")" 'CapInh=0000000000000000 CapPrm=0000000000000000 CapEff=0000000000000000 CapAmb=0000000000000000 NoNewPrivs=1 Seccomp=2'
	finish TERM
	is "$status" 0
}

@test "--no-sandbox: it keeps what it was given" {
	programs a
	execwatch --no-sandbox -c "$U*" >out 2>err 3>&- &
	tool=$!
	started+=("$tool")
	probe() {
		"./${U}a"
		[[ -s out ]]
	}
	until_true probe
	is "$(privileges "$tool")" "$(privileges self)"
	finish TERM
	is "$status" 0
}

@test "the command is not in the sandbox, and has none of the tool's files" {
	observe -- sh -c 'cat /proc/self/status; ls -l /proc/self/fd'
	is "$(sed -n 's/^\(CapEff\|CapPrm\|CapInh\|CapAmb\|NoNewPrivs\|Seccomp\):\t/\1=/p' said | xargs)" \
		"$(privileges self)"
	not grep -q 'anon_inode\|bpf' said
}

@test "the command has the environment and the signals that it would have without the tool" {
	observe -- sh -c 'env | grep -v ^_=; grep ^Sig[IB] /proc/self/status'
	mv said with
	start sh -c "env | grep -v ^_=; grep ^Sig[IB] /proc/self/status" >without
	wait "$!"
	diff with without
}

@test "the sandbox refuses nothing that the tool wants" {
	command -v strace >/dev/null || skip 'no strace'
	strace -D -qq -o /dev/null true || skip 'strace is not allowed'
	via=(strace -D -qq -o trace)
	programs a
	watch -v -o table -c "$U*" --buffer 4K --grace 1s
	kill -STOP "$tool"
	burst 100 "./${U}a"
	kill -CONT "$tool"
	until_true grep -qs lost out
	finish TERM
	is "$status" 0
	grep -q 'seccomp(SECCOMP_SET_MODE_FILTER' trace
	is "$(sed '1,/seccomp(SECCOMP_SET_MODE_FILTER/d' trace | grep EPERM)" ''
	observe -- true
	is "$status $(sed '1,/seccomp(SECCOMP_SET_MODE_FILTER/d' trace | grep EPERM)" '0 '
}

@test "nothing stays in the kernel: after a normal end, and after kill -9" {
	local programs maps links

	for signal in TERM KILL; do
		watch -e all --tree $$ -c "$U*"
		programs=$(objects prog_id) maps=$(objects map_id) links=$(objects link_id)
		[[ $programs && $maps && $links ]]
		left
		finish $signal
		until_true none_left
	done
}
