"""peers.py - who is compared, and how each is installed.

A peer is a folder: python/NAME (requirements.txt, peer.py), node/NAME (package.json,
peer.mjs) or rust/NAME (Cargo.toml, src/main.rs; sdist.txt names a PyPI source that its
crate needs).  Versions are pinned there.  Each is installed into a place of its own below
the cache folder, once; a failure is a reason that is printed in the results.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile

HERE = pathlib.Path(__file__).resolve().parent

# What the registries do not hold, or hold under the name of something else.
ABSENT = {
    "tokensim": "PyPI lists it without any file; npm and crates.io do not know it",
    "quicktok": "what PyPI and crates.io hold under this name is another project, a trainer for toy vocabularies that "
                "reads no published one; the C++ quicktok is in no registry (toktok-rs says that it is a port of it)",
    "toktok (crates.io 0.2.1, PyPI 0.0.2)": "other projects of the same name; toktok-rs is the tokenizer",
    "wordchipper (PyPI 0.9.2)": "the vocabularies inside the wheel have 256 entries; its crate has a driver, which no run here had built in time",
    "splintr (PyPI 0.0.5)": "another project of the same name; its package is splintr-rs, measured here as a crate",
    "hypertok (PyPI 0.1.0)": "another project of the same name; measured here from npm",
    "gigatoken (crates.io, npm)": "not there; measured from its PyPI wheel and, as a crate, from its PyPI source",
    "tokenizers (npm 0.23.2)": "the engine of tokenizers 0.23 of PyPI, which is measured",
    "exatok (crates.io 0.1.1)": "a tokenizer for GPUs; not tried here",
    "kitoken, tiktoken-rs-node, @anush008/tokenizers (npm)": "the Rust crates of the same engines are measured",
}


class Failed(Exception):
    """Why this peer cannot run here."""


def run(log, *command, cwd=None, env=None, limit=3600):
    with open(log, "ab") as file:
        done = subprocess.run([str(c) for c in command], cwd=cwd, env={**os.environ, **(env or {})}, stdout=file,
                              stderr=subprocess.STDOUT, timeout=limit)
    if done.returncode:
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        wrong = [line for line in lines if re.match(r"\s*(error|ERROR)", line)] or lines
        raise Failed(f"{command[0]} failed: {wrong[-1].strip()[:200]}")


class Peer:
    def __init__(self, language, name):
        self.language, self.folder = language, HERE / language / name
        self.name = f"{name} ({'npm' if language == 'node' else 'Rust' if language == 'rust' else 'Python'})"
        self.short = name

    def version(self):
        if self.language == "python":
            return (self.folder / "requirements.txt").read_text().split()[0].partition("==")[2]
        if self.language == "node":
            return next(iter(json.loads((self.folder / "package.json").read_text())["dependencies"].values()))
        if (self.folder / "sdist.txt").exists():
            return (self.folder / "sdist.txt").read_text().strip().partition("==")[2]
        return re.search(r'"=([^"]+)"', (self.folder / "Cargo.toml").read_text()).group(1)

    def install(self, cache):
        """The command that runs the peer's driver."""
        place = cache / self.language
        place.mkdir(parents=True, exist_ok=True)
        return getattr(self, "install_" + self.language)(place)

    def install_python(self, place):
        venv, wanted = place / self.short, (self.folder / "requirements.txt").read_text()
        stamp = venv / "installed"
        if not stamp.exists() or stamp.read_text() != wanted:
            shutil.rmtree(venv, ignore_errors=True)
            log = place / f"{self.short}.log"
            run(log, sys.executable, "-m", "venv", venv)
            run(log, venv / "bin/python", "-m", "pip", "install", "-q", "-r", self.folder / "requirements.txt")
            stamp.write_text(wanted)
        return [venv / "bin/python", HERE / "python/driver.py", self.folder]

    def install_node(self, place):
        folder, wanted = place / self.short, (self.folder / "package.json").read_text()
        stamp = folder / "installed"
        folder.mkdir(exist_ok=True)
        for source in (self.folder / "peer.mjs", self.folder / "package.json"):
            shutil.copy(source, folder)
        if not stamp.exists() or stamp.read_text() != wanted:
            run(place / f"{self.short}.log", "npm", "install", "--silent", "--no-audit", "--no-fund", cwd=folder)
            stamp.write_text(wanted)
        return ["node", HERE / "node/driver.mjs", folder]

    def install_rust(self, place):
        source = place / "src"
        for name in ("harness", self.short):
            shutil.copytree(HERE / "rust" / name, source / name, dirs_exist_ok=True)
        log = place / f"{self.short}.log"
        if (self.folder / "sdist.txt").exists():
            self.fetch_source(source / "sdist", log)
        # Built for this machine, which is more than the peers' own packages do.
        run(log, "cargo", "build", "--release", cwd=source / self.short,
            env={"RUSTFLAGS": "-C target-cpu=native", "CARGO_TARGET_DIR": str(place / "target"),
                 "PYO3_PYTHON": "/usr/bin/python3" if pathlib.Path("/usr/bin/python3").exists() else sys.executable})
        return [place / "target/release" / f"peer-{self.short}"]

    def fetch_source(self, folder, log):
        wanted = (self.folder / "sdist.txt").read_text().strip()
        if (folder / wanted).exists():
            return
        folder.mkdir(parents=True, exist_ok=True)
        run(log, sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-build-isolation", "--no-binary", ":all:",
            "-d", folder, wanted)
        with tarfile.open(folder / (wanted.replace("==", "-") + ".tar.gz")) as tar:
            tar.extractall(folder / "unpacked", filter="data")
        (folder / "unpacked" / wanted.replace("==", "-")).rename(folder / wanted.partition("==")[0])
        (folder / wanted).touch()


def peers():
    for language in ("python", "rust", "node"):
        for folder in sorted((HERE / language).iterdir()):
            if folder.is_dir() and folder.name != "harness" and not folder.name.startswith("__"):
                yield Peer(language, folder.name)
