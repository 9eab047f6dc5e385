// What is done in a run, and when: decided by its seed alone, before it begins.

import { randomFrom } from '../support/bystander.mjs';

/** What a fault needs for itself while it lasts, by name. */
export const FAULTS = {
  'node-kill': 'node',
  'node-stop': 'node', // SIGSTOP, then SIGCONT.
  'node-restart': 'node', // SIGTERM, and a new one.
  'redis-kill': 'redis', // It comes back empty.
  'redis-restart': 'redis', // It comes back with its data.
  'redis-rewind': 'redis', // It comes back with what it had before.
  'redis-stop': 'redis',
  'redis-flush': 'redis',
  'redis-failover': 'redis', // A replica that is behind takes its place.
  'link-cut': 'link',
  'link-refuse': 'link',
  'link-hole': 'link',
  'link-hole-up': 'link',
  'link-hole-down': 'link',
  'link-delay': 'link',
  'link-drip': 'link',
  'client-drop': 'client', // No close; it comes back elsewhere.
  'client-vanish': 'client', // Not even TCP ends, and the node has to notice.
  'client-slow': 'client',
};

/** The faults that `list` names: `all`, `none`, or names and their beginnings. */
export function faultsOf(list) {
  if (list === 'none' || list === '') return [];
  const names = Object.keys(FAULTS);
  const chosen = list.split(',').map((word) => word.trim());
  for (const word of chosen)
    if (word !== 'all' && !names.some((name) => name.startsWith(word)))
      throw new Error(`there is no fault ${word}; there are ${names.join(', ')}`);
  return names.filter((name) => chosen.some((word) =>
    word === 'all' || name.startsWith(word)));
}

/**
 * The operations of a run in the order of their time, each {at, what, …}:
 * what a member says, asks and sets, `join` and `leave`, and faults with the time that they
 * last. Milliseconds from the beginning.
 */
export function schedule({ seed, seconds, clients, nodes, rooms, faults,
  rate = 10, state = false }) {
  const end = seconds * 1000;
  const operations = [];
  // A stream of its own for each kind: other faults leave the talk as it was.
  talk(randomFrom(seed), { end, clients, rooms, rate, state }, operations);
  harm(randomFrom(seed ^ 0x5bd1e995), { end, clients, nodes, faults },
    operations);
  return operations.map((operation, i) => [operation, i])
    .sort(([a, i], [b, j]) => a.at - b.at || i - j)
    .map(([operation]) => operation);
}

function talk(random, { end, clients, rooms, rate, state }, operations) {
  const pause = Math.max(1, Math.round(2000 / (rate * clients)));
  for (let at = 0; at < end; at += random.below(pause + 1)) {
    const member = random.below(clients);
    const room = random.below(rooms);
    operations.push({ at, member, room, ...something(random, clients, state) });
    if (pause === 1 && random.below(2) === 0) ++at;
  }
}

/** What one does next: mostly, it says something to all. */
function something(random, clients, state) {
  const dice = random.below(100);
  const other = random.below(clients);
  const size = random.below(60);
  if (dice < 1) return { what: 'leave' };
  if (dice < 4) return { what: 'join' };
  if (dice < 12) return { what: 'direct', other, by: random.pick(WAYS) };
  if (dice < 18)
    return { what: 'ask', back: random.pick([undefined, size]), limit: 1 + size };
  if (!state || dice >= 34) return { what: 'say' };
  if (dice < 26) return { what: 'set', key: 'topic' };
  if (dice < 30) return { what: 'set', key: random.pick(['seat', 'seat of me']),
    how: { bound: true } };
  return { what: 'set', key: random.pick(['flash', 'flash of me']),
    how: { ttl: 100 + 50 * size } };
}

/** How a message names who is to have it. */
const WAYS = ['user', 'connection', 'both', 'several'];

function harm(random, { end, clients, nodes, faults }, operations) {
  if (faults.length === 0) return;
  const busy = new Map();
  const count = { node: nodes, link: nodes, client: clients, redis: 1 };
  for (let at = 500; at < end; at += 100 + random.below(700)) {
    const what = random.pick(faults);
    const kind = FAULTS[what];
    const index = random.below(count[kind]);
    const lasts = 200 + random.below(2500);
    const target = `${kind} ${index}`;
    // What is broken is not broken once more before it is whole.
    if ((busy.get(target) ?? 0) > at) continue;
    busy.set(target, at + lasts + 300);
    operations.push({ at, what, [kind]: index, lasts });
  }
}
