#!/usr/bin/env python3
"""tok embed convert-tokenizer against byte_level_convert.py, on real tokenizers of each kind.

    byte_level.py --tok build/tok --cache build/test-data [NAME...]

file        every part of the file: tokens and ids, merges in order, scores, special tokens,
            pipeline; and what was told of it
ids         Hugging Face tokenizers and tok encode give the same ids with it
laws        all bytes are tokens; any bytes are spelled by the bare model's tokens; a token
            that the model made before of its text it makes now of its bytes (of many
            tokens some 32,000); converting
            again changes no byte of the file, but a score's last bit
counts      the extra tokens of published networks' tokenizers

Of a quarter of a million tokens only the file is compared, and its count.

Exit 1 if anything differs, or if nothing was compared.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import zlib

from tokenizers import Tokenizer

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "oracles"))

import byte_level_convert as oracle  # noqa: E402
import references  # noqa: E402
import strings as generator  # noqa: E402
import written  # noqa: E402
from compare import Tally  # noqa: E402

# The tokenizer, another whose special tokens it gets, runs of white space.
RUNS = [("llama2", None, False), ("llama2", "albert", True), ("llama2_spm", None, False),
        ("mistral_v3", None, True), ("bert", None, False), ("bert", "llama2", True), ("albert", None, False), ("albert", "gpt2", True),
        ("xlm_r", None, False),
        ("gpt2", None, False), ("gpt2", "llama2", True), ("r50k", None, True)]
# len(tokenizer) of the published checkpoints less that of the base model: TinyLlama, Mistral, XLM-R.
COUNTS = {"llama2_spm": 362, "llama2": 522, "xlm_r": 161, "gpt2": 0}
# Hugging Face tokenizers need seconds to read one of so many tokens; ALBERT is of the same kind.
ONLY_FILE = {"xlm_r"}
TEXTS = [*written.TEXTS, "\n\n\n\n    x\t\t\ty", " " * 40 + "a", "\x00\x01\x7f\u0080\u00ff", "n\u0303a \u0915\u094d\u0937"]


def run(*words):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, env=dict(os.environ, TOK_CACHE="off"))
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, words))}: {done.stderr}")
    return done


def source_of(name, options):
    """The path that tok reads; None where it is not there."""
    folder = pathlib.Path(options.cache) / "tokenizers" / name
    if not folder.exists():
        return None
    files = [f for f in folder.iterdir() if f.name != "vocab.bpe"]
    return files[0] if len(files) == 1 else folder


def root_of(source, options, scratch):
    """What the oracle reads: the file itself, or what conformance.written holds to be the same."""
    if source.suffix == ".model":
        return oracle.of_sentencepiece(source)
    root = json.loads(source.read_text()) if source.suffix == ".json" else {}
    if "added_tokens" not in root:
        run(options.tok, "vocab", "convert", source, "-o", scratch / "source.json")
        root = json.loads((scratch / "source.json").read_text())
    return root


def compare_files(tally, name, ours, theirs, has_template):
    model, wanted = ours["model"], theirs["model"]
    tally.compare("vocabulary", name, list(model["vocab"].items() if isinstance(model["vocab"], dict) else map(tuple, model["vocab"])),
                  list(wanted["vocab"].items() if isinstance(wanted["vocab"], dict) else map(tuple, wanted["vocab"])))
    tally.compare("merges", name, model.get("merges"), wanted.get("merges"))
    for key in model.keys() - {"vocab", "merges"}:
        tally.compare(f"model's {key}", name, model[key], wanted[key])
    parts = ["added_tokens", "normalizer", "pre_tokenizer", "decoder", "truncation", "padding"]
    ours, theirs = (written.canonical({**root, "model": {}}) for root in (ours, theirs))
    for part in parts + (["post_processor"] if has_template else []):
        tally.compare(part, name, ours[part], theirs[part])


def tokens_of(tokenizer, text):
    return [token.value for token in tokenizer.model.tokenize(text)]


def compare_laws(tally, name, tokenizer, before, source, report, forms):
    vocabulary = tokenizer.get_vocab(with_added_tokens=False)
    tally.compare("bytes", name, [c for c in oracle.LETTER.values() if c not in vocabulary], [])
    rng = random.Random(zlib.crc32(name.encode()))
    for _ in range(200):
        row = bytes(rng.randrange(256) for _ in range(rng.randrange(40)))
        form = "".join(oracle.LETTER[b] for b in row)
        tally.compare("bytes spelled", row, "".join(tokens_of(tokenizer, form)), form)
    if forms is None:
        return
    reached = 0
    for text, form in list(forms.map.items())[::max(1, len(forms.map) // 32000)]:
        if text in source.named or form not in vocabulary or form.startswith("<unused_"):
            continue
        if tokens_of(before, text) == [text] and form != text[:0]:
            reached += 1
            tally.compare("token reached", text, tokens_of(tokenizer, form), [form])
    print(f"{name}: {reached} tokens reached of {report['tokens_before']}", flush=True)


def compare_runs(tally, name, tokenizer):
    for form in oracle.RUNS:
        tally.compare("run reached", form, tokens_of(tokenizer, form), [form])


def compare_ids(tally, name, options, path, tokenizer, theirs):
    reference = references.HuggingFace(tokenizer)
    texts = generator.trouble(options.strings, zlib.crc32(name.encode()), reference.specials) + TEXTS
    other = references.HuggingFace(Tokenizer.from_str(json.dumps(theirs)))
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    done = subprocess.run([options.tok, "encode", "-t", path, "--jsonl", "text", "-F", "jsonl"], input=lines, capture_output=True, text=True,
                          env=dict(os.environ, TOK_CACHE="off"))
    ours = [json.loads(line)["ids"] for line in done.stdout.splitlines()]
    tally.compare("texts encoded", name, len(ours), len(texts))
    for text, a, b, c in zip(texts, ours, reference.encode("text", texts), other.encode("text", texts)):
        tally.compare("ids of tok", text, a, b.ids)
        tally.compare("ids with the other file", text, b.ids, c.ids)


def rounded(path):
    """A file's text; scores, of which a reader may get the last bit wrong, without their last digits."""
    root = json.loads(path.read_text())
    if root["model"]["type"] == "Unigram":
        root["model"]["vocab"] = [[form, round(score, 12)] for form, score in root["model"]["vocab"]]
    return json.dumps(root)


def convert(options, source, path, like, whitespace):
    words = (["--like", like] if like else []) + (["--whitespace"] if whitespace else [])
    return json.loads(run(options.tok, "embed", "convert-tokenizer", source, "-o", path, "--json", *words).stderr)


def compare(name, like, whitespace, options, scratch, tally):
    source, other = source_of(name, options), source_of(like, options) if like else None
    if not source or (like and not other):
        return False
    path, again = scratch / "converted.json", scratch / "again.json"
    what = f"{name}{' like ' + like if like else ''}{' with runs' if whitespace else ''}"
    report = convert(options, source, path, other, whitespace)
    root = root_of(source, options, scratch)
    theirs, told = oracle.convert(root, root_of(other, options, scratch) if like else None, whitespace)
    ours = json.loads(path.read_text())
    compare_files(tally, what, ours, theirs, source.suffix != ".model" or like)
    tally.compare("told", what, {key: report[key] for key in told}, told)
    if not like and not whitespace and name in COUNTS:
        tally.compare("extra tokens", name, report["extra_tokens"], COUNTS[name])
    if name in ONLY_FILE:
        return True
    tokenizer = Tokenizer.from_file(str(path))
    compare_ids(tally, what, options, path, tokenizer, theirs)
    is_plain = not like and not whitespace
    forms = oracle.Forms(oracle.Source(root), False) if is_plain else None
    before = Tokenizer.from_str(json.dumps(root))
    compare_laws(tally, what, tokenizer, before, oracle.Source(root), report, forms)
    if whitespace:
        compare_runs(tally, what, tokenizer)
    convert(options, path, again, other, whitespace)
    tally.compare("converted again", what, rounded(again), rounded(path))
    return True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tok", required=True)
    parser.add_argument("--cache", required=True)
    parser.add_argument("--strings", type=int, default=150)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    tally, skipped = Tally(), 0
    with tempfile.TemporaryDirectory() as scratch:
        for name, like, whitespace in RUNS:
            if not options.names or name in options.names:
                skipped += not compare(name, like, whitespace, options, pathlib.Path(scratch), tally)
    for line in tally.shown:
        print(line)
    print(f"byte level: {tally.compared} compared, {tally.wrong} wrong, {skipped} skipped")
    return 1 if tally.wrong or not tally.compared or (skipped and os.environ.get("CI") == "true") else 0


if __name__ == "__main__":
    sys.exit(main())
