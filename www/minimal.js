// SPDX-License-Identifier: BSD-2-Clause
//
// The script of minimal.html. It stands in a file of its own, because the server's policy allows none inside a page.

function show(text) {
  const item = document.createElement('li');
  item.textContent = text;
  document.getElementById('messages').append(item);
}

if (typeof EventSource !== 'undefined') {
  const source = new EventSource('/events?channel=clock,news');
  source.onmessage = (e) => {
    if (e.data === 'null') return;
    try {
      const { id = e.lastEventId, message = e.data } = JSON.parse(e.data);
      show(`${id}: ${message}`);
    } catch { // no JSON, as from: redis-cli PUBLISH push:news hello
      show(`${e.lastEventId}: ${e.data}`);
    }
  };
} else {
  show('This browser has no EventSource.');
}
