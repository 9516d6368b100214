#!/usr/bin/env python3
"""check_bytes_ensemble_laws.py TOK: ensembles, healing and comparisons of random models over
different vocabularies, against their definitions in fractions.

A model is a table: rows behind nothing and behind each token.  What it says of bytes is the sum
over all rows of tokens, here by recursion from the front, there by the byte machine.
"""
import decimal
import functools
import json
import math
import os
import random
import subprocess
import sys
import tempfile
from fractions import Fraction

LETTERS = "AB"
END = 256


def run(tok, *arguments):
    done = subprocess.run([tok, "bytes", *arguments], capture_output=True, stdin=subprocess.DEVNULL,
                          timeout=60, check=False)
    if done.returncode != 0:
        sys.exit(f"{arguments}: {done.stderr.decode()}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def near(is_, wanted, what):
    if is_ is None or abs(is_ - float(wanted)) > 1e-11 * max(1, abs(float(wanted))):
        sys.exit(f"{what}: {is_}, not {float(wanted)}")


class Model:
    """Tokens of two letters, made by merges; an end; and sometimes an id that is no text."""

    def __init__(self, seed, folder, fim=False, tiny=False):
        pick = random.Random(seed)
        self.tokens, merges = list(LETTERS), []
        for _ in range(pick.randrange(1, 5)):
            pair = pick.choice(self.tokens), pick.choice(self.tokens)
            if "".join(pair) not in self.tokens and len("".join(pair)) < 5:
                self.tokens.append("".join(pair))
                merges.append(list(pair))
        self.special = ["<fim_prefix>", "<fim_suffix>", "<fim_middle>"] if fim else []
        texts = len(self.tokens)
        self.eos = texts + len(self.special)
        self.size = self.eos + 1 + pick.randrange(2)
        self.rows = {last: [pick.randrange(1, 10000) * (10 ** pick.choice([0, 0, 0, 400]) if tiny else 1)
                            for _ in range(self.size)]
                     for last in [None, *range(self.size)]}
        self.start = [self.eos] if pick.randrange(2) else []
        path = os.path.join(folder, f"{seed}")
        with open(path + ".json", "w", encoding="utf-8") as file:
            json.dump({
                "version": "1.0", "truncation": None, "padding": None, "normalizer": None,
                "added_tokens": [{"id": texts + i, "content": name, "single_word": False,
                                  "lstrip": False, "rstrip": False, "normalized": False,
                                  "special": True} for i, name in enumerate(self.special)],
                "pre_tokenizer": None, "post_processor": None, "decoder": {"type": "Fuse"},
                "model": {"type": "BPE", "dropout": None, "unk_token": None,
                          "continuing_subword_prefix": None, "end_of_word_suffix": None,
                          "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                          "vocab": {token: i for i, token in enumerate(self.tokens)},
                          "merges": merges}}, file)
        with open(path + ".rows", "w", encoding="utf-8") as file:
            json.dump({"eos": [self.eos], "start": self.start,
                       "rows": {"" if k is None else str(k): v for k, v in self.rows.items()}},
                      file)
        data = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
        self.arguments = ["--lm", f"exec:{sys.executable} -IS {data}/table_model.py {path}.rows",
                          "-t", path + ".json"]
        self.path = path + ".json"
        self.first = self.start[-1] if self.start else None

    @functools.cache
    def p(self, last, token):
        return Fraction(self.rows[last][token], sum(self.rows[last]))

    def covers(self, text, at_end, last):
        """Weight of rows from `last` that cover `text`; of those that end with it at_end(last)."""
        if not text:
            return at_end(last)
        total = Fraction(0)
        for i, token in enumerate(self.tokens):
            if text.startswith(token):
                total += self.p(last, i) * self.covers(text[len(token):], at_end, i)
            elif token.startswith(text) and at_end is one:
                total += self.p(last, i)
        return total

    def law(self, text, first=None):
        """P, and what may come next, made whole."""
        first = self.first if first is None else first
        p = {ord(b): self.covers(text + b, one, first) for b in LETTERS}
        p[END] = self.covers(text, lambda last: self.p(last, self.eos), first)
        whole = sum(p.values())
        return self.covers(text, one, first), {s: x / whole for s, x in p.items()}

    def whole_p(self, text):
        """What is given to the bytes of a text, one after the other."""
        product = Fraction(1)
        for i, letter in enumerate(text):
            product *= self.law(text[:i])[1][ord(letter)]
        return product


def one(_):
    return Fraction(1)


def whole(p):
    total = sum(p.values())
    return {s: x / total for s, x in p.items()}


def mixed(kind, models, weights, alpha, text):
    laws = [m.law(text)[1] for m in models]
    if kind == "linear":
        return whole({s: sum(w * law[s] for w, law in zip(weights, laws)) for s in laws[0]})
    if kind == "bayes":
        powers = [w * m.whole_p(text) for w, m in zip(weights, models)]
        return whole({s: sum(w * law[s] for w, law in zip(powers, laws)) for s in laws[0]})
    powers = [1, alpha, -alpha] if kind == "proxy" else [w / sum(weights) for w in weights]
    return whole({s: math.prod(float(law[s]) ** float(power) for power, law in zip(powers, laws))
                  for s in laws[0]})


def told(said):
    return {END: said["eos"]["p"], **{d["b"]: d["p"] for d in said["dist"] if d["p"] > 0}}


def same_law(said, wanted, what):
    is_ = told(said)
    if set(is_) != set(wanted):
        sys.exit(f"{what}: {sorted(is_)}, not {sorted(wanted)}")
    for symbol, p in wanted.items():
        near(is_[symbol], p, f"{what}, symbol {symbol}")


def check_mix(tok, folder, seed):
    pick = random.Random(seed)
    kind = ["linear", "bayes", "geometric", "proxy"][seed % 4]
    models = [Model(10 * seed + i, folder) for i in range(3 if kind == "proxy" else 2)]
    weights, alpha = [Fraction(1, 5), Fraction(3, 5)], Fraction(3, 4)
    how = [] if kind == "proxy" else ["--weights", ".2,.6"]
    how += [a for m in models for a in m.arguments]
    how += ["--mix", kind, "--alpha", ".75", "--semantics", "all"]
    text = "".join(pick.choice(LETTERS) for _ in range(6))
    said, = run(tok, "ensemble", "next", *how, "-p", text)
    same_law(said, mixed(kind, models, weights, alpha, text), f"{kind} of {seed}")
    *lines, summary = run(tok, "ensemble", "score", *how, "-p", text, "--per-byte")
    nats = 0
    for i, line in enumerate(lines):
        p = mixed(kind, models, weights, alpha, text[:i])
        nats -= math.log(p[ord(text[i])])
        near(line["lp"], math.log(p[ord(text[i])]), f"{kind} of {seed}, byte {i}")
        near(line["H"], -sum(x * math.log(x) for x in map(float, p.values())), "entropy")
        near(line["cum"], -nats, "sum")
        assert line["rank"] == 1 + sum(x > p[ord(text[i])] for x in p.values())
    assert len(lines) == len(text) == summary["bytes"]
    near(summary["nats"], nats, "nats")
    near(summary["bpb"], nats / len(text) / math.log(2), "bpb")
    for model, line in zip(models, summary["models"]):
        near(line["logP"], math.log(model.law(text)[0]), "alone")
    if kind == "bayes":
        powers = [w * m.whole_p(text) for w, m in zip(weights, models)]
        for power, weight in zip(powers, summary["weights"]):
            near(weight, power / sum(powers), "weight")
        near(math.exp(-nats), sum(powers) / sum(weights), "a mixture of texts")


def exactly(kind, models, weights, alpha, text):
    """mixed() of what no double holds."""
    laws = [{s: decimal.Decimal(p.numerator) / decimal.Decimal(p.denominator) for s, p in m.law(text)[1].items()}
            for m in models]
    if kind in ("linear", "bayes"):
        powers = [w * m.whole_p(text) if kind == "bayes" else w for w, m in zip(weights, models)]
        powers = [decimal.Decimal(w.numerator) / decimal.Decimal(w.denominator) for w in powers]
        return whole({s: sum(w * law[s] for w, law in zip(powers, laws)) for s in laws[0]})
    powers = [1, alpha, -alpha] if kind == "proxy" else [w / sum(weights) for w in weights]
    powers = [decimal.Decimal(float(w)) for w in powers]
    return whole({s: math.prod(law[s] ** w for w, law in zip(powers, laws)) for s in laws[0]})


def check_tiny(tok, folder, seed):
    """All digits of what is less than doubles hold; how many such bytes there were."""
    pick = random.Random(seed)
    kind = ["linear", "bayes", "geometric", "proxy"][seed % 4]
    models = [Model(10 * seed + i, folder, tiny=True) for i in range(3 if kind == "proxy" else 2)]
    weights, alpha = [Fraction(1, 4), Fraction(3, 4)], Fraction(3, 4)
    how = [] if kind == "proxy" else ["--weights", "1,3"]
    how += [a for m in models for a in m.arguments] + ["--mix", kind, "--alpha", ".75", "--semantics", "all"]
    text, small, nats = "".join(pick.choice(LETTERS) for _ in range(5)), 0, decimal.Decimal(0)
    *lines, summary = run(tok, "ensemble", "score", *how, "-p", text, "--per-byte")
    for i, line in enumerate(lines):
        p = exactly(kind, models, weights, alpha, text[:i])[ord(text[i])]
        nats -= p.ln()
        near(line["lp"], p.ln(), f"{kind} of {seed}, byte {i}")
        near(line["cum"], -nats, "sum")
        assert line["exact"] and line["bounds"] is None, line
        small += p < decimal.Decimal("1e-330")
    near(summary["nats"], nats, "nats")
    said, = run(tok, "ensemble", "next", *how, "-p", text, "--top", "2")
    law = exactly(kind, models, weights, alpha, text)
    for symbol in (summary["eos"], said["eos"]):
        near(symbol["lp"], law[END].ln(), f"{kind} of {seed}, end")
    for symbol in said["dist"]:
        near(symbol["lp"], law[symbol["b"]].ln(), f"{kind} of {seed}, next")
        assert symbol["p"] > 0
    return small


def check_draws(tok, folder, seed):
    """Chi-square of two bytes or an end: 7 outcomes, so beyond 22.46 once in a thousand."""
    kind = ["linear", "bayes", "geometric", "proxy"][seed % 4]
    models = [Model(10 * seed + i, folder) for i in range(3 if kind == "proxy" else 2)]
    how = [a for m in models for a in m.arguments] + ["--mix", kind, "--semantics", "all"]
    *draws, summary = run(tok, "ensemble", "sample", *how, "-p", "AB", "--json", "--count", "2000",
                          "--length", "2", "--seed", str(seed))
    assert summary["samples"] == len(draws) == 2000
    counts, expected = {}, {}
    for draw in draws:
        text = draw["text"] + ("$" if draw["ended"] == "end" else "")
        counts[text] = counts.get(text, 0) + 1
    weights = [Fraction(1)] * len(models)
    law = {text: mixed(kind, models, weights, 1, text) for text in ("AB", "ABA", "ABB")}
    expected["$"] = law["AB"][END]
    for a in LETTERS:
        expected[a + "$"] = law["AB"][ord(a)] * law["AB" + a][END]
        for b in LETTERS:
            expected[a + b] = law["AB"][ord(a)] * law["AB" + a][ord(b)]
    assert set(counts) <= set(expected), (counts, expected)
    for draw in draws[:20]:
        text = draw["text"] + ("$" if draw["ended"] == "end" else "")
        near(draw["logP"], math.log(expected[text]), "logP")
    chi = sum((counts.get(text, 0) - 2000 * float(p)) ** 2 / (2000 * float(p))
              for text, p in expected.items())
    if chi > 22.46:
        sys.exit(f"{kind}: chi-square {chi}: {counts}")


def allowed_by(how, text, symbol):
    """May `text` go on so?  (A|BA)+ as an automaton and no_bb.py as a program forbid nearly the same."""
    if symbol == END:
        return text.endswith("A")
    return not (text + chr(symbol)).endswith("BB") if how != "constraint" else "BB" not in text + chr(symbol)


def check_rules(tok, folder, seed):
    """Draws that an automaton or a program allows: what is drawn has the law of each byte, struck and made
    whole, and weights times draws have the law of the ensemble."""
    kind, how = ["linear", "bayes", "geometric", "proxy"][seed % 4], ["dfa", "constraint", "both"][seed % 3]
    count, longest = 1500 if how == "dfa" else 700, 3
    models = [Model(10 * seed + i, folder) for i in range(3 if kind == "proxy" else 2)]
    arguments = [a for m in models for a in m.arguments] + ["--mix", kind, "--semantics", "all"]
    if how != "constraint":
        arguments += ["--dfa", "re:(A|BA)+"]
    if how != "dfa":
        data = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
        arguments += ["--constraint", f"exec:{sys.executable} -IS {data}/no_bb.py"]
    *draws, summary = run(tok, "ensemble", "sample", *arguments, "-p", "AB", "--json", "--count", str(count),
                          "--length", str(longest), "--seed", str(seed))
    law, proposal, left = {}, {}, {}

    def walk(text, p, q):
        now = mixed(kind, models, [Fraction(1)] * len(models), 1, "AB" + text)
        left[text] = float(sum(x for s, x in now.items() if allowed_by(how, text, s)))
        for symbol, x in now.items():
            outcome = text + ("$" if symbol == END else chr(symbol))
            if not allowed_by(how, text, symbol):
                continue
            if symbol == END or len(outcome) == longest:
                law[outcome], proposal[outcome] = float(p * x), float(q * x) / left[text]
            else:
                walk(outcome, p * x, float(q * x) / left[text])

    walk("", Fraction(1), Fraction(1))
    weights, calls, firsts = {outcome: [] for outcome in law}, 0, []
    for draw in draws:
        text = draw["text"]
        outcome = text + ("$" if draw["ended"] == "end" else "")
        weights[outcome].append(draw["weight"])
        near(draw["weight"], math.prod(draw["z"]), "weight")
        near(draw["logW"], math.log(draw["weight"]), "logW")
        near(draw["logP"], math.log(law[outcome]), "logP")
        assert len(draw["z"]) == len(outcome), draw
        assert ("accepted" in draw) == (how != "constraint") and ("calls" in draw) == (how != "dfa")
        assert draw.get("accepted", True) == text.endswith("A") or how == "constraint"
        assert how == "dfa" or len(draw["z"]) <= draw["calls"] <= 3 * len(draw["z"])
        calls += draw.get("calls", 0)
        firsts.append(draw["z"][0])
        if how == "dfa":
            for i, z in enumerate(draw["z"]):
                near(z, left[text[:i]], "z")
    assert summary.get("calls", 0) == calls
    near(summary["mean_weight"], sum(sum(w) for w in weights.values()) / count, "mean weight")
    rare = [o for o in proposal if count * proposal[o] < 8]
    cells = [(len(weights[o]), count * q) for o, q in proposal.items() if o not in rare]
    cells.append((sum(len(weights[o]) for o in rare), count * sum(proposal[o] for o in rare)))
    chi = sum((n - expected) ** 2 / expected for n, expected in cells if expected >= 8)
    if chi > 30:  # 8 outcomes or fewer: less than once in a thousand
        sys.exit(f"{kind}, {how}: chi-square {chi}")
    for outcome, drawn in [*weights.items(), (None, firsts)]:
        truth = left[""] if outcome is None else law[outcome]
        mean, least = sum(drawn) / count, truth ** 2 / proposal.get(outcome, 1) - truth ** 2
        error = math.sqrt(max(sum(w * w for w in drawn) / count - mean ** 2, least) / count)
        if abs(mean - truth) > 5 * error + 1e-9:
            sys.exit(f"{kind}, {how}: {outcome} has {mean}, not {truth}")


def divergence(a, b):
    total = 0
    for s in a:
        p, q = float(a[s]), float(b[s])
        total += sum(x / 2 * math.log2(2 * x / (p + q)) for x in (p, q) if x)
    return total


def check_compare(tok, folder, seed):
    pick = random.Random(seed)
    models = [Model(10 * seed + i, folder) for i in range(2)]
    text = "".join(pick.choice(LETTERS) for _ in range(7))
    said = run(tok, "compare", *models[0].arguments, *models[1].arguments, "-p", text, "--per-byte",
               "--semantics", "all", "--top", "3")
    lines = {kind: [line for line in said if line["type"] == kind]
             for kind in ("byte", "first", "most", "summary")}
    laws = [[m.law(text[:i])[1] for m in models] for i in range(len(text) + 1)]
    jsd = [divergence(*pair) for pair in laws]
    best = [[max(law, key=law.get) for law in pair] for pair in laws]
    for i, line in enumerate(lines["byte"]):
        near(line["jsd_bits"], jsd[i], "divergence")
        assert line["best"] == ["eos" if b == END else b for b in best[i]], (line, best[i])
        for model, lp in zip(models, line["lp"]):
            p = model.law(text[:i + 1])[0] / model.law(text[:i])[0]
            near(lp, math.log(p), "lp")
    differ = [i for i in range(len(text)) if best[i][0] != best[i][1]]
    assert [line["i"] for line in lines["first"]] == differ[:1]
    most = sorted(range(len(text)), key=lambda i: -jsd[i])[:3]
    assert [line["i"] for line in lines["most"]] == most
    summary, = lines["summary"]
    near(summary["jsd_bits"], sum(jsd[:-1]) / len(text), "mean divergence")
    near(summary["eos_jsd_bits"], jsd[-1], "divergence at the end")
    assert summary["differ"] == len(differ) and summary["bytes"] == len(text)
    for model, line in zip(models, summary["models"]):
        bits = len(text) * math.log(2)
        near(line["bpb"], -math.log(model.law(text)[0]) / bits, "bpb")
        near(line["whole_bpb"], -math.log(model.whole_p(text)) / bits, "whole bpb")
        near(line["special"], sum(
            1 - (sum(model.law(text[:i] + b)[0] for b in LETTERS)
                 + model.covers(text[:i], lambda last: model.p(last, model.eos), model.first))
            / model.law(text[:i])[0] for i in range(len(text))) / len(text), "special")


# ---- bounds ----------------------------------------------------------------------------


def between(bounds, truth, what):
    low, high = bounds
    low = -math.inf if low is None else low
    if not low - 1e-11 <= float(truth) <= high + 1e-11:
        sys.exit(f"{what}: {float(truth)} is not in {bounds}")


def holds(line, name, truth, what):
    """Is the value right where the line is exact, and else between its bounds?  1 if those say something."""
    assert line["exact"] == (line["bounds"] is None), line
    if line["exact"]:
        near(line[name], truth, what)
        return 0
    between(line["bounds"][name], truth, what)
    return line["bounds"][name][0] is not None


def log_mix(kind, models, weights, text, more=""):
    return sum(math.log(mixed(kind, models, weights, 1, (text + more)[:i])[ord((text + more)[i])])
               for i in range(len(text), len(text + more)))


def check_mix_bounds(tok, folder, seed):
    """One head of each model is kept; also behind a prompt whose bounds are not known."""
    pick = random.Random(seed)
    kind = ["linear", "bayes", "geometric", "proxy"][seed % 4]
    models = [Model(10 * seed + i, folder) for i in range(3 if kind == "proxy" else 2)]
    weights = [Fraction(1)] * len(models)
    how = [a for m in models for a in m.arguments] + ["--mix", kind, "--semantics", "all", "--beam", "1"]
    text, told = "".join(pick.choice(LETTERS) for _ in range(4)), 0
    said, = run(tok, "ensemble", "next", *how, "-p", text)
    law = mixed(kind, models, weights, 1, text)
    for symbol in [*said["dist"], {"b": END, **said["eos"]}]:
        if symbol["b"] in law and not said["exact"]:
            between((symbol["low"], symbol["high"]), law[symbol["b"]], f"{kind} of {seed}, next")
    if kind == "bayes":
        told += holds(said, "logP", log_mix(kind, models, weights, "", text), "P of the prompt")
    for model, line in zip(models, said["models"]):
        holds(line, "logP", math.log(model.law(text)[0]), "alone")
    *lines, summary = run(tok, "ensemble", "score", *how, "-p", text, "--per-byte")
    for i, line in enumerate(lines):
        truth = log_mix(kind, models, weights, "", text[:i + 1])
        told += holds({**line, "logP": line["cum"]}, "logP", truth, f"{kind} of {seed}, byte {i}")
    holds({**summary, "logP": -summary["nats"]}, "logP", truth, "nats")
    if not summary["exact"]:
        between((summary["eos"]["low"], summary["eos"]["high"]), law[END], "eos")
    *draws, summary = run(tok, "ensemble", "sample", *how, "-p", text, "--json", "--count", "9", "-n", "3")
    total = 0
    for draw in draws:
        truth = log_mix(kind, models, weights, text, draw["text"])
        if draw["ended"] == "end":
            truth += math.log(mixed(kind, models, weights, 1, text + draw["text"])[END])
        told += holds(draw, "logP", truth, f"{kind} of {seed}, {draw['text']}")
        total += truth
        assert len(draw["special"]) == len(draw["leak"]) == len(models)
    assert summary["exact"] == all(draw["exact"] for draw in draws), (kind, summary)
    holds(summary, "logP", total, f"{kind} of {seed}, all samples")
    return told


def check_compare_bounds(tok, folder, seed):
    pick = random.Random(seed)
    models, told = [Model(10 * seed + i, folder) for i in range(2)], 0
    text = "".join(pick.choice(LETTERS) for _ in range(5))
    *lines, summary = run(tok, "compare", *models[0].arguments, *models[1].arguments, "-p", text,
                          "--per-byte", "--semantics", "all", "--beam", "1")
    laws = [[m.law(text[:i])[1] for m in models] for i in range(len(text) + 1)]
    jsd = [divergence(*pair) for pair in laws]
    for line in lines:
        told += holds(line, "jsd_bits", jsd[line["i"]], "divergence")
        for k, model in enumerate(models):
            p = model.law(text[:line["i"] + 1])[0] / model.law(text[:line["i"]])[0]
            if not line["exact"]:
                between(line["bounds"]["lp"][k], math.log(p), "lp")
        assert len(line["special"]) == len(line["leak"]) == 2
    holds(summary, "jsd_bits", sum(jsd[:-1]) / len(text), "mean divergence")
    holds(summary, "eos_jsd_bits", jsd[-1], "divergence at the end")
    return told


# ---- healing ---------------------------------------------------------------------------


def fitting(model, last, rest, single):
    """What may be drawn behind `last`, with its text; None is the end, "" what is no text."""
    for i in range(model.size):
        text = model.tokens[i] if i < len(model.tokens) else None if i == model.eos else ""
        if not rest or (text and (text.startswith(rest) or
                                  (not single and rest.startswith(text)))):
            yield i, text, model.p(last, i)


def drawn(model, last, rest, single, weight, out):
    """Token by token, each step made whole over what fits."""
    sum_ = sum(p for _, _, p in fitting(model, last, rest, single))
    for i, text, p in fitting(model, last, rest, single):
        now = weight * p / sum_
        if text is None:
            out[END] += now
        elif text == "":
            out[None] += now
        elif len(text) > len(rest):
            out[ord(text[len(rest)])] += now
        else:
            drawn(model, i, rest[len(text):], single, now, out)
    return out


def greedy(model, last, rest, single, limit):
    written = ""
    while len(written) < limit:
        chosen, text, _ = max((f for f in fitting(model, last, rest, single) if f[1] != ""),
                              key=lambda f: f[2])
        if text is None:
            return written, True
        written += text[len(rest):]
        rest, last = rest[len(text):], chosen
    return written[:limit], False


def greedy_bytes(model, text, first, limit):
    written = ""
    while len(written) < limit:
        law = model.law(text + written, first)[1]
        best = max(law, key=law.get)
        if best == END:
            return written, True
        written += chr(best)
    return written, False


def longest(model, ids):
    back = 0
    for n in range(1, len(ids) + 1):
        text = "".join(model.tokens[i] for i in ids[-n:])
        if any(token.startswith(text) for token in model.tokens):
            back = n
    return back


def encode(tok, model, text):
    done = subprocess.run([tok, "encode", "-t", model.path], input=text.encode(),
                          capture_output=True, check=True)
    return [int(i) for i in done.stdout.split()]


def check_answers(said, model, ids, text, first, exact):
    for line in said:
        method = line["method"]
        if method == "exact":
            same_law(line, exact, "exact")
            written = greedy_bytes(model, text, first, 9)
        else:
            back = {"naive": 0, "healN": longest(model, ids)}.get(method)
            back = min(int(method[4:]), len(ids)) if back is None else back
            assert line["back"] == back, (line, back)
            rest = "".join(model.tokens[i] for i in ids[len(ids) - back:])
            last = ids[len(ids) - back - 1] if back < len(ids) else first
            p = drawn(model, last, rest, back == 1, Fraction(1),
                      {END: 0, 65: 0, 66: 0, None: 0})
            near(line["special"], p.pop(None), "special")
            same_law(line, {s: x for s, x in whole(p).items() if x or s == END}, method)
            written = greedy(model, last, rest, back == 1, 9)
        near(line["jsd_bits"], divergence({**{65: 0, 66: 0}, **told(line)}, exact), "divergence")
        assert (line["continuation"], line["ended"]) == written, (line, written)


METHODS = ["--methods", "naive,heal1,heal2,heal9,healN,exact", "-n", "9", "--semantics", "all"]


def check_heal(tok, folder, seed):
    model = Model(10 * seed, folder)
    text = "".join(random.Random(seed).choice(LETTERS) for _ in range(seed % 7))
    said = run(tok, "heal", *model.arguments, "-p", text, *METHODS)
    assert len(said) == 6
    exact = model.law(text)[1]
    check_answers(said, model, encode(tok, model, text), text, model.first, exact)


def check_fim(tok, folder, seed):
    """In SPM the prefix stands behind <middle>; in PSM <middle> is the last token, whatever
    comes before."""
    model = Model(10 * seed, folder, fim=True)
    prefix = os.path.join(folder, "prefix")
    with open(prefix, "w", encoding="utf-8") as file:
        file.write("ABAAB"[:1 + seed % 5])
    suffix = os.path.join(folder, "suffix")
    with open(suffix, "w", encoding="utf-8") as file:
        file.write("BABA")
    files = ["--fim-prefix", prefix, "--fim-suffix", suffix]
    middle = len(model.tokens) + 2
    for form in ("spm", "psm"):
        text = "ABAAB"[:1 + seed % 5] if form == "spm" else ""
        said = run(tok, "heal", *model.arguments, *files, "--fim-format", form, *METHODS)
        assert all(line["fim"] == form and line["open"] == (form == "spm") for line in said)
        exact = model.law(text, middle)[1]
        check_answers(said, model, encode(tok, model, text) if text else [], text, middle, exact)


def check_whole_of_little(tok, folder):
    """Nearly all is no text: what is left is made whole, with its entropy and ranks, however small."""
    path = os.path.join(folder, "small.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"version": "1.0", "added_tokens": [], "normalizer": None, "pre_tokenizer": None,
                   "post_processor": None, "decoder": {"type": "Fuse"},
                   "model": {"type": "BPE", "vocab": {"A": 0, "B": 1}, "merges": []}}, file)
    data = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
    for lp, whole_lp, entropy, rank in (
            ([-800, -2000, "none", 0], [0, -1200], 0, [1, 2]),
            ([-1000, -1000 - math.log(3), "none", 0], [math.log(.75), math.log(.25)],
             -.75 * math.log(.75) - .25 * math.log(.25), [1, 2])):
        one = ["--lm", f"exec:{sys.executable} -IS {data}/log_model.py " + " ".join(map(str, lp)), "-t", path]
        for i, text in enumerate(("AA", "BB")):
            how = ["-p", text, "--semantics", "all"]
            *_, summary = run(tok, "compare", *one, *one, *how)
            for model in summary["models"]:
                near(model["whole_bpb"], -whole_lp[i] / math.log(2), "whole bpb")
                near(model["bpb"], -lp[i] / math.log(2), "bpb")
            for words in (["score", *one], ["ensemble", "score", *one, *one]):
                for line in run(tok, *words, *how, "--per-byte")[:-1]:
                    near(line["H"], entropy, "entropy")
                    assert line["rank"] == rank[i], line


def main():
    tok = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(8):
            check_mix(tok, folder, seed)
        assert sum(check_tiny(tok, folder, seed) for seed in range(600, 608)) > 3
        for seed in range(500, 504):
            check_draws(tok, folder, seed)
        for seed in range(600, 606):
            check_rules(tok, folder, seed)
        for seed in range(100, 102):
            check_compare(tok, folder, seed)
        assert sum(check_mix_bounds(tok, folder, seed) for seed in range(400, 408)) > 20
        assert sum(check_compare_bounds(tok, folder, seed) for seed in range(450, 453)) > 5
        check_whole_of_little(tok, folder)
        for seed in range(200, 209):
            check_heal(tok, folder, seed)
        for seed in range(300, 302):
            check_fim(tok, folder, seed)


main()
