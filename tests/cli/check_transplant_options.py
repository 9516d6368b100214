#!/usr/bin/env python3
"""tok transplant: what options must do, what is refused before anything is done, and what is left behind.

    check_transplant_options.py TOK
"""
import array
import json
import math
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

TOK = pathlib.Path(sys.argv[1]).resolve()
EMBEDDINGS = "model.embed_tokens.weight"
OLD = "the and for that with this from have not are was were which will would".split()
NEW = OLD[:8] + "tokenizer transplant embedding matrix sparse vector neural network".split()
failures, compared = 0, 0


def check(what, right):
    global failures, compared
    compared += 1
    if not right:
        failures += 1
        print("WRONG:", what)


def run(*words, code=0):
    done = subprocess.run([TOK, "transplant", *map(str, words)], capture_output=True, text=True,
                          env=dict(os.environ, TOK_CACHE="off"))
    if done.returncode != code:
        sys.exit(f"{' '.join(map(str, words))}: {done.returncode}: {done.stderr}")
    return done


def refused(message, *words, code=2):
    done = run(*words, code=code)
    check(f"{words} says {message!r}, not {done.stderr!r}", message in done.stderr)
    check(f"{words} is refused before rows are made", " copied" not in done.stderr)


# ---- toys

def byte_names():
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [b for b in range(256) if b not in plain]
    return {b: chr(b) for b in plain} | {b: chr(256 + i) for i, b in enumerate(rest)}


NAMES = byte_names()


def write_tokenizer(path, words, specials=("<s>", "</s>")):
    """All bytes, and words that are merged from the left; returns the tokens by id."""
    vocab = {s: i for i, s in enumerate(specials)}
    merges = []
    for byte in range(256):
        vocab[NAMES[byte]] = len(vocab)
    for word in words:
        spelt = [NAMES[b] for b in (" " + word).encode()]
        whole = spelt[0]
        for piece in spelt[1:]:
            if whole + piece not in vocab:
                vocab[whole + piece] = len(vocab)
                merges.append([whole, piece])
            whole += piece
    step = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    path.write_text(json.dumps({
        "version": "1.0", "truncation": None, "padding": None, "normalizer": None, "post_processor": None,
        "added_tokens": [{"id": i, "content": s, "single_word": False, "lstrip": False, "rstrip": False,
                          "normalized": False, "special": True} for i, s in enumerate(specials)],
        "pre_tokenizer": step, "decoder": step,
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                  "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "vocab": vocab,
                  "merges": merges}}))
    return list(vocab)


def rows_of(seed, count, width):
    chance = random.Random(seed)
    return [[chance.gauss(3, 2) for _ in range(width)] for _ in range(count)]


def write_model(folder, words, rows, specials=("<s>", "</s>")):
    folder.mkdir()
    write_tokenizer(folder / "tokenizer.json", words, specials)
    width = len(rows[0])
    (folder / "config.json").write_text(json.dumps({
        "model_type": "llama", "vocab_size": len(rows), "hidden_size": width, "tie_word_embeddings": True}))
    data = array.array("f", [x for row in rows for x in row]).tobytes()
    header = json.dumps({EMBEDDINGS: {"dtype": "F32", "shape": [len(rows), width], "data_offsets": [0, len(data)]}})
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header.encode() + data)


def read_rows(folder):
    data = (folder / "model.safetensors").read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    entry = json.loads(data[8:8 + length])[EMBEDDINGS]
    begin, end = entry["data_offsets"]
    width = entry["shape"][1]
    numbers = array.array("f", data[8 + length + begin:8 + length + end])
    return [numbers[i:i + width] for i in range(0, len(numbers), width)]


# ---- what is refused

def check_refusals():
    for aux in ("ngram+coc:/nonexistent", "ngram+", "ngram:", "+ngram", "self:x", "ngram:-5", "cooc", "file:", "vec"):
        for word in (("run", "A", "b.json", "--dry-run"), ("plan", "A", "b.json"), ("eval", "A", "b.json")):
            refused("--aux ", *word, "--method", "mean", "--aux", aux)
    run("run", "A", "b.json", "--dry-run", "--method", "mean", "--aux", "cooc:a+b.txt+ngram:64+file:c+d.vec")
    refused("cannot open 'a+b.txt'", "run", "A", "b.json", "--dry-run", "--aux", "ngram+cooc:a+b.txt")
    for weight in ("1.01", "2"):
        refused("--weight takes a share from 0 to 1", "run", "A", "b.json", "--dry-run", f"--weight={weight}")
    refused("--samples takes", "lab", "--text", "A/config.json", "--samples", "0")
    for word in (("plan", "A", "b.json"), ("run", "A", "b.json", "--dry-run"), ("eval", "A", "b.json"),
                 ("lab", "A/config.json"), ("explain", "A", "1"), ("check", "A"), ("apply", "A", "A", "--dry-run"),
                 ("extend", "A", "--add", "A/config.json", "--dry-run")):
        refused("--threads can be at most", *word, "--threads", "999999")
    refused("cannot make 'no/x': No such file", "run", "A", "b.json", "-o", "no/x")
    refused("cannot make 'A/config.json/x': Not a dir", "run", "A", "b.json", "-o", "A/config.json/x")
    refused("-k 9: rows of 8 numbers", "run", "A", "b.json", "--dry-run", "--donor", "D", "-k", "9")


def check_messages():
    pathlib.Path("good.tsv").write_bytes(b"<|im|>\t<s>\r\n\r\n")
    pathlib.Path("bad.tsv").write_bytes(b"<|im|>\t<s>\r\n\r\n<|im|>\t<x>\r\n")
    write_tokenizer(pathlib.Path("im.json"), NEW, ("<|im|>", "</s>"))
    run("run", "A", "im.json", "-o", "im", "--special-map", "good.tsv")
    check("a pair of a file of CRLF counts", read_rows(pathlib.Path("im"))[0] == read_rows(pathlib.Path("A"))[0])
    refused("bad.tsv: line 3: the old vocabulary has no token '<x>'",
            "run", "A", "im.json", "--dry-run", "--special-map", "bad.tsv")
    rows = rows_of(1, len(read_rows(pathlib.Path("A"))), 16)
    rows[7][3] = math.nan
    write_model(pathlib.Path("nan"), OLD, rows)
    rows = rows_of(1, len(read_rows(pathlib.Path("D"))), 8)
    rows[7][3] = math.inf
    write_model(pathlib.Path("Dinf"), NEW, rows)
    refused(f"nan, {EMBEDDINGS}: row 7", "run", "nan", "b.json", "--dry-run", "--method", "mean")
    refused(f"nan, {EMBEDDINGS}: ", "run", "nan", "b.json", "--dry-run", "--aux", "self")
    refused(f"nan ({EMBEDDINGS}) by the donor D ({EMBEDDINGS}): row 7 of the model",
            "run", "nan", "b.json", "--dry-run", "--method", "ridge", "--donor", "D")
    for method in ("omp", "knn"):
        refused(f"Dinf, {EMBEDDINGS}: ", "run", "A", "b.json", "--dry-run", "--method", method, "--donor", "Dinf")


# ---- donors

def check_donors(count):
    """Ids that stand for something else at the donor's do not count; a donor of other tokens is none."""
    write_model(pathlib.Path("other"), NEW[8:] + NEW[:8], rows_of(5, count, 8))
    refused("are other tokens here", "run", "A", "b.json", "--dry-run", "--donor", "other")
    write_model(pathlib.Path("broken"), NEW, rows_of(5, count, 8))
    pathlib.Path("broken/tokenizer.json").write_text("{")
    refused("the donor's tokenizer: ", "run", "A", "b.json", "--dry-run", "--donor", "broken")
    pathlib.Path("broken/tokenizer.json").unlink()
    run("run", "A", "b.json", "--dry-run", "--donor", "broken")  # one without any is taken at its word
    swapped = NEW[:-2] + [NEW[-1], NEW[-2]]  # nearly all are the same
    write_model(pathlib.Path("swapped"), swapped, rows_of(5, count, 8))
    refused("are other tokens here", "run", "A", "b.json", "--dry-run", "--donor", "swapped")
    for name, first in (("named", "<s>"), ("renamed", "<bos>")):
        for seed in (1, 2):
            rows = rows_of(6, count, 8)
            rows[0] = rows_of(seed, 1, 8)[0]
            write_model(pathlib.Path(f"{name}{seed}"), NEW, rows, (first, "</s>"))
    for method in ("omp", "ridge", "procrustes", "knn"):
        for name, same in (("named", False), ("renamed", True)):
            made = []
            for seed in (1, 2):
                out = pathlib.Path(f"{method}-{name}{seed}")
                run("run", "A", "b.json", "-o", out, "--method", method, "--donor", f"{name}{seed}", "-k", "8")
                made.append(read_rows(out))
            check(f"{method}: the row of a special token that is {name} {'does not count' if same else 'counts'}",
                  (made[0] == made[1]) == same)


# ---- presets

def check_presets(count, new):
    old = read_rows(pathlib.Path("A"))
    width = len(old[0])
    write_model(pathlib.Path("few"), NEW, rows_of(8, count - 5, 8))
    run("run", "A", "b.json", "-o", "mergekit", "--preset", "mergekit", "--donor", "few")
    check("mergekit: zero where the donor has no row",
          all(x == 0 for row in read_rows(pathlib.Path("mergekit"))[-5:] for x in row))
    run("run", "A", "b.json", "-o", "k8", "--donor", "few", "-k", "8")
    check("mergekit: 64 rows, bounded by the width of 8",
          read_rows(pathlib.Path("mergekit"))[:-5] == read_rows(pathlib.Path("k8"))[:-5])
    write_model(pathlib.Path("wide"), NEW, rows_of(9, count, 96))
    for out, more in (("wide64", ("-k", "64")), ("wide6", ("-k", "6")), ("wideours", ()),
                      ("widekit", ("--preset", "mergekit"))):
        run("run", "A", "b.json", "-o", out, "--donor", "wide", *more)
    made = {name: read_rows(pathlib.Path(name)) for name in ("wide64", "wide6", "wideours", "widekit")}
    check("a sixteenth of 96 where nothing is asked for", made["wideours"] == made["wide6"])
    check("mergekit: 64 rows", made["widekit"] == made["wide64"] != made["wide6"])

    refused("FOCUS goes by vectors trained on a text", "run", "A", "b.json", "--dry-run", "--preset", "focus")
    run("run", "A", "b.json", "--dry-run", "--preset", "focus", "--aux", "ngram")
    run("run", "A", "b.json", "--dry-run", "--preset", "focus", "--method", "mean")

    run("run", "A", "b.json", "-o", "adapt", "--preset", "tokenadapt")
    run("run", "A", "b.json", "-o", "hybrid", "--temperature", ".3", "--topk", "3", "--weight", ".3")
    adapt, hybrid = read_rows(pathlib.Path("adapt")), read_rows(pathlib.Path("hybrid"))
    check("tokenadapt: rows to 128", len(adapt) == (new + 127) // 128 * 128)
    check("tokenadapt: its numbers", adapt[:new] == hybrid)
    padding = [x for row in adapt[new:] for x in row]
    every = [x for row in old for x in row]
    mean, sd = sum(every) / len(every), 2
    own = sum(padding) / len(padding)
    spread = math.sqrt(sum((x - own) ** 2 for x in padding) / len(padding))
    check(f"tokenadapt: padding is drawn: {own}, {spread}",
          abs(own - mean) < 5 * sd / math.sqrt(len(padding)) and abs(spread / sd - 1) < .2)
    check("tokenadapt: each row of its own", len({tuple(row) for row in adapt[new:]}) == len(adapt) - new)
    check("width", len(adapt[0]) == width)


# ---- what it will take

def check_plans(old, new):
    def plan(*more):
        return json.loads(run("plan", "A", "b.json", "--json", *more).stdout)
    mean, hybrid, narrow = plan("--method", "mean"), plan(), plan("--aux", "ngram:64")
    check("features only where they are used", mean["memory"] < narrow["memory"] < hybrid["memory"])
    check("vectors of both vocabularies, and one more of the old one",
          hybrid["memory"] - narrow["memory"] >= 960 * 4 * (2 * old + new))
    check("and at the width that is asked for", hybrid["operations"] == 16 * narrow["operations"])
    few, many = plan("--donor", "wide", "-k", "2"), plan("--donor", "wide", "-k", "4")
    check("omp by its k", few["operations"] < many["operations"])
    check("where it keeps products, too", plan("--donor", "wide", "-k", "16")["operations"] <
          plan("--donor", "wide", "-k", "32")["operations"])
    check("mergekit's, too", many["operations"] < plan("--donor", "wide", "--preset", "mergekit")["operations"])
    check("a toy takes no second", hybrid["seconds"] == 1)
    check("as it says", "less than a second" in run("plan", "A", "b.json").stdout)


# ---- a signal

def check_signal():
    """Ended while it waits for the chat template, extend leaves nothing behind."""
    shutil.copytree("A", "slow")
    os.mkfifo("slow/chat_template.jinja")
    os.mkdir("tmp")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
        child = subprocess.Popen([TOK, "transplant", "extend", "slow", "--superwords", "9", "--text", "a.json", "-o", "ex"],
                                 env=dict(os.environ, TMPDIR=os.path.abspath("tmp"), TOK_CACHE="off"),
                                 stderr=subprocess.PIPE)
        for _ in range(1000):
            if list(pathlib.Path("tmp").glob("*/tokenizer.json")) or child.poll() is not None:
                break
            time.sleep(.01)
        check(f"it had begun, not ended by {child.poll()}", child.poll() is None and list(pathlib.Path("tmp").iterdir()))
        child.send_signal(number)
        said = child.communicate(timeout=20)[1]
        check(f"ended by the signal, not {child.returncode}: {said}", child.returncode == -number)
        check(f"told of it, but not who left: {said}", (b"interrupted" in said) == (number != signal.SIGPIPE))
        check(f"nothing is left, not {os.listdir('tmp')}", not os.listdir("tmp"))


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        old = len(write_tokenizer(pathlib.Path("a.json"), OLD))
        new = len(write_tokenizer(pathlib.Path("b.json"), NEW))
        write_model(pathlib.Path("A"), OLD, rows_of(1, old, 16))
        write_model(pathlib.Path("D"), NEW, rows_of(2, new, 8))
        check_refusals()
        check_messages()
        check_donors(new)
        check_presets(new, new)
        check_plans(old, new)
        check_signal()
        os.chdir("/")
    print(f"{compared} compared, {failures} wrong")
    sys.exit(failures != 0)


main()
