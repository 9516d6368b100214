"""The last release before version 1."""
from tokenizers import Tokenizer
from tokenizers.implementations import BertWordPieceTokenizer


def load(vocab):
    if vocab.kind == "bert":
        return BertWordPieceTokenizer(vocab.path, lowercase=True)._tokenizer
    if vocab.kind != "json":
        raise ValueError("reads tokenizer.json only")
    tokenizer = Tokenizer.from_file(vocab.path)
    tokenizer.encode_special_tokens = True
    return tokenizer


def whole(tokenizer, text, threads):
    return tokenizer.encode_batch_fast([text], add_special_tokens=False)


def documents(tokenizer, rows, threads):
    return tokenizer.encode_batch_fast(rows, add_special_tokens=False)


def decode(tokenizer, ids):
    return tokenizer.decode(ids[0].ids, skip_special_tokens=False)
