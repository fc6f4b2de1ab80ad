#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The tests on each of some kernels.
#
#   matrix.sh VERSION-ARCH…    6.12-amd64 is Linux 6.12 for amd64
set -euo pipefail
cd "$(dirname "$0")/../.."

programs() { find "$1" -type f -perm /100 | sort | sed 's,^build/[^/]*/,300 build/,'; }

mkdir -p build/vm
files=()
for cell; do
	version=${cell%-*} arch=${cell##*-}
	file=build/vm/$cell.t
	files+=("$file")
	# What can be had is fetched before anything runs: two machines at a time share the caches.
	tests/vm/kernel.sh "$version" "$arch" >/dev/null
	tests/vm/root.sh "$arch" >/dev/null
	{
		if [ "$(printf '%s\n' "$version" 6.1 | sort -V | head -n 1)" = 6.1 ]; then
			# What has nothing to do with the kernel runs where another processor may make a difference.
			[ "$arch" = "$(dpkg --print-architecture)" ] || programs build/"$arch"/tests/unit
			programs build/"$arch"/tests/bpf
			find tests/e2e tests/example -name '*.bats' | sort | sed 's,^,600 ,'
		fi
		# Last, as a kernel that is locked down can't be unlocked.
		echo 300 tests/vm/limits.bats
	} >"$file"
done
exec prove -j2 --timer --exec tests/vm/boot.sh "${files[@]}"
