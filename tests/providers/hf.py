#!/usr/bin/env python3
"""A causal model of Hugging Face's transformers as a provider for tok: hf.py FOLDER (tok-lm(5)).

One context at a time: rows of a batch depend on what else is in it.  A tokenizer of bytes that
lies beside the model is told, so that tok finds out if it was given another one.
"""
import json
import struct
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.models.gpt2.tokenization_gpt2 import bytes_to_unicode

model = AutoModelForCausalLM.from_pretrained(sys.argv[1]).eval()
config, out = model.config, sys.stdout.buffer


def listed(ids):
    return [] if ids is None else ids if isinstance(ids, list) else [ids]


def say(data):
    out.write(data)
    out.flush()


def row(context):
    with torch.inference_mode():
        logits = model(torch.tensor([context])).logits[0, -1].float()
    return struct.pack("<B", 0) + logits.numpy().astype("<f4").tobytes()


def texts():
    """What each id adds to a text; nothing where that is not known."""
    try:
        tokenizer, byte = AutoTokenizer.from_pretrained(sys.argv[1]), {c: b for b, c in bytes_to_unicode().items()}
        special = set(tokenizer.all_special_ids)
        names = ["" if i in special else tokenizer.convert_ids_to_tokens(i) or "" for i in range(config.vocab_size)]
        return [bytes(byte[c] for c in name) for name in names]
    except (KeyError, OSError, ValueError):
        return []


told = texts()
say(json.dumps({"tokp": 1, "name": config.model_type, "vocab_size": config.vocab_size, "tokens": bool(told),
                "start": listed(config.bos_token_id), "eos": listed(config.eos_token_id),
                "max_ctx": getattr(config, "max_position_embeddings", 0), "deterministic": True}).encode() + b"\n")
while header := sys.stdin.buffer.read(12):
    length, op, _, _, number = struct.unpack("<IBBHI", header)
    ids = struct.unpack(f"<{length // 4}I", sys.stdin.buffer.read(length))[2:]
    if op == 2:
        status, answer = 0, b"".join(struct.pack("<I", len(text)) + text for text in told)
    else:
        status, answer = (0, row(ids)) if ids else (1, b"this model needs an id to begin with")
    say(struct.pack("<IBBHI", len(answer), op, status, 0, number) + answer)
