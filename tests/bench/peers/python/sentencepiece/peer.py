import sentencepiece


def load(vocab):
    if vocab.kind != "spm":
        raise ValueError("reads SentencePiece models only")
    return sentencepiece.SentencePieceProcessor(model_file=vocab.path)


def whole(tokenizer, text, threads):
    return tokenizer.encode(text)


def documents(tokenizer, rows, threads):
    return tokenizer.encode(rows, num_threads=threads)


def decode(tokenizer, ids):
    return tokenizer.decode(ids)
