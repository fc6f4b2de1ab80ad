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
}

@test "a server that hangs" {
	serve
	mood hang
	begin --timeout 1s
	seq 10 >&"$to"
	until_true has err 'tried again'
	rm mood
	exec {to}>&-
	ended
	is "$status $(sort -n got | uniq)" "0 $(seq 10)"
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

@test "kill -9 at many moments, and a server that fails: every line arrives" {
	serve
	mkfifo in
	exec {both}<>in
	seq 200000 >in &
	writer=$!
	started+=("$writer")
	moods=(500 close taken half slow good)
	for i in {1..40}; do
		mood "${moods[i % 6]}" 1
		http-post --spool spool --max-size 64K "http://$at/in" <&"$both" >out 2>err 3>&- &
		tool=$!
		started+=("$tool")
		for ((j = 0; j < i % 7; j++)); do moment; done
		kill -KILL "$tool"
		wait "$tool" 2>/dev/null || :
	done
	rm -f mood
	http-post --spool spool --max-size 64K "http://$at/in" <in >out 2>err 3>&- {both}>&- &
	tool=$!
	started+=("$tool")
	until_true gone "$writer"
	exec {both}>&-
	ended
	is "$status" 0
	sort -nu got >arrived
	seq 200000 | cmp - arrived
	is "$(waiting)" 0
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
