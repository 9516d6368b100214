#!/usr/bin/env python3
"""What rows that a hypernetwork makes are worth, beside other ways to make rows.

    evaluate.py ENCODER HYPERNET [--text SENTENCES --vocabulary TOKENIZER...]

Prints tables in Markdown, whatever they say.

Rows: tokens of the encoder that training did not see (pieces.py), spelled by the longest of the other tokens.  Their
true rows are known, so: the cosine with the true row, plain and around the mean row; and which place the true row has
among the rows of all real tokens, in the order of their cosines with what was made.  A mean of pieces always has the
pieces themselves before it, so the first place is also asked for with a token's pieces left out.

Sentences: each is cut by another tokenizer, whose tokens get rows in each of the ways; its vector by the encoder is
compared with that of the encoder's own tokens.  Tokens that the encoder has too keep their rows but for "all
predicted".  The vector must be nearer to that of its own sentence than to all others' to be found.
"""
import argparse
import pathlib
import random

import numpy
import torch
from torch.nn import functional

import encoder
import network
import pieces
from train_hypernet import Sentences


class Ways:
    """How rows of tokens are made of their pieces: each [tokens, E]."""

    def __init__(self, net, source, real, seed):
        self.net, self.source, self.seed = net, source, seed
        self.mean, self.deviation = source[real].mean(0), source[real].std(0, unbiased=False)

    def hypernetwork(self, surfaces):
        with torch.no_grad():
            return torch.cat([self.net(surfaces[i:i + 1024]) for i in range(0, len(surfaces), 1024)])

    def means(self, surfaces):
        """FVT; pieces without a row (single bytes that the encoder lacks) do not count."""
        known = [[i for i in surface if i < len(self.source)] for surface in surfaces]
        return torch.stack([self.source[ids].mean(0) if ids else self.mean for ids in known])

    def mean_row(self, surfaces):
        return self.mean.expand(len(surfaces), -1)

    def drawn(self, surfaces):
        random_numbers = torch.Generator().manual_seed(self.seed)
        return self.mean + self.deviation * torch.randn(len(surfaces), len(self.mean), generator=random_numbers)

    def all(self):
        return {"hypernetwork": self.hypernetwork, "mean of the pieces (FVT)": self.means,
                "the mean row": self.mean_row, "random": self.drawn}


def table(head, rows):
    print("|" + "|".join(head) + "|\n|" + "---|" * len(head))
    for row in rows:
        print("|" + "|".join(str(cell) for cell in row) + "|")
    print()


class Judge:
    def __init__(self, source, real, mean):
        self.source, self.mean = source, mean
        self.place = {i: place for place, i in enumerate(real)}
        self.candidates = functional.normalize(source[real], dim=1)

    def ranks(self, made, ids, without=None):
        """How many candidates are before the true row; `without`, for each token, are no candidates."""
        near = functional.normalize(made, dim=1) @ self.candidates.T
        for row, gone in zip(near, without or []):
            row[[self.place[i] for i in gone if i in self.place]] = -2
        own = near[torch.arange(len(ids)), [self.place[i] for i in ids]]
        return (near > own[:, None]).sum(1)

    def row(self, made, ids, surfaces):
        want = self.source[ids]
        plain = functional.cosine_similarity(made, want).mean()
        centred = functional.cosine_similarity(made - self.mean, want - self.mean)
        square = (((made - want) ** 2).sum() / ((want - self.mean) ** 2).sum())
        ranks, others = self.ranks(made, ids), self.ranks(made, ids, surfaces)
        flat = bool((made == self.mean).all())  # no direction around the mean, nobody's neighbour
        return [f"{plain:.3f}", "–" if flat else f"{centred.mean():.3f}", f"{square:.2f}",
                *(f"{100 * float((r < n).float().mean()):.1f} %" for r, n in ((ranks, 1), (others, 1), (ranks, 10))),
                int(ranks.median()) + 1]


def tell_rows(vocabulary, ways, source):
    held, real = vocabulary.held_out(), vocabulary.real()
    speller, judge = pieces.Speller(vocabulary.without(held)), Judge(source, real, ways.mean)
    head = ["cosine", "around the mean", "square error / variance", "first", "first but for its pieces", "of first ten",
            "median place"]
    kinds = {
        "whole words": [i for i in held if not vocabulary.tokens[i].startswith("##")],
        "parts of words (##)": [i for i in held if vocabulary.tokens[i].startswith("##")],
    }
    print(f"Held out: {len(held)} of {len(real)} real tokens; {len(real)} candidates.\n")
    for kind, ids in {"all held out": held, **kinds}.items():
        surfaces = [speller.longest(vocabulary.forms[i]) for i in ids]
        table([f"{kind}, {len(ids)}", *head],
              [[name, *judge.row(way(surfaces), ids, surfaces)] for name, way in ways.all().items()])
    seen = random.Random(ways.seed).sample(sorted(set(real) - set(held)), min(len(held), 3000))
    spelled = [i for i in seen if len(vocabulary.forms[i]) > 1]
    rows, by_others = [], [speller.longest(vocabulary.forms[i], i) for i in spelled]
    for name, ids, surfaces in (("seen in training, spelled by others", spelled, by_others),
                                ("seen in training, as a piece", seen, [[i] for i in seen]),
                                ("held out, as a piece", held, [[i] for i in held])):
        rows.append([f"{name}, {len(ids)}", *judge.row(ways.hypernetwork(surfaces), ids, [[]] * len(ids))])
    table(["hypernetwork", *head], rows)


def tell_sentences(options, vocabulary, ways):
    cutter = Sentences(options, vocabulary, pieces.Speller(vocabulary.forms), whole=True)
    lines = cutter.lines[:options.sentences]
    with torch.no_grad():
        own = cutter.own.encode_batch(lines, add_special_tokens=False)
        want = cutter.vectors_of_many(cutter.encoder.words, [cut.ids for cut in own])
        for path, tokenizer in zip(options.vocabulary, cutter.others):
            texts, surfaces = cutter.cut(lines, tokenizer)
            kept = torch.tensor([len(s) == 1 and s[0] < vocabulary.rows for s in surfaces])
            known = ways.source[[s[0] if k else 0 for s, k in zip(surfaces, kept)]]
            rows = []
            for name, way in ways.all().items():
                made = way(surfaces)
                for label, row in [(name, torch.where(kept[:, None], known, made))] + \
                        [(name + ", all predicted", made)] * (name == "hypernetwork"):
                    got = cutter.vectors_of_many(row, texts)
                    found = ((got @ want.T).argmax(1) == torch.arange(len(lines))).float().mean()
                    rows.append([label, f"{float((got * want).sum(1).mean()):.3f}", f"{100 * float(found):.1f} %"])
            counts = [sum(len(text) for text in side) / len(lines) for side in ([cut.ids for cut in own], texts)]
            print(f"{path.stem}: {len(lines)} sentences, {counts[0]:.1f} tokens each before, {counts[1]:.1f} now; of "
                  f"{len(surfaces)} distinct tokens {int((~kept).sum())} are new.\n")
            table(["rows", "cosine", "found"], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("encoder", type=pathlib.Path)
    parser.add_argument("hypernet", type=pathlib.Path)
    parser.add_argument("--text", type=pathlib.Path)
    parser.add_argument("--sentences", type=int, default=1000)
    parser.add_argument("--vocabulary", type=pathlib.Path, nargs="+", default=[])
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    vocabulary = pieces.Vocabulary.of_folder(options.encoder)
    words = encoder.Encoder(options.encoder).words
    net = network.load(options.hypernet, words.numpy())
    print(f"{sum(p.numel() for p in net.parameters())} numbers; seed {options.seed}.")
    ways = Ways(net, words, vocabulary.real(), options.seed)
    tell_rows(vocabulary, ways, words)
    if options.text:
        tell_sentences(options, vocabulary, ways)


if __name__ == "__main__":
    main()
