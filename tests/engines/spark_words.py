#!/usr/bin/env python3
"""spark_words.py - count words, and encode, on an Apache Spark cluster.

    spark_words.py count  --shared FOLDER -o all.words [--tok TOK] FILE... [-- OPTION...]
    spark_words.py table  --shared FOLDER -o all.words --format parquet --column text PATH... [-- OPTION...]
    spark_words.py encode --shared FOLDER -o FOLDER FILE... -- -t TOKENIZER -F u32

count   each FILE, of any kind that tok reads, is counted by one task;
table   rows of whatever Spark reads are documents, each partition is counted by one task;
encode  each FILE is encoded by one task, into a file of its name in the folder of -o.

What stands after -- is given to tok words or tok encode.  Counts of parts are merged in a
tree, sixteen files a task, until one is left: the same bytes as tok words gives of all the
text on one machine.  FILEs, --shared and tok are to be at the same place on every node.

All work is done by tok behind RDD.pipe: names or rows go in, names come out.  tok
writes a file in one step when it is complete, so a task that is lost, repeated or run
twice at once does no harm.

--master is that of Spark (default: what spark-submit says).  Needs pyspark 3 or 4.
"""
import argparse
import os
import shlex
import shutil
import sys
import tempfile

FAN_IN = 16

# Each reads lines on standard input and writes the names of the files it made.  "$@" is the
# command and its options.
COUNT = """while IFS= read -r name; do
  out=$(mktemp "$FOLDER/XXXXXXXXXX")
  "$@" -o "$out" -- "$name" </dev/null; printf "%s\\n" "$out"
done"""
COUNT_ROWS = """out=$(mktemp "$FOLDER/XXXXXXXXXX")
"$@" --jsonl "$COLUMN" -o "$out"; printf "%s\\n" "$out" """
MERGE = """while IFS= read -r names; do
  out=$(mktemp "$FOLDER/XXXXXXXXXX"); command=$1; IFS="\t"
  "$command" words --merge -o "$out" -- $names; unset IFS; printf "%s\\n" "$out"
done"""
ENCODE = """while IFS= read -r name; do
  out=$FOLDER/${name##*/}.ids
  "$@" -o "$out" -- "$name" </dev/null; printf "%s\\n" "$out"
done"""


def piped(rdd, script, command, **env):
    """What comes out of the script, one process a partition; a failure fails the task."""
    line = shlex.join(["sh", "-efc", script, "sh", *command])
    return rdd.pipe(line, env={**os.environ, **env}, checkCode=True).collect()


def merged(sc, tok, names, folder):
    """One file of the counts in all of them."""
    while len(names) > 1:
        groups = ["\t".join(names[i:i + FAN_IN]) for i in range(0, len(names), FAN_IN)]
        left = piped(sc.parallelize(groups, len(groups)), MERGE, [tok], FOLDER=folder)
        for name in names:
            os.unlink(name)
        names = left
    return names[0]


def count(sc, options, folder):
    shards = sc.parallelize(options.files, len(options.files))
    return piped(shards, COUNT, [options.tok, "words", *options.more], FOLDER=folder)


def table(sc, options, folder):
    from pyspark.sql import SparkSession, functions
    rows = SparkSession(sc).read.format(options.format).load(options.files)
    rows = rows.where(functions.col(options.column).isNotNull())
    as_json = rows.select(functions.to_json(functions.struct(options.column))).rdd.map(lambda row: row[0])
    return piped(as_json, COUNT_ROWS, [options.tok, "words", *options.more], FOLDER=folder, COLUMN=options.column)


def encode(sc, options):
    os.makedirs(options.output, exist_ok=True)
    shards = sc.parallelize(options.files, len(options.files))
    return piped(shards, ENCODE, [options.tok, "encode", *options.more], FOLDER=options.output)


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], usage=__doc__.partition("\n\n")[2].partition("\n\n")[0])
    parser.add_argument("what", choices=["count", "table", "encode"])
    parser.add_argument("--master")
    parser.add_argument("--tok", default="tok")
    parser.add_argument("--shared", required=True, help="a folder that all nodes see")
    parser.add_argument("-o", "--output", required=True)
    parser.add_argument("--format", default="parquet")
    parser.add_argument("--column", default="text")
    parser.add_argument("files", nargs="+")
    at = argv.index("--") if "--" in argv else len(argv)
    options = parser.parse_args(argv[:at])
    options.more = argv[at + 1:]
    if any("\n" in name or "\t" in name for name in options.files):
        parser.error("a name with a tab or a newline cannot go through a pipe of lines")
    if options.what == "encode" and len({os.path.basename(name) for name in options.files}) < len(options.files):
        parser.error("two FILEs have the same name: their ids would lie in the same file")
    return options


def run(sc, options):
    if options.what == "encode":
        print("\n".join(encode(sc, options)))
        return
    folder = tempfile.mkdtemp(prefix="words-", dir=options.shared)
    os.chmod(folder, 0o777)  # tasks may be another user's
    try:
        names = (count if options.what == "count" else table)(sc, options, folder)
        shutil.copyfile(merged(sc, options.tok, names, folder), options.output)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    options = parse(sys.argv[1:])
    from pyspark import SparkConf, SparkContext
    conf = SparkConf().setAppName("tok " + options.what)
    sc = SparkContext.getOrCreate(conf.setMaster(options.master) if options.master else conf)
    try:
        run(sc, options)
    finally:
        sc.stop()


if __name__ == "__main__":
    main()
