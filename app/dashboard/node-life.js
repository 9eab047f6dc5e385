import { Actors } from './actors.js';
import { BOUNDS, TIMES } from './bounds.js';
import { RecentSet } from './recent-set.js';
import { FigureWindow, spread } from './rates.js';
import { Series } from './series.js';
import { Told } from './told.js';
import { countOf, isObject, listOf, textOf } from './untrusted.js';

/** What is drawn over time, of a node and of the cluster. */
export const COLUMNS = ['messages', 'deliveries', 'bytes_in', 'bytes_out',
  'connections', 'p50', 'p95', 'p99'];
const DRAWN_RATES = ['messages', 'deliveries', 'bytes_in', 'bytes_out'];

/** All that is known of one node. */
export class NodeLife {
  run = '';
  actors;
  window = new FigureWindow();
  series = new Series(COLUMNS);
  figures = null; // The latest, flat.
  heardAt = 0; // By this browser's clock.
  figuresAt = 0;
  goneAt = null;
  /** It is known from before a reconnection and nothing was told since. */
  isOld = false;
  restartedAt = null; // When another run of it was heard of.
  told = new Told();
  #seen = new RecentSet(BOUNDS.seen);

  constructor(id, budget) {
    this.id = id;
    this.actors = new Actors(budget);
  }

  /** Something came from this run of it. */
  hear(run, now) {
    this.heardAt = now;
    this.goneAt = null;
    this.isOld = false;
    if (run === this.run) return;
    if (this.run !== '') this.restartedAt = now;
    this.run = run;
    this.actors.clear();
    this.window.clear();
    this.figures = null;
    this.told.clear();
    this.#seen.clear();
  }

  /** Whether the line of this number was not told before, in this run. */
  isNew(number) {
    if (this.#seen.has(number)) return false;
    this.#seen.add(number);
    return true;
  }

  takeFigures(frame, now) {
    if (!this.window.push(frame)) return;
    this.figuresAt = now;
    this.figures = {
      seconds: countOf(frame.seconds),
      ready: textOf(frame.ready, BOUNDS.value),
      bus: textOf(frame.bus, 16),
      connections: countOf(frame.connections),
      rooms: countOf(frame.rooms),
      members: countOf(frame.members),
      counts: this.window.latest.counts,
      memory: numbersOf(frame.memory),
      mailboxes: numbersOf(frame.mailboxes),
      busiest: ratesOf(frame.busiest),
      slowest: ratesOf(frame.slowest),
    };
    this.series.push(now, { ...this.#drawnRates(),
      connections: this.figures.connections,
      ...drawnQuantiles(this.window.buckets('written')) });
  }

  #drawnRates() {
    return Object.fromEntries(DRAWN_RATES.map((name) =>
      [name, this.window.rate(name, 1)]));
  }

  /** `starting`, `ready`, `unready`, `silent` or `gone`. */
  condition(now) {
    if (this.goneAt !== null) return 'gone';
    if (!this.figures) return now - this.heardAt > TIMES.silent
      ? 'silent' : 'starting';
    if (now - this.figuresAt > TIMES.silent) return 'silent';
    return this.figures.ready === '' ? 'ready' : 'unready';
  }

  /** Whether its figures count: they are of now. */
  isSpeaking(now) {
    const is = this.condition(now);
    return is === 'ready' || is === 'unready';
  }
}

export function drawnQuantiles(buckets) {
  const all = spread(buckets);
  return all ? { p50: all.p50.us, p95: all.p95.us, p99: all.p99.us } : {};
}

function numbersOf(told) {
  return Object.fromEntries(Object.entries(isObject(told) ? told : {})
    .slice(0, BOUNDS.mailboxes)
    .map(([name, value]) => [textOf(name, 64), countOf(value)]));
}

function ratesOf(told) {
  return listOf(told).slice(0, BOUNDS.busiest).filter(isObject)
    .map(({ name, per_second }) =>
      ({ name: textOf(name, 2 * BOUNDS.name), rate: countOf(per_second) }));
}
