#!/usr/bin/env python3
"""Dynamic merging as its definition and the published program have it: slow, and plain.

    merge(sequences, allows, merges, join)   counts anew before each merge
    Boundary(kind, ...)                      which tokens may be joined

Run by itself it merges the example of the published README.  Where that says 36 tokens
at first, its two lines have 37; the ten merges and the 20 tokens at the end are its own.

The definition is that of D. Feher, I. Vulic, B. Minixhofer, "Retrofitting Large Language
Models with Dynamic Tokenization" (arXiv 2411.18553): overlapping pairs count, of equally
frequent pairs the one met first is joined.  Tokens are bytes here.  Where a token is
not a piece of text, as WordPiece's are, `join` and `read` say what it spells.
"""
import re
from collections import Counter
from functools import lru_cache

SPACELIKE = b"\t\n "
PUNCTUATION = set(b".,!?;:()-\"'\\/`$%&*+<=>@[]^_{|}~")


def replace(sequence, left, right, result):
    out, i = [], 0
    while i < len(sequence):
        if i + 1 < len(sequence) and sequence[i] == left and sequence[i + 1] == right:
            out.append(result)
            i += 2
        else:
            out.append(sequence[i])
            i += 1
    return out


def merge(sequences, allows, merges, join=lambda a, b: a + b):
    """The merged sequences, and the steps: left, right, result, count, ids after it."""
    sequences, steps = [list(s) for s in sequences], []
    while len(steps) < merges:
        counts = Counter()
        for sequence in sequences:
            counts.update(pair for pair in zip(sequence, sequence[1:]) if allows(*pair))
        if not counts:
            break
        left, right = max(counts, key=counts.get)  # of equals the first that was put in
        result = join(left, right)
        sequences = [replace(s, left, right, result) for s in sequences]
        steps.append((left, right, result, counts[left, right], sum(map(len, sequences))))
    return sequences, steps


class Boundary:
    """`pieces` counts the pre-tokens of a text, `read` says what a token is to it, `mark` stands for a space."""

    def __init__(self, kind, pieces, specials=(), vocabulary=(), mark=b" ", read=lambda token: token,
                 join=lambda a, b: a + b):
        self.kind, self.pieces, self.mark, self.read, self.join = kind, pieces, mark, read, join
        self.specials = set(specials)
        self.punctuation = {t for t in vocabulary if PUNCTUATION & set(read(t)) and not re.search(rb"[0-9]", read(t))}
        self.allows = lru_cache(maxsize=None)(self.ask)

    def ask(self, left, right):
        if left in self.specials or right in self.specials:
            return False
        if self.kind == "none":
            return True
        text = self.read(self.join(left, right))
        plain = text.replace(self.mark, b" ")
        if any(b in SPACELIKE for b in plain[1:]) and (plain == b"\n\n" or not all(b in SPACELIKE for b in plain)):
            return False
        try:
            words = plain.decode()
        except UnicodeDecodeError:
            return True
        if self.kind == "pretokens":
            return self.pieces(text.decode()) == 1
        # Python takes the separators U+001C to U+001F for white space; Unicode does not.
        if len([w for w in re.split("[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+", words) if w]) != 1:
            return False
        if self.kind == "word-hyphen" and left not in self.punctuation and right in self.punctuation:
            return self.read(right) == b"-"
        return True


def example():
    lines = ["<s> ĠR ib on uc le op rote in Ġparticles Ġreg ulate Ġm R NA Ġstability . </s>",
             "<s> Ġm R NA Ġstability Ġis Ġmod ulated Ġby Ġrib on uc le op rote in Ġfactors . </s>"]
    sequences = [[t.replace("Ġ", " ").encode() for t in line.split()] for line in lines]
    pattern = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+(?!\S)|\s+")
    boundary = Boundary("pretokens", lambda text: len(pattern.findall(text)), [b"<s>", b"</s>"])
    merged, steps = merge(sequences, boundary.allows, 10)
    for left, right, _, count, length in steps:
        print(left.decode(), "+", right.decode(), count, length)
    for sequence in merged:
        print(b"|".join(sequence).decode())
    return sum(map(len, sequences)), sum(map(len, merged)), [s[3] for s in steps]


if __name__ == "__main__":
    assert example() == (37, 20, [2] * 7 + [1] * 3)
