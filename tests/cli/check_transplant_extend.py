#!/usr/bin/env python3
"""tok transplant extend: tokens behind those that there are, old rows to the bit.

    check_transplant_extend.py TOK
"""
import json
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

TOK = pathlib.Path(sys.argv[1]).resolve()
WIDTH = 8
TEXT = """The quick brown fox of the north jumps over the lazy dog of the south.
Of the men of the house, the man of the house was the first of the men.
"""


def run(*words, code=0, **more):
    done = subprocess.run([TOK, *map(str, words)], capture_output=True, text=True,
                          env=dict(os.environ, TOK_CACHE="off", TMPDIR=os.getcwd()), **more)
    assert done.returncode == code, f"{words}: {done.returncode}: {done.stderr}"
    return done


def write_model(folder, rows):
    numbers = random.Random(1)
    data = struct.pack(f"<{rows * WIDTH}f", *(numbers.gauss(0, 1) for _ in range(rows * WIDTH)))
    header = json.dumps({"model.embed_tokens.weight": {"dtype": "F32", "shape": [rows, WIDTH],
                                                       "data_offsets": [0, len(data)]}}).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + data)
    (folder / "config.json").write_text(json.dumps({"model_type": "llama", "vocab_size": rows, "hidden_size": WIDTH,
                                                    "tie_word_embeddings": True, "eos_token_id": 0}))
    (folder / "tokenizer_config.json").write_text('{"eos_token": "<|end|>"}')
    return data


def write_gguf(path, model):
    """The same tokens in a GGUF file, which says that text is cut as GPT-2 does."""
    def text(t):
        return struct.pack("<Q", len(t.encode())) + t.encode()

    def texts(items):
        return struct.pack("<IIQ", 9, 8, len(items)) + b"".join(map(text, items))
    vocab, merges = vocabulary(model)
    tokens = sorted(vocab, key=vocab.get)
    pairs = {"general.architecture": struct.pack("<I", 8) + text("llama"),
             "tokenizer.ggml.model": struct.pack("<I", 8) + text("gpt2"),
             "tokenizer.ggml.pre": struct.pack("<I", 8) + text("gpt-2"),
             "tokenizer.ggml.tokens": texts(tokens),
             "tokenizer.ggml.token_type": struct.pack(f"<IIQ{len(tokens)}i", 9, 5, len(tokens),
                                                      *(3 if t.startswith("<|") else 1 for t in tokens)),
             "tokenizer.ggml.merges": texts([m if isinstance(m, str) else " ".join(m) for m in merges])}
    head = struct.pack("<IIQQ", 0x46554747, 3, 1, len(pairs)) + b"".join(text(k) + v for k, v in pairs.items())
    head += text("token_embd.weight") + struct.pack("<IQQIQ", 2, WIDTH, len(tokens), 0, 0)
    path.write_bytes(head + bytes(-len(head) % 32) + struct.pack("<f", 0.5) * (WIDTH * len(tokens)))


def vocabulary(path):
    data = json.loads((path / "tokenizer.json").read_text())
    return data["model"]["vocab"] | {t["content"]: t["id"] for t in data["added_tokens"]}, data["model"]["merges"]


def rows_of(folder):
    data = (folder / "model.safetensors").read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    entry = json.loads(data[8:8 + length])["model.embed_tokens.weight"]
    begin, end = entry["data_offsets"]
    return entry["shape"][0], data[8 + length + begin:8 + length + end]


def encode(folder, text):
    out = run("encode", "-t", folder / "tokenizer.json", input=text).stdout
    return list(map(int, out.split()))


def check(model, out, data, count):
    """No id and no merge moved; what is new comes behind; so do its rows."""
    (old, old_merges), (new, new_merges) = vocabulary(model), vocabulary(out)
    assert all(new[token] == id_ for token, id_ in old.items())
    assert new_merges[:len(old_merges)] == old_merges
    assert sorted(new.values()) == list(range(len(old) + count))
    rows, numbers = rows_of(out)
    kept = len(old) * WIDTH * 4
    assert rows == len(new) and numbers[:kept] == data[:kept]
    made = [numbers[at:at + WIDTH * 4] for at in range(kept, len(numbers), WIDTH * 4)]
    assert len(set(made)) == count and bytes(WIDTH * 4) not in made
    config = json.loads((out / "config.json").read_text())
    assert config["vocab_size"] == len(new) and config["eos_token_id"] == 0
    assert json.loads((out / "tokenizer_config.json").read_text())["eos_token"] == "<|end|>"
    return new


def main():
    model = pathlib.Path("model")
    model.mkdir()
    run("train", "-v", "290", "--special", "<|end|>", "-o", model / "tokenizer.json", input=TEXT)
    data = write_model(model, 293)  # three rows of padding
    tokens = ["foxes", " northern", "übermäßig", "the", "the north"]
    pathlib.Path("add.txt").write_text("\n".join(tokens) + "\n")

    said = run("transplant", "extend", model, "--add", "add.txt", "-o", "added").stderr
    assert "lines that are one token: 4 of 5" in said, said
    count = int(said.split("new tokens: ")[1].split(",")[0])
    check(model, pathlib.Path("added"), data, count)
    assert [len(encode(pathlib.Path("added"), token)) for token in tokens] == [1, 1, 1, 1, 2]

    pathlib.Path("text").write_text(TEXT * 3)
    words = ["--superwords", 5, "--method", "subword", "--text"]
    told = run("transplant", "extend", model, *words, "text", "-o", "super").stderr
    new = check(model, pathlib.Path("super"), data, 5)
    first = len(new) - 5
    supers = [token for token, id_ in new.items() if id_ >= first]
    assert any("Ġ" in token[1:] for token in supers), supers
    assert all(len([word for word in token.split("Ġ") if word]) <= 4 for token in supers), supers
    assert any(id_ >= first for id_ in encode(pathlib.Path("super"), TEXT))

    # Both are read twice, and may come from pipes.
    said = run("transplant", "extend", model, "--add", "/dev/stdin", "-o", "a", input="\n".join(tokens)).stderr
    assert "lines that are one token: 4 of 5" in said, said
    said = run("transplant", "extend", model, *words, "-", "-o", "s", input=TEXT * 3).stderr
    assert "made-up rows" in said and said.replace("'s'", "'super'") == told, said

    said = run("transplant", "extend", model, "--add", "add.txt", "--text", "/dev/null", "-o", "n").stderr
    assert "lines that are one token: 4 of 5" in said, said

    # llama.cpp has no name for the cuts that superwords need.
    write_gguf(pathlib.Path("m.gguf"), model)
    said = run("transplant", "extend", "m.gguf", *words, "text", "-o", "g", code=2).stderr
    assert "--pre; superbpe comes nearest" in said, said
    run("transplant", "extend", "m.gguf", *words, "text", "-o", "g", "--pre", "superbpe")
    made = pathlib.Path("g/m.gguf").read_bytes()
    assert b"superbpe" in made and all(token.encode() in made for token in supers)

    for words, message in [
            (["--add", "add.txt", "--superwords", 3], "--add FILE, tokens one a line, or --superwords"),
            ([], "--add FILE, tokens one a line, or --superwords"),
            (["--superwords", 3], "name it with --text"),
            (["--add", "none.txt", "-o", "x"], "none.txt"),
            (["--add", "add.txt"], "name it with --output"),
            (["--add", "-", "--text", "-", "-o", "x"], "cannot both be standard input"),
            (["--add", "/dev/zero", "-o", "x"], "'/dev/zero' is a device, which may have no end"),
            (["--add", "add.txt", "--text", "/dev/full", "-o", "x"], "'/dev/full' is a device, which"),
            (["--add", "add.txt", "-o", "added"], "there already")]:
        said = run("transplant", "extend", model, *words, code=2).stderr
        assert message in said, said
    assert not list(pathlib.Path().glob("tok-extend*"))
    assert not pathlib.Path("x").exists()


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    main()
