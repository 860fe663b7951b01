// A figure as an SVG file, for a talk or a paper: its title, the names of what is drawn, the chart.
'use strict';
/// `chart` is SVG text of `width` times `height`; `keys` are {name, swatch, colour, dash}, where a swatch is an
/// element <svg> of 28 times 10. Words come from outside: they go in as text.
function lorafleetPicture({title, sentence, keys, chart, width, height}) {
  const pen = document.createElement('canvas').getContext('2d');
  const font = 'system-ui, sans-serif';
  const make = (name, attributes, text) => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const wide = (text, size) => {
    pen.font = size + 'px ' + font;
    return pen.measureText(text).width;
  };
  const margin = 12;
  const ink = '#1f2328';
  const parts = [make('title', {}, title), make('desc', {}, sentence)];
  let y = margin + 15;
  parts.push(make('text', {x: margin, y, 'font-size': 15, 'font-weight': 600, fill: ink}, title));
  let x = margin;
  if (keys.length) y += 22;
  for (const key of keys) {
    const needs = 34 + wide(key.name, 12) + 18;
    if (x > margin && x + needs > width) {
      x = margin;
      y += 18;
    }
    const swatch = key.swatch.cloneNode(true);
    for (const [name, value] of Object.entries({x, y: y - 9, width: 28, height: 10})) swatch.setAttribute(name, value);
    for (const shape of swatch.children) {
      shape.removeAttribute('class');
      if (shape.tagName === 'line') {
        shape.setAttribute('stroke', key.colour);
        shape.setAttribute('stroke-width', 3);
        if (key.dash.length) shape.setAttribute('stroke-dasharray', key.dash.join(' '));
      } else {
        shape.setAttribute('fill', key.colour);
      }
    }
    parts.push(swatch, make('text', {x: x + 34, y, 'font-size': 12, fill: ink}, key.name));
    x += needs;
  }
  y += 8;
  const drawn = document.importNode(new DOMParser().parseFromString(chart, 'image/svg+xml').documentElement, true);
  drawn.setAttribute('y', y);
  const high = Math.ceil(y + height);
  const picture = make('svg', {width, height: high, viewBox: '0 0 ' + width + ' ' + high, 'font-family': font});
  picture.append(...parts.slice(0, 2), make('rect', {width, height: high, fill: '#ffffff'}), ...parts.slice(2), drawn);
  return new XMLSerializer().serializeToString(picture) + '\n';
}
