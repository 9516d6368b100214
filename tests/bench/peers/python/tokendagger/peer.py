import base64
import pathlib

import tokendagger


def load(vocab):
    if vocab.kind != "tiktoken":
        raise ValueError("reads .tiktoken ranks only")
    lines = pathlib.Path(vocab.path).read_bytes().splitlines()
    ranks = {base64.b64decode(word): int(rank) for word, rank in (line.split() for line in lines)}
    return tokendagger.Encoding(vocab.name, pat_str=vocab.pattern, mergeable_ranks=ranks, special_tokens={})


def whole(tokenizer, text, threads):
    return tokenizer.encode_ordinary(text)


def documents(tokenizer, rows, threads):
    return [tokenizer.encode_ordinary(row) for row in rows]


def decode(tokenizer, ids):
    return tokenizer.decode_bytes(ids)
