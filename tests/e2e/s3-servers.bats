#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=any-kernel
# s3-upload with S3 servers that others have made, which check what Amazon's does, and read by others.
# radosgw checks signatures, the body's sum and Content-MD5; s3rver checks signatures.
# shellcheck disable=SC2030,SC2031 # each test is a process
# shellcheck disable=SC2317 # much is called through until_true
# shellcheck source=tests/e2e/helpers.bash
. "$BATS_TEST_DIRNAME/helpers.bash"
# shellcheck source=tests/e2e/http.bash
. "$BATS_TEST_DIRNAME/http.bash"

top=$BATS_TEST_DIRNAME/../..
unset "${!AWS_@}"
export AWS_EC2_METADATA_DISABLED=true

setup_file() {
	command -v radosgw ceph-osd ceph-mon radosgw-admin >/dev/null || return 0
	mkdir "$BATS_FILE_TMPDIR/ceph"
	"$BATS_TEST_DIRNAME/radosgw.sh" "$BATS_FILE_TMPDIR/ceph" 13080 >"$BATS_FILE_TMPDIR/ceph/log" 2>&1 3>&- </dev/null &
}

teardown_file() {
	local pid

	for pid in "$BATS_FILE_TMPDIR"/ceph/*.pid; do
		[[ ! -e $pid ]] || kill -KILL "$(<"$pid")" 2>/dev/null || :
	done
}

# s3 OPTION...: s3cmd at this server.
s3() { s3cmd -c s3cfg --no-progress "$@"; }

# answers: does radosgw?
answers() { { : <>"/dev/tcp/${at/://}"; } 2>/dev/null; }

# on s3rver|radosgw: starts it or waits for it, and makes an empty bucket.
on() {
	needs_http
	command -v s3cmd >/dev/null || skip 'there is no s3cmd'
	if [[ $1 == s3rver ]]; then
		export NODE_PATH=$top/.cache/npm/@20minutes/s3rver-4.0.4/node_modules
		[[ -d $NODE_PATH && -e $(command -v node) ]] || skip 'no s3rver of npm (make deps-test)'
		mkdir store
		start node "$BATS_TEST_DIRNAME/s3rver.js" store
		until_true test -e port
		at=127.0.0.1:$(<port)
		export AWS_ACCESS_KEY_ID=S3RVER AWS_SECRET_ACCESS_KEY=S3RVER
	else
		[[ -d $BATS_FILE_TMPDIR/ceph ]] || skip 'there is no radosgw with ceph-osd and ceph-mon (make deps-test)'
		at=127.0.0.1:13080
		until_true answers
		export AWS_ACCESS_KEY_ID=TESTKEY AWS_SECRET_ACCESS_KEY=TEST/SECRET+=
	fi
	bucket=bucket
	printf '%s\n' '[default]' "access_key = $AWS_ACCESS_KEY_ID" "secret_key = $AWS_SECRET_ACCESS_KEY" \
		"host_base = $at" "host_bucket = $at" 'use_https = False' 'check_ssl_certificate = False' >s3cfg
	if [[ $1 == radosgw ]]; then
		bucket=bucket-$BATS_TEST_NUMBER
		s3 mb -q "s3://$bucket"
	fi
	export AWS_ENDPOINT_URL_S3=http://$at
}

# upload OPTION...: from start to end, with the lines of standard input.
upload() {
	status=0
	s3-upload --spool spool "$@" >out 2>err || status=$?
}

# The keys of all objects.
objects() {
	if [[ -d store ]]; then
		find store/bucket -name '*._S3rver_object' -printf '%P\n' | sed 's/\._S3rver_object$//' | sort
	else
		s3 ls -r "s3://$bucket" | sed "s|.*s3://$bucket/||" | sort
	fi
}

# get KEY: an object, on standard output. s3cmd and s3rver don't agree on signatures.
get() {
	if [[ -d store ]]; then
		cat "store/bucket/$1._S3rver_object"
	else
		s3 get -q "s3://$bucket/$1" -
	fi
}

# All objects, into the directory `fetched`, below their keys.
fetch() {
	rm -rf fetched
	mkdir fetched
	if [[ -d store ]]; then
		objects | while read -r key; do
			mkdir -p "fetched/${key%/*}"
			get "$key" >"fetched/$key"
		done
	else
		s3 get -q -r "s3://$bucket" fetched/
	fi
}

arrived() { find fetched -type f -print0 | sort -z | xargs -0 zcat -f; }

check_read() {
	on "$1"
	jq -nc 'range(1000) | {event: "process.exec", pid: ., comm: "é\n\u0000" | .[:2]}' >events
	upload --max-size 10000 "s3://$bucket/some/where" <events
	is "$status" 0
	fetch
	arrived | cmp - events
	(($(objects | wc -l) > 3))

	export NODE_PATH=$top/.cache/npm/@duckdb/node-api-1.5.6-r.1/node_modules
	[[ -d $NODE_PATH ]] || skip 'no DuckDB of npm (make deps-test)'
	node -e '
		const { DuckDBInstance } = require("@duckdb/node-api");
		(async () => {
			const db = await (await DuckDBInstance.create(":memory:")).connect();
			const result = await db.runAndReadAll(process.argv[1]);

			console.log(JSON.stringify(result.getRowsJson()));
		})();' "SELECT count(*), sum(pid), min(comm), bool_and(dt::DATE - current_date < 2), bool_and(hour::INT < 24)
			FROM read_ndjson('fetched/some/where/*/*/*.gz', hive_partitioning = true)" >rows
	is "$(<rows)" '[["1000","499500","é\n",true,true]]'
}

@test "s3rver: s3cmd and DuckDB read what is there" { check_read s3rver; }

# Each awkward byte, and what others may take for a part of the protocol.
check_keys() {
	local prefix i=0

	on "$1"
	shift
	for prefix in "$@"; do
		i=$((i + 1))
		seq "$i" | AWS_SESSION_TOKEN='' upload --key '{id}{seq}' --name 'a b' "s3://$bucket/$prefix"
		is "$prefix $status" "$prefix 0"
	done
	is "$(objects | sed -E 's|/[0-9a-f]{22}.gz$||')" "$(printf '%s\n' "$@" | sort)"
	fetch
	arrived | sort -n | cmp - <(for ((; i; i--)); do seq "$i"; done | sort -n)
}

awkward=('a b' 'c+d' 'e%f' 'g%20h' 'é💡' 'i=j' '~k' 'l!m' "n'o" 'p"q' 'r&s' 't?u' 'v#w' 'x<y>z' '(1)*' '[2]' '3@4:5;6,7$' '8\9' '^`|' '.a' 'a..')

@test "s3rver: keys with awkward bytes" { check_keys s3rver "${awkward[@]}"; }

check_wrong() {
	on "$1"
	seq 10 | AWS_SECRET_ACCESS_KEY=wrong upload --grace 200ms "s3://$bucket"
	is "$status $(waiting)" '75 1'
	has err "^s3-upload: s3://$bucket: SignatureDoesNotMatch, status 403"
	AWS_ACCESS_KEY_ID=WRONG upload --drain --grace 200ms "s3://$bucket"
	is "$status $(waiting)" '75 1'
	has err "^s3-upload: s3://$bucket: InvalidAccessKeyId, status 403"
	upload --drain --grace 200ms "s3://nosuch$bucket"
	is "$status $(waiting)" '75 1'
	has err "^s3-upload: s3://nosuch$bucket: NoSuchBucket, status 404"
	AWS_SESSION_TOKEN=no/token+= upload --drain "s3://$bucket"
	is "$status" 0
	fetch
	is "$(arrived)" "$(seq 10)"
}

@test "s3rver: wrong keys, no bucket; a session token" { check_wrong s3rver; }

check_clock() {
	local fake skew

	fake=$(find /usr/lib/*/faketime -name libfaketime.so.1 2>/dev/null) || skip 'there is no libfaketime'
	on "$1"
	seq 10 >lines
	for skew in '-1h behind' '+1h ahead of'; do
		LD_PRELOAD=$fake FAKETIME=${skew%% *} upload --grace 200ms "s3://$bucket" <lines
		is "$status" 75
		has err "^s3-upload: s3://$bucket: RequestTimeTooSkewed, status 403: the clock here is \\(1h00m\\|59m59s\\) ${skew#* } the server's: tried again"
		: >lines
	done
	upload --drain "s3://$bucket"
	is "$status" 0
	fetch
	is "$(arrived)" "$(seq 10)"
}

@test "s3rver: a clock that is wrong" { check_clock s3rver; }

@test "radosgw: s3cmd and DuckDB read what is there" { check_read radosgw; }

@test "radosgw: keys with awkward bytes" { check_keys radosgw "${awkward[@]}" '/a//b'; }

@test "radosgw: wrong keys, no bucket; a session token" { check_wrong radosgw; }

@test "radosgw: a clock that is wrong" { check_clock radosgw; }

@test "radosgw: storage class, encryption, tags, types" {
	on radosgw
	ask() { curl -sS --aws-sigv4 aws:amz:us-east-1:s3 --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' "$@"; }
	seq 10 | upload --storage-class COLD --sse aws:kms:testkey-1 --object-tag 'a b=c&d' --object-tag é=~= "s3://$bucket"
	is "$status" 0
	key=$(objects)
	ask -I "http://$at/$bucket/${key//=/%3D}" | tr -d '\r' >headers
	for header in 'x-amz-storage-class: COLD' 'x-amz-server-side-encryption: aws:kms' \
		'x-amz-server-side-encryption-aws-kms-key-id: testkey-1' 'content-type: application/gzip' 'x-amz-tagging-count: 2'; do
		grep -qix "$header" headers
	done
	not grep -qi content-encoding headers
	ask "http://$at/$bucket/${key//=/%3D}?tagging=" >tags
	has tags '<Tag><Key>a b</Key><Value>c&amp;d</Value></Tag><Tag><Key>é</Key><Value>~=</Value></Tag>'
	get "$key" | zcat | cmp - <(seq 10)

	# What it does not have is said.
	seq 10 | upload --grace 200ms --storage-class NOSUCH "s3://$bucket"
	is "$status $(waiting)" '75 1'
	has err "^s3-upload: s3://$bucket: Invalid[A-Za-z]*, status 400"
}

@test "radosgw: what was there before is not written again" {
	on radosgw
	mkdir kept
	seq 10 | AWS_SECRET_ACCESS_KEY=wrong upload --grace 100ms "s3://$bucket"
	cp -a spool/0* kept
	upload --drain "s3://$bucket"
	s3 ls -r "s3://$bucket" >before
	cp -a kept/0* spool # as if the answer was lost
	upload --drain "s3://$bucket"
	is "$status $(waiting) $(s3 ls -r "s3://$bucket")" "0 0 $(<before)"
}

@test "radosgw: all is killed and stopped: every line arrives, once" {
	on radosgw
	mkfifo in
	exec {both}<>in
	seq 200000 >in &
	writer=$!
	started+=("$writer")
	up=(s3-upload --timeout 1s --max-size 16K --max-age 50ms --spool spool "s3://$bucket")
	for ((n = 1; n <= 15; n++)); do
		"${up[@]}" <&"$both" >out 2>>err 3>&- &
		tool=$!
		started+=("$tool")
		for ((j = 0; j < RANDOM % 12; j++)); do moment; done
		case $((n % 5)) in
		1) kill -STOP "$(<"$BATS_FILE_TMPDIR/ceph/gateway.pid")" ;;
		3) kill -CONT "$(<"$BATS_FILE_TMPDIR/ceph/gateway.pid")" ;;
		4) kill -KILL "$(<"$BATS_FILE_TMPDIR/ceph/gateway.pid")" ;;
		0) (exec {both}>&- && . "$BATS_FILE_TMPDIR/ceph/gateway") ;;
		esac
		kill -KILL "$tool"
		wait "$tool" 2>/dev/null || :
	done
	"${up[@]}" <in >out 2>>err 3>&- {both}>&- &
	tool=$!
	started+=("$tool")
	until_true gone "$writer"
	exec {both}>&-
	ended
	is "$status $(waiting)" '0 0'
	fetch
	arrived | sort -n | cmp - <(seq 200000)
}
