#!/usr/bin/env python3
"""tok transplant run --preset tokenadapt on a real encoder, every row, beside tests/oracles/tokenadapt_ref.py.

    transplant_tokenadapt.py --tok build/tok --cache build/test-data

No registry has TokenAdapt.  all-MiniLM-L6-v2 first gets a small tokenizer in the alphabet of bytes, then a second one by
the preset, both learnt here.  Texts are told apart by the mean of the encoder's own rows of their pieces, [CLS] and [SEP]
among them, in a file for --aux.  Shared rows must be the old ones to the bit, and new ones those of the oracle.

Left out, and counted: tokens and pieces that are parts of characters.  TokenAdapt calls all of them U+FFFD and asks how
that is spelt; tok spells their bytes.
"""
import argparse
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

import numpy as np
from tokenizers import Tokenizer

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "oracles"), str(TESTS / "providers")]
import programs  # noqa: E402
from tokenadapt_ref import TokenAdapt  # noqa: E402

LEARNT, FIRST, SECOND, MULTIPLE, CLOSE = 300_000, 2500, 1500, 128, 2e-6
ROWS = "embeddings.word_embeddings.weight"
SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def run(*words, text=None):
    done = subprocess.run([str(w) for w in words], input=text, capture_output=True, env=dict(os.environ, TOK_CACHE="off"))
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))}: {done.stderr.decode()}")


def read_rows(path):
    data = path.read_bytes()
    count, = struct.unpack_from("<Q", data)
    head = json.loads(data[8:8 + count])
    told = head[next(name for name in head if name.endswith(ROWS))]
    begin, end = told["data_offsets"]
    return np.frombuffer(data[8 + count + begin:8 + count + end], np.float32).reshape(told["shape"])


def learn(tok, text, size, place):
    names = [word for name in SPECIALS for word in ("--special", name)]
    run(tok, "train", "--pretok", "gpt2", "-v", size, *names, "-o", place, text=text.encode())
    return Tokenizer.from_file(str(place))


def vectors_of(encoder):
    """Of a text the mean of the encoder's rows of its pieces."""
    rows, cutter = read_rows(encoder / "model.safetensors"), Tokenizer.from_file(str(encoder / "tokenizer.json"))
    cutter.no_padding()
    cutter.no_truncation()
    kept = {}

    def phi(text):
        if text not in kept:
            # In any order of the pieces the same number: "/*" and "*/" are equally near.
            kept[text] = rows[cutter.encode(text).ids].mean(0, dtype=float).astype(np.float32)
        return kept[text]

    return phi


def write_vectors(path, phi, tokenizers):
    """Of tokens as their files spell them."""
    names = {name: TokenAdapt.text(t, i) for t in tokenizers for name, i in t.get_vocab(with_added_tokens=True).items()}
    with open(path, "w", encoding="utf-8") as out:
        for name, text in names.items():
            out.write(name + " " + " ".join(map(str, phi(text))) + "\n")


def is_whole(text):
    return "\ufffd" not in text


def compare(tok, encoder, texts, scratch):
    plain = "".join(texts)
    first = learn(tok, plain[:LEARNT], FIRST, scratch / "first.json")
    second = learn(tok, plain[-LEARNT:], SECOND, scratch / "second.json")
    phi = vectors_of(encoder)
    write_vectors(scratch / "v.vec", phi, (first, second))
    run(tok, "transplant", "run", encoder, scratch / "first.json", "-m", "subword", "-o", scratch / "a")
    run(tok, "transplant", "run", scratch / "a", scratch / "second.json", "--preset", "tokenadapt", "--match", "exact",
        "--aux", f"file:{scratch / 'v.vec'}", "-o", scratch / "b")
    old, new = read_rows(scratch / "a/model.safetensors"), read_rows(scratch / "b/model.safetensors")
    oracle = TokenAdapt(first, second, phi)
    shared, worst, left_out, compared = oracle.shared(), 0.0, 0, 0
    for i in range(second.get_vocab_size(with_added_tokens=True)):
        if i in shared:
            if not np.array_equal(new[i], old[shared[i]]):
                sys.exit(f"token {i}, which both have, has another row")
            continue
        text = oracle.text(second, i)
        if not all(map(is_whole, [text, *(oracle.text(first, p) for p in first.encode(text, add_special_tokens=False).ids)])):
            left_out += 1
            continue
        worst = max(worst, np.abs(oracle.row(i, old) - new[i]).max() / np.abs(new[i]).max())
        compared += 1
    print(f"{len(shared)} rows copied, {compared} new ones off by {worst:.1e} of their largest number, {left_out} left out")
    return len(new) % MULTIPLE == 0 and compared > 300 and left_out < compared / 10 and worst < CLOSE


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tok", required=True)
    parser.add_argument("--cache", required=True, type=pathlib.Path)
    options = parser.parse_args()
    encoder = options.cache / "minilm"
    done = programs.run(sys.executable, TESTS / "train/fetch_encoder.py", encoder)
    if done.returncode:
        programs.skip(done.stderr.strip())
    linux, rights = (json.loads((options.cache / f"texts/{name}.json").read_text()) for name in ("linux", "udhr"))
    latin = [text for text in rights if max(text) < "\u0250"]  # most characters are tokens, not two of their parts
    texts = [*latin[:8], *linux, *latin[8:16]]
    with tempfile.TemporaryDirectory() as scratch:
        sys.exit(not compare(options.tok, encoder, texts, pathlib.Path(scratch)))


main()
