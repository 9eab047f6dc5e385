// [P-3.17] [P-4.6] The state of a room.

import assert from 'node:assert/strict';

import { MSGPACK_V1, connect } from './support/client.mjs';
import { openNode } from './support/node.mjs';
import { roomOf } from './support/rooms.mjs';
import { shared, test } from './support/test.mjs';

const open = shared((t) =>
  openNode(t, { 'limits.messages-per-second': 0 }));

function set(client, roomId, key, value, fields = {}) {
  return client.request({ type: 'set_state', roomId, key, value, ...fields });
}

/** What a client holds of a room, from all that it was told. */
function held(client, roomId) {
  const state = new Map();
  const put = ({ key, value }) =>
    (value === null ? state.delete(key) : state.set(key, value));
  for (const message of client.received) {
    if (message.roomId !== roomId) continue;
    if (message.type === 'joined' || message.whole) state.clear();
    for (const each of message.changes ?? message.state ?? []) put(each);
  }
  return Object.fromEntries([...state].sort());
}

test('[P-4.6] everybody ends with the same state', async (t) => {
  const node = await open();
  const clients = await roomOf(t, node, 'same', 4);
  const versions = [];
  for (let i = 0; i < 60; ++i) {
    const { version } = await set(clients[i % 4], 'same', `k${i % 7}`,
      i % 5 === 0 ? null : { i });
    versions.push(version);
  }
  const late = await connect(t, node, { protocol: MSGPACK_V1 });
  await late.join('same');
  await set(clients[0], 'same', 'last', true);
  for (const client of [...clients, late])
    await client.next((m) => m.type === 'state'
      && m.changes.some(({ key }) => key === 'last'));
  const wanted = held(clients[0], 'same');
  assert.ok(Object.keys(wanted).length > 3);
  for (const client of [...clients, late])
    assert.deepEqual(held(client, 'same'), wanted);
  assert.deepEqual(versions, [...versions].sort((a, b) => a - b));
});

test('[P-4.6] of many who compare and set, one wins', async (t) => {
  const clients = await roomOf(t, await open(), 'lock', 6);
  const answers = await Promise.all(clients.map((client, i) =>
    set(client, 'lock', 'owner', i, { ifVersion: 0 })));
  const winners = answers.filter(({ type }) => type === 'ack');
  assert.equal(winners.length, 1);
  for (const { type, code, version, value } of answers) {
    if (type === 'ack') continue;
    assert.equal(code, 'conflict');
    assert.equal(version, winners[0].version);
    assert.equal(value, answers.indexOf(winners[0]));
  }
});

test('[P-4.6] a bound key goes away with its connection', async (t) => {
  const [ada, bob] = await roomOf(t, await open(), 'bound', 2);
  await set(ada, 'bound', 'cursor', [1, 2], { bound: true });
  await bob.next('state');
  await ada.close();
  const { changes } = await bob.next('state');
  assert.deepEqual(changes.map(({ key, value }) => [key, value]),
    [['cursor', null]]);
});

test('[P-3.17] a key lives as long as it was told to', async (t) => {
  const [ada, bob] = await roomOf(t, await open(), 'ttl', 2);
  await set(ada, 'ttl', 'brief', 1, { ttl: 50 });
  assert.equal((await bob.next('state')).changes[0].value, 1);
  assert.equal((await bob.next('state')).changes[0].value, null);
});

test('[P-4.6] a client that stops reading costs a number, not a queue',
  async (t) => {
    const [ada, slow] = await roomOf(t, await open(), 'slow', 2);
    slow.socket.pause();
    const value = 'x'.repeat(8_000);
    // Far more than a socket, and `limits.unsent-bytes`, take.
    for (let i = 0; i < 1_500; i += 50)
      await Promise.all(Array.from({ length: 50 }, (_, j) =>
        set(ada, 'slow', `k${j % 4}`, `${i + j}${value}`)
          .then(({ type }) => assert.equal(type, 'ack'))));
    slow.socket.resume();
    await set(ada, 'slow', 'end', 1);
    await slow.next((m) => m.type === 'state'
      && m.changes.some(({ key }) => key === 'end'));
    assert.deepEqual(held(slow, 'slow'), held(ada, 'slow'));
    assert.ok(slow.all('state').length < 1_400, 'it was told everything');
  });
