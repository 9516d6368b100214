#!/usr/bin/env python3
"""check_words_laws.py TOK: counts do not depend on threads, memory, where texts are cut or
how they are shared out; they survive 2^32; memory is bounded; whatever goes wrong, the
output is whole or as it was."""
import gzip
import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

TOK = os.path.abspath(sys.argv.pop(1))
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
SANITIZED = any(name in open(TOK, "rb").read() for name in (b"__asan_init", b"__tsan_init"))
RECIPES = (("--pretok", "o200k"), ("--pretok", "gpt2", "--special", "<s>", "--normalizer", "nfc"),
           ("--pretok", "bert"), ("--pretok", "metaspace", "--special", "dog"),
           ("--pretok", "whitespace"), ("--pretok", "none"), ("--like", os.path.join(DATA, "tiny.json")))


def limit(what, value):
    return lambda: resource.setrlimit(what, (value, value))


def words(folder, *options, data=b"", **more):
    return subprocess.run((TOK, "words") + options, input=data, capture_output=True, cwd=folder,
                          check=False, **more)


def make_text(seed, size):
    """Words old and new, of all lengths, lines, specials, bytes that are no UTF-8."""
    chance, text = random.Random(seed), bytearray()
    known = [b"the", b" dog", b"don't ", "\u4f60\u597d".encode(), b"\n", b"\n\n ", b"<s>", b"12345", b"  ",
             b"a" * 40, "\u00e9e\u0301".encode(), b"\x00", b"\xff\xfe"]
    while len(text) < size:
        if chance.random() < 0.5:
            text += chance.choice(known)
        else:
            text += b" %x" % chance.randrange(16 ** chance.randrange(1, 9))
    return bytes(text)


class Counts(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def words(self, *options, **more):
        done = words(self.folder, *options, **more)
        self.assertEqual((done.returncode, done.stderr), (0, b""), options)
        return done.stdout

    def test_threads_memory_and_chunks_change_nothing(self):
        self.write("text", make_text(1, 400_000 if SANITIZED else 3_000_000))
        for recipe in RECIPES:
            wanted = self.words(*recipe, "--threads", "1", "text")
            for more in (("--threads", "3"), ("--threads", "1", "--memory", "1M"),
                         ("--threads", "4", "--memory", "20M")):
                self.assertEqual(self.words(*recipe, *more, "text") == wanted, True, recipe + more)
            slow = subprocess.run(  # other chunks than of a file
                f"dd bs=7000 if=text 2>/dev/null | {TOK} words {' '.join(recipe)} --threads 2".replace(
                    "<s>", "'<s>'"), shell=True, cwd=self.folder, capture_output=True, check=True).stdout
            self.assertEqual(slow == wanted, True, recipe)

    def test_shares_are_the_whole(self):
        lines = make_text(2, 300_000).split(b"\n")
        shares = [[] for _ in range(7)]
        for line in lines:
            random.Random(line).choice(shares).append(line)
        self.write("text", b"\n".join(lines) + b"\n")
        for i, share in enumerate(shares):
            self.write(f"share{i}", b"".join(line + b"\n" for line in share))
            self.words("--lines", f"share{i}", "-o", f"share{i}.words")
        whole = self.words("--lines", "text")
        names = [f"share{i}.words" for i in range(7)]
        self.assertEqual(self.words("--merge", *names) == whole, True)
        self.words("--merge", *names[3:], "-o", "some")
        self.assertEqual(self.words("--merge", "some", *names[2::-1]) == whole, True)
        piped = subprocess.run(f"cat share0.words | {TOK} words --merge - {' '.join(names[1:])} | {TOK} words --merge",
                               shell=True, cwd=self.folder, capture_output=True, check=True).stdout
        self.assertEqual(piped == whole, True)
        rows = self.words("--merge", "some", names[0], names[1], names[2], "-F", "tsv").splitlines(True)
        random.Random(3).shuffle(rows)
        self.write("rows", b"".join(rows))
        self.assertEqual(self.words("--from-tsv", "rows", "-F", "tsv") ==
                         self.words("--lines", "text", "-F", "tsv"), True)
        self.write("text.gz", gzip.compress(self.read("text")))
        self.assertEqual(self.words("--lines", "text.gz") == whole, True)

    def test_a_count_beyond_32_bits(self):
        self.words("--pretok", "whitespace", "-o", "a", data=b"aaa b aaa")
        for _ in range(33):
            self.words("--merge", "a", "a", "-o", "a")
        self.assertEqual(self.words("--merge", "a", "-F", "tsv"), b"aaa\t%d\nb\t%d\n" % (2 << 33, 1 << 33))

    def test_hundreds_of_inputs_with_few_descriptors(self):
        names = []
        for i in range(300 if not SANITIZED else 150):
            names.append(f"n{i}")
            self.words("-p", "whitespace", "-o", names[-1], data=b"all w%d" % (i % 100))
        merged = self.words("--merge", *names, "-F", "tsv", preexec_fn=limit(resource.RLIMIT_NOFILE, 90))
        counts = dict(row.split(b"\t") for row in merged.splitlines())
        self.assertEqual(int(counts[b"all"]), len(names))
        self.assertEqual(len(counts), 101)

    def test_the_database(self):
        self.write("text", make_text(4, 100_000))
        self.words("text", "-F", "sqlite", "-o", "db")
        self.words("text", "-o", "counts")
        database = sqlite3.connect(self.path("db"))
        rows = database.execute("SELECT word, count FROM words ORDER BY word").fetchall()
        documents, size, total, different = database.execute("SELECT * FROM totals").fetchone()
        recipe, = database.execute("SELECT json FROM recipe").fetchone()
        self.assertEqual((documents, size), (1, len(self.read("text"))))
        self.assertEqual((total, different), (sum(count for _, count in rows), len(rows)))
        self.assertEqual(database.execute("PRAGMA integrity_check").fetchone(), ("ok",))
        self.assertIn(recipe.encode(), self.read("counts"))
        lines = self.words("--merge", "counts", "-F", "tsv").count(b"\n")
        self.assertEqual(lines, len(rows))
        database.close()

    def test_one_long_line_in_little_memory(self):
        size = 4 if SANITIZED else 256
        script = f"import sys\nfor _ in range({size}): sys.stdout.write('a word or two ' * 74899)"
        with subprocess.Popen((sys.executable, "-c", script), stdout=subprocess.PIPE) as source, \
                subprocess.Popen((TOK, "words", "--lines", "--threads", "2", "-F", "tsv"), stdin=source.stdout,
                                 stdout=subprocess.PIPE) as run:
            source.stdout.close()
            out = run.stdout.read()
            _, run.returncode, usage = os.wait4(run.pid, 0)
        self.assertEqual(run.returncode, 0)
        self.assertIn(b" word\t%d\n" % (size * 74899), out)
        if not SANITIZED:
            # What this process holds counts too.
            self.assertLess(usage.ru_maxrss, 200_000)

    def test_a_full_disk_is_told(self):
        done = subprocess.run(f"printf 'one two' | {TOK} words > /dev/full", shell=True,
                              capture_output=True, check=False)
        self.assertEqual((done.returncode, b"No space left" in done.stderr), (2, True))
        self.write("text", b"".join(b" %d" % i for i in range(600_000)))
        self.write("out", b"as it was")
        ignore = lambda: (signal.signal(signal.SIGXFSZ, signal.SIG_IGN), limit(resource.RLIMIT_FSIZE, 1 << 20)())
        for options in (("-o", "out"), ("-o", "out", "-F", "tsv"), ("-o", "out", "-F", "sqlite"),
                        ("-o", "out", "--memory", "1M", "--threads", "1")):
            done = words(self.folder, "-p", "gpt2", *options, "text", preexec_fn=ignore)
            self.assertEqual(done.returncode, 2, options)
            self.assertRegex(done.stderr, rb"^tok words: .*(too large|full|disk|I/O)", options)
            self.assertEqual(self.read("out"), b"as it was")
            self.assertEqual(sorted(os.listdir(self.folder)), ["out", "text"])

    def test_no_folder_for_runs_is_told(self):
        self.write("text", b"".join(b" %d" % i for i in range(200_000)))
        done = words(self.folder, "-p", "gpt2", "-o", "out", "--memory", "1M", "text",
                     env={**os.environ, "TMPDIR": "/nowhere"})
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"temporary file in '/nowhere'", done.stderr)
        self.assertEqual(os.listdir(self.folder), ["text"])

    def test_an_interrupt_leaves_what_was(self):
        self.write("out", b"as it was")
        for number in (signal.SIGINT, signal.SIGTERM):
            with subprocess.Popen((TOK, "words", "-o", "out"), stdin=subprocess.PIPE, cwd=self.folder,
                                  stderr=subprocess.PIPE) as run:
                run.stdin.write(b"some text " * 100_000)
                run.stdin.flush()
                time.sleep(0.3)
                run.send_signal(number)
                said = run.stderr.read()
                run.stdin.close()
            self.assertEqual((run.returncode, said),
                             (-number, b"tok words: interrupted: 'out' is as it was\n"))
            self.assertEqual(self.read("out"), b"as it was")
            self.assertEqual(os.listdir(self.folder), ["out"])


if __name__ == "__main__":
    unittest.main()
