#!/usr/bin/env python3
"""tok transplant between real tokenizers, against numpy and Hugging Face's tokenizers.

    transplant.py --tok build/tok --cache build/test-data

rows       copied ones are the old ones to the bit, for tokens that are the same bytes by rules written
           here anew; new ones are means of the pieces that tokenizers makes of them
identity   the same tokenizer gives the same files
back       a vocabulary in another order, and back: the same files
threads    one thread and several write the same
apply      what was done to one model, done to another, is what doing it there would have been
stopped    a run that is killed leaves no folder

Exit 1 if anything differs, or if nothing was compared.
"""
import argparse
import filecmp
import functools
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

import ml_dtypes
import numpy as np
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer
from tokenizers.implementations import BertWordPieceTokenizer, ByteLevelBPETokenizer

WIDTH, SAMPLE = 24, 300
# The old tokenizer, the new one, type of the numbers, is the output a matrix of its own?
RUNS = [("gpt2", "llama2", np.float32, True), ("llama2", "qwen3", ml_dtypes.bfloat16, True), ("bert", "gpt2", np.float16, False),
        ("llama3", "bert", np.float32, False)]
IN, OUT = "model.embed_tokens.weight", "lm_head.weight"
failures, compared = 0, 0


def check(what, right):
    global failures, compared
    compared += 1
    if not right:
        failures += 1
        print("WRONG:", what)


def run(*words, code=0):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, env=dict(os.environ, TOK_CACHE="off"))
    if done.returncode != code:
        raise SystemExit(f"{' '.join(map(str, words))}: {done.returncode}: {done.stderr}")
    return done


# ---- tokens as bytes, by rules of our own ---------------------------------------------------------

def alphabet():
    """GPT-2's: characters for bytes."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {chr(b): b for b in kept}
    table.update({chr(256 + n): b for n, b in enumerate(b for b in range(256) if b not in kept)})
    return table


ALPHABET = alphabet()


@functools.lru_cache(None)
def bytes_of(file):
    """id -> (bytes, is special, is a byte's own token), of a tokenizer.json."""
    data = json.loads(file.read_text())
    model = data["model"]
    byte_level = '"ByteLevel"' in json.dumps([data["pre_tokenizer"], data["decoder"]])
    vocab = model["vocab"]
    if isinstance(vocab, list):
        vocab = {piece: i for i, (piece, _) in enumerate(vocab)}
    special = {t["id"]: t["content"].encode() for t in data["added_tokens"] if t["special"]}
    plain = {t["id"]: t["content"].encode() for t in data["added_tokens"] if not t["special"]}
    out = {}
    for token, i in vocab.items():
        if model["type"] == "WordPiece":
            out[i] = token[2:].encode() if token.startswith("##") else b" " + token.encode()
        elif byte_level:
            out[i] = bytes(ALPHABET[c] for c in token) if all(c in ALPHABET for c in token) else token.encode()
        elif len(token) == 6 and token.startswith("<0x"):
            out[i] = int(token[3:5], 16)
        else:
            out[i] = token.replace("\u2581", " ").encode()
    out = {i: (bytes([b]), False, True) if isinstance(b, int) else (b, False, False) for i, b in out.items()}
    out.update({i: (b, False, False) for i, b in plain.items()})
    out.update({i: (b, True, False) for i, b in special.items()})
    return out


def same(old, new):
    """id of the new vocabulary -> of the old: the lowest with the same bytes, of the same kind where there is one."""
    first = {}
    for i in sorted(old, reverse=True):
        first[old[i]] = i
    other = {i: (token, special, not byte) for i, (token, special, byte) in new.items()}
    return {i: first[token if token in first else other[i]] for i, token in new.items()
            if token in first or other[i] in first}


# ---- models ------------------------------------------------------------------------------------------

def make_model(folder, tokenizer, dtype, untied, seed, extra=0):
    """A folder as Hugging Face has it; returns its matrices."""
    folder.mkdir()
    count = max(bytes_of(tokenizer)) + 1 + extra
    numbers = np.random.default_rng(seed)
    tensors = {IN: numbers.normal(size=(count, WIDTH)).astype(dtype),
               "model.norm.weight": numbers.normal(size=WIDTH).astype(np.float32)}
    if untied:
        tensors[OUT] = numbers.normal(size=(count, WIDTH)).astype(dtype)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(
        {"architectures": ["LlamaForCausalLM"], "vocab_size": count, "hidden_size": WIDTH, "tie_word_embeddings": not untied}))
    (folder / "tokenizer.json").write_bytes(tokenizer.read_bytes())
    return tensors


def same_folder(what, a, b, but=()):
    names = sorted({p.name for p in a.iterdir()} | {p.name for p in b.iterdir()})
    for name in names:
        if name not in but:
            check(f"{what}: {name}", (a / name).exists() and (b / name).exists()
                  and filecmp.cmp(a / name, b / name, shallow=False))


REPORT = ["transplant.json", "transplant.html", "mapping.tsv", "mapping.safetensors"]


# ---- rows -----------------------------------------------------------------------------------------------

def check_rows(what, options, scratch, old_file, new_file, dtype, untied):
    model, out = scratch / "model", scratch / "out"
    was = make_model(model, old_file, dtype, untied, 1)
    run(options.tok, "transplant", "run", model, new_file, "-m", "subword", "-o", out, "--match", "exact,byte")
    now = load_file(out / "model.safetensors")
    old, new = bytes_of(old_file), bytes_of(new_file)
    shared = same(old, new)
    told = json.loads((out / "transplant.json").read_text())
    check(f"{what}: {told['classes']} is not {len(shared)}",
          told["classes"]["exact"] + told["classes"]["byte"] == len(shared))
    for name in [IN, OUT] if untied else [IN]:
        check(f"{what}: shape of {name}", now[name].shape == (max(new) + 1, WIDTH))
        ids = np.array(list(shared))
        from_ids = np.array([shared[i] for i in ids])
        check(f"{what}: copied rows of {name}", now[name][ids].tobytes() == was[name][from_ids].tobytes())
        check_means(what + ", " + name, old_file, new, shared, was[name], now[name])
    check(f"{what}: other tensors", now["model.norm.weight"].tobytes() == was["model.norm.weight"].tobytes())
    config = json.loads((out / "config.json").read_text())
    check(f"{what}: vocab_size", config["vocab_size"] == max(new) + 1)
    check(f"{what}: the tokenizer", (out / "tokenizer.json").read_bytes() == new_file.read_bytes())


def check_means(what, old_file, new, shared, was, now):
    """New tokens that are plain words of text, which every tokenizer cuts by itself as within a text; to WordPiece
    that is what has a space in front."""
    judge = Tokenizer.from_file(str(old_file))
    front = b" " if '"WordPiece"' in old_file.read_text() else b""
    wanted = [i for i, (token, special, _) in new.items() if i not in shared and not special and token.startswith(front)
              and token[len(front):].isalpha()]
    random.Random(1).shuffle(wanted)
    step = {2: 2 ** -10 if was.dtype == np.float16 else 2 ** -7, 4: 1e-6}[was.dtype.itemsize]
    seen = 0
    for i in wanted[:SAMPLE]:
        cut = judge.encode(new[i][0].decode(), add_special_tokens=False)
        if any("\u2581" in t or t.startswith("[") for t in cut.tokens):
            continue  # a blank that the pipeline put in front: pieces.h tells what is made of it
        mean = was[cut.ids].astype(np.float64).mean(0)
        seen += 1
        check(f"{what}: row {i} {new[i][0]}",
              np.abs(now[i].astype(np.float64) - mean).max() <= step * max(1, np.abs(mean).max()))
    return seen


# ---- laws --------------------------------------------------------------------------------------------------

def permuted(file, seed):
    """The same tokenizer with other ids."""
    data = json.loads(file.read_text())
    ids = list(data["model"]["vocab"].values())
    random.Random(seed).shuffle(ids)
    change = dict(zip(data["model"]["vocab"].values(), ids))
    data["model"]["vocab"] = {token: change[i] for token, i in data["model"]["vocab"].items()}
    for token in data["added_tokens"]:
        token["id"] = change.get(token["id"], token["id"])
    data["added_tokens"].sort(key=lambda token: token["id"])
    return json.dumps(data, ensure_ascii=False)


def check_laws(options, scratch, file, other):
    model = scratch / "model"
    make_model(model, file, np.float16, True, 2, extra=7)
    run(options.tok, "transplant", "run", model, file, "--rows", "keep", "-o", scratch / "same")
    same_folder("identity", model, scratch / "same", but=REPORT)
    (scratch / "p.json").write_text(permuted(file, 3))
    run(options.tok, "transplant", "run", model, scratch / "p.json", "--rows", "keep", "-o", scratch / "there")
    run(options.tok, "transplant", "run", scratch / "there", file, "--rows", "keep", "-o", scratch / "back")
    there, start = load_file(scratch / "there/model.safetensors"), load_file(model / "model.safetensors")
    check("another order is another file", there[IN].tobytes() != start[IN].tobytes())
    check("and back", filecmp.cmp(model / "model.safetensors", scratch / "back/model.safetensors", shallow=False))
    for n in (1, 3):
        run(options.tok, "transplant", "run", model, other, "--aux", "ngram:64", "--threads", n, "-o", scratch / f"threads{n}")
    same_folder("threads", scratch / "threads1", scratch / "threads3")


def check_apply(options, scratch, file, other):
    make_model(scratch / "a", file, np.float32, True, 4)
    make_model(scratch / "b", file, np.float32, True, 5)
    words = ["transplant", "run", other, "-m", "hybrid", "--aux", "ngram:64"]
    run(options.tok, *words[:2], scratch / "a", *words[2:], "-o", scratch / "a2")
    run(options.tok, *words[:2], scratch / "b", *words[2:], "-o", scratch / "b2")
    run(options.tok, "transplant", "apply", scratch / "a2", scratch / "b", "-o", scratch / "b3")
    same_folder("apply", scratch / "b2", scratch / "b3")


def check_stopped(options, scratch, file, other):
    make_model(scratch / "a", file, np.float32, True, 6)
    for n, delay in enumerate([.005, .02, .05, .1, .2]):
        for name in (signal.SIGKILL, signal.SIGTERM):
            folder = scratch / "in"
            folder.mkdir(exist_ok=True)
            child = subprocess.Popen([options.tok, "transplant", "run", scratch / "a", other, "-m", "subword", "-o", folder / f"o{n}"],
                                     stderr=subprocess.DEVNULL)
            time.sleep(delay)
            child.send_signal(name)
            code = child.wait()
            whole = folder / f"o{n}" / "model.safetensors"
            check(f"stopped after {delay} s", not (folder / f"o{n}").exists() or whole.exists())
            # While it writes, a signal is trouble that is told.
            told = [2] if name == signal.SIGTERM else []
            check(f"stopped after {delay} s: status {code}", code in [0, -name, *told])
            if name == signal.SIGTERM and code != 0:
                check(f"nothing is left after {delay} s: {[p.name for p in folder.iterdir()]}", not any(folder.iterdir()))
            subprocess.run(["rm", "-r", folder], check=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tok", type=pathlib.Path, required=True)
    parser.add_argument("--cache", type=pathlib.Path, required=True)
    options = parser.parse_args()
    options.tok = options.tok.resolve()

    made = tempfile.TemporaryDirectory()

    def file_of(name):
        """The tokenizer.json of a name, by Hugging Face where it was published otherwise."""
        folder, out = options.cache / "tokenizers" / name, pathlib.Path(made.name, name + ".json")
        if (folder / "tokenizer.json").exists():
            return folder / "tokenizer.json"
        if (folder / "vocab.txt").exists():
            BertWordPieceTokenizer(str(folder / "vocab.txt")).save(str(out))
        else:
            ByteLevelBPETokenizer(str(folder / "encoder.json"), str(folder / "vocab.bpe")).save(str(out))
        return out

    for old, new, dtype, untied in RUNS:
        with tempfile.TemporaryDirectory() as scratch:
            check_rows(f"{old} to {new}", options, pathlib.Path(scratch), file_of(old), file_of(new), dtype, untied)
    for law in (check_laws, check_apply, check_stopped):
        with tempfile.TemporaryDirectory() as scratch:
            law(options, pathlib.Path(scratch), file_of("gpt2"), file_of("bert"))
    print(f"{compared} comparisons, {failures} wrong")
    sys.exit(1 if failures or compared < 1000 else 0)


if __name__ == "__main__":
    main()
