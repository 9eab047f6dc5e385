// Rates and quantiles, from counts that only grow.

import { BOUNDS } from './bounds.js';
import { countOf, isObject, listOf } from './untrusted.js';

export const STAGES = ['accepted', 'sequenced', 'bus', 'fan_out', 'written'];

/** Seconds over which the rates that are shown as numbers are taken, */
const RATE_SECONDS = 3;
/** and quantiles, of which there are few samples (1 message in 64). */
const QUANTILE_SECONDS = 10;

/**
 * Under what time the share `q` of what was counted stays: microseconds,
 * interpolated within its bucket. `counts` has one entry more than `bounds`:
 * of what falls into that, only `isOver` is known. Null: nothing was counted.
 */
export function quantile(bounds, counts, q) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total <= 0) return null;
  const rank = q * total;
  let before = 0;
  for (let i = 0; i < bounds.length; ++i) {
    if (counts[i] > 0 && before + counts[i] >= rank) {
      const from = i === 0 ? 0 : bounds[i - 1];
      const share = Math.max(0, rank - before) / counts[i];
      return { us: from + (bounds[i] - from) * share, isOver: false };
    }
    before += counts[i];
  }
  return { us: bounds.at(-1) ?? 0, isOver: true };
}

/** The figures of one run of a node in the last seconds. */
export class FigureWindow {
  #frames = [];

  get latest() {
    return this.#frames.at(-1);
  }

  clear() {
    this.#frames = [];
  }

  /** False: it is not later than the one before. */
  push(frame) {
    const kept = figuresOf(frame);
    if (this.latest && kept.seconds <= this.latest.seconds) return false;
    this.#frames.push(kept);
    if (this.#frames.length > BOUNDS.frames) this.#frames.shift();
    return true;
  }

  /** The frame that is about so many seconds old, or the oldest. */
  #before(seconds) {
    const { latest } = this;
    if (!latest || this.#frames.length < 2) return null;
    const since = latest.seconds - seconds - 0.25;
    return this.#frames.find((frame) => frame.seconds >= since
      && frame !== latest) ?? this.#frames.at(-2);
  }

  /** Of a count, a second; undefined while it is not known. */
  rate(name, seconds = RATE_SECONDS) {
    const before = this.#before(seconds);
    if (!before) return undefined;
    const counted = this.latest.counts[name] - before.counts[name];
    // A count that went back is of another life: better no rate than a lie.
    return counted >= 0
      ? counted / (this.latest.seconds - before.seconds) : undefined;
  }

  /** How much a count has grown, over all that is kept. */
  growth(name) {
    const [first] = this.#frames;
    const grown = first ? this.latest.counts[name] - first.counts[name] : 0;
    return grown > 0 ? grown : 0;
  }

  /** What each bucket of a stage got lately: {bounds, counts} or null. */
  buckets(stage, seconds = QUANTILE_SECONDS) {
    const before = this.#before(seconds);
    if (!before) return null;
    const { bounds, stages } = this.latest.latency;
    const now = stages[stage];
    const then = before.latency.stages[stage];
    if (!now || !then || !isSame(bounds, before.latency.bounds)) return null;
    return { bounds, counts: now.map((count, i) =>
      Math.max(0, count - then[i])) };
  }
}

function figuresOf(frame) {
  const counts = Object.create(null);
  for (const [name, value] of Object.entries(
    isObject(frame.counts) ? frame.counts : {}).slice(0, BOUNDS.fields))
    counts[name] = countOf(value, NaN);
  const told = isObject(frame.latency) ? frame.latency : {};
  const bounds = listOf(told.bounds_us).slice(0, BOUNDS.buckets)
    .map((bound) => countOf(bound));
  const stages = Object.create(null);
  for (const stage of STAGES) {
    const list = listOf(told[stage]);
    if (list.length === bounds.length + 1 && list.length > 1)
      stages[stage] = list.map((count) => countOf(count));
  }
  return { seconds: countOf(frame.seconds), counts,
    latency: { bounds, stages } };
}

const isSame = (a, b) =>
  a.length === b.length && a.every((value, i) => value === b[i]);

/** The buckets of several nodes as if of one. */
export function added(several) {
  let sum = null;
  for (const each of several) {
    if (!each) continue;
    if (!sum) sum = { bounds: each.bounds, counts: [...each.counts] };
    else if (isSame(sum.bounds, each.bounds))
      each.counts.forEach((count, i) => { sum.counts[i] += count; });
  }
  return sum;
}

export const QUANTILES = { p50: 0.5, p95: 0.95, p99: 0.99 };

/** {p50, p95, p99, samples} of buckets; null where nothing was counted. */
export function spread(buckets) {
  if (!buckets) return null;
  const samples = buckets.counts.reduce((sum, count) => sum + count, 0);
  if (samples === 0) return null;
  const all = { samples };
  for (const [name, q] of Object.entries(QUANTILES))
    all[name] = quantile(buckets.bounds, buckets.counts, q);
  return all;
}
