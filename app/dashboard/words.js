// Numbers with their units, times, and names as they are shown.

import { printable } from './printable.js';

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const NONE = '–';

const isNone = (value) =>
  value === undefined || value === null || Number.isNaN(value);

/** 3 figures that count; 0.04 is 0.04, not 0.0. */
function three(value) {
  if (value === 0) return '0';
  if (value >= 100) return whole.format(value);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

export function number(value) {
  if (isNone(value)) return NONE;
  if (value >= 1e9) return `${three(value / 1e9)} G`;
  return value >= 1e6 ? `${three(value / 1e6)} M` : whole.format(value);
}

/** Of what is counted in one second. */
export function rate(value) {
  if (isNone(value)) return NONE;
  if (value > 0 && value < 10) return `${value.toFixed(1)}/s`;
  return `${number(value)}/s`;
}

export function bytes(value) {
  if (isNone(value)) return NONE;
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    ++unit;
  }
  return `${unit === 0 ? whole.format(value) : three(value)} ${units[unit]}`;
}

export const byteRate = (value) =>
  (isNone(value) ? NONE : `${bytes(value)}/s`);

export function micros(us) {
  if (isNone(us)) return NONE;
  if (us < 1_000) return `${us < 10 ? three(us) : whole.format(us)} µs`;
  return us < 1e6 ? `${three(us / 1e3)} ms` : `${three(us / 1e6)} s`;
}

/** Of a quantile: interpolated, so it is about right. */
export function about(value, mark = '≈ ') {
  if (!value) return NONE;
  return `${value.isOver ? '> ' : mark}${micros(value.us)}`;
}

/** `2 h 5 min`. */
export function duration(seconds) {
  if (isNone(seconds)) return NONE;
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3_600) return two(s, 60, 'min', 1, 's');
  return s < 86_400 ? two(s, 3_600, 'h', 60, 'min')
    : two(s, 86_400, 'd', 3_600, 'h');
}

function two(s, large, largeName, small, smallName) {
  const rest = Math.floor((s % large) / small);
  return `${Math.floor(s / large)} ${largeName}`
    + (rest > 0 ? ` ${rest} ${smallName}` : '');
}

export const ago = (ms) =>
  (ms < 1_500 ? 'just now' : `${duration(ms / 1_000)} ago`);

/** As in the log: UTC. `06:31:04`. */
export const clock = (ms) =>
  (ms > 0 ? new Date(ms).toISOString().slice(11, 19) : NONE);

/** `06:31:04.123`. */
export const fineClock = (ms) =>
  (ms > 0 ? new Date(ms).toISOString().slice(11, 23) : NONE);

/** `1 room`, `2 rooms`. */
export const many = (count, one, several = `${one}s`) =>
  `${number(count)} ${count === 1 ? one : several}`;

/** Supervisors are named for what they are: `loop 0`, `audiences 0`. */
const SELF_NAMED = new Set(['node', 'loop', 'supervisor']);

/** The kind of an actor, where its name does not say it already. */
export const kindBefore = ({ kind, name }) =>
  (name && SELF_NAMED.has(kind) ? '' : kind);

/** How an actor is called: `room lobby`, `loop 0`, `gateway`. */
export const called = (actor) =>
  printable([kindBefore(actor), actor.name].filter(Boolean).join(' '));

/** In short, however long it is. */
export function brief(text, most = 120) {
  const shown = printable(text);
  return shown.length > most ? `${shown.slice(0, most)}…` : shown;
}

const HEAD = new Set(['v', 'ts', 'seq', 'level', 'event', 'node', 'actor',
  'kind', 'name', 'parent']);

/** The fields that an event has by itself: `reason=… retry_ms=100`. */
export function summary(event) {
  const parts = [];
  let length = 0;
  for (const [key, value] of Object.entries(event)) {
    if (HEAD.has(key)) continue;
    const part = `${key}=${value}`;
    parts.push(part);
    if ((length += part.length) > 240) break;
  }
  return brief(parts.join(' '), 240);
}

/** Where the log has an event: a log of a higher level was not told it. */
export const placeInLog = (seq) => (typeof seq === 'number'
  ? `line ${seq} of the log` : 'not in the log, whose level is higher');

/** What an event is about, where an actor or a room tells it. */
export function subject(event) {
  if (event.kind) return brief(called(event), 80);
  const about = event.room ?? event.connection ?? event.peer ?? event.endpoint;
  return about === undefined ? '' : brief(String(about), 80);
}
