"""measure.py - one run of one peer in a fresh process, and whether its ids are right."""
import json
import mmap
import os
import pathlib
import re
import resource
import signal
import subprocess
import threading
import time

MEMORY = 14 << 30  # a peer that wants more is stopped: the machine has other users


# What a peer says that would read the vocabulary if it were another file.
OTHER_FORM = re.compile("reads tokenizer.json only|failed to parse tokenizer")


class Broken(Exception):
    """The run gave no answer; the reason in one line."""


class Late(Broken):
    """It ran past its limit; this is what it had used."""

    def __init__(self, limit, cpu, peak):
        super().__init__(f"did not finish within {limit:g} s")
        self.limit, self.cpu, self.peak = limit, cpu, peak


def environment(cache, threads):
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
    home = cache / "home"
    home.mkdir(parents=True, exist_ok=True)
    return {**kept, "HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache"), "RAYON_NUM_THREADS": str(threads),
            "OMP_NUM_THREADS": str(threads), "TOKENIZERS_PARALLELISM": "true" if threads > 1 else "false",
            "HF_HUB_OFFLINE": "1"}


def start_on(cpus, command, **more):
    """A child on these processors.  They are ours for a moment, then the child's: a function that runs in the
    child would cost it the milliseconds of a fork of this program."""
    ours = os.sched_getaffinity(0)
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # a child's peak memory begins with that of its parent
    for what, limit in ((resource.RLIMIT_DATA, MEMORY), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(what, (limit, resource.getrlimit(what)[1]))
    os.sched_setaffinity(0, cpus)
    try:
        return subprocess.Popen([str(c) for c in command], start_new_session=True, **more)
    finally:
        os.sched_setaffinity(0, ours)


def spawn(command, cache, cpus, threads=1, limit=600, stdin=None):
    """Run to the end: (stdout, processor seconds, wall seconds, peak KB)."""
    place = cache / "run"
    place.mkdir(parents=True, exist_ok=True)
    with open(place / "out", "w+b") as out, open(place / "err", "w+b") as err:
        start = time.monotonic()
        child = start_on(cpus, command, stdout=out, stderr=err, stdin=stdin or subprocess.DEVNULL,
                         env=environment(cache, threads))
        late = threading.Timer(limit, os.killpg, (child.pid, signal.SIGKILL))
        late.start()
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - start
        late.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0), err.seek(0)
        said, wrong = out.read(), err.read().decode("utf-8", "replace")
    if wall >= limit and child.returncode == -signal.SIGKILL:
        raise Late(limit, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
    if child.returncode:
        lines = [line.strip() for line in wrong.splitlines() if line.strip() and not line.startswith("note:")]
        raise Broken((lines[-1] if lines else f"ended with status {child.returncode}")[:200])
    return said, usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss


def difference(got, right):
    """Where two files of ids differ first; None if they are the same."""
    with open(got, "rb") as a, open(right, "rb") as b:
        sizes = [os.fstat(f.fileno()).st_size for f in (a, b)]
        if min(sizes) == 0:
            return None if sizes[0] == sizes[1] else f"{sizes[0] // 4:,} ids, {sizes[1] // 4:,} are right"
        x, y = (mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) for f in (a, b))
        counts = f"{sizes[0] // 4:,} ids, {sizes[1] // 4:,} are right"
        for at in range(0, min(sizes), 1 << 16):
            p, q = x[at:at + (1 << 16)], y[at:at + (1 << 16)]
            if p != q:
                for i in range(0, min(len(p), len(q)) - 3, 4):
                    if p[i:i + 4] != q[i:i + 4]:
                        ids = [int.from_bytes(s[i:i + 4], "little") for s in (p, q)]
                        return f"first difference at token {(at + i) // 4:,}: {ids[0]}, {ids[1]} is right; {counts}"
        return None if sizes[0] == sizes[1] else counts


class Driver:
    """A peer that speaks the options of README.md."""

    calls = ("whole", "documents")

    def __init__(self, name, version, command):
        self.name, self.version, self.command, self.rewritten = name, version, command, {}

    def run(self, setup, vocab, text, call, *args, **more):
        """(sample, file of ids)"""
        try:
            return self.run_once(setup, vocab, text, call, *args, **more)
        except Broken as error:
            if vocab.name in self.rewritten or not OTHER_FORM.search(str(error)):
                raise
            other = vocab.rewritten(setup.data, setup.cache)
            if not other:
                raise
        self.rewritten[vocab.name] = other
        return self.run_once(setup, vocab, text, call, *args, **more)

    def run_once(self, setup, vocab, text, call, passes=2, decode=0, threads=1, limit=600):
        ids = setup.cache / "run/ids"
        ids.parent.mkdir(parents=True, exist_ok=True)
        ids.unlink(missing_ok=True)
        command = [*self.command, *vocab.options(setup.data, self.rewritten.get(vocab.name)), "--text", text.path, "--cuts", text.cuts, "--call", call,
                   "--passes", passes, "--decode", decode, "--threads", threads, "--ids", ids,
                   "--start", repr(time.monotonic())]
        said, _, _, peak = spawn(command, setup.cache, setup.cpus(threads), threads, limit)
        try:
            answer = json.loads(said.splitlines()[-1])
        except (IndexError, ValueError):
            raise Broken("gave no answer") from None
        return {**answer, "call": call, "peak_kb": peak}, ids


class Program:
    """tok as its users run it: the whole process, from exec to exit."""

    name, calls = "tok (process)", ("whole",)

    def __init__(self, tok, version):
        self.tok, self.version = tok, version
        help_text = subprocess.run([tok, "encode", "--help"], capture_output=True, text=True).stdout
        self.threads = "--threads" in help_text

    def command(self, setup, vocab, threads=1):
        more = ["--threads", threads] if self.threads else []
        return [self.tok, "encode", "-t", vocab.path(setup.data), "-F", "u32", *more]

    def run(self, setup, vocab, text, call, passes=1, decode=0, threads=1, limit=600):
        ids = setup.cache / "run/ids"
        ids.parent.mkdir(parents=True, exist_ok=True)
        ids.unlink(missing_ok=True)
        command = [*self.command(setup, vocab, threads), "-o", ids, text.path]
        _, cpu, wall, peak = spawn(command, setup.cache, setup.cpus(threads), threads, limit)
        return {"call": call, "first": [cpu, wall], "passes": [], "decode": [], "same": True, "peak_kb": peak}, ids


def machine():
    said = {}
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        said.setdefault(name.strip(), value.strip())
    memory = pathlib.Path("/proc/meminfo").read_text().split()[1]
    flags = [f for f in ("avx2", "bmi2", "avx512f", "avx512vbmi2", "gfni") if f in said.get("flags", "").split()]
    return {"cpu": said.get("model name", "?"), "family": f"{said.get('cpu family')}/{said.get('model')}", "flags": flags,
            "cpus": os.cpu_count(), "mhz": said.get("cpu MHz"), "cache": said.get("cache size"),
            "memory_gb": round(int(memory) / 1e6, 1), "kernel": os.uname().release, "load_at_start": os.getloadavg()[0],
            "huge_pages": pathlib.Path("/sys/kernel/mm/transparent_hugepage/enabled").read_text().strip()}
