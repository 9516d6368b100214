#!/usr/bin/env python3
"""Counting and encoding on Apache Spark gives what one machine gives, byte for byte.

    check_spark.py --tok build/tok --cache build/test-data

A cluster on this machine, its two executors processes of their own.  pyspark is installed
into CACHE/spark, once.
"""
import argparse
import contextlib
import hashlib
import io
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import texts

HERE = pathlib.Path(__file__).resolve().parent
SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # No task before both executors are there.
    "spark.scheduler.minRegisteredResourcesRatio": "1.0",
    "spark.scheduler.maxRegisteredResourcesWaitingTime": "300s",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
}

# tok that tells where it ran, and fails the first time that it reads the fifth shard: that
# task is given to an executor again.
FAILS_ONCE = """#!/bin/sh
pwd >>'{folder}/ran'
case "$*" in *"shard 5's"*) mkdir '{folder}/failed' 2>/dev/null && exit 3 ;; esac
exec '{tok}' "$@"
"""


def installed(cache):
    """The Python that has pyspark."""
    wanted = (HERE / "requirements.txt").read_text()
    place = cache / "spark" / hashlib.sha256(wanted.encode()).hexdigest()[:12]
    if not (place / "done").exists():
        shutil.rmtree(place, ignore_errors=True)
        for command in ([sys.executable, "-m", "venv", place],
                        [place / "bin/python", "-m", "pip", "install", "-q", "--no-compile", "-r", HERE / "requirements.txt"]):
            done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
            if done.returncode:
                texts.skip("pyspark cannot be installed: " + (done.stderr.strip().splitlines() or ["?"])[-1])
        (place / "done").touch()
    return place / "bin/python"


def start(folder):
    from pyspark import SparkConf, SparkContext
    conf = SparkConf().setMaster("local-cluster[2,1,1024]").setAppName("check_spark")
    for name, value in {**SETTINGS, "spark.local.dir": str(folder / "spark"), "spark.sql.warehouse.dir": str(folder / "warehouse")}.items():
        conf.set(name, value)
    sc = SparkContext(conf=conf)
    sc.setLogLevel("OFF")  # the task that is to fail would be told at length
    return sc


def spark(*arguments):
    """The script as a user runs it, but in the context that is there."""
    import spark_words
    from pyspark import SparkContext
    options = spark_words.parse([str(a) for a in arguments])
    spark_words.run(SparkContext.getOrCreate(), options)


def check(tok, cache, folder):
    rows = texts.documents(cache)
    shards, lines = texts.write_shards(folder / "shards", rows), texts.write_lines(folder / "rows.jsonl", rows)
    one = texts.Machine(tok, folder, shards, lines)
    shared, out, once = folder / "shared", folder / "all.words", folder / "once"
    shared.mkdir()
    once.write_text(FAILS_ONCE.format(folder=folder, tok=tok))
    once.chmod(0o755)

    sc = start(folder)
    spark("count", "--shared", shared, "-o", out, "--tok", once, *shards, "--", *texts.OPTIONS)
    texts.expect("counts of 20 shards are those of one machine", texts.same(out, one.words))
    texts.expect("though a task had failed", (folder / "failed").exists())
    texts.expect("two executors and a driver", sc._jsc.sc().getExecutorMemoryStatus().size() == 3)
    texts.expect("both executors had counted", len(set((folder / "ran").read_text().splitlines())) == 2)
    texts.tok(tok, "train", "--counts", "-v", "8k", "-o", folder / "all.json", out)
    texts.expect("the vocabulary is that of one machine", texts.same(folder / "all.json", one.vocabulary))

    from pyspark.sql import SparkSession
    SparkSession(sc).read.json(str(lines)).repartition(5).write.parquet(str(folder / "rows.parquet"))
    spark("table", "--shared", shared, "-o", out, "--tok", tok, folder / "rows.parquet", "--", *texts.OPTIONS)
    texts.expect("counts of a table's rows are", texts.same(out, one.rows))
    texts.expect("nothing is left in the shared folder", not list(shared.iterdir()))

    import spark_words
    sys.argv = ["spark_words.py", "encode", "--shared", str(shared), "-o", str(folder / "ids"), "--tok", tok, *shards,
                "--", "-t", str(one.vocabulary), "-F", "u32"]
    with contextlib.redirect_stdout(io.StringIO()) as said:
        spark_words.main()  # ends the cluster
    texts.expect("20 names are printed", len(said.getvalue().splitlines()) == len(shards))
    ids = b"".join((folder / "ids" / (pathlib.Path(s).name + ".ids")).read_bytes() for s in shards)
    texts.expect("ids of shards, put together, are those of one machine", ids == one.ids.read_bytes())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tok", required=True)
    parser.add_argument("--cache", required=True, type=pathlib.Path)
    parser.add_argument("--inside", action="store_true", help="pyspark is here")
    args = parser.parse_args()
    if args.inside:
        with tempfile.TemporaryDirectory() as name:
            check(args.tok, args.cache, pathlib.Path(name))
        return
    if not shutil.which("java"):
        texts.skip("Java is not here")
    python = installed(args.cache)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SPARK_", "PYSPARK_"))}
    # Short runs: no second compiler, one collector.
    quick = {"JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC", "SPARK_LOCAL_IP": "127.0.0.1",
             "PYTHONDONTWRITEBYTECODE": "1", "PYSPARK_PYTHON": str(python)}
    done = subprocess.run([python, __file__, *sys.argv[1:], "--inside"], env={**kept, **quick})
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
