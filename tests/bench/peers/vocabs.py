"""vocabs.py - the vocabularies, and the ids that are right.

Files and reference programs are those of the conformance tests (tests/oracles/fetch.py,
tests/conformance/references.py).  Reference ids are asked for once for each text and kept.
"""
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent

# The published patterns of OpenAI's rank files, for the peers that have to be told.
CL100K = (r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")
O200K = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")


class Vocab:
    """`twin`: where the same vocabulary lies as a tokenizer.json.  Peers that read nothing else get that
    file, written anew by tokenizers 0.23, because some read only its way to write merges."""

    def __init__(self, name, kind, file, pattern="", twin=None):
        self.name, self.kind, self.file, self.pattern, self.twin = name, kind, file, pattern, twin

    def path(self, data):
        return data / "tokenizers" / self.name / self.file

    def options(self, data, rewritten=None):
        kind, path = ("json", rewritten) if rewritten else (self.kind, self.path(data))
        return ["--name", self.name, "--kind", kind, "--path", str(path), "--pattern", self.pattern]

    def rewritten(self, data, cache):
        """The twin as tokenizers 0.23 writes it; None if there is none."""
        source = data / "tokenizers" / self.twin if self.twin else self.path(data) if self.kind == "json" else None
        path = cache / "rewritten" / f"{self.name}.json"
        if source and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run([data / "venv/bin/python", "-c", "import sys, tokenizers\n"
                            "tokenizers.Tokenizer.from_file(sys.argv[1]).save(sys.argv[2])", source, path], check=True)
        return path if source else None


VOCABS = {v.name: v for v in (
    Vocab("cl100k", "tiktoken", "cl100k_base.tiktoken", CL100K, "gpt35turbo/tokenizer.json"),
    Vocab("o200k", "tiktoken", "o200k_base.tiktoken", O200K, "gpt4o/tokenizer.json"),
    Vocab("llama3", "json", "tokenizer.json"),
    Vocab("qwen3", "json", "tokenizer.json"),
    Vocab("gptoss", "json", "tokenizer.json"),
    Vocab("deepseek_v3", "json", "tokenizer.json"),
    Vocab("llama2", "json", "tokenizer.json"),
    Vocab("llama2_spm", "spm", "tokenizer.model", twin="llama2/tokenizer.json"),
    Vocab("gemma3", "json", "tokenizer.json"),
    Vocab("albert", "spm", "spiece.model"),
    Vocab("bert", "bert", "vocab.txt"),
)}
RANKS = ["cl100k", "o200k"]
JSON = ["llama3", "qwen3", "gptoss", "deepseek_v3"]
OLDER = ["llama2", "llama2_spm", "gemma3", "albert", "bert"]


def reference(vocab, text, call, data, cache):
    """The file of the right ids of `text`."""
    path = cache / "reference" / f"{vocab.name}-{text.key}-{text.cuts.stat().st_size}.{call}"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        print(f"reference: {vocab.name}, {text.name}, {call}", file=sys.stderr, flush=True)
        subprocess.run([data / "venv/bin/python", HERE / "reference.py", vocab.name, data, text.path, text.cuts, call, part],
                       check=True)
        part.rename(path)
    return path
