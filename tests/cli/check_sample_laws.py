#!/usr/bin/env python3
"""check_sample_laws.py TOK: what tok sample and tok encode --longest-match promise, on random
bytes, with small tokenizers of every kind that are made here."""
import collections
import itertools
import json
import math
import os
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

TOK = os.path.abspath(sys.argv.pop(1))
MAN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "man")
SANITIZED = any(name in open(TOK, "rb").read() for name in (b"__asan_init", b"__tsan_init"))
MERGES = ("r e", "a t", "e d", "u n", "at ed", "re l", "rel ated", "un related")
BPE_METHODS = ("bpe-dropout", "bpe-dropout-hf", "bpe-dropout-sp")


def byte_alphabet():
    """The characters that byte-level vocabularies write bytes with."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return [chr(b if b in kept else next(others)) for b in range(256)]


ALPHABET = byte_alphabet()


def byte_bpe(merges, **more):
    """Byte-level BPE: nothing is lost."""
    tokens = ALPHABET + ["".join(m.split()) for m in merges]
    return {"version": "1.0", "added_tokens": [], "normalizer": None,
            "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True,
                              "use_regex": True},
            "post_processor": None, "decoder": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True,
                        "use_regex": True},
            "model": {"type": "BPE", "vocab": {t: i for i, t in enumerate(tokens)},
                      "merges": list(merges), **more}}


def byte_words(tokens, **more):
    """Byte-level WordPiece without a prefix: what is made for vocabularies put together."""
    file = byte_bpe(())
    vocabulary = ["[UNK]"] + ALPHABET + list(tokens)
    file["model"] = {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "",
                     "max_input_chars_per_word": 1000000,
                     "vocab": {t: i for i, t in enumerate(vocabulary)}, **more}
    return file


def unigram():
    """SentencePiece's way with byte pieces: spaces and bytes come back."""
    pieces = [["<unk>", 0.0], *[[f"<0x{b:02X}>", -20.0] for b in range(256)]]
    scores = {"a": .2, "b": .2, "ab": .3, "c": .1, "bc": .2, "\u2581": .1, "\u2581a": .15, "ca": .05,
              "\u00e9": .01, "\u2581ab": .02}
    pieces += [[piece, math.log(p)] for piece, p in scores.items()]
    return {"version": "1.0", "added_tokens": [], "normalizer":
            {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"},
            "pre_tokenizer": None, "post_processor": None,
            "decoder": {"type": "Sequence", "decoders":
                        [{"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "},
                         {"type": "ByteFallback"}, {"type": "Fuse"}]},
            "model": {"type": "Unigram", "unk_id": 0, "vocab": pieces, "byte_fallback": True}}


def wordpiece():
    letters = "abcdelnrtu"
    tokens = ["[UNK]", *letters, *["##" + l for l in letters], "un", "##re", "##lated", "##ed", "re"]
    return {"version": "1.0", "added_tokens": [], "normalizer": None,
            "pre_tokenizer": {"type": "Whitespace"}, "post_processor": None,
            "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": False},
            "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                      "max_input_chars_per_word": 100,
                      "vocab": {t: i for i, t in enumerate(tokens)}}}


TOKENIZERS = {"bpe": byte_bpe(MERGES), "words": byte_words(("un", "ated", "relat", "rel")),
              "unigram": unigram(), "wordpiece": wordpiece()}
METHODS = {"bpe": (*BPE_METHODS, "maxmatch", "uniform", "split"),
           "words": ("maxmatch", "uniform", "split"),
           "unigram": ("unigram", "maxmatch", "uniform", "split"),
           "wordpiece": ("maxmatch", "uniform", "split")}


def make_document(chance):
    """Words that can be split, characters, bytes that are none."""
    known = [b"unrelated", b" related", b"abc", b" ab", b"\n", b"  ", "\u00e9".encode(), b"\xff",
             "\u4f60".encode(), b"\xe4\xbd", b"bca", b" un", b"ed"]
    text = b"".join(chance.choice(known) for _ in range(chance.randrange(12)))
    if chance.random() < .3:
        text += bytes(chance.randrange(1, 256) for _ in range(chance.randrange(8)))
    return text.replace(b"\0", b"")


def chi_square_bound(freedom):
    """Above it by chance once in 10,000 (Wilson and Hilferty)."""
    return freedom * (1 - 2 / (9 * freedom) + 3.719 * math.sqrt(2 / (9 * freedom))) ** 3


class Tok(unittest.TestCase):
    maxDiff = 500

    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory()
        cls.folder = cls.holder.name
        for name, file in TOKENIZERS.items():
            with open(os.path.join(cls.folder, name + ".json"), "w", encoding="utf-8") as out:
                json.dump(file, out)

    @classmethod
    def tearDownClass(cls):
        cls.holder.cleanup()

    def tok(self, tool, *options, data=b"", code=0, **more):
        done = subprocess.run((TOK, tool) + options, input=data, capture_output=True,
                              cwd=self.folder, check=False,
                              env=dict(os.environ, TOK_CACHE="off"), **more)
        if code is not None:
            self.assertEqual(done.returncode, code, (tool, options, done.stderr[:500]))
        if code == 0:
            self.assertEqual(done.stderr, b"")
        return done

    def sample(self, tokenizer, method, *options, data=b"", **more):
        return self.tok("sample", "-t", tokenizer + ".json", "-m", method, *options, data=data,
                        **more).stdout

    def lines(self, *arguments, **more):
        return [json.loads(line) for line in self.sample(*arguments, "-F", "jsonl", **more).splitlines()]

    def each(self):
        for tokenizer, methods in METHODS.items():
            for method in methods[::2 if SANITIZED else 1]:
                with self.subTest(tokenizer=tokenizer, method=method):
                    yield tokenizer, method

    def documents(self, seed, count):
        chance = random.Random(seed)
        return b"\0".join(make_document(chance) for _ in range(count))


class Sampling(Tok):
    """tok sample."""

    def test_decoding_is_that_of_the_canonical_ids(self):
        data = self.documents(1, 300)
        for tokenizer, method in self.each():
            path = tokenizer + ".json"
            own = self.tok("encode", "-t", path, "-0", data=data).stdout
            expected = self.tok("decode", "-t", path, "--null", data=own).stdout
            if tokenizer in ("bpe", "words"):
                self.assertEqual(expected.rstrip(b"\0"), data.rstrip(b"\0"))
            for options in (("--seed", "3"), ("-p", "0.5"), ("-p", "1")):
                if method == "unigram":
                    options = ("--alpha", options[1]) if options[0] == "-p" else options
                drawn = self.sample(tokenizer, method, "-0", *options, data=data)
                self.assertEqual(self.tok("decode", "-t", path, "--null", data=drawn).stdout, expected)
                if options[1] == "0.5":
                    self.assertNotEqual(drawn, own)

    def test_threads_and_neighbours_change_nothing(self):
        data = self.documents(2, 400)
        for tokenizer, method in self.each():
            one = self.sample(tokenizer, method, "-0", "-n", "3", "--threads", "1", data=data)
            eight = self.sample(tokenizer, method, "-0", "-n", "3", "--threads", "8", data=data)
            self.assertEqual(one, eight)
            first = self.sample(tokenizer, method, "-0", data=data)
            self.assertEqual(first.splitlines(), one.splitlines()[::3])
            with open(os.path.join(self.folder, "a"), "wb") as file:
                file.write(data)
            both = self.sample(tokenizer, method, "-0", "a", "a").splitlines()
            self.assertEqual(both[:len(both) // 2], first.splitlines())
            self.assertNotEqual(both[len(both) // 2:], first.splitlines())
            self.assertNotEqual(self.sample(tokenizer, method, "-0", "--seed", "9", data=data), first)

    def test_nothing_dropped_is_the_tokenizers_own(self):
        data = self.documents(3, 300)
        for tokenizer, method in [("bpe", m) for m in (*BPE_METHODS, "split", "uniform")] + \
                [("words", "maxmatch"), ("wordpiece", "maxmatch"), ("unigram", "split")]:
            own = self.tok("encode", "-t", tokenizer + ".json", "-0", data=data).stdout
            self.assertEqual(self.sample(tokenizer, method, "-0", "-p", "0", data=data), own, method)
        own = self.tok("encode", "-t", "unigram.json", "-0", data=data).stdout
        self.assertEqual(self.sample("unigram", "unigram", "-0", "--nbest", "1", data=data), own)

    def test_all_formats_hold_the_same_ids(self):
        data = self.documents(4, 50)
        options = ("bpe", "bpe-dropout", "-0", "-p", "0.4", "-n", "2")
        text = [int(i) for i in self.sample(*options, data=data).split()]
        u32 = self.sample(*options, "-F", "u32", data=data)
        self.assertEqual([int.from_bytes(u32[i:i + 4], "little") for i in range(0, len(u32), 4)], text)
        self.assertEqual(self.sample(*options, "-F", "npy", data=data)[128:], u32)
        lines = self.lines(*options, "--tokens", data=data)
        self.assertEqual([i for line in lines for i in line["ids"]], text)
        names = list(TOKENIZERS["bpe"]["model"]["vocab"])
        for line in lines:
            self.assertEqual(line["tokens"], [names[i] for i in line["ids"]])
        split = self.lines("bpe", "split", "-0", "-p", "0.4", "-n", "2", "--tokens", data=data)
        for line in split:
            self.assertEqual(line["tokens"], [names[i] for i in line["ids"]])
        self.sample(*options, "-F", "megatron", "-o", "pair", "--eod", "0", data=data)
        self.assertTrue(os.path.exists(os.path.join(self.folder, "pair.idx")))

    def test_the_whole_distribution_adds_up_and_is_what_is_drawn(self):
        texts = {"bpe": b"unrelated", "words": b"unrelated", "unigram": b"abc ab", "wordpiece": b"unrelated"}
        count = 4000
        for tokenizer, method in self.each():
            text = texts[tokenizer]
            strength = ("--alpha", ".7") if method == "unigram" else \
                ("-p", ".3" if method != "split" else "1.5")
            if method == "uniform":
                strength = ()
            exact = self.lines(tokenizer, method, "--exact", *strength, data=text)
            self.assertAlmostEqual(math.fsum(o["probability"] for o in exact), 1, delta=1e-9)
            self.assertEqual(exact, sorted(exact, key=lambda o: -o["probability"]))
            for outcome in exact:
                self.assertAlmostEqual(math.log(outcome["probability"]), outcome["log_probability"])
            expected = {tuple(o["ids"]): o["probability"] * count for o in exact}
            self.assertEqual(len(expected), len(exact))
            drawn = self.sample(tokenizer, method, *strength, "-n", str(count), "--seed", "5", data=text)
            seen = collections.Counter(tuple(map(int, line.split())) for line in drawn.splitlines())
            self.assertLessEqual(set(seen), set(expected))
            # Those that are expected less than five times are one class.
            often = {k: e for k, e in expected.items() if e >= 5}
            rest = count - sum(often.values())
            pairs = [(seen[k], e) for k, e in often.items()]
            if rest >= 5:
                pairs.append((count - sum(s for s, _ in pairs), rest))
            chi = sum((s - e) ** 2 / e for s, e in pairs)
            if len(pairs) > 1:
                self.assertLess(chi, chi_square_bound(len(pairs) - 1), (tokenizer, method))

    def test_published_distributions(self):
        """The numbers of the two ways to drop merges, from the definitions."""
        for method, most in (("bpe-dropout", .719336), ("bpe-dropout-sp", .430467)):
            exact = self.lines("bpe", method, "--exact", data=b"unrelated")
            whole = [o for o in exact if len(o["ids"]) == 1]
            self.assertAlmostEqual(whole[0]["probability"], most, places=6)

    def test_without_replacement(self):
        for tokenizer, method, text in (("unigram", "unigram", b"abcabc abc"), ("bpe", "uniform", b"unrelated"),
                                        ("unigram", "uniform", b"abcabc")):
            exact = {tuple(o["ids"]): o for o in self.lines(tokenizer, method, "--exact", data=text)}
            for seed in range(5):
                drawn = self.lines(tokenizer, method, "--wor", "6", "--seed", str(seed), data=text)
                self.assertEqual(len(drawn), 6)
                self.assertEqual(len({tuple(o["ids"]) for o in drawn}), 6)
                for one in drawn:
                    known = exact[tuple(one["ids"])]
                    self.assertAlmostEqual(one["log_probability"], known["log_probability"], places=4)
                    self.assertLessEqual(one["log_inclusion"], 1e-9)
            every = self.lines(tokenizer, method, "--wor", "100000", data=text)
            self.assertEqual({tuple(o["ids"]) for o in every}, set(exact))
            if method != "unigram":
                continue
            best = self.lines(tokenizer, method, "--wor", "3", "--include-best", data=text)
            self.assertEqual(best[0]["log_inclusion"], 0)
            self.assertAlmostEqual(best[0]["log_probability"],
                                   max(o["log_probability"] for o in exact.values()), places=4)

    def test_the_best(self):
        exact = self.lines("unigram", "unigram", "--exact", "--alpha", "1", data=b"abcabc")
        best = self.lines("unigram", "unigram", "--best", "4", "--alpha", "1", data=b"abcabc")
        self.assertEqual(len(best), 4)
        for one, known in zip(best, exact):
            self.assertAlmostEqual(one["log_probability"], known["log_probability"], places=4)
        among = self.lines("unigram", "unigram", "--exact", "--nbest", "3", data=b"abcabc")
        self.assertEqual(len(among), 3)
        self.assertAlmostEqual(sum(o["probability"] for o in among), 1)

    def test_comparison(self):
        data = b"unrelated\n\n unrelated & <ed> \"\n\xff\xe4\xbd\n" + "\u0301\u202e\u4f60\t".encode()
        for tokenizer, methods in METHODS.items():
            options = ("sample", "-t", tokenizer + ".json", "--compare", "--svg", "p.svg", "--top", "4")
            texts = [json.loads(l) for l in self.tok(*options, "-F", "jsonl", data=data).stdout.splitlines()]
            self.assertEqual(len(texts), 5)
            self.assertGreater(len(self.tok(*options, data=data).stdout.splitlines()), 20)
            self.check_picture(texts)
            for text in texts:
                self.assertEqual(text["schema"], "tok.sample.compare.1")
                self.assertEqual({m["method"] for m in text["methods"]}, set(methods))
                self.assertEqual(text["methods"][-1]["method"], "uniform")
            self.check_measures(tokenizer, texts[0], data.splitlines()[0])

    @unittest.skipIf(SANITIZED, "a matter of time")
    def test_many_rows_take_no_long_time(self):
        """A hundred thousand: what takes the square of that does not end."""
        done = self.tok("sample", "-t", "words.json", "--compare", "-F", "jsonl", "--limit", "100000",
                        "--top", "100000", data=b"unrelated" * 5, timeout=20)
        text = json.loads(done.stdout)
        rows = text["segmentations"]
        self.assertEqual(len({tuple(row["ids"]) for row in rows}), 100_000)
        self.assertEqual(len(rows), 100_000)
        self.assertEqual(sum(row["canonical"] for row in rows), 1)
        for number, told in enumerate(text["methods"]):
            self.assertEqual(told["others"], 0)
            self.assertAlmostEqual(math.fsum(row["probabilities"][number] for row in rows), 1, places=9)

    def check_measures(self, tokenizer, text, data):
        own = text["canonical"]["ids"]
        for number, told in enumerate(text["methods"]):
            exact = self.lines(tokenizer, told["method"], "--exact", data=data)
            entropy = -sum(o["probability"] * math.log2(o["probability"]) for o in exact)
            self.assertEqual(told["outcomes"], len(exact))
            self.assertAlmostEqual(told["entropy_bits"], entropy, places=9)
            self.assertAlmostEqual(told["expected_length"],
                                   sum(o["probability"] * len(o["ids"]) for o in exact), places=9)
            self.assertAlmostEqual(told["canonical_probability"],
                                   sum(o["probability"] for o in exact if o["ids"] == own), places=9)
            self.assertAlmostEqual(told["divergence_bits"], text["log2_segmentations"] - entropy, places=6)
            known = {tuple(o["ids"]): o["probability"] for o in exact}
            shown = 0
            for row in text["segmentations"]:
                self.assertAlmostEqual(row["probabilities"][number], known.get(tuple(row["ids"]), 0))
                self.assertEqual(row["canonical"], row["ids"] == own)
                shown += row["probabilities"][number]
            self.assertAlmostEqual(shown + told["others"], 1, places=6)
        self.assertAlmostEqual(text["methods"][-1]["divergence_bits"], 0, places=6)

    @unittest.skipIf(SANITIZED, "a matter of size")
    def test_places_of_a_large_picture_are_exact(self):
        """Beyond six digits too: boxes of one row stand one behind the other."""
        self.tok("sample", "-t", "bytes", "--compare", "--svg", "p.svg", data=b"a" * 60_000)
        with open(os.path.join(self.folder, "p.svg"), encoding="utf-8") as file:
            places = [int(x) for x in re.findall('<rect class="x" x="([^"]*)"', file.read())]
        self.assertEqual(places, list(range(places[0], places[0] + 18 * 60_000, 18)))

    def test_no_picture_is_larger_than_its_limit(self):
        options = ("sample", "-t", "words.json", "--compare", "--svg", "p.svg", "--top")
        path = os.path.join(self.folder, "p.svg")
        for top, drawn in (("6000", 1), ("10000", 0)):
            done = self.tok(*options, top, data=(b"unrelated" * 4 + b"\n") * 3, code=2)
            self.assertIn(b"document %d: the picture would be larger than 32 MB: " % (drawn + 1), done.stderr)
            self.assertEqual(done.stderr.count(b"\n"), 1)
            self.assertEqual(done.stdout.count(b" segmentations, "), drawn)
            self.assertLess(os.path.getsize(path), 32 << 20)
            with open(path, encoding="utf-8") as file:
                self.assertEqual(file.read().count('class="t"'), drawn)

    def check_picture(self, texts):
        root = ElementTree.parse(os.path.join(self.folder, "p.svg")).getroot()
        name = "{http://www.w3.org/2000/svg}"
        told = [e.text for e in root.iter(name + "title")][1:]
        expected = []
        for text in texts:
            methods = text["methods"]
            for row in text["segmentations"]:
                expected += [f"{m['method']}: {p:.6g}" for m, p in zip(methods, row["probabilities"]) if p]
            expected += [f"{m['method']}: {m['others']:.6g}" for m in methods if m["others"] > 0]
        self.assertEqual(told, expected)
        numbers = [e.text for e in root.iter(name + "text")]
        for text in texts:
            for method in text["methods"]:
                self.assertIn(f"{method['entropy_bits']:.3f}", numbers)
        with open(os.path.join(self.folder, "p.svg"), encoding="utf-8") as file:
            raw = file.read()
        self.assertNotIn("href", raw)
        self.assertNotIn("\u202e", raw)

    def test_the_manual_shows_what_comes_out(self):
        """The table of tok-sampling(7) is that of the command above it."""
        with open(os.path.join(MAN, "tok-sampling.7"), encoding="utf-8") as file:
            page = file.read().replace("\\-", "-").replace("\\(aq", "'").replace("\\e", "\\")
        command, table = page[page.index("\n$ ") + 3:].split(".EE")[0].split("\n", 1)
        done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True,
                              env=dict(os.environ, TOK_CACHE="off", PATH=os.path.dirname(TOK) + ":" +
                                       os.environ["PATH"]))
        self.assertEqual(done.stdout, table)

    def test_too_long(self):
        for options in (("-m", "uniform", "--exact"), ("-m", "bpe-dropout", "--exact", "--limit", "5")):
            done = self.tok("sample", "-t", "bpe.json", *options, data=b"unrelated" * 40, code=2)
            self.assertEqual(done.stdout, b"")
            self.assertIn(b"segmentations: --limit allows more", done.stderr)
            self.assertEqual(done.stderr.count(b"\n"), 1)
        told = json.loads(self.tok("sample", "-t", "bpe.json", "--compare", "-F", "jsonl", "--limit", "3",
                                   "--svg", "p.svg", data=b"unrelated").stdout)
        self.assertEqual(told["methods"][-1]["outcomes"], None)
        self.assertEqual(told["methods"][-1]["more_than"], 3)
        ElementTree.parse(os.path.join(self.folder, "p.svg"))

    def test_one_bad_document_does_not_stop_the_rest(self):
        with open(os.path.join(self.folder, "bad"), "wb") as file:
            file.write(b'{"text":"un"}\n{"txt":1}\n')
        with open(os.path.join(self.folder, "good"), "wb") as file:
            file.write(b'{"text":"ed"}\n')
        for options in (("-m", "uniform"), ("-m", "uniform", "--exact"), ("--compare",)):
            done = self.tok("sample", "-t", "bpe.json", *options, "--jsonl", "text", "bad", "absent", "good",
                            code=2)
            self.assertIn(b"line 2", done.stderr)
            self.assertIn(b"absent", done.stderr)
            self.assertGreaterEqual(len(done.stdout.splitlines()), 2)

    def test_a_bad_document_does_not_shift_what_is_drawn_in_others(self):
        line = b'{"text":"unrelated"}\n'
        for name, data in (("head", line * 3), ("bad", line * 3 + b"{}\n" + line), ("good", line * 40)):
            with open(os.path.join(self.folder, name), "wb") as file:
                file.write(data)
        for options in (("-m", "uniform"), ("-m", "uniform", "--wor", "2", "-F", "jsonl"),
                        ("-m", "uniform", "--exact"), ("--compare", "-F", "jsonl")):
            options = ("sample", "-t", "bpe.json", "--jsonl", "text", *options)
            done = self.tok(*options, "bad", "good", "bad", code=2)
            self.assertEqual(done.stdout, self.tok(*options, "head", "good", "head").stdout, options)
            self.assertEqual(done.stderr.count(b"'bad': line 4: "), 2)

    def test_a_full_disk_keeps_what_was_there(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        table, picture = (os.path.join(self.folder, name) for name in ("table", "picture"))
        for options in (("-m", "uniform", "--exact"), ("--compare", "--top", "3000", "--svg", picture)):
            for path in (table, picture):
                with open(path, "wb") as file:
                    file.write(b"old")
            done = self.tok("sample", "-t", "words.json", *options, "-F", "jsonl", "-o", table,
                            data=b"unrelated" * 4, code=2, preexec_fn=limit)
            self.assertRegex(done.stderr, rb"^tok sample: cannot write '[^']*': File too large\n$")
            for path in (table, picture):
                with open(path, "rb") as file:
                    self.assertEqual(file.read(), b"old", path)

    def test_full_disks(self):
        for options in (("-m", "uniform"), ("-m", "uniform", "--exact"), ("--compare",),
                        ("--compare", "--svg", "/dev/full")):
            with open("/dev/full", "wb") as full:
                done = subprocess.run((TOK, "sample", "-t", os.path.join(self.folder, "bpe.json"), *options),
                                      input=b"unrelated\n", stderr=subprocess.PIPE, check=False,
                                      stdout=subprocess.PIPE if "--svg" in options else full)
            self.assertEqual(done.returncode, 2, options)
            self.assertIn(b"write", done.stderr)


class LongestMatch(Tok):
    """tok encode --longest-match, against the definition."""

    def write(self, name, file):
        file["pre_tokenizer"]["use_regex"] = False  # a document is one piece
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as out:
            json.dump(file, out)

    def match(self, text, ids, most):
        written, found, at = "".join(ALPHABET[b] for b in text), [], 0
        while at < len(written):
            end = next(e for e in range(min(len(written), at + most), at, -1) if written[at:e] in ids)
            found.append(ids[written[at:end]])
            at = end
        return found

    def test_is_the_longest_match(self):
        chance = random.Random(6)
        tokens = sorted({"".join(chance.choices("abc", k=chance.randrange(2, 7))) for _ in range(60)})
        bpe = byte_bpe(("a b", "ab c"))  # and tokens that no merge makes
        for token in tokens:
            bpe["model"]["vocab"].setdefault(token, len(bpe["model"]["vocab"]))
        texts = [bytes(chance.choices(b"abcabcx \xff\n", k=chance.randrange(40))) for _ in range(300)]
        for name, file in (("lm-words.json", byte_words(tokens)), ("lm-bpe.json", bpe)):
            self.write(name, file)
            done = self.tok("encode", "-t", name, "-0", "--longest-match", data=b"\0".join(texts) + b"\0")
            lines = done.stdout.decode().split("\n")
            self.assertEqual(len(lines), len(texts) + 1)
            for text, line in zip(texts, lines):
                self.assertEqual([int(i) for i in line.split()], self.match(text, file["model"]["vocab"], 7), text)
        merged = self.tok("encode", "-t", "lm-bpe.json", "-0", data=b"\0".join(texts) + b"\0")
        self.assertNotEqual(merged.stdout, done.stdout)

    def test_a_million_tokens(self):
        count = 40_000 if SANITIZED else 1_000_000
        chance = random.Random(7)
        letters = "etaoinshrdlu "
        written = [ALPHABET[ord(c)] for c in letters]
        every = itertools.chain.from_iterable(itertools.product(written, repeat=n) for n in range(2, 7))
        tokens = ["".join(t) for t in itertools.islice(every, count - 257)]
        chance.shuffle(tokens)
        file = byte_words(tokens)
        ids = file["model"]["vocab"]
        self.assertEqual(len(ids), count)
        self.write("million.json", file)
        text = "".join(chance.choices(letters, k=50_000)).encode()
        got = self.tok("encode", "-t", "million.json", "--longest-match", data=text).stdout
        self.assertEqual([int(i) for i in got.split()], self.match(text, ids, 6))


if __name__ == "__main__":
    unittest.main()
