#!/usr/bin/env python3
"""tok transplant apply does to a sister checkpoint what run would have done, or nothing.

    check_transplant_apply.py TOK
"""
import json
import pathlib
import re
import shutil
import sys
import tempfile

import check_transplant_check as toys
from check_transplant_check import IN, OUT, W, WIDTH, edit_json, edit_tensors, expect, make_model, tok, write_tokenizer


def make_sister(folder, source):
    """Other numbers, all else the same."""
    shutil.copytree(source, folder)
    edit_tensors(folder / W, lambda tensors: tensors.update(
        {name: (shape, [(7 * i % 64 - 30) / 4 for i in range(len(numbers))]) for name, (shape, numbers) in tensors.items()}))


def make_tied(folder, source):
    shutil.copytree(source, folder)
    edit_tensors(folder / W, lambda tensors: tensors.pop(OUT))
    edit_json(folder / "config.json", lambda config: config.update(tie_word_embeddings=True))


def check_same(name, left, right):
    files = sorted(p.name for p in left.iterdir())
    expect(name, files == sorted(p.name for p in right.iterdir()), files)
    for file in files:
        expect(name, (left / file).read_bytes() == (right / file).read_bytes(), file)


def check_laws(folder, new):
    """What run writes of the sister, and what apply does: every file, to the byte."""
    pairs = folder / "pairs"
    pairs.write_text("bc\tab\n")
    for name, model, options in (
            ("subword", "untied", ["-m", "subword"]),
            ("sides", "untied", ["--in-method", "subword", "--out-method", "bil", "--seed", "7"]),
            ("pieces", "untied", ["-m", "global", "--threshold", "2"]),
            ("likeness", "untied", ["--aux", "ngram:16", "--topk", "5", "--threads", "1"]),
            ("dtype", "untied", ["-m", "subword", "--dtype", "bf16"]),
            ("match", "untied", ["-m", "subword", "--match", "exact"]),
            ("pairs", "untied", ["-m", "subword", "--special-map", pairs]),
            ("rows", "untied", ["-m", "subword", "--rows", "pad:16", "--chat-template", "keep"]),
            ("force", "untied", ["--in-method", "subword", "--out-method", "bil", "--tie", "force"]),
            ("tied", "tied", ["-m", "subword"]),
            ("break", "tied", ["--in-method", "subword", "--out-method", "bil", "--tie", "break"])):
        done, wanted, got = folder / "done", folder / "wanted", folder / "got"
        made = [tok("transplant", "run", folder / model, new, *options, "-o", done),
                tok("transplant", "run", folder / (model + "2"), new, *options, "-o", wanted),
                tok("transplant", "apply", done, folder / (model + "2"), "-o", got)]
        expect(name, all(m.returncode == 0 for m in made), [m.stderr for m in made])
        if got.exists() and wanted.exists():
            expect(name, (done / W).read_bytes() != (got / W).read_bytes(), "the same weights")
            check_same(name, wanted, got)
        for path in (done, wanted, got):
            shutil.rmtree(path, ignore_errors=True)


def check_refused(folder, new):
    done, other, again = folder / "done", folder / "other", folder / "again"
    tok("transplant", "run", folder / "untied", new, "-m", "subword", "--dtype", "f16", "-o", done)
    make_model(other)
    write_tokenizer(other / "tokenizer.json", "ac", ["<s>", "</s>"])
    shutil.copytree(done, again)
    shutil.copy(other / "tokenizer.json", again)
    hashes = json.loads((done / "transplant.json").read_text())
    said = tok("transplant", "apply", done, other, "-o", folder / "no")
    expect("another old tokenizer", said.returncode == 2 and hashes["source"]["hash"] in said.stderr and str(other) in said.stderr
           and str(done) in said.stderr, said.stderr)
    said = tok("transplant", "apply", again, folder / "untied2", "-o", folder / "no")
    expect("another new tokenizer", said.returncode == 2 and hashes["target"]["hash"] in said.stderr, said.stderr)
    for options, told in ((["--method", "mean"], "it takes no --method"), (["--aux", "self"], "it takes no --aux"),
                          (["--donor", other], "it takes no --donor"), (["--special-map", other], "it takes no --special-map"),
                          (["--tie", "force"], "that was tie 'keep'"), (["--dtype", "bf16"], "that was dtype 'f16'"),
                          (["--seed", "7"], "that was seed '42'"), (["--match", "exact"], "that was match 'exact,role,byte'"),
                          (["--chat-template", "new"], "that was chat_template 'audit'")):
        said = tok("transplant", "apply", done, folder / "untied2", "-o", folder / "no", *options)
        expect(told, said.returncode == 2 and told in said.stderr, said.returncode, said.stderr)
    said = tok("transplant", "apply", done, folder / "untied2", "-o", folder / "yes", "--dtype", "f16", "--match", "exact,role,byte")
    expect("the same options", said.returncode == 0, said.stderr)
    asked = folder / "asked"
    tok("transplant", "run", folder / "tied", new, "-m", "subword", "--tie", "break", "--seed", "7", "--chat-template", "new", "-o", asked)
    # What would be done by itself is an option too.
    for options, told in ((["--tie", "keep"], "that was tie 'break'"), (["--seed", "42"], "that was seed '7'"),
                          (["--chat-template", "audit"], "that was chat_template 'new'"), (["--knn", "distance"], "it takes no --knn")):
        said = tok("transplant", "apply", asked, folder / "tied2", "-o", folder / "no", *options)
        expect(told, said.returncode == 2 and told in said.stderr, said.returncode, said.stderr)
    expect("nothing was made", not (folder / "no").exists())


def check_told(folder, new):
    """What transplant.json has, so that a run can be repeated; one matrix is called so."""
    out = folder / "told"
    made = tok("transplant", "run", folder / "untied", new, "--preset", "tokenadapt", "--tie", "force", "--out-method", "bil",
               "--dtype", "f16", "-o", out)
    told = json.loads((out / "transplant.json").read_text())
    options = told["options"]
    for name, value in (("preset", "tokenadapt"), ("tie", "force"), ("dtype", "f16"), ("rows", "pad:128"), ("knn", "distance"),
                        ("euclid", False), ("normalize_atoms", False), ("screen", 0), ("special_map", None), ("language", None),
                        ("in_hypernet", None), ("out_hypernet", None), ("in_used", {"temperature": .3, "topk": 3})):
        expect(name, name in options and options[name] == value, options)
    expect("one matrix", told["output"] is None and "bil, the output's method, is not used" in made.stderr, made.stderr)
    for model, words in (("tied", []), ("untied", ["--tie", "force"])):
        said = tok("transplant", "plan", folder / model, new, "--in-method", "subword", "--out-method", "bil", *words)
        expect("plan", "methods       subword, for one matrix of both sides" in said.stdout, said.stdout, said.stderr)


def check_neighbours(folder, new):
    """The page's histogram is that of the table's counts, and what is longer is at its end."""
    for name, options in (("sides", ["--in-method", "subword", "--out-method", "knn", "--topk", "40", "--euclid"]), ("one", ["--tie", "force"])):
        out = folder / ("neighbours " + name)
        made = tok("transplant", "run", folder / "untied", new, *options, "-o", out)
        expect(name, made.returncode == 0, made.stderr)
        page, wanted = (out / "transplant.html").read_text(), {}
        lines = [line.split("\t") for line in (out / "mapping.tsv").read_text().splitlines()]
        for side in ("input", "output") if name == "sides" else ("all",):
            how = lines[0].index("out" if side == "output" else "in")
            for line in lines[1:]:
                if line[how] in ("method", "pieces"):
                    key = side, min(int(line[how + 2]), 32)
                    wanted[key] = wanted.get(key, 0) + 1
        rows = re.findall(r'"q s[01]">(\w+)</span><td class="n">(\d+)( or more)?<td class="n">([\d.]+)', page)
        found = {(side, int(count)): float(made) for side, count, _, made in rows if float(made)}
        expect(name, wanted and found == wanted, found, wanted)
        expect(name, {int(count) for _, count, more, _ in rows if more} == ({32} if max(w for _, w in wanted) == 32 else set()), rows)
    expect("one matrix", "<h2>Neighbours" in page and "output" not in page.split("<h2>Neighbours")[1].split("<h2>")[0], "two sides")
    tok("transplant", "run", folder / "untied", new, "-m", "zero", "-o", folder / "neighbours none")
    expect("no sums", "Neighbours" not in (folder / "neighbours none/transplant.html").read_text())


def check_explained(folder):
    """A token of digits."""
    new, out = folder / "digits.json", folder / "digits"
    write_tokenizer(new, "99", ["<s>", "</s>", "300"])
    tok("transplant", "run", folder / "untied", new, "-m", "subword", "-o", out)
    for word, wanted in (("99", 99), ("text:99", 256), ("300", 259), ("text:300", 259), ("</s>", 258)):
        said = tok("transplant", "explain", out, word)
        expect(word, said.stdout.startswith(f"id       {wanted}\n"), said.stdout, said.stderr)
    expect("no token", tok("transplant", "explain", out, "301").returncode == 2)


def main():
    with tempfile.TemporaryDirectory() as where:
        folder = pathlib.Path(where)
        new = folder / "new.json"
        make_model(folder / "untied")
        edit_tensors(folder / "untied" / W, lambda t: t.update({"lm_head.bias": ([t[IN][0][0]], t[IN][1][::WIDTH])}))
        make_tied(folder / "tied", folder / "untied")
        for name in ("untied", "tied"):
            make_sister(folder / (name + "2"), folder / name)
        write_tokenizer(new, "bc", ["<s>", "</s>", "<x>", "<y>"])
        check_laws(folder, new)
        check_refused(folder, new)
        check_told(folder, new)
        check_neighbours(folder, new)
        check_explained(folder)
    return bool(toys.wrong)


if __name__ == "__main__":
    sys.exit(main())
