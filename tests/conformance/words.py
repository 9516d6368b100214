#!/usr/bin/env python3
"""The words that `tok words` counts are those of Hugging Face tokenizers.

    words.py --tok build/tok --cache build/test-data [NAME...]

Each document is cut at special tokens, normalised and pre-tokenised by the reference,
with the family's own steps or those of a real tokenizer (--like); the counts of both
must be the same.  Words are shown in the byte-level alphabet where they are bytes, so
that is undone first.
"""
import argparse
import collections
import os
import re
import subprocess
import sys
import tempfile

import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

GPT4 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
FRONT, SHORT = r"[^\r\n\p{L}\p{N}]?", r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
O200K = f"{FRONT}{UPPER}*{LOWER}+{SHORT}|{FRONT}{UPPER}+{LOWER}*{SHORT}|\\p{{N}}{{1,3}}{REST}"
TEKKEN = f"{FRONT}{UPPER}*{LOWER}+|{FRONT}{UPPER}+{LOWER}*|\\p{{N}}{REST}"
DEEPSEEK = (r"\p{N}{1,3}", "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
            r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|"
            r" ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
SPECIALS = ("<|endoftext|>", "[SEP]", "<s>")


def split_bytes(*patterns):
    steps = [pre_tokenizers.Split(Regex(p), "isolated") for p in patterns]
    return pre_tokenizers.Sequence(steps + [pre_tokenizers.ByteLevel(False, use_regex=False)])


FAMILIES = {  # name: pre-tokenizer, normalizer, are words bytes?
    "gpt2": (pre_tokenizers.ByteLevel(False), None, True),
    "cl100k": (split_bytes(GPT4 % r"\p{N}{1,3}"), None, True),
    "qwen2": (split_bytes(GPT4 % r"\p{N}"), None, True),
    "o200k": (split_bytes(O200K), None, True),
    "tekken": (split_bytes(TEKKEN), None, True),
    "deepseek3": (split_bytes(*DEEPSEEK), None, True),
    "whitespace": (pre_tokenizers.WhitespaceSplit(), None, False),
    "words": (pre_tokenizers.Whitespace(), None, False),
    "bert": (pre_tokenizers.BertPreTokenizer(), normalizers.BertNormalizer(), False),
    "metaspace": (pre_tokenizers.Metaspace(), None, False),
    "qwen2/nfc": (split_bytes(GPT4 % r"\p{N}"), normalizers.NFC(), True),
    "whitespace/nfkc": (pre_tokenizers.WhitespaceSplit(), normalizers.NFKC(), False),
}
LIKE = ("llama3", "qwen3", "deepseek_v3", "gpt4o", "gpt35turbo", "claude", "gemma3", "llama2")


# These take a whole text as one word, in which spaces became U+2581: words are cut there.
MARKED = {
    "gemma3": pre_tokenizers.Metaspace(prepend_scheme="never"),
    "llama2": pre_tokenizers.Metaspace(prepend_scheme="always"),
}


def alphabet():
    """The byte of each character of GPT-2's alphabet."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    return {chr(b): b for b in plain} | {
        chr(256 + i): b for i, b in enumerate(b for b in range(256) if b not in plain)}


BYTES = alphabet()


def to_bytes(word, raw):
    return bytes(BYTES[c] for c in word) if raw else word.encode()


def reference_counts(documents, specials, normalizer, pretokenizer, raw):
    counts = collections.Counter()
    cut = re.compile("|".join(re.escape(s) for s in sorted(specials, key=len, reverse=True)) or r"(?!)")
    for document in documents:
        for stretch in cut.split(document):
            text = normalizer.normalize_str(stretch) if normalizer else stretch
            if stretch:
                pieces = pretokenizer.pre_tokenize_str(text) if pretokenizer else [(text, None)]
                counts.update(word for word, _ in pieces)
    return {to_bytes(word, raw): count for word, count in counts.items() if word}


def unescape(word):
    plain = {b"t": b"\t", b"n": b"\n", b"r": b"\r", b"\\": b"\\"}
    return re.sub(rb"\\(x..|.)", lambda m: plain.get(m[1]) or bytes([int(m[1][1:], 16)]), word)


def our_counts(tok, options, path, jobs):
    done = subprocess.run([tok, "words", "--format", "tsv", "--null", *options, "--threads", jobs, path],
                          capture_output=True)
    if done.returncode:
        raise SystemExit(f"tok words {' '.join(options)}: {done.stderr.decode()}")
    rows = (line.rsplit(b"\t", 1) for line in done.stdout.splitlines())
    return {unescape(word): int(count) for word, count in rows}


def compare(name, ours, theirs):
    wrong = [w for w in ours.keys() | theirs.keys() if ours.get(w) != theirs.get(w)]
    print(f"{name}: {len(theirs)} words, {sum(theirs.values())} in all, {len(wrong)} differ")
    for word in sorted(wrong)[:5]:
        print(f"  {word!r}: tok {ours.get(word)}, reference {theirs.get(word)}")
    return not wrong and bool(theirs)


def read_documents(cache):
    """Some of each text that is there, with special tokens strewn in."""
    folder, documents = os.path.join(cache, "texts"), []
    for root, _, files in sorted(os.walk(folder)):
        for file in sorted(files):
            data = open(os.path.join(root, file), "rb").read(200_000)
            documents.append(data.decode("utf-8", "ignore").replace("\0", ""))
    documents = [d for d in documents if d]
    strewn = []
    for number, text in enumerate(documents):
        places = range(0, len(text), 997)
        strewn.append("".join(text[p:p + 997] + SPECIALS[(number + p) % 3] * (p % 2) for p in places))
    return strewn


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tok", required=True)
    parser.add_argument("--cache", required=True)
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    documents, well, wanted = read_documents(args.cache), True, args.names
    if not documents:
        raise SystemExit("there are no texts")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "documents")
        with open(path, "wb") as file:
            file.write(b"".join(d.encode() + b"\0" for d in documents))
        special = [word for s in SPECIALS for word in ("--special", s)]
        for name, (pretokenizer, normalizer, raw) in FAMILIES.items():
            if wanted and name not in wanted:
                continue
            family, _, norm = name.partition("/")
            options = ["--pretok", family, *(["--normalizer", norm] if norm else []), *special]
            theirs = reference_counts(documents, SPECIALS, normalizer, pretokenizer, raw)
            well &= compare(name, our_counts(args.tok, options, path, "2"), theirs)
        for name in LIKE:
            source = os.path.join(args.cache, "tokenizers", name, "tokenizer.json")
            if wanted and name not in wanted:
                continue
            if not os.path.exists(source):
                print(f"like {name}: SKIPPED")
                well &= os.environ.get("CI") != "true"
                continue
            theirs = tokenizers.Tokenizer.from_file(source)
            added = [t.content for t in theirs.get_added_tokens_decoder().values()]
            raw = "ByteLevel" in str(theirs.pre_tokenizer)
            steps = (None, MARKED[name]) if name in MARKED else (theirs.normalizer, theirs.pre_tokenizer)
            counts = reference_counts(documents, added, *steps, raw)
            well &= compare(f"like {name}", our_counts(args.tok, ["--like", source], path, "2"), counts)
    sys.exit(not well)


if __name__ == "__main__":
    main()
