from omnitoken import PyTokenizer


def load(vocab):
    if vocab.kind not in ("json", "bert"):
        raise ValueError("reads tokenizer.json only")
    return PyTokenizer(vocab.path)


def whole(tokenizer, text, threads):
    return tokenizer.encode(text)


def documents(tokenizer, rows, threads):
    return [tokenizer.encode(row) for row in rows]
