#!/usr/bin/env python3
"""check_shards.py TOK: a run of shards that is ended at any moment goes on with
--resume to the very files of a run that was left alone; what is there is whole."""
import hashlib
import json
import os
import random
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

TOK = os.path.abspath(sys.argv.pop(1))
SANITIZED = any(name in open(TOK, "rb").read() for name in (b"__asan_init", b"__tsan_init"))
FORMATS = ("npy", "megatron") if SANITIZED else ("text", "jsonl", "u16", "u32", "npy", "megatron")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def heed_signals():
    """Whoever runs this in the background may have had SIGINT ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Shards(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.folder = self.scratch.name
        chance = random.Random(1)
        lines = b"".join(b"%d\n" % chance.randrange(10 ** chance.randrange(7)) for _ in range(40_000))
        self.write("in/a", lines)
        self.write("in/b", lines[:1000] + b"x" * 600_000 + b"\n" + lines)
        self.write("in/c", subprocess.run(["gzip", "-nc"], input=lines, capture_output=True,
                                          check=True).stdout)
        for i in range(50):
            self.write(f"in/d/{i:02}", lines[i * 100:i * 110])

    def tearDown(self):
        self.scratch.cleanup()

    def write(self, name, data):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)

    def run_tok(self, *args, **more):
        return subprocess.run((TOK, "encode", "-t", "bytes") + args, cwd=self.folder, capture_output=True,
                              timeout=120, check=False, **more)

    def outputs(self, prefix):
        """{name without the prefix: hash} of all that was made but the manifest, which
        names the others."""
        return {name[len(prefix):]: hashlib.sha256(read(os.path.join(self.folder, name))).hexdigest()
                for name in os.listdir(self.folder)
                if name.startswith(prefix) and name != prefix + ".json"}

    def check_whole(self, prefix):
        """Every shard that the manifest lists is there, whole."""
        manifest = json.loads(read(os.path.join(self.folder, prefix + ".json")))
        for shard in manifest["shards"]:
            self.assertEqual(os.path.getsize(os.path.join(self.folder, shard["file"])), shard["bytes"])
        return manifest

    def test_shards_joined_are_the_whole(self):
        whole = self.run_tok("--lines", "-F", "u32", "--eod", "0", "in").stdout
        lines = self.run_tok("--lines", "-F", "jsonl", "--eod", "0", "in").stdout.splitlines()
        lengths = [len(json.loads(line)["ids"]) for line in lines]
        done = self.run_tok("--lines", "-F", "u32", "--eod", "0", "-o", "s", "--shard-tokens", "30000", "in")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        manifest = self.check_whole("s")
        joined = b"".join(read(os.path.join(self.folder, s["file"])) for s in manifest["shards"])
        self.assertTrue(joined == whole)
        wanted, ids, count = [], 0, 0
        for length in lengths:
            ids, count = ids + length, count + 1
            if ids >= 30000:
                wanted.append((ids, count))
                ids = count = 0
        wanted.append((ids, count))
        self.assertEqual([(s["tokens"], s["documents"]) for s in manifest["shards"]], wanted)
        self.assertEqual((manifest["tokens"], manifest["documents"], manifest["complete"]),
                         (sum(lengths), len(lengths), True))

    def test_any_number_of_threads(self):
        for name in ("npy", "megatron"):
            for threads in ("1", "3", "8"):
                self.run_tok("--lines", "-F", name, "-o", name + threads, "--shard-tokens", "9999",
                             "--threads", threads, "in")
            self.assertTrue(self.outputs(name + "1") == self.outputs(name + "3"))
            self.assertTrue(self.outputs(name + "1") == self.outputs(name + "8"))

    def end_somewhere(self, args, chance, prefix):
        """Start a run and end it by a signal; a third of the runs may come to their end."""
        run = subprocess.Popen((TOK, "encode", "-t", "bytes") + args, cwd=self.folder, stderr=subprocess.PIPE,
                               preexec_fn=heed_signals)
        number = chance.choice((signal.SIGINT, signal.SIGTERM, signal.SIGKILL))
        deadline = time.monotonic() + 60
        wanted = chance.randrange(1, 4)  # more shards than before
        def count():
            return sum(name.startswith(prefix) for name in os.listdir(self.folder))
        before = count()
        while run.poll() is None and time.monotonic() < deadline:
            if count() >= before + wanted:
                break
        time.sleep(chance.random() * 0.01)
        run.send_signal(number)
        said = run.stderr.read()
        run.stderr.close()
        code = run.wait()
        if code == -number and number != signal.SIGKILL:
            self.assertRegex(said, rb"^tok encode: interrupted: \d+ shards are complete; "
                                   rb"--resume goes on behind them\n$")
        return code

    def test_ended_anywhere_and_resumed(self):
        chance = random.Random(7)
        for number, name in enumerate(FORMATS):
            options = ("--lines", "-F", name, "--eod", "0", "--shard-tokens", "20000", "in")
            self.assertEqual(self.run_tok("-o", f"alone{number}", *options).returncode, 0)
            ended = 0
            for _ in range(60):
                args = ("-o", f"ended{number}", "--resume", "--threads", chance.choice("123")) + options
                code = self.end_somewhere(args, chance, f"ended{number}")
                self.assertIn(code, (0, -signal.SIGINT, -signal.SIGTERM, -signal.SIGKILL))
                if os.path.exists(os.path.join(self.folder, f"ended{number}.json")):
                    self.check_whole(f"ended{number}")
                if code == 0:
                    break
                ended += 1
            self.assertEqual(self.run_tok("-o", f"ended{number}", "--resume", *options).returncode, 0)
            self.assertGreater(ended, 0)
            alone, resumed = self.outputs(f"alone{number}"), self.outputs(f"ended{number}")
            self.assertTrue(alone == resumed, name)

    def test_resumed_at_each_shard(self):
        """Without a signal: a manifest that is cut back to its first shards."""
        for number, split in enumerate((("--lines",), (), ("--lines", "--max-tokens", "3"), ("-n", "700"),
                                        ("--lines", "--budget", "150000"))):
            limit = "3000" if "-n" in split else "15000"
            options = split + ("-F", "u32", "--shard-tokens", limit, "in")
            prefix = f"r{number}"
            self.assertEqual(self.run_tok("-o", prefix, *options).returncode, 0)
            wanted = self.outputs(prefix)
            shards = len(wanted)
            manifest = self.check_whole(prefix)
            self.assertGreater(shards, 1)
            for kept in range(0, shards, 3 if SANITIZED else 1):
                subprocess.run(["sh", "-c", f"rm -f -- {prefix}*"], cwd=self.folder, check=True)
                self.end_after(prefix, options, kept)
                done = self.run_tok("-o", prefix, "--resume", *options)
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                self.assertTrue(self.outputs(prefix) == wanted, (split, kept))
                self.assertEqual(self.check_whole(prefix), manifest)

    def end_after(self, prefix, options, kept):
        """End a run behind so many shards: the next one's name is taken by a folder."""
        blocked = os.path.join(self.folder, f"{prefix}-{kept:05}.u32")
        os.mkdir(blocked)
        done = self.run_tok("-o", prefix, *options)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"Is a directory", done.stderr)
        os.rmdir(blocked)
        self.assertEqual(len(self.check_whole(prefix)["shards"]), kept)

    def test_standard_input_is_given_again(self):
        data = b"".join(b"%d\n" % n for n in range(30_000))
        options = ("--lines", "-F", "u32", "--shard-tokens", "20000")
        self.run_tok("-o", "one", *options, input=data)
        os.mkdir(os.path.join(self.folder, "two-00002.u32"))
        self.assertEqual(self.run_tok("-o", "two", *options, input=data).returncode, 2)
        os.rmdir(os.path.join(self.folder, "two-00002.u32"))
        self.assertEqual(self.run_tok("-o", "two", "--resume", *options, input=data).returncode, 0)
        one, two = self.outputs("one"), self.outputs("two")
        self.assertEqual(one, two)
        os.mkdir(os.path.join(self.folder, "three-00003.u32"))
        self.run_tok("-o", "three", *options, input=data)
        os.rmdir(os.path.join(self.folder, "three-00003.u32"))
        short = self.run_tok("-o", "three", "--resume", *options, input=data[:1000])
        self.assertEqual(short.returncode, 2)
        self.assertIn(b"ends before the place where the earlier run stopped", short.stderr)

    def test_another_run_is_refused(self):
        options = ("--lines", "-F", "npy", "--shard-tokens", "90000")
        self.assertEqual(self.run_tok("-o", "x", *options, "in").returncode, 0)
        before = self.outputs("x")

        def refuse(words, *args):
            done = self.run_tok("-o", "x", *args)
            self.assertEqual(done.returncode, 2, args)
            self.assertIn(words, done.stderr)
            self.assertEqual(done.stderr.count(b"\n"), 1)
            self.assertEqual(self.outputs("x"), before)
        refuse(b"earlier run: --resume goes on", *options, "in")
        refuse(b"the options are not those", "--resume", "--eod", "0", *options, "in")
        refuse(b"the input files, their sizes", "--resume", *options, "in", "in/a")
        tiny = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data/tiny.json")
        refuse(b"the tokenizer is not that", "--resume", "-t", tiny, *options, "in")
        again = self.run_tok("-o", "x", "--resume", *options, "in")
        self.assertEqual((again.returncode, again.stderr), (0, b""))
        self.assertEqual(self.outputs("x"), before)
        os.utime(os.path.join(self.folder, "in/a"), (1, 1))
        refuse(b"the input files, their sizes", "--resume", *options, "in")

    def test_damaged_manifest_or_shard_is_refused(self):
        options = ("--lines", "-F", "npy", "--shard-tokens", "90000", "in")
        self.assertEqual(self.run_tok("-o", "x", *options).returncode, 0)
        path = os.path.join(self.folder, "x.json")
        good = read(path)
        for bad in [good[:n] for n in range(0, len(good) - 1, 7)] + [b"[]", b"{}", b"1"]:
            with open(path, "wb") as file:
                file.write(bad)
            done = self.run_tok("-o", "x", "--resume", *options)
            self.assertEqual(done.returncode, 2, bad)
            self.assertEqual(done.stderr.count(b"\n"), 1)
        with open(path, "wb") as file:
            file.write(good)
        os.truncate(os.path.join(self.folder, "x-00001.npy"), 100)
        done = self.run_tok("-o", "x", "--resume", *options)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"the shard 'x-00001.npy' is not as it was", done.stderr)

    def test_full_disk_leaves_whole_shards(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))
        options = ("--lines", "-F", "megatron", "--shard-tokens", "20000", "in")
        done = self.run_tok("-o", "x", *options, preexec_fn=limit)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"File too large", done.stderr)
        kept = len(self.check_whole("x")["shards"])
        self.assertEqual(len(self.outputs("x")), 2 * kept)
        self.assertEqual(self.run_tok("-o", "x", "--resume", *options).returncode, 0)
        self.run_tok("-o", "y", *options)
        x, y = self.outputs("x"), self.outputs("y")
        self.assertEqual(x, y)

    def test_interrupted_single_output_says_so(self):
        self.write("out", b"old")
        for number in (signal.SIGINT, signal.SIGTERM):
            run = subprocess.Popen((TOK, "encode", "-t", "bytes", "-o", "out"), cwd=self.folder,
                                   stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                                   preexec_fn=heed_signals)
            run.stdin.write(b"x" * 1_000_000)
            run.stdin.flush()
            time.sleep(0.1)
            run.send_signal(number)
            self.assertEqual(run.stderr.read(), b"tok encode: interrupted: 'out' is as it was\n")
            self.assertEqual(run.wait(), -number)
            run.stderr.close()
            run.stdin.close()
            self.assertEqual(read(os.path.join(self.folder, "out")), b"old")
        self.assertEqual(sorted(os.listdir(self.folder)), ["in", "out"])

    def test_a_signal_that_was_ignored_stays_so(self):
        def ignore():
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        run = subprocess.Popen((TOK, "encode", "-t", "bytes", "-o", "out"), cwd=self.folder, preexec_fn=ignore,
                               stdin=subprocess.PIPE)
        run.stdin.write(b"A")
        run.stdin.flush()
        time.sleep(0.1)
        run.send_signal(signal.SIGINT)
        run.stdin.close()
        self.assertEqual(run.wait(), 0)
        self.assertEqual(read(os.path.join(self.folder, "out")), b"65\n")

    def test_the_pair_of_megatron(self):
        """The index by hand; tests/conformance/megatron.py asks the reference reader."""
        done = self.run_tok("--lines", "-F", "megatron", "--eod", "0", "-o", "m", input=b"ab\n\nc\n")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(read(os.path.join(self.folder, "m.bin")), struct.pack("<6i", 97, 98, 0, 0, 99, 0))
        self.assertEqual(read(os.path.join(self.folder, "m.idx")),
                         b"MMIDIDX\0\0" + struct.pack("<QBQQ3i3q4q", 1, 4, 3, 4, 3, 1, 2,
                                                      0, 12, 16, 0, 1, 2, 3))
        self.run_tok("-F", "megatron", "--dtype", "uint16", "-o", "m", input=b"ab")
        self.assertEqual(read(os.path.join(self.folder, "m.bin")), struct.pack("<2H", 97, 98))
        self.assertEqual(read(os.path.join(self.folder, "m.idx")),
                         b"MMIDIDX\0\0" + struct.pack("<QBQQ1i1q2q", 1, 8, 1, 2, 2, 0, 0, 1))


unittest.main(verbosity=1)
