// [P-3.3], [P-3.5], [P-4.1] Messages reach the others, in order, each once.

import assert from 'node:assert/strict';

import { MSGPACK_V1, connect } from './support/client.mjs';
import { openNode } from './support/node.mjs';
import { roomOf } from './support/rooms.mjs';
import { shared, test } from './support/test.mjs';

const open = shared(openNode);

test('[P-3.3] a message goes to every member but its sender', async (t) => {
  const [ada, bob, cid] = await roomOf(t, await open(), 'others', 3);
  await ada.say('others', 'hello');
  for (const client of [bob, cid]) {
    const message = await client.next('message');
    assert.equal(message.roomId, 'others');
    assert.equal(message.userId, ada.userId);
    assert.equal(message.text, 'hello');
    assert.equal('data' in message, false);
  }
  // What Bob says comes after it, so an echo to Ada would be here before.
  await bob.say('others', 'answer');
  assert.equal((await ada.next('message')).text, 'answer');
  assert.equal(ada.all('message').length, 1);
});

test('[P-3.3] a message reaches nobody outside its room', async (t) => {
  const node = await open();
  const [ada, bob] = await roomOf(t, node, 'inside', 2);
  const [eve, fay] = await roomOf(t, node, 'outside', 2);
  await ada.say('inside', 'secret');
  await bob.next('message');
  await fay.say('outside', 'public');
  assert.equal((await eve.next('message')).text, 'public');
  assert.equal(eve.all('message').length, 1);
});

test('[P-3.3] the ack tells id, room and position', async (t) => {
  const [ada, bob] = await roomOf(t, await open(), 'acks', 2);
  const { epoch, offset } = await ada.join('acks');
  const ack = await ada.say('acks', 'x', { id: 'm1' });
  assert.deepEqual(ack,
    { type: 'ack', id: 'm1', roomId: 'acks', epoch, offset: offset + 1 });
  assert.equal((await bob.next('message')).offset, offset + 1);
});

test('[P-3.3] without an id there is no ack', async (t) => {
  const [ada, bob] = await roomOf(t, await open(), 'noack', 2);
  ada.send({ type: 'message', roomId: 'noack', text: 'one' });
  await bob.next('message');
  await ada.say('noack', 'two');
  await ada.lives();
  assert.equal(ada.all('ack').length, 1);
});

for (const id of ['', 'x'.repeat(128), '☃', 0, -1, 42,
  Number.MAX_SAFE_INTEGER])
  test(`[P-3] the id ${JSON.stringify(id).slice(0, 24)} is repeated`,
    async (t) => {
      const [ada] = await roomOf(t, await open(), 'ids', 1);
      for (const message of [{ type: 'ping' },
        { type: 'join_room', roomId: 'ids' },
        { type: 'presence', roomId: 'ids' },
        { type: 'message', roomId: 'ids', text: 'x' },
        { type: 'join_room', roomId: '' },
        { type: 'no_such_type' }]) {
        ada.send({ ...message, id });
        const answer = await ada.next((m) => 'id' in m);
        assert.strictEqual(answer.id, id, answer.type);
      }
    });

for (const id of [1.5, true, null, {}, [], 'x'.repeat(129)])
  test(`[P-3] the id ${JSON.stringify(id).slice(0, 24)} is a bad_message`,
    async (t) => {
      const client = await connect(t, await open());
      client.send({ type: 'ping', id });
      const error = await client.next('error');
      assert.equal(error.code, 'bad_message');
      assert.match(error.message, /\bid\b/);
      assert.equal('id' in error, false);
    });

test('[P-3.5] a timestamp that is a number is passed on', async (t) => {
  const [ada, bob] = await roomOf(t, await open(), 'clock', 2);
  for (const timestamp of [0, 1700000000000, -5, 1.25]) {
    await ada.say('clock', 'x', { timestamp });
    assert.equal((await bob.next('message')).timestamp, timestamp);
  }
});

test('[P-3.5] otherwise the node stamps the message', async (t) => {
  const [ada, bob] = await roomOf(t, await open(), 'stamp', 2);
  for (const timestamp of [undefined, 'noon', true, null, [1]]) {
    const before = Date.now();
    await ada.say('stamp', 'x', { timestamp });
    const message = await bob.next('message');
    assert.ok(Number.isInteger(message.timestamp));
    assert.ok(message.timestamp >= before - 1000
      && message.timestamp <= Date.now() + 1000);
  }
});

test('[P-3] event names go along', async (t) => {
  const [ada, bob] = await roomOf(t, await open(), 'events', 2);
  await ada.say('events', 'x', { event: 'cursor:moved ☃' });
  assert.equal((await bob.next('message')).event, 'cursor:moved ☃');
  await ada.say('events', 'y');
  assert.equal('event' in await bob.next('message'), false);
});

for (const [what, fields, field] of [
  ['neither text nor data', {}, /text|data/],
  ['both text and data', { text: 'x', data: 1 }, /text|data/],
  ['a text that is no string', { text: 7 }, /text/],
  ['an event that is no string', { text: 'x', event: 7 }, /event/],
  ['an endless event', { text: 'x', event: 'x'.repeat(257) }, /event/],
])
  test(`[P-3] a message with ${what} is a bad_message`, async (t) => {
    const [ada] = await roomOf(t, await open(), 'bad', 1);
    const error = await ada.refused('bad_message',
      { type: 'message', roomId: 'bad', ...fields });
    assert.match(error.message, field);
    assert.equal(error.roomId, 'bad');
  });

test('[P-3.6] unknown fields are ignored and not passed on', async (t) => {
  const [ada, bob] = await roomOf(t, await open(), 'unknown', 2);
  await ada.say('unknown', 'x',
    { offset: 99, connectionId: 'fake', admin: true, extra: { deep: [] } });
  const message = await bob.next('message');
  assert.notEqual(message.offset, 99);
  assert.deepEqual(Object.keys(message).sort(),
    ['offset', 'roomId', 'text', 'timestamp', 'type', 'userId']);
});

test('[P-4.1] messages arrive in the order of offset, each once, no jump',
  async (t) => {
    const count = 200;
    const node = await openNode(t, { 'limits.messages-per-second': 0 });
    const clients = [
      ...await roomOf(t, node, 'order', 3),
      ...await roomOf(t, node, 'order', 2, { protocol: MSGPACK_V1 }),
    ];
    const first = await clients[0].say('order', 'the first');
    for (const client of clients.slice(1)) await client.next('message');
    for (let i = 0; i < count; ++i)
      for (const [who, client] of clients.entries())
        client.send({ type: 'message', roomId: 'order', id: i,
          data: { who, i } });
    for (const [who, client] of clients.entries()) {
      const offsets = [];
      const seen = clients.map(() => 0);
      for (let n = 0; n < count * (clients.length - 1); ++n) {
        const { data, offset } = await client.next('message');
        assert.equal(data.i, seen[data.who]++, `sender ${data.who} in order`);
        assert.ok(offset > (offsets.at(-1) ?? first.offset), 'rising');
        offsets.push(offset);
      }
      assert.equal(seen[who], 0, 'nothing of its own');
      for (let i = 0; i < count; ++i)
        offsets.push((await client.next({ type: 'ack', id: i })).offset);
      // Others' messages and own acks together are every offset there was.
      assert.deepEqual(offsets.sort((a, b) => a - b),
        offsets.map((_, i) => first.offset + 1 + i));
    }
  });

test('[P-6.2] ping is answered by pong, with the id', async (t) => {
  const client = await connect(t, await open());
  assert.deepEqual(await client.request({ type: 'ping', id: 9 }),
    { type: 'pong', id: 9 });
  client.send({ type: 'ping' });
  assert.deepEqual(await client.next('pong'), { type: 'pong' });
});
