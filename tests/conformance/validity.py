#!/usr/bin/env python3
"""Valid rows of tokens of real tokenizers against Hugging Face's tokenizers and SentencePiece.

    validity.py --driver build/tests/conformance/validity_driver --cache build/test-data --fixtures fixtures

Every encoding that the reference makes must be accepted to its end.  Rows that part from
one in their last tokens are valid exactly if the reference, asked for their text with some
continuation, makes a row that begins with them: where it does they must be accepted, and
where no continuation out of many does, refused.
"""
import argparse
import itertools
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import sentencepiece
import tokenizers

import references

TEXTS = 80
WRONG = 3  # rows that part from each text
# Texts are made of these.
PIECES = [
    "the", " quick", " brown", "Fox", " over", "HTTP", "ServerError", "don't", "we're", "I'LL", "it's",
    "'", "'r", "'re", "'s", " '", "''", "\"", "!", "...", " (", "/", "//", "_", "0", "12", "345", "67890",
    " 1", " 2024", "1234567", " ", "  ", "   ", "     ", "\t", "\n", "\n\n", " \n", "\n  ", "\r\n", "é", "naïve",
    "ß", "e\u0301", "中", "文字", "日本", "カナ", "ا", "द", "😀", "👍🏽", "ſ", "ℵ", "½", "\u00a0", "\u3000", "x", "Y", "zz",
    "\x01", "…",
]
# ... and of beginnings of what is cut out.
CUT_OUT = ["<think>", "</think>", "<tool_call>", "<tool", "<|im_end|>", "<|fim_pad|>", "<table>", "<", "</", "</b>", "<h1",
           "<unused12>", "<unused1", "\n\n\n", "\t\t", "<｜User｜>", "<｜User", "<｜tool▁sep｜>", "[REFERENCE_DOC_1]",
           "[REFERENCE_DOC_1", "<sep>", "<se", "ing", "in"]
CLASSES = ["a", "e", "s", "l", "t", "A", "中", "\u0301", "1", " ", "\t", "\n", "'", "!", "/", "é", "\U00012345", ">"]
FEW = ["a", "re", "ll", "s", "A", "1", " ", "\n", "!"]
# Behind these, what comes next is told by what comes then.
FAR = tuple(" \t\n'\u3000\u00a00123456789\x01")

failures = 0


def check(holds, what):
    global failures
    if not holds:
        failures += 1
        if failures <= 20:
            print(f"FAILED: {what}")


class HuggingFace:
    """`front`: what each text begins with, put there by the tokenizer itself; `always`: also where
    it is there already."""

    def __init__(self, path, front, always=True):
        self.tokenizer = tokenizers.Tokenizer.from_file(str(path))
        self.tokenizer.encode_special_tokens = True
        self.front = front
        self.skip = len(front) if always else 0
        file = json.loads(path.read_text())
        special = {t["id"] for t in file["added_tokens"] if t["special"]}
        fallback = file["model"].get("byte_fallback")
        alphabet = {c: b for b, c in references.ALPHABET.items()}
        self.texts = {t["id"]: t["content"].encode() for t in file["added_tokens"] if not t["special"]}
        for text, number in file["model"]["vocab"].items():
            if number in special:
                continue
            if fallback:
                is_byte = len(text) == 6 and text.startswith("<0x")
                self.texts[number] = (bytes([int(text[3:5], 16)]) if is_byte
                                      else text.replace("\u2581", " ").encode())
            elif all(c in alphabet for c in text):
                self.texts[number] = bytes(alphabet[c] for c in text)

    def encode(self, texts):
        texts = [text[self.skip:] for text in texts]
        return [row.ids for row in self.tokenizer.encode_batch_fast(texts, add_special_tokens=False)]


class SentencePiece:
    def __init__(self, path):
        self.processor = sp = sentencepiece.SentencePieceProcessor(model_file=str(path))
        self.front = " " if sp.encode("a", out_type=str)[0].startswith("\u2581") else ""
        self.texts = {}
        for i in range(sp.get_piece_size()):
            piece = sp.id_to_piece(i)
            if sp.is_byte(i):
                self.texts[i] = bytes([int(piece[3:5], 16)])
            elif not sp.is_control(i) and not sp.is_unknown(i) and not sp.is_unused(i):
                self.texts[i] = piece.replace("\u2581", " ").encode()

    def encode(self, texts):
        return self.processor.encode([text[len(self.front):] for text in texts])


def is_beginning(reference, row):
    """None: it cannot be said, the row's text is not UTF-8."""
    try:
        text = b"".join(reference.texts[i] for i in row).decode()
    except UnicodeDecodeError:
        return None
    if not text.startswith(reference.front):
        return None
    rounds = [[""] + CLASSES, map("".join, itertools.product(CLASSES, repeat=2))]
    if text[-1:].isdigit():
        rounds.append([f"{n:0{width}}" for width in (1, 2) for n in range(10**width)] + ["\u0663", "\u0663\u0663"])
    if text.endswith(FAR):
        rounds.append(map("".join, itertools.product(FEW, repeat=3)))
    return any(other[:len(row)] == row
               for more in rounds for other in reference.encode([text + m for m in more]))


def part(reference, by_text, row, dice):
    """The row up to some place, and other tokens there that spell the same text."""
    place = dice.randrange(len(row))
    rest = b"".join(reference.texts[i] for i in row[place:])
    parted = row[:place]
    for _ in range(dice.randint(1, 3)):
        options = [number for n in range(1, min(24, len(rest)) + 1) for number in by_text.get(rest[:n], [])]
        if not options:
            break
        parted.append(dice.choice(options))
        rest = rest[len(reference.texts[parted[-1]]):]
    return tuple(parted) if parted != row[:len(parted)] else None


def try_tokenizer(name, program, path, reference):
    dice = random.Random(name)
    by_text = {}
    for number, text in reference.texts.items():
        by_text.setdefault(text, []).append(number)
    known = [[piece for piece, row in zip(pieces, reference.encode([reference.front + "a" + p for p in pieces]))
              if all(i in reference.texts for i in row)] for pieces in (PIECES, CUT_OUT)]
    texts = [reference.front + "".join(dice.choice(known[dice.random() < 0.2]) for _ in range(dice.randint(1, 8)))
             for _ in range(TEXTS)]
    right = [(text, row) for text, row in zip(texts, reference.encode(texts))
             if row and all(i in reference.texts for i in row)]
    wrong = sorted({other for _, row in right for _ in range(WRONG) if (other := part(reference, by_text, row, dice))})
    rows = [row for _, row in right] + wrong
    lines = "".join(" ".join(map(str, row)) + "\n" for row in rows)
    done = subprocess.run([program, path], input=lines.encode(), capture_output=True)
    if done.returncode:
        check(False, f"{name}: {done.stderr.decode()}")
        return
    answers = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    for (text, row), (accepted, end) in zip(right, answers):
        check(accepted == len(row) and end == 1, f"{name}: {text!r} is refused at {accepted} of {row}")
    counts = {True: 0, False: 0, None: 0}
    for row, (accepted, _) in zip(wrong, answers[len(right):]):
        valid = is_beginning(reference, list(row))
        counts[valid] += 1
        if valid is not None:
            tokens = [reference.texts[i] for i in row]
            check((accepted == len(row)) == valid, f"{name}: {tokens} is {'not ' * (not valid)}valid")
    print(f"{name}: {len(right)} texts; {counts[True]} other rows valid, {counts[False]} not, "
          f"{counts[None]} not to be told")
    check(len(right) > TEXTS // 3 and counts[False] > 30, f"{name}: too few rows")


def split(pattern):
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}


BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
# Steps of models of which there is no file here, around a vocabulary that there is.
STEPS = {
    "digits from the right": [split(r"\p{N}+"), split(r"(?=(\d{3})+(?!\d))"), BYTES],
    "digits alone": [{"type": "Digits", "individual_digits": True}, {**BYTES, "use_regex": True}],
    "a space in front": [{**BYTES, "use_regex": True, "add_prefix_space": True}],
}


def with_steps(path, steps, out):
    file = json.loads(path.read_text())
    file["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": steps}
    file["normalizer"] = None
    out.write_text(json.dumps(file))
    return out


def gpt2(folder, out):
    out.write_text(references.gpt2(folder).tokenizer.to_str())
    return out


def list_cases(options, scratch):
    real = options.cache / "tokenizers"
    for name, front in [("gpt4o", ""), ("llama3", ""), ("llama2", " "), ("qwen3", ""), ("gemma3", ""),
                        ("deepseek_v3", "")]:
        path = real / name / "tokenizer.json"
        yield name, path, path, lambda p, f=front: HuggingFace(p, f)
    yield "gpt2", real / "gpt2", lambda: gpt2(real / "gpt2", scratch / "gpt2.json"), lambda p: HuggingFace(p, "")
    claude = real / "claude" / "tokenizer.json"
    for name, steps in STEPS.items():
        front = " " if steps[0].get("add_prefix_space") else ""
        yield (name, claude, lambda n=name, s=steps: with_steps(claude, s, scratch / f"{n}.json"),
               lambda p, f=front: HuggingFace(p, f, always=False))
    for path in [real / "albert/spiece.model", real / "mistral_v3/tokenizer.model",
                 options.fixtures / "spm/bpe_bytes.model", options.fixtures / "spm/unigram_bytes.model"]:
        yield f"{path.parent.name}/{path.name}", path, path, SentencePiece


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    parser.add_argument("--cache", type=pathlib.Path, required=True)
    parser.add_argument("--fixtures", type=pathlib.Path, required=True)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name, needed, path, make in list_cases(options, pathlib.Path(folder)):
            if not needed.exists():
                print(f"{name}: SKIPPED, not there")
            elif options.only in name:
                path = path() if callable(path) else path
                try_tokenizer(name, options.driver, path, make(path))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
