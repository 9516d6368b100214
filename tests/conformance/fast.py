#!/usr/bin/env python3
"""SentencePiece models as tokenizer.json files give the ids that SentencePiece gives.

    fast.py --tok build/tok --cache build/test-data [--strings 200]

For every real model of CACHE/tokenizers and every small one of CACHE/spm: what the model has that
such a file cannot say is refused, and the rest is written and read by Hugging Face tokenizers, whose
ids must be those of the SentencePiece library. What the two programs do alike for no file is left out
and counted: names of special tokens in text, for a Unigram; characters that a Precompiled normalizer
takes otherwise, since it goes by graphemes; sums of scores that differ in their last bit.

Where transformers is installed (CACHE/models) its own conversion is asked besides.

Exit 1 if anything differs, or if nothing was compared.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import zlib

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as proto
from tokenizers import Tokenizer, normalizers

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "oracles"))

import strings as generator  # noqa: E402
from compare import Tally  # noqa: E402
from spm_models import FRAGMENTS, training_text  # noqa: E402

REAL = ["llama2_spm/tokenizer.model", "mistral_v3/tokenizer.model", "albert/spiece.model", "smart/spiece.model"]
NORMAL, UNKNOWN, CONTROL, USER, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
UNIGRAM, BPE, WORD, CHAR = 1, 2, 3, 4

# What transformers 4 does for Llama, and for whatever has no rules of its own (T5, XLNet).
CONVERTER = """
import json, sys, types
try:
    import transformers.convert_slow_tokenizer as slow
    import sentencepiece, google.protobuf
except ImportError as missing:
    print(missing, file=sys.stderr)
    sys.exit(77)
job = json.load(sys.stdin)
pieces = sentencepiece.SentencePieceProcessor(model_file=job["model"])
old = types.SimpleNamespace(vocab_file=job["model"], legacy=True, add_prefix_space=True, convert_ids_to_tokens=pieces.id_to_piece)
fast = getattr(slow, job["class"])(old).converted()
print(json.dumps([e.ids for e in fast.encode_batch(job["texts"], add_special_tokens=False)]))
"""


def obstacles(model):
    """What is in the way, read off the file by itself."""
    kind, rules = model.trainer_spec.model_type, model.normalizer_spec
    types = [p.type for p in model.pieces]
    found = set()
    apply = normalizers.Precompiled(rules.precompiled_charsmap).normalize_str if rules.precompiled_charsmap else str
    for piece in [p.piece for p in model.pieces if p.type == USER]:
        if apply(piece).replace(" ", "▁") != piece or " " in piece or (rules.remove_extra_whitespaces and piece.endswith("▁")):
            found.add("normalized as other text")
    if USER in types and kind != UNIGRAM and (rules.add_dummy_prefix or rules.remove_extra_whitespaces or rules.precompiled_charsmap):
        found.add("user-defined pieces part")
    if any(p.type == UNUSED and p.piece != "\0" for p in model.pieces):
        found.add("not to be used")
    if kind == UNIGRAM and BYTE in types:
        found.add("names of byte pieces")
    if kind == WORD:
        found.add("unknown words")
    if model.trainer_spec.treat_whitespace_as_suffix:
        found.add("white space")
    if kind == BPE:
        joined = {p.piece: p.score for p in model.pieces if p.type in (NORMAL, UNUSED)}
        made = [w for w in joined if len(set(w)) > 1 and any(w[:i] in joined and w[i:] in joined for i in range(1, len(w)))]
        if len({joined[w] for w in made}) < len(made):
            found.add("score of others")
    return found


def convert(tok, source, target, *words):
    return subprocess.run([tok, "vocab", "convert", str(source), "-o", str(target), *words], capture_output=True, text=True,
                          env=dict(os.environ, TOK_CACHE="off"))


# ---- ids ---------------------------------------------------------------------------------

class Models:
    def __init__(self, path, written):
        self.model = proto.ModelProto()
        self.model.ParseFromString(path.read_bytes())
        self.slow = sentencepiece.SentencePieceProcessor(model_file=str(path))
        self.fast = Tokenizer.from_file(str(written))
        self.unigram = self.model.trainer_spec.model_type == UNIGRAM
        self.fast.encode_special_tokens = not self.unigram
        self.names = [p.piece for p in self.model.pieces if p.type in (UNKNOWN, CONTROL)]
        charsmap = self.model.normalizer_spec.precompiled_charsmap
        self.by_graphemes = normalizers.Precompiled(charsmap) if charsmap else None
        plain = proto.ModelProto.FromString(path.read_bytes())
        plain.normalizer_spec.add_dummy_prefix = plain.normalizer_spec.remove_extra_whitespaces = False
        self.plain = sentencepiece.SentencePieceProcessor(model_proto=plain.SerializeToString())
        least = min((p.score for p in self.model.pieces if p.type == NORMAL), default=0)
        self.scores = [least - 10 if p.type == UNKNOWN else 0.1 * (len(p.piece.encode()) - 1) if p.type == USER else p.score
                       for p in self.model.pieces]

    def is_told(self, text):
        """May the two differ, as it is known?"""
        if self.unigram and any(name in text for name in self.names):
            return False
        if not self.by_graphemes:
            return True
        return self.by_graphemes.normalize_str(text).replace(" ", "▁") == self.plain.normalize(text).replace(" ", "▁")

    def is_tie(self, a, b):
        total = [sum(self.scores[i] for i in ids) for ids in (a, b)]
        return self.unigram and abs(total[0] - total[1]) < 1e-5 * (1 + abs(total[0]))

    def compare(self, tally, name, texts):
        told = [text for text in texts if self.is_told(text)]
        for text, fast in zip(told, self.fast.encode_batch(told, add_special_tokens=False)):
            slow = self.slow.encode(text)
            if not self.is_tie(fast.ids, slow):
                tally.compare(name, text, fast.ids, slow)
        return told


def compare_transformers(options, tally, path, models, texts):
    python = pathlib.Path(options.cache) / "models/bin/python"
    users = [p.piece for p in models.model.pieces if p.type == USER]
    rules = models.model.normalizer_spec
    if models.unigram:  # its normalizer takes blanks at the end away and no others
        texts = [t for t in texts if t and "  " not in t and t == t.strip() and not any(u in t for u in users)]
    elif not rules.add_dummy_prefix or rules.remove_extra_whitespaces or rules.precompiled_charsmap:
        return True
    else:
        texts = [t for t in texts if not any(name in t for name in models.names + users)]
    if not python.exists() or not texts:
        return False
    job = json.dumps({"model": str(path), "texts": texts, "class": "SpmConverter" if models.unigram else "LlamaConverter"})
    done = subprocess.run([python, "-c", CONVERTER], input=job, capture_output=True, text=True)
    if done.returncode == 77:
        return False
    theirs = json.loads(done.stdout)
    for text, ids, ours in zip(texts, theirs, models.fast.encode_batch(texts, add_special_tokens=False)):
        if not models.is_tie(ours.ids, ids):
            tally.compare(f"{path.name}, transformers", text, ours.ids, ids)
    return True


# ---- all -----------------------------------------------------------------------------------

def compare_model(options, scratch, tally, path, real):
    name, target = f"{path.parent.name}/{path.name}" if real else path.name, scratch / "fast.json"
    model = proto.ModelProto()
    model.ParseFromString(path.read_bytes())
    expected = obstacles(model)
    done = convert(options.tok, path, target)
    tally.compare(f"{name}, refused", done.stderr, done.returncode == 2, bool(expected))
    for words in expected:
        tally.compare(f"{name}, obstacles", words, words in done.stderr, True)
    tally.compare(f"{name}, nothing is written", name, target.exists(), not expected)
    if expected:
        done = convert(options.tok, path, target, "--lossy")
        tally.compare(f"{name}, lossy", done.stderr, done.returncode in (0, 1), True)
        Tokenizer.from_file(str(target))
        target.unlink()
        return 0, 0, False
    if not target.exists():
        return 0, 0, False
    models = Models(path, target)
    if not models.by_graphemes:
        tally.compare(f"{name}, compared by tok itself", done.stderr, done.returncode, 0)
    texts = [t for t in generator.trouble(options.strings if real else options.strings // 5, zlib.crc32(name.encode()), models.names[:5])]
    texts += FRAGMENTS + list(training_text())[::30] + ["", " ", "   a  b ", " " * 23, "a" * 50, "x ▁ y▁", "\n\n a"]
    told = models.compare(tally, name, texts)
    asked = compare_transformers(options, tally, path, models, told) if real else False
    target.unlink()
    return len(texts), len(told), asked


def compare_runs(options, scratch, tally):
    """Runs of one character grow from their left end, whatever their lengths."""
    model, path = proto.ModelProto(), scratch / "runs.model"
    for piece, score, kind in (("<unk>", 0, UNKNOWN), ("a", -9, NORMAL), ("aa", -1, NORMAL), ("aaa", -1, NORMAL), ("aaaaa", -1, NORMAL)):
        model.pieces.add(piece=piece, score=score, type=kind)
    model.trainer_spec.model_type = BPE
    model.normalizer_spec.add_dummy_prefix = model.normalizer_spec.remove_extra_whitespaces = False
    path.write_bytes(model.SerializeToString())
    done = convert(options.tok, path, scratch / "runs.json")
    tally.compare("runs", done.stderr, done.returncode, 0)
    Models(path, scratch / "runs.json").compare(tally, "runs", ["a" * n for n in range(40)])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tok", required=True)
    parser.add_argument("--cache", required=True)
    parser.add_argument("--strings", type=int, default=200)
    options = parser.parse_args()
    cache, tally = pathlib.Path(options.cache), Tally()
    real = [cache / "tokenizers" / name for name in REAL]
    skipped = [path for path in real if not path.exists()]
    small = sorted(p for p in cache.glob("spm/*.model"))
    with tempfile.TemporaryDirectory() as folder:
        compare_runs(options, pathlib.Path(folder), tally)
        for path in [p for p in real if p.exists()] + small:
            texts, told, asked = compare_model(options, pathlib.Path(folder), tally, path, path in real)
            if texts:
                print(f"{path.parent.name}/{path.name}: {told} of {texts} texts{', transformers too' if asked else ''}", flush=True)
                tally.compare("texts that tell something", path.name, told > texts * 0.6, True)
    for line in tally.shown:
        print("    " + line)
    print(f"{tally.compared - tally.wrong} passed, {tally.wrong} failed, {len(skipped)} skipped")
    return 1 if tally.wrong or not tally.compared or (skipped and os.environ.get("CI") == "true") else 0


if __name__ == "__main__":
    sys.exit(main())
