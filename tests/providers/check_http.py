#!/usr/bin/env python3
"""Models on servers, from servers on the loopback that keep their word or break it.

    check_http.py build/tests/test_provider

Each server is one class here; its model is that of liar.py.  A build without libcurl is
skipped: exit 77.
"""
import http.server
import json
import math
import subprocess
import sys
import threading
import time

SIZE = 300
LOWEST = -3.4028234663852886e38  # what a llama-server says for the logarithm of 0
PROGRAM = sys.argv[1]
troubles = []


def row(context):
    last = context[-1] if context else 0
    weights = [0 if i == 7 else 1 + (7 * i + 3 * last + len(context)) % 5 for i in range(SIZE)]
    total = sum(weights)
    return [math.log(w / total) if w else -math.inf for w in weights]


class Llama:
    """llama-server, as far as it is asked."""

    models = {"object": "list", "data": [{"id": "m", "meta": {"n_vocab": SIZE, "n_ctx_train": 4096}}]}
    props = {"default_generation_settings": {"n_ctx": 65}, "eos_token": "</s>", "bos_token": "<s>"}

    def __init__(self):
        self.refused = 0

    def tokens(self, question):
        if question["content"] == "</s>" and question["parse_special"] and not question["add_special"]:
            return [2]
        return [1] if question["content"] == "" and question["add_special"] else []

    def entries(self, context):
        order = sorted(range(SIZE), key=lambda i: (i * 7919) % SIZE)
        lps = row(context)
        return [{"id": i, "token": "\ufffd", "bytes": [255], "logprob": LOWEST if lps[i] == -math.inf else lps[i]}
                for i in order]

    def completion(self, question):
        assert question["n_predict"] == 1 and question["n_probs"] == SIZE
        assert question["post_sampling_probs"] is False and question["cache_prompt"] is False
        entries = self.entries(question["prompt"])
        return {"content": "", "completion_probabilities": [{**entries[0], "top_logprobs": entries}]}

    def answer(self, path, question):
        if path == "/v1/models":
            return 200, self.models
        if path == "/props":
            return 200, self.props
        if path == "/tokenize":
            return 200, {"tokens": self.tokens(question)}
        return (200, self.completion(question)) if path == "/completion" else (404, {})


class Plain(Llama):
    """A model without beginning, and whose end has no text."""

    props = {"default_generation_settings": {"n_ctx": 65}, "eos_token": ""}

    def tokens(self, question):
        return []


class Short(Llama):
    def entries(self, context):
        return super().entries(context)[:-1]


class Twice(Llama):
    def entries(self, context):
        entries = super().entries(context)
        entries[5]["id"] = entries[6]["id"]
        return entries


class Strange(Llama):
    def entries(self, context):
        entries = super().entries(context)
        entries[5]["id"] = SIZE
        return entries


class Nothing(Llama):
    def entries(self, context):
        entries = super().entries(context)
        entries[5]["logprob"] = None
        return entries


class Warm(Llama):
    """Some other temperature, without normalising."""

    def entries(self, context):
        return [{**e, "logprob": e["logprob"] / 2} for e in super().entries(context)]


class Silent(Llama):
    def completion(self, question):
        return {"content": "x"}


class Busy(Llama):
    def answer(self, path, question):
        return 503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}


class Other(Llama):
    models = {"data": [{"id": "gpt"}]}


class Garbage(Llama):
    def answer(self, path, question):
        return 200, b"<html>"


class Endless(Llama):
    def answer(self, path, question):
        return 200, b"[" + b"1," * (9 << 20)


class Hanging(Llama):
    def completion(self, question):
        time.sleep(8)


class Closing(Llama):
    def completion(self, question):
        return None


def serve(model):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def talk(self):
            length = int(self.headers.get("Content-Length", 0))
            question = json.loads(self.rfile.read(length)) if length else None
            code, said = model.answer(self.path, question)
            if self.path == "/completion" and said is None:
                self.close_connection = True
                return
            data = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            try:
                self.wfile.write(data)
            except OSError:
                pass

        do_GET = do_POST = talk

        def log_message(self, *words):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def ask(url, contexts):
    lines = "".join(" ".join(map(str, c)) + "\n" for c in contexts)
    return subprocess.run([PROGRAM, "--rows", "llama:" + url], input=lines, text=True, capture_output=True, timeout=60)


def expect(name, condition, *words):
    if not condition:
        troubles.append(name)
        print(f"{name}: ", *words)


def check_honest(model, info):
    server = serve(model())
    contexts = [[1], [1, 5, 9], [1] + [4] * 63]
    done = ask(f"http://127.0.0.1:{server.server_port}/", contexts)
    head, *lines = done.stdout.splitlines() or [""]
    expect(model.__name__, done.returncode == 0, done.stderr)
    expect(model.__name__, head == info, head)
    expect(model.__name__, len(lines) == 3, len(lines), "rows")
    for context, line in zip(contexts, lines):
        for got, want in zip(map(float, line.split()), row(context)):
            expect(model.__name__, got == want or abs(got - want) < 1e-14, context, got, want)
    over = ask(f"http://127.0.0.1:{server.server_port}", [[1] * 65])
    expect(model.__name__, over.returncode == 4 and "takes 64" in over.stderr, over.stderr)
    server.shutdown()


def check_lie(model, message):
    server = serve(model())
    done = ask(f"http://127.0.0.1:{server.server_port}", [[1, 2]])
    expect(model.__name__, done.returncode == 4 and message in done.stderr, done.returncode, done.stderr)
    server.shutdown()


def main():
    if "without libcurl" in ask("http://127.0.0.1:9", []).stderr:
        print("SKIPPED: this build has no libcurl")
        sys.exit(77)
    check_honest(Llama, f"llama-server {SIZE} 64 start 1 eos 2")
    check_honest(Plain, f"llama-server {SIZE} 64 start eos")
    lies = [(Short, "a row of 299 ids: the model has 300"), (Twice, "has no id of its own"),
            (Strange, "has no id of its own"), (Nothing, "has no id of its own"), (Warm, "sum to"),
            (Silent, "no 'top_logprobs'"), (Busy, "says 503: 'Loading model'"), (Other, "no llama-server"),
            (Garbage, "line 1"), (Endless, "an answer of more than"), (Hanging, "timed out"), (Closing, "/completion")]
    for model, message in lies:
        check_lie(model, message)
    for url, message in (("http://127.0.0.1:9", "127.0.0.1:9"), ("ftp://127.0.0.1/", "must begin with http"),
                         ("127.0.0.1:80", "must begin with http")):
        done = ask(url, [[1]])
        expect(url, done.returncode == 4 and message in done.stderr, done.stderr)
    print(f"{2 + len(lies)} servers, {len(troubles)} troubles")
    sys.exit(bool(troubles))


main()
