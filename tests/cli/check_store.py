#!/usr/bin/env python3
"""check_store.py TOK: the store of vocabularies: names with -t, one source under two names, damage,
hostile files, full disks, processes that write at once, killed ones."""
import ctypes
import fcntl
import hashlib
import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
import unittest
from base64 import b64encode

import forged

TOK = os.path.abspath(sys.argv.pop(1))
SANITIZED = b"__asan_init" in open(TOK, "rb").read()
KILLS = 40 if SANITIZED else 200
BEGINNINGS = 5
TEXT = b"the dog and the cat, the dogs"


def hf(words, more=0):
    """A BPE of letters and of these words, and of `more` that nobody uses, to make it long."""
    vocab, merges = {}, []
    for letter in "abcdefghijklmnopqrstuvwxyz, ":
        vocab[letter] = len(vocab)
    for word in [*words, *(f"z{i:05d}".translate(str.maketrans("0123456789", "abcdefghij")) for i in range(more))]:
        for end in range(2, len(word) + 1):
            if word[:end] not in vocab:
                vocab[word[:end]] = len(vocab)
                merges.append([word[:end - 1], word[end - 1]])
    return json.dumps({"added_tokens": [], "model": {"type": "BPE", "vocab": vocab, "merges": merges}})


class Stores(unittest.TestCase):
    def setUp(self):
        self.home = tempfile.TemporaryDirectory()
        self.store = self.path("data/tok")
        self.source = self.path("a.json")
        self.write(self.source, hf(["the", "dog"]))
        self.other = self.path("b.json")
        self.write(self.other, hf(["cat", "and"]))

    def tearDown(self):
        self.home.cleanup()

    def path(self, name):
        return os.path.join(self.home.name, name)

    @staticmethod
    def write(path, text):
        with open(path, "wb") as file:
            file.write(text.encode() if isinstance(text, str) else text)

    def tok(self, *args, data=TEXT, store=None, hub=None, **more):
        environment = dict(os.environ, TOK_CACHE="off", TOK_STORE=store or self.store, HOME=self.home.name, **(hub or {}))
        for name in {"HF_HOME", "HF_HUB_CACHE", "XDG_CACHE_HOME"} - set(hub or {}):
            environment.pop(name, None)
        return subprocess.run((TOK,) + args, input=data, capture_output=True, timeout=120, check=False,
                              env=environment, cwd=self.home.name, **more)

    def vocab(self, *args, **more):
        """What it says, if all went well."""
        done = self.tok("vocab", *args, **more)
        self.assertEqual((done.returncode, done.stderr), (0, b""), args)
        return done.stdout.decode()

    def refused(self, *args, says, **more):
        done = self.tok("vocab", *args, **more)
        self.assertEqual((done.returncode, done.stdout), (2, b""), args)
        self.assertRegex(done.stderr.decode(), says)

    def names(self, store=None):
        return [v["name"] for v in json.loads(self.vocab("list", "--json", store=store))["vocabularies"]]

    def ids(self, tokenizer, **more):
        done = self.tok("encode", "-t", tokenizer, **more)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return done.stdout

    def database(self):
        return os.path.join(self.store, "store.db")

    def images(self):
        folder = os.path.join(self.store, "images")
        return sorted(n for n in os.listdir(folder) if n.endswith(".tok") and n[0] != ".") if os.path.isdir(folder) else []


class Names(Stores):
    def test_a_name_is_its_source(self):
        self.vocab("add", "org/dog", self.source)
        self.assertEqual(self.ids("org/dog"), self.ids(self.source))
        self.assertNotEqual(self.ids("org/dog"), self.ids(self.other))
        for tool in ("count", "inspect"):
            self.assertEqual(self.tok(tool, "-t", "org/dog").stdout, self.tok(tool, "-t", self.source).stdout)
        self.assertEqual(self.ids(self.vocab("path", "org/dog").strip()), self.ids(self.source))
        self.assertEqual(self.tok("vocab", "convert", "org/dog", "-o", "x.json").returncode, 0)
        self.assertEqual(self.tok("vocab", "convert", self.source, "-o", "y.json").returncode, 0)
        with open(self.path("x.json"), "rb") as x, open(self.path("y.json"), "rb") as y:
            self.assertEqual(x.read(), y.read())

    def test_its_source_may_go(self):
        wanted = self.ids(self.source)
        self.vocab("add", "dog", self.source)
        os.remove(self.source)
        shutil.rmtree(os.path.join(self.store, "images"))
        self.assertEqual(self.ids("dog"), wanted)
        self.assertEqual(len(self.images()), 1)

    def test_a_file_comes_first(self):
        self.vocab("add", "dog", self.source)
        self.write(self.path("dog"), hf(["cat", "and"]))
        self.assertEqual(self.ids("dog"), self.ids(self.other))

    def test_an_image_that_was_made_is_known(self):
        """It need not be looked through again, as those must that others may have written."""
        self.vocab("add", "dog", self.source)
        image = os.stat(self.vocab("path", "dog").strip())
        with open(os.path.join(self.store, "images", "sources"), "rb") as file:
            self.assertIn(struct.pack("=QQ", image.st_ino, image.st_size), file.read())

    def test_two_files_and_a_folder(self):
        model = json.loads(hf(["the", "dog"]))["model"]
        os.mkdir(self.path("pair"))
        self.write(self.path("pair/vocab.json"), json.dumps(model["vocab"]))
        self.write(self.path("pair/merges.txt"), "#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in model["merges"]))
        wanted = self.ids(self.path("pair"))
        self.vocab("add", "pair", self.path("pair"))
        shutil.rmtree(self.path("pair"))
        self.assertEqual(self.ids("pair"), wanted)
        shutil.rmtree(os.path.join(self.store, "images"))
        self.assertEqual(self.ids("pair"), wanted)
        shown = json.loads(self.vocab("show", "pair", "--json"))["vocabularies"][0]
        self.assertEqual([f["name"] for f in shown["files"]], ["vocab.json", "merges.txt"])

    def test_what_is_noted(self):
        before = int(time.time())
        self.vocab("add", "dog", self.source, "--licence", "MIT", "--origin", "a friend")
        self.vocab("add", "cat", self.other)
        shown = {v["name"]: v for v in json.loads(self.vocab("list", "--json"))["vocabularies"]}
        dog, cat = shown["dog"], shown["cat"]
        self.assertEqual((dog["licence"], dog["origin"], dog["model"], dog["ids"]), ("MIT", "a friend", "BPE", 32))
        self.assertEqual((cat["licence"], cat["origin"]), (None, os.path.realpath(self.other)))
        self.assertTrue(before <= dog["added"] <= time.time() + 1)
        with open(self.source, "rb") as file:
            self.assertEqual(dog["files"][0]["bytes"], len(file.read()))
        self.assertIn("MIT", self.vocab("show", "dog"))
        self.assertEqual(len(self.vocab("list").splitlines()), 3)

    def test_notes_show_what_is_in_them(self):
        """And move nothing: they may be from elsewhere."""
        self.vocab("add", "dog", self.source, "--licence", "MIT \x1b[2J\nof me", "--origin", "a friend\r\x1b]0;x\a")
        with sqlite3.connect(self.database()) as db:
            db.execute("UPDATE vocabulary SET model = 'B\x1b[1m', pattern = '\x1b[5m'")
        for words, lines in (["show", "dog"], 13), (["list"], 2):
            said = self.vocab(*words)
            self.assertIn("a friend\u240d\u241b]0;x\u2407", said)
            self.assertEqual((len(said.splitlines()), [c for c in said if ord(c) < 32 and c != "\n"]), (lines, []), said)
        self.assertIn("MIT \u241b[2J\u240aof me\n", self.vocab("show", "dog"))

    def test_a_pattern_is_kept(self):
        letters = [bytes([b]) for b in range(256)] + [b"  ", b"a b"]
        self.write(self.path("x.tiktoken"), b"".join(b64encode(t) + b" %d\n" % i for i, t in enumerate(letters)))
        self.vocab("add", "whole", self.path("x.tiktoken"), "--pattern", r"[\s\S]+")
        self.vocab("add", "words", self.path("x.tiktoken"), "--pattern", r"\S+|\s+")
        for name, pattern in (("whole", r"[\s\S]+"), ("words", r"\S+|\s+")):
            wanted = self.tok("encode", "-t", self.path("x.tiktoken"), "--pattern", pattern, data=b"a b  c").stdout
            self.assertEqual(self.ids(name, data=b"a b  c"), wanted)
        self.assertNotEqual(self.ids("whole", data=b"a b"), self.ids("words", data=b"a b"))
        done = self.tok("encode", "-t", "words", "--pattern", "x")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"leave --pattern out", done.stderr)

    def test_one_source_under_two_names_is_kept_once(self):
        self.vocab("add", "one", self.source)
        size = self.rows("content")
        self.vocab("add", "two", self.source)
        self.assertEqual((size, self.rows("content"), self.rows("vocabulary")), (1, 1, 2))
        self.vocab("rm", "one")
        self.assertEqual(self.ids("two"), self.ids(self.source))
        self.assertEqual(self.rows("content"), 1)
        self.vocab("rm", "two")
        self.assertEqual((self.rows("content"), self.images()), (0, []))

    def test_what_goes_gives_its_room_back(self):
        self.vocab("add", "dog", self.source)
        before = os.path.getsize(self.database())
        chance = random.Random(4)
        self.write(self.path("big.json"), hf(["".join(chance.choices("abcdefghijklmnop", k=9)) for _ in range(3000)]))
        self.vocab("add", "big", self.path("big.json"))
        self.assertGreater(os.path.getsize(self.database()), before + 50_000)
        self.vocab("rm", "big")
        self.assertLess(os.path.getsize(self.database()), before + 10_000)

    def rows(self, table):
        with sqlite3.connect(self.database()) as db:
            return db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]

    def test_names_that_are_taken_or_none(self):
        self.vocab("add", "dog", self.source)
        self.refused("add", "dog", self.other, says="there is a vocabulary called 'dog' already")
        self.vocab("add", "dog", self.other, "--replace")
        self.assertEqual(self.ids("dog"), self.ids(self.other))
        self.vocab("add", "cat", self.source)
        self.refused("rename", "cat", "dog", says="called 'dog' already")
        self.refused("rename", "cow", "ox", says="no vocabulary called 'cow'")
        self.refused("rm", "cow", says="no vocabulary called 'cow'")
        self.refused("show", "cow", says="no vocabulary called 'cow'")
        self.refused("path", "cow", says="no vocabulary called 'cow'")
        self.vocab("rename", "cat", "tom")
        self.assertEqual(self.names(), ["dog", "tom"])
        for name in ("bytes", "tok-32k"):
            self.refused("add", name, self.source, says="is built in")
        for name in ("", "../x", "a//b", "a/", ".a", "a/../b", "a b", "a\nb", "é", "x" * 129):
            self.refused("add", name, self.source, says="is no name for a vocabulary")
        self.vocab("add", "x" * 128, self.source)

    def test_what_is_no_tokenizer_is_not_kept(self):
        self.write(self.path("bad.json"), "{}")
        self.refused("add", "bad", self.path("bad.json"), says="bad.json")
        self.refused("add", "none", self.path("none.json"), says="none.json")
        self.vocab("add", "dog", self.source)
        self.refused("add", "image", self.vocab("path", "dog").strip(), says="compiled image")
        self.assertEqual(self.names(), ["dog"])

    def test_digests(self):
        """They come with the source, go with it, and are found again where they are missing."""
        def digests():
            with sqlite3.connect(self.database()) as db:
                return sorted(sha256 for sha256, in db.execute("SELECT sha256 FROM digest"))
        wanted = []
        for path in (self.source, self.other):
            with open(path, "rb") as file:
                wanted.append(hashlib.sha256(file.read()).digest())
        self.vocab("add", "dog", self.source)
        self.vocab("add", "cat", self.other)
        self.vocab("add", "tom", self.other)
        self.assertEqual(digests(), sorted(wanted))
        images = self.images()
        for sql in ("DELETE FROM digest", "DELETE FROM statistics", "DELETE FROM digest WHERE sha256 < x'80'"):
            with sqlite3.connect(self.database()) as db:
                db.execute(sql)
            self.assertEqual([self.ids(n) for n in ("dog", "cat")], [self.ids(p) for p in (self.source, self.other)])
            self.vocab("list")
            self.assertEqual((digests(), self.images()), (sorted(wanted), images))
        self.vocab("rm", "dog", "cat")
        self.assertEqual(digests(), wanted[1:])
        self.assertEqual(self.ids("tom"), self.ids(self.other))

    def test_no_image_of_what_is_not_there(self):
        self.vocab("add", "dog", self.source)
        mine = self.images()
        self.write(self.path("bad.json"), "{}")
        for source in (self.other, self.path("bad.json")):  # not even looked at
            self.refused("add", "dog", source, says="already")
        self.assertEqual(self.images(), mine)
        self.vocab("add", "dog", self.other, "--replace")
        self.assertEqual(len(self.images()), 1)
        self.assertNotEqual(self.images(), mine)

    def test_no_store(self):
        self.assertEqual(self.names(), [])
        for words in (["verify"], ["path", "x"], ["export", "x.db"], ["rm", "x"], ["rename", "x", "y"]):
            self.refused(*words, says="there is no store yet")
        self.assertEqual(self.tok("encode", "-t", "dog").returncode, 2)
        self.assertFalse(os.path.exists(self.store))
        self.refused("add", "dog", self.source, store="off", says="set TOK_STORE")


class Forged(Stores):
    """Two sources with one XXH3: a store has one of them, and says of it what it says, whatever was tried with the
    other, and whoever deletes images."""

    def setUp(self):
        super().setUp()
        self.good, self.evil = (self.path(n) for n in ("good.model", "evil.model"))
        for path, text in zip((self.good, self.evil), forged.pair()):
            self.write(path, text)
        self.wanted = self.ids(self.good, data=forged.TEXT)
        self.assertNotEqual(self.wanted, self.ids(self.evil, data=forged.TEXT))

    def expect(self, name):
        self.assertEqual(self.ids(name, data=forged.TEXT), self.wanted)
        self.assertRegex(self.vocab("verify"), r"^\d sound, 0 not\n$")

    def drop_images(self):
        shutil.rmtree(os.path.join(self.store, "images"), ignore_errors=True)

    def export_evil(self, *others):
        there = self.path("there")
        self.vocab("add", "evil", self.evil, store=there)
        for name in others:
            self.vocab("add", name, self.other, store=there)
        self.vocab("export", "evil.db", store=there)

    def test_what_is_refused_leaves_nothing(self):
        self.export_evil()
        self.vocab("add", "good", self.good)
        for words in (["add", "evil", self.evil], ["import", "evil.db"], ["add", "good", self.evil, "--replace"]):
            self.drop_images()
            self.refused(*words, says="another source has this hash")
            self.assertEqual((self.names(), self.images()), (["good"], []))
            self.expect("good")
        self.vocab("add", "good", self.good, "--replace")
        self.expect("good")

    def test_a_store_that_never_had_either(self):
        self.export_evil("dog")
        self.vocab("add", "dog", self.source)
        self.refused("import", "evil.db", says="'dog' is another vocabulary")
        self.vocab("add", "good", self.good)
        self.expect("good")

    def test_what_was_replaced(self):
        self.vocab("add", "x", self.evil)
        self.vocab("add", "x", self.source, "--replace")
        self.vocab("add", "good", self.good)
        self.expect("good")

    def test_an_image_that_was_left(self):
        """Somebody made it anew while its source went: it is of that."""
        self.vocab("add", "good", self.good, store=self.path("there"))
        self.vocab("export", "good.db", store=self.path("there"))
        self.vocab("add", "evil", self.evil)
        images = os.path.join(self.store, "images")
        shutil.copytree(images, self.path("images"))
        self.vocab("rm", "evil")
        shutil.rmtree(images)
        shutil.copytree(self.path("images"), images)
        self.vocab("import", "good.db")
        self.expect("good")

    def test_what_repairs_is_what_was_there(self):
        self.export_evil()
        self.vocab("add", "good", self.good)
        with sqlite3.connect(self.database()) as db:
            db.execute("UPDATE content SET zstd = x'00'")
        for words in (["add", "evil", self.evil], ["import", "evil.db"]):
            self.refused(*words, says="another source has this hash")
        self.vocab("add", "better", self.good)
        self.expect("good")

    def test_bytes_that_were_exchanged(self):
        self.vocab("add", "evil", self.evil)
        with sqlite3.connect(self.database()) as db:
            evil, = db.execute("SELECT zstd FROM content").fetchone()
        self.vocab("rm", "evil")
        self.vocab("add", "good", self.good)
        with sqlite3.connect(self.database()) as db:
            db.execute("UPDATE content SET zstd = ?", (evil,))
        self.assertRegex(self.tok("vocab", "verify").stdout, b"^good: .*its source is damaged")
        self.drop_images()
        self.assertEqual(self.tok("encode", "-t", "good").returncode, 2)


class Damage(Stores):
    def setUp(self):
        super().setUp()
        self.vocab("add", "dog", self.source)
        self.vocab("add", "cat", self.other)

    def test_images_are_made_again(self):
        wanted = self.ids(self.source)
        for harm in (b"", b"nonsense", None):
            for name in self.images():
                path = os.path.join(self.store, "images", name)
                if harm is not None:
                    self.write(path, harm)
                elif os.path.getsize(path) > 100:
                    with open(path, "r+b") as file:
                        file.seek(-9, os.SEEK_END)
                        file.write(b"X")
            self.assertEqual(self.ids("dog"), wanted)
            self.ids("cat")
        self.assertEqual(self.vocab("verify"), "2 sound, 0 not\n")

    def test_an_image_that_says_something_else_is_told(self):
        for harm in (lambda b: b[:-9] + b"X" + b[-8:], lambda b: b[:40] + b"X" + b[41:], lambda b: b[:-1], lambda b: b + b"X"):
            path = self.vocab("path", "dog").strip()
            with open(path, "rb") as file:
                whole = file.read()
            self.write(path, harm(whole))
            done = self.tok("vocab", "verify")
            self.assertEqual((done.returncode, done.stdout.decode()), (
                1, f"dog: its image is not what its source makes: delete '{path}', it is made again\n1 sound, 1 not\n"))
            os.remove(path)
            self.assertEqual(self.vocab("verify"), "2 sound, 0 not\n")

    def test_names_that_no_command_takes(self):
        """They are told by their rows, and what is told helps."""
        for name in ("'dog' || char(0) || 'x'", "hex(zeroblob(500000))", "'a b'", "''"):
            with sqlite3.connect(self.database()) as db:
                db.execute(f"INSERT INTO vocabulary SELECT 40, {name}, model, ids, pattern, origin, licence, added"
                           " FROM vocabulary WHERE name = 'dog'")
                db.execute("INSERT INTO file SELECT 40, place, name, hash FROM file WHERE vocabulary = 1")
            done = self.tok("vocab", "verify")
            said = done.stdout.decode()
            self.assertEqual((done.returncode, done.stderr), (1, b""))
            self.assertRegex(said, r'^the database: row 40 of "vocabulary" has a name that no command takes: .*\n'
                                   r"2 sound, 1 not\n$")
            db = sqlite3.connect(self.database())
            db.executescript(said.split("'")[1])
            db.close()
            self.assertEqual(self.vocab("verify"), "2 sound, 0 not\n")

    def test_tables_that_cannot_be_read(self):
        """To verify does not send to verify."""
        db = sqlite3.connect(self.database())
        db.execute("PRAGMA writable_schema = ON")
        db.execute("UPDATE sqlite_schema SET sql = 'nonsense' WHERE name = 'content'")
        db.commit()
        db.close()
        done = self.tok("vocab", "verify")
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertRegex(done.stderr, b"malformed database schema .*; move the file away to do without it\n$")
        self.assertNotIn(b"tok vocab verify'", done.stderr)

    def test_a_damaged_source_is_found_and_told(self):
        with sqlite3.connect(self.database()) as db:
            wrong = db.execute("SELECT zstd FROM content JOIN file USING(hash) JOIN vocabulary v ON v.id = vocabulary"
                               " WHERE v.name = 'cat'").fetchone()[0]
            db.execute("UPDATE content SET zstd = ? WHERE zstd = ?", (wrong[:-4] + b"\0\1\2\3", wrong))
        done = self.tok("vocab", "verify")
        self.assertEqual((done.returncode, done.stderr), (1, b""))
        self.assertRegex(done.stdout.decode(), r"^cat: .*'cat': its source is damaged.*\n1 sound, 1 not\n$")
        shutil.rmtree(os.path.join(self.store, "images"))
        self.assertEqual(self.tok("encode", "-t", "cat").returncode, 2)
        self.assertEqual(self.ids("dog"), self.ids(self.source))

    def test_what_is_told_moves_nothing(self):
        """A damaged database may have any names."""
        db = sqlite3.connect(self.database())
        db.executescript("UPDATE vocabulary SET name = 'c' || char(27) || '[2J' || char(10, 8238) WHERE name = 'cat';"
                         "UPDATE content SET zstd = x'00' WHERE hash = (SELECT hash FROM file JOIN vocabulary v"
                         " ON v.id = vocabulary WHERE v.name LIKE 'c%')")
        db.close()
        done = self.tok("vocab", "verify")
        said = done.stdout.decode()
        self.assertEqual((done.returncode, done.stderr), (1, b""))
        self.assertRegex(said, r'^the database: row 2 of "vocabulary" has a name that no command takes: .*\n1 sound, 1 not\n$')
        self.vocab("list")
        self.assertEqual([c for c in said if ord(c) < 32 and c != "\n" or c == "\u202e"], [])

    def test_a_damaged_source_is_repaired_by_adding_it(self):
        self.vocab("export", "all.db")
        for repair in (["add", "cat", self.other, "--replace"], ["add", "tom", self.other], ["import", "all.db"]):
            with sqlite3.connect(self.database()) as db:
                db.execute("UPDATE content SET zstd = x'00', bytes = 7")
            self.assertTrue(self.tok("vocab", "verify").stdout.endswith(b" not\n"))
            self.vocab("add", "dog", self.source, "--replace")
            self.vocab(*repair)
            self.assertRegex(self.vocab("verify"), r"^\d sound, 0 not\n$")

    def test_a_vocabulary_without_its_source_is_seen(self):
        def change(sql):
            db = sqlite3.connect(self.database())  # foreign keys are off
            db.execute(sql)
            db.commit()
            db.close()
        for table in ("content", "file"):
            self.vocab("add", "cat", self.other, "--replace")
            change(f"DELETE FROM {table} WHERE hash = (SELECT f.hash FROM file f JOIN vocabulary v ON v.id = vocabulary"
                   " WHERE v.name = 'cat')")
            self.assertEqual(self.names(), ["cat", "dog"])
            self.vocab("show", "cat")
            done = self.tok("vocab", "verify")
            self.assertEqual((done.returncode, done.stderr), (1, b""))
            self.assertRegex(done.stdout.decode(), r"(?m)^cat: .*its source is missing: remove it")
            self.refused("export", "all.db", says="^tok vocab: cannot write 'all.db': 'cat': its source is missing: remove it")
            self.assertFalse(os.path.exists(self.path("all.db")))
            shutil.copy(self.database(), self.path("copy.db"))
            self.refused("import", "copy.db", store=self.path("there"), says="'cat': its source is missing")
            shutil.rmtree(os.path.join(self.store, "images"))
            self.assertRegex(self.tok("encode", "-t", "cat").stderr, b"its source is missing")
            self.refused("add", "cat", self.other, says="already")
            self.vocab("rm", "cat")
            self.assertEqual(self.vocab("verify"), "1 sound, 0 not\n")
        change("DELETE FROM vocabulary")
        done = self.tok("vocab", "verify")
        self.assertEqual((done.returncode, done.stdout.decode()), (1, "".join(
            f'the database: a row of "{table}" has none of "vocabulary"\n' for table in ("statistics", "file")) +
            "0 sound, 2 not\n"))

    def test_verify_goes_on_behind_damaged_pages(self):
        with sqlite3.connect(self.database()) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            size, = db.execute("PRAGMA page_size").fetchone()
            pages = dict(db.execute("SELECT name, rootpage FROM sqlite_schema").fetchall())
        with open(self.database(), "rb") as file:
            whole = file.read()
        for table, root in pages.items():
            self.write(self.database(), whole[:size * (root - 1)] + b"\xff" * 100 + whole[size * (root - 1) + 100:])
            done = self.tok("vocab", "verify")
            self.assertEqual((done.returncode, done.stderr), (1, b""), table)
            self.assertRegex(done.stdout, rb"^the database: [\s\S]*\n\d sound, [1-9] not\n$")
            self.assertNotIn(b"tok vocab verify", done.stdout)

    def test_every_part_of_the_database_may_be_damaged(self):
        """Whatever it says then, it says so, and crashes never."""
        with sqlite3.connect(self.database()) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with open(self.database(), "rb") as file:
            whole = file.read()
        chance = random.Random(1)
        for _ in range(12 if SANITIZED else 60):
            at = chance.randrange(len(whole))
            self.write(self.database(), whole[:at] + bytes(chance.randrange(256) for _ in range(8)) + whole[at + 8:])
            for words in (["vocab", "verify"], ["vocab", "list"], ["encode", "-t", "dog"]):
                self.assertIn(self.tok(*words).returncode, (0, 1, 2))
            for end in ("-wal", "-shm"):
                if os.path.exists(self.database() + end):
                    os.remove(self.database() + end)

    def test_other_databases_are_left_alone(self):
        for sql in ("CREATE TABLE x(y)", "PRAGMA application_id = 7", "PRAGMA user_version = 3"):
            store = self.path("other")
            shutil.rmtree(store, ignore_errors=True)
            os.mkdir(store)
            db = sqlite3.connect(os.path.join(store, "store.db"))
            db.execute(sql)
            db.execute("PRAGMA user_version")
            db.commit()
            db.close()
            self.refused("add", "dog", self.source, store=store, says="this database is no store")
            self.refused("list", store=store, says="this database is no store")
        self.write(os.path.join(store, "store.db"), "text that is no database, and long enough" * 30)
        self.refused("list", store=store, says="not a database")

    def test_a_later_version_is_not_touched(self):
        with sqlite3.connect(self.database()) as db:
            db.execute("PRAGMA user_version = 9")
        for words in (["list"], ["add", "x", self.source], ["rm", "dog"]):
            self.refused(*words, says="of version 9 and this tok knows 2")


class Whole(Stores):
    def setUp(self):
        super().setUp()
        self.vocab("add", "dog", self.source, "--licence", "MIT")
        self.vocab("add", "cat", self.other)
        self.there = self.path("there")

    def test_out_and_in(self):
        self.write(self.path("all.db"), "what was there")
        self.vocab("export", "all.db")
        self.assertEqual(self.vocab("import", "all.db", store=self.there), "2 added\n")
        self.assertEqual(self.vocab("import", "all.db", store=self.there), "0 added\n")
        self.assertEqual(self.ids("dog", store=self.there), self.ids(self.source))
        self.assertEqual(self.ids("cat", store=self.there), self.ids(self.other))
        self.assertEqual(self.vocab("list", "--json", store=self.there), self.vocab("list", "--json"))
        self.assertEqual([n for n in os.listdir(self.home.name) if n.startswith("all.db")], ["all.db"])

    def test_a_name_with_another_source_stops_all(self):
        self.vocab("export", "all.db")
        self.vocab("add", "dog", self.other, store=self.there)
        self.refused("import", "all.db", store=self.there, says="'dog' is another vocabulary")
        self.assertEqual(self.names(self.there), ["dog"])

    def change(self, path, *texts, **more):
        """As somebody does who does not know of what hangs together."""
        db = sqlite3.connect(path)
        db.execute("PRAGMA foreign_keys = OFF")
        for sql in texts:
            db.execute(sql, *more.values())
        db.commit()
        db.close()

    def add_pair(self):
        model = json.loads(hf(["the", "dog"]))["model"]
        os.mkdir(self.path("pair"))
        self.write(self.path("pair/vocab.json"), json.dumps(model["vocab"]))
        self.write(self.path("pair/merges.txt"), "".join(f"{a} {b}\n" for a, b in model["merges"]))
        self.vocab("add", "pair", self.path("pair"))

    def test_what_lost_its_source_is_restored(self):
        self.add_pair()
        self.vocab("export", "all.db")
        whole = self.vocab("list", "--json")
        wanted = {n: self.ids(n) for n in ("dog", "cat", "pair")}
        for sql, added in (("DELETE FROM file WHERE vocabulary = {dog}", 1), ("DELETE FROM content", 0),
                           ("UPDATE file SET hash = x'00' WHERE vocabulary = {dog}", 1),
                           ("DELETE FROM file WHERE vocabulary = {pair} AND place = 0", 1),
                           ("DELETE FROM file WHERE vocabulary = {pair} AND place = 1", 1),
                           ("UPDATE vocabulary SET ids = 77, model = 'Best'", 0), ("UPDATE statistics SET tokens = 7", 0),
                           ("DELETE FROM statistics", 0), ("DELETE FROM digest", 0), ("UPDATE digest SET sha256 = x'00'", 0)):
            with sqlite3.connect(self.database()) as db:
                ids = dict(db.execute("SELECT name, id FROM vocabulary").fetchall())
            self.change(self.database(), sql.format(**ids))
            self.assertEqual(self.vocab("import", "all.db"), f"{added} added\n", sql)
            self.assertEqual(self.vocab("verify"), "3 sound, 0 not\n", sql)
            self.assertEqual({n: self.ids(n) for n in wanted}, wanted)
            self.assertEqual(self.vocab("list", "--json"), whole, sql)

    def test_what_has_another_source_is_not_restored(self):
        """Also if that has fewer files."""
        self.add_pair()
        self.vocab("export", "all.db")
        self.vocab("add", "pair", self.other, "--replace")
        self.refused("import", "all.db", says="'pair' is another vocabulary")
        self.vocab("add", "pair", self.path("pair"), "--replace")
        self.vocab("add", "dog", self.other, "--replace")
        self.change(self.database(), "UPDATE content SET zstd = x'00'")
        self.refused("import", "all.db", says="'dog' is another vocabulary")

    def test_names_that_are_built_in_are_not_imported(self):
        for name in ("bytes", "tok-32k"):
            self.vocab("export", "all.db")
            self.change(self.path("all.db"), f"UPDATE vocabulary SET name = '{name}' WHERE name = 'dog'")
            self.refused("import", "all.db", store=self.there, says=f"all.db: '{name}' is built in: rename it")
            self.assertEqual((self.names(self.there), os.path.exists(self.there + "/images")), ([], False))

    def test_one_source_with_many_names_is_looked_at_once(self):
        """And what is said to be far larger than the file is not."""
        self.vocab("export", "all.db")
        many = ("WITH RECURSIVE i(n) AS (SELECT 10 UNION ALL SELECT n + 1 FROM i WHERE n < 40) INSERT INTO {} SELECT n, {} FROM"
                " {} JOIN i WHERE {} = (SELECT id FROM vocabulary WHERE name = 'cat')")
        self.change(self.path("all.db"), many.format("vocabulary", "'c' || n, 'Best', 7, pattern, origin, licence, added",
                                                     "vocabulary", "id"),
                    many.format("file", "place, file.name, hash", "file", "vocabulary"))
        self.assertEqual(self.vocab("import", "all.db", store=self.there), "33 added\n")
        self.assertEqual(self.vocab("verify", store=self.there), "33 sound, 0 not\n")
        self.assertEqual(self.ids("c23", store=self.there), self.ids(self.other))
        self.change(self.path("all.db"), "UPDATE content SET bytes = 20000000")
        self.refused("import", "all.db", store=self.path("third"), says="said to have 629 MB in all")
        self.change(self.path("all.db"), "UPDATE content SET bytes = 10000000")
        self.refused("import", "all.db", store=self.path("third"), says="its source is damaged")

    def test_what_is_imported_is_kept_as_it_lies(self):
        """It is not compressed again while others wait."""
        with open(self.source, "rb") as file:
            text = file.read()
        frame = b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", len(text)) + struct.pack("<I", len(text) << 3 | 1)[:3] + text
        self.vocab("export", "all.db")
        self.change(self.path("all.db"), "UPDATE content SET zstd = ? WHERE hash = (SELECT f.hash FROM file f JOIN vocabulary v ON"
                                         " v.id = vocabulary WHERE v.name = 'dog')", values=(frame,))
        self.vocab("import", "all.db", store=self.there)
        with sqlite3.connect(self.there + "/store.db") as db:
            self.assertIn((frame,), db.execute("SELECT zstd FROM content").fetchall())
        self.assertEqual(self.ids("dog", store=self.there), self.ids(self.source))

    def test_what_is_imported_is_compiled(self):
        """What a file says of it is not believed."""
        self.vocab("export", "all.db")
        with sqlite3.connect(self.path("all.db")) as db:
            db.execute("UPDATE vocabulary SET ids = 5000000, model = 'Best'")
        self.vocab("import", "all.db", store=self.there)
        for shown in json.loads(self.vocab("list", "--json", store=self.there))["vocabularies"]:
            self.assertEqual((shown["model"], shown["ids"]), ("BPE", 32))

    def test_hostile_files(self):
        self.write(self.path("x.tiktoken"), b"".join(b64encode(bytes([b])) + b" %d\n" % b for b in range(256)))
        self.vocab("add", "words", self.path("x.tiktoken"), "--pattern", r"\S+|\s+")
        endless = ("ALTER TABLE vocabulary RENAME TO v0; CREATE VIEW vocabulary AS WITH RECURSIVE r(i) AS (SELECT 1 UNION"
                   " ALL SELECT i + 1 FROM r) SELECT id, {} AS name, model, ids, pattern, origin, licence, added FROM v0, r")
        for sql, says in (
                ("UPDATE vocabulary SET name = '../../x' WHERE name = 'cat'", "is no name for a vocabulary"),
                ("UPDATE content SET zstd = x'00'", "its source is damaged"),
                ("UPDATE content SET bytes = 9e15", "are said to have [0-9]+ MB in all"),
                ("UPDATE content SET bytes = -1", "a file is said to have"),
                ("UPDATE content SET bytes = bytes + 1", "its source is damaged"),
                ("DROP TABLE content", "its tables are not those of a store"),
                ("ALTER TABLE content ADD COLUMN more ANY", "its tables are not those of a store"),
                (endless.format("name||i"), "its tables are not those of a store"),
                (endless.format("max(i)"), "its tables are not those of a store"),
                ("UPDATE vocabulary SET origin = hex(zeroblob(40000))", "longer than 65536 bytes"),
                ("UPDATE file SET name = hex(zeroblob(40000))", "longer than 65536 bytes"),
                ("UPDATE vocabulary SET name = 'x' || char(0) || name", "has a NUL in it"),
                ("UPDATE vocabulary SET pattern = '(' WHERE name = 'words'", r"all.db: .*words.*pattern|'\('"),
                ("PRAGMA user_version = 3", "of version 3"),
                ("DROP TABLE script", "its tables are not those of a store")):
            self.vocab("export", "all.db")
            db = sqlite3.connect(self.path("all.db"))
            db.execute("PRAGMA foreign_keys = OFF")
            db.executescript(sql)
            db.commit()
            db.close()
            self.refused("import", "all.db", store=self.there, says=says)
            self.assertEqual(self.names(self.there), [])
        self.write(self.path("all.db"), b"")
        self.refused("import", "all.db", store=self.there, says="no store of vocabularies")
        self.refused("import", "none.db", store=self.there, says="^tok vocab: cannot open 'none.db': No such file or directory\n$")
        os.mkfifo(self.path("pipe"))
        for name in ("pipe", self.there):
            self.refused("import", name, store=self.there, says=f"^tok vocab: '{name}' is no file")

    def test_names_that_move_a_terminal(self):
        """Each message is one line, and what is in it is seen."""
        self.vocab("export", "all.db")
        for sql, says in (("UPDATE vocabulary SET name = 'c\x1b]0;x\x07\ntok vocab: all is well' WHERE name = 'cat'",
                           "is no name for a vocabulary"),
                          ("CREATE TABLE \"\x1b[31m\nx\"(y); PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE ?'"
                           " WHERE name LIKE '%x'", "\u241b[31m\u240ax")):
            shutil.copy(self.path("all.db"), self.path("evil.db"))
            db = sqlite3.connect(self.path("evil.db"))
            db.executescript(sql)
            db.close()
            done = self.tok("vocab", "import", "evil.db", store=self.there)
            said = done.stderr.decode()
            self.assertEqual((done.returncode, done.stdout, [c for c in said if ord(c) < 32]), (2, b"", ["\n"]), said)
            self.assertIn(says, said)
        shown = self.tok("vocab", "show", "a  b\u00e9\t\u202e\u6f22").stderr.decode()
        self.assertIn("'a  b\u00e9\u2409<U+202E>\u6f22'", shown)

    def test_pages_without_end(self):
        """Five levels of pages, each with 300 times the page below it."""
        self.vocab("export", "all.db")
        with sqlite3.connect(self.path("all.db")) as db:
            root, = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'vocabulary'").fetchone()
            size, = db.execute("PRAGMA page_size").fetchone()
        with open(self.path("all.db"), "rb") as file:
            whole = bytearray(file.read())
        at, count = size * (root - 1), len(whole) // size
        whole += whole[at:at + size]
        for level in range(5):
            below = count + 1 + level
            cells = [size - 5 * (i + 1) for i in range(300)]
            page = struct.pack(">BHHHBI", 5, 0, 300, cells[-1], 0, below) + struct.pack(">300H", *cells)
            whole += page.ljust(cells[-1], b"\0") + (struct.pack(">I", below) + b"\1") * 300
        whole[at:at + size] = whole[-size:]
        whole[28:32] = struct.pack(">I", len(whole) // size)
        self.write(self.path("all.db"), bytes(whole))
        self.refused("import", "all.db", store=self.there, says="its tables have no end")

    def test_full_disk(self):
        def limit(room=30_000):
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
        chance = random.Random(4)
        big = self.path("big.json")
        self.write(big, hf(["".join(chance.choices("abcdefghijklmnop", k=9)) for _ in range(3000)]))
        done = self.tok("vocab", "add", "big", big, preexec_fn=limit)
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
        self.assertEqual(self.names(), ["cat", "dog"])
        self.assertEqual(self.vocab("verify"), "2 sound, 0 not\n")
        db = sqlite3.connect(self.database())  # while it is open, what lies beside the database stays
        db.execute("SELECT name FROM vocabulary").fetchall()
        db.execute("UPDATE vocabulary SET licence = licence")
        db.commit()
        full = os.path.getsize(self.database() + "-wal")
        self.refused("rm", "dog", preexec_fn=lambda: limit(full), says=r"store.db: .*: to make room, what is in \S+/images may be deleted")
        self.assertEqual((self.names(), len(self.images())), (["cat", "dog"], 2))
        db.close()
        self.write(self.path("all.db"), "what was there")
        self.vocab("add", "big", big)
        self.refused("export", "all.db", preexec_fn=limit, says="tok vocab: ")
        with open(self.path("all.db"), "rb") as file:
            self.assertEqual(file.read(), b"what was there")
        self.assertEqual([n for n in os.listdir(self.home.name) if n.startswith("all.db")], ["all.db"])

    def test_an_export_that_ends_in_the_middle(self):
        """Of more than SQLite keeps in memory, which leaves a journal beside what it could not write."""
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))
        noise = dict(json.loads(hf(["the", "dog"])), noise=random.Random(4).randbytes(3_500_000).hex())
        self.write(self.path("long.json"), json.dumps(noise))
        self.vocab("add", "long", self.path("long.json"))
        self.assertGreater(os.path.getsize(self.database()), 3_500_000)
        self.refused("export", "all.db", preexec_fn=limit, says="^tok vocab: cannot write '.*all.db': ")
        self.assertEqual([n for n in os.listdir(self.home.name) if n.startswith("all.db")], [])

    def test_a_damaged_export_is_none(self):
        """What SQLite would copy as it is."""
        db = sqlite3.connect(self.database(), isolation_level=None)
        sql, = db.execute("SELECT sql FROM sqlite_schema WHERE name = 'vocabulary'").fetchone()
        for text in (sql.replace("model TEXT NOT NULL", "model TEXT"), sql):
            db.execute("PRAGMA writable_schema = ON")
            db.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'vocabulary'", (text,))
            db.execute("PRAGMA writable_schema = RESET")
            if text != sql:
                db.execute("UPDATE vocabulary SET model = NULL WHERE name = 'cat'")
        db.close()
        self.refused("export", "all.db", says="^tok vocab: cannot write 'all.db': what was written is damaged: 'tok vocab verify' ")
        self.assertEqual([n for n in os.listdir(self.home.name) if "export" in n or n.startswith("all.db")], [])

    def test_exports_that_were_killed(self):
        """What is left of them goes, and what is still written stays."""
        for name in ("1.0", "1.0-journal", "2.0", "3.x"):
            self.write(self.path(".tok-export." + name), b"x")
        os.symlink(self.source, self.path(".tok-export.4.0"))
        with open(self.path(".tok-export.2.0"), "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self.vocab("export", "all.db")
        self.assertEqual(sorted(n for n in os.listdir(self.home.name) if "export" in n),
                         [".tok-export.2.0", ".tok-export.3.x", ".tok-export.4.0"])
        self.assertTrue(os.path.exists(self.source))

    def test_what_an_export_is_called_and_who_may_read_it(self):
        os.symlink("nowhere/at/all", self.database() + "-shm")  # it is read without locks then, by a URI
        longest = "x" * 252 + ".db"
        os.mkdir(self.there)
        for name in ("file:zz.db", ":memory:", longest, os.path.join(self.there, "all.db")):
            for mask in (0o022, 0o077, 0o002):
                self.vocab("export", name, preexec_fn=lambda m=mask: os.umask(m))
                self.assertEqual(os.stat(self.path(name)).st_mode & 0o777, 0o666 & ~mask)
            with open(self.path(name), "rb") as file:
                self.assertEqual(file.read(15), b"SQLite format 3")
        self.assertEqual(sorted(n for n in os.listdir(self.home.name) if "zz" in n or "export" in n or n[0] == "x"),
                         ["file:zz.db", longest])
        self.assertEqual(self.vocab("import", longest, store=self.path("new")), "2 added\n")

    def test_export_onto_the_store_itself(self):
        os.link(self.database(), self.path("link.db"))
        os.symlink(self.database(), self.path("symlink.db"))
        db = sqlite3.connect(self.database())  # while it is open, what lies beside the database stays
        db.execute("SELECT name FROM vocabulary").fetchall()
        for path in (self.database(), "link.db", "symlink.db", self.database() + "-wal"):
            self.refused("export", path, says="is the store itself: export to another file")
        self.vocab("add", "tom", self.source)
        self.assertEqual(db.execute("SELECT count(*) FROM vocabulary").fetchone(), (3,))
        db.close()
        self.assertEqual(self.names(), ["cat", "dog", "tom"])

    def test_changes_beside_a_database_that_cannot_be_opened(self):
        """They are not passed over."""
        db = sqlite3.connect(self.database())
        db.execute("SELECT name FROM vocabulary").fetchall()
        self.vocab("add", "tom", self.source)
        os.mkdir(self.there)
        for end in ("", "-wal"):
            shutil.copy(self.database() + end, os.path.join(self.there, "store.db" + end))
        db.close()
        os.symlink("nowhere/at/all", os.path.join(self.there, "store.db-shm"))
        self.refused("list", store=self.there, says="store.db-wal beside it has changes that are not in it yet")
        self.write(os.path.join(self.there, "store.db-wal"), b"")
        self.assertEqual(self.names(self.there), ["cat", "dog"])

    @unittest.skipIf(os.geteuid() == 0, "root may write everywhere")
    def test_a_store_that_cannot_be_written(self):
        wanted = self.ids("dog")
        subprocess.run(["chmod", "-R", "a-w", self.store], check=True)
        try:
            self.assertEqual(self.ids("dog"), wanted)
            self.refused("add", "x", self.source, says="store.db")
        finally:
            subprocess.run(["chmod", "-R", "u+w", self.store], check=True)


class Hub(Stores):
    """What huggingface_hub has downloaded, in its own layout."""

    def download(self, cache, model, commit, source, branch="main"):
        folder = self.path(os.path.join(cache, "models--" + model.replace("/", "--")))
        for name in ("blobs", "refs", f"snapshots/{commit}"):
            os.makedirs(os.path.join(folder, name), exist_ok=True)
        shutil.copy(source, os.path.join(folder, "blobs", commit + "b"))
        os.symlink(f"../../blobs/{commit}b", os.path.join(folder, "snapshots", commit, "tokenizer.json"))
        if branch:
            os.makedirs(os.path.dirname(os.path.join(folder, "refs", branch)), exist_ok=True)
            self.write(os.path.join(folder, "refs", branch), commit)

    def test_where_the_cache_is(self):
        for cache, hub in (("a/hub", {"HF_HOME": "a"}), ("b", {"HF_HUB_CACHE": "b", "HF_HOME": "a"}),
                           ("c/huggingface/hub", {"XDG_CACHE_HOME": self.path("c")}), (".cache/huggingface/hub", {})):
            model = "org/m" + cache[0].strip(".")
            self.download(cache, model, "0123abcd", self.source)
            self.assertEqual(self.ids(model, hub=hub), self.ids(self.source), cache)
        self.assertEqual(self.tok("encode", "-t", "org/ma").returncode, 2)

    def test_revisions(self):
        cache = ".cache/huggingface/hub"
        self.download(cache, "gpt", "0123abcd", self.source)
        self.download(cache, "gpt", "4567abcd", self.other, branch="refs/pr/1")
        self.download(cache, "gpt", "89ababcd", self.other, branch=None)
        self.assertEqual(self.ids("gpt"), self.ids(self.source))
        for name in ("gpt@refs/pr/1", "gpt@89ababcd", "gpt@4567abcd"):
            self.assertEqual(self.ids(name), self.ids(self.other))
        self.vocab("add", "mine", "gpt@refs/pr/1")
        self.assertEqual(self.ids("mine"), self.ids(self.other))
        for name in ("gpt@nowhere", "gpt@", "gpt@../x", "org/gpt", "../gpt", "org/../gpt", "gpt@/x", "a/b/c"):
            done = self.tok("encode", "-t", name)
            self.assertEqual((done.returncode, done.stdout), (2, b""), name)
            self.assertIn(name.encode(), done.stderr)

    def test_the_store_comes_first(self):
        self.download(".cache/huggingface/hub", "org/dog", "0123abcd", self.source)
        self.vocab("add", "org/dog", self.other)
        self.assertEqual(self.ids("org/dog"), self.ids(self.other))
        self.vocab("rm", "org/dog")
        self.assertEqual(self.ids("org/dog"), self.ids(self.source))
        self.assertEqual(self.tok("vocab", "convert", "org/dog", "-o", "x.json").returncode, 0)
        self.assertEqual(self.ids(self.path("x.json")), self.ids(self.source))


    def test_a_damaged_store_does_not_make_way(self):
        """What it has under that name may be another vocabulary."""
        self.download(".cache/huggingface/hub", "org/dog", "0123abcd", self.source)
        self.vocab("add", "org/dog", self.other)
        self.write(self.database(), "text that is no database, and long enough" * 30)
        for words in (["encode", "-t", "org/dog"], ["vocab", "convert", "org/dog", "-o", "x.json"]):
            done = self.tok(*words)
            self.assertEqual((done.returncode, done.stdout), (2, b""))
            self.assertRegex(done.stderr, b"store.db: file is not a database; move the file away to do without it")
        self.assertEqual(self.tok("encode", "-t", self.source).returncode, 0)
        os.remove(self.database())
        self.assertEqual(self.ids("org/dog"), self.ids(self.source))


class Crowds(Stores):
    def start(self, *words):
        def die_with_parent():
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        return subprocess.Popen((TOK, *words), env=dict(os.environ, TOK_CACHE="off", TOK_STORE=self.store),
                                cwd=self.home.name, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                preexec_fn=die_with_parent)

    def test_many_add_at_once(self):
        """Also the first ones, who make the store."""
        runs = [self.start("vocab", "add", f"v{i}", (self.source, self.other)[i % 2]) for i in range(20)]
        for run in runs:
            self.assertEqual(run.communicate()[1], b"")
            self.assertEqual(run.returncode, 0)
        self.assertEqual(self.names(), sorted(f"v{i}" for i in range(20)))
        self.assertEqual(self.vocab("verify"), "20 sound, 0 not\n")

    def test_who_begins_waits_for_who_did(self):
        os.makedirs(self.store)
        db = sqlite3.connect(self.database(), isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        run = self.start("vocab", "add", "dog", self.source)
        time.sleep(0.6)
        self.assertIsNone(run.poll(), run.poll() is not None and run.stderr.read())
        db.execute("ROLLBACK")
        self.assertEqual((run.communicate()[1], run.returncode), (b"", 0))
        db.close()
        self.assertEqual(self.names(), ["dog"])

    def test_many_begin_at_once(self):
        """Who looks while a store is made sees none, or a whole one."""
        for _ in range(1 if SANITIZED else BEGINNINGS):
            runs = [self.start("vocab", "add", f"v{i // 2}", self.source) if i % 2 else self.start("vocab", "list")
                    for i in range(16)]
            for run in runs:
                self.assertEqual(run.communicate()[1], b"")
                self.assertEqual(run.returncode, 0)
            self.assertEqual(self.names(), [f"v{i}" for i in range(8)])
            shutil.rmtree(self.store)

    def test_one_name_is_had_by_one(self):
        runs = [self.start("vocab", "add", "same", (self.source, self.other)[i % 2]) for i in range(8)]
        codes = sorted([run.communicate() and run.returncode for run in runs])
        self.assertEqual(codes, [0] + [2] * 7)
        self.assertEqual(self.names(), ["same"])

    def test_killed_at_any_moment(self):
        """Nothing that was there is lost, nothing is half there."""
        chance = random.Random(2)
        self.vocab("add", "kept", self.source)
        wanted = self.ids("kept")
        start = time.monotonic()
        self.vocab("add", "timed", self.other)
        whole = time.monotonic() - start
        self.vocab("rm", "timed")
        seen = set()
        for i in range(KILLS):
            words = (["add", "other", self.other, "--replace"], ["add", f"n{i}", self.other], ["rm", "other"],
                     ["rename", "kept", "kept2"])[i % 4]
            run = self.start("vocab", *words)
            time.sleep(chance.random() * whole * 1.3)
            run.kill()
            run.communicate()
            seen.add(run.returncode)
            names = self.names()
            kept = [n for n in names if n in ("kept", "kept2")]
            self.assertEqual(len(kept), 1, names)
            if kept == ["kept2"]:
                self.vocab("rename", "kept2", "kept")
            if i % 25 == 0:
                self.assertEqual(self.tok("vocab", "verify").returncode, 0)
                self.assertEqual(self.ids("kept"), wanted)
        self.assertTrue({0, -signal.SIGKILL} <= seen or SANITIZED, seen)
        for name in self.names():
            self.assertEqual(self.ids(name), wanted if name == "kept" else self.ids(self.other))
        self.assertRegex(self.vocab("verify"), r", 0 not\n$")


if __name__ == "__main__":
    unittest.main()
