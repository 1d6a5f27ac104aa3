# SPDX-License-Identifier: BSD-2-Clause
"""The browser of the tests: Chromium, one for each file of them."""

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from tab import Tab

FLAGS = [
    *"--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking".split(),
    *"--disable-component-update --disable-sync --window-size=1280,1400".split(),
    "--host-resolver-rules=MAP *.example 127.0.0.1",  # hosts that are neither localhost nor secure
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    options = Options()
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    driver.set_page_load_timeout(20)
    driver.set_script_timeout(60)
    yield driver
    driver.quit()


@pytest.fixture
def open_tab(browser):
    """Opens tabs with the page at a URL that writes down what PushSources tell; they end with the test."""
    first = browser.current_window_handle
    yield lambda url: Tab(browser, url)
    for handle in browser.window_handles:
        if handle != first:
            browser.switch_to.window(handle)
            browser.close()
    browser.switch_to.window(first)
