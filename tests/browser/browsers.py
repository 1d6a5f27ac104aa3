# SPDX-License-Identifier: BSD-2-Clause
"""The browsers of the tests, one of each engine. Each is a context manager whose value is a Selenium driver."""

import contextlib
import json

import pytest
from marionette import Marionette
from process import Process, accepts, free_port
from selenium import webdriver
from selenium.webdriver.chrome.options import Options as ChromeOptions
from selenium.webdriver.chrome.service import Service as ChromeService
from selenium.webdriver.firefox.options import Options as FirefoxOptions
from selenium.webdriver.webkitgtk.options import Options as WebKitOptions

CHROMIUM_FLAGS = [
    *"--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking".split(),
    *"--disable-component-update --disable-sync --window-size=1280,1400".split(),
    "--host-resolver-rules=MAP *.example 127.0.0.1",  # hosts that are neither localhost nor secure
]


@contextlib.contextmanager
def chromium(directory):
    options = ChromeOptions()
    for flag in (*CHROMIUM_FLAGS, f"--user-data-dir={directory}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(service=ChromeService("/usr/bin/chromedriver"), options=options)
    yield driver
    driver.quit()


class FirefoxProcess(Process):
    name = "firefox"

    def argv(self):
        return ["firefox-esr", "--headless", "--marionette", "--no-remote", "--profile", self.directory]

    @property
    def _port_file(self):
        return self.directory / "MarionetteActivePort"

    def is_ready(self):
        return self._port_file.exists() and self._port_file.read_text()

    def start(self):
        preferences = {"marionette.port": 0, "network.dns.localDomains": "push.example,plain.example"}
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in preferences.items()]
        (self.directory / "user.js").write_text("".join(lines))
        return super().start()

    @property
    def port(self):
        return int(self._port_file.read_text())


@contextlib.contextmanager
def firefox(directory):
    process = FirefoxProcess(directory).start()
    driver = webdriver.Remote(Marionette(process.port), options=FirefoxOptions())
    yield driver
    driver.quit()
    process.wait(20)


class Display(Process):
    """An X server in memory: WebKitGTK draws on nothing less."""

    name = "xvfb"

    def argv(self):
        return ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x1400x24", "-nolisten", "tcp"]

    def is_ready(self):
        return self.number()

    def number(self):
        """The display that it chose."""
        return next((line for line in self.log().splitlines() if line.isdigit()), None)


class WebKitDriver(Process):
    name = "WebKitWebDriver"

    def __init__(self, directory, display):
        super().__init__(directory)
        self._display = display
        self.port = free_port()

    def argv(self):
        return ["WebKitWebDriver", f"--port={self.port}"]

    def environment(self):
        return {"DISPLAY": f":{self._display.number()}"}

    def is_ready(self):
        return accepts(("127.0.0.1", self.port))


@contextlib.contextmanager
def webkit(directory):
    """The engine of Safari, in the small browser that comes with its GTK port."""
    display = Display(directory).start()
    service = WebKitDriver(directory, display).start()
    options = WebKitOptions()
    options.binary_location = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser"
    options.add_argument("--automation")
    del options.capabilities["platform"]  # Selenium's own default, of which it warns
    driver = webdriver.Remote(f"http://127.0.0.1:{service.port}", options=options)
    yield driver
    driver.quit()
    service.stop()
    display.stop()


BROWSERS = {"chromium": chromium, "firefox": firefox, "webkit": webkit}


def runs_in(*names):
    """A mark for tests that run in these browsers instead of in Chromium alone."""
    return pytest.mark.parametrize("browser", names, indirect=True)


in_every_browser = runs_in(*BROWSERS)
