"""driver.py - runs the trainer of a folder's peer.py: one process, one vocabulary.

    driver.py FOLDER --text FILE --size N --call NAME --out FILE

peer.py has CALLS, a function by name: call(path, size) gives what `save(learned, out)`
writes, in one of the forms that learned.py reads.  Printed is one line of JSON, the
processor and wall seconds of the call alone.
"""
import importlib.util
import json
import pathlib
import re
import sys
import time

BLOCK = 1 << 20
ABOUT = 16 << 10  # bytes of a document

# Before such a line end no published pattern's word can reach on, nor does one look
# behind it: words of the parts are those of the whole.
CUT = re.compile(rb"[A-Za-z0-9](?=\n)")


def documents(path):
    """The text in parts whose words are those of the text, as str."""
    kept = b""
    with open(path, "rb") as file:
        while block := file.read(BLOCK):
            kept += block
            start = 0
            while cut := CUT.search(kept, start + ABOUT):
                yield kept[start:cut.end()].decode()
                start = cut.end()
            kept = kept[start:]
    if kept:
        yield kept.decode()


def batches(path, count=64):
    """The same, `count` documents in a list."""
    batch = []
    for document in documents(path):
        batch.append(document)
        if len(batch) == count:
            yield batch
            batch = []
    if batch:
        yield batch


def save_merges(pairs, out):
    with open(out, "w") as file:
        file.writelines(f"{left.hex()} {right.hex()}\n" for left, right in pairs)


def save_tokens(tokens, out):
    """Texts of tokens in the order of their making, without the first 256."""
    with open(out, "w") as file:
        file.writelines(f"{token.hex()}\n" for token in tokens)


def main():
    folder = pathlib.Path(sys.argv[1])
    asked = dict(zip(sys.argv[2::2], sys.argv[3::2]))
    spec = importlib.util.spec_from_file_location("peer", folder / "peer.py")
    peer = importlib.util.module_from_spec(spec)
    sys.modules["driver"] = sys.modules["__main__"]
    spec.loader.exec_module(peer)
    began = time.process_time(), time.monotonic()
    learned = peer.CALLS[asked["--call"]](asked["--text"], int(asked["--size"]))
    took = time.process_time() - began[0], time.monotonic() - began[1]
    peer.save(learned, asked["--out"])
    print(json.dumps({"cpu": took[0], "wall": took[1]}))


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    main()
