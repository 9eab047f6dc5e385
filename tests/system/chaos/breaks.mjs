// Ways to break a promise on purpose: a run with one of them must fail, and
// name the rule. What a checker never complains of, it may not see.

import { publishedThrough } from './resp.mjs';

/** Does `change` to the `nth` event of `kind`, and to nothing else. */
function once(kind, nth, change, where = () => true) {
  let count = 0;
  return (event) => (event.kind === kind && where(event) && ++count === nth
    ? change(event) : [event]);
}

/** A key that was set as `how` asks is gone as soon as it is told. */
function vanishing(how) {
  const values = new Set();
  return (event) => {
    if (event.kind === 'set' && how(event)) values.add(event.value);
    const change = event.kind === 'state'
      && event.changes.find(({ value }) => values.has(value));
    return change ? [event, { ...event, whole: undefined,
      changes: [{ ...change, value: null }] }] : [event];
  };
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
  unhand: () => once('handed', 4, () => []),
  'hand-twice': () => once('handed', 4, (event) => [event, event]),
  tell: () => {
    // What one was handed comes to another in the room, too.
    let there = [];
    const handed = once('handed', 4, (event) => [event, { ...event,
      c: there.find(({ c, room }) => c !== event.c && room === event.room).c }]);
    return (event) => {
      if (event.kind === 'joined') there.push(event);
      if (event.kind === 'close')
        there = there.filter(({ c }) => c !== event.c);
      return handed(event);
    };
  },
  'page-hole': () => once('page', 4,
    (event) => [{ ...event, messages: event.messages.filter((_, i) => i !== 1) }],
    ({ messages }) => messages.length > 2),
  'page-lie': () => once('page', 4, ({ messages, ...event }) =>
    [{ ...event, messages: [{ ...messages[0], payload: messages[1].payload },
      ...messages.slice(1)] }], ({ messages }) => messages.length > 2),
  // Nobody is told that what is bound, or has a time, has gone.
  keep: () => (event) => (event.kind === 'state' ? [{ ...event,
    changes: event.changes.filter(({ value }) => value !== null) }] : [event]),
  hurry: () => vanishing((set) => set.ttl),
  unbind: () => vanishing((set) => set.bound),
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
  'bus-drop-directed': () => [],
  'bus-double': (value) => [value, value],
};

export const BREAKS = [...Object.keys(SPOILED), ...Object.keys(REWRITTEN)];

export const spoiler = (name) => SPOILED[name]?.();

/** A rewriter for proxies, that begins when `armed()` says so. */
export function busRewriter(name, armed) {
  const change = REWRITTEN[name];
  if (!change) return undefined;
  const mark = name === 'bus-drop-directed' ? WHISPER : TALK;
  // One loss is enough, but a node's own words come back to it, too, and nobody
  // misses those. Doubled is everything, and so is what only a few wait for.
  let left = name === 'bus-drop' ? 12 : Infinity;
  return () => publishedThrough((value) => {
    if (!armed() || !value.includes(mark) || left-- <= 0) return value;
    return Buffer.concat(change(value));
  });
}

/** In every payload of a member, and in nothing else on the bus. */
export const TALK = '@';

/** In what a member says to some, and in nothing else on the bus. */
export const WHISPER = '->';
