#!/usr/bin/env python3
"""check_builtin.py TOK FIXTURES: the vocabulary in the program is the one that is checked in,
that one is what training on the checked-in counts gives, and no file is needed to use it."""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

TOK, FIXTURES = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv.pop(2))
VOCABULARY = os.path.join(FIXTURES, "vocabulary.json")
TEXT = ("Hello, world\n\tfor (int i = 0; i < 10; i++) {\n} Größe наука 日本語 हिन्दी <|endoftext|> 12345\n"
        .encode() + bytes(range(256)))


def read(path):
    with open(path, "rb") as file:
        return file.read()


def tok(*args, data=TEXT, **more):
    return subprocess.run((TOK,) + args, input=data, capture_output=True, check=False, **more)


class Builtin(unittest.TestCase):
    def test_training_gives_it_again(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "vocabulary.json")
            subprocess.run((os.path.join(FIXTURES, "train.sh"), TOK,
                            os.path.join(FIXTURES, "counts.tsv.zst"), path), check=True)
            self.assertTrue(read(path) == read(VOCABULARY))

    def test_it_is_the_one_in_the_program(self):
        for args in (("encode", "--tokens", "--offsets"), ("encode", "--special-text", "match"),
                     ("inspect", "--id", "0"), ("inspect", "--id", "32767"), ("count",)):
            built_in, file = tok(*args), tok(*args, "-t", VOCABULARY)
            self.assertEqual((built_in.returncode, built_in.stderr), (0, b""))
            self.assertEqual(built_in.stdout, file.stdout)
            self.assertEqual(tok(*args, "-t", "tok-32k").stdout, built_in.stdout)
        with open(VOCABULARY, encoding="utf-8") as file:
            file = json.load(file)
        self.assertEqual(len(file["model"]["vocab"] | {file["added_tokens"][0]["content"]: 0}), 32768)

    def test_bytes_come_back(self):
        self.assertEqual(tok("decode", data=tok("encode").stdout).stdout, TEXT)

    def test_no_cache_is_asked(self):
        with tempfile.TemporaryDirectory() as folder:
            cache = os.path.join(folder, "cache")
            done = tok("encode", env={"TOK_CACHE": cache, "HOME": folder}, cwd=folder)
            self.assertEqual((done.returncode, done.stdout), (0, tok("encode").stdout))
            self.assertEqual(os.listdir(folder), [])

    def test_names_come_before_files(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("bytes", "tok-32k"):
                with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                    file.write("no tokenizer")
                self.assertEqual(tok("count", "-t", name, cwd=folder).returncode, 0)
                self.assertEqual(tok("count", "-t", "./" + name, cwd=folder).returncode, 2)

    def test_a_pattern_is_not_for_it(self):
        for name in ((), ("-t", "tok-32k"), ("-t", "bytes")):
            done = tok("encode", "--pattern", "gpt2", *name)
            self.assertEqual((done.returncode, done.stderr), (
                2, b"tok encode: --pattern is for a .tiktoken file: name it with -t\n"))

    def test_it_is_described(self):
        self.assertIn(b"format           built in\nvocabulary       32768 tokens", tok("inspect").stdout)
        self.assertTrue(re.search(rb"^vocabulary tok-32k$", tok("--version").stdout, re.M))


unittest.main(argv=sys.argv[:1])
