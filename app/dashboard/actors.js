import { BOUNDS, TIMES } from './bounds.js';
import { order } from './order.js';
import { RecentSet } from './recent-set.js';
import { countOf, isObject, listOf, textOf } from './untrusted.js';

/** Events of an actor that is about to be gone: they do not bring it back. */
const LAST_WORDS = new Set(['actor.exited', 'connection.closed',
  'connection.failed', 'room.closed', 'room.failed']);

/**
 * The actors of one run of one node, by snapshots and by what the events
 * between them say. Ids are unique in a run, so who has exited never comes
 * back, however old the snapshot is that still has it. What an event said is
 * older than a snapshot only if it was told before that was begun. Of whom a
 * snapshot leaves out it says nothing: what events said holds, for a time.
 */
export class Actors {
  /** By id. */
  all = new Map();
  /** Grows with each change that can be seen. */
  version = 0;
  /** When the last whole snapshot was begun; -1: none has come. */
  wholeAt = -1;
  /** Living ones that found no place. */
  forgotten = 0;

  #children = new Map(); // Parent, to a set of ids.
  #sorted = new Map(); // Parent, to a sorted list, until that changes.
  #exited = new RecentSet(BOUNDS.exited);
  #pending = null;
  #leavesOut = false; // The last snapshot, some actors.
  #budget;

  /** `budget.used` counts the actors of all nodes. */
  constructor(budget) {
    this.#budget = budget;
  }

  get(id) {
    return this.all.get(id);
  }

  /** Whether a whole snapshot has come. */
  get isWhole() {
    return this.wholeAt >= 0;
  }

  /** Those without a parent that is known. */
  roots() {
    return this.#list(null, () => [...this.all.values()].filter((actor) =>
      !this.all.has(actor.parent)));
  }

  /** Those under `id`, in the order in which they are shown. */
  childrenOf(id) {
    return this.#list(id, () => [...this.#children.get(id) ?? []]
      .map((child) => this.all.get(child)).filter(Boolean));
  }

  #list(key, find) {
    let list = this.#sorted.get(key);
    if (!list) {
      list = find().sort(byKindAndName);
      this.#sorted.set(key, list);
    }
    return list;
  }

  /** How many are under it, known or not. */
  countBelow({ id, more }) {
    return (this.#children.get(id)?.size ?? 0) + this.countUnknown({ id, more });
  }

  /** How many under it are neither listed nor known by events. */
  countUnknown({ id, more }) {
    if (more === 0) return 0;
    const unlisted = this.childrenOf(id).filter((child) => child.isUnlisted);
    return Math.max(0, more - unlisted.length);
  }

  // -- snapshots

  /** False: it is no part of a snapshot. */
  takePart({ at, part, parts, actors }) {
    if (!Number.isInteger(part) || !Number.isInteger(parts) || part < 0
        || part >= parts || parts > BOUNDS.parts || !Array.isArray(actors))
      return false;
    if (this.#pending?.at !== at || this.#pending.parts !== parts)
      this.#pending = { at, parts, got: new Map(), count: 0 };
    const pending = this.#pending;
    if (!pending.got.has(part)) {
      pending.count += actors.length;
      // Beyond what is kept, actors are not even remembered until the end.
      pending.got.set(part, pending.count <= BOUNDS.actors ? actors : []);
    }
    if (pending.got.size === parts) this.#install(pending);
    return true;
  }

  #install({ at, parts, got }) {
    this.#pending = null;
    const before = this.all;
    this.all = new Map();
    this.#children.clear();
    this.#sorted.clear();
    this.#budget.used -= before.size;
    this.forgotten = 0;
    for (let part = 0; part < parts; ++part)
      for (const told of got.get(part)) {
        const actor = actorOf(told);
        if (!actor || this.#exited.has(actor.id)) continue;
        actor.listedAt = at;
        keepNewer(actor, before.get(actor.id), at);
        this.#add(actor);
      }
    this.#leavesOut = [...this.all.values()].some(({ more }) => more > 0);
    for (const actor of this.#livingOf(before, at)) this.#add(actor);
    this.wholeAt = at;
    ++this.version;
  }

  /** Of those of before: who lives though a snapshot begun at `at` lacks them. */
  #livingOf(before, at) {
    const missing = [...before.values()].filter(({ id }) => !this.all.has(id));
    // What was spawned since it was begun may not be in it yet.
    const isYoung = ({ born }) => born >= at;
    const leftOut = missing.filter((actor) => !isYoung(actor)
      && isKnownByEvents(actor, at) && this.#isLeftOut(actor, before))
      .slice(-BOUNDS.unlisted);
    for (const actor of leftOut) actor.isUnlisted = true;
    return [...missing.filter(isYoung), ...leftOut];
  }

  /** Whether the nearest above it that is listed does not list all under it. */
  #isLeftOut({ parent }, before) {
    for (let level = 0; level < BOUNDS.depth; ++level) {
      const listed = this.all.get(parent);
      if (listed) return listed.more > 0;
      parent = before.get(parent)?.parent;
    }
    return false;
  }

  /** Of an actor that is not known: `gone`, `unlisted`, `waiting` for a tree. */
  whereabouts(id) {
    if (this.#exited.has(id)) return 'gone';
    if (!this.isWhole) return 'waiting';
    return this.#leavesOut || this.forgotten > 0 ? 'unlisted' : 'gone';
  }

  clear() {
    this.#leavesOut = false;
    this.#budget.used -= this.all.size;
    this.all = new Map();
    this.#children.clear();
    this.#sorted.clear();
    this.#exited.clear();
    this.#pending = null;
    this.wholeAt = -1;
    this.forgotten = 0;
    ++this.version;
  }

  // -- events; each may come twice

  /** The actor that tells an event. */
  speaker(event, at) {
    const id = event.actor;
    if (typeof id !== 'number' || this.#exited.has(id)) return undefined;
    const known = this.all.get(id);
    if (known) known.toldAt = Math.max(known.toldAt, at);
    if (known || LAST_WORDS.has(event.event) || !event.kind) return known;
    const actor = actorOf(event);
    actor.born = actor.toldAt = at;
    this.#add(actor);
    ++this.version;
    return this.all.get(id);
  }

  exit(id) {
    if (typeof id !== 'number') return;
    this.#exited.add(id);
    const actor = this.all.get(id);
    if (!actor) return;
    this.all.delete(id);
    --this.#budget.used;
    this.#children.get(actor.parent)?.delete(id);
    this.#children.delete(id);
    this.#sorted.delete(actor.parent ?? null);
    this.#sorted.delete(null);
    this.#sorted.delete(id);
    ++this.version;
  }

  crash(actor, at, reason) {
    if (at < actor.stateAt) return;
    Object.assign(actor, { state: 'crashed', stateAt: at, why: reason });
    ++this.version;
  }

  /** It goes on; of a loop, so does all that is under it. */
  restart(actor, at, restarts) {
    if (at < actor.stateAt) return;
    actor.restarts = Math.max(actor.restarts, restarts);
    if (actor.kind === 'loop') this.#goOnUnder(actor.id, at);
    Object.assign(actor, { state: 'alive', stateAt: at, why: '' });
    ++this.version;
  }

  #goOnUnder(top, at) {
    const seen = new Set([top]); // A parent may be named in a circle.
    for (const id of seen)
      for (const child of this.#children.get(id) ?? []) {
        seen.add(child);
        const actor = this.all.get(child);
        if (actor && at >= actor.stateAt)
          Object.assign(actor,
            { state: 'alive', stateAt: at, toldAt: at, why: '' });
      }
  }

  escalate(actor, at, cause, restarts) {
    if (at < actor.stateAt) return;
    actor.restarts = Math.max(actor.restarts, restarts);
    Object.assign(actor, { state: 'escalated', stateAt: at, why: cause });
    ++this.version;
  }

  fill(actor, at, waiting) {
    if (at < actor.mailboxAt) return;
    Object.assign(actor, { mailbox: waiting, mailboxAt: at });
    ++this.version;
  }

  /** Whether `id` is among those above, and `parent` would close a circle. */
  #isAbove(id, parent) {
    for (let level = 0; level < BOUNDS.depth && parent !== undefined; ++level) {
      if (parent === id) return true;
      parent = this.all.get(parent)?.parent;
    }
    return false;
  }

  #add(actor) {
    if (this.all.has(actor.id)) return;
    if (this.#budget.used >= this.#budget.most) {
      ++this.forgotten;
      return;
    }
    ++this.#budget.used;
    if (this.#isAbove(actor.id, actor.parent)) actor.parent = undefined;
    this.all.set(actor.id, actor);
    if (actor.parent !== undefined) {
      let siblings = this.#children.get(actor.parent);
      if (!siblings) this.#children.set(actor.parent, siblings = new Set());
      siblings.add(actor.id);
    }
    this.#sorted.delete(actor.parent ?? null);
    this.#sorted.delete(null);
  }
}

function actorOf(told) {
  if (!isObject(told)) return null;
  const id = told.id ?? told.actor;
  if (typeof id !== 'number' || !Number.isFinite(id)) return null;
  return {
    id,
    kind: textOf(told.kind, 64) || 'actor',
    name: textOf(told.name),
    parent: typeof told.parent === 'number' && told.parent !== id
      ? told.parent : undefined,
    restarts: countOf(told.restarts),
    state: told.state === 'crashed' ? 'crashed' : 'alive',
    stateAt: 0, // Of the event that told the state.
    why: '',
    mailbox: countOf(told.mailbox),
    mailboxAt: 0,
    members: countOf(told.members, null),
    here: countOf(told.here, null),
    some: listOf(told.some).slice(0, BOUNDS.some).map((pair) =>
      [textOf(listOf(pair)[0]), textOf(listOf(pair)[1])]),
    more: Math.min(countOf(told.more), BOUNDS.children),
    toldAt: -1, // When it told its last event,
    listedAt: -1, // and the last snapshot that has it was begun.
    isUnlisted: false, // Its node does not list it: events told of it.
    born: -1, // When an event told of it first, before any snapshot did.
  };
}

/** Of what a snapshot says, events that came since it was begun know better. */
function keepNewer(actor, before, at) {
  if (!before) return;
  if (before.stateAt >= at) {
    actor.state = before.state;
    actor.restarts = Math.max(actor.restarts, before.restarts);
  }
  actor.stateAt = before.stateAt;
  if (actor.state !== 'alive') actor.why = before.why;
  actor.toldAt = before.toldAt;
  if (before.mailboxAt >= at) actor.mailbox = before.mailbox;
  actor.mailboxAt = before.mailboxAt;
}

/**
 * Whether events since it was listed last say that it lives. One that is down
 * is always listed.
 */
function isKnownByEvents({ toldAt, listedAt, state, stateAt }, at) {
  return toldAt >= listedAt && toldAt > at - TIMES.unlisted
    && (state === 'alive' || stateAt >= at);
}

const RANK = ['node', 'supervisor', 'loop', 'cluster', 'canary', 'keeper',
  'gateway', 'room', 'audience', 'connection'];
const rankOf = (kind) => {
  const rank = RANK.indexOf(kind);
  return rank < 0 ? RANK.length : rank;
};

function byKindAndName(a, b) {
  return rankOf(a.kind) - rankOf(b.kind) || order(a.name, b.name)
    || a.id - b.id;
}
