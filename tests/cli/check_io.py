#!/usr/bin/env python3
"""check_io.py TOK: what happens to bytes on their way in and out: identity on any
bytes, full disks, closed pipes, killed runs, bad files, progress, memory."""
import io
import json
import os
import pty
import random
import resource
import select
import signal
import subprocess
import sys
import tempfile
import time
import unittest

TOK = os.path.abspath(sys.argv.pop(1))
FORMATS = ("text", "jsonl", "u16", "u32", "npy")
SANITIZED = b"__asan_init" in open(TOK, "rb").read()


def tok(*args, data=b"", **more):
    return subprocess.run((TOK,) + args, input=data, capture_output=True, timeout=120,
                          check=False, **more)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def noise(count, seed=1):
    return random.Random(seed).randbytes(count)


class Bytes(unittest.TestCase):
    def test_identity_in_every_format(self):
        for data in (b"", b"\n", b"\0", b"\xff\xfe\xc3", noise(300_000)):
            for name in FORMATS:
                ids = tok("encode", "-t", "bytes", "--format", name, data=data)
                self.assertEqual((ids.returncode, ids.stderr), (0, b""))
                back = tok("decode", "-t", "bytes", "--format", name, data=ids.stdout)
                self.assertEqual((back.returncode, back.stderr), (0, b""))
                self.assertEqual(back.stdout, data)

    def test_identity_through_pipes(self):
        data = noise(3_000_000, 2)
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            line = f"cat {file.name} | '{TOK}' encode | '{TOK}' decode | cmp - {file.name}"
            self.assertEqual(subprocess.run(line, shell=True, check=False).returncode, 0)

    def test_ids_are_the_bytes(self):
        data = noise(100_000, 3)
        wanted = " ".join(str(b) for b in data) + "\n"
        self.assertEqual(tok("encode", "-t", "bytes", data=data).stdout.decode(), wanted)
        self.assertEqual(tok("encode", "-t", "bytes", "--format", "u16", data=data).stdout,
                         b"".join(b.to_bytes(2, "little") for b in data))

    def test_documents_of_any_bytes(self):
        data = noise(200_000, 4)
        for option, mark in (("--lines", b"\n"), ("--null", b"\0")):
            ids = tok("encode", "-t", "bytes", option, data=data + mark).stdout
            self.assertEqual(ids.count(b"\n"), data.count(mark) + 1)
            self.assertEqual(tok("decode", "-t", "bytes", option, data=ids).stdout, data + mark)

    def test_a_slow_pipe_changes_nothing(self):
        for option in ((), ("--lines",)):
            run = subprocess.Popen((TOK, "encode", "-t", "bytes") + option, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE)
            for piece in (b"a", b"b\n", b"\n", b"c"):
                run.stdin.write(piece)
                run.stdin.flush()
                time.sleep(0.02)
            out = run.communicate()[0]
            self.assertEqual(out, tok("encode", "-t", "bytes", *option, data=b"ab\n\nc").stdout)

    def test_offsets_in_characters_as_python_counts_them(self):
        """Python escapes bad bytes one by one, as tok counts them."""
        chance = random.Random(5)
        pieces = ["a", "\u00e9", "\u20ac", "\U0001f600", "\udcff", "\udce2", "\udc82"]
        for _ in range(40):
            data = "".join(chance.choices(pieces, k=chance.randrange(1, 200)))
            data = data.encode("utf-8", "surrogateescape")
            wanted = []
            for number, char in enumerate(data.decode("utf-8", "surrogateescape")):
                wanted += [[number, number + 1]] * len(char.encode("utf-8", "surrogateescape"))
            got = tok("encode", "-t", "bytes", "--offsets", "--offset-unit", "char", data=data).stdout
            self.assertEqual(json.loads(got)["offsets"], wanted)

    def test_npy_is_what_numpy_says(self):
        try:
            import numpy
        except ImportError:
            self.skipTest("numpy is not here")
        data = noise(10_000, 6)
        ids = numpy.load(io.BytesIO(tok("encode", "-t", "bytes", "-F", "npy", data=data).stdout))
        self.assertEqual((ids.dtype.str, bytes(ids.astype("u1"))), ("<u4", data))
        for kind in ("u1", "<u2", "<u4", "<u8", "<i2", "<i4", "<i8"):
            for version in ((1, 0), (2, 0)):
                file = io.BytesIO()
                numpy.lib.format.write_array(file, ids.astype(kind), version=version)
                back = tok("decode", "-t", "bytes", "-F", "npy", data=file.getvalue())
                self.assertEqual(back.stdout, data, (kind, version, back.stderr))
        for bad in (ids.astype(">u2"), ids.astype("f4"), ids.reshape(2, -1),
                    -1 - ids.astype("<i4")):
            file = io.BytesIO()
            numpy.save(file, bad)
            self.assertEqual(tok("decode", "-t", "bytes", "-F", "npy", data=file.getvalue()).returncode, 2)

    def test_parts_join(self):
        """More than one part: offsets go on counting, characters are not cut."""
        text = ("a\u00e9\u20ac\U0001f600" * 600_000)
        data = text.encode()
        out = tok("encode", "-t", "bytes", "--format", "jsonl", "--offsets", "--offset-unit", "char",
                  data=data).stdout.decode()
        self.assertTrue(out.endswith("[2399998,2399999],[2399999,2400000],[2399999,2400000],"
                                     "[2399999,2400000],[2399999,2400000]]}\n"), out[-100:])
        out = tok("encode", "-t", "bytes", "--offsets", data=data[:5_000_000]).stdout.decode()
        self.assertTrue(out.endswith("[4999998,4999999],[4999999,5000000]]}\n"), out[-100:])

    def test_enough_tokens_end_an_endless_document(self):
        done = tok("encode", "-t", "bytes", "--max-tokens", "3", "/dev/zero")
        self.assertEqual((done.returncode, done.stdout), (0, b"0 0 0\n"))

    def test_lines_go_out_at_once_on_a_terminal(self):
        ours, theirs = pty.openpty()
        run = subprocess.Popen((TOK, "encode", "-t", "bytes", "--lines"), stdin=subprocess.PIPE, stdout=theirs)
        run.stdin.write(b"A\n")
        run.stdin.flush()
        self.assertTrue(select.select([ours], [], [], 10)[0])
        self.assertEqual(os.read(ours, 100), b"65\r\n")
        run.stdin.close()
        self.assertEqual(run.wait(), 0)
        os.close(ours)
        os.close(theirs)

    def test_memory_does_not_grow_with_a_document(self):
        for tool in ("count", "encode"):
            self.check_memory(f"head -c 150000000 /dev/zero | '{TOK}' {tool} -t bytes")

    def test_memory_does_not_grow_with_ids(self):
        """Whatever decodes them: 30 million ids are 120 MB, and their text is not less."""
        strip = {"type": "Strip", "content": " ", "start": 1, "stop": 3}
        replace = {"type": "Replace", "pattern": {"String": "_"}, "content": " "}
        for token, steps in (
                ("_", [replace, {"type": "ByteFallback"}, {"type": "Fuse"}, strip]),
                ("<0xC3>", [{"type": "ByteFallback"}]),
                ("##a", [{"type": "WordPiece", "prefix": "##", "cleanup": True}]),
                ("_", [{"type": "Metaspace", "replacement": "_", "prepend_scheme": "first"}])):
            text = json.dumps({"added_tokens": [], "decoder": {"type": "Sequence", "decoders": steps},
                               "model": {"type": "WordLevel", "unk_token": token, "vocab": {token: 0}}})
            with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
                file.write(text)
                file.flush()
                self.check_memory(f"head -c 60000000 /dev/zero | '{TOK}' decode -F u16 "
                                  f"-t {file.name} --jsonl text")

    def check_memory(self, line):
        if SANITIZED:
            self.skipTest("sanitizers have a memory of their own")
        run = subprocess.Popen(["sh", "-c", line + " > /dev/null"])
        _, status, usage = os.wait4(run.pid, 0)
        run.returncode = status
        self.assertEqual(status, 0)
        self.assertLess(usage.ru_maxrss, 64_000)


class Output(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.out = os.path.join(self.folder.name, "out")
        with open(self.out, "wb") as file:
            file.write(b"old")

    def tearDown(self):
        self.folder.cleanup()

    def check_old(self):
        self.assertEqual(os.listdir(self.folder.name), ["out"])
        with open(self.out, "rb") as file:
            self.assertEqual(file.read(), b"old")

    def test_full_device(self):
        for tool, args in (("encode", ()), ("encode", ("-F", "npy")), ("decode", ()),
                           ("count", ()), ("count", ("--json",)), ("inspect", ()),
                           ("decode", ("--jsonl", "t")), ("bench", ("encode", "-r", "1", "-j")),
                           ("encode", ("--help",))):
            with open("/dev/full", "wb") as full:
                done = subprocess.run((TOK, tool) + args, input=b"1 2 3\n", stdout=full,
                                      stderr=subprocess.PIPE, check=False)
            self.assertEqual(done.returncode, 2, tool)
            self.assertIn(b"No space left on device", done.stderr)
            self.assertEqual(done.stderr.count(b"\n"), 1)

    def test_full_device_by_name(self):
        done = tok("encode", "-t", "bytes", "-o", "/dev/full", data=noise(1_000_000))
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr, b"tok encode: cannot write '/dev/full': "
                                      b"No space left on device\n")

    def test_standard_output_by_name(self):
        self.assertEqual(tok("encode", "-t", "bytes", "-o", "/dev/stdout", data=b"A").stdout, b"65\n")
        self.assertEqual(tok("encode", "-t", "bytes", "-o", "-", data=b"A").stdout, b"65\n")

    def test_full_disk_keeps_what_was_there(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        for tool, data in (("encode", noise(1_000_000)), ("decode", b"65 " * 500_000)):
            done = tok(tool, "-o", self.out, data=data, preexec_fn=limit)
            self.assertEqual(done.returncode, 2)
            self.assertIn(b"File too large", done.stderr)
            self.check_old()

    def test_killed_run_keeps_what_was_there(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            run = subprocess.Popen((TOK, "encode", "-t", "bytes", "-o", self.out), stdin=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL)
            run.stdin.write(noise(6_000_000))
            run.stdin.flush()
            time.sleep(0.2)
            with open(self.out, "rb") as file:
                self.assertEqual(file.read(), b"old")
            run.send_signal(number)
            run.wait()
            run.stdin.close()
            with open(self.out, "rb") as file:
                self.assertEqual(file.read(), b"old")

    def test_the_first_process_of_a_container_ends_too(self):
        """It does not die of a signal that it raises, and must not go on."""
        inside = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child")
        if subprocess.run(inside + ("true",), capture_output=True, check=False).returncode != 0:
            self.skipTest("there are no containers here")
        run = subprocess.Popen(inside + (TOK, "encode", "-t", "bytes", "-o", self.out), stdin=subprocess.PIPE,
                               stderr=subprocess.PIPE)
        run.stdin.write(noise(3_000_000))
        run.stdin.flush()
        with open(f"/proc/{run.pid}/task/{run.pid}/children", encoding="ascii") as file:
            os.kill(int(file.read()), signal.SIGTERM)
        self.assertEqual(run.wait(timeout=60), 128 + signal.SIGTERM)
        self.assertIn(b"is as it was", run.stderr.read())
        run.stderr.close()
        run.stdin.close()
        self.check_old()

    def test_temporary_names_of_others_are_left_alone(self):
        """A run in another container may have our process id, or one was killed."""
        line = f"for n in '' .0 .1; do echo theirs > .out.$$$n.tmp; done; exec '{TOK}' encode -t bytes -o out"
        done = subprocess.run(["sh", "-c", line], input=b"A", cwd=self.folder.name,
                              capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        texts = [read(os.path.join(self.folder.name, name))
                 for name in sorted(os.listdir(self.folder.name))]
        self.assertEqual(texts, [b"theirs\n"] * 3 + [b"65\n"])

    def test_bad_usage_keeps_what_was_there(self):
        self.assertEqual(tok("encode", "-o", self.out, "-t", "nothing").returncode, 2)
        self.check_old()

    def test_closed_pipe_is_quiet(self):
        for ignored in (False, True):
            def prepare(ignored=ignored):
                signal.signal(signal.SIGPIPE, signal.SIG_IGN if ignored else signal.SIG_DFL)
            run = subprocess.Popen((TOK, "encode", "-t", "bytes", "/dev/zero"), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, preexec_fn=prepare,
                                   restore_signals=False)
            run.stdout.read(10)
            run.stdout.close()
            self.assertEqual(run.stderr.read(), b"")
            run.stderr.close()
            self.assertEqual(run.wait(timeout=20), -signal.SIGPIPE)

    def test_closed_pipe_of_every_tool(self):
        for line in (f"yes 72 | '{TOK}' decode", f"yes 72 | '{TOK}' decode --jsonl t",
                     f"yes | '{TOK}' encode --lines --threads 3", f"'{TOK}' encode --print-man",
                     f"yes | head -c 3000000 | '{TOK}' encode -F npy"):
            done = subprocess.run(["sh", "-c", line + " | head -c 10 >/dev/null"], timeout=60,
                                  capture_output=True, check=False)
            self.assertEqual(done.stderr, b"", line)

    def test_unreadable_file(self):
        path = os.path.join(self.folder.name, "secret")
        with open(path, "wb") as file:
            file.write(b"x")
        os.chmod(path, 0)
        if os.access(path, os.R_OK):
            self.skipTest("this user may read everything")
        done = tok("encode", "-t", "bytes", path, "-", data=b"A")
        self.assertEqual((done.returncode, done.stdout), (2, b"65\n"))
        self.assertIn(b"Permission denied", done.stderr)

    def test_a_link_that_leads_nowhere_is_missed(self):
        with open(os.path.join(self.folder.name, "a"), "wb") as file:
            file.write(b"A")
        os.symlink("nothing", os.path.join(self.folder.name, "link"))
        os.symlink("loop", os.path.join(self.folder.name, "loop"))
        os.remove(self.out)
        for tool, wanted in (("encode", b"65\n"), ("count", b"/a\n")):
            done = tok(tool, "-t", "bytes", self.folder.name)
            self.assertEqual(done.returncode, 2)
            self.assertIn(wanted, done.stdout)
            self.assertIn(b"/link': No such file or directory\n", done.stderr)
            self.assertIn(b"/loop': Too many levels of symbolic links\n", done.stderr)

    def test_unreadable_members_of_a_folder(self):
        """Whoever may read everything is somebody else for a while."""
        if os.geteuid() != 0:
            self.skipTest("only root can be somebody else")
        os.chmod(self.folder.name, 0o755)
        for name, data in (("a", b"A"), ("b", b"B"), ("c/d", b"C"), ("e", b"E")):
            path = os.path.join(self.folder.name, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(data)
        os.remove(self.out)
        os.chmod(os.path.join(self.folder.name, "b"), 0)
        os.chmod(os.path.join(self.folder.name, "c"), 0)
        done = tok("encode", "-t", "bytes", self.folder.name, user=65534)
        self.assertEqual((done.returncode, done.stdout), (2, b"65\n69\n"))
        self.assertRegex(done.stderr, rb"cannot read '.*/c': Permission denied\n"
                                      rb".*cannot open '.*/b': Permission denied\n$")

    def test_closed_standard_output(self):
        done = subprocess.run(["sh", "-c", f"printf A | '{TOK}' encode >&-"],
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"Bad file descriptor", done.stderr)


class Progress(unittest.TestCase):
    """Runs of two seconds, side by side."""
    CASES = {"encode": ("encode",), "count": ("count",), "decode": ("decode",), "never": ("encode", "--progress", "never"),
             "pipe": ("encode",), "always": ("encode", "--progress", "always")}

    @classmethod
    def setUpClass(cls):
        cls.runs, cls.terminals = {}, {}
        for name, words in cls.CASES.items():
            ours, theirs = (None, subprocess.PIPE) if name in ("pipe", "always") else pty.openpty()
            cls.runs[name] = subprocess.Popen((TOK,) + words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                              stderr=theirs)
            if ours is not None:
                cls.terminals[name] = ours
                os.close(theirs)
        text = noise(1_500_000)
        end = time.monotonic() + 2.2
        while time.monotonic() < end:
            for name, run in cls.runs.items():
                run.stdin.write(b"72 105 " * 50_000 if name == "decode" else text)
                run.stdin.flush()
            time.sleep(0.1)
        for run in cls.runs.values():
            run.stdin.close()
            run.wait()

    @staticmethod
    def read_terminal(ours):
        text = b""
        while select.select([ours], [], [], 0.2)[0]:
            try:
                text += os.read(ours, 65536)
            except OSError:  # the other side is closed
                break
        os.close(ours)
        return text

    def said(self, name):
        """All that a run said, which must have been well."""
        run = self.runs[name]
        self.assertEqual(run.returncode, 0)
        if name in self.terminals:
            return self.read_terminal(self.terminals[name])
        with run.stderr:
            return run.stderr.read()

    def test_on_a_terminal_after_a_second(self):
        for name in ("encode", "count", "decode"):
            text = self.said(name)
            self.assertRegex(text, rb"^[\d.]+ MB, [\d.]+ MB/s", name)
            self.assertTrue(text.endswith(b"\r\x1b[K"), text)

    def test_never(self):
        self.assertEqual(self.said("never"), b"")

    def test_not_into_a_pipe(self):
        self.assertEqual(self.said("pipe"), b"")

    def test_always(self):
        self.assertRegex(self.said("always"), rb"MB/s, [\d.]+ M tokens/s\n$")

    def test_not_within_a_second(self):
        ours, theirs = pty.openpty()
        done = subprocess.run((TOK, "encode", "-t", "bytes"), input=b"A", stdout=subprocess.DEVNULL,
                              stderr=theirs, check=False)
        os.close(theirs)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(self.read_terminal(ours), b"")


unittest.main(verbosity=1)
