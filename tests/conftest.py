# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures of the integration and browser tests."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent / "integration"))

import certificate as certificates  # noqa: E402
import modes  # noqa: E402
import servers  # noqa: E402
import stage as stages  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="run the tests that take minutes, too")


def pytest_collection_modifyitems(config, items):
    if not servers.PROGRAM.exists():
        pytest.exit(f"{servers.PROGRAM} is not built; FCGI_PUSH_BUILD names the build directory", 99)
    if not config.getoption("--long"):
        minutes = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=minutes)
        items[:] = [item for item in items if item not in minutes]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Lets the stage see whether the test failed."""
    report = (yield).get_result()
    setattr(item, f"report_{report.when}", report)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    directory = tmp_path_factory.mktemp("certificate")
    directory.chmod(0o755)  # web servers may serve as another user
    return certificates.Certificate(directory)


@pytest.fixture
def stage(request):
    """Servers on demand. At the end the responders must be alive, clean, and stop with status 0."""
    with stages.open_stage() as stage:
        yield stage
        if stages.has_failed(request):
            print(stage.logs())


@pytest.fixture(scope="module")
def shared_stage():
    with stages.open_stage() as stage:
        stage.shared_responder = stage.responder()
        yield stage


@pytest.fixture
def common(request, shared_stage):
    """A stage for tests that need but one sse.fcgi with default options: common.shared_responder."""
    if not shared_stage.shared_responder.is_alive():
        shared_stage.shared_responder.restart()  # so that a crash fails one test, not all that follow
    yield shared_stage
    shared_stage.hang_up()
    if stages.has_failed(request):
        print(shared_stage.logs())
    shared_stage.shared_responder.must_be_well()


@pytest.fixture(scope="module")
def running(request, certificate):
    with stages.open_stage() as stage:
        yield modes.Site(stage, request.param, certificate)


@pytest.fixture
def site(request, running):
    """A mode of a web server, which is the parameter of "running" and runs for all tests of the module."""
    yield running
    running.hang_up()
    if stages.has_failed(request):
        print(running.stage.logs())
