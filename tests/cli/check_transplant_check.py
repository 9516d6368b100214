#!/usr/bin/env python3
"""tok transplant check says what is wrong with a folder, and nothing where nothing is.

    check_transplant_check.py TOK
"""
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

TOK = sys.argv[1]
WIDTH = 4
IN, OUT = "model.embed_tokens.weight", "lm_head.weight"
wrong = 0


def tok(*words):
    return subprocess.run([TOK, *map(str, words)], capture_output=True, text=True, env=dict(os.environ, TOK_CACHE="off"))


def expect(name, condition, *words):
    global wrong
    if not condition:
        wrong += 1
        print(f"{name}:", *words)


def write_tokenizer(path, letters, special):
    """A BPE of bytes without merges but one."""
    alphabet = [chr(c) for c in (*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100))]
    alphabet += [chr(0x100 + i) for i in range(256 - len(alphabet))]
    names = [*alphabet, letters]
    added = [{"id": len(names) + i, "content": s, "single_word": False, "lstrip": False, "rstrip": False,
              "normalized": False, "special": True} for i, s in enumerate(special)]
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    path.write_text(json.dumps({
        "version": "1.0", "added_tokens": added, "normalizer": None, "pre_tokenizer": level, "post_processor": None,
        "decoder": level, "model": {"type": "BPE", "vocab": {n: i for i, n in enumerate(names)}, "merges": [list(letters)]}}))
    return len(names) + len(added)


def write_tensors(path, tensors):
    """Name: (shape, numbers) as F32."""
    header, at = {}, 0
    for name, (shape, numbers) in tensors.items():
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + 4 * len(numbers)]}
        at += 4 * len(numbers)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(struct.pack(f"<{len(n)}f", *n) for _, n in tensors.values()))


def read_tensors(path):
    data = path.read_bytes()
    count = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + count])
    header.pop("__metadata__", None)
    return {name: (t["shape"], list(struct.unpack(f"<{(t['data_offsets'][1] - t['data_offsets'][0]) // 4}f",
                                                   data[8 + count + t["data_offsets"][0]:8 + count + t["data_offsets"][1]])))
            for name, t in header.items()}


def make_model(folder, more=0):
    """With so many rows more than ids."""
    folder.mkdir()
    ids = write_tokenizer(folder / "tokenizer.json", "ab", ["<s>", "</s>"])
    rows = ids + more
    write_tensors(folder / "model.safetensors", {
        IN: ([rows, WIDTH], [i / 8 for i in range(rows * WIDTH)]),
        "model.norm.weight": ([WIDTH], [1.0] * WIDTH),
        OUT: ([rows, WIDTH], [-i / 8 for i in range(rows * WIDTH)])})
    (folder / "config.json").write_text(json.dumps(
        {"model_type": "llama", "vocab_size": rows, "bos_token_id": ids - 2, "eos_token_id": [ids - 1],
         "tie_word_embeddings": False}))


def edit_json(path, change):
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))


def edit_tensors(path, change):
    tensors = read_tensors(path)
    change(tensors)
    write_tensors(path, tensors)


def put(name, at, number):
    return lambda tensors: tensors[name][1].__setitem__(at, number)


def cut(tensors):
    for name in (IN, OUT):
        tensors[name] = ([tensors[name][0][0] - 1, WIDTH], tensors[name][1][:-WIDTH])


W, C, G = "model.safetensors", "config.json", "generation_config.json"
# What is done to the folder, and what is told; with True also without the model beside it.
DAMAGES = [
    ("a copied row", W, lambda f: edit_tensors(f, put(IN, 5, 9.0)), f"'{IN}': row 1 is not the old row that it is a copy of", False),
    ("a copied row of the output", W, lambda f: edit_tensors(f, put(OUT, 0, 9.0)), f"'{OUT}': row 0 is not the old row", False),
    ("a made row", W, lambda f: edit_tensors(f, put(IN, 256 * WIDTH, 9.0)), f"'{IN}': row 256 is not the sum that the mapping says", False),
    ("another tensor", W, lambda f: edit_tensors(f, put("model.norm.weight", 0, 2.0)), "tensor 'model.norm.weight' is not the same", False),
    ("a tensor that is gone", W, lambda f: edit_tensors(f, lambda t: t.pop("model.norm.weight")), "tensor 'model.norm.weight' is not there", False),
    ("one that has come", W, lambda f: edit_tensors(f, lambda t: t.update(more=([1], [0.0]))), "tensor 'more' was not there before", False),
    ("NaN", W, lambda f: edit_tensors(f, put(OUT, 9, float("nan"))), f"'{OUT}': 1 rows hold what is no finite number, 2 first", True),
    ("too few rows", W, lambda f: edit_tensors(f, cut), "token 258 ('</s>') has no row: there are 258", True),
    ("size", C, lambda f: edit_json(f, lambda c: c.update(vocab_size=7)), "config.json: vocab_size is 7, and there are 259 rows", True),
    ("id", C, lambda f: edit_json(f, lambda c: c.update(eos_token_id=[258, 300])), "config.json: eos_token_id is 300, and there are 259 rows", True),
    ("generation", G, lambda f: f.write_text('{"pad_token_id": 259}'), "generation_config.json: pad_token_id is 259, and", True),
    ("no JSON", G, lambda f: f.write_text("{"), "generation_config.json: ", True),
    ("tie", C, lambda f: edit_json(f, lambda c: c.update(tie_word_embeddings=True)), "are said to be one matrix, and differ", True),
]


def check_damages(folder, source, done, with_recipe):
    for name, file, damage, told, alone in DAMAGES:
        if not with_recipe and name == "a made row":
            continue
        out = folder / "damaged"
        shutil.copytree(done, out)
        damage(out / file)
        for words in (["--against", source], []):
            said = tok("transplant", "check", out, *words)
            found = told in said.stdout
            expect(name, found == (alone or bool(words)), words, said.stdout, said.stderr)
            expect(name, said.returncode == (1 if alone or words else 0), words, said.returncode, said.stdout, said.stderr)
        shutil.rmtree(out)


def check_sizes(folder):
    """Rows that are padding, and ids without a row."""
    padded, short = folder / "padded", folder / "short"
    make_model(padded, 5)
    make_model(short, -1)
    for model, rows, same in ((padded, "keep", True), (padded, "tight", False), (padded, "pad:16", False), (short, "tight", False)):
        name, out = f"{model.name} {rows}", folder / "sized"
        made = tok("transplant", "run", model, model / "tokenizer.json", "-o", out, "-m", "subword", "--rows", rows)
        expect(name, made.returncode == 0, made.stderr)
        for file in (W, C, "tokenizer.json") if same else ("tokenizer.json",):
            expect(name, (out / file).read_bytes() == (model / file).read_bytes(), file)
        wanted = {"keep": 264, "tight": 259, "pad:16": 272}[rows]
        old, new = read_tensors(model / W), read_tensors(out / W)
        count = min(wanted, old[IN][0][0]) * WIDTH
        expect(name, new[IN][0] == [wanted, WIDTH] and new[OUT][0] == [wanted, WIDTH], new[IN][0])
        expect(name, all(new[n][1][:count] == old[n][1][:count] for n in (IN, OUT)), "rows")
        expect(name, json.loads((out / C).read_text())["vocab_size"] == wanted, "vocab_size")
        said = tok("transplant", "check", out, "--against", model)
        expect(name, said.returncode == 0, said.stdout, said.stderr)
        shutil.rmtree(out)
    said = tok("transplant", "check", short)
    expect("short", said.returncode == 1 and "token 258 ('</s>') has no row: there are 258" in said.stdout and
           "eos_token_id is 258, and there are 258 rows" in said.stdout, said.stdout)


def lines(change):
    """mapping.tsv, its lines changed; without mapping.safetensors."""
    def damage(folder):
        (folder / "mapping.safetensors").unlink()
        file = folder / "mapping.tsv"
        file.write_text("".join(change(file.read_text().splitlines(True))))
    return damage


def swap(table):
    table[7], table[8] = table[8], table[7]
    return table


def check_tables(folder):
    """What mapping.tsv must have, and biases by it and by mapping.safetensors."""
    source, done = folder / "biased", folder / "with_bias"
    make_model(source)
    edit_tensors(source / W, lambda t: t.update({"lm_head.bias": ([259], [i / 4 for i in range(259)])}))
    made = tok("transplant", "run", source, folder / "new.json", "-o", done, "-m", "subword", "--dtype", "f16")
    expect("f16", made.returncode == 0, made.stderr)
    said = tok("transplant", "check", done, "--against", source)
    expect("f16", said.returncode == 0 and said.stdout.endswith(" 518 are what the mapping says\n"), said.stdout, said.stderr)
    shutil.rmtree(done)
    made = tok("transplant", "run", source, folder / "new.json", "-o", done, "-m", "subword")
    expect("bias", made.returncode == 0, made.stderr)
    bias = lambda f: edit_tensors(f / W, put("lm_head.bias", 5, 9.0))
    for name, damage, code, told in (
            ("whole", lambda f: None, 0, "774 rows are copies bit for bit"),
            ("whole table", lines(lambda t: t), 0, "774 rows are copies bit for bit"),
            ("no lines", lines(lambda t: []), 1, "mapping.tsv lacks the lines of 259 tokens, from id 0 on"),
            ("cut", lines(lambda t: t[:100]), 1, "mapping.tsv lacks the lines of 160 tokens, from id 99 on"),
            ("a line is gone", lines(lambda t: t[:7] + t[8:]), 1, "mapping.tsv: line 8 is not that of id 6"),
            ("two are swapped", lines(swap), 1, "mapping.tsv: line 8 is not that of id 6"),
            ("no copies", lines(lambda t: [s.replace("copied", "method") for s in t]), 1, "no row was compared"),
            ("no such row", lines(lambda t: [s.replace("\t6:1", "\t600:1") for s in t]), 1, "row 6 is a copy of no row by mapping.tsv"),
            ("bias", bias, 1, "'lm_head.bias': row 5 is not the old row that it is a copy of"),
            ("bias by the table", lambda f: (bias(f), lines(lambda t: t)(f)), 1, "'lm_head.bias': row 5 is not the old row")):
        out = folder / "damaged"
        shutil.copytree(done, out)
        damage(out)
        said = tok("transplant", "check", out, "--against", source)
        expect(name, said.returncode == code and told in said.stdout, said.returncode, said.stdout, said.stderr)
        shutil.rmtree(out)


def main():
    with tempfile.TemporaryDirectory() as where:
        folder = pathlib.Path(where)
        source, done = folder / "source", folder / "done"
        make_model(source)
        write_tokenizer(folder / "new.json", "bc", ["<s>", "</s>"])
        made = tok("transplant", "run", source, folder / "new.json", "-o", done, "-m", "subword")
        expect("run", made.returncode == 0, made.stderr)
        good = tok("transplant", "check", done, "--against", source)
        expect("good", good.returncode == 0 and good.stdout ==
               "259 rows for 259 ids, all as it should be\n"
               "1 tensors are the same, 516 rows are copies bit for bit, 2 are what the mapping says\n", good.stdout, good.stderr)
        alone = tok("transplant", "check", done)
        expect("alone", alone.returncode == 0 and alone.stdout == "259 rows for 259 ids, all as it should be\n", alone.stdout)
        check_damages(folder, source, done, True)
        # By the table alone, where rows were made that belong to one model.
        (done / "mapping.safetensors").unlink()
        good = tok("transplant", "check", done, "--against", source)
        expect("table", good.returncode == 0 and "516 rows are copies bit for bit, 0 are" in good.stdout, good.stdout, good.stderr)
        check_damages(folder, source, done, False)
        check_sizes(folder)
        check_tables(folder)
        (done / "mapping.tsv").unlink()
        for words, message in (([done, "--against", source], "no transplant made this folder"), ([folder / "nowhere"], "nowhere"),
                               ([], "check takes one folder, not 0"), ([done, "--against", folder / "new.json"], "new.json")):
            said = tok("transplant", "check", *words)
            expect(message, said.returncode == 2 and message in said.stderr, said.returncode, said.stderr)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
