// SPDX-License-Identifier: BSD-2-Clause
//
// A small line chart without axes, whose values stand beside it as text.

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 240;
const HEIGHT = 56;
const MARGIN = 4; // so that no line is cut in half at the edge
const MIN_STEPS = 12; // of the width, so that few values do not look like many

/** A chart in the place of what stands in the parent; returns what draws values, of which there is one at least. */
export function makeSparkline(parent) {
  const svg = make('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img' });
  const area = make('polygon', { class: 'area' });
  const line = make('polyline', { class: 'line' });
  const end = make('polyline', { class: 'end' });
  svg.append(area, line, end);
  parent.replaceChildren(svg);

  return function draw(values, name) {
    const points = place(values);
    const last = points.at(-1);
    const bottom = ` ${last[0]},${HEIGHT} ${points[0][0]},${HEIGHT}`;
    line.setAttribute('points', join(points));
    area.setAttribute('points', join(points) + bottom);
    end.setAttribute('points', join([last, last])); // a line without length is a dot, however the chart is stretched
    svg.setAttribute('aria-label', name);
  };
}

/** Values from left to right, the newest at the right edge; zero is at the bottom unless a value is below it. */
function place(values) {
  const lowest = Math.min(0, ...values);
  const range = Math.max(0, ...values) - lowest || 1;
  const step = (WIDTH - 2 * MARGIN) / Math.max(MIN_STEPS, values.length - 1);
  return values.map((value, index) => [
    WIDTH - MARGIN - (values.length - 1 - index) * step,
    HEIGHT - MARGIN - ((value - lowest) / range) * (HEIGHT - 2 * MARGIN),
  ]);
}

const join = (points) => points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');

function make(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
  return element;
}
