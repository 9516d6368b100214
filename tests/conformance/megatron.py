#!/usr/bin/env python3
"""`tok encode --format megatron` writes what Megatron-LM's own reader reads.

    megatron.py --tok build/tok --cache build/test-data

Loads PREFIX.bin and PREFIX.idx with IndexedDataset of megatron-core and compares each
document with the ids that tok writes as JSON, then lets IndexedDatasetBuilder write
the same documents: both files must be equal, byte for byte.

indexed_dataset.py is taken out of the package alone.  Of torch it needs the name of a
base class and of a type; where torch is not installed an empty one of each stands in.
"""
import argparse
import importlib
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import types
import zipfile

import numpy


def stand_in_for_torch():
    torch, utils, data = (types.ModuleType(n) for n in ("torch", "torch.utils", "torch.utils.data"))
    data.Dataset, torch.Tensor, utils.data, torch.utils = object, object, data, utils
    sys.modules.update({"torch": torch, "torch.utils": utils, "torch.utils.data": data})


def load_reader(wheel, folder):
    """The module indexed_dataset, without what megatron.core loads besides."""
    with zipfile.ZipFile(wheel) as file:
        for name in ("datasets/indexed_dataset.py", "datasets/object_storage_utils.py", "msc_utils.py"):
            file.extract("megatron/core/" + name, folder)
    try:
        importlib.import_module("torch")
    except ImportError:
        stand_in_for_torch()
    for name in ("megatron", "megatron.core", "megatron.core.datasets"):
        package = types.ModuleType(name)
        package.__path__ = [os.path.join(folder, *name.split("."))]
        sys.modules[name] = package
    utils = types.ModuleType("megatron.core.utils")
    utils.log_single_rank = lambda *_, **__: None
    sys.modules["megatron.core.utils"] = utils
    return importlib.import_module("megatron.core.datasets.indexed_dataset")


def tok(program, *words, data=b""):
    done = subprocess.run([program, "encode", *words], input=data, capture_output=True)
    if done.returncode:
        raise SystemExit(f"tok encode {' '.join(words)}: {done.stderr.decode()}")
    return done.stdout


class Document(list):
    """What the builder asks of a tensor."""

    def numpy(self):
        return numpy.array(self)


def read_pair(reader, prefix, mmap):
    dataset = reader.IndexedDataset(prefix, mmap=mmap)
    documents = [dataset[i].tolist() for i in range(len(dataset))]
    assert dataset.document_indices.tolist() == list(range(len(documents) + 1))
    return documents, dataset.index.dtype


def check(reader, program, folder, text, options, dtype):
    prefix, theirs = os.path.join(folder, "ours"), os.path.join(folder, "theirs")
    lines = tok(program, *options, "--format", "jsonl", data=text)
    wanted = [json.loads(line)["ids"] for line in lines.splitlines()]
    narrow = ["--dtype", "uint16"] if dtype is numpy.uint16 else []
    tok(program, *options, *narrow, "--format", "megatron", "--output", prefix, data=text)
    for mmap in (True, False):
        got, kind = read_pair(reader, prefix, mmap)
        assert got == wanted, f"{options}: other ids"
        assert kind is dtype, f"{options}: {kind}"
    builder = reader.IndexedDatasetBuilder(theirs + ".bin", dtype=dtype)
    for ids in wanted:
        builder.add_document(Document(ids), [len(ids)])
    builder.finalize(theirs + ".idx")
    for end in (".bin", ".idx"):
        ours = pathlib.Path(prefix + end).read_bytes()
        assert ours == pathlib.Path(theirs + end).read_bytes(), f"{options}: another {end}"
    return len(wanted)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tok", required=True)
    parser.add_argument("--cache", required=True, type=pathlib.Path)
    options = parser.parse_args()
    wheels = list((options.cache / "packages").glob("megatron_core-*.whl"))
    if not wheels:
        print("SKIPPED: megatron-core is not there")
        return 1 if os.environ.get("CI") == "true" else 0
    chance = random.Random(1)
    words = ["the ", "fox ", "caf\u00e9 ", "\u4f60\u597d", "1234 ", ".", ""]
    text = "\n".join("".join(chance.choices(words, k=chance.randrange(0, 60))) for _ in range(9000)).encode()
    with tempfile.TemporaryDirectory() as folder:
        reader = load_reader(wheels[0], folder)
        compared = 0
        for name, end, dtypes in ((None, ["--eod", "0"], (numpy.int32, numpy.uint16)),
                                  ("gpt2", ["--append-eod"], (numpy.int32, numpy.uint16)),
                                  ("llama3", ["--append-eod"], (numpy.int32,))):
            path = [] if name is None else ["-t", str(options.cache / "tokenizers" / name)]
            for dtype in dtypes:
                for more in (["--lines"], ["--lines", *end], end):
                    compared += check(reader, options.tok, folder, text, path + more, dtype)
    print(f"{compared} documents read as written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
