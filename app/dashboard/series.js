import { BOUNDS } from './bounds.js';

/** The last points of several columns over time, in a fixed piece of memory. */
export class Series {
  #times = new Float64Array(BOUNDS.points);
  #columns = new Map();
  #next = 0;
  #size = 0;

  constructor(names) {
    for (const name of names)
      this.#columns.set(name, new Float64Array(BOUNDS.points));
  }

  get size() {
    return this.#size;
  }

  /** `values` by column; one that is missing is a gap in its line. */
  push(at, values) {
    this.#times[this.#next] = at;
    for (const [name, column] of this.#columns)
      column[this.#next] = values[name] ?? NaN;
    this.#next = (this.#next + 1) % BOUNDS.points;
    this.#size = Math.min(this.#size + 1, BOUNDS.points);
  }

  /** {times, columns} of what is not older than `from`, the oldest first. */
  since(from, names) {
    const times = [];
    const columns = names.map(() => []);
    const sources = names.map((name) => this.#columns.get(name));
    for (let i = 0; i < this.#size; ++i) {
      const at = (this.#next - this.#size + i + BOUNDS.points) % BOUNDS.points;
      if (this.#times[at] < from) continue;
      times.push(this.#times[at]);
      sources.forEach((source, c) => columns[c].push(source[at]));
    }
    return { times, columns };
  }
}
