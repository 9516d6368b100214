from iree.tokenizer import Tokenizer


def load(vocab):
    if vocab.kind == "tiktoken":
        return Tokenizer.from_tiktoken(vocab.path, encoding=vocab.name + "_base")
    if vocab.kind == "json":
        return Tokenizer.from_file(vocab.path)
    raise ValueError(f"reads no vocabulary of kind '{vocab.kind}'")


def whole(tokenizer, text, threads):
    return tokenizer.encode_to_array(text)


def documents(tokenizer, rows, threads):
    return [tokenizer.encode_to_array(row) for row in rows]


def decode(tokenizer, ids):
    return tokenizer.decode(ids.tolist())
