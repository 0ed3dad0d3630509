"""A headless Chromium that a test drives: pages opened at a size, in the dark, clicked and read.

It talks to the browser's DevTools protocol over two pipes (``--remote-debugging-pipe``): one JSON
object a message, ended by NUL.
"""

import base64
import contextlib
import json
import os
import shutil
import subprocess
import sys

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)
FLAGS = (  # noqa: SIM905
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync"
    " --disable-background-networking --disable-component-update --remote-debugging-pipe"
    " --hide-scrollbars --force-color-profile=srgb"
).split()


class Chrome:
    """One tab. `console` holds what its console said, `requests` the addresses it asked for."""

    def __init__(self, profile):
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        # The browser reads its descriptor 3 and writes to 4.
        script = f'exec 3<&{to_read} 4>&{to_write}; exec "$@"'
        command = ["bash", "-c", script, "bash", BROWSER, *FLAGS, f"--user-data-dir={profile}"]
        self._process = subprocess.Popen(
            [*command, "about:blank"], pass_fds=(to_read, to_write), stderr=subprocess.DEVNULL
        )
        os.close(to_read)
        os.close(to_write)
        self._buffer, self._number, self._session = b"", 0, None
        self.console, self.requests, self._events = [], [], []
        (target,) = [
            t for t in self.send("Target.getTargets")["targetInfos"] if t["type"] == "page"
        ]
        attached = self.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")

    def close(self):
        with contextlib.suppress(BrokenPipeError, EOFError):
            self._session = None
            self.send("Browser.close")
        self._process.wait(60)
        os.close(self._write)
        os.close(self._read)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, method, **params):
        """Calls a method and waits for its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._write, data) :]
        while (reply := self._next()).get("id") != self._number:
            self._note(reply)
        assert "error" not in reply, f"{method}: {reply}"
        return reply["result"]

    def _next(self):
        while b"\0" not in self._buffer:
            block = os.read(self._read, 1 << 20)
            if not block:
                raise EOFError("the browser went away")
            self._buffer += block
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)

    def _note(self, event):
        params = event.get("params", {})
        self._events.append(event.get("method"))
        if event.get("method") == "Runtime.consoleAPICalled":
            self.console.append(str(params["args"]))
        elif event.get("method") == "Runtime.exceptionThrown":
            self.console.append(str(params["exceptionDetails"]))
        elif event.get("method") == "Log.entryAdded":
            self.console.append(params["entry"]["text"])
        elif event.get("method") == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])

    def open(self, path, *, width=1200, height=900, is_dark=False):
        """Opens a file at a size and waits for its load event."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self._events.clear()
        self.send("Page.navigate", url=path.as_uri())
        while "Page.loadEventFired" not in self._events:
            self._note(self._next())

    def run(self, script):
        """The value of an expression on the page, of a promise what it resolves to."""
        reply = self.send(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in reply, reply
        return reply["result"].get("value")

    def press(self, key):
        """Presses and lets go of a key."""
        text = key if len(key) == 1 else ""
        for kind in ("keyDown", "keyUp"):
            self.send("Input.dispatchKeyEvent", type=kind, key=key, text=text)

    def screenshot(self, path, *, is_whole=False):
        """Writes what is in the window, or the whole page, as PNG."""
        options = {"captureBeyondViewport": is_whole}
        if is_whole:
            size = self.send("Page.getLayoutMetrics")["cssContentSize"]
            options["clip"] = {**size, "scale": 1}
        data = self.send("Page.captureScreenshot", format="png", **options)["data"]
        path.write_bytes(base64.b64decode(data))


if __name__ == "__main__":  # FILE.html OUT.png WIDTH [dark] [script]
    import pathlib
    import tempfile

    page, out, width, *rest = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder, Chrome(folder) as tab:
        tab.open(pathlib.Path(page).resolve(), width=int(width), is_dark="dark" in rest[:1])
        if rest[1:]:
            print(tab.run(rest[1]))
        tab.screenshot(pathlib.Path(out), is_whole=True)
        print(tab.console, tab.requests[1:])
