"""A headless Chromium that is asked over a pipe, in the DevTools protocol.

    with Browser.start("chromium") as browser:
        page = browser.open(path)
        page.media(dark=True)
        page.size(360)
        print(page.value("document.title"), page.complaints)
"""
import base64
import fcntl
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

LIMIT_S = 60
SWITCHES = ["--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--no-first-run", "--disable-extensions", "--disable-background-networking", "--disable-sync",
            "--disable-component-update", "--hide-scrollbars", "--force-color-profile=srgb"]


class BrowserError(Exception):
    pass


def high(fd):
    """The same pipe under a number that is not 3 or 4, which the browser takes its own to be."""
    moved = fcntl.fcntl(fd, fcntl.F_DUPFD, 10)
    os.close(fd)
    return moved


class Browser:
    def __init__(self, process, out, into, folder):
        self.process, self.out, self.into, self.folder = process, out, into, folder
        self.number, self.rest, self.pages = 0, b"", {}

    @classmethod
    def start(cls, program):
        folder = tempfile.mkdtemp(prefix="tok-browser-")
        theirs, ours = map(high, os.pipe())
        back, to_us = map(high, os.pipe())

        def number_pipes():
            os.dup2(theirs, 3)
            os.dup2(to_us, 4)

        process = subprocess.Popen([program, *SWITCHES, f"--user-data-dir={folder}"], preexec_fn=number_pipes,
                                   pass_fds=(3, 4), start_new_session=True, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs)
        os.close(to_us)
        return cls(process, ours, back, folder)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.out)
        os.close(self.into)
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def read_message(self):
        while b"\0" not in self.rest:
            part = os.read(self.into, 1 << 20)
            if not part:
                raise BrowserError("the browser ended")
            self.rest += part
        message, _, self.rest = self.rest.partition(b"\0")
        return json.loads(message)

    def ask(self, method, session=None, **params):
        self.number += 1
        asked = {"id": self.number, "method": method, "params": params}
        if session:
            asked["sessionId"] = session
        data = json.dumps(asked).encode() + b"\0"
        while data:
            data = data[os.write(self.out, data):]
        while True:
            message = self.read_message()
            if message.get("id") == self.number:
                if "error" in message:
                    raise BrowserError(f"{method}: {message['error']['message']}")
                return message["result"]
            if message.get("sessionId") in self.pages:
                self.pages[message["sessionId"]].note(message["method"], message["params"])

    def open(self, path):
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self.pages[session] = Page(self, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.ask(domain + ".enable")
        page.load(path)
        return page


class Page:
    def __init__(self, browser, session):
        self.browser, self.session = browser, session
        self.complaints = []  # what a console shows as an error, and what was asked of elsewhere
        self.url = None

    def ask(self, method, **params):
        return self.browser.ask(method, self.session, **params)

    def note(self, method, params):
        if method == "Runtime.exceptionThrown":
            self.complaints.append(params["exceptionDetails"].get("exception", params).get("description", "exception"))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.complaints.append(params["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.complaints.append("console: " + str(params["args"]))
        elif method == "Network.requestWillBeSent" and params["request"]["url"] != self.url:
            self.complaints.append("asks for " + params["request"]["url"][:80])

    def load(self, path):
        self.url = pathlib.Path(path).resolve().as_uri()
        self.ask("Page.navigate", url=self.url)
        until = time.monotonic() + LIMIT_S
        while self.value("document.readyState + location.href") != "complete" + self.url:
            if time.monotonic() > until:
                raise BrowserError(f"{path} is not loaded after {LIMIT_S} s")
            time.sleep(.01)

    def value(self, expression):
        """What an expression is, awaited."""
        result = self.ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise BrowserError(result["exceptionDetails"].get("exception", {}).get("description", "exception"))
        return result["result"].get("value")

    def media(self, dark=False, paper=False):
        self.ask("Emulation.setEmulatedMedia", media="print" if paper else "screen",
                 features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def size(self, width, height=900):
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def picture(self, path, whole=True):
        data = self.ask("Page.captureScreenshot", captureBeyondViewport=whole)["data"]
        pathlib.Path(path).write_bytes(base64.b64decode(data))

    def paper(self, path):
        pathlib.Path(path).write_bytes(base64.b64decode(self.ask("Page.printToPDF", printBackground=False)["data"]))
