#!/usr/bin/env python3
"""A small GPT-2 of real text, for tables that are to mean something.

    train.py TEXT FOLDER [--vocabulary 1024] [--seconds 300]

FOLDER gets model and tokenizer, for tests/providers/hf.py.  The last tenth of the text is kept
apart; what the model thinks of it is printed, in bits a byte.  The same text and number of steps give
the same model; how many steps there are is a matter of time, unless --steps says it.
"""
import argparse
import math
import pathlib
import time

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

CONTEXT, BATCH, END = 128, 16, "<|endoftext|>"


def train_tokenizer(text, size):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=[END], show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(text.splitlines(keepends=True), trainer)
    return tokenizer


def make_model(tokenizer):
    end = tokenizer.token_to_id(END)
    config = GPT2Config(vocab_size=tokenizer.get_vocab_size(), n_positions=2 * CONTEXT, n_embd=128, n_layer=3, n_head=4,
                        bos_token_id=end, eos_token_id=end, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0)
    return GPT2LMHeadModel(config)


def bits_a_byte(model, tokenizer, text):
    """Of pieces of a context each, which begin behind the end of a text."""
    ids, nats, end = tokenizer.encode(text).ids, 0.0, model.config.eos_token_id
    model.eval()
    with torch.inference_mode():
        for at in range(0, len(ids), CONTEXT):
            piece = torch.tensor([[end, *ids[at:at + CONTEXT]]])
            nats += float(model(piece, labels=piece).loss) * (piece.shape[1] - 1)
    model.train()
    return nats / math.log(2) / len(text.encode())


def train(model, ids, seconds, steps):
    end = torch.tensor([model.config.eos_token_id])
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1)
    begin, step = time.monotonic(), 0
    while step < steps if steps else time.monotonic() < begin + seconds:
        rows = []
        for at in torch.randint(len(ids) - CONTEXT, (BATCH,)):
            # Half of them as if a text began there.
            rows.append(torch.cat((end, ids[at:at + CONTEXT - 1])) if at % 2 else ids[at:at + CONTEXT])
        done = step / steps if steps else (time.monotonic() - begin) / seconds
        for group in optimizer.param_groups:
            group["lr"] = 1e-3 * min(1.0, (step + 1) / 50) * (0.1 + 0.9 * max(0.0, 1.0 - done))
        batch = torch.stack(rows)
        model(batch, labels=batch).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        step += 1
    return step


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("text", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--vocabulary", type=int, default=1024)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--steps", type=int, default=0)
    options = parser.parse_args()
    text = options.text.read_text(encoding="utf-8", errors="replace")
    cut = len(text) * 9 // 10
    torch.manual_seed(1)
    tokenizer = train_tokenizer(text[:cut], options.vocabulary)
    model = make_model(tokenizer)
    held = text[cut:][:50000]
    before = bits_a_byte(model, tokenizer, held)
    steps = train(model, torch.tensor(tokenizer.encode(text[:cut]).ids), options.seconds, options.steps)
    print(f"{steps} steps, {before:.3f} bits a byte before, {bits_a_byte(model, tokenizer, held):.3f} behind them")
    model.save_pretrained(options.folder)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=END, eos_token=END).save_pretrained(options.folder)


main()
