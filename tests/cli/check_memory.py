#!/usr/bin/env python3
"""check_memory.py TOK PRELOAD [STEP]: make every third allocation of a run fail in turn, and of
hundreds alike some.  The run must end with trouble and one line, or with exactly its usual output."""
import os
import subprocess
import sys
import tempfile

TOK, PRELOAD = sys.argv[1:3]
SAMPLE = 'printf \'{"text":"a\\\\nb"}\\n\' | '
BPE = """printf '{"model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}}' >b.json; """
# Text that could not be read is left out, and what came of the rest is told too.
FIRST = " 2>told; end=$?; head -n 1 told >&2; exit $end"
COMMANDS = [
    "printf 'Hello' | tok encode",
    "printf 'Hello' | tok encode -t bytes",
    "printf 'a\\nb\\n' | tok encode -t bytes --lines --tokens --offsets --offset-unit char",
    SAMPLE + "tok encode -t bytes --jsonl text --format npy",
    "printf '72 105\\n' | tok decode -t bytes --jsonl text",
    "printf '{\"ids\":[72]}' | tok decode -t bytes --format jsonl --lines",
    "printf 'Hello' | tok encode -t bytes --output out",
    "mkdir -p d; printf 'a\\nb\\n' | tee d/a > d/b; tok encode -t bytes --lines --threads 2 d",
    "printf 'a\\nb\\n' | gzip | tok encode -t bytes --lines --eod 0",
    "printf 'ab\\nc\\n' | tok encode -t bytes --lines --format megatron --output m",
    "rm -f s*; seq 30 | tok encode -t bytes --lines --shard-tokens 40 --output s",
    "printf 'Hello' | tok count -t bytes --json",
    "printf 'a\\nb\\n' | tok bench decode --lines --runs 1 --threads 2 >/dev/null",
    r"printf H >text; printf 'H\0\0\0' >ids; "
    "tok bench decode -t bytes --runs 1 --threads 1 --json --check ids text >/dev/null",
    "tok inspect -t bytes",
    "tok inspect -t bytes --json",
    "tok inspect -t bytes --id 10",
    "printf 'Hello <s>' | tok encode -t $DATA/tiny.json --hf --tokens",
    "printf '1 2 3' | tok decode -t $DATA/tiny.json",
    "tok inspect -t $DATA/tiny.json --json",
    "printf hello | TOK_CACHE=cache tok encode -t $DATA/tiny.json",
    "rm -rf cache; printf hello | TOK_CACHE=cache tok encode -t $DATA/tiny.json",
    "tok vocab compile $DATA/tiny.json -o tiny.tok",
    "tok vocab edit $DATA/tiny.json -o e.json --rename '<s>=<b>' --add-special '<x>' --set-template '<b> $A <x>'",
    "cat $DATA/tiny.json | tok vocab edit /dev/stdin -o e.json --add-special '<x>'",
    "tok vocab diff $DATA/tiny.json $DATA/tiny.json",
    "printf 'a b a long_word_of_many_bytes' | tok words -p gpt2 --threads 1 -F tsv",
    "printf 'a\\t2\\n' | tok words -p bert --from-tsv -s '<s>' -F sqlite -o db",
    "printf 'hello<s>' | tok words --like $DATA/tiny.json -o a && tok words --merge a a",
    "printf 'a b' >text; tok words --estimate text",
    BPE + "printf 'abab' | tok extend b.json --add 2 --threads 1 -o c.json" + FIRST,
    BPE + "printf 'ab' | tok vocab prune b.json --keep 2 --threads 1 -o c.json --map map" + FIRST,
    "printf 'a b a b' >text; tok train -v 259 --super superbpe -T 257 --forbid x -o o.json --report - "
    "--threads 1 text",
    "printf 'a b a b' >text; tok train -v 259 --super boundless -o o.json --threads 1 text",
    "printf '1 2\\n3\\n' | tok split -t $DATA/tiny.json -p 2 --chunk 1 --copies 2 --threads 1 -F jsonl "
    "--tokens" + FIRST,
    # Of more than 65536 ids, so that the document comes in parts.
    "head -c 140000 /dev/zero >ids; tok split -t $DATA/tiny.json -I u16 --chunk 40000 --threads 1 ids"
    + FIRST,
    "printf '3\\n' >keep; printf 'hello\\n' | tok split -t $DATA/tiny.json --encode --lines -p 2 "
    "--protect keep --threads 1 --stats json" + FIRST,
    "printf '{\"ids\":[3]}' | tok split -t $DATA/tiny.json -I jsonl --predict -p 1,2 --threads 1"
    + FIRST,
    "printf '97 98 97 98\\n97 98\\n' | tok merge -t bytes --ids --parts --stats none --threads 1",
    "printf 'abab' >text; tok merge -t bytes --encode --curve json --stats none --threads 1 text",
    "printf 'low\\nfoo\\n' | tok embed predict $DATA/embed/model --hypernet $DATA/embed/net --tokens text --threads 1" + FIRST,
    "tok embed predict $DATA/embed/model --hypernet $DATA/embed/tied --lang en -t $DATA/embed/model -o e.npy --resume "
    "--threads 1" + FIRST,
    "printf 'low\\n' | tok embed nearest $DATA/embed/model -k 2 --threads 1",
    "printf 'the lower\\n' | tok merge -t $DATA/embed/model --encode --ids --embed fvt --model $DATA/embed/model "
    "--rows r.npy --stats none --threads 1",
    "printf 'the lower\\n' | tok merge -t $DATA/embed/model --encode --ids --embed hypernet:$DATA/embed/net "
    "--model $DATA/embed/model --rows r.npy --stats none --threads 1",
    "printf 'a b a b' | tok train -v 256 --super chunk -o o.json --threads 1",
    BPE + "printf 'abab' | tok sample -t b.json -m bpe-dropout -p .5 --tokens --threads 1",
    BPE + "printf 'ab' | tok sample -t b.json -m split --exact",
    BPE + "printf 'abab' | tok sample -t b.json -m uniform --wor 2 -F jsonl",
    BPE + "printf 'abab' | tok sample -t b.json --compare --svg p.svg --html p.html",
    BPE + "printf 'abab' | tok sample -t b.json --compare --limit 1",
    BPE + "printf 'abab' | tok encode -t b.json --longest-match --threads 1",
    "printf 'ab\\nb\\n' >text; tok lm train -t bytes --order 2 --lines --threads 1 -o m.tlm text" + FIRST,
    # Of the model that the last one left.
    # Steps leave it whole: the last run of a line is one in which nothing failed.
    "printf 'ab\\nb\\n' | tok lm score -t bytes --threads 1 --json m.tlm" + FIRST,
    "tok lm sample -t bytes m.tlm -n 2",
    "tok lm export-arpa -t bytes m.tlm -o m.arpa",
    "tok lm import-arpa -t bytes m.arpa -o n.tlm",
    "printf a | tok lm score -t bytes --threads 1 arpa:m.arpa" + FIRST,
    "tok lm serve -t bytes m.tlm </dev/null",
    "tok bytes next -t bytes --lm m.tlm -p ab",
    "printf ab | tok bytes score -t bytes --lm m.tlm --semantics all --per-byte",
    "tok bytes covers -t bytes --lm m.tlm -p ab --limit 2",
    "tok bytes sample -t bytes --lm m.tlm -p a -n 4 --json --dfa 're:[ab\\n]+c?'",
    "tok bytes sample -t bytes --lm m.tlm -p a -n 4 --draw cover --stop-hex 62",
    "tok bytes check -t bytes --lm m.tlm --random 1",
    "printf 'pear\\nplum\\n' | tok charbench make --suite charbench --words - --lengths 4 --per-bucket 1 --tasks "
    "find_first_occurrence,find_last_occurrence -o items",
    r"""printf '{"id":0,"output":"1"}\n{"id":1,"output":"9"}\n' >a; tok charbench score items a --json --case-fold""",
    "tok charbench analyse items a -t bytes --boot 5 --threads 1 --context prompt --html p.html",
    "printf 'ab \\303\\251\\nb\\n' >text; tok audit -t bytes --corpus a=text --corpus b=text --pivot a --threads 1 --html p.html --json",
    "tok audit --vocab -t $DATA/embed/model --embeddings $DATA/embed/model --threads 1 --html p.html --json",
    "printf 'ab\\nc' | tok view -t bytes -t $DATA/tiny.json --ids --add-special",
    "printf 'ab\\nc' | tok view -t bytes -t $DATA/tiny.json --html - --lines",
    "printf 'b\\n:back\\n' | tok bytes repl -t bytes --lm m.tlm -p a --top 2",
]
LARGEST = 4000
# All of them took two minutes; `check_memory.py TOK PRELOAD 1` tries each.
STEP = int(sys.argv[3]) if len(sys.argv) > 3 else 3


def run(line, number, folder):
    mark = os.path.join(folder, "mark")
    line = line.replace("tok ", f"LD_PRELOAD='{PRELOAD}' TOK_FAIL_ALLOC={number} '{TOK}' 9>{mark} ")
    data = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
    done = subprocess.run(["sh", "-c", line], cwd=folder, capture_output=True,
                          env=dict(os.environ, DATA=data, TOK_CACHE="off"), check=False)
    with open(mark, "rb") as file:
        return done, file.read() != b""


def main():
    troubles = runs = 0
    with tempfile.TemporaryDirectory() as folder:
        for line in COMMANDS:
            usual, _ = run(line, 0, folder)
            assert usual.returncode == 0, (line, usual)
            number = 1
            while number < LARGEST:
                done, reached = run(line, number, folder)
                if not reached:
                    break
                runs += 1
                refused = done.returncode == 2 and done.stderr.count(b"\n") == 1
                if not refused and (done.returncode, done.stdout) != (0, usual.stdout):
                    troubles += 1
                    print(f"{line}\n  allocation {number}: {done}")
                number += STEP if STEP == 1 else max(STEP, number // 20)
    print(f"{runs} allocations failed, {troubles} troubles")
    sys.exit(troubles > 0 or runs < len(COMMANDS))


main()
