from wordchipper import Tokenizer, TokenizerOptions

NAMES = {"cl100k": "cl100k_base", "o200k": "o200k_base", "gptoss": "o200k_harmony"}


def load(vocab):
    options = TokenizerOptions.default()
    options.set_accelerated_lexers(True)
    return Tokenizer.from_pretrained(NAMES[vocab.name], options)


def whole(tokenizer, text, threads):
    return tokenizer.encode(text)


def documents(tokenizer, rows, threads):
    return tokenizer.encode_batch(rows)


def decode(tokenizer, ids):
    return tokenizer.decode_bytes(ids)
