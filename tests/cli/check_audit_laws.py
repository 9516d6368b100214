#!/usr/bin/env python3
"""check_audit_laws.py TOK: texts of `tok audit` are read once and not held: from pipes, by any number of threads,
whole or some at a time, with the numbers of a reader who has them all."""
import collections
import gzip
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import unittest

TOK = os.path.abspath(sys.argv.pop(1))
SANITIZED = any(name in open(TOK, "rb").read() for name in (b"__asan_init", b"__tsan_init"))
MARK = b"\xef\xbb\xbf"


def make_text(seed, size):
    """Lines with ends of both kinds, empty ones, words old and new, bytes that are no UTF-8."""
    chance, text = random.Random(seed), bytearray(MARK)
    while len(text) < size:
        words = [chance.choice((b"the", "\u4f60\u597d".encode(), b"\xff", "\u00e9t\u00e9".encode(), b"12",
                                b"%x" % chance.randrange(16 ** chance.randrange(1, 6))))
                 for _ in range(chance.randrange(12))]
        text += b" ".join(words) + chance.choice((b"\n", b"\r\n", b"\n\n"))
    return bytes(text + b"no end")


def lines_of(text):
    lines = [line[:-1] if line.endswith(b"\r") else line for line in text.removeprefix(MARK).split(b"\n")]
    return [line for line in lines if line]


def entropy(counts):
    total = sum(counts)
    return -sum(n / total * math.log2(n / total) for n in counts)


class Held(unittest.TestCase):
    """The first: what this process has ever held counts as memory of what it starts."""

    def test_texts_are_not_held(self):
        size = 2_000_000 if SANITIZED else 64_000_000
        line = f"yes 'the quick brown fox jumps' | head -c {size} | '{TOK}' audit --threads 2 --json >/dev/null"
        with subprocess.Popen(["sh", "-c", line]) as run:
            _, status, usage = os.wait4(run.pid, 0)
            run.returncode = status
        self.assertEqual(status, 0)
        if not SANITIZED:
            self.assertLess(usage.ru_maxrss, 56_000)


class Laws(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        cls.text = make_text(1, 200_000 if SANITIZED else 1_300_000)
        cls.write("text", cls.text)

    @classmethod
    def write(cls, name, data):
        with open(os.path.join(cls.folder, name), "wb") as file:
            file.write(data)

    def shell(self, line, **more):
        return subprocess.run(["sh", "-c", line.replace("TOK", f"'{TOK}'")], cwd=self.folder, capture_output=True,
                              check=False, **more)

    def audit(self, line):
        done = self.shell(line)
        self.assertEqual((done.returncode, done.stderr), (0, b""), line)
        found = json.loads(done.stdout)
        del found["options"] # they name files
        return found

    def test_numbers_are_those_of_all_lines_together(self):
        found = self.audit("TOK audit -t bytes --corpus x=text --json")
        (facts,), (cell,) = found["languages"], found["cells"]
        lines = lines_of(self.text)
        words = [word for line in lines for word in line.split(b" ") if word]
        counts = collections.Counter(b"".join(lines))
        behind = sum(len(line.split()) - 1 for line in lines if line.split())
        tokens = sum(map(len, words)) + behind
        self.assertEqual(facts["lines"], len(lines))
        self.assertEqual(facts["bytes"], sum(map(len, lines)))
        self.assertEqual((facts["words"], facts["distinct_words"]), (len(words), len(set(words))))
        self.assertEqual((cell["tokens"], cell["types"]), (sum(map(len, lines)), len(counts)))
        self.assertAlmostEqual(cell["entropy"], entropy(counts.values()), 9)
        self.assertAlmostEqual(cell["continuing"], (tokens - len(words)) / tokens, 9)
        first = [line.split()[0] for line in lines if line.split()]
        self.assertAlmostEqual(cell["single"], sum(len(w) == 1 for w in first) / len(words), 9)
        self.assertEqual(cell["round_trip"], 1)

    def test_threads_change_nothing(self):
        for i in range(9):
            self.write(f"small{i}", make_text(i + 2, 2000 * i))
        names = " ".join(f"small{i}" for i in range(9)) + " text"
        wanted = self.shell(f"TOK audit -t bytes -t tok-32k {names} --threads 1 --json").stdout
        self.assertEqual(len(json.loads(wanted)["cells"]), 20)
        for threads in (2, 5):
            got = self.shell(f"TOK audit -t bytes -t tok-32k {names} --threads {threads} --json").stdout
            self.assertEqual(got == wanted, True, threads)

    def test_pipes_are_read_once(self):
        wanted = self.audit("TOK audit --corpus x=text --json")
        self.write("text.gz", gzip.compress(self.text, 1))
        for line in ("cat text | TOK audit --corpus x=- --json", "cat text.gz | TOK audit --corpus x=/dev/stdin --json",
                     "mkfifo pipe; dd bs=7001 if=text of=pipe 2>/dev/null & TOK audit --corpus x=pipe --json --threads 3",
                     "(head -c 1 text; sleep .1; tail -c +2 text) | TOK audit --corpus x=- --json --threads 2"):
            self.assertEqual(self.audit(line) == wanted, True, line)

    def test_a_file_may_be_several_languages(self):
        alone = self.audit("TOK audit --corpus x=text --json")
        for threads in (1, 3):
            found = self.audit(f"TOK audit --corpus a=text --corpus b=text --corpus a=text --json --threads {threads}")
            a, b = found["languages"]
            self.assertEqual((b["hash"], a["lines"]), (alone["languages"][0]["hash"], 2 * b["lines"]))
            self.assertEqual(found["cells"][1]["entropy"], alone["cells"][0]["entropy"])
            done = self.shell(f"TOK audit --corpus a=- --corpus b=- --json --threads {threads} <text")
            self.assertEqual(done.stderr, b"tok audit: b has no text\n")
            a, b = json.loads(done.stdout)["languages"]
            self.assertEqual((a["hash"], b["lines"]), (alone["languages"][0]["hash"], 0))

    def test_the_sample_is_of_fronts(self):
        """Only NFD tells what is in it: the share of each of 8 languages is 131,072 bytes, wherever loads end."""
        line, other = b"ab " * 33 + b"\n", "\u00e9\n".encode()
        texts = {"a": line * 10_200, "b": line * 1000 + other + line * 1000, "c": line * 1310 + other,
                 "d": line * 1311 + other, "e": b"x" * 200_000 + b"\n" + other, "f": other, "g": b"", "h": b"x"}
        for name, text in texts.items():
            self.write(name, text)
        for threads in (1, 3):
            done = self.shell(f"TOK audit -t bytes a d b c e f g h --json --threads {threads}")
            found = {cell["language"]: cell["nfd_stable"] for cell in json.loads(done.stdout)["cells"]}
            self.assertEqual(found, dict.fromkeys("adegh") | dict.fromkeys("bcf", 0))
        os.makedirs(os.path.join(self.folder, "p", "declaration"))
        for name, texts in (("x", (line * 10_400, other)), ("y", (line, other)), ("z", (line * 3000 + other,))):
            self.write(f"p/declaration/{name}.html", b"<body>" + b"".join(b"<p>" + text for text in texts))
        done = self.shell("TOK audit -t bytes --udhr p --json")
        found = {cell["language"]: cell["nfd_stable"] for cell in json.loads(done.stdout)["cells"]}
        self.assertEqual(found, {"x": None, "y": 0, "z": 0}) # paragraphs are not cut that have room

    def test_a_long_first_line_is_cut(self):
        """Between two characters, at the share or at 16 KiB: "\u00e9" is unknown, and so were a part of it."""
        self.write("x.json", json.dumps({"decoder": {"type": "Fuse"},
                                         "model": {"type": "BPE", "unk_token": "?", "merges": [],
                                                   "vocab": {"x": 0, "?": 1}}}).encode())
        for room, share in ((1 << 17, 8), (1 << 14, 65)):
            empty = " ".join(f"--corpus e{i}=/dev/null" for i in range(1, share))
            for over, wrong in ((-2, True), (-1, False), (0, False), (1000, False)):
                self.write("long", b"x" * (room + over) + "\u00e9".encode() + b"x" * 2000 + b"\n")
                done = self.shell(f"TOK audit -t x.json --corpus a=long {empty} --json")
                self.assertEqual(json.loads(done.stdout)["cells"][0]["error_rate"] > 0, wrong, (room, over))

    def test_a_line_has_a_limit(self):
        self.write("long", b"ab\n" + b"x" * 1000 + b"\r\n" + b"y" * 1001)
        for limit, number in ((1002, 0), (1001, 0), (1000, 3), (999, 2), (1, 1)):
            done = self.shell(f"TOK audit -t bytes --max-document {limit} long")
            told = b"" if number == 0 else (f"tok audit: long: line {number} is longer than {limit} bytes: "
                                            "--max-document allows more\n").encode()
            self.assertEqual((done.returncode, done.stderr, done.stdout == b""), (2 if told else 0, told, bool(told)))
        done = self.shell("cat /dev/zero | TOK audit --max-document 1M")
        self.assertEqual((done.returncode, done.stderr), (
            2, b"tok audit: -: line 1 is longer than 1048576 bytes: --max-document allows more\n"))
        done = self.shell("mkdir -p u/declaration; cp text u/declaration/x.html; TOK audit --udhr u --max-document 9")
        self.assertEqual((done.returncode, done.stderr), (
            2, b"tok audit: x: the page is longer than 9 bytes: --max-document allows more\n"))
        done = self.shell("TOK audit --max-document 4G text")
        self.assertIn(b"--max-document can be at most 4294967294", done.stderr)
        done = self.shell("TOK audit --max-document 0 text")
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertIn(b"--max-document takes a number of 1 or more", done.stderr)

    def test_lines_have_the_numbers_of_their_file(self):
        """Empty ones count; of several files the one is named."""
        self.write("one", b"\n\n\nab\nabcd\n")
        self.write("small", b"ab\n\nb\n")
        self.write("two", b"\r\nab\n\nabcdef\n")
        self.write("ab.json", json.dumps({"model": {"type": "Unigram", "unk_id": None,
                                                    "vocab": [["a", -1], ["b", -1]]}}).encode())
        for texts, place in (("one", "one: line 5"), ("two", "two: line 4"),
                             ("--corpus x=one --corpus x=two", "x: line 5 of 'one'"),
                             ("--corpus x=small --corpus x=two", "x: line 4 of 'two'")):
            limited = self.shell(f"TOK audit -t bytes --max-document 3 {texts}").stderr.decode()
            self.assertEqual(limited, f"tok audit: {place} is longer than 3 bytes: --max-document allows more\n")
            refused = self.shell(f"TOK audit -t ab.json {texts}").stderr.decode()
            self.assertTrue(refused.startswith(f"tok audit: ab.json: {place}: "), refused)

    def test_of_what_cannot_be_read_the_first_is_told(self):
        for threads in (1, 2, 4):
            done = self.shell(f"TOK audit --corpus a=text --corpus b=no1 --corpus c=no2 --threads {threads}")
            self.assertEqual((done.returncode, done.stdout, done.stderr), (
                2, b"", b"tok audit: cannot open 'no1': No such file or directory\n"))
        done = self.shell("mkfifo late; (sleep .3; gzip <text | head -c 99) >late & TOK audit late no2 --threads 2")
        self.assertEqual((done.returncode, done.stdout, b"'late'" in done.stderr), (2, b"", True))


unittest.main(verbosity=1)
