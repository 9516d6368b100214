#!/usr/bin/env python3
"""check_audit_db.py TOK: what `tok audit --db` keeps is what --json tells, all of it or nothing, whoever else
writes and whatever the file is; --baseline tells what became worse and what cannot be compared; words of
MorphScore's files are counted as a reader of the file counts them."""
import gzip
import json
import math
import os
import re
import resource
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

TOK = os.path.abspath(sys.argv.pop(1))
HERE = os.path.dirname(os.path.abspath(__file__))
FORMATS = os.path.join(HERE, "..", "..", "man", "tok-formats.5")
TEXTS = {"en": "the cat sat on the mat\nwhere are you, Jos\u00e9\n", "fr": "le chat est l\u00e0\no\u00f9 es-tu\n"}
WORDS = """,full_word,pt1,rest
0,lighted,light,ed
1,"uploads",upload,s
2,metrics,,metrics
3,\u057f\u0578\u0582\u0576\u0565\u0580,\u057f\u0578\u0582\u0576,\u0565\u0580
4,nothing,no,thin
5,half
"""
# A hole, and a token that no merge makes.
VOCABULARY = json.dumps({"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2, "ab": 3, "abc": 5},
                                   "merges": ["a b"]}})
TWO = ("-t", "tok-32k", "-t", "bytes")


class Audits(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        for name, text in TEXTS.items():
            self.write(name, text)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def run_audit(self, *options, pivot=True, **more):
        how = ("--corpus", "en=en", "--corpus", "fr=fr") + (("--pivot", "en") if pivot else ())
        return subprocess.run((TOK, "audit") + how + options, cwd=self.folder, capture_output=True, check=False, **more)

    def audit(self, *options, **more):
        done = self.run_audit(*options, **more)
        self.assertEqual((done.returncode, done.stderr), (0, b""), options)
        return done.stdout

    def refused(self, words, *options, **more):
        done = self.run_audit(*options, **more)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertRegex(done.stderr.decode(), "^tok audit: " + words)

    def ask(self, query, name="db"):
        database = sqlite3.connect(self.path(name))
        try:
            return database.execute(query).fetchall()
        finally:
            database.close()

    # ---- --db

    def test_the_database_has_what_the_json_tells(self):
        self.write("words.csv", WORDS)
        told = json.loads(self.audit(*TWO, "--morphology", "words.csv", "--json", "--db", "db"))
        for name, keys, query in (
                ("cells", ("tokenizer", "language"), "SELECT tokenizer, language, measure, value FROM numbers"),
                ("tokenizers", ("name",), "SELECT tokenizer, measure, value FROM latest_totals"),
                ("pairs", ("tokenizer", "other"), "SELECT a.name, b.name, measure, value FROM pairs JOIN tokenizers a"
                 " ON a.id = tokenizer JOIN tokenizers b ON b.id = other"),
                ("morphology", ("tokenizer", "file"), "SELECT name, file, measure, value FROM morphology"
                 " JOIN tokenizers ON id = tokenizer")):
            other = {*keys, "reasons", "hash", "vocabulary", "premium_worst"}
            wanted = {tuple(row[key] for key in keys) + (measure,): value for row in told[name]
                      for measure, value in row.items() if measure not in other}
            self.assertEqual({row[:-1]: row[-1] for row in self.ask(query)}, wanted)
            self.assertTrue(wanted)
        self.assertEqual(self.ask("SELECT name, hash, entries FROM tokenizers ORDER BY id"),
                         [(t["name"], t["hash"], t["vocabulary"]) for t in told["tokenizers"]])
        self.assertEqual(self.ask("SELECT name, hash, aligned, abridged FROM languages ORDER BY id"),
                         [(t["name"], t["hash"], t["aligned"], t["abridged"]) for t in told["languages"]])
        (number, moment, version, kind, options), = self.ask("SELECT * FROM runs")
        self.assertEqual((number, version, kind, json.loads(options)), (1, told["tok"], "texts", told["options"]))
        self.assertLess(abs(time.mktime(time.strptime(moment, "%Y-%m-%dT%H:%M:%SZ")) - time.timezone - time.time()), 60)
        self.assertEqual(self.ask("PRAGMA integrity_check") + self.ask("PRAGMA foreign_key_check"), [("ok",)])

    def test_vocabularies_are_kept_too(self):
        self.write("v.json", VOCABULARY)
        with open(self.path("rows.npy"), "wb") as file:
            shape = b"{'descr': '<f4', 'fortran_order': False, 'shape': (6, 2), }".ljust(117) + b"\n"
            file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(shape)) + shape +
                       struct.pack("<12f", *(1 + i / 16 for i in range(12))))
        done = subprocess.run((TOK, "audit", "--vocab", "-t", "v.json", "--embeddings", "rows.npy", "--json", "--db", "db"),
                              cwd=self.folder, capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        told, = json.loads(done.stdout)["vocabularies"]
        totals = dict(self.ask("SELECT measure, value FROM latest_totals WHERE kind = 'vocabulary'"))
        wanted = {"tokens": told["tokens"], "merges": told["merges"]["listed"], "dead merges": told["merges"]["dead"],
                  "bytes missing": len(told["bytes"]["missing"]), "bytes alone": told["bytes"]["alone"],
                  **{f"category {name}": count for name, count in told["categories"].items()},
                  **{f"defect {name}": count for name, count in told["defects"].items()}}
        self.assertEqual(totals, wanted)
        rows = self.ask("SELECT token, count, finding, CAST(detail AS TEXT) FROM findings WHERE language IS NULL")
        defects = [(f["id"], f["run"], defect, None) for f in told["findings"] for defect in f["defects"]]
        categories = [(f["id"], f["run"], f["category"], f["witness"]) for f in told["findings"]]
        suspects = [(s["id"], 1, finding, f"{s[number]:.9g}") for s in told["embeddings"]["suspects"]
                    for flag, finding, number in (("short", "short row", "norm"),
                                                  ("alike", "row like unused ones", "cosine")) if s[flag]]
        self.assertTrue(defects and suspects)
        self.assertLessEqual(set(defects + suspects), set(rows))
        self.assertLessEqual(set(rows), set(defects + suspects + categories))
        self.assertEqual({row[0] for row in rows}, {row[0] for row in categories + suspects})
        self.assertEqual(self.ask("SELECT name, hash, entries, kind FROM tokenizers, runs"),
                         [("v.json", told["hash"], told["tokens"], "vocabulary")])

    def test_numbers_are_followed_over_runs(self):
        self.audit("--db", "db")
        self.write("fr", TEXTS["fr"] + "encore une ligne\n")
        self.write("en", TEXTS["en"] + "one more line\n")
        self.audit("--db", "db")
        self.audit("--db", "db", "--words", "codepoint")
        self.assertEqual(self.ask("SELECT count(*), count(DISTINCT run) FROM premiums"), [(6, 3)])
        self.assertEqual(self.ask("SELECT id, name FROM languages"), [(1, "en"), (2, "fr"), (3, "en"), (4, "fr")])
        self.assertEqual(self.ask("SELECT count(*) FROM tokenizers"), [(1,)])
        # Other lines are another language; of the same ones only what is of words has changed.
        changes = self.ask("SELECT DISTINCT run, earlier, measure FROM changes")
        self.assertEqual({row[:2] for row in changes}, {(3, 2)})
        self.assertIn("fertility", {row[2] for row in changes})
        self.assertNotIn("tokens", {row[2] for row in changes})
        self.assertEqual(self.ask("SELECT DISTINCT run FROM latest"), [(3,)])

    def test_queries_of_the_manual_work(self):
        self.write("words.csv", WORDS)
        self.audit(*TWO, "--db", "audits.db", "--morphology", "words.csv")
        with open(FORMATS, encoding="utf-8") as page:
            text = page.read().replace("\\-", "-").replace("\\(aq", "'")
        queries = [" ".join(block.split()) for block in re.findall(r"\.EX\n(SELECT.*?)\.EE", text, re.S)]
        self.assertGreaterEqual(len(queries), 4)
        for query in queries:
            self.ask(query, "audits.db")
        self.assertEqual(len(self.ask(queries[0], "audits.db")), 4)
        for pragma in ("application_id", "user_version"):
            self.assertRegex(text, rf"{pragma}(, | is ){self.ask('PRAGMA ' + pragma, 'audits.db')[0][0]}\b")

    def test_every_number_is_in_the_manual(self):
        self.write("words.csv", WORDS)
        told = json.loads(self.audit(*TWO, "--json", "--morphology", "words.csv"))
        with open(FORMATS, encoding="utf-8") as page:
            text = page.read().split(".SS tok.audit.1")[1].split(".SS ")[0]
        keys = set(told) | {key for name in ("languages", "tokenizers", "cells", "pairs", "morphology") for key in
                            told[name][0]}
        named = set(re.findall(r"^\.BR? (\w+)", text, re.M))
        for key in keys:
            self.assertIn(re.sub(r"_\d+_(tokens|pattern).*", "_ N", key).replace("digits_ N", "digits_"), named |
                          {"schema", "digits_"}, key)

    def test_several_at_once_all_get_in(self):
        threads = [threading.Thread(target=self.audit, args=("-t", "bytes", "--db", "db")) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.ask("SELECT run, count(*) FROM totals GROUP BY run"),
                         [(i, self.ask("SELECT count(*) FROM totals WHERE run = 1")[0][0]) for i in (1, 2, 3, 4)])

    def test_who_writes_is_waited_for(self):
        self.audit("-t", "bytes", "--db", "db")
        other = sqlite3.connect(self.path("db"), check_same_thread=False, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        timer = threading.Timer(0.3, other.execute, ("COMMIT",))
        timer.start()
        self.audit("-t", "bytes", "--db", "db")
        timer.join()
        other.close()
        self.assertEqual(self.ask("SELECT count(*) FROM runs"), [(2,)])

    def test_a_full_disk_leaves_what_was(self):
        self.audit("-t", "bytes", "--db", "db")
        before = self.read("db")

        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (len(before), len(before)))
        for i in range(40):
            self.write(f"l{i}", "a line\n")
        many = [word for i in range(40) for word in ("--corpus", f"l{i}=l{i}")]
        self.refused("cannot write 'db': ", *TWO, *many, "--db", "db", pivot=False, preexec_fn=limit)
        self.assertEqual(self.ask("PRAGMA integrity_check"), [("ok",)])
        self.assertEqual(self.ask("SELECT count(*) FROM runs"), [(1,)])
        self.assertEqual(self.read("db"), before)
        self.assertEqual([name for name in os.listdir(self.folder) if name.startswith("db")], ["db"])

    def test_files_that_are_no_database_of_ours(self):
        self.audit("-t", "bytes", "--db", "db")
        whole = self.read("db")
        self.write("text", b"this is a text and no database " * 200)
        self.write("half", whole[:len(whole) // 2])
        self.write("torn", whole[:100] + b"\xff" * 4000 + whole[4100:])
        for name, change in (("foreign", "CREATE TABLE people(name)"), ("foreign2", "PRAGMA user_version = 3")):
            other = sqlite3.connect(self.path(name))
            other.execute(change)
            other.commit()
            other.close()
        self.write("newer", whole)
        newer = sqlite3.connect(self.path("newer"))
        newer.execute("PRAGMA user_version = 99")
        newer.close()
        self.write("empty", b"")
        os.mkdir(self.path("folder"))
        for name, words in (("text", "'text' is no SQLite database"), ("half", "'half' is damaged: "),
                            ("torn", "'torn' is damaged: "),
                            ("foreign", "'foreign' is a database of another program"),
                            ("foreign2", "'foreign2' is a database of another program"),
                            ("newer", "'newer' was made by a newer tok: .* version 99, not 1"),
                            ("folder", "cannot write 'folder': "), ("no/where", "cannot write 'no/where': "),
                            ("", "'' is no name for a database"), (":memory:", "':memory:' is no name")):
            before = self.read(name) if os.path.isfile(self.path(name)) else None
            self.refused(words, "-t", "bytes", "--db", name)
            if before is not None:
                self.assertEqual(self.read(name), before)
        self.audit("-t", "bytes", "--db", "empty")
        self.assertEqual(self.ask("SELECT count(*) FROM runs", "empty"), [(1,)])
        os.chmod(self.path("db"), 0o400)
        if os.geteuid():
            self.refused("cannot write 'db': ", "-t", "bytes", "--db", "db")

    def test_files_are_looked_at_before_work(self):
        self.write("text", b"this is a text and no database " * 200)
        self.write("old.json", "{}")
        os.mkdir(self.path("folder"))
        there = sorted(os.listdir(self.folder))
        for wrong, words in ((("--baseline", "nowhere", "--db", "db"), ".*nowhere"),
                             (("--baseline", "old.json", "--db", "db"), "old.json: it is no audit"),
                             (("--html", "no/where", "--db", "db"), "cannot create 'no/where'|.*no/where"),
                             (("--html", "folder"), ".*folder"), (("--db", "text"), "'text' is no SQLite database"),
                             (("--db", "no/where"), "cannot write 'no/where': No such file")):
            done = self.run_audit("-t", "bytes", *wrong, "--corpus", "x=missing", pivot=False)
            self.assertEqual((done.returncode, done.stdout), (2, b""))
            self.assertRegex(done.stderr.decode(), "^tok audit: (%s)" % words)
            self.assertNotIn(b"missing", done.stderr)
            self.assertEqual(sorted(os.listdir(self.folder)), there)
        # What is found out to be good is left as it is where the audit fails.
        self.refused(".*missing", "--corpus", "x=missing", "--html", "page", "--db", "db")
        self.assertEqual(sorted(os.listdir(self.folder)), there)
        done = subprocess.run((TOK, "audit", "--vocab", "-t", "nothing", "--db", "text"), cwd=self.folder, capture_output=True,
                              check=False)
        self.assertRegex(done.stderr, b"^tok audit: 'text' is no SQLite database")

    # ---- --baseline

    def baseline(self, change):
        """The audit of the built-in tokenizer, changed; what is told about today's, and the status."""
        old = json.loads(self.audit("--json"))
        change(old)
        self.write("old.json", json.dumps(old))
        done = self.run_audit("--baseline", "old.json")
        told = done.stderr.decode().splitlines()
        self.assertTrue(all(line.startswith("tok audit: ") for line in told))
        return done.returncode, [line[len("tok audit: "):] for line in told]

    def test_what_became_worse_is_told(self):
        def better_past(old):
            old["cells"][1].update(tokens=1, fertility=0.5, round_trip=1, single=None, split_characters=0)
            old["tokenizers"][0]["digits_f1"] = 1
        status, told = self.baseline(better_past)
        self.assertEqual(status, 1)
        self.assertEqual([line.split(" ")[0] for line in told], ["digits_f1", "tokens", "fertility"])
        self.assertRegex(told[1], r"^tokens of 'tok-32k' on 'fr' was 1 and is \d+: worse by more than 0.01$")

    def test_the_same_and_what_is_tolerated_are_no_news(self):
        self.assertEqual(self.baseline(lambda old: None), (0, []))

        def nearly(old):
            for cell in old["cells"]:
                cell["fertility"] /= 1.0099
                cell["single"] += 0.0099
                cell["entropy"] *= 2
        self.assertEqual(self.baseline(nearly), (0, []))
        status, told = self.baseline(lambda old: old["cells"][0].update(fertility=old["cells"][0]["fertility"] / 1.011))
        self.assertEqual((status, len(told)), (1, 1))

    def test_what_cannot_be_compared_is_told_and_nothing_worse(self):
        def others(old):
            old["languages"][1]["hash"] = "0" * 32
            old["languages"].append({"name": "gone"})
            for cell in old["cells"]:
                cell["tokens"] = cell["premium"] = 0.1
            old["cells"][0].pop("tokens")
            old["cells"][0]["premium"] = None
            old["tokenizers"][0]["gini"] = -1
        status, told = self.baseline(others)
        self.assertEqual((status, told), (0, [
            "'fr' has other lines than in the baseline: it is not compared",
            "language 'gone' of the baseline is missing",
            "languages are others than in the baseline: Gini, median and maximum are not compared"]))
        status, told = self.baseline(lambda old: (old["languages"].pop(), old["tokenizers"][0].update(gini=-1)))
        self.assertEqual((status, told[0]), (0, "the baseline has no language 'fr'"))
        status, told = self.baseline(lambda old: (old.update(pivot=None), old["cells"][1].update(premium=0.1)))
        self.assertEqual((status, told), (0, ["the pivot is another than in the baseline: premiums and Gini are not "
                                              "compared"]))
        status, told = self.baseline(lambda old: (old["options"].update(words="uax29"),
                                                  old["cells"][1].update(fertility=0.1)))
        self.assertEqual((status, told), (0, ["words are others than in the baseline: what is of words is not "
                                              "compared"]))

    def test_names_are_compared_as_json_has_them(self):
        name = b"d\xc3\xa9\xff\xc3"
        how = ("--corpus", name + b"=en", "--corpus", "d\u00e9=fr", "--pivot", name)
        self.write("words.csv", WORDS)
        os.rename(self.path("words.csv"), os.path.join(self.folder.encode(), name + b".csv"))
        self.write("old.json", subprocess.run((TOK, "audit", *TWO, *how, "--morphology", name + b".csv", "--json"), cwd=self.folder,
                                              capture_output=True, check=True).stdout)
        self.assertIn("d\u00e9\ufffd\ufffd".encode(), self.read("old.json"))
        done = subprocess.run((TOK, "audit", *TWO, *how, "--morphology", name + b".csv", "--baseline", "old.json"),
                              cwd=self.folder, capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_nothing_compared_is_not_passed(self):
        last = "nothing of the texts could be compared with 'old.json'"

        def renamed(old):
            for language in old["languages"]:
                language["name"] += "x"
        status, told = self.baseline(renamed)
        self.assertEqual((status, told[0], told[-1]), (1, "the baseline has no language 'en'", last))
        self.write("old.json", self.audit(*TWO, "--json").replace(b'"tok-32k"', b'"a"').replace(b'"bytes"', b'"b"'))
        done = self.run_audit(*TWO, "--baseline", "old.json")
        self.assertEqual((done.returncode, done.stderr.decode().splitlines()[-1]), (1, "tok audit: " + last))
        self.write("words.csv", WORDS)  # words alone are something
        words = ("--corpus", "x=x", "--morphology", "words.csv")
        self.write("x", "x\nx\n")
        self.write("old.json", self.audit(*words, "--json"))
        self.write("x", "y\ny\n")
        old = self.read("old.json").replace(b'"en"', b'"gone"').replace(b'"fr"', b'"lost"')
        self.write("old.json", old)
        self.assertEqual(self.run_audit(*words, "--baseline", "old.json").returncode, 0)
        self.write("words.csv", WORDS.replace("half", "whole"))
        self.assertEqual(self.run_audit(*words, "--baseline", "old.json").returncode, 1)

    def test_texts_without_a_token_are_as_good_as_before(self):
        self.write("v.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\n")
        self.write("blank", "   \n  \n")
        blank = ("-t", "v.txt", "--corpus", "blank=blank")
        self.write("old.json", self.audit(*blank, "--json"))
        self.audit(*blank, "--baseline", "old.json")

    def test_tokenizers_are_found_by_name(self):
        self.write("two.json", self.audit(*TWO, "--json"))
        self.write("one.json", self.audit("-t", "tok-32k", "--json"))
        done = self.run_audit("-t", "bytes", "--baseline", "two.json")
        self.assertEqual((done.returncode, done.stderr),
                         (0, b"tok audit: tokenizer 'tok-32k' of the baseline is missing\n"))
        done = self.run_audit(*TWO, "--baseline", "one.json")
        self.assertEqual((done.returncode, done.stderr), (0, b"tok audit: the baseline has no tokenizer 'bytes'\n"))
        done = self.run_audit("-t", "bytes", "--baseline", "one.json")  # the only ones
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"tokens of 'bytes' on 'en' was ", done.stderr)

    def test_words_of_a_baseline(self):
        self.write("words.csv", WORDS)
        old = json.loads(self.audit("--morphology", "words.csv", "--json"))
        old["morphology"][0]["recall"] = 2
        self.write("old.json", json.dumps(old))
        done = self.run_audit("--morphology", "words.csv", "--baseline", "old.json")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, rb"^tok audit: recall of 'tok-32k' on the words of 'words' was 2 and is [01][^\n]*\n$")
        self.write("words.csv", WORDS.replace("lighted,light,ed", "lights,light,s"))
        done = self.run_audit("--morphology", "words.csv", "--baseline", "old.json")
        self.assertEqual((done.returncode, done.stderr), (0, b"tok audit: 'words' has other words than in the baseline:"
                                                             b" it is not compared\n"))

    def test_what_is_no_baseline_is_refused(self):
        for text, words in (("", "empty where JSON should be"), ("{", "line 1"), ("{}", "it is no audit"), ("[1]", "it is no audit"),
                            ('{"schema":"tok.bench.1"}', "it is no audit: 'tok audit --json' writes one"),):
            self.write("old.json", text)
            self.refused("old.json: .*" + words, "--baseline", "old.json")
        self.refused(".*nowhere", "--baseline", "nowhere")
        for text in ('{"schema":"tok.audit.1"}', '{"schema":"tok.audit.1","cells":3,"languages":[1,{}],"tokenizers":'
                     '[null],"options":[],"pivot":{},"morphology":{"a":1}}'):
            self.write("old.json", text)
            done = self.run_audit("--baseline", "old.json")
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertTrue(done.stderr.endswith(b"tok audit: nothing of the texts could be compared with 'old.json'\n"))

    # ---- --morphology

    def words(self, *options):
        return json.loads(self.audit("--json", "--morphology", *options))["morphology"]

    def test_words_are_counted(self):
        self.write("words.csv", WORDS)
        row, = self.words("words.csv", "-t", "bytes")
        self.assertEqual([row[key] for key in ("file", "rows", "bad", "single", "scored", "found", "cuts")],
                         ["words", 6, 3, 0, 3, 3, 6 + 6 + 11])
        self.assertTrue(math.isclose(row["precision"], 3 / 23) and row["recall"] == row["random_recall"] == 1)

    def test_words_need_no_texts(self):
        self.write("words.csv", WORDS)
        for options in ((), ("--json", "--db", "db"), ("--html", "page")):
            done = subprocess.run((TOK, "audit", *TWO, "--morphology", "words.csv", *options), cwd=self.folder,
                                  stdin=subprocess.DEVNULL, capture_output=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            self.assertIn(b"words", done.stdout)
        self.assertEqual(self.ask("SELECT value FROM morphology WHERE measure = 'rows'"), [(6,), (6,)])
        self.assertEqual(self.ask("SELECT count(*) FROM languages"), [(0,)])

    def test_files_of_a_folder_are_apart(self):
        os.mkdir(self.path("data"))
        self.write("data/turkish_morph_data.csv", WORDS)
        self.write("data/basque_morph_data.csv.gz", gzip.compress(b"rest,pt1,x,full_word\r\nz,aldi,,aldiz\r\n"))
        self.write("data/notes.txt", "no words\n")
        rows = self.words("data", *TWO)
        self.assertEqual([(row["tokenizer"], row["file"], row["rows"]) for row in rows],
                         [(name, *file) for name in ("tok-32k", "bytes") for file in (("basque", 1), ("turkish", 6))])
        self.assertEqual(rows[2]["recall"], 1)

    def test_what_is_no_file_of_words_is_refused(self):
        os.mkdir(self.path("none"))
        for text, words in (("", "no column is called 'full_word': the first line must name full_word, pt1 and rest"),
                            ("full_word,rest\n", "no column is called 'pt1'"),
                            ("full_word,pt1,rest\na,b\n\na,b,c,d\n", "line 4: 4 fields, but the first line names 3"),
                            ('full_word,pt1,rest\na,"b\n', "line 2: a field in quotes does not end")):
            self.write("words.csv", text)
            self.refused("words.csv: " + words, "--morphology", "words.csv")
        self.refused("'none' holds no file that ends in .csv", "--morphology", "none")
        self.refused(".*nowhere", "--morphology", "nowhere")


if __name__ == "__main__":
    unittest.main()
