// Rooms of the whole cluster, put together from what each node has of them.

import { order } from './order.js';

/** One of the node's own: names of clients hold no control characters. */
export const isOwnRoom = (name) => name.startsWith('\u0001');

const isRoom = ({ kind, name }) => kind === 'room' && !isOwnRoom(name);

/**
 * [{name, parts: [{life, actor}], members, here, restarts, mailbox, rate,
 *   down}]; `rate` is undefined where no node counts the room as busy, and
 * `members` where events alone tell of it.
 */
export function roomList(cluster) {
  const rooms = new Map();
  for (const life of cluster.nodes.values()) {
    if (life.goneAt !== null) continue;
    for (const actor of life.actors.all.values()) {
      if (!isRoom(actor)) continue;
      let room = rooms.get(actor.name);
      if (!room) rooms.set(actor.name, room = { name: actor.name, parts: [],
        members: undefined, restarts: 0, mailbox: 0, down: 0,
        rate: undefined });
      room.parts.push({ life, actor });
      // Each node knows all members; who asked last knows best.
      const members = membersOf(actor);
      if (members !== undefined)
        room.members = Math.max(room.members ?? 0, members);
      room.restarts += actor.restarts;
      room.mailbox += actor.mailbox;
      room.down += actor.state === 'alive' ? 0 : 1;
    }
    for (const { name, rate } of life.figures?.busiest ?? []) {
      const room = rooms.get(name);
      // Every node with members counts what is said in it: not to be added.
      if (room) room.rate = Math.max(room.rate ?? 0, rate);
    }
  }
  return [...rooms.values()];
}

/** A node that lists a room leaves out counts that are 0. */
const membersOf = ({ members, here, listedAt }) =>
  members ?? here ?? (listedAt < 0 ? undefined : 0);

const BY = {
  name: (a, b) => order(a.name, b.name),
  members: (a, b) => (a.members ?? -1) - (b.members ?? -1),
  rate: (a, b) => (a.rate ?? -1) - (b.rate ?? -1),
  restarts: (a, b) => a.restarts - b.restarts,
  mailbox: (a, b) => a.mailbox - b.mailbox,
  nodes: (a, b) => a.parts.length - b.parts.length,
};

/** `-members` is by members, the most first. Rooms that are down come first. */
export function sortRooms(rooms, by) {
  const sign = by.startsWith('-') ? -1 : 1;
  const compare = BY[by.replace(/^-/, '')] ?? BY.name;
  return rooms.sort((a, b) => b.down - a.down || sign * compare(a, b)
    || BY.name(a, b));
}

/** How many rooms the nodes have not listed: those of their keepers. */
export function unlistedRooms(cluster) {
  let more = 0;
  for (const life of cluster.nodes.values())
    for (const actor of life.actors.all.values())
      if (actor.kind === 'keeper') more += life.actors.countUnknown(actor);
  return more;
}

/**
 * {count, isWhole}: each room once, on however many nodes it is; where not all
 * are listed, the largest number that is sure.
 */
export function roomCount(cluster) {
  const names = new Set();
  let most = 0;
  let isWhole = cluster.nodes.size > 0;
  for (const life of cluster.nodes.values()) {
    if (life.goneAt !== null) continue;
    isWhole &&= life.actors.isWhole;
    most = Math.max(most, life.figures?.rooms ?? 0);
    for (const actor of life.actors.all.values()) {
      if (isRoom(actor) && !actor.isUnlisted) names.add(actor.name);
      if (actor.kind === 'keeper' && actor.more > 0) isWhole = false;
    }
  }
  return { isWhole, count: isWhole ? names.size : Math.max(most, names.size) };
}
