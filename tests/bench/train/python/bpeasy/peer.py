"""bpeasy with GPT-2's pattern and no limit to a token's length."""
import bpeasy
from driver import documents, save_tokens

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def train(path, size):
    return bpeasy.train_bpe(documents(path), GPT2, 1 << 30, size)


CALLS = {"documents": train}


def save(vocab, out):
    save_tokens([token for token, rank in sorted(vocab.items(), key=lambda row: row[1]) if rank >= 256], out)
