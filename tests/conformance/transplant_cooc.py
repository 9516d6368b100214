#!/usr/bin/env python3
"""Features by co-occurrence, and those of a .vec file, against tests/oracles/transplant_ref.py.

    transplant_cooc.py --driver build/tests/conformance/transplant_like_driver

Two tokenizers are trained on the manual (by `tokenizers`, which also says what the documents' tokens are); PPMI and
SVD are numpy's, of all directions.  Where ours has all directions too, cosines are the same; where it has the
largest few of many that are all but alike, they are near (unit.transplant_features has some that are not alike).
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import tokenizers
from tokenizers import decoders, models, pre_tokenizers, trainers

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/oracles"))
import transplant_ref as ref  # noqa: E402


def alphabet():
    """The byte of each character of GPT-2's alphabet."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in plain]
    return {**{chr(b): b for b in plain}, **{chr(256 + i): b for i, b in enumerate(others)}}


BYTES = alphabet()


def documents():
    text = "\n".join(p.read_text() for p in (ROOT / "README.md", ROOT / "CONTRIBUTING.md"))
    return [d for d in text.split("\n\n") if d][:160]


def make_tokenizer(texts, size, path):
    t = tokenizers.Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    t.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=size, show_progress=False))
    t.save(str(path))
    tokens = [bytes(BYTES[c] for c in t.id_to_token(i)) for i in range(t.get_vocab_size())]
    return t, ref.Vocab(tokens)


def run(driver, *words):
    done = subprocess.run([str(w) for w in (driver, *words)], capture_output=True)
    return done.returncode, done.stdout, done.stderr.decode()


def features(case, answer, width):
    code, out, told = answer
    if code:
        sys.exit(told)
    rows = np.frombuffer(out, np.float32).reshape(-1, width).astype(float)
    return rows[:len(case.source.tokens)], rows[len(case.source.tokens):], [int(n) for n in told.split()]


def wanted(case, halves, window, minimum, width):
    """Rows of both vocabularies, of length 1 or zero."""
    often = set()
    for half in halves:
        names, counts = np.unique(np.array([t.hex() for d in half for t in d]), return_counts=True)
        often |= {bytes.fromhex(n) for n, c in zip(names, counts, strict=True) if c >= minimum}
    kept = [[t if t in often else None for t in d] for half in halves for d in half]
    names, matrix = ref.ppmi(kept, window)
    rows = ref.directions(matrix, width)
    rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-300)
    by_name = dict(zip(names, rows, strict=True))
    zero = np.zeros(rows.shape[1])
    return [np.array([by_name.get(t, zero) for t in v.tokens]) for v in (case.source, case.target)], len(names)


def check_cooc(driver, folder):
    texts = documents()
    first, source = make_tokenizer(texts, 420, folder / "source.json")
    other, target = make_tokenizer(texts[::2] + texts[:20], 380, folder / "target.json")
    case = ref.Case(source, target, [ref.NO_ID] * len(target.tokens), [ref.NEW] * len(target.tokens), [])
    case.write(folder / "case.safetensors")
    (folder / "texts").write_bytes(b"\0".join(d.encode() for d in texts) + b"\0")
    halves = [[[v.tokens[i] for i in t.encode(d).ids] for d in texts] for t, v in ((first, source), (other, target))]
    files = [folder / n for n in ("case.safetensors", "source.json", "target.json", "texts")]
    # All directions, then the largest; what is off: cosines at most, and on average.
    for width, window, minimum, most, mean in ((150, 4, 60, 2e-6, 1e-7), (150, 10, 70, 2e-6, 1e-7), (24, 4, 10, 1, 0.08)):
        (a, b), count = wanted(case, halves, window, minimum, width)
        answers = [run(driver, "cooc", *files, width, window, minimum, 1, 0, threads) for threads in (1, 3)]
        if answers[0] != answers[1]:
            sys.exit("cooc: three threads answer otherwise")
        x, y, missing = features(case, answers[0], width)
        zeros = [int((~rows.any(1)).sum()) for rows in (a, b)]
        off = np.abs(np.vstack([x, y]) @ y.T - np.vstack([a, b]) @ b.T)
        print(f"cooc {width} of {count} directions: off by {off.max():.2g}, {off.mean():.2g} on average; "
              f"{missing} missing")
        if missing != zeros or off.max() > most or off.mean() > mean:
            sys.exit(f"cooc: that is too much, or {zeros} are missing")
    code, _, told = run(driver, "cooc", *files, 24, 4, 10, 1, 100000, 1)
    if code != 2 or "more than the 100000 bytes" not in told:
        sys.exit(f"cooc: too little memory: {code} {told}")
    return case


def check_vec(driver, folder, case):
    """Tokens with and without a mark for their space; a file without a head; lines that are wrong."""
    chance = np.random.default_rng(3)
    rows = {t: chance.normal(size=5).astype(np.float32) for t in case.source.tokens[::3] + case.target.tokens[::5]
            if b"\n" not in t and b"\r" not in t}
    lines = []
    for i, (token, row) in enumerate(rows.items()):
        mark = (b"\xe2\x96\x81", b"\xc4\xa0", b" ")[i % 3]
        spelt = mark + token[1:] if token[:1] == b" " else token
        lines.append(spelt + b" " + " ".join(repr(float(n)) for n in row).encode())
    lines.append(lines[0].split(b" ")[0] + b" 1 2 3 4 5")  # again: the first counts
    lines.insert(2, b"no-token-at-all 1 2 3 4 x")  # nobody asks for it
    path = folder / "rows.vec"
    head = b"%d 5\n" % len(lines)
    start = next(i for i, line in enumerate(lines) if line.count(b" ") == 5)
    lines[0], lines[start] = lines[start], lines[0]
    body = b"\n".join(line + b" " * (i % 2) for i, line in enumerate(lines)) + b"\n"
    unit = {t: r / np.linalg.norm(r) for t, r in rows.items()}
    zero = np.zeros(5)
    for text in (head + body, body, head + body[:-1]):
        path.write_bytes(text)
        x, y, missing = features(case, run(driver, "vec", folder / "case.safetensors", path), 5)
        for got, vocab in ((x, case.source), (y, case.target)):
            want = np.array([unit.get(t, zero) for t in vocab.tokens])
            if np.abs(got - want).max() > 1e-6:
                sys.exit("vec: other rows")
        if missing != [sum(t not in unit for t in v.tokens) for v in (case.source, case.target)]:
            sys.exit(f"vec: {missing} missing")
    check_alphabet(driver, folder)
    known = next(t for t in rows if b" " not in t)
    for text, word in ((head + b"\n".join(lines[:-1]) + b"\n", "promises"), (b"", "line 1"), (b"x\n", "line 1"),
                       (b"1 5\n" + known + b" 1 2 3 4\n", "line 2"), (b"1 2\n" + known + b" 1 nan\n", "line 2"),
                       (b"1 2\n" + known + b" 1 2x\n", "line 2"), (b"1 2\n" + known + b" 1 2\0\n", "line 2"),
                       (b"1 0\n" + known + b"\n", "line 1"), (b"1 2\n" + known + b" 1 1e39\n", "line 2")):
        path.write_bytes(text)
        code, _, told = run(driver, "vec", folder / "case.safetensors", path)
        if code != 2 or word not in told or str(path) not in told:
            sys.exit(f"vec: {text[:30]}: {code} {told}")
    code, _, told = run(driver, "vec", folder / "case.safetensors", folder / "none.vec")
    if code != 2 or "none.vec" not in told:
        sys.exit(f"vec: a file that is not there: {told}")
    print("vec: the same")


def check_alphabet(driver, folder):
    """A byte's character is also a character: which is meant, the file as a whole tells."""
    texts = [" the", "\n\n", "\u201c", "caf\u00e9", "\u00e9", "\u2581", "\u0120"]
    tokens = [*(bytes([b]) for b in range(256)), *(t.encode() for t in texts)]
    vocab = ref.Vocab([*tokens, b"<|\xef\xbd\x9c|>"])
    case = ref.Case(vocab, vocab, range(len(vocab.tokens)), [ref.EXACT] * len(vocab.tokens), [])
    path = folder / "alphabet.safetensors"
    chars = {byte: char for char, byte in BYTES.items()}
    case.write(path)
    rows = np.random.default_rng(4).normal(size=(len(vocab.tokens), 3)).astype(np.float32)

    def ask(spelt, tokens):
        numbers = [" ".join(repr(float(n)) for n in row).encode() for row in rows]
        lines = [spelt(t) + b" " + numbers[vocab.tokens.index(t)] for t in tokens]
        (folder / "alphabet.vec").write_bytes(b"%d 3\n" % len(lines) + b"\n".join(lines) + b"\n")
        got, _, missing = features(case, run(driver, "vec", path, folder / "alphabet.vec"), 3)
        want = np.array([r / np.linalg.norm(r) if t in tokens else 0 * r
                         for t, r in zip(vocab.tokens, rows, strict=True)])
        if np.abs(got - want).max() > 1e-6 or missing[0] != len(vocab.tokens) - len(tokens):
            sys.exit(f"vec: tokens in an alphabet: {missing}")

    ask(lambda t: t if t.startswith(b"<|") else "".join(chars[b] for b in t).encode(), vocab.tokens)
    # As they stand: in the alphabet one of them would be a byte.
    ask(lambda t: t, [b" the", *(t.encode() for t in texts[2:])])
    told = subprocess.run([driver, "vec", path, "/dev/stdin"], input=b"1 3\na 1 2 3\n", capture_output=True)
    if told.returncode != 2 or b"a second time" not in told.stderr:
        sys.exit(f"vec: from a pipe: {told.stderr}")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--driver", required=True)
    driver = options.parse_args().driver
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        check_vec(driver, folder, check_cooc(driver, folder))


if __name__ == "__main__":
    main()
