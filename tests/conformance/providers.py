#!/usr/bin/env python3
"""Models that other programs compute, through tok, beside those programs themselves.

    providers.py --program build/tests/test_provider [--llama-server PATH] [--only NAME]

hf      a small causal model with random weights, saved by transformers, served by
        tests/providers/hf.py; rows are the log-softmax of its logits.
llama   the same weights as a GGUF file in a llama-server on the loopback.

Each also recorded and replayed, which must print the same to the last digit.
"""
import argparse
import pathlib
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import numpy
import torch
from transformers import LlamaConfig, LlamaForCausalLM

HERE = pathlib.Path(__file__).resolve().parent
SIZE, WIDTH, HEADS, LAYERS, INNER, CONTEXT = 320, 64, 4, 2, 128, 64
BOS, EOS = 1, 2
troubles = []


def expect(name, condition, *words):
    if not condition:
        troubles.append(name)
        print(f"{name}: ", *words)


def make_model(folder):
    torch.manual_seed(1)
    config = LlamaConfig(vocab_size=SIZE, hidden_size=WIDTH, intermediate_size=INNER, num_hidden_layers=LAYERS,
                         num_attention_heads=HEADS, num_key_value_heads=HEADS, max_position_embeddings=CONTEXT,
                         bos_token_id=BOS, eos_token_id=EOS, initializer_range=0.3, tie_word_embeddings=False,
                         rms_norm_eps=1e-5)
    model = LlamaForCausalLM(config).eval()
    model.save_pretrained(folder)
    return model


def make_contexts():
    draw = random.Random(7)
    return [[BOS] + [draw.randrange(3, SIZE) for _ in range(draw.randrange(40))] for _ in range(40)]


def expected_rows(model, contexts):
    rows = []
    for context in contexts:
        with torch.inference_mode():
            logits = model(torch.tensor([context])).logits[0, -1].double()
        rows.append(torch.log_softmax(logits, -1).numpy())
    return rows


def ask(program, name, contexts, record=None):
    lines = "".join(" ".join(map(str, c)) + "\n" for c in contexts)
    done = subprocess.run([program, "--rows", name] + ([record] if record else []), input=lines, text=True,
                          capture_output=True, timeout=300)
    if done.returncode:
        raise SystemExit(f"{name}: {done.stderr}")
    return done.stdout


def check(program, label, name, contexts, want, info, within, folder):
    record = str(folder / f"{label}.tokp")
    said = ask(program, name, contexts, record)
    head, *lines = said.splitlines()
    expect(label, info in head, head)
    expect(label, len(lines) == len(contexts), len(lines), "rows")
    worst = max(float(numpy.max(numpy.abs(numpy.exp(numpy.array(line.split(), dtype=float)) - numpy.exp(row))))
                for line, row in zip(lines, want))
    print(f"{label}: {len(lines)} rows of {SIZE}, largest difference {worst:.2e}")
    expect(label, worst <= within, "differs by", worst)
    expect(label, ask(program, f"replay:{record}", contexts) == said, "the replay differs")
    # A check that cannot fail proves nothing: the rows of other contexts are other rows.
    other = numpy.exp(numpy.array(lines[1].split(), dtype=float)) - numpy.exp(want[0])
    expect(label, numpy.max(numpy.abs(other)) > 10 * within, "all rows are alike")


# ---- the same model for llama.cpp ----

def rotated(weight):
    """llama.cpp rotates neighbours where transformers rotates halves."""
    rows, columns = weight.shape
    half = rows // HEADS // 2
    return weight.reshape(HEADS, 2, half, columns).swapaxes(1, 2).reshape(rows, columns)


def write_gguf(model, path):
    import gguf
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(SIZE)
    writer.add_tokenizer_model("llama")
    kinds = gguf.TokenType
    tokens = [b"<unk>", b"<s>", b"</s>"] + [b"<0x%02X>" % b for b in range(256)]
    types = [kinds.UNKNOWN, kinds.CONTROL, kinds.CONTROL] + [kinds.BYTE] * 256
    while len(tokens) < SIZE:
        tokens.append(b"t%d" % len(tokens))
        types.append(kinds.NORMAL)
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * SIZE)
    writer.add_token_types(types)
    writer.add_bos_token_id(BOS)
    writer.add_eos_token_id(EOS)
    writer.add_add_bos_token(True)
    weights = {name: value.detach().numpy() for name, value in model.state_dict().items()}
    put = writer.add_tensor
    put("token_embd.weight", weights["model.embed_tokens.weight"])
    put("output_norm.weight", weights["model.norm.weight"])
    put("output.weight", weights["lm_head.weight"])
    for layer in range(LAYERS):
        theirs, ours = f"model.layers.{layer}.", f"blk.{layer}."
        for a, b in (("self_attn.q_proj", "attn_q"), ("self_attn.k_proj", "attn_k")):
            put(ours + b + ".weight", numpy.ascontiguousarray(rotated(weights[theirs + a + ".weight"])))
        for a, b in (("self_attn.v_proj", "attn_v"), ("self_attn.o_proj", "attn_output"),
                     ("mlp.gate_proj", "ffn_gate"), ("mlp.up_proj", "ffn_up"), ("mlp.down_proj", "ffn_down"),
                     ("input_layernorm", "attn_norm"), ("post_attention_layernorm", "ffn_norm")):
            put(ours + b + ".weight", weights[theirs + a + ".weight"])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(url, server):
    for _ in range(300):
        if server.poll() is not None:
            raise SystemExit(f"llama-server ended with {server.returncode}")
        try:
            with urllib.request.urlopen(url + "/health", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("llama-server does not answer")


def check_llama(options, model, contexts, want, folder):
    write_gguf(model, folder / "model.gguf")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    log = open(folder / "server.log", "wb")
    server = subprocess.Popen([options.llama_server, "-m", str(folder / "model.gguf"), "--host", "127.0.0.1", "--port",
                               str(port), "-c", str(CONTEXT), "-np", "1", "-ctk", "f32", "-ctv", "f32", "-fa", "off",
                               "-t", "1"], stdout=log, stderr=log)
    try:
        wait_for(url, server)
        check(options.program, "llama", f"llama:{url}", contexts, want,
              f"{SIZE} {CONTEXT - 1} start {BOS} eos {EOS}", 1e-4, folder)
    except SystemExit:
        print((folder / "server.log").read_text(errors="replace")[-3000:])
        raise
    finally:
        server.terminate()
        server.wait(10)
        log.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--llama-server")
    parser.add_argument("--only", choices=("hf", "llama"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as where:
        folder = pathlib.Path(where)
        model = make_model(folder / "model")
        contexts = make_contexts()
        want = expected_rows(model, contexts)
        if options.only != "llama":
            adapter = HERE.parent / "providers" / "hf.py"
            check(options.program, "hf", f"exec:'{sys.executable}' '{adapter}' '{folder / 'model'}'", contexts, want,
                  f"llama {SIZE} {CONTEXT} start {BOS} eos {EOS}", 1e-6, folder)
        if options.only != "hf" and options.llama_server:
            check_llama(options, model, contexts, want, folder)
        elif options.only != "hf":
            print("llama: SKIPPED: no llama-server")
    print(f"{len(troubles)} troubles")
    sys.exit(bool(troubles))


main()
