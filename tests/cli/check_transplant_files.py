#!/usr/bin/env python3
"""What lies in a transplanted model's folder: a tokenizer that is the new one, and its template.

    check_transplant_files.py TOK FIXTURES
"""
import base64
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

TOK, FIXTURES = sys.argv[1], pathlib.Path(sys.argv[2])
WIDTH = 32
TEXT = b"the ab bc <s> a\xc3\xa9b abc\n"
PATTERN = r"\p{L}+|\s+|[^\s\p{L}]+"
CONFIG, JINJA = "tokenizer_config.json", "chat_template.jinja"
GONE = "there is no chat template any more"
wrong = 0


def tok(*words, given=None):
    return subprocess.run([TOK, *map(str, words)], capture_output=True, input=given, env=dict(os.environ, TOK_CACHE="off"))


def expect(name, condition, *words):
    global wrong
    if not condition:
        wrong += 1
        print(f"{name}:", *words)


# ---- tokenizers ----------------------------------------------------------------------------

PLAIN = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
OTHERS = [b for b in range(256) if b not in PLAIN]
SPELLED = {**{b: chr(b) for b in PLAIN}, **{b: chr(0x100 + i) for i, b in enumerate(OTHERS)}}


def pieces(pair):
    """All bytes, and one token of two."""
    return [*([b] for b in range(256)), list(pair.encode())]


def write_json(path, pair, special):
    names = ["".join(SPELLED[b] for b in piece) for piece in pieces(pair)]
    added = [{"id": len(names) + i, "content": s, "single_word": False, "lstrip": False, "rstrip": False,
              "normalized": False, "special": True} for i, s in enumerate(special)]
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    path.write_text(json.dumps({
        "version": "1.0", "added_tokens": added, "normalizer": None, "pre_tokenizer": level, "post_processor": None,
        "decoder": level, "model": {"type": "BPE", "vocab": {n: i for i, n in enumerate(names)}, "merges": [list(pair)]}}))
    return len(names) + len(added)


def write_halves(vocab, merges, pair):
    vocab.write_text(json.dumps({"".join(SPELLED[b] for b in p): i for i, p in enumerate(pieces(pair))}))
    merges.write_text(f"#version: 0.2\n{pair[0]} {pair[1]}\n")


def write_tiktoken(path, pair):
    path.write_bytes(b"".join(base64.b64encode(bytes(p)) + b" %d\n" % i for i, p in enumerate(pieces(pair))))


def write_tekken(path, pair):
    vocab = [{"rank": i, "token_bytes": base64.b64encode(bytes(p)).decode(), "token_str": None} for i, p in enumerate(pieces(pair))]
    path.write_text(json.dumps({"config": {"pattern": r"\p{L}+|\s+|[^\s]", "num_vocab_tokens": len(vocab),
                                           "default_vocab_size": len(vocab) + 3, "default_num_special_tokens": 3, "version": "v3"},
                                "vocab": vocab}))


def write_ranks(path, pair):
    ranks = "! 0 " + " ".join(base64.b64encode(bytes(p)).decode() for p in pieces(pair))
    path.write_text(json.dumps({"pat_str": r"\p{L}+| ?[^\s]+|\s+", "special_tokens": {"<|end|>": 257}, "bpe_ranks": ranks,
                                "explicit_n_vocab": 258}))


# ---- models --------------------------------------------------------------------------------


def make_model(folder, special=("<s>", "</s>"), files=None, pair="ab"):
    folder.mkdir()
    rows = write_json(folder / "tokenizer.json", pair, special)
    header = json.dumps({"model.embed_tokens.weight": {"dtype": "F32", "shape": [rows, WIDTH], "data_offsets": [0, rows * WIDTH * 4]}}).encode()
    numbers = struct.pack(f"<{rows * WIDTH}f", *(i / 8 for i in range(rows * WIDTH)))
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + numbers)
    (folder / "config.json").write_text(json.dumps({"model_type": "llama", "vocab_size": rows, "tie_word_embeddings": True,
                                                    "bos_token_id": 257, "eos_token_id": 258}))
    for name, text in (files or {}).items():
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())


SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}


def gguf_string(text):
    return struct.pack("<Q", len(text)) + text


def read_pairs(data):
    """Where they end, how many tokens there are, and texts by key."""
    at, (count,), texts, tokens = 24, struct.unpack_from("<Q", data, 16), {}, 0

    def value(kind):
        nonlocal at
        if kind == 8:
            (size,) = struct.unpack_from("<Q", data, at)
            at += 8 + size
            return data[at - size:at]
        if kind == 9:
            inner, size = struct.unpack_from("<IQ", data, at)
            at += 12
            return [value(inner) for _ in range(size)]
        at += SIZES[kind]
        return None

    for _ in range(count):
        key = value(8)
        (kind,) = struct.unpack_from("<I", data, at)
        at += 4
        found = value(kind)
        texts[key.decode()] = found
        if key == b"tokenizer.ggml.tokens":
            tokens = len(found)
    return at, count, tokens, texts


def llama_gguf(eos):
    """What is put around a text: bos, and eos behind it or not."""
    data, key = bytearray((FIXTURES / "gguf/llama.gguf").read_bytes()), b"tokenizer.ggml.add_eos_token"
    at = data.index(key) + len(key)
    assert data[at:at + 5] == struct.pack("<IB", 7, 1)
    data[at + 4] = eos
    return bytes(data)


def make_gguf(path, template, eos=True):
    data = llama_gguf(eos)
    end, count, tokens, texts = read_pairs(data)
    pairs = data[24:end]
    more = [("tokenizer.chat_template", template), ("tokenizer.ggml.more", "said")]
    if "general.architecture" not in texts:
        more.append(("general.architecture", "llama"))
    for key, text in more:
        pairs += gguf_string(key.encode()) + struct.pack("<I", 8) + gguf_string(text.encode())
    info = gguf_string(b"token_embd.weight") + struct.pack("<IQQIQ", 2, WIDTH, tokens, 0, 0)
    head = struct.pack("<IIQQ", 0x46554747, 3, 1, count + len(more)) + pairs + info
    path.write_bytes(head + b"\0" * (-len(head) % 32) + struct.pack(f"<{WIDTH * tokens}f", *[0.5] * (WIDTH * tokens)))


# ---- laws ----------------------------------------------------------------------------------


def run(model, target, out, *more, method="zero"):
    if out.exists():
        shutil.rmtree(out)
    return tok("transplant", "run", model, target, "-o", out, "--method", method, *more)


def check_kinds(folder, out):
    """Whatever a tokenizer is opened from, the new folder opens as it."""
    made = folder / "kinds"
    made.mkdir()

    def place(name):
        (made / name).mkdir()
        return made / name

    gpt2 = place("gpt2")
    write_halves(gpt2 / "encoder.json", gpt2 / "vocab.bpe", "bc")
    halves = place("halves")
    write_halves(halves / "vocab.json", halves / "merges.txt", "bc")
    write_tiktoken(place("tiktoken") / "any.tiktoken", "bc")
    shutil.copy(FIXTURES / "spm/bpe_bytes.model", place("model") / "foo.model")
    write_tiktoken(place("llama") / "foo.model", "bc")
    shutil.copy(FIXTURES / "gguf/t5.gguf", place("gguf") / "some.gguf")
    (place("pieces") / "llama.gguf").write_bytes(llama_gguf(False))
    shutil.copy(FIXTURES / "gguf/gpt2.gguf", place("bytes") / "control.gguf")
    write_tekken(place("tekken") / "tekken.json", "bc")
    write_tekken(place("named") / "tokenizer.json", "bc")
    write_ranks(made / "ranks.json", "bc")
    # The old folder has a file that would be opened before what comes.
    model, other = folder / "model_a", folder / "model_b"
    make_model(model)
    shutil.copytree(model, other)
    (other / "tokenizer.json").unlink()
    write_halves(other / "encoder.json", other / "vocab.bpe", "ab")
    targets = [*made.iterdir(), made / "tekken/tekken.json", made / "halves/vocab.json", made / "gpt2/encoder.json",
               made / "llama/foo.model", made / "model/foo.model", made / "tiktoken/any.tiktoken", made / "gguf/some.gguf"]
    for target in targets:
        source = other if target.name == "gpt2" else model
        pattern = ["--pattern", PATTERN] if any(p.suffix == ".tiktoken" or "llama" in p.parts for p in (target, *target.glob("*"))) else []
        wanted = tok("encode", "-t", target, *pattern, given=TEXT)
        expect(target, wanted.returncode == 0 and wanted.stdout, wanted.stderr)
        ran = run(source, target, out, *pattern)
        found = tok("encode", "-t", out, given=TEXT) if ran.returncode == 0 else ran
        expect(target, found.returncode == 0 and found.stdout == wanted.stdout, ran.stderr, found.stdout, found.stderr)
        if ran.returncode == 0 and (out / "tokenizer.json").exists():
            expect(target, "model" in json.loads((out / "tokenizer.json").read_text()), "is no tokenizer.json")
        spm = {"model", "gguf", "pieces"} & {target.parent.name, target.name} != set()
        expect(target, (out / "tokenizer.model").exists() == spm, "tokenizer.model")
        expect(target, not (source == other and ((out / "encoder.json").read_bytes() == (other / "encoder.json").read_bytes())), "old file")
    # The old file goes also under a name of its own.
    named = folder / "model_c"
    shutil.copytree(model, named)
    (named / "tokenizer.json").unlink()
    write_tekken(named / "mine.model", "ab")
    ran = run(named, made / "tekken", out)
    expect("mine.model", ran.returncode == 0 and not (out / "mine.model").exists(), ran.stderr)
    # What cannot come is refused before rows are made: by this method there would be none.
    tok("vocab", "compile", made / "ranks.json", "-o", made / "image")
    for target, told in (("bytes", "bytes: this tokenizer is built in"), (made / "image", "compiled image"),
                         (FIXTURES / "gguf/llama.gguf", "llama.gguf: as a file of the new model: post_processor: ")):
        ran = run(model, target, out, method="hypernet:" + str(folder / "nowhere"))
        expect(target, ran.returncode == 2 and told.encode() in ran.stderr and str(target).encode() in ran.stderr, ran.stderr)
        expect(target, not out.exists())
    # One that is built in and has a file comes; a model without a tokenizer gets the one that it is said to have.
    ran = run(model, "tok-32k", out, "--dry-run")
    expect("tok-32k", ran.returncode == 0, ran.stderr)
    (other / "encoder.json").unlink()
    (other / "vocab.bpe").unlink()
    ran = run(other, model / "tokenizer.json", out, "--source-tokenizer", model)
    expect("source", ran.returncode == 0 and (out / "tokenizer.json").read_bytes() == (model / "tokenizer.json").read_bytes(), ran.stderr)


def listed(*texts):
    return json.dumps({"tokenizer_class": "X", "chat_template": [{"name": str(i), "template": t} for i, t in enumerate(texts)]})


def check_templates(folder, out):
    """Which template there is, by --chat-template, and what is noted."""
    new, bare = folder / "new", folder / "bare"
    for place, text in ((new, listed("NEW", "TOOL")), (bare, None)):
        place.mkdir()
        write_json(place / "tokenizer.json", "bc", ["<s>", "</s>"])
        if text:
            (place / CONFIG).write_text(text)
    special = ("<s>", "</s>", "<|old|>")
    plain, lost, several, several_lost = (folder / n for n in ("plain", "lost", "several", "several_lost"))
    make_model(plain, special, {JINJA: "{{x}}<s>[INST]"})
    make_model(lost, special, {JINJA: b"{{x}}<|old|>"})
    make_model(several, special, {CONFIG: listed("<s>[INST]", "{{x}}")})
    make_model(several_lost, special, {CONFIG: listed("{{x}}", "<|old|>")})
    news, olds = json.loads(listed("NEW", "TOOL"))["chat_template"], json.loads(listed("<s>[INST]", "{{x}}"))["chat_template"]
    other = "the old one names what the new tokenizer does not have: <|old|>"
    unwanted = "the new tokenizer brings none, and the old one was not wanted"
    cases = [  # the jinja file, the list, the note
        (plain, new, "audit", None, news, None), (plain, new, "new", None, news, None), (plain, new, "keep", "{{x}}<s>[INST]", None, None),
        (several, new, "keep", None, olds, None), (several, bare, "audit", None, olds, None), (plain, bare, "audit", "{{x}}<s>[INST]", None, None),
        (plain, bare, "new", None, None, unwanted), (several, bare, "new", None, None, unwanted),
        (lost, bare, "audit", None, None, other), (several_lost, bare, "audit", None, None, other),
        (lost, bare, "new", None, None, unwanted),
    ]
    for model, target, how, jinja, several_are, note in cases:
        name = f"{model.name} {target.name} {how}"
        ran = run(model, target, out, "--chat-template", how)
        expect(name, ran.returncode == 0, ran.stderr)
        if ran.returncode:
            continue
        found = (out / JINJA).read_text() if (out / JINJA).exists() else None
        expect(name, found == jinja, found)
        config = json.loads((out / CONFIG).read_text())
        expect(name, config.get("chat_template") == several_are, config)
        notes = (out / "transplant.json").read_text()
        expect(name, (note or GONE) in notes if note else GONE not in notes, notes)
    for model in (lost, several_lost):
        ran = run(model, bare, out, "--chat-template", "keep")
        expect(model.name, ran.returncode == 2 and b"names tokens that the new tokenizer does not have: <|old|>" in ran.stderr, ran.stderr)
    # An untouched model is whole; one whose template names what is gone is not.
    said = tok("transplant", "check", plain)
    expect("untouched", said.returncode == 0, said.stdout)
    run(plain, bare, out)
    for text, status in (("[INST]<s>", 0), ("[INST]<|old|>", 1)):
        (out / JINJA).write_text(text)
        said = tok("transplant", "check", out, "--against", plain)
        told = b"chat_template.jinja names what is no token: <|old|>\n"
        expect(text, said.returncode == status and (told in said.stdout) == bool(status) and b"[INST]" not in said.stdout, said.stdout)
    # The page is UTF-8 whatever templates are.
    bad = folder / "bad"
    shutil.copytree(bare, bad)
    (bad / JINJA).write_bytes(b"<|\xff\xfe|>")
    run(plain, bad, out)
    page = (out / "transplant.html").read_bytes()
    expect("page", b"\xef\xbf\xbd" in page and page.decode("utf-8", "replace").encode() == page, "is no UTF-8")


def check_roles(folder, out):
    """A role that --special-map gives is in the configuration that is made."""
    write_json(folder / "chat.json", "bc", ["<|im_start|>", "<|im_end|>"])
    (folder / "map.tsv").write_text("<|im_start|>\t<s>\n<|im_end|>\t</s>\n")
    model = folder / "roles"
    make_model(model)
    ran = run(model, folder / "chat.json", out, "--special-map", folder / "map.tsv")
    expect("roles", ran.returncode == 0, ran.stderr)
    config = json.loads((out / CONFIG).read_text())
    expect("roles", (config.get("bos_token"), config.get("eos_token")) == ("<|im_start|>", "<|im_end|>"), config)
    # An id that goes from both files is told of once.
    for name in ("config.json", "generation_config.json"):
        said = json.loads((model / name).read_text()) if (model / name).exists() else {}
        (model / name).write_text(json.dumps(said | {"bos_token_id": 257}))
    ran = run(model, folder / "chat.json", out)
    expect("roles", ran.stderr.count(b"bos_token_id: null now") == 1, ran.stderr)
    for name in ("config.json", "generation_config.json"):
        expect("roles", json.loads((out / name).read_text())["bos_token_id"] is None, name)


def check_gguf(folder, out):
    """A GGUF file is a model of its own, whatever lies beside it, and tells what became of its template."""
    place = folder / "downloads"
    place.mkdir()
    (place / "generation_config.json").write_text('{"bos_token_id": 1}')
    (place / CONFIG).write_text("{ no JSON")
    (place / JINJA).write_text("ANOTHER")
    write_json(folder / "plain.json", "bc", ["<|x|>"])
    for template, note in (("{{x}}", None), ("{{x}}<s>", "the old one names what the new tokenizer does not have: <s>")):
        make_gguf(place / "m.gguf", template)
        ran = run(place / "m.gguf", folder / "plain.json", out)
        expect(template, ran.returncode == 0, ran.stderr)
        if ran.returncode:
            continue
        names = sorted(p.name for p in out.iterdir())
        expect(template, "generation_config.json" not in names and JINJA not in names, names)
        notes = (out / "transplant.json").read_text()
        expect(template, note in notes if note else GONE not in notes, notes)
        (weights,) = out.glob("*.gguf")
        kept = read_pairs(weights.read_bytes())[3].get("tokenizer.chat_template")
        expect(template, kept == (None if note else template.encode()), kept)
        said = run(place / "m.gguf", folder / "plain.json", out, "--chat-template", "keep")
        expect(template, said.returncode == (2 if note else 0), said.stderr)
    # What has no name is written under one that is given; a name is no help with other parts.
    spec = json.loads((folder / "plain.json").read_text())
    steps = [{"type": "Digits", "individual_digits": False}, spec["pre_tokenizer"]]
    for change, advised in (({"pre_tokenizer": {"type": "Sequence", "pretokenizers": steps}}, True),
                            ({"normalizer": {"type": "Lowercase"}}, False)):
        (folder / "nameless.json").write_text(json.dumps({**spec, **change}))
        for words, code, told in (((), 2, advised), (("--pre", "qwen2"), 0 if advised else 2, False)):
            said = run(place / "m.gguf", folder / "nameless.json", out, *words)
            expect("pre", said.returncode == code and (b"give the one that comes nearest with --pre" in said.stderr) == told, said.stderr)


def check_extend(folder, out):
    """More tokens for a GGUF model of SentencePiece: the old ones, and what else is said of them, stay."""
    place = folder / "grown"
    place.mkdir()
    make_gguf(place / "m.gguf", "{{x}}<s>", eos=False)
    (place / CONFIG).write_text("{ no JSON")  # of something else
    (folder / "add").write_text("walkwalk\nmarketmarket walkwalk\n")
    shutil.rmtree(out, ignore_errors=True)
    ran = tok("transplant", "extend", place / "m.gguf", "--add", folder / "add", "-o", out, "--method", "subword")
    expect("extend", ran.returncode == 0 and b"one token: 1 of 2" in ran.stderr, ran.stderr)
    if ran.returncode:
        return
    (_, _, olds, old), (_, _, news, new) = (read_pairs(p.read_bytes()) for p in (place / "m.gguf", out / "m.gguf"))
    expect("extend", news > olds and new["tokenizer.ggml.tokens"][:olds] == old["tokenizer.ggml.tokens"], olds, news)
    for key, text in (("tokenizer.chat_template", b"{{x}}<s>"), ("tokenizer.ggml.more", b"said"), ("tokenizer.ggml.model", b"llama")):
        expect("extend", new.get(key) == text, key, new.get(key))
    ids = [tok("encode", "-t", p, given=b"the walkwalk").stdout.split() for p in (place / "m.gguf", out / "m.gguf", out / "tokenizer.model")]
    expect("extend", ids[1] == ids[2] and len(ids[1]) < len(ids[0]) and int(ids[1][-1]) >= olds, ids)
    # With the pairs of another tokenizer they go.
    tok("transplant", "run", place / "m.gguf", folder / "plain.json", "-o", out / "other", "--method", "zero")
    expect("extend", "tokenizer.ggml.more" not in read_pairs((out / "other/m.gguf").read_bytes())[3], "of the old tokenizer")


def main():
    with tempfile.TemporaryDirectory() as where:
        folder = pathlib.Path(where)
        for check in (check_kinds, check_templates, check_roles, check_gguf, check_extend):
            check(folder, folder / "out")
    return bool(wrong)


sys.exit(main())
