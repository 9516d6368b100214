#!/usr/bin/env python3
"""Features of tokens, and rows of old tokens that are like new ones, against tests/oracles/transplant_ref.py.

    transplant_similar.py --driver build/tests/conformance/transplant_like_driver

Vocabularies with tokens of equal bytes, special ones, holes and tokens without a feature; features with rows that
are equal; pieces that repeat; two thread counts and two kernels.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "oracles"))
import transplant_ref as ref  # noqa: E402

DEFAULTS = {"k": 3, "temperature": 0.3, "weight": 0.3, "threshold": 0.0, "scheme": "distance", "metric": "cosine"}


def run(driver, *words):
    done = subprocess.run([str(w) for w in (driver, *words)], capture_output=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))}: {done.stderr.decode()}")
    return done


def similar(driver, path, method, count, threads=1, kernel="best", **options):
    o = {**DEFAULTS, **options}
    out = run(driver, "similar", path, method, o["k"], o["temperature"], o["weight"], o["threshold"], o["scheme"],
              o["metric"], threads, kernel).stdout
    ends = np.frombuffer(out, np.uint64, count).astype(int)
    entries = int(ends[-1]) if count else 0
    ids = np.frombuffer(out, np.uint32, entries, 8 * count)
    weights = np.frombuffer(out, np.float32, entries, 8 * count + 4 * entries)
    if len(out) != 8 * count + 8 * entries:
        sys.exit(f"{method}: {len(out)} bytes of answers")
    return [(ids[b:e], weights[b:e]) for b, e in zip([0, *ends[:-1]], ends, strict=True)]


def make_case(seed, width, sources, targets, news, noise):
    """Names in clusters; of every kind of token something."""
    chance = np.random.default_rng(seed)
    names = [f"t{i}".encode() if i % 3 else f" té{i}".encode() for i in range(sources + targets)]
    source = ref.Vocab(names[:sources], chance.choice([ref.TEXT] * 12 + [ref.NONE, ref.BYTE, ref.SPECIAL], sources))
    shared = targets - news
    target = ref.Vocab(names[:2 * shared:2] + names[sources:sources + news],
                       [ref.TEXT] * shared + list(chance.choice([ref.TEXT, ref.TEXT, ref.SPECIAL], news)))
    source.tokens[10], source.tokens[11], source.tokens[12] = b"same", b"same", b"same"
    source.kinds[10], source.kinds[11], source.kinds[12] = ref.BYTE, ref.TEXT, ref.TEXT
    target.tokens[5] = target.tokens[6]
    target.tokens[-1], target.tokens[-2] = b"\xff\xfeab", b""
    matches = np.append(2 * np.arange(shared), np.full(news, ref.NO_ID))
    classes = np.append(chance.choice([ref.EXACT] * 9 + [ref.SPACE, ref.PREFIX], shared), np.full(news, ref.NEW))
    matches[20] = matches[21]  # two new tokens share an old one
    for i in range(shared):  # a hole is nobody's match
        if source.kinds[matches[i]] == ref.NONE:
            classes[i], matches[i] = ref.NEW, ref.NO_ID
    centres = chance.normal(size=(12, width))

    def rows(count):
        out = centres[chance.integers(0, 12, count)] + noise * chance.normal(size=(count, width))
        out /= np.linalg.norm(out, axis=1, keepdims=True)
        out = out.astype(np.float32)
        out[30:33] = out[30]
        out[chance.random(count) < 0.05] = 0
        return out

    features = rows(sources), rows(targets)
    wanted = chance.permutation(np.arange(shared, targets))
    real = [i for i in range(sources) if source.kinds[i] != ref.NONE]
    pieces = [[(int(p), int(chance.integers(1, 5))) for p in chance.choice(real, chance.integers(0, 5))]
              for _ in wanted]
    pieces[0] = [(real[1], 2), (real[1], 2), (real[2], 1)]
    return ref.Case(source, target, matches, classes, wanted, features, pieces)


def compare(name, got, want, most):
    """Every token's weights; what the bounds of F32 decide either way weighs next to nothing."""
    off = 0.0
    for i, ((ids, weights), there) in enumerate(zip(got, want, strict=True)):
        here = dict(zip(ids.tolist(), weights.astype(float).tolist(), strict=True))
        if len(here) != len(ids) or (not here) != (not there):
            sys.exit(f"{name}: token {i}: {here} instead of {there}")
        for old in here.keys() | there.keys():
            off = max(off, abs(here.get(old, 0.0) - there.get(old, 0.0)))
        if off > most:
            sys.exit(f"{name}: token {i} is off by {off:.3g}: {here} instead of {there}")
        falls = np.abs(weights)
        if any(falls[1:] > falls[:-1]):
            sys.exit(f"{name}: token {i}: the heaviest does not come first")
    print(f"{name}: {len(want)} tokens, {sum(not w for w in want)} without an answer, off by {off:.2g}")


def check_convex(name, got):
    for ids, weights in got:
        if len(ids) and (weights.min() <= 0 or abs(weights.astype(float).sum() - 1) > 1e-6):
            sys.exit(f"{name}: weights are not convex: {weights}")


def methods(case):
    """Name, options and what is right, token by token."""
    def all_of(function, **options):
        return [function(case, i, **options) for i in range(len(case.wanted))]

    yield "local", {}, all_of(ref.local), 3e-7
    yield "local", {"temperature": 0}, all_of(ref.local, temperature=0), 3e-7
    yield "global", {}, all_of(ref.global_), 3e-7
    yield "global", {"k": 7, "threshold": 0.8, "temperature": 0.1}, all_of(ref.global_, temperature=0.1, k=7,
                                                                         threshold=0.8), 3e-7
    yield "hybrid", {}, all_of(ref.hybrid), 3e-7
    yield "hybrid", {"threshold": 0.93, "weight": 0.6}, all_of(ref.hybrid, threshold=0.93, weight=0.6), 3e-7
    yield "focus", {"temperature": 1}, all_of(ref.focus), 2e-6
    yield "focus", {"temperature": 0.1}, all_of(ref.focus, temperature=0.1), 2e-5
    yield "wechsel", {"temperature": 0.1, "k": 10}, all_of(ref.wechsel), 3e-7
    yield "clp", {"k": 0}, all_of(ref.clp), 1e-6
    yield "clp", {"k": 5}, all_of(ref.clp, k=5), 3e-7


def check_knn(driver, path, case):
    for scheme in ("distance", "barycentric", "least-squares"):
        for metric in ("cosine", "euclid"):
            for k in (6, 64):
                want = [ref.knn(case, i, scheme, metric == "euclid", k) for i in range(len(case.wanted))]
                got = similar(driver, path, "knn", len(want), 2, k=k, scheme=scheme, metric=metric)
                compare(f"knn {scheme} {metric} {k}", got, want, 3e-6 if scheme != "distance" else 3e-7)


def check_case(driver, folder, name, case):
    path = folder / "case.safetensors"
    case.write(path)
    count = len(case.wanted)
    for method, options, want, most in methods(case):
        got = similar(driver, path, method, count, **options)
        compare(f"{name}: {method} {options or ''}", got, want, most)
        check_convex(method, got)
        other = similar(driver, path, method, count, threads=3, **options)
        if any(not (np.array_equal(a, c) and np.array_equal(b, d)) for (a, b), (c, d) in zip(got, other, strict=True)):
            sys.exit(f"{name}: {method}: three threads answer otherwise")
        if method == "focus":
            compare(f"{name}: scalar", similar(driver, path, method, count, kernel="scalar", **options), want, most)


def check_donor(driver, folder, case):
    """Rows of a donor, not of length 1, of fewer tokens than there are ids."""
    chance = np.random.default_rng(5)
    case.donor = (chance.normal(size=(len(case.target.tokens) - 9, 80)) * chance.uniform(0.02, 2, 80)).astype(np.float32)
    case.donor[3] = 0
    case.donor[next(i for i in case.wanted if i < len(case.donor))] = case.donor[case.shared()[5]]  # at no distance
    path = folder / "donor.safetensors"
    case.write(path)
    check_knn(driver, path, case)
    # So many that some are on the other side.
    want = [ref.knn(case, i, "distance", False, 300) for i in range(len(case.wanted))]
    compare("knn distance cosine 300", similar(driver, path, "knn", len(want), k=300), want, 3e-7)


def read_features(done, case, width):
    numbers = np.frombuffer(done.stdout, np.float32).reshape(-1, width)
    missing = [int(n) for n in done.stderr.split()]
    return numbers[:len(case.source.tokens)], numbers[len(case.source.tokens):], missing


def check_ngrams(driver, folder, case):
    for width in (512, 64, 7):
        wants = [np.array([ref.ngrams(t, width) if kind != ref.NONE else np.zeros(width)
                           for t, kind in zip(v.tokens, v.kinds, strict=True)]) for v in (case.source, case.target)]
        for threads in (1, 3):
            source, target, missing = read_features(
                run(driver, "ngrams", folder / "case.safetensors", width, threads), case, width)
            off = max(np.abs(source - wants[0]).max(), np.abs(target - wants[1]).max())
            zeros = [int((~w.any(1) & (v.kinds != ref.NONE)).sum()) for w, v in zip(wants, (case.source, case.target),
                                                                                     strict=True)]
            if off > 1e-6 or missing != zeros:
                sys.exit(f"ngrams {width}: off by {off:.3g}, missing {missing} instead of {zeros}")
    print("ngrams: the same")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--driver", required=True)
    driver = options.parse_args().driver
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        check_case(driver, folder, "wide", make_case(1, 40, 9200, 4640, 40, 0.5))
        case = make_case(2, 5, 400, 240, 40, 0.3)
        check_case(driver, folder, "narrow", case)
        check_knn(driver, folder / "case.safetensors", case)
        case = make_case(3, 24, 1200, 640, 60, 1.0)
        check_case(driver, folder, "loose", case)
        check_knn(driver, folder / "case.safetensors", case)
        check_ngrams(driver, folder, case)
        check_donor(driver, folder, case)


if __name__ == "__main__":
    main()
