import { BOUNDS } from './bounds.js';
import { countOf, textOf } from './untrusted.js';

/** What an event of failure is the first word of. */
const FAILURES = {
  'actor.crashed': 'crash',
  'actor.failed': 'failure',
  'connection.failed': 'failure',
  'message.quarantined': 'quarantine',
  'node.failed': 'failure',
  'part.crashed': 'crash',
  'room.failed': 'failure',
};

/**
 * What failed, the newest first: a crash, what its actor had done before, and
 * what became of it, put together from the events that tell these.
 */
export class Incidents {
  all = [];
  version = 0;
  #ids = 0;

  take(event, { node, run, at, seenAt }) {
    const of = { node, run, at, seenAt };
    switch (event.event) {
      case 'actor.flight':
        this.#flight(event, of);
        break;
      case 'actor.restarted':
        this.#end(event, of, 'restarted');
        break;
      case 'actor.escalated':
        this.#end(event, of, 'escalated');
        break;
      case 'actor.exited': {
        const open = this.#latest(event, of);
        if (open && open.outcome?.what !== 'restarted')
          this.#settle(open, event, of, 'ended');
        break;
      }
      case 'room.failed':
      case 'connection.failed': {
        // Of an actor that crashed, it is the end of that.
        const open = this.#latest(event, of);
        if (open) this.#settle(open, event, of, 'ended');
        else this.#begin(event, of, FAILURES[event.event]);
        break;
      }
      default:
        if (Object.hasOwn(FAILURES, event.event))
          this.#begin(event, of, FAILURES[event.event]);
    }
  }

  #begin(event, { node, run, at, seenAt }, what) {
    this.all.unshift({
      id: ++this.#ids,
      what, node, run, at, seenAt,
      event: event.event,
      actor: event.actor,
      parent: event.parent,
      kind: textOf(event.kind) || textOf(event.part) || 'node',
      name: textOf(event.name ?? event.room ?? event.who),
      reason: textOf(event.reason ?? event.cause, BOUNDS.value),
      message: textOf(event.message),
      payload: textOf(event.payload, BOUNDS.value),
      seq: event.seq,
      flight: [],
      outcome: null,
    });
    this.all.length = Math.min(this.all.length, BOUNDS.incidents);
    ++this.version;
    return this.all[0];
  }

  #flight(event, of) {
    const crash = this.#latest(event, of, true);
    const entry = countOf(event.entry);
    if (!crash || crash.flight.length >= BOUNDS.flight
        || crash.flight.some((step) => step.entry === entry)) return;
    crash.flight.push({ entry, age_us: countOf(event.age_us),
      what: textOf(event.what, BOUNDS.value) });
    crash.flight.sort((a, b) => a.entry - b.entry);
    ++this.version;
  }

  #end(event, of, what) {
    const open = this.#latest(event, of);
    if (open && !(open.outcome?.what === 'restarted')) {
      this.#settle(open, event, of, what);
      return;
    }
    // A loop begins anew for what crashed under it; that is told elsewhere.
    const alone = this.#begin(event, of, what === 'restarted' ? 'restart'
      : 'escalation');
    this.#settle(alone, event, of, what);
  }

  #settle(incident, event, { at }, what) {
    incident.outcome = { what, at, restarts: countOf(event.restarts),
      pause_us: countOf(event.pause_us, null),
      cause: textOf(event.cause ?? event.reason, BOUNDS.value) };
    ++this.version;
  }

  /**
   * A snapshot of a node, begun at `at`, may tell what no event did: nodes
   * leave out lines, and streams break.
   */
  compare({ id, run, actors }, at) {
    for (const each of this.all) {
      if (each.outcome || each.event !== 'actor.crashed' || each.node !== id
          || each.run !== run) continue;
      const actor = actors.get(each.actor);
      // One that is not listed may live as well.
      if (actor ? actor.state !== 'alive' : actors.get(each.parent)?.more > 0)
        continue;
      each.outcome = { what: actor ? 'restarted' : 'ended', at,
        restarts: actor?.restarts ?? 0, pause_us: null, cause: '' };
      ++this.version;
    }
  }

  /** The last crash of the event's actor. */
  #latest(event, { node, run }, alsoOld = false) {
    if (event.actor === undefined) return undefined;
    const last = this.all.find((each) => each.actor === event.actor
      && each.node === node && each.run === run
      && each.event === 'actor.crashed');
    return alsoOld || !last?.outcome || last.outcome.what !== 'restarted'
      ? last : undefined;
  }
}
