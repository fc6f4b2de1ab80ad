#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Writes all manuals and completions.
#
#   documents.sh PROGRAMS TO TOOLS PRODUCERS
#
# PROGRAMS has one program for each tool, which prints what its tables say (docs.c); TO gets man/ and
# completions/. TOOLS and PRODUCERS, those of them that watch the kernel, are lists of names.
set -eu
programs=$1 to=$2 tools=$3 producers=$4
rm -rf "$to"
mkdir -p "$to/man" "$to/completions"
for tool in $tools; do
	"$programs/$tool" "man/$tool.8.in" >"$to/man/$tool.8"
	"$programs/$tool" completions/bash.in >"$to/completions/$tool.bash"
	"$programs/$tool" completions/zsh.in >"$to/completions/_$tool"
done
# What is about all of them a producer prints: it has the options that most have.
first=${producers%% *}
"$programs/$first" man/graintools.7.in >"$to/man/graintools.7"
for producer in $producers; do "$programs/$producer"; done |
	"$programs/$first" man/graintools-events.5.in >"$to/man/graintools-events.5"
