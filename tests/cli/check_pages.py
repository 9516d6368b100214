#!/usr/bin/env python3
"""check_pages.py TOK MAN: --help, manual pages and completions say the same, the
checked-in pages are those the program prints, and every example in them runs.

A sanitized tok prints what is compared, and runs the examples; shells and options one by
one, hundreds of runs that read the same tables, are for the plain build."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOK, MAN = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
HIDDEN = "--print-completion"
SANITIZED = b"__asan_init" in open(TOK, "rb").read()
troubles = []


def run(*args, **more):
    return subprocess.run(args, capture_output=True, text=True, errors="replace", check=False, **more)


def say(*args):
    done = run(TOK, *args)
    if done.returncode != 0 or done.stderr:
        troubles.append(f"tok {' '.join(args)}: {done.returncode} {done.stderr}")
    return done.stdout


def expect(what, got, wanted):
    if got != wanted:
        troubles.append(f"{what}: {sorted(got)} and not {sorted(wanted)}")


def help_options(text):
    """{long: (short, argument, first words)} of a --help text."""
    found = {}
    for m in re.finditer(r"^  (?:-(\w),|   ) --([\w-]+)(?:=(\S+))?\s+(\S.*)$", text, re.M):
        found[m[2]] = (m[1] or "", m[3] or "", m[4])
    return found


def help_words(text):
    part = re.search(r"^Words:\n((?:  .*\n)+)", text, re.M)
    return {line.split()[0] for line in part[1].splitlines()} if part else set()


def man_words(page):
    part = re.search(r"^\.SH WORDS\n(.*?)^\.SH", page, re.M | re.S)
    return set(re.findall(r"^\.TP\n([\w-]+)", roff(part[1]), re.M)) if part else set()


def roff(text):
    text = text.replace("\\-", "-").replace("\\(aq", "'").replace("\\(ha", "^")
    text = text.replace("\\(ti", "~").replace("\\(ga", "`").replace("\\&", "")
    return re.sub(r"\\f[BIR]", "", text).replace("\\e", "\\")


def man_options(page):
    found = {}
    for m in re.finditer(r"^\.TP\n(.*)\n(.*)\.$", page, re.M):
        head = re.match(r"(?:-(\w), )?--([\w-]+)(?:=(\S+))?$", roff(m[1]))
        if head:
            found[head[2]] = (head[1] or "", head[3] or "", roff(m[2]))
    return found


def examples(text):
    part = text[text.index("\nExamples:\n") + 11:]
    return [line[2:] for line in part.splitlines() if line.startswith("  ")]


def page_examples(page):
    part = page[page.index(".SH EXAMPLES"):]
    return roff(part[part.index(".EX\n") + 4:part.index(".EE")]).splitlines()


def page_names(page):
    """Our pages that a page names, and those in its SEE ALSO."""
    text, end = page.split(".SH SEE ALSO")
    pattern = r"\b(tok-\w+) ?(\(\d\))"
    return set(re.findall(pattern, roff(text))), set(re.findall(pattern, roff(end)))


def bash_words(script, words, where):
    """What bash offers after `words`, the last of which is being typed."""
    line = " ".join(f"'{w}'" for w in words)
    done = run("bash", "-c", f"source {script}; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1};"
               "compopt() { :; }; _tok; printf '%s\\n' \"${COMPREPLY[@]}\"", cwd=where)
    if done.stderr:
        troubles.append(f"bash completion of {words}: {done.stderr}")
    return set(done.stdout.split())


def check_completion(tool, options, words, scripts, where):
    names = {"--" + n for n in options} | {"-" + o[0] for o in options.values() if o[0]}
    bash = scripts["bash"]
    expect(f"bash, tok {tool}", bash_words(bash, ["tok", tool, "-"], where), names)
    expect(f"bash, tok-{tool}", bash_words(bash, ["tok-" + tool, "-"], where), names)
    if words:
        expect(f"bash, words of {tool}", bash_words(bash, ["tok", tool, ""], where), words)
        expect(f"bash, words of tok-{tool}", bash_words(bash, ["tok-" + tool, ""], where), words)
    for name, (short, argument, _) in options.items():
        if "|" in argument and argument.islower():
            choices = set(argument.split("|"))
            expect(f"bash, --{name}", bash_words(bash, ["tok", tool, "--" + name, ""], where),
                   choices)
            expect(f"bash, --{name}=", bash_words(bash, ["tok", tool, "--" + name, "=", ""],
                                                  where), choices)
            if short:
                expect(f"bash, -{short}", bash_words(bash, ["tok", tool, "-" + short, ""], where),
                       choices)

    zsh = open(scripts["zsh"], encoding="utf-8").read()
    body = re.search(rf"^_tok_{tool}\(\) {{\n(.*?)^}}", zsh, re.S | re.M)[1]
    expect(f"zsh, {tool}", set(re.findall(r"'(--?[\w-]+)[=+]?\[", body)), names)
    expect(f"zsh, words of {tool}", set(re.findall(r"[( ]([\w-]+)\\:\"", body)), words)

    fish = open(scripts["fish"], encoding="utf-8").read()
    for command in (f"tok -n '__fish_seen_subcommand_from {tool}'", f"tok-{tool}"):
        lines = [l for l in fish.splitlines() if l.startswith(f"complete -c {command} ")]
        found = set()
        expect(f"fish, words of {command}", set(re.findall(r" -a ([\w-]+) -d ", "\n".join(lines))),
               words)
        for line in lines:
            found |= {"-" + m for m in re.findall(r" -s (\w)", line)}
            found |= {"--" + m for m in re.findall(r" -l ([\w-]+)", line)}
        expect(f"fish, {command}", found, names)


def check_tool(tool, scripts, where):
    text, page = say(tool, "--help"), say(tool, "--print-man")
    options = help_options(text)
    if len(options) < 5:
        troubles.append(f"{tool}: only {sorted(options)} in --help")
    if options != man_options(page):
        troubles.append(f"{tool}: --help and manual differ: {options} {man_options(page)}")
    if not examples(text) or examples(text) != page_examples(page):
        troubles.append(f"{tool}: examples of --help and manual differ")
    words = help_words(text)
    expect(f"words in the manual of {tool}", man_words(page), words)
    check_fresh(f"tok-{tool}.1", page)
    named, seen = page_names(page)
    if not named <= seen:
        troubles.append(f"{tool}: SEE ALSO lacks {sorted(named - seen)}")
    check_examples(tool, examples(text))
    if SANITIZED:
        return
    check_completion(tool, options, words, scripts, where)
    for name in options:
        done = run(TOK, tool, f"--{name}=x", stdin=subprocess.DEVNULL, cwd=where)
        if "there is no option" in done.stderr:
            troubles.append(f"{tool}: --{name} is in --help and is not parsed")


def check_fresh(name, page):
    try:
        there = open(os.path.join(MAN, name), encoding="utf-8").read()
    except OSError as error:
        there = str(error)
    if there != page:
        troubles.append(f"man/{name} is stale: build the target update_man")


# What tok split tells of each run, and is no trouble.
TOLD = re.compile(r'tok split: [0-9]+ tokens, |\{"schema":')


def check_examples(name, lines):
    environment = dict(os.environ, PATH=os.path.dirname(TOK) + ":" + os.environ["PATH"])
    with tempfile.TemporaryDirectory() as folder:
        for there in ("model", "net"):  # of tok-embedding(7)
            os.symlink(os.path.join(DATA, "embed", there), os.path.join(folder, there))
        for line in lines:
            done = run("bash", "-o", "pipefail", "-c", line, cwd=folder, env=environment)
            said = [said for said in done.stderr.splitlines() if not TOLD.match(said)]
            if done.returncode != 0 or said:
                troubles.append(f"{name}: example fails: {line}\n{done.stderr}")


def check_syntax(scripts):
    """Where the shell itself is here, it reads the script."""
    for shell, path in scripts.items():
        if not shutil.which(shell):
            print(f"skipped: {shell} is not here to read its completion")
            continue
        done = run(shell, "-n", path)
        if done.returncode != 0 or done.stderr:
            troubles.append(f"{shell} completion: {done.stderr}")


def check_lint():
    if not shutil.which("mandoc"):
        print("skipped: mandoc is not here to read the pages")
        return
    for name in sorted(os.listdir(MAN)):
        done = run("mandoc", "-Tlint", "-W", "warning", os.path.join(MAN, name))
        if done.stdout:
            troubles.append(done.stdout)


def main():
    tools = re.findall(r"^  (\w+) ", say("help"), re.M)
    if not tools:
        troubles.append("tok help names no tool")
    with tempfile.TemporaryDirectory() as where:
        scripts = {}
        for shell in ("bash", "zsh", "fish"):
            scripts[shell] = os.path.join(where, "completion." + shell)
            with open(scripts[shell], "w", encoding="utf-8") as file:
                file.write(say(HIDDEN, shell))
        if not SANITIZED:
            check_syntax(scripts)
        empty = os.path.join(where, "empty")
        os.mkdir(empty)
        expect("bash, tok", bash_words(scripts["bash"], ["tok", ""], empty),
               set(tools) | {"help", "--help", "--version", "--print-man", HIDDEN})
        for tool in tools:
            check_tool(tool, scripts, empty)
    page = say("--print-man")
    check_fresh("tok.1", page)
    check_examples("tok.1", page_examples(page))
    for name in sorted(os.listdir(MAN)):
        if name.endswith((".5", ".7")):
            text = open(os.path.join(MAN, name), encoding="utf-8").read()
            if ".SH EXAMPLES" in text:
                check_examples(name, page_examples(text))
    if not SANITIZED:
        check_lint()
    for trouble in troubles:
        print(trouble)
    print(f"{len(tools)} tools, {len(troubles)} troubles")
    sys.exit(bool(troubles))


main()
