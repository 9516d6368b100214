#!/usr/bin/env python3
"""Models that tok lm trains, as another program reads them: the ARPA reader `arpa` from PyPI
gives each sentence the probability that tok lm score does.

    python3 -B tests/conformance/arpa_reader.py --tok build/tok
"""
import argparse
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import arpa

HERE = pathlib.Path(__file__).resolve().parent
TEXT = HERE.parents[1] / "CONTRIBUTING.md"
WITHIN = 1e-10  # of a sentence's logarithm: the file has twelve digits


def run(*command, given=b""):
    done = subprocess.run([str(c) for c in command], input=given, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"{command[1:]}: {done.returncode} {done.stderr.decode()}")
    return done.stdout.decode()


def without_exponents(text):
    """The reader drops the exponent of a back-off weight."""
    lines = []
    for line in text.splitlines():
        fields = line.split("\t")
        if len(fields) == 3 and "e" in fields[2]:
            fields[2] = f"{float(fields[2]):.24f}"
        lines.append("\t".join(fields))
    return "\n".join(lines) + "\n"


def unigram_words(text):
    section = text.split("\\1-grams:\n")[1].split("\n\n")[0]
    return [line.split("\t")[1] for line in section.splitlines()]


def log_of(reader, words):
    """The reader backs off from the whole sentence, which is slow where that is long."""
    if 0 < len(words) < 20:
        return reader.log_s(tuple(words))
    words, order = ("<s>", *words, "</s>"), reader.order()
    return sum(reader.log_p_raw(words[max(0, end - order):end]) for end in range(2, len(words) + 1))


def check(tok, folder, tokenizer, order, lines):
    model, held = folder / "m.tlm", folder / "held"
    options = ["-t", tokenizer, "--lines"]
    run(tok, "lm", "train", *options, "--order", order, "-o", model, given="\n".join(lines[::2]).encode())
    held.write_text("\n".join(lines[:60]) + "\n")
    scores = [json.loads(line) for line in run(tok, "lm", "score", *options, "--json", model, held).splitlines()]
    ids = [line.split() for line in run(tok, "encode", *options, held).splitlines()]
    names = None
    worst = 0
    for words in ("ids", "texts"):
        text = run(tok, "lm", "export-arpa", "-t", tokenizer, "--words", words, model)
        reader = arpa.loads(without_exponents(text))[0]
        listed = unigram_words(text)
        names = names or listed
        word_of = dict(zip(names, listed, strict=True))
        for sentence, score in zip(ids, scores, strict=False):
            found = log_of(reader, [word_of[i] for i in sentence])
            wanted = -score["nats"] / math.log(10)
            worst = max(worst, abs(found - wanted) / abs(wanted))
    if len(scores) != len(ids) + 1 or len(ids) < 50:
        sys.exit(f"{tokenizer}, order {order}: {len(scores)} scores of {len(ids)} lines")
    if worst > WITHIN:
        sys.exit(f"{tokenizer}, order {order}: the reader differs by {worst}")
    return worst


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tok", required=True)
    tok = pathlib.Path(parser.parse_args().tok).resolve()
    lines = TEXT.read_text().splitlines()
    worst = 0
    with tempfile.TemporaryDirectory() as folder:
        for tokenizer, order in (("tok-32k", 3), ("bytes", 1), ("bytes", 2), ("bytes", 5)):
            worst = max(worst, check(tok, pathlib.Path(folder), tokenizer, order, lines))
    print(f"sentences differ by {worst:.2g} at most")


if __name__ == "__main__":
    main()
