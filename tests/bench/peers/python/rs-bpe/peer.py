from rs_bpe import openai


def load(vocab):
    return {"cl100k": openai.cl100k_base, "o200k": openai.o200k_base}[vocab.name]()


def whole(tokenizer, text, threads):
    return tokenizer.encode(text)


def documents(tokenizer, rows, threads):
    return [tokenizer.encode(row) for row in rows]


def decode(tokenizer, ids):
    return tokenizer.decode(ids)
