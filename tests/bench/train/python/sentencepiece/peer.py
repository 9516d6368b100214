"""sentencepiece: nothing normalised, no character and no line left out, and words are what
stands between spaces, as they are with tok train --pretok metaspace."""
import shutil
import tempfile

import sentencepiece


def train(kind):
    def call(path, size):
        folder = tempfile.mkdtemp()
        sentencepiece.SentencePieceTrainer.train(
            input=path, model_prefix=f"{folder}/m", vocab_size=size, model_type=kind, num_threads=1,
            normalization_rule_name="identity", character_coverage=1.0, byte_fallback=False,
            max_sentence_length=1 << 30, split_by_unicode_script=False, split_by_number=False,
            remove_extra_whitespaces=False, hard_vocab_limit=False, minloglevel=2)
        return folder
    return call


CALLS = {"bpe": train("bpe"), "unigram": train("unigram")}


def save(folder, out):
    shutil.move(f"{folder}/m.model", out)
    shutil.rmtree(folder)
