// [P-7] Every limit, and what is beyond it.

import assert from 'node:assert/strict';

import { encode } from '@msgpack/msgpack';

import { MSGPACK_V1, connect, dial } from './support/client.mjs';
import { OP, begin, frame, more, text } from './support/frames.mjs';
import { openNode } from './support/node.mjs';
import { connectRaw } from './support/raw.mjs';
import { relayMembers } from './support/relay.mjs';
import { roomOf } from './support/rooms.mjs';
import { shared, test } from './support/test.mjs';

const BYTES = 1024;
const small = shared((file) =>
  openNode(file, { 'limits.message-bytes': BYTES }));

/** A ping that is exactly `bytes` long. */
const padded = (bytes) =>
  `{"type":"ping","pad":"${'x'.repeat(bytes - 24)}"}`;

test('[P-7] a message of exactly limits.message-bytes is good', async (t) => {
  const client = await connect(t, await small());
  assert.equal(padded(BYTES).length, BYTES);
  client.sendFrame(padded(BYTES));
  await client.next('pong');
});

test('[P-7] a message of one byte more closes with 1009', async (t) => {
  const client = await connect(t, await small());
  client.sendFrame(padded(BYTES + 1));
  await client.closes(1009);
});

test('[P-7] fragments that add up to more close with 1009', async (t) => {
  const client = await connectRaw(t, await small(), '/ws');
  await client.next({ opcode: OP.text });
  client.write(begin(OP.text, 'x'.repeat(BYTES / 2)));
  client.write(more('x'.repeat(BYTES / 2), { fin: false }));
  client.write(more('x', { fin: false }));
  await client.closes(1009);
});

for (const [what, announced] of [
  ['64 KiB', 65_536], ['2 GiB', 2n ** 31n], ['2^62 bytes', 2n ** 62n],
])
  test(`[P-7] a frame that announces ${what} closes with 1009 at once`,
    async (t) => {
      const client = await connectRaw(t, await small(), '/ws');
      await client.next({ opcode: OP.text });
      client.write(frame(OP.text, '', { announced, lengthForm: 64 }));
      await client.closes(1009);
    });

test('[P-7] the limit holds on /relay and harms nobody else', async (t) => {
  const [ada, bob, cid] = await relayMembers(t, await small(), 'limit', 3);
  ada.sendFrame(Buffer.alloc(BYTES + 1));
  await ada.closes(1009);
  bob.sendFrame(Buffer.alloc(BYTES, 7));
  assert.equal((await cid.next('frame')).bytes.length, BYTES);
});

test('[P-7] 64 KiB is the limit by default', async (t) => {
  const client = await connect(t, await openNode(t));
  client.sendFrame(padded(65_536));
  await client.next('pong');
  client.sendFrame(padded(65_537));
  await client.closes(1009);
});

/** A message that nests `depth` levels, itself being the first. */
const nested = (depth, fields = {}) => {
  let data = 7;
  for (let i = 1; i < depth; ++i) data = i % 2 ? [data] : { a: data };
  return { type: 'message', roomId: 'deep', ...fields, data };
};

for (const [name, protocol] of [
  ['JSON', undefined], ['MessagePack', MSGPACK_V1]])
  test(`[P-7] ${name} nests up to 64 levels, deeper is a bad_message`,
    async (t) => {
      const node = await openNode(t);
      const [ada, bob] = await roomOf(t, node, 'deep', 2, { protocol });
      assert.equal((await ada.request(nested(64))).type, 'ack');
      await bob.next('message');
      const error = await ada.refused('bad_message', nested(65));
      assert.match(error.message, /depth|nest|deep/i);
      // Also where nobody would look at the value.
      const { data } = nested(66);
      await ada.refused('bad_message', { type: 'ping', ignored: data });
      const raw = protocol ? encode(nested(5)) : JSON.stringify(nested(5));
      ada.sendFrame(raw);
      await bob.next('message');
    });

test('[P-7] limits.message-depth sets the depth', async (t) => {
  const node = await openNode(t, { 'limits.message-depth': 3 });
  const [ada] = await roomOf(t, node, 'deep', 1);
  assert.equal((await ada.request(nested(3))).type, 'ack');
  await ada.refused('bad_message', nested(4));
});

test('[P-7] a connection may be in so many rooms and no more', async (t) => {
  const node = await openNode(t, { 'limits.rooms-per-connection': 3 });
  const [ada] = await roomOf(t, node, 'r1', 1);
  await ada.join('r2');
  await ada.join('r3');
  const error = await ada.request({ type: 'join_room', roomId: 'r4' });
  assert.equal(error.type, 'error');
  assert.equal(error.roomId, 'r4');
  await ada.join('r3');
  await ada.request({ type: 'leave_room', roomId: 'r1' });
  await ada.join('r4');
});

test('[P-7] a connection may be in 128 rooms by default', async (t) => {
  const node = await openNode(t, { 'limits.messages-per-second': 0 });
  const ada = await connect(t, node);
  for (let i = 0; i < 128; ++i) await ada.join(`room ${i}`);
  const error = await ada.request({ type: 'join_room', roomId: 'one more' });
  assert.equal(error.type, 'error');
  await ada.say('room 127', 'x');
});

test('[P-7] rooms asked for at once are counted before they are joined',
  async (t) => {
    const node = await openNode(t, { 'limits.rooms-per-connection': 3 });
    const ada = await connect(t, node,
      { query: Array.from({ length: 5 }, (_, i) => ['room', `r${i}`]) });
    for (let i = 0; i < 3; ++i) await ada.next('joined');
    for (let i = 0; i < 2; ++i) await ada.next('error');
    await ada.lives();
    assert.equal(ada.all('joined').length, 3);
  });

test('[P-5.2] a node with as many connections as it may have says 1013',
  async (t) => {
    const node = await openNode(t, { 'net.connections': 2 });
    const first = await connect(t, node);
    await connect(t, node);
    const late = dial(t, node);
    await late.closes(1013);
    await first.close();
    await node.event('connection.closed', { connection: first.connectionId });
    await (await connect(t, node)).lives();
  });

test('[P-7] text that is one code point over the limit closes with 1009',
  async (t) => {
    const client = await connectRaw(t, await small(), '/ws');
    await client.next({ opcode: OP.text });
    client.write(text('é'.repeat(BYTES / 2) + 'é'));
    await client.closes(1009);
  });
