// SPDX-License-Identifier: BSD-2-Clause
//
// Tabs over one panel, as the ARIA practices describe them: one stop of the Tab key, and arrows between them.

const STEPS = { ArrowRight: 1, ArrowLeft: -1 };

/** Makes a tab of each name in the tablist; onSelect gets the place of the chosen one, at first 0. */
export function makeTabs(tablist, panel, names, onSelect) {
  const tabs = names.map((name) => makeTab(tablist, panel, name));

  function select(index) {
    tabs.forEach((tab, place) => {
      tab.setAttribute('aria-selected', place === index);
      tab.tabIndex = place === index ? 0 : -1;
    });
    panel.setAttribute('aria-labelledby', tabs[index].id);
    onSelect(index);
  }

  function onKey(event) {
    const index = tabs.indexOf(event.target);
    const next = { Home: 0, End: tabs.length - 1 }[event.key] ?? index + (STEPS[event.key] ?? 0);
    if (index < 0 || next === index) return;
    event.preventDefault();
    const place = (next + tabs.length) % tabs.length;
    tabs[place].focus();
    select(place);
  }

  tabs.forEach((tab, index) => tab.addEventListener('click', () => select(index)));
  tablist.addEventListener('keydown', onKey);
  select(0);
}

function makeTab(tablist, panel, name) {
  const tab = document.createElement('button');
  tab.type = 'button';
  tab.setAttribute('role', 'tab');
  tab.setAttribute('aria-controls', panel.id);
  tab.id = `${tablist.id}-${tablist.childElementCount}`;
  tab.textContent = name;
  tablist.append(tab);
  return tab;
}
