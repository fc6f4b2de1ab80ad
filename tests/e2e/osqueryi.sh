#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# osqueryi.sh --json QUERY: stands in for osqueryi, which no distribution here has. It answers
# "select ... from NAME..." with the file NAME.json, or with what the script NAME.sh does, and else as
# osqueryi does for a table that it does not have. Each call is a line of the file `calls`.
[ $# = 2 ] && [ "$1" = --json ] || exit 64
echo "$2" >>calls
name=${2##*from }
name=${name%%[!a-z0-9_]*}
if [ -e "$name.sh" ]; then
	# shellcheck disable=SC1090
	. "./$name.sh"
elif [ -e "$name.json" ]; then
	exec cat "$name.json"
else
	echo "Error: no such table: $name" >&2
	exit 1
fi
