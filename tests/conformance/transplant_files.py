#!/usr/bin/env python3
"""Transplanted models, read by the programs that people read models with.

    transplant_files.py --tok build/tok --cache build/test-data [--only hf]

hf      small models of several families, saved by transformers, in one file and in several, and
        loaded again by it with the new tokenizer: rows, configuration, tied matrices, biases
gguf    a small llama of Q8_0, F16 and F32, read by gguf's own package: pairs, tensors, rows
        and loaded by llama.cpp, which tokenises as the new tokenizer does

Each result passes `tok transplant check`, and does not when one byte of it is changed.  Exit 1 if
anything differs.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "providers"))
import llama_tokens  # noqa: E402
import programs  # noqa: E402

WIDTH, HEADS, INNER, CONTEXT = 64, 4, 128, 256
TEXTS = ["", "Hello, world", "  two spaces and\ttabs", "It's 12345 lines of C: x_y->z;", "naïve Straße 你好", "a\n\nb\n"]
troubles, compared = [], 0


def expect(name, condition, *words):
    global compared
    compared += 1
    if not condition:
        troubles.append(name)
        print(f"{name}:", *words)


def tok(options, *words, code=0, data=None):
    done = subprocess.run([options.tok, *map(str, words)], capture_output=True, input=data,
                          env=dict(os.environ, TOK_CACHE="off"))
    if done.returncode != code:
        sys.exit(f"tok {' '.join(map(str, words))}: {done.returncode}: {done.stdout.decode()}{done.stderr.decode()}")
    return done.stdout.decode()


def encode(options, tokenizer):
    """Of every text the ids, without what the template puts around."""
    said = tok(options, "encode", "-t", tokenizer, "--null", "-F", "jsonl", data="\0".join(TEXTS).encode() + b"\0")
    return [json.loads(line)["ids"] for line in said.splitlines()]


def transplant(options, name, source, target, out, *words):
    tok(options, "transplant", "run", source, target, "-o", out, "-m", "subword", *words)
    said = tok(options, "transplant", "check", out, "--against", source)
    expect(name, "all as it should be" in said, said)


def copies(out):
    """(new id, old id) of copied rows, by the table that people read."""
    for line in (out / "mapping.tsv").read_text().splitlines()[1:]:
        columns = line.split("\t")
        if columns[3] == "copied":
            yield int(columns[0]), int(columns[6].split(":")[0])


def damage(options, name, source, out, path, where):
    """A check that cannot fail proves nothing."""
    data = bytearray(path.read_bytes())
    data[where] ^= 1
    path.unlink()  # it may be linked
    path.write_bytes(data)
    said = tok(options, "transplant", "check", out, "--against", source, code=1)
    expect(name, "not the" in said, said)


# ---- transformers -----------------------------------------------------------------------------

def small_tokenizer(folder, texts):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<pad>", "<s>", "</s>", "<mask>"]
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=600, special_tokens=special, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="<pad>",
                            mask_token="<mask>").save_pretrained(folder)
    return tokenizer.get_vocab_size()


def spaced_tokenizer(folder, texts):
    """As Gemma has it: merges between characters, spaces as U+2581, bytes for what is unknown, added tokens."""
    from tokenizers import Tokenizer, models, normalizers, trainers
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Replace(" ", "\u2581")
    lines = [line for text in texts for line in text.split("\n")]
    tokenizer.train_from_iterator(lines[:2000], trainers.BpeTrainer(
        vocab_size=700, special_tokens=["<pad>", "<s>", "</s>", "<unk>"], show_progress=False))
    made = json.loads(tokenizer.to_str())
    vocab = made["model"]["vocab"]
    vocab.update({f"<0x{byte:02X}>": len(vocab) + byte for byte in range(256)})
    made["model"].update(byte_fallback=True, fuse_unk=True, unk_token="<unk>")
    made["pre_tokenizer"] = {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False}
    for content in ("\u2581\u2581", "x_y"):  # the one is made by merges, the other is not
        made["added_tokens"].append(dict(made["added_tokens"][0], content=content, special=False, id=vocab.setdefault(content, len(vocab))))
    folder.mkdir()
    (folder / "tokenizer.json").write_text(json.dumps(made))


def families(size):
    """Name, configuration, class, how large a shard is, tokens more than rows need."""
    import transformers as t
    ids = dict(bos_token_id=1, eos_token_id=2, pad_token_id=0)
    llama = dict(hidden_size=WIDTH, intermediate_size=INNER, num_hidden_layers=2, num_attention_heads=HEADS,
                 num_key_value_heads=HEADS, **ids)
    yield "llama", t.LlamaConfig(vocab_size=size, tie_word_embeddings=False, **llama), t.LlamaForCausalLM, "10GB"
    yield "llama-tied", t.LlamaConfig(vocab_size=size, tie_word_embeddings=True, **llama), t.LlamaForCausalLM, "10GB"
    yield "llama-shards", t.LlamaConfig(vocab_size=size + 8, tie_word_embeddings=False, **llama), t.LlamaForCausalLM, "200KB"
    yield "gpt2", t.GPT2Config(vocab_size=size, n_embd=WIDTH, n_layer=1, n_head=HEADS, n_positions=CONTEXT, **ids), \
        t.GPT2LMHeadModel, "10GB"
    yield "bert", t.BertConfig(vocab_size=size, hidden_size=WIDTH, num_hidden_layers=1, num_attention_heads=HEADS,
                               intermediate_size=INNER, **ids), t.BertForMaskedLM, "10GB"
    yield "t5", t.T5Config(vocab_size=size, d_model=WIDTH, d_kv=16, d_ff=INNER, num_layers=1, num_heads=HEADS,
                           decoder_start_token_id=0, **ids), t.T5ForConditionalGeneration, "10GB"


def check_family(options, name, config, kind, shard, target, folder):
    source, out = folder / name, folder / f"{name}-out"
    torch.manual_seed(3)
    old = kind(config)
    if name == "bert":  # or the bias would be zeros
        torch.nn.init.normal_(old.cls.predictions.bias)
    old = old.to(torch.bfloat16 if name.startswith("llama") else torch.float32)
    old.save_pretrained(source, max_shard_size=shard, safe_serialization=True)
    small_tokenizer(source, options.texts)
    shards = {p.name: p.stat().st_ino for p in source.glob("*.safetensors")}
    transplant(options, name, source, target, out)
    from transformers import AutoTokenizer, PreTrainedTokenizerFast
    new, report = kind.from_pretrained(out, output_loading_info=True, torch_dtype=old.dtype)
    expect(name, not any(report[k] for k in ("missing_keys", "unexpected_keys", "mismatched_keys")), report)
    tokenizer = AutoTokenizer.from_pretrained(out)
    wanted = PreTrainedTokenizerFast(tokenizer_file=str(target))
    for text in TEXTS:
        expect(name, tokenizer(text, add_special_tokens=False).input_ids == wanted(text, add_special_tokens=False).input_ids, text)
    rows = len(wanted)
    a, b = old.get_input_embeddings().weight, new.get_input_embeddings().weight
    c, d = old.get_output_embeddings().weight, new.get_output_embeddings().weight
    expect(name, b.shape[0] == d.shape[0] == new.config.vocab_size == rows, b.shape, d.shape, new.config.vocab_size)
    pairs = list(copies(out))
    news, olds = (torch.tensor(x) for x in zip(*pairs))
    expect(name, len(pairs) > 300 and torch.equal(a[olds], b[news]) and torch.equal(c[olds], d[news]), len(pairs))
    expect(name, (a.data_ptr() == c.data_ptr()) == (b.data_ptr() == d.data_ptr()), "one matrix or two")
    if name == "bert":
        x, y = old.cls.predictions.decoder.bias, new.cls.predictions.decoder.bias
        expect(name, torch.equal(x[olds], y[news]) and len(y) == rows and bool(torch.isfinite(y).all()), "bias")
    theirs = dict(old.named_parameters())
    same = [n for n, p in new.named_parameters() if torch.equal(p, theirs[n])] if set(theirs) == set(dict(new.named_parameters())) else []
    expect(name, len(same) >= len(theirs) - 3, len(same), len(theirs))
    with torch.inference_mode():
        ids = torch.tensor([wanted("a small model").input_ids])
        more = {"decoder_input_ids": ids} if name == "t5" else {}
        expect(name, bool(torch.isfinite(new(input_ids=ids, **more).logits).all()), "logits")
    if len(shards) > 1:
        kept = [n for n, inode in shards.items() if (out / n).exists() and (out / n).stat().st_ino == inode]
        expect(name, len(kept) == len(shards) - 2, kept, "of", len(shards), "shards are linked")
        index = json.loads((out / "model.safetensors.index.json").read_text())
        total = sum(t.numel() * t.element_size() for t in new.state_dict().values())
        expect(name, index["metadata"]["total_size"] == total, index["metadata"], total)
    path = out / "model.safetensors" if len(shards) == 1 else sorted(out.glob("model-*.safetensors"))[0]
    damage(options, name, source, out, path, -1)


def check_hf(options, folder):
    target = folder / "target"
    small_tokenizer(target, options.others)
    for name, config, kind, shard in families(options.size):
        check_family(options, name, config, kind, shard, target / "tokenizer.json", folder)


# ---- GGUF ------------------------------------------------------------------------------------------

def write_gguf(path, dtype, source):
    import gguf
    import numpy
    read = json.loads(source.read_text())
    names = sorted(read["model"]["vocab"], key=read["model"]["vocab"].get)
    special = {a["content"] for a in read["added_tokens"]}
    writer = gguf.GGUFWriter(str(path), "llama")
    for add, value in ((writer.add_context_length, CONTEXT), (writer.add_embedding_length, WIDTH), (writer.add_block_count, 1),
                       (writer.add_feed_forward_length, INNER), (writer.add_head_count, HEADS), (writer.add_head_count_kv, HEADS),
                       (writer.add_rope_dimension_count, WIDTH // HEADS), (writer.add_layer_norm_rms_eps, 1e-5),
                       (writer.add_vocab_size, len(names)), (writer.add_tokenizer_model, "gpt2"),
                       (writer.add_tokenizer_pre, "gpt-2"), (writer.add_token_list, names),
                       (writer.add_token_types, [3 if n in special else 1 for n in names]),
                       (writer.add_token_merges, [" ".join(m) for m in read["model"]["merges"]]),
                       (writer.add_bos_token_id, 1), (writer.add_eos_token_id, 2), (writer.add_add_bos_token, True)):
        add(value)
    draw = numpy.random.default_rng(5)

    def put(name, *shape):
        values = (draw.standard_normal(shape) * 0.3).astype(numpy.float32)
        if len(shape) == 1 or dtype == "F32":
            writer.add_tensor(name, values)
        elif dtype == "F16":
            writer.add_tensor(name, values.astype(numpy.float16))
        else:
            kind = gguf.GGMLQuantizationType[dtype]
            writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)

    put("token_embd.weight", len(names), WIDTH)
    put("output_norm.weight", WIDTH)
    put("output.weight", len(names), WIDTH)
    for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
        put(f"blk.0.{part}.weight", WIDTH, WIDTH)
    put("blk.0.ffn_gate.weight", INNER, WIDTH)
    put("blk.0.ffn_up.weight", INNER, WIDTH)
    put("blk.0.ffn_down.weight", WIDTH, INNER)
    put("blk.0.attn_norm.weight", WIDTH)
    put("blk.0.ffn_norm.weight", WIDTH)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def check_read(name, source, out):
    """By gguf's own reader: names, pairs, rows."""
    import gguf
    import numpy
    old, new = gguf.GGUFReader(source), gguf.GGUFReader(out / source.name)
    before, after = ({t.name: t for t in r.tensors} for r in (old, new))
    count = len(new.fields["tokenizer.ggml.tokens"].data)
    expect(name, list(before) == list(after), list(after))
    expect(name, new.fields["llama.vocab_size"].parts[-1][0] == count == after["token_embd.weight"].data.shape[0], count)
    news, olds = (numpy.array(ids) for ids in zip(*copies(out)))
    for t in old.tensors:
        got = after[t.name]
        if t.name in ("token_embd.weight", "output.weight"):
            expect(name, got.tensor_type == t.tensor_type, t.name)
            expect(name, numpy.array_equal(got.data[news], t.data[olds]), t.name)
        else:
            expect(name, got.data.tobytes() == t.data.tobytes(), t.name)
    kept = [k for k in old.fields if not k.startswith(("tokenizer.", "GGUF."))]
    expect(name, all(old.fields[k].parts[-1].tobytes() == new.fields[k].parts[-1].tobytes()
                     for k in kept if k != "llama.vocab_size"), "pairs")


def check_llama(options, name, target, model):
    got, wanted = llama_tokens.ask(options.cache, model, TEXTS), encode(options, target)
    expect(name, got == wanted, "llama.cpp", got, wanted)


def check_extended(options, folder, label):
    """A model, of bytes or of SentencePiece's pieces, whose own tokenizer has more tokens."""
    import gguf
    name, model, out = f"gguf {label}, extended", folder / f"{label}-gguf-out/{label}.gguf", folder / f"{label}-extended"
    words = folder / "words"
    words.write_text("12345 Stra\u00dfe\ntabs lines\n")
    tok(options, "transplant", "extend", model, "--add", words, "-o", out, "-m", "subword")
    check_read(name, model, out)
    old, new = (len(gguf.GGUFReader(p).fields["tokenizer.ggml.tokens"].data) for p in (model, out / model.name))
    made = out / ("tokenizer.model" if label == "spaced" else "tokenizer.json")
    ids = encode(options, made)
    expect(name, ids == encode(options, out / model.name) and any(i >= old for row in ids for i in row), ids, old, new)
    return name, made, out / model.name


def check_gguf(options, folder):
    own = folder / "own"
    small_tokenizer(own, options.texts)
    new = folder / "new"
    small_tokenizer(new, options.others)
    spaced_tokenizer(folder / "spaced", options.others)
    tokenizers = options.cache / "tokenizers"
    cases = [("spaced", "F16", folder / "spaced/tokenizer.json"), ("llama2-json", "Q8_0", tokenizers / "llama2/tokenizer.json"),
             ("own-order", "Q8_0", new / "tokenizer.json"), ("gpt2", "F32", tokenizers / "gpt2"),
             ("llama2", "Q8_0", tokenizers / "llama2_spm/tokenizer.model"), ("qwen3", "F16", tokenizers / "qwen3/tokenizer.json")]
    served = []
    for label, dtype, target in cases:
        name, model, out = f"gguf {label}", folder / f"{label}.gguf", folder / f"{label}-gguf-out"
        if not target.exists():
            sys.exit(f"{target} is not there")
        write_gguf(model, dtype, own / "tokenizer.json")
        transplant(options, name, model, target, out)
        if label in ("own-order", "spaced", "gpt2"):  # gguf takes seconds for each of the others
            check_read(name, model, out)
        wanted, got = encode(options, target), encode(options, out / model.name)
        expect(name, wanted == got, "ids", wanted, got)
        served.append((name, target, out / model.name))
        if label != "own-order":  # large
            continue
        # Its own tokenizer, out of a GGUF file: pairs as they are.
        again = folder / "again"
        tok(options, "transplant", "run", model, out / model.name, "-o", again, "-m", "subword")
        expect(name, (again / model.name).read_bytes() == (out / model.name).read_bytes(), "by its GGUF file")
        # Ends of the file are padding at most: this is a byte of the last tensor but one.
        damage(options, name, model, again, again / model.name, -1 - 4 * WIDTH)
    served += [check_extended(options, folder, label) for label in ("own-order", "spaced")]
    for case in [] if troubles else served:  # last: they may have to be skipped
        check_llama(options, *case)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tok", required=True)
    parser.add_argument("--cache", required=True, type=pathlib.Path)
    parser.add_argument("--only", choices=("hf", "gguf"))
    options = parser.parse_args()
    python = programs.python(options.cache)
    if pathlib.Path(sys.executable) != python:
        os.environ.update(OMP_NUM_THREADS="1", HF_HUB_OFFLINE="1")
        os.execv(python, [python, "-B", *sys.argv])

    global torch
    import torch
    options.texts = [p.read_text(errors="replace") for p in sorted(HERE.glob("*.py"))]
    options.others = [p.read_text(errors="replace") for p in sorted(HERE.parent.glob("unit/*.h"))]
    with tempfile.TemporaryDirectory() as where:
        folder = pathlib.Path(where)
        options.size = small_tokenizer(folder / "size", options.texts)
        if options.only != "gguf":
            check_hf(options, folder)
        if options.only != "hf":
            check_gguf(options, folder)
    print(f"{compared} compared, {len(troubles)} troubles")
    sys.exit(bool(troubles) or not compared)


main()
