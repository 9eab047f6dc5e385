// Conformance is seen from two sides: what a raw client sends into a relay
// room, and what another member gets of it.

import assert from 'node:assert/strict';

import { OP, close, text } from './frames.mjs';
import { connectRaw } from './raw.mjs';
import { heard, relayMembers } from './relay.mjs';

let rooms = 0;

/** A raw sender and a well-behaved receiver in a room of their own. */
export async function pair(t, node) {
  const room = `pair-${++rooms}`;
  const [receiver] = await relayMembers(t, node, room, 1);
  const sender = await connectRaw(t, node, `/relay?room=${room}`);
  await heard((what) => sender.write(text(what)), [receiver]);
  return { sender, receiver };
}

/** The receiver's next frame is exactly this. */
export async function arrives(receiver, opcode, payload) {
  const { isBinary, bytes } = await receiver.next('frame');
  assert.equal(isBinary, opcode === OP.binary, 'text and binary are mixed up');
  assert.ok(bytes.equals(Buffer.from(payload)),
    `${bytes.length} bytes came: ${bytes.subarray(0, 80)}`);
}

/** The sender is served as ever: its next message arrives next. */
export async function livesOn({ sender, receiver }) {
  sender.write(text('lives on'));
  await arrives(receiver, OP.text, 'lives on');
  sender.write(close(1000));
  assert.equal((await sender.next({ opcode: OP.close })).code, 1000);
  await sender.endsInOrder();
}

/**
 * `bytes`, sent in one piece between two good messages, end the connection
 * with `code`: the first message arrives, the ping and text behind do not.
 */
export async function violates(t, node, bytes, code) {
  const { sender, receiver } = await pair(t, node);
  sender.write(Buffer.concat([text('before'), bytes]));
  await arrives(receiver, OP.text, 'before');
  const last = await sender.closes(code);
  assert.deepEqual(receiver.inbox.fresh, [], 'something was relayed');
  assert.equal((await receiver.close()).code, 1000);
  return last;
}
