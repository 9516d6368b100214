#!/usr/bin/env python3
"""check_pages.py: the pages that tok makes, in a headless Chromium, in one start of it.

Every page, of texts and names that want to be something else: nothing is asked of elsewhere, no
console has an error, no text became an element or a script, axe-core finds nothing, on light pages
and dark ones; at 360 pixels, and on paper, nothing is wider than the page; without scripts there is
the same text.  Tables are sorted by clicks.  `--keep FOLDER` leaves pages and pictures there to be
looked at.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile

from chromium import Browser, BrowserError

PROGRAMS = ["chromium", "chromium-browser", "google-chrome"]
NARROW, PAPER, WIDE = 360, 700, 1000
SHRUNK = 1.25  # a browser makes what is wider than paper smaller, but letters are to stay readable
HOSTILE = (b"</script><script>touched=1</script><img src=x onerror=touched=1> \"'>&amp;\n"
           b"<svg onload=touched=1> \xe2\x80\xae rtl \xd8\xa7\xd9\x84\xd8\xb9 \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\xa4\x97\n\n"
           b"\x00\x01\x1b[31m \xff\xc3 \xe0\xa4\xa8\xe0\xa5\x8d <|endoftext|>" + b"long" * 20 + b"\n")
TURNED_TOKEN = "<|\u202eend\u0639|>"  # all that can come into a page of a transplant
DATA = pathlib.Path(__file__).resolve().parents[1] / "cli/data"
troubles = []


def expect(what, right, told=""):
    if not right:
        troubles.append(f"{what}: {told}")


def run(*command, data=None):
    done = subprocess.run([str(c) for c in command], input=data, capture_output=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{command}: {done.returncode}: {done.stderr.decode(errors='replace')}")


def make_pages(options, folder):
    """Their paths, and what must be seen in each."""
    tok = options.tok
    run(options.kinds, folder / "kinds.html")
    yield folder / "kinds.html", "<img src=x onerror=touched=1>"
    run(tok, "view", "--html", folder / "view.html", data=HOSTILE)
    yield folder / "view.html", "onload"
    run(tok, "view", "-t", "tok-32k", "-t", "bytes", "--ids", "--lines", "--html", folder / "several.html", data=HOSTILE)
    yield folder / "several.html", "<0xFF>"
    run(tok, "sample", "--compare", "--top", "4", "--html", folder / "samples.html", "-o", folder / "table", data=HOSTILE[:12] + b"\n<b>red\n")
    yield folder / "samples.html", "<b>red"
    items, answers = folder / "items", folder / "answers"
    with open(items, "w") as to_items, open(answers, "w") as to_answers:
        for i in range(30):
            name = "</script><img src=x onerror=touched=1>" if i % 2 else "count"
            item = {"id": i, "task": name, "word": "abcdefgh"[:3 + i % 6], "answer": i % 3}
            print(json.dumps(item), file=to_items)
            for model, said in (("<i>one</i>", i % 3), ("two", i % 2), ("three", 1)):
                print(json.dumps({"id": i, "model": model, "output": str(said)}), file=to_answers)
    run(tok, "charbench", "analyse", items, answers, "-t", "bytes", "--boot", "9", "--html", folder / "analysis.html")
    yield folder / "analysis.html", "onerror"
    yield make_transplant(tok, folder)
    corpora = []
    for name, text in (("<i>en</i>", "one line\nanother\n"), ("de", "eine Zeile\nnoch eine\n"), ("hi", "एक पंक्ति\nएक और\n")):
        (folder / f"text{len(corpora)}").write_text(text)
        corpora += ["--corpus", f"{name}={folder}/text{len(corpora)}"]
    run(tok, "audit", "-t", "tok-32k", "-t", "bytes", *corpora, "--pivot", "de", "--html", folder / "audit.html")
    yield folder / "audit.html", "<i>en</i>"
    run(tok, "audit", "--vocab", "-t", "bytes", "--html", folder / "vocabulary.html")
    yield folder / "vocabulary.html", "bytes"


def make_transplant(tok, folder):
    """Of a model whose chat template names a token that the new tokenizer lacks."""
    model = folder / "model"
    shutil.copytree(DATA / "embed/model", model, copy_function=shutil.copyfile)
    tokenizer = json.loads((model / "tokenizer.json").read_text())
    tokenizer["added_tokens"].append(dict(tokenizer["added_tokens"][0], id=299, content=TURNED_TOKEN))
    (model / "tokenizer.json").write_text(json.dumps(tokenizer))
    (model / "chat_template.jinja").write_text("{{ x }}" + TURNED_TOKEN)
    (folder / "text").write_bytes(HOSTILE * 20)
    run(tok, "transplant", "run", model, DATA / "merge.json", "--text", folder / "text", "-o", folder / "out")
    return folder / "out/transplant.html", "what the new tokenizer does not have: <|"


def check_safe(page, name, wanted):
    expect(name, page.complaints == [], page.complaints)
    expect(name, page.value("typeof touched") == "undefined", "a text was run")
    found = page.value("['img','script','iframe','object','link','style'].map(n=>document.querySelectorAll(n).length).join()")
    expect(name, found == "0,1,0,0,0,1", f"elements: {found}")
    expect(name, wanted in page.value("document.body.innerText"), f"{wanted} is not to be seen")


def check_axe(page, name, only=None):
    """In a dark page nothing but the colours is another."""
    how = json.dumps({"resultTypes": ["violations"], **({"runOnly": [only]} if only else {})})
    told = page.value(f"axe.run({how}).then(r=>r.violations.map(v=>v.id+' ('+v.impact+'): '+v.nodes.slice(0,2).map("
                      "n=>n.html.slice(0,120)+' '+n.failureSummary).join('; ')).join('\\n'))")
    expect(name, told == "", told)


def check_width(page, name, width, most):
    page.size(width)
    found = page.value("document.documentElement.scrollWidth")
    expect(name, found <= most, f"{found} pixels wide at {width}")


COLUMN = """(() => {
    const table = document.querySelector("table.sort"), head = table.tHead.rows[0].cells[%d];
    if (%d) head.querySelector("button").click();
    return [head.getAttribute("aria-sort"), ...[...table.tBodies[0].rows].map(r => r.cells[%d].textContent)];
})()"""


def check_sorting(page, name):
    numbers = lambda cells: [float(c) for c in cells if c != "–"]
    for column in (1, 2):
        _, *written = page.value(COLUMN % (column, 0, column))
        way, *cells = page.value(COLUMN % (column, 1, column))
        expect(name, way == "descending" and numbers(cells) == sorted(numbers(written), reverse=True), cells)
        expect(name, "–" not in cells[:-1], f"what is missing is not last: {cells}")
        way, *cells = page.value(COLUMN % (column, 1, column))
        expect(name, way == "ascending" and numbers(cells) == sorted(numbers(written)), cells)
        expect(name, "–" not in cells[:-1], f"what is missing is not last: {cells}")
        way, *cells = page.value(COLUMN % (column, 1, column))
        expect(name, way is None and cells == written, cells)
    way, *cells = page.value(COLUMN % (0, 1, 0))
    expect(name, way == "ascending" and cells.index("gpt2") < cells.index("mixtral") < cells.index("ninth"), cells)


def check_without_scripts(page, name, path):
    shown = "document.querySelector('main').textContent"
    before = page.value(shown)
    page.ask("Emulation.setScriptExecutionDisabled", value=True)
    page.load(path)
    expect(name, page.value("document.querySelectorAll('button').length") == 0, "there are buttons")
    expect(name, page.value(shown) == before, "another text")
    page.ask("Emulation.setScriptExecutionDisabled", value=False)


def check_page(browser, axe, path, wanted, keep):
    name = path.name
    page = browser.open(path)
    check_safe(page, name, wanted)
    for dark in (False, True):
        page.media(dark=dark)
        page.size(WIDE)
        if dark is False:
            page.value(axe + ";0")
        check_axe(page, name + (", dark" if dark else ""), "color-contrast" if dark else None)
        if keep:
            page.picture(keep / f"{path.stem}-{'dark' if dark else 'light'}.png")
    page.media()
    check_width(page, name, NARROW, NARROW)
    if keep:
        page.picture(keep / f"{path.stem}-narrow.png")
    page.media(paper=True)
    check_width(page, name + ", print", PAPER, PAPER * SHRUNK)
    if keep:
        page.paper(keep / f"{path.stem}.pdf")
    page.media()
    check_without_scripts(page, name, path)
    if path.stem == "kinds":
        page.load(path)
        check_sorting(page, name)
    expect(name, page.complaints == [], page.complaints)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tok", required=True, type=pathlib.Path)
    parser.add_argument("--kinds", required=True, type=pathlib.Path)
    parser.add_argument("--cache", required=True, type=pathlib.Path)
    parser.add_argument("--keep", type=pathlib.Path)
    options = parser.parse_args()
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if not program:
        print("there is no Chromium: pages are not looked at")
        return 1 if os.environ.get("CI") == "true" else 77
    with tarfile.open(next(options.cache.glob("packages/axe-core-*.tgz"))) as package:
        axe = package.extractfile("package/axe.min.js").read().decode()
    with tempfile.TemporaryDirectory() as scratch, Browser.start(program) as browser:
        for path, wanted in make_pages(options, options.keep or pathlib.Path(scratch)):
            try:
                check_page(browser, axe, path, wanted, options.keep)
            except BrowserError as error:
                expect(path.name, False, error)
    for trouble in troubles:
        print(trouble)
    return 1 if troubles else 0


if __name__ == "__main__":
    sys.exit(main())
