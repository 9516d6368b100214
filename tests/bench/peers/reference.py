"""reference.py - asks the reference program for the ids of one text (run by vocabs.py).

    reference.py VOCAB DATA TEXT CUTS whole|documents OUT
"""
import array
import os
import pathlib
import sys

os.environ["TOKENIZERS_PARALLELISM"] = "false"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "conformance"))

import references  # noqa: E402


def main():
    name, data, text, cuts, call, out = sys.argv[1:]
    raw = pathlib.Path(text).read_bytes()
    ends = array.array("Q", pathlib.Path(cuts).read_bytes()) if call == "documents" else [len(raw)]
    reference = references.reference_of(name, data)
    at = 0
    with open(out, "wb") as file:
        for end in ends:
            row = raw[at:end].decode()
            at = end
            if isinstance(reference, references.HuggingFace):
                reference.tokenizer.encode_special_tokens = True
                ids = reference.tokenizer.encode_batch_fast([row], add_special_tokens=False)[0].ids
            elif isinstance(reference, references.Tiktoken):
                ids = reference.encoding.encode_ordinary(row)
            else:
                ids = reference.processor.encode(row)
            array.array("I", ids).tofile(file)


if __name__ == "__main__":
    main()
