#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=any-kernel
# Lines arrive at an HTTP server that fails in every way, and none is lost.
# shellcheck disable=SC2030,SC2031 # each test is a process
# shellcheck disable=SC2317 # much is called through until_true
# shellcheck source=tests/e2e/helpers.bash
. "$BATS_TEST_DIRNAME/helpers.bash"
# shellcheck source=tests/e2e/http.bash
. "$BATS_TEST_DIRNAME/http.bash"

# post OPTION...: from start to end, with the lines of standard input.
post() {
	status=0
	http-post --spool spool "$@" "http://$at/in" >out 2>err || status=$?
}

# begin OPTION...: in the background; lines are written to descriptor $to.
begin() {
	mkfifo in
	http-post --spool spool "$@" "http://$at/in" <in >out 2>err 3>&- &
	tool=$!
	started+=("$tool")
	exec {to}>in
}

@test "lines arrive, in batches" {
	serve
	seq 2500 | post --batch 1000
	is "$status $(<err)" '0 http-post: 2500 lines in 3 batches were sent, after 0 retries'
	is "$(<got)" "$(seq 2500)"
	is "$(requests '.["content-encoding"] + .["content-type"]')" gzipapplication/x-ndjson
	is "$(jq -r '.["idempotency-key"]' requests | sort -u | wc -l)" 3
	is "$(find spool -type f -printf '%P %m\n') $(stat -c %a spool)" 'lock 600 700'

	rm got requests
	printf 'a\nb' | post --compress none -H 'Content-Type: text/x' -H 'X-More: y'
	is "$status $(<got) $(requests '.["content-encoding"], .["content-type"], .["x-more"]')" $'0 a\nb null text/x y'
}

@test "an array, and what is no object" {
	serve
	printf '%s\n' '{"a":1}' nonsense '' '{"b":[2]}' | post --format array --rejects rejected
	is "$status $(jq -c . got) $(<rejected) $(requests '.["content-type"]')" \
		'0 [{"a":1},{"b":[2]}] nonsense application/json'
	has err "line 2 doesn't begin with {"
}

@test "by size, and by age" {
	serve
	seq -w 1000 | post --max-size 1000
	is "$status $(jq -s length requests) $(wc -l <got)" '0 5 1000'
	rm requests got
	begin --max-age 50ms
	echo one >&"$to"
	until_true lines got 1
	echo two >&"$to"
	until_true lines got 2
	exec {to}>&-
	ended
	is "$status $(jq -s length requests)" '0 2'
}

@test "lines that belong together are in one request" {
	local id

	serve
	seq 99 | sed 's/.*/a &\nb &/' >lines
	echo end >>lines
	post --group 2 --max-size 100 <lines
	is "$status $(<got)" "0 $(<lines)"
	rm got requests
	post --group 2 --batch 5 <lines
	is "$status $(<got) $(jq -s length requests)" "0 $(<lines) 34"
	# By age, and by a signal: an end is what parts them at last.
	begin --group 3 --max-age 10ms --grace 1s
	printf '1\n2\n' >&"$to"
	until_true eval 'find spool -name "*.raw" -size +3c | grep -q .'
	printf '3\n4\n' >&"$to"
	until_true eval 'tail -n 1 got | grep -qx 3'
	exec {to}>&-
	ended
	is "$status $(tail -n 2 got | xargs)" '0 3 4'
	for id in once/*; do
		tail -n 1 "$id" | grep -Eqx 'b [0-9]+|end|3|4' || is "$id" 'whole'
	done
}

@test "it is tried again after what passes" {
	serve
	for how in '500 2' '502 1' '503 1' '408 1' '401 1' '403 1' '407 1' '429 1' '302 1' 'close 2' 'half 1' 'slow 1'; do
		rm -f got requests
		mood "$how"
		seq 1000 | post
		is "$how $status $(sort -n got)" "$how 0 $(seq 1000)"
		is "$(jq -r '.["idempotency-key"]' requests | sort -u | wc -l)" 1
		if [[ $how != slow* ]]; then
			is "$(grep -c 'tried again until it works' err) $(grep -c 'works again' err)" '1 1'
			has err "after ${how#* } retries"
		fi
	done
	not grep -q $'\033' err
}

@test "the answer is lost: the batch comes again, with its id" {
	serve
	mood taken 1
	seq 10 | post
	is "$status $(<got)" "0 $(seq 10; seq 10)"
	is "$(jq -r '.["idempotency-key"]' requests | uniq | wc -l)" 1
}

@test "a batch that is refused is put aside, and the stream goes on" {
	serve
	for how in 400 404 413 422 early; do
		rm -rf got spool
		mood "$how" 1
		seq 300 | post --batch 100
		is "$how $status $(<got)" "$how 75 $(seq 101 300)"
		is "$(zcat spool/refused/*)" "$(seq 100)"
		has err ': a batch was refused, and is in spool/refused/0'
		has err ': 1 batches were refused'
	done
	rm -rf got spool
	mood 500
	seq 10 | post --retry-for 1ms
	is "$status $(zcat spool/refused/*)" "75 $(seq 10)"

	# What is not the batch's fault ends that time. The first end of a connection may be its age.
	for how in '401 1' 'close 2'; do
		rm -rf got spool
		mood $'500 1\n'"$how"$'\n500 1'
		seq 10 | post --retry-for 300ms
		is "$how $status $(<got)" "$how 0 $(seq 10)"
	done
}

@test "a server that hangs, and goes on" {
	serve
	begin --timeout 1s --max-age 10ms
	seq 100 >&"$to"
	until_true lines got 100
	mood hang
	seq 101 200 >&"$to"
	until_true grep -q hang requests
	kill -STOP "$server"
	until_true has err 'tried again'
	rm mood
	kill -CONT "$server"
	exec {to}>&-
	ended
	is "$status" 0
	cat once/* | sort -n | cmp - <(seq 200)
}

@test "no server: all is kept, and the next start sends it first" {
	serve
	end_server
	seq 100 | post --grace 300ms
	is "$status $(waiting)" '75 1'
	has err 'are kept in spool: the next start sends them'
	rm port
	serve
	seq 101 200 | post
	is "$status $(<got)" "0 $(seq 200)"
	has err '^http-post: 1 batches are taken up from spool$'
	is "$(waiting)" 0
}

@test "--drain reads nothing" {
	serve
	mood 503
	seq 100 | post --grace 100ms
	is "$status" 75
	rm mood
	seq 101 200 | post --drain
	is "$status $(<got)" "0 $(seq 100)"
	post --drain
	is "$status $(<err)" '0 http-post: 0 lines in 0 batches were sent, after 0 retries'
}

@test "SIGTERM: what came is sent, or kept" {
	serve
	begin --max-age 1h --grace 500ms
	seq 10 >&"$to"
	until_true eval 'find spool -name "*.raw" -size +0 | grep -q .'
	finish TERM
	is "$status $(<got)" "1 $(seq 10)"
	has err 'gave up on input that does not end'
	exec {to}>&-
	rm in got
	mood 503
	begin --grace 300ms
	seq 10 >&"$to"
	until_true has err 'status 503'
	finish TERM
	is "$status" 75
	exec {to}>&-
	rm mood
	post --drain
	is "$status $(<got)" "0 $(seq 10)"
}

@test "at the end of the input --grace is the time of failing, and of no request that is on its way" {
	serve
	mood late503 1
	seq 10 | post --grace 400ms
	is "$status $(<got)" "0 $(seq 10)"
	rm got
	mood 503 1
	begin --grace 400ms --max-age 1h
	seq 10 >&"$to"
	exec {to}>&-
	until_true has err 'status 503'
	mood late
	ended
	is "$status $(<got)" "0 $(seq 10)"

	# A signal gives as long again, whenever it comes.
	rm got in
	mood hang
	begin --grace 1s
	seq 10 >&"$to"
	exec {to}>&-
	until_true grep -q hang requests
	read -rt 1.1 -u "$never" || :
	kill "$tool"
	rm mood
	ended
	is "$status $(<got)" "0 $(seq 10)"
}

@test "a line goes on from the same pipe, and not after a boot" {
	serve
	mkfifo in
	exec {both}<>in
	for said in half $'ha\nlf'; do
		rm -rf got spool
		printf ha >&"$both"
		http-post --spool spool "http://$at/in" <in >out 2>err 3>&- {both}>&- &
		tool=$!
		started+=("$tool")
		until_true eval 'find spool -name "*.raw" -size 2c | grep -q .'
		finish KILL
		if [[ $said != half ]]; then
			cat /proc/sys/kernel/random/uuid >boot_id
			mount --bind boot_id /proc/sys/kernel/random/boot_id || skip 'nothing can be mounted there'
		fi
		echo lf >&"$both"
		http-post --spool spool --max-age 10ms --grace 10ms "http://$at/in" <in >out 2>err 3>&- {both}>&- &
		tool=$!
		started+=("$tool")
		until_true eval 'grep -q lf got'
		finish TERM
		is "$(<got)" "$said"
	done
	umount /proc/sys/kernel/random/boot_id
	exec {both}>&-
}

# E2E_LINES=2000000: as many as one may want to see arrive; E2E_KILLS: how often it is killed.
@test "kill -9 at random moments, and a server that fails: every line arrives, once by the id of its batch" {
	local all=${E2E_LINES:-200000} kills=${E2E_KILLS:-50} moods

	serve
	mkfifo in
	exec {both}<>in
	seq "$all" >in &
	writer=$!
	started+=("$writer")
	moods=(500 good close 503 taken 429 half good slow 403 taken stop good restart)
	# In any case more than are sent until the last kill.
	post=(http-post --spool spool --timeout 2s --max-size $((all / 30)))
	for ((i = 0; i < kills; i++)); do
		how=${moods[i % ${#moods[@]}]}
		case $how in
		stop) kill -STOP "$server" ;;
		restart)
			end_server
			rm -f mood
			serve
			;;
		*) mood "$how" 2 ;;
		esac
		"${post[@]}" "http://$at/in" <&"$both" >out 2>err 3>&- &
		tool=$!
		started+=("$tool")
		read -rt "0.$(printf %03d $((RANDOM % 200)))" -u "$never" || :
		kill -KILL "$tool"
		wait "$tool" 2>/dev/null || :
		kill -CONT "$server"
	done
	rm -f mood
	"${post[@]}" "http://$at/in" <in >out 2>err 3>&- {both}>&- &
	tool=$!
	started+=("$tool")
	until_true gone "$writer"
	exec {both}>&-
	ended
	is "$status $(waiting)" '0 0'
	seq "$all" >expected
	sort -nu got | cmp - expected
	cat once/* | sort -n | cmp - expected
	not test -e differs
	echo "# $kills kills, $(wc -l <requests) requests of $(find once -type f | wc -l) batches" >&3
}

@test "the server is killed again and again" {
	serve
	begin --max-size 64K --max-age 20ms
	seq 100000 >&"$to" &
	writer=$!
	started+=("$writer")
	for i in {1..5}; do
		until_true lines got $((i * 2000))
		end_server
		serve
	done
	until_true gone "$writer"
	exec {to}>&-
	ended
	is "$status" 0
	sort -nu got >arrived
	seq 100000 | cmp - arrived
}

# start_nginx: in front of the server, takes bodies of 2 KB at most. Its address is $front.
start_nginx() {
	command -v nginx >/dev/null || skip 'there is no nginx'
	front=127.0.0.1:8471
	mkdir nginx
	cat >nginx.conf <<-END
		daemon off;
		pid nginx/pid;
		error_log nginx/error.log;
		worker_processes 1;
		events {}
		http {
			access_log off;
			client_body_temp_path nginx/body;
			proxy_temp_path nginx/proxy;
			fastcgi_temp_path nginx/fastcgi;
			uwsgi_temp_path nginx/uwsgi;
			scgi_temp_path nginx/scgi;
			client_max_body_size 2k;
			server {
				listen $front;
				location / { proxy_pass http://$at; }
			}
		}
	END
	start nginx -p "$PWD" -c nginx.conf -e nginx/error.log
	nginx=$!
	until_true eval '(exec 9<>/dev/tcp/127.0.0.1/8471) 2>/dev/null'
}

@test "nginx: what is too large is put aside, and it says so when the server behind it is away" {
	serve
	start_nginx
	{
		seq 100
		head -c 5000 /dev/zero | tr '\0' x
		printf '\n'
		seq 101 200
	} >lines
	status=0
	http-post --spool spool --compress none --max-size 1500 "http://$front/in" <lines 2>err || status=$?
	is "$status $(<got)" "75 $(seq 200)"
	has err 'status 413: .*: a batch was refused, and is in spool/refused/0'
	is "$(wc -c <"$(echo spool/refused/*)")" 5001

	end_server
	mkfifo in
	http-post --spool spool "http://$front/in" <in >out 2>err 3>&- &
	tool=$!
	started+=("$tool")
	exec {to}>in
	seq 201 300 >&"$to"
	until_true has err 'status 502'
	rm port
	serve
	exec {to}>&-
	ended
	is "$status $(tail -n 100 got)" "0 $(seq 201 300)"
	kill "$nginx"
}

# start_clickhouse: its address is $at; sql QUERY asks it.
start_clickhouse() {
	needs_http
	command -v clickhouse-server >/dev/null || skip 'there is no clickhouse-server'
	at=127.0.0.1:8472
	cat >clickhouse.xml <<-END
		<yandex>
			<logger><level>error</level><console>1</console></logger>
			<listen_host>127.0.0.1</listen_host>
			<http_port>8472</http_port>
			<tcp_port>8473</tcp_port>
			<path>./clickhouse/</path>
			<tmp_path>./clickhouse/tmp/</tmp_path>
			<mark_cache_size>1000000</mark_cache_size>
			<users_config>users.xml</users_config>
			<default_profile>default</default_profile>
			<default_database>default</default_database>
		</yandex>
	END
	cat >users.xml <<-'END'
		<yandex>
			<profiles><default></default></profiles>
			<users><default><password></password><networks><ip>127.0.0.1</ip></networks>
				<profile>default</profile><quota>default</quota></default></users>
			<quotas><default></default></quotas>
		</yandex>
	END
	start clickhouse-server --config-file=clickhouse.xml >clickhouse.log 2>&1
	clickhouse=$!
	until_true eval 'sql "select 1" >/dev/null 2>&1'
}

sql() { curl -sSf --data-binary "$1" "http://$at/"; }

@test "ClickHouse has each row, but for a batch with a row that it can't read" {
	start_clickhouse
	sql 'create table events (event String, pid UInt32, ts DateTime) engine = MergeTree() order by pid'
	{
		seq 5000 | sed 's/.*/{"ts":"2026-11-21T21:39:48.296379483Z","event":"process.exec","pid":&,"comm":"x"}/'
		echo '{"ts":"nonsense","pid":"nonsense"}'
		seq 5001 99999 | sed 's/.*/{"ts":"2026-11-21T21:39:48Z","event":"process.exec","pid":&}/'
	} >lines
	into="http://$at/?date_time_input_format=best_effort&input_format_skip_unknown_fields=1&query=INSERT%20INTO%20events%20FORMAT%20JSONEachRow"
	status=0
	http-post --spool spool --batch 1000 --retry-for 1s "$into" <lines 2>err || status=$?
	is "$status $(sql 'select count(), min(pid), max(pid), uniqExact(pid), uniqExact(ts) from events' | xargs)" '75 99000 1 99999 99000 1'
	has err 'status [45]00: .*DB::Exception.*: a batch was refused'

	# As the manual says: what can be mended is sent again.
	zcat spool/refused/* | jq -c 'select(.ts != "nonsense")' | http-post -q --spool again "$into"
	is "$(sql 'select count(), uniqExact(pid) from events' | xargs)" '99999 99999'
	kill "$clickhouse"
	until_true gone "$clickhouse"
}

@test "a full spool stops reading" {
	serve
	mood 503
	begin --max-spool 64K --max-size 16K --compress none
	seq 100000 >&"$to" &
	writer=$!
	started+=("$writer")
	until_true has err 'is full: nothing is read until there is room'
	kill -0 "$writer"
	rm mood
	until_true gone "$writer"
	exec {to}>&-
	ended
	is "$status $(sha256sum <got)" "0 $(seq 100000 | sha256sum)"
	has err 'has room again'
}

@test "a full disk stops reading" {
	serve
	mkdir spool
	mount -t tmpfs -o size=4m,mode=700 none spool || skip 'no tmpfs can be mounted'
	mood 503
	begin --max-size 256K
	seq 2000000 >&"$to" &
	writer=$!
	started+=("$writer")
	until_true has err 'nothing is read until there is room'
	kill -0 "$writer"
	rm mood
	until_true gone "$writer"
	exec {to}>&-
	ended
	umount spool
	is "$status $(sha256sum <got)" "0 $(seq 2000000 | sha256sum)"
}

@test "a disk that is full at the start: what waits is sent, and makes room" {
	serve
	mkdir spool
	mount -t tmpfs -o size=4m,mode=700 none spool || skip 'no tmpfs can be mounted'
	mood 503
	seq 50000 | post --max-size 64K --grace 100ms --compress none
	is "$status" 75
	seq 50001 60000 >spool/0000000999-0123456789abcdef-0-6.cut
	head -c 8M /dev/zero >spool/fill 2>/dev/null || :
	rm mood
	post --drain
	is "$status $(sha256sum <got)" "0 $(seq 60000 | sha256sum)"

	# No room for the end of a line, which nothing here will make.
	rm spool/fill got
	printf %04096d 1 >spool/0000000001-0123456789abcdef-1-0.raw
	head -c 8M /dev/zero >spool/fill 2>/dev/null || :
	post --drain --grace 100ms
	is "$status $(<err)" '75 http-post: spool spool is full: nothing is read until there is room
http-post: 0 lines in 0 batches were sent, after 0 retries
http-post: 4096 bytes are kept in spool: the next start sends them'
	rm spool/fill
	seq 3 | post
	is "$status $(<got)" "0 $(printf %04096d 1; echo; seq 3)"
	umount spool

	# No room for a file.
	rm got
	mount -t tmpfs -o nr_inodes=20,mode=700 none spool
	mood 503
	seq 10 | post --grace 100ms
	is "$status" 75
	for i in {1..20}; do
		mkdir "spool/fill-$i" 2>/dev/null || :
	done
	not test -e spool/fill-20
	rm mood
	begin
	until_true lines got 10
	rm -r spool/fill-1
	seq 11 20 >&"$to"
	exec {to}>&-
	ended
	umount spool
	is "$status $(<got)" "0 $(seq 20)"
}

@test "a spool in use is refused, with the other's id" {
	serve
	begin
	until_true test -e spool/lock
	until_true eval 'find spool -name "*.raw" | grep -q .'
	status=0
	http-post --spool spool "http://$at/" </dev/null 2>err2 || status=$?
	is "$status $(<err2)" "1 http-post: spool spool is in use by process $tool"
	exec {to}>&-
	ended
	is "$status" 0
	chmod 777 spool
	post </dev/null
	is "$status $(<err)" '1 http-post: spool spool: others than its user may write there'
}

@test "a damaged file is told and set aside, the rest is sent" {
	serve
	mood 503
	seq 30 | post --batch 10 --grace 100ms
	rm mood
	file=$(echo spool/0000000002-*)
	printf x | dd of="$file" bs=1 seek=5 conv=notrunc status=none
	post --drain
	is "$status $(<got)" "75 $(seq 10; seq 21 30)"
	has err "spool spool: ${file#*/} is damaged"
	[[ -e spool/damaged/${file#*/} ]]

	# The newest one, too.
	rm -r spool got
	mood 503
	seq 30 | post --grace 100ms
	rm mood
	printf x | dd of="$(echo spool/0*.gz)" bs=1 seek=5 conv=notrunc status=none
	begin
	echo 31 >&"$to"
	exec {to}>&-
	ended
	is "$status $(<got)" '75 31'
}

@test "a spool for each URL" {
	serve
	dir=$(mktemp -d /tmp/http-post-XXXXXX)
	cp "$BUILD/bin/http-post" "$dir"
	chown -R 65534 "$dir"
	for path in a b a; do
		(cd "$dir" && HOME=$dir XDG_STATE_HOME='' setpriv --reuid 65534 --clear-groups ./http-post "http://$at/$path" <<<"$path" 2>&1)
	done >said || :
	find "$dir" -printf '%P %m\n' >found
	rm -r "$dir"
	is "$(grep -c '^.local/state/graintools/http-post-[0-9a-f]*/lock 600$' found)" 2
	is "$(grep -c '^.local/state/graintools 700$' found)" 1
	is "$(<got)" $'a\nb\na'
}

@test "tokens and headers of files; nothing of them is said" {
	serve
	echo 'sec:ret' >token
	printf 'X-One: hidden\nX-Two: 2\n' >headers
	mood 401 1
	seq 3 | post --bearer-file token -H @headers
	is "$status $(requests '.authorization, .["x-one"], .["x-two"]')" '0 2 Bearer sec:ret hidden'
	not grep -qE 'sec:ret|hidden' err

	# It is read anew for each request.
	mood 401
	rm requests
	begin --bearer-file token --max-age 10ms
	echo 4 >&"$to"
	until_true test -s requests
	echo other >token.new
	mv token.new token
	until_true grep -q 'Bearer other' requests
	rm mood
	exec {to}>&-
	ended
	is "$status $(tail -n 1 got)" '0 4'
	has err 'status 401'
}

# on_terminal OPTION...: with the lines of `lines`; what the terminal gets to see is in `shown`, what is
# to be seen there in the end in `seen`.
on_terminal() {
	status=0
	terminal sh -c 'exec http-post --spool spool "$@" <lines' sh "$@" "http://$at/in" </dev/null >shown || status=$?
	sed $'s/.*\e\\[K//' shown >seen
}

@test "on a terminal: how far it is, in a line that is gone in the end" {
	local states=$'s/\r/\\n/g; s/\e\\[K//g'

	serve
	seq 3000 >lines
	mood 503 2
	TERM=xterm on_terminal
	is "$status $(<seen)" "0 http-post: http://$at/in: status 503: because\x1b[31m of it: tried again until it works
http-post: http://$at/in: it works again
http-post: 3000 lines in 1 batches were sent, after 2 retries"
	sed "$states" shown | grep -q '^http-post: 13.6K in, 0 lines sent, [0-9.]*K waiting, 1 retries$'
	not grep -q 'waiting, . retries$' shown

	mood 503 1
	TERM=xterm on_terminal -q
	is "$status $(wc -l <shown) $(grep -c $'\e' shown)" '0 2 0'
	mood 503 2
	TERM=dumb on_terminal
	is "$status $(wc -l <shown) $(grep -c $'\e' shown)" '0 3 0'
	mood 503 2
	(unset TERM && on_terminal)
	is "$(wc -l <shown) $(grep -c $'\e' shown)" '3 0'
	mood 503 2
	# shellcheck disable=SC2016 # for that shell
	TERM=xterm terminal sh -c 'stty columns 30; exec http-post --spool spool "$1" <lines' sh "http://$at/in" </dev/null >shown
	is "$(sed "$states" shown | grep '^http-post: 13.*' | awk '{ print length }' | sort -u)" 29
}

@test "TLS: an authority of one's own, a certificate of the client's" {
	certificates
	serve server.pem server.key ca.pem
	tls() { status=0; http-post --spool spool --grace 100ms "$@" "https://$at/" >out 2>err || status=$?; }
	seq 3 | tls --client-cert client.pem --client-key client.key
	is "$status" 75
	has err 'SSL certificate problem'
	tls --drain --ca ca.pem
	is "$status" 75
	tls --drain --ca ca.pem --client-cert client.pem --client-key client.key
	is "$status $(<got)" $'0 1\n2\n3'
	cat client.pem client.key >both.pem
	seq 4 6 | tls --ca ca.pem --client-cert both.pem
	is "$status $(tail -n 1 got)" '0 6'
}

@test "a proxy" {
	serve
	status=0
	seq 3 | http_proxy=http://$at http-post --spool spool http://nowhere.invalid/x 2>err || status=$?
	is "$status $(requests .path)" '0 http://nowhere.invalid/x'
}

@test "wrong usage" {
	wrong() {
		local said=$1

		shift
		status=0
		http-post "$@" </dev/null 2>err || status=$?
		is "$status" 64
		has err "$said"
	}

	needs_http
	wrong 'one URL is needed, and 0 are given'
	wrong 'one URL is needed, and 2 are given' http://a http://b
	wrong 'neither http:// nor https://' ftp://a
	wrong 'a name or a password in it' http://user:pass@a/
	not grep -q pass@ err
	wrong 'a space' 'http://a/b c'
	wrong 'is neither ndjson nor array' --format xml http://a
	wrong 'is neither gzip nor none' --compress zip http://a
	wrong "what is given is no 'NAME: VALUE'" -H nonsense http://a
	wrong 'nosuch: No such file' -H @nosuch http://a
	wrong 'nosuch: No such file' --bearer-file nosuch http://a
	wrong 'nosuch: No such file' --ca nosuch http://a
	wrong 'needs --client-cert' --client-key nosuch http://a
	wrong 'not a whole number' --batch 0 http://a
	wrong 'not a size' --max-spool 1 http://a
}

@test "memory stays small" {
	serve
	seq 3000000 | (ulimit -v 200000 && /usr/bin/env time -f %M http-post -q --spool spool "http://$at/" 2>err) || :
	[[ -s err ]] || skip 'there is no time(1)'
	(($(tail -n 1 err) < 40960))
}
