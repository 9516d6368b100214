"""The release candidates of version 1."""
from tokenizers import Tokenizer


def load(vocab):
    if vocab.kind != "json":
        raise ValueError("reads tokenizer.json only")
    return Tokenizer.from_file(vocab.path)


def whole(tokenizer, text, threads):
    return tokenizer.encode(text, add_special_tokens=False, encode_special_tokens=True)


def documents(tokenizer, rows, threads):
    return tokenizer.encode_batch(rows, add_special_tokens=False, encode_special_tokens=True)


def decode(tokenizer, ids):
    return tokenizer.decode(ids, skip_special_tokens=False)
