// Keys that go by themselves: with their connection, or with their time.

import { groupBy } from './reading.mjs';
import { atRest, circle, foldState } from './rules-rest.mjs';

/** What lasted so much longer than its time lasted too long. */
const LATE_MS = 5000;

/** How long a request may wait before it is carried out. */
const WAIT_MS = 12_000;

/** Clocks are read on both sides of a request, in whole milliseconds. */
const EARLY_MS = 20;

/** Faults in which keys may get lost, with their node or with Redis. */
const LOSING = {
  single: [],
  fifo: ['node-kill', 'node-restart'],
  total: ['redis-kill', 'redis-restart', 'redis-rewind', 'redis-flush',
    'redis-failover'],
};

/** The sends of each value, which names them. */
function setsOf(run) {
  return groupBy(run.sends.filter(({ kind }) => kind === 'set'), valueKey);
}

const valueKey = ({ room, key, value }) => JSON.stringify([room, key, value]);
const placeKey = ({ room, key }) => JSON.stringify([room, key]);

/**
 * What is bound is there while its connection is, for all who share the state,
 * and nowhere when all is quiet and it is not.
 */
export function* bound(run) {
  if (!atRest(run)) return;
  const sets = setsOf(run);
  const open = run.stays.filter((stay) => stay.open);
  for (const members of groupBy(open, circle(run)).values()) {
    const views = members.map((stay) =>
      ({ stay, values: foldState(stay.steps).values }));
    yield* outlived(run, views, sets);
    for (const { stay } of views) yield* lost(run, stay, views);
  }
}

function* outlived(run, views, sets) {
  for (const { stay, values } of views)
    for (const [key, { value }] of values) {
      const sends = sets.get(valueKey({ ...stay, key, value }));
      if (!sends?.[0].bound) continue;
      const names = sends.map(({ c }) => run.connections.get(c).connectionId);
      if (!views.some((view) => names.includes(view.stay.connectionId)))
        yield [`${key} is there, and its connection is not`, sends[0],
          stay.joined];
    }
}

/** What `stay` set last under a key that nobody else sets. */
function* lost(run, stay, views) {
  const bounds = run.sends.filter(({ kind, bound: is, room }) =>
    kind === 'set' && is && room === stay.room);
  for (const [key, sends] of groupBy(bounds, (send) => send.key)) {
    const last = sends.at(-1);
    const [ack] = last.answers;
    if (last.c !== stay.c || ack?.kind !== 'ack'
      || sends.some((send) => clientOf(run, send) !== stay.client))
      continue;
    // Of what was set on two nodes at one moment, either may stay [P-9.2].
    if (!last.calm && sends.some(({ node }) => node !== last.node)) continue;
    for (const view of views)
      if (view.values.get(key)?.value !== last.value)
        yield [`${view.stay.c} has ${view.values.get(key)?.value ?? 'nothing'
        } under ${key}`, last, ack, view.stay.joined];
  }
}

const clientOf = (run, { c }) => run.connections.get(c).client;

/** What has a time is there until then, and not much longer. */
export function* ttl(run) {
  const sets = setsOf(run);
  const byKey = groupBy(run.sends.filter((send) => send.ttl), placeKey);
  const end = run.events.find(({ kind }) => kind === 'quiet');
  for (const stay of run.stays) {
    const held = new Map(); // What has a time, and is there.
    for (const [step, { key, value, userId }] of changes(stay)) {
      const before = held.get(key);
      if (before && value === null)
        yield* onTime(run, before, step,
          rivals(run, byKey.get(placeKey({ ...stay, key })), before[0],
            { step, userId }));
      const sends = value === null ? undefined
        : sets.get(valueKey({ ...stay, key, value }));
      if (sends?.[0].ttl) held.set(key, sends);
      else held.delete(key);
    }
    if (!end || !stay.open) continue;
    for (const [key, sends] of held)
      if (end.at > latest(run, sends) + LATE_MS)
        yield [`${key} is there, and its time is over`, sends[0], stay.joined,
          end];
  }
}

/** What becomes of keys: [step, change]; a value is null where it is gone. */
function* changes(stay) {
  const values = new Map();
  for (const step of stay.steps) {
    if (step.kind !== 'joined' && step.kind !== 'state') continue;
    const told = step.kind === 'joined' ? step.state ?? [] : step.changes;
    const named = new Set(told.map(({ key }) => key));
    if (step.whole)
      for (const key of values.keys())
        if (!named.has(key)) {
          values.delete(key);
          yield [step, { key, value: null }];
        }
    for (const change of told) {
      if (change.value === null) values.delete(change.key);
      else values.set(change.key, change.value);
      yield [step, change];
    }
  }
}

/**
 * What may have been there when a key went: what `first` set, and what others
 * set behind it, which members need not have been told of [P-4.6]. Nodes that
 * give the order by themselves, and are cut off, may not know what is behind.
 * One that was cut off while others set it, until theirs was gone too, says of
 * the value that it had last that it is gone [P-4.17]: whose that is says
 * nothing of whose was there then.
 */
function rivals(run, sends, first, { step, userId }) {
  const isAnyones = userId === undefined || faultBetween(run, first, step);
  return sends.filter((send) => send.n < step.n
    && (isAnyones || userId === clientOf(run, send))
    && !(send.answers[0]?.n < first.n
      && (run.profile.positions === 'all' || send.node === first.node)));
}

function* onTime(run, sends, step, possible) {
  const [first] = sends;
  if (possible.every((send) => step.at < send.at + send.ttl - EARLY_MS)
    && !mayBeLost(run, first, step))
    yield [`${first.key} went before its time`, first, step];
  if (sends.every(({ calm }) => calm) && !faultBetween(run, first, step)
    && step.at > latest(run, sends) + LATE_MS)
    yield [`${first.key} went long after its time`, first, step];
}

/** When it should be gone at the latest, whichever send was carried out last. */
function latest(run, sends) {
  return Math.max(...sends.map((send) => {
    const [answer] = send.answers;
    return send.ttl + (answer?.at ?? send.at + WAIT_MS);
  }));
}

const mayBeLost = (run, first, step) => faultBetween(run, first, step,
  LOSING[run.events[0].profile]);

/** Whether one of these faults, or any, was felt between two events. */
function faultBetween(run, from, to, kinds) {
  const begun = new Map();
  for (const event of run.faults) {
    if (event.n > to.n) break;
    if (kinds && !kinds.includes(event.what)) continue;
    if (event.n > from.n) return true;
    const name = JSON.stringify([event.what, event.node, event.link]);
    if (event.state === 'begins') begun.set(name, event);
    else begun.delete(name);
  }
  return begun.size > 0;
}
