// SPDX-License-Identifier: BSD-2-Clause
//
// Names to choose from, each a button that is pressed or not, and a field to add others: a fieldset of index.html.

import { names } from './settings.js';
import { text } from './texts.js';

/**
 * Offers names in the fieldset; isRequired: one must stay chosen. onChange gets the chosen ones after each change.
 */
export function offer(fieldset, { offered, chosen, isRequired, onChange }) {
  const chips = fieldset.querySelector('.chips');
  const form = fieldset.querySelector('form');
  const find = (name) => [...chips.children].find((chip) => chip.textContent === name);
  const pressed = () => [...chips.children].filter(isPressed).map((chip) => chip.textContent);

  function toggle(chip) {
    if (isRequired && isPressed(chip) && pressed().length === 1) return say(text('oneAtLeast'));
    press(chip, !isPressed(chip));
    change();
  }

  function add(event) {
    event.preventDefault();
    for (const name of names(form.elements.name.value)) press(find(name) ?? append(name), true);
    form.reset();
    change();
  }

  function append(name) {
    const chip = makeChip(name);
    chip.addEventListener('click', () => toggle(chip));
    chips.append(chip);
    return chip;
  }

  function change() {
    say('');
    onChange(pressed());
  }

  function say(said) {
    const status = fieldset.querySelector('[role=status]');
    if (status) status.textContent = said;
  }

  for (const name of offered) press(append(name), chosen.includes(name));
  form.addEventListener('submit', add);
}

const isPressed = (chip) => chip.getAttribute('aria-pressed') === 'true';
const press = (chip, isChosen) => chip.setAttribute('aria-pressed', isChosen);

function makeChip(name) {
  const chip = document.createElement('button');
  chip.type = 'button';
  chip.translate = false;
  chip.className = 'chip';
  chip.textContent = name;
  return chip;
}
