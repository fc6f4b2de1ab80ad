#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The promise that a new probe is easy: three files, under 60 lines beside comments, and all of the
# library's options work.

bats_require_minimum_version 1.5.0

example=$BUILD/tests/example/forkwatch

@test "it has three files and under 60 lines beside comments" {
	cd "$BATS_TEST_DIRNAME"
	files=(forkwatch.*)
	[ "${#files[@]}" -eq 3 ]
	count=$(sed 's,/\*.*\*/,,' "${files[@]}" | grep -vc '^[[:space:]]*$')
	echo "$count lines"
	[ "$count" -lt 60 ]
}

@test "it shows the children that the command says it has" {
	run -0 --separate-stderr "$example" -q -w "$BATS_TEST_TMPDIR/events" -- \
		bash -c 'for i in 1 2 3; do (:) & echo $!; wait; done'
	said=$output
	[ "$(wc -l <<<"$said")" -eq 3 ]
	run -0 jq -r .child "$BATS_TEST_TMPDIR/events"
	[ "$output" = "$said" ]
}

@test "its own option works: threads only with --threads" {
	workload=("$BUILD/tests/e2e/ending" race 3)
	run -0 "$example" -q -w "$BATS_TEST_TMPDIR/processes" -- "${workload[@]}"
	run -0 "$example" -q --threads -w "$BATS_TEST_TMPDIR/all" -- "${workload[@]}"
	processes=$(grep -c process.fork "$BATS_TEST_TMPDIR/processes")
	all=$(grep -c process.fork "$BATS_TEST_TMPDIR/all")
	echo "$processes processes, $all with threads"
	[ "$all" -gt "$processes" ]
}

@test "the shared options came with the library" {
	run -0 --separate-stderr "$example" -q -o table -f pid,child -- sh -c '(:)'
	[ "${lines[0]%% *}" = "" ]
	[[ "${lines[0]}" =~ PID\ +CHILD$ ]]
	run -0 "$example" --schema
	[ "$(jq -r '.oneOf[0].properties.child.description' <<<"$output")" = "id of the new process, or thread" ]
	run -64 "$example" -f nonsense
	[[ "$output" == *nonsense* ]]
}
