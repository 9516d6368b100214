#!/usr/bin/env python3
"""Ask torch for losses and gradients of the small language model of hypernet/lab, and for Adam.

    python3 -B tests/oracles/lab_table.py > tests/unit/lab_table.inc

Needs torch 2 (any build).  Everything is in float64; numbers and ids are those of formulas that the test
has, too.  The transformer runs causal attention over the whole context and is asked behind its last token.
"""
import math

import torch
from torch.nn import functional as F

VOCABULARY, WIDTH, HIDDEN, CONTEXT, HEADS, IDS = 5, 8, 6, 3, 4, 30


def number(i):
    """As a float has it."""
    value = ((i * 2654435761 + 12345) % 2**32) / 2**31 - 1
    return torch.tensor(value * 0.6, dtype=torch.float32).double()


def token(i):
    return (i * i * 7 + i * 3 + 1) % 11 % VOCABULARY


class Numbers:
    """A flat row of parameters, given out in order."""

    def __init__(self):
        self.parts, self.count = [], 0

    def take(self, *shape):
        size = math.prod(shape)
        part = torch.stack([number(self.count + i) for i in range(size)]).reshape(shape).requires_grad_()
        self.parts.append(part)
        self.count += size
        return part

    def linear(self, out, into):
        return self.take(out, into), self.take(out)


def feed_forward(numbers):
    hidden, top = numbers.linear(HIDDEN, CONTEXT * WIDTH), numbers.linear(WIDTH, HIDDEN)
    return lambda rows: F.linear(torch.tanh(F.linear(rows.flatten(1), *hidden)), *top)


def transformer(numbers):
    places = numbers.take(CONTEXT, WIDTH)
    norms = [(numbers.take(WIDTH), numbers.take(WIDTH)) for _ in range(3)]
    query, past = numbers.linear(WIDTH, WIDTH), numbers.linear(2 * WIDTH, WIDTH)
    middle, wide, end = numbers.linear(WIDTH, WIDTH), numbers.linear(4 * WIDTH, WIDTH), numbers.linear(WIDTH, 4 * WIDTH)

    def norm(x, n):
        return F.layer_norm(x, (WIDTH,), *norms[n], eps=1e-5)

    def heads(x):
        return x.unflatten(-1, (HEADS, WIDTH // HEADS)).transpose(1, 2)

    def run(rows):
        e = rows + places
        u = norm(e, 0)
        k, v = F.linear(u, *past).chunk(2, -1)
        mixed = F.scaled_dot_product_attention(heads(F.linear(u, *query)), heads(k), heads(v), is_causal=True)
        m = e + F.linear(mixed.transpose(1, 2).flatten(2), *middle)
        t = m + F.linear(F.gelu(F.linear(norm(m, 1), *wide), approximate="tanh"), *end)
        return norm(t, 2)[:, -1]

    return run


def case(name, kind, tied):
    numbers = Numbers()
    rows = numbers.take(VOCABULARY, WIDTH)
    output = rows if tied else numbers.take(VOCABULARY, WIDTH)
    body = kind(numbers)
    ids = [token(i) for i in range(IDS)]
    zero = torch.zeros(WIDTH, dtype=torch.float64)
    contexts = torch.stack([torch.stack([rows[ids[p - b]] if p >= b else zero for b in range(CONTEXT, 0, -1)])
                            for p in range(IDS)])
    logits = F.linear(body(contexts), output)
    loss = F.cross_entropy(logits, torch.tensor(ids))
    loss.backward()
    gradient = torch.cat([part.grad.flatten() for part in numbers.parts])
    floats(f"{name}_gradient", gradient.tolist())
    return f'\t{{ "{name}", {KINDS[kind]}, {str(tied).lower()}, {loss.item() * IDS / math.log(2):.12g}, {name}_gradient, {len(gradient)} }},'


def floats(name, values):
    print(f"static const double {name}[] = {{")
    for at in range(0, len(values), 8):
        print("\t" + ", ".join(f"{v:.7g}" for v in values[at:at + 8]) + ",")
    print("};")


def adam():
    """Seven numbers, six steps; the rate and the gradient differ from step to step."""
    x = torch.stack([number(i) for i in range(7)]).requires_grad_()
    optimizer = torch.optim.Adam([x])
    for step in range(6):
        optimizer.param_groups[0]["lr"] = 0.01 * (step + 1)
        x.grad = torch.stack([number(100 * step + i) if i != 3 else torch.tensor(0.0).double() for i in range(7)])
        optimizer.step()
    floats("adam_numbers", x.tolist())


KINDS = {feed_forward: "HYPER_LAB_FEED_FORWARD", transformer: "HYPER_LAB_TRANSFORMER"}


def main():
    print("// Made by tests/oracles/lab_table.py.\n")
    print(f"enum {{ VOCABULARY = {VOCABULARY}, WIDTH = {WIDTH}, HIDDEN = {HIDDEN}, CONTEXT = {CONTEXT}, IDS = {IDS} }};\n")
    cases = [case(f"{kind.__name__}_{'tied' if tied else 'untied'}", kind, tied) for kind in KINDS for tied in (False, True)]
    print("\nstatic const struct lab_case {\n\tconst char *name;\n\tenum hyper_lab_kind kind;\n\tbool tied;\n"
          "\tdouble bits; /* of all ids */\n\tconst double *gradient; /* of the mean loss in nats */\n\tsize_t count;\n} cases[] = {")
    print("\n".join(cases) + "\n};\n")
    adam()


if __name__ == "__main__":
    main()
