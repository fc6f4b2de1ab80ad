# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016 # for the shells that tests start
# What the end-to-end tests share. The workload prints what the tool must say, and the two are
# compared; a test waits for a condition, never for a time. Each runs in a directory of its own:
#
#	out	the events
#	err	what the tool says to the user
#	said	what the workload says
#
# $BUILD has bin/ and tests/; E2E_PATIENCE is how many seconds a slow machine may take for anything.

: "${BUILD:?the directory with bin/ and tests/}"
: "${E2E_PATIENCE:=60}"
: "${BATS_TEST_TIMEOUT:=$((5 * E2E_PATIENCE))}" # for what waits in another way than by until_true
PATH=$BUILD/bin:$BUILD/tests/e2e:/usr/sbin:/sbin:$PATH
export LC_ALL=C TZ=UTC
unset GRAINTOOLS_OUTPUT

# Starts what `watch` and `observe` run: a wrapper that executes the tool.
via=()
tool='' status=''
subject=execwatch # what those run

setup() {
	[[ ! ${NEEDS_UNPREEMPTED:-} ]] || unpreempted
	cd "$BATS_TEST_TMPDIR" || return
	started=() waiting=()
	exec {never}<> <(:) # never has anything to read: to wait a moment without a process
	mkfifo go
	exec {go}<>go
	# Begins the names of this test's programs, so that it sees no others. A name has 15 bytes.
	U=e$$-
}

# Nothing is left behind, also when a test fails halfway.
teardown() {
	local pid

	for pid in "${started[@]}"; do
		pkill -KILL -P "$pid" || :
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	if [[ -e $BATS_TEST_TMPDIR/cgroups ]]; then
		find "$(cgroup_root)/$U"* -depth -type d -exec rmdir {} \; 2>/dev/null || :
		umount "$BATS_TEST_TMPDIR/cgroups" 2>/dev/null || :
	fi
	cd /
}

# start COMMAND...: in the background; its id is $!.
start() {
	"$@" <&0 3>&- & # bash would give it /dev/null
	started+=($!)
}

# For what is too much to be seen whole where programs at tracepoints are preempted and are slow.
unpreempted() { [[ ! ${VM_PREEMPTED:-} ]] || skip 'needs programs that are not preempted (before Linux 7.0)'; }

# For what sends over HTTP to server.py.
needs_http() {
	http-post --version >/dev/null 2>&1 || skip 'http-post does not run here: it needs libcurl'
	/usr/bin/python3 -c 'import http.server, ssl' 2>/dev/null || skip 'there is no python3'
}

moment() { read -rt 0.02 -u "$never" || :; }

# until_true COMMAND...: waits until it succeeds.
until_true() {
	local end=$((SECONDS + E2E_PATIENCE))

	until "$@"; do
		if ((SECONDS >= end)); then
			echo "in vain: $*"
			show err out
			return 1
		fi
		moment
	done
}

# A value of /proc/PID/status.
status_of() { awk -v key="$2:" '$1 == key { print $2 }' "/proc/$1/status"; }

# What follows is asked again and again: without starting a process.
gone() {
	local stat

	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
	[[ ${stat##*) } == Z* ]]
}

# The sandbox is the last that the tool does before it reads the first event.
watching() {
	local key value

	gone "$tool" && return
	while read -r key value; do
		[[ $key != Seccomp: ]] || break
	done 2>/dev/null <"/proc/$tool/status"
	[[ $value == 2 ]]
}

# The tool waits for the reader of its output.
# shellcheck disable=SC2317 # called through until_true
blocked() { [[ $(<"/proc/$tool/wchan") == *pipe_write* ]]; }

# shellcheck disable=SC2317 # called through until_true
lines() { [[ -e $1 ]] && (($(wc -l <"$1") >= $2)); }

# watch OPTION...: starts the tool in the background, and returns once it watches.
watch() {
	"${via[@]}" "$subject" "$@" >out 2>err 3>&- &
	begun $!
}

# begun PID: the tool was started as PID.
begun() {
	tool=$1
	started+=("$tool")
	until_true watching
	if gone "$tool"; then
		echo "it has ended: $(cat err)"
		return 1
	fi
}

# The tool ends by itself: leaves its exit status in $status.
ended() {
	status=0
	until_true gone "$tool"
	# shellcheck disable=SC2034
	wait "$tool" || status=$?
}

# finish SIGNAL: tells the tool to end.
finish() {
	kill -s "$1" "$tool"
	ended
}

# insist SIGNAL: tells the tool, which was told to end, once more; too soon after the first time that counts for
# nothing, and it is told again.
insist() {
	# shellcheck disable=SC2317 # called through until_true
	told_again() { kill -s "$1" "$tool" 2>/dev/null || :; gone "$tool"; }
	until_true told_again "$1"
	ended
}

# capture OPTION... [-- COMMAND...]: the tool from start to end, its own output to `out`.
capture() {
	"${via[@]}" "$subject" "$@" >out 2>err 3>&- &
	tool=$!
	started+=("$tool")
	ended
}

# observe OPTION... [-- COMMAND...]: the tool from start to end. The command's output goes to `said`.
observe() {
	local options=()

	while (($#)) && [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	"${via[@]}" "$subject" "${options[@]}" -w out "$@" >said 2>err 3>&- &
	tool=$!
	started+=("$tool")
	ended
}

# What a failed test shows: the ends of files, not too wide.
show() { tail -qn 20 "$@" 2>/dev/null | cut -c -2000; }

# is VALUE EXPECTED
is() {
	[[ $1 == "$2" ]] && return
	printf 'got       %s\nexpected  %s\n' "${1:0:2000}" "${2:0:2000}"
	show err
	return 1
}

# what [FILE] EXPRESSION: of all events at once, with jq.
what() {
	if (($# > 1)); then jq -src "$2" "$1"; else jq -src "$1" out; fi
}

# holds EXPRESSION [JQ-OPTION...]: is true for the array of all events.
holds() {
	jq -se "${@:2}" "$1" out >verdict && return
	echo "does not hold: $1"
	show verdict err out
	return 1
}

# not COMMAND...: `!` does not make a test fail.
not() {
	if "$@"; then
		echo "succeeded: $*"
		return 1
	fi
}

# programs NAME...: makes programs that do nothing, called $UNAME.
programs() {
	local name

	for name in "$@"; do ln -s "$BUILD/tests/e2e/burst" "$U$name"; done
}

# The names of the events' programs, less $U, if they are of this test.
names() { jq -r --arg u "$U" '.comm | select(startswith($u)) | ltrimstr($u)' out; }

# after_go NAME: starts a process that executes program NAME when it may go. Its id is added to
# ${waiting[@]}.
after_go() {
	start bash -c 'read -r _ <go; exec "$0"' "./$U$1"
	waiting+=($!)
}

# go N: lets N of those that read a line from the FIFO go on.
go() { for ((i = 0; i < $1; i++)); do echo >&"$go"; done; }

# The directory where the default hierarchy of cgroups is mounted; mounted here where it is nowhere.
# Cgroups called $U... do not outlive the test.
cgroup_root() {
	local root

	mkdir -p "$BATS_TEST_TMPDIR/cgroups"
	root=$(awk '$4 == "/" && / - cgroup2 / { print $5; exit }' /proc/self/mountinfo)
	if [[ ! $root ]]; then
		root=$BATS_TEST_TMPDIR/cgroups
		mount -t cgroup2 none "$root"
	fi
	printf '%s\n' "$root"
}

# in_cgroup CGROUP COMMAND...: in a cgroup, as a service would.
in_cgroup() {
	local dir

	dir=$(cgroup_root)$1
	mkdir -p "$dir"
	(echo "$BASHPID" >"$dir/cgroup.procs" && exec "${@:2}")
}

# privileges PID: what it may do, as one line.
privileges() {
	sed -n 's/^\(CapEff\|CapPrm\|CapInh\|CapAmb\|NoNewPrivs\|Seccomp\):\t/\1=/p' "/proc/$1/status" | xargs
}

# agree: for each object in `said` there is an event of its kind and pid, and all values in it are the
# (last) event's too, but for "also"; null says that the event has no such field, KEY_bytes that these
# are its bytes.
agree() { agree_on all; }

# agree_on KEY...: the same, of these keys only.
agree_on() {
	jq -nc --slurpfile said said --slurpfile out out --args '
		def digit: "0123456789abcdef"[.:. + 1];
		def hex: map((. / 16 | floor | digit) + (. % 16 | digit)) | add // "";
		def bytes: explode | map(
			if . < 128 then .
			elif . < 2048 then 192 + (. / 64 | floor), 128 + . % 64
			elif . < 65536 then 224 + (. / 4096 | floor), 128 + (. / 64 | floor) % 64, 128 + . % 64
			else 240 + (. / 262144 | floor), 128 + (. / 4096 | floor) % 64,
				128 + (. / 64 | floor) % 64, 128 + . % 64
			end) | hex;
		def got($key):
			if $key == "ancestors" then .ancestors | map(
				if .comm | test("^[ -~]*$") then . else { comm_bytes: got("comm_bytes"), pid } end)
			elif $key | endswith("_bytes") | not then .[$key]
			else .[$key[:-6]] as $text | .[$key[:-6] + "_hex"] as $raw
				| if $text | type == "array" then [range($text | length) as $i
					| $raw[$i] // ($text[$i] | bytes)]
				else $raw // ($text | bytes) end
			end;
		if $said == [] then "the workload said nothing" else empty end,
		($said[] as $s
			| [$out[] | select(.event == $s.event and .pid == $s.pid)] as $e
			| if $e == [] then { "said": $s, "event": null }
			else $s | del(.also) | to_entries[]
				| select($ARGS.positional == ["all"] or (.key as $k | $ARGS.positional | index($k)))
				| { key, said: .value, got: (.key as $k | $e[-1] | got($k)) }
				| select(.said != .got)
			end)' -- "$@" >differences || return
	[[ ! -s differences ]] || { show differences err; return 1; }
}

# sums_agree: what the workload says of its files is what the events add up to.
sums_agree() {
	jq -nc --slurpfile said said --slurpfile out out '
		def sums: map(select((.event == "file.read" or .event == "file.write") and
				(.path | endswith("/said") | not)))
			| group_by([.event, .pid, .path])
			| map({ event: .[0].event, pid: .[0].pid, path: .[0].path,
				bytes: (map(.bytes) | add), calls: (map(.calls) | add) });
		($said | map(.pid) | unique) as $pids
		| ($out | map(select(.pid as $p | $pids | index($p))) | sums) as $got
		| if $said == [] then "the workload said nothing" else empty end,
			(($said | sums) - $got | map({ said: . })[]),
			($got - ($said | sums) | map({ got: . })[])' >differences
	[[ ! -s differences ]] || { show differences err; return 1; }
}

# events_agree FIRST: what the workload says are its events, in this order, after the first ones.
events_agree() {
	jq -nc --slurpfile said said --slurpfile out out '
		[$out[] | select(.pid == $said[0].pid)] as $got
		| if $said == [] then "the workload said nothing" else empty end,
			if ($got | length) != $first + ($said | length)
				then { said: ($said | length), got: ($got | length) } else empty end,
			($said | to_entries[] | .key as $i | .value as $all | .value | to_entries[]
			| select($got[$i + $first][.key] != .value)
			| { at: $i, key, said: .value, got: $got[$i + $first][.key], all: $all })' \
		--argjson first "$1" >differences
	[[ ! -s differences ]] || { show differences err out; return 1; }
}
