"""What tok train --model unigram learns against SentencePiece's trainer, and its files, and
SentencePiece models of BPE, in the programs that will load them.

    training_unigram.py --tok build/tok --cache build/test-data
"""
import argparse
import json
import math
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import sentencepiece
from tokenizers import Tokenizer

failures = 0
checks = 0


def check(ok, what):
    global failures, checks
    checks += 1
    if not ok:
        failures += 1
        print("FAILED:", what)


def train(tok, source, out, *options):
    done = subprocess.run([tok, "train", "--lines", "-o", out, *map(str, options), source],
                          capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"tok train {options}: {done.stderr}")
    return out


def spm_train(source, prefix, **options):
    sentencepiece.SentencePieceTrainer.train(
        input=str(source), model_prefix=str(prefix), minloglevel=2, num_threads=2,
        max_sentence_length=1 << 20, **options)
    return Path(f"{prefix}.model")


def encode(tok, file, source):
    done = subprocess.run([tok, "encode", "-t", file, "--lines", source], capture_output=True,
                          check=True)
    return [[int(i) for i in line.split()] for line in done.stdout.split(b"\n")[:-1]]


def read_texts(cache, *names):
    """Lines to learn from, and others."""
    lines = []
    for name in names:
        for text in json.loads((cache / "texts" / f"{name}.json").read_text()):
            lines += [line for line in text.replace("\0", "").replace("\r", "").split("\n") if line]
    return lines[::10], lines[5::100]


def write_lines(path, lines):
    path.write_text("".join(line + "\n" for line in lines), newline="\n")
    return path


def likelihood(file, lines):
    model = sentencepiece.SentencePieceProcessor(model_file=str(file))
    scores = [model.get_score(i) for i in range(model.get_piece_size())]
    ids = model.encode(lines)
    return sum(map(len, ids)), sum(scores[i] for row in ids for i in row)


def as_good_as_theirs(tok, folder, cache):
    """Fewer tokens of text that was not learned from, or at most 1 % more, and as probable."""
    learned, held = read_texts(cache, "linux")
    source = write_lines(folder / "linux.txt", learned)
    like = dict(normalization_rule_name="identity",
                remove_extra_whitespaces=False, split_by_unicode_script=False,
                split_by_number=False)
    for size, coverage in ((2000, 0.999), (6000, 1.0)):
        theirs = spm_train(source, folder / "theirs", vocab_size=size,
                           character_coverage=coverage, **like)
        ours = train(tok, source, folder / "ours.model", "--model", "unigram", "-p", "metaspace",
                     "-v", size, "--character-coverage", coverage)
        (n, score), (spm_n, spm_score) = likelihood(ours, held), likelihood(theirs, held)
        check(n <= 1.01 * spm_n, f"{size}: {n} tokens, SentencePiece has {spm_n}")
        check(score >= 1.01 * spm_score, f"{size}: likelihood {score}, not {spm_score}")


def in_sentencepiece(tok, folder, source, held, held_file):
    made = spm_train(source, folder / "nfkc", vocab_size=2000, character_coverage=0.98)
    for options in (["-p", "metaspace"], ["-p", "metaspace", "--byte-fallback"],
                    ["--like", made],
                    ["-p", "metaspace", "--special", "<x>", "--special", "</s>",
                     "--split-digits"]):
        for model in ("unigram", "bpe"):
            what = f"{model} {options}"
            out = train(tok, source, folder / "it.model", "--model", model, "-v", "5k", *options)
            theirs = sentencepiece.SentencePieceProcessor(model_file=str(out))
            check(encode(tok, out, held_file) == theirs.encode(held),
                  f"{what}: SentencePiece encodes otherwise")
            check([theirs.id_to_piece(i) for i in range(3)] == ["<unk>", "<s>", "</s>"],
                  f"{what}: the first pieces")
            check(theirs.decode(theirs.encode("a b.")) == "a b.", f"{what}: decoded")
            if "--split-digits" in options:
                check(theirs.id_to_piece(3) == "<x>", f"{what}: the special token")
                pieces = map(theirs.id_to_piece, range(theirs.get_piece_size()))
                check(not any(len(p) > 1 and any(c in "0123456789" for c in p) for p in pieces
                              if not p.startswith("<0x")), f"{what}: digits are joined")


def in_hugging_face(tok, folder, source, held, held_file):
    for options in (["-p", "metaspace"], ["-p", "metaspace", "--byte-fallback"], ["-p", "gpt2"],
                    ["-p", "o200k", "--special", "<|end|>"],
                    ["-p", "metaspace", "--normalizer", "nfkc", "--character-coverage", "0.99",
                     "--max-piece-length", "6", "--unk-token", "[UNK]"]):
        out = train(tok, source, folder / "it.json", "--model", "unigram", "-v", "5k", *options)
        theirs = Tokenizer.from_file(str(out))
        ids = [e.ids for e in theirs.encode_batch(held, add_special_tokens=False)]
        check(encode(tok, out, held_file) == ids, f"{options}: Hugging Face encodes otherwise")
        if "--max-piece-length" in options:
            pieces = [p for p, _ in json.loads(out.read_text())["model"]["vocab"]]
            check(max(map(len, pieces)) == 6, f"{options}: the longest piece")
            seen = {c for line in held for c in line}
            check(len(seen - {p for p in pieces if len(p) == 1}) > 50,
                  f"{options}: rare characters are pieces")


def same_bytes(tok, folder, source):
    options = ["--model", "unigram", "-p", "metaspace", "-v", "5k"]
    whole = train(tok, source, folder / "one.json", *options, "--threads", 1).read_bytes()
    for threads in (2, 7, 40):
        again = train(tok, source, folder / "more.json", *options, "--threads", threads)
        check(again.read_bytes() == whole, f"{threads} threads: the tokenizer differs")
    counted, out = folder / "all.words", folder / "counted.json"
    subprocess.run([tok, "words", "--lines", "-p", "metaspace", "-o", counted, source], check=True)
    subprocess.run([tok, "train", "-c", "--model", "unigram", "-v", "5k", "-o", out, counted],
                   check=True)
    check(out.read_bytes() == whole, "counted first: the tokenizer differs")


def interrupted(tok, folder, source, held):
    """EM steps without end: what there is when the signal comes is whole."""
    out = folder / "stopped.json"
    run = subprocess.Popen([tok, "train", "--lines", "--model", "unigram", "-p", "metaspace",
                            "-v", "5k", "--num-sub-iterations", "1000", "-o", out, source],
                           stderr=subprocess.PIPE, text=True)
    time.sleep(2)
    run.send_signal(signal.SIGINT)
    said = run.communicate(timeout=60)[1]
    check(run.returncode == 2 and "interrupted" in said, f"interrupted: {run.returncode} {said}")
    vocab = json.loads(out.read_text())["model"]["vocab"]
    check(len(vocab) == 5000 and all(math.isfinite(s) for _, s in vocab), "interrupted: the pieces")
    theirs = Tokenizer.from_file(str(out))
    check(all(0 not in e.ids for e in theirs.encode_batch(
        ["".join(c for c in line if c < "\x7f") for line in held[:100]])),
        "interrupted: characters are missing")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tok", required=True)
    parser.add_argument("--cache", required=True, type=Path)
    args = parser.parse_args()
    learned, held = read_texts(args.cache, "udhr", "linux")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = write_lines(folder / "source.txt", learned)
        held_file = write_lines(folder / "held.txt", held)
        as_good_as_theirs(args.tok, folder, args.cache)
        in_sentencepiece(args.tok, folder, source, held, held_file)
        in_hugging_face(args.tok, folder, source, held, held_file)
        same_bytes(args.tok, folder, source)
        interrupted(args.tok, folder, source, held)
    print(f"{checks} comparisons, {failures} failed")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
