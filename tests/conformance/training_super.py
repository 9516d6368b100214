"""What tok train --super learns against slow implementations of the same, against Hugging
Face's trainer, and its files in Hugging Face's tokenizers.

    training_super.py --tok build/tok --cache build/test-data [--rounds 200]
"""
import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import regex
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

RELAXED = r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]{2,}[\r\n/]*| +(?!\S)"
GPT2 = (r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")
ALPHABET = sorted(pre_tokenizers.ByteLevel.alphabet())

failures = 0
checks = 0


def check(ok, what):
    global failures, checks
    checks += 1
    if not ok:
        failures += 1
        print("FAILED:", what)


def run(tok, *args):
    done = subprocess.run([tok, *map(str, args)], capture_output=True)
    if done.returncode != 0:
        sys.exit(f"tok {args}: {done.stderr.decode()}")
    return done.stdout


def write_docs(folder, docs):
    source = folder / "docs"
    source.write_bytes(b"".join(d.encode() + b"\0" for d in docs))
    return source


def train(tok, folder, docs, *options):
    out = folder / "out.json"
    run(tok, "train", "--null", "-o", out, *options, write_docs(folder, docs))
    return out


def model_of(file):
    model = json.loads(Path(file).read_text())["model"]
    return model["vocab"], [tuple(m) for m in model["merges"]]


# ---- slow implementations ----------------------------------------------------------

# The byte-level alphabet, as GPT-2 has it.
CHARACTER_OF, spare = {}, 256
for byte in range(256):
    if 0x21 <= byte <= 0x7E or 0xA1 <= byte <= 0xAC or 0xAE <= byte <= 0xFF:
        CHARACTER_OF[byte] = chr(byte)
    else:
        CHARACTER_OF[byte], spare = chr(spare), spare + 1
BYTE_OF = {c: b for b, c in CHARACTER_OF.items()}
assert sorted(BYTE_OF) == ALPHABET


def raised(text):
    """Text in the byte-level alphabet."""
    return "".join(CHARACTER_OF[b] for b in text.encode())


def join(row, left, right, joined):
    out, at = [], 0
    while at < len(row):
        if at + 1 < len(row) and (row[at], row[at + 1]) == (left, right):
            out.append(joined)
            at += 2
        else:
            out.append(row[at])
            at += 1
    return out


def bpe(rows, vocab, size, allows=lambda text: True, least=1):
    """[(left, right, count)] of the best pairs, all counted anew for each; `vocab`, from
    text to id, grows to `size`."""
    rows = [(list(r), n) for r, n in rows.items()]
    merges, done = [], set()
    while len(vocab) < size:
        pairs = Counter()
        for row, count in rows:
            for pair in zip(row, row[1:]):
                pairs[pair] += count
        best = [(-n, vocab[l], vocab[r], l, r) for (l, r), n in pairs.items()
                if n >= least and (l, r) not in done and allows(l + r)]
        if not best:
            break
        count, _, _, left, right = min(best)
        done.add((left, right))
        vocab.setdefault(left + right, len(vocab))
        merges.append((left, right, -count))
        rows = [(join(row, left, right, left + right), n) for row, n in rows]
    return merges


def replay(text, ranks):
    row = list(text)
    while True:
        best = min((ranks[p] for p in zip(row, row[1:]) if p in ranks), default=None)
        if best is None:
            return row
        left, right = next(p for p in zip(row, row[1:]) if ranks.get(p) == best)
        row = join(row, left, right, left + right)


def isolated(pattern, text):
    at = 0
    for match in regex.finditer(pattern, text):
        if match.start() > at:
            yield text[at:match.start()]
        if match.group():
            yield match.group()
        at = match.end()
    if at < len(text):
        yield text[at:]


def words_of(docs):
    return Counter(tuple(raised(w)) for d in docs for w in isolated(GPT2, d))


def lines_of(docs):
    return [line for d in docs for line in re.findall(r"[^\n]*\n|[^\n]+", d)]


def count_words(text, space="Ġ"):
    return len([w for w in text.split(space) if w])


def superbpe(docs, transition, size, most_words=4, least=1):
    vocab = {c: i for i, c in enumerate(ALPHABET)}
    first = bpe(words_of(docs), vocab, transition, least=least)
    ranks = {(l, r): i for i, (l, r, _) in enumerate(first)}
    units = Counter(raised(u) for line in lines_of(docs) for u in isolated(RELAXED, line))
    rows = Counter()
    for unit, count in units.items():
        rows[tuple(replay(unit, ranks))] += count
    second = bpe(rows, vocab, size, least=least,
                 allows=lambda t: ":Ġ" not in t and count_words(t) <= most_words)
    return [(l, r) for l, r, _ in first + second], vocab


def boundless(docs, size, most_words=4):
    vocab = {c: i for i, c in enumerate(ALPHABET)}
    first = bpe(words_of(docs), vocab, size)
    ranks = {(l, r): i for i, (l, r, _) in enumerate(first)}
    single = {w for w in {raised(w) for d in docs for w in isolated(GPT2, d)}
              if len(replay(w, ranks)) == 1 and regex.search(r"\p{L}", lowered(w))}
    runs = Counter()
    for line in lines_of(docs):
        row = []
        for word in [raised(w) for w in isolated(GPT2, line)] + [None]:
            if word in single:
                row.append(word)
                continue
            if len(row) > 1:
                runs[tuple(row)] += 1
            row = []
    second = bpe(runs, dict(vocab), 10 * size, allows=lambda t: count_words(t) <= most_words)
    made, kept = set(ALPHABET), ([], [])
    at = [0, 0]
    while len(made) < size:
        word = first[at[0]] if at[0] < len(first) else None
        over = second[at[1]] if at[1] < len(second) else None
        if over and not {over[0], over[1]} <= made:
            over = None
        if over and (not word or over[2] > word[2]):
            stage = 1
        elif word:
            stage = 0
        else:
            break
        merge = (word, over)[stage]
        at[stage] += 1
        kept[stage].append(merge[:2])
        made.add(merge[0] + merge[1])
    return kept[0] + kept[1]


def lowered(text):
    return bytes(BYTE_OF[c] for c in text).decode(errors="replace")


# ---- checks ---------------------------------------------------------------------------

def random_docs(r):
    words = ["".join(r.choice("abcdé") for _ in range(r.randint(1, 5))) for _ in range(12)]
    marks = [".", ":", " ...", "12", "1234", "\n", " -- ", "  ", ", "]
    docs = []
    for _ in range(r.randint(1, 12)):
        text = ""
        for _ in range(r.randint(1, 40)):
            text += r.choice(["", " ", " ", " "]) + r.choice(words)
            if r.random() < 0.25:
                text += r.choice(marks)
        docs.append(text)
    return docs


def same_merges(file, merges, what):
    ours = model_of(file)[1]
    at = next((i for i, p in enumerate(zip(ours, merges)) if p[0] != p[1]), -1)
    check(ours == merges, f"{what}: merges differ from number {at}, {len(ours)} and {len(merges)}")


def oracles(tok, folder, rounds):
    for seed in range(rounds):
        r = random.Random(seed)
        docs = random_docs(r)
        transition = r.choice([258, 262, 270])
        size = transition + r.choice([4, 30])
        least = r.choice([1, 3])
        out = train(tok, folder, docs, "-v", size, "--pretok", "gpt2", "--super", "superbpe",
                    "-T", transition, "--min-frequency", least)
        same_merges(out, superbpe(docs, transition, size, least=least)[0],
                    f"superbpe, seed {seed}")
        out = train(tok, folder, docs, "-v", size, "--pretok", "gpt2", "--super", "boundless",
                    "--max-words", 3)
        same_merges(out, boundless(docs, size, 3), f"boundless, seed {seed}")


def counted_chunks(tok, source, *options):
    rows = run(tok, "words", "--null", "--super", "chunk", *options, "--format", "tsv", source)
    escapes = {"\\t": "\t", "\\n": "\n", "\\r": "\r", "\\\\": "\\"}
    counted = Counter()
    for row in rows.decode().splitlines():
        word, count = row.split("\t")
        word = re.sub(r"\\(x[0-9A-F]{2}|.)",
                      lambda m: chr(int(m[1][1:], 16)) if m[1][0] == "x" and len(m[1]) > 1
                      else escapes[m[0]], word)
        counted[word] = int(count)
    return counted


def lengths_of_chunks(tok, folder, docs):
    text = re.sub(r"(.)\1{6}", "", "".join(docs))
    lengths = Counter()
    for word, count in counted_chunks(tok, write_docs(folder, [text])).items():
        lengths[len(word)] += count
    check(max(lengths) <= 23 and sum(lengths[n] for n in (1, 2, 3)) <= 1,
          "chunks are not as long as the ranges say")
    share = sum(lengths[n] for n in range(10, 16)) / sum(lengths.values())
    check(0.469 < share < 0.489, f"lengths of 10 to 15 are {share:.3f} of all, not .479")


def chunks(tok, folder, docs, size, *options):
    """The trainer of chunks against Hugging Face's, given the chunks that were counted."""
    source = write_docs(folder, docs)
    counted = counted_chunks(tok, source, *options)
    hf = Tokenizer(models.BPE())
    hf.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    hf.train_from_iterator((w for w, n in counted.items() for _ in range(n)),
                           trainers.BpeTrainer(show_progress=False, vocab_size=size,
                                               min_frequency=2, max_token_length=31,
                                               initial_alphabet=ALPHABET))
    theirs = json.loads(hf.to_str())["model"]
    out = train(tok, folder, docs, "-v", size, "--super", "chunk", *options)
    vocab, merges = model_of(out)
    check(vocab == theirs["vocab"] and merges == [tuple(m) for m in theirs["merges"]],
          f"chunks {options}: Hugging Face learns otherwise")
    counts = folder / "chunks.words"
    run(tok, "words", "--null", "--super", "chunk", *options, "-o", counts, source)
    again = folder / "again.json"
    run(tok, "train", "--counts", "-v", size, "--min-frequency", 2, "--max-token-length", 30,
        "-o", again, counts)
    check(again.read_bytes() == out.read_bytes(),
          f"chunks {options} counted first: the tokenizer differs")


WAYS = (["--super", "chunk"], ["--super", "chunk", "--respect-boundary", "digit"],
        ["--super", "chunk", "--respect-boundary", "newline"],
        ["--super", "superbpe", "-T", "2k"], ["--super", "boundless"])


def same_bytes(tok, folder, docs):
    for way in WAYS:
        whole = train(tok, folder, docs, "-v", "3k", *way, "--threads", "1").read_bytes()
        for options in (["--threads", "7"], ["--memory", "1M"]):
            again = train(tok, folder, docs, "-v", "3k", *way, *options).read_bytes()
            check(again == whole, f"{way} {options}: the tokenizer differs")
        again = train(tok, folder, docs[::-1], "-v", "3k", *way).read_bytes()
        check(again == whole, f"{way}, documents in another order: the tokenizer differs")
    # A long text is cut in parts where it is read: a text of its own beside a line a text.
    text = "".join(docs).replace("\0", "")
    one = train(tok, folder, [text], "-v", "3k", *WAYS[3]).read_bytes()
    pieces = lines_of([text])
    cut = ["".join(pieces[:len(pieces) // 3]), "".join(pieces[len(pieces) // 3:])]
    two = train(tok, folder, cut, "-v", "3k", *WAYS[3]).read_bytes()
    check(len(model_of(folder / "out.json")[1]) > 2000 and one == two,
          "a text cut between lines: the tokenizer differs")


def encode(tok, file, text):
    return [int(i) for i in run(tok, "encode", "-t", file, text).split()]


def loaded_elsewhere(tok, folder, docs):
    text = "".join(docs)[:200_000]
    source = folder / "text"
    source.write_text(text)
    for way in WAYS:
        out = train(tok, folder, docs, "-v", "3k", "--special", "<|end|>", *way)
        theirs = Tokenizer.from_file(str(out))
        ids = theirs.encode(text).ids
        check(encode(tok, out, source) == ids, f"{way}: Hugging Face encodes otherwise")
        inside = [t for t in theirs.get_vocab() if "Ġ" in t.strip("Ġ")]
        check(len(inside) > 10, f"{way}: only {len(inside)} tokens have a space inside")
        if "chunk" not in way:
            check(all(count_words(t) <= 4 and ":Ġ" not in t for t in theirs.get_vocab()),
                  f"{way}: a token is over the limits")


def limits(tok, folder, docs):
    for way in WAYS:
        out = train(tok, folder, docs, "-v", "2500", *way, "--max-words", 2, "--forbid", "[aA] ",
                    "--forbid", "t.h")
        found = [t for t in map(lowered, model_of(out)[0])
                 if " " in t.strip() and (count_words(t, " ") > 2 or "a " in t or
                                             regex.search("t.h", t))]
        check(not found, f"{way}: forbidden tokens are there: {found[:3]}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tok", required=True)
    parser.add_argument("--cache", required=True, type=Path)
    parser.add_argument("--rounds", type=int, default=40)
    args = parser.parse_args()
    docs = []
    for name in ("udhr", "linux"):
        docs += json.loads((args.cache / "texts" / f"{name}.json").read_text())
    docs = [d.replace("\0", "") for d in docs]
    english = [d for d in docs if d.isascii()]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        oracles(args.tok, folder, args.rounds)
        lengths_of_chunks(args.tok, folder, docs)
        chunks(args.tok, folder, docs[::20], 4000, "--seed", 7)
        chunks(args.tok, folder, ["so it goes on " * 40, "and on it goes " * 40], 60000,
               "--chunk-lengths", "50-90:1")
        same_bytes(args.tok, folder, english)
        loaded_elsewhere(args.tok, folder, docs)
        limits(args.tok, folder, english)
    print(f"{checks} comparisons, {failures} failed")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
