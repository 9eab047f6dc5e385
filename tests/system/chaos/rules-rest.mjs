// What everybody agrees on once all is quiet.

import { groupBy } from './reading.mjs';

export const atRest = (run) => run.events.some(({ kind }) => kind === 'quiet');

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** The members that share a list, or a state, with a stay. */
export const circle = (run) => (stay) => JSON.stringify(
  run.profile.presence === 'all' ? [stay.room] : [stay.room, stay.node]);

/** Lists name who is there, whoever asks. */
export function* presence(run) {
  if (!atRest(run)) return;
  const lists = new Map(run.events.filter(({ kind }) => kind === 'list')
    .map((list) => [JSON.stringify([list.c, list.room]), list]));
  const open = run.stays.filter((stay) => stay.open);
  for (const members of groupBy(open, circle(run)).values()) {
    const there = members.map(({ connectionId }) => connectionId).sort();
    for (const stay of members) {
      const list = lists.get(JSON.stringify([stay.c, stay.room]));
      if (!list) {
        yield ['was given no list', stay.joined];
        continue;
      }
      if (!same([...list.members].sort(), there))
        yield [`the list is not who is there (${there})`, list];
      const told = [...foldPresence(stay.steps)].sort();
      if (!same(told, there))
        yield [`by what it was told, ${told} are there, and not ${there}`,
          stay.joined];
    }
  }
}

/** Who is there by `joined` and the differences behind it. */
export function foldPresence(steps) {
  let members = new Set();
  for (const step of steps) {
    if (step.kind !== 'joined' && step.kind !== 'presence') continue;
    if (step.members) members = new Set(step.members);
    if (step.kind !== 'presence') continue;
    for (const id of step.joined ?? []) members.add(id);
    for (const id of step.left ?? []) members.delete(id);
  }
  return members;
}

/** State never goes back, and is one when all is quiet [P-4.6]. */
export function* state(run) {
  const views = [];
  for (const stay of run.stays) {
    const { values, older } = foldState(stay.steps);
    for (const witness of older) yield ['an older value after a newer', witness];
    if (stay.open) views.push({ stay, values });
  }
  if (!atRest(run)) return;
  for (const group of groupBy(views, ({ stay }) => circle(run)(stay)).values())
    for (const { stay, values } of group.slice(1))
      if (!same(canonical(values), canonical(group[0].values)))
        yield ['two members have two states', group[0].stay.joined,
          stay.joined];
  yield* lastSets(run, views);
}

/** The newest value of a key, as its ack numbers it, is the one that is there. */
function* lastSets(run, views) {
  for (const { stay, values } of views) {
    const newest = new Map();
    for (const send of run.sends) {
      const [ack] = send.answers;
      if (send.kind !== 'set' || ack?.kind !== 'ack' || send.ttl || send.bound
        || send.room !== stay.room
        || ack.epoch !== undefined && ack.epoch !== stay.periods.at(-1).epoch)
        continue;
      // Versions are a node's own [P-4.17].
      if (run.connections.get(send.c).node !== stay.node) continue;
      if (!(newest.get(send.key)?.ack.version > ack.version))
        newest.set(send.key, { send, ack });
    }
    for (const [key, { send, ack }] of newest) {
      const have = values.get(key);
      if ((have?.version ?? 0) < ack.version)
        yield [`has version ${have?.version ?? 'none'} of ${key}`,
          send, ack, stay.joined];
      else if (have.version === ack.version && !same(have.value, send.value))
        yield [`has another value of ${key}`, send, ack, stay.joined];
    }
  }
}

/** What keys hold by what a member was told; and what came too late. */
export function foldState(steps) {
  let values = new Map();
  let epoch;
  const older = [];
  const take = (witness, changes) => {
    for (const { key, value, version } of changes) {
      if (values.get(key)?.version > version) older.push(witness);
      values.set(key, { value, version });
    }
  };
  for (const step of steps) {
    if (step.kind === 'joined') {
      // Nobody asked for it: state is as it was [P-4.19].
      const turned = step.reason === 'epoch' && step.since === undefined;
      if (step.epoch !== epoch && !turned) values = new Map();
      ({ epoch } = step);
      if (step.state) take(step, step.state);
    }
    if (step.kind === 'state') {
      const before = values;
      take(step, step.changes);
      if (step.whole)
        values = new Map([...before].filter(([key]) =>
          step.changes.some((change) => change.key === key)));
    }
  }
  return { values, older };
}

/** A deleted key is no key; versions are a node's own [P-4.17]. */
const canonical = (values) => [...values]
  .filter(([, { value }]) => value !== null)
  .map(([key, { value }]) => [key, value])
  .sort(([a], [b]) => (a < b ? -1 : 1));
