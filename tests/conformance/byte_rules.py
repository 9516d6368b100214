#!/usr/bin/env python3
"""tok bytes beside the rules of published programs, on models small enough to list everything.

    byte_rules.py --tok build/tok [--models N]

The programs want accelerators or weights; their rules are short, and written here anew from what
their papers and sources say:

covering   genlm-bytes, enum_cover: all rows of tokens whose last one reaches the end (Vieira et
           al. 2024).  tok's `all` is that.
beam       genlm-bytes: places (a row and a part of a token) move by a byte, the K heaviest stay,
           those whose token ended begin anew.  With K large it is the covering; with K small it may
           have nothing left, where tok's beam goes on and its bounds hold the truth.
tree       ByteSampler (Hayase et al. 2025): rows whose neighbours the tokenizer would not join
           otherwise.  With filter_tensors the last token is looked at too: tok's `valid`.  Without,
           its default, it is not: neither `valid` nor `all`, and the table shows by how much.

Which rows the tokenizer makes is asked from Hugging Face's tokenizers.  With --serve FILE the same
script is the model, a provider in tokp/1's lines of JSON.
"""
import argparse
import itertools
import json
import math
import os
import pathlib
import random
import subprocess
import sys
import tempfile

LETTERS = "ab"
END = "<|endoftext|>"
TOLERANCE = 1e-9
TRIED = 6  # texts that a beam ends at, of each model


# ---- models and tokenizers -----------------------------------------------------------

def make_tokenizer(rng):
    """A BPE of bytes, of which two letters are in use, and a few merges."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [b for b in range(256) if b not in shown]
    alphabet = [chr(b) for b in shown] + [chr(256 + i) for i in range(len(hidden))]
    vocab = {c: i for i, c in enumerate(alphabet)}
    words, merges = list(LETTERS), []
    while len(merges) < 5:
        left, right = rng.choice(words), rng.choice(words)
        if left + right not in vocab and len(left + right) <= 4:
            vocab[left + right] = len(vocab)
            merges.append([left, right])
            words.append(left + right)
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    end = {"id": len(vocab), "content": END, "special": True, "single_word": False, "lstrip": False, "rstrip": False,
           "normalized": False}
    made = {"version": "1.0", "added_tokens": [end], "normalizer": None, "pre_tokenizer": level, "post_processor": None,
            "decoder": level, "truncation": None, "padding": None,
            "model": {"type": "BPE", "vocab": vocab, "merges": merges, "dropout": None, "unk_token": None, "fuse_unk": False,
                      "byte_fallback": False, "continuing_subword_prefix": None, "end_of_word_suffix": None,
                      "ignore_merges": False}}
    return made, {vocab[w]: w for w in words}, len(vocab)


def make_model(rng, words, end):
    """A row behind each token and at the beginning: a little for every token, and for the end."""
    rows = {}
    for context in [None, *words]:
        weights = {t: rng.choice([1, 1, 2, 5, 12]) for t in words}
        weights[end] = rng.choice([1, 2])
        total = sum(weights.values())
        rows[context] = {t: w / total for t, w in weights.items()}
    return rows


class Case:
    def __init__(self, seed):
        from tokenizers import Tokenizer
        rng = random.Random(seed)
        self.json, self.words, self.end = make_tokenizer(rng)
        self.rows = make_model(rng, self.words, self.end)
        self.reference = Tokenizer.from_str(json.dumps(self.json))
        self.size = self.end + 1
        self.known = {}

    def valid(self, row):
        """No regex looks ahead here, so a row that begins an encoding is one."""
        if row not in self.known:
            text = "".join(self.words[t] for t in row)
            self.known[row] = self.reference.encode(text).ids == list(row)
        return self.known[row]

    def p(self, row):
        """Of a row of tokens to be the beginning."""
        return math.prod(self.rows[a][b] for a, b in zip((None, *row), row))


# ---- rules ---------------------------------------------------------------------------

def covers(case, text, row=()):
    """All rows whose last token reaches the end of the text or runs over it."""
    at = sum(len(case.words[t]) for t in row)
    if at >= len(text) and row:
        yield row
        return
    for token, word in case.words.items():
        if text.startswith(word, at) or word.startswith(text[at:]):
            yield from covers(case, text, (*row, token))


def covering(case, text):
    return sum(case.p(row) for row in covers(case, text)) if text else 1.0


def tree(case, text, last):
    """`last`: is the last token of a row looked at?"""
    if not text:
        return 1.0
    return sum(case.p(row) for row in covers(case, text) if case.valid(row if last else row[:-1]))


def beam(case, text, k):
    """P of the text as the beam has it, or None where nothing is left."""
    places = [((), "", 1.0)]  # row, part of the next token, probability of the row
    for letter in text:
        moved = []
        for row, part, p in places:
            rest = sum(q for t, q in case.rows[row[-1] if row else None].items()
                       if t in case.words and case.words[t].startswith(part + letter))
            if rest > 0:
                moved.append((p * rest, row, part + letter, p))
        moved = sorted(moved, key=lambda m: -m[0])[:k]
        if not moved:
            return None
        places = [(row, part, p) for _, row, part, p in moved]
        for _, row, part, p in moved:
            for token, word in case.words.items():
                if word == part:
                    places.append(((*row, token), "", p * case.rows[row[-1] if row else None][token]))
    return sum(weight for weight, *_ in moved)


def next_of(rule, case, text):
    whole = rule(case, text)
    return {c: rule(case, text + c) / whole for c in LETTERS}


# ---- tok -------------------------------------------------------------------------------

class Tok:
    def __init__(self, program, case, folder):
        self.program, self.folder = program, pathlib.Path(folder)
        (self.folder / "tokenizer.json").write_text(json.dumps(case.json))
        rows = {str(k): v for k, v in case.rows.items()}
        (self.folder / "model.json").write_text(json.dumps({"size": case.size, "end": case.end, "rows": rows}))
        self.lm = f"exec:{sys.executable} {pathlib.Path(__file__).resolve()} --serve {self.folder / 'model.json'}"

    def next(self, text, *more):
        done = subprocess.run([self.program, "bytes", "next", "--lm", self.lm, "-t", self.folder / "tokenizer.json", "--top", "0",
                               "--prefix", text, *more], capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise SystemExit(f"tok bytes next {text!r} {more}: exit {done.returncode}: {done.stderr}")
        return json.loads(done.stdout)


def letters(answer):
    return {c: next(d["p"] for d in answer["dist"] if d["b"] == ord(c)) for c in LETTERS}


def serve(path):
    model = json.loads(pathlib.Path(path).read_text())
    print(json.dumps({"tokp": 1, "vocab_size": model["size"], "eos": [model["end"]], "markov_order": 2, "form": "json",
                      "deterministic": True}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        row = model["rows"][str(asked["ctx"][-1]) if asked["ctx"] else "None"]
        print(json.dumps({"id": asked["id"], "lp": [math.log(row[str(t)]) if str(t) in row else None
                                                    for t in range(model["size"])]}), flush=True)


# ---- comparisons -------------------------------------------------------------------------

class Tally:
    def __init__(self):
        self.passed = self.failed = 0
        self.worst = {}

    def same(self, what, ours, theirs, where):
        difference = max(abs(ours[c] - theirs[c]) for c in ours)
        self.worst[what] = max(self.worst.get(what, 0), difference)
        self.passed += difference <= TOLERANCE
        if difference > TOLERANCE:
            self.failed += 1
            print(f"    {what}: {where}: tok {ours}, rule {theirs}")

    def true(self, what, holds, where):
        self.passed += bool(holds)
        if not holds:
            self.failed += 1
            print(f"    {what}: {where}")


def holds(tok, text, k, truth):
    """Are there bounds, and is the truth within?"""
    answer = tok.next(text, "--semantics", "all", "--beam", str(k))
    low, high = answer["bounds"]["logP"] if answer["bounds"] else [answer["logP"]] * 2
    return low - TOLERANCE <= truth <= high + TOLERANCE


def check(seed, program, tally, ends):
    case = Case(seed)
    rng = random.Random(seed + 1000)
    apart = 0.0
    with tempfile.TemporaryDirectory() as folder:
        tok = Tok(program, case, folder)
        for length in (1, 3, 6):
            text = "".join(rng.choice(LETTERS) for _ in range(length))
            where = f"model {seed}, {text}"
            tally.same("covering", letters(tok.next(text, "--semantics", "all")), next_of(covering, case, text), where)
            valid = letters(tok.next(text, "--semantics", "valid"))
            tally.same("tree, filtered", valid, next_of(lambda c, t: tree(c, t, True), case, text), where)
            loose = next_of(lambda c, t: tree(c, t, False), case, text)
            apart = max(apart, max(abs(valid[c] - loose[c]) for c in LETTERS))
            truth = math.log(covering(case, text))
            tally.true("bounds of a beam of 2", holds(tok, text, 2, truth), where)
        dead = []
        for text in map("".join, itertools.product(LETTERS, repeat=7)):
            for k in ends:
                ends[k] += beam(case, text, k) is None
            if beam(case, text, 1) is None:
                dead.append(text)
        for text in rng.sample(dead, min(TRIED, len(dead))):
            tally.true("a beam of 1 goes on", holds(tok, text, 1, math.log(covering(case, text))), f"model {seed}, {text}")
        exact = math.log(covering(case, "abab"))
        tally.true("a wide beam is the covering", abs(math.log(beam(case, "abab", 10 ** 6)) - exact) < TOLERANCE, f"model {seed}")
    return apart


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tok")
    parser.add_argument("--serve")
    parser.add_argument("--models", type=int, default=4)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve)
        return 0
    tally, ends = Tally(), {1: 0, 2: 0, 4: 0}
    apart = [check(seed, os.path.abspath(options.tok), tally, ends) for seed in range(options.models)]
    print("| rule | tok | worst difference |\n|---|---|---|")
    print(f"| covering (genlm-bytes, exact) | all | {tally.worst['covering']:.1e} |")
    print(f"| tree, filter_tensors (ByteSampler) | valid | {tally.worst['tree, filtered']:.1e} |")
    print(f"| tree, as it comes (ByteSampler) | valid | {max(apart):.3f} |")
    for k, count in ends.items():
        print(f"| beam of {k} (genlm-bytes) | goes on | nothing left of {count} of {options.models * 2 ** 7} texts |")
    tally.true("the tree as it comes is something else", max(apart) > 0.001, apart)
    tally.true("a beam of 1 comes to an end", ends[1] > 0, ends)
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main())
