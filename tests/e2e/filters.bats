#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Which processes are seen: by the filters, and by default.
# shellcheck disable=SC2030,SC2031 # each test is a process
# shellcheck disable=SC2016 # for the shells that tests start
# shellcheck source=tests/e2e/helpers.bash
. "$BATS_TEST_DIRNAME/helpers.bash"

# Lets all that wait execute their programs and end.
all_go() {
	go ${#waiting[@]}
	wait "${waiting[@]}"
}

@test "-p: a process; twice: both" {
	programs a b c
	after_go a
	after_go b
	after_go c
	watch -p "${waiting[0]}" --pid="${waiting[1]}"
	all_go
	finish TERM
	is "$(names | sort | xargs)" 'a b'

	waiting=()
	after_go a
	after_go b
	watch -p "${waiting[1]}"
	all_go
	finish TERM
	is "$(names)" b
}

@test "--tree: a process, its descendants and those to come" {
	programs old new late stranger
	start bash -c '(read -r _ <go; "$1"; "$3") &
		read -r _ <go; "$2"; wait' bash "./${U}old" "./${U}new" "./${U}late"
	waiting+=($!)
	until_true pgrep -P "${waiting[0]}"
	after_go stranger
	watch --tree "${waiting[0]}"
	go 1 # one more
	all_go
	finish TERM
	is "$(names | sort | xargs)" 'late new old'
}

@test "--tree: what a thread forks that was there before" {
	programs a
	start launch later "./${U}a"
	waiting+=($!)
	has_two_threads() { [[ $(status_of "${waiting[0]}" Threads) == 2 ]]; }
	until_true has_two_threads
	watch --tree "${waiting[0]}"
	all_go
	finish TERM
	is "$(names)" a
}

@test "--tree twice: both" {
	programs a b c
	after_go a
	after_go b
	after_go c
	watch --tree "${waiting[0]}" --tree "${waiting[2]}"
	all_go
	finish TERM
	is "$(names | sort | xargs)" 'a c'
}

@test "-c: a pattern; twice: both" {
	programs ab ac b
	watch -c "${U}a*"
	for name in ab ac b; do "./$U$name"; done
	finish TERM
	is "$(names | xargs) $(what length)" 'ab ac 2'

	watch -c "${U}[x-z]" -c "${U}?c" --comm="${U}b"
	for name in ab ac b; do "./$U$name"; done
	finish TERM
	is "$(names | xargs) $(what length)" 'ac b 2'
}

@test "-u: a user, by number and by name" {
	local user uid

	chmod o+x "$BATS_RUN_TMPDIR"
	read -r user uid < <(awk -F: '$3 > 0 { print $1, $3; exit }' /etc/passwd)
	cp "$BUILD/tests/e2e/burst" . # which others may not be able to reach
	ln -s burst "${U}a"
	for option in "-u $uid" "--uid=$user" "-u 54321 -u $user"; do
		# shellcheck disable=SC2086
		watch $option
		"./${U}a"
		setpriv --reuid="$uid" --clear-groups "./${U}a"
		setpriv --reuid=54320 --clear-groups "./${U}a"
		finish TERM
		is "$option: $(jq -c "select(.comm == \"${U}a\") | .uid" out)" "$option: $uid"
	done
	setpriv --reuid=54321 --clear-groups true # the number is of a user that nobody has
}

@test "--cgroup: it and those below it, by name below the root and by directory" {
	local root

	root=$(cgroup_root)
	programs out in below beside
	mkdir "$root/${U}x" "$root/${U}x/y" "$root/${U}xx"
	within() { sh -c 'echo $$ >"$0/cgroup.procs"; exec "$1"' "$root/$1" "./$U$2"; }
	for path in "${U}x" "/${U}x" "$root/${U}x"; do
		watch --cgroup "$path"
		"./${U}out"
		within "${U}x" in
		within "${U}x/y" below
		within "${U}xx" beside
		finish TERM
		is "$path: $(names | xargs)" "$path: in below"
	done
	watch --cgroup "${U}x/y" --cgroup "${U}xx"
	within "${U}x" in
	within "${U}x/y" below
	within "${U}xx" beside
	finish TERM
	rmdir "$root/${U}x/y" "$root/${U}x" "$root/${U}xx"
	is "$(names | xargs)" 'below beside'
}

@test "cgroups where their hierarchy is mounted nowhere" {
	local root

	root=$(cgroup_root)
	programs a b
	mkdir "$root/${U}x"
	# shellcheck disable=SC2034
	via=(unshare --mount sh -c 'umount "$0" && exec "$@"' "$root")
	watch --cgroup "${U}x"
	"./${U}a"
	sh -c 'echo $$ >"$0/cgroup.procs"; exec "$1"' "$root/${U}x" "./${U}b"
	finish TERM
	rmdir "$root/${U}x"
	is "$(jq -r '"\(.comm) \(.cgroup)"' out)" "${U}b /${U}x"
}

@test "different filters must all match" {
	programs a b
	after_go a
	after_go b
	watch -p "${waiting[0]}" -p "${waiting[1]}" -c "${U}b" -c nothing
	"./${U}b"
	all_go
	finish TERM
	is "$(what 'map(.pid)')" "[${waiting[1]}]"

	watch -c "${U}*" -u 54321
	"./${U}a"
	setpriv --reuid=54321 --clear-groups true
	finish TERM
	is "$(what length)" 0

	observe -c "${U}*" -- sh -c '"$0"; true; "$1"' "./${U}a" "./${U}b"
	is "$(names | xargs) $(what length)" 'a b 2'
}

@test "-- COMMAND: its descendants, whatever they do; nobody else" {
	local stranger

	programs stranger in daemon
	start bash -c 'while :; do "$0"; done' "./${U}stranger"
	stranger=$!
	observe -- sh -c 'setsid sh -c "(\"\$1\")" sh "$0"; setsid --fork --wait "$1"' "./${U}in" "./${U}daemon"
	kill "$stranger"
	is "$(names | xargs)" 'in daemon'
}

@test "-- COMMAND and --tree: both trees" {
	programs a b
	after_go a
	observe --tree "${waiting[0]}" -- sh -c 'echo >go; "$0"; tail --pid="$1" -f /dev/null' \
		"./${U}b" "${waiting[0]}"
	is "$(names | sort | xargs)" 'a b'
}

# read_through OPTION...: the tool, whose reader and the reader's reader execute something only when
# it watches, as does the script that they are part of.
read_through() {
	programs other
	ln -s /bin/cat "${U}reader"
	ln -s /bin/cat "${U}second"
	execwatch "$@" 2>err 3>&- > >({
		{
			echo "$BASHPID" >reader.1
			read -r _ <go
			exec "./${U}reader"
		} | {
			echo "$BASHPID" >reader.2
			read -r _ <go
			exec "./${U}second" >out
		}
	} 3>&-) &
	until_true test -s reader.1 -a -s reader.2
	begun $!
	go 2
	"./${U}other"
	until_true grep -qs other out # so both have executed
	finish TERM
	until_true gone "$(<reader.1)"
	until_true gone "$(<reader.2)"
	is "$status" 0
}

@test "who reads the output is left out, through two pipes; the script's other programs are not" {
	read_through -c "$U*"
	is "$(names)" other
}

@test "--include-self: who reads the output is not left out" {
	read_through -c "$U*" --include-self
	is "$(names | sort | xargs)" 'other reader second'
}

@test "--tree and -p: who reads the output is not left out if asked for" {
	read_through -c "$U*" --tree $$
	is "$(names | sort | xargs)" 'other reader second'
}

@test "who writes to the pipe that the tool writes to is not left out" {
	programs writer
	{
		execwatch -c "$U*" 2>err 3>&- &
		echo $! >pid
		read -r _ <go
		exec "./${U}writer"
	} > >(cat >out) &
	started+=($!)
	until_true test -s pid
	begun "$(<pid)"
	go 1
	until_true lines out 1
	kill "$tool"
	until_true gone "$tool"
	is "$(names)" writer
}

@test "who reads from a FIFO is left out" {
	programs other
	ln -s /bin/cat "${U}reader"
	mkfifo events
	start bash -c 'exec <events; read -r _ <go; exec "$0" >out' "./${U}reader"
	waiting+=($!)
	execwatch -c "$U*" >events 2>err 3>&- &
	begun $!
	go 1
	"./${U}other"
	finish TERM
	wait "${waiting[0]}"
	is "$(names)" other
}
