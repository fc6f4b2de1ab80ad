#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=any-kernel
# Each line arrives in a bucket, once, whatever the server does and whoever is killed.
#
# S3_LINES and S3_KILLS: how many, where lines and moments are many.
# shellcheck disable=SC2016,SC2119 # much is for eval
# shellcheck disable=SC2030,SC2031 # each test is a process
# shellcheck disable=SC2317 # much is called through until_true
# shellcheck source=tests/e2e/helpers.bash
. "$BATS_TEST_DIRNAME/helpers.bash"
# shellcheck source=tests/e2e/http.bash
. "$BATS_TEST_DIRNAME/http.bash"

: "${S3_LINES:=200000}" "${S3_KILLS:=40}"
unset "${!AWS_@}"
export AWS_ACCESS_KEY_ID=KEY AWS_SECRET_ACCESS_KEY=SECRET/+= AWS_EC2_METADATA_DISABLED=true

# upload OPTION...: from start to end, with the lines of standard input.
upload() {
	status=0
	s3-upload --spool spool --endpoint "http://$at" "$@" >out 2>err || status=$?
}

# begin OPTION...: in the background; lines are written to descriptor $to.
begin() {
	mkfifo in
	s3-upload --spool spool --endpoint "http://$at" "$@" <in >out 2>err 3>&- &
	tool=$!
	started+=("$tool")
	exec {to}>in
}

# The paths of the objects.
objects() {
	local name

	for name in objects/*; do
		name=${name#*/}
		printf '%b\n' "${name//%/\\x}"
	done
}

# All lines of all objects.
arrived() { find objects -type f -print0 | sort -z | xargs -0r zcat -f; }

# arrived_once LINES: what has arrived are these numbers, each once, in any order.
arrived_once() {
	arrived | sort -n >all
	seq "$1" | cmp - all
}

@test "lines become objects" {
	serve
	seq 1000 | upload s3://bucket/some/where
	is "$status $(<err)" '0 s3-upload: 1000 lines in 1 batches were sent, after 0 retries'
	is "$(arrived)" "$(seq 1000)"
	[[ $(objects) =~ ^/bucket/some/where/dt=20[0-9-]{8}/hour=[0-9]{2}/[A-Za-z0-9._-]+-20[0-9]{6}T[0-9]{6}Z-[0-9a-f]{16}-000001\.ndjson\.gz$ ]]
	is "$(requests '.["content-type"], .["content-encoding"], .["if-none-match"], .["x-amz-storage-class"]')" \
		'* application/gzip null'
	[[ $(requests .authorization) == 'AWS4-HMAC-SHA256 Credential=KEY/'*'/us-east-1/s3/aws4_request, SignedHeaders=content-md5;content-type;host;if-none-match;x-amz-content-sha256;x-amz-date, Signature='* ]]
	is "$(find spool -type f -printf '%P %m\n') $(stat -c %a spool)" 'lock 600 700'

	rm -r objects requests
	printf 'a\nb' | AWS_SESSION_TOKEN=token upload --compress none --name me --key '{name}/{seq}{id}.ndjson' --region r-1 \
		--storage-class STANDARD_IA --sse aws:kms:arn:aws:kms:x --object-tag 'a b=c&d' --object-tag e=é s3://bucket
	is "$status $(arrived) $(objects | sed -E 's/[0-9a-f]{22}/X/')" $'0 a\nb /bucket/me/X.ndjson'
	is "$(requests '.["content-type"], .["x-amz-storage-class"], .["x-amz-server-side-encryption"],
		.["x-amz-server-side-encryption-aws-kms-key-id"], .["x-amz-tagging"], .["x-amz-security-token"]')" \
		'STANDARD_IA a%20b=c%26d&e=%C3%A9 application/x-ndjson arn:aws:kms:x aws:kms token'
	[[ $(requests .authorization) == *'/r-1/s3/'*';x-amz-security-token;x-amz-server-side-encryption;x-amz-server-side-encryption-aws-kms-key-id;x-amz-storage-class;x-amz-tagging, '* ]]
}

@test "by size, and by age" {
	serve
	seq -w 10000 | upload --max-size 10000 s3://bucket
	is "$status $(objects | wc -l) $(arrived | wc -l)" '0 7 10000'
	rm -r objects
	begin --max-age 50ms s3://bucket
	echo one >&"$to"
	until_true eval '[[ $(arrived 2>/dev/null) == one ]]'
	echo two >&"$to"
	until_true eval '[[ $(arrived) == $'\''one\ntwo'\'' ]]'
	exec {to}>&-
	ended
	is "$status $(objects | wc -l)" '0 2'
}

@test "\$AWS_S3_BUCKET, \$AWS_REGION, a profile's region, \$AWS_ENDPOINT_URL" {
	serve
	mkdir .aws
	printf '[default]\naws_access_key_id = P\naws_secret_access_key = S\n[two]\nregion = r-p\naws_access_key_id = P2\naws_secret_access_key = S\n' >.aws/credentials
	(
		export HOME=$PWD
		echo 1 | AWS_S3_BUCKET=named upload
		is "$status" 0
		echo 2 | AWS_REGION=r-2 upload s3://bucket/a/
		unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
		echo 3 | AWS_PROFILE=two upload s3://bucket
		echo 4 | AWS_ENDPOINT_URL=http://$at s3-upload -q --spool spool s3://bucket
		echo 5 | AWS_ENDPOINT_URL=http://nowhere.invalid AWS_ENDPOINT_URL_S3=http://$at/below/ s3-upload -q --spool spool --profile two s3://bucket
	)
	is "$(jq -r .authorization requests | sed 's|.*Credential=\([^/]*\)/[0-9]*/\([^/]*\)/.*|\1 \2|' | paste -sd,)" \
		'KEY us-east-1,KEY r-2,P2 r-p,P us-east-1,P2 r-p'
	is "$(jq -r .path requests | sed 's|/dt%3D.*||' | paste -sd,)" '/named,/bucket/a,/bucket,/bucket,/below/bucket'
}

@test "a host for each bucket, or a path" {
	serve
	hosts() {
		rm -f requests
		echo 1 | http_proxy=http://$at s3-upload -q --spool spool "$@" 2>err
		jq -r '.path + " " + .host' requests | sed 's|/dt%3D[^ ]*||'
	}
	is "$(hosts --endpoint http://s3.test:80 s3://bucket/p)" 'http://bucket.s3.test/p bucket.s3.test'
	is "$(hosts --endpoint http://s3.test:8080/x/ s3://bucket/p)" 'http://bucket.s3.test:8080/x/p bucket.s3.test:8080'
	is "$(hosts --endpoint http://s3.test --path-style s3://bucket)" 'http://s3.test/bucket s3.test'
	is "$(hosts --endpoint http://s3.test s3://bucket.with.dots)" 'http://s3.test/bucket.with.dots s3.test'
	is "$(hosts --endpoint http://10.0.0.1:81 s3://bucket)" 'http://10.0.0.1:81/bucket 10.0.0.1:81'
	is "$(hosts --endpoint 'http://[fd00::1]' s3://bucket)" 'http://[fd00::1]/bucket [fd00::1]'
	is "$(hosts --endpoint http://localhost s3://bucket | sed 's/.*/&/')" 'http://localhost/bucket localhost'
}

@test "it is tried again after whatever fails" {
	serve
	for how in '500 2' '503 1' '403 1' '400 1' '429 1' '302 1' 'close 1' 'reset 1' 'half 1' 'slow 1' 'SlowDown 1' \
		'NoSuchBucket 1' 'BadDigest 1'; do
		rm -rf objects requests
		mood "$how"
		seq 1000 | upload s3://bucket
		is "$how $status" "$how 0"
		arrived_once 1000
		is "$(jq -r .path requests | sort -u | wc -l)" 1
		if [[ $how != slow* ]]; then
			is "$how $(grep -c 'tried again until it works' err) $(grep -c 'works again' err)" "$how 1 1"
			has err "after ${how#* } retries"
		fi
	done
	mood AccessDenied 1
	seq 10 | upload s3://bucket/p
	has err '^s3-upload: s3://bucket/p: AccessDenied, status 403: because\\x1b\[31m <of> it: tried again until it works$'
	not grep -q $'\033' err
}

@test "the answer is lost: the object is there, and is one" {
	serve
	for old in '' old; do
		rm -rf objects requests
		[[ ! $old ]] || : >old # it does not know conditions
		mood taken 2
		seq 1000 | upload s3://bucket
		is "$status $(jq -r .path requests | uniq -c | awk '{print $1}')" "0 $((2 + (${#old} > 0)))"
		arrived_once 1000
	done
}

@test "a server without conditions" {
	serve
	mood NotImplemented
	seq -w 1000 | upload --max-size 1000 s3://bucket
	is "$status $(jq -r '.["if-none-match"]' requests | paste -sd ' ')" '0 * null null null null null'
	is "$(<err)" 's3-upload: 1000 lines in 5 batches were sent, after 0 retries'
}

@test "a bucket in another region" {
	serve
	mood PermanentRedirect
	seq -w 1000 | upload --max-size 1000 s3://bucket
	is "$status $(jq -r .authorization requests | grep -c /eu-west-9/)" '0 5'
	is "$(head -n 1 err)" 's3-upload: s3://bucket is in region eu-west-9, not us-east-1: it goes on there'
	arrived_once 1000 || arrived | cmp - <(seq -w 1000)
}

@test "a batch that is too large is put aside, and nothing else is" {
	serve
	for how in EntityTooLarge early 413; do
		rm -rf objects spool
		mood "$how" 1
		seq -w 300 | upload --max-size 400 s3://bucket
		is "$how $status $(arrived)" "$how 75 $(seq -w 101 300)"
		is "$(zcat spool/refused/*)" "$(seq -w 100)"
		has err ': a batch was refused, and is in spool/refused/0'
	done
}

@test "wrong: it is said in one line, and kept" {
	serve
	for how in AccessDenied NoSuchBucket SignatureDoesNotMatch; do
		rm -rf spool objects
		mood "$how"
		seq 10 | upload --grace 300ms s3://bucket
		is "$how $status $(waiting)" "$how 75 1"
		upload --drain --grace 300ms s3://bucket
		is "$how $status $(waiting) $(grep -c 'tried again' err)" "$how 75 1 1"
		rm mood
		upload --drain s3://bucket
		is "$how $status $(arrived)" "$how 0 $(seq 10)"
	done
	mood RequestTimeTooSkewed
	seq 10 | upload --grace 300ms s3://bucket/p
	is "$status $(head -n 1 err | sed 's/59m[0-9]*s\|1h00m/1h/')" '75 s3-upload: s3://bucket/p: RequestTimeTooSkewed, status 403: the clock here is 1h behind the server'\''s: tried again until it works'
}

@test "no secret is said, nor to be seen" {
	serve
	mood SignatureDoesNotMatch
	export AWS_SESSION_TOKEN=TOKEN/+
	begin --max-age 10ms s3://bucket
	seq 10 >&"$to"
	until_true test -s requests
	not grep -aE 'SECRET|TOKEN' "/proc/$tool/cmdline"
	rm mood
	exec {to}>&-
	ended
	is "$status" 0
	not grep -rE 'SECRET|TOKEN' err out spool
}

@test "credentials that expire: an instance's, a container's, a web identity's, files'" {
	serve
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	json() { printf '{"AccessKeyId":"%s","SecretAccessKey":"S","Token":"T","Expiration":"%s"}' "$1" "$(date -ud "$2" +%FT%TZ)" >credentials.new; mv credentials.new credentials; }
	xml() { printf '<R><Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>S</SecretAccessKey><SessionToken>T</SessionToken><Expiration>%s</Expiration></Credentials></R>' "$1" "$(date -ud "$2" +%FT%TZ)" >credentials.new; mv credentials.new credentials; }
	file() { printf '[default]\naws_access_key_id=%s\naws_secret_access_key=S\n' "$1" >.credentials.new; mv .credentials.new .credentials; }
	echo identity >web
	for how in some-role container Action file; do
		(
			case $how in
			some-role) export AWS_EC2_METADATA_DISABLED='' AWS_EC2_METADATA_SERVICE_ENDPOINT=http://$at ;;
			container) export AWS_CONTAINER_CREDENTIALS_FULL_URI=http://$at/container AWS_CONTAINER_AUTHORIZATION_TOKEN=tok ;;
			Action) export AWS_WEB_IDENTITY_TOKEN_FILE=web AWS_ROLE_ARN=arn:x AWS_ENDPOINT_URL_STS=http://$at ;;
			file) export AWS_SHARED_CREDENTIALS_FILE=.credentials ;;
			esac
			give=json
			[[ $how != Action ]] || give=xml
			[[ $how != file ]] || give='file'
			rm -rf objects requests asked spool in
			: >asked
			$give ONE '1 hour'
			echo ONE >valid
			begin --max-age 20ms s3://bucket
			echo 1 >&"$to"
			until_true eval '[[ $(arrived 2>/dev/null) == 1 ]]'
			echo TWO >valid # what it has is good no more
			echo 2 >&"$to"
			until_true has err ExpiredToken
			$give TWO '1 hour'
			until_true eval '[[ $(arrived) == $'\''1\n2'\'' ]]'
			exec {to}>&-
			ended
			is "$how $status" "$how 0"
			has err ': ExpiredToken, status 400: The provided token has expired: tried again'
			[[ $how == file ]] || (($(grep -c "$how" asked) >= 2))
			[[ $how != Action ]] || has asked '&RoleArn=arn%3Ax&RoleSessionName=s3-upload&WebIdentityToken=identity '
			[[ $how != container ]] || has asked '^container tok$'
		)
	done
}

@test "no credentials: it is said, and what was read is kept" {
	serve
	unset AWS_ACCESS_KEY_ID
	seq 10 | HOME=$PWD upload --grace 300ms s3://bucket
	is "$status $(waiting)" '75 1'
	has err 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are only good together: tried again'
	unset AWS_SECRET_ACCESS_KEY
	HOME=$PWD upload --drain --grace 300ms s3://bucket
	is "$status $(waiting)" '75 1'
	has err 'there are no credentials, neither in the environment nor in AWS.s files: tried again'
	HOME=$PWD AWS_EC2_METADATA_DISABLED='' AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:9 upload --drain --grace 300ms s3://bucket
	is "$status $(waiting)" '75 1'
	has err 'and no metadata service of an instance: tried again'
	HOME=$PWD upload --drain --profile nosuch --grace 300ms s3://bucket
	has err "there is no profile 'nosuch' with credentials"
}

@test "--tee: into a pipe, a file, of a file, to nobody" {
	serve
	seq 100000 | upload --tee s3://bucket
	is "$status $(sha256sum <out)" "0 $(seq 100000 | sha256sum)"
	arrived_once 100000

	# A pipe is full until somebody reads, which holds up what is in front.
	rm -r objects
	seq 300000 | s3-upload --spool spool --endpoint "http://$at" --tee s3://bucket 2>err | { read -r line; sleep 0.2; echo "$line"; cat; } >out
	is "$(sha256sum <out)" "$(seq 300000 | sha256sum)"
	arrived_once 300000

	# One that just became full is not waited for once the input has ended.
	rm -r objects
	mkfifo full
	exec {full}<>full
	seq -f %07.0f 8192 | tee file | s3-upload --spool spool --endpoint "http://$at" --tee s3://bucket >full 2>err 3>&- &
	tool=$!
	started+=("$tool")
	ended
	is "$status $(head -c 65536 <&"$full" | sha256sum)" "0 $(sha256sum <file)"
	exec {full}>&-

	rm -r objects
	seq 100000 >file
	s3-upload --spool spool --endpoint "http://$at" --tee s3://bucket <file 2>err | cat >out
	is "$(sha256sum <out)" "$(seq 100000 | sha256sum)"
	arrived_once 100000

	rm -r objects
	{
		status=0
		seq 200000 | s3-upload --spool spool --endpoint "http://$at" --tee s3://bucket 2>err || echo "$?" >failed
	} | head -n 1 >out
	is "$(<out) $(<err)" $'1 s3-upload: nobody reads standard output any more: it goes on without\ns3-upload: 200000 lines in 1 batches were sent, after 0 retries'
	[[ ! -e failed ]]
	arrived_once 200000

	rm -r objects
	status=0
	seq 1000 | s3-upload --spool spool --endpoint "http://$at" --tee s3://bucket 2>err >&- || status=$?
	is "$status" 1
	has err "can't write standard output: Bad file descriptor"
	arrived_once 1000
}

@test "a spool for each prefix, however long" {
	local long=production/eu-central-1/cluster-000001/name

	serve
	export XDG_STATE_HOME=$PWD/state
	mood 503
	echo a | s3-upload --grace 100ms --endpoint "http://$at" "s3://bucket/$long-a" 2>err || status=$?
	is "$status" 75
	rm mood
	echo b | s3-upload --endpoint "http://$at" "s3://bucket/$long-b" 2>err
	is "$(arrived)" b
	s3-upload --drain --endpoint "http://$at" "s3://bucket/$long-a" 2>err
	is "$(arrived | sort)" $'a\nb'
}

@test "TLS, with an authority of one's own" {
	certificates
	serve server.pem server.key
	tls() { status=0; s3-upload --spool spool --grace 300ms --endpoint "https://$at" "$@" s3://bucket >out 2>err || status=$?; }
	seq 10 | tls
	is "$status" 75
	has err 'SSL certificate problem'
	tls --drain --ca ca.pem
	is "$status $(arrived)" "0 $(seq 10)"
	echo 11 | AWS_CA_BUNDLE=ca.pem tls
	is "$status $(objects | wc -l)" '0 2'
}

@test "a spool in use is refused, with the other's id" {
	serve
	begin s3://bucket
	until_true eval 'find spool -name "*.raw" 2>/dev/null | grep -q .'
	status=0
	s3-upload --spool spool --endpoint "http://$at" s3://bucket </dev/null 2>err2 || status=$?
	is "$status $(<err2)" "1 s3-upload: spool spool is in use by process $tool"
	exec {to}>&-
	ended
	is "$status" 0
}

@test "a full disk stops reading" {
	serve
	mkdir spool
	mount -t tmpfs -o size=4m,mode=700 none spool || skip 'no tmpfs can be mounted'
	mood SlowDown
	begin --max-size 256K --compress none s3://bucket
	seq 1000000 >&"$to" &
	writer=$!
	started+=("$writer")
	until_true has err 'nothing is read until there is room'
	kill -0 "$writer"
	rm mood
	until_true gone "$writer"
	exec {to}>&-
	ended
	umount spool
	is "$status" 0
	arrived_once 1000000
}

@test "all is killed, stopped, refused, cut and slow: every line arrives, once" {
	serve
	mkfifo in
	exec {both}<>in
	seq "$S3_LINES" >in &
	writer=$!
	started+=("$writer")
	moods=(500 good SlowDown half taken reset 429 close slow AccessDenied hang good)
	up=(s3-upload --timeout 1s --max-size $((S3_LINES / 25)) --max-age 50ms --endpoint "http://$at" --spool spool s3://bucket)
	for ((i = 0; i < S3_KILLS; i++)); do
		mood "${moods[i % 12]}" $((i % 3 + 1))
		((i % 5)) || { end_server; ((i % 2)) && rm -f old || : >old; }
		"${up[@]}" <&"$both" >out 2>>err 3>&- &
		tool=$!
		started+=("$tool")
		((i % 7)) || kill -STOP "$server" 2>/dev/null || :
		for ((j = 0; j < RANDOM % 12; j++)); do moment; done
		kill -CONT "$server" 2>/dev/null || :
		((i % 5)) || serve
		for ((j = 0; j < RANDOM % 12; j++)); do moment; done
		kill -KILL "$tool"
		wait "$tool" 2>/dev/null || :
	done
	"${up[@]}" <in >out 2>>err 3>&- {both}>&- &
	tool=$!
	started+=("$tool")
	until_true eval '[[ $(readlink "/proc/$tool/exe") == *s3-upload ]]' # and has opened the pipe
	exec {both}>&-
	past() { [[ $(<mood) == good ]] || gone "$tool"; }
	for how in "${moods[@]}"; do
		mood "$how" 1
		until_true past
	done
	rm -f mood
	ended
	is "$status $(waiting)" '0 0'
	arrived_once "$S3_LINES"
	not grep -q SECRET err
	echo "# $S3_KILLS kills, $(objects | wc -l) objects, $(wc -l <requests) requests" >&3
}

@test "memory stays small" {
	serve
	for compress in gzip none; do
		seq 6000000 | (ulimit -v 300000 && /usr/bin/env time -f %M s3-upload -q --compress $compress --spool spool --endpoint "http://$at" s3://bucket 2>err) || :
		[[ -s err ]] || skip 'there is no time(1)'
		echo "# $(tail -n 1 err) kB" >&3
		(($(tail -n 1 err) < 40960))
	done
}

@test "wrong usage" {
	wrong() {
		local said=$1

		shift
		status=0
		s3-upload "$@" </dev/null 2>err || status=$?
		is "$status" 64
		has err "$said"
	}

	needs_http
	wrong 'one s3:// URL is needed, and 0 are given'
	wrong 'one s3:// URL is needed, and 2 are given' s3://abc s3://abc
	wrong 'begins not with s3://' http://a
	wrong 'no bucket can be called so' s3://
	wrong 'no bucket can be called so' s3://a_
	wrong 'no bucket can be called so' 's3://a?b'
	wrong 'braces' 's3://bucket/{x}'
	wrong 'control character' s3://bucket/$'\n'
	wrong 'no good key: a part of it is . or ..' s3://bucket/a/../b
	wrong 'no good key: without {id} and {seq}' --key '{time}' s3://bucket
	wrong 'no good key: {date}, {year}' --key '{id}{seq}{host}' s3://bucket
	wrong 'no UTF-8' --name $'\377' s3://bucket
	wrong 'a slash' --name a/b s3://bucket
	wrong 'neither http:// nor https://' --endpoint s3.test s3://bucket
	wrong 'is not https://HOST' --endpoint http://user:pass@a s3://bucket
	not grep -q pass@ err
	wrong 'is not https://HOST' --endpoint 'http://a?b' s3://bucket
	wrong "there is a space" --endpoint 'http://a b' s3://bucket
	wrong 'no region is called' --region 'a b' s3://bucket
	wrong 'neither AES256 nor' --sse aws:km s3://bucket
	wrong 'neither AES256 nor' --sse AES256:key s3://bucket
	wrong 'neither AES256 nor' --sse aws:kms: s3://bucket
	wrong 'there is a space' --storage-class 'A B' s3://bucket
	wrong 'is no KEY=VALUE' --object-tag nonsense s3://bucket
	wrong 'is no KEY=VALUE' --object-tag =x s3://bucket
	wrong 'has 10 at most' --object-tag={a,b,c,d,e,f,g,h,i,j,k}=v s3://bucket
	wrong 'is neither gzip nor none' --compress zip s3://bucket
	wrong 'nosuch: No such file' --ca nosuch s3://bucket
	wrong 'not a size' --max-size 0 s3://bucket
}
