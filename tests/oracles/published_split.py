"""What the published program of StochasTok does, in our words, as a reference.

    table = pair_table(ranks)                  # {bytes: id} -> {id: [(left, right), ...]}
    ids = split(ids, table, proportion=0.1)    # after numpy.random.seed, random.seed

A. Sims et al., "StochasTok" (arXiv 2506.01687).  The place comes from numpy's generator, the
pair from Python's; each split makes the list anew, as there.  Of its defects the two that would
hide the method are left out: its proportion is asked for, and its table has whole numbers as keys.
"""
import base64
import random

import numpy


def read_ranks(path):
    """A .tiktoken file."""
    with open(path, "rb") as lines:
        return {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in lines if line.strip())}


def pair_table(ranks):
    table = {}
    for text, number in ranks.items():
        pairs = [(ranks[text[:cut]], ranks[text[cut:]]) for cut in range(1, len(text))
                 if text[:cut] in ranks and text[cut:] in ranks]
        if pairs:
            table[number] = pairs
    return table


def seed(number):
    numpy.random.seed(number)
    random.seed(number)


def split(ids, table, proportion, max_splits=None, stochastic=False):
    attempts = len(ids) * proportion
    if stochastic:  # not published: ours
        fraction = attempts - int(attempts)
        attempts = int(attempts) + (fraction > 0 and numpy.random.random() < fraction)
    done = 0
    for _ in range(int(attempts)):
        if max_splits is not None and done >= max_splits:
            break
        place = numpy.random.randint(len(ids))
        if ids[place] in table:
            pair = random.choice(table[ids[place]])
            ids = ids[:place] + list(pair) + ids[place + 1:]
            done += 1
    return ids
