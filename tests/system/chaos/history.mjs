// What happened in a run, in the order in which this process saw it. A history
// is all that the checker knows: plain objects, one a line in a file.
//
//   run       profile, seed, …           always the first
//   open      c, client, session, node, connectionId, userId
//   close     c, how                     nothing of `c` is recorded behind it
//   joined    c, room, order, epoch, offset, since?, recovered?, reason?,
//             members?, state?
//   leave     c, room                    it asks to
//   left      c, room
//   publish   c, room, id, payload       each time that it is sent
//   ack       c, room, id, epoch, offset, duplicate?, degraded?, delivered?
//   refused   c, room, id, code
//   message   c, room, offset, payload, id?
//   direct    c, room, id, to, payload   said to some; its ack has `delivered`
//   handed    c, room, payload, id?      what came without an offset
//   ask       c, room, id, from?, limit  for what the room keeps; its answers are
//   page      c, room, id, epoch, offset, bytes, messages [{offset, payload, id?}]
//             and `refused`
//   gap       c, room, epoch, from, to
//   presence  c, room, members?, joined?, left?   (connection ids)
//   set       c, room, id, key, value, bound?, ttl?; its answers are `ack` (with version)
//             and `refused`
//   state     c, room, changes, whole?
//   degraded, healed   c, room?
//   fault     what, …                    for who reads the file
//   calm      calm                       whether faults may still be felt
//   list      c, room, members           asked for when all was quiet
//   quiet                                everybody has seen the last marker
//   unrest    what                       it did not become quiet in time
//
// `c` is one connection, `node` one life of a node (n2#3), `payload` names one
// message: it is never used again, but to send the same id in the same session.
// Nor is a `value` of `set`, but to send it again.

import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class History {
  events = [];
  #began = Date.now();
  #spoil;

  /** `spoil` may falsify what is recorded, to see that it is found out. */
  constructor(spoil = (event) => [event]) {
    this.#spoil = spoil;
  }

  record(kind, fields = {}) {
    for (const event of this.#spoil({ kind, ...fields }))
      this.events.push(
        { n: this.events.length, at: Date.now() - this.#began, ...event });
  }

  save(path) {
    writeFileSync(path,
      this.events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  }
}

/** Where the history of a run that failed is kept. */
export const keptAt = ({ profile, seed }) =>
  join(tmpdir(), `greenroom-chaos-${profile}-${seed}.jsonl`);

export function loadHistory(path) {
  return readFileSync(path, 'utf8').split('\n').filter(Boolean)
    .map((line) => JSON.parse(line));
}
