#!/usr/bin/env python3
"""Models on servers, from servers on the loopback that keep their word or break it.

    check_http.py build/tests/test_provider

Each server is one class here; its model is that of liar.py.  A build without libcurl is
skipped: exit 77.
"""
import http.server
import json
import math
import os
import subprocess
import sys
import threading
import time

SIZE = 300
KEY = "sk-much/secret"  # sent to every server here
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

    end = 2

    def tokens(self, question):
        if question["content"] == "</s>" and question["parse_special"] and not question["add_special"]:
            return [2]
        return [1] if question["content"] == "" and question["add_special"] else []

    def entries(self, context):
        order = sorted(range(SIZE), key=lambda i: (i * 7919) % SIZE)
        lps = row(context)
        return [{"id": i, "token": "\ufffd", "bytes": [i] if i < 256 else [],
                 "logprob": LOWEST if lps[i] == -math.inf else lps[i]} for i in order]

    def completion(self, question):
        assert question["n_predict"] == 1 and question["n_probs"] == SIZE
        assert question["post_sampling_probs"] is False and question["cache_prompt"] is False
        # What is sampled must be no part of a character: servers refuse that.
        assert question["logit_bias"] == [[self.end, 1e6]]
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
    end = 0

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


class Foreign(Llama):
    """Other tokens than the tokenizer's, and one that it does not have."""

    def entries(self, context):
        told = {65: [66], 66: [195, 164], 299: [104, 105]}
        return [{**e, "bytes": told.get(e["id"], e["bytes"])} for e in super().entries(context)]


class Wide(Llama):
    def entries(self, context):
        return [{**e, "bytes": [256]} for e in super().entries(context)]


class Secretive(Llama):
    """It tells no bytes, of which nothing follows."""

    def entries(self, context):
        return [{k: v for k, v in e.items() if k != "bytes"} for e in super().entries(context)]


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


class Echo(Llama):
    """Says no, and repeats the key that it was sent."""

    def answer(self, path, question):
        return 401, {"error": {"message": "no key " + KEY}}


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
        time.sleep(60)


class Closing(Llama):
    def completion(self, question):
        return None


class Completions:
    """Completions of the ids of bytes, after which those of letters are likely; names as text."""

    named = "{}"

    def weights(self, context):
        return {97: 8, 32: 4, 10: 2, 195: 1, 98: 0.5, 99: 0.25, 100: 0.125}

    def name(self, i):
        return "\ufffd" if i > 127 else chr(i)

    def best(self, context):
        weights = self.weights(context)
        return {i: math.log(w / 16) for i, w in weights.items()}

    def logprobs(self, best):
        return {"tokens": ["x"], "top_logprobs": [{self.name(i): lp for i, lp in best.items()}]}

    def answer(self, path, question):
        if path == "/v1/models":
            return 200, {"data": [{"id": "some model"}]}
        assert path == "/v1/completions" and question["max_tokens"] == 1 and question["logprobs"] == 5
        assert question["temperature"] == 1 and question["model"] in ("some model", "other")
        best = self.best(question["prompt"])
        told = {i: best[i] for i in list(best)[:5]}
        told[100] = best[100]  # what was sampled, though it is none of the best
        return 200, {"choices": [{"text": "x", "logprobs": self.logprobs(told)}]}


class Numbered(Completions):
    def name(self, i):
        return f"token_id:{i}"


class Listed(Completions):
    def logprobs(self, best):
        return {"content": [{"id": 97, "top_logprobs": [{"id": i, "logprob": lp} for i, lp in best.items()]}]}


class Doubled(Completions):
    def weights(self, context):
        return {97: 12, 32: 12, 10: 2, 98: 1, 99: 1, 100: 0.125}


class Unnamed(Completions):
    def logprobs(self, best):
        return None


def serve(model):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # a head and a body would wait for each other's receipt

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
    server.handle_error = lambda request, address: None  # who was refused, or gave up, is gone
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return server


def ask(url, contexts, kind="llama", milliseconds=10000):
    lines = "".join(" ".join(map(str, c)) + "\n" for c in contexts)
    return subprocess.run([PROGRAM, "--rows", f"{kind}:{url}", str(milliseconds)], input=lines, text=True,
                          capture_output=True, timeout=60, env={**os.environ, "PROVIDER_KEY": KEY})


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


def check_best(model, told, where):
    """The best few that have ids; the rest is what they leave."""
    server = serve(model())
    done = ask(f"http://127.0.0.1:{server.server_port}/v1{where}", [[1]], "openai")
    head, line = (done.stdout.splitlines() + ["", ""])[:2]
    expect(model.__name__, done.returncode == 0, done.stderr)
    expect(model.__name__, head == "completions 256 0 start eos", head)
    got = {name: math.exp(float(lp)) for name, lp in (word.split(":") for word in line.split())}
    best = model().weights([1])
    want = {str(i): best[i] / 16 for i in told}
    want["rest"] = 1 - sum(want.values())
    expect(model.__name__, list(got) == list(want), got)
    expect(model.__name__, all(abs(got[name] - want[name]) < 1e-12 for name in want if name in got), got, want)
    server.shutdown()


def check_lie(model, message, kind="llama"):
    server = serve(model())
    base = "" if kind == "llama" else "/v1"
    # Only who is late on purpose gets little time.
    done = ask(f"http://127.0.0.1:{server.server_port}{base}", [[1, 2]], kind, 500 if model is Hanging else 10000)
    expect(model.__name__, done.returncode == 4 and message in done.stderr, done.returncode, done.stderr)
    server.shutdown()


def main():
    if "without libcurl" in ask("http://127.0.0.1:9", []).stderr:
        print("SKIPPED: this build has no libcurl")
        sys.exit(77)
    check_honest(Llama, f"llama-server {SIZE} 64 start 1 eos 2")
    check_honest(Plain, f"llama-server {SIZE} 64 start eos")
    check_honest(Secretive, f"llama-server {SIZE} 64 start 1 eos 2")
    check_best(Completions, [97, 32, 10], "")
    check_best(Numbered, [97, 32, 10, 195, 98], "#other")
    check_best(Listed, [97, 32, 10, 195, 98], "/")
    check_lie(Doubled, "sum to", "openai")
    check_lie(Unnamed, "no 'top_logprobs'", "openai")
    lies = [(Short, "a row of 299 ids: the model has 300"), (Twice, "has no id of its own"),
            (Strange, "has no id of its own"), (Nothing, "has no id of its own"), (Warm, "sum to"),
            (Foreign, "3 of 257 ids differ: 66 adds 0xc3a4, here 'B'; 299 adds 'hi', here nothing; 65 adds 'B'"),
            (Wide, "what is no byte"),
            (Silent, "no 'top_logprobs'"), (Busy, "says 503: 'Loading model'"),
            (Echo, "says 401: 'no key " + "*" * len(KEY) + "'"), (Other, "no llama-server"),
            (Garbage, "line 1"), (Endless, "an answer of more than"), (Hanging, "timed out"), (Closing, "/completion")]
    for model, message in lies:
        check_lie(model, message)
    for url, message in (("http://127.0.0.1:9", "127.0.0.1:9"), ("ftp://127.0.0.1/", "must begin with http"),
                         ("127.0.0.1:80", "must begin with http")):
        done = ask(url, [[1]])
        expect(url, done.returncode == 4 and message in done.stderr, done.stderr)
    print(f"{8 + len(lies)} servers, {len(troubles)} troubles")
    sys.exit(bool(troubles))


main()
