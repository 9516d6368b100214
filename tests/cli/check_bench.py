#!/usr/bin/env python3
"""check_bench.py TOK: tok bench tells the ids of its texts, times nothing else, and its
JSON holds together.  The hashes are those of xxhash 4.1.0 for Python (xxh3_64)."""
import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest

TOK = os.path.abspath(sys.argv.pop(1))
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
LOADS = ["load_uncached", "load"]
ENCODE = ["process", *LOADS, "first_id", "cold", "load_and_cold", "warm"]
DECODE = [*LOADS, "cold", "load_and_cold", "warm"]
RATED = {"cold", "load_and_cold", "warm", "threads"}


def run(*args, data=b"", **more):
    return subprocess.run(args, input=data, capture_output=True, timeout=120, check=False, **more)


def tok(*args, **more):
    return run(TOK, *args, **more)


def bench(word, *args, data=b"", **more):
    if "-t" not in args:
        args = ("-t", "bytes", *args)
    done = tok("bench", word, "--json", *args, data=data, **more)
    assert (done.returncode, done.stderr) == (0, b""), done
    return json.loads(done.stdout)


def names(report):
    return [m["name"] for m in report["measurements"]]


class Measurements(unittest.TestCase):
    def check_clock(self, clock, rated, report, amount):
        seconds = clock["seconds"]
        self.assertLessEqual(0, seconds["min"])
        self.assertLessEqual(seconds["min"], seconds["median"])
        self.assertLessEqual(seconds["median"], seconds["max"])
        if report["runs"] == 2:
            self.assertAlmostEqual((seconds["min"] + seconds["max"]) / 2, seconds["median"], 8)
        self.assertEqual("mb_per_second" in clock, rated)
        if rated:
            self.assertAlmostEqual(clock["mb_per_second"] * seconds["median"] * 1e6 / amount, 1, 2)
            self.assertAlmostEqual(clock["ns_per_byte"] * amount / seconds["median"] / 1e9, 1, 2)
            self.assertAlmostEqual(
                clock["tokens_per_second"] * seconds["median"] / report["tokens"], 1, 2)

    def check_report(self, report, rows, threads):
        self.assertEqual(report["schema"], "tok.bench.1")
        self.assertEqual(names(report), rows + ["threads"] * len(threads))
        self.assertEqual([m["threads"] for m in report["measurements"][len(rows):]], threads)
        amount = report.get("decoded_bytes", report["bytes"])
        for m in report["measurements"]:
            for clock in ("cpu", "wall"):
                self.check_clock(m[clock], m["name"] in RATED, report, amount)
            self.assertEqual("speedup" in m, m["name"] == "threads")

    def test_rows(self):
        data = os.urandom(300_000)
        self.check_report(bench("encode", "--runs", "2", "--threads", "5", data=data), ENCODE, [1, 2, 4, 5])
        self.check_report(bench("encode", "--threads", "1", data=data), ENCODE, [])
        self.check_report(bench("decode", "--runs", "4", "--threads", "2", data=data), DECODE, [1, 2])

    def test_sums(self):
        """Of one run, the cold pass with the load is the two together."""
        report = bench("encode", "--runs", "1", "--threads", "1", data=os.urandom(100_000))
        rows = {m["name"]: m for m in report["measurements"]}
        for clock in ("cpu", "wall"):
            load, cold, both, first = (rows[name][clock]["seconds"]["median"] for name in
                                       ("load", "cold", "load_and_cold", "first_id"))
            self.assertAlmostEqual(load + cold, both, 8)
            self.assertLess(load, first)

    def test_the_process_is_measured(self):
        """What one process takes is more than what is done inside it."""
        report = bench("encode", "-t", f"{DATA}/tiny.json", "--threads", "1", data=b"Hello")
        rows = {m["name"]: m for m in report["measurements"]}
        self.assertLess(rows["first_id"]["wall"]["seconds"]["min"],
                        rows["process"]["wall"]["seconds"]["min"])

    def test_runs(self):
        report = bench("encode", "--runs", "1", data=b"Hello")
        self.assertEqual(report["runs"], 1)
        for m in report["measurements"]:
            self.assertEqual(len(set(m["wall"]["seconds"].values())), 1)

    def test_memory(self):
        size = 20_000_000  # more than what started the program held itself
        report = bench("encode", "--runs", "1", "--threads", "1", data=bytes(size))
        self.assertLess(size, report["peak_memory_bytes"])
        self.assertLess(bench("encode", "--runs", "1")["peak_memory_bytes"],
                        report["peak_memory_bytes"])

    def test_nothing(self):
        for args, data in (([], b""), (["--lines"], b"\n\n"), (["--lines"], b"")):
            for word in ("encode", "decode"):
                report = bench(word, "--runs", "1", *args, data=data)
                self.assertEqual(report["tokens"], 0)
                self.assertIsNone(report["bytes_per_token"])
                self.assertEqual(report["ids_hash"], "2d06800538d394c2")

    def test_for_people(self):
        done = tok("bench", "encode", "--threads", "2", data=b"Hello")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        for label in ("process, start to end", "load, cache unused", "load and first id",
                      "cold, load excluded", "cold, load included", "warm, load excluded",
                      "least", "speed-up", "MB/s"):
            self.assertIn(label, done.stdout.decode())

    def test_through_a_link(self):
        with tempfile.TemporaryDirectory() as folder:
            link = os.path.join(folder, "tok-bench")
            os.symlink(TOK, link)
            done = run(link, "encode", "--json", data=b"Hello", cwd="/")
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            self.assertEqual(names(json.loads(done.stdout))[0], "process")

    def test_kernels_are_told(self):
        environment = dict(os.environ, TOK_KERNELS="scalar")
        self.assertEqual(bench("encode", data=b"a", env=environment)["kernels"], "scalar")
        environment.pop("TOK_KERNELS")
        self.assertIsNone(bench("encode", data=b"a", env=environment)["kernels"])

    def test_the_splitter_and_its_kernel_are_told(self):
        with tempfile.TemporaryDirectory() as folder:
            vocabulary = os.path.join(folder, "vocab.txt")
            with open(vocabulary, "w", encoding="ascii") as out:
                out.write("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n")
            environment = dict(os.environ, TOK_KERNELS="scalar")
            got = bench("encode", "-t", vocabulary, data=b"a", env=environment)
            self.assertEqual((got["splitter"], got["kernel"]), ("bert (block scanner)", "scalar"))
            done = tok("bench", "encode", "-t", vocabulary, data=b"a", env=environment)
            self.assertIn("\nsplitter   bert (block scanner)\nkernel     scalar\n",
                          done.stdout.decode())
        got = bench("encode", data=b"a")
        self.assertEqual((got["splitter"], got["kernel"]), ("none: a text is one piece", None))


class Ids(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()

    def tearDown(self):
        self.folder.cleanup()

    def file(self, name, data):
        path = os.path.join(self.folder.name, name)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def test_hash_does_not_depend_on_cuts(self):
        data = bytes(range(256)) * 12000
        whole = bench("encode", "--runs", "1", "--threads", "1", data=data)
        self.assertEqual((whole["ids_hash"], whole["tokens"]), ("0dd2a677b6501663", len(data)))
        self.assertLess(1, whole["parts"])
        a, b = self.file("a", data[:1_234_567]), self.file("b", data[1_234_567:])
        two = bench("decode", "--runs", "1", "--threads", "1", a, b)
        self.assertEqual((two["ids_hash"], two["documents"]), ("0dd2a677b6501663", 2))
        self.assertEqual((two["decoded_bytes"], two["lossless"]), (len(data), True))

    def test_ids_are_those_of_encode(self):
        text = self.file("text", b"Hello hello <s> Hello\nhello")
        for options in ([], ["--special-text", "match"], ["--hf"], ["--lines", "--add-special"]):
            given = ["-t", f"{DATA}/tiny.json", *options, text]
            printed = tok("encode", "-t", "bytes", *given).stdout.split()
            ids = self.file("ids", struct.pack(f"<{len(printed)}I", *map(int, printed)))
            for word in ("encode", "decode"):
                report = bench(word, "--runs", "1", "--threads", "2", "--check", ids, *given)
                self.assertTrue(report["checked"])
                self.assertEqual(report["tokens"], len(printed))

    def test_lines_decode_to_lines(self):
        report = bench("decode", "--lines", "--runs", "1", "--threads", "3",
                       data=b"one\n\nthree\n" * 5_000)
        self.assertTrue(report["lossless"])
        self.assertEqual((report["documents"], report["distinct_documents"]), (15_000, 3))

    def test_what_is_lost_is_told(self):
        tiny = f"{DATA}/tiny.json"
        self.assertFalse(bench("decode", "-t", tiny, "--hf", data=b"Hello")["lossless"])

    def test_one_wrong_id_among_many(self):
        data = bytes(range(256)) * 2000
        text = self.file("text", data)
        for at in (0, len(data) // 2, len(data) - 1):
            wrong = bytearray(tok("encode", "-t", "bytes", "-F", "u32", text).stdout)
            wrong[4 * at + 2] ^= 1
            done = tok("bench", "encode", "-t", "bytes", "--check", self.file("ids", wrong), text)
            self.assertEqual((done.returncode, done.stdout), (1, b""))
            self.assertIn(f"id number {at + 1} is".encode(), done.stderr)
            self.assertEqual(done.stderr.count(b"\n"), 1)

    def test_nothing_is_timed_for_a_wrong_hash(self):
        for options in ([], ["--json"]):
            done = tok("bench", "encode", "--expect", "0" * 16, *options, data=b"Hello")
            self.assertEqual((done.returncode, done.stdout), (1, b""))
            self.assertEqual(done.stderr.count(b"\n"), 1)


unittest.main(verbosity=1)
