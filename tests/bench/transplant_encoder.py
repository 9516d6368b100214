#!/usr/bin/env python3
"""What a real encoder is worth with another tokenizer: how well likenesses of sentences survive.

    transplant_encoder.py TOK ENCODER --text SENTENCES --vocabulary TOKENIZER... [--methods a,b,c]

ENCODER: the folder of tests/train/fetch_encoder.py (all-MiniLM-L6-v2).  Each TOKENIZER, a tokenizer.json
that has [CLS] and [SEP], is given to it by `tok transplant run`; then Hugging Face's transformers and
tokenizers load both folders as anybody would.  For pairs of real sentences, neighbours in the text and
drawn ones, the cosine under the transplanted model is compared with that under the model itself:
Spearman's rank correlation, and the cosine of each sentence's two vectors.  Prints a table in Markdown.
"""
import argparse
import pathlib
import random
import subprocess
import tempfile

import numpy
import torch
import transformers
from tokenizers import Tokenizer


class Judge:
    """The encoder in a folder, as transformers runs it."""

    def __init__(self, folder):
        self.model = transformers.AutoModel.from_pretrained(folder).eval()
        self.tokenizer = Tokenizer.from_file(str(pathlib.Path(folder, "tokenizer.json")))
        self.tokenizer.no_padding()  # the encoder's own file asks for 128 tokens
        self.tokenizer.no_truncation()
        self.ends = [self.tokenizer.token_to_id(name) for name in ("[CLS]", "[SEP]")]
        if None in self.ends:
            raise SystemExit(f"{folder}: the tokenizer has no [CLS] and [SEP]")

    def ids(self, line):
        cut = self.tokenizer.encode(line, add_special_tokens=False).ids[:254]
        return [self.ends[0], *cut, self.ends[1]]

    @torch.no_grad()
    def vectors(self, lines):
        made = []
        for start in range(0, len(lines), 64):
            texts = [self.ids(line) for line in lines[start:start + 64]]
            longest = max(map(len, texts))
            ids = torch.tensor([t + [0] * (longest - len(t)) for t in texts])
            mask = torch.tensor([[1] * len(t) + [0] * (longest - len(t)) for t in texts])
            rows = self.model(input_ids=ids, attention_mask=mask).last_hidden_state * mask[..., None]
            made.append(torch.nn.functional.normalize(rows.sum(1) / mask.sum(1, keepdim=True), dim=1))
        return torch.cat(made).numpy()


def ranks(numbers):
    order = numpy.argsort(numbers, kind="stable")
    places = numpy.empty(len(numbers))
    places[order] = numpy.arange(len(numbers))
    return places


def spearman(a, b):
    return float(numpy.corrcoef(ranks(a), ranks(b))[0, 1])


def pairs_of(count, seed):
    """Neighbours, and as many that were drawn."""
    drawn = random.Random(seed)
    near = [(i, i + 1) for i in range(count - 1)]
    return numpy.array(near + [tuple(drawn.sample(range(count), 2)) for _ in range(4 * count)])


def transplant(options, vocabulary, method, folder):
    command = [options.tok, "transplant", "run", options.encoder, vocabulary, "-m", method, "-o", folder]
    if method in ("omp", "ridge", "procrustes", "knn"):
        raise SystemExit(f"{method} wants a donor, of which there is none here")
    subprocess.run(list(map(str, command)), check=True, capture_output=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tok", type=pathlib.Path)
    parser.add_argument("encoder", type=pathlib.Path)
    parser.add_argument("--text", type=pathlib.Path, required=True)
    parser.add_argument("--vocabulary", type=pathlib.Path, nargs="+", required=True)
    parser.add_argument("--methods", default="hybrid,subword,length,global,focus,bil,mean,random,zero")
    parser.add_argument("--sentences", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    lines = options.text.read_text().splitlines()[:options.sentences]
    pairs = pairs_of(len(lines), options.seed)
    want = Judge(options.encoder).vectors(lines)
    like = (want[pairs[:, 0]] * want[pairs[:, 1]]).sum(1)
    print("|tokenizer|method|tokens a sentence|Spearman|cosine with its own|\n|---|---|---|---|---|")
    for vocabulary in options.vocabulary:
        for method in options.methods.split(","):
            with tempfile.TemporaryDirectory() as scratch:
                folder = pathlib.Path(scratch, "out")
                transplant(options, vocabulary, method, folder)
                judge = Judge(folder)
                got = judge.vectors(lines)
                mean = numpy.mean([len(judge.ids(line)) for line in lines])
            ours = (got[pairs[:, 0]] * got[pairs[:, 1]]).sum(1)
            print(f"|{vocabulary.stem}|{method}|{mean:.1f}|{spearman(like, ours):.4f}|"
                  f"{float((got * want).sum(1).mean()):.4f}|", flush=True)


if __name__ == "__main__":
    main()
