#!/usr/bin/env python3
"""Every code point, every line of NormalizationTest.txt and random strings
through every normaliser, compared with the reference programs.

    normalize_all.py BUILD/tests/test_normalize [NormalizationTest.txt[.bz2]]

Prints what differs; the exit status is the number of kinds that differ.  The
environment variable ONLY is a regular expression for the kinds to be asked.
"""
import bz2
import os
import random
import re
import subprocess
import sys
import tempfile

from normalize_reference import HuggingFace, SentencePiece, charsmap_of, train
from normalize_table import RULES, TEXTS, hf_specs

TEST_FILE = "/usr/share/unicode/NormalizationTest.txt.bz2"
# each means something to somebody; random strings are made of them
TROUBLE = list(dict.fromkeys("".join(TEXTS) + "\u0300\u0301\u0323\u0327\u0345\u05ae\u093c\u094d"
                             "\u09bc\u0f71\u0f72\u0f80\u1100\u1161\u11a8\uac00\u200d\u200c\ufe0f"
                             "\u212b\u1e69\u01d5\ufb2c\U0001d160\u0958\U0001f469\U0001f1e9\u0600"
                             "ABab  \u00c0\u00e9\uff21\u3099\u304b\u30ab\uff76\uff9e"))


def surrogate(code):
    return 0xD800 <= code <= 0xDFFF


def all_texts(path):
    texts = [chr(c) for c in range(0x110000) if not surrogate(c)]
    texts += ["A" + chr(c) + "\u0301a" for c in range(0x300, 0x20000, 3) if not surrogate(c)]
    with (bz2.open if path.endswith(".bz2") else open)(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            if line[0] in "#@\n":
                continue
            for column in line.split(";")[:5]:
                texts.append("".join(chr(int(c, 16)) for c in column.split()))
    dice = random.Random(9)
    for _ in range(20000):
        texts.append("".join(dice.choices(TROUBLE, k=dice.randint(2, 12))))
    return texts


def ask(program, steps, texts):
    lines = "".join(t.encode().hex() + "\n" for t in texts)
    answer = subprocess.run([program, "--answer", steps], input=lines, text=True, check=True,
                            stdout=subprocess.PIPE).stdout.split("\n")
    for text, line in zip(texts, answer):
        result, _, ranges = line.partition("\t")
        ranges = [tuple(map(int, r.split("-"))) for r in ranges.split()]
        yield text, bytes.fromhex(result).decode("utf-8", "replace"), ranges


def borders(text):
    """Byte offset to character offset; within a character there is None."""
    out = []
    for i, c in enumerate(text):
        out += [i] + [None] * (len(c.encode()) - 1)
    return out + [len(text)]


def widened(text, result, ranges):
    chars, at, out = borders(text), 0, []
    for c in result:
        size = len(c.encode())
        begin, end = ranges[at][0], ranges[at + size - 1][1]
        if begin < end:
            while chars[begin] is None:
                begin -= 1
            while chars[end] is None:
                end += 1
        out.append((chars[begin], chars[end]))
        at += size
    return out


def starts(text, result, ranges):
    chars, at, out = borders(text), 0, []
    for c in result:
        out.append(chars[ranges[at][0]])
        at += len(c.encode())
    return out + [chars[ranges[-1][1]]] if result else []


def compare(program, steps, reference, texts, shape):
    differ = silent = 0
    for text, result, ranges in ask(program, steps, texts):
        try:
            want = reference.text(text)
            # two calls to the reference for each text are too many where nothing happens
            origins = reference.origins(text) if want != text or len(text) < 2 else None
        except BaseException as error:  # a Rust panic is no Exception
            if "anic" not in type(error).__name__:
                raise
            silent += 1
            continue
        same = result == want and (
            origins is None or not want or shape(text, result, ranges) == list(origins))
        if not same:
            differ += 1
            if differ <= 5:
                print(steps[:40], ascii(text), "gives", ascii(result), "not", ascii(want), ranges,
                      origins)
    print("%-50s %8d texts, %d differ, the reference failed on %d" % (
        steps[:50], len(texts), differ, silent), flush=True)
    return differ > 0


def main():
    program = sys.argv[1]
    texts = all_texts(sys.argv[2] if len(sys.argv) > 2 else TEST_FILE)
    only = os.environ.get("ONLY", "")
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        rules = os.path.join(folder, "rules.tsv")
        with open(rules, "w", encoding="utf-8") as out:
            out.write("\n".join(RULES) + "\n")
        charsmap = charsmap_of(train("identity", rules, ""))
        for steps in hf_specs(charsmap):
            if re.search(only, steps):
                failures += compare(program, steps, HuggingFace(steps), texts, widened)
        for name in ("nmt_nfkc", "nfkc", "nmt_nfkc_cf", "identity"):
            model = train(name, None, "dr", ["<x>"])
            path = os.path.join(folder, name)
            with open(path, "wb") as out:
                out.write(charsmap_of(model))
            if charsmap_of(model) and re.search(only, "precompiled:"):
                steps = "precompiled:" + path
                failures += compare(program, steps, HuggingFace(steps), texts, widened)
            for flags, pieces in (("dr", ()), ("ds", ("<x>", "ab")), ("", ("a", " a", "\u0301"))):
                model = train(name, None, flags, pieces)
                steps = "sentencepiece:%se:%s:%s" % (
                    flags, path if name != "identity" else "",
                    ",".join(p.encode().hex() for p in pieces))
                if re.search(only, steps):
                    failures += compare(program, steps, SentencePiece(model), texts, starts)
    return failures


if __name__ == "__main__":
    sys.exit(main())
