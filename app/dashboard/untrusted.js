// What comes from the node holds names that clients chose, and may come from
// a node of another version. Nothing is believed to have a type or a size.

import { BOUNDS } from './bounds.js';

/** A text no longer than `most`; '' where it is none. */
export function textOf(value, most = BOUNDS.name) {
  if (typeof value !== 'string') return '';
  if (value.length <= most) return value;
  // Not through the middle of a pair.
  const end = value.codePointAt(most - 1) > 0xffff ? most - 1 : most;
  return `${value.slice(0, end)}…`;
}

/** A number from 0; `otherwise` where it is none. */
export function countOf(value, otherwise = 0) {
  return typeof value === 'number' && value >= 0 && value < Infinity
    ? value : otherwise;
}

export const listOf = (value) => (Array.isArray(value) ? value : []);

export const isObject = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Milliseconds since 1970; 0 where it is no time. */
export function timeOf(value) {
  const at = typeof value === 'string' ? Date.parse(value) : NaN;
  return Number.isNaN(at) ? 0 : at;
}

/** A flat copy of an event whose size is bounded. */
export function eventOf(value) {
  if (!isObject(value) || typeof value.event !== 'string') return null;
  const copy = Object.create(null);
  let fields = 0;
  for (const [key, field] of Object.entries(value)) {
    if (++fields > BOUNDS.fields) break;
    copy[textOf(key, 64)] = fieldOf(field);
  }
  return copy;
}

function fieldOf(value) {
  if (typeof value === 'number' || typeof value === 'boolean'
      || value === null) return value;
  return textOf(typeof value === 'string' ? value : JSON.stringify(value),
    BOUNDS.value);
}
