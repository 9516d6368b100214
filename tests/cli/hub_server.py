"""A hub of models on the loopback: it answers as huggingface.co does, and, when it is told to, as
servers do that are broken, slow or hostile."""
import hashlib
import http.server
import json
import pathlib
import socket
import ssl
import threading
import urllib.parse

CERTIFICATE = pathlib.Path(__file__).resolve().parent / "data/hub/loopback.pem"


def git_sha1(body):
    return hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()


def sha256(body):
    return hashlib.sha256(body).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_GET(self):
        hub = self.server
        with hub.lock:
            hub.asked.append((self.command, self.path, dict(self.headers)))
            turn = next((turns.pop(0) for (method, part), turns in hub.turns.items()
                         if method == self.command and part in self.path and turns), None)
        code, headers, body = hub.answer(self)
        (turn or Handler.send)(self, code, headers, body)

    do_HEAD = do_GET

    def send(self, code, headers, body):
        headers = dict({"Content-Length": len(body)}, **headers)
        self.send_response(code)
        for name, value in headers.items():
            if value is not None:
                self.send_header(name, str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.put(body)

    def put(self, body):
        try:
            self.wfile.write(body)
            self.wfile.flush()
        except OSError:
            self.close_connection = True
            return
        with self.server.lock:
            self.server.served += len(body)

    def hang_up(self):
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Hub(http.server.ThreadingHTTPServer):
    """`models` has {name: {"sha", "revisions", "files", "linked", "more"}}: `linked` are the files that
    lie on another server, `store`, as large ones do; `token`: what has to be had, None for nothing.
    The other server has another name: the reference takes one on another port for the same.
    `secure`: it speaks TLS, with the CERTIFICATE of 127.0.0.1 and localhost."""
    daemon_threads = True
    block_on_close = False

    def __init__(self, host="127.0.0.1", secure=False):
        super().__init__((host, 0), Handler)
        self.scheme = "https" if secure else "http"
        if secure:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE)  # hands are shaken in the thread of the connection
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.lock = threading.Lock()
        self.models, self.turns, self.asked, self.served = {}, {}, [], 0
        self.token, self.store = None, None
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def handle_error(self, *_):
        pass

    def url(self, host="127.0.0.1"):
        return f"{self.scheme}://{host}:{self.server_port}"

    def add(self, name, files, sha="0123456789abcdef" * 2 + "01234567", revisions=("main",), linked=(), **more):
        self.models[name] = {"sha": sha, "files": files, "revisions": [*revisions, sha], "linked": linked, "more": more}

    def turn(self, method, part, *turns):
        """The next requests of this method whose path has this part are answered so."""
        self.turns[method, part] = list(turns)

    def requests(self, method, part=""):
        return [(path, headers) for m, path, headers in self.asked if m == method and part in path]

    def answer(self, handler):
        parts = [urllib.parse.unquote(p) for p in urllib.parse.urlsplit(handler.path).path.split("/")[1:]]
        if parts[0] == "blob":
            return self.ranged(handler, self.models["blobs"][parts[1]], {})
        if self.token and handler.headers.get("Authorization") != f"Bearer {self.token}":
            return 401, {"X-Error-Code": "RepoNotFound"}, b'{"error":"Invalid username or password."}'
        if parts[:2] == ["api", "models"] and "revision" in parts:
            at = parts.index("revision")
            return self.listing("/".join(parts[2:at]), parts[at + 1])
        if "resolve" in parts:
            at = parts.index("resolve")
            return self.file(handler, "/".join(parts[:at]), parts[at + 1], "/".join(parts[at + 2:]))
        return 404, {}, b"Not found"

    def listing(self, name, revision):
        model = self.models.get(name)
        if not model or revision not in model["revisions"]:
            return 404, {"X-Error-Code": "RevisionNotFound"}, b'{"error":"Revision not found"}'
        said = {"id": name, "sha": model["sha"], "siblings": [{"rfilename": f} for f in model["files"]], **model["more"]}
        return 200, {"Content-Type": "application/json"}, json.dumps(said).encode()

    def file(self, handler, name, revision, path):
        model = self.models.get(name)
        if not model or revision not in model["revisions"] or path not in model["files"]:
            return 404, {"X-Error-Code": "EntryNotFound"}, b"Entry not found"
        body = model["files"][path]
        headers = {"X-Repo-Commit": model["sha"], "ETag": f'"{git_sha1(body)}"'}
        if path not in model["linked"]:
            return self.ranged(handler, body, headers)
        self.store.models.setdefault("blobs", {})[sha256(body)] = body
        return 302, {"X-Linked-Etag": f'"{sha256(body)}"', "X-Linked-Size": len(body), **headers, "ETag": '"pointer"',
                     "Location": f"{self.store.url('localhost')}/blob/{sha256(body)}?signature=secret"}, b"Found"

    @staticmethod
    def ranged(handler, body, headers):
        said = handler.headers.get("Range")
        if not said or handler.command == "HEAD":
            return 200, dict(headers, **{"Accept-Ranges": "bytes"}), body
        begin = int(said.removeprefix("bytes=").rstrip("-"))
        if begin >= len(body):
            return 416, {"Content-Range": f"bytes */{len(body)}"}, b""
        return 206, dict(headers, **{"Content-Range": f"bytes {begin}-{len(body) - 1}/{len(body)}"}), body[begin:]


class Proxy:
    """Connects to what it is asked for by CONNECT, `heads`, and passes bytes on."""

    def __init__(self):
        self.socket, self.heads = socket.create_server(("127.0.0.1", 0)), []
        threading.Thread(target=self.accept, daemon=True).start()

    def url(self):
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def accept(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        head = b""
        with client:
            while not head.endswith(b"\r\n\r\n"):
                head += client.recv(1)
            self.heads.append(head)
            host, port = head.split(b" ")[1].decode().rsplit(":", 1)
            with socket.create_connection((host, int(port))) as server:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=self.pump, args=(server, client))
                back.start()
                self.pump(client, server)
                back.join()

    @staticmethod
    def pump(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


# ---- turns: how else it may answer ----

def says(code, body=b"", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda h, *_: h.send(code, named, body)


AT_ONCE = {"Retry-After": 0}  # so that tests need not wait


def cut(count):
    """All headers, and `count` bytes of what they promise."""
    def turn(h, code, headers, body):
        h.send(code, dict(headers, **AT_ONCE, **{"Content-Length": len(body)}), body[:count])
        h.hang_up()
    return turn


def stuck(count, until):
    """The same, and then nothing until the event."""
    def turn(h, code, headers, body):
        h.send(code, dict(headers, **AT_ONCE, **{"Content-Length": len(body)}), body[:count])
        until.wait(30)
        h.hang_up()
    return turn


def silent(h, *_):
    """On a connection that was used before, libcurl would try another one by itself."""
    h.hang_up()


def with_headers(**more):
    named = {name.replace("_", "-"): value for name, value in more.items()}
    return lambda h, code, headers, body: h.send(code, dict(headers, **named), body)


def with_body(change, **more):
    """Other bytes, under headers that are of those that should come."""
    def turn(h, code, headers, body):
        h.send(code, dict(headers, **more), change(body))
        h.hang_up()
    return turn
