#!/usr/bin/env python3
"""Models of n-grams against exact rationals, and their ARPA against an independent reader.

    python3 -B tests/conformance/ngram.py --driver build/tests/conformance/ngram_driver
"""
import argparse
import math
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "oracles"))
from ngram import BEGIN, END, Arpa, Model  # noqa: E402

SIZE = 256  # without a tokenizer, ids are bytes
WORST = {"rational": 0.0, "sum": 0.0, "arpa": 0.0, "back": 0.0}


def run(driver, *arguments, given=b""):
    return subprocess.run([driver, *map(str, arguments)], input=given, stdout=subprocess.PIPE, check=True).stdout


def corpus(chance):
    kinds, documents = chance.choice([1, 2, 5, 20, 200]), []
    weights = [1 / (k + 1) for k in range(kinds)]
    names = chance.sample(range(SIZE), kinds)
    for _ in range(chance.choice([0, 1, 3, 40])):
        documents.append(chance.choices(names, weights, k=chance.choice([0, 1, 2, 10, 60])))
    return documents


def contexts_of(chance, documents, order):
    found = [[], [chance.randrange(SIZE)], [chance.randrange(SIZE) for _ in range(6)]]
    for _ in range(12):
        document = chance.choice(documents) if documents else []
        at = chance.randint(0, len(document))
        found.append(document[max(0, at - chance.randint(0, order + 1)):at] if at > order else document[:at])
    return found


def rows(driver, model, contexts):
    given = "".join(" ".join(map(str, c)) + "\n" for c in contexts).encode()
    numbers = struct.iter_unpack(f"={SIZE + 1}d", run(driver, "rows", model, given=given))
    return [[math.exp(x) for x in row] for row in numbers]


def note(kind, found, allowed, where):
    WORST[kind] = max(WORST[kind], found)
    if not found <= allowed:
        sys.exit(f"{where}: {kind}: off by {found}, at most {allowed} is allowed")


def check_rationals(exact, contexts, found, where):
    for context, row in zip(contexts, found, strict=True):
        note("sum", abs(math.fsum(row) - 1), 1e-12, where)
        tokens = {*exact_tokens(exact), *range(0, SIZE, 37), END}
        for token in tokens:
            wanted = float(exact.probability(context, token))
            got = row[SIZE if token == END else token]
            note("rational", abs(got - wanted) / wanted, 1e-12, f"{where}, {context} {token}")


def exact_tokens(exact):
    return {gram[0] for gram in exact.counts[1] if gram[0] != END}


def check_arpa(exact, arpa, contexts, found, where):
    for context, row in zip(contexts, found, strict=True):
        words = ["<s>" if w == BEGIN else str(w) for w in exact.context(context)]
        for token in [*range(0, SIZE, 5), END]:
            wanted = 10 ** arpa.log10(words, str(token))
            note("arpa", abs(row[SIZE if token == END else token] - wanted) / wanted, 1e-10, where)


def rounded(text, digits):
    """The same file with fewer digits."""
    out = []
    for line in text.splitlines():
        fields = line.split("\t")
        if len(fields) > 1:
            fields = [f"{float(fields[0]):.{digits}f}", fields[1], *(f"{float(f):.{digits}f}" for f in fields[2:])]
        out.append("\t".join(fields))
    return "\n".join(out) + "\n"


def check_back(driver, folder, text, contexts, found, where):
    model = folder / "back.tlm"
    report = run(driver, "import", model, "ids", "drop", given=text.encode()).split()
    if float(report[1]) > 1e-9 or int(report[0]):
        sys.exit(f"{where}: our own file does not sum to one: {report}")
    for before, after in zip(found, rows(driver, model, contexts), strict=True):
        note("sum", abs(math.fsum(after) - 1), 1e-12, where)
        note("back", max(abs(a - b) / b for a, b in zip(after, before)), 1e-9, where)
    report = run(driver, "import", model, "ids", "drop", given=rounded(text, 3).encode()).split()
    if int(report[0]) == 0 or float(report[1]) > 0.1:
        sys.exit(f"{where}: three digits sum to one: {report}")
    for before, after in zip(found, rows(driver, model, contexts), strict=True):
        note("sum", abs(math.fsum(after) - 1), 1e-12, where)
        if max(abs(a - b) for a, b in zip(after, before)) > 0.02:
            sys.exit(f"{where}: three digits give another model")


def check(driver, folder, seed):
    chance = random.Random(seed)
    documents, order, model = corpus(chance), chance.randint(1, 5), folder / "m.tlm"
    where = f"seed {seed}, order {order}"
    given = b"".join(struct.pack(f"={len(d) + 1}I", *d, 0xFFFFFFFF) for d in documents)
    run(driver, "train", order, chance.choice([0, 1]), model, given=given)
    exact = Model(documents, order, SIZE)
    contexts = contexts_of(chance, documents, order)
    found = rows(driver, model, contexts)
    check_rationals(exact, contexts, found, where)
    text = run(driver, "export", model, "ids").decode()
    check_arpa(exact, Arpa(text), contexts, found, where)
    check_back(driver, folder, text, contexts, found, where)
    by_text = run(driver, "export", model, "texts")
    run(driver, "import", folder / "texts.tlm", "texts", "drop", given=by_text)
    again = run(driver, "export", folder / "texts.tlm", "ids").decode()
    if [line.split("\t")[1:2] for line in again.splitlines()] != [line.split("\t")[1:2] for line in text.splitlines()]:
        sys.exit(f"{where}: other n-grams after texts")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    parser.add_argument("--count", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(options.count):
            check(options.driver, pathlib.Path(folder), seed)
    print(f"{options.count} models; worst differences: {WORST}")


if __name__ == "__main__":
    main()
