#!/usr/bin/env python3
"""`tok encode --longest-match` on real vocabularies, against Hugging Face's WordPiece.

    longest_match.py --tok build/tok --cache build/test-data

With an empty prefix for continuing pieces its WordPiece model is the longest match, so
each tokenizer is given such a model of its own vocabulary; normaliser and pre-tokenizer
stay.  A word that WordPiece gives up, because a character of it is not in the vocabulary,
makes its text be left out and counted.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys

from tokenizers import Tokenizer, models

NAMES = ("gpt4o", "llama3", "qwen3", "deepseek_v3", "llama2", "gemma3")
UNKNOWN = "\ue000 no token \ue000"
WORDS = ["the", "unrelated", "internationalization", "strawberry", "caf\u00e9", "na\u00efve", "don't", "I'M", "x=y+1;",
         "1234567", "\u65e5\u672c\u8a9e", "\u4f60\u597d\uff0c\u4e16\u754c", "\u041f\u0440\u0438\u0432\u0435\u0442",
         "\u0645\u0631\u062d\u0628\u0627", "\U0001f600", "e\u0301", "def f(x):", "\n", "\n\n", "\t", "    ", "--", "...",
         "https://example.org/a?b=c", "ANTIDISESTABLISHMENTARIANISM", "\u00df", "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35"]


def make_text(chance):
    words = []
    for _ in range(chance.randrange(1, 14)):
        word = chance.choice(WORDS)
        if chance.random() < .3:  # what no corpus has
            begin = chance.randrange(len(word))
            word = word[begin:] + chance.choice(WORDS)[:3]
        words.append(word)
    return chance.choice((" ", "", "  ")).join(words)


def longest_matcher(path):
    """The tokenizer with a model that matches the longest, and the id of what is unknown."""
    file = json.loads(path.read_text(encoding="utf-8"))
    tokenizer = Tokenizer.from_str(json.dumps(file))
    vocabulary = dict(file["model"]["vocab"])
    # Left alone are ids of special tokens, and byte pieces, which stand for what is unknown.
    special = {t["content"] for t in file["added_tokens"] if t["special"]}
    byte = {f"<0x{b:02X}>" for b in range(256)} if file["model"].get("byte_fallback") else set()
    vocabulary = {t: i for t, i in vocabulary.items() if t not in special | byte}
    vocabulary[UNKNOWN] = max(vocabulary.values()) + 100000
    tokenizer.model = models.WordPiece(vocabulary, unk_token=UNKNOWN, continuing_subword_prefix="",
                                       max_input_chars_per_word=10 ** 9)
    tokenizer.encode_special_tokens = True
    return tokenizer, vocabulary[UNKNOWN]


def check(tok, path, texts):
    """Texts that differ, and how many were compared."""
    tokenizer, unknown = longest_matcher(path)
    lines = "".join(json.dumps({"text": t}) + "\n" for t in texts)
    done = subprocess.run([tok, "encode", "-t", path, "--jsonl", "text", "--longest-match", "--format", "jsonl"],
                          input=lines.encode(), capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"{path}: {done.stderr.decode()}")
    compared, different = 0, []
    for text, line in zip(texts, done.stdout.splitlines()):
        expected = tokenizer.encode(text, add_special_tokens=False).ids
        if unknown in expected:
            continue
        compared += 1
        if json.loads(line)["ids"] != expected:
            different.append((text, expected, json.loads(line)["ids"]))
    return compared, different


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tok", required=True)
    parser.add_argument("--cache", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    chance = random.Random(8)
    texts = [make_text(chance) for _ in range(1500)]
    failed = missing = 0
    for name in NAMES:
        path = arguments.cache / "tokenizers" / name / "tokenizer.json"
        if not path.exists():
            print(f"skipped: {name} is not there")
            missing += 1
            continue
        compared, different = check(arguments.tok, path, texts)
        print(f"{name}: {compared} of {len(texts)} texts compared, {len(different)} differ")
        for text, expected, got in different[:3]:
            print(f"  {text!r}\n  expected {expected}\n  got      {got}")
        failed += bool(different) or compared < len(texts) // 4
    if failed or (missing and os.environ.get("CI") == "true"):
        sys.exit(1)


main()
