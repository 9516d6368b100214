#!/usr/bin/env python3
"""tok transplant eval, by what must be so.

    check_transplant_eval.py TOK

A model of random rows and two tokenizers learnt from one text. No method that has no donor may find a hidden
row again: if one does, it was not hidden. A donor that is the model in other coordinates finds all by the maps;
one of other random rows finds none.
"""
import array
import json
import math
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

IN, OUT, WIDTH = "model.embed_tokens.weight", "lm_head.weight", 16
SYLLABLES = ["an", "be", "cor", "du", "er", "fin", "gal", "ho", "in", "jo", "ka", "lo", "min", "no", "or", "par"]
failures, compared = 0, 0


def check(what, right):
    global failures, compared
    compared += 1
    if not right:
        failures += 1
        print("WRONG:", what)


def run(*words, code=0):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True)
    if done.returncode != code:
        sys.exit(f"{' '.join(map(str, words))}: {done.returncode}: {done.stderr}")
    return done


def write_text(path, seed, words):
    chance = random.Random(seed)
    known = ["".join(chance.choices(SYLLABLES, k=chance.randint(1, 4))) for _ in range(900)]
    path.write_text("\n".join(" ".join(chance.choices(known, k=9)) for _ in range(words // 9)))


def write_model(folder, tokenizer, matrices):
    """Each matrix is a list of rows."""
    folder.mkdir()
    (folder / "tokenizer.json").write_bytes(tokenizer.read_bytes())
    (folder / "config.json").write_text(json.dumps({
        "architectures": ["LlamaForCausalLM"], "vocab_size": len(matrices[IN]), "hidden_size": WIDTH,
        "tie_word_embeddings": OUT not in matrices}))
    header, data = {}, b""
    for name, rows in matrices.items():
        numbers = array.array("f", [x for row in rows for x in row]).tobytes()
        header[name] = {"dtype": "F32", "shape": [len(rows), WIDTH], "data_offsets": [len(data), len(data) + len(numbers)]}
        data += numbers
    text = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)


def rows_of(seed, count):
    chance = random.Random(seed)
    return [[chance.gauss(0, 1) + 0.5 for _ in range(WIDTH)] for _ in range(count)]


def turn(rows, seed):
    """The same rows in other coordinates: reflections, and a shift."""
    chance = random.Random(seed)
    mirrors = [[chance.gauss(0, 1) for _ in range(WIDTH)] for _ in range(3)]
    out = []
    for row in rows:
        for v in mirrors:
            along = 2 * sum(a * b for a, b in zip(row, v)) / sum(a * a for a in v)
            row = [a - along * b for a, b in zip(row, v)]
        out.append([a + 0.25 for a in row])
    return out


def tokens_of(path):
    return json.loads(path.read_text())["model"]["vocab"]


class Case:
    def __init__(self, tok, folder):
        self.tok, self.folder = tok, folder
        self.source, self.target = folder / "a.json", folder / "b.json"
        for name, seed, size in ((self.source, 1, 900), (self.target, 1, 1100)):
            text = folder / f"{name.stem}.txt"
            write_text(text, seed, 9000 + size)
            run(tok, "train", "-v", size, "-o", name, text)
        a, b = tokens_of(self.source), tokens_of(self.target)
        self.shared = [t for t in a if t in b and len(t) >= 3]
        self.rows = {IN: rows_of(3, len(a)), OUT: rows_of(4, len(a))}
        write_model(folder / "model", self.source, self.rows)
        write_model(folder / "tied", self.source, {IN: self.rows[IN]})
        known = {name: rows_of(5, len(b)) for name in self.rows}
        for name, rows in self.rows.items():
            for token, row in zip(a, turn([rows[i] for i in a.values()], 6)):
                if token in b:
                    known[name][b[token]] = row
        write_model(folder / "same", self.target, known)
        write_model(folder / "other", self.target, {IN: rows_of(7, len(b)), OUT: rows_of(8, len(b))})

    def eval(self, *options, model="model", code=0):
        done = run(self.tok, "transplant", "eval", self.folder / model, self.target, *options, code=code)
        return done if code or "--json" not in options else json.loads(done.stdout)


def is_lost(side, hidden, rows):
    """As good as chance: of `hidden` tokens, hits among `rows` rows."""
    most = 10 / rows + 5 * math.sqrt(10 / rows / hidden)
    return side["hit1"] <= 0.03 and side["hit10"] <= most and abs(side["centred"]) < 5 / math.sqrt(hidden * WIDTH) + 0.05


def check_hidden(case):
    methods = ("hybrid,local,global,subword,sum,length,linear,first-last,eeve,bil,focus,wechsel,clp,knn,mean,zero,"
               "random,hewitt,scalar")
    for aux in ("ngram", "self", "ngram+self"):
        told = case.eval("--json", "--methods", methods, "--aux", aux, "--holdout", "0.2")
        check("the share that is hidden", told["hidden"] == int(told["shared"] * 0.2) or
              0.15 * told["shared"] < told["hidden"] <= 0.2 * told["shared"])
        check("all methods are told", [m["name"] for m in told["methods"]] == methods.split(","))
        for method in told["methods"]:
            check("both sides", [s["side"] for s in method["sides"]] == ["input", "output"])
            for side in method["sides"]:
                check(f"{method['name']} by {aux} finds {side}", is_lost(side, told["hidden"], told["rows"]))
                check(f"{method['name']} answers", side["answers"] > 0.5 * told["hidden"])
        means = {m["name"]: m["sides"][0] for m in told["methods"]}
        check("the mean has a cosine, and none of its own",
              means["mean"]["cosine"] > 0.3 and means["mean"]["centred"] == 0 and means["mean"]["hit10"] == 0)
        check("zero is as far away as it is long", abs(means["zero"]["distance"] - 1) < 1e-6)
    check("what may be hidden", told["shared"] <= len(case.shared) and told["shared"] > 0.8 * len(case.shared))


def check_donors(case):
    told = case.eval("--json", "--donor", case.folder / "same")
    found = {m["name"]: m["sides"] for m in told["methods"]}
    check("methods with a donor", list(found) == "mean,subword,hybrid,omp,procrustes,ridge".split(","))
    for side in (0, 1):
        near = found["procrustes"][side]
        check("a rotation is found", near["centred"] > 0.99999 and near["hit1"] == 1 and near["median_rank"] == 1)
        check("and the same rows", near["distance"] < 1e-4)
        check("ridge finds it", found["ridge"][side]["centred"] > 0.999 and found["ridge"][side]["hit1"] == 1)
        check("subword does not", is_lost(found["subword"][side], told["hidden"], told["rows"]))
    told = case.eval("--json", "--donor", case.folder / "same", "--methods", "omp", "-k", WIDTH)
    check("all of a row is the sum of as many as it is wide", told["methods"][0]["sides"][0]["hit10"] > 0.5)
    told = case.eval("--json", "--donor", case.folder / "other", "--methods", "omp,procrustes,ridge,knn")
    for method in told["methods"]:
        for side in method["sides"]:
            check(f"{method['name']} finds what is not there", is_lost(side, told["hidden"], told["rows"]))


def check_answers(case):
    first = case.eval("--json")
    check("the same again", first == case.eval("--json", "--threads", 1))
    check("another seed", first != case.eval("--json", "--seed", 7))
    told = case.eval("--json", "--methods", "mean", model="tied")
    check("a tied model has one side", [s["side"] for s in told["methods"][0]["sides"]] == ["input"])
    lines = case.eval("--methods", "mean,subword").stdout.splitlines()
    check("a line a method and side", sum(line.startswith(("mean", "subword")) for line in lines) == 4)
    for options, code, says in ((["--holdout", "0"], 2, "between 0 and 1"), (["--holdout", "1"], 2, "between 0 and 1"),
                                (["--holdout", "0.0001"], 2, "are to be hidden"), (["--methods", "x"], 2, "no method"),
                                (["--methods", "ridge"], 2, "--donor"), (["--methods", ","], 2, "no method")):
        done = case.eval(*options, code=code)
        check(f"{options}: {done.stderr}", says in done.stderr and not done.stdout)


def main():
    with tempfile.TemporaryDirectory() as folder:
        case = Case(sys.argv[1], pathlib.Path(folder))
        check_hidden(case)
        check_donors(case)
        check_answers(case)
    print(f"{compared} compared, {failures} wrong")
    return failures > 0 or compared == 0


if __name__ == "__main__":
    sys.exit(main())
