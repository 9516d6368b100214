#!/usr/bin/env python3
"""check_embed.py TOK: what holds for `tok embed predict` and `nearest`, and the rows of `tok merge --embed`:
forms of tokens and files agree, threads change nothing, an interrupted run goes on to the same bytes, what
cannot be written leaves what was there; neighbours are those of all pairs; rows of merged tokens are means
or predictions.  (That predictions are right: tests/conformance/embed.py.)"""
import json
import math
import os
import random
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

TOK = os.path.abspath(sys.argv.pop(1))
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "embed")
MODEL, NET, TIED = (os.path.join(DATA, name) for name in ("model", "net", "tied"))
ROWS, WIDTH, SPECIAL = 300, 8, 298
PREDICT = ("embed", "predict", MODEL, "--hypernet", NET)


def tok(*args, data=b"", **more):
    return subprocess.run((TOK, *args), input=data, capture_output=True, timeout=120, check=False, **more)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def lines_of(done):
    assert done.returncode == 0, done
    return [json.loads(line) for line in done.stdout.splitlines()]


def tensors(path):
    """{name: (dtype, shape, bytes)} of a safetensors file."""
    data = read(path)
    size = struct.unpack("<Q", data[:8])[0]
    return {name: (t["dtype"], t["shape"], data[8 + size:][slice(*t["data_offsets"])])
            for name, t in json.loads(data[8:8 + size]).items() if name != "__metadata__"}


def floats(data):
    return struct.unpack(f"<{len(data) // 4}f", data)


def rows_of(data, width=WIDTH):
    numbers = floats(data)
    return [numbers[i:i + width] for i in range(0, len(numbers), width)]


def npy(path):
    """(header, rows) of an array of two dimensions."""
    data = read(path)
    size = struct.unpack("<H", data[8:10])[0]
    header = eval(data[10:10 + size])  # pylint: disable=eval-used
    return header, rows_of(data[10 + size:], header["shape"][1])


def single(numbers):
    """As they were before they were digits."""
    return floats(struct.pack(f"<{len(numbers)}f", *numbers))


def ids_found(done):
    return [[found["id"] for found in line["nearest"]] for line in lines_of(done)]


def bf16(numbers):
    out = b""
    for number in numbers:
        bits = struct.unpack("<I", struct.pack("<f", number))[0]
        out += struct.pack("<H", bits + 0x7FFF + (bits >> 16 & 1) >> 16)
    return out


SOURCE = {name: rows_of(data) for name, (_, _, data) in tensors(MODEL + "/model.safetensors").items()}
IN, OUT = SOURCE["model.embed_tokens.weight"], SOURCE["lm_head.weight"]
VOCABULARY = json.loads(read(MODEL + "/tokenizer.json"))["model"]["vocab"]
PLAIN = [*range(33, 127), *range(161, 173), *range(174, 256)]
BYTE = {chr(b): b for b in PLAIN} | {chr(256 + i): b for i, b in enumerate(b for b in range(256) if b not in PLAIN)}
SPELLED = {i: bytes(BYTE[c] for c in token) for token, i in VOCABULARY.items() if i != SPECIAL}


class InFolder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def at(self, name):
        return os.path.join(self.folder.name, name)

    def there(self):
        return sorted(os.listdir(self.folder.name))

    def predict(self, name, *more, **how):
        done = tok(*PREDICT, "-o", self.at(name), *more, **how)
        self.assertEqual(done.returncode, 0, done)
        return done


class Predict(InFolder):
    def test_files_of_all_kinds_hold_the_same_numbers(self):
        vocabulary = ("-t", MODEL)
        self.predict("a.safetensors", *vocabulary)
        self.predict("h.safetensors", *vocabulary, "--dtype", "bf16")
        self.predict("f.safetensors", *vocabulary, "--dtype", "f16")
        self.predict("a.npy", *vocabulary)
        self.predict("b.npy", *vocabulary, "--side", "out")
        self.predict("h.npy", *vocabulary, "--dtype", "f16")
        whole = tensors(self.at("a.safetensors"))
        count = SPECIAL + 1
        self.assertEqual({n: t[:2] for n, t in whole.items()},
                         {"input_embeddings": ("F32", [count, WIDTH]), "output_embeddings": ("F32", [count, WIDTH]),
                          "output_bias": ("F32", [count])})
        into, out, bias = (whole[n][2] for n in ("input_embeddings", "output_embeddings", "output_bias"))
        for name, side in (("a.npy", into), ("b.npy", out)):
            header, rows = npy(self.at(name))
            self.assertEqual((header["descr"], header["fortran_order"], header["shape"]), ("<f4", False, (count, WIDTH)))
            self.assertEqual(rows, rows_of(side))
        for name, dtype, as_bytes in (("h.safetensors", "BF16", bf16),
                                      ("f.safetensors", "F16", lambda n: struct.pack(f"<{len(n)}e", *n))):
            half = tensors(self.at(name))
            for tensor, numbers in (("input_embeddings", into), ("output_embeddings", out), ("output_bias", bias)):
                self.assertEqual((half[tensor][0], half[tensor][2]), (dtype, as_bytes(floats(numbers))))
        self.assertEqual(read(self.at("h.npy"))[-count * WIDTH * 2:],
                         struct.pack(f"<{count * WIDTH}e", *floats(into)))
        lines = lines_of(tok(*PREDICT, *vocabulary))
        self.assertEqual([line["id"] for line in lines], sorted(VOCABULARY.values()))
        for line in lines:
            i = line["id"]
            self.assertEqual(struct.pack("<8f", *line["in"]), into[32 * i:32 * i + 32])
            self.assertEqual(struct.pack("<8f", *line["out"]), out[32 * i:32 * i + 32])
            self.assertEqual(struct.pack("<f", line["bias"]), bias[4 * i:4 * i + 4])
            if i != SPECIAL:
                spelled = bytes.fromhex(line["bytes"]) if "bytes" in line else line["token"].encode()
                self.assertEqual(spelled, SPELLED[i])

    def test_ids_that_are_no_token_have_rows_of_zeros(self):
        self.predict("a.safetensors", "-t", MODEL)
        holes = [i for i in range(SPECIAL) if i not in VOCABULARY.values()]
        self.assertTrue(holes)
        for name, (_, _, data) in tensors(self.at("a.safetensors")).items():
            each = len(data) // (SPECIAL + 1)
            for i in range(SPECIAL + 1):
                self.assertEqual(not any(data[i * each:(i + 1) * each]), i in holes, (name, i))

    def test_special_tokens_keep_the_models_rows(self):
        kept = lines_of(tok(*PREDICT, "-t", MODEL))[-1]
        self.assertEqual((kept["token"], single(kept["in"]), single(kept["out"])), ("<end>", IN[SPECIAL], OUT[SPECIAL]))
        predicted = lines_of(tok(*PREDICT, "-t", MODEL, "--predict-special"))[-1]
        self.assertNotEqual(predicted["in"], kept["in"])
        self.assertEqual(predicted["bias"], kept["bias"])
        self.assertEqual(lines_of(tok(*PREDICT, "-t", MODEL, "--tokens", "ids", data=b"298\n")), [kept])

    def test_a_model_without_tokenizer_has_special_tokens_predicted(self):
        done = tok("embed", "predict", MODEL + "/model.safetensors", "--hypernet", NET, "-t", MODEL)
        self.assertEqual(lines_of(done), lines_of(tok(*PREDICT, "-t", MODEL, "--predict-special")))
        self.assertIn(b"special tokens are predicted, too", done.stderr)

    def test_tokens_given_in_any_form_have_the_vocabularys_rows(self):
        all_lines = {line["id"]: line for line in lines_of(tok(*PREDICT, "-t", MODEL))}
        ids = random.Random(1).choices([i for i in SPELLED if b"\n" not in SPELLED[i]], k=5000)  # of two blocks
        wanted = [dict(all_lines[i]) for i in ids]
        by_id = tok(*PREDICT, "-t", MODEL, "--tokens", "ids", data="".join(f"{i}\n" for i in ids).encode())
        self.assertTrue(lines_of(by_id) == wanted)  # the difference of such lists is long in coming
        for line in wanted:
            line.pop("id", None)
        by_hex = tok(*PREDICT, "--tokens", "hex", data="".join(SPELLED[i].hex() + "\n" for i in ids).encode())
        self.assertTrue(lines_of(by_hex) == wanted)
        text = b"".join(SPELLED[i] + b"\n" for i in ids)
        self.assertTrue(lines_of(tok(*PREDICT, "--tokens", "text", data=text)) == wanted)
        with open(self.at("tokens"), "wb") as file:
            file.write(text)
        self.predict("a.npy", "--tokens", "text", self.at("tokens"), "-", data=text)
        self.assertTrue(npy(self.at("a.npy"))[1] == [single(line["in"]) for line in wanted * 2])

    def test_what_came_before_a_bad_line_has_its_rows(self):
        done = tok(*PREDICT, "--tokens", "hex", data=b"61\n6x\n62\n")
        self.assertEqual((done.returncode, done.stdout.count(b"\n")), (2, 1))
        self.assertEqual(done.stderr, b"tok embed: -: line 2: a token must be bytes of two hexadecimal digits each, "
                                      b"not '6x'\n")
        with open(self.at("a.jsonl"), "w", encoding="utf-8") as file:
            file.write("old")
        self.assertEqual(tok(*PREDICT, "--tokens", "hex", "-o", self.at("a.jsonl"), data=b"61\n6x\n").returncode, 2)
        self.assertEqual((read(self.at("a.jsonl")), self.there()), (b"old", ["a.jsonl"]))

    def test_lines_come_as_tokens_come(self):
        with subprocess.Popen((TOK, *PREDICT, "--tokens", "text"), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL) as run:
            run.stdin.write(b"low\n")
            run.stdin.flush()
            run.stdin.close()
            self.assertEqual(json.loads(run.stdout.readline())["token"], "low")

    def test_any_bytes_are_tokens(self):
        chance = random.Random(5)
        tokens = [chance.randbytes(chance.randint(1, 20)) for _ in range(300)] + [b"\0", b"a" * 5000]
        lines = lines_of(tok(*PREDICT, "--tokens", "hex", data="".join(t.hex() + "\n" for t in tokens).encode()))
        for token, line in zip(tokens, lines, strict=True):
            self.assertEqual(bytes.fromhex(line["bytes"]) if "bytes" in line else line["token"].encode(), token)
            self.assertTrue(all(map(math.isfinite, line["in"] + line["out"] + [line["bias"]])))
        empty = lines_of(tok(*PREDICT, "--tokens", "text", data=b"\n"))
        self.assertEqual([line["token"] for line in empty], [""])

    def test_the_report(self):
        done = self.predict("a.npy", "-t", MODEL, "--json")
        told = json.loads(done.stderr)
        self.assertEqual({k: told[k] for k in ("schema", "tokens", "holes", "kept", "resumed", "width")},
                         {"schema": "tok.embed.predict.1", "tokens": 286, "holes": 13, "kept": 1, "resumed": 0,
                          "width": WIDTH})
        # Cut: more than 4 pieces.  Those of merges of the network's own: the bytes f8 d1, by id 300 and more.
        done = tok(*PREDICT, "--tokens", "hex", "--json", data=b"6162636465\n61\n" + f"{255 - 300 % 7:02x}{200 + 300 % 7:02x}\n".encode())
        told = json.loads(done.stderr)
        self.assertEqual([told[k] for k in ("tokens", "truncated", "fallback", "unknown")], [3, 1, 1, 0])

    def test_a_language(self):
        tied = ("embed", "predict", MODEL, "--hypernet", TIED, "--tokens", "text")
        english, german = (lines_of(tok(*tied, "--lang", code, data=b"low\n")) for code in ("en", "de"))
        self.assertNotEqual(english[0]["in"], german[0]["in"])
        self.assertNotIn("out", english[0])
        for more, said in (((), b"--lang CODE"), (("--lang", "xx"), b"xx")):
            done = tok(*tied, *more, data=b"low\n")
            self.assertEqual((done.returncode, done.stdout), (2, b""))
            self.assertIn(said, done.stderr)


def has_nameless_file(pid):
    """One that takes its name when it is whole."""
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            if "(deleted)" in os.readlink(f"/proc/{pid}/fd/{fd}"):
                return True
        except FileNotFoundError:  # closed meanwhile
            continue
    return False


class Runs(InFolder):
    """Runs of a few seconds, and their ends."""

    def setUp(self):
        super().setUp()
        chance = random.Random(3)
        with open(self.at("tokens"), "w", encoding="ascii") as file:
            file.write("".join(chance.randbytes(4).hex() + "\n" for _ in range(120_000)))

    def job(self, name, *more):
        return (*PREDICT, "--tokens", "hex", "-o", self.at(name), "--threads", "1", *more, self.at("tokens"))

    def stop(self, number, *job, part=None):
        """The signal comes when rows are noted."""
        part = part or self.at("a.npy.part")
        with subprocess.Popen((TOK, *job), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as run:
            while run.poll() is None:
                if os.path.exists(part) and os.path.getsize(part) > 48 and read(part)[-32:-24] == b"tokembed":
                    run.send_signal(number)
                    break
                time.sleep(0.002)
            return run.wait(), run.stderr.read()

    def resumed(self, *more):
        done = tok(*self.job("a.npy", "--resume", "--json", *more))
        self.assertEqual(done.returncode, 0, done)
        return json.loads(done.stderr)["resumed"]

    def test_a_killed_run_goes_on_to_the_same_bytes(self):
        tok(*self.job("b.npy"))
        self.assertEqual(self.stop(signal.SIGKILL, *self.job("a.npy", "--resume"))[0], -signal.SIGKILL)
        self.assertEqual(self.there(), ["a.npy.part", "b.npy", "tokens"])
        resumed = self.resumed("--threads", "2")
        self.assertGreaterEqual(resumed, 1 << 15)
        self.assertLess(resumed, 120_000)
        self.assertEqual(read(self.at("a.npy")), read(self.at("b.npy")))
        self.assertEqual(self.there(), ["a.npy", "b.npy", "tokens"])

    def test_another_run_does_not_go_on(self):
        self.assertEqual(self.stop(signal.SIGKILL, *self.job("a.npy", "--resume"))[0], -signal.SIGKILL)
        self.assertEqual(self.resumed("--side", "out"), 0)
        tok(*self.job("b.npy", "--side", "out"))
        self.assertEqual(read(self.at("a.npy")), read(self.at("b.npy")))

    def test_a_file_in_the_models_folder_is_gone_on_with(self):
        shutil.copytree(MODEL, self.at("m"))
        job = ("embed", "predict", self.at("m"), "--hypernet", NET, "--tokens", "hex", "-o", self.at("m/a.npy"), "--resume",
               "--threads", "1", "--json", self.at("tokens"))
        self.assertEqual(self.stop(signal.SIGKILL, *job, part=self.at("m/a.npy.part"))[0], -signal.SIGKILL)
        self.assertGreater(json.loads(tok(*job).stderr)["resumed"], 0)

    def test_sigint_keeps_what_can_be_gone_on_with(self):
        tok(*self.job("b.npy"))
        code, said = self.stop(signal.SIGINT, *self.job("a.npy", "--resume"))
        self.assertEqual((code, said), (2, b"tok embed: interrupted: the same command goes on from here\n"))
        self.assertGreater(self.resumed(), 0)
        self.assertEqual(read(self.at("a.npy")), read(self.at("b.npy")))

    def test_sigint_leaves_nothing_else(self):
        with open(self.at("a.npy"), "w", encoding="ascii") as file:
            file.write("old")
        with subprocess.Popen((TOK, *self.job("a.npy")), stderr=subprocess.PIPE) as run:
            while run.poll() is None and not has_nameless_file(run.pid) and not any(
                    name.endswith(".tmp") for name in self.there()):
                pass
            run.send_signal(signal.SIGINT)
            self.assertEqual((run.wait(), run.stderr.read()), (2, b"tok embed: interrupted: nothing was written\n"))
        self.assertEqual((read(self.at("a.npy")), self.there()), (b"old", ["a.npy", "tokens"]))

    def test_threads_change_nothing(self):
        names = []
        for threads in ("1", "2", "3"):
            names.append(threads + ".safetensors")
            self.assertEqual(tok(*self.job(names[-1], "--threads", threads)).returncode, 0)
        self.assertEqual(len({read(self.at(name)) for name in names}), 1)

    def test_one_writer_at_a_time(self):
        with subprocess.Popen((TOK, *self.job("a.npy", "--resume")), stderr=subprocess.DEVNULL) as run:
            part = self.at("a.npy.part")
            while run.poll() is None and not (os.path.exists(part) and os.path.getsize(part)):  # with bytes it is locked
                time.sleep(0.001)
            run.send_signal(signal.SIGSTOP)
            done = tok(*self.job("a.npy", "--resume"))
            run.kill()
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"another process is writing", done.stderr)

    def test_a_full_disk(self):
        def small():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

        with open(self.at("a.npy"), "w", encoding="ascii") as file:
            file.write("old")
        for more in ((), ("-F", "jsonl")):
            done = tok(*self.job("a.npy", *more), preexec_fn=small)
            self.assertEqual((done.returncode, done.stderr.count(b"\n")), (2, 1), done)
            self.assertIn(b"File too large", done.stderr)
            self.assertEqual((read(self.at("a.npy")), self.there()), (b"old", ["a.npy", "tokens"]))
        done = tok(*PREDICT, "--tokens", "text", "-o", "/dev/full", data=b"a\n")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"No space left", done.stderr)
        done = tok(*PREDICT, "-t", MODEL, "-o", "/dev/full", "-F", "npy")
        self.assertEqual(done.stderr, b"tok embed: cannot write '/dev/full': it is there and is no file that can be replaced\n")


def dots(query, rows):
    return [sum(a * b for a, b in zip(query, row)) for row in rows]


def cosines(query, rows):
    length = math.sqrt(sum(a * a for a in query))
    return [dot / length / math.sqrt(sum(a * a for a in row)) for dot, row in zip(dots(query, rows), rows)]


class Nearest(InFolder):
    def expect(self, done, queries, measure, k, rows=None):
        lines = lines_of(done)
        self.assertEqual(len(lines), len(queries))
        for query, line in zip(queries, lines):
            scores = measure(query, rows or IN)
            best = sorted(range(len(scores)), key=lambda i: (-scores[i], i))[:k]
            self.assertEqual([found["id"] for found in line["nearest"]], best)
            for found in line["nearest"]:
                self.assertLess(abs(found["score"] - scores[found["id"]]), 2e-5)
                if found["id"] in SPELLED:
                    self.assertEqual(found.get("bytes") or found["token"].encode().hex(), SPELLED[found["id"]].hex())
                elif found["id"] != SPECIAL:
                    self.assertNotIn("token", found)

    def test_neighbours_are_those_of_all_pairs(self):
        ids = sorted(SPELLED)
        data = "".join(f"{i}\n" for i in ids).encode()
        ask = ("embed", "nearest", MODEL, "--tokens", "ids")
        for threads in ("1", "2"):
            self.expect(tok(*ask, "--threads", threads, data=data), [IN[i] for i in ids], cosines, 10)
        self.expect(tok(*ask, "--measure", "dot", "-k", "3", "--side", "out", data=data), [OUT[i] for i in ids], dots, 3, OUT)
        self.expect(tok("embed", "nearest", MODEL, "--tokens", "hex", data=b"ab\n6c6f77\n"), [IN[0xab], IN[259]], cosines, 10)
        self.expect(tok("embed", "nearest", MODEL, "-k", "1", data=b"low\n"), [IN[259]], cosines, 1)

    def test_no_more_than_there_are(self):
        self.expect(tok("embed", "nearest", MODEL, "-k", "1000", data=b"low\n"), [IN[259]], cosines, ROWS)

    def test_rows_of_another_file(self):
        tok(*PREDICT, "--tokens", "text", "-o", self.at("q.safetensors"), data=b"lowest\nfoo\n")
        queries = rows_of(tensors(self.at("q.safetensors"))["input_embeddings"][2])
        for model in (MODEL, MODEL + "/model.safetensors"):
            done = tok("embed", "nearest", model, "--queries", self.at("q.safetensors"), "-k", "4")
            lines = lines_of(done)
            self.assertEqual([line["row"] for line in lines], [0, 1])
            for line, query in zip(lines, queries):
                scores = cosines(query, IN)
                self.assertEqual([f["id"] for f in line["nearest"]], sorted(range(ROWS), key=lambda i: (-scores[i], i))[:4])
        done = tok("embed", "nearest", MODEL, "--queries", MODEL + "/nothing")
        self.assertEqual((done.returncode, done.stderr.count(b"\n")), (2, 1))

    def test_what_has_no_row(self):
        for more, data, said in (((), b"low\nnoway\nlow\n", b"line 2: there is no row of 'noway'"), ((), b"low\n\n", b"line 2: there is no row of ''"),
                                 (("--tokens", "ids"), b"1\n299\n", b"line 2: a token must be an id that the tokenizer has, not '299'"),
                                 (("--tokens", "ids"), b"290\n", b"not '290'"), (("--tokens", "ids"), b"-1\n", b"not '-1'"),
                                 (("--tokens", "ids"), b"99999999999999999999\n", b"not '99999999999999999999'")):
            done = tok("embed", "nearest", MODEL, *more, data=data)
            self.assertEqual((done.returncode, done.stderr.count(b"\n")), (2, 1), done)
            self.assertIn(said, done.stderr)

    def test_an_index(self):
        ids = sorted(SPELLED)
        data = "".join(f"{i}\n" for i in ids).encode()
        ask = ("embed", "nearest", MODEL, "--tokens", "ids", "--index", self.at("graph"), "--effort", "300")
        exact = ids_found(tok("embed", "nearest", MODEL, "--tokens", "ids", data=data))
        done = tok(*ask, "--judge", "--threads", "1", data=data)
        if b"without" in done.stderr and done.returncode == 2:
            self.skipTest("built without hnswlib")
        self.assertIn(b"285 queries: recall@10 1.0000; ", done.stderr)
        self.assertEqual(ids_found(done), exact)
        made = read(self.at("graph"))
        self.assertEqual(tok(*ask, data=data).stdout, done.stdout)
        self.assertEqual(read(self.at("graph")), made)
        few = tok(*ask[:-1], "1", "--judge", "-k", "1", data=data)
        self.assertRegex(few.stderr, rb"recall@1 [01]\.[0-9]{4}; ")
        same = tok("embed", "nearest", MODEL, "--tokens", "ids", "--index", self.at("again"), "--threads", "1", data=data)
        self.assertEqual((same.returncode, read(self.at("again"))), (0, made))

        for more in (("--side", "out"), ("--measure", "dot")):
            done = tok(*ask, *more, data=data)
            self.assertEqual((done.returncode, done.stdout), (2, b""))
            self.assertIn(b"this index is of other rows, or by another measure", done.stderr)
        with open(self.at("graph"), "r+b") as file:
            file.seek(len(made) // 2)
            file.write(bytes([made[len(made) // 2] ^ 1]))
        done = tok(*ask, data=data)
        self.assertEqual((done.returncode, done.stdout, done.stderr.count(b"\n")), (2, b"", 1))

    def test_an_index_that_cannot_be_written_is_not_made(self):
        """That is told before the graph is made, which a single link would prevent."""
        ask = ("embed", "nearest", MODEL, "--links", "1", "--index")
        made = tok(*ask, self.at("graph"), data=b"low\n")
        if b"without" in made.stderr:
            self.skipTest("built without hnswlib")
        self.assertIn(b"2 to 1024 links", made.stderr)
        done = tok(*ask, self.at("none/graph"), data=b"low\n")
        self.assertEqual((done.returncode, done.stderr.count(b"\n")), (2, 1), done)
        self.assertIn(b"cannot write", done.stderr)

    def test_a_signal_after_an_index_was_made(self):
        ask = (TOK, "embed", "nearest", MODEL, "--index", self.at("graph"))
        with subprocess.Popen(ask, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
            while run.poll() is None and not os.path.exists(self.at("graph")):
                time.sleep(0.001)
            run.send_signal(signal.SIGINT)
            code, said = run.wait(), run.stderr.read()
        if b"without" in said:
            self.skipTest("built without hnswlib")
        self.assertEqual((code, said), (-signal.SIGINT, f"tok embed: interrupted: '{self.at('graph')}' was made\n".encode()))
        self.assertEqual(os.listdir(self.at("")), ["graph"])

    def test_an_index_behind_a_link(self):
        os.symlink("there", self.at("link"))
        done = tok("embed", "nearest", MODEL, "--index", self.at("link"), data=b"low\n")
        if b"without" in done.stderr and done.returncode == 2:
            self.skipTest("built without hnswlib")
        self.assertEqual(done.returncode, 0, done)
        self.assertTrue(os.path.islink(self.at("link")) and os.path.isfile(self.at("there")))

    def test_an_index_of_a_model_with_one_row_changed(self):
        for name in ("a", "b"):
            data = bytearray(read(MODEL + "/model.safetensors"))
            if name == "b":
                data[-1200 * 4 + 2] ^= 64
            with open(self.at(name + ".safetensors"), "wb") as file:
                file.write(data)
            last = tok("embed", "nearest", self.at(name + ".safetensors"), "-t", MODEL, "--index", self.at("graph"), data=b"low\n")
            if name == "a" and last.returncode == 2:
                self.skipTest("built without hnswlib")
        self.assertEqual(last.returncode, 2)
        self.assertIn(b"this index is of other rows", last.stderr)


class Merge(InFolder):
    TEXT = b"the lower newest low lowest the newest\nlower tokens in the newest tokens\n" * 2

    def merge(self, method, *more, data=TEXT, code=0):
        done = tok("merge", "-t", MODEL, "--encode", "--lines", "--ids", "--stats", "json", "--embed", method, "--model", MODEL,
                   "--rows", self.at("rows.npy"), *more, data=data)
        self.assertEqual(done.returncode, code, done)
        return done

    def new_tokens(self, done):
        return [token for line in lines_of(done) for token in line.get("tokens", [])]

    def test_rows_are_what_predict_gives(self):
        done = self.merge("hypernet:" + NET)
        _, rows = npy(self.at("rows.npy"))
        new = self.new_tokens(done)
        self.assertTrue(new)
        for token in new:
            spelled = b"".join(SPELLED[part] for part in token["parts"])
            line = lines_of(tok(*PREDICT, "--tokens", "hex", data=spelled.hex().encode() + b"\n"))[0]
            self.assertEqual(rows[token["row"]], single(line["in"] + line["out"]))

    def test_rows_are_means_of_what_the_text_is_encoded_into(self):
        new = self.new_tokens(self.merge("fvt"))
        header, rows = npy(self.at("rows.npy"))
        self.assertEqual(header["shape"], (len({t["row"] for t in new}), 2 * WIDTH))
        for token in new:
            spelled = b"".join(SPELLED[part] for part in token["parts"])
            ids = list(map(int, tok("encode", "-t", MODEL, data=spelled).stdout.split()))
            for side, matrix in ((0, IN), (WIDTH, OUT)):
                for i in range(WIDTH):
                    mean = sum(matrix[part][i] for part in ids) / len(ids)
                    self.assertLess(abs(rows[token["row"]][side + i] - mean), 1e-6)

    def test_a_token_that_comes_again_has_its_row_again(self):
        done = self.merge("fvt", "-b", "1")
        told = json.loads(done.stderr)
        new = self.new_tokens(done)
        texts = {token["text"] for token in new}
        self.assertEqual((told["rows_made"], told["rows_found"]), (len(texts), len(new) - len(texts)))
        self.assertEqual(len({(t["text"], t["row"]) for t in new}), len(texts))
        self.assertEqual(len(npy(self.at("rows.npy"))[1]), len(texts))

    def test_rows_that_were_given_up_are_made_again(self):
        free = self.new_tokens(self.merge("hypernet:" + NET, "-b", "1"))
        rows = npy(self.at("rows.npy"))[1]
        most = 0
        for line in lines_of(self.merge("hypernet:" + NET, "-b", "1")):
            most = max(most, len(line.get("tokens", [])))
        done = self.merge("hypernet:" + NET, "-b", "1", "--row-cache", str(most))
        again, more = self.new_tokens(done), npy(self.at("rows.npy"))[1]
        self.assertGreater(len(more), len(rows))
        self.assertEqual(json.loads(done.stderr)["rows_made"], len(more))
        self.assertEqual([more[t["row"]] for t in again], [rows[t["row"]] for t in free])
        small = self.merge("hypernet:" + NET, "-b", "1", "--row-cache", str(most - 1), code=2)
        said = small.stderr.decode()
        self.assertIn(f"{most - 1}", said)
        self.assertTrue(said.startswith("tok merge: batch "), said)

    def test_threads_change_nothing(self):
        runs = []
        for threads in ("1", "2"):
            done = self.merge("hypernet:" + NET, "-b", "1", "--threads", threads)
            runs.append((done.stdout, read(self.at("rows.npy"))))
        self.assertEqual(runs[0], runs[1])

    def test_the_published_example(self):
        lines = ["<s> ĠR ib on uc le op rote in Ġparticles Ġreg ulate Ġm R NA Ġstability . </s>",
                 "<s> Ġm R NA Ġstability Ġis Ġmod ulated Ġby Ġrib on uc le op rote in Ġfactors . </s>"]
        root = json.loads(read(MODEL + "/tokenizer.json"))
        vocab = root["model"]["vocab"] = {c: BYTE[c] for c in BYTE}
        for token in " ".join(lines).split():
            vocab.setdefault(token, len(vocab))
        root["model"]["merges"] = []
        root["added_tokens"] = [dict(root["added_tokens"][0], id=vocab[name], content=name) for name in ("<s>", "</s>")]
        with open(self.at("pieces.json"), "w", encoding="utf-8") as file:
            json.dump(root, file)
        ids = "".join(" ".join(str(vocab[token]) for token in line.split()) + "\n" for line in lines)
        done = tok("merge", "-t", self.at("pieces.json"), "-m", "10", "--ids", "--stats", "json", "--embed", "hypernet:" + NET,
                   "--model", MODEL, "--rows", self.at("rows.npy"), data=ids.encode())
        told = json.loads(done.stderr)
        self.assertEqual([told[k] for k in ("ids", "merged", "merges", "rows_made")], [37, 20, 10, 4])
        new, rows = self.new_tokens(done), npy(self.at("rows.npy"))[1]
        self.assertEqual({t["text"] for t in new}, {"onucleoprotein", "ĠmRNA", "ĠRibonucleoprotein", "Ġregulate"})
        self.assertEqual(sorted(t["row"] for t in new), [0, 1, 2, 3])
        for token in new:
            line = lines_of(tok(*PREDICT, "--tokens", "text", data=token["text"].replace("Ġ", " ").encode() + b"\n"))[0]
            self.assertEqual(rows[token["row"]], single(line["in"] + line["out"]))

    def test_a_full_disk(self):
        def small():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))

        done = tok("merge", "-t", MODEL, "--encode", "--ids", "--embed", "fvt", "--model", MODEL, "--rows", self.at("rows.npy"),
                   data=self.TEXT, preexec_fn=small)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"File too large", done.stderr)
        self.assertEqual(self.there(), [])

    def test_rows_do_not_go_to_a_pipe(self):
        done = tok("merge", "-t", MODEL, "--encode", "--ids", "--embed", "fvt", "--model", MODEL, "--rows", "/dev/stderr",
                   data=self.TEXT)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"rows need a file, not a pipe", done.stderr)


if __name__ == "__main__":
    os.environ["TOK_CACHE"] = "off"
    unittest.main()
