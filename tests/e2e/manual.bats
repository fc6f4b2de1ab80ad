#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=any-kernel
# Each example of the manuals and of the README is run, on a terminal, and shows what stands there.
#
# An example is a literal block whose commands stand behind "# " or "$ ". What stands below them is
# what they show, in any order; "..." is any text, a line of only that any lines. Times, durations
# and numbers of several digits stand for others of their kind. An example that does not end is
# interrupted, as its reader would, once it has shown everything. A comment before the block,
# "before: COMMAND" or "meanwhile: COMMAND", is what happens on the machine before and while it runs.
# shellcheck source=tests/e2e/helpers.bash
. "$BATS_TEST_DIRNAME/helpers.bash"

top=$BATS_TEST_DIRNAME/../..

# Writes the examples of a page as directories 1, 2, …: with the files example, expected, before and meanwhile.
extract() {
	awk '
		function begin() {
			dir = ++n
			system("mkdir " dir)
			printf "%s", before >(dir "/before")
			printf "%s", meanwhile >(dir "/meanwhile")
			printf "" >(dir "/expected")
			before = meanwhile = ""
		}
		function unescape(s) {
			gsub(/\\&/, "", s)
			gsub(/\\\(dq/, "\"", s)
			gsub(/\\\[uFFFD\]/, "\357\277\275", s)
			gsub(/\\e/, "\\", s)
			return s
		}
		function line(s) {
			if (s ~ /^[#$] /) {
				if (!dir)
					begin()
				print substr(s, 3) >(dir "/example")
			} else if (dir) {
				print s >(dir "/expected")
			} else if (!markdown) {
				print FILENAME ":" FNR ": an example without a command" >"/dev/stderr"
				exit 1
			}
		}
		FNR == 1 { markdown = FILENAME ~ /\.md$/ }
		function comment(key) {
			return sub("^(\\.\\\\\"|<!--) " key ": ", "") && sub(/( -->)?$/, "")
		}
		comment("before") { before = $0; next }
		comment("meanwhile") { meanwhile = $0; next }
		/^\.Ed/ { literal = dir = 0 }
		literal { line(unescape($0)) }
		/^\.Bd -literal/ { literal = 1 }
		markdown && /^    / { line(substr($0, 5)) }
		markdown && /^[^ ]/ { dir = 0 }
	' "$1"
}

# The extended regular expression that a line of the manual stands for.
pattern() {
	local rest=$1 found=''

	while [[ $rest ]]; do
		if [[ $rest =~ ^'...' ]]; then
			found+='.*'
		elif [[ $rest =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z ]]; then
			found+='[0-9T:.-]+Z'
		elif [[ $rest =~ ^[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3} ]]; then
			found+='[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}'
		elif [[ $rest =~ ^[0-9]+(\.[0-9]+)?(ns|us|ms|s)([^a-z]|$) && $found != *[a-z] ]]; then
			found+="(0|[0-9.]+(ns|us|ms|s))${BASH_REMATCH[3]:+"[${BASH_REMATCH[3]}]"}"
		elif [[ $rest =~ ^_ns\":[0-9]+ ]]; then
			found+='_ns":[0-9]+'
		elif [[ $rest =~ ^[0-9][0-9]+ ]]; then
			found+='[0-9]+'
		elif [[ $rest =~ ^[[:space:]]+ ]]; then
			found+='[[:space:]]+'
		elif [[ $rest =~ ^[A-Za-z]+ || $rest =~ ^[0-9] || $rest =~ ^[^][{}()*+?.|^$\\] ]]; then
			found+=${BASH_REMATCH[0]}
		else
			[[ $rest =~ ^. ]]
			found+=\\${BASH_REMATCH[0]}
		fi
		rest=${rest#"${BASH_REMATCH[0]}"}
	done
	printf '%s\n' "^[[:space:]]*${found}[[:space:]]*$"
}

# Whether what has been shown is what is expected: leaves in missing and unexpected what is not.
compare() {
	local i n
	local -a lines

	missing=() unexpected=()
	sed 's/.*\r\x1b\[K//; s/\x1b\[[0-9;]*[A-Za-z]//g; s/\r//g' shown >plain
	mapfile -t lines <plain
	for n in "${!expected[@]}"; do
		for i in "${!lines[@]}"; do
			[[ ${lines[i]} =~ ${patterns[n]} ]] || continue
			unset "lines[i]"
			continue 2
		done
		missing+=("${expected[n]}")
	done
	((others)) || unexpected=("${lines[@]}")
	((!${#missing[@]}))
}

# What the examples find.
world() {
	cat >deploy <<-'SCRIPT'
		#!/bin/sh -e
		uname -r >/dev/null
		ls /etc | grep -c conf >/dev/null
		exit 3
	SCRIPT
	chmod +x deploy
	: >deploy.txt
	cp "$top/tests/data/captures/dns-udp4-types.pcap" dns.pcap
}

# run_example: in its directory.
run_example() {
	local end=$((SECONDS + E2E_PATIENCE)) pid meanwhile line

	world
	. ./before
	meanwhile=$(<meanwhile)
	others=0
	grep -qx ' *\.\.\.' expected && others=1
	mapfile -t expected < <(grep -vx ' *\.\.\.' expected)
	patterns=()
	for line in "${expected[@]}"; do patterns+=("$(pattern "$line")"); done
	mkfifo keys
	exec {keys}<>keys
	: >shown
	# Behind & a shell has interrupts ignored.
	env --default-signal terminal bash -c 'sudo() { "$@"; }; . ./example' <keys >shown 2>&1 3>&- &
	pid=$!
	started+=("$pid")
	until gone "$pid"; do
		if compare; then
			printf '\003' >&"$keys"
		elif ((SECONDS >= end)); then
			echo 'it goes on'
			printf '\003' >&"$keys"
			break
		fi
		[[ ! $meanwhile ]] || eval "$meanwhile" >/dev/null 2>&1 3>&- || :
		moment
	done
	wait "$pid" || :
	exec {keys}>&-
	compare && ((!${#unexpected[@]}))
}

# examples PAGE: all are run; what does not show what it should is told.
examples() {
	local page=$top/$1 failed=0 n=0 dir

	[[ -e $page ]] || skip "$1 is not here"
	extract "$page"
	for dir in [0-9]*/; do
		n=$((n + 1))
		cd "$BATS_TEST_TMPDIR/$dir" || return
		if ! run_example; then
			failed=$((failed + 1))
			printf '\n%s: %s\n' "$1" "$(<example)"
			printf 'missing:    %s\n' "${missing[@]}"
			printf 'unexpected: %s\n' "${unexpected[@]}"
			echo shown:
			head -n 40 plain
		fi
	done
	echo "$n examples, $failed fail"
	((n && !failed))
}

teardown_file() {
	local dir

	dir=$(cgroup_root)/system.slice
	rmdir "$dir/nginx.service" "$dir" 2>/dev/null || :
}

@test "the examples of dnssnoop(8)" { examples man/dnssnoop.8; }
@test "the examples of event-agg(8)" { examples man/event-agg.8; }
@test "the examples of execwatch(8)" { examples man/execwatch.8; }
@test "the examples of filemon(8)" { examples man/filemon.8; }
@test "the examples of http-post(8)" { needs_http && examples man/http-post.8; }
@test "the examples of osquery-poll(8)" { examples man/osquery-poll.8; }
@test "the examples of s3-upload(8)" { needs_http && examples man/s3-upload.8; }
@test "the examples of statsd-emit(8)" { examples man/statsd-emit.8; }
@test "the examples of statsd-recv(8)" { examples man/statsd-recv.8; }
@test "the examples of graintools(7)" { examples man/graintools.7; }
@test "the examples of graintools-events(5)" { examples man/graintools-events.5; }
@test "the examples of the README" { examples README.md; }

@test "no page is left out" {
	[[ -e $top/man/docs.c ]] || skip 'the pages are not here'
	for page in "$top"/man/*.[1-9]; do
		grep -q "examples man/${page##*/};" "$BATS_TEST_FILENAME" || is "${page##*/}" 'among these'
	done
}
