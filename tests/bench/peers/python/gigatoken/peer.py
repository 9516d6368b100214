"""Of its calls, encode(bytes) is the fastest for one text on one thread (encode_files and
encode_batch(BytesSource) were measured at half of it, cold)."""
import gigatoken

INPUT = bytes


def load(vocab):
    if vocab.kind == "tiktoken":
        return gigatoken.Tokenizer.from_tiktoken(vocab.path)
    if vocab.kind == "spm":
        return gigatoken.Tokenizer.from_sentencepiece(vocab.path)
    return gigatoken.Tokenizer(vocab.path)


def whole(tokenizer, text, threads):
    return tokenizer.encode(text) if threads == 1 else tokenizer.encode_batch([text])


def documents(tokenizer, rows, threads):
    return tokenizer.encode_batch(rows, parallel=threads > 1)


def decode(tokenizer, ids):
    return tokenizer.decode(ids)
