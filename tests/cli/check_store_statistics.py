#!/usr/bin/env python3
"""check_store_statistics.py TOK FIXTURES: what a store of vocabularies counts of each, and a store of version 1, which
had no such counts, as it becomes one of this version: killed, by many at once, on a full disk, where nothing can be
written."""
import contextlib
import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
import unittest

FIXTURES = os.path.abspath(sys.argv.pop(2))
import check_store  # noqa: E402  (takes TOK from the arguments)

KILLS = 6 if check_store.SANITIZED else 30
CROWD = 4 if check_store.SANITIZED else 10
NAMES = ["dog-again", "letters", "org/dog", "pair"]
OLD = ("vocabulary", "file", "content")


class Database(check_store.Stores):
    start = check_store.Crowds.start

    def sql(self, text, *values, folder=None):
        db = sqlite3.connect(os.path.join(folder or self.store, "store.db"))
        try:
            with db:
                return db.execute(text, values).fetchall()
        finally:
            db.close()

    def listed(self, **more):
        return {v["name"]: v for v in json.loads(self.vocab("list", "--json", **more))["vocabularies"]}

    def statistics(self, name):
        return self.listed()[name]["statistics"]


class Statistics(Database):
    def test_they_are_those_of_the_source(self):
        """Counted here from the file."""
        source = json.loads(check_store.hf(["the", "dog"]))
        vocab = source["model"]["vocab"]
        for text in ("é", "γ", "éé", "<unk>"):
            vocab[text] = len(vocab)
        source["model"]["merges"].append(["é", "é"])
        source["model"]["unk_token"] = "<unk>"
        source["added_tokens"] = [{"id": len(vocab) + i, "content": text, "single_word": False, "lstrip": False,
                                   "rstrip": False, "normalized": False, "special": special}
                                  for i, (text, special) in enumerate((("<end>", True), ("γάτα", False)))]
        source["normalizer"] = {"type": "NFC"}
        self.write(self.source, json.dumps(source))
        self.vocab("add", "dog", self.source)
        texts = [t.encode() for t in [*vocab, "γάτα"] if t != "<unk>"]
        got = self.statistics("dog")
        self.assertEqual(got, {
            "tokens": len(vocab) + 2, "text_tokens": len(texts), "byte_tokens": 0, "special_tokens": 2,
            "added_tokens": 2, "merges": len(source["model"]["merges"]), "text_bytes": sum(map(len, texts)),
            "longest_bytes": len("γάτα".encode()), "bytes_alone": 28,
            "bytes_returned": 28, "byte_level": False, "byte_fallback": False,
            "mean_bytes": round(sum(map(len, texts)) / len(texts), 4), "unknown": "<unk>",
            "normalizer": "Unicode form NFC", "pre_tokenizer": None,
            "scripts": {"Latn": len(texts) - 4, "Grek": 2, "Zyyy": 2}})
        row = self.sql("SELECT tokens, text_tokens, special_tokens, merges, byte_level, unknown, normalizer, pre_tokenizer,"
                       " round(mean_bytes, 4) FROM statistics")
        self.assertEqual(row, [(got["tokens"], got["text_tokens"], 2, got["merges"], 0, "<unk>", "Unicode form NFC", None,
                                got["mean_bytes"])])
        self.assertEqual(dict(self.sql("SELECT name, tokens FROM script")), got["scripts"])

    def test_what_show_tells(self):
        self.vocab("add", "dog", self.source)
        shown = self.listed()["dog"]
        self.assertEqual(shown["image_bytes"], os.path.getsize(self.vocab("path", "dog").strip()))
        lines = [line.strip() for line in self.vocab("show", "dog").splitlines()]
        for line in ("tokens        32: 32 of text, 0 bytes, 0 special; 0 added", "merges        4",
                     f"image         {shown['image_bytes']} bytes", "scripts       Latn 93.8 %, Zyyy 6.2 %"):
            self.assertIn(line, lines)
        self.assertRegex(self.vocab("list").splitlines()[1], r"^dog +BPE +32 +4 +1\.19 +1 ")
        shutil.rmtree(os.path.join(self.store, "images"))
        self.assertEqual(self.listed()["dog"]["image_bytes"], None)
        self.assertNotIn("image", self.vocab("show", "dog"))

    def test_they_come_and_go_with_the_vocabulary(self):
        self.vocab("add", "dog", self.source)
        first = self.statistics("dog")
        self.vocab("rename", "dog", "cat")
        self.assertEqual(self.statistics("cat"), first)
        self.write(self.other, check_store.hf(["a", "longer", "words"]))
        self.vocab("add", "cat", self.other, "--replace")
        self.assertNotEqual(self.statistics("cat"), first)
        self.assertEqual(self.sql("SELECT count(*) FROM statistics"), [(1,)])
        self.vocab("rm", "cat")
        self.assertEqual(self.sql("SELECT count(*) FROM statistics UNION ALL SELECT count(*) FROM script"), [(0,), (0,)])

    def test_what_is_missing_is_computed_and_kept(self):
        self.vocab("add", "dog", self.source)
        wanted = self.statistics("dog")
        for cascades in (True, False):
            db = sqlite3.connect(self.database())
            db.execute(f"PRAGMA foreign_keys = {cascades}")
            db.execute("DELETE FROM statistics")
            db.commit()
            db.close()
            self.assertEqual(self.statistics("dog"), wanted)
            self.assertEqual(self.sql("SELECT tokens FROM statistics"), [(wanted["tokens"],)])

    def test_without_a_source_there_are_none(self):
        self.vocab("add", "dog", self.source)
        self.sql("DELETE FROM script")
        self.sql("DELETE FROM statistics")
        self.sql("UPDATE content SET zstd = x'00'")
        shutil.rmtree(os.path.join(self.store, "images"))
        self.assertEqual(self.statistics("dog"), None)
        self.assertRegex(self.vocab("list").splitlines()[1], r"^dog +BPE +32 +- +- +1 ")
        self.assertNotIn("tokens", self.vocab("show", "dog"))

    def test_wrong_ones_are_found(self):
        self.vocab("add", "dog", self.source)
        self.vocab("add", "cat", self.other)
        self.sql("UPDATE statistics SET merges = 7 WHERE vocabulary = (SELECT id FROM vocabulary WHERE name = 'cat')")
        done = self.tok("vocab", "verify")
        self.assertEqual((done.returncode, done.stdout.decode()),
                         (1, "cat: its statistics are not those of its source: remove it, and add it anew\n1 sound, 1 not\n"))
        self.vocab("add", "cat", self.other, "--replace")
        self.assertEqual(self.vocab("verify"), "2 sound, 0 not\n")

    def test_wrong_words_are_found(self):
        """Which script a character has may be another in another Unicode."""
        source = json.loads(check_store.hf(["the", "dog"]))
        source["normalizer"] = {"type": "NFC"}
        source["model"]["unk_token"] = "a"
        self.write(self.source, json.dumps(source))
        for column in ("unknown", "normalizer", "pre_tokenizer"):
            for value in ("'wrong'", "NULL"):
                self.vocab("add", "dog", self.source, "--replace")
                was, = self.sql(f"SELECT {column} FROM statistics")[0]
                self.sql(f"UPDATE statistics SET {column} = {value}")
                self.assertEqual(self.tok("vocab", "verify").returncode, int(value != "NULL" or was is not None), column)
        self.vocab("add", "dog", self.source, "--replace")
        self.sql("UPDATE script SET tokens = 1")
        self.assertEqual(self.vocab("verify"), "1 sound, 0 not\n")

    def test_forged_numbers(self):
        self.vocab("add", "dog", self.source)
        self.sql("UPDATE statistics SET text_tokens = 0, merges = -1")
        self.sql("UPDATE script SET tokens = -5 WHERE name = 'Zyyy'")
        for name in ("Latnxyz", "latn", "Lat", "Lat\xe9", "Lat\0"):
            self.sql("INSERT INTO script VALUES(1, ?, 7)", name)
        said = self.vocab("show", "dog")
        self.assertNotRegex(said, "inf|nan|1844674|merges|scripts")
        self.assertEqual(self.statistics("dog")["scripts"], {"Latn": 30, "Zyyy": 0})
        self.assertEqual(self.statistics("dog")["merges"], 0)
        self.assertEqual(self.tok("vocab", "verify").returncode, 1)

    def test_steps_that_multiply_text(self):
        """Three times 300 of one would be 27 million."""
        source = {"added_tokens": [], "model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": []}}
        many = [{"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 300}] * 3
        for step, steps in (("normalizer", "normalizers"), ("decoder", "decoders")):
            self.write(self.source, json.dumps({**source, step: {"type": "Sequence", steps: many}}))
            self.vocab("add", step, self.source)
            self.assertEqual(self.statistics(step)["bytes_returned"], 0)
        self.vocab("export", "all.db")
        self.vocab("import", "all.db", store=self.path("there"))
        self.assertEqual(self.vocab("verify"), "2 sound, 0 not\n")

    def test_rows_that_were_left(self):
        """Numbers of vocabularies are given again."""
        self.vocab("add", "cat", self.other)
        self.vocab("add", "dog", self.source)
        db = sqlite3.connect(self.database())  # foreign keys are off
        db.execute("DELETE FROM vocabulary WHERE name = 'dog'")
        db.commit()
        db.close()
        self.vocab("add", "tom", self.other)
        self.assertEqual(self.vocab("verify"), "2 sound, 0 not\n")
        self.assertEqual(self.statistics("tom"), self.statistics("cat"))

    def test_those_of_a_file_from_elsewhere_count_for_nothing(self):
        self.vocab("add", "dog", self.source)
        wanted = self.statistics("dog")
        self.vocab("export", "all.db")
        with sqlite3.connect(self.path("all.db")) as db:
            db.execute("UPDATE statistics SET tokens = -1, text_bytes = 1 << 60, unknown = hex(zeroblob(100000))")
            db.execute("UPDATE script SET tokens = -1")
        self.vocab("import", "all.db", store=self.path("there"))
        self.assertEqual(self.listed(store=self.path("there"))["dog"]["statistics"], wanted)

    def test_texts_show_what_is_in_them(self):
        self.vocab("add", "dog", self.source)
        self.sql("UPDATE statistics SET unknown = '\x1b[5m', normalizer = 'a\nb'")
        said = self.vocab("show", "dog")
        self.assertIn("unknown       \u241b[5m\n", said)
        self.assertIn("normaliser    a\u240ab\n", said)


class Versions(Database):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        db = sqlite3.connect(os.path.join(cls.folder.name, "store.db"))
        with open(os.path.join(FIXTURES, "store", "version-1.sql"), encoding="utf-8") as file:
            db.executescript(file.read())
        db.close()

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def setUp(self):
        super().setUp()
        self.begin()
        self.kept = self.old_rows()

    def begin(self):
        """The store of version 1 as it was."""
        shutil.rmtree(self.store, ignore_errors=True)
        shutil.copytree(self.folder.name, self.store)

    def old_rows(self):
        return [self.sql(f"SELECT * FROM {table} ORDER BY 1, 2") for table in OLD]

    def version(self):
        return self.sql("PRAGMA user_version")[0][0]

    def counted(self):
        return self.sql("SELECT v.name, s.merges FROM statistics s JOIN vocabulary v ON v.id = s.vocabulary ORDER BY v.name")

    def test_it_is_read_as_it_is(self):
        """Names with -t change nothing."""
        with open(self.database(), "rb") as file:
            before = file.read()
        self.assertEqual(self.ids("org/dog", data=b"dogs cats"), self.ids("dog-again", data=b"dogs cats"))
        self.assertEqual(self.ids("letters", data=b"a b"), b"257\n")
        self.vocab("path", "pair")
        self.vocab("export", "all.db")
        with open(self.database(), "rb") as file:
            self.assertEqual(file.read(), before)
        self.assertEqual(self.version(), 1)
        self.assertEqual(self.vocab("import", "all.db", store=self.path("there")), "4 added\n")
        self.assertEqual(list(self.listed(store=self.path("there"))), NAMES)

    def test_who_tells_or_changes_brings_it_to_this_version(self):
        for words in (["list"], ["show", "pair"], ["add", "x", self.source], ["rename", "pair", "y"], ["rm", "pair"]):
            self.begin()
            self.vocab(*words)
            self.assertEqual(self.version(), 2, words)
            if words[0] in ("list", "show"):
                self.assertEqual(self.old_rows(), self.kept)
            self.assertEqual(len(self.counted()), {"list": 4, "rm": 0}.get(words[0], 1 if words[0] != "rename" else 0))
            self.assertIn("org/dog", self.listed())
            self.assertEqual(len(self.counted()), len(self.names()))
            self.assertRegex(self.vocab("verify"), r"^\d sound, 0 not\n$")

    def test_nothing_is_lost(self):
        listed = self.listed()
        self.assertEqual((list(listed), self.version(), self.old_rows()), (NAMES, 2, self.kept))
        self.assertEqual([v["statistics"]["merges"] for v in listed.values()], [5, 0, 5, 4])
        self.assertEqual(self.vocab("verify"), "4 sound, 0 not\n")
        self.vocab("rm", "org/dog", "pair", "letters")
        self.assertEqual(list(self.listed()), ["dog-again"])
        self.assertEqual(self.vocab("verify"), "1 sound, 0 not\n")

    def test_by_many_at_once(self):
        words = [["list"], ["show", "pair"], ["add", "{}", self.source], ["list", "--json"]]
        runs = [self.start("vocab", *(w.format(f"v{i}") for w in words[i % 4])) for i in range(CROWD)]
        for run in runs:
            self.assertEqual(run.communicate()[1], b"")
            self.assertEqual(run.returncode, 0)
        added = [f"v{i}" for i in range(CROWD) if i % 4 == 2]
        self.assertEqual([name for name, _ in self.counted()], sorted(NAMES + added))
        self.assertEqual(self.names(), sorted(NAMES + added))
        self.assertEqual(self.vocab("verify"), f"{4 + len(added)} sound, 0 not\n")

    def test_killed_at_any_moment(self):
        chance = random.Random(5)
        start = time.monotonic()
        self.vocab("list")
        whole = time.monotonic() - start
        seen = set()
        for i in range(KILLS):
            self.begin()
            run = self.start("vocab", *(["list"], ["add", "x", self.source])[i % 2])
            time.sleep(chance.random() * whole * (1 + i % 3))  # other work may begin beside it
            run.kill()
            run.communicate()
            version = self.version()
            seen.add((version, len(self.counted()) if version == 2 else 0))
            rows = self.old_rows()
            self.assertEqual([row for row in rows[0] if row[1] != "x"], self.kept[0])
            self.assertEqual([[r for r in mine if r in old] for mine, old in zip(rows[1:], self.kept[1:])], self.kept[1:])
            if i % 5 == 0:
                self.assertEqual([n for n in self.listed() if n != "x"], NAMES)
                self.assertEqual([n for n, _ in self.counted() if n != "x"], NAMES)
                self.assertRegex(self.vocab("verify"), r"^[45] sound, 0 not\n$")
        self.assertTrue(len(seen) > 1 or check_store.SANITIZED, seen)

    def test_full_disk(self):
        """It stays what it was, and is told as if there were room."""
        def limit(room):
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
        wanted = self.listed()
        self.begin()
        for room in (0, 5000, 9000, 20000, 40000):
            done = self.tok("vocab", "list", "--json", preexec_fn=lambda room=room: limit(room))
            self.assertEqual(self.old_rows(), self.kept)
            if done.returncode == 0:
                listed = {v["name"]: v for v in json.loads(done.stdout)["vocabularies"]}
                self.assertEqual({n: v["statistics"] for n, v in listed.items()},
                                 {n: v["statistics"] for n, v in wanted.items()})
            if room <= 9000:
                self.assertEqual(self.version(), 1, room)
                self.refused("add", "x", self.source, preexec_fn=lambda room=room: limit(room), says="store.db")
        self.assertEqual({n: v["statistics"] for n, v in self.listed().items()},
                         {n: v["statistics"] for n, v in wanted.items()})
        self.assertEqual(self.vocab("verify"), "4 sound, 0 not\n")

    def test_where_nothing_can_be_written(self):
        """Links that lead nowhere stop root as well."""
        wanted = {n: v["statistics"] for n, v in self.listed().items()}
        self.begin()
        os.symlink("nowhere/at/all", self.database() + "-shm")
        self.assertEqual({n: v["statistics"] for n, v in self.listed().items()}, wanted)
        self.assertEqual(self.ids("letters", data=b"a b"), b"257\n")
        self.refused("add", "x", self.source, says="store.db")
        os.remove(self.database() + "-shm")
        self.assertEqual((self.version(), self.old_rows()), (1, self.kept))

    def test_a_writer_is_not_waited_for(self):
        with contextlib.closing(sqlite3.connect(self.database(), isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            begun = time.monotonic()
            self.assertEqual(sorted(self.listed()), NAMES)
            self.vocab("show", "pair")
            self.assertLess(time.monotonic() - begun, 8)
            self.assertEqual(self.version(), 1)
        self.assertEqual(sorted(self.listed()), NAMES)
        self.assertEqual(self.version(), 2)

    def test_tables_that_are_not_those_of_the_version(self):
        db = sqlite3.connect(self.database())
        db.execute("CREATE TABLE statistics(x)")
        db.commit()
        for version in (1, 2):
            db.execute(f"PRAGMA user_version = {version}")
            db.execute("DROP TABLE statistics" if version == 2 else "DELETE FROM statistics")
            db.commit()
            done = self.tok("vocab", "verify")
            self.assertEqual((done.returncode, done.stderr), (1, b""), version)
            self.assertIn(b"the database: " + self.database().encode() + b": its tables are not those of a store\n", done.stdout)
            self.refused("add", "x", self.source, says="'tok vocab verify' tells what is sound")
        db.close()
        self.refused("list", says=r"no such table: \w+: 'tok vocab verify' tells what is sound")

    def test_half_of_a_version_is_no_store_to_import(self):
        """The number says which tables there have to be."""
        self.sql("PRAGMA user_version = 2")
        self.sql("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(self.database(), self.path("all.db"))
        self.refused("import", "all.db", store=self.path("there"), says="its tables are not those of a store")


if __name__ == "__main__":
    unittest.main()
