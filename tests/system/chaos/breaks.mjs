// Ways to break a promise on purpose: a run with one of them must fail, and
// name the rule. What a checker never complains of, it may not see.

import { publishedThrough } from './resp.mjs';

/** Does `change` to the `nth` event of `kind`, and to nothing else. */
function once(kind, nth, change, where = () => true) {
  let count = 0;
  return (event) => (event.kind === kind && where(event) && ++count === nth
    ? change(event) : [event]);
}

/** What the recorder writes in place of what happened. */
const SPOILED = {
  forget: () => once('message', 40, () => []),
  repeat: () => once('message', 40, (event) => [event, event]),
  renumber: () => once('message', 40,
    (event) => [{ ...event, offset: event.offset + 1000 }]),
  invent: () => once('message', 40,
    (event) => [{ ...event, payload: 'nobody/1' }]),
  unanswer: () => once('ack', 40, () => []),
  recover: () => {
    // The first that missed something is said to have got it, and has not.
    let lost = null;
    return (event) => {
      if (!lost && event.kind === 'joined' && event.since
        && event.since.epoch === event.epoch
        && event.offset > event.since.offset) {
        lost = event;
        return [{ ...event, recovered: true }];
      }
      const replayed = event.kind === 'message' && lost?.c === event.c
        && lost.room === event.room && event.offset <= lost.offset;
      return replayed ? [] : [event];
    };
  },
  hide: () => once('list', 1,
    (event) => [{ ...event, members: event.members.slice(1) }]),
  swap: () => {
    let held = null;
    let count = 0;
    return (event) => {
      if (event.kind !== 'message' || count > 40) return [event];
      if (held && event.c === held.c && event.room === held.room) {
        const pair = [{ ...event }, held];
        held = null;
        count = 41;
        return pair;
      }
      if (!held && ++count === 40) {
        held = event;
        return [];
      }
      return [event];
    };
  },
};

/** What the proxies do to what members said, where it comes over Pub/Sub. */
const REWRITTEN = {
  'bus-drop': () => [],
  'bus-double': (value) => [value, value],
};

export const BREAKS = [...Object.keys(SPOILED), ...Object.keys(REWRITTEN)];

export const spoiler = (name) => SPOILED[name]?.();

/** A rewriter for proxies, that begins when `armed()` says so. */
export function busRewriter(name, armed) {
  const change = REWRITTEN[name];
  if (!change) return undefined;
  // One loss is enough, but a node's own words come back to it, too, and nobody
  // misses those. Doubled is everything.
  let left = 12;
  return () => publishedThrough((value) => {
    if (!armed() || !value.includes(TALK)) return value;
    if (name === 'bus-drop' && left-- <= 0) return value;
    return Buffer.concat(change(value));
  });
}

/** In every payload of a member, and in nothing else on the bus. */
export const TALK = '@';
