#!/usr/bin/env python3
"""learned.py - what a trainer wrote, and whether two learned the same.

    learned.py compare GOT RIGHT     prints one line of JSON: {"same": true, "count": 31744, "what": "merges"}
    learned.py shared GOT OTHER      the share of GOT's pieces that OTHER has too

A file is a tokenizer.json, a SentencePiece model that tok made a tokenizer.json of, or lines
of hexadecimal digits: "left right" of a merge, or the token where a trainer tells no merges.
A program of its own, so that what it reads is not in the memory of whoever starts trainers:
a process begins its peak memory with that of its parent.
"""
import json
import sys


def byte_alphabet():
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in kept]
    return {**{chr(b): b for b in kept}, **{chr(256 + n): b for n, b in enumerate(others)}}


def merges_of_json(text):
    alphabet = byte_alphabet()
    rows = json.loads(text)["model"]["merges"]
    pairs = (row if isinstance(row, list) else row.split(" ") for row in rows)
    return [tuple(bytes(alphabet[c] for c in part) for part in pair) for pair in pairs]


def read(path):
    """Merges, or tokens, in the order of their making."""
    with open(path) as file:
        text = file.read()
    if text.startswith("{"):
        return merges_of_json(text)
    return [tuple(bytes.fromhex(part) for part in line.split(" ")) for line in text.splitlines()]


def tokens(rows):
    """Texts without merges: each once, as a vocabulary has them."""
    return list(dict.fromkeys(b"".join(row) for row in rows))


def compare(got, right):
    what = "merges" if all(len(row) == 2 for row in got) else "tokens"
    if what == "tokens":
        got, right = tokens(got), tokens(right)
    at = next((i for i, (a, b) in enumerate(zip(got, right)) if a != b), min(len(got), len(right)))
    same = got == right
    answer = {"same": same, "count": len(got), "what": what}
    if not same:
        answer["why"] = f"{what} differ from number {at:,} of {len(right):,}"
    return answer


def pieces(path):
    with open(path) as file:
        model = json.load(file)["model"]
    return set(model["vocab"] if isinstance(model["vocab"], dict) else (row[0] for row in model["vocab"]))


def shared(got, other):
    mine = pieces(got)
    return {"shared": len(mine & pieces(other)) / max(len(mine), 1), "count": len(mine)}


def main():
    command, a, b = sys.argv[1:]
    print(json.dumps(compare(read(a), read(b)) if command == "compare" else shared(a, b)))


if __name__ == "__main__":
    main()
