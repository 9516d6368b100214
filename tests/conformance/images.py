#!/usr/bin/env python3
"""A compiled image answers as its source, for every real tokenizer.

    images.py --tok build/tok --cache build/test-data

What encode (ids, offsets, tokens), decode, count and inspect say with -t SOURCE, read
anew, they say with -t IMAGE, for every id and for text of all kinds; twice compiled it
is the same bytes.
"""
import argparse
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

PIECES = ["Hello", " world", "é", "e\u0301", "你好", "こんにちは", "한국어", "👍🏽", "\r\n", "  ", "\t", "don't", " I'LL",
          "123456", " 3.14", "<|endoftext|>", "<s>", "[MASK]", "[INST]", "\0", "ﬁ", "ΑΣ", " ß", "▁", "…", " (x)",
          "def f(x):\n    return x", "Ünïcödé", " the", "\u200b", "\u00a0", "क्षि", "مرحبا"]


def text(seed, count):
    chance = random.Random(seed)
    out = b""
    for _ in range(count):
        out += chance.choice(PIECES).encode() if chance.random() < 0.97 else bytes([chance.randrange(256)])
        out += b"\n" if chance.random() < 0.1 else b""
    return out


def run(tok, *words, data=b""):
    done = subprocess.run([tok, *words], input=data, capture_output=True, timeout=300,
                          env=dict(os.environ, TOK_CACHE="off"))
    return done.returncode, done.stdout, done.stderr


def same(tok, source, image, *words, data=b""):
    left = run(tok, words[0], "-t", source, *words[1:], data=data)
    right = run(tok, words[0], "-t", image, *words[1:], data=data)
    assert left[0] == 0 or "--id" in words, left[2].decode()
    assert left[:2] == right[:2], f"tok {' '.join(words)} differs: {left[2]!r} {right[2]!r}"
    assert left[2].replace(source.encode(), b"") == right[2].replace(image.encode(), b""), f"{left[2]} {right[2]}"
    return left[1]


def compile_twice(tok, source, folder):
    paths = [os.path.join(folder, name) for name in ("a.tok", "b.tok")]
    for path in paths:
        code, _, err = run(tok, "vocab", "compile", source, "-o", path)
        assert code == 0, err.decode()
    first, second = (pathlib.Path(path).read_bytes() for path in paths)
    assert first == second, "compiled twice it is not the same"
    return paths[0], len(first)


def known_ids(tok, image, size):
    """A line each of all ids but the holes, which decoding names one after the other."""
    parts, first = [], 0
    for _ in range(200):
        lines = "".join(map("{}\n".format, range(first, size))).encode()
        code, _, err = run(tok, "decode", "--lines", "-t", image, data=lines)
        hole = re.search(rb"no token has id ([0-9]+)", err)
        if code == 0 or not hole:
            parts.append(lines)
            break
        parts.append("".join(map("{}\n".format, range(first, int(hole[1])))).encode())
        first = int(hole[1]) + 1
    return b"".join(parts)


def check(tok, source, folder, texts):
    image, size = compile_twice(tok, source, folder)
    data, lines = texts
    ids = same(tok, source, image, "encode", data=data)
    same(tok, source, image, "encode", "--lines", "--hf", "--offsets", "--tokens", data=data)
    same(tok, source, image, "encode", "--special-text", "match", "--add-special", "--lines", data=lines)
    same(tok, source, image, "count", "--lines", data=data)
    same(tok, source, image, "decode", "--skip-special", data=ids)
    said = json.loads(same(tok, source, image, "inspect", "--json"))
    chance = random.Random(3)
    for number in (chance.randrange(said["size"]), said["size"]):
        same(tok, source, image, "inspect", "--json", "--id", str(number))
    same(tok, source, image, "decode", "--lines", data=known_ids(tok, image, said["size"]))
    return size


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tok", required=True)
    parser.add_argument("--cache", required=True)
    options = parser.parse_args()
    sources = sorted((pathlib.Path(options.cache) / "tokenizers").glob("*"))
    failed, texts = 0, (text(1, 3000), text(2, 8000))
    print("| tokenizer | image bytes | verdict |\n|---|---|---|")
    for folder_of_one in sources:
        files = list(folder_of_one.iterdir())
        source = files[0] if len(files) == 1 else folder_of_one
        with tempfile.TemporaryDirectory() as folder:
            try:
                print(f"| {folder_of_one.name} | {check(options.tok, str(source), folder, texts)} | same |", flush=True)
            except AssertionError as error:
                failed += 1
                print(f"| {folder_of_one.name} | | DIFFERS: {str(error)[:300]} |", flush=True)
    if not sources:
        print("SKIPPED: there are no tokenizers")
    print(f"{len(sources) - failed} passed, {failed} failed")
    return 1 if failed or (not sources and os.environ.get("CI") == "true") else 0


if __name__ == "__main__":
    sys.exit(main())
