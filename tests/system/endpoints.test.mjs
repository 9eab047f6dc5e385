// [P-1] What the node serves, and where.

import assert from 'node:assert/strict';

import { JSON_V1, MSGPACK_V1, connect, dial } from './support/client.mjs';
import { OP } from './support/frames.mjs';
import { openNode } from './support/node.mjs';
import { dialRaw, upgradeRequest } from './support/raw.mjs';
import { relayMembers } from './support/relay.mjs';
import { shared, test } from './support/test.mjs';

const open = shared(openNode);
const PROTOCOL = 'sec-websocket-protocol';

test('[P-1.1] a client that names no subprotocol speaks JSON', async (t) => {
  const client = await connect(t, await open());
  assert.equal(client.socket.protocol, '');
  await client.lives();
});

test('[P-1.1] greenroom.v1.json is JSON in text frames', async (t) => {
  const client = await connect(t, await open(), { protocol: JSON_V1 });
  assert.equal(client.socket.protocol, JSON_V1);
  await client.lives();
});

test('[P-1.1] greenroom.v1.msgpack is MessagePack in binary frames',
  async (t) => {
    const client = await connect(t, await open(), { protocol: MSGPACK_V1 });
    assert.equal(client.socket.protocol, MSGPACK_V1);
    await client.lives();
  });

test('[P-1.1] of several subprotocols the first known one is agreed on',
  async (t) => {
    for (const [offer, agreed] of [
      [`${JSON_V1}, ${MSGPACK_V1}`, JSON_V1],
      [`chat, ${MSGPACK_V1}`, MSGPACK_V1],
      [`chat ,${MSGPACK_V1} , ${JSON_V1}`, MSGPACK_V1],
      [['chat', MSGPACK_V1], MSGPACK_V1], // Two header lines are one list.
    ]) {
      const client = await dialRaw(t, await open());
      const { headers } = await client.upgrade('/ws', { [PROTOCOL]: offer });
      assert.equal(headers[PROTOCOL], agreed, String(offer));
      const first = await client.next();
      assert.equal(first.opcode, agreed === JSON_V1 ? OP.text : OP.binary);
    }
  });

test('[P-1.1] subprotocols that the node does not know are refused',
  async (t) => {
    const client = await dialRaw(t, await open());
    client.write(upgradeRequest('/ws',
      { [PROTOCOL]: 'chat, greenroom.v9.json' }));
    const { status, body } = await client.response();
    // Agreed to nothing, the client's library would fail with less to go by.
    assert.equal(status, 400);
    assert.match(body, /greenroom\.v1\.json/);
  });

test('[P-1.2] each `room` of the query is joined right after authentication',
  async (t) => {
    const node = await open();
    const client = await connect(t, node,
      { query: [['room', 'red'], ['room', 'Grün & blau']] });
    const rooms = [await client.next('joined'), await client.next('joined')];
    assert.deepEqual(rooms.map((r) => r.roomId), ['red', 'Grün & blau']);
    assert.equal(client.received[0].type, 'auth_success');
    await client.say('Grün & blau', 'here');
  });

test('[P-1.2] a bad `room` of the query is an error, the others are joined',
  async (t) => {
    const client = await connect(t, await open(),
      { query: [['room', 'x'.repeat(257)], ['room', 'fine']] });
    const error = await client.next('error');
    assert.equal(error.code, 'bad_message');
    assert.equal((await client.next('joined')).roomId, 'fine');
    assert.equal(client.received[0].type, 'auth_success');
  });

test('[P-1.3] /relay without a room is accepted and closed with 4000',
  async (t) => {
    const client = dial(t, await open(), { path: '/relay' });
    await client.opened;
    await client.closes(4000, 'Missing room');
  });

test('[P-1.3] /ws without a room is closed with 4000 where it is required',
  async (t) => {
    const node = await openNode(t, { 'rooms.require-room': true });
    const without = dial(t, node);
    await without.opened;
    await without.closes(4000, 'Missing room');
    const within = await connect(t, node, { query: { room: 'lobby' } });
    assert.equal((await within.next('joined')).roomId, 'lobby');
  });

test('[P-1.3] /ws without a room stays open where none is required',
  async (t) => {
    await (await connect(t, await open())).lives();
  });

test('[P-1] rooms of /ws and of /relay that share a name are two rooms',
  async (t) => {
    const node = await open();
    const talker = await connect(t, node);
    const listener = await connect(t, node);
    await talker.join('twin');
    await listener.join('twin');
    const [sender, receiver] = await relayMembers(t, node, 'twin', 2);
    sender.sendFrame('raw');
    await receiver.next((item) => item.bytes.toString() === 'raw');
    await talker.say('twin', 'said');
    assert.equal((await listener.next('message')).text, 'said');
    // Both rooms have delivered: what crossed over would be here by now.
    sender.sendFrame('raw again');
    const next = await receiver.next('frame');
    assert.equal(next.bytes.toString(), 'raw again');
    assert.equal(listener.all('message').length, 1);
  });
