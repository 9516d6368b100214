#!/usr/bin/env python3
"""The lattice samplers beside SentencePiece's, and beside slow implementations.

    sampling_unigram.py --probe build/tests/conformance/sample_probe --cache build/test-data

Of Unigram models: the n best and their scores, entropies, scores of samples, how often
each segmentation is drawn (all of them, among the n best, without replacement, with the
best one first).  SentencePiece adds scores up in 32 bits, tok in 64: the largest
differences are printed, and must be within what 32 bits leave.  Each comparison of
frequencies is made once more with an alpha that is a tenth off, which must be noticed.

Of BPE and WordPiece vocabularies: the whole distribution of MaxMatch-dropout and uniform
sampling for words, and the longest match of whole texts, against Python.
"""
import argparse
import collections
import json
import math
import os
import pathlib
import subprocess
import sys

SEED = 20260705
BOUND = 3.72  # standard deviations: a chance of 1e-4
ACCURACY = 2e-6  # of a sum of scores in 32 bits, for each unit of its size; rounding adds up

TEXTS = ("hello", "tokenization", "internationalization", "unrelated", "New York is", "the the",
         "Straße", "über", "日本語", "naïve café", "a1b2c3", "state-of-the-art", "123456", "x☃y",
         "supercalifragilistic", "aaaaaa", "5–6 €", "5–6 € – €")
LONG = ("The quick brown fox jumps over the lazy dog, and then it does so again. " * 4,
        "Сегодня хорошая погода, и мы идём гулять в парк.", "日本語のトークナイザーを作っています。")

failures = []


def check(good, *what):
    if not good:
        failures.append(what)
        print("WRONG:", *what)


class Probe:
    """One tokenizer, one method."""

    def __init__(self, program, tokenizer, method, p=0.0, alpha=0.0, nbest=-1):
        self.command = [program, str(tokenizer), method, repr(p), repr(alpha), str(nbest)]

    def lines(self, what, count, texts, seed=SEED):
        data = "".join(text + "\n" for text in texts).encode()
        run = subprocess.run(self.command + [what, str(count), str(seed)], input=data,
                             stdout=subprocess.PIPE, check=True)
        return run.stdout.decode().split("\n")[:len(texts)]

    def draws(self, what, count, texts, seed=SEED):
        """(log probability, log inclusion, ids) of each; None where there are too many."""
        found = []
        for line in self.lines(what, count, texts, seed):
            if line.startswith("error"):
                found.append(None)
                continue
            rows = [row.split() for row in line.split(";")]
            found.append([(float(a), float(b), tuple(map(int, ids))) for a, b, *ids in rows])
        return found

    def sample(self, count, texts, seed=SEED):
        found = []
        for line in self.lines("sample", count, texts, seed):
            rows = [list(map(int, row.split())) for row in line.split(";")]
            found.append(collections.Counter({tuple(ids): n for n, *ids in rows}))
        return found


def deviations(expected, seen):
    """Chi-square, as standard deviations (Wilson and Hilferty)."""
    total = sum(seen.values())
    cells, rest, rest_seen = [], 0.0, sum(n for ids, n in seen.items() if ids not in expected)
    strange = rest_seen
    for ids, p in expected.items():
        if p * total < 5:
            rest += p * total
            rest_seen += seen[ids]
        else:
            cells.append((seen[ids] - p * total) ** 2 / (p * total))
    if rest >= 5:
        cells.append((rest_seen - rest) ** 2 / rest)
    elif strange > 10:
        return math.inf
    k = len(cells) - 1
    if k < 1:
        return 0.0
    return ((sum(cells) / k) ** (1 / 3) - (1 - 2 / (9 * k))) / math.sqrt(2 / (9 * k))


def between(first, second):
    """Of two counters of the same distribution: chi-square of homogeneity."""
    a, b = sum(first.values()), sum(second.values())
    expected, cells, k = {}, 0.0, -1
    for ids in set(first) | set(second):
        both = first[ids] + second[ids]
        if both * min(a, b) / (a + b) < 5:
            expected["rest"] = expected.get("rest", 0) + both
            continue
        cells += (first[ids] - both * a / (a + b)) ** 2 / (both * a / (a + b))
        cells += (second[ids] - both * b / (a + b)) ** 2 / (both * b / (a + b))
        k += 1
    if k < 1:
        return 0.0
    return ((cells / k) ** (1 / 3) - (1 - 2 / (9 * k))) / math.sqrt(2 / (9 * k))


# ---- SentencePiece -------------------------------------------------------------------

def compare_best(sp, probe, texts, differences):
    """Scores in the order of both; ids where no other score is near."""
    for text, ours in zip(texts, probe.draws("best", 20, texts)):
        proto = sp.nbest_encode_as_immutable_proto(text, nbest_size=20)
        theirs = [(n.score, tuple(piece.id for piece in n.pieces)) for n in proto.nbests]
        check(len(ours) == len(theirs), "best", text, len(ours), len(theirs))
        room = ACCURACY * max(1.0, abs(theirs[0][0])) * 4
        for i, ((score, _, ids), (score32, ids32)) in enumerate(zip(ours, theirs)):
            a, b = score - ours[0][0], score32 - theirs[0][0]
            differences["n-best scores"] = max(differences["n-best scores"], abs(a - b))
            check(abs(a - b) <= room, "best", text, i, a, b)
            gaps = [abs(score - other[0]) for k, other in enumerate(ours) if k != i]
            last = i + 1 == len(ours)  # what comes behind the last is not known
            if min(gaps, default=1) > room and not last:
                check(ids == ids32, "best", text, i, ids, ids32)


def compare_entropy(sp, probe, texts, alpha, differences):
    for text, line in zip(texts, probe.lines("entropy", 1, texts)):
        ours, theirs = float(line.split()[0]), sp.calculate_entropy(text, alpha)
        differences["entropy"] = max(differences["entropy"], abs(ours - theirs))
        check(abs(ours - theirs) <= 2e-4 * max(1.0, theirs), "entropy", text, alpha, ours, theirs)


def compare_scores(sp, probe, texts, alpha, differences):
    for text, listed in zip(texts, probe.draws("exact", 20000, texts)):
        if not listed:
            continue
        table = {ids: log for log, _, ids in listed}
        for ids, score in sp.sample_encode_and_score_as_ids(text, num_samples=50, alpha=alpha, wor=False):
            ours = table.get(tuple(ids))
            check(ours is not None, "not listed", text, ids)
            if ours is not None:
                differences["log probabilities"] = max(differences["log probabilities"], abs(ours - score))
                check(abs(ours - score) < 1e-4 * max(1.0, abs(score)), "score", text, ids, ours, score)


def theirs_sampled(sp, text, count, alpha, nbest):
    # One thread: all have generators of the same seed.
    drawn = sp.encode([text] * count, out_type=int, enable_sampling=True, alpha=alpha, nbest_size=nbest,
                      num_threads=1)
    return collections.Counter(map(tuple, drawn))


def compare_draws(sp, program, model, texts, alpha, nbest, count):
    """Theirs against our list, ours against our list; and both notice another alpha."""
    probe = Probe(program, model, "unigram", alpha=alpha, nbest=nbest)
    other = Probe(program, model, "unigram", alpha=alpha * .9, nbest=nbest)
    power = 0.0
    lists = zip(texts, probe.draws("exact", 20000, texts), other.draws("exact", 20000, texts),
                probe.sample(count, texts))
    for text, listed, off, ours in lists:
        if not listed or len(listed) < 2:
            continue
        expected = {ids: math.exp(log) for log, _, ids in listed}
        theirs = theirs_sampled(sp, text, count, alpha, nbest)
        for name, seen in (("theirs", theirs), ("ours", ours)):
            d = deviations(expected, seen)
            check(d < BOUND, "frequencies", name, text, alpha, nbest, d)
        wrong = {ids: math.exp(log) for log, _, ids in off}
        power = max(power, deviations(wrong, theirs))
    check(power > BOUND, "an alpha that is a tenth off goes unnoticed", model, alpha, nbest, power)


def compare_distinct(sp, program, model, text, alpha, best, count=1000, k=3):
    """How often each comes out among k, and the mean of what estimates 1."""
    probe = Probe(program, model, "unigram", alpha=alpha)
    what = "distinct-best" if best else "distinct"
    listed = {ids: log for log, _, ids in probe.draws("exact", 20000, [text])[0]}
    ours, theirs, sums = collections.Counter(), collections.Counter(), {"ours": [], "theirs": []}
    drawn = probe.draws(what, k, [text] * count)
    for i in range(count):
        for name, counter in (("ours", ours), ("theirs", theirs)):
            if name == "ours":
                rows = [(ids, inclusion) for _, inclusion, ids in drawn[i]]
            else:
                rows = sp.sample_encode_and_score_as_ids(text, num_samples=k, alpha=alpha, wor=True,
                                                         include_best=best)
            check(len({tuple(ids) for ids, _ in rows}) == k, "distinct", name, text, rows)
            counter.update(tuple(ids) for ids, _ in rows)
            sums[name].append(sum(math.exp(listed[tuple(ids)] - inclusion) for ids, inclusion in rows))
    d = between(ours, theirs)
    check(d < BOUND, "without replacement", text, alpha, best, d)
    means = []
    for name, values in sums.items():
        mean = sum(values) / count
        error = math.sqrt(sum((v - mean) ** 2 for v in values) / count / count)
        means.append(mean)
        check(abs(mean - 1) < 4.5 * error, "inclusion", name, text, alpha, best, mean, error)
    print(f"  without replacement, {text!r}, alpha {alpha}{', best first' if best else ''}: "
          f"{d:.2f} deviations; estimates of 1: {means[0]:.4f}, theirs {means[1]:.4f}")


def compare_model(sentencepiece, program, path):
    sp = sentencepiece.SentencePieceProcessor(model_file=str(path))
    differences = collections.defaultdict(float)
    best = Probe(program, path, "unigram", alpha=1.0)
    compare_best(sp, best, TEXTS + LONG, differences)
    for alpha in (1.0, 0.5, 0.1, 0.0):
        probe = Probe(program, path, "unigram", alpha=alpha)
        compare_entropy(sp, probe, TEXTS + LONG, alpha, differences)
        compare_scores(sp, probe, TEXTS, alpha, differences)
    print(f"{path.parent.name}/{path.name}: largest differences from 32 bits: "
          + ", ".join(f"{name} {value:.2g}" for name, value in differences.items()))
    return sp


# ---- MaxMatch-dropout and uniform, slowly ----------------------------------------------

class Slow:
    """Tokens by what they spell first in a word, and later in it."""

    def __init__(self, first, later, unknown):
        self.first, self.later, self.unknown = first, later, unknown
        self.longest = max(map(len, first | later))

    def edges(self, word, at):
        table = self.first if at == 0 else self.later
        ends = range(at + 1, min(len(word), at + self.longest) + 1)
        return [(end, table[word[at:end]]) for end in ends if word[at:end] in table]

    def uniform(self, word):
        paths = [[] for _ in range(len(word) + 1)]
        paths[len(word)] = [()]
        for at in reversed(range(len(word))):
            paths[at] = [(i,) + rest for end, i in self.edges(word, at) for rest in paths[end]]
        if not paths[0]:
            return {(self.unknown,): 1.0}
        return {path: 1 / len(paths[0]) for path in paths[0]}

    def maxmatch(self, word, q):
        found = collections.Counter()

        def go(at, path, p):
            if at == len(word):
                found[path] += p
                return
            left = 1.0
            for end, i in reversed(self.edges(word, at)):
                keep = 1.0 if end == at + 1 else 1 - q
                if left * keep > 0:
                    go(end, path + (i,), p * left * keep)
                left *= 1 - keep
            if left > 0:
                found[(self.unknown,)] += p * left

        go(0, (), 1.0)
        return found

    def greedy(self, word):
        at, path = 0, []
        while at < len(word):
            edges = self.edges(word, at)
            if not edges:
                return [self.unknown]
            at, i = edges[-1]
            path.append(i)
        return path


def read_gpt2(folder):
    kept = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    letters, n = {chr(b): b for b in kept}, 0
    for b in range(256):
        if b not in kept:
            letters[chr(256 + n)] = b
            n += 1
    vocabulary = json.loads((folder / "encoder.json").read_text())
    table = {bytes(letters[c] for c in token): i for token, i in vocabulary.items()
             if token != "<|endoftext|>"}
    return Slow(table, table, None)


def read_bert(folder):
    lines = (folder / "vocab.txt").read_text().splitlines()
    special = {i for i, token in enumerate(lines) if token.startswith("[") and token.endswith("]")
               and len(token) > 2}
    first = {token: i for i, token in enumerate(lines) if i not in special and not token.startswith("##")}
    later = {token[2:]: i for i, token in enumerate(lines) if token.startswith("##")}
    return Slow(first, later, lines.index("[UNK]"))


WORDS = ("book", "cook", "example", "strawberry", "tokenization", "a", "unrelated", "zyzzyva",
         "dog", "embeddings", "wxqz")
GPT2_PATHS = {" book": (15, 3.0), " cook": (14, 3.0714), " example": (70, 4.9571),
              " strawberry": (490, 6.7163), "strawberry": (238, 6.2983), "tokenization": (783, 7.4649),
              "decompositional": (6149, 9.1047), " internationalization": (232530, 12.4583)}


def compare_slow(program, path, slow, encode):
    for method, p in (("uniform", 1.0), ("maxmatch", .1), ("maxmatch", .5)):
        probe = Probe(program, path, method, p=p)
        for word, listed in zip(WORDS, probe.draws("exact", 50000, WORDS)):
            if listed is None:
                continue
            data = encode(word)
            wanted = slow.uniform(data) if method == "uniform" else slow.maxmatch(data, p)
            ours = {ids: math.exp(log) for log, _, ids in listed}
            good = set(ours) == set(wanted) and all(abs(ours[i] - wanted[i]) < 1e-9 for i in wanted)
            check(good, path, method, p, word, len(ours), len(wanted))


def compare_greedy(program, path, slow, encode, words):
    probe = Probe(program, path, "maxmatch", p=0.0)
    for word, line in zip(words, probe.lines("sample", 1, words)):
        check(list(map(int, line.split()[1:])) == slow.greedy(encode(word)), path, "longest match", word)
    print(f"{path.name}: longest match of {len(words)} words, distributions of {len(WORDS)}")


def compare_paths(program, path):
    probe = Probe(program, path, "uniform", p=1.0)
    for (text, (paths, length)), line in zip(GPT2_PATHS.items(), probe.lines("entropy", 1, GPT2_PATHS)):
        entropy, mean = map(float, line.split())
        check(abs(math.exp(entropy) / paths - 1) < 1e-9 and abs(mean - length) < 6e-5, "paths", text,
              math.exp(entropy), mean)


# ---- all of it ---------------------------------------------------------------------------

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--probe", required=True)
    parser.add_argument("--cache", type=pathlib.Path, required=True)
    options = parser.parse_args()
    sys.path.insert(0, str(options.cache / "sentencepiece-0.2.1"))
    import sentencepiece
    sentencepiece.set_random_generator_seed(SEED)

    tokenizers = options.cache / "tokenizers"
    processors = {}
    for name in ("albert", "smart"):
        path = tokenizers / name / "spiece.model"
        processors[path] = compare_model(sentencepiece, options.probe, path)
    albert = tokenizers / "albert/spiece.model"
    sp = processors[albert]
    for alpha, nbest, count in ((1, -1, 5000), (.5, -1, 5000), (.1, -1, 15000), (.5, 8, 5000), (.1, 64, 5000)):
        compare_draws(sp, options.probe, albert, TEXTS[:8], alpha, nbest, count)
    for alpha, best in ((0.5, False), (0.1, False), (0.1, True)):
        compare_distinct(sp, options.probe, albert, "hello", alpha, best)

    gpt2, bert = read_gpt2(tokenizers / "gpt2"), read_bert(tokenizers / "bert")
    words = sorted({w for token in bert.first for w in (token, token + "s", "un" + token)
                    if token.isascii() and token.isalpha() and token.islower()})[:20000]
    compare_slow(options.probe, tokenizers / "gpt2", gpt2, str.encode)
    compare_slow(options.probe, tokenizers / "bert", bert, str)
    compare_greedy(options.probe, tokenizers / "gpt2", gpt2, str.encode, words)
    compare_greedy(options.probe, tokenizers / "bert", bert, str, words)
    compare_paths(options.probe, tokenizers / "gpt2")
    print(f"{len(failures)} differences")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
