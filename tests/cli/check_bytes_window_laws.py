#!/usr/bin/env python3
"""check_bytes_window_laws.py TOK: models that take a few ids, looked at through windows: what tok bytes
says is what the definition says, here in fractions by going through all rows of tokens one by one.

The law: a window is a queue behind the start ids.  When it has no room for one id more, its first
`stride` ids leave it.
"""
import collections
import functools
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import unittest
from fractions import Fraction

TOK = os.path.abspath(sys.argv.pop(1))
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
sys.dont_write_bytecode = True
sys.path.insert(0, DATA)
from deep_model import weights  # noqa: E402

LETTERS = "AB"
END = 256


class Model:
    """Tokens of two letters, made by merges, an end, an id that is no text; rows of deep_model.py."""

    def __init__(self, seed, folder, special=True):
        pick = random.Random(seed)
        self.tokens, self.merges = list(LETTERS), []
        while len(self.tokens) < 5:
            pair = pick.choice(self.tokens), pick.choice(self.tokens)
            if "".join(pair) not in self.tokens and len("".join(pair)) < 4:
                self.tokens.append("".join(pair))
                self.merges.append(list(pair))
        self.eos, self.size = len(self.tokens), len(self.tokens) + 1 + special
        self.start = [[], [self.eos], [self.eos + 1, self.eos]][seed % 3]
        self.window = len(self.start) + pick.randrange(2, 5)
        self.stride = pick.randrange(1, self.window - len(self.start) + 1)
        self.model = {"size": self.size, "eos": [self.eos], "start": self.start, "max_ctx": self.window,
                      "seed": seed}
        self.path = os.path.join(folder, str(seed))
        with open(self.path, "w", encoding="utf-8") as file:
            json.dump(self.model, file)
        with open(self.path + ".json", "w", encoding="utf-8") as file:
            json.dump({
                "version": "1.0", "truncation": None, "padding": None, "normalizer": None,
                "added_tokens": [], "pre_tokenizer": None, "post_processor": None,
                "decoder": {"type": "Fuse"},
                "model": {"type": "BPE", "dropout": None, "unk_token": None,
                          "continuing_subword_prefix": None, "end_of_word_suffix": None,
                          "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                          "vocab": {token: i for i, token in enumerate(self.tokens)},
                          "merges": self.merges}}, file)
        self.lm = ["--lm", f"exec:{sys.executable} -IS {DATA}/deep_model.py {self.path}", "-t",
                   self.path + ".json"]
        self.arguments = [*self.lm, "--window", str(self.window), "--stride", str(self.stride)]

    @functools.cache
    def encode(self, text):
        row = list(text)
        for pair in self.merges:
            i = 0
            while i + 1 < len(row):
                if row[i:i + 2] == pair:
                    row[i:i + 2] = ["".join(pair)]
                i += 1
        return tuple(self.tokens.index(token) for token in row)

    def spell(self, row):
        return "".join(self.tokens[i] for i in row)

    def is_valid(self, row):
        return self.encode(self.spell(row)) == tuple(row)

    @functools.cache
    def queue(self, row):
        """What is in the window behind a row, and how many windows it went through."""
        ids, windows = [], 1
        for i in row:
            if len(self.start) + len(ids) == self.window:
                ids, windows = ids[self.stride:], windows + 1
            ids.append(i)
        return tuple(ids), windows

    @functools.cache
    def row(self, ids):
        parts = weights(self.model, [*self.start, *ids])
        return [Fraction(n, sum(parts)) for n in parts]

    @functools.cache
    def p(self, row, semantics):
        """What may come behind a row of tokens, by id."""
        p = list(self.row(self.queue(row)[0]))
        if semantics == "all":
            return p
        for i in range(len(self.tokens)):
            if not self.is_valid(row + (i,)):
                p[i] = Fraction(0)
        return [x / sum(p) for x in p] if semantics == "valid-renorm" else p

    def open_rows(self, text, semantics, row=(), weight=Fraction(1)):
        """Rows of whole tokens that `text` goes on with, their weight and what text is left."""
        rest = text[len(self.spell(row)):]
        p = self.p(row, semantics)
        if not rest or any(token.startswith(rest) and token != rest and p[i]
                           for i, token in enumerate(self.tokens)):
            yield row, weight, rest
        for i, token in enumerate(self.tokens):
            if rest and rest.startswith(token) and p[i]:
                yield from self.open_rows(text, semantics, row + (i,), weight * p[i])

    def sums(self, text, semantics):
        """P, P with an end, and the most windows of an open row."""
        begins, ends, most = Fraction(0), Fraction(0), 1
        for row, weight, rest in self.open_rows(text, semantics):
            p = self.p(row, semantics)
            begins += weight if not rest else weight * sum(
                x for token, x in zip(self.tokens, p) if token.startswith(rest) and token != rest)
            ends += 0 if rest else weight * p[self.eos]
            most = max(most, self.queue(row)[1])
        return begins, ends, most

    def left(self, text, semantics):
        """What goes to the id that is no text, and to nothing valid, behind all beginnings of a text."""
        special = leak = Fraction(0)
        for n in range(len(text)):
            begins, ends, _ = self.sums(text[:n], semantics)
            own = sum(weight * self.p(row, semantics)[self.eos + 1]
                      for row, weight, rest in self.open_rows(text[:n], semantics) if not rest)
            goes_on = sum(self.sums(text[:n] + c, semantics)[0] for c in LETTERS)
            special, leak = special + own, leak + begins - ends - own - goes_on
        return special, leak

    def asked(self, text, semantics):
        """The most windows of a row that P was found with: not behind ids that end with the text."""
        return max(self.queue(row if rest else row[:-1])[1] for row, _, rest in self.open_rows(text, semantics))

    @functools.cache
    def next(self, text, semantics):
        """Shares of what may come next, P, and windows."""
        begins, ends, most = self.sums(text, semantics)
        p = {ord(c): self.sums(text + c, semantics)[0] / begins for c in LETTERS}
        return {**p, END: ends / begins}, begins, most

    def law(self, text, semantics):
        p = self.next(text, semantics)[0]
        return {s: x / sum(p.values()) for s, x in p.items()}


def divergence(a, b):
    return sum(float(x) / 2 * math.log2(2 * x / (a[s] + b[s])) for p in (a, b) for s, x in p.items() if x)


class Windows(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def run_tok(self, *arguments, status=0):
        done = subprocess.run([TOK, "bytes", *map(str, arguments)], capture_output=True, check=False,
                              timeout=120, stdin=subprocess.DEVNULL)
        self.assertEqual((done.returncode, done.stderr if status == 0 else b""), (status, b""), done)
        return done.stderr.decode() if status else [json.loads(s) for s in done.stdout.splitlines()]

    def models(self, seeds):
        for seed in seeds:
            text = "".join(random.Random(seed).choices(LETTERS, k=8))
            yield Model(seed, self.folder.name), text, ("all", "valid", "valid-renorm")[seed % 3 - 1]

    def assert_near(self, is_, wanted, tolerance=1e-12):
        self.assertLess(abs(is_ - float(wanted)), tolerance * max(1, abs(float(wanted))))

    def assert_honest(self, line, windows, name="logP"):
        """Exact as long as one window was enough; then bounds are the law's, which is known."""
        self.assertEqual(line["exact"], windows == 1)
        self.assertEqual(line["bounds"] is None, line["exact"])
        if line["bounds"]:
            value = -line["nats"] if "nats" in line else line[name]
            for bound in line["bounds"]["logP"]:
                self.assert_near(bound, value)

    # ---- one model

    def test_next(self):
        cut = 0
        for model, text, semantics in self.models(range(6)):
            for n in (0, 3, 8):
                said, = self.run_tok("next", *model.arguments, "-p", text[:n], "--semantics", semantics)
                p, begins, windows = model.next(text[:n], semantics)
                self.assert_near(said["P"], begins)
                for d in said["dist"]:
                    self.assert_near(d["p"], p.get(d["b"], 0))
                self.assert_near(said["eos"]["p"], p[END])
                rest = 1 - sum(p.values())
                self.assert_near(said["special"] + said["leak"], rest)
                self.assertEqual(said["window"], {"ids": model.window, "stride": model.stride,
                                                  "windows": windows})
                self.assert_honest(said, windows)
                cut += windows > 2
        self.assertGreater(cut, 3)

    def test_score(self):
        for model, text, semantics in self.models(range(20, 26)):
            *lines, summary = self.run_tok("score", *model.arguments, "-p", text, "--semantics", semantics,
                                           "--per-byte")
            for i, line in enumerate(lines):
                begins = model.sums(text[:i + 1], semantics)[0]
                windows = model.next(text[:i], semantics)[2]
                self.assert_near(line["cum"], math.log(begins))
                self.assert_near(line["lp"], math.log(model.next(text[:i], semantics)[0][ord(text[i])]))
                self.assert_honest(line, windows, "cum")
            # what leaves the way of the text is told of open rows that may end before the text does
            windows = max(model.next(text[:i], semantics)[2] for i in range(len(text)))
            self.assertGreaterEqual(windows, model.asked(text, semantics))
            self.assert_near(summary["nats"], -math.log(begins))
            self.assertEqual(summary["window"]["windows"], windows)
            self.assert_honest(summary, windows)
            self.assert_left(model, text, semantics, summary)
            row = model.encode(text)
            canonical = sum(math.log(model.row(model.queue(row[:i])[0])[row[i]]) for i in range(len(row)))
            self.assert_near(summary["canonical_nats"], -canonical)

    def assert_left(self, model, text, semantics, summary):
        """Whether each byte was asked for or not; where heads were dropped it is between the bounds."""
        left = model.left(text, semantics)
        how = ["score", *model.arguments, "-p", text, "--semantics", semantics]
        cheap, = self.run_tok(*how)
        for name, truth in zip(("special", "leak"), left):
            self.assert_near(summary[name], truth)
            self.assertEqual(cheap[name], summary[name])
        if semantics == "all":
            few, = self.run_tok(*how, "--beam", 1)
            low, high = few["bounds"]["special"]
            self.assertTrue(low * (1 - 1e-12) <= left[0] <= high * (1 + 1e-12), (few, float(left[0])))
            self.assertLess(low, high)
        self.assertGreater(left[0], 0)
        self.assertEqual(left[1] > 0, semantics == "valid")

    def test_what_leaves_the_way_of_a_long_text(self):
        """Is told by its first bytes."""
        for model, _, semantics in self.models(range(31, 34)):
            text = "".join(random.Random(31).choices(LETTERS, k=150))
            how = ["score", *model.arguments, "-p", text, "--semantics", "valid" if semantics == "all" else semantics]
            *lines, summary = self.run_tok(*how, "--per-byte")
            cheap, = self.run_tok(*how)
            for name in ("special", "leak", "valid_leak"):
                total = sum(math.exp(lines[i - 1]["cum"] if i else 0) * line[name] for i, line in enumerate(lines))
                self.assertLess(abs(summary[name] - total), 1e-15 * total + 1e-17)
                self.assertEqual(cheap[name], summary[name])

    def test_a_long_text(self):
        """Hundreds of windows; what its encoding has is the sum over these."""
        model = Model(30, self.folder.name)
        text = "".join(random.Random(30).choices(LETTERS, k=700))
        row = model.encode(text)
        said, = self.run_tok("score", *model.arguments, "-p", text, "--semantics", "valid")
        canonical = sum(math.log(model.row(model.queue(row[:i])[0])[row[i]]) for i in range(len(row)))
        self.assert_near(said["canonical_nats"], -canonical)
        self.assertGreaterEqual(said["window"]["windows"], model.queue(row)[1] - 1)
        self.assertFalse(said["exact"])

    def test_covers(self):
        for model, text, semantics in self.models(range(40, 43)):
            *lines, summary = self.run_tok("covers", *model.arguments, "-p", text, "--limit", 0,
                                           "--semantics", semantics)
            begins, windows = model.sums(text, semantics)[0], model.asked(text, semantics)
            self.assertEqual(summary["count"], len(lines))
            for line in lines:
                row, p = tuple(line["ids"]), Fraction(1)
                for i, id_ in enumerate(row):
                    p *= model.p(row[:i], semantics)[id_]
                self.assert_near(line["lp"], math.log(p))
                self.assert_near(line["share"], p / begins)
                self.assertEqual(line["exact"], windows == 1)
            self.assert_near(sum(line["share"] for line in lines), 1)

    def test_sample(self):
        for seed, draw in ((50, "byte"), (51, "cover")):
            # token by token it is the same law only where all goes to text and the end
            model = Model(seed, self.folder.name, special=draw == "byte")
            semantics = "valid-renorm" if draw == "byte" else "all"
            text, count = "ABAAB", 1500
            *lines, summary = self.run_tok("sample", *model.arguments, "-p", text, "-n", 2, "--count", count,
                                           "--json", "--draw", draw, "--semantics", semantics)
            drawn = collections.Counter(s["text"] + "$" * (s["ended"] == "end") for s in lines)
            square = 0
            for outcome, p in self.outcomes(model, text, semantics).items():
                square += (drawn.pop(outcome, 0) - count * p) ** 2 / (count * p)
            self.assertFalse(drawn)
            self.assertLess(square, 22.46)  # 7 outcomes: beyond it once in a thousand
            self.assertFalse(summary["exact"])
            self.assertGreater(summary["window"]["windows"], 1)

    def test_samples_that_outgrow_the_window(self):
        """What was drawn tells, and not the prompt alone."""
        model = Model(51, self.folder.name)
        for draw in ("byte", "cover"):
            *lines, summary = self.run_tok("sample", *model.arguments, "-p", "A", "-n", 12, "--count", 20, "--json",
                                           "--draw", draw, "--semantics", "valid-renorm")
            longest = max(model.queue(model.encode("A" + s["text"][:-1]))[1] for s in lines)
            self.assertGreaterEqual(summary["window"]["windows"], longest)
            self.assertGreater(longest, 2)
            self.assertEqual({s["exact"] for s in lines}, {True, False})
            self.assertFalse(summary["exact"])

    def test_a_record(self):
        """Of what the model was asked, which is no more than fits."""
        model = Model(53, self.folder.name)
        record, how = os.path.join(self.folder.name, "rows"), ["-p", "ABBABABBAB", "--semantics", "all"]
        said = self.run_tok("next", *model.arguments, *how, "--record", record)
        again = self.run_tok("next", "--lm", f"replay:{record}", *model.arguments[2:], *how)
        self.assertEqual(said, again)

    def outcomes(self, model, text, semantics):
        def go(drawn, p, left):
            for s, x in model.law(text + drawn, semantics).items():
                if s == END:
                    out[drawn + "$"] = float(p * x)
                elif left == 1:
                    out[drawn + chr(s)] = float(p * x)
                else:
                    go(drawn + chr(s), p * x, left - 1)

        out = {}
        go("", Fraction(1), 2)
        return out

    def test_heal(self):
        for model, text, _ in self.models(range(60, 63)):
            naive, *healed, exact = self.run_tok("heal", *model.arguments, "-p", text, "--methods",
                                                 "naive,heal1,heal2,exact", "-n", 3, "--semantics", "all")
            self.assert_healed_honestly(model, text, naive, *healed)
            row = model.row(model.queue(model.encode(text))[0])
            p = collections.Counter()
            for i, token in enumerate(model.tokens):
                p[ord(token[0])] += row[i]
            p[END] = row[model.eos]
            for d in naive["dist"]:
                self.assert_near(d["p"], p[d["b"]] / sum(p.values()))
            law = model.law(text, "all")
            for d in exact["dist"]:
                self.assert_near(d["p"], law.get(d["b"], 0))
            self.assertEqual(exact["exact"], model.sums(text, "all")[2] == 1)

    def assert_healed_honestly(self, model, text, *lines):
        """Not exact where a row was cut; bounds are then p itself, which is known."""
        for line in lines:
            ids = model.encode(text)
            kept = len(ids) - line["back"]
            least, most = model.queue(ids[:kept])[1], model.queue(ids[:kept] + (0,) * 3 * line["back"])[1]
            windows = line["window"].pop("windows")
            self.assertEqual(line["window"], {"ids": model.window, "stride": model.stride})
            self.assertTrue(least <= windows <= most)
            self.assertEqual(line["exact"], windows == 1)
            self.assertEqual(line["bounds"], None if line["exact"] else {})
            for d in line["dist"] + [line["eos"]]:
                self.assertEqual([d.get("low"), d.get("high")], [None] * 2 if line["exact"] else [d["p"]] * 2)

    def test_check_and_bench(self):
        model = Model(70, self.folder.name)
        for semantics in ("all", "valid-renorm"):
            *lines, summary = self.run_tok("check", *model.arguments, "--random", 3, "--semantics", semantics)
            self.assertTrue(all(line["ok"] for line in lines))
            self.assertEqual(summary["exact"], summary["window"]["windows"] == 1)
        rows = self.run_tok("bench", *model.arguments, "--json", "--tables", "C", "-p", "ABBABAABAB" * 3)
        self.assertEqual({k: rows[0][k] for k in ("table", "ids", "stride")},
                         {"table": "W", "ids": model.window, "stride": model.stride})
        self.assertEqual({row["table"] for row in rows[1:]}, {"C"})

    # ---- several models

    def test_compare(self):
        models = [Model(seed, self.folder.name) for seed in (80, 82)]
        window = max(model.window for model in models)
        for model in models:  # one window for all
            model.window, model.stride = window, 2
            model.model["max_ctx"] = window
            with open(model.path, "w", encoding="utf-8") as file:
                json.dump(model.model, file)
        text = "ABBABAABB"
        *lines, summary = self.run_tok("compare", *models[0].lm, *models[1].lm, "--window", window, "--stride",
                                       2, "-p", text, "--per-byte", "--semantics", "all")
        for line in lines:
            laws = [model.law(text[:line["i"]], "all") for model in models]
            self.assert_near(line["jsd_bits"], divergence(*laws), 1e-11)
            low, high = line["bounds"]["jsd_bits"] if line["bounds"] else (line["jsd_bits"],) * 2
            self.assertTrue(low - 1e-11 <= line["jsd_bits"] <= high + 1e-11)
        for model, said in zip(models, summary["models"]):
            begins, _, windows = model.sums(text, "all")
            self.assert_near(said["nats"], -math.log(begins))
            self.assertEqual(said["window"]["windows"], windows)
            self.assert_honest(said, windows)
        self.assertFalse(summary["exact"])
        said, = self.run_tok("ensemble", "next", *models[0].lm, *models[1].lm, "--window", window, "--stride",
                             2, "-p", text, "--semantics", "all")
        laws = [model.law(text, "all") for model in models]
        for d in said["dist"][:2]:
            mean = sum(law[d["b"]] for law in laws) / 2
            self.assert_near(d["p"], mean)
            self.assertTrue(d["low"] - 1e-12 <= mean <= d["high"] + 1e-12)
        self.assertFalse(said["exact"])
        self.assertTrue(all(m["window"]["windows"] > 1 for m in said["models"]))
        *_, summary = self.run_tok("ensemble", "sample", *models[0].lm, *models[1].lm, "--window", window,
                                   "--stride", 2, "-p", text, "--semantics", "all", "--json")
        self.assertEqual([w["ids"] for w in summary["window"]], [window] * 2)

    # ---- what no double holds

    def small(self, *lp):
        """Ids A and B alone, at most four in a window, and what their rows say."""
        path = os.path.join(self.folder.name, "small.json")
        model = {"type": "BPE", "vocab": {"A": 0, "B": 1}, "merges": []}
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"version": "1.0", "added_tokens": [], "normalizer": None, "pre_tokenizer": None,
                       "post_processor": None, "decoder": {"type": "Fuse"}, "model": model}, file)
        return ["--lm", f"exec:{sys.executable} -IS {DATA}/log_model.py " + " ".join(map(str, lp)), "-t", path]

    def assert_known(self, line, name, value):
        low, high = line["bounds"][name][0] if isinstance(line["bounds"][name][0], list) else line["bounds"][name]
        self.assert_near(low, value)
        self.assert_near(high, value)

    def test_small_ones_are_known(self):
        """Windows make answers not exact, but all is known of the law through them."""
        one, window = self.small(math.log(.5), -1000, math.log(.5)), ["--window", 4, "--stride", 1]
        half, how = math.log(.5), [*window, "--semantics", "all"]
        *_, line, _, _ = self.run_tok("compare", *one, *one, *how, "-p", "AAAAAAB", "--per-byte", "--top", 1)
        self.assertEqual((line["b"], line["exact"]), (ord("B"), False))
        self.assert_known(line, "lp", -1000)
        line, summary = self.run_tok("sample", *one, *how, "-p", "AAAAAA", "-n", 1, "--dfa", "re:B", "--json")
        for said in (line, summary):
            self.assertFalse(said["exact"])
            self.assert_known(said, "logP", -1000)
        self.assert_near(line["logW"], -1000)
        for word in ("next", "heal"):
            said = self.run_tok(word, *one, *how, "-p", "AAAAAA")
            for line in said:
                b, = (d for d in line["dist"] if d["b"] == ord("B"))
                self.assertEqual((line["exact"], b["low"]), (False, 0))
                self.assert_near(b["lp"], -1000)
                self.assertLess(math.log(b["high"]), -700)
        for mix in ("linear", "bayes", "geometric"):
            two = [*one, *one, *how, "--mix", mix, "-p", "AAAAAAB"]
            *_, line = self.run_tok("ensemble", "score", *two)
            self.assertFalse(line["exact"])
            self.assert_known(line, "logP", 6 * half - 1000)
            for bound in ("p", "low", "high"):
                self.assert_near(line["eos"][bound], .5)
            two[-1] = "AAAAAA"
            line, _ = self.run_tok("ensemble", "sample", *two, "-n", 1, "--dfa", "re:B", "--json")
            self.assertFalse(line["exact"])
            self.assert_known(line, "logP", -1000)
            self.assert_near(line["logW"], -1000)

    def test_exact_as_long_as_nothing_is_cut(self):
        """Three ids have room behind the one that stands before every text; of four the last is told
        behind three."""
        model = self.small(math.log(.5), math.log(.25), math.log(.25))
        for n in range(1, 6):
            whole, = self.run_tok("score", *model, "-p", "A" * min(n, 4), "--semantics", "all")
            said, = self.run_tok("score", *model, "-p", "A" * n, "--semantics", "all", "--window", 4)
            self.assertEqual((said["exact"], said["window"]["windows"]), (n < 5, max(1, n - 3)))
            self.assertEqual(said["lm_rows"] >= whole["lm_rows"], True)
            if n < 5:
                self.assertEqual(said["nats"], whole["nats"])
            following, = self.run_tok("next", *model, "-p", "A" * n, "--semantics", "all", "--window", 4)
            self.assertEqual((following["exact"], following["window"]["windows"]), (n < 4, max(1, n - 2)))

    # ---- what is refused

    def test_refusals(self):
        model = Model(90, self.folder.name)  # no start ids
        text = "AB" * 9
        said = self.run_tok("score", *model.lm, "-p", text, status=2)
        self.assertIn(f"the model takes up to {model.window}", said)
        more = Model(91, self.folder.name)  # one
        for arguments, message in (
                ([*model.lm, "--window", model.window + 1], f"the model takes up to {model.window}"),
                ([*model.lm, "--window", 2, "--stride", 3], "a stride of 3: a window of 2 tokens has room for 2"),
                ([*more.lm, "--window", 1], "has no room behind the 1 before every text"),
                ([*model.lm, "--stride", 1], "--stride is that of a --window"),
                (["--lm", self.learned(), "-t", "bytes", "--window", 3, "--stride", 3],
                 "windows that keep 1 tokens: the model looks at 3")):
            self.assertIn(message, self.run_tok("next", *arguments, "-p", "A", status=2))
        said = self.run_tok("heal", *model.arguments, "-p", "A", "--fim-suffix", __file__, status=2)
        self.assertIn("--window would cut it", said)

    def learned(self):
        """A model of order 4."""
        path = os.path.join(self.folder.name, "m.tlm")
        subprocess.run([TOK, "lm", "train", "-t", "bytes", "--order", "4", "-o", path], check=True,
                       input=b"ABAABABBBABABBAAB", capture_output=True)
        return path

    def test_a_model_of_finite_order_needs_none(self):
        how = ["next", "--lm", self.learned(), "-t", "bytes", "-p", "ABAABAAB"]
        self.assertEqual(self.run_tok(*how), self.run_tok(*how, "--window", 5, "--stride", 2))

    def test_half_of_the_room(self):
        model = Model(91, self.folder.name)
        with_start = ["next", *model.lm, "-p", "ABAABA", "--window", model.window]
        half = max(1, (model.window - 1) // 2)
        self.assertEqual(self.run_tok(*with_start), self.run_tok(*with_start, "--stride", half))


if __name__ == "__main__":
    unittest.main()
