#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=any-kernel
# Each option does what it says, and nothing does it without.
# shellcheck disable=SC2030,SC2031 # each test is a process
# shellcheck disable=SC2016 # for the shells that tests start
# shellcheck source=tests/e2e/helpers.bash
. "$BATS_TEST_DIRNAME/helpers.bash"

# What the file `out` looks like.
format() {
	if jq -se 'length > 0' out >/dev/null 2>&1; then
		echo json
	elif [[ $(head -n 1 out) == TIME\ * ]] && (($(wc -l <out) > 1)); then
		echo table
	fi
}

export TERM=dumb # no colours

@test "json into a pipe or file, a table on a terminal" {
	capture -- true
	is "$(format)" json
	terminal execwatch -q -- true </dev/null >out
	is "$(format)" table
	terminal execwatch -q -w out -- true </dev/null
	is "$(format)" json
	terminal execwatch -q -o json -- true </dev/null >out
	is "$(format)" json
}

@test "-o table, -o json" {
	capture -o table -- true
	is "$(format)" table
	capture --output=json -- true
	is "$(format)" json
}

@test "GRAINTOOLS_OUTPUT in the environment, and -o before it" {
	export GRAINTOOLS_OUTPUT=table
	capture -- true
	is "$(format)" table
	capture -o json -- true
	is "$(format)" json
	GRAINTOOLS_OUTPUT=''
	capture -- true
	is "$(format)" json
}

@test "a table has a heading, the time of day, and a line for each event" {
	local now

	capture -o table -e all -- "$BUILD/tests/e2e/burst" 'two words'
	is "$(sed -n 1p out | xargs)" 'TIME PID COMM EVENT PARENT RESULT AGE ARGS'
	is "$(sed -n 2p out | awk '{ print $3, $4, $5, $6, $7 }')" \
		'burst process.exec execwatch - -'
	is "$(sed -n 2p out | sed 's/.*- //')" "$BUILD/tests/e2e/burst 'two words'"
	is "$(sed -n 3p out | awk '{ print $3, $4, $5, $6, $8 }')" 'burst process.exit - 0 -'
	is "$(wc -l <out)" 3
	capture -o table -- true
	is "$(head -n 1 out | xargs)" 'TIME PID COMM PARENT ARGS'

	TZ=UTC-5 capture -o table -- date +%H:%M
	now=$(TZ=UTC-5 date +%s -d "$(awk 'NR == 2 { print $1 }' out)")
	# around midnight it is of the other day
	((($(date +%s) - now + 43200 + 86400) % 86400 - 43200 < E2E_PATIENCE))
}

@test "-w: a file of mode 0600, replaced; stdout stays the command's" {
	umask 0
	observe -- echo hello
	is "$(what 'map(.comm)')" '["echo"]'
	is "$(<said)" hello
	is "$(stat -c %a out)" 600

	yes | head -n 1000 >out
	observe -- echo hello
	is "$(what 'map(.comm)')" '["echo"]'

	capture -- echo hello
	is "$(what 'map(.comm)')" '["echo"]'
	grep -qx hello err
}

@test "-f: which fields, in which order" {
	capture -f comm,pid,args -- true
	is "$(jq -c keys_unsorted out)" '["comm","pid","args"]'
	capture --fields=event,ts -e exit -- true
	is "$(jq -c keys_unsorted out)" '["event","ts"]'
	capture -o table -f comm,event,uid -e all -- true
	is "$(sed 's/ *$//; s/  */ /g' out)" "$(printf '%s\n' \
		'COMM EVENT UID' 'true process.exec 0' 'true process.exit 0')"
	capture -f exit_code,signal,comm -e all -- true # what one of the events does not have
	is "$(jq -sc 'map(keys_unsorted)' out)" '[["comm"],["exit_code","comm"]]'
}

@test "-e: which events" {
	local expected

	for list in '' exec process.exec exit process.exit all exec,exit exit,process.exec failed; do
		capture ${list:+-e "$list"} -- true
		case $list in
		'' | *exec) expected='["process.exec"]' ;;
		failed) expected='[]' ;;
		*) expected='["process.exit"]' ;;
		esac
		case $list in
		all | *,*) expected='["process.exec","process.exit"]' ;;
		esac
		is "$list $(what 'map(.event)')" "$list $expected"
	done
	capture -e exit --events=exec -- true
	is "$(what 'map(.event)')" '["process.exec","process.exit"]'
}

@test "--host: host name and kernel release" {
	capture --host -- true
	is "$(jq -r '"\(.host) \(.kernel)"' out)" "$(uname -n) $(uname -r)"
	capture -- true
	holds 'all(has("host") or has("kernel") | not)'
}

@test "--tag: fixed fields, as they are" {
	local value=$'say "\\\e[1m=\t'

	capture --tag env=prod --tag empty= --tag 'odd='"$value" -e all -- true
	jq -se --arg value "$value" \
		'length == 2 and all(.env == "prod" and .empty == "" and .odd == $value)' out
	capture -o table --tag env=prod --tag 'odd='"$value" -- true
	# shellcheck disable=SC1003
	grep -F prod out | grep -qF 'say "\\\x1b[1m=\x09'
	grep -qv '[^ -~]' out
	capture --tag env=prod --host -f host,pid,env -- true
	is "$(jq -c keys_unsorted out)" '["host","pid","env"]'
}

@test "-d: ends by itself" {
	local from to

	from=$(date +%s%N)
	capture -c "$U*" -d 300ms
	to=$(date +%s%N)
	is "$status $(cat out err)" '0 execwatch: 0 events printed'
	((to - from >= 300000000))
}

@test "-d with a command: stops watching, waits for it, and gives its status" {
	programs late
	execwatch -d 500ms -- sh -c 'read x <go; "$0"; exit 5' "./${U}late" >out 2>err 3>&- &
	begun $!
	until_true grep -q printed err
	go 1
	ended
	is "$status $(names)" '5 '
}

@test "-n: ends after N events" {
	programs a b c
	watch -c "$U*" -n 2
	for name in a b c; do "./$U$name"; done
	ended
	is "$status $(names | xargs)" '0 a b'
}

@test "-n with a command: stops watching, waits for it, and gives its status" {
	programs a b c
	execwatch -n 2 -c "$U*" -- sh -c '"$0"; "$1"; read x <go; "$2"; exit 5' \
		"./${U}a" "./${U}b" "./${U}c" >out 2>err 3>&- &
	begun $!
	until_true grep -q printed err
	go 1
	ended
	is "$status $(names | xargs)" '5 a b'
}

@test "-n with a burst: not one line more" {
	capture -n 3 -e all -- burst 20 "$BUILD/tests/e2e/burst"
	is "$status $(wc -l <out)" '0 3'
	grep -q '^execwatch: 3 events printed' err
}

@test "--check: what is needed, and that it is there; runs nothing" {
	capture --check -e all -- touch ran
	is "$status" 0
	is "$(<err)" ''
	is "$(grep -c 'on_exec .*sched_process_exec\|on_exit .*sched_process_exit' out)" 2
	[[ ! -e ran ]]
	capture --check
	is "$(grep -c on_exit out)" 0
}

@test "--schema: has every field that an event can have, and its type" {
	capture --schema
	is "$status $(wc -c <err)" '0 0'
	mv out schema
	printf '#!%s\n' "$BUILD/tests/e2e/identity" >script
	chmod +x script
	mkdir root
	# As many fields as can be had.
	observe -e all -- terminal sh -c '
		echo 5 >/proc/self/loginuid
		./script --password=secret; launch memfd $0 a; launch deleted $0 a; launch fd $0; launch deep $0
		launch nested 20 $0; unshare --pid --fork $0; $0 "$1"; launch named "$2" $0 "$2"
		unshare --mount sh -c "mount --rbind / root && launch outside root $0"; failing many 99; failing found burst
		kill -KILL $$' "$BUILD/tests/e2e/identity" \
		"$(head -c 100000 /dev/zero | tr '\0' x)" $'\xff' </dev/null
	jq -nc --slurpfile schema schema --slurpfile out out '
		def fits($t):
			def members_fit($of): to_entries
				| all(.[]; .key as $k | .value | ($of | has($k)) and fits($of[$k]));
			if $t | has("const") then . == $t.const
			elif $t.anyOf then . as $v | any($t.anyOf[]; . as $one | $v | fits($one))
			elif $t.type == "array" then type == "array" and all(.[]; fits($t.items))
			elif $t.type == "object" then type == "object" and members_fit($t.properties)
			elif $t.type == "integer" then type == "number" and . == floor
			else type == $t.type and ($t.pattern as $p | $p == null or test($p)) end;
		$out[] | . as $e | [$schema[0].oneOf[] | . as $t | select($e | fits($t)) | .title]
		| select(. != [$e.event]) | [., $e]' >misfits
	is "$(<misfits)" ''
	# And nearly all that the schema has was there to be held against it.
	is "$(jq -nr --slurpfile schema schema --slurpfile out out '
		[$schema[0].oneOf[:3][].properties | keys[]] - [$out[] | keys[]] | unique | join(" ")')" \
		'cgroup_hex core_dumped cwd_hex exe_hex filename_hex filename_truncated interpreter_hex script_hex secureexec tty_hex'
}

@test "-V, -h, --help, --usage: on stdout, status 0" {
	capture -V
	is "$status $(cat err) $(<out)" "0  $(sed 's/.*execwatch/execwatch/' out)"
	[[ $(<out) =~ ^execwatch\ \(graintools\)\ [0-9.]+$ ]]
	capture --version
	[[ $(<out) =~ ^execwatch\ \(graintools\)\ [0-9.]+$ ]]
	for option in -h --help; do
		capture "$option"
		is "$status $(wc -c <err)" '0 0'
		for known in output write fields events host tag pid tree comm uid cgroup include-self \
			duration count strict grace check schema buffer exe args failed tree-view no-sandbox verbose quiet usage version; do
			grep -q -- "--$known" out || is "$known" 'in --help'
		done
	done
	capture --usage
	is "$status $(wc -c <err)" '0 0'
	grep -q '^Usage: execwatch ' out
}

@test "-v: what is attached, and how the numbers add up" {
	capture -v -e all -n 2 -- burst 3 "$BUILD/tests/e2e/burst"
	grep -q 'on_exec .*sched_process_exec' err
	awk '/^execwatch: produced/ {
		gsub(/[^0-9]+/, " "); produced = $1; received = $2; lost = $3; printed = $4; filtered = $5
		if (produced == received + lost && received == printed + filtered + $6 &&
		    printed == 2) good = 1
	} END { exit !good }' err
	capture -- true
	not grep -q produced err
}

@test "-q: no summary" {
	capture -q -- true
	is "$(<err)" ''
	capture -- true
	is "$(<err)" 'execwatch: 1 event printed'
}
