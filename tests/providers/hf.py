#!/usr/bin/env python3
"""A causal model of Hugging Face's transformers as a provider for tok: hf.py FOLDER (tok-lm(5)).

One context at a time: rows of a batch depend on what else is in it.
"""
import json
import struct
import sys

import torch
from transformers import AutoModelForCausalLM

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


say(json.dumps({"tokp": 1, "name": config.model_type, "vocab_size": config.vocab_size,
                "start": listed(config.bos_token_id), "eos": listed(config.eos_token_id),
                "max_ctx": getattr(config, "max_position_embeddings", 0), "deterministic": True}).encode() + b"\n")
while header := sys.stdin.buffer.read(12):
    length, op, _, _, number = struct.unpack("<IBBHI", header)
    _, count, *ids = struct.unpack(f"<{length // 4}I", sys.stdin.buffer.read(length))
    status, answer = (0, row(ids)) if count else (1, b"this model needs an id to begin with")
    say(struct.pack("<IBBHI", len(answer), op, status, 0, number) + answer)
