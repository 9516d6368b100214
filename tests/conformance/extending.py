"""Vocabularies that tok extend has grown and tok vocab prune has cut, in the programs that
will load them; and the laws of both.

    extending.py --tok build/tok --cache build/test-data [--rounds 60]
"""
import argparse
import base64
import json
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import sentencepiece
import tiktoken
from tokenizers import Tokenizer

failures = 0
checks = 0

CL100K = (r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+|"
          r" ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s")


def check(ok, what):
    global failures, checks
    checks += 1
    if not ok:
        failures += 1
        print("FAILED:", what)


class Tools:
    def __init__(self, tok, folder, docs):
        self.tok, self.folder = tok, folder
        self.docs = self.write("docs", docs)

    def write(self, name, docs):
        path = self.folder / name
        path.write_bytes(b"".join(d.encode() + b"\0" for d in docs))
        return path

    def run(self, *command, status=0, text=None):
        done = subprocess.run([self.tok, *map(str, command)], input=text, capture_output=True)
        if done.returncode != status:
            sys.exit(f"tok {command}: {done.returncode}: {done.stderr.decode()}")
        return done

    def make(self, name, *command):
        """A file that a command writes, and what it says."""
        out = self.folder / name
        done = self.run(*command, "-o", out)
        return out, done.stderr.decode()

    def encode(self, tokenizer, text, *options):
        done = self.run("encode", "-t", tokenizer, *options, text=text.encode())
        return [int(i) for i in done.stdout.split()]

    def decode(self, tokenizer, ids, *options):
        text = " ".join(map(str, ids)).encode()
        return self.run("decode", "-t", tokenizer, *options, text=text).stdout.decode()


def said(pattern, text):
    found = re.search(pattern, text)
    return float(found.group(1)) if found else 0


def read_ranks(file):
    """tiktoken's own reader keeps what it read of a path."""
    lines = (line.split() for line in file.read_text().splitlines())
    return {base64.b64decode(text): int(rank) for text, rank in lines}


# ---- extending ---------------------------------------------------------------------


def extended_json(t, name, base, text):
    out, _ = t.make(f"{name}.json", "extend", base, t.docs, "--null", "--add", 700)
    before, _ = t.make("before.json", "vocab", "convert", base)
    old, new = json.loads(before.read_text()), json.loads(out.read_text())
    words, was = new["model"]["vocab"], old["model"]["vocab"]
    check(all(words.get(w) == i for w, i in was.items()), f"{name}: an old token moved")
    check(old["added_tokens"] == new["added_tokens"], f"{name}: added tokens differ")
    theirs = Tokenizer.from_file(str(out))
    check(theirs.encode(text, add_special_tokens=False).ids == t.encode(out, text),
          f"{name}: Hugging Face encodes otherwise")
    first = max([*was.values(), *(a["id"] for a in old["added_tokens"])]) + 1
    fresh = {i: w for w, i in words.items() if i >= first}
    check(sorted(fresh) == list(range(first, first + 700)), f"{name}: ids are not those behind")
    lost = [w for i, w in fresh.items() if [x.id for x in theirs.model.tokenize(w)] != [i]]
    check(not lost, f"{name}: {len(lost)} new tokens do not come out, as {lost[:3]}")
    return out


def extended_tiktoken(t, base, text):
    out, _ = t.make("out.tiktoken", "extend", base, t.docs, "--null", "--add", 700)
    ranks, was = read_ranks(out), read_ranks(base)
    check(all(ranks.get(w) == i for w, i in was.items()), "tiktoken: an old token moved")
    check(len(ranks) == len(was) + 700, "tiktoken: not 700 are new")
    theirs = tiktoken.Encoding("grown", pat_str=CL100K, special_tokens={}, mergeable_ranks=ranks)
    ids = theirs.encode_ordinary(text)
    check(t.encode(out, text, "--pattern", "cl100k") == ids, "tiktoken encodes otherwise")
    check(len(ids) < len(t.encode(base, text)), "tiktoken: nothing new is used")


def extended_model(t, base, text):
    out, _ = t.make("out.model", "extend", base, t.docs, "--null", "--add", 700)
    old = sentencepiece.SentencePieceProcessor(model_file=str(base))
    new = sentencepiece.SentencePieceProcessor(model_file=str(out))
    count = old.get_piece_size()
    check(new.get_piece_size() == count + 700, "sentencepiece: not 700 are new")
    check(all(old.id_to_piece(i) == new.id_to_piece(i) for i in range(count)),
          "sentencepiece: an old token moved")
    check(new.encode(text) == t.encode(out, text), "sentencepiece encodes otherwise")
    lost = [new.id_to_piece(i) for i in range(count, count + 700)
            if new.id_to_piece(i)[0] == "\u2581"
            and new.encode(new.id_to_piece(i)[1:]) != [i]]
    check(not lost, f"sentencepiece: {len(lost)} new tokens do not come out, as {lost[:3]}")


def plain_ranks(ranks, text):
    """As tiktoken does it, without looking whether all of the text is a token."""
    parts = [text[i:i + 1] for i in range(len(text))]
    while True:
        pairs = [(ranks[a + b], i) for i, (a, b) in enumerate(zip(parts, parts[1:]))
                 if a + b in ranks]
        if not pairs:
            return parts
        i = min(pairs)[1]
        parts[i:i + 2] = [parts[i] + parts[i + 1]]


def write_ranks(t, texts):
    base = t.folder / "base.tiktoken"
    base.write_text("".join(f"{base64.b64encode(w).decode()} {i}\n" for i, w in enumerate(texts)))
    return base


def random_base(t, r):
    """Ranks that nobody learned: text becomes but some of them."""
    texts = [bytes([i]) for i in range(256)]
    for _ in range(r.randint(2, 12)):
        text = "".join(r.choice("abc") for _ in range(r.randint(2, 4))).encode()
        if text not in texts:
            texts.append(text)
    return write_ranks(t, texts)


def grown_ranks(t, base, docs, count, what):
    first = len(base.read_text().splitlines())
    source = t.write("small", docs)
    out, told = t.make("grown.tiktoken", "extend", "--null", "--pattern", "gpt2", base, source,
                       "--add", count)
    ranks = read_ranks(out)
    fresh = list(ranks)[first:]
    lost = [w for w in fresh if plain_ranks(ranks, w) != [w]]
    check(not lost, f"{what}: {lost[:3]} do not come out")
    # The pattern brings a special token, with the id 50256.
    check([ranks[w] for w in fresh] == list(range(50257, 50257 + len(fresh))), f"{what}: ids")
    return fresh, said(r"dropped: (\d+)", told)


def random_ranks(t, rounds):
    """Few letters: many pairs make the same text."""
    for seed in range(rounds):
        r = random.Random(seed)
        docs = ["".join(r.choice("abc"[:r.randint(2, 3)] + " ") for _ in range(r.randint(1, 60)))
                for _ in range(60)]
        if seed % 3:
            base = random_base(t, r)
        else:
            base, _ = t.make("base.tiktoken", "train", "--null", "--pretok", "gpt2",
                             t.write("small", docs[:30]), "-v", r.randint(258, 275))
        grown_ranks(t, base, docs[30:], r.randint(1, 60), f"ranks, seed {seed}")


def unreachable(t):
    """Nothing makes xbc of bytes; when bc is learned, that and x become it.  Then ax and
    bcz do not stand side by side in axbcz any more."""
    base = write_ranks(t, [bytes([i]) for i in range(256)] + [b"xbc"])
    fresh, dropped = grown_ranks(t, base, ["axbcz"] * 9 + ["bc"], 4, "unreachable")
    check(dropped == 1, f"unreachable: {dropped} tokens were dropped")
    check(fresh == [b"bc", b"ax", b"bcz", b"axbc"], f"unreachable: {fresh}")


def goes_on(t):
    """From a front of a vocabulary to all of it."""
    for options in (["--pretok", "o200k"], ["--pretok", "cl100k", "--special", "<|end|>"],
                    ["--pretok", "metaspace", "--byte-fallback", "--unk-token", "<unk>"],
                    ["--pretok", "words"]):
        counts, _ = t.make("all.words", "words", "--null", *options[:2], t.docs)
        whole, _ = t.make("whole.json", "train", "--null", t.docs, "-v", "8k", *options)
        part, _ = t.make("part.json", "train", "--null", t.docs, "-v", "6k", *options)
        for how in (["--counts", counts], ["--null", t.docs, "--threads", "3", "--memory", "2M"]):
            again, told = t.make("again.json", "extend", part, *how, "--add", "2k")
            check(again.read_bytes() == whole.read_bytes(), f"{options}, {how[0]}: not as learned")
        before, after = said(r"token: ([\d.]+)", told), said(r"before, ([\d.]+)", told)
        check(0 < before < after, f"{options}: bytes for each token: {told}")


def other_words(t):
    counts, _ = t.make("gpt2.words", "words", "--null", "--pretok", "gpt2", t.docs)
    base, _ = t.make("o200k.json", "train", "--null", t.docs, "-v", "300")
    for command in (["extend", base, "--counts", counts, "--add", 5],
                    ["vocab", "prune", base, "--counts", counts, "--keep", 280],
                    ["train", "--resume", base, "--counts", counts, "-v", 400]):
        told = t.run(*command, "-o", t.folder / "no.json", status=2).stderr.decode()
        check("another pre-tokenizer" in told, f"{command[0]}: counts of other words: {told}")
    check(not (t.folder / "no.json").exists(), "something was written")


# ---- pruning -----------------------------------------------------------------------


def tokens_of(file):
    """Text to id, of model and added tokens."""
    data = json.loads(file.read_text())
    words = data["model"]["vocab"]
    words = dict(words) if isinstance(words, dict) else {w: i for i, (w, _) in enumerate(words)}
    return words | {a["content"]: a["id"] for a in data["added_tokens"]}


def pruned_json(t, name, base, keep, text, decodes=True):
    table = t.folder / "map"
    out, told = t.make(f"{name}.pruned.json", "vocab", "prune", base, t.docs, "--null", "--keep",
                       keep, "--map", table)
    before, _ = t.make("before.json", "vocab", "convert", base)
    was, words = tokens_of(before), tokens_of(out)
    lines = [tuple(map(int, line.split("\t"))) for line in table.read_text().splitlines()]
    check([new for _, new in lines] == list(range(keep)), f"{name}: ids are not 0 to {keep - 1}")
    check(lines == sorted(lines), f"{name}: the order changed")
    by_old = {i: w for w, i in was.items()}
    check(all(words[by_old[old]] == new for old, new in lines), f"{name}: the map is wrong")
    theirs = Tokenizer.from_file(str(out))
    ids = t.encode(out, text)
    check(theirs.encode(text, add_special_tokens=False).ids == ids,
          f"{name}: Hugging Face encodes otherwise")
    if decodes:
        check(t.decode(out, ids) == t.decode(base, t.encode(base, text)),
              f"{name}: it does not decode to the same")
    return told


def pruned_model(t, name, base, keep, text):
    out, told = t.make(f"{name}.model", "vocab", "prune", base, t.docs, "--null", "--keep", keep)
    theirs = sentencepiece.SentencePieceProcessor(model_file=str(out))
    check(theirs.get_piece_size() == keep, f"{name}: {theirs.get_piece_size()} pieces")
    ids = t.encode(out, text)
    check(theirs.encode(text) == ids, f"{name}: sentencepiece encodes otherwise")
    check(t.decode(out, ids) == t.decode(base, t.encode(base, text)),
          f"{name}: it does not decode to the same")
    return told


def against_training(t):
    """The front of a vocabulary is hard to beat: it was learned for its size."""
    for model, options in (("bpe", ["--pretok", "o200k"]),
                           ("wordpiece", ["--pretok", "bert", "--model", "wordpiece"])):
        large, _ = t.make("large.json", "train", "--null", t.docs, "-v", "12k", *options)
        small, _ = t.make("small.json", "train", "--null", t.docs, "-v", "6k", *options)
        _, told = t.make("cut.json", "vocab", "prune", large, "--null", t.docs, "--keep", "6k")
        _, base = t.make("same.json", "vocab", "prune", small, "--null", t.docs, "--keep", "6k")
        cut, learned = said(r"before, ([\d.]+)", told), said(r"before, ([\d.]+)", base)
        print(f"{model}: {cut} bytes for each token cut to 6k, {learned} learned")
        check(cut > 0.97 * learned, f"{model}: {cut} bytes for each token, learned {learned}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tok", required=True)
    parser.add_argument("--cache", required=True, type=Path)
    parser.add_argument("--rounds", type=int, default=60)
    args = parser.parse_args()
    docs = []
    for name in ("udhr", "linux"):
        docs += json.loads((args.cache / "texts" / f"{name}.json").read_text())
    docs = [d.replace("\0", "") for d in docs][::8]
    real = args.cache / "tokenizers"
    with tempfile.TemporaryDirectory() as name:
        t = Tools(args.tok, Path(name), docs)
        text = "".join(docs)[:100_000]
        random_ranks(t, args.rounds)
        unreachable(t)
        other_words(t)
        goes_on(t)
        against_training(t)
        for name in ("gpt2", "llama3", "llama2", "gemma3"):
            extended_json(t, name, real / name, text)
        extended_tiktoken(t, real / "cl100k" / "cl100k_base.tiktoken", text)
        extended_model(t, real / "llama2_spm" / "tokenizer.model", text)
        for name, keep in (("gpt2", 2500), ("llama2", 6000), ("llama3", 4000), ("bert", 3000)):
            print(f"{name}:", pruned_json(t, name, real / name, keep, text).strip())
        for name, keep in (("albert", 4000), ("llama2_spm", 6000)):
            print(f"{name}:", pruned_model(t, name, real / name, keep, text).strip())
    print(f"{checks} comparisons, {failures} failed")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
