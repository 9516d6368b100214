#!/usr/bin/env python3
"""check_cache.py TOK: compiled tokenizers as files and in the cache folder: damage, staleness,
folders that cannot be used, full disks, many processes at once, killed ones."""
import ctypes
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

import forged

TOK = os.path.abspath(sys.argv.pop(1))
SANITIZED = b"__asan_init" in open(TOK, "rb").read()
HEADER = 128
AGE = 3.2  # seconds, and a source or an image is remembered
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
        """All but what is remembered of sources, and the secret."""
        names = os.listdir(self.cache) if os.path.isdir(self.cache) else []
        return sorted(name for name in names if name != "sources" and not name.startswith("secret-"))

    def image(self):
        """The path of the only image in the cache."""
        names = self.cached()
        self.assertEqual(len(names), 1, names)
        self.assertRegex(names[0], r"^[0-9a-f]{16}-[0-9a-f]{32}\.tok$")
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
            cached = file.read()
        for first, last in ((0, 32), (48, 120), (HEADER, None)):  # between: the source's hash, keyed; and a checksum
            self.assertEqual(cached[first:last], self.bytes[first:last])

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


class Secret(Images):
    """What is known by a hash is known by one that nobody can make two sources with."""

    def secret(self):
        return os.path.join(self.cache, f"secret-{os.geteuid()}")

    def test_two_sources_with_one_hash(self):
        paths = [self.path(n) for n in ("good.model", "evil.model")]
        for path, text in zip(paths, forged.pair()):
            self.write(path, text)
        wanted = [self.tok("encode", "-t", path, data=forged.TEXT, cache="off").stdout for path in paths]
        self.assertNotEqual(*wanted)
        for order in ((0, 1), (1, 0)):
            for i in order + order:
                self.assertEqual(self.ids(paths[i], data=forged.TEXT), wanted[i])
            self.assertEqual(len(self.cached()), 2)
            shutil.rmtree(self.cache)

    def test_it_stays_and_is_private(self):
        self.ids()
        with open(self.secret(), "rb") as file:
            first = file.read()
        self.assertEqual(stat.S_IMODE(os.stat(self.secret()).st_mode), 0o600)
        image = self.image()
        self.ids()
        with open(self.secret(), "rb") as file:
            self.assertEqual(file.read(), first)
        self.assertEqual(self.image(), image)
        shutil.rmtree(self.cache)
        self.ids()
        self.assertNotEqual(self.image(), image)

    def test_damage(self):
        """Another one is made, and what was known by the old one is not found any more."""
        self.ids()
        with open(self.secret(), "rb") as file:
            whole = file.read()
        count = 1
        for harm in (None, b"", whole[:-1], whole + b"x", whole[:50] + b"x" + whole[51:], b"x" * len(whole), "mode"):
            if harm is None:
                os.remove(self.secret())
            elif harm == "mode":
                os.chmod(self.secret(), 0o640)
            else:
                self.write(self.secret(), harm)
            self.assertEqual(self.ids(), self.uncached())
            count += 1
            self.assertEqual(len(self.cached()), count)
            self.assertEqual(stat.S_IMODE(os.stat(self.secret()).st_mode), 0o600)
            with open(self.secret(), "rb") as file:
                self.assertNotIn(file.read(), (harm, whole))
            self.assertEqual(self.ids(), self.uncached())
            self.assertEqual(len(self.cached()), count)

    def test_without_one_there_is_no_cache(self):
        os.makedirs(self.secret())
        self.assertEqual(self.ids(), self.uncached())
        self.assertEqual(self.cached(), [])


class Remembering(Images):
    """Sources that are known by what the file system says of them, when they are old enough."""

    def remembered(self):
        with open(os.path.join(self.cache, "sources"), "rb") as file:
            return file.read()

    def setUp(self):
        super().setUp()
        self.wanted = self.uncached()
        self.times = os.stat(self.source)


class Seen(Remembering):
    def test_fresh_sources_are_not_remembered(self):
        self.assertEqual(self.ids(), self.wanted)
        self.assertFalse(os.path.exists(os.path.join(self.cache, "sources")))
        os.utime(self.source, (1, 1))  # by mtime alone it would be old enough
        self.assertEqual(self.ids(), self.wanted)
        self.assertFalse(os.path.exists(os.path.join(self.cache, "sources")))
        for second in range(3):  # each within the time in which it is not remembered
            self.write(self.source, hf(["the", "cat"] if second % 2 else ["the", "dog"]))
            os.utime(self.source, ns=(1, self.times.st_mtime_ns))
            self.assertEqual(self.ids(), self.uncached())

    def opened(self):
        """How often tok opens the source for one text."""
        libc = ctypes.CDLL(None)
        watch = libc.inotify_init1(os.O_NONBLOCK)
        self.assertGreaterEqual(libc.inotify_add_watch(watch, self.source.encode(), 0x20), 0)  # IN_OPEN
        self.assertEqual(self.ids(), self.wanted)
        try:
            return len(os.read(watch, 4096)) // 16
        except BlockingIOError:
            return 0
        finally:
            os.close(watch)

    def test_a_settled_source_is_not_opened(self):
        self.assertEqual(self.opened(), 1)
        self.assertEqual(self.opened(), 1)
        time.sleep(AGE)
        self.assertEqual(self.opened(), 1)
        known = self.remembered()
        self.assertEqual(self.opened(), 0)
        os.utime(self.source)
        self.assertEqual(self.opened(), 1)
        self.assertEqual(self.remembered(), known)


class Settled(Remembering):
    """Each test has a folder that was made before all tests, and waits until it is old enough."""

    @classmethod
    def make(cls):
        vocab, merges = pairs_json(["the", "dog"])
        cls.homes = {}
        for name in unittest.TestLoader().getTestCaseNames(cls):
            home = cls.homes[name] = tempfile.TemporaryDirectory()
            cls.write(os.path.join(home.name, "tokenizer.json"), hf(["the", "dog"]))
            os.mkdir(os.path.join(home.name, "pair"))
            cls.write(os.path.join(home.name, "pair/vocab.json"), vocab)
            cls.write(os.path.join(home.name, "pair/merges.txt"), merges)
        cls.many = [os.path.join(cls.homes["test_many_sources"].name, f"{i}.json") for i in range(270)]
        for i, path in enumerate(cls.many):
            cls.write(path, hf(["the", "dog" if i % 2 else "cat"]))
        cls.settled = time.monotonic() + AGE

    def setUp(self):
        self.home = self.homes[self._testMethodName]
        self.cache = os.path.join(self.home.name, "cache", "tok")
        self.source = self.path("tokenizer.json")
        time.sleep(max(0, self.settled - time.monotonic()))
        self.wanted = self.uncached()
        self.times = os.stat(self.source)

    def test_each_change_shows(self):
        self.ids()
        text = hf(["the", "cat"])
        self.assertEqual(len(text), self.times.st_size)
        with open(self.source, "r+b") as file:  # in place: the same inode
            file.write(text.encode())
        os.utime(self.source, ns=(self.times.st_atime_ns, self.times.st_mtime_ns))
        now = os.stat(self.source)
        self.assertEqual((now.st_ino, now.st_size, now.st_mtime_ns),
                         (self.times.st_ino, self.times.st_size, self.times.st_mtime_ns))
        self.assertNotEqual(self.ids(), self.wanted)
        self.assertEqual(self.ids(), self.uncached())
        self.write(self.path("new.json"), hf(["the", "dog"]))
        shutil.copystat(self.source, self.path("new.json"))
        os.rename(self.path("new.json"), self.source)
        self.assertEqual(self.ids(), self.wanted)
        os.chmod(self.source, 0)
        if os.geteuid():
            self.assertEqual(self.tok("encode", "-t", self.source).returncode, 2)
        os.unlink(self.source)
        self.assertEqual(self.tok("encode", "-t", self.source).returncode, 2)

    def test_damage(self):
        self.ids()
        time.sleep(AGE)  # the image, too, is remembered from here on
        os.unlink(os.path.join(self.cache, "sources"))
        self.ids()
        good = self.remembered()
        chance = random.Random(6)
        damages = [b"", good[:-1], good[:100], bytes(len(good)), b"x" * len(good)]
        for at in [0, 8, 16, 40, 48, 56, len(good) - 16, len(good) - 1] + chance.choices(range(len(good)), k=10):
            damages.append(good[:at] + bytes([good[at] ^ 1 << chance.randrange(8)]) + good[at + 1:])
        for damage in damages:
            self.write(os.path.join(self.cache, "sources"), damage)
            self.assertEqual(self.ids(), self.wanted)
            self.assertEqual(self.remembered(), good)

    def test_another_secret(self):
        """What is remembered is of the old one."""
        self.ids()
        known = self.remembered()
        image = self.image()
        os.unlink(os.path.join(self.cache, f"secret-{os.geteuid()}"))
        self.assertEqual(self.ids(), self.wanted)
        self.assertNotEqual(self.remembered(), known)
        os.unlink(image)
        other = self.image()
        os.unlink(other)
        self.assertEqual(self.ids(), self.wanted)
        self.assertEqual(self.image(), other)

    def test_a_missing_image_is_made_again(self):
        self.ids()
        image = self.image()
        for damage in (None, b"short"):
            os.unlink(image)
            if damage:
                self.write(image, damage)
            self.assertEqual(self.ids(), self.wanted)
            self.assertEqual(self.image(), image)
            self.assertGreater(os.stat(image).st_size, HEADER)

    def test_pairs_of_files(self):
        _, merges = pairs_json(["the", "dog"])
        first = self.ids(self.path("pair"))
        self.assertEqual(self.ids(self.path("pair")), first)
        self.write(self.path("pair/merges.txt"), "\n".join(merges.split("\n")[:-2]) + "\n")
        self.assertNotEqual(self.ids(self.path("pair")), first)
        self.assertEqual(self.ids(self.path("pair")), self.uncached(self.path("pair")))

    def test_many_sources(self):
        """More than are remembered, and many that remember at once."""
        paths = self.many
        wanted = [self.uncached(path) for path in paths[:2]]
        environment = dict(os.environ, TOK_CACHE=self.cache)
        for _ in range(2):
            for first in range(0, len(paths), 10):
                runs = [(i, subprocess.Popen((TOK, "encode", "-t", paths[i]), stdin=subprocess.PIPE,
                                             stdout=subprocess.PIPE, env=environment))
                        for i in range(first, first + 10)]
                for i, run in runs:
                    self.assertEqual(run.communicate(TEXT)[0], wanted[i % 2])
        self.assertEqual(len(self.cached()), 2)


def setUpModule():
    """What has to be some seconds old gets so while other tests run."""
    Settled.make()


class Pruned(Images):
    def fill(self, names, each):
        os.makedirs(self.cache, mode=0o700)
        for age, name in enumerate(names):
            path = os.path.join(self.cache, name)
            with open(path, "wb") as file:
                file.truncate(each)  # takes no room
            os.utime(path, (time.time() - 100_000 - age, time.time() - 100_000 - age))

    def test_what_was_used_longest_ago_goes(self):
        self.ids()
        build = os.path.basename(self.image()).split("-")[0]
        shutil.rmtree(self.cache)
        ours = [f"{build}-{i:032x}.tok" for i in range(3)]
        others = [f"{i:032x}.tok" for i in range(2)] + ["0" * 16 + f"-{i:032x}.tok" for i in range(2)]
        mine = ["mine.tok", "x" * 32 + ".tok", "notes", f"{build}-{0:032x}.tok.bak"]
        self.fill(others + ours + mine, 300 << 20)
        self.assertEqual(self.ids(), self.uncached())
        left = self.cached()
        self.assertEqual([name for name in mine if name in left], mine)
        left = [name for name in left if name not in mine]
        self.assertEqual(len([name for name in left if name in ours]), 3)  # 900 MB: younger builds' stay
        self.assertEqual([name for name in left if name in others], [])
        self.assertEqual(len(left), 4)

    def test_use_counts(self):
        self.write(self.path("other.json"), hf(["the", "cat"]))
        self.ids()
        used = self.image()
        build = os.path.basename(used).split("-")[0]
        os.utime(used, (1000, 1000))
        self.ids()
        self.assertGreater(os.stat(used).st_mtime, time.time() - 100)
        for i in range(4):
            path = os.path.join(self.cache, f"{build}-{i:032x}.tok")
            with open(path, "wb") as file:
                file.truncate(300 << 20)
            os.utime(path, (2000 + i, 2000 + i))
        self.ids(self.path("other.json"))
        left = self.cached()
        self.assertIn(os.path.basename(used), left)
        self.assertEqual(len(left), 5)
        self.assertNotIn(f"{build}-{0:032x}.tok", left)

    def test_what_killed_writers_left_goes(self):
        old, new = f".{'0' * 32}.tok.1.0.tmp", f".{'0' * 32}.tok.2.0.tmp"
        self.fill([old, new, ".sources.3.1.tmp", ".secret-0.AbCdEf.tmp", ".mine.tmp"], 10)
        os.utime(os.path.join(self.cache, new))
        self.ids()
        self.assertEqual([name for name in self.cached() if name.startswith(".")], [new, ".mine.tmp"])

    def test_one_image_larger_than_all_may_take(self):
        """The limit is kept by all but the one that is in use."""
        self.fill(["0" * 32 + ".tok"], 2 << 30)
        self.ids()
        self.image()

    def test_many_writers(self):
        """Each writes, prunes and reads while others do."""
        self.ids()
        build = os.path.basename(self.image()).split("-")[0]
        sources = []
        for i in range(12):
            sources.append(self.path(f"{i}.json"))
            self.write(sources[-1], hf(["the", "dog"], i))
        wanted = [self.uncached(source) for source in sources]
        environment = dict(os.environ, TOK_CACHE=self.cache)
        for _ in range(3):
            shutil.rmtree(self.cache)
            self.fill([f"{build}-{i:032x}.tok" for i in range(60)], 50 << 20)
            runs = [subprocess.Popen((TOK, "encode", "-t", source), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, env=environment) for source in sources * 2]
            for i, run in enumerate(runs):
                out, err = run.communicate(TEXT)
                self.assertEqual((run.returncode, out, err), (0, wanted[i % 12], b""))
            left = self.cached()
            total = sum(os.stat(os.path.join(self.cache, name)).st_size for name in left)
            self.assertLessEqual(total, 1 << 30)
            self.assertGreater(total, 700 << 20)  # not much more than had to go
            self.assertEqual(len([name for name in left if not name.startswith(build + "-" + "0" * 20)]), 12)


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
        for _ in range(8 if SANITIZED else 25):  # what comes of chance needs no sanitizer
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
        for _ in range(15 if SANITIZED else 40):
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
