"""rustbpe with GPT-2's pattern instead of its own, so that all learn from the same words.
Larger buffers than its 8192 strings (of 16 KB) only cost memory."""
import rustbpe
from driver import documents, save_tokens

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def train(path, size):
    tokenizer = rustbpe.Tokenizer()
    tokenizer.train_from_iterator(documents(path), vocab_size=size, buffer_size=1024, pattern=GPT2)
    return tokenizer


CALLS = {"documents": train}


def save(tokenizer, out):
    ranks = sorted(tokenizer.get_mergeable_ranks(), key=lambda row: row[1])
    save_tokens([bytes(token) for token, rank in ranks if rank >= 256], out)
