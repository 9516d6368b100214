#!/usr/bin/env python3
"""check_split_laws.py TOK: laws of tok split: decoding does not see a split; threads, order,
files and the way ids come in change nothing; what happens to bytes and memory."""
import contextlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import unittest

TOK = os.path.abspath(sys.argv.pop(1))
FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "fixtures")
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
SANITIZED = any(name in open(TOK, "rb").read() for name in (b"__asan_init", b"__tsan_init"))
FORMATS = ("text", "jsonl", "u16", "u32", "npy")
BUILTIN, BYTES = (), ("-t", "bytes")
SPM = ("-t", os.path.join(FIXTURES, "spm", "bpe_bytes.model"))
UNIGRAM = ("-t", os.path.join(FIXTURES, "spm", "unigram_bytes.model"))


def tok(*args, data=b"", **more):
    return subprocess.run((TOK,) + args, input=data, capture_output=True, timeout=120,
                          check=False, **more)


def out(*args, data=b""):
    """What a run that must go well writes."""
    done = tok(*args, data=data)
    assert done.returncode == 0, (args, done)
    return done.stdout


def stats(done):
    return json.loads(done.stderr.splitlines()[-1])


def write_wordpiece(folder):
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["book", "straw", "##berry", "##er", "##ry", "read", "##ing", "bo", "##ok", "re", "##ad",
             "st", "##raw", "##ber", "strawberry", "##in", "##ng", "reading"]
    path = os.path.join(folder, "vocab.txt")
    with open(path, "w", encoding="utf-8") as file:
        for token in ["[UNK]", "[CLS]", "[SEP]", *letters, *("##" + c for c in letters), *words]:
            file.write(token + "\n")
    return ("-t", path)


def make_ids(count, size, seed):
    chance = random.Random(seed)
    return [chance.randrange(size) for _ in range(count)]


def as_text(documents):
    return b"".join(b" ".join(b"%d" % i for i in ids) + b"\n" for ids in documents)


def as_u32(ids):
    return b"".join(i.to_bytes(4, "little") for i in ids)


def of_text(text):
    return [[int(word) for word in line.split()] for line in text.splitlines()]


OPTIONS = (
    ("-p", "1"),
    ("-p", ".3", "--seed", "7", "--round", "stochastic"),
    ("-p", "5"),
    ("--attempts", "3"),
    ("-p", "2", "--max-splits", "5"),
    ("-p", "1", "--pairs", "earlier"),
    ("-p", "1", "--min-piece-bytes", "2"),
    ("-p", "2", "--utf8-safe"),
    ("-p", "1", "--chunk", "7"),
    ("-p", "1", "--rng", "python", "--seed", "3"),
)


class Laws(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.wordpiece = write_wordpiece(cls.folder.name)
        chance = random.Random(5)
        words = ["strawberry ", "Book ", "caf\u00e9 ", "\u4f60\u597d\u4e16\u754c", "1234", "  ", "\n",
                 "reading ", "\U0001f600"]
        cls.prose = "".join(chance.choices(words, k=3000)).encode()
        cls.noise = chance.randbytes(20_000)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def write(self, name, data):
        path = os.path.join(self.folder.name, name)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def check_decoded(self, tokenizer, text, *options):
        ids = out("encode", *tokenizer, "--lines", data=text)
        split = out("split", *tokenizer, *options, data=ids)
        wanted = out("decode", *tokenizer, "--lines", data=ids)
        self.assertEqual(out("decode", *tokenizer, "--lines", data=split), wanted,
                         (tokenizer, options))
        return ids != split

    def test_decoding_does_not_see_a_split(self):
        some = OPTIONS[:4] if SANITIZED else OPTIONS
        for options in some:
            for tokenizer in (BUILTIN, SPM, UNIGRAM, self.wordpiece):
                text = self.prose.lower() if tokenizer == self.wordpiece else self.prose
                split = self.check_decoded(tokenizer, text, *options)
                # SentencePiece gives characters the largest ids, and these models are small.
                spared = tokenizer in (SPM, UNIGRAM) and len(options) > 2 and options[0] == "-p"
                self.assertTrue(split or spared, (tokenizer, options))
            self.check_decoded(BUILTIN, self.noise, *options)
            self.check_decoded(SPM, self.noise, *options)
            self.assertFalse(self.check_decoded(BYTES, self.noise, *options))
        self.assertTrue(self.check_decoded(BUILTIN, self.prose, "--pairs", "merges", "-p", "1"))
        self.assertTrue(self.check_decoded(SPM, self.prose, "--pairs", "merges", "-p", "1"))

    def test_any_ids(self):
        """Rows of ids that no text has."""
        for tokenizer, size in ((BUILTIN, 32768), (SPM, 200), (UNIGRAM, 200)):
            ids = as_text(make_ids(n, size, n) for n in (0, 1, 2, 5, 1000))
            split = out("split", *tokenizer, "-p", "2", data=ids)
            self.assertEqual(out("decode", *tokenizer, "--lines", data=split),
                             out("decode", *tokenizer, "--lines", data=ids), tokenizer)

    def test_nothing_asked_for_nothing_changed(self):
        for name in FORMATS:
            for options in (("-p", "0"), ("--attempts", "0"), ("--max-splits", "0"),
                            ("-p", "0", "--chunk", "100")):
                ids = out("encode", "-F", name, data=self.noise)
                self.assertEqual(out("split", "-I", name, "-F", name, *options, data=ids), ids,
                                 (name, options))

    def test_formats_agree(self):
        ids = out("encode", data=self.prose)
        wanted = out("split", "-p", ".5", data=ids)
        for name in FORMATS:
            other = out("encode", "-F", name, data=self.prose)
            self.assertEqual(out("split", "-p", ".5", "-I", name, data=other), wanted, name)
            back = out("split", "-p", ".5", "-F", name, data=ids)
            self.assertEqual(out("split", "-p", "0", "-I", name, data=back), wanted, name)

    def test_text_is_as_its_ids(self):
        texts = b"".join(json.dumps({"id": i, "text": line.decode()}).encode() + b"\n"
                         for i, line in enumerate(self.prose.splitlines()))
        one, two = self.write("one", self.prose), self.write("two", self.noise)
        jsonl = self.write("texts", texts)
        for options in ((one,), (one, two), ("--lines", one, two, one), ("--jsonl", "text", jsonl, jsonl),
                        ("--null", two, one), ("--eod", "0", "--lines", one)):
            for more in ((), ("--chunk", "3"), ("--copies", "3")):
                ids = out("encode", *[o for o in options if o not in ("--eod", "0")])
                wanted = out("split", "-p", ".7", *more, data=ids)
                if "--eod" in options:
                    wanted = b"".join((line + b" 0").strip() + b"\n" for line in wanted.splitlines())
                self.assertEqual(out("split", "-p", ".7", "--encode", *more, *options), wanted,
                                 (options, more))

    def test_threads_and_files_change_nothing(self):
        chance = random.Random(8)
        documents = [make_ids(chance.choice((0, 1, 30, 900)), 32768, i) for i in range(1500)]
        documents[700] = make_ids(400_000, 32768, 1)
        text = as_text(documents)
        whole = self.write("whole", text)
        cut = text.index(b"\n", len(text) // 3) + 1
        parts = self.write("a", text[:cut]), self.write("b", text[cut:])
        jsonl = self.write("j", b"".join(b'{"x":[1],"ids":%s}\n' % json.dumps(d).encode()
                                         for d in documents))
        for options in (("-p", ".5"), ("-p", ".5", "--copies", "3"), ("-p", ".5", "--chunk", "1000"),
                        ("-p", ".5", "--copies", "2", "--chunk", "1000", "-F", "jsonl", "--tokens")):
            one = tok("split", "--threads", "1", *options, whole)
            self.assertEqual(one.returncode, 0)
            runs = ((whole,), parts, ("-I", "jsonl", jsonl))
            for rest in runs[:1] if SANITIZED else runs:
                for threads in ("8",) if rest == (whole,) else ("1", "3"):
                    many = tok("split", "--threads", threads, *options, *rest)
                    self.assertTrue(one.stdout == many.stdout, (options, threads, rest))
                    self.assertEqual(one.stderr, many.stderr)

    def test_a_bad_file_does_not_shift_what_is_drawn_in_others(self):
        good = self.write("good", as_text(make_ids(50, 32768, i) for i in range(3000)))
        head = as_text(make_ids(50, 32768, i) for i in range(20))
        for number, bad in enumerate((b"7 99999 7\n", b"7 x\n", b"-1\n")):
            path = self.write("bad", head + bad + head * 100)
            self.write("head", head)
            one = tok("split", "-p", "1", "--threads", "1", path, good)
            self.assertEqual((one.returncode, one.stderr.count(b"\n")), (2, 2))
            self.assertIn((b"line 21: no token has id 99999 (number 2)", b"line 21: 'x' is not an id",
                           b"line 21: '-1' is not an id")[number], one.stderr)
            for threads in ("2", "8"):
                many = tok("split", "-p", "1", "--threads", threads, path, good)
                self.assertTrue((many.stdout, many.stderr) == (one.stdout, one.stderr), threads)
            both = out("split", "-p", "1", os.path.join(self.folder.name, "head"), good)
            self.assertTrue(one.stdout == both)

    def test_documents_that_are_no_text_do_not_shift_either(self):
        line = b'{"text":"a strawberry, read"}\n'
        bad = self.write("bad.jsonl", line * 10 + b"{}\n" + line * 5000)
        good = self.write("good.jsonl", line * 5000)
        args = ("split", "--encode", "--jsonl", "text", "-p", "1", "--copies", "2", bad, good)
        one = tok(*args, "--threads", "1")
        self.assertIn(b"line 11: the object has no field 'text'", one.stderr)
        for threads in ("2", "5"):
            many = tok(*args, "--threads", threads)
            self.assertTrue((many.stdout, many.stderr) == (one.stdout, one.stderr), threads)
        self.write("head.jsonl", line * 10)
        head = out(*args[:-2], os.path.join(self.folder.name, "head.jsonl"), good)
        self.assertTrue(one.stdout == head)

    def test_copies(self):
        ids = as_text(make_ids(40, 32768, i) for i in range(200))
        once = out("split", "-p", ".5", data=ids).splitlines()
        thrice = out("split", "-p", ".5", "--copies", "3", data=ids).splitlines()
        self.assertEqual(thrice[::3], once)
        self.assertEqual(len(set(thrice)), 600)
        # So many that they are not made at once.
        many = out("split", "-p", ".5", "--copies", "1000", "--threads", "2", data=ids).splitlines()
        self.assertEqual((len(many), len(set(many))), (200_000, 200_000))
        self.assertEqual([many[i + k] for i in range(0, 200_000, 1000) for k in range(3)], thrice)
        # Many documents that lie together, of text.
        options = ("split", "-p", "1", "--copies", "400")
        wanted = out(*options, data=out("encode", "--lines", data=self.prose))
        self.assertGreater(len(wanted), 1 << 24)
        self.assertTrue(out(*options, "--encode", "--lines", data=self.prose) == wanted)

    def test_documents_of_one_text_are_split_in_their_own_ways(self):
        lines = out("split", "-p", ".5", data=as_text([make_ids(60, 32768, 1)] * 500)).splitlines()
        self.assertEqual(len(set(lines)), 500)
        self.assertNotEqual(lines, out("split", "-p", ".5", "--seed", "1",
                                       data=as_text([make_ids(60, 32768, 1)] * 500)).splitlines())

    def test_python_draws_the_same_for_each_document(self):
        lines = out("split", "-p", ".5", "--rng", "python",
                    data=as_text([make_ids(60, 32768, 1)] * 5)).splitlines()
        self.assertEqual(len(set(lines)), 1)

    def test_chunks(self):
        """Those of a document in parts are those of one in memory; each is split as a
        document of its length, and none by more than its attempts."""
        ids = make_ids(300_000, 32768, 3)
        parts = out("split", "-p", ".5", "--chunk", "1000", "-I", "u32", "-F", "u32", data=as_u32(ids))
        memory = out("split", "-p", ".5", "--chunk", "1000", "-I", "u32", "-F", "u32", "--copies", "2",
                     data=as_u32(ids))
        self.assertTrue(memory.startswith(parts))
        self.assertNotEqual(memory[len(parts):], parts)
        first = out("split", "-p", ".5", "-I", "u32", "-F", "u32", data=as_u32(ids[:1000]))
        self.assertTrue(parts.startswith(first))
        done = stats(tok("split", "-p", ".0015", "--chunk", "1000", "--stats", "json", "-I", "u32",
                         "-F", "u32", data=as_u32(ids)))
        self.assertEqual((done["tokens"], done["attempts"]), (300_000, 300))

    def test_protected_tokens_stay(self):
        ids = make_ids(3000, 32768, 4)
        keep = sorted(set(ids))[::2]
        names = json.loads(out("split", "-p", "0", "--tokens", data=as_text([keep])))["tokens"]
        some = {i: n for i, n in zip(keep, names) if "\n" not in n and not n.isdigit()}
        for lines, kept in (([str(i) for i in keep], keep), (some.values(), some)):
            path = self.write("keep", "\n\n".join(lines).encode())
            split = of_text(out("split", "-p", "20", "--protect", path, data=as_text([ids])))[0]
            for i in kept:
                self.assertGreaterEqual(split.count(i), ids.count(i))
            self.assertGreater(len(split), len(ids))
        path = self.write("keep", "\n".join(map(str, ids)).encode() + b"\n")
        done = tok("split", "-p", "20", "--protect", path, data=as_text([ids]))
        self.assertEqual(done.stdout, as_text([ids]))
        self.assertIn(b"no attempt met a token that may be", done.stderr)

    def test_what_is_told_is_what_was_done(self):
        ids = [make_ids(100, 32768, i) for i in range(50)]
        done = tok("split", "-p", ".5", "--stats", "json", "--copies", "2", data=as_text(ids))
        told, rows = stats(done), of_text(done.stdout)
        self.assertEqual((told["documents"], told["tokens"], told["attempts"]), (50, 10_000, 5000))
        self.assertEqual(sum(map(len, rows)) - 10_000, told["splits"])
        self.assertAlmostEqual(told["length_ratio"], sum(map(len, rows)) / 10_000, 6)
        self.assertEqual((told["schema"], told["warning"]), ("tok.split.1", None))
        text = tok("split", "-p", ".5", "--copies", "2", data=as_text(ids)).stderr.decode()
        self.assertIn(f"10000 tokens, 5000 attempts, {told['splits']} splits", text)

    def test_predicted_is_what_happens(self):
        ids = as_u32(make_ids(100_000, 32768, 6))
        wanted = ["0.01", "0.1", "1", "5"]
        done = json.loads(out("split", "--predict", "--stats", "json", "-p", ",".join(wanted),
                              "-I", "u32", data=ids))
        self.assertEqual((done["tokens"], len(done["predictions"])), (100_000, 4))
        for p, one in zip(wanted, done["predictions"]):
            real = stats(tok("split", "-p", p, "-I", "u32", "-F", "u32", "--stats", "json", data=ids))
            self.assertLess(abs(one["length_ratio"] / real["length_ratio"] - 1), .003, p)
            self.assertLess(abs(one["success_rate"] / real["success_rate"] - 1), .03, p)
            self.assertAlmostEqual(sum(one["shares"]), 1, 4)
        several = [out("split", "--predict", "--chunk", "1000", "--threads", threads, "-I", "u32",
                       data=ids * 10) for threads in ("1", "3")]
        self.assertEqual(several[0], several[1])

    def test_attempts_predicted_are_those_made(self):
        """Documents and chunks of few ids: what is rounded matters."""
        chance = random.Random(11)
        documents = [make_ids(chance.randrange(15, 25), 32768, i) for i in range(5000)]
        for data in (as_text(documents), as_text([sum(documents, [])])):
            for more in ((), ("--chunk", "13"), ("--round", "stochastic"),
                         ("--chunk", "9", "--round", "stochastic"), ("--chunk", "7")):
                args = ("split", "-p", ".13", "--stats", "json", *more)
                told = json.loads(out(*args, "--predict", "--threads", "3", data=data))
                one, real = told["predictions"][0], stats(tok(*args, data=data))
                self.assertEqual(told["tokens"], real["tokens"])
                if "--round" in more:
                    self.assertAlmostEqual(one["attempts"], .13 * told["tokens"], 6)
                    self.assertLess(abs(real["attempts"] / one["attempts"] - 1), .03, more)
                else:
                    self.assertEqual(one["attempts"], real["attempts"], more)
                self.assertLess(abs(one["length_ratio"] - real["length_ratio"]), .008, more)


class Bytes(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.out = os.path.join(self.folder.name, "out")
        with open(self.out, "wb") as file:
            file.write(b"old")
        self.ids = as_text(make_ids(50, 32768, i) for i in range(20_000))

    def tearDown(self):
        self.folder.cleanup()

    def check_old(self):
        with open(self.out, "rb") as file:
            self.assertEqual(file.read(), b"old")
        self.assertEqual(os.listdir(self.folder.name), ["out"])

    def test_full_device(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run((TOK, "split"), input=b"1 2 3\n", stdout=full,
                                  stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"No space left on device", done.stderr)
        self.assertEqual(done.stderr.count(b"\n"), 1)

    def test_full_disk_keeps_what_was_there(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        done = tok("split", "-o", self.out, data=self.ids, preexec_fn=limit)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"File too large", done.stderr)
        self.check_old()

    # So much work that another thread has read all there is, and waits for more.
    SLOW = ("-p", "50", "--threads", "3")

    def check_ends_early(self, data, message, *options):
        """The rest, which does not come, is not waited for."""
        with tempfile.TemporaryFile() as told:
            run = subprocess.Popen((TOK, "split", *self.SLOW, *options), stdin=subprocess.PIPE,
                                   stdout=subprocess.DEVNULL, stderr=told)
            try:
                run.stdin.write(data)
                run.stdin.flush()
                self.assertEqual(run.wait(timeout=30), 2)
            except BrokenPipeError: # it was faster
                self.assertEqual(run.wait(timeout=30), 2)
            finally:
                run.kill()
                with contextlib.suppress(BrokenPipeError):
                    run.stdin.close()
            told.seek(0)
            self.assertIn(message, told.read())

    def test_lost_output_ends_a_wait_for_input(self):
        ids = [3408] * 1000
        for name, line in (("text", as_text([ids])), ("jsonl", b'{"ids":%s}\n' % str(ids).encode())):
            self.check_ends_early(line * 80, b"No space left", "-I", name, "-o", "/dev/full")
        self.check_ends_early(as_u32(ids) * 80, b"No space left", "-I", "u32", "-o", "/dev/full",
                              "--chunk", "1000")

    def test_a_bad_line_ends_a_wait_for_its_rest(self):
        self.check_ends_early(as_text([[3408] * 1000]) * 100 + b"99999\n",
                              b"line 101: no token has id 99999")

    def test_killed_run_keeps_what_was_there(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            run = subprocess.Popen((TOK, "split", "-o", self.out), stdin=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
            run.stdin.write(self.ids)
            run.stdin.flush()
            run.send_signal(number)
            self.assertEqual(run.wait(timeout=60), -number)
            said = run.stderr.read()
            if number == signal.SIGTERM:
                self.assertEqual(said, b"tok split: interrupted: 'out' is as it was\n".replace(
                    b"out", self.out.encode()))
            run.stderr.close()
            run.stdin.close()
            self.check_old()

    def test_closed_pipe_is_quiet(self):
        for line in (f"yes 72 | '{TOK}' split", f"yes | '{TOK}' split --encode --lines --threads 3",
                     f"'{TOK}' split -I u16 -F u16 --chunk 9 /dev/zero"):
            done = subprocess.run(["sh", "-c", line + " | head -c 10 >/dev/null"], timeout=60,
                                  capture_output=True, check=False)
            self.assertEqual(done.stderr, b"", line)

    def check_memory(self, line, limit_kb):
        run = subprocess.Popen(["sh", "-c", line], stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(run.pid, 0)
        run.returncode = status
        self.assertEqual(status, 0, line)
        self.assertLess(usage.ru_maxrss, limit_kb, line)

    def test_memory_does_not_grow_with_a_document(self):
        """100 million ids; the bound is that of check_threads.py."""
        if SANITIZED:
            self.skipTest("sanitizers have a memory of their own")
        for line in ("head -c 200000000 /dev/zero | TOK split -I u16 -F u16 --chunk 4096 --threads 3",
                     "yes 259 | head -n 20000000 | tr '\\n' ' ' | TOK split -F u32 --chunk 4096 --threads 3",
                     "yes 259 | head -n 5000000 | TOK split -F u32 --threads 3"):
            self.check_memory(line.replace("TOK", f"'{TOK}'") + " >/dev/null", (64 + 3 * 16) * 1000)

    def test_memory_does_not_grow_with_empty_documents(self):
        """Neither with their number nor with that of copies."""
        if SANITIZED:
            self.skipTest("sanitizers have a memory of their own")
        for empty, count, options in (("", 2_000_000, ""), ('{"ids":[]}', 2_000_000, "-I jsonl"),
                                      ("", 2_000_000, "--encode --lines"), ("", 1, "--copies 5000000"),
                                      ("", 1, "--encode --lines --copies 5000000")):
            file = os.path.join(self.folder.name, "empty")
            self.check_memory(f"yes '{empty}' | head -n {count} >{file}; "
                              f"'{TOK}' split {options} -F u32 --threads 3 {file} >/dev/null",
                              (64 + 3 * 16) * 1000)


unittest.main()
