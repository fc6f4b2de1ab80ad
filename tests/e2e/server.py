#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# server.py [CERT KEY [CLIENT-CA]]: an HTTP server that fails in each way that the first line of the
# file `mood` says, read anew for each request; "WORD N" does so N times, then as the next line says. What it takes is appended to
# `got`, each request's first line and headers to `requests`. A batch that has an id is `once/ID`, too,
# however often it comes; if it is another one then, `differs` names it. The port is in `port`.
#
# As an S3 server it keeps each object in `objects`, in a file called like its path, its slashes encoded; the file `old`
# says that it doesn't know If-None-Match, `valid` which access keys it takes. It checks no signature.
# It gives credentials as an instance, a container or STS does: what is in the file `credentials`.
import base64, gzip, hashlib, http.server, json, os, socket, ssl, struct, sys, threading, time, urllib.parse

ERRORS = {
    "AccessDenied": 403, "SignatureDoesNotMatch": 403, "SlowDown": 503, "InternalError": 500, "NoSuchBucket": 404, "EntityTooLarge": 400, "BadDigest": 400,
    "ExpiredToken": 400, "RequestTimeTooSkewed": 403, "NotImplemented": 501, "PermanentRedirect": 301,
}


def mood():
    try:
        with open("mood") as f:
            words, *more = [line.split() for line in f] or [[]]
    except FileNotFoundError:
        return "good"
    if len(words) < 2:
        return words[0] if words else "good"
    left = int(words[1]) - 1
    with open("mood.new", "w") as f:
        f.writelines(" ".join(line) + "\n" for line in ([[words[0], str(left)]] if left else []) + (more or [["good"]]))
    os.rename("mood.new", "mood")
    return words[0]


def keep(id, body):
    path = os.path.join("once", id.replace("/", "_"))
    if os.path.exists(path):
        with open(path, "rb") as f:
            if f.read() == body:
                return
        with open("differs", "a") as f:
            f.write(id + "\n")
        return
    new = os.path.join("new", f"{os.getpid()}-{time.monotonic_ns()}")
    with open(new, "wb") as f:
        f.write(body)
    os.rename(new, path) # all of it, or nothing


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, text="", **headers):
        body = text.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def date_time_string(self, timestamp=None):
        return super().date_time_string(timestamp or time.time() + 3600 * (self.how == "RequestTimeTooSkewed"))

    def error(self, code, message="", **headers):
        xml = f'<?xml version="1.0"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
        self.answer(ERRORS.get(code, 400), xml, **headers)

    def drop(self):
        self.close_connection = True
        self.connection.close()

    def credentials(self, kind):
        with open("asked", "a") as f:
            f.write(f"{kind} {self.headers.get('Authorization')}\n")
        with open("credentials") as f:
            self.answer(200, f.read())

    def do_GET(self):
        self.how = ""
        if self.path == "/container":
            return self.credentials("container")
        if self.headers.get("X-aws-ec2-metadata-token") != "secret-token":
            return self.answer(401)
        if self.path.endswith("/security-credentials/"):
            return self.answer(200, "some-role")
        return self.credentials(self.path.rsplit("/", 1)[1])

    def put(self, how, body):
        key = self.headers.get("Authorization", "").partition("Credential=")[2].partition("/")[0]
        if os.path.exists("valid") and key not in open("valid").read().split():
            return self.error("ExpiredToken", "The provided token has expired.")
        if how in ERRORS:
            if how == "PermanentRedirect" and "/eu-west-9/" in self.headers["Authorization"]:
                return self.store(body)
            if how == "NotImplemented" and "If-None-Match" not in self.headers:
                return self.store(body)
            return self.error(how, "because\x1b[31m &lt;of&gt; it.",
                              **({"x_amz_bucket_region": "eu-west-9"} if how == "PermanentRedirect" else {}))
        self.store(body)

    def store(self, body):
        name = "objects/" + urllib.parse.quote(urllib.parse.unquote(self.path), safe="=")
        if self.headers.get("Content-MD5") != base64.b64encode(hashlib.md5(body).digest()).decode():
            return self.error("BadDigest")
        if self.headers.get("x-amz-content-sha256") != hashlib.sha256(body).hexdigest():
            return self.error("XAmzContentSHA256Mismatch")
        if self.headers.get("If-None-Match") == "*" and os.path.exists(name) and not os.path.exists("old"):
            return self.answer(412)
        os.makedirs("objects", exist_ok=True)
        new = f"new.{threading.get_ident()}"
        with open(new, "wb") as f:
            f.write(body)
        os.rename(new, name)
        if self.how == "taken":
            self.connection.shutdown(2)
            return self.drop()
        self.answer(200)

    def do_PUT(self):
        if self.path != "/latest/api/token":
            return self.do_POST()
        self.how = ""
        self.answer(200, "secret-token")

    def do_POST(self):
        how = self.how = mood()
        with open("requests", "a") as f:
            f.write(json.dumps({"mood": how, "path": self.path, **{k.lower(): v for k, v in self.headers.items()}}) + "\n")
        length = int(self.headers["Content-Length"])
        if how == "half":
            self.rfile.read(length // 2)
            self.connection.shutdown(2)
            return self.drop()
        if how == "early":
            self.answer(413, "too large")
            return self.drop()
        body = self.rfile.read(length)
        if len(body) < length: # whoever sent it is gone
            return self.drop()
        if body.startswith(b"Action=AssumeRoleWithWebIdentity"):
            return self.credentials(body.decode())
        if how == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return self.drop()
        if how == "hang":
            while mood() == "hang":
                time.sleep(0.02)
        if how == "slow":
            time.sleep(0.3)
        if how.startswith("late"):
            time.sleep(0.6)
            how = how[4:]
        if how == "close":
            self.connection.shutdown(2)
            return self.drop()
        if how.isdigit():
            return self.answer(int(how), "because\x1b[31m of it\nand more", **({"Retry_After": "1"} if how == "429" else {}))
        if self.command == "PUT":
            return self.put(how, body)
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        with open("got", "ab", buffering=0) as f:
            f.write(body)
        if self.headers.get("Idempotency-Key"):
            keep(self.headers["Idempotency-Key"], body)
        if how == "taken": # but nobody gets to know
            self.connection.shutdown(2)
            return self.drop()
        self.answer(204 if how == "good" else 200)


os.closerange(3, 100)  # the end of the tool that the test writes to
os.makedirs("once", exist_ok=True)
os.makedirs("new", exist_ok=True)
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", 0))), Handler)
server.handle_error = lambda *_: None  # clients that are killed
if len(sys.argv) > 2:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(sys.argv[1], sys.argv[2])
    if len(sys.argv) > 3:
        tls.verify_mode = ssl.CERT_REQUIRED
        tls.load_verify_locations(sys.argv[3])
    server.socket = tls.wrap_socket(server.socket, server_side=True)
with open("port.new", "w") as f:
    f.write(str(server.server_address[1]))
os.rename("port.new", "port")
server.serve_forever()
