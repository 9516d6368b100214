#!/usr/bin/env python3
"""Write small GGUF files with tokenizers in them and ask llama.cpp about them.

	python3 tests/oracles/make_gguf_fixtures.py

writes fixtures/gguf/NAME.gguf and tests/unit/gguf_table.inc: for every file, and
for the file of byte-level BPE with every pre-tokenizer, the ids of a list of
strings, with and without the tokens put around them.  Needs gguf 0.19, sentencepiece 0.2.3, tokenizers 0.23
and llama-cpp-python 0.3.36; takes the models of make_spm_fixtures.py.

llama.cpp runs without special tokens in the text (parse_special off).  Strings
where it differs from the models' own tokenizers are not asked: byte 0, and text
with user-defined pieces, which llama.cpp cuts out before anything else.
"""
import contextlib
import importlib.util
import json
import os
import tempfile

import gguf
import llama_cpp
import sentencepiece
import tokenizers

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
OUT = os.path.join(ROOT, "fixtures", "gguf")

PRES = ["default", "gpt-2", "llama-bpe", "smaug-bpe", "qwen2", "qwen35", "starcoder", "gpt-4o", "tekken",
        "deepseek-llm", "deepseek-coder", "deepseek-v3", "falcon", "bloom", "viking", "bailingmoe",
        "seed-coder", "exaone-moe", "minicpm5", "ufakzeka"]

TEXTS = ["", " ", "the dog", "The baker walks to the market.", "  two  spaces   here  ", "Brücke läuft",
         "xyz", "☃ snow ☃☃ man", "12:30 19845", "tab\tand\nline\r\n\r\n x", "école ÉCOLE", "don't DON'T we'll",
         "日本語 text", "(slowly), \"they\" say... a=b;", "1234567890", "e\u0301 a\u0300b", "😀 and",
         "[CLS] <s> </s>", "x\u00a0y\u3000z", "über-die_Brücke/Straße", "\n\n\n", "a  \n  b"]


def sentences():
    spec = importlib.util.spec_from_file_location("spm", os.path.join(ROOT, "tests/oracles/make_spm_fixtures.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return list(module.sentences())


def writer(name, model, folder=OUT):
    w = gguf.GGUFWriter(os.path.join(folder, name + ".gguf"), "llama")
    w.add_tokenizer_model(model)
    return w


def finish(w):
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def add_pieces(w, model):
    sp = sentencepiece.SentencePieceProcessor(model_file=os.path.join(ROOT, "fixtures/spm", model + ".model"))
    n = sp.get_piece_size()
    w.add_token_list([sp.id_to_piece(i) for i in range(n)])
    w.add_token_scores([sp.get_score(i) for i in range(n)])
    w.add_token_types([2 if sp.is_unknown(i) else 3 if sp.is_control(i) else 6 if sp.is_byte(i) else
                       4 if sp.id_to_piece(i) in ("<sep>", "ing", "▁the") else 1 for i in range(n)])
    return sp


def write_llama():
    w = writer("llama", "llama")
    sp = add_pieces(w, "bpe_fallback")
    w.add_bos_token_id(sp.bos_id())
    w.add_eos_token_id(sp.eos_id())
    w.add_unk_token_id(sp.unk_id())
    w.add_add_eos_token(True)
    finish(w)


def write_t5():
    w = writer("t5", "t5")
    sp = add_pieces(w, "unigram")
    proto = open(os.path.join(ROOT, "fixtures/spm/unigram.model"), "rb").read()
    w.add_precompiled_charsmap(charsmap(proto))
    w.add_add_space_prefix(True)
    w.add_remove_extra_whitespaces(True)
    w.add_eos_token_id(sp.eos_id())
    w.add_unk_token_id(sp.unk_id())
    w.add_pad_token_id(sp.unk_id())
    finish(w)


def fields(message):
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
    while at < len(message):
        tag = varint()
        if tag & 7 == 0:
            yield tag >> 3, varint()
        else:
            size = {1: 8, 5: 4}.get(tag & 7)
            size = varint() if size is None else size
            yield tag >> 3, message[at:at + size]
            at += size


def charsmap(proto):
    return dict(fields(dict(fields(proto))[3]))[2]


def write_bert():
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words += ["▁" + w for w in "the dog baker walk market to a b e x spaces 12 . ! ( ) ecole snow and text".split()]
    words += ["s", "ing", "er", "30", "xyz", "k", "l", "o"]
    w = writer("bert", "bert")
    w.add_token_list(words)
    w.add_token_types([3 if x[0] == "[" else 1 for x in words])
    w.add_bos_token_id(2)
    w.add_sep_token_id(3)
    w.add_unk_token_id(1)
    w.add_pad_token_id(0)
    w.add_mask_token_id(4)
    finish(w)


def train_bytes():
    t = tokenizers.Tokenizer(tokenizers.models.BPE())
    t.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.train_from_iterator(sentences(), tokenizers.trainers.BpeTrainer(
        vocab_size=330, initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|end|>", "<|start|>"], show_progress=False))
    return json.loads(t.to_str())["model"]


def write_bpe(pre, model, folder=OUT):
    vocab = sorted(model["vocab"], key=model["vocab"].get)
    w = writer("gpt2", "gpt2", folder)
    w.add_tokenizer_pre(pre)
    w.add_token_list(vocab)
    w.add_token_types([3] * 2 + [1] * (len(vocab) - 2))
    w.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in model["merges"]])
    w.add_bos_token_id(1)
    w.add_eos_token_id(0)
    w.add_add_bos_token(True)
    finish(w)


@contextlib.contextmanager
def quiet():
    saved, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    yield
    os.dup2(saved, 2)


def c_string(text):
    return '"' + "".join(chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else "\\%03o" % b
                         for b in text.encode()) + '"'


def ask(name, pre="", folder=OUT):
    with quiet():
        llama = llama_cpp.Llama(os.path.join(folder, name + ".gguf"), vocab_only=True, verbose=False)
    for text in TEXTS:
        for add in (False, True):
            with quiet():
                ids = llama.tokenize(text.encode(), add_bos=add, special=False)
            yield '{ "%s", "%s", %s, %d, %s, "%s" },' % (name, pre, c_string(text), len(text.encode()),
                                                  str(add).lower(), " ".join(map(str, ids)))


def main():
    os.makedirs(OUT, exist_ok=True)
    model = train_bytes()
    write_llama()
    write_t5()
    write_bert()
    write_bpe("gpt-2", model)
    rows = [row for name in ("llama", "t5", "bert") for row in ask(name)]
    with tempfile.TemporaryDirectory() as folder:
        for pre in PRES:
            write_bpe(pre, model, folder)
            rows += ask("gpt2", pre, folder)
    with open(os.path.join(ROOT, "tests", "unit", "gguf_table.inc"), "w") as f:
        f.write("/* Made by tests/oracles/make_gguf_fixtures.py with llama-cpp-python %s. */\n\n"
                % llama_cpp.__version__)
        f.write("static const struct gguf_row gguf_rows[] = {\n" + "\n".join(rows) + "\n};\n")


if __name__ == "__main__":
    main()
