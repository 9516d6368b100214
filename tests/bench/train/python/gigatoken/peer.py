"""gigatoken's trainer: GPT-2's pattern and Hugging Face's ties are its defaults.  It maps the
file, whose pages count in its peak memory."""
import gigatoken
from driver import save_merges

CALLS = {"file": lambda path, size: gigatoken.train_bpe(path, size, [])}


def save(learned, out):
    save_merges(learned[1], out)
