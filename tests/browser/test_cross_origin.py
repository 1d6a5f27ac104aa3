# SPDX-License-Identifier: BSD-2-Clause
"""Pages of one origin that read another: with and without credentials.

The page's origin has a lighttpd of its own. Another port makes another origin of the same site, so that cookies go
where credentials do; another name makes one that the other side does not list.
"""

import examples
import in_page
import pytest
import stage as stages
import webservers
from browsers import in_every_browser

NEWS, MINE = "/events?channel=news", "/events?channel=user:alice"

# Who is logged in by a cookie may read a channel of her own.
LOGIN = """
$HTTP["cookie"] =~ "(^|; )session=alice(;|$)" {
  setenv.add-environment = ("PUSH_CHANNELS" => "news,user:alice")
} else {
  setenv.add-environment = ("PUSH_CHANNELS" => "news")
}
"""

OPTIONS = {"history": "redis", "heartbeat": "1s", "retry": "300ms"}


class Pages:
    """The other origin: its pages may fetch from everywhere."""

    def __init__(self, stage):
        nowhere = {f"/run/fcgi-push/{name}.sock": stage.directory / name for name in ("sse", "longpoll")}
        users = {"/etc/fcgi-push.users": stage.directory / "users"}
        server = webservers.Lighttpd(stage.place("o"), ["unix.conf"], {**nowhere, **users})
        examples.rewrite(server.configuration, {"default-src 'self'": "default-src 'self'; connect-src *"})
        self.port = stage.add(server).start().port

    def origin(self, host="127.0.0.1"):
        return f"http://{host}:{self.port}"


class Pushing:
    """The origin that pushes, and lets the given origins read."""

    def __init__(self, stage, origin):
        self.sse = stage.responder(**OPTIONS, max_age="1s", cors_origin=origin)
        self.longpoll = stage.longpoll(**OPTIONS, cors_origin=origin)
        server = webservers.Lighttpd(
            stage.place("p"),
            ["unix.conf"],
            {
                "/run/fcgi-push/sse.sock": self.sse.path,
                "/run/fcgi-push/longpoll.sock": self.longpoll.path,
                "/etc/fcgi-push.users": stage.directory / "users",
                **stages.EVERY_CHANNEL,
            },
        )
        with server.configuration.open("a") as configuration:
            configuration.write(LOGIN)
        self.url = stage.add(server).start().url
        self._publish = stage.redis.publish

    def publish(self, payload, channel="news"):
        self._publish(channel, payload)


@pytest.fixture(scope="module")
def web():
    """The pages, who lists their origin, and who lets everybody read."""
    with stages.open_stage() as stage:
        pages = Pages(stage)
        yield pages, Pushing(stage, pages.origin()), Pushing(stage, "*")


@pytest.fixture
def pages(web, browser):
    yield web[0]
    browser.get("about:blank")


@pytest.fixture
def listing(web):
    return web[1]


@pytest.fixture
def open_to_all(web):
    return web[2]


@pytest.fixture
def visit(browser, pages):
    """Opens a page of the other origin, in which alice is logged in at the site, or nobody is."""
    sources = []

    def open_page(host="127.0.0.1", cookie="session=alice"):
        browser.delete_all_cookies()
        browser.get(pages.origin(host) + "/push.js")
        browser.execute_script("document.cookie = arguments[0]", cookie)
        return lambda kind, url, **options: sources.append(kind(browser, url, **options)) or sources[-1]

    yield open_page
    for source in sources:
        source.close()


FETCH = """
  const [url, options, done] = arguments;
  fetch(url, options).then(
    async (answer) => done({
      status: answer.status, position: answer.headers.get('Push-Position'), body: await answer.text(),
    }),
    (error) => done({ error: error.name }));
"""


@pytest.fixture
def fetch(browser):
    return lambda url, **options: browser.execute_async_script(FETCH, url, options)


every_source = pytest.mark.parametrize("kind", in_page.ALL, ids=lambda kind: kind.__name__)


# --- Who may read ---


@every_source
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_everybody_reads_what_is_open_to_all(visit, open_to_all, kind, host):
    source = visit(host)(kind, open_to_all.url(NEWS))
    source.wait_note("open")
    open_to_all.publish("hello")
    source.wait_events(1)
    assert source.texts() == ["hello"]
    assert source.notes("event")[0]["origin"] == open_to_all.url()


@every_source
def test_a_listed_origin_reads_with_credentials_what_the_cookie_allows(visit, listing, kind):
    source = visit()(kind, listing.url(MINE), withCredentials=True)
    source.wait_note("open")
    listing.publish("for alice", "user:alice")
    source.wait_events(1)
    assert source.texts() == ["for alice"]


@pytest.mark.parametrize("options, cookie", [({}, "session=alice"), ({"withCredentials": True}, "session=bob")])
def test_without_the_cookie_that_channel_is_refused(visit, listing, options, cookie):
    source = visit(cookie=cookie)(in_page.Source, listing.url(MINE), **options)
    source.wait_note("error")
    assert source.ready_state == 2
    assert not source.notes("open")


def test_an_answer_to_all_does_not_do_with_credentials(visit, open_to_all):
    source = visit()(in_page.Source, open_to_all.url(NEWS), withCredentials=True)
    source.wait_note("error")
    assert source.ready_state == 2
    assert not source.notes("open")


@pytest.mark.parametrize("with_credentials", [False, True])
def test_an_unlisted_origin_is_refused(visit, listing, fetch, with_credentials):
    open_source = visit("localhost")
    source = open_source(in_page.Source, listing.url(NEWS), withCredentials=with_credentials)
    source.wait_note("error")
    assert source.ready_state == 2
    assert not source.notes("open")
    assert fetch(listing.url("/list?channel=news")) == {"error": "TypeError"}
    pushed = open_source(in_page.Pushed, listing.url(NEWS), withCredentials=with_credentials)
    assert pushed.wait_note("error")["reason"] == "refused"


# --- Coming back ---


@every_source
@pytest.mark.parametrize("with_credentials", [False, True])
def test_it_comes_back_with_its_last_id(visit, listing, kind, with_credentials):
    """Streams end after a second; the application's part of the ids must be sent as it is."""
    source = visit()(kind, listing.url(NEWS), withCredentials=with_credentials)
    source.wait_note("open")
    sent = []
    while len(sent) < 20 or (kind is not in_page.Polled and len(source.notes("open")) < 3):
        sent.append(f"{len(sent)}")
        listing.publish('{"id": "a+b/%s=", "data": "%s"}' % (sent[-1], sent[-1]))
        source.wait_events(len(sent))
    assert source.texts() == sent
    assert [id.partition("~")[2] for _, id, _ in source.events()] == [f"a+b/{text}=" for text in sent]


@in_every_browser
@pytest.mark.parametrize("kind", [in_page.Source, in_page.Pushed])
def test_what_was_missed_before_the_first_event_arrives(visit, listing, kind):
    source = visit()(kind, listing.url(NEWS))
    source.wait_note("error")
    listing.publish("missed")
    source.wait_events(1)
    assert source.texts() == ["missed"]
    assert source.notes("open")


# --- What fetch may do ---


@pytest.mark.parametrize("credentials", ["omit", "include"])
def test_positions_are_readable(visit, listing, fetch, credentials):
    visit()
    listed = fetch(listing.url("/list?channel=news"), credentials=credentials)
    assert listed["status"] == 200 and listed["position"]
    head = fetch(listing.url("/subscribe?channel=news"), method="HEAD", credentials=credentials)
    assert head["position"] >= listed["position"]
    listing.publish("after it")
    answer = fetch(listing.url(f"/subscribe?channel=news&since={head['position']}"), credentials=credentials)
    assert '"data":"after it"' in answer["body"]
    assert answer["position"] > head["position"]


TOLD = {"/list": '"data":"after it"', "/subscribe": '"data":"after it"', "/events": "data: after it\n\n"}


@pytest.mark.parametrize("path", TOLD)
def test_the_header_of_the_last_id_passes_the_preflight(visit, listing, open_to_all, fetch, path):
    visit()
    for pushing in (listing, open_to_all):
        since = fetch(pushing.url("/subscribe?channel=news"), method="HEAD")["position"]
        pushing.publish("after it")
        answer = fetch(pushing.url(f"{path}?channel=news"), headers={"Last-Event-ID": since})  # a stream: to its end
        assert TOLD[path] in answer["body"]


def test_the_reason_of_a_refusal_is_readable(visit, listing, fetch):
    visit(cookie="session=bob")
    answer = fetch(listing.url("/list?channel=user:alice"), credentials="include")
    assert answer["status"] == 403
    assert '"error":' in answer["body"]
