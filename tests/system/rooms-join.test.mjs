// [P-3.1], [P-3.2], [P-4] Coming into rooms and leaving them.

import assert from 'node:assert/strict';

import { MSGPACK_V1, connect } from './support/client.mjs';
import { openNode, startNode } from './support/node.mjs';
import { shared, test } from './support/test.mjs';
import { token } from './support/tokens.mjs';

const open = shared(openNode);

test('[P-4] joined tells the order, the position and who is there',
  async (t) => {
    const node = await open();
    const ada = await connect(t, node);
    const first = await ada.join('told', { id: 'j1' });
    assert.equal(first.type, 'joined');
    assert.equal(first.id, 'j1');
    assert.equal(first.roomId, 'told');
    assert.equal(first.order, 'total');
    assert.equal(typeof first.epoch, 'string');
    assert.notEqual(first.epoch, '');
    assert.ok(Number.isInteger(first.offset));
    assert.equal('recovered' in first, false);
    const { offset } = await ada.say('told', 'one');
    const bob = await connect(t, node);
    const second = await bob.join('told');
    assert.equal(second.epoch, first.epoch);
    assert.equal(second.offset, offset);
    assert.equal(second.memberCount, 2);
    const ids = second.members.map((m) => m.connectionId).sort();
    assert.deepEqual(ids, [ada.connectionId, bob.connectionId].sort());
    for (const { connectionId, userId } of second.members)
      assert.equal(userId,
        connectionId === ada.connectionId ? ada.userId : bob.userId);
  });

test('[P-4] a newcomer is sent what comes after its joined and nothing before',
  async (t) => {
    const node = await open();
    const ada = await connect(t, node);
    await ada.join('fresh');
    await ada.say('fresh', 'before');
    const bob = await connect(t, node);
    await bob.join('fresh');
    await ada.say('fresh', 'after');
    assert.equal((await bob.next('message')).text, 'after');
    const seen = bob.received.filter((m) => m.roomId === 'fresh');
    assert.equal(seen[0].type, 'joined');
  });

for (const [what, roomId] of [
  ['one byte', 'x'],
  ['256 bytes', 'x'.repeat(256)],
  ['256 bytes of two-byte letters', 'é'.repeat(128)],
  ['spaces and signs', ' /?#"\\%00 ☃ 𝄞 '],
])
  test(`[P-3.1] a room id of ${what} is good`, async (t) => {
    const node = await open();
    for (const protocol of [undefined, MSGPACK_V1]) {
      const client = await connect(t, node, { protocol });
      assert.equal((await client.join(roomId)).roomId, roomId);
    }
  });

for (const [what, roomId] of [
  ['nothing', ''],
  ['257 bytes', 'x'.repeat(257)],
  ['257 bytes in fewer letters', `${'é'.repeat(128)}x`],
  ['a NUL', 'a\u0000b'],
  ['a line end', 'a\n'],
  ['a DEL', 'a\u007f'],
  ['a C1 control character', 'a\u0085'],
  ['a number', 7],
  ['null', null],
  ['a list', ['a']],
  ['no value at all', undefined],
])
  test(`[P-3.1] a room id of ${what} is a bad_message`, async (t) => {
    const client = await connect(t, await open());
    for (const type of ['join_room', 'leave_room', 'message', 'typing',
      'presence']) {
      const error = await client.refused('bad_message',
        { type, roomId, text: 'x' });
      assert.match(error.message, /roomId/);
    }
    await client.lives();
  });

test('[P-3.1] a namespace has settings of its own', async (t) => {
  const node = await openNode(t, { 'namespaces.duel.members': 2 });
  const clients = [];
  for (let i = 0; i < 3; ++i) clients.push(await connect(t, node));
  for (const client of clients) await client.join('crowd');
  for (const client of clients.slice(0, 2)) await client.join('duel:1');
  const error = await clients[2].refused('room_full',
    { type: 'join_room', roomId: 'duel:1' });
  assert.equal(error.roomId, 'duel:1');
  await clients[2].join('duel:2');
  await clients[2].join('duel');
});

test('[P-3.2] the userId of a token may be repeated, no other taken',
  async (t) => {
    const node = await startNode(t);
    const client = await connect(t, node, { query: { token: token('ada') } });
    await client.join('lobby', { userId: 'ada' });
    await client.refused('forbidden',
      { type: 'join_room', roomId: 'other', userId: 'eve' });
    await client.refused('not_in_room',
      { type: 'message', roomId: 'other', text: 'am I in?' });
  });

test('[P-3.2] an anonymous client is who it first says it is', async (t) => {
  const node = await open();
  const client = await connect(t, node);
  await client.join('names', { userId: 'Zoë' });
  const witness = await connect(t, node);
  const { members } = await witness.join('names');
  const entry = members.find((m) => m.connectionId === client.connectionId);
  assert.equal(entry.userId, 'Zoë');
  await client.say('names', 'hi');
  assert.equal((await witness.next('message')).userId, 'Zoë');
  await client.refused('forbidden',
    { type: 'join_room', roomId: 'names2', userId: 'Eve' });
  await client.join('names2', { userId: 'Zoë' });
});

test('[P-3.2] an anonymous client that gives none keeps its generated id',
  async (t) => {
    const node = await open();
    const client = await connect(t, node);
    const { members } = await client.join('unnamed');
    assert.deepEqual(members.map((m) => m.userId), [client.userId]);
  });

test('[P-3] joining twice answers twice and makes one member', async (t) => {
  const client = await connect(t, await open());
  await client.join('twice');
  const again = await client.join('twice');
  assert.equal(again.memberCount, 1);
  const witness = await connect(t, client.node);
  assert.equal((await witness.join('twice')).members.length, 2);
  await witness.say('twice', 'one');
  await witness.say('twice', 'two');
  assert.equal((await client.next('message')).text, 'one');
  assert.equal((await client.next('message')).text, 'two');
});

test('[P-3] leave_room is answered by left, and nothing comes any more',
  async (t) => {
    const node = await open();
    const [ada, bob, cid] = [await connect(t, node), await connect(t, node),
      await connect(t, node)];
    for (const client of [ada, bob, cid]) await client.join('leaving');
    const left = await ada.request(
      { type: 'leave_room', roomId: 'leaving', id: 41 });
    assert.equal(left.type, 'left');
    assert.equal(left.id, 41);
    assert.equal(left.roomId, 'leaving');
    assert.equal(left.reason, undefined);
    await bob.say('leaving', 'gone?');
    await cid.next('message');
    await ada.lives();
    assert.deepEqual(ada.all('message'), []);
    await ada.refused('not_in_room',
      { type: 'message', roomId: 'leaving', text: 'x' });
    await ada.join('leaving');
    await bob.say('leaving', 'back');
    assert.equal((await ada.next('message')).text, 'back');
  });
