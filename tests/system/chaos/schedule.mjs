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
 * `say`, `join` and `leave` of a member, and faults with the time that they
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
    const dice = random.below(100);
    const what = dice < 1 ? 'leave' : dice < 4 ? 'join'
      : state && dice < 14 ? 'set' : 'say';
    operations.push({ at, what, member, room });
    if (pause === 1 && random.below(2) === 0) ++at;
  }
}

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
