#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# server.py [CERT KEY [CLIENT-CA]]: an HTTP server that fails in each way that the first line of the
# file `mood` says, read anew for each request; "WORD N" does so N times. What it takes is appended to
# `got`, each request's first line and headers to `requests`. A batch that has an id is `once/ID`, too,
# however often it comes; if it is another one then, `differs` names it. The port is in `port`.
import gzip, http.server, json, os, ssl, sys, time


def mood():
    try:
        with open("mood") as f:
            words = f.readline().split()
    except FileNotFoundError:
        return "good"
    if len(words) < 2:
        return words[0] if words else "good"
    left = int(words[1]) - 1
    with open("mood.new", "w") as f:
        f.write(f"{words[0]} {left}\n" if left else "good\n")
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

    def drop(self):
        self.close_connection = True
        self.connection.close()

    def do_POST(self):
        how = mood()
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
        if how == "hang":
            while mood() == "hang":
                time.sleep(0.02)
        if how == "slow":
            time.sleep(0.3)
        if how == "close":
            self.connection.shutdown(2)
            return self.drop()
        if how.isdigit():
            return self.answer(int(how), "because\x1b[31m of it\nand more", **({"Retry_After": "1"} if how == "429" else {}))
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
