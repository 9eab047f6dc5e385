import { BOUNDS } from './bounds.js';
import { timeOf } from './untrusted.js';

/** The latest events of all nodes, in the order in which they came. */
export class EventStore {
  /** How many ever came, and how many the nodes left out. */
  total = 0;
  lost = 0;
  version = 0;
  /** Kinds of events that came, for who wants to choose one. */
  names = new Map();
  #all = [];
  #first = 0; // What stands before has been dropped.

  push(event, node, run) {
    ++this.total;
    this.#all.push({
      id: this.total, at: timeOf(event.ts), node, run, event,
      level: event.level, name: event.event,
    });
    if (this.size > BOUNDS.events) ++this.#first;
    // Memory is given back in large pieces, not with each event.
    if (this.#first > 512) {
      this.#all.splice(0, this.#first);
      this.#first = 0;
    }
    if (this.names.has(event.event) || this.names.size < BOUNDS.headings)
      this.names.set(event.event, (this.names.get(event.event) ?? 0) + 1);
    ++this.version;
  }

  lose(count) {
    this.lost += count;
    if (count > 0) ++this.version;
  }

  get size() {
    return this.#all.length - this.#first;
  }

  /** The id of the oldest that is kept. */
  get oldest() {
    return this.total - this.size + 1;
  }

  /** Those behind the one with this id, the oldest first. */
  after(id) {
    const from = Math.max(this.#first,
      this.#all.length - (this.total - id));
    return this.#all.slice(from);
  }

  /** The latest `most` that match, the newest first. */
  latest(most, match) {
    const found = [];
    for (let i = this.#all.length - 1; i >= this.#first; --i) {
      if (!match(this.#all[i])) continue;
      found.push(this.#all[i]);
      if (found.length >= most) break;
    }
    return found;
  }
}
