#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Tests on each of some kernels.
#
#   matrix.sh check VERSION-ARCH…     all that need a kernel; 6.12-amd64 is Linux 6.12 for amd64
#   matrix.sh verify VERSION-ARCH…    what the verifier says to the programs
#   matrix.sh budget VERSION-ARCH…    the same, as what it may say from now on
set -euo pipefail
cd "$(dirname "$0")/../.."

what=$1
shift
machines=("$@")
programs() { find "$1" -type f -perm /100 | sort | sed 's,^build/[^/]*/,300 build/,'; }
has_floor() { [ "$(printf '%s\n' "$1" 6.1 | sort -V | head -n 1)" = 6.1 ]; }

for arch in $(printf '%s\n' "${machines[@]##*-}" | sort -u); do
	make --no-print-directory STATIC=1 ARCH="$arch" all tests
done
mkdir -p build/vm/check build/vm/verify
files=() missing=
for machine in "${machines[@]}"; do
	version=${machine%-*} arch=${machine##*-}
	file=build/vm/${what/budget/verify}/$machine.t
	# What can be had is fetched before anything runs: two machines at a time share the caches.
	# One that can't be had is no failure of ours, but said.
	tests/vm/kernel.sh "$version" "$arch" >/dev/null || {
		missing+=" $machine"
		continue
	}
	tests/vm/root.sh "$arch" >/dev/null
	case $what in
	verify | budget)
		touch tests/vm/budget.tsv
		has_floor "$version" || continue # there is nothing to be loaded
		echo 300 tests/vm/verify.sh
		;;
	check)
		if has_floor "$version"; then
			mapfile -t end_to_end < <(grep -L '^# bats file_tags=.*any-kernel' tests/e2e/*.bats tests/example/*.bats)
			# On the oldest kernel everything; on others what may depend on the kernel or, under emulation
			# that takes twice the time, on the processor. With QUICK=1 on all of them.
			long=
			if [ "$arch" != "$(dpkg --print-architecture)" ]; then
				# Looking up names needs libraries that a static program would load at run time. The
				# spool's test kills many processes, which takes long.
				programs "build/$arch/tests/unit" | grep -v '/address\|/spool'
			fi
			if [ "$version-$arch" != "6.1-$(dpkg --print-architecture)" ] || [ -n "${QUICK:-}" ]; then
				long='/loss\|/hostile\|/filters\|/tries\|/dnssnoop\|/filemon'
			fi
			# Of the other processor then what is its own: registers, and numbers of system calls.
			if [ "$arch" != "$(dpkg --print-architecture)" ] && [ -n "${QUICK:-}" ]; then
				long+='\|/fields\|/exit'
			fi
			[ -z "$long" ] || mapfile -t end_to_end < <(printf '%s\n' "${end_to_end[@]}" | grep -v "$long")
			programs "build/$arch/tests/bpf"
			printf '600 %s\n' "${end_to_end[@]}"
		fi
		# Last, as a kernel that is locked down can't be unlocked.
		echo 300 tests/vm/limits.bats
		;;
	esac >"$file"
	files+=("$file")
done
if [ ${#files[@]} -eq 0 ]; then
	echo "matrix.sh: none of these can be had: $*" >&2
	exit 1
fi
status=0
prove -j2 --timer --exec tests/vm/boot.sh "${files[@]}" || status=$?
case $what in
verify)
	tests/vm/table.sh "${machines[@]}"
	;;
budget)
	tests/vm/table.sh -w "${machines[@]}"
	status=0 # what was over the budget no longer is
	;;
esac
[ -z "$missing" ] || echo "skipped, as the kernel can't be had:$missing"
exit $status
