#!/usr/bin/env python3
"""check_threads.py TOK: any number of threads says the same, byte for byte: output,
messages and exit status; a run ends when it has enough; memory stays bounded."""
import contextlib
import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import unittest

TOK = os.path.abspath(sys.argv.pop(1))
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
SANITIZED = any(name in open(TOK, "rb").read() for name in (b"__asan_init", b"__tsan_init"))
TINY = ("-t", os.path.join(DATA, "tiny.json"))
# Sanitizers take ten times as long.
THREADS = ("1", "3") if SANITIZED else ("1", "2", "3", "8")
TOKENIZERS = (TINY,) if SANITIZED else ((), TINY)


def write(folder, name, data):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)
    return path


def make_inputs(folder):
    """One long file, one of short lines and one of all lengths, JSON, and a folder."""
    chance = random.Random(1)
    words = ["hello ", "world ", "caf\u00e9 ", "a", "\u4f60\u597d", " ", "\n", "<s>"]
    prose = "".join(chance.choices(words, k=200_000)).encode()
    lines = b"".join(b"%d\n" % chance.randrange(10 ** chance.randrange(6)) for _ in range(60_000))
    mixed = b"".join(chance.randbytes(chance.choice((0, 1, 50, 5000))) + b"\n" for _ in range(400))
    mixed += b"x" * 700_000 + b"\n" + b"y " * 400_000 + b"\nend"
    texts = b"".join(b'{"text":"%s"}\n' % (b"w\\u00e9 " * chance.randrange(200)) for _ in range(3000))
    write(folder, "long", prose)
    write(folder, "lines", lines)
    write(folder, "mixed", mixed)
    write(folder, "texts", texts)
    write(folder, "bad_texts", texts[:1_200_000].rpartition(b"\n")[0] + b"\n{}\n" + texts)
    write(folder, "refused", b"<s>" + b"hello\n" * 100_000)
    write(folder, "empty", b"")
    for i in range(300):
        write(folder, f"many/{i % 7}/{i}", lines[i * 50:i * 50 + chance.randrange(3000)])


CASES = (
    ("encode", "long", "mixed", "empty"),
    ("encode", "many", "nothing", "lines"),
    ("encode", "--lines", "lines", "mixed", "empty", "nothing", "long"),
    ("encode", "--lines", "--max-tokens", "5", "lines", "mixed"),
    ("encode", "--max-tokens", "300000", "long", "mixed", "many"),
    ("encode", "--lines", "--budget", "100001", "lines", "mixed"),
    ("encode", "--budget", "700001", "empty", "long", "mixed"),
    ("encode", "--lines", "--eod", "0", "-F", "u32", "lines", "mixed"),
    ("encode", "--null", "-F", "u32", "mixed", "lines"),
    ("encode", "--jsonl", "text", "texts", "bad_texts", "texts"),
    ("encode", "--jsonl", "text", "lines", "texts"),
    ("encode", "--lines", "--offsets", "--tokens", "lines", "texts"),
    ("encode", "--offsets", "--offset-unit", "char", "--eod", "0", "long"),
    ("encode", "--special-text", "error", "--lines", "long", "lines"),
    ("encode", "--special-text", "error", "many", "long", "many"),
    ("encode", "--special-text", "error", *("refused",) * 20, "lines"),
    ("encode", "--add-special", "--lines", "--max-document", "1K", "lines", "mixed", "lines"),
    ("encode", "--lines", "-F", "npy", "lines"),
    ("count", "long", "nothing", "many", "empty", "mixed"),
    ("count", "--lines", "--json", "lines", "nothing", "mixed", "empty"),
    ("count", "--jsonl", "text", "texts", "bad_texts", "lines", "texts"),
    ("count", "--special-text", "error", "--lines", "many", "long", "lines"),
)


class Threads(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        make_inputs(cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def run_tok(self, *args, data=b""):
        done = subprocess.run((TOK,) + args, cwd=self.folder.name, input=data, capture_output=True,
                              timeout=120, check=False)
        return done.returncode, done.stdout, done.stderr

    def test_the_same_for_any_number(self):
        for tokenizer in TOKENIZERS:
            for tool, *rest in CASES:
                one = self.run_tok(tool, *tokenizer, "--threads", "1", *rest)
                self.assertTrue(one[1], rest)
                for number in THREADS[1:]:
                    many = self.run_tok(tool, *tokenizer, "--threads", number, *rest)
                    self.assertTrue(many == one, (number, tool, tokenizer, rest, one[2], many[2]))

    def test_the_same_through_a_pipe(self):
        for name, options in (("long", ()), ("mixed", ("--lines",)), ("texts", ("--jsonl", "text"))):
            one = self.run_tok("encode", *TINY, *options, "--threads", "1", name)
            with open(os.path.join(self.folder.name, name), "rb") as file:
                data = file.read()
            for number in THREADS:
                self.assertTrue(self.run_tok("encode", *TINY, *options, "--threads", number,
                                             data=data) == one, (name, number))

    def test_files_are_taken_in_the_order_they_are_named(self):
        one = self.run_tok("encode", "lines", "long", "lines")[1]
        parts = [self.run_tok("encode", name)[1] for name in ("lines", "long", "lines")]
        self.assertEqual(one, b"".join(parts))

    # Two parts and the beginning of a third: while the second is written, another
    # thread waits for the rest of the third.
    TWO_PARTS = 580_000

    def feed(self, file, byte):
        """The run may end before it has read all."""
        with contextlib.suppress(BrokenPipeError):
            file.write(byte * self.TWO_PARTS)
            file.flush()

    @staticmethod
    def close(file):
        with contextlib.suppress(BrokenPipeError):
            file.close()

    def test_enough_ends_a_run_that_waits_for_more(self):
        for option in ("--max-tokens", "--budget"):
            with tempfile.TemporaryFile() as out:
                run = subprocess.Popen((TOK, "encode", "-t", "bytes", "--threads", "3", option, "300000"),
                                       stdin=subprocess.PIPE, stdout=out)
                self.feed(run.stdin, b"\0")
                self.assertEqual(run.wait(timeout=60), 0)
                self.close(run.stdin)
                self.assertEqual(out.seek(0, 2), 600_000)

    def test_signals_that_end_a_run_are_the_first_threads(self):
        ends = 1 << signal.SIGINT - 1 | 1 << signal.SIGTERM - 1
        run = subprocess.Popen((TOK, "encode", "-t", "bytes", "--threads", "3", "-o", "out"),
                               cwd=self.folder.name, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(3):
            self.feed(run.stdin, b"\0")
        blocked, wanted, deadline = {}, {}, time.monotonic() + 20
        while (len(blocked) < 2 or blocked != wanted) and time.monotonic() < deadline:
            for task in map(int, os.listdir(f"/proc/{run.pid}/task")):
                with open(f"/proc/{run.pid}/task/{task}/status", encoding="ascii") as file:
                    mask = int(re.search(r"SigBlk:\s*(\w+)", file.read())[1], 16)
                blocked[task], wanted[task] = mask & ends, 0 if task == run.pid else ends
        self.assertEqual(blocked, wanted)
        self.assertGreater(len(blocked), 1)
        run.terminate()
        self.assertEqual(run.wait(timeout=60), -signal.SIGTERM)
        self.assertIn(b"interrupted: 'out' is as it was", run.stderr.read())
        run.stderr.close()
        self.close(run.stdin)

    def test_enough_of_one_pipe_goes_on_with_the_next(self):
        fifo = os.path.join(self.folder.name, "fifo")
        os.mkfifo(fifo)
        with tempfile.TemporaryFile() as out:
            run = subprocess.Popen((TOK, "encode", "-t", "bytes", "-n", "300000", "--threads", "3", fifo, "empty"),
                                   cwd=self.folder.name, stdout=out)
            end = open(fifo, "wb")
            self.feed(end, b"\0")
            self.assertEqual(run.wait(timeout=60), 0)
            self.close(end)
            self.assertEqual(out.seek(0, 2), 600_001)

    def test_a_lost_output_ends_a_run_that_waits_for_more(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (700_000, 700_000))
        with tempfile.TemporaryFile() as out:
            run = subprocess.Popen((TOK, "encode", "-t", "bytes", "--threads", "3"), stdin=subprocess.PIPE,
                                   stdout=out, stderr=subprocess.PIPE, preexec_fn=limit)
            self.feed(run.stdin, b"\0")
            self.assertEqual(run.wait(timeout=60), 2)
            self.assertIn(b"File too large", run.stderr.read())
            run.stderr.close()
            self.close(run.stdin)

    def test_memory_is_bounded_on_a_pipe(self):
        """300 MB; a generous bound: 64 MB and 16 MB a thread."""
        if SANITIZED:
            self.skipTest("sanitizers have a memory of their own")
        for size, options in (("300000000", ""), ("100000000", "--lines"),
                              ("30000000", "--lines --offsets")):
            source = "yes 'the quick brown'" if options else "cat /dev/zero"
            line = f"{source} | head -c {size} | '{TOK}' encode -t bytes --threads 3 {options} > /dev/null"
            run = subprocess.Popen(["sh", "-c", line])
            _, status, usage = os.wait4(run.pid, 0)
            run.returncode = status
            self.assertEqual(status, 0)
            self.assertLess(usage.ru_maxrss, (64 + 3 * 16) * 1000, options)

    def make_padded(self, length):
        with open(TINY[1], encoding="utf-8") as file:
            model = json.load(file)
        model["padding"] = {"strategy": {"Fixed": length}, "direction": "Right",
                            "pad_to_multiple_of": None, "pad_id": 7, "pad_type_id": 0,
                            "pad_token": ">"}
        return ("-t", write(self.folder.name, "padded.json", json.dumps(model).encode()), "--hf")

    def test_documents_that_grow_are_all_written_and_not_held(self):
        """One part of the input, 268 MB of output."""
        padded = " ".join(self.make_padded(512))
        lines = write(self.folder.name, "newlines", b"\n" * 262144)
        for threads in ("1", "3"):
            line = f"'{TOK}' encode --threads {threads} {padded} --lines -F u16 {lines} | wc -c"
            run = subprocess.Popen(["sh", "-c", line], stdout=subprocess.PIPE)
            out = run.stdout.read()
            _, _, usage = os.wait4(run.pid, 0)
            run.returncode = 0
            run.stdout.close()
            self.assertEqual(int(out), 262144 * 512 * 2)
            if not SANITIZED:
                self.assertLess(usage.ru_maxrss, (64 + 3 * 16) * 1000, threads)

    def test_blocks_of_documents_that_grow_join(self):
        """The blocks that one part of the input makes: as if each line came alone.  All
        in files: what this process holds counts as memory of what it starts."""
        padded = self.make_padded(300)
        chance = random.Random(2)
        texts = chance.choices(("", "hello", "world hello"), k=40_000)
        texts[30_000] = "hello " * 200
        lines = write(self.folder.name, "grow", "".join(text + "\n" for text in texts).encode())
        alone = {text: self.run_tok("encode", *padded, "-F", "u32", data=text.encode())[1]
                 for text in set(texts)}
        wanted, got = (os.path.join(self.folder.name, name) for name in ("wanted", "got"))
        with open(wanted, "wb") as file:
            file.writelines(alone[text] for text in texts)
        refused = sum(len(alone[text]) for text in texts[:30_000])
        for options, code, size in (((), 0, os.path.getsize(wanted)),
                                    (("--budget", "9000001"), 0, 4 * 9_000_001),
                                    (("--max-document", "1K"), 2, refused)):
            for threads in THREADS:
                done = self.run_tok("encode", *padded, "--threads", threads, "--lines", "-F", "u32",
                                    "-o", got, *options, lines)
                self.assertEqual((done[0], os.path.getsize(got)), (code, size), (options, threads))
                same = subprocess.run(("cmp", "-n", str(size), wanted, got), check=False)
                self.assertEqual(same.returncode, 0, (options, threads))
                self.assertEqual(b"document 30001: it is longer" in done[2], code == 2)

    def test_a_line_that_cannot_be_cut_is_refused_not_held(self):
        """2 GB would do the same and take longer: the window grows no further."""
        line = f"head -c 100000000 /dev/zero | '{TOK}' encode --lines --max-document 1M --add-special"
        line += f" -t {TINY[1]} --threads 3"
        run = subprocess.Popen(["sh", "-c", line], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = run.stdout.read(), run.stderr.read()
        _, _, usage = os.wait4(run.pid, 0)
        run.returncode = 0
        run.stdout.close()
        run.stderr.close()
        self.assertEqual(out, b"")
        self.assertIn(b"document 1: it is longer than 1048576 bytes and cannot be cut", err)
        if not SANITIZED:
            self.assertLess(usage.ru_maxrss, 64_000)


unittest.main(verbosity=1)
