#!/usr/bin/env python3
"""vocab.json and merges.txt, vocab.txt, tekken.json and GGUF files that tok converts to, read by others.

    vocab_files.py --tok build/tok --cache build/test-data

vocab+merges  GPT-2, and r50k whose ranks become merges, in tokenizers' ByteLevelBPETokenizer and in
              transformers' GPT2Tokenizer: ids are those of the published tokenizer
vocab.txt     BERT, in transformers' BertTokenizer
tekken        Mistral's, put together from the written JSON alone, in tiktoken; and in mistral-common
gguf          a BPE of SentencePiece and BERT, by the gguf package: tokens, scores and types are those of
              the source; there is no tensor
llama.cpp     what is written as GGUF without a loss, real tokenizers and small SentencePiece models,
              has the reference's ids there; what it does otherwise is refused by name

Left out, of the last and of transformers, are texts with characters that are newer than Unicode 14;
and with U+2581 for a Unigram in llama.cpp.  Exit 1 if anything differs, or if nothing was compared.
"""
import argparse
import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unicodedata

import gguf
import sentencepiece
import tiktoken
from sentencepiece import sentencepiece_model_pb2 as proto
from tokenizers.implementations import ByteLevelBPETokenizer

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "oracles"), str(HERE.parent / "providers")]

import llama_tokens  # noqa: E402
import programs  # noqa: E402
import references  # noqa: E402
import strings as generator  # noqa: E402
from compare import Tally  # noqa: E402

NORMAL, USER, UNUSED, BYTE = 1, 4, 5, 6
UNIGRAM, BPE = 1, 2
# Written as GGUF, and what stands in the way.
REAL = {"gpt2": None, "llama3": None, "llama2": None, "llama2_spm": None, "smart": None,
        "gpt4o": "pre_tokenizer: 'gpt-4o'", "gptoss": "pre_tokenizer: 'granite-embed-multi-97m'", "bert": "normalizer: of accents", "albert": "parts text at user-defined pieces",
        "mistral_v3": "parts text at user-defined pieces", "qwen3": "normalizer: NFC has no key"}

TRANSFORMERS = """
import json, sys
import transformers
for job in json.load(sys.stdin):
    read = getattr(transformers, job["class"])(*job["files"], split_special_tokens=True)
    print(json.dumps([read.encode(text, add_special_tokens=False) for text in job["texts"]]))
"""


def convert(tok, source, target, kind, *words):
    """What is said where nothing is written."""
    done = subprocess.run([tok, "vocab", "convert", str(source), "-o", str(target), "--to", kind, *words], capture_output=True, text=True,
                          env=dict(os.environ, TOK_CACHE="off"))
    return done.stderr if done.returncode else None


def must_convert(*words):
    trouble = convert(*words)
    if trouble:
        sys.exit(f"{words}: {trouble}")


def is_old(text):
    """Known to every program's tables."""
    return all(unicodedata.category(c) != "Cn" for c in text) and "\0" not in text


def source_of(name, cache):
    folder = references.folder_of(name, cache)
    files = [file for file in folder.iterdir() if file.name != "vocab.bpe"]
    return files[0] if len(files) == 1 else folder


# ---- transformers ------------------------------------------------------------------------

def compare_transformers(options, folder, tally, texts):
    """What is the text of a special token is one there, whatever is asked for."""
    jobs = []
    for name, kind, files in (("gpt2", "GPT2Tokenizer", ("gpt2/vocab.json", "gpt2/merges.txt")), ("bert", "BertTokenizer", ("vocab.txt",))):
        known = references.reference_of(name, options.cache)
        some = [t for t in texts if is_old(t) and not any(name in t for name in known.specials)]
        jobs.append({"class": kind, "files": [str(folder / file) for file in files], "texts": some,
                     "ids": [answer.ids for answer in known.encode("text", some)]})
    done = subprocess.run([programs.python(options.cache), "-c", TRANSFORMERS], input=json.dumps(jobs), capture_output=True, text=True,
                          env=dict(os.environ, HF_HUB_OFFLINE="1"))
    if done.returncode:
        sys.exit(f"transformers: {done.stderr}")
    for job, line in zip(jobs, done.stdout.splitlines(), strict=True):
        for text, ids, wanted in zip(job["texts"], json.loads(line), job["ids"], strict=True):
            tally.compare(f"{job['class']} in transformers", text, ids, wanted)


# ---- vocab.json and merges.txt ---------------------------------------------------------------

def compare_merges(options, folder, tally, texts):
    for name in ("gpt2", "r50k"):
        target = folder / name
        must_convert(options.tok, source_of(name, options.cache), target, "vocab+merges")
        read = ByteLevelBPETokenizer(str(target / "vocab.json"), str(target / "merges.txt"))
        known = references.reference_of(name, options.cache)
        for text, fast, answer in zip(texts, read.encode_batch(texts), known.encode("text", texts)):
            tally.compare(f"{name} as vocab+merges", text, fast.ids, answer.ids)


# ---- tekken --------------------------------------------------------------------------------

def compare_tekken(options, folder, tally, texts):
    target = folder / "tekken.json"
    must_convert(options.tok, source_of("tekken", options.cache), target, "tekken")
    file, config = json.loads(target.read_text()), json.loads(target.read_text())["config"]
    first = config["default_num_special_tokens"]
    ranks = {base64.b64decode(row["token_bytes"]): row["rank"] for row in file["vocab"]}
    tally.compare("tekken, sizes", "", [config["default_vocab_size"], len(ranks)], [first + len(ranks), config["num_vocab_tokens"]])
    tally.compare("tekken, names", "", [row["token_str"] for row in file["special_tokens"]][:3], ["<unk>", "<s>", "</s>"])
    read = tiktoken.Encoding("written", pat_str=config["pattern"], mergeable_ranks=ranks, special_tokens={})
    known = list(references.reference_of("tekken", options.cache).encode("text", texts))
    for text, answer in zip(texts, known):
        tally.compare("tekken", text, [i + first for i in read.encode_ordinary(text)], answer.ids)
    compare_mistral(options, tally, target, texts, known)


def compare_mistral(options, tally, target, texts, known):
    """Mistral's own program takes the file, and has all of its tokens under the ids of the published one."""
    sys.path[:0] = [str(options.cache / "mistral-common"), str(next((options.cache / "packages").glob("mistral_common-*.whl")))]
    from mistral_common.tokens.tokenizers.tekken import Tekkenizer  # pylint: disable=import-outside-toplevel
    written, published = Tekkenizer.from_file(target), Tekkenizer.from_file(source_of("tekken", options.cache))
    for text, answer in zip(texts, known):
        tally.compare("tekken in mistral-common", text, written.encode(text, bos=True, eos=True), [1, *answer.ids, 2])
    tally.compare("tekken's tokens in mistral-common", "", written.vocab(), published.vocab())


# ---- GGUF ----------------------------------------------------------------------------------

def read_model(path):
    model = proto.ModelProto()
    model.ParseFromString(path.read_bytes())
    return model


def fields(path):
    reader = gguf.GGUFReader(path)
    assert not reader.tensors
    return {name: field.contents() for name, field in reader.fields.items() if not name.startswith("GGUF.")}


def compare_gguf(options, folder, tally):
    """Of small ones, for the package takes its time."""
    source, target = HERE.parent.parent / "fixtures/spm/bpe_fallback.model", folder / "v.gguf"
    must_convert(options.tok, source, target, "gguf")
    got, model = fields(target), read_model(source)
    wanted = {"general.architecture": "llama", "tokenizer.ggml.model": "llama", "tokenizer.ggml.tokens": [p.piece for p in model.pieces],
              "tokenizer.ggml.scores": [p.score for p in model.pieces], "tokenizer.ggml.token_type": [p.type for p in model.pieces],
              "tokenizer.ggml.bos_token_id": model.trainer_spec.bos_id, "tokenizer.ggml.add_bos_token": True,
              "tokenizer.ggml.add_eos_token": False, "tokenizer.ggml.add_space_prefix": model.normalizer_spec.add_dummy_prefix}
    for key, value in wanted.items():
        tally.compare(f"SentencePiece, {key}", "", got.get(key), value)

    words = folder / "words.txt"
    lines = source_of("bert", options.cache).read_text().splitlines()[:3000]
    words.write_text("\n".join(lines) + "\n")
    must_convert(options.tok, words, target, "gguf", "--lossy")
    got = fields(target)
    spelled = [w if w[0] == "[" and w[-1] == "]" else w[2:] if w.startswith("##") else "▁" + w for w in lines]
    tally.compare("BERT, tokens", "", got["tokenizer.ggml.tokens"], spelled)
    tally.compare("BERT, model", "", [got["general.architecture"], got["tokenizer.ggml.model"]], ["bert", "bert"])


# ---- GGUF in llama.cpp ---------------------------------------------------------------------

class Scores:
    """A Unigram's segmentations of one score are as good as each other; it is added up in another order there."""

    def __init__(self, model):
        least = min((p.score for p in model.pieces if p.type == NORMAL), default=0)
        self.scores = [p.score if p.type == NORMAL else least - 10 for p in model.pieces] if model.trainer_spec.model_type == UNIGRAM else None

    def is_tie(self, a, b):
        total = [sum(self.scores[i] for i in ids) for ids in (a, b)] if self.scores else [0, 1]
        return abs(total[0] - total[1]) < 1e-5 * (1 + abs(total[0]))


def compare_llama(options, tally, what, target, texts, known, scores=None):
    got = llama_tokens.ask(options.cache, target, texts, vocab_only=True)
    for text, ids, wanted in zip(texts, got, known, strict=True):
        if not (scores and ids != wanted and scores.is_tie(ids, wanted)):
            tally.compare(f"{what} in llama.cpp", text, ids, wanted)


def compare_around(options, folder, tally):
    """What is put around a text, under whatever ids."""
    words, target = ["hello", "[MASK]", "[SEP]", "[UNK]", "[PAD]", "[CLS]", "world"], folder / "around.gguf"
    (folder / "around.txt").write_text("\n".join(words) + "\n")
    must_convert(options.tok, folder / "around.txt", target, "gguf", "--lossy")
    got = llama_tokens.ask(options.cache, target, ["hello world", ""], vocab_only=True, around=True)
    tally.compare("a template in llama.cpp", "WordPiece", got, [[5, 0, 6, 2], [5, 2]])
    (folder / "around.txt").write_text("[UNK]\nhello\n")
    trouble = convert(options.tok, folder / "around.txt", folder / "none.gguf", "gguf")
    tally.compare("no template in llama.cpp", trouble, "puts a token in front of a WordPiece's text" in (trouble or ""), True)


def compare_real(options, folder, tally, texts):
    texts = [t for t in texts if is_old(t)]
    for name, obstacle in REAL.items():
        target, source = folder / f"{name}.gguf", source_of(name, options.cache)
        trouble = convert(options.tok, source, target, "gguf") or ""
        tally.compare(f"{name} as gguf, what is in the way", trouble, obstacle is None or obstacle in trouble, True)
        tally.compare(f"{name} as gguf, is written", trouble, target.exists(), obstacle is None)
        if obstacle or not target.exists():
            continue
        scores = Scores(read_model(source)) if name == "smart" else None
        some = [t for t in texts if not scores or "▁" not in t]
        known = [answer.ids for answer in references.reference_of(name, options.cache).encode("text", some)]
        compare_llama(options, tally, name, target, some, known, scores)


def obstacles(model):
    """What llama.cpp does otherwise, read off a SentencePiece model by itself."""
    kind, rules, found = model.trainer_spec.model_type, model.normalizer_spec, set()
    types = {p.type for p in model.pieces}
    if kind == UNIGRAM:
        if rules.add_dummy_prefix != rules.remove_extra_whitespaces:
            found.add("both puts a space in front and takes others away")
        if model.trainer_spec.byte_fallback:
            found.add("has no bytes for characters")
    else:
        if rules.precompiled_charsmap:
            found.add("has no rules for characters")
        if rules.remove_extra_whitespaces:
            found.add("takes no white space away")
        if not model.trainer_spec.byte_fallback:
            found.add("comes to an end at a character")
    if USER in types and (kind == UNIGRAM or rules.add_dummy_prefix):
        found.add("parts text at user-defined pieces")
    if UNUSED in types:
        found.add("pieces that are not to be used")
    return found


def variants(path):
    """The model, with white space in front; without its user-defined pieces; and without all that is in the way."""
    for steps in range(3):
        model = read_model(path)
        unigram = model.trainer_spec.model_type == UNIGRAM
        model.trainer_spec.treat_whitespace_as_suffix = False
        for piece in model.pieces if steps else ():
            if piece.type in (USER, UNUSED) or (steps == 2 and unigram and piece.type == BYTE):
                piece.piece += "!" if piece.type == BYTE else ""
                piece.type, piece.score = NORMAL, -99
        if steps == 2 and unigram:
            model.trainer_spec.byte_fallback = False
            model.normalizer_spec.remove_extra_whitespaces = model.normalizer_spec.add_dummy_prefix
        elif steps == 2:
            model.normalizer_spec.precompiled_charsmap, model.normalizer_spec.remove_extra_whitespaces = b"", False
        yield model


def compare_pieces(options, folder, tally, texts):
    texts = [t for t in texts if is_old(t) and "▁" not in t]
    source, target, written = folder / "small.model", folder / "small.gguf", 0
    for path in sorted(options.cache.glob("spm/*.model")):
        for i, model in enumerate(variants(path) if "bpe" in path.name or "unigram" in path.name else ()):
            source.write_bytes(model.SerializeToString())
            target.unlink(missing_ok=True)
            wanted = obstacles(model)
            trouble = convert(options.tok, source, target, "gguf") or ""
            if "normalizer: a GGUF file says it only of" in trouble:  # blanks as they are
                break
            tally.compare(f"{path.name}, {i}, is written", trouble, target.exists(), not wanted)
            tally.compare(f"{path.name}, {i}, what is in the way", trouble, {w for w in wanted if w in trouble}, wanted)
            if not target.exists():
                continue
            known = sentencepiece.SentencePieceProcessor(model_file=str(source)).encode(texts)
            compare_llama(options, tally, f"{path.name}, {i}", target, texts, known, Scores(model))
            written += 1
    tally.compare("small models in llama.cpp", written, written > 8, True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tok", required=True)
    parser.add_argument("--cache", required=True, type=pathlib.Path)
    options = parser.parse_args()
    tally = Tally()
    texts = generator.trouble(300, 10) + ["", " ", "Hello world", "don't  \n\n\tstop", "naïve Straße 你好世界", "1234567", "ESPAÑA y la AÑADIDURA"]
    with tempfile.TemporaryDirectory() as where:
        folder = pathlib.Path(where)
        compare_tekken(options, folder, tally, texts)
        compare_gguf(options, folder, tally)
        compare_merges(options, folder, tally, texts)
        must_convert(options.tok, source_of("bert", options.cache), folder / "vocab.txt", "vocab.txt")
        if not tally.wrong:  # last: they may have to be skipped
            compare_transformers(options, folder, tally, texts)
            compare_around(options, folder, tally)
            compare_real(options, folder, tally, texts)
            compare_pieces(options, folder, tally, texts[:60] + texts[-6:])
    for line in tally.shown:
        print("    " + line)
    print(f"{tally.compared - tally.wrong} passed, {tally.wrong} failed")
    return 1 if tally.wrong or not tally.compared else 0


if __name__ == "__main__":
    sys.exit(main())
