#!/usr/bin/env python3
"""check_hub.py TOK: tok vocab add hf:ORG/MODEL beside a hub on the loopback that answers well, badly,
slowly, partly, or with malice."""
import contextlib
import glob
import hashlib
import json
import os
import random
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import hub_server as server  # noqa: E402

TOK = os.path.abspath(sys.argv.pop(1))
TEXT = b"the dog and the cat, the dogs"
SHA = "89abcdef" * 5


def hf(words, more=0):
    """A BPE of letters and of these words, and `more` bytes that mean nothing."""
    vocab, merges = {letter: i for i, letter in enumerate("abcdefghijklmnopqrstuvwxyz, ")}, []
    for word in words:
        for end in range(2, len(word) + 1):
            if word[:end] not in vocab:
                vocab[word[:end]] = len(vocab)
                merges.append([word[:end - 1], word[end - 1]])
    made = {"added_tokens": [], "model": {"type": "BPE", "vocab": vocab, "merges": merges}}
    if more:
        made["padding_note"] = random.Random(1).randbytes(more // 2).hex()
    return json.dumps(made).encode()


known_ids = {}
DOG, CAT, LONG = hf(["the", "dog"]), hf(["cat", "and"]), hf(["the", "dog"], 300_000)


class Hubs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub, cls.store = server.Hub(), server.Hub()
        cls.hub.store = cls.store

    @classmethod
    def tearDownClass(cls):
        for hub in (cls.hub, cls.store):
            hub.shutdown()
            hub.server_close()

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = folder.name
        for hub in (self.hub, self.store):
            hub.models, hub.turns, hub.asked, hub.served, hub.token = {}, {}, [], 0, None
        self.hub.add("org/dog", {"README.md": b"#", "tokenizer.json": DOG}, SHA, ("main", "v1", "refs/pr/1"))
        self.hub.add("org/long", {"tokenizer.json": LONG}, SHA)
        self.hub.add("org/large", {"tokenizer.json": LONG}, SHA, linked=("tokenizer.json",))

    def path(self, name):
        return os.path.join(self.home, name)

    def write(self, name, data):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "wb") as file:
            file.write(data)

    def environment(self):
        kept = {k: v for k, v in os.environ.items() if not k.upper().startswith("HF_") and not k.lower().endswith("_proxy")
                and k not in ("XDG_CACHE_HOME", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")}
        return dict(kept, TOK_CACHE="off", TOK_STORE=self.path("store"), HOME=self.home, HF_ENDPOINT=self.hub.url())

    def start(self, *words, preexec=None, **more):
        return subprocess.Popen((TOK, *words), env={**self.environment(), **more}, cwd=self.home, stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=preexec)

    def tok(self, *words, data=b"", **more):
        run = self.start(*words, **more)
        out, err = run.communicate(data, timeout=60)
        return run.returncode, out, err.decode()

    def add(self, *words, **more):
        self.assertEqual(self.tok("vocab", "add", *words, **more), (0, b"", ""), words)

    def refused(self, *words, says, lines=1, **more):
        """Exit 2, one sentence without secrets, and no store."""
        code, out, err = self.tok("vocab", "add", *words, **more)
        self.assertEqual((code, out, err.count("\n")), (2, b"", lines), err)
        self.assertRegex(err, says)
        self.assertNotIn("SECRET", err)
        self.assertFalse(os.path.exists(self.path("store/store.db")))

    def rows(self, sql, *values):
        with contextlib.closing(sqlite3.connect(self.path("store/store.db"))) as db:
            return db.execute(sql, values).fetchall()

    def noted(self, name):
        return self.rows("SELECT origin, licence FROM vocabulary WHERE name = ?", name)[0]

    def files(self, name):
        return self.rows("SELECT file.name, bytes FROM file JOIN content USING(hash) JOIN vocabulary "
                         "ON vocabulary = vocabulary.id WHERE vocabulary.name = ? ORDER BY place", name)

    def holds(self, name, *files):
        """These are the files it was made of, and nothing lies about."""
        self.assertEqual([n for _, n in self.files(name)], [len(f) for f in files])
        self.assertEqual(self.parts(), {})
        if len(files) == 1:
            self.assertEqual(self.tok("encode", "-t", name, data=TEXT)[1], self.ids(files[0]))

    def ids(self, body):
        if body not in known_ids:
            self.write("x.json", body)
            known_ids[body] = self.tok("encode", "-t", "x.json", data=TEXT)[1]
            self.assertTrue(known_ids[body])
        return known_ids[body]

    def count(self):
        return self.rows("SELECT count(*) FROM vocabulary")[0][0]

    def parts(self):
        return {os.path.basename(p): os.path.getsize(p) for p in glob.glob(self.path("store/downloads/*"))}


class Progress(Hubs):
    def add_at_terminal(self, *words):
        """What standard error has, which is a terminal."""
        master, slave = os.openpty()
        run = subprocess.Popen((TOK, "vocab", "add", *words), env=self.environment(), cwd=self.home, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=slave)
        os.close(slave)
        said = b""
        with contextlib.suppress(OSError):  # at its end
            while data := os.read(master, 4096):
                said += data
        os.close(master)
        self.assertEqual((run.communicate()[0], run.returncode), (b"", 0), said)
        return said.decode()

    @staticmethod
    def slowly(seconds=1.1):
        """Half of it at once, the other half after so long."""
        def turn(h, code, headers, body):
            h.send(code, dict(headers, **{"Content-Length": len(body)}), b"")
            h.put(body[:len(body) // 2])
            time.sleep(seconds)
            h.put(body[len(body) // 2:])
        return turn

    def test_a_terminal_is_told(self):
        self.hub.turn("GET", "resolve", self.slowly())
        said = self.add_at_terminal("hf:org/long")
        self.assertRegex(said, r"^[0-9.]+ MB, [0-9.]+ MB/s(, [0-9]+ s left)?\r\x1b\[K$")
        self.holds("org/long", LONG)

    def test_nobody_else_is(self):
        self.hub.turn("GET", "resolve", self.slowly())
        self.add("hf:org/long")
        code, out, err = self.tok("vocab", "add", "two", "hf:org/long", "--progress", "always")
        self.assertEqual((code, out), (0, b""))
        self.assertRegex(err, r"^0\.3 MB, [0-9.]+ MB/s\n$")
        self.assertEqual(self.add_at_terminal("three", "hf:org/long", "--progress", "never"), "")

    def test_what_was_there_counts_for_nothing(self):
        """A third of it came once, which the next one has not to wait for."""
        self.write(f"store/downloads/{server.git_sha1(LONG)}", LONG[:len(LONG) // 3])
        code, out, err = self.tok("vocab", "add", "hf:org/long", "--progress", "always")
        self.assertEqual((code, out), (0, b""))
        self.assertRegex(err, r"^0\.2 MB, [0-9.]+ MB/s\n$")
        self.holds("org/long", LONG)


class Models(Hubs):
    def test_a_model_is_its_tokenizer(self):
        self.hub.models["org/dog"]["more"] = {"cardData": {"license": "apache-2.0"}, "tags": ["license:mit"]}
        self.add("dog", "hf:org/dog")
        self.holds("dog", DOG)
        self.assertEqual(self.noted("dog"), (f"hf:org/dog@{SHA}", "apache-2.0"))
        self.assertEqual(self.files("dog"), [("tokenizer.json", len(DOG))])
        self.assertEqual(self.tok("vocab", "verify")[1], b"1 sound, 0 not\n")
        self.assertEqual(self.hub.requests("GET")[0][0], "/api/models/org/dog/revision/main")
        self.assertEqual({p for p, _ in self.hub.requests("GET", "resolve") + self.hub.requests("HEAD")},
                         {f"/org/dog/resolve/{SHA}/tokenizer.json"})
        for _, headers in self.hub.requests("GET"):
            self.assertNotIn("Authorization", headers)
            self.assertRegex(headers["User-Agent"], r"^tok/[0-9]")

    def test_names_and_revisions(self):
        self.hub.models["gpt"] = dict(self.hub.models["org/dog"], more={"tags": ["x", "license:mit"]})
        self.add("hf:org/dog@refs/pr/1")
        self.assertEqual(self.hub.requests("GET")[0][0], "/api/models/org/dog/revision/refs%2Fpr%2F1")
        self.add("hf:gpt", "--origin", "a friend")
        self.assertEqual(self.noted("gpt"), ("a friend", "mit"))
        self.add("mine", f"hf:gpt@{SHA}", "--licence", "BSD")
        self.assertEqual(self.noted("mine"), (f"hf:gpt@{SHA}", "BSD"))
        self.holds("org/dog", DOG)

    def test_what_is_no_name(self):
        for name in ("", "../x", "org/dog@../x"):
            self.refused("x", "hf:" + name, says="is no model: hf: takes ORG/MODEL", lines=2)
        self.refused("hf:-dog", says="is no name for a vocabulary", lines=2)
        self.refused("bytes", "hf:org/dog", says="is built in", lines=2)
        self.refused("org/dog", says="not 1 operands", lines=2)
        self.assertEqual(self.hub.asked, [])

    def test_a_taken_name_is_not_downloaded_for(self):
        self.add("dog", "hf:org/dog")
        asked = len(self.hub.asked)
        code, _, err = self.tok("vocab", "add", "dog", "hf:org/dog")
        self.assertEqual((code, len(self.hub.asked)), (2, asked))
        self.assertIn("there is a vocabulary called 'dog' already", err)
        self.hub.models["org/dog"]["files"]["tokenizer.json"] = CAT
        self.add("dog", "hf:org/dog", "--replace")
        self.holds("dog", CAT)

    def test_which_files(self):
        model = json.loads(DOG)["model"]
        vocab = json.dumps(model["vocab"]).encode()
        merges = b"#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in model["merges"]).encode()
        bert = b"[UNK]\nthe\ndog\n"
        noise = {"config.json": b"{}", "sub/tokenizer.json": CAT, ".x.model": CAT, "model.safetensors": b"x"}
        for i, (files, names) in enumerate((
                ({"tokenizer.json": DOG, "vocab.json": vocab, "merges.txt": merges, "a.model": b"x"}, ["tokenizer.json"]),
                ({"vocab.json": vocab, "merges.txt": merges, "vocab.txt": bert}, ["vocab.json", "merges.txt"]),
                ({"encoder.json": vocab, "vocab.bpe": merges, "merges.txt": b"?"}, ["encoder.json", "vocab.bpe"]),
                ({"vocab.json": vocab, "vocab.bpe": merges}, ["vocab.json", "vocab.bpe"]),
                ({"vocab.txt": bert, "z.gguf": b"x"}, ["vocab.txt"]))):
            self.hub.add(f"org/m{i}", {**noise, **files}, SHA)
            self.add(f"hf:org/m{i}")
            self.assertEqual([n for n, _ in self.files(f"org/m{i}")], names)
            self.holds(f"org/m{i}", *(files[n] for n in names))

    def test_two_files_of_one_checksum(self):
        """The second is the first, and is not waited for."""
        self.hub.add("org/two", {"vocab.json": DOG, "merges.txt": CAT + b" "}, SHA)
        self.hub.turn("HEAD", "merges.txt", server.with_headers(ETag=server.git_sha1(DOG)),
                      server.with_headers(ETag=server.git_sha1(DOG), X_Linked_Size=len(DOG)))
        self.refused("hf:org/two", says=f"merges.txt: {len(DOG)} bytes came, and it should have {len(CAT) + 1}")
        code, _, err = self.tok("vocab", "add", "hf:org/two")
        self.assertEqual((code, self.parts(), self.hub.requests("GET", "merges.txt")), (2, {}, []))
        self.assertNotIn("should have", err)

    def test_no_tokenizer(self):
        self.hub.add("org/none", {"config.json": b"{}", "sub/tokenizer.json": DOG, "model.safetensors": b"x"}, SHA)
        self.refused("hf:org/none", says=r"^tok vocab: hf:org/none: there is no tokenizer among its files: none of "
                     r"tokenizer.json, tekken.json, \*.model, vocab.json, encoder.json, vocab.txt, \*.tiktoken and \*.gguf$")
        self.hub.add("org/half", {"vocab.json": b"{}", "config.json": b"{}"}, SHA)
        self.refused("hf:org/half", says="vocab.json is half of a tokenizer: there is no 'merges.txt' and no 'vocab.bpe'")
        self.hub.add("org/other", {"tokenizer.json": b"{}"}, SHA)
        code, _, err = self.tok("vocab", "add", "hf:org/other")
        self.assertEqual((code, self.count(), self.parts()), (2, 0, {}), err)


class Refusals(Hubs):
    def test_tokens(self):
        self.hub.token = "hf_abc"
        self.refused("hf:org/dog", says=r"needs a token \(HF_TOKEN\), and access may have to be asked for on the model's page, "
                     + self.hub.url() + "/org/dog$")
        self.refused("hf:org/dog", HF_TOKEN="hf_wrong", says="this token is not enough: access has to be asked for")
        self.hub.turn("GET", "/api/", server.says(403))
        self.refused("hf:org/dog", says=r"it needs a token \(HF_TOKEN\): access has to be asked for")
        self.hub.turn("HEAD", "", server.says(403))
        self.refused("hf:org/dog", HF_TOKEN="hf_abc", says="this token is not enough: access has to be asked for")
        self.hub.token = None
        for token in ("a\nX-Evil: 1", "caf\u00e9", "x" * 1024):
            self.refused("hf:org/dog", HF_TOKEN=token, says="the token must be less than 1000 visible ASCII characters")

    def test_where_a_token_is(self):
        self.hub.token = "hf_abc"
        self.add("a", "hf:org/dog", HF_TOKEN=" hf_abc\n")
        self.write(".cache/huggingface/token", b"hf_abc\n")
        self.add("b", "hf:org/dog")
        self.write(".cache/huggingface/token", b"hf_old\n")
        self.write("hf/token", b"hf_abc")
        self.add("c", "hf:org/dog", HF_HOME=self.path("hf"), HF_TOKEN="")
        self.write("xdg/huggingface/token", b"hf_abc")
        self.add("d", "hf:org/dog", XDG_CACHE_HOME=self.path("xdg"))

    def test_not_there(self):
        self.refused("hf:org/cat", says=f"hf:org/cat: {self.hub.url()} has no such model, or it has no revision 'main'")
        self.refused("hf:org/dog@v9", says="no revision 'v9'")
        self.hub.turn("HEAD", "", server.says(404))
        self.refused("hf:org/dog", says="has no such model")
        self.hub.turn("GET", "/api/", server.says(418))
        self.refused("hf:org/dog", says="says 418")

    def test_lists_that_are_none(self):
        """Also names that lead elsewhere, which nobody asks for; unit.hub has more of them."""
        hostile = [{"rfilename": n} for n in ("../../tokenizer.json", "/etc/tokenizer.json", "..", "a/../tokenizer.json")]
        for body, says in ((b"<html>", "line 1"), (b'{"sha": "main"}', "'sha' must be"),
                           (json.dumps({"sha": SHA, "siblings": hostile}).encode(), "no tokenizer among")):
            self.hub.turn("GET", "/api/", server.says(200, body))
            self.refused("hf:org/dog", says=says)
        self.assertEqual(self.hub.requests("HEAD"), [])
        self.assertEqual(os.listdir(self.home), [])

    def test_endpoints(self):
        for endpoint in ("huggingface.co", "file:///etc", "https:///x", "http://a b", "http://h/?x"):
            self.refused("hf:org/dog", HF_ENDPOINT=endpoint, says="endpoint must be as https://huggingface.co, with no . or #, not '")
        self.add("hf:org/dog", HF_ENDPOINT=self.hub.url() + "//")
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            code, _, err = self.tok("vocab", "add", "x", "hf:org/dog",
                                    HF_ENDPOINT=f"http://127.0.0.1:{nobody.getsockname()[1]}")
        self.assertEqual(code, 2)
        self.assertRegex(err, r"^tok vocab: hf:org/dog: http://127.0.0.1:[0-9]+/api/models/org/dog/revision/main: .+\n$")

    def test_passwords_are_not_told(self):
        named = self.hub.url().replace("://", "://me:SECRET@")
        self.hub.turn("GET", "/api/", *[server.says(code) for code in (404, 401, 403, 418)],
                      *[server.says(500, Retry_After=0)] * 5, server.says(302, Location=named.replace("http", "ftp") + "/x"))
        for _ in range(6):
            self.refused("hf:org/dog", HF_ENDPOINT=named, says=f"127.0.0.1:{self.hub.server_port}")
        for endpoint in (named.removeprefix("http://"), named + "?x", "http://me:SECRET@127.0.0.1:1"):
            self.refused("hf:org/dog", HF_ENDPOINT=endpoint, says="127.0.0.1")
        self.add("hf:org/dog", HF_ENDPOINT=named)

    def test_places_that_move_a_terminal(self):
        for place in ("ftp://x", "https://127.0.0.1:1", self.hub.url() + "/404"):
            self.hub.turn("GET", "/api/", server.says(302, Location=place + "/\x1b]0;x\x07\x1b[31m"))
            self.refused("hf:org/dog", says="^tok vocab: [^\x01-\x1f]*\n$")

    def test_offline(self):
        self.refused("hf:org/dog", HF_HUB_OFFLINE="1",
                     says="hf:org/dog: the hub's cache has it not, and HF_HUB_OFFLINE is set: nothing is downloaded")
        for place, commit, body in (("v1", "0a" * 20, CAT), ("main", SHA, DOG)):
            root = ".cache/huggingface/hub/models--org--dog"
            self.write(f"{root}/snapshots/{commit}/tokenizer.json", body)
            self.write(f"{root}/refs/{place}", commit.encode())
        for word in ("YES", "On"):
            self.add(word, "hf:org/dog", HF_HUB_OFFLINE=word)
        self.add("hf:org/dog@v1", HF_HUB_OFFLINE="1")
        self.assertEqual(self.hub.asked, [])
        self.assertEqual(self.noted("On")[0], f"hf:org/dog@{SHA}")
        self.assertEqual(self.noted("org/dog")[0], "hf:org/dog@" + "0a" * 20)
        self.holds("org/dog", CAT)
        self.add("hf:org/long", HF_HUB_OFFLINE="0")
        self.assertTrue(self.hub.asked)


class Redirections(Hubs):
    def test_another_server_never_hears_the_token(self):
        self.hub.token = "hf_abc"
        self.add("hf:org/large", HF_TOKEN="hf_abc")
        self.holds("org/large", LONG)
        self.assertEqual(len(self.store.requests("GET", "/blob/")), 1)
        self.assertEqual(self.store.requests("HEAD"), [])
        for _, headers in self.hub.requests("GET"):
            self.assertEqual(headers["Authorization"], "Bearer hf_abc")
        for _, headers in self.store.requests("GET"):
            self.assertNotIn("Authorization", headers)

    def test_another_name_of_the_host_is_another_host(self):
        """Nor does it hear it when it is led back."""
        api = "/api/models/org/dog/revision/main"
        self.hub.turn("GET", api, server.says(302, Location=self.hub.url("localhost") + api),
                      server.says(302, Location=self.hub.url() + api))
        self.add("hf:org/dog", HF_TOKEN="hf_abc")
        said = [headers.get("Authorization") for _, headers in self.hub.requests("GET", api)]
        self.assertEqual(said, ["Bearer hf_abc", None, None])
        self.assertEqual([h["Host"].split(":")[0] for _, h in self.hub.requests("GET", api)],
                         ["127.0.0.1", "localhost", "127.0.0.1"])

    def test_lookalikes(self):
        for host in (f"127.0.0.1:{self.hub.server_port}@localhost:{self.store.server_port}",
                     f"127.0.0.1:{self.store.server_port}"):
            self.hub.turn("GET", "/api/", server.says(302, Location=f"http://{host}/api/x"))
            self.refused("hf:org/dog", HF_TOKEN="hf_abc", says="has no such model")
        self.assertEqual(len(self.store.asked), 2)
        self.assertNotIn("Bearer", str(self.store.asked))

    def test_a_model_that_was_renamed(self):
        self.hub.token = "hf_abc"
        self.hub.models["org/new"] = self.hub.models["org/dog"]
        for method, part, to in (("GET", "/api/", "/api/models/org/new/revision/main"),
                                 ("HEAD", "resolve", f"/org/new/resolve/{SHA}/tokenizer.json"),
                                 ("GET", "resolve", f"/org/new/resolve/{SHA}/tokenizer.json")):
            self.hub.turn(method, part, server.says(307, Location=to))
        self.add("hf:org/dog", HF_TOKEN="hf_abc")
        self.holds("org/dog", DOG)
        self.assertTrue(all(h["Authorization"] == "Bearer hf_abc" for _, _, h in self.hub.asked))

    def test_loops_and_strange_places(self):
        loop = "/api/models/org/dog/revision/main"
        self.hub.turn("GET", "/api/", *[server.says(302, Location=loop)] * 9)
        self.refused("hf:org/dog", says="more than 5 redirections")
        self.assertEqual(len(self.hub.asked), 6)
        self.hub.turn("GET", "/api/", *[server.says(302, Location=loop)] * 5)
        self.add("five", "hf:org/dog")
        os.remove(self.path("store/store.db"))
        for place in ("file:///etc/passwd", "dict://127.0.0.1:1/x"):
            self.hub.turn("GET", "/api/", server.says(302, Location=place))
            self.refused("hf:org/dog", says=f"redirects to '{place}': only https, or http from http, is followed")
        self.hub.turn("GET", "/api/", server.says(302))
        self.refused("hf:org/dog", says="redirects to nowhere")


class Secure(Hubs):
    """Over TLS.  Here self.hub is without it, and self.tls, self.other and self.third are with it: on the address of
    the certificate, and the third on another."""
    names = ("tls", "other", "third")
    api, file = "/api/models/org/dog/revision/main", f"/org/dog/resolve/{SHA}/tokenizer.json"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name, host in zip(cls.names, ("127.0.0.1", "127.0.0.1", "127.0.0.2")):
            setattr(cls, name, server.Hub(host, secure=True))

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        for hub in (cls.tls, cls.other, cls.third):
            hub.shutdown()
            hub.server_close()

    def setUp(self):
        super().setUp()
        for hub in (self.tls, self.other, self.third):
            hub.models, hub.turns, hub.asked, hub.served, hub.token = dict(self.hub.models), {}, [], 0, None
        self.tls.token, self.tls.store = "hf_abc", self.other

    def environment(self):
        return dict(super().environment(), HF_ENDPOINT=self.tls.url(), HF_TOKEN="hf_abc", SSL_CERT_FILE=str(server.CERTIFICATE))

    def heard(self, hub, method="GET", part=""):
        return [headers.get("Authorization") for _, headers in hub.requests(method, part)]

    def test_a_server_that_is_trusted(self):
        self.add("hf:org/dog")
        self.holds("org/dog", DOG)
        self.assertEqual(self.heard(self.tls), ["Bearer hf_abc"] * 2)
        self.add("b", "hf:org/dog", CURL_CA_BUNDLE=str(server.CERTIFICATE), SSL_CERT_FILE=self.path("nothing"))
        self.add("c", "hf:org/dog", CURL_CA_BUNDLE="")

    def test_cut_behind_a_proxy(self):
        """Whose own answers are none of the server's."""
        proxy = server.Proxy()
        self.addCleanup(proxy.close)
        self.tls.turn("GET", "/org/long/resolve", server.cut(100_000), server.cut(50_000))
        self.add("hf:org/long", https_proxy=proxy.url())
        self.holds("org/long", LONG)
        self.assertEqual([h.get("Range") for _, h in self.tls.requests("GET", "/org/long/resolve")],
                         [None, "bytes=100000-", "bytes=150000-"])
        self.assertEqual({head.split()[0] for head in proxy.heads}, {b"CONNECT"})

    def test_a_server_that_is_not(self):
        """It hears nothing, nor does one that is called otherwise than its certificate says."""
        self.refused("hf:org/dog", SSL_CERT_FILE="",
                     says=f"^tok vocab: hf:org/dog: {self.tls.url()}{self.api}: its certificate is not trusted .SSL_CERT_FILE.: .")
        self.refused("hf:org/dog", HF_ENDPOINT=self.third.url("127.0.0.2"), says="its certificate is not trusted")
        self.assertEqual((self.tls.asked, self.third.asked), ([], []))
        self.tls.turn("GET", self.api, server.says(302, Location=self.third.url("127.0.0.2") + self.api))
        self.refused("hf:org/dog", says=f"{self.third.url('127.0.0.2')}{self.api}: its certificate is not trusted")
        self.assertEqual(self.third.asked, [])

    def test_certificates_that_are_none(self):
        self.write("empty", b"")
        self.write("text", b"hello\n")
        for name in ("empty", "text", "nothing"):
            self.refused("hf:org/dog", SSL_CERT_FILE=self.path(name),
                         says=f"^tok vocab: hf:org/dog: '{self.path(name)}' must be a PEM file of certificates to trust$")
        self.assertEqual(self.tls.asked, [])

    def test_never_to_a_server_without(self):
        """Whatever is asked for, and whoever leads there: it hears nothing at all."""
        for method, part, turned in (("GET", self.api, self.api), ("HEAD", "resolve", self.file), ("GET", "resolve", self.file)):
            for last in (self.tls, self.other):
                self.tls.turn(method, part, server.says(302, Location=self.other.url() + turned))
                last.turn(method, part, server.says(302, Location=self.hub.url() + turned))
                self.refused("hf:org/dog", says=f"{last.url()}{turned}: redirects to '{self.hub.url()}{turned}': only https, or "
                             "http from http, is followed$")
        self.assertEqual(self.hub.asked, [])

    def test_another_server_never_hears_the_token(self):
        """Of the same scheme: another port, another name; and not when it is led back."""
        self.add("hf:org/large")
        self.holds("org/large", LONG)
        self.assertEqual((self.heard(self.other), set(self.heard(self.tls))), ([None], {"Bearer hf_abc"}))
        self.tls.token, self.tls.asked = None, []
        self.tls.turn("GET", self.api, server.says(302, Location=self.tls.url("localhost") + self.api),
                      server.says(302, Location=self.tls.url() + self.api))
        self.add("hf:org/dog")
        self.assertEqual(self.heard(self.tls, "GET", self.api), ["Bearer hf_abc", None, None])

    def test_to_a_server_with_it(self):
        """From one without it, where the token was meant for that one."""
        self.hub.turn("GET", self.api, server.says(302, Location=self.other.url() + self.api))
        self.add("hf:org/dog", HF_ENDPOINT=self.hub.url())
        self.assertEqual((self.heard(self.hub, "GET", self.api), self.heard(self.other)), (["Bearer hf_abc"], [None]))


class Bytes(Hubs):
    """What comes is what should come, or nothing is added."""

    def test_wrong_bytes(self):
        name = f"/org/long/resolve/{SHA}/tokenizer.json"
        for turn, says in (
                (server.with_body(lambda b: b[:-9] + b'"oops": 1}'[-9:]), "not the checksum"),
                (server.with_body(lambda b: CAT), f"{len(CAT)} bytes came, and it should have {len(LONG)}"),
                (server.with_body(lambda b: b + b" "), f"more than {len(LONG)} bytes are sent"),
                (server.with_body(lambda b: b + b" " * 9999, **{"Content-Length": None}), "more than"),
                (server.with_body(lambda b: b"", **{"Content-Length": 0}), "0 bytes came")):
            self.hub.turn("GET", name, turn)
            self.refused("hf:org/long", says=r"^tok vocab: hf:org/long: .*" + says)
            self.assertEqual(self.parts(), {})

    def test_checksums_that_are_none(self):
        for etag in (None, "x" * 40, "0" * 999):
            self.hub.turn("HEAD", "", server.with_headers(ETag=etag))
            self.refused("hf:org/dog", says="the server tells no checksum of it")
        for i, form in enumerate(('W/"%s"', "%s")):
            self.hub.turn("HEAD", "", server.with_headers(ETag=form % server.git_sha1(DOG).upper()))
            self.add(f"d{i}", "hf:org/dog")

    def test_too_large(self):
        self.hub.turn("HEAD", "", server.with_headers(X_Linked_Size=(512 << 20) + 1))
        self.refused("hf:org/dog", says="it has 536870913 bytes, and a file of a store at most 512 MB")
        self.hub.turn("GET", "/api/", server.with_headers(Content_Length=1 << 40))
        self.refused("hf:org/dog", says="more than 33554432 bytes are sent")
        self.assertEqual(self.hub.requests("GET", "resolve"), [])

    def test_no_length_at_all(self):
        plain = server.with_body(lambda b: b, **{"Content-Length": None})
        self.hub.turn("HEAD", "", plain)
        self.hub.turn("GET", "resolve", plain)
        self.add("hf:org/dog")
        self.holds("org/dog", DOG)

    def test_no_http(self):
        def noise(h, *_):
            h.put(b"\x16\x03\x01 what is this\r\n\r\n")
            h.hang_up()
        self.hub.turn("GET", "/api/", noise)
        self.refused("hf:org/dog", says="hf:org/dog: http://")

    def test_full_disk(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        self.refused("hf:org/long", preexec=limit, says="downloads/[0-9a-f]{40}: cannot be written: File too large")
        self.assertEqual(self.parts(), {})
        self.write("plain", b"")
        self.refused("hf:org/dog", TOK_STORE=self.path("plain"), says="Not a directory")


class Again(Hubs):
    """What is cut is gone on with."""
    file = f"/resolve/{SHA}/tokenizer.json"

    def ranges(self, hub=None):
        return [headers.get("Range") for _, headers in (hub or self.hub).requests("GET") if "/api/" not in _]

    def test_cut(self):
        self.hub.turn("GET", self.file, server.cut(100_000), server.cut(50_000))
        self.hub.turn("GET", "/api/", server.cut(20))
        self.add("hf:org/long")
        self.holds("org/long", LONG)
        self.assertEqual(self.ranges(), [None, "bytes=100000-", "bytes=150000-"])

    def test_cut_at_the_other_server(self):
        self.store.turn("GET", "/blob/", server.cut(100_000))
        self.add("hf:org/large")
        self.holds("org/large", LONG)
        self.assertEqual(self.ranges(self.store), [None, "bytes=100000-"])
        self.assertEqual(self.store.served, len(LONG))

    def test_ranges_that_are_not_kept(self):
        end = f"{len(LONG) - 1}/{len(LONG)}"
        for code, body, headers in ((200, LONG, {}), (206, LONG, {"Content_Range": "bytes 0-" + end}), (206, LONG, {}),
                                    (206, LONG[99_999:], {"Content_Range": "bytes 99999-" + end}), (416, b"", {})):
            turn = server.says(code, body, Retry_After=0, **headers)
            self.hub.turn("GET", self.file, server.cut(100_000), turn)
            self.add("x", "hf:org/long", "--replace")
            self.holds("x", LONG)

    def test_busy_servers(self):
        busy = [server.says(code, b"busy", Retry_After=0) for code in (429, 500, 502, 503)]
        self.hub.turn("GET", "/api/", *busy)
        self.hub.turn("HEAD", "", *busy[:1])
        self.hub.turn("GET", self.file, *busy[2:])
        self.add("hf:org/dog")
        self.holds("org/dog", DOG)

    def test_it_gives_up(self):
        self.hub.turn("GET", "/api/", *[server.says(503, Retry_After=0)] * 9)
        self.refused("hf:org/dog", says="the server says 503")
        self.assertEqual(len(self.hub.asked), 5)
        self.hub.turn("GET", self.file, server.cut(100_000), *[server.says(503, Retry_After=0)] * 4)
        self.refused("hf:org/long", says="the server says 503")
        self.assertEqual(self.parts(), {server.git_sha1(LONG): 100_000})
        self.add("hf:org/long")
        self.assertEqual(self.ranges()[-1], "bytes=100000-")

    def test_how_long_it_waits(self):
        """As long as it is told to, else twice as long each time; for one that stops in the middle, and for
        one that does not even begin, as long as it has patience.  All at once, as they take their time."""
        over = threading.Event()
        self.addCleanup(over.set)
        self.hub.add("org/busy", {"tokenizer.json": CAT}, SHA)
        self.hub.turn("GET", "/org/busy/revision", server.says(503, Retry_After=1, Connection="close"), server.silent)
        self.hub.turn("GET", "/org/long" + self.file, server.stuck(100_000, over))
        self.hub.turn("HEAD", "/org/dog", lambda *_: over.wait(30))
        begin = time.monotonic()
        runs = [self.start("vocab", "add", f"hf:org/{m}", HF_HUB_DOWNLOAD_TIMEOUT="1") for m in ("busy", "long", "dog")]
        for run in runs:
            self.assertEqual((run.communicate(timeout=60), run.returncode), ((b"", b""), 0))
            if run == runs[0]:
                self.assertGreater(time.monotonic() - begin, 1.49)
        self.assertLess(time.monotonic() - begin, 25)
        self.holds("org/long", LONG)
        self.assertEqual(self.hub.requests("GET", "/org/long" + self.file)[1][1]["Range"], "bytes=100000-")
        os.remove(self.path("store/store.db"))
        for value in ("0", "1.5", "999999"):
            self.refused("hf:org/dog", HF_HUB_DOWNLOAD_TIMEOUT=value, says="must be seconds, 1 to 99999")

    def kill_in_the_middle(self, name="org/large"):
        over = threading.Event()
        self.addCleanup(over.set)
        self.store.turn("GET", "/blob/", server.stuck(100_000, over))
        run = self.start("vocab", "add", "hf:" + name)
        digest = hashlib.sha256(LONG).hexdigest()
        end = time.monotonic() + 20
        while self.parts().get(digest) != 100_000 and time.monotonic() < end:
            time.sleep(0.005)
        run.kill()
        run.communicate()
        self.assertEqual(self.parts(), {digest: 100_000})
        return self.path("store/downloads/" + digest)

    def test_killed_and_gone_on_with(self):
        self.kill_in_the_middle()
        self.add("hf:org/large")
        self.holds("org/large", LONG)
        self.assertEqual(self.ranges(self.store), [None, "bytes=100000-"])
        self.assertEqual(self.store.served, len(LONG))

    def test_what_was_left_is_damaged(self):
        path = self.kill_in_the_middle()
        for damage in (b"x" * 100_000, b"x" * len(LONG), b"x" * (len(LONG) + 5), LONG, b""):
            self.store.asked = []
            with open(path, "wb") as file:
                file.write(damage)
            self.add("x", "hf:org/large", "--replace")
            self.holds("x", LONG)
            self.assertEqual(len(self.store.asked), {100_000: 2, len(LONG): 1, len(LONG) + 5: 1, 0: 1}[len(damage)]
                             if damage != LONG else 0)

    def test_two_at_once(self):
        """One downloads, and the others wait for it."""
        over = threading.Event()
        self.addCleanup(over.set)
        self.store.turn("GET", "/blob/", server.stuck(100_000, over))
        runs = [self.start("vocab", "add", name, "hf:org/large") for name in "abcd"]
        end = time.monotonic() + 20
        while (len(self.hub.requests("HEAD")) < 4 or not self.store.asked) and time.monotonic() < end:
            time.sleep(0.005)
        time.sleep(0.05)
        self.assertEqual(len(self.store.asked), 1)
        over.set()
        for run in runs:
            self.assertEqual((run.communicate(timeout=60), run.returncode), ((b"", b""), 0))
        self.assertEqual(self.ranges(self.store), [None, "bytes=100000-"])
        for name in "abcd":
            self.assertEqual(self.files(name)[0][1], len(LONG))
        self.holds("a", LONG)


def can_download():
    """Whether this tok has libcurl, and finds it."""
    nowhere = {"HF_ENDPOINT": "http://127.0.0.1:9", "HOME": "/nonexistent", "TOK_STORE": "/nonexistent", "PATH": ""}
    return b"libcurl" not in subprocess.run((TOK, "vocab", "add", "hf:x"), env=nowhere, capture_output=True, check=False).stderr


if __name__ == "__main__":
    if not can_download():
        print("libcurl is not here, or this tok was built without it: nothing is downloaded")
        sys.exit(77)
    unittest.main()
