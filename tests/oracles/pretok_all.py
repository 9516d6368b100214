#!/usr/bin/env python3
"""Random strings through every pre-tokenizer, compared with the references.

    pretok_all.py BUILD/tests/test_pretok [COUNT]

COUNT strings a pre-tokenizer (1000).  Prints what differs; the exit status is
the number of pre-tokenizers that differ.
"""
import subprocess
import sys

from pretok_reference import answer, family_steps, quote, random_texts, reference
from pretok_table import all_steps


def differs(program, steps, texts):
    lines = "".join(quote(text) + "\n" for text in texts)
    got = subprocess.run([program, "--answer", steps], input=lines, text=True, check=True,
                         stdout=subprocess.PIPE).stdout.split("\n")
    ask = reference(steps)
    wrong = 0
    for text, line in zip(texts, got):
        want = answer(text, ask.pieces(text))
        if line != want:
            if wrong < 3:
                print("%s\n  %r\n  is   %s\n  want %s" % (steps, text, line, want))
            wrong += 1
    return wrong


def main():
    program = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    bad = asked = 0
    for i, steps in enumerate(family_steps() * 5 + all_steps()):
        texts = list(random_texts(i, count))
        asked += len(texts)
        bad += differs(program, steps, texts) > 0
    print("%d strings asked, %d pre-tokenizers differ" % (asked, bad))
    return min(bad, 100)


if __name__ == "__main__":
    sys.exit(main())
