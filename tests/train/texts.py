#!/usr/bin/env python3
"""Sentences for training and judging, as the encoder's pre-tokenizer sees them.

    texts.py wordnet > SENTENCES          # definitions and examples of Debian's wordnet-base, 165 thousand
    texts.py lines < TEXT > SENTENCES     # any text with a sentence on each line

A sentence is a line: its words in small letters, with a space in front of each, marks of punctuation too.  So a
tokenizer that is trained on such lines has tokens that are written as hypernetworks see the encoder's: "Ġhouse", "s".
"""
import pathlib
import random
import re
import subprocess
import sys
import tempfile

from tokenizers import normalizers, pre_tokenizers


def wordnet():
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(["apt-get", "download", "-q", "wordnet-base"], cwd=scratch, check=True, stdout=sys.stderr)
        package = next(pathlib.Path(scratch).glob("*.deb"))
        subprocess.run(["dpkg-deb", "-x", package, scratch + "/x"], check=True)
        for part in ("noun", "verb", "adj", "adv"):
            data = pathlib.Path(scratch, "x/usr/share/wordnet/data." + part).read_text(encoding="latin1")
            for line in data.splitlines():
                if not line.startswith("  "):  # the licence
                    entry, _, gloss = line.partition(" | ")
                    yield entry.split()[4].replace("_", " ") + ": " + gloss.split('; "')[0].strip()
                    yield from re.findall(r'"([^"]{12,})"', gloss)


def main():
    sentences = wordnet() if sys.argv[1] == "wordnet" else sys.stdin
    lower, split = normalizers.BertNormalizer(lowercase=True), pre_tokenizers.BertPreTokenizer()
    lines = ["".join(" " + word for word, _ in split.pre_tokenize_str(lower.normalize_str(s)))
             for s in dict.fromkeys(sentences)]
    random.Random(1).shuffle(lines)
    sys.stdout.write("".join(line + "\n" for line in lines if line))


if __name__ == "__main__":
    main()
