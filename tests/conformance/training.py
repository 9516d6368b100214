"""What tok train learns against Hugging Face's trainers, and its files in the programs
that will load them.

    training.py --tok build/tok --cache build/test-data [--rounds 300]
"""
import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import tiktoken
from tiktoken.load import load_tiktoken_bpe
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

failures = 0
checks = 0


def check(ok, what):
    global failures, checks
    checks += 1
    if not ok:
        failures += 1
        print("FAILED:", what)


def train(tok, folder, docs, *options, suffix=".json", ok=(0,)):
    """The file that tok train writes of documents, each ended by a NUL."""
    source, out = folder / "docs", folder / ("out" + suffix)
    source.write_bytes(b"".join(d.encode() + b"\0" for d in docs))
    done = subprocess.run([tok, "train", "--null", "-o", out, *map(str, options), source],
                          capture_output=True, text=True)
    if done.returncode not in ok:
        sys.exit(f"tok train {options}: {done.stderr}")
    return out


def hf_train(docs, pre, **options):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre
    tokenizer.train_from_iterator(docs, trainers.BpeTrainer(show_progress=False, **options))
    return json.loads(tokenizer.to_str())["model"]


def same_model(file, model, what):
    ours = json.loads(file.read_text())["model"]
    check(ours["vocab"] == model["vocab"], f"{what}: the vocabulary differs")
    check(ours["merges"] == model["merges"],
          f"{what}: merges differ from number "
          f"{next((i for i, p in enumerate(zip(ours['merges'], model['merges'])) if p[0] != p[1]), -1)}")


def byte_level():
    return pre_tokenizers.ByteLevel(add_prefix_space=False)


def small_corpora(tok, folder, rounds):
    """Few letters: tokens that are reached in several ways, runs of one letter, ties."""
    for seed in range(rounds):
        r = random.Random(seed)
        letters = "abcd"[: r.randint(1, 4)] if seed % 3 else "aé字"
        docs = ["".join(r.choice(letters + " ") for _ in range(r.randint(1, 40)))
                for _ in range(r.randint(1, 30))]
        frequency, longest = r.choice([0, 2, 3]), r.choice([0, 0, 3, 4, 6])
        options = ["--min-frequency", max(frequency, 1)]
        asked = {"min_frequency": frequency}
        if longest:
            options += ["--max-token-length", longest]
            asked["max_token_length"] = longest + 1  # HF means "shorter than"
        out = train(tok, folder, docs, "-v", "60000", "--pretok", "gpt2", *options)
        model = hf_train(docs, byte_level(), vocab_size=60000,
                         initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), **asked)
        same_model(out, model, f"bytes, seed {seed}")
        out = train(tok, folder, docs, "-v", "60000", "--pretok", "whitespace", *options)
        model = hf_train(docs, pre_tokenizers.WhitespaceSplit(), vocab_size=60000, **asked)
        same_model(out, model, f"characters, seed {seed}")


def real_texts(cache):
    docs = []
    for name in ("udhr", "linux"):
        docs += json.loads((cache / "texts" / f"{name}.json").read_text())
    return [d.replace("\0", "") for d in docs]


def real_corpus(tok, folder, docs):
    out = train(tok, folder, docs, "--sizes", "2k,8k,24k", "--pretok", "gpt2", suffix="{}.json")
    for size in (2000, 8000, 24000):
        model = hf_train(docs, byte_level(), vocab_size=size,
                         initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
        same_model(Path(str(out).replace("{}", str(size))), model, f"real text, {size}")


def same_bytes(tok, folder, docs):
    """Whatever a run is given to do its work with."""
    whole = train(tok, folder, docs, "-v", "8k").read_bytes()
    for options in (["--threads", "1"], ["--threads", "7"], ["--memory", "8M"],
                    ["--memory", "1M", "--threads", "3"]):
        again = train(tok, folder, docs, "-v", "8k", *options).read_bytes()
        check(again == whole, f"{options}: the tokenizer differs")
    part = train(tok, folder, docs, "-v", "3k", suffix=".part.json")
    again = train(tok, folder, docs, "-v", "8k", "--resume", part).read_bytes()
    check(again == whole, "resumed: the tokenizer differs")
    shards = []
    for i in range(3):
        source, shard = folder / f"shard{i}", folder / f"shard{i}.words"
        source.write_bytes(b"".join(d.encode() + b"\0" for d in docs[i::3]))
        subprocess.run([tok, "words", "--null", "-o", shard, source], check=True)
        shards.append(shard)
    counted = folder / "counted.json"
    subprocess.run([tok, "train", "--counts", "-v", "8k", "-o", counted, *shards], check=True)
    check(counted.read_bytes() == whole, "counted in shards: the tokenizer differs")


def encode(tok, file, text, *options):
    done = subprocess.run([tok, "encode", "-t", file, *options], input=text.encode(),
                          capture_output=True, check=True)
    return [int(i) for i in done.stdout.split()]


def loaded_elsewhere(tok, folder, docs):
    text = "".join(docs)[:200_000]
    for options in (["--pretok", "o200k"], ["--pretok", "bert", "--model", "wordpiece"],
                    ["--pretok", "metaspace", "--byte-fallback", "--unk-token", "<unk>"],
                    ["--pretok", "words", "--end-of-word-suffix", "</w>"],
                    ["--pretok", "cl100k", "--special", "<|end|>"]):
        out = train(tok, folder, docs, "-v", "9k", *options)
        theirs = Tokenizer.from_file(str(out)).encode(text).ids
        check(encode(tok, out, text) == theirs, f"{options}: Hugging Face encodes otherwise")
    out = train(tok, folder, docs, "-v", "9k", "--pretok", "cl100k", suffix=".tiktoken")
    pattern = (
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|"
        r"\s++$|\s*[\r\n]|\s+(?!\S)|\s")
    theirs = tiktoken.Encoding("trained", pat_str=pattern, special_tokens={},
                               mergeable_ranks=load_tiktoken_bpe(str(out)))
    check(encode(tok, out, text, "--pattern", "cl100k") == theirs.encode_ordinary(text),
          "tiktoken encodes otherwise")


def special_tokens(tok, folder):
    docs = ["<|end|>" + "low lower <|end|>" * 40]
    out = train(tok, folder, docs, "-v", "300", "--special", "<|end|>")
    texts = json.loads(out.read_text())["model"]["vocab"]
    check(not any("<" in t or "|" in t for t in texts if t != "<|end|>" and len(t) > 1),
          "a part of a special token was learned")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tok", required=True)
    parser.add_argument("--cache", required=True, type=Path)
    parser.add_argument("--rounds", type=int, default=150)
    args = parser.parse_args()
    docs = real_texts(args.cache)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small_corpora(args.tok, folder, args.rounds)
        special_tokens(args.tok, folder)
        real_corpus(args.tok, folder, docs)
        same_bytes(args.tok, folder, docs)
        loaded_elsewhere(args.tok, folder, docs)
    print(f"{checks} comparisons, {failures} failed")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
