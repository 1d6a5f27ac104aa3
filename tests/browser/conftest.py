# SPDX-License-Identifier: BSD-2-Clause
"""The browser of the tests, one for each file of them: Chromium, unless they are marked by browsers.runs_in."""

import browsers
import pytest
from tab import Tab


@pytest.fixture(scope="module")
def browser(request, tmp_path_factory):
    name = getattr(request, "param", "chromium")
    with browsers.BROWSERS[name](tmp_path_factory.mktemp(name)) as driver:
        driver.set_page_load_timeout(20)
        driver.set_script_timeout(60)
        yield driver


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
