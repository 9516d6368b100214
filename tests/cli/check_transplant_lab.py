#!/usr/bin/env python3
"""check_transplant_lab.py TOK: tok transplant lab, small: what its numbers must obey, that threads change
none, and that nothing is left behind."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

TOK = os.path.abspath(sys.argv.pop(1))
ROOT = pathlib.Path(__file__).resolve().parents[2]
NETS = ROOT / "tests/cli/data/embed"
SANITIZED = any(name in open(TOK, "rb").read() for name in (b"__asan_init", b"__tsan_init"))
SMALL = ["--seeds", "2", "--samples", "100" if SANITIZED else "500", "--probe", "1"]


def text(path, pattern, size):
    """Real text that is here anyway."""
    data = b"".join(p.read_bytes() for p in sorted(ROOT.glob(pattern)))
    path.write_bytes(data[:size])
    return str(path)


class Lab(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        base = pathlib.Path(cls.folder.name)
        cls.pages = text(base / "pages", "man/*.1", 25000)
        cls.code = text(base / "code", "cmd/*.c", 25000)
        cls.room = base / "room"
        cls.room.mkdir()

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def tok(self, *args, wait=True):
        run = subprocess.Popen([TOK, "transplant", "lab", *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={**os.environ, "TMPDIR": str(self.room)})
        return run.communicate(timeout=300) if wait else run

    def lab(self, *args):
        out, err = self.tok("--json", *SMALL, *args)
        self.assertEqual(list(self.room.iterdir()), [], err)
        return json.loads(out)

    def test_numbers(self):
        made = self.lab("--methods", "subword,ridge", "--threads", "1", self.pages, self.code)
        self.assertEqual(made["schema"], "tok.transplant.lab.1")
        self.assertEqual([t["path"] for t in made["texts"]], [self.pages, self.code])
        for t in made["texts"]:
            self.assertEqual(t["train_bytes"] + t["held_bytes"], 25000)
            self.assertTrue(2200 < t["held_bytes"] <= 2500)
        self.assertEqual([t["target"] for t in made["targets"]], ["B", "S"])
        for target, size in zip(made["targets"], made["tokens"][1:]):
            self.assertEqual(target["shared"] + target["new"], size)
            self.assertEqual(len(target["share"]), 2)
            self.assertTrue(all(0 < share < 1 for share in target["share"]))
            names = [m["name"] for m in target["models"]]
            self.assertEqual(names, ["as it was", "learnt with it", "subword", "ridge"])
            for m in target["models"]:
                probed = m["name"] in ("subword", "ridge")
                kinds = {"name", "bits"} | ({"share"} if m["name"] != "as it was" else set())
                self.assertEqual(set(m), kinds | ({"probed", "probed_share"} if probed else set()))
                for kind in set(m) - {"name"}:
                    stage, limits = m[kind], (0, 1) if "share" in kind else (0.1, 30)
                    self.assertEqual([len(seeds) for seeds in stage], [2, 2])
                    self.assertTrue(all(limits[0] < number < limits[1] for seeds in stage for number in seeds))
                    if "share" not in kind:
                        self.assertTrue(all(a != b for a, b in stage), "seeds differ")
        first = [target["models"][0]["bits"] for target in made["targets"]]
        self.assertEqual(first[0], first[1], "the source is the same one")
        # The same on each side is the same for both, and an option is for whom names one only.
        again = self.lab("--methods", "subword/subword,ridge/ridge", "--threads", "3", "--in-method", "mean",
                         self.pages, self.code)
        for target in again["targets"]:
            for m in target["models"]:
                m["name"] = m["name"].split("/")[0]
        self.assertEqual(again, made)

    def test_table(self):
        out, err = self.tok("--samples", "64", "--seeds", "1", "--probe", "0", "--methods",
                            "random,zero/random,random/zero,zero", "--lab-model", "transformer", self.code)
        lines = out.decode().splitlines()
        for name in ("random", "zero", "zero/random", "random/zero", "the text"):
            self.assertEqual(sum(line.startswith(name + " ") for line in lines), 2, err)
        self.assertEqual(sum(line.startswith("A to ") for line in lines), 2)
        texts = [float(line[24:]) for line in lines if line.startswith("the text ")]
        self.assertTrue(texts[0] == 0 and 10 < texts[1] < 90, texts)
        rows = [line[24:].split() for line in lines if line.startswith(("random", "zero"))]
        self.assertEqual([len(row) for row in rows], [3] * 8)
        numbers = [tuple(row) for row in rows]
        self.assertEqual(len(set(numbers[:4])), 1, "A and B are the same: no token is new")
        self.assertEqual(len(set(numbers[4:])), 4, "each pair is a method of its own")
        both, zero_random, random_zero, zero = (float(row[2]) for row in rows[4:])
        self.assertLess(abs(zero_random - both), abs(zero_random - zero), "the second is the output's")
        self.assertLess(abs(random_zero - zero), abs(random_zero - both))

    def test_refusals(self):
        for args, said in (
            ([], "lab wants texts to learn from, one a domain"),
            (["--seeds", "0", self.code], "1 to 100 seeds"),
            (["--methods", "magic", self.code], "'magic' is no method"),
            (["--samples", "64", "--methods", "mean,mean/magic", self.code], "tok transplant: 'magic' is no method"),
            (["--methods", "/mean", self.code], "'' is no method"),
            # All this before a text is read, and long before anything is learnt.
            (["--methods", "", os.devnull], "--methods takes one method or more, not ''"),
            (["--methods", ",", os.devnull], "--methods takes one method or more, not ','"),
            (["--in-method", "bogus", "--methods", "mean/random", os.devnull], "'bogus' is no method"),
            (["--out-method", "bogus", "--methods", "mean/random", os.devnull], "'bogus' is no method"),
            (["--methods", "mean/hypernet:none/x", os.devnull], "cannot open 'none/x/config.json'"),
            (["--out-method", "hypernet:none", "--methods", "mean", os.devnull], "cannot open 'none/config.json'"),
            (["--methods", f"mean,hypernet:{NETS}/net", os.devnull], "/net: the network predicts rows of 8 numbers, "
             "and the model's have 64"),
            (["--methods", f"hypernet:{NETS}/tied", os.devnull], "say --lang CODE"),
            (["--methods", "magic", "--in-method", "mean", "--out-method", "zero", os.devnull], "'magic' is no method"),
            (["--methods", "mean,focus", "--preset", "focus", os.devnull], "FOCUS goes by vectors"),
            ([os.devnull], "a text of 0 bytes is too short"),
            ([str(self.room / "none")], "No such file"),
        ):
            out, err = self.tok(*args)
            self.assertIn(said, err.decode())
            self.assertEqual(out, b"")
            self.assertEqual(list(self.room.iterdir()), [])

    def test_interrupted(self):
        run = self.tok("--samples", "100000000", self.code, wait=False)
        deadline = time.monotonic() + 120
        while not list(self.room.glob("*/S/tokenizer.json")) and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.3)
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=120)
        self.assertEqual((run.returncode, out), (2, b""), err)
        self.assertIn(b"interrupted", err)
        self.assertEqual(list(self.room.iterdir()), [])


if __name__ == "__main__":
    unittest.main()
