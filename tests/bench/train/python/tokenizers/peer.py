"""Hugging Face's trainer, byte-level with GPT-2's pattern.  `files` reads line by line,
with the line's end, so its words are not quite those of the text: it is held to them."""
from driver import batches
from tokenizers import Tokenizer, models, pre_tokenizers, trainers


def fresh(size):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return tokenizer, trainers.BpeTrainer(vocab_size=size, show_progress=False,
                                          initial_alphabet=pre_tokenizers.ByteLevel.alphabet())


def documents(path, size):
    tokenizer, trainer = fresh(size)
    tokenizer.train_from_iterator(batches(path), trainer)
    return tokenizer


def files(path, size):
    tokenizer, trainer = fresh(size)
    tokenizer.train([path], trainer)
    return tokenizer


CALLS = {"documents": documents, "files": files}


def save(tokenizer, out):
    tokenizer.save(out)
