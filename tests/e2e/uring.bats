#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# filemon: what is done to files by io_uring, without system calls.
# shellcheck disable=SC2030,SC2031 # each test is a process
# shellcheck source=tests/e2e/helpers.bash
. "$BATS_TEST_DIRNAME/helpers.bash"

# It looks at the end of each system call of the machine.
export NEEDS_UNPREEMPTED=yes
subject=filemon

needs_uring() { uring probe || skip 'this kernel has no io_uring, or forbids it'; }

# does MODE: each operation is an event, and so are their sums.
does() {
	needs_uring
	mkdir dir again
	observe --each -e open,read,write,truncate,xattr,@name "$PWD/dir" -- uring "$1" dir
	is "$status" 0
	jq -c 'select(.flags != ["O_PATH"])' out >less
	mv less out
	events_agree 0
	observe -e read,write again -- uring "$1" again
	sums_agree
}

@test "io_uring: all operations" { does plain; }

@test "io_uring: by threads of the kernel" { does async; }

@test "io_uring: submitted by a thread of the kernel" {
	does sqpoll
	holds 'all(.comm == "uring")' # not iou-sqp-…
}

@test "io_uring: -x" {
	needs_uring
	mkdir dir
	observe -x -- uring fails dir
	jq -c 'select(.comm == "uring" and .requested != "/etc/ld.so.preload")' out >less
	mv less out
	events_agree 0
}

@test "io_uring: sums are exact under load" {
	needs_uring
	observe "$PWD" -- uring writer f
	sums_agree
	not grep -q lost err
}

@test "io_uring: what is moved by it counts for what is below what" {
	needs_uring
	mkdir -p dir u/d w
	seq 100 >u/d/f
	observe -e read w -- bash -c 'exec 5<u/d/f; dd bs=1 count=1 <&5; uring move u/d w/d; dd bs=2 count=1 <&5
		uring move w/d u/d; dd bs=4 count=1 <&5'
	is "$(what 'map([.event, .bytes])')" '[["file.read",2]]'
}

@test "io_uring: a write that nobody is told of is lost, and said to be" {
	needs_uring
	observe --strict -e write f -- uring silent f
	is "$status" 3
	holds 'map(select(.event == "lost")) | length == 1 and .[0].count == 1'
	observe --strict -e write other -- uring silent f
	is "$status" 0
}

@test "io_uring: which tracepoints" {
	filemon --check >out
	needs_uring
	is "$(grep -c '^  on_uring_submit' out) $(grep -c '^  on_uring_complete' out)" '1 1'
}
