#!/usr/bin/env python3
"""How the models of real tokenizers spell new tokens, against Hugging Face's tokenizers.

    hypernet_surfaces.py --driver build/tests/conformance/hypernet_driver --cache build/test-data

Vocabularies are those of other tokenizers, broken bytes, and names of special tokens; tokenizers are
real ones of byte-level BPE, and a Unigram and a WordPiece that are trained here on bytes.
"""
import argparse
import base64
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import tokenizers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

LENGTH = 7
failures = 0


def byte_alphabet():
    """GPT-2's characters for bytes."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    moved = [b for b in range(256) if b not in plain]
    return {**{b: chr(b) for b in plain}, **{b: chr(256 + i) for i, b in enumerate(moved)}}


ALPHABET = byte_alphabet()
BYTES = {c: b for b, c in ALPHABET.items()}


def raised(token):
    return "".join(ALPHABET[b] for b in token)


def pieces_of(tokenizer, special, token):
    """The row of ids that the paper's program makes, without padding."""
    try:
        if token.decode() in special:
            return [tokenizer.token_to_id(token.decode())]
    except UnicodeDecodeError:
        pass
    try:
        return [piece.id for piece in tokenizer.model.tokenize(raised(token))] if token else []
    except Exception:  # what it cannot spell, without an unknown token
        return []


def compare(driver, name, path, tokens, kept=None):
    global failures
    tokenizer = Tokenizer.from_file(str(path))
    size = tokenizer.get_vocab_size(with_added_tokens=True)
    vocabulary = kept or size
    special = {t.content for t in tokenizer.get_added_tokens_decoder().values() if t.special}
    tokens = tokens + [s.encode() for s in special]
    told = {"n_embd": 8, "hn_hidden_size": 64, "hn_n_layers": 1, "hn_surface_maxlen": LENGTH,
            "hn_n_extra_tokens": size - vocabulary, "original_vocab_size": vocabulary, "pad_token_id": 0,
            "hn_embed_using_source_embeddings": True}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as config:
        json.dump(told, config)
        config.flush()
        done = subprocess.run([driver, "surfaces", path, config.name], input="".join(t.hex() + "\n" for t in tokens),
                              stdout=subprocess.PIPE, text=True, check=True)
    *rows, counts = done.stdout.splitlines()
    want = [pieces_of(tokenizer, special, token) for token in tokens]
    wrong = 0
    for token, row, pieces in zip(tokens, rows, want, strict=True):
        expected = (pieces + [0] * LENGTH)[:LENGTH]
        if row.split() != [str(i) for i in expected]:
            wrong += 1
            if wrong <= 5:
                print(f"{name}: {token!r} is {row}, not {expected}")
    told = [sum(len(p) > LENGTH for p in want), sum(any(i >= vocabulary for i in p[:LENGTH]) for p in want),
            sum(not p for p in want)]
    if counts.split() != [str(n) for n in told]:
        wrong += 1
        print(f"{name}: counts are {counts}, not {told}")
    failures += wrong
    print(f"{name}: {len(tokens)} tokens, {told[0]} cut, {told[1]} with extra pieces, {told[2]} without a piece, "
          f"{wrong} wrong")


# ---- vocabularies ---------------------------------------------------------------------

def byte_level_tokens(path):
    """Raw bytes of a byte-level vocabulary; what is not in the alphabet is a special token."""
    vocabulary = json.loads(path.read_text())["model"]["vocab"]
    return [bytes(BYTES[c] for c in token) for token in vocabulary if all(c in BYTES for c in token)]


def rank_tokens(path):
    return [base64.b64decode(line.split()[0]) for line in path.read_bytes().splitlines()]


def broken(chance, count):
    made = [b"", b"\0", b"<", b"<s>", b"</s>", b"[UNK]", b"\xff", b"\xe2\x96\x81", b" " * 40, b"a" * 300, b"ab" * 90]
    return made + [chance.randbytes(chance.randint(1, 9)) for _ in range(count)]


# ---- tokenizers ----------------------------------------------------------------------

def trained(kind, texts, folder):
    tokenizer = Tokenizer(models.Unigram() if kind == "Unigram" else models.WordPiece(unk_token="[UNK]"))
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    common = dict(vocab_size=3000, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    trainer = (trainers.UnigramTrainer(special_tokens=["<pad>", "<s>"], **common) if kind == "Unigram" else
               trainers.WordPieceTrainer(special_tokens=["[PAD]", "[UNK]"], continuing_subword_prefix="", **common))
    tokenizer.train_from_iterator(texts, trainer)
    path = folder / f"{kind}.json"
    tokenizer.save(str(path))
    return path


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--driver", required=True)
    options.add_argument("--cache", type=pathlib.Path, required=True)
    options = options.parse_args()
    chance = random.Random(11)
    real = options.cache / "tokenizers"
    new = byte_level_tokens(real / "llama3" / "tokenizer.json")
    some = chance.sample(new, 8000) + broken(chance, 1500)
    for name in ("qwen3",):
        compare(options.driver, name, real / name / "tokenizer.json", some, 100000)
    texts = [b" ".join(chance.choices(new, k=200)).decode(errors="ignore") for _ in range(120)]
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("Unigram", "WordPiece"):
            compare(options.driver, kind, trained(kind, texts, pathlib.Path(folder)), some, 2500)
    print("tokenizers", tokenizers.__version__)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
