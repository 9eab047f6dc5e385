import { BOUNDS } from './bounds.js';
import { textOf } from './untrusted.js';

/**
 * Events that say what may be wrong now, and those that take it back: what they
 * are about, and the field that tells one of these from another.
 */
const ABOUT = {
  'bus.down': ['bus.down', 'endpoint'], 'bus.up': ['bus.down', 'endpoint'],
  'store.failed': ['store.failed'], 'store.recovered': ['store.failed'],
  'store.refused': ['store.refused'],
  'canary.late': ['canary.late'], 'canary.back': ['canary.late'],
  'loop.stalled': ['loop.stalled', 'loop'],
  'peer.duplicate': ['peer.duplicate', 'peer'],
  'peer.lost': ['peer.lost', 'peer'], 'peer.joined': ['peer.lost', 'peer'],
  'node.stopping': ['node.stopping'],
  'accept.failed': ['accept.failed', 'loop'],
  'log.dropped': ['log.dropped'],
};

/** What a node's log told of what may be wrong with it. */
export class Told {
  /** By what it is about, the latest last: {subject, seenAt, event}. */
  all = new Map();

  take(event, now) {
    if (!Object.hasOwn(ABOUT, event.event)) return;
    const [subject, field] = ABOUT[event.event];
    const key = field ? `${subject} ${textOf(`${event[field] ?? ''}`)}` : subject;
    this.all.delete(key);
    if (subject !== event.event) return;
    this.all.set(key, { subject, seenAt: now, event });
    if (this.all.size > BOUNDS.told) this.all.delete(this.all.keys().next().value);
  }

  /** The latest event about a subject. */
  latest(subject) {
    return [...this.all.values()].findLast((each) => each.subject === subject)
      ?.event;
  }

  clear() {
    this.all.clear();
  }
}
