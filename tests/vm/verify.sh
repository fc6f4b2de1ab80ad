#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Loads each tool's programs, as options.tsv says, and holds what the verifier had to do against
# budget.tsv: TAP, and a line for table.sh for each program. Root.
set -euo pipefail
cd "$(dirname "$0")"

n=0
result() {
	n=$((n + 1))
	echo "${1}ok $n - $2"
}

kernel=${VM_KERNEL:-$(uname -r | cut -d. -f1,2)}
# The budget of a program on this kernel; on one that has no column, the largest.
budget() {
	awk -F'\t' -v program="$1 $2 $3" -v kernel="$kernel" '
		$1 == "tool" { for (i = 4; i <= NF; i++) column[$i] = i }
		$1 " " $2 " " $3 == program {
			for (i = 4; i <= NF; i++)
				max = $i + 0 > max ? $i + 0 : max
			print kernel in column && $column[kernel] ? $column[kernel] : max
		}' budget.tsv
}

while IFS=$'\t' read -r tool name options; do
	# shellcheck disable=SC2086 # a list
	said=$(set -f && "$BUILD/tests/verify/$tool" $options --check 2>&1 >/dev/null) || {
		result 'not ' "$tool $name loads"
		echo "$said" | tail -n 100 | sed 's/^/#   /'
		continue
	}
	result '' "$tool $name loads"
	while read -r _ _ program instructions states stack us; do
		allowed=$(budget "$tool" "$name" "$program")
		passed=
		if [ -z "$allowed" ]; then
			passed='not '
			allowed='none: make verify BUDGET=write'
		elif [ $((instructions * 100)) -gt $((allowed * 120)) ]; then
			passed='not '
		fi
		result "$passed" "$tool $name $program: $instructions instructions (budget $allowed)"
		echo "@@ verified $tool $name $program $instructions $states $stack $us"
	done < <(grep '^@@ verified' <<<"$said")
done < <(grep -v '^#' options.tsv)
echo "1..$n"
