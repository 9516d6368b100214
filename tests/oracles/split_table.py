#!/usr/bin/env python3
"""Ask numpy and Python how the published program splits, and print a C table.

    python3 -B tests/oracles/split_table.py build/test-data > tests/unit/split_table.inc

Needs numpy 2.3.5.  The pairs are those of GPT-2, of all tokens that the documents can be split into.
"""
import pathlib
import random
import sys

import numpy

from published_split import pair_table, read_ranks, seed, split

SENTENCE = [464, 4255, 1100, 257, 1492, 546, 41236, 13]  # The cook read a book about strawberry.
WORDS = {"book": [1492], "strawberry": [41236], "an_example": [2025, 1672]}
RUNS = [  # document, seed, proportion, largest number of splits, rounded by chance?
    *((SENTENCE, s, p, None, False) for s, p in ((0, .5), (0, 1), (0, 3), (1, .5), (1, 1), (42, .5), (42, 1))),
    (SENTENCE, 7, 2.7, 4, False), (SENTENCE, 8, .3, None, True), (SENTENCE, 9, .3, None, True),
    (SENTENCE, 4294967295, 1.9, None, False), ([1492], 3, 1, None, False), ([1492], 3, 9, None, False),
    ([13], 5, 4, None, False), (SENTENCE * 50, 11, .7, None, False), (SENTENCE * 50, 12, 6.2, None, False),
]


def reachable(ids, table):
    found, todo = set(), list(ids)
    while todo:
        token = todo.pop()
        if token not in found:
            found.add(token)
            todo += [part for pair in table.get(token, ()) for part in pair]
    return sorted(found)


def array(name, ids):
    print(f"static const tok_id {name}[] = {{")
    for at in range(0, len(ids), 14):
        print("\t" + ", ".join(map(str, ids[at:at + 14])) + ",")
    print("};")


def numbers(name, draw, limits):
    print(f"static const uint32_t {name}[] = {{ // below, drawn, drawn, drawn")
    for limit in limits:
        print("\t" + ", ".join(map(str, [limit] + [draw(limit) for _ in range(3)])) + ",")
    print("};")


def main():
    table = pair_table(read_ranks(pathlib.Path(sys.argv[1]) / "tokenizers/r50k/r50k_base.tiktoken"))
    print("// Made by tests/oracles/split_table.py.\n")
    limits = [1, 2, 3, 4, 5, 7, 8, 100, 256, 1000, 65536, 65537, 1 << 31, (1 << 32) - 2, 1]
    seed(1234)
    numbers("numpy_draws", lambda limit: int(numpy.random.randint(limit)), limits)
    numbers("python_draws", lambda limit: random.choice(range(limit)), limits)
    print(f"static const double numpy_real = {numpy.random.random()!r}; // drawn next\n")

    used = reachable([*SENTENCE, *(i for ids in WORDS.values() for i in ids)], table)
    print("// token, left, right")
    print("static const struct vector_pair split_pairs[] = {")
    for token in used:
        for left, right in table.get(token, ()):
            print(f"\t{{ {token}, {left}, {right} }},")
    print("};")
    rows = []
    for number, (ids, start, proportion, most, chance) in enumerate(RUNS):
        seed(start)
        array(f"run_{number}_in", ids)
        array(f"run_{number}_out", split(ids, table, proportion, most, chance))
        rows.append(f"\tRUN({number}, {start}u, {proportion}, {'TOK_SPLIT_ALL' if most is None else most}, "
                    f"{'TOK_ROUND_STOCHASTIC' if chance else 'TOK_ROUND_FLOOR'}),")
    print("static const struct run runs[] = {", *rows, "};", sep="\n")


if __name__ == "__main__":
    main()
