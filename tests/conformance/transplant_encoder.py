#!/usr/bin/env python3
"""A real encoder with another tokenizer, as transformers runs it: likenesses of sentences survive a transplant.

    transplant_encoder.py --tok build/tok --cache build/test-data

all-MiniLM-L6-v2 gets a small tokenizer that is learnt here, its new rows by hybrid and by chance.  Pairs of 60
sentences are judged as in tests/bench/transplant_encoder.py: the order of their likenesses must be the encoder's own
as it is (with its own tokenizer written anew), near to it by hybrid, and by hybrid nearer than by chance.  Exit 1
where it is not; skipped where torch, transformers or the encoder are not there.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "bench"), str(TESTS / "providers")]
import programs  # noqa: E402

TOKENS, SENTENCES, LEARNT = 4000, 60, 400_000


def written(texts):
    """As the encoder's pre-tokenizer sees it: words in small letters with a space in front."""
    done = subprocess.run([sys.executable, "-B", TESTS / "train/texts.py", "lines"], input="\n".join(texts),
                          capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def sentences_of(text):
    plain = re.findall(r"[A-Z][a-z][A-Za-z ,'-]{40,160}[.](?=\s)", " ".join(text.split()))
    return list(dict.fromkeys(plain))[:SENTENCES]


def learn(options, texts, place):
    names = [word for name in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]") for word in ("--special", name)]
    data = "".join(line + "\n" for line in written("".join(texts)[:LEARNT].splitlines()))
    subprocess.run([options.tok, "train", "--pretok", "gpt2", "-v", str(TOKENS), *names, "-o", place],
                   input=data.encode(), capture_output=True, check=True)


def judge(options, scratch):
    import transplant_encoder as bench
    style, _, *texts = json.loads((options.cache / "texts/linux.json").read_text())  # the second is names
    lines = written(sentences_of(style))
    if len(lines) < SENTENCES:
        sys.exit(f"only {len(lines)} sentences")
    learn(options, texts, scratch / "new.json")
    pairs = bench.pairs_of(len(lines), 1)

    def likenesses(folder):
        rows = bench.Judge(folder).vectors(lines)
        return (rows[pairs[:, 0]] * rows[pairs[:, 1]]).sum(1)

    want, kept = likenesses(options.encoder), {}
    for name, tokenizer, method in (("itself", options.encoder / "tokenizer.json", "hybrid"),
                                    ("hybrid", scratch / "new.json", "hybrid"),
                                    ("random", scratch / "new.json", "random")):
        bench.transplant(options, tokenizer, method, scratch / name)
        kept[name] = bench.spearman(want, likenesses(scratch / name))
        print(f"{name}: Spearman {kept[name]:.4f}")
    return kept["itself"] == 1 and kept["hybrid"] > 0.5 and kept["hybrid"] > kept["random"] + 0.05


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tok", required=True)
    parser.add_argument("--cache", required=True, type=pathlib.Path)
    parser.add_argument("--ready", action="store_true", help="this Python has what is needed")
    options = parser.parse_args()
    options.encoder = options.cache / "minilm"
    if not options.ready:
        done = programs.run(options.cache / "venv/bin/python", TESTS / "train/fetch_encoder.py", options.encoder)
        if done.returncode:
            programs.skip(done.stderr.strip())
        sys.exit(subprocess.run([programs.python(options.cache), "-B", *sys.argv, "--ready"]).returncode)
    with tempfile.TemporaryDirectory() as scratch:
        sys.exit(not judge(options, pathlib.Path(scratch)))


main()
