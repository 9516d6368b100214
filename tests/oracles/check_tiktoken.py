#!/usr/bin/env python3
"""Compare the published encodings with tiktoken 0.14.

	python3 tests/oracles/check_tiktoken.py build/tok FOLDER

FOLDER holds r50k_base, p50k_base, cl100k_base and o200k_base.tiktoken (npm's
gpt-tokenizer 4.0.0 has them in data/).  Prints one line an encoding; exit 1 if
any id differs.
"""
import base64
import json
import os
import random
import subprocess
import sys

import tiktoken
import tiktoken_ext.openai_public as published

ENCODINGS = {  # name: ranks, does the file alone say it
    "gpt2": ("r50k", False), "r50k_base": ("r50k", True), "p50k_base": ("p50k", True),
    "p50k_edit": ("p50k", False), "cl100k_base": ("cl100k", True), "o200k_base": ("o200k", True),
    "o200k_harmony": ("o200k", False)}

FIXED = ["Hello, world", " a  b\n\n c\t", "don't DON'T I'\u017f I'LL", "\u65e5\u672c\u8a9e text",
         "\U0001F600\U0001F468\u200d\U0001F469", "x" * 300, "   " * 40, "e\u0301\u0302 \u200b\u00a0", "12345 6,789",
         "<|endoftext|> <|fim_prefix|><|start|><|reserved_200018|><|endofprompt|>", "\r\n\r\n a",
         "fn main() { return 0; }\n", "\u0378 unassigned", "\u0391\u03a3 \u01c4 \u01c5"]
ALPHABET = ("ab 'sS\n\r\t.,!\u00e9\u017f\u00c9\u65e51\uff129 \u00a0\u0301\U0001F600tTrRlLvV\u200d"
            "\u20ac\u0623\u0639\u0643")


def ranks(folder, name):
    with open(os.path.join(folder, name), "rb") as f:
        return {base64.b64decode(l.split()[0]): int(l.split()[1]) for l in f if l.strip()}


def load(name, folder):
    published.load_tiktoken_bpe = lambda url, expected_hash=None: ranks(folder, url.split("/")[-1])
    published.data_gym_to_mergeable_bpe_ranks = lambda **k: ranks(folder, "r50k_base.tiktoken")
    what = published.ENCODING_CONSTRUCTORS[name]()
    what.pop("explicit_n_vocab", None)
    return tiktoken.Encoding(**what)


def main():
    tok, folder = sys.argv[1:]
    rnd = random.Random(5)
    texts = FIXED + ["".join(rnd.choice(ALPHABET) for _ in range(rnd.randint(1, 30))) for _ in range(1500)]
    documents = "".join(json.dumps({"t": t}) + "\n" for t in texts).encode()
    failed = False
    for name, (file, told) in ENCODINGS.items():
        encoding = load(name, folder)
        for special in ("ordinary", "match"):
            command = [tok, "encode", "-t", os.path.join(folder, file + "_base.tiktoken"), "--jsonl", "t",
                       "--special-text", special] + ([] if told else ["--pattern", name])
            out = subprocess.run(command, input=documents, stdout=subprocess.PIPE, check=True).stdout
            got = [[int(x) for x in line.split()] for line in out.decode().split("\n")[:len(texts)]]
            want = [encoding.encode(t, allowed_special="all") if special == "match" else
                    encoding.encode_ordinary(t) for t in texts]
            bad = [t for t, g, w in zip(texts, got, want) if g != w]
            print("%-14s %-9s %d strings, %d differ %s" % (name, special, len(texts), len(bad), bad[:1] or ""))
            failed |= bool(bad)
    sys.exit(failed)


main()
