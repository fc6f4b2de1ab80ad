#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=any-kernel
# What goes wrong is said in one line on stderr, and by the exit status.
# shellcheck disable=SC2030,SC2031 # each test is a process
# shellcheck disable=SC2016 # for the shells that tests start
# shellcheck source=tests/e2e/helpers.bash
. "$BATS_TEST_DIRNAME/helpers.bash"

# fails STATUS PATTERN OPTION...: ends at once, with this status, with nothing on stdout, and with one
# line on stderr, from execwatch, that matches the pattern.
fails() {
	local expected=$1 pattern=$2

	shift 2
	capture "$@"
	is "$* $status $(wc -c <out)" "$* $expected 0"
	# The C library adds where to find help.
	sed -i '/^Try `.*--help/d' err
	is "$* $(wc -l <err)" "$* 1"
	[[ $(<err) =~ ^(.*/)?execwatch:\ .*$pattern ]] || is "$(<err)" "$* $pattern"
}

@test "unknown options, missing and superfluous values" {
	fails 64 nonsense --nonsense
	fails 64 Z -Z
	fails 64 -- -p
	fails 64 pid --pid
	fails 64 quiet --quiet=yes
	fails 64 ambiguous --co
}

@test "numbers: 12abc, negative, too large, none" {
	local option n

	for option in count pid; do
		for n in 12abc abc -1 +1 0 '' ' 1' '1 ' 0x10 1.5 99999999999999999999; do
			fails 64 "--$option: '${n//+/\\+}'" "--$option=$n"
		done
	done
	fails 64 "--pid: '4194305'" -p 4194305
	fails 64 "--tree: '12abc'" --tree 12abc
	fails 64 "--tree: '0'" --tree 0
	fails 64 '--pid: there is no process 4194303' -p 4194303
	fails 64 '--tree: there is no process 4194303' --tree 4194303
}

@test "times and sizes" {
	local option n

	for option in duration grace; do
		for n in abc 0 0s -1 5x 1.s .5 '' '5 s' 1e3 9999999999999d; do
			fails 64 "--$option: '${n//+/\\+}'" "--$option=$n"
		done
	done
	for n in abc 0 4095 2G 5x -4K 4KB '' 99999999999999999999G; do
		fails 64 "--buffer: '$n'" "--buffer=$n"
	done
}

@test "fields, events, formats and tags" {
	fails 64 "nonsense.*ts, event, pid" -f nonsense
	fails 64 "'pid'.*twice" -f pid,ts,pid
	fails 64 'empty' -f ''
	fails 64 'empty' -f pid,
	fails 64 "nonsense.*exec, failed, exit, and all" -e nonsense
	fails 64 "exec, failed, exit" -e ''
	fails 64 "exec, failed, exit" -e exec,
	fails 64 "exec, failed, exit" -e process.
	fails 64 '--failed and --events' -x -e all
	fails 64 '--tree-view.*-o table' --tree-view
	fails 64 "--output: 'xml'.*table.*json" -o xml
	fails 64 "--output: ''" -o ''
	GRAINTOOLS_OUTPUT=xml fails 64 "GRAINTOOLS_OUTPUT: 'xml'.*table.*json"
	for tag in nothing =value 'a b=c' 1a=b A=b 'a-b=c' ''; do
		fails 64 "--tag: '$tag'" --tag "$tag"
	done
	fails 64 "'pid'" --tag pid=5
	fails 64 "'env'" --tag env=a --tag env=b
	fails 64 "'host'" --host --tag host=a
	fails 64 UTF-8 --tag env=$'\xff'
}

@test "filters" {
	fails 64 "--uid: 'nobody-of-that-name'" -u nobody-of-that-name
	fails 64 "--uid: '-1'" -u -1
	fails 64 "--uid: '4294967295'" -u 4294967295
	fails 64 "--cgroup: '/no/such/cgroup'" --cgroup /no/such/cgroup
	fails 64 "--cgroup: '/proc'" --cgroup /proc
	fails 64 "--cgroup: '../../../../../../proc'" --cgroup ../../../../../../proc
	fails 64 "--cgroup: 'cgroup.procs'" --cgroup cgroup.procs
	fails 64 "--cgroup: ''" --cgroup ''
	fails 64 "--comm: 'sixteen-letters!'" -c 'sixteen-letters!'
	fails 64 "--comm: '\[a'" -c '[a'
	fails 64 "--exe: '\[a'" --exe '[a'
	fails 64 "--args: '\[a'" --args '[a'
	fails 64 "--comm: '$(printf '?%.0s' {1..300})'" -c "$(printf '?%.0s' {1..300})"
}

@test "operands: a command stands behind --" {
	fails 64 "'true'.* --" true
	fails 64 "'true'.* --" -n 1 true -- true
	fails 64 ' --' --
	fails 64 ' --' -n 1 --
}

@test "what is said of hostile names steers no terminal" {
	fails 64 '\\x1b\[31mred\\x0a\\xc2\\x9b' -o $'\e[31mred\n\302\233'
	is "$(LC_ALL=C grep -c '[^ -~]' err) $(wc -l <err)" '0 1'
}

@test "what comes behind -- is the command's" {
	capture -q -- echo -n --nonsense -- -p
	is "$status" 0
	is "$(what '.[0].args')" '["echo","-n","--nonsense","--","-p"]'
}

@test "the status is the command's" {
	for expected in 0 1 42 255; do
		capture -q -- sh -c "exit $expected"
		is "$status" "$expected"
	done
	capture -q -- sh -c 'kill -KILL $$'
	is "$status" $((128 + 9))
	capture -q -- sh -c 'kill -TERM $$'
	is "$status" $((128 + 15))
}

@test "127 for a command that is not there, 126 for one that can't be executed" {
	fails 127 'no-such-command: No such file' -q -- no-such-command
	fails 127 'no/such/command: No such file' -q -- ./no/such/command
	: >file
	fails 126 './file: Permission denied' -q -- ./file
	fails 126 '/: Permission denied' -q -- /
	fails 127 ' No such file' -q -- ''
}

@test "a file that can't be written" {
	fails 1 '/no/such/directory/file: No such file' -w /no/such/directory/file
	fails 1 '/: Is a directory' -w /
	fails 1 ': No such file' -w ''
}

@test "help, version, schema and --check that can't be printed" {
	for option in --help --usage --version --schema --check; do
		status=0
		execwatch "$option" >/dev/full 2>err || status=$?
		is "$option $status $(<err)" "$option 1 execwatch: can't write: No space left on device"
	done
}

@test "77 without privileges; the capabilities that are named are enough" {
	via=(setpriv --bounding-set=-all)
	fails 77 CAP_BPF
	fails 77 CAP_BPF --check
	via=(setpriv '--bounding-set=-all,+perfmon,+bpf')
	"${via[@]}" true || skip 'setpriv does not know these capabilities'
	observe -- true
	is "$status $(what 'map(.comm)')" '0 ["true"]'
}

@test "69 without the kernel's BTF" {
	via=(unshare --mount sh -c 'mount -t tmpfs none /sys/kernel/btf && exec "$@"' sh)
	fails 69 BTF
	fails 69 BTF --check
	fails 69 BTF -- touch ran
	[[ ! -e ran ]]
}
