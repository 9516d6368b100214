#!/usr/bin/env python3
"""Valid rows of tokens of real tokenizers against Hugging Face's tokenizers.

    validity.py --driver build/tests/conformance/validity_driver --cache build/test-data

Every encoding that the reference makes must be accepted to its end.  Rows that part from
one in their last tokens are valid exactly if the reference, asked for their text with some
continuation, makes a row that begins with them: where it does they must be accepted, and
where no continuation out of many does, refused.
"""
import argparse
import itertools
import json
import pathlib
import random
import re
import subprocess
import sys

import tokenizers

# Name, and what is put in front of each text.
NAMES = [("gpt2", ""), ("gpt35turbo", ""), ("gpt4o", ""), ("llama3", ""), ("claude", ""), ("llama2", " ")]
TEXTS = 400
WRONG = 6  # rows that part from each text
# Texts are made of these.
PIECES = [
    "the", " quick", " brown", "Fox", " over", "HTTP", "ServerError", "don't", "we're", "I'LL", "it's",
    "'", "'r", "'re", "'s", " '", "''", "\"", "!", "...", " (", "/", "//", "_", "0", "12", "345", "67890",
    " 1", " 2024", " ", "  ", "   ", "     ", "\t", "\n", "\n\n", " \n", "\n  ", "\r\n", "é", "naïve", "ß",
    "e\u0301", "中", "文字", "日本", "ا", "द", "😀", "👍🏽", "ſ", "ℵ", "\u00a0", "\u3000", "x", "Y", "zz",
]
CLASSES = ["a", "e", "s", "l", "t", "A", "中", "\u0301", "1", " ", "\t", "\n", "'", "!", "/", "é", "\U00012345", "\u2fff"]
# Inside a contraction a row may live on that no text goes on as.
OPEN = re.compile(r"'[rRvVlL]$")

failures = 0


def check(holds, what):
    global failures
    if not holds:
        failures += 1
        if failures <= 20:
            print(f"FAILED: {what}")


def gpt2_alphabet():
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [b for b in range(256) if b not in shown]
    return {chr(c): b for b, c in zip(shown + hidden, shown + [256 + i for i in range(len(hidden))])}


def read_tokens(path):
    """Id to bytes, of tokens that add some."""
    file = json.loads(path.read_text())
    special = {t["id"] for t in file["added_tokens"]}
    alphabet = gpt2_alphabet()
    fallback = file["model"].get("byte_fallback")
    texts = {}
    for text, number in file["model"]["vocab"].items():
        if number in special:
            continue
        if fallback:
            is_byte = len(text) == 6 and text.startswith("<0x")
            texts[number] = bytes([int(text[3:5], 16)]) if is_byte else text.replace("\u2581", " ").encode()
        elif all(c in alphabet for c in text):
            texts[number] = bytes(alphabet[c] for c in text)
    return texts


class Reference:
    def __init__(self, path, front):
        self.tokenizer = tokenizers.Tokenizer.from_file(str(path))
        self.front = front
        self.texts = read_tokens(path)
        self.by_text = {}
        for number, text in self.texts.items():
            self.by_text.setdefault(text, []).append(number)
        self.longest = min(max(map(len, self.by_text)), 24)

    def encode(self, text):
        """`text` has the front that the tokenizer itself puts there."""
        return self.tokenizer.encode(text[len(self.front):], add_special_tokens=False).ids

    def is_beginning(self, row):
        """None: it cannot be said, the row's text is not UTF-8."""
        try:
            text = b"".join(self.texts[i] for i in row).decode()
        except UnicodeDecodeError:
            return None
        if not text.startswith(self.front) or OPEN.search(text):
            return None
        for depth in range(4):
            for more in itertools.product(CLASSES, repeat=depth):
                if self.encode(text + "".join(more))[: len(row)] == row:
                    return True
            if depth == 2 and not text[-1:].isspace() and text[-1:] != "'":
                break
        return False

    def part(self, row, dice):
        """The row up to some place, and other tokens there that spell the same text."""
        place = dice.randrange(len(row))
        rest = b"".join(self.texts[i] for i in row[place:])
        parted = row[:place]
        for _ in range(dice.randint(1, 3)):
            options = [
                number
                for n in range(1, min(self.longest, len(rest)) + 1)
                for number in self.by_text.get(rest[:n], [])
            ]
            if not options:
                break
            parted.append(dice.choice(options))
            rest = rest[len(self.texts[parted[-1]]):]
        return parted if parted != row[: len(parted)] else None


def try_tokenizer(program, path, front):
    dice = random.Random(1)
    reference = Reference(path, front)
    right, wrong = [], []
    for _ in range(TEXTS):
        text = front + "".join(dice.choice(PIECES) for _ in range(dice.randint(1, 8)))
        row = reference.encode(text)
        if not row or any(i not in reference.texts for i in row):
            continue
        right.append((text, row))
        parted = [reference.part(row, dice) for _ in range(WRONG)]
        wrong += [(text, other) for other in parted if other]
    lines = "".join(" ".join(map(str, row)) + "\n" for _, row in right + wrong)
    done = subprocess.run([program, path], input=lines.encode(), capture_output=True)
    if done.returncode:
        check(False, f"{path.parent.name}: {done.stderr.decode()}")
        return
    answers = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    for (text, row), (accepted, end) in zip(right, answers):
        check(accepted == len(row) and end == 1, f"{path.parent.name}: {text!r} is refused at {accepted} of {row}")
    counts = {True: 0, False: 0, None: 0}
    for (text, row), (accepted, _) in zip(wrong, answers[len(right):]):
        valid = reference.is_beginning(row)
        counts[valid] += 1
        if valid is not None:
            tokens = [reference.texts[i] for i in row]
            check((accepted == len(row)) == valid, f"{path.parent.name}: {tokens} is {'not ' * (not valid)}valid")
    print(f"{path.parent.name}: {len(right)} texts; {counts[True]} other rows valid, {counts[False]} not, "
          f"{counts[None]} not to be told")
    check(counts[False] > 50, f"{path.parent.name}: too few rows that are not valid")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    parser.add_argument("--cache", type=pathlib.Path, required=True)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    for name, front in NAMES:
        path = options.cache / "tokenizers" / name / "tokenizer.json"
        if not path.exists():
            print(f"{name}: SKIPPED, not there")
        elif options.only in name:
            try_tokenizer(options.driver, path, front)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
