"""jobs.py - what is trained, on what, by whom, and what tok is held to.

A contender is tok in some way (`Tok`) or a trainer's folder below python/ (`Peer`).  What it
learned is looked at before it counts; `gate` says against what:

    hf, raw    merges of tok with this rule for ties: they must be the same, all of them
    lines      the same, of a text whose lines are documents
    pieces     no two programs agree on them: tokens of a text that nobody has seen are counted
"""


class Tok:
    def __init__(self, name, options, gate="hf", threads=1, counts=False, words=False):
        self.name, self.options, self.gate = name, options, gate
        self.threads, self.counts, self.words = threads, counts, words


class Peer:
    gate = None

    def __init__(self, name, calls, long=False):
        self.name, self.calls, self.long = name, calls, long  # calls: name -> gate


class Job:
    def __init__(self, title, text, size, contenders, limit=600, pretok="gpt2", needs=None, first=0, long=False):
        self.title, self.text, self.size, self.contenders = title, text, size, contenders
        self.limit, self.pretok, self.needs, self.first, self.long = limit, pretok, needs, first, long

    def unseen(self):
        """Is some of the text held back, to see how what was learned does on it?"""
        return any(c.gate == "pieces" for c in self.contenders)


JOBS = {
    "english": Job("BPE of 32,000 tokens, English", "en-prose", 32000, [
        Tok("tok", []),
        Tok("tok, two threads", [], threads=2),
        Tok("tok words (counting alone)", [], words=True, gate=None),
        Tok("tok, from counts", [], counts=True),
        Peer("tokenizers", {"documents": "hf", "files": "lines"}),
        Peer("gigatoken", {"file": "hf"}),
        Peer("ffbpe", {"documents": "hf", "file": "hf"}),
        Peer("rustbpe", {"documents": "raw"}),
        Peer("bpeasy", {"documents": "raw"}),
    ]),
    "pieces": Job("BPE of 32,000 pieces, English, in SentencePiece's way", "en-prose", 32000, [
        Tok("tok", ["--lines", "--tie", "spm", "--unk-token", "<unk>", "--max-token-length", "16"], gate="pieces"),
        Peer("sentencepiece", {"bpe": "pieces"}),
    ], pretok="metaspace"),
    "unigram": Job("Unigram of 32,000 pieces, English", "en-prose", 32000, [
        Tok("tok", ["--lines", "--model", "unigram"], gate="pieces"),
        Peer("sentencepiece", {"unigram": "pieces"}),
    ], pretok="metaspace", limit=1200),
    "mixed": Job("BPE of 32,000 tokens, English, code and 20 languages", "mixed", 32000, [
        Tok("tok", []),
        Tok("tok, --memory 256M", ["--memory", "256M"]),
        Peer("gigatoken", {"file": "hf"}, long=True),
        Peer("ffbpe", {"documents": "hf"}, long=True),
        Peer("tokenizers", {"documents": "hf"}, long=True),
    ], limit=1800),
    "superbpe": Job("SuperBPE of 200,000 tokens, 180,000 of them words", "mixed", 200000, [
        Tok("tok", ["--super", "superbpe", "--transition", "180k"], gate=None),
    ], needs="--super", first=500_000_000, long=True, limit=3600),
}

# job, contender, against, value, wanted at least.  The value of `against` by the contender's.
BAR = [
    ("english", "tok", "tokenizers", "cpu", 20),
    ("english", "tok", "tokenizers", "memory", 5),
    ("english", "tok", "rustbpe", "cpu", 10),
    ("english", "tok", "bpeasy", "cpu", 10),
    ("english", "tok", "gigatoken", "cpu", 2),
    ("english", "tok", "ffbpe", "cpu", 2),
    ("pieces", "tok", "sentencepiece", "cpu", 60),
    ("mixed", "tok", "tokenizers", "cpu", 20),
    ("mixed", "tok, --memory 256M", "tok", "cpu", 0.5),
    ("unigram", "tok", "sentencepiece", "cpu", 6),
    ("unigram", "tok", "sentencepiece", "memory", 6),
]

# job, contender, value, at most, unit.
LIMITS = [
    ("mixed", "tok", "memory", 600, "MB"),
    ("superbpe", "tok", "memory", 16000, "MB"),
]

# What the registries hold under the names of trainers, and what they do not.
ABSENT = {
    "unitoken (PyPI 0.0.4)": "another project of the same name; the trainer is called ffbpe now, and is measured",
    "SuperBPE's fork of tokenizers": "in no registry; its authors trained on 10 GB with 100 processors and 1 TB of memory",
}
