# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034 # used by tests
# What the tests of those that send over HTTP share.

shopt -s lastpipe # what a pipe ends with sets $status
unset http_proxy https_proxy no_proxy ALL_PROXY all_proxy HTTPS_PROXY NO_PROXY

# serve [CERT KEY [CLIENT-CA]]: starts a server, whose address is $at; again: at the same port.
serve() {
	needs_http
	rm -f port
	start /usr/bin/python3 "$BATS_TEST_DIRNAME/server.py" "$@"
	server=$!
	until_true test -e port
	PORT=$(<port)
	export PORT
	at=127.0.0.1:$PORT
}

end_server() {
	kill -KILL "$server"
	wait "$server" 2>/dev/null || :
}

# The server's mood from now on.
mood() {
	echo "$*" >mood.next
	mv mood.next mood
}

has() { grep -q -- "$2" "$1"; }

# A value of all requests, each once.
requests() { jq -r "$1" requests | sort -u | paste -sd ' '; }

waiting() { find spool -maxdepth 1 -name '0*' -size +0 | wc -l; }

# Makes an authority and certificates that it signed.
certificates() {
	local name

	command -v openssl >/dev/null || skip 'there is no openssl'
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=authority' -keyout ca.key -out ca.pem
	for name in server client; do
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" -keyout $name.key -out $name.csr
		openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
			-extfile <(echo subjectAltName=IP:127.0.0.1) -out $name.pem
	done
} 2>openssl.log
