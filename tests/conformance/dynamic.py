#!/usr/bin/env python3
"""Dynamic merging of real tokenizers' ids is that of a plain program.

    dynamic.py --program build/tests/test_dynamic --cache build/test-data [NAME...]

Ids, token texts and pre-tokenizers are the reference programs'; the merging and the
boundaries are tests/oracles/dynamic_merge.py.  The Declaration of Human Rights in many
languages, and strings that love trouble, in batches of 1 to 12 texts.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys

import regex

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "oracles"))
sys.dont_write_bytecode = True
import references  # noqa: E402
from dynamic_merge import Boundary, merge  # noqa: E402
from strings import trouble  # noqa: E402

NAMES = ["gpt2", "cl100k", "llama2", "gemma3", "bert", "llama2_spm", "albert"]
MARK = "\u2581".encode()
BACK = {c: b for b, c in references.ALPHABET.items()}
BYTE = regex.compile(r"<0x([0-9A-F]{2})>")


def from_alphabet(name):
    return bytes(BACK[c] for c in name) if all(c in BACK for c in name) else name.encode()


class Subject:
    """What the oracle needs to know of a tokenizer."""

    def __init__(self, name, cache):
        self.reference = references.reference_of(name, cache)
        self.path = references.folder_of(name, cache)
        self.join, self.read = (lambda a, b: a + b), (lambda t: t)
        self.write, self.mark = self.read, b" "
        self.goes_on, self.inside = (lambda t: False), None
        if isinstance(self.reference, references.HuggingFace):
            self.look_at_hugging_face(name)
        elif isinstance(self.reference, references.Tiktoken):
            self.look_at_tiktoken()
        else:
            self.look_at_sentencepiece()

    def look_at_hugging_face(self, name):
        inner = self.reference.tokenizer
        added = inner.get_added_tokens_decoder()
        model = json.loads(inner.to_str())["model"]
        known = model["vocab"] if isinstance(model["vocab"], dict) else [piece for piece, _ in model["vocab"]]
        self.apart = {i for i, t in added.items() if t.special or t.content not in known}
        if model.get("unk_token") in known:
            self.apart.add(inner.token_to_id(model["unk_token"]))
        alphabet = "ByteLevel" in str(inner.pre_tokenizer)
        names = [inner.id_to_token(i) or "" for i in range(inner.get_vocab_size())]
        self.written = [from_alphabet(n) if alphabet else n.encode() for n in names]
        if alphabet:
            self.write = lambda text: from_alphabet(text.decode())
        if model.get("byte_fallback"):
            self.find_bytes(names)
        pre = inner.pre_tokenizer
        if not alphabet and name != "bert":
            self.mark = MARK
        self.pieces = (lambda text: len(pre.pre_tokenize_str(text))) if pre else (lambda text: 1)
        if name == "bert":
            self.join = lambda a, b: a + b[2:] if b.startswith(b"##") and len(b) > 2 else a + b" " + b
            self.inside = b"##"
            self.goes_on = lambda t: t.startswith(b"##") and len(t) > 2
            self.read = lambda t: t[2:] if self.goes_on(t) else t

    def look_at_tiktoken(self):
        encoding = self.reference.encoding
        special = set(encoding._special_tokens.values())
        self.written = []
        for i in range(encoding.n_vocab):
            try:
                self.written.append(encoding.decode_single_token_bytes(i))
            except KeyError:
                self.written.append(b"")
        self.apart = special
        pattern = regex.compile(encoding._pat_str)
        self.pieces = lambda text: len(pattern.findall(text))

    def look_at_sentencepiece(self):
        p = self.reference.processor
        names = [p.id_to_piece(i) for i in range(p.get_piece_size())]
        self.apart = {i for i in range(len(names)) if p.is_control(i) or p.is_unknown(i) or p.is_unused(i)}
        self.written = [n.encode() for n in names]
        self.pieces, self.mark = (lambda text: 1), MARK
        self.find_bytes([n if p.is_byte(i) else "" for i, n in enumerate(names)])

    def find_bytes(self, names):
        for i, n in enumerate(names):
            if BYTE.fullmatch(n):
                self.written[i] = bytes([int(n[3:5], 16)])

    def keeps_marks(self, a, b):
        """As one the two have the marks that they have, and no other."""
        text = self.join(a, b)
        return (self.goes_on(text) == self.goes_on(a) and text != self.inside and
                (self.mark == b" " or text.count(self.mark) == a.count(self.mark) + b.count(self.mark)))

    def vocabulary(self):
        """Tokens that may join, and their ids: byte pieces come of no joining."""
        return {t: i for i, t in enumerate(self.written) if t and i not in self.apart and not self.is_byte(i)}

    def is_byte(self, i):
        return len(self.written[i]) == 1 and self.written[i] >= b"\x80" or i in self.apart


def texts(cache, specials):
    declaration = json.loads((pathlib.Path(cache) / "texts" / "udhr.json").read_text())
    lines = []

    def walk(node):
        if isinstance(node, str):
            lines.extend(line for line in node.split("\n") if len(line) > 20)
        elif isinstance(node, dict):
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(declaration)
    random.Random(4).shuffle(lines)
    return [line[:400] for line in lines[:600]], trouble(600, 11, specials)


def ask(program, path, kind, merges, rows):
    told = subprocess.run([program, "--ask", str(path), kind, str(merges)], check=True, capture_output=True, text=True,
                          input="".join(" ".join(map(str, row)) + "\n" for row in rows)).stdout.splitlines()
    steps = [tuple(map(int, line.split())) for line in told if line[0] not in "=>"]
    made = [bytes.fromhex(line[2:]) for line in told if line[0] == "="]
    merged = [[tuple(map(int, pair.split(":"))) for pair in line[1:].split()] for line in told if line[0] == ">"]
    return steps, made, merged


def check(program, subject, kind, rows, merges, boundary):
    """The steps, by what tokens spell, and the sequences; returns how many merges."""
    steps, made, merged = ask(program, subject.path, kind, merges, rows)
    size = max(len(subject.written), 1 + max((s[2] for s in steps), default=0) - len(made))
    # Ids that stand apart are not what they are called, lest text be taken for them.
    spelled = [[("apart", i) if i in subject.apart else subject.written[i] for i in row] for row in rows]
    want, want_steps = merge(spelled, lambda a, b: isinstance(a, bytes) and isinstance(b, bytes) and
                             subject.keeps_marks(a, b) and boundary.allows(a, b),
                             len(rows) * 10000 if merges == "all" else merges, subject.join)
    first = min((s[2] for s in steps if s[2] >= len(subject.written)), default=size)

    def spell(i):
        if i in subject.apart:
            return ("apart", i)
        return subject.written[i] if i < min(first, len(subject.written)) else subject.write(made[i - first])

    got_steps = [(spell(a), spell(b), spell(c), count, length) for a, b, c, count, length in steps]
    for i, (got, wanted) in enumerate(zip(got_steps, want_steps)):
        assert got == wanted, f"{kind}, merge {i}: {got}, not {wanted}"
    assert len(got_steps) == len(want_steps), f"{kind}: {len(got_steps)} merges, not {len(want_steps)}"
    assert [[spell(i) for i, _ in row] for row in merged] == want, kind
    assert [sum(parts for _, parts in row) for row in merged] == list(map(len, rows)), kind
    return len(steps)


def run(program, name, cache):
    subject = Subject(name, cache)
    natural, strange = texts(cache, subject.reference.specials or [""])
    rng, merges = random.Random(name), 0
    vocabulary = subject.vocabulary()
    # Pieces of which marks could be made.
    marks = [i for i, t in enumerate(subject.written) if t and i not in subject.apart and
             (set(t) <= set(b"#") if name == "bert" else subject.mark == MARK and len(t) == 1 and t in MARK)]
    for kind in ("pretokens", "word", "word-hyphen", "none"):
        boundary = Boundary(kind, subject.pieces, (), vocabulary, subject.mark, subject.read, subject.join)
        if marks:
            merges += check(program, subject, kind, [[rng.choice(marks) for _ in range(40)] for _ in range(5)], "all", boundary)
        for source, batches in ((natural, 1), (strange, 2)):
            for _ in range(batches):
                chosen = [rng.choice(source) for _ in range(rng.randrange(1, 13))]
                rows = [a.ids for a in subject.reference.encode(subject.reference.modes[-1][0], chosen)]
                few = [rng.choice(row) for row in rows if row][:3]
                rows += [[rng.choice(few) for _ in range(40)]] if few else []
                rows = [row if kind != "none" else row[:60] for row in rows]
                merges += check(program, subject, kind, rows, rng.choice(["all", 0, 1, 7, 50]), boundary)
    return merges


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--cache", required=True)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    failed = skipped = 0
    for name in options.names or NAMES:
        if not references.folder_of(name, options.cache).exists():
            skipped += 1
            print(f"{name}: SKIPPED: it is not there")
            continue
        try:
            print(f"{name}: {run(options.program, name, options.cache)} merges are the same", flush=True)
        except AssertionError as error:
            failed += 1
            print(f"{name}: {error}", flush=True)
    print(f"{failed} failed, {skipped} skipped")
    return 1 if failed or (skipped and os.environ.get("CI") == "true") else 0


if __name__ == "__main__":
    sys.exit(main())
