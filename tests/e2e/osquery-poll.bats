#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=any-kernel
# Rows of osquery become events, whatever osqueryi does: a stand-in of it, which prints what is
# documented of the real one.
# shellcheck disable=SC2317 # much is called through until_true
# shellcheck disable=SC2030,SC2031 # each test is a process
# shellcheck disable=SC2016,SC2028 # for the stand-in
# shellcheck source=tests/e2e/helpers.bash
. "$BATS_TEST_DIRNAME/helpers.bash"

subject=osquery-poll
osqueryi=$BATS_TEST_DIRNAME/osqueryi.sh

# poll OPTION... QUERY...: from start to end.
poll() { capture --osqueryi "$osqueryi" "$@"; }

# once OPTION... QUERY...: each query one time.
once() { poll -q -d 1ms "$@"; }

# table NAME ROW...: what osqueryi prints of it.
table() {
	local name=$1

	shift
	{
		echo '['
		(($# < 2)) || printf '  %s,\n' "${@:1:$#-1}"
		((!$#)) || printf '  %s\n' "${@: -1}"
		(($#)) || echo
		echo ']'
	} >"$name.new"
	mv "$name.new" "$name.json"
}

has() { grep -q -- "$2" "$1"; }

# columns: of all rows.
columns() { sed 's/.*"columns"://; s/}$//' out; }

@test "rows are events with the name of the query" {
	table procs '{"name":"init","pid":"1"}' '{"name":"a \"b\" \u001b[31m \\ é","pid":"4711"}'
	table none
	once --name P 'select name, pid from procs;' 'select * from none' 'select 1 from procs'
	is "$status $(<err)" '0 '
	is "$(jq -c '[.event, .name, .action, .counter]' out | sort | uniq -c | xargs)" \
		'2 [osquery.row,P,snapshot,0] 2 [osquery.row,query3,snapshot,0]'
	is "$(jq -c 'select(.name == "P").columns' out)" "$(jq -c '.[] | .pid |= tonumber' procs.json)"
	holds 'all(.ts | test("^2[0-9]{3}-[0-9-]+T[0-9:]+[.][0-9]{9}Z$"))'
	holds 'group_by(.name) | all(map(.ts) | unique | length == 1)'
	is "$(sort calls)" "$(printf '%s\n' 'select * from none' 'select 1 from procs' 'select name, pid from procs;')"
	not grep -q $'\033' out
}

@test "a column is of numbers when all its values are" {
	table t '{"i":"-3","r":"0.5","v":"5","m":"1","e":"7","n":"9007199254740992","z":"","l":"9007199254740993"}' \
		'{"i":"0","r":"-1.0e+20","v":"5.10","m":"x","e":"","n":"-9007199254740992","z":"","l":"1"}'
	once 'select * from t'
	is "$(columns)" '{"i":-3,"r":0.5,"v":"5","m":"1","e":7,"n":9007199254740992,"z":"","l":"9007199254740993"}
{"i":0,"r":-1.0e+20,"v":"5.10","m":"x","e":null,"n":-9007199254740992,"z":"","l":"1"}'

	# Once of text, it stays so.
	echo 'echo "[{\"a\":\"$(test -e again && echo 12 || echo x)\",\"b\":\"1\"}]"; : >again' >t.sh
	poll -q -I 20ms -n 2 'select * from t'
	is "$(columns)" $'{"a":"x","b":1}\n{"a":"12","b":1}'
	# What is no text in JSON is taken as what it says.
	rm t.sh
	table t '{"a":1,"b":1.5,"c":true,"d":null,"e":007}'
	once 'select * from t'
	is "$status $(<out)" '0 '
	has err 'row 1 of query1 .*(byte'
	table t '{"a":1,"b":1.50,"c":true,"d":null}'
	once 'select * from t'
	is "$(columns)" '{"a":1,"b":"1.50","c":"true","d":null}'
}

@test "an interval: at once, and then again" {
	table t '{"a":"1"}'
	poll -I 20ms -n 5 'select * from t'
	is "$status $(jq .counter out | xargs)" '0 0 1 2 3 4'
	has err '^osquery-poll: 5 rows of 5 results'
	# Within the duration, whatever its own time.
	poll -q -I 1h -d 1ms --name a --name b 'select * from t' 'select 2 from t' 'select 3 from t' 'select 4 from t' 'select 5 from t' 'select 6 from t'
	is "$status $(jq -r .name out | sort | xargs)" '0 a b query3 query4 query5 query6'
}

@test "--diff: rows that are new and rows that are gone" {
	table t '{"a":"1"}' '{"a":"2"}' '{"a":"2"}' '{"a":"3"}'
	subject=osquery-poll
	osquery-poll --osqueryi "$osqueryi" --diff -I 20ms 'select * from t' >out 2>err 3>&- &
	tool=$!
	started+=("$tool")
	until_true lines out 4
	until_true lines calls 3
	table t '{"a":"3"}' '{"a":"2"}' '{"a":"x"}'
	until_true lines out 7
	table t
	until_true lines out 10
	echo 'exit 1' >t.sh
	until_true has out osquery.error
	rm t.sh
	until_true has err 'works again'
	finish TERM
	is "$status" 1
	is "$(jq -r 'select(.action) | [.action, .columns.a] | join(" ")' out | paste -sd ,)" \
		'added 1,added 2,added 2,added 3,removed 1,removed 2,added x,removed 3,removed 2,removed x'
	is "$(jq -s 'map(select(.columns.a == "x").counter) | .[1] > .[0]' out)" true
}

@test "errors are events" {
	echo 'echo "E1128 first $(printf "\033[31m")" >&2; echo second >&2; echo "[]"; exit 3' >status.sh
	echo 'kill -SEGV $$' >killed.sh
	echo 'echo usage: nonsense' >garbage.sh
	printf '[\n  {"a":"1"},\n  {"a":"2' >cut.json
	printf '[{"a":"1"}' >open.json
	printf '[{"a":"1"}]]' >more.json
	printf '[{"a":"1"} {"a":"2"}]' >comma.json
	printf '[{"a":"1"},3]' >number.json
	: >empty.json
	once 'select 1 from status' 'select 1 from killed' 'select 1 from garbage' 'select 1 from cut' 'select 1 from open' \
		'select 1 from more' 'select 1 from comma' 'select 1 from number' 'select 1 from empty' 'select 1 from nosuch'
	is "$status" 1
	jq -r 'select(.event == "osquery.error") | [.query[14:], .exit_code, .signal, .message, (.stderr // "-" | tojson)] | map(. // "-") | join("|")' out | sort >got
	sed -E 's/[|]([^|]*)$/|"\1"/' >expected <<-'END'
		status|3|-|osqueryi ended with status 3|E1128 first \u001b[31m
		killed|-|SIGSEGV|osqueryi was killed|-
		garbage|0|-|what osqueryi printed is no JSON array (byte 1)|-
		cut|0|-|what osqueryi printed ends within a row (byte 18)|-
		open|0|-|what osqueryi printed ends within the array (byte 11)|-
		more|0|-|what osqueryi printed goes on behind the array (byte 12)|-
		comma|0|-|what osqueryi printed has something else than a comma behind a row (byte 12)|-
		number|0|-|what osqueryi printed has a row that is no object (byte 12)|-
		empty|0|-|what osqueryi printed is no JSON array (byte 1)|-
		nosuch|1|-|osqueryi ended with status 1|Error: no such table: nosuch
	END
	is "$(<got)" "$(sort expected)"
	holds 'length == 10 and all(.event == "osquery.error" and .duration_ns > 0)'
	has err '^osquery-poll: query10: osqueryi ended with status 1: Error: no such table: nosuch$'
	not grep -q $'\033' err out
}

@test "an error is said once, until it works again" {
	echo 'test $(wc -l <calls) = 4 && echo "[]" || exit 2' >t.sh
	poll -I 20ms -n 6 'select 1 from t'
	is "$status $(grep -c 'ended with status 2' err) $(grep -c 'works again' err)" '1 2 1'
	has err '0 rows of 1 results, 6 queries failed'
}

@test "what osqueryi says though it succeeds" {
	echo 'echo W1128 table is event-based >&2; echo "[{\"a\":\"1\"}]"' >t.sh
	poll -q -I 20ms -n 3 'select 1 from t'
	is "$status $(grep says err)" '0 osquery-poll: query1: osqueryi says: W1128 table is event-based'
	is "$(wc -l <out)" 3
}

@test "--timeout: the query is killed, with all that it has started" {
	echo 'echo $$ >pids; sleep 1000 & echo $! >>pids; wait' >t.sh
	once --timeout 1s 'select 1 from t'
	is "$status $(jq -r '[.event, .signal, .message] | join(" ")' out)" '1 osquery.error SIGKILL it took longer than --timeout'
	while read -r pid; do until_true gone "$pid"; done <pids
	# So is one that has closed its output before.
	echo 'exec >&- 2>&-; exec sleep 1000' >t.sh
	once --timeout 100ms 'select 1 from t'
	is "$status $(jq -r .signal out)" '1 SIGKILL'
}

@test "one that has ended leaves nobody behind" {
	echo 'sleep 1000 & echo $! >pid; echo "[{\"a\":\"1\"}]"' >t.sh
	once 'select 1 from t'
	is "$status $(columns)" '0 {"a":1}'
	until_true gone "$(<pid)"
}

@test "a query does not overtake itself: what is late is skipped" {
	table quick '{"a":"1"}'
	echo 'echo $$ >>running; while [ ! -e "end$(wc -l <running)" ]; do sleep 0.01; done; echo "[{\"b\":\"1\"}]"' >slow.sh
	osquery-poll --osqueryi "$osqueryi" -I 20ms 'select * from slow' 'select * from quick' >out 2>err 3>&- &
	tool=$!
	started+=("$tool")
	until_true lines out 5
	: >end1
	until_true has out '"b":1'
	: >end2
	until_true eval '(($(grep -c b\":1 out) == 2))'
	is "$(jq -r 'select(.columns.b).counter' out | xargs)" '0 1'
	for i in {3..100}; do : >"end$i"; done
	finish TERM
	is "$status $(grep -c 'query1: it takes longer than its interval' err)" '0 1'
	has err ' skipped as late'
}

@test "four at a time" {
	echo 'echo >>running; while [ ! -e go_on ]; do sleep 0.01; done; echo "[]"' >t.sh
	osquery-poll --osqueryi "$osqueryi" -d 1ms -I 1h 'select 1 from t' 'select 2 from t' 'select 3 from t' 'select 4 from t' 'select 5 from t' >out 2>err 3>&- &
	tool=$!
	started+=("$tool")
	until_true lines running 4
	is "$(pgrep -cP "$tool")" 4
	: >go_on
	ended
	is "$status $(wc -l <running) $(<err)" '0 5 osquery-poll: 0 rows of 5 results'
}

@test "--max-size, a row that is too long, and a row that is no object of texts" {
	echo 'exec yes "[{\"a\":\"1\"}]"' >t.sh
	once --max-size 64K 'select 1 from t'
	is "$status $(jq -r '.event + .message' out)" '1 osquery.errorosqueryi prints more than --max-size'
	{
		printf '[{"a":"%s"},{"a":{"b":"c"}},{"a":"\\ud800"},{"a":"%s"},{"a":"good"}]' \
			"$(head -c 1048600 /dev/zero | tr '\0' x)" "$(head -c 600000 /dev/zero | tr '\0' '\377')"
	} >u.json
	poll -d 1ms --rejects rejected 'select 1 from u'
	is "$status $(columns)" '0 {"a":"good"}'
	has err 'row 1 of query1 has more than 1048576 bytes'
	has err '3 more were left out'
	is "$(wc -l <rejected) $(sed -n 2,3p rejected | xargs -d '\n')" '4 {"a":{"b":"c"}} {"a":"\ud800"}'
}

@test "texts that are not UTF-8 are kept, as bytes too" {
	printf '[{"path":"/a\xff\xc3\\n\xe9","b\xfe":"1","c":"\xc3\xa9"},{"path":"x","b\xfe":"2","c":""}]' >t.json
	once 'select * from t'
	is "$status $(jq -c '[.columns.path, .columns_hex, .columns.c]' out)" \
		$'0 ["/a\xef\xbf\xbd\xef\xbf\xbd\\n\xef\xbf\xbd",{"path":"2f61ffc30ae9"},"\xc3\xa9"]\n["x",null,""]'
	jq -e . out >/dev/null
}

@test "--measure: what statsd-emit sends" {
	table mem '{"name":"a","rss":"123"}' '{"name":"b","rss":"0.5"}' '{"name":"c","rss":"n/a"}'
	poll -d 1ms --measure rss --name mem 'select * from mem'
	is "$status $(jq -c '[.value, .columns.rss]' out | xargs)" '0 [123,123] [0.5,0.5] [null,n/a]'
	has err '3 rows of 1 results, 1 without a number in rss'
	is "$(statsd-emit -q --print <out)" 'osquery.value.mem:0.5|g'
	is "$(statsd-emit -q --print --format dogstatsd --tag-keys columns.name <out | sort)" \
		$'osquery.value:0.5|g|#name:mem,columns.name:b\nosquery.value:123|g|#name:mem,columns.name:a'
	once --name bad 'select 1 from nosuch'
	is "$(statsd-emit -q --print <out)" 'osquery.error.bad:1|c'
}

@test "a pack" {
	cat >p.conf <<-'END'
		# a comment
		{ // is none here
	END
	status=0
	osquery-poll --osqueryi "$osqueryi" --pack p.conf 2>err || status=$?
	is "$status" 64
	has err 'p.conf: it .* (line 2)'
	cat >p.conf <<-'END'
		# a comment
		  // another one
		{
		  "platform": "linux,darwin",
		  "discovery": ["select 1 from nosuch"],
		  "queries": {
		    "often": { "query": "select * \
		from often", "interval": 1, "snapshot": true },
		    "diff": { "query": "select * from diff", "interval": "1" },
		    "added": { "query": "select * from diff where 1", "interval": 1, "removed": false },
		    "seldom": { "query": "select * from seldom" },
		    "mac": { "query": "select * from nosuch", "interval": 1, "platform": "darwin" },
		    "posix": { "query": "select * from seldom", "platform": "windows, posix" }
		  }
		}
	END
	table often '{"a":"1"}'
	table seldom '{"a":"1"}'
	echo 'test -e "second$#" && echo "[]" || echo "[{\"a\":\"1\"}]"' >diff.sh
	osquery-poll --osqueryi "$osqueryi" --pack p.conf >out 2>err 3>&- &
	tool=$!
	started+=("$tool")
	until_true lines out 5
	: >second2
	until_true has out removed
	until_true eval '(($(grep -c often out) >= 3))'
	finish TERM
	is "$status" 0
	is "$(jq -r '[.name, .action] | join(" ")' out | sort | uniq -c | sed -E 's/ +[0-9]+ often/ often/; s/ +/ /g')" \
		' 1 added added
 1 diff added
 1 diff removed
 often snapshot
 1 posix added
 1 seldom added'
	has err 'whatever their discovery, shard and version are'
	has calls '^select \* from often$'
	echo '{"platform":"windows","queries":{"a":{}}}' >p.conf
	status=0
	osquery-poll --osqueryi "$osqueryi" --pack p.conf 2>err || status=$?
	is "$status $(<err)" '64 osquery-poll: --pack: p.conf: there is no query for this platform in it
osquery-poll: no query is given'
}

@test "SIGTERM: what runs may end; a second one, and kill -9, leave nobody" {
	echo 'echo $$ >pid.new; mv pid.new pid; while [ ! -e go_on ]; do sleep 0.01; done; echo "[{\"a\":\"1\"}]"' >t.sh
	slow() {
		rm -f pid
		osquery-poll --osqueryi "$osqueryi" "$@" 'select 1 from t' >out 2>err 3>&- &
		tool=$!
		started+=("$tool")
		until_true test -e pid
	}

	slow -I 20ms
	kill "$tool"
	: >go_on
	ended
	is "$status $(jq .columns.a out)" '0 1'
	rm go_on
	slow --grace 100ms
	finish TERM
	is "$status" 1
	has err 'gave up on a query that does not end'
	until_true gone "$(<pid)"
	slow
	finish KILL
	until_true gone "$(<pid)"
}

@test "the reader goes away" {
	table t '{"a":"1"}'
	status=0
	osquery-poll --osqueryi "$osqueryi" 'select 1 from t' 2>err | head -n 1 >out || status=$?
	is "$status $(<err)" '0 '
	# While it waits.
	echo 'exec sleep 1000' >t.sh
	osquery-poll --osqueryi "$osqueryi" 'select 1 from t' 2>err | true
	is "$(<err)" ''
}

@test "a large result, with little memory" {
	# 12 MB.
	cat >t.sh <<-'END'
		seq 100000 | awk '{
			printf "%s{\"path\":\"/usr/share/doc/package/file/%080d\",\"n\":\"%d\"}", (NR > 1 ? ",\n" : "["), $1, $1
		} END { print "]" }'
	END
	(ulimit -v 120000 && osquery-poll -q --diff -d 1ms --osqueryi "$osqueryi" 'select 1 from t' >out 2>err)
	is "$(wc -l <out) $(tail -n 1 out | jq .columns.n)" '100000 100000'
}

@test "where osqueryi is" {
	mkdir dir other
	cp "$osqueryi" dir/osqueryi
	: >other/osqueryi
	table t '{"a":"1"}'
	PATH=other::nosuch:dir:$PATH capture -q -d 1ms 'select 1 from t'
	is "$status $(wc -l <out)" '0 1'
	PATH=$BUILD/bin capture 'select 1 from t'
	is "$status $(<err)" '69 osquery-poll: there is no osqueryi in $PATH: install osquery, or say where it is with --osqueryi'
	capture --osqueryi other/osqueryi 'select 1 from t'
	is "$status $(<err)" '69 osquery-poll: --osqueryi: other/osqueryi is no program that can be run'
	# It is gone later.
	echo 'rm dir/osqueryi; echo "[]"' >t.sh
	capture -q -n 1 -I 20ms --osqueryi dir/osqueryi 'select 1 from t'
	is "$status $(jq -c '[.exit_code, .stderr]' out)" '1 [127,"osquery-poll: dir/osqueryi: No such file or directory"]'
}

@test "wrong usage" {
	wrong() {
		local said=$1

		shift
		poll "$@"
		is "$status" 64
		has err "$said"
	}
	pack() {
		echo "$1" >p.conf
		wrong "$2" --pack p.conf
	}

	wrong 'no query is given'
	wrong '2 of them are more than 1 queries' --name a --name b 'select 1'
	wrong "two queries are called 'a'" --name a --name a 'select 1' 'select 2'
	wrong "query 'query1' is empty" ' '
	wrong 'begins with - or .' -- '-- comment'
	wrong 'begins with - or .' .tables
	wrong 'not 1 to' --name '' 'select 1'
	wrong 'nosuch: No such file' --pack nosuch
	wrong 'is not a time' --timeout 0 'select 1'
	pack '[]' "it doesn't begin with {"
	pack '{}' 'has no object called queries'
	pack '{"queries":{"a":1}}' 'a is no object'
	pack '{"queries":{"a":{"interval":1}}}' 'a has no text as query'
	pack '{"queries":{"a":{"query":"select 1","interval":0}}}' 'a has an interval that is no number of seconds'
	pack '{"queries":{"a":{"query":"select 1","interval":604801}}}' 'interval that is no'
	pack '{"queries":{"a":{"query":"select 1","snapshot":"maybe"}}}' 'a has a snapshot that is neither'
	pack '{"queries":{"a":{"query":"select 1","removed":2}}}' 'a has a removed that is neither'
}
