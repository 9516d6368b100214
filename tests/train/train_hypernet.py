#!/usr/bin/env python3
"""Trains a small hypernetwork for the encoder of fetch_encoder.py.

    train_hypernet.py ENCODER OUT [--seconds 1500]
    train_hypernet.py ENCODER OUT --start NETWORK --rate 5e-4 --text SENTENCES --vocabulary TOKENIZER...

OUT gets config.json, model.safetensors and tokenizer.json, as `tok embed predict --hypernet OUT` takes them.

What it learns: the row of a token from the rows of other tokens that spell it.  A step takes tokens of the encoder
that are not held out (pieces.py), each spelled by the longest other pieces, or by pieces that are drawn, or by itself,
and compares what the network says with the token's row: the square of the difference, in parts of the rows'
variance, and the cosine, both around the mean row.

With SENTENCES (texts.py) and vocabularies of `tok train` it also learns for tokens that have no row: sentences are cut
by one of the vocabularies, all rows are predicted, and the encoder, which stays as it is, should make the vector of
them that it makes of its own tokens.  Sentences with a held-out token are left out.

The same number of steps gives the same network; how many there are is a matter of time, unless --steps says it.
"""
import argparse
import json
import math
import pathlib
import random
import time

import numpy
import torch
from torch.nn import functional

import encoder
import network
import pieces

CLS, SEP = "[CLS]", "[SEP]"


class Rows:
    """Tokens with a row, spelled in ways."""

    def __init__(self, vocabulary, source):
        self.vocabulary = vocabulary
        held = vocabulary.held_out()
        self.speller = pieces.Speller(vocabulary.without(held))
        self.ids = sorted(set(vocabulary.real()) - set(held))
        self.source = torch.tensor(source)
        self.mean = self.source[self.ids].mean(0)
        self.variance = ((self.source[self.ids] - self.mean) ** 2).sum(1).mean()
        self.left = []

    def draw(self, count):
        """The next of all tokens in an order that is drawn anew when all have come."""
        if len(self.left) < count:
            self.left = random.sample(self.ids, len(self.ids))
        ids, self.left = self.left[:count], self.left[count:]
        return ids

    def spelled(self, i):
        form, chance = self.vocabulary.forms[i], random.random()
        if len(form) == 1 or chance < 0.1:
            return [i]
        return self.speller.sampled(form, random, i) if chance < 0.5 else self.speller.longest(form, i)

    def loss(self, rows, ids):
        want = self.source[ids]
        square = ((rows - want) ** 2).sum(1).mean() / self.variance
        return square + 1 - functional.cosine_similarity(rows - self.mean, want - self.mean).mean()


class Sentences:
    """Sentences, cut by other vocabularies; without those of held-out tokens, unless `whole`."""

    def __init__(self, options, vocabulary, speller, whole=False):
        import tokenizers  # only who has sentences needs it
        self.encoder, self.speller = encoder.Encoder(options.encoder), speller
        self.own = tokenizers.Tokenizer.from_file(str(options.encoder / "tokenizer.json"))
        self.own.no_padding()
        self.others = [tokenizers.Tokenizer.from_file(str(path)) for path in options.vocabulary]
        held = set() if whole else set(vocabulary.held_out())
        lines = options.text.read_text(encoding="utf-8").splitlines()
        self.lines = [line for line, cut in zip(lines, self.own.encode_batch(lines, add_special_tokens=False))
                      if (whole or len(cut.ids) < 30) and not held & set(cut.ids)]
        self.ends = [vocabulary.tokens.index(name) for name in (CLS, SEP)]

    def vectors(self, table, texts):
        """Of texts that are lists of places in table."""
        longest = max(map(len, texts)) + 2
        begin, end = self.encoder.words[self.ends]
        rows = torch.stack([torch.cat((begin[None], table[text], end[None],
                                       torch.zeros(longest - len(text) - 2, len(end)))) for text in texts])
        return self.encoder(rows, [len(text) + 2 for text in texts])

    def vectors_of_many(self, table, texts):
        return torch.cat([self.vectors(table, texts[i:i + 32]) for i in range(0, len(texts), 32)])

    def cut(self, lines, tokenizer):
        """(texts as places among their distinct tokens, the pieces of each of those)"""
        texts = [cut.tokens for cut in tokenizer.encode_batch(lines)]
        distinct = {token: i for i, token in enumerate(sorted({t for text in texts for t in text}))}
        return [[distinct[t] for t in text] for text in texts], [self.speller.longest(t) for t in distinct]

    def draw(self, count):
        """(vectors that should come out, texts, pieces)"""
        lines = random.sample(self.lines, count)
        own = self.own.encode_batch(lines, add_special_tokens=False)
        with torch.no_grad():
            want = self.vectors(self.encoder.words, [cut.ids for cut in own])
        return want, *self.cut(lines, random.choice(self.others))


def optimizer_of(net):
    matrices = [p for p in net.parameters() if p.ndim > 1]
    others = [p for p in net.parameters() if p.ndim == 1]
    return torch.optim.AdamW([{"params": matrices, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}],
                             betas=(0.9, 0.98))


def train(net, rows, sentences, options):
    """The losses of the rows, a step each; and of the sentences."""
    optimizer, begin, losses, cosines = optimizer_of(net), time.monotonic(), [], []
    while True:
        step = len(losses)
        done = step / options.steps if options.steps else (time.monotonic() - begin) / options.seconds
        if done >= 1:
            return losses, cosines
        for group in optimizer.param_groups:
            group["lr"] = options.rate * min(1, (step + 1) / 100) * (0.02 + 0.49 * (1 + math.cos(math.pi * done)))
        ids = rows.draw(options.batch)
        surfaces = [rows.spelled(i) for i in ids]
        if sentences:
            want, texts, more = sentences.draw(options.batch // 16)
            made = net(surfaces + more)
            cosine = (sentences.vectors(made[len(ids):], texts) * want).sum(1).mean()
            cosines.append(float(cosine))
            loss = rows.loss(made[:len(ids)], ids)
            (loss + options.weight * (1 - cosine)).backward()
        else:
            loss = rows.loss(net(surfaces), ids)
            loss.backward()
        losses.append(float(loss))
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if step % 100 == 0:
            print(f"step {step}, {100 * done:.0f} %: {numpy.mean(losses[-100:]):.4f}",
                  f"sentences {numpy.mean(cosines[-100:]):.4f}" if cosines else "", flush=True)


def tokenizer_json(vocabulary):
    """What convert_to_byte_level makes of the encoder's tokenizer; the network asks its model only."""
    split = r"'s|'t|'re|'ve|'m|'ll|'d| ?[\p{L}\p{M}]+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [{"id": i, "content": vocabulary.forms[i], "single_word": False, "lstrip": False,
                          "rstrip": False, "normalized": False, "special": True} for i in vocabulary.special],
        "normalizer": {"type": "Prepend", "prepend": " "},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": split}, "behavior": "Removed", "invert": True},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}]},
        "post_processor": None,
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "",
                  "max_input_chars_per_word": pieces.LONGEST,
                  "vocab": {form: i for i, form in enumerate(vocabulary.forms)}},
    }


def parse(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("encoder", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--start", type=pathlib.Path, help="a network to go on from; sizes are its own")
    parser.add_argument("--seconds", type=float, default=1500)
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--hidden", type=int, default=384)
    parser.add_argument("--intermediate", type=int, default=384)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--heads", type=int, default=6)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--weight", type=float, default=1.0, help="of the sentences")
    parser.add_argument("--text", type=pathlib.Path)
    parser.add_argument("--vocabulary", type=pathlib.Path, nargs="+", default=[])
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(arguments)


def run(options):
    torch.manual_seed(options.seed)
    random.seed(options.seed)
    vocabulary = pieces.Vocabulary.of_folder(options.encoder)
    source = network.read_tensors(options.encoder / "model.safetensors")["embeddings.word_embeddings.weight"]
    settings = network.config(source, len(vocabulary.forms) - vocabulary.rows, vocabulary.tokens.index(pieces.PAD),
                              options.hidden, options.intermediate, options.layers, options.heads, surface=7)
    net = network.load(options.start, source) if options.start else network.Network(settings, source)
    net.drop.p = options.dropout
    rows = Rows(vocabulary, source)
    sentences = Sentences(options, vocabulary, rows.speller) if options.text else None
    losses, cosines = train(net.train(), rows, sentences, options)
    network.save(net, options.out)
    (options.out / "tokenizer.json").write_text(
        json.dumps(tokenizer_json(vocabulary), ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{len(losses)} steps of {options.batch} tokens, {len(cosines)} with sentences, seed {options.seed}: "
          f"loss {numpy.mean(losses[:10]):.4f} at first, {numpy.mean(losses[-100:]):.4f} at last")
    return losses


if __name__ == "__main__":
    run(parse())
