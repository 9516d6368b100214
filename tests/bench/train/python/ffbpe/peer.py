"""ffbpe (once unitoken): GPT-2's pattern is its default, Hugging Face's ties an option.
`file` counts with its own reader, `documents` what Python hands over."""
import pathlib

import ffbpe
from driver import documents, save_tokens


def learn(size, fill):
    trainer = ffbpe.BpeTrainer([], unit="byte", initial_alphabet="byte_level", tie_break="smallest_pair_id")
    fill(trainer)
    trainer.train(size)
    return trainer


def from_documents(path, size):
    counter = ffbpe.PreTokenizer([]).word_counter()
    counter.add_source(documents(path))
    return learn(size, lambda trainer: trainer.add_word_counter(counter))


def from_file(path, size):
    words = ffbpe.PreTokenizer([]).get_words_from_file(pathlib.Path(path))
    return learn(size, lambda trainer: trainer.add_words(words))


CALLS = {"documents": from_documents, "file": from_file}


def save(trainer, out):
    save_tokens([token for token, rank in sorted(trainer.vocab.items(), key=lambda row: row[1]) if rank >= 256], out)
