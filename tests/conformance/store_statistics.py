#!/usr/bin/env python3
"""What a store counts of real vocabularies, as Python's sqlite3 reads it from the store, beside what their reference
programs and their files say.

    store_statistics.py --tok build/tok --cache build/test-data [NAME...]
"""
import argparse
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile

import references
from audit_vocab import Program

# Others by name: llama3 qwen3 gemma3 gptoss o200k ...
NAMES = ["claude", "llama2", "gpt2", "cl100k", "llama2_spm", "albert", "bert"]
troubles = []


def skip(what):
    print("SKIPPED:", what)
    if os.environ.get("CI"):
        troubles.append(f"{what} is not there")


# ---- what the references say -----------------------------------------------------------------------------------

def of_file(reference, folder):
    """What no program counts: from the file."""
    if (folder / "tokenizer.json").exists():
        root = json.loads((folder / "tokenizer.json").read_text())
        model = root["model"]
        return {"merges": len(model["merges"]), "added_tokens": len(root["added_tokens"]), "unknown": model.get("unk_token"),
                "byte_fallback": int(model.get("byte_fallback", False)),
                "byte_level": int("ByteLevel" in json.dumps([root["pre_tokenizer"], root["normalizer"]]))}
    if isinstance(reference, references.Tiktoken):
        return {"merges": 0, "added_tokens": len(reference.specials), "unknown": None, "byte_fallback": 0, "byte_level": 1}
    if isinstance(reference, references.SentencePiece):
        p = reference.processor
        return {"merges": 0, "unknown": p.id_to_piece(p.unk_id()), "byte_level": 0,
                "byte_fallback": int(any(p.is_byte(i) for i in range(p.get_piece_size())))}
    if (folder / "vocab.bpe").exists():
        lines = (folder / "vocab.bpe").read_text().splitlines()[1:]
        return {"merges": len([line for line in lines if line]), "unknown": None, "byte_fallback": 0, "byte_level": 1}
    return {"merges": 0, "unknown": "[UNK]", "byte_fallback": 0, "byte_level": 0}


def byte_tokens(program, file):
    if not file["byte_fallback"]:
        return set()
    reference = program.reference
    name = reference.processor.id_to_piece if isinstance(reference, references.SentencePiece) else reference.tokenizer.id_to_token
    return {i for i in program.ids if re.fullmatch("<0x[0-9A-F]{2}>", name(i))}


def returned(program):
    """Of the ASCII bytes, those that come back alone or between letters."""
    reference = program.reference
    texts = [t for b in range(128) for t in (chr(b), f"a{chr(b)}a")]
    rows = program.encode(texts)
    if isinstance(reference, references.SentencePiece):
        back = [reference.processor.decode(row) for row in rows]
    elif isinstance(reference, references.Tiktoken):
        back = [reference.encoding.decode(row) for row in rows]
    else:
        back = reference.tokenizer.decode_batch(rows, skip_special_tokens=False)
    return sum(any(texts[i] == back[i] for i in (2 * b, 2 * b + 1)) for b in range(128))


def wanted_of(name, cache):
    folder = references.folder_of(name, cache)
    program = Program(references.reference_of(name, cache), folder)
    file = of_file(program.reference, folder)
    fallback = byte_tokens(program, file)
    texts = [program.bytes_of(i) for i in program.ids if i not in program.special and i not in fallback]
    alone = {t[0] for t in texts if len(t) == 1} | set(range(256) if fallback else ())
    return {**file, "tokens": len(program.ids), "text_tokens": len(texts), "byte_tokens": len(fallback),
            "special_tokens": len(program.special), "text_bytes": sum(map(len, texts)), "longest_bytes": max(map(len, texts)),
            "bytes_alone": len(alone), "mean_bytes": sum(map(len, texts)) / len(texts)}, returned(program)


# ---- what the store says ---------------------------------------------------------------------------------------

def run(args, *words):
    done = subprocess.run([args.tok, "vocab", *map(str, words)], capture_output=True, check=False,
                          env=dict(os.environ, TOK_STORE=args.store, TOK_CACHE="off"))
    if done.returncode:
        sys.exit(f"vocab {words}: {done.returncode} {done.stderr.decode()}")
    return done.stdout


def rows_of(args, name):
    db = sqlite3.connect(os.path.join(args.store, "store.db"))
    db.row_factory = sqlite3.Row
    row = db.execute("SELECT s.* FROM statistics s JOIN vocabulary v ON v.id = s.vocabulary WHERE name = ?", (name,)).fetchone()
    scripts = dict(db.execute("SELECT s.name, tokens FROM script s JOIN vocabulary v ON v.id = s.vocabulary WHERE v.name = ?",
                              (name,)).fetchall())
    db.close()
    return dict(row), scripts


def compare(args, name):
    if not references.folder_of(name, args.cache).is_dir():
        skip(name)
        return
    run(args, "add", name, references.folder_of(name, args.cache))
    wanted, ascii_returned = wanted_of(name, args.cache)
    row, scripts = rows_of(args, name)
    got = {key: row[key] for key in wanted}
    for key in wanted:
        if got[key] != wanted[key]:
            troubles.append(f"{name}: {key} is {got[key]!r}, and {wanted[key]!r} of its reference")
    if not row["bytes_returned"] - 128 <= ascii_returned <= row["bytes_returned"]:
        troubles.append(f"{name}: {row['bytes_returned']} bytes come back; of ASCII alone {ascii_returned}")
    if sum(scripts.values()) != wanted["text_tokens"]:
        troubles.append(f"{name}: {sum(scripts.values())} tokens have a script")
    shown, = json.loads(run(args, "show", "--json", name))["vocabularies"]
    said = {**shown["statistics"], "mean_bytes": row["mean_bytes"], "scripts": scripts}
    if any(said[key] != row[key] for key in row if key != "vocabulary") or shown["statistics"]["scripts"] != scripts:
        troubles.append(f"{name}: show and the tables differ: {said} {row}")
    print(f"{name}: {row['tokens']} tokens, {row['mean_bytes']:.3f} bytes each")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tok", required=True)
    parser.add_argument("--cache", type=pathlib.Path, required=True)
    parser.add_argument("names", nargs="*", default=NAMES)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        args.store = folder
        for name in args.names:
            compare(args, name)
    print(*troubles, sep="\n")
    return 1 if troubles else 0


if __name__ == "__main__":
    sys.exit(main())
