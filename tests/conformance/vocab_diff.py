#!/usr/bin/env python3
"""tok vocab diff beside what Python says of the same files.

    vocab_diff.py --tok build/tok --cache build/test-data

Vocabularies in the alphabet of bytes, SentencePiece models, .tiktoken: tokens as bytes, the same
under other ids, only in one; merges that are in one, and how many have moved (by difflib's rule
for longest rising rows, written anew); a vocabulary is itself, whatever file it is in; and of
pipelines that differ in one field of their file, the stage of that field and no other.

And what tok vocab edit makes, in the programs that such files are for: ids, templates, type ids,
what decoders look for, which pieces of a SentencePiece model are bos, eos and pad.
"""
import argparse
import base64
import bisect
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as proto
from tokenizers import Tokenizer


def alphabet():
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [b for b in range(256) if b not in shown]
    return {**{chr(b): b for b in shown}, **{chr(256 + i): b for i, b in enumerate(hidden)}}


def of_hf(path):
    """Bytes of each id, its specials, its merges as pairs of bytes: of a byte-level tokenizer.json."""
    root = json.loads(path.read_text())
    table = alphabet()

    def plain(text):
        return bytes(table[c] for c in text)
    tokens = {i: plain(t) for t, i in root["model"]["vocab"].items() if all(c in table for c in t)}
    special = set()
    for added in root["added_tokens"]:
        if added["special"] or added["id"] not in tokens:
            tokens[added["id"]] = added["content"].encode()
        if added["special"]:
            special.add(added["id"])
    merges = [tuple(plain(x) for x in (m if isinstance(m, list) else m.split(" "))) for m in root["model"]["merges"]]
    return tokens, special, merges


# What OpenAI's package adds to the published ranks.
ADDED = {"cl100k_base": {"<|endoftext|>": 100257, "<|fim_prefix|>": 100258, "<|fim_middle|>": 100259, "<|fim_suffix|>": 100260,
                         "<|endofprompt|>": 100276},
         "o200k_base": {"<|endoftext|>": 199999, "<|endofprompt|>": 200018}}


def of_tiktoken(path):
    rows = (line.split() for line in path.read_bytes().splitlines())
    added = ADDED[path.stem]
    tokens = {**{int(rank): base64.b64decode(token) for token, rank in rows}, **{i: t.encode() for t, i in added.items()}}
    return tokens, set(added.values()), None


def of_sentencepiece(path):
    p = sentencepiece.SentencePieceProcessor(model_file=str(path))
    tokens, special = {}, set()
    for i in range(p.get_piece_size()):
        piece = p.id_to_piece(i)
        if p.is_byte(i):
            tokens[i] = bytes([int(piece[3:5], 16)])
        elif p.is_control(i) or p.is_unknown(i):
            tokens[i] = piece.encode()
            special.add(i)
        else:
            tokens[i] = piece.replace("\u2581", " ").encode()
    return tokens, special, None


def of_pieces(path):
    """Type and score of each piece, by its name."""
    model = proto.ModelProto.FromString(path.read_bytes())
    return {p.piece: (p.type, p.score) for p in model.pieces}


def pieces(tok, a, b):
    """Pieces of the same name are the same piece, whichever model comes first."""
    x, y = of_pieces(a), of_pieces(b)
    common = x.keys() & y.keys()
    wanted = [sum(x[n][0] != y[n][0] for n in common), sum(x[n][1] != y[n][1] for n in common)]
    counts = [told(tok, *pair)[0]["counts"] for pair in ((a, b), (b, a))]
    wrong = [c for c in counts if [c["type"], c["score"]] != wanted]
    if counts[0]["only_a"] != counts[1]["only_b"] or counts[0]["other_id"] != counts[1]["other_id"]:
        wrong = counts
    return wanted, wrong


def longest_rising(places):
    ends = []
    for place in places:
        at = bisect.bisect_left(ends, place)
        ends[at:at + 1] = [place]
    return len(ends)


def ids_by_bytes(tokens):
    out = {}
    for i, text in tokens.items():
        out.setdefault(text, set()).add(i)
    return out


def expected(a, b):
    (tokens_a, special_a, merges_a), (tokens_b, special_b, merges_b) = a, b
    by_a, by_b = ids_by_bytes(tokens_a), ids_by_bytes(tokens_b)
    said = {
        "tokens_a": len(tokens_a), "tokens_b": len(tokens_b),
        "same": sum(tokens_b.get(i) == t for i, t in tokens_a.items()),
        "only_a": sum(t not in by_b for t in tokens_a.values()),
        "only_b": sum(t not in by_a for t in tokens_b.values()),
        "bytes_under_other_ids": sum(1 for t in by_a.keys() & by_b.keys() if not by_a[t] & by_b[t]),
    }
    if merges_a is not None and merges_b is not None:
        rank = {m: i for i, m in enumerate(merges_b)}
        places = [rank[m] for m in merges_a if m in rank]
        said["merges"] = {"a": len(merges_a), "b": len(merges_b), "only_a": len(merges_a) - len(places),
                          "only_b": len(merges_b) - len(places), "moved": len(places) - longest_rising(places)}
    return said


def told(tok, a, b, *texts):
    start = time.monotonic()
    done = subprocess.run([tok, "vocab", "diff", "--json", str(a), str(b), *map(str, texts)], capture_output=True)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{a} {b}: exit {done.returncode}: {done.stderr.decode()}")
    root = json.loads(done.stdout)
    assert root["differ"] == (done.returncode == 1), "exit status"
    counts = {}
    for row in root["differences"]:
        counts[row["kind"]] = counts.get(row["kind"], 0) + 1
        assert bytes.fromhex(row["hex"]).decode(errors="replace") == row["text"] or "\ufffd" in row["text"], row
    assert {k: v for k, v in root["counts"].items() if v} == counts, "counts are not those of the list"
    both = {bytes.fromhex(r["hex"]) for r in root["differences"] if r["kind"] == "other_id"}
    said = {**{k: root[k] for k in ("tokens_a", "tokens_b", "same")}, "only_a": root["counts"]["only_a"],
            "only_b": root["counts"]["only_b"], "bytes_under_other_ids": both}
    if root["merges"]:
        said["merges"] = {k: root["merges"][k] for k in ("a", "b", "only_a", "only_b", "moved")}
    return root, said, time.monotonic() - start


SPLIT = {"type": "Split", "pattern": {"String": "\n"}, "behavior": "Isolated", "invert": False}
TRUNCATION = {"direction": "Right", "max_length": 8, "strategy": "LongestFirst", "stride": 0}
PADDING = {"strategy": "BatchLongest", "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0, "pad_type_id": 0, "pad_token": "!"}
META = {"type": "Metaspace", "replacement": "_", "prepend_scheme": "always", "split": True}


def template(token, type_id=0):
    return {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<t>", "type_id": type_id}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"<t>": {"id": "<t>", "ids": [token], "tokens": ["<t>"]}}}


def replace(text):
    return {"type": "Replace", "pattern": {"String": text}, "content": "-"}


# Stage, key of the file, and two values that its descriptions may not tell apart.
PIPELINES = [
    ("normalizer", "normalizer", replace("a" * 300), replace("a" * 299 + "b")),
    ("normalizer", "normalizer", {"type": "Strip", "strip_left": True, "strip_right": False}, {"type": "Strip", "strip_left": True, "strip_right": True}),
    ("pre_tokenizer", "pre_tokenizer", SPLIT, {**SPLIT, "pattern": {"String": "\\x0a"}}),
    ("pre_tokenizer", "pre_tokenizer", SPLIT, {**SPLIT, "pattern": {"Regex": "\n"}}),
    ("pre_tokenizer", "pre_tokenizer", SPLIT, {**SPLIT, "behavior": "Removed"}),
    ("pre_tokenizer", "pre_tokenizer", {**SPLIT, "pattern": {"Regex": "x" * 400 + "|y"}}, {**SPLIT, "pattern": {"Regex": "x" * 400 + "|z"}}),
    ("post_processor", "post_processor", template(1), template(2)),
    ("decoder", "decoder", META, {**META, "prepend_scheme": "first"}),
    ("truncation", "truncation", None, TRUNCATION),
    ("truncation", "truncation", TRUNCATION, {**TRUNCATION, "direction": "Left"}),
    ("truncation", "truncation", TRUNCATION, {**TRUNCATION, "stride": 3}),
    ("truncation", "truncation", TRUNCATION, {**TRUNCATION, "strategy": "OnlyFirst"}),
    ("padding", "padding", None, PADDING),
    ("padding", "padding", PADDING, {**PADDING, "pad_type_id": 3}),
    ("post_processor", "post_processor", template(1), template(1, 2)),
    ("padding", "padding", PADDING, {**PADDING, "pad_to_multiple_of": 8}),
    ("model", "model", {"unk_token": "a"}, {"unk_token": "b"}),
]


def pipelines(tok, folder):
    """Those of PIPELINES that are told otherwise than by their stage alone."""
    plain = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None, "pre_tokenizer": None,
             "post_processor": None, "decoder": None, "model": {"type": "WordLevel", "vocab": {"a": 0, "b": 1, "<t>": 2}, "unk_token": "a"}}
    wrong = []
    for stage, key, *values in PIPELINES:
        paths = [folder / "a.json", folder / "b.json"]
        for path, value in zip(paths, values):
            made = {**plain["model"], **value} if key == "model" else value
            path.write_text(json.dumps({**plain, key: made}))
            Tokenizer.from_file(str(path))
        itself, root = (told(tok, paths[0], path)[0] for path in paths)
        if itself["differ"] or itself["pipeline"] or not root["differ"] or list(root["pipeline"]) != [stage]:
            wrong.append((stage, values, itself["pipeline"], root["pipeline"]))
    return wrong


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return value, at


def retyped(data, number, kind):
    """A SentencePiece model in which piece `number`, which is short, is of another type."""
    at = 0
    for _ in range(number + 1):
        start = at
        assert data[at] == 0x0A, "pieces come first"
        size, body = varint(data, at + 1)
        at = body + size
    piece = data[body:at] + bytes([0x18, kind])
    assert len(piece) < 128
    return data[:start] + bytes([0x0A, len(piece)]) + piece + data[at:]


def edited(tok, source, target):
    """What Hugging Face's program makes of a file that tok edited."""
    subprocess.run([tok, "vocab", "edit", str(source), "-o", str(target), "--add-special", "<|new|>", "--add-special", "<|far|>=128300",
                    "--rename", "<|reserved_special_token_0|>=<|tool|>", "--set-template", "<|begin_of_text|> $A <|new|>"], check=True)
    before, after = Tokenizer.from_file(str(source)), Tokenizer.from_file(str(target))
    text = "Hello, world 1234  \n naïve 你好"
    plain = before.encode(text, add_special_tokens=False).ids
    wanted = {"ids of text": (after.encode(text, add_special_tokens=False).ids, plain),
              "template": (after.encode(text).ids, [128000, *plain, 128256]),
              "matched": (after.encode("a<|tool|><|new|><|far|>b", add_special_tokens=False).ids,
                          [*before.encode("a", add_special_tokens=False).ids, 128002, 128256, 128300,
                           *before.encode("b", add_special_tokens=False).ids]),
              "old name": (after.token_to_id("<|reserved_special_token_0|>"), None),
              "size": (after.get_vocab_size(), before.get_vocab_size() + 2)}
    return {k: v for k, v in wanted.items() if v[0] != v[1]}


def edited_fields(tok, folder):
    """What acts in other programs only is kept; decoders find what they look for by its new name."""
    source, target = folder / "fields.json", folder / "edited.json"
    added = [{"id": i, "content": c, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
             for i, c in ((0, "<pad>"), (3, "<t>"))]
    source.write_text(json.dumps({
        "version": "1.0", "truncation": {**TRUNCATION, "max_length": 4, "stride": 1, "strategy": "OnlyFirst"},
        "padding": {**PADDING, "strategy": {"Fixed": 9}, "pad_type_id": 3, "pad_token": "<pad>"}, "added_tokens": added,
        "normalizer": None, "pre_tokenizer": None, "post_processor": template(3, 2),
        "decoder": {"type": "CTC", "pad_token": "<pad>", "word_delimiter_token": "|", "cleanup": False},
        "model": {"type": "BPE", "dropout": 0.25, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None,
                  "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                  "vocab": {"<pad>": 0, "a": 1, "b": 2, "<t>": 3, "|": 4}, "merges": []}}))
    subprocess.run([tok, "vocab", "edit", str(source), "-o", str(target), "--rename", "<pad>=<p>", "--add-special", "<x>"], check=True)
    before, after = Tokenizer.from_file(str(source)), Tokenizer.from_file(str(target))
    x, y = before.encode("aababab"), after.encode("aababab")
    rows = [1, 0, 1, 2, 2, 4, 1]
    wanted = {"type ids": (y.type_ids, x.type_ids), "ids": (y.ids, x.ids),
              "overflowing": ([o.ids for o in y.overflowing], [o.ids for o in x.overflowing]),
              "truncation": (after.truncation, before.truncation), "padding": ({**after.padding, "pad_token": ""}, {**before.padding, "pad_token": ""}),
              "decoded": (after.decode(rows, skip_special_tokens=False), before.decode(rows, skip_special_tokens=False)),
              "dropout": (after.model.dropout, before.model.dropout), "type ids are not all 0": (len(set(x.type_ids)), 3)}
    return {k: v for k, v in wanted.items() if v[0] != v[1]}


def edited_pieces(tok, source, target):
    """A piece with another name is for what it was for; who loses that is told, and nothing is written."""
    def roles(path):
        p = sentencepiece.SentencePieceProcessor(model_file=str(path))
        return p.bos_id(), p.eos_id(), p.pad_id(), p.unk_id()
    before = roles(source)
    subprocess.run([tok, "vocab", "edit", str(source), "-o", str(target), "--rename", "</s>=<eos2>"], check=True)
    wanted = {"roles": (roles(target), before)}
    again = subprocess.run([tok, "vocab", "edit", str(source), "-o", str(target), "--set-template", "$A </s>"], capture_output=True)
    wanted["refused"] = (again.returncode, 2)
    wanted["told"] = (b"'<s>' is bos no more" in again.stderr, True)
    wanted["stayed"] = (roles(target), before)
    return {k: v for k, v in wanted.items() if v[0] != v[1]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tok", required=True)
    parser.add_argument("--cache", required=True)
    options = parser.parse_args()
    folder = pathlib.Path(options.cache) / "tokenizers"

    def only(name):
        return next(iter(sorted((folder / name).iterdir())))
    readers = {"llama3": of_hf, "qwen3": of_hf, "gpt4o": of_hf, "deepseek_v3": of_hf, "cl100k": of_tiktoken,
               "o200k": of_tiktoken, "llama2_spm": of_sentencepiece, "mistral_v3": of_sentencepiece}
    missing = [n for n in readers if not (folder / n).exists()]
    files = {n: only(n) for n in readers if n not in missing}
    files = {n: (folder / n / "tokenizer.json" if (folder / n / "tokenizer.json").exists() else p) for n, p in files.items()}
    failed = passed = 0
    for a, b in [("llama3", "qwen3"), ("qwen3", "deepseek_v3"), ("gpt4o", "llama3"), ("cl100k", "o200k"), ("llama2_spm", "mistral_v3")]:
        if a in missing or b in missing:
            continue
        wanted = expected(readers[a](files[a]), readers[b](files[b]))
        _, said, seconds = told(options.tok, files[a], files[b])
        said["bytes_under_other_ids"] = len(said["bytes_under_other_ids"])
        if "merges" not in wanted:
            said.pop("merges", None)
        wrong = {k: (said.get(k), wanted[k]) for k in wanted if said.get(k) != wanted[k]}
        print(f"{a} and {b}: {wanted} in {seconds:.2f} s" + (f" WRONG (tok, Python): {wrong}" if wrong else ""), flush=True)
        failed += bool(wrong)
        passed += not wrong
    with tempfile.TemporaryDirectory() as scratch:
        for name in [n for n in ("cl100k", "llama3", "llama2_spm") if n not in missing]:
            copy = pathlib.Path(scratch) / f"{name}.{'model' if name == 'llama2_spm' else 'json'}"
            subprocess.run([options.tok, "vocab", "convert", str(files[name]), "-o", str(copy)], check=True)
            root, _, _ = told(options.tok, files[name], copy, __file__)
            # Ranks in a tokenizer.json are merges, their splitting a Split and a ByteLevel.
            stages = ["pre_tokenizer", "model"] if name == "cl100k" else []
            merges = root["merges"] or {"only_a": 0, "only_b": 0, "moved": 0}
            same = not any(root["counts"].values()) and not any(merges[k] for k in ("only_a", "only_b", "moved"))
            same = same and list(root["pipeline"]) == stages and root["differ"] == bool(stages)
            same = same and root["same_words"] == 1 and root["boundary_f1"] == 1
            told_of = {k: root[k] for k in ("counts", "merges", "pipeline")}
            print(f"{name} and itself, written anew: {'the same' if same else told_of}", flush=True)
            failed += not same
            passed += same
        if "llama2_spm" not in missing:
            model = files["llama2_spm"].read_bytes()
            made = [pathlib.Path(scratch) / "plain.model", pathlib.Path(scratch) / "unused.model"]
            for path, kind in zip(made, (1, 5)):
                path.write_bytes(retyped(model, 1000, kind))
                assert sentencepiece.SentencePieceProcessor(model_file=str(path)).is_unused(1000) == (kind == 5)
            root, _, _ = told(options.tok, *made)
            wrong = {k: v for k, v in root["counts"].items() if v} != {"type": 1} or root["differences"][0]["a"] != 1000 or root["pipeline"]
            print(f"llama2_spm with a piece that is unused: {root['counts'] if wrong else 'its type differs'}", flush=True)
            failed += bool(wrong)
            passed += not wrong
            wrong = edited_pieces(options.tok, files["llama2_spm"], pathlib.Path(scratch) / "edited.model")
            print(f"llama2_spm, edited, in sentencepiece: {wrong or 'as asked'}", flush=True)
            failed += bool(wrong)
            passed += not wrong
            if "mistral_v3" not in missing:
                wanted, wrong = pieces(options.tok, files["llama2_spm"], files["mistral_v3"])
                print(f"llama2_spm and mistral_v3: types and scores {wanted}" + (f" WRONG (tok): {wrong}" if wrong else ""), flush=True)
                failed += bool(wrong)
                passed += not wrong
        wrong = edited_fields(options.tok, pathlib.Path(scratch))
        print(f"fields of other programs, edited, in tokenizers: {wrong or 'as they were'}", flush=True)
        failed += bool(wrong)
        passed += not wrong
        wrong = pipelines(options.tok, pathlib.Path(scratch))
        print(f"{len(PIPELINES)} pairs of pipelines: {wrong or 'each differs where it should'}", flush=True)
        failed += bool(wrong)
        passed += not wrong
        if "llama3" not in missing:
            wrong = edited(options.tok, files["llama3"], pathlib.Path(scratch) / "edited.json")
            print(f"llama3, edited, in tokenizers: {wrong or 'as asked'}", flush=True)
            failed += bool(wrong)
            passed += not wrong
    print(f"{passed} passed, {failed} failed, {len(missing)} skipped")
    return 1 if failed or not passed or (missing and os.environ.get("CI") == "true") else 0


if __name__ == "__main__":
    sys.exit(main())
