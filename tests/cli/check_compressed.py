#!/usr/bin/env python3
"""check_compressed.py TOK: gzip and Zstandard files say what they hold, cut short they
say so at every byte, and damage is never taken for text in silence."""
import gzip
import os
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

TOK = os.path.abspath(sys.argv.pop(1))
SANITIZED = b"__asan_init" in open(TOK, "rb").read()


def tok(*args, data=b""):
    return subprocess.run((TOK,) + args, input=data, capture_output=True, timeout=120, check=False)


def zstd(data, *options):
    return subprocess.run(("zstd", "-q", "-c") + options, input=data, capture_output=True,
                          check=True).stdout


def pack_gzip(data):
    return gzip.compress(data, mtime=0)


PACKERS = {"gzip": pack_gzip}
if shutil.which("zstd"):
    PACKERS["Zstandard"] = zstd


class Compressed(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()

    def tearDown(self):
        self.folder.cleanup()

    def write(self, data):
        path = os.path.join(self.folder.name, "file")
        with open(path, "wb") as file:
            file.write(data)
        return path

    def test_zstd_is_here(self):
        if "Zstandard" not in PACKERS:
            self.skipTest("zstd is not here to make files")

    def test_the_same_as_plain(self):
        chance = random.Random(1)
        text = "".join(chance.choices(["word ", "caf\u00e9\n", "\0", "x" * 90], k=60_000)).encode()
        noise = chance.randbytes(700_000)
        for data in (b"", b"a", text, noise):
            plain = tok("encode", "-t", "bytes", "--raw", data=data).stdout
            for name, pack in PACKERS.items():
                for packed in (pack(data), pack(data[:70_001]) + pack(data[70_001:])):
                    from_file = tok("encode", "-t", "bytes", self.write(packed))
                    self.assertEqual((from_file.returncode, from_file.stderr), (0, b""), name)
                    self.assertTrue(from_file.stdout == plain, name)
                    self.assertTrue(tok("encode", "-t", "bytes", data=packed).stdout == plain, name)
                    self.assertTrue(tok("encode", "-t", "bytes", "--threads", "1", "--lines", data=packed).stdout ==
                                    tok("encode", "-t", "bytes", "--lines", data=data).stdout, name)

    def test_through_a_slow_pipe(self):
        for name, pack in PACKERS.items():
            run = subprocess.Popen((TOK, "encode", "-t", "bytes"), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            for byte in pack(b"abc"):
                run.stdin.write(bytes([byte]))
                run.stdin.flush()
            self.assertEqual(run.communicate()[0], b"97 98 99\n", name)

    def test_more_of_what_zstd_makes(self):
        if "Zstandard" not in PACKERS:
            self.skipTest("zstd is not here to make files")
        for options in (("--no-check",), ("-19",), ("--fast=5",), ("--no-content-size",)):
            self.assertEqual(tok("encode", "-t", "bytes", data=zstd(b"abc", *options)).stdout, b"97 98 99\n", options)
        skippable = b"\x53\x2a\x4d\x18\x02\0\0\0xy"
        for data in (skippable + zstd(b"abc"), zstd(b"abc") + skippable):
            self.assertEqual(tok("encode", "-t", "bytes", data=data).stdout, b"97 98 99\n")
        far = tok("encode", "-t", "bytes", data=zstd(random.Random(2).randbytes(3_000_000), "--long=30",
                                      "--no-content-size"))
        self.assertEqual((far.returncode, far.stdout), (2, b""))
        self.assertIn(b"window of more than 128 MiB: expand it with", far.stderr)

    def test_cut_short_anywhere(self):
        """Before the fourth byte nothing tells that it is compressed."""
        for name, pack in PACKERS.items():
            packed = pack(b"one two three\n" * 3)
            for length in range(4, len(packed)):
                done = tok("encode", "-t", "bytes", self.write(packed[:length]))
                self.assertEqual((done.returncode, done.stdout), (2, b""), (name, length))
                self.assertIn(f"'{self.folder.name}/file': the {name} data is cut short".encode(),
                              done.stderr)

    def test_cut_short_behind_whole_lines(self):
        """What came before is written, as of any file that cannot be read to its end."""
        lines = b"".join(b"%d\n" % n for n in range(200_000))
        wanted = tok("encode", "-t", "bytes", "--lines", data=lines).stdout
        for name, pack in PACKERS.items():
            packed = pack(lines)
            for threads in ("1", "3"):
                done = tok("encode", "-t", "bytes", "--lines", "--threads", threads, data=packed[:len(packed) // 2])
                self.assertEqual(done.returncode, 2)
                self.assertIn(b"cut short", done.stderr)
                self.assertTrue(len(done.stdout) > 1000 and wanted.startswith(done.stdout), name)

    def test_damage(self):
        """A flipped bit is refused, or the bytes are those that were packed."""
        for name, pack in PACKERS.items():
            text = b"one two three four\n" * 4
            packed = pack(text)
            wanted = tok("encode", "-t", "bytes", data=text).stdout
            for at in range(4, len(packed)):
                for bit in (3,) if SANITIZED else (0, 3, 7):
                    bad = bytearray(packed)
                    bad[at] ^= 1 << bit
                    done = tok("encode", "-t", "bytes", data=bytes(bad))
                    self.assertIn((done.returncode, done.stdout), ((2, b""), (0, wanted)),
                                  (name, at, bit))
                    self.assertEqual(done.stderr.count(b"\n"), done.returncode // 2)

    def test_something_else_behind(self):
        for name, pack in PACKERS.items():
            done = tok("encode", "-t", "bytes", data=pack(b"abc") + b"more")
            self.assertEqual((done.returncode, done.stdout), (2, b""), name)

    def test_ids_are_never_expanded(self):
        """Ids that look like a compressed file when they are written down."""
        ids = b"\x1f\x8b\x08\x00"
        done = tok("decode", "-t", "bytes", "--format", "u16", data=ids)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"35615", done.stderr)


unittest.main(verbosity=1)
