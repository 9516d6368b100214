import base64
import pathlib

import tiktoken
import tiktoken_ext.openai_public as published


def ranks(path):
    lines = pathlib.Path(path).read_bytes().splitlines()
    return {base64.b64decode(word): int(rank) for word, rank in (line.split() for line in lines)}


def load(vocab):
    if vocab.kind != "tiktoken":
        raise ValueError("reads .tiktoken ranks only")
    published.load_tiktoken_bpe = lambda *args, **more: ranks(vocab.path)
    return tiktoken.Encoding(**getattr(published, vocab.name + "_base")())


def whole(tokenizer, text, threads):
    return tokenizer.encode_to_numpy(text, disallowed_special=())


def documents(tokenizer, rows, threads):
    if threads > 1:
        return tokenizer.encode_ordinary_batch(rows, num_threads=threads)
    return [tokenizer.encode_ordinary(row) for row in rows]


def decode(tokenizer, ids):
    return tokenizer.decode_bytes(ids.tolist())
