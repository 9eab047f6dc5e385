import { attribute, keep, make, makeSvg, write } from './dom.js';
import { clock } from './words.js';

const HEIGHT = 132;
const EDGE = { top: 8, right: 10, bottom: 20, left: 70 };
const GAP = 3_500; // Milliseconds without a point break a line.

/** Milliseconds between two marks of the time axis, for a span of so many. */
const STEPS = [[90e3, 15e3], [400e3, 60e3], [Infinity, 180e3]];

/**
 * Lines over time. A cursor (pointer, or arrow keys) reads them at a moment;
 * without it the legend tells what is now.
 */
export class Plot {
  #cursor = null; // A time.
  #data = null;
  #most = 1; // Of the value axis: it shrinks late, so that lines stand still.
  #values = new Map();

  /** lines: [{name, label}]; `say` forms a value; `isLog` for times. */
  constructor(host, { title, lines, say, isLog = false, base = 1_000, empty }) {
    Object.assign(this, { host, title, lines, say, isLog, base, empty });
    this.readout = make('span', { class: 'soft moment' });
    const legend = make('ul', { class: 'legend' },
      ...lines.map((line, i) => {
        const value = make('b', { class: 'figure' }, '–');
        this.#values.set(line.name, value);
        return make('li', {}, makeSvg('svg', { class: 'key', width: 14,
          height: 8, 'aria-hidden': 'true' }, makeSvg('path',
          { d: 'M0 4H14', class: `line line-${i + 1}` })), line.label, ' ',
        value);
      }));
    this.svg = makeSvg('svg', { class: 'plot', role: 'slider', tabindex: 0,
      'aria-label': `${title}: a moment`, height: HEIGHT });
    this.grid = makeSvg('g', { class: 'grid' });
    this.marks = makeSvg('g', { class: 'marks' });
    this.paths = lines.map((_, i) =>
      makeSvg('path', { class: `line line-${i + 1}`, fill: 'none' }));
    this.hair = makeSvg('path', { class: 'hair' });
    this.none = makeSvg('text', { class: 'none', 'text-anchor': 'middle' });
    // The first line lies on top.
    this.svg.append(this.grid, this.marks, ...[...this.paths].reverse(),
      this.hair, this.none);
    host.append(make('figcaption', {}, make('h3', {}, title), legend,
      this.readout), this.svg);
    this.svg.addEventListener('pointermove', (event) => this.#point(event));
    this.svg.addEventListener('pointerdown', (event) => this.#point(event));
    this.svg.addEventListener('pointerleave', () => this.#read(null));
    this.svg.addEventListener('blur', () => this.#read(null));
    this.svg.addEventListener('keydown', (event) => this.#onKey(event));
    new ResizeObserver(() => this.#data && this.draw(this.#data))
      .observe(host);
  }

  /** {from, to, times, columns, marks}: columns as `lines`, marks are times. */
  draw(data) {
    this.#data = data;
    const width = Math.max(160, Math.round(this.svg.clientWidth
      || this.host.clientWidth));
    this.width = width;
    attribute(this.svg, 'viewBox', `0 0 ${width} ${HEIGHT}`);
    this.#scale(data.columns);
    this.#drawGrid(data);
    this.paths.forEach((path, i) =>
      attribute(path, 'd', this.#path(data.times, data.columns[i])));
    keep(this.marks, data.marks, (at) => at,
      () => makeSvg('path', { class: 'mark' }),
      (mark, at) => attribute(mark, 'd', `M${this.#x(at).toFixed(1)} ${EDGE.top}V`
        + `${HEIGHT - EDGE.bottom}`));
    const isEmpty = data.columns.every((column) => column.every(Number.isNaN));
    write(this.none, isEmpty ? this.empty : '');
    attribute(this.none, 'x', (width + EDGE.left - EDGE.right) / 2);
    attribute(this.none, 'y', (HEIGHT - EDGE.bottom + EDGE.top) / 2 + 4);
    this.#read(this.#cursor);
  }

  // -- scales

  #scale(columns) {
    let most = 0;
    let least = Infinity;
    for (const column of columns)
      for (const value of column) {
        if (value > most) most = value;
        if (value > 0 && value < least) least = value;
      }
    if (this.isLog) {
      this.low = Math.floor(Math.log10(Math.max(1, Math.min(least, 1e6))));
      this.high = Math.max(this.low + 1, Math.ceil(Math.log10(most || 10)));
      return;
    }
    if (most > this.#most || most < this.#most * 0.4)
      this.#most = nice(most, this.base);
  }

  #y(value) {
    const room = HEIGHT - EDGE.top - EDGE.bottom;
    const share = this.isLog
      ? (Math.log10(Math.max(value, 10 ** this.low)) - this.low)
        / (this.high - this.low)
      : value / this.#most;
    return EDGE.top + room * (1 - Math.min(1, share));
  }

  #x(time) {
    const { from, to } = this.#data;
    return EDGE.left + (this.width - EDGE.left - EDGE.right)
      * ((time - from) / (to - from));
  }

  #path(times, column) {
    let path = '';
    let last = -Infinity;
    for (let i = 0; i < times.length; ++i) {
      if (Number.isNaN(column[i])) continue;
      path += `${times[i] - last > GAP ? 'M' : 'L'}${this.#x(times[i]).toFixed(1)}`
        + ` ${this.#y(column[i]).toFixed(1)}`;
      last = times[i];
    }
    return path;
  }

  // -- axes

  #drawGrid({ from, to, skew }) {
    const values = this.isLog
      ? Array.from({ length: this.high - this.low + 1 }, (_, i) =>
        10 ** (this.low + i))
      : [0, this.#most / 2, this.#most];
    const items = values.map((value) => ({ key: `v${value}`, y: this.#y(value),
      text: this.say(value).replace(/\.0+(?= |$)/, '') }));
    const step = STEPS.find(([span]) => to - from <= span)[1];
    const wide = this.width - EDGE.left > 300 ? step : 2 * step;
    for (let at = Math.ceil((from - skew) / wide) * wide; at <= to - skew;
      at += wide)
      items.push({ key: `t${at}`, x: this.#x(at + skew),
        text: clock(at).slice(0, wide < 60e3 ? 8 : 5) });
    keep(this.grid, items, ({ key }) => key, () => makeSvg('g', {},
      makeSvg('path'), makeSvg('text')), (group, { x, y, text }) => {
      const [line, label] = group.children;
      const foot = HEIGHT - EDGE.bottom;
      if (y !== undefined) {
        attribute(line, 'd', `M${EDGE.left} ${Math.round(y) + 0.5}H`
          + `${this.width - EDGE.right}`);
        attribute(label, 'x', EDGE.left - 8);
        attribute(label, 'y', Math.round(y) + 4);
        attribute(label, 'text-anchor', 'end');
      } else {
        attribute(line, 'd', `M${Math.round(x) + 0.5} ${foot}v4`);
        attribute(label, 'x', Math.round(x));
        attribute(label, 'y', HEIGHT - 4);
        attribute(label, 'text-anchor', 'middle');
      }
      // Half of the text would not fit at the end.
      write(label, x > this.width - 18 ? '' : text);
    });
  }

  // -- reading

  #point({ offsetX }) {
    const { from, to } = this.#data ?? {};
    if (from === undefined) return;
    const share = (offsetX - EDGE.left)
      / (this.width - EDGE.left - EDGE.right);
    this.#read(from + Math.max(0, Math.min(1, share)) * (to - from));
  }

  #onKey(event) {
    if (!this.#data || this.#data.times.length === 0) return;
    const { times } = this.#data;
    const now = this.#cursor === null ? times.length - 1
      : nearest(times, this.#cursor);
    const to = { ArrowLeft: now - 1, ArrowRight: now + 1, PageUp: now - 10,
      PageDown: now + 10, Home: 0, End: times.length - 1 }[event.key];
    if (event.key === 'Escape' && this.#cursor !== null) this.#read(null);
    else if (to === undefined) return;
    else this.#read(times[Math.max(0, Math.min(times.length - 1, to))]);
    event.preventDefault();
    event.stopPropagation();
  }

  /** Tells the values at a time, or those of now. */
  #read(cursor) {
    this.#cursor = cursor;
    const { times, columns, skew } = this.#data ?? {};
    if (!times) return;
    const at = cursor === null ? times.length - 1 : nearest(times, cursor);
    const words = this.lines.map(({ name, label }, i) => {
      const value = this.say(at < 0 ? undefined : columns[i][at]);
      write(this.#values.get(name), value);
      return `${label} ${value}`;
    });
    const moment = cursor === null || at < 0 ? 'now'
      : `${clock(times[at] - skew)} UTC`;
    write(this.readout, moment);
    attribute(this.hair, 'd', cursor === null || at < 0 ? null
      : `M${this.#x(times[at]).toFixed(1)} ${EDGE.top}V`
        + `${HEIGHT - EDGE.bottom}`);
    attribute(this.svg, 'aria-valuemin', 0);
    attribute(this.svg, 'aria-valuemax', Math.max(0, times.length - 1));
    attribute(this.svg, 'aria-valuenow', Math.max(0, at));
    attribute(this.svg, 'aria-valuetext', `${moment}: ${words.join(', ')}`);
  }
}

/** The next larger of 1, 2, 5, 10 and so on, of the unit that it is in. */
function nice(value, base) {
  if (value <= 1) return 1;
  const unit = base ** Math.floor(Math.log(value) / Math.log(base));
  const power = 10 ** Math.floor(Math.log10(value / unit));
  const step = [1, 2, 5, 10].find((each) => each * power * unit >= value);
  return Math.min(step * power * unit, base * unit);
}

function nearest(times, at) {
  let best = times.length - 1;
  for (let i = 0; i < times.length; ++i)
    if (Math.abs(times[i] - at) < Math.abs(times[best] - at)) best = i;
  return best;
}
