"""charbench_lab.py: what check_charbench_run.py runs against: a server on the loopback that can misbehave, and a folder
with items and the answers of runs."""
import http.server
import json
import os
import pathlib
import resource
import signal
import subprocess
import sys
import threading
import time

TOK = os.path.abspath(sys.argv[1])
troubles = []


def expect(name, condition, *words):
    if not condition:
        troubles.append(name)
        print(f"{name}:", *words)


# ---- a server ---------------------------------------------------------------------------------------------------


class Server:
    """Answers 'say N' with 'N!'; what else it does to the n-th try of item N is up to misbehave()."""

    def __init__(self, misbehave=None, pace=0.0):
        self.misbehave, self.pace = misbehave, pace
        self.lock = threading.Lock()
        self.seen = []  # (time, item), of each question
        self.bodies, self.headers, self.paths = [], [], []
        self.open = self.most_open = 0
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                owner.talk(self)

            def do_GET(self):
                owner.paths.append("GET " + self.path)

            def log_message(self, *words):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.handle_error = lambda request, address: None
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()
        self.base = f"http://127.0.0.1:{self.http.server_port}"
        self.url = self.base + "/v1/chat/completions"

    def talk(self, handler):
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        prompt = body["prompt"] if "prompt" in body else body["messages"][-1]["content"]
        item = int(prompt.split()[1])
        with self.lock:
            self.bodies.append(body)
            self.headers.append(dict(handler.headers))
            self.paths.append(handler.path)
            self.seen.append((time.monotonic(), item))
            attempt = sum(i == item for _, i in self.seen)
            self.open += 1
            self.most_open = max(self.most_open, self.open)
        time.sleep(self.pace)
        with self.lock:
            self.open -= 1
        if self.misbehave and self.misbehave(handler, item, attempt):
            return
        text = f"{item}!" if item % 5 else f"{item} \u00e4\n\"\\\u2028"
        said = {"message": {"role": "assistant", "content": text}} if "messages" in body else {"text": text}
        send(handler, 200, {"choices": [{**said, "finish_reason": "stop"}],
                            "usage": {"prompt_tokens": 3, "completion_tokens": item, "details": {}}})

    def asked(self):
        with self.lock:
            return [item for _, item in self.seen]


def send(handler, code, said, length=None, **headers):
    data = said if isinstance(said, bytes) else json.dumps(said).encode()
    handler.send_response(code)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(length or len(data)))
    handler.end_headers()
    try:
        handler.wfile.write(data)
    except OSError:
        pass
    return True


# ---- running ------------------------------------------------------------------------------------------------------


class Place:
    """A folder with items, and what a run leaves in it."""

    def __init__(self, root, name, count=12):
        self.name, self.folder = name, pathlib.Path(root, name)
        self.folder.mkdir()
        self.items, self.answers = self.folder / "items", self.folder / "answers"
        self.write_items(count)

    def write_items(self, count, prompt="say {}"):
        self.items.write_text("".join(json.dumps(
            {"id": i, "task": "t", "word": "w", "prompt": prompt.format(i), "answer": f"{i}!"}) + "\n"
            for i in range(count)))

    def start(self, *args, key=None, limit=None):
        environment = {k: v for k, v in os.environ.items() if k != "OPENAI_API_KEY"}
        if key:
            environment["OPENAI_API_KEY"] = key

        def prepare():
            if limit:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        return subprocess.Popen([TOK, "charbench", "run", self.items, "-o", self.answers, *map(str, args)],
                                cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, preexec_fn=prepare)

    def run(self, *args, code=0, said="", **more):
        process = self.start(*args, **more)
        out, err = process.communicate(timeout=60)
        expect(self.name, process.returncode == code and said in err and not out, args, process.returncode, err)
        return err

    def records(self):
        text = self.answers.read_text()
        expect(self.name, not text or text.endswith("\n"), "the last line is not whole")
        return [json.loads(line) for line in text.split("\n")[:-1]]

    def outputs(self):
        """item -> output; an item that has two is trouble."""
        found = {}
        for r in self.records():
            if "output" in r:
                expect(self.name, r["id"] not in found, "answered twice:", r)
                found[r["id"]] = r["output"]
        return found

    def expect_all(self, count=12):
        outputs = self.outputs()
        expect(self.name, sorted(outputs) == list(range(count)), "answers", sorted(outputs))
        expect(self.name, all(outputs[i].split("!")[0].split(" ")[0] == str(i) for i in outputs), outputs)
