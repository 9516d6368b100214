#!/usr/bin/env python3
"""check_cache.py TOK: compiled tokenizers as files and in the cache folder: damage, staleness,
folders that cannot be used, full disks, many processes at once, killed ones."""
import json
import os
import random
import resource
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import unittest

TOK = os.path.abspath(sys.argv.pop(1))
SANITIZED = b"__asan_init" in open(TOK, "rb").read()
HEADER = 128
TEXT = b"the dog and the cat, the dogs"


def hf(words, first_id=0):
    """A BPE of letters and of these words, each made by merges from its left."""
    vocab, merges = {}, []
    for letter in "abcdefghijklmnopqrstuvwxyz, ":
        vocab[letter] = first_id + len(vocab)
    for word in words:
        for end in range(2, len(word) + 1):
            if word[:end] not in vocab:
                vocab[word[:end]] = first_id + len(vocab)
                merges.append([word[:end - 1], word[end - 1]])
    return json.dumps({"added_tokens": [], "model": {"type": "BPE", "vocab": vocab, "merges": merges}})


def pairs_json(words):
    model = json.loads(hf(words))["model"]
    return json.dumps(model["vocab"]), "#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in model["merges"])


class Images(unittest.TestCase):
    def setUp(self):
        self.home = tempfile.TemporaryDirectory()
        self.cache = os.path.join(self.home.name, "cache", "tok")
        self.source = self.path("tokenizer.json")
        self.write(self.source, hf(["the", "dog"]))

    def tearDown(self):
        subprocess.run(["chmod", "-R", "u+rwx", self.home.name], check=False)
        self.home.cleanup()

    def path(self, name):
        return os.path.join(self.home.name, name)

    @staticmethod
    def write(path, text):
        with open(path, "wb") as file:
            file.write(text.encode() if isinstance(text, str) else text)

    def tok(self, *args, data=TEXT, cache=None, **more):
        environment = dict(os.environ, TOK_CACHE=cache or self.cache)
        return subprocess.run((TOK,) + args, input=data, capture_output=True, timeout=120, check=False,
                              env=environment, cwd=self.home.name, **more)

    def ids(self, source=None, *args, cache=None, **more):
        done = self.tok("encode", "-t", source or self.source, *args, cache=cache, **more)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return done.stdout

    def uncached(self, source=None, *args):
        return self.ids(source, *args, cache="off")

    def cached(self):
        return sorted(os.listdir(self.cache)) if os.path.isdir(self.cache) else []

    def image(self):
        """The path of the only image in the cache."""
        names = self.cached()
        self.assertEqual(len(names), 1, names)
        self.assertRegex(names[0], r"^[0-9a-f]{32}\.tok$")
        return os.path.join(self.cache, names[0])


class Files(Images):
    def setUp(self):
        super().setUp()
        self.compiled = self.path("x.tok")
        done = self.tok("vocab", "compile", self.source, "-o", self.compiled)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))
        with open(self.compiled, "rb") as file:
            self.bytes = file.read()

    def refused(self, data, why):
        path = self.path("bad.tok")
        self.write(path, data)
        for tool in ("encode", "decode", "count", "inspect"):
            done = self.tok(tool, "-t", path, data=b"1")
            self.assertEqual((done.returncode, done.stdout), (2, b""))
            self.assertRegex(done.stderr.decode(), rf"^tok {tool}: .*bad.tok: {why}\n$")

    def patched(self, at, data):
        return self.bytes[:at] + data + self.bytes[at + len(data):]

    def test_an_image_is_its_source(self):
        self.assertEqual(self.ids(self.compiled), self.uncached())
        self.assertEqual(self.cached(), [])
        back = self.tok("decode", "-t", self.compiled, data=self.ids(self.compiled)).stdout
        self.assertEqual(back, self.tok("decode", "-t", self.source, data=self.uncached()).stdout)

    def test_compiling_twice_gives_the_same_bytes(self):
        self.tok("vocab", "compile", self.source, "-o", self.path("y.tok"))
        with open(self.path("y.tok"), "rb") as file:
            self.assertEqual(file.read(), self.bytes)
        self.ids()
        with open(self.image(), "rb") as file:
            self.assertEqual(file.read(), self.bytes)

    def test_an_image_is_not_compiled_again(self):
        done = self.tok("vocab", "compile", self.compiled, "-o", self.path("y.tok"))
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"compiled already", done.stderr)
        self.assertFalse(os.path.exists(self.path("y.tok")))

    def test_no_magic_is_no_image(self):
        self.refused(self.patched(0, b"\x88"), "this is no tokenizer: .*")
        self.refused(self.bytes[:7], "this is no tokenizer: .*")

    def test_other_versions_and_machines(self):
        self.refused(self.patched(8, b"\xff\xff\xff\xff"),
                     "the image is of version 4294967295 and this tok reads version [0-9]+: compile it anew")
        self.refused(self.patched(12, self.bytes[12:16][::-1]),
                     "the image was written on a machine of another byte order: compile it here")

    def test_short_and_long(self):
        for count in (8, 9, HEADER - 1):
            self.refused(self.bytes[:count], "the image ends inside its header")
        for data in (self.bytes[:HEADER], self.bytes[:-1], self.bytes + b"x"):
            self.refused(data, f"the image has {len(data) - HEADER} bytes behind its header, which says "
                               f"{len(self.bytes) - HEADER}")

    def test_damage(self):
        chance = random.Random(1)
        for at in range(16, HEADER):
            self.refused_quickly(at, "the image's header is damaged")
        places = [HEADER, len(self.bytes) - 1] + [chance.randrange(HEADER, len(self.bytes)) for _ in range(40)]
        for at in places:
            self.refused_quickly(at, "the image is damaged: its checksum differs")

    def refused_quickly(self, at, why):
        path = self.path("bad.tok")
        self.write(path, self.patched(at, bytes([self.bytes[at] ^ 0x40])))
        done = self.tok("inspect", "-t", path)
        self.assertEqual((done.returncode, done.stderr.decode()), (2, f"tok inspect: {path}: {why}\n"))

    def test_an_image_in_use_may_be_compiled_anew(self):
        run = subprocess.Popen((TOK, "encode", "--lines", "-t", self.compiled), stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, env=dict(os.environ, TOK_CACHE="off"))
        run.stdin.write(b"the\n")
        run.stdin.flush()
        time.sleep(0.1)
        self.write(self.source, hf(["cat"], 7))
        self.assertEqual(self.tok("vocab", "compile", self.source, "-o", self.compiled).returncode, 0)
        out = run.communicate(b"dog\n")[0]
        self.assertEqual(len(set(out.split())), 2)
        self.assertEqual(run.returncode, 0)
        self.assertEqual(self.ids(self.compiled), self.uncached())

    def test_full_disk_keeps_what_was_there(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
        before = sorted(os.listdir(self.home.name))
        done = self.tok("vocab", "compile", self.source, "-o", self.compiled, preexec_fn=limit)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr.decode(), f"tok vocab: cannot write '{self.compiled}': File too large\n")
        self.assertEqual(sorted(os.listdir(self.home.name)), before)
        with open(self.compiled, "rb") as file:
            self.assertEqual(file.read(), self.bytes)

    def test_what_is_no_file_is_not_replaced(self):
        for target in (self.home.name, self.path("pipe")):
            if not os.path.exists(target):
                os.mkfifo(target)
            mode = os.stat(target).st_mode
            done = self.tok("vocab", "compile", self.source, "-o", target)
            self.assertEqual(done.returncode, 2, target)
            self.assertEqual(done.stderr.count(b"\n"), 1)
            self.assertEqual(os.stat(target).st_mode, mode)

    def test_a_link_still_leads_to_the_image(self):
        os.symlink("x.tok", self.path("link"))
        self.write(self.source, hf(["cat"]))
        self.assertEqual(self.tok("vocab", "compile", self.source, "-o", self.path("link")).returncode, 0)
        self.assertTrue(os.path.islink(self.path("link")))
        self.assertEqual(self.ids(self.compiled), self.uncached())

    def test_no_part_of_the_source_is_written_over(self):
        os.mkdir(self.path("pair"))
        vocab, merges = pairs_json(["the"])
        self.write(self.path("pair/vocab.json"), vocab)
        self.write(self.path("pair/merges.txt"), merges)
        for source, target in (("pair", "pair/vocab.json"), ("pair", "pair/merges.txt"),
                               ("pair/vocab.json", "pair/merges.txt"), (".", "tokenizer.json")):
            done = self.tok("vocab", "compile", source, "-o", target)
            self.assertEqual(done.returncode, 2, target)
        with open(self.path("pair/vocab.json"), encoding="utf-8") as file:
            self.assertEqual(file.read(), vocab)
        with open(self.path("pair/merges.txt"), encoding="utf-8") as file:
            self.assertEqual(file.read(), merges)


class Cache(Images):
    def test_made_once_and_found(self):
        wanted = self.uncached()
        self.assertEqual(self.cached(), [])
        self.assertEqual(self.ids(), wanted)
        for folder in (self.cache, os.path.dirname(self.cache)):
            self.assertEqual(stat.S_IMODE(os.stat(folder).st_mode), 0o700)
        before = os.stat(self.image())
        self.assertEqual(self.ids(), wanted)
        after = os.stat(self.image())
        self.assertEqual((before.st_ino, before.st_mtime_ns), (after.st_ino, after.st_mtime_ns))

    def test_the_image_is_what_is_used(self):
        """Another tokenizer's image under the name and the source of this one."""
        self.ids()
        ours = self.image()
        with open(ours, "rb") as file:
            header = file.read(HEADER)
        self.write(self.source, hf(["cat"]))
        other = self.ids()
        names = [os.path.join(self.cache, name) for name in self.cached()]
        theirs = next(name for name in names if name != ours)
        with open(theirs, "rb") as file:
            image = file.read()
        self.assertNotEqual(header[32:48], image[32:48])
        shutil.copy(theirs, ours)
        self.write(self.source, hf(["the", "dog"]))
        self.assertEqual(self.ids(), self.uncached())  # of another source: not used
        self.assertNotEqual(self.ids(), other)

    def test_off(self):
        self.uncached()
        self.assertEqual(sorted(os.listdir(self.home.name)), ["tokenizer.json"])

    def test_a_changed_source_of_the_same_size_and_time(self):
        first = self.ids()
        times = os.stat(self.source)
        text = hf(["the", "cat"])
        self.assertEqual(len(text), times.st_size)
        self.write(self.source, text)
        os.utime(self.source, ns=(times.st_atime_ns, times.st_mtime_ns))
        self.assertEqual(os.stat(self.source).st_mtime_ns, times.st_mtime_ns)
        self.assertNotEqual(self.ids(), first)
        self.assertEqual(self.ids(), self.uncached())
        self.assertEqual(len(self.cached()), 2)

    def test_the_same_bytes_elsewhere_are_one_image(self):
        os.mkdir(self.path("folder"))
        shutil.copy(self.source, self.path("folder/tokenizer.json"))
        self.assertEqual(self.ids(self.path("folder")), self.ids())
        self.image()

    def test_a_change_of_the_merges_alone(self):
        vocab, merges = pairs_json(["the", "dog"])
        os.mkdir(self.path("pair"))
        self.write(self.path("pair/vocab.json"), vocab)
        self.write(self.path("pair/merges.txt"), merges)
        first = self.ids(self.path("pair"))
        for source in ("pair/vocab.json", "pair/merges.txt"):
            self.assertEqual(self.ids(self.path(source)), first)
        self.write(self.path("pair/merges.txt"), "\n".join(merges.split("\n")[:-2]) + "\n")
        second = self.ids(self.path("pair"))
        self.assertNotEqual(second, first)
        self.assertEqual(second, self.uncached(self.path("pair")))

    def test_a_better_file_in_a_folder_counts(self):
        os.mkdir(self.path("folder"))
        self.write(self.path("folder/vocab.txt"), "[UNK]\n[CLS]\n[SEP]\nthe\n,\nand\n")
        first = self.ids(self.path("folder"))
        shutil.copy(self.source, self.path("folder/tokenizer.json"))
        self.assertNotEqual(self.ids(self.path("folder")), first)
        self.assertEqual(self.ids(self.path("folder")), self.uncached())

    def test_a_pattern_is_part_of_the_key(self):
        import base64
        words = [bytes([i]) for i in range(256)] + [b" t", b" th", b" the", b"og", b"dog", b"e "]
        path = self.path("x.tiktoken")
        self.write(path, b"".join(base64.b64encode(w) + b" %d\n" % i for i, w in enumerate(words)))
        seen = set()
        for pattern in ("gpt2", "[a-z]+|[^a-z]+", "[^ ]+ ?"):
            found = self.ids(path, "--pattern", pattern)
            self.assertEqual(found, self.uncached(path, "--pattern", pattern))
            seen.add(found)
        self.assertGreater(len(seen), 1)
        self.assertEqual(len(self.cached()), 3)

    def test_a_pattern_that_is_refused_keeps_nothing(self):
        done = self.tok("encode", "-t", self.source, "--pattern", "gpt2")
        self.assertEqual((done.returncode, self.cached()), (2, []))
        self.assertIn(b"leave it out", done.stderr)

    def test_damage_is_silently_mended(self):
        wanted = self.ids()
        image = self.image()
        with open(image, "rb") as file:
            good = file.read()
        half = len(good) // 2
        damages = [b"", good[:4], good[:HEADER], good[:half], good + b"x", b"Dear all,\n" * 100,
                   good[:half] + bytes([good[half] ^ 1]) + good[half + 1:],
                   good[:40] + bytes([good[40] ^ 1]) + good[41:],
                   good[:8] + b"\xff\xff\xff\xff" + good[12:], good[:12] + good[15:11:-1] + good[16:]]
        for damage in damages:
            self.write(image, damage)
            self.assertEqual(self.ids(), wanted)
            with open(image, "rb") as file:
                self.assertEqual(file.read(), good)
            self.image()

    def test_what_is_no_file_under_the_name(self):
        wanted = self.ids()
        image = self.image()
        os.unlink(image)
        os.mkdir(image)
        self.assertEqual(self.ids(), wanted)
        os.rmdir(image)
        os.mkfifo(image)
        self.assertEqual(self.ids(), wanted)

    def test_a_file_in_place_of_the_folder(self):
        self.write(self.path("cache"), b"")
        self.assertEqual(self.ids(), self.uncached())
        self.assertEqual(sorted(os.listdir(self.home.name)), ["cache", "tokenizer.json"])
        self.assertEqual(self.ids(cache="/dev/null"), self.uncached())

    def test_a_folder_that_nobody_may_write(self):
        self.assertEqual(self.ids(cache="/proc/tok"), self.uncached())
        os.makedirs(self.cache)
        os.chmod(self.cache, 0o500)
        self.assertEqual(self.ids(), self.uncached())
        os.chmod(self.cache, 0o000)
        self.assertEqual(self.ids(), self.uncached())

    def test_a_name_too_long(self):
        self.assertEqual(self.ids(cache=self.path("x" * 3000)), self.uncached())

    def test_no_folder_is_known(self):
        done = subprocess.run((TOK, "encode", "-t", self.source), input=TEXT, capture_output=True, env={}, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, self.uncached()))

    def test_full_disk(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
        for _ in range(3):
            self.assertEqual(self.ids(preexec_fn=limit), self.uncached())
            self.assertEqual(self.cached(), [])
        self.assertEqual(self.ids(), self.uncached())
        self.image()

    def test_bad_source_leaves_nothing(self):
        self.write(self.source, '{"model":{"type":"BPE"}}')
        done = self.tok("encode", "-t", self.source)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(self.cached(), [])


class Crowds(Images):
    def setUp(self):
        super().setUp()
        chance = random.Random(3)
        words = {"".join(chance.choices("abcdefghijklmnopqrst", k=6)) for _ in range(4000)}
        self.write(self.source, hf(["the", "dog"] + sorted(words)))
        self.wanted = self.uncached()

    def start(self):
        return subprocess.Popen((TOK, "encode", "-t", self.source), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, env=dict(os.environ, TOK_CACHE=self.cache))

    def test_many_at_once(self):
        for count in (2, 2, 2, 20):
            shutil.rmtree(self.cache, ignore_errors=True)
            runs = [self.start() for _ in range(count)]
            for run in runs:
                out, err = run.communicate(TEXT)
                self.assertEqual((run.returncode, out, err), (0, self.wanted, b""))
            self.image()
            self.assertEqual(self.ids(), self.wanted)
        shutil.copy(self.image(), self.path("x.tok"))
        self.assertEqual(self.ids(self.path("x.tok"), cache="off"), self.wanted)

    def test_a_source_that_changes_meanwhile(self):
        """Written over in place while it is compiled: nothing wrong is kept."""
        chance = random.Random(5)
        words = {"".join(chance.choices("abcdefghijklmnopqrst", k=6)) for _ in range(20000)}
        old = hf(sorted(words) + ["the", "dog"]).encode()
        self.write(self.source, old)
        self.wanted = self.uncached()
        vocab = json.loads(old)["model"]["vocab"]
        new = old.replace(b'"the": %d' % vocab["the"], b'"the": %d' % vocab["dog"])
        new = new.replace(b'"dog": %d' % vocab["dog"], b'"dog": %d' % vocab["the"])
        self.write(self.source, new)
        self.assertNotEqual(self.uncached(), self.wanted)
        self.write(self.source, old)
        self.assertEqual(len(new), len(old))
        start = time.monotonic()
        self.uncached()
        whole = time.monotonic() - start
        for _ in range(25):
            run = self.start()
            run.stdin.write(TEXT)
            run.stdin.close()
            time.sleep(chance.random() * whole)
            for data in (new, old):
                with open(self.source, "r+b") as file:
                    file.write(data)
                if data is new:
                    run.stdout.read()
                    run.wait()
            run.stdout.close()
            run.stderr.close()
            self.assertEqual(self.ids(), self.wanted)
            shutil.rmtree(self.cache, ignore_errors=True)

    def test_killed_at_any_moment(self):
        start = time.monotonic()
        self.ids()
        whole = time.monotonic() - start
        shutil.rmtree(self.cache)
        chance = random.Random(4)
        killed = 0
        for _ in range(40):
            run = self.start()
            run.stdin.write(TEXT)
            run.stdin.close()
            time.sleep(chance.random() * whole * 0.9)
            run.kill()
            run.stdout.read()
            run.stdout.close()
            run.stderr.close()
            killed += run.wait() != 0
            if chance.random() < 0.3:
                self.assertEqual(self.ids(), self.wanted)
                self.image()
                shutil.rmtree(self.cache)
        self.assertGreater(killed, 0)
        self.assertEqual(self.ids(), self.wanted)
        self.image()  # and nothing that they left behind


if __name__ == "__main__":
    unittest.main(verbosity=1)
