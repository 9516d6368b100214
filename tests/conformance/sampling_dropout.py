#!/usr/bin/env python3
"""BPE-dropout beside the programs that it is named after, on real vocabularies.

    sampling_dropout.py --program build/tests/test_dropout_pipe --cache build/test-data

The references are asked for many segmentations of a word; that these are drawn from our
exact distribution (test_dropout holds our samplers to the same) is judged by chi-square.
The same draws are then held against the other methods' distributions: they must not fit,
or the test could not tell.

The references' generators have no seed that a caller could set, so each run draws anew.
The bound and the size of a cell are such that in 100,000 simulated runs of all rows no
draw from the right distribution was refused.
"""
import argparse
import json
import math
import pathlib
import subprocess
import sys
import tempfile
from collections import Counter

import sentencepiece
from tokenizers import Tokenizer, models, pre_tokenizers

DRAWS = 10000
BOUND = 1e-8
CELL = 50  # draws expected in a cell: where fewer are, chi-square's tail is too light

failures = 0
checks = 0
powers = {"hf": 0, "sp": 0}  # rows in which other methods were ruled out


def check(ok, what):
    global failures, checks
    checks += 1
    if not ok:
        failures += 1
        print("FAILED:", what)


def exact(program, method, p, path, words):
    """For each word a dict from ids to their probability."""
    done = subprocess.run([program, "--exact", method, str(p), path], text=True, capture_output=True,
                          input="".join(word + "\n" for word in words))
    if done.returncode != 0:
        sys.exit(f"{path}: {done.stderr}")
    found = []
    for block in done.stdout.split("\n\n")[:-1]:
        rows = (line.split() for line in block.strip("\n").split("\n"))
        found.append({tuple(map(int, ids)): float(chance) for chance, *ids in rows})
    assert len(found) == len(words)
    return found


def cells_of(counts, expected):
    """(found, mean) of what is common, and of all the rest together."""
    common = {ids: p * DRAWS for ids, p in expected.items() if p * DRAWS >= CELL}
    cells = sorted(((counts[ids], mean) for ids, mean in common.items()), key=lambda cell: -cell[1])
    rest = DRAWS - sum(found for found, _ in cells), DRAWS - sum(common.values())
    if rest[1] < CELL:
        found, mean = cells.pop()
        rest = rest[0] + found, rest[1] + mean
    return cells + [rest]


def chance_of(counts, expected):
    """Of a chi-square as large or larger (Wilson and Hilferty)."""
    if any(ids not in expected for ids in counts):
        return 0.0
    cells = cells_of(counts, expected)
    k = len(cells) - 1
    if k < 1:
        return 1.0
    x = sum((found - mean) ** 2 / mean for found, mean in cells)
    z = ((x / k) ** (1 / 3) - (1 - 2 / (9 * k))) / math.sqrt(2 / (9 * k))
    return math.erfc(z / math.sqrt(2)) / 2


def mean_length(distribution):
    return sum(p * len(ids) for ids, p in distribution.items())


def compare(program, name, path, own, p, words, draw):
    """`draw(word, count)` asks the reference, which `own` is the method of."""
    found = {m: exact(program, m, p, path, words) for m in ("paper", "hf", "sp")}
    for i, word in enumerate(words):
        counts = Counter(draw(word, DRAWS))
        chances = {m: chance_of(counts, found[m][i]) for m in found}
        lengths = ", ".join(f"{m} {mean_length(found[m][i]):.4f}" for m in found)
        drawn = sum(len(ids) * n for ids, n in counts.items()) / DRAWS
        print(f"{name} {word!r} p {p}: chance {chances[own]:.3g}; tokens {drawn:.4f}, expected {lengths}")
        check(chances[own] > BOUND, f"{name} {word!r} p {p}: chance {chances[own]:.3g}; "
              f"never expected {[ids for ids in counts if ids not in found[own][i]]}; "
              f"found and expected {cells_of(counts, found[own][i])}")
        others = [chances[m] for m in found if m != own]
        powers[own] += all(chance < BOUND for chance in others)


# ---- Hugging Face --------------------------------------------------------------------

WORDS = ["hello", " strawberry", " tokenization", " the", "decompose", "na\u00efvet\u00e9", "\U0001F9FF!"]


def gpt2_json(folder):
    merges = [tuple(line.split(" ")) for line in (folder / "vocab.bpe").read_text().split("\n")[1:] if line]
    vocab = json.loads((folder / "encoder.json").read_text())
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return json.loads(tokenizer.to_str())


def unreachable_json():
    """A token that no merge makes: found whole, unless dropout is on."""
    vocab = {"a": 0, "b": 1, "c": 2, "ab": 3, "abc": 4, "?": 5}
    return {"model": {"type": "BPE", "vocab": vocab, "merges": ["a b"], "ignore_merges": True,
                      "unk_token": "?", "fuse_unk": True}}


def affixed_json():
    """Prefix, suffix, and unknown characters."""
    vocab = ["?", "a", "b", "##a", "##b", "##b</w>", "##a</w>", "a</w>", "ab", "##ab", "##ab</w>",
             "abab</w>", "aab</w>", "abab"]
    merges = ["a ##b", "##a ##b</w>", "##a ##b", "ab ##ab</w>", "ab ##ab", "a ##ab</w>"]
    return {"model": {"type": "BPE", "vocab": {v: i for i, v in enumerate(vocab)}, "merges": merges,
                      "unk_token": "?", "continuing_subword_prefix": "##", "end_of_word_suffix": "</w>"}}


def with_hugging_face(program, folder, cache):
    def ask(tokenizer):
        def draw(word, count):
            for answer in tokenizer.encode_batch_fast([word] * count, add_special_tokens=False):
                yield tuple(answer.ids)
        return draw

    sources = {name: json.loads((cache / "tokenizers" / name / "tokenizer.json").read_text())
               for name in ("llama2", "llama3", "gemma3")}
    sources["gpt2"] = gpt2_json(cache / "tokenizers" / "gpt2")
    small = {"unreachable": (unreachable_json(), ["abc", "cabcxy"]), "affixed": (affixed_json(), ["abab", "aababb", "axbab"])}
    for name, (source, words) in {**{n: (s, WORDS) for n, s in sources.items()}, **small}.items():
        for p in (.1, .4):
            source["model"]["dropout"] = None
            path = folder / f"{name}.json"
            path.write_text(json.dumps(source))
            source["model"]["dropout"] = p
            compare(program, name, path, "hf", p, words, ask(Tokenizer.from_str(json.dumps(source))))


# ---- SentencePiece --------------------------------------------------------------------

def with_sentencepiece(program, cache):
    def ask(processor):
        def draw(word, count):
            for ids in processor.encode([word] * count, enable_sampling=True, alpha=p, nbest_size=-1, num_threads=1):
                yield tuple(ids)
        return draw

    paths = [cache / "tokenizers/llama2_spm/tokenizer.model", cache / "tokenizers/mistral_v3/tokenizer.model",
               *sorted(path for path in (cache / "spm").glob("*-bpe-*.model")
                      if "+" not in path.name or "+set_unused" in path.name)]
    for path in paths:
        processor = sentencepiece.SentencePieceProcessor(model_file=str(path))
        sentencepiece.set_random_generator_seed(7)
        for p in (.1, .5):
            compare(program, path.parent.name + "/" + path.name, path, "sp", p,
                    ["strawberry", "unrelated", "na\u00efve x", "\U0001F9FFa"], ask(processor))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--cache", required=True, type=pathlib.Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        with_hugging_face(args.program, pathlib.Path(name), args.cache)
    with_sentencepiece(args.program, args.cache)
    print(f"{checks} comparisons, {failures} failed; the other methods ruled out: {powers}")
    check(powers["hf"] >= 20 and powers["sp"] >= 20, f"the draws tell too little apart: {powers}")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
