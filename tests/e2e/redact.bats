#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=any-kernel
# Secrets in arguments print as ***, and nowhere else, unless --no-redact. Which arguments are secrets is
# a matter of tests/unit/redact.c.
# shellcheck disable=SC2030,SC2031 # each test is a process
# shellcheck disable=SC2016 # for the shells that tests start
# shellcheck source=tests/e2e/helpers.bash
. "$BATS_TEST_DIRNAME/helpers.bash"

# What is executed: three programs with a secret each, and one with none.
workload=(sh -c '"$0" --token hunter2 "a b"; "$0" --password=hunter2; "$0" plain; exec "$0" -u "http://joe:hunter2@h/"' burst)

# tried OPTION...: shows the workload, but for the shell itself.
tried() { observe -f args "$@" -- "${workload[@]}"; }

@test "JSON: *** for a secret, and args_redacted where there was one" {
	tried
	is "$status" 0
	is "$(jq -c 'select(.args[0] == "burst")' out)" "$(printf '%s\n' \
		'{"args":["burst","--token","***","a b"],"args_redacted":true}' \
		'{"args":["burst","--password=***"],"args_redacted":true}' \
		'{"args":["burst","plain"]}' \
		'{"args":["burst","-u","http://joe:***@h/"],"args_redacted":true}')"
	not grep -q hunter2 out err
}

@test "a table: *** too" {
	tried -o table
	is "$(sed -n '/^burst/p' out)" "$(printf '%s\n' \
		"burst --token '***' 'a b'" "burst '--password=***'" 'burst plain' "burst -u 'http://joe:***@h/'")"
	not grep -q hunter2 out err
}

@test "--no-redact: all arguments as they are" {
	tried --no-redact
	is "$(jq -c 'select(.args[0] == "burst")' out)" "$(printf '%s\n' \
		'{"args":["burst","--token","hunter2","a b"]}' '{"args":["burst","--password=hunter2"]}' \
		'{"args":["burst","plain"]}' '{"args":["burst","-u","http://joe:hunter2@h/"]}')"
	tried --no-redact -o table
	is "$(grep -c '^burst.*hunter2' out)" 3
}

@test "in a command line that is an argument" {
	observe -f args -- sh -c 'true; mysql() { :; }; mysql -phunter2 "db; x"; : curl -u joe:hunter2 h'
	is "$(what '.[0]')" '{"args":["sh","-c","true; mysql() { :; }; mysql -p*** \"db; x\"; : curl -u joe:*** h"],"args_redacted":true}'
}

@test "no secret in args_hex" {
	observe -- burst 1 true $'--token=hunter2\xff' $'\xff' $'\xfe--password=hunter2\xff'
	jq -e '.args_redacted and .args[-3:] == ["--token=***", "\ufffd", "\ufffd--password=***"] and
		.args_hex[-3:] == [null, "ff", "fe2d2d70617373776f72643d2a2a2a"]' out >/dev/null
	not grep -q -e hunter2 -e 68756e74657232 out
}

@test "a secret that is cut at the end of what is kept of the arguments" {
	local long

	long=$(head -c 28000 /dev/zero | tr '\0' x)
	observe -f args,args_truncated -- burst 1 true "$long" "--token=$(head -c 5000 /dev/zero | tr '\0' S)"
	holds '.[0].args_truncated and .[0].args_redacted and .[0].args[-1] == "--token=***"'
	not grep -q SS out
}

@test "each of many events" {
	observe -f args -- burst 200 "$BUILD/tests/e2e/burst" --password hunter2
	holds 'length == 201 and all(.[]; .args_redacted and .args[-2:] == ["--password", "***"])'
}

@test "--no-redact is offered, and args_redacted is in the schema" {
	capture --help
	grep -q -e '--no-redact' out
	capture --schema
	jq -e '[.. | .args_redacted? // empty] | length > 0' out >/dev/null
}
