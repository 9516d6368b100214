#!/usr/bin/env python3
"""How much memory a transplant of a model of 8 billion numbers takes.

    transplant_large.py --tok build/tok --source tokenizer.json --target tokenizer.json --work FOLDER
                        [--method subword] [--untied] [--donor WIDTH [--atoms K]]

A model with rows of 4096 numbers for every id of the source, BF16, in shards as they are published:
the embeddings are numbers, the layers' shards are holes (which are linked, never read).  For methods that
ask for it a donor with rows of WIDTH numbers, in the target's tokenizer.  FOLDER needs room for the embeddings
twice.  Prints the greatest resident size of the process, and its time.  Not a
part of any test: it writes gigabytes.
"""
import argparse
import json
import os
import pathlib
import resource
import shutil
import subprocess
import time

WIDTH, LAYERS, SHARD_BYTES = 4096, 3, 4_900_000_000


def write_shard(path, tensors, fill):
    """(name, shape) of BF16."""
    header, at = {}, 0
    for name, shape in tensors:
        size = 2 * shape[0] * (shape[1] if len(shape) > 1 else 1)
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        begin = out.tell()
        if fill:
            # Exponents near that of 1/64, so that all are numbers; no two rows alike.
            near = bytes(0x3C | b & 0x80 for b in range(256))
            for _ in range(at >> 20):
                block = bytearray(os.urandom(1 << 20))
                block[1::2] = block[1::2].translate(near)
                out.write(block)
        out.truncate(begin + at)
    return at


def begin_folder(folder, tokenizer, width, tied):
    """All but the weights; how many rows there are."""
    ids = json.loads(tokenizer.read_text())
    rows = max([*ids["model"]["vocab"].values(), *(a["id"] for a in ids["added_tokens"])]) + 1
    folder.mkdir(parents=True)
    shutil.copy(tokenizer, folder / "tokenizer.json")
    (folder / "config.json").write_text(json.dumps(
        {"model_type": "llama", "vocab_size": rows, "hidden_size": width, "tie_word_embeddings": tied}))
    return rows


def make_donor(folder, tokenizer, width):
    rows = begin_folder(folder, tokenizer, width, True)
    write_shard(folder / "model.safetensors", [("model.embed_tokens.weight", [rows, width])], True)


def make_model(folder, tokenizer, tied):
    rows = begin_folder(folder, tokenizer, WIDTH, tied)
    shards = [[("model.embed_tokens.weight", [rows, WIDTH])]]
    shards += [[(f"model.layers.{i}.weight", [SHARD_BYTES // WIDTH // 2, WIDTH])] for i in range(LAYERS)]
    if not tied:
        shards.append([("lm_head.weight", [rows, WIDTH]), ("model.norm.weight", [WIDTH])])
    total, places = 0, {}
    for i, shard in enumerate(shards):
        name = f"model-{i + 1:05}-of-{len(shards):05}.safetensors"
        total += write_shard(folder / name, shard, not shard[0][0].startswith("model.layers"))
        places |= {tensor: name for tensor, _ in shard}
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"metadata": {"total_size": total}, "weight_map": places}, indent=2))
    return total


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tok", required=True)
    parser.add_argument("--source", required=True, type=pathlib.Path)
    parser.add_argument("--target", required=True, type=pathlib.Path)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    parser.add_argument("--method", default="subword")
    parser.add_argument("--untied", action="store_true")
    parser.add_argument("--donor", type=int, metavar="WIDTH")
    parser.add_argument("--atoms", type=int, metavar="K")
    options = parser.parse_args()
    model, out = options.work / "model", options.work / "out"
    total = make_model(model, options.source, not options.untied)
    command = [options.tok, "transplant", "run", model, options.target, "-o", out, "-m", options.method]
    if options.donor:
        make_donor(options.work / "donor", options.target, options.donor)
        command += ["--donor", options.work / "donor"]
    if options.atoms:
        command += ["-k", str(options.atoms)]
    begin = time.monotonic()
    done = subprocess.run(command)
    seconds, usage = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{'untied' if options.untied else 'tied'}, {total / 1e9:.1f} GB of weights, {options.method}: "
          f"{usage.ru_maxrss / 1e6:.2f} GB resident at most, {seconds:.1f} s, {usage.ru_utime:.1f} s of a processor; exit {done.returncode}")
    linked = [p.name for p in out.glob("*.safetensors") if p.stat().st_nlink > 1]
    print(f"{len(linked)} files linked")
    shutil.rmtree(model)
    shutil.rmtree(out, ignore_errors=True)
    shutil.rmtree(options.work / "donor", ignore_errors=True)


main()
