#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What verify.sh found in each virtual machine, as a table; with -w budget.tsv is written anew from
# it (of two architectures the larger number).
#
#   table.sh [-w] VERSION-ARCH…
set -euo pipefail
cd "$(dirname "$0")/../.."

write=
if [ "$1" = -w ]; then
	write=tests/vm/budget.tsv
	shift
fi
for cell; do
	[ -e "build/vm/verify/$cell/console" ] || continue # below the floor
	sed -n "s/\r$//; s/^@@ verified/$cell/p" "build/vm/verify/$cell/console"
done | sort -s -k2,4 | awk -v write="$write" '
	BEGIN {
		format = "%-24s  %-8s  %-12s  %12s  %6s  %8s  %7s\n"
		printf format, "PROGRAM", "OPTIONS", "KERNEL", "INSTRUCTIONS", "STATES", "STACK", "LOAD"
	}
	{
		printf format, $2 "/" $4, $3, $1, $5, $6, $7, sprintf("%.0f ms", $8 / 1000)
		kernel = $1
		sub(/-[^-]*$/, "", kernel)
		row = $2 "\t" $3 "\t" $4
		if (!(row in rows))
			order[++n] = row
		rows[row]
		if (!(kernel in kernels))
			columns[++m] = kernel
		kernels[kernel]
		if ($5 > most[row, kernel])
			most[row, kernel] = $5
	}
	END {
		if (!write)
			exit
		print "# SPDX-License-Identifier: GPL-2.0-or-later" >write
		print "# Instructions that the verifier may go through, by kernel: make verify BUDGET=write" >write
		line = "tool\toptions\tprogram"
		for (k = 1; k <= m; k++)
			line = line "\t" columns[k]
		print line >write
		for (r = 1; r <= n; r++) {
			line = order[r]
			for (k = 1; k <= m; k++)
				line = line "\t" most[order[r], columns[k]]
			print line >write
		}
	}'
