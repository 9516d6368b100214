#!/usr/bin/env python3
"""Real tokenizers written as GGUF files have the ids of the files they came from.

    gguf_files.py --tok build/tok --cache build/test-data

Takes CACHE/tokenizers/NAME, writes CACHE/gguf/NAME.gguf with
the gguf package as llama.cpp's converter writes it, and compares what tok makes of
both: ids, byte offsets and decoded bytes, with text of special tokens ordinary and
matched.  Where llama_cpp is installed, it is asked for the ids besides; what differs
there is shown and not counted, for tok follows the tokenizer the file was made from,
and llama.cpp 0.3.36 does not: it splits GPT-4o's text by a rewritten pattern,
normalises T5's and BERT's in its own way and has no limit for the length of words.

One row a tokenizer: strings, and how many of them differ.  Exit 1 if any does.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import unicodedata

import gguf
from sentencepiece import sentencepiece_model_pb2 as proto

from spm_models import is_text, run, trouble

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED = 1, 2, 3, 4, 5

# Name, how it is written, tokenizer.ggml.pre.
CASES = [
    ("llama3", "bpe", "llama-bpe"),
    ("gpt4o", "bpe", "gpt-4o"),
    ("qwen3", "bpe", "qwen2"),
    ("deepseek_v3", "bpe", "deepseek-v3"),
    ("gpt2", "bpe", "gpt-2"),
    ("gpt35turbo", "bpe", "dbrx"),
    ("llama2_spm", "llama", None),
    ("mistral_v3", "llama", None),
    ("albert", "t5", None),
    ("smart", "t5", None),
    ("bert", "bert", None),
    ("llama3", "json", None),
]


def find_file(path, patterns):
    return next((f for pattern in patterns for f in sorted(path.glob(pattern))), None)


# ---- writing, as convert_hf_to_gguf.py does ----------------------------------------

def write_tokens(writer, tokens, types):
    writer.add_token_list(tokens)
    writer.add_token_types(types)


def read_bpe(path):
    """A tokenizer.json, or GPT-2's two files as if they were one."""
    whole = find_file(path, ["tokenizer.json"])
    if whole:
        return json.loads(whole.read_text())
    vocab = json.loads(find_file(path, ["vocab.json", "encoder.json"]).read_text())
    merges = find_file(path, ["merges.txt", "vocab.bpe"]).read_text().split("\n")
    end = {"id": vocab["<|endoftext|>"], "content": "<|endoftext|>", "special": True}
    return {"model": {"vocab": vocab, "merges": [m for m in merges[1:] if m]}, "added_tokens": [end]}


def write_bpe(writer, path, pre):
    source = read_bpe(path)
    vocab = dict(source["model"]["vocab"])
    added = {a["id"]: a for a in source["added_tokens"]}
    texts = {i: t for t, i in vocab.items()} | {i: a["content"] for i, a in added.items()}
    tokens, types = [], []
    for i in range(max(texts) + 1):
        tokens.append(texts.get(i, f"[PAD{i}]"))
        if i in added:
            types.append(CONTROL if added[i]["special"] else USER_DEFINED)
        else:
            types.append(NORMAL if i in texts else UNUSED)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    write_tokens(writer, tokens, types)
    writer.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in source["model"]["merges"]])


def write_spm(writer, path, kind):
    model = proto.ModelProto.FromString(find_file(path, ["*.model"]).read_bytes())
    writer.add_tokenizer_model(kind)
    write_tokens(writer, [p.piece.encode() for p in model.pieces], [p.type for p in model.pieces])
    writer.add_token_scores([p.score for p in model.pieces])
    writer.add_add_space_prefix(model.normalizer_spec.add_dummy_prefix)
    writer.add_remove_extra_whitespaces(model.normalizer_spec.remove_extra_whitespaces)
    if model.normalizer_spec.precompiled_charsmap:
        writer.add_precompiled_charsmap(model.normalizer_spec.precompiled_charsmap)
    writer.add_unk_token_id(model.trainer_spec.unk_id)


def write_bert(writer, path):
    words = find_file(path, ["vocab.txt"]).read_text().split("\n")
    words = words[:-1] if words[-1] == "" else words
    special = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}

    def spell(word):
        if word.startswith("[") and word.endswith("]"):
            return word
        return word[2:] if word.startswith("##") else "\u2581" + word

    writer.add_tokenizer_model("bert")
    write_tokens(writer, [spell(w) for w in words], [CONTROL if w in special else NORMAL for w in words])
    writer.add_unk_token_id(words.index("[UNK]"))
    writer.add_bos_token_id(words.index("[CLS]"))
    writer.add_sep_token_id(words.index("[SEP]"))


def write(out, path, kind, pre):
    writer = gguf.GGUFWriter(out, "llama")
    writer.add_uint32("general.alignment", 32)
    if kind == "bpe":
        write_bpe(writer, path, pre)
    elif kind == "bert":
        write_bert(writer, path)
    elif kind == "json":
        # The whole file counts, whatever else is said.
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("bloom")
        writer.add_string("tokenizer.huggingface.json", find_file(path, ["tokenizer.json"]).read_text())
    else:
        write_spm(writer, path, kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


# ---- comparing ------------------------------------------------------------------------

def is_asked(name, text):
    """llama.cpp normalises nothing: Qwen's NFC is not in a GGUF file."""
    return name != "qwen3" or (is_text(text) and unicodedata.is_normalized("NFC", text.decode()))


def encode(tok, path, special, files):
    said = run(tok, "encode", "-t", str(path), "--special-text", special, "-F", "jsonl", "--offsets", *files)
    return [json.loads(line) for line in said.split(b"\n")[:-1]]


def decode(tok, path, rows):
    lines = "".join(" ".join(map(str, row["ids"])) + "\n" for row in rows)
    return run(tok, "decode", "-t", str(path), "--null", data=lines.encode())


def compare(tok, name, source, made, texts, files, report):
    wrong = 0
    for special in ("ordinary", "match"):
        wanted, got = encode(tok, source, special, files), encode(tok, made, special, files)
        for text, want, have in zip(texts, wanted, got, strict=True):
            if want != have:
                wrong += 1
                if wrong <= report:
                    print(f"{name}: {special} {text!r}\n  wanted {want}\n  got    {have}", file=sys.stderr)
        if decode(tok, source, wanted) != decode(tok, made, wanted):
            wrong += 1
            print(f"{name}: {special}: decoded text differs", file=sys.stderr)
    return wrong


def llama_differences(tok, made, texts, files, report):
    """Against llama.cpp: valid text without NUL, special tokens not matched."""
    try:
        import llama_cpp
    except ImportError:
        return "not installed"
    model = llama_cpp.Llama(str(made), vocab_only=True, verbose=False)
    wrong = count = 0
    for text, have in zip(texts, encode(tok, made, "ordinary", files), strict=True):
        if not is_text(text) or b"\0" in text:
            continue
        count += 1
        want = model.tokenize(text, add_bos=False, special=False)
        if want != have["ids"]:
            wrong += 1
            if wrong <= report:
                print(f"{made.name}: llama.cpp {text!r}\n  wanted {want}\n  got    {have['ids']}", file=sys.stderr)
    return f"{wrong} of {count}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tok", required=True)
    parser.add_argument("--cache", required=True, type=pathlib.Path)
    parser.add_argument("--report", type=int, default=2, help="differences to show for each tokenizer")
    options = parser.parse_args()

    folder = options.cache / "gguf"
    (folder / "texts").mkdir(parents=True, exist_ok=True)
    texts = trouble()
    files = [str(folder / "texts" / str(i)) for i in range(len(texts))]
    for file, text in zip(files, texts):
        pathlib.Path(file).write_bytes(text)

    total = compared = skipped = 0
    print("| tokenizer | written as | strings | differ from the source | differ from llama.cpp |\n|---|---|--:|--:|--:|")
    for name, kind, pre in CASES:
        source = options.cache / "tokenizers" / name
        if not source.exists():
            skipped += 1
            print(f"| {name} | {kind} | | SKIPPED: {source} is not there | |")
            continue
        made = folder / f"{name}-{kind}.gguf"
        write(made, source, kind, pre)
        asked = [(t, f) for t, f in zip(texts, files) if is_asked(name, t)]
        wrong = compare(options.tok, name, source, made, *zip(*asked), options.report)
        others = llama_differences(options.tok, made, *zip(*asked), options.report) if kind != "json" else ""
        print(f"| {name} | {pre or kind} | {2 * len(asked)} | {wrong} | {others} |", flush=True)
        total += wrong
        compared += 1
    print(f"{compared} tokenizers, {total} differences, {skipped} skipped")
    return 1 if total or compared == 0 or (skipped and os.environ.get("CI") == "true") else 0


if __name__ == "__main__":
    sys.exit(main())
