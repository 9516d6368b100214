#!/usr/bin/env python3
"""Why one row for all new tokens is worse than random rows: what a real encoder makes of rows of either kind.

    transplant_alike.py TOK ENCODER --text SENTENCES --vocabulary TOKENIZER [--sentences 300] [--seeds 3]

As transplant_encoder.py has it, but that only the rows of new tokens differ, and are given to the encoder as vectors:
so a token can have another row in each sentence, or each time, and not be read at all.  Prints, for each kind of rows
and each seed, Spearman's correlation of the pairs' cosines with those of the encoder as it was, what a bootstrap over
pairs says of its difference from the first kind (95 %), and how far cosines rose on average, among the pairs whose
sentence with fewer new tokens has 0, 1, 2, or 3 and more of them.
"""
import argparse
import pathlib
import tempfile

import numpy as np
import torch
from transplant_encoder import Judge, pairs_of, spearman, transplant

TIMES = 1000


def rows_in(judge):
    return judge.model.embeddings.word_embeddings.weight.detach().numpy().copy()


def new_ids(folder, count):
    new = np.zeros(count, bool)
    for line in (folder / "mapping.tsv").read_text().splitlines()[1:]:
        number, _, kind = line.split("\t")[:3]
        new[int(number)] = kind == "new"
    return new


class Text:
    """Sentences as the new tokenizer spells them; `give` says what rows a sentence's new tokens have."""

    def __init__(self, judge, lines, new):
        self.judge, self.rows, self.new = judge, rows_in(judge), new
        self.ids = [np.array(judge.ids(line)) for line in lines]

    @torch.no_grad()
    def vectors(self, give, read=True, pooled=True):
        made = np.zeros((len(self.ids), self.rows.shape[1]), np.float32)
        order = np.argsort([len(ids) for ids in self.ids], kind="stable")
        for part in np.split(order, range(32, len(order), 32)):
            longest = max(len(self.ids[i]) for i in part)
            rows = np.zeros((len(part), longest, self.rows.shape[1]), np.float32)
            seen, counted = np.zeros((len(part), longest), np.int64), np.zeros((len(part), longest), np.float32)
            for at, i in enumerate(part):
                ids, new = self.ids[i], self.new[self.ids[i]]
                rows[at, :len(ids)] = self.rows[ids]
                rows[at, :len(ids)][new] = give(i, ids[new])
                seen[at, :len(ids)] = read | ~new
                counted[at, :len(ids)] = (read and pooled) | ~new
            counted = torch.tensor(counted)[..., None]
            last = self.judge.model(inputs_embeds=torch.tensor(rows), attention_mask=torch.tensor(seen)).last_hidden_state
            made[part] = torch.nn.functional.normalize((last * counted).sum(1), dim=1).numpy()
        return made


def kinds_of(own, text, name_to_id, seeds):
    """Name, seeds, what gives rows by the seed, and how they are read."""
    mean, spread, count = own.mean(0), own.std(0), len(text.new)

    def draw(seed, *shape):
        return mean + spread * np.random.default_rng(seed).standard_normal((*shape, len(mean)))

    def each(seed, far=1.0):
        rows = mean + far * (draw(seed, count) - mean)
        return lambda _, ids: rows[ids]

    def one(row):
        return lambda *_: row

    yield "mean", 1, lambda _: one(mean), {}
    yield "zero", 1, lambda _: one(0 * mean), {}
    yield "mean, as long as a random row", 1, lambda _: one(mean * np.linalg.norm(spread) / np.linalg.norm(mean)), {}
    for name in ("the", "[UNK]", "[MASK]"):
        yield f"the row of {name}", 1, lambda _, name=name: one(own[name_to_id(name)]), {}
    yield "one random row for all", seeds, lambda seed: one(draw(seed)), {}
    yield "a random row for each sentence", seeds, lambda seed: lambda i, _: draw((seed, int(i))), {}
    yield "a random row for each token (random)", seeds, each, {}
    yield "a random row each time", seeds, lambda seed: lambda i, ids: draw((seed, int(i)), len(ids)), {}
    for far in (.05, .1, .25, .5):
        yield f"mean, and {far} of random's deviation", seeds, lambda seed, far=far: each(seed, far), {}
    yield "mean, not pooled", 1, lambda _: one(mean), {"pooled": False}
    yield "random, not pooled", seeds, each, {"pooled": False}
    yield "not read at all", 1, lambda _: one(mean), {"read": False}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tok", type=pathlib.Path)
    parser.add_argument("encoder", type=pathlib.Path)
    parser.add_argument("--text", type=pathlib.Path, required=True)
    parser.add_argument("--vocabulary", type=pathlib.Path, required=True)
    parser.add_argument("--sentences", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    lines = options.text.read_text().splitlines()[:options.sentences]
    old = Judge(options.encoder)
    want, pairs = old.vectors(lines), pairs_of(len(lines), 1)
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch, "out")
        transplant(options, options.vocabulary, "mean", folder)
        judge = Judge(folder)
        text = Text(judge, lines, new_ids(folder, len(rows_in(judge))))

    def cosines(vectors):
        return (vectors[pairs[:, 0]] * vectors[pairs[:, 1]]).sum(1)
    like = cosines(want)
    fewer = np.array([text.new[ids].sum() for ids in text.ids])[pairs].min(1)
    parts = [fewer == 0, fewer == 1, fewer == 2, fewer > 2]
    held = [set(ids[text.new[ids]]) for ids in text.ids]
    shared = sum(bool(held[a] & held[b]) for a, b in pairs)
    print(f"{len(pairs)} pairs, {shared} of which share a new token; by the fewer new tokens: {[int(p.sum()) for p in parts]}\n")
    print("|rows of new tokens|Spearman|less that of the first|cosines rose, by the fewer new tokens|\n|---|---|---|---|")
    drawn = [np.random.default_rng(i).integers(0, len(pairs), len(pairs)) for i in range(TIMES)]
    first = None
    for name, seeds, give, how in kinds_of(rows_in(old), text, old.tokenizer.token_to_id, options.seeds):
        for seed in range(1, seeds + 1):
            got = cosines(text.vectors(give(seed), **how))
            again = np.array([spearman(like[i], got[i]) for i in drawn])
            first = again if first is None else first
            low, high = np.quantile(again - first, [.025, .975])
            rose = ", ".join(f"{(got - like)[part].mean():+.3f}" for part in parts if part.any())
            print(f"|{name}|{spearman(like, got):.4f}|{low:+.3f} to {high:+.3f}|{rose}|", flush=True)


if __name__ == "__main__":
    main()
