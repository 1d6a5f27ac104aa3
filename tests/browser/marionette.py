# SPDX-License-Identifier: BSD-2-Clause
"""Firefox's own remote control, for Selenium. What usually translates between the two, geckodriver, is no package.

JSON in netstrings over TCP; the commands and answers are those of WebDriver (W3C) under other names: "Marionette
Protocol" in firefox-source-docs.mozilla.org, and geckodriver's src/marionette.rs.
"""

import itertools
import json
import socket

from selenium.common.exceptions import WebDriverException
from selenium.webdriver.remote.command import Command

NAMES = {
    Command.NEW_SESSION: "NewSession",
    Command.SET_TIMEOUTS: "SetTimeouts",
    Command.NEW_WINDOW: "NewWindow",
    Command.CLOSE: "CloseWindow",
    Command.SWITCH_TO_WINDOW: "SwitchToWindow",
    Command.W3C_GET_CURRENT_WINDOW_HANDLE: "GetWindowHandle",
    Command.W3C_GET_WINDOW_HANDLES: "GetWindowHandles",
    Command.GET: "Navigate",
    Command.GO_BACK: "Back",
    Command.GET_TITLE: "GetTitle",
    Command.DELETE_ALL_COOKIES: "DeleteAllCookies",
    Command.ADD_COOKIE: "AddCookie",
    Command.W3C_EXECUTE_SCRIPT: "ExecuteScript",
    Command.W3C_EXECUTE_SCRIPT_ASYNC: "ExecuteAsyncScript",
    Command.FIND_ELEMENT: "FindElement",
    Command.FIND_ELEMENTS: "FindElements",
    Command.CLICK_ELEMENT: "ElementClick",
    Command.GET_ELEMENT_TEXT: "GetElementText",
    Command.SCREENSHOT: "TakeScreenshot",
}


class Marionette:
    """A command executor of selenium.webdriver.Remote. Firefox has one client at a time, and no session ids."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._stream = self._socket.makefile("rb")
        self._numbers = itertools.count()
        self._receive()  # its greeting

    def execute(self, command, parameters):
        if command == Command.QUIT:
            return self._call("Marionette:Quit", {"flags": ["eForceQuit"]})
        return self._call(f"WebDriver:{NAMES[command]}", {**parameters, "sessionId": None})

    def close(self):
        self._stream.close()
        self._socket.close()

    def _call(self, name, parameters):
        given = {key: value for key, value in parameters.items() if value is not None}
        message = json.dumps([0, next(self._numbers), name, given]).encode()
        self._socket.sendall(b"%d:%s" % (len(message), message))
        _, _, error, result = self._receive()
        if error:
            raise WebDriverException(f"{error['error']}: {error['message']}")
        return result if isinstance(result, dict) and "value" in result else {"value": result}

    def _receive(self):
        digits = b"".join(iter(lambda: self._stream.read(1), b":"))
        return json.loads(self._stream.read(int(digits)))
