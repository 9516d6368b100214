#!/usr/bin/env python3
"""tok embed predict and nearest on vocabularies of real tokenizers, against float64 and numpy.

    embed.py --tok build/tok --cache build/test-data

rows        predicted for a whole vocabulary, some hundred compared: pieces are those of Hugging Face's
            tokenizers, the network is hypernet_ref.py's; special tokens have the model's rows, holes zeros
files       what safetensors and numpy read is one and the same, rounded as ml_dtypes rounds
neighbours  those of all pairs; the recall that --judge tells is what comes of the answers

Exit 1 if anything differs, or if nothing was compared.
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

import ml_dtypes
import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file
from tokenizers import Tokenizer

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "oracles"))

import hypernet_ref as ref  # noqa: E402

# The model's tokenizer, the new one, how that is converted first, what the network is.
RUNS = [("llama2_spm", "gpt2", ["--like", "llama2_spm", "--whitespace"], dict(separate_out_embeddings=True, hn_embed_lang_id=False)),
        ("albert", "bert", None, dict(separate_out_embeddings=False, hn_embed_lang_id=True, n_langs=2, langs=["en", "ur"]))]
SHAPE = dict(ref.COMMON, hn_n_layers=2, hn_hidden_size=32, hn_intermediate_size=64, hn_num_attention_heads=4, n_embd=16,
             n_langs=0, max_position_embeddings=16, hn_model_name_or_path="roberta-base", hn_model_type="roberta")
LENGTH, SAMPLE, CLOSE = SHAPE["hn_surface_maxlen"], 400, 1e-5
failures, compared = 0, 0


def check(what, right):
    global failures, compared
    compared += 1
    if not right:
        failures += 1
        print("WRONG:", what)


def run(*words, data=None):
    done = subprocess.run([str(w) for w in words], input=data, capture_output=True, text=True,
                          env=dict(os.environ, TOK_CACHE="off"))
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, words))}: {done.stderr}")
    return done


def tokenizer_of(name, cache):
    files = [f for f in (cache / "tokenizers" / name).iterdir() if f.suffix in (".json", ".model", ".txt")]
    return files[0] if len(files) == 1 else cache / "tokenizers" / name


def make(folder, base, kind, options):
    """The folders `model` and `net`; the network's configuration and its tokenizer as Hugging Face reads it."""
    net, model, source = folder / "net", folder / "model", tokenizer_of(base, options.cache)
    net.mkdir()
    model.mkdir()
    told = json.loads(run(options.tok, "embed", "convert-tokenizer", source, "--json", "-o", net / "tokenizer.json").stderr)
    config = dict(SHAPE, original_vocab_size=told["tokens_before"], hn_n_extra_tokens=told["extra_tokens"], pad_token_id=0, **kind)
    (net / "config.json").write_text(json.dumps(config))
    ref.write(net / "model.safetensors", ref.checkpoint(config))
    width, whole = config["n_embd"], (told["tokens_before"], ref.source_width(config))
    rows = (ref.unit_numbers("source_embeddings", 0, whole[0] * whole[1]) / 8).astype(np.float32).reshape(whole)
    arrays = {"model.embed_tokens.weight": rows[:, :width]}
    if config["separate_out_embeddings"]:
        arrays["lm_head.weight"] = rows[:, width:]
    ref.write(model / "model.safetensors", arrays)
    os.symlink(source, model / source.name)
    return config, rows, Tokenizer.from_file(str(net / "tokenizer.json"))


def forms_of(network, tokens):
    forms = np.zeros((len(tokens), LENGTH), np.int32)
    for form, token in zip(forms, tokens):
        pieces = [piece.id for piece in network.model.tokenize(token)][:LENGTH]
        form[:len(pieces)] = pieces
    return forms


def compare_rows(name, config, source, network, new, got):
    width = config["n_embd"]
    vocabulary = {i: token for token, i in new.get_vocab(with_added_tokens=True).items()}
    special = {i for i, t in new.get_added_tokens_decoder().items() if t.special}
    plain = sorted(set(vocabulary) - special)
    longest = sorted(plain, key=lambda i: -len(vocabulary[i]))[:20]
    some = random.Random(name).sample(plain, SAMPLE) + longest
    language = 1 if config["hn_embed_lang_id"] else None
    wanted = ref.forward(config, ref.checkpoint(config), forms_of(network, [vocabulary[i] for i in some]), language)
    count = max(vocabulary) + 1
    for tensor, rows in zip(("input_embeddings", "output_embeddings", "output_bias"), wanted):
        if rows is None:
            check(f"{name}: there is {tensor}", tensor not in got)
            continue
        check(f"{name}: {tensor} has {got[tensor].shape}", got[tensor].shape == (count, *rows.shape[1:]))
        worst = np.abs(got[tensor][some] - rows).max() / np.abs(rows).max()
        check(f"{name}: {tensor} differs by {worst:.2e}", worst <= CLOSE)
        holes = [i for i in range(count) if i not in vocabulary]
        check(f"{name}: holes in {tensor}", not got[tensor][holes].any())
    kept = [(i, network.token_to_id(vocabulary[i])) for i in special if network.token_to_id(vocabulary[i]) is not None]
    check(f"{name}: no special token is common", kept)
    for mine, old in kept:
        check(f"{name}: row of {vocabulary[mine]}", (got["input_embeddings"][mine] == source[old, :width]).all())
        if "output_embeddings" in got:
            check(f"{name}: output row of {vocabulary[mine]}", (got["output_embeddings"][mine] == source[old, width:]).all())
    print(f"{name}: {count} rows, {len(some)} compared, {len(kept)} special")


def compare_files(name, got, predict, folder):
    for dtype, kind in (("f16", np.float16), ("bf16", ml_dtypes.bfloat16)):
        path = folder / f"{dtype}.safetensors"
        run(*predict, "-o", path, "--dtype", dtype)
        with safe_open(path, "numpy") as file:
            told = {key: file.get_slice(key).get_dtype() for key in file.keys()}
        check(f"{name}: {dtype} is told as {told}", set(told.values()) == {dtype.upper()} and told.keys() == got.keys())
        data = path.read_bytes()
        begin = 8 + int.from_bytes(data[:8], "little")
        for key, where in json.loads(data[8:begin]).items():
            first, last = where["data_offsets"]
            check(f"{name}: {dtype} of {key}", data[begin + first:begin + last] == got[key].astype(kind).tobytes())
    for more, key, kind in (([], "input_embeddings", np.float32), (["--dtype", "f16"], "input_embeddings", np.float16),
                            (["--side", "out"], "output_embeddings", np.float32)):
        if key in got:
            run(*predict, "-o", folder / "a.npy", *more)
            array = np.load(folder / "a.npy")
            check(f"{name}: a.npy {more}", array.dtype == kind and (array == got[key].astype(kind)).all())


def compare_neighbours(name, source, options, folder):
    rows = source[:, :SHAPE["n_embd"]].astype(np.float64)
    ids = random.Random(name).sample(range(len(rows)), 200)
    data = "".join(f"{i}\n" for i in ids)
    normed = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    exact = {}
    for measure, scores in (("cosine", normed[ids] @ normed.T), ("dot", rows[ids] @ rows.T)):
        ask = [options.tok, "embed", "nearest", folder / "model", "--tokens", "ids", "--measure", measure]
        lines = [json.loads(line) for line in run(*ask, data=data).stdout.splitlines()]
        best = -np.sort(-scores, axis=1)[:, :10]
        found = np.array([[f["id"] for f in line["nearest"]] for line in lines])
        told = np.array([[f["score"] for f in line["nearest"]] for line in lines])
        check(f"{name}: {measure} of what was found", np.abs(np.take_along_axis(scores, found, 1) - best).max() < 1e-6)
        check(f"{name}: {measure} as told", np.abs(told - best).max() < 2e-6)
        exact[measure] = found
    done = subprocess.run([*map(str, ask[:-1]), "cosine", "--index", str(folder / "graph"), "--judge", "--effort", "10",
                           "--links", "8", "--build-effort", "30"],
                          input=data, capture_output=True, text=True)
    if done.returncode:
        print(f"{name}: no index: {done.stderr}")
        return
    asked = [[f["id"] for f in json.loads(line)["nearest"]] for line in done.stdout.splitlines()]
    hits = sum(len(set(a) & set(b)) for a, b in zip(asked, exact["cosine"].tolist()))
    recall = float(re.search(r"recall@10 ([0-9.]+);", done.stderr)[1])
    check(f"{name}: a recall of {recall}, not {hits / 2000}", abs(recall - hits / 2000) < 5.1e-5 and recall > 0.5)


def compare(base, name, how, kind, options):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        config, source, network = make(folder, base, kind, options)
        new = tokenizer_of(name, options.cache)
        how = [] if how is None else [tokenizer_of(h, options.cache) if h == base else h for h in how]
        # What predict reads is the tokenizer itself; what it must see in it is in the converted one.
        run(options.tok, "embed", "convert-tokenizer", new, *how, "-o", folder / "new.json")
        new = folder / "new.json" if how else new
        predict = [options.tok, "embed", "predict", folder / "model", "--hypernet", folder / "net", "-t", new]
        predict += ["--lang", "ur"] if config["hn_embed_lang_id"] else []
        run(*predict, "-o", folder / "rows.safetensors")
        got = load_file(folder / "rows.safetensors")
        title = f"{base} -> {name}"
        if how:
            seen = Tokenizer.from_file(str(new))
            compare_rows(title, config, source, network, seen, got)
        else:
            seen = Tokenizer.from_file(str(folder / "new.json"))
            # convert-tokenizer appends bytes that are missing; predict has the vocabulary's own ids.
            size = len(got["input_embeddings"])
            own = run(options.tok, "inspect", "-t", new, "--json")
            check(f"{title}: {size} rows", json.loads(own.stdout)["size"] == size)
            compare_rows(title, config, source, network, Limited(seen, size), got)
        compare_files(title, got, predict, folder)
        if how:
            compare_neighbours(title, source, options, folder)


class Limited:
    """Of a tokenizer, the ids below `size`."""

    def __init__(self, tokenizer, size):
        self.tokenizer, self.size = tokenizer, size

    def get_vocab(self, with_added_tokens):
        return {t: i for t, i in self.tokenizer.get_vocab(with_added_tokens=with_added_tokens).items() if i < self.size}

    def get_added_tokens_decoder(self):
        return {i: t for i, t in self.tokenizer.get_added_tokens_decoder().items() if i < self.size}


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--tok", type=pathlib.Path, required=True)
    options.add_argument("--cache", type=pathlib.Path, required=True)
    options = options.parse_args()
    options.tok = options.tok.resolve()
    options.cache = options.cache.resolve()
    for base, name, how, kind in RUNS:
        compare(base, name, how, kind, options)
    print(f"{compared} comparisons, {failures} wrong")
    return 1 if failures or compared == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
