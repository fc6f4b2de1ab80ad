#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# process.exec: what it says of a program is what the program says of itself.
# shellcheck disable=SC2030,SC2031 # each test is a process
# shellcheck disable=SC2016 # for the shells that tests start
# shellcheck source=tests/e2e/helpers.bash
. "$BATS_TEST_DIRNAME/helpers.bash"

identity=$BUILD/tests/e2e/identity

# Other users can execute what is here.
public() {
	chmod o+x "$BATS_RUN_TMPDIR"
	cp "$identity" "$1"
}

@test "a program by its full name" {
	observe -- "$identity" one 'two "words"' ''
	is "$status" 0
	agree
	holds 'length == 1 and .[0].args[1:] == ["one", "two \"words\"", ""]'
}

@test "a program by another name: filename and comm are the name, exe is the file" {
	ln -s "$identity" alias
	observe -- ./alias
	agree
	holds '.[0].filename == "./alias" and .[0].comm == "alias" and .[0].exe != .[0].filename'
}

@test "a program in another directory" {
	mkdir -p 'some where'
	cp "$identity" .
	observe -- sh -c 'cd "some where" && exec ../identity'
	agree
	holds '.[1].exe == "'"$PWD"'/identity" and .[1].cwd == "'"$PWD"'/some where"'
}

@test "ts lies between the call and the program's first action; proc has the start time" {
	local before start ticks per_second

	before=$(date -u +%FT%T.%NZ)
	observe -- "$identity"
	agree_on pid
	jq -ne --slurpfile said said --slurpfile out out --arg before "$before" '
		[$before, $out[0].ts, $said[0].also.now] | . == sort' ||
		is "$(jq .ts out)" "after $before, before $(jq .also.now said)"

	start=$(jq -r '.proc | ltrimstr("\(input.pid).")' out said)
	read -r ticks per_second < <(jq -r '"\(.also.start_ticks) \(.also.ticks_per_second)"' said)
	is $((start / (1000000000 / per_second))) "$ticks"
}

@test "ts is the time of the event, not that of the printing" {
	local after

	ln -s "$identity" "${U}id"
	watch -c "${U}id"
	kill -STOP "$tool"
	"./${U}id" >said
	after=$(date -u +%FT%T.%NZ)
	kill -CONT "$tool"
	finish TERM
	holds '.[0].ts < $after' --arg after "$after"
}

@test "a script: what was asked for, the interpreter, what that was given" {
	printf '#!%s -flag\n' "$identity" >script
	chmod +x script
	observe -- ./script arg
	agree
	holds '.[0].args[1:] == ["-flag", "./script", "arg"] and .[0].script == "./script"'
}

@test "a script whose interpreter is a script" {
	printf '#!%s\n' "$identity" >inner
	printf '#!%s/inner\n' "$PWD" >outer
	chmod +x inner outer
	observe -- ./outer arg
	agree
	holds '.[0].filename == "./outer" and .[0].args[1:] == ["'"$PWD"'/inner", "./outer", "arg"]'
}

@test "fexecve of a descriptor" {
	observe -- launch fd "$identity" arg
	agree
	holds '.[1].filename | startswith("/dev/fd/")'
}

@test "execveat of a name in a directory" {
	observe -- launch at "${identity%/*}" identity arg
	agree
	holds '.[1].filename | test("^/dev/fd/[0-9]+/identity$")'
}

@test "a program in memory" {
	observe -- launch memfd "$identity" arg
	agree
	holds '.[1].fileless and .[1].exe == "/memfd:payload"'
}

@test "a program whose file is deleted" {
	observe -- launch deleted "$identity" arg
	agree
	holds '.[1].exe_deleted and .[1].exe == "'"$PWD"'/gone"'
}

@test "executed by a thread that is not the first" {
	observe -- launch thread "$identity" arg
	agree
}

@test "a set-user-id program" {
	public setuid
	chmod u+s setuid
	observe -- setpriv --reuid=65534 --clear-groups ./setuid
	agree
	holds '.[1].secureexec and .[1].uid == 65534 and .[1].euid == 0'
}

@test "a set-group-id program" {
	public setgid
	chmod g+s setgid
	observe -- setpriv --reuid=65534 --regid=65534 --clear-groups ./setgid
	agree
	holds '.[1].secureexec and .[1].gid == 65534 and .[1].egid == 0'
}

@test "a program with file capabilities" {
	public capable
	setcap cap_net_raw+ep capable || skip 'no file capabilities on this file system'
	observe -- setpriv --reuid=65534 --clear-groups ./capable
	agree
	holds '.[1].secureexec and .[1].uid == 65534 and .[1].euid == 65534'
}

@test "real and effective ids that differ" {
	public plain
	observe -- setpriv --ruid=1 --euid=2 --rgid=3 --egid=4 --clear-groups ./plain
	agree
	holds '.[1] | [.uid, .euid, .gid, .egid] == [1, 2, 3, 4]'
}

@test "the user at login" {
	[[ -e /proc/self/loginuid ]] || skip 'no loginuid: kernel without CONFIG_AUDIT'
	observe -- sh -c 'echo 1234 >/proc/self/loginuid && exec "$1"' sh "$identity"
	[[ -s said ]] || skip 'this kernel does not let loginuid be changed'
	agree
	holds '.[1].loginuid == 1234'
}

@test "the controlling terminal" {
	observe -- terminal "$identity" </dev/null
	agree
	holds '.[1].tty | test("^pts/[0-9]+$")'
}

@test "in a PID namespace, and in one below it" {
	observe -- unshare --pid --fork "$identity"
	agree
	holds '.[1].nspid == 1 and .[1].pid > 1'
	observe -- unshare --pid --fork sh -c 'unshare --pid --fork "$0"; :' "$identity"
	agree
	holds '.[-1].nspid == 1'
}

@test "chrooted: paths are those that the program sees" {
	mkdir root
	unshare --mount sh -c 'mount --rbind / root && exec "$@"' sh \
		"$BUILD/bin/execwatch" -w out -- chroot root "$identity" >said 2>err
	agree
	holds '.[1].exe == "'"$(realpath "$identity")"'" and .[1].cwd == "/"'
}

@test "chrooted: what lies outside is marked" {
	mkdir root
	unshare --mount sh -c 'mount --rbind / root && exec "$@"' sh \
		"$BUILD/bin/execwatch" -w out -- launch outside root "$identity" >said 2>err
	agree
	holds '.[1].exe_outside and .[1].cwd_outside'
	holds '.[0] | has("exe_outside") or has("cwd_outside") | not'
}

@test "a directory deeper than a path may be: the end of it" {
	local full path

	observe -- launch deep "$identity"
	full=$(head -n 1 said)
	sed -i 1d said
	agree
	holds '.[1].cwd_truncated and .[1].exe_truncated'
	holds '.[0] | has("cwd_truncated") or has("exe_truncated") | not'
	for path in "$(jq -r .cwd <(tail -n 1 out))" "$(jq -r .exe <(tail -n 1 out))"; do
		[[ $full/program == *"${path%/program}"* && $path == /* ]]
		((${#path} > 4096 - 256 && ${#path} <= 4096))
	done
	[[ $path == */program ]]
}

@test "ancestors: towards init, 16 at most" {
	observe -- launch nested 20 "$identity"
	agree
	holds '.[1].ancestors_truncated and (.[1].ancestors | length == 16)'
	holds '.[1].ancestors[0].pid == .[1].ppid'
}

@test "a cgroup that existed before, and one made while the tool runs" {
	local root before during

	root=$(cgroup_root)
	before=$root/${U}before during=$root/${U}during
	mkdir "$before"
	watch -c "$U*" -f event,pid,comm,cgroup,cgroup_id
	mkdir "$during" "$during/inner"
	ln -s "$identity" "${U}id"
	for group in "$before" "$during" "$during/inner"; do
			sh -c 'echo $$ >"$1/cgroup.procs" && exec "$2"' sh "$group" "./${U}id" >>said
		stat -c %i "$group" >>ids
	done
	# They must not be in use any more; a process's end comes before its wait(2).
	rmdir "$before" "$during/inner" "$during"
	"./${U}id" >>said
	until_true lines out 4
	finish TERM
	is "$status" 0
	agree_on pid comm cgroup
	is "$(what '[.[:3][].cgroup_id]')" "$(jq -Rsc 'split("\n")[:3]' ids)"
}
