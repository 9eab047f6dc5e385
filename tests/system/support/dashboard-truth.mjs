// A node as it might be, that tells of itself as a real one does: snapshots
// taken actor by actor while things happen, and events in their order. What a
// page makes of it can be compared with what is true.

/** mulberry32: the same numbers for the same seed. */
export function chance(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (most) => Math.floor(next() * most);
  return { next, below, of: (list) => list[below(list.length)],
    happens: (share) => next() < share };
}

export const EPOCH = Date.parse('2026-11-29T05:00:00.000Z');
export const iso = (ms) => new Date(ms).toISOString();

export class TrueNode {
  actors = new Map();
  #ids = 0;
  #seq = 0;
  #numbers = new Map(); // Line, to its number in the stream.
  #told = 0; // The last of these.

  constructor(id, { run = 'run-1', at = EPOCH } = {}) {
    Object.assign(this, { id, run, at });
    this.root = this.#add({ kind: 'node', name: 'node' });
    this.loops = [0, 1].map((i) =>
      this.#add({ kind: 'loop', name: `loop ${i}`, parent: this.root.id }));
    this.audiences = this.loops.map((loop, i) => this.#add({ kind: 'supervisor',
      name: `audiences ${i}`, parent: loop.id }));
    this.keepers = this.loops.map((loop) =>
      this.#add({ kind: 'keeper', parent: loop.id }));
  }

  #add(actor) {
    const made = { id: ++this.#ids, restarts: 0, state: 'alive', ...actor };
    this.actors.set(made.id, made);
    return made;
  }

  event(name, actor, fields = {}) {
    const told = { v: 1, ts: iso(this.at), seq: ++this.#seq, level: 'info',
      event: name, node: this.id };
    if (actor) {
      Object.assign(told, { actor: actor.id, kind: actor.kind });
      if (actor.name) told.name = actor.name;
      if (actor.parent) told.parent = actor.parent;
    }
    return { ...told, ...fields };
  }

  spawn(parent, fields) {
    const actor = this.#add({ parent: parent.id, ...fields });
    return [this.event('actor.spawned', actor)];
  }

  exit(actor) {
    const under = [...this.actors.values()]
      .filter(({ parent }) => parent === actor.id);
    const told = under.flatMap((child) => this.exit(child));
    this.actors.delete(actor.id);
    return [...told, this.event('actor.exited', actor,
      { reason: 'normal', lived_ms: 1 })];
  }

  crash(actor, reason = 'a fault') {
    actor.state = 'crashed';
    return [this.event('actor.crashed', actor,
      { level: 'error', reason, message: 'publish' })];
  }

  restart(actor) {
    actor.state = 'alive';
    ++actor.restarts;
    if (actor.kind === 'loop') this.#goOnUnder(actor);
    return [this.event('actor.restarted', actor,
      { level: 'warn', restarts: actor.restarts, cause: '', pause_us: 12 })];
  }

  #goOnUnder(top) {
    for (const actor of this.actors.values())
      if (actor.parent === top.id) {
        actor.state = 'alive';
        this.#goOnUnder(actor);
      }
  }

  /**
   * A frame of lines, and of `lost` more behind them. Lines that were in a
   * frame before have the numbers that they had.
   */
  frame(lines, lost = 0) {
    const first = this.#numbers.get(lines[0]) ?? this.#told + 1;
    if (first > this.#told) {
      for (const line of lines) this.#numbers.set(line, ++this.#told);
      this.#told += lost;
    }
    return { type: 'events', node: this.id, run: this.run, first, lines, lost };
  }

  /** Ids in the order in which a snapshot comes to them. */
  ids() {
    return [...this.actors.keys()];
  }

  part(at, part, parts, actors) {
    return { type: 'tree', node: this.id, run: this.run, at: iso(at), part,
      parts, actors };
  }

  /** Frames of a snapshot that is taken in one moment. */
  snapshot(parts = 1) {
    const all = [...this.actors.values()].map((actor) => ({ ...actor }));
    const size = Math.ceil(all.length / parts);
    return Array.from({ length: parts }, (_, i) =>
      this.part(this.at, i, parts, all.slice(i * size, (i + 1) * size)));
  }

  /** What should be known of it. */
  picture() {
    return [...this.actors.values()].map(pictured).sort(byId);
  }
}

const byId = (a, b) => a.id - b.id;

const pictured = ({ id, kind, name, parent, restarts, state }) =>
  ({ id, kind, name: name ?? '', parent, restarts, state });

/** The same, as a model has it. */
export const known = (actors) =>
  [...actors.all.values()].map(pictured).sort(byId);
