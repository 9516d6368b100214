#!/usr/bin/env python3
"""vocab.json and merges.txt, tekken.json and GGUF files that tok converts to, read by others.

    vocab_files.py --tok build/tok --cache build/test-data

vocab+merges  GPT-2, and r50k whose ranks become merges, in tokenizers' ByteLevelBPETokenizer: ids are
              those of the published tokenizer
tekken        Mistral's, put together from the written JSON alone, in tiktoken; and in mistral-common
              where it is installed
gguf          Llama 2, GPT-2 and BERT, by the gguf package: tokens, scores, types and merges are those
              of the source; there is no tensor

Exit 1 if anything differs, or if nothing was compared.
"""
import argparse
import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import gguf
import tiktoken
from sentencepiece import sentencepiece_model_pb2 as proto
from tokenizers.implementations import ByteLevelBPETokenizer

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "oracles"))

import references  # noqa: E402
import strings as generator  # noqa: E402
from compare import Tally  # noqa: E402


def convert(tok, source, target, kind, *words):
    done = subprocess.run([tok, "vocab", "convert", str(source), "-o", str(target), "-F", kind, *words], capture_output=True, text=True,
                          env=dict(os.environ, TOK_CACHE="off"))
    if done.returncode:
        sys.exit(f"{source} as {kind}: {done.stderr}")


def compare_merges(options, folder, tally, texts):
    for name, source in (("gpt2", "gpt2"), ("r50k", "r50k/r50k_base.tiktoken")):
        target = folder / name
        convert(options.tok, options.cache / "tokenizers" / source, target, "vocab+merges")
        read = ByteLevelBPETokenizer(str(target / "vocab.json"), str(target / "merges.txt"))
        known = references.reference_of(name, options.cache)
        for text, fast, answer in zip(texts, read.encode_batch(texts), known.encode("text", texts)):
            tally.compare(f"{name} as vocab+merges", text, fast.ids, answer.ids)


def compare_tekken(options, folder, tally, texts):
    target = folder / "tekken.json"
    source = options.cache / "tokenizers/tekken/tekken.json"
    convert(options.tok, source, target, "tekken")
    file, config = json.loads(target.read_text()), json.loads(target.read_text())["config"]
    first = config["default_num_special_tokens"]
    ranks = {base64.b64decode(row["token_bytes"]): row["rank"] for row in file["vocab"]}
    tally.compare("tekken, sizes", "", [config["default_vocab_size"], len(ranks)], [first + len(ranks), config["num_vocab_tokens"]])
    tally.compare("tekken, names", "", [row["token_str"] for row in file["special_tokens"]][:3], ["<unk>", "<s>", "</s>"])
    read = tiktoken.Encoding("written", pat_str=config["pattern"], mergeable_ranks=ranks, special_tokens={})
    known = references.reference_of("tekken", options.cache)
    for text, answer in zip(texts, known.encode("text", texts)):
        tally.compare("tekken", text, [i + first for i in read.encode_ordinary(text)], answer.ids)
    try:
        from mistral_common.tokens.tokenizers.tekken import Tekkenizer
    except ImportError:
        return
    theirs = Tekkenizer.from_file(target)
    for text, answer in zip(texts, known.encode("text", texts)):
        tally.compare("tekken in mistral-common", text, theirs.encode(text, bos=False, eos=False), answer.ids)


def fields(path):
    reader = gguf.GGUFReader(path)
    assert not reader.tensors
    return {name: field.contents() for name, field in reader.fields.items() if not name.startswith("GGUF.")}


def compare_gguf(options, folder, tally):
    sources = options.cache / "tokenizers"
    target = folder / "v.gguf"
    convert(options.tok, sources / "llama2_spm/tokenizer.model", target, "gguf")
    got, model = fields(target), proto.ModelProto()
    model.ParseFromString((sources / "llama2_spm/tokenizer.model").read_bytes())
    wanted = {"general.architecture": "llama", "tokenizer.ggml.model": "llama", "tokenizer.ggml.tokens": [p.piece for p in model.pieces],
              "tokenizer.ggml.scores": [p.score for p in model.pieces], "tokenizer.ggml.token_type": [p.type for p in model.pieces],
              "tokenizer.ggml.bos_token_id": 1, "tokenizer.ggml.add_bos_token": True, "tokenizer.ggml.add_eos_token": False, "tokenizer.ggml.add_space_prefix": True}
    for key, value in wanted.items():
        tally.compare(f"Llama 2, {key}", "", got.get(key), value)

    convert(options.tok, sources / "gpt2", target, "gguf")
    got = fields(target)
    ids = json.loads((sources / "gpt2/encoder.json").read_text())
    merges = (sources / "gpt2/vocab.bpe").read_text().splitlines()[1:]
    tally.compare("GPT-2, model", "", [got["tokenizer.ggml.model"], got["tokenizer.ggml.pre"]], ["gpt2", "gpt-2"])
    tally.compare("GPT-2, tokens", "", got["tokenizer.ggml.tokens"], sorted(ids, key=ids.get))
    tally.compare("GPT-2, merges", "", got["tokenizer.ggml.merges"], [line for line in merges if line])

    convert(options.tok, sources / "bert/vocab.txt", target, "gguf")
    got = fields(target)
    lines = (sources / "bert/vocab.txt").read_text().splitlines()
    spelled = [w if w[0] == "[" and w[-1] == "]" else w[2:] if w.startswith("##") else "▁" + w for w in lines]
    tally.compare("BERT, tokens", "", got["tokenizer.ggml.tokens"], spelled)
    tally.compare("BERT, model", "", [got["general.architecture"], got["tokenizer.ggml.model"]], ["bert", "bert"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tok", required=True)
    parser.add_argument("--cache", required=True, type=pathlib.Path)
    options = parser.parse_args()
    tally = Tally()
    texts = generator.trouble(300, 10) + ["", " ", "Hello world", "don't  \n\n\tstop", "naïve Straße 你好世界", "1234567"]
    with tempfile.TemporaryDirectory() as folder:
        compare_merges(options, pathlib.Path(folder), tally, texts)
        compare_tekken(options, pathlib.Path(folder), tally, texts)
        compare_gguf(options, pathlib.Path(folder), tally)
    for line in tally.shown:
        print("    " + line)
    print(f"{tally.compared - tally.wrong} passed, {tally.wrong} failed")
    return 1 if tally.wrong or not tally.compared else 0


if __name__ == "__main__":
    sys.exit(main())
