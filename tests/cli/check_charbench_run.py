#!/usr/bin/env python3
"""check_charbench_run.py TOK [CHECK...]: tok charbench run, with servers on the loopback and processes that keep their word
or break it, and with runs that are killed.

Whatever happens, an answer that was had stays, is had once, and is not asked for again.
"""
import concurrent.futures
import json
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time

from charbench_lab import TOK, Place, Server, expect, send, troubles

KEY = "sk-not-to-be-seen-1234567890"


# ---- servers ---------------------------------------------------------------------------------------------------------


def check_honest(p):
    server = Server(pace=.02)
    p.run("--endpoint", server.url, "--model", "m\"1", "--system", "be \"brief\"", "--max-tokens", 7, "--concurrency", 3,
          key=KEY)
    p.expect_all()
    expect(p.name, server.most_open in (2, 3), server.most_open, "questions were open at once")
    expect(p.name, sorted(server.asked()) == list(range(12)), server.asked())
    wanted = {"model": "m\"1", "temperature": 0, "stream": False, "max_tokens": 7, "messages": [
        {"role": "system", "content": "be \"brief\""}, {"role": "user", "content": "say 0"}]}
    expect(p.name, wanted in server.bodies, server.bodies[0])
    expect(p.name, all(h["Authorization"] == "Bearer " + KEY and "Expect" not in h for h in server.headers))
    record = next(r for r in p.records() if r["id"] == 10)
    expect(p.name, record["output"] == "10 \u00e4\n\"\\\u2028" and record["finish"] == "stop" and record["tries"] == 1
           and record["usage"] == {"prompt_tokens": 3, "completion_tokens": 10} and record["model"] == "m\"1"
           and 0.02 <= record["seconds"] < 20, record)
    p.run("--endpoint", server.url, "--model", "m\"1", "--system", "be \"brief\"")  # nothing is left to be asked
    expect(p.name, len(server.seen) == 12)
    p.run("--endpoint", server.url, "--model", "m\"1", code=2, said="line 1: item ")  # was asked with a system prompt
    p.run("--endpoint", server.url, "--model", "other")
    expect(p.name, len(server.seen) == 24 and "Authorization" not in server.headers[-1], server.headers[-1])
    told = subprocess.run([TOK, "charbench", "score", p.items, p.answers, "--json"], capture_output=True, check=True)
    expect(p.name, [m["right"] for m in json.loads(told.stdout)["models"]] == [9, 9], told.stdout)


def check_completions(p):
    """Of which one is too long at first."""
    server = Server(lambda handler, item, attempt: item == 5 and attempt == 1 and send(
        handler, 200, {"choices": [{"text": "5!" + "x" * (5 << 20)}]}))
    p.run("--endpoint", server.base + "/v1/completions?a=b", "--max-tokens", 0)
    p.expect_all()
    expect(p.name, server.asked().count(5) == 2 and p.outputs()[5] == "5 \u00e4\n\"\\\u2028", "an answer that is too long")
    expect(p.name, {"prompt": "say 3", "temperature": 0, "stream": False} in server.bodies, server.bodies[0])
    expect(p.name, set(server.paths) == {"/v1/completions?a=b"}, server.paths)


def check_busy(p):
    """Nobody asks in the second that the server wants to itself."""
    def misbehave(handler, item, attempt):
        return item == 3 and attempt == 1 and send(handler, 429, {"error": {"message": "slow down"}}, Retry_After="1")

    server = Server(misbehave, pace=.01)
    p.run("--endpoint", server.url, "--concurrency", 2)
    p.expect_all()
    times = sorted(at for at, _ in server.seen)
    pause = max(b - a for a, b in zip(times, times[1:]))
    expect(p.name, pause > .5 and server.asked().count(3) == 2, "no pause is longer than", pause)


def check_first_tries(p):
    """Each item meets something else, and is asked again."""
    def misbehave(handler, item, attempt):
        if attempt > 1:
            return False
        if item == 1:
            return send(handler, 500, b"<html>")
        if item == 2:
            handler.close_connection = True
            return send(handler, 200, {"choices": []}, length=5000)
        if item == 3:
            return send(handler, 200, b'{"choices":[{"message":')
        if item == 4:
            return send(handler, 200, {"choices": [{"text": "3"}]})
        if item == 6:
            time.sleep(1.5)
            handler.close_connection = True
            return True
        if item == 7:
            handler.close_connection = True
            handler.connection.close()
            return True
        return item == 8 and send(handler, 200, b'{"choices":[{"message":{"content":"\xff"}}]}')

    server = Server(misbehave)
    p.run("--endpoint", server.url, "--timeout", 1)
    p.expect_all()
    tries = {r["id"]: r["tries"] for r in p.records()}
    expect(p.name, all(tries[i] >= (2 if 1 <= i <= 8 and i != 5 else 1) for i in range(12)), tries)


def check_one_fails(p):
    """An item that the server cannot take is told, and asked again by the next run."""
    def misbehave(handler, item, attempt):
        if item == 4 and attempt < 3:
            return send(handler, 503, {"error": {"message": "not now"}})
        return item == 5 and attempt < 2 and send(handler, 400, {"error": {"message": "too rude"}})

    server = Server(misbehave, pace=.05)
    err = p.run("--endpoint", server.url, "--tries", 2, "--concurrency", 2, code=1)
    expect(p.name, "2 of 12 items have no answer" in err, err)
    errors = {r["id"]: (r["code"], r["tries"], r["error"]) for r in p.records() if "error" in r}
    expect(p.name, errors == {4: (503, 2, "the server says 503: 'not now'"),
                              5: (400, 1, "the server says 400: 'too rude'")}, errors)
    scored = subprocess.run([TOK, "charbench", "score", p.items, p.answers], capture_output=True, text=True)
    expect(p.name, "answers to 10 of 12 items" in scored.stderr and not scored.returncode, scored.stderr)
    p.run("--endpoint", server.url)
    p.expect_all()
    expect(p.name, server.asked().count(4) == 3 and server.asked().count(5) == 2 and len(server.seen) == 15,
           server.asked())


def check_gone(p):
    """Who fails for good ends the run, and not after 12 times 2 tries."""
    server = Server(lambda handler, item, attempt: send(handler, 500, {"error": {"message": "no"}}))
    p.run("--endpoint", server.url, "--tries", 2, "--concurrency", 2, code=4, said="0 of 12 items have answers")
    expect(p.name, 2 <= len(server.seen) <= 4, len(server.seen))
    server.http.shutdown()
    server.http.server_close()
    p.run("--endpoint", server.url, "--tries", 2, code=4, said="127.0.0.1")
    p.run("--endpoint", server.url, "--tries", 1, code=4, said="127.0.0.1")


def check_never(p):
    """A wrong key, a wrong path, another place, and who refuses everything; the key is told nowhere."""
    target = Server()

    def misbehave(handler, item, attempt):
        if mode == "key":
            return send(handler, 401, {"error": {"message": "bad " + handler.headers["Authorization"]}})
        if mode == "path":
            return send(handler, 404, b"")
        if mode == "long":
            return send(handler, 429, b"", Retry_After="86400")
        return send(handler, 308, b"", Location=target.url) if mode == "place" else send(handler, 422, b"?")

    server = Server(misbehave)
    for mode, said, most in (("key", "401: 'bad Bearer ****", 1), ("path", "404", 1), ("place", "308", 1), ("long", "429", 1),
                             ("all", "422", 16)):
        p.write_items(40)
        server.seen.clear()
        err = p.run("--endpoint", server.url, "--concurrency", 1, key=KEY, code=4, said=said)
        expect(p.name, len(server.seen) == most, mode, len(server.seen))
        expect(p.name, KEY not in err + p.answers.read_text(), mode, "tells the key")
    expect(p.name, not target.paths, "the redirection was followed")


def check_echoes(p):
    """The key is hidden however a server spells it, in what is told and in what is written."""
    key = "sk/not/to\\be-\"seen\"-1234567890"

    def spell(how):
        plain = json.dumps(key)[1:-1]
        return {"plain": plain, "slashes": plain.replace("/", "\\/"),
                "letters": "".join(f"\\u{ord(c):04X}" for c in key), "some": key[:9] + json.dumps(key)[10:-1].replace(
                    "e", "\\u0065"), "twice": json.dumps(plain.replace("/", "\\/"))[1:-1]}[how]

    def misbehave(handler, item, attempt):
        said = spell(how)
        return send(handler, code, {
            "message": f'{{"error":{{"message":"key {said}"}}}}', "other": f'{{"detail":"key {said}"}}',
            "text": f"<p>key {said}", "empty": f'{{"choices":[],"key":"{said}"}}',
            "answer": f'{{"choices":[{{"message":{{"content":"key {said}"}},"finish_reason":"key {said}"}}],'
                      f'"usage":{{"prompt_tokens":"{said}","completion_tokens":1}}}}'}[form].encode())

    def unspelled(text):
        """Without any way to write a character otherwise."""
        for c in set(key):
            text = re.sub(rf"\\+u{ord(c):04x}", lambda m, c=c: c, text, flags=re.I)
        return text.replace("\\", "")

    server = Server(misbehave)
    p.write_items(1)
    for how in ("plain", "slashes", "letters", "some", "twice"):
        for code, form in ((400, "message"), (401, "message"), (400, "other"), (401, "other"), (401, "text"), (200, "answer"),
                           (200, "empty"), (200, "text")):
            p.answers.write_text("")
            wanted = 0 if form == "answer" else 4 if code != 400 else 1
            err = p.run("--endpoint", server.url, "--tries", 1, key=key, code=wanted)
            told = err + p.answers.read_text()
            expect(p.name, key.replace("\\", "")[:12] not in unspelled(told), how, code, form, told)
            if form == "answer":
                expect(p.name, p.records()[0]["output"] == p.records()[0]["finish"] == "key " + "*" * len(key), told)
            elif form != "empty" and code != 200:
                expect(p.name, "key **********" in told, how, code, form, told)


def check_raw(p):
    """What is no answer is kept as it came, up to 64 KiB, and told is what of it is not."""
    long, stars = b"x" * 65535 + "\u00e4".encode() + b"y" * 10, "*" * len(KEY)
    cases = [(b"<html>busy", "<html>busy", 0), (b'{"choices":[]}', '{"choices":[]}', 0), (b'\0\n"z', '\0\n"z', 0),
             (b'{"choices":[{"text":"\xff\xc3\xa4\xe2\x82"}]}', '{"choices":[{"text":"\ufffd\u00e4\ufffd\ufffd"}]}', 3),
             (b"", None, 0), (long, "x" * 65535, 0), (b"\xff" * 65537, "\ufffd" * 65536, 65536), (b"z" * 65536, "z" * 65536, 0),
             (b"\\" * (1 << 20), "\\" * 65536, 0),
             (b'{"key":"' + KEY.encode() + b'"}', f'{{"key":"{stars}"}}', 0)]
    server = Server(lambda handler, item, attempt: send(handler, code, body))
    p.write_items(1)
    for code, status in ((200, 4), (400, 1)):
        for body, raw, replaced in cases:
            p.answers.write_text("")
            p.run("--endpoint", server.url, "--tries", 1, key=KEY, code=status)
            record = p.records()[0]
            had = record.get("raw"), record.get("raw_bytes"), record.get("raw_replaced", 0)
            expect(p.name, "error" in record and had == (raw, len(body) or None, replaced), code, body[:40], str(had)[:200])


def check_rate(p):
    p.write_items(6)
    server, begun = Server(), time.monotonic()
    p.run("--endpoint", server.url, "--rate", 2)
    expect(p.name, time.monotonic() - begun > 2.5, time.monotonic() - begun)
    p.expect_all(6)


def check_killed(p):
    """kill -9: what was had stays; at most what was open is asked twice."""
    count, most = 60, 4
    p.write_items(count)
    server = Server(pace=.02)
    process = p.start("--endpoint", server.url, "--concurrency", most)
    while len(server.seen) < 20:
        time.sleep(.01)
    process.kill()
    process.communicate()
    had = set(p.outputs())
    time.sleep(.1)  # what was on its way has come
    before = server.asked()
    expect(p.name, 20 - 2 * most <= len(had) <= len(before) <= len(had) + most, len(had), len(before))
    with p.answers.open("a") as file:
        file.write('{"id":59,"output":"59')
    server.seen.clear()
    p.run("--endpoint", server.url, "--concurrency", most, said="the last line is not whole, and is dropped: 21 bytes")
    p.expect_all(count)
    expect(p.name, not had & set(server.asked()), "asked again:", had & set(server.asked()))
    expect(p.name, sorted(had | set(server.asked())) == list(range(count)) and len(server.seen) == count - len(had))
    # A whole line without its newline is one.
    p.answers.write_text(p.answers.read_text()[:-1])
    p.run("--endpoint", server.url)
    p.expect_all(count)


def check_stopped(p):
    """SIGINT, and a second process for the same file."""
    gate = threading.Event()
    server = Server(lambda handler, item, attempt: item > 3 and not gate.wait(60))
    process = p.start("--endpoint", server.url, "--concurrency", 2)
    while len(server.seen) < 6:
        time.sleep(.01)
    p.run("--endpoint", server.url, code=2, said=f"another process adds answers to '{p.answers}'")
    process.send_signal(signal.SIGINT)
    err = process.communicate(timeout=20)[1]
    expect(p.name, process.returncode == 2 and "interrupted\n" in err and "4 of 12 items have answers" in err
           and sorted(p.outputs()) == [0, 1, 2, 3], process.returncode, err)
    gate.set()
    p.run("--endpoint", server.url)
    p.expect_all()


def check_files(p):
    """Other files, other questions, a disk that is full."""
    server = Server()
    before = p.items.read_text()
    for path, said in ((p.items, "line 1: this is no answer"), ("/dev/full", "cannot write '/dev/full'"),
                       (p.folder, "cannot open"), ("none/answers", "cannot open")):
        kept, p.answers = p.answers, path
        p.run("--endpoint", server.url, code=2, said=said)
        p.answers = kept
    expect(p.name, p.items.read_text() == before, "the items were written to")
    p.run("--endpoint", server.url, code=2, said="cannot write", limit=512)
    p.records()
    p.run("--endpoint", server.url)
    p.expect_all()
    p.write_items(12, "tell {}")
    p.run("--endpoint", server.url, code=2, said="was another question when it was asked")
    p.write_items(4)
    p.run("--endpoint", server.url, code=2, said="no item has the id")
    p.items.write_text('{"id":1,"task":"t","word":"w","answer":1}\n')
    p.run("--endpoint", server.url, code=2, said="item 1 has no prompt")


def check_foreign(p):
    """What is not ours stays as it is; what a killed run left of a line goes, how little of it there may be."""
    answer = b'{"id":0,"output":"0!","seconds":0.1,"tries":1}\n'
    for end in (b"my precious notes, one line, no newline", b"\x7fELF\0\xff" * 500, b'{"name":"x", ', b"[1,", b"{", b'{"id"',
                b'{"id":"a', b'{"id":5,"text":"5', b'{"id":5 ,"output":"5', b'{"id":,"output":"5'):
        for before in (b"", b"\n", answer):
            if before == answer and end in (b"{", b'{"id"'):
                continue
            p.answers.write_bytes(before + end)
            p.run("--exec", "sed -u s/prompt/output/", code=2, said="is neither an answer nor the beginning of one")
            expect(p.name, p.answers.read_bytes() == before + end, end[:40], "is lost")
    p.answers.write_bytes(b"other notes\n" + b'{"id":5,"output":"5')
    p.run("--exec", "sed -u s/prompt/output/", code=2, said="line 1")
    expect(p.name, p.answers.read_bytes().startswith(b"other notes\n{"), "another line is lost")
    for end in (b"{", b'{"id":', b'{"id":11', b'{"id":11,"mod', b'{"id":11,"model":"x","out', b'{"id":11,"error":"\xc3'):
        p.answers.write_bytes(answer + end)
        p.run("--exec", "sed -u s/prompt/output/", said="the last line is not whole, and is dropped")
        expect(p.name, sorted(p.outputs()) == list(range(12)), end, p.outputs())
    p.answers.write_bytes(b'{"id":11,"output":"')
    p.run("--exec", "sed -u s/prompt/output/", said="and is dropped: 19 bytes")
    expect(p.name, sorted(p.outputs()) == list(range(12)), p.outputs())


def check_words(p):
    """What the command line may not say."""
    for args, said in (
            (["--endpoint", "http://127.0.0.1:9/v1"], "must end in /chat/completions or /completions"),
            (["--endpoint", "ftp://127.0.0.1/completions"], "must begin with http:// or https://"),
            (["--endpoint", "http://127.0.0.1/completions", "--system", "x"], "a system prompt needs"),
            (["--endpoint", "http://127.0.0.1/completions", "--key-env", "NOT_SET"], "no key in 'NOT_SET'"),
            (["--exec", "x", "--key-env", "NOT_SET"], "--key-env is of --endpoint"),
            (["--exec", "x", "--endpoint", "http://127.0.0.1/completions"], "one of --endpoint URL and --exec"),
            ([], "one of --endpoint URL and --exec"), (["--exec", "x", "--tries", "0"], "--tries is 1"),
            (["--exec", "x", "--concurrency", "0"], "--concurrency is 1 to 256"),
            (["--exec", "x", "--concurrency", "257"], "--concurrency is 1 to 256")):
        p.run(*args, code=2, said=said)
    server = Server()
    p.run("--endpoint", server.url, key="two\nlines", code=2, said="the key has a blank")
    expect(p.name, not server.seen, "asked with a header of its own")


# ---- processes ---------------------------------------------------------------------------------------------------------

PROCESS = r'''
import json, os, sys, time
mode, log, held, seen = sys.argv[1], sys.argv[2], [], 0
def say(**answer):
    print(json.dumps(answer), flush=True)
if mode == "late":
    time.sleep(.2)
for line in sys.stdin:
    q = json.loads(line)
    with open(log, "a") as file:
        file.write(f"{q['id']}\n")
    assert set(q) <= {"id", "prompt", "system"} and q["prompt"].rstrip() == f"say {q['id']}"
    i, text, seen = q["id"], f"{q['id']}!", seen + 1
    if mode == "environment":
        text = os.environ.get("OPENAI_API_KEY", text)
    if mode == "die" and seen == 7:
        os.kill(os.getpid(), 9)
    if mode == "leave" and seen == 7:
        sys.exit(3)
    if mode == "hang" and i == 5:
        time.sleep(100)
    if mode == "unknown" and seen == 5:
        i += 100
    if mode == "words" and seen == 5:
        print("Loading ...", flush=True)
        time.sleep(100)
    if mode == "other" and seen == 5:
        say(id=i, out=text)
        time.sleep(100)
    if mode == "long" and seen == 5:
        print("x" * (5 << 20), flush=True)
        time.sleep(100)
    if mode in ("last", "torn") and seen == 12:
        print(json.dumps({"id": i, "output": text})[:-1 if mode == "torn" else None], end="")
        sys.exit(3)
    if mode == "reals" and i < 6:
        print(f'{{"id":{["0.0", "1.0", "2e0", "30e-1", "0.4e1", "5"][i]},"output":"{text}"}}', flush=True)
        continue
    if mode == "half" and seen == 5:
        print('{"id":4.5,"output":"4.5"}', flush=True)
    if mode == "refuse" and i in (2, 5):
        say(id=i, error="not \u00fc")
    elif mode == "shuffle":
        held.insert(0, (i, text + q["system"]))
        if len(held) == 4:
            for i, text in held:
                say(id=i, output=text, finish="end", usage={"prompt_tokens": 1, "completion_tokens": 2})
            held = []
    else:
        say(id=i, output=text)
    if mode == "twice" and seen == 5:
        say(id=i, output="again")
'''


def check_processes(p):
    script = p.folder / "it's $HOME; a process.py"
    script.write_text(PROCESS)

    def command(mode):
        return f"{shlex.quote(sys.executable)} {shlex.quote(str(script))} {mode} {shlex.quote(str(p.folder / mode))}"

    def asked(mode):
        return [int(line) for line in (p.folder / mode).read_text().split()]

    def fresh(mode):
        p.answers = p.folder / f"answers-{mode}"
        return ["--exec", command(mode), "--concurrency", 4]

    p.run(*fresh("shuffle"), "--system", " sys", "--model", "p")
    p.expect_all()
    expect(p.name, p.records()[0]["id"] == 3 and p.outputs()[3] == "3! sys", p.records()[0])
    expect(p.name, p.records()[0]["usage"] == {"prompt_tokens": 1, "completion_tokens": 2}
           and p.records()[0]["finish"] == "end", p.records()[0])
    for mode, said in (("die", "ended by signal 9"), ("leave", "ended with status 3"),
                       ("torn", "ended with status 3"), ("half", "an 'id' that is a whole number"),
                       ("unknown", ", which is not open"), ("twice", ", which is not open"),
                       ("hang", "did not answer within 3 s"), ("words", "no line of JSON: 'Loading ...'"),
                       ("other", "an answer without an 'output'"), ("long", "a line of more than")):
        p.run(*fresh(mode), "--timeout", 3 if mode == "hang" else 60, code=4, said=said)
        had = set(p.outputs())
        expect(p.name, 4 <= len(had) <= 11 and had <= set(asked(mode)), mode, had)
        p.run("--exec", command("good"))
        p.expect_all()
        expect(p.name, sorted(asked("good")) == sorted(set(range(12)) - had), mode, asked("good"))
        (p.folder / "good").unlink()
    p.run(*fresh("environment"), key=KEY)
    expect(p.name, p.outputs()[1] == "1!", "the process has the key")
    for mode in ("last", "reals"):
        p.run(*fresh(mode))
        p.expect_all()
    p.run(*fresh("refuse"), code=1, said="2 of 12 items have no answer")
    errors = {r["id"]: r["error"] for r in p.records() if "error" in r}
    expect(p.name, errors == {2: "it says: 'not \u00fc'", 5: "it says: 'not \u00fc'"}, errors)
    expect(p.name, [json.loads(r["raw"]) for r in p.records() if r["id"] == 2] == [{"id": 2, "error": "not \u00fc"}])
    # More than a pipe takes while nobody reads.
    p.write_items(12, "say {}" + " " * 300000)
    p.run(*fresh("late"))
    p.expect_all()
    p.answers = p.folder / "none"
    p.run("--exec", "/nowhere/program", code=4, said="cannot run '/nowhere/program'")
    p.run("--exec", "a 'b", code=2, said="a quote in this command has no end")


def main():
    checks = [check_words, check_processes, check_files, check_foreign]
    with tempfile.TemporaryDirectory() as root:
        items = pathlib.Path(root, "items")
        items.write_text('{"id":1,"task":"t","word":"w","prompt":"p","answer":1}\n')
        probe = subprocess.run([TOK, "charbench", "run", items, "--endpoint", "http://127.0.0.1:9/completions", "--tries",
                                "1"], capture_output=True, text=True)
        if "without libcurl" in probe.stderr:
            print("SKIPPED: servers: this build has no libcurl")
            checks = [check_processes, check_foreign]
        else:
            checks += [check_honest, check_completions, check_busy, check_first_tries, check_one_fails, check_gone,
                       check_never, check_echoes, check_raw, check_rate, check_killed, check_stopped]
        checks = [check for check in checks if not sys.argv[2:] or check.__name__ in sys.argv[2:]]
        # They mostly wait.
        with concurrent.futures.ThreadPoolExecutor(len(checks)) as pool:
            begun = {check: pool.submit(check, Place(root, check.__name__)) for check in checks}
            for check, future in begun.items():
                if future.exception():
                    troubles.append(f"{check.__name__}: {future.exception()!r}")
    print(*troubles, sep="\n")
    print(f"{len(checks)} checks, {len(troubles)} troubles")
    sys.exit(bool(troubles))


main()
