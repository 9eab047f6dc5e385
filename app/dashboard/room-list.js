// Rooms of the whole cluster, put together from what each node has of them.

import { order } from './order.js';

/**
 * [{name, parts: [{life, actor}], members, here, restarts, mailbox, rate,
 *   down}]; `rate` is undefined where no node counts the room as busy.
 */
export function roomList(cluster) {
  const rooms = new Map();
  for (const life of cluster.nodes.values()) {
    if (life.goneAt !== null) continue;
    for (const actor of life.actors.all.values()) {
      if (actor.kind !== 'room') continue;
      let room = rooms.get(actor.name);
      if (!room) rooms.set(actor.name, room = { name: actor.name, parts: [],
        members: 0, restarts: 0, mailbox: 0, down: 0, rate: undefined });
      room.parts.push({ life, actor });
      // Each node knows all members; who asked last knows best.
      room.members = Math.max(room.members, actor.members ?? actor.here ?? 0);
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

const BY = {
  name: (a, b) => order(a.name, b.name),
  members: (a, b) => a.members - b.members,
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
      if (actor.kind === 'keeper') more += actor.more;
  return more;
}
