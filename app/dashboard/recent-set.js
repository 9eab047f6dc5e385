/** The last so many things that were added. */
export class RecentSet {
  #all = new Set();
  #most;

  constructor(most) {
    this.#most = most;
  }

  add(what) {
    this.#all.delete(what);
    this.#all.add(what);
    if (this.#all.size > this.#most)
      this.#all.delete(this.#all.values().next().value);
  }

  has(what) {
    return this.#all.has(what);
  }

  clear() {
    this.#all.clear();
  }

  get size() {
    return this.#all.size;
  }
}
