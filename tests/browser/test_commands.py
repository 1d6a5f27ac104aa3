# SPDX-License-Identifier: BSD-2-Clause
"""The lines to copy: they do what they say, for the Redis and the address at hand."""

import json
import subprocess
import sys
import urllib.parse

import counters
import pytest
from page import Page
from process import die_with_parent

DEFAULT = "redis-cli PUBLISH push:news hello"


@pytest.fixture
def programs(stage):
    return stage.responder(), stage.longpoll()


@pytest.fixture
def lighttpd(stage, programs):
    return stage.lighttpd(programs[0], longpoll=programs[1])


@pytest.fixture(params=["tcp", "unix"])
def opened(request, stage, lighttpd, browser):
    """The page for a Redis by its port, or by its socket."""
    address = f"127.0.0.1:{stage.redis.port}" if request.param == "tcp" else stage.redis.path
    page = Page(browser, lighttpd.url(f"/?redis={address}"))
    page.wait_state("open")
    yield page
    browser.get("about:blank")


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=20).stdout


def start(line):
    """The line in a shell, which becomes the command itself."""
    return subprocess.Popen(["sh", "-c", f"exec {line}"], stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)


def test_the_lines_of_redis_cli_publish(opened):
    page = opened
    plain, timed, typed = page.lines()
    assert run("sh", "-c", plain).strip() in ("1", "2")
    page.wait_row("hello")
    run("sh", "-c", timed)
    page.wait_text("latency-last", "ms")
    run("sh", "-c", typed)
    page.wait_row('{"state":"paid"}')
    assert page.rows(part="type")[0] == "order" and page.rows(part="id")[0].endswith("~17")


def test_the_lines_of_python_publish(opened):
    opened.choose_language("Python")
    run(sys.executable, "-c", opened.lines()[0])
    opened.wait_text("latency-last", "ms")


def test_the_lines_of_node_and_php_name_the_redis_too(stage, opened):
    by_socket = str(stage.redis.path) in opened.lines()[0]
    opened.choose_language("Node")
    node = opened.lines()[0]
    assert (f"path: '{stage.redis.path}'" if by_socket else f"url: 'redis://127.0.0.1:{stage.redis.port}'") in node
    subprocess.run(["node", "--input-type=module", "--eval", f"if (false) {{ {node.partition(';')[2]} }}"], check=True)
    opened.choose_language("PHP")
    connect = f"connect('{stage.redis.path}')" if by_socket else f"connect('127.0.0.1', {stage.redis.port})"
    assert connect in opened.lines()[0]


@pytest.mark.parametrize("opened", ["tcp"], indirect=True)
def test_the_lines_of_curl_read(stage, programs, opened):
    opened.choose_language("curl")
    watch, wait, list_ = opened.lines()
    with start(watch) as stream, start(wait) as poll:
        counters.wait_streams(programs[0], 2)
        counters.wait(programs[1], lambda c: c["polls.open"] == 1)
        stage.redis.publish("news", "heard by curl")
        assert any("heard by curl" in line for line in stream.stdout)
        assert "heard by curl" in poll.stdout.read()
        stream.kill()
    assert [event["data"] for event in json.loads(run("sh", "-c", list_))] == ["heard by curl"]


@pytest.mark.parametrize(
    "redis",
    [
        *("evil.example:6379", "127.0.0.1:6379;reboot", "127.0.0.1:99999", "127.0.0.1:0", "127.0.0.1", "$(reboot):1"),
        *("/tmp/a b", "/tmp/$(reboot)", "/tmp/'", "relative/path", "user:pass@127.0.0.1:6379", "/" + "a" * 107),
    ],
)
def test_only_a_local_redis_in_plain_letters_gets_in(stage, browser, lighttpd, redis):
    page = Page(browser, lighttpd.url(f"/?redis={urllib.parse.quote(redis)}"))
    assert page.lines()[0] == DEFAULT
    browser.get("about:blank")


def test_the_lines_follow_the_channels(browser, lighttpd):
    page = Page(browser, lighttpd.url("/?channel=a,news"))
    assert page.lines()[0] == DEFAULT
    page.toggle("channels", "news")
    assert page.lines()[0] == "redis-cli PUBLISH push:a hello"
    page.choose_language("curl")
    assert page.lines()[0] == f"curl -N '{lighttpd.url('/events?channel=a')}'"
    page.add("channels", "b:c")
    assert page.lines()[0] == f"curl -N '{lighttpd.url('/events?channel=a,b:c')}'", "its tab stays chosen"
    browser.get("about:blank")


# --- Copying ---


def copy_first(browser, lighttpd, may_write):
    permission = {"name": "clipboard-write"}
    setting = "granted" if may_write else "denied"
    browser.execute_cdp_cmd("Browser.setPermission", {"permission": permission, "setting": setting})
    page = Page(browser, lighttpd.url("/"))
    page.find("#commands button").click()
    return page


def test_a_button_copies_its_line(browser, lighttpd):
    page = copy_first(browser, lighttpd, True)
    page.wait_text("copied", "Copied.")
    browser.execute_cdp_cmd("Browser.grantPermissions", {"permissions": ["clipboardReadWrite"]})
    assert browser.execute_async_script("navigator.clipboard.readText().then(arguments[0], arguments[0])") == DEFAULT
    browser.execute_cdp_cmd("Browser.resetPermissions", {})
    browser.get("about:blank")


def test_where_nothing_may_be_copied_the_line_is_selected(browser, lighttpd):
    page = copy_first(browser, lighttpd, False)
    page.wait_text("copied", "Selected")
    assert browser.execute_script("return String(getSelection())") == DEFAULT
    browser.execute_cdp_cmd("Browser.resetPermissions", {})
    browser.get("about:blank")
