// Members of `/relay` rooms. The node never speaks there, so that a member is
// in its room shows only by what reaches it.

import { dial } from './client.mjs';
import { SOON, eventually } from './wait.mjs';

let meetings = 0;

/** Sends probes by `say` until each of `listeners` has got one. */
export async function heard(say, listeners) {
  if (listeners.length === 0) return; // What is said now, the next would hear.
  const name = `probe ${++meetings}`;
  const got = (listener, what) => listener.received.some(
    (item) => item.type === 'frame' && item.bytes.toString() === what);
  await eventually(`${name} reaches all`, () => {
    if (listeners.every((listener) => got(listener, name))) return true;
    say(name);
    return false;
  });
  // Order is kept, so behind this one no probe is on its way.
  say(`${name} ends`);
  await Promise.all(listeners.map((listener) =>
    listener.next((item) => item.bytes?.toString() === `${name} ends`)));
  for (const listener of listeners)
    for (const item of listener.inbox.fresh)
      if (item.bytes?.toString() === name)
        await listener.next((i) => i === item);
}

/** `count` members of one relay room that all hear each other. */
export async function relayMembers(t, node, room, count, options = {}) {
  const members = [];
  for (let i = 0; i < count; ++i) {
    const member = dial(t, [node].flat()[i % [node].flat().length],
      { path: '/relay', query: { room }, ...options });
    await member.opened;
    members.push(member);
  }
  for (const member of members)
    await heard((what) => member.sendFrame(what),
      members.filter((other) => other !== member));
  return members;
}

/** The next `count` frames as [isBinary, text]. */
export async function frames(member, count, ms = SOON) {
  const got = [];
  for (let i = 0; i < count; ++i) {
    const { isBinary, bytes } = await member.next('frame', ms);
    got.push([isBinary, bytes.toString()]);
  }
  return got;
}
