#!/usr/bin/env python3
"""Tables of splits of real tokenizers against their vocabularies read with other programs.

    splits.py --program build/tests/test_splits --cache build/test-data

All pairs are found here by looking up each way to cut each token in a dictionary.  Where
ids are not joined as bytes, the reference decides about pairs that the table lacks: it must
decode them otherwise than the token; and some that the table has, which it must not.
Counts of pairs and their histograms are those of the published program's table.
"""
import argparse
import base64
import collections
import json
import os
import pathlib
import random
import subprocess
import sys

import sentencepiece
import tokenizers

# Pairs in all, and how many tokens have 0, 1, 2, ... of them.
PUBLISHED = {
    "gpt2": (108299, {0: 256, 1: 13114, 2: 19970, 3: 12984, 4: 3483, 5: 407, 15: 1}),
    "cl100k": (233378, {0: 256, 1: 23164, 2: 38233, 3: 27529, 4: 9112, 80: 2}),
    "o200k": (446189, {0: 256, 1: 56228, 2: 70888, 3: 50645, 4: 18203}),
}
# What the published program has of some of GPT-2's, in its order.
VECTORS = {
    1492: [(220, 2070), (275, 566), (1489, 482), (22513, 74)],
    4255: [(220, 27916), (269, 566), (763, 482)],
    27916: [(66, 566), (1073, 482)],
    41236: [(14787, 8396)],
    2025: [(32, 77)],
    1672: [(220, 20688), (409, 1403), (2814, 1154)],
    3064: [(16, 405), (940, 15)],
    10163: [(16, 1954), (1065, 18)],
}
GPT2_LATER = (22180, 16256)  # pairs with a part that is later than the token; tokens with one
GPT2_CUT = (557, 483)  # pairs that cut a character; tokens that have no other
SAMPLE = 150

failures = 0


def check(holds, what):
    global failures
    if not holds:
        failures += 1
        print(f"FAILED: {what}")


def table_of(program, path, *options):
    """Id to pairs, in their order."""
    done = subprocess.run([program, "--table", path, *options], capture_output=True, check=True)
    table = collections.defaultdict(list)
    for line in done.stdout.splitlines():
        token, left, right = map(int, line.split())
        table[token].append((left, right))
    return table


# ---- vocabularies: (surface, is behind another one) to id ---------------------------


def gpt2_alphabet():
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [b for b in range(256) if b not in shown]
    return {chr(b): b for b in shown} | {chr(256 + i): b for i, b in enumerate(hidden)}


ALPHABET = gpt2_alphabet()


def lowered(word):
    return bytes(ALPHABET[c] for c in word) if all(c in ALPHABET for c in word) else None


def plain(words):
    return {(text, behind): i for text, i in words for behind in (False, True)}


def read_ranks(path):
    lines = (line.split() for line in path.read_bytes().splitlines())
    return plain([(base64.b64decode(word), int(rank)) for word, rank in lines])


def read_encoder(path):
    return plain([(lowered(w), i) for w, i in json.loads(path.read_text()).items() if lowered(w)])


class Hf:
    """tokenizer.json: bytes where its pre-tokenizer ends in ByteLevel."""

    def __init__(self, path):
        data = json.loads(path.read_text())
        self.t = tokenizers.Tokenizer.from_file(str(path))
        self.whole = {a["id"] for a in data["added_tokens"]}
        special = {a["id"] for a in data["added_tokens"] if a["special"]}
        model = data["model"]
        steps = data["pre_tokenizer"] or {"type": ""}
        steps = steps.get("pretokenizers") or [steps]
        words = [(w, i) for w, i in model["vocab"].items()
                 if i not in special and w != model.get("unk_token")]
        if steps[-1]["type"] == "ByteLevel":
            words = [(lowered(w), i) for w, i in words if lowered(w)]
        elif model.get("byte_fallback"):
            words = [(w, i) for w, i in words if not (len(w) == 6 and w.startswith("<0x"))]
        self.words = plain(words)
        self.is_bytes = steps[-1]["type"] == "ByteLevel"

    def decode(self, ids):
        return self.t.decode(ids, skip_special_tokens=False)


class Bert:
    def __init__(self, path):
        words = {w: i for i, w in enumerate(path.read_text().split("\n")) if w}
        self.t = tokenizers.BertWordPieceTokenizer(str(path))
        self.whole, self.is_bytes = set(), False
        special = {"[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"}
        self.words = {(w[2:], True) if w.startswith("##") else (w, False): i
                      for w, i in words.items() if w not in special and w != "##"}

    def decode(self, ids):
        return self.t.decode(ids, skip_special_tokens=False)


class Spm:
    def __init__(self, path):
        self.t = t = sentencepiece.SentencePieceProcessor(model_file=str(path))
        apart = [t.is_control, t.is_unknown, t.is_unused, t.is_byte]
        ids = [i for i in range(t.get_piece_size()) if not any(f(i) for f in apart)]
        self.words = plain([(t.id_to_piece(i), i) for i in ids])
        self.whole, self.is_bytes = set(), False

    def decode(self, ids):
        return self.t.decode(ids)


# ---- the law ------------------------------------------------------------------------


def pairs_of(words, whole=()):
    table = {}
    for (text, behind), i in words.items():
        if i in whole or i in table:
            continue
        cuts = ((words.get((text[:j], behind)), words.get((text[j:], True)))
                for j in range(1, len(text)))
        table[i] = [(a, b) for a, b in cuts if a is not None and b is not None]
    return table


def same_table(name, ours, theirs):
    wrong = [i for i in set(ours) | set(theirs) if ours.get(i, []) != theirs.get(i, [])]
    check(not wrong, f"{name}: {len(wrong)} tokens have other pairs, as {wrong[:3]}")


def against_decoder(name, reference, ours, theirs, filler):
    """What we lack must be decoded otherwise somewhere; what we have, nowhere."""

    def alike(token, pair):
        return all(reference.decode([*x, token, *y]) == reference.decode([*x, *pair, *y])
                   for x in ([], [filler]) for y in ([], [filler]))

    lacking = more = 0
    for i, pairs in theirs.items():
        have = ours.get(i, [])
        check([p for p in pairs if p in have] == have, f"{name}: {i} has other pairs or order")
        more += len(have)
        for pair in pairs:
            if pair not in have:
                lacking += 1
                check(not alike(i, pair), f"{name}: {i} lacks {pair}")
    check(set(ours) <= set(theirs), f"{name}: tokens that should be left alone")
    rng = random.Random(1)
    for i in rng.sample(sorted(ours), min(SAMPLE, len(ours))):
        for pair in ours[i]:
            check(alike(i, pair), f"{name}: {i} as {pair} is decoded otherwise")
    print(f"{name}: {more} pairs, {lacking} that are decoded otherwise")


def published(program, folder):
    for name, (pairs, histogram) in PUBLISHED.items():
        path = folder / name
        words = (read_encoder(path / "encoder.json") if name == "gpt2"
                 else read_ranks(path / f"{name}_base.tiktoken"))
        if name == "gpt2":  # its special token is no rank
            words = {k: i for k, i in words.items() if i != 50256}
        ours, theirs = table_of(program, path), pairs_of(words)
        same_table(name, ours, theirs)
        check(sum(map(len, ours.values())) == pairs, f"{name}: not {pairs} pairs")
        counts = collections.Counter(len(ours.get(i, [])) for i in theirs)
        for many, tokens in histogram.items():
            check(counts[many] == tokens, f"{name}: {counts[many]} tokens have {many} pairs")
        check(max(counts) == max(histogram) or name == "o200k", f"{name}: {max(counts)} pairs")
        print(f"{name}: {pairs} pairs")
    gpt2_facts(program, folder / "gpt2")


def gpt2_facts(program, path):
    every, earlier = table_of(program, path), table_of(program, path, "earlier")
    safe = table_of(program, path, "any", "0", "utf8")
    short = table_of(program, path, "any", "3")
    for i, pairs in VECTORS.items():
        check(every[i] == pairs, f"gpt2: {i} has {every[i]}")

    same_table("gpt2 earlier", earlier,
               {i: [p for p in v if max(p) < i] for i, v in every.items()})

    def lost(table):
        return (sum(map(len, every.values())) - sum(map(len, table.values())),
                sum(len(v) > len(table.get(i, [])) for i, v in every.items()))

    check(lost(earlier) == GPT2_LATER, f"gpt2: {lost(earlier)} pairs, tokens have a later part")
    cut = lost(safe)[0], len(set(every) - set(safe))
    check(cut == GPT2_CUT, f"gpt2: {cut} pairs cut characters, tokens have no other")
    size = {i: len(text) for (text, _), i in read_encoder(path / "encoder.json").items()}
    same_table("gpt2 min", short, {i: [p for p in v if min(map(size.get, p)) >= 3]
                                   for i, v in every.items()})


def last_merges(program, folder):
    """Each merge of a list made by training is how its token comes to be."""
    for name in ("llama3", "llama2"):
        path = folder / name / "tokenizer.json"
        model = json.loads(path.read_text())["model"]
        vocab = model["vocab"]
        merges = [m.split(" ") if isinstance(m, str) else m for m in model["merges"]]
        listed = collections.defaultdict(set)
        for a, b in merges:
            listed[vocab[a + b]].add((vocab[a], vocab[b]))
        ours, every = table_of(program, folder / name, "merges"), table_of(program, folder / name)
        check(all(len(v) == 1 and v[0] in listed[i] for i, v in ours.items()),
              f"{name}: a pair that is no merge")
        check(all(v[0] in every[i] for i, v in ours.items()), f"{name}: a pair that is no split")
        # A token whose only merge is there has it.
        sure = {i for i in every if len(listed[i]) == 1 and every[i] == list(listed[i])}
        check(sum(i in ours for i in sure) > 0.98 * len(sure), f"{name}: merges are missing")
        print(f"{name}: {len(ours)} last merges")
    merges = (folder / "gpt2" / "vocab.bpe").read_text().split("\n")[1:]
    vocab = json.loads((folder / "gpt2" / "encoder.json").read_text())
    wanted = {vocab[m.replace(" ", "")]: [tuple(vocab[w] for w in m.split(" "))]
              for m in merges if m}
    same_table("gpt2 merges", table_of(program, folder / "gpt2", "merges"), wanted)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--cache", required=True, type=pathlib.Path)
    args = parser.parse_args()
    folder = args.cache / "tokenizers"
    missing = [n for n in ("gpt2", "cl100k", "o200k", "llama3", "llama2", "gemma3",
                           "bert", "llama2_spm", "albert") if not (folder / n).exists()]
    if missing:
        print(f"SKIPPED: {', '.join(missing)} not there")
        sys.exit(os.environ.get("CI") == "true")
    published(args.program, folder)
    last_merges(args.program, folder)
    for name in ("llama3", "llama2", "gemma3"):
        reference = Hf(folder / name / "tokenizer.json")
        ours, theirs = table_of(args.program, folder / name), pairs_of(reference.words, reference.whole)
        if reference.is_bytes:
            same_table(name, ours, theirs)
        else:
            against_decoder(name, reference, ours, theirs, reference.words["the", False])
    for name, kind, file in (("bert", Bert, "vocab.txt"), ("llama2_spm", Spm, "tokenizer.model"),
                             ("albert", Spm, "spiece.model")):
        reference = kind(folder / name / file)
        ours, theirs = table_of(args.program, folder / name), pairs_of(reference.words, reference.whole)
        against_decoder(name, reference, ours, theirs, reference.words["the", False])
    print(f"{failures} failed")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
