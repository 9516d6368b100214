"""contenders.py - one run of one trainer in a fresh process."""
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
BLOCK = 1 << 18  # small: a process begins its peak memory with that of its parent

sys.path.append(str(HERE.parent / "peers"))

import measure  # noqa: E402
import peers  # noqa: E402


class Texts:
    """The corpora, or their beginnings, and the forms in which contenders want them."""

    def __init__(self, corpora, place, limit, held_out):
        self.corpora, self.place, self.limit, self.held_out = corpora, place, limit, held_out
        place.mkdir(parents=True, exist_ok=True)

    def path(self, name, first=0, unseen=False):
        """The text that is learned from; but for its end, where that is to be unseen."""
        source = self.corpora / f"{name}.txt"
        size = source.stat().st_size
        wanted = min(size - (min(self.held_out, size // 10) if unseen else 0), self.limit or size, first or size)
        return source if wanted == size else self.part(source, 0, wanted, f"{name}-{wanted}.txt")

    def unseen(self, name):
        source = self.corpora / f"{name}.txt"
        size = source.stat().st_size
        held = min(self.held_out, size // 10)
        return self.part(source, size - held, held, f"{name}-last-{held}.txt")

    def part(self, source, start, count, name):
        out = self.place / name
        if not out.exists() or out.stat().st_mtime < source.stat().st_mtime:
            with open(source, "rb") as file, open(f"{out}.new", "wb") as new:
                file.seek(start)
                while count > 0 and (block := file.read(min(count, BLOCK))):
                    count -= len(block)
                    if not count:  # end with a whole line
                        block = block[: block.rfind(b"\n") + 1]
                    new.write(block)
            pathlib.Path(f"{out}.new").rename(out)
        return out

    def lines(self, path):
        """The same, a NUL behind each line: a document each, its end belongs to it."""
        out = self.place / f"{path.stem}.lines"
        if not out.exists() or out.stat().st_mtime < path.stat().st_mtime:
            with open(path, "rb") as file, open(f"{out}.new", "wb") as new:
                while block := file.read(BLOCK):
                    new.write(block.replace(b"\n", b"\n\0"))
            pathlib.Path(f"{out}.new").rename(out)
        return out


class Program:
    """A way to run tok."""

    calls = {"process": None}

    def __init__(self, tok, version, spec):
        self.tok, self.version, self.spec = tok, version, spec
        self.name, self.calls = spec.name, {"process": spec.gate}

    def command(self, setup, job, text, out):
        spec, how = self.spec, ["--pretok", job.pretok, "--threads", str(self.spec.threads)]
        if spec.words:
            return [self.tok, "words", *how, *spec.options, "-o", out, text]
        if spec.counts:
            return [self.tok, "train", "--threads", "1", "-v", job.size, *spec.options, "-F", "tokenizer.json", "-o", out, "--counts", setup.counts(job, text)]
        return [self.tok, "train", *how, "-v", job.size, *spec.options, "-F", "tokenizer.json", "-o", out, text]

    def run(self, setup, job, text, call, out):
        command = [str(c) for c in self.command(setup, job, text, out)]
        threads = self.spec.threads
        _, cpu, wall, peak = measure.spawn(command, setup.cache, setup.cpus(threads), threads, job.limit)
        return {"call": call, "cpu": cpu, "wall": wall, "process": cpu, "peak_kb": peak}


class Trainer(peers.Peer):
    """A peer.  Its time is that of the call, without starting Python and writing files."""

    def __init__(self, spec):
        super().__init__("python", spec.name)
        self.folder, self.name, self.spec, self.calls = HERE / "python" / spec.name, spec.name, spec, spec.calls

    def install(self, cache):
        python, _, _ = super().install(cache)
        self.driver = [python, HERE / "python/driver.py", self.folder]

    def run(self, setup, job, text, call, out):
        command = [*self.driver, "--text", text, "--size", job.size, "--call", call, "--out", out]
        said, cpu, wall, peak = measure.spawn(command, setup.cache, setup.cpus(1), 1, job.limit)
        answer = json.loads(said.splitlines()[-1])
        return {"call": call, "cpu": answer["cpu"], "wall": answer["wall"], "process": cpu, "peak_kb": peak}


def ask(*command):
    """What learned.py says."""
    done = subprocess.run([sys.executable, "-B", HERE / "learned.py", *map(str, command)], capture_output=True, text=True)
    if done.returncode:
        raise measure.Broken("cannot read what was learned: " + (done.stderr.splitlines() or ["?"])[-1][:200])
    return json.loads(done.stdout)
