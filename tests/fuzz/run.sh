#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs fuzzers, one after the other; what they find stays beside them.
#
#   run.sh SECONDS FUZZER…
set -eu
seconds=$1
shift
for fuzzer; do
	"$fuzzer" -print_final_stats=1 -max_len=4096 -max_total_time="$seconds" -timeout=10 \
		-artifact_prefix="$fuzzer-" "$fuzzer.corpus" "tests/fuzz/corpus/${fuzzer##*/}" >"$fuzzer.log" 2>&1 || {
		cat "$fuzzer.log"
		exit 1
	}
	echo "$fuzzer: $(sed -n 's/.*executed_units: *//p' "$fuzzer.log") inputs"
done
