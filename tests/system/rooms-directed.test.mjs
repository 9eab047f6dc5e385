// [P-3.7] Messages to some members only.

import assert from 'node:assert/strict';

import { connect } from './support/client.mjs';
import { openNode } from './support/node.mjs';
import { roomOf } from './support/rooms.mjs';
import { shared, test } from './support/test.mjs';
import { token } from './support/tokens.mjs';

const open = shared(openNode);

test('[P-3.7] a connection id names one connection', async (t) => {
  const [ada, bob, cid] = await roomOf(t, await open(), 'whisper', 3);
  const ack = await ada.say('whisper', 'psst',
    { id: 'd1', to: [bob.connectionId] });
  assert.deepEqual(ack,
    { type: 'ack', id: 'd1', roomId: 'whisper', delivered: 1 });
  const message = await bob.next('message');
  assert.equal(message.text, 'psst');
  assert.equal(message.userId, ada.userId);
  assert.equal('offset' in message, false);
  await ada.say('whisper', 'all');
  assert.equal((await cid.next('message')).text, 'all');
});

test('[P-3.7] a user id names all connections of the user', async (t) => {
  const node = await open();
  const bob = { query: { token: token('bob') } };
  const [ada, cid] = await roomOf(t, node, 'user', 2);
  const [tab1, tab2] = await roomOf(t, node, 'user', 2, bob);
  const elsewhere = await connect(t, node, bob);
  const ack = await ada.say('user', 'psst', { to: ['bob'] });
  assert.equal(ack.delivered, 2);
  for (const tab of [tab1, tab2])
    assert.equal((await tab.next('message')).text, 'psst');
  await ada.say('user', 'all');
  assert.equal((await cid.next('message')).text, 'all');
  await elsewhere.lives();
  assert.deepEqual(elsewhere.all('message'), []);
});

test('[P-3.7] a recipient that is named twice gets it once', async (t) => {
  const [ada, bob] = await roomOf(t, await open(), 'double', 2);
  const ack = await ada.say('double', 'psst',
    { to: [bob.userId, bob.connectionId, bob.userId] });
  assert.equal(ack.delivered, 1);
  await ada.say('double', 'all');
  assert.equal((await bob.next('message')).text, 'psst');
  assert.equal((await bob.next('message')).text, 'all');
});

test('[P-3.7] who is not in the room is not reached', async (t) => {
  const node = await open();
  const [ada] = await roomOf(t, node, 'members', 1);
  const outsider = await connect(t, node);
  const ack = await ada.say('members', 'psst',
    { to: [outsider.connectionId, 'nobody'] });
  assert.equal(ack.delivered, 0);
  await outsider.lives();
  assert.deepEqual(outsider.all('message'), []);
});

test('[P-3.7] a directed message takes no offset', async (t) => {
  const [ada, bob] = await roomOf(t, await open(), 'nolog', 2);
  const before = await ada.say('nolog', 'one');
  await ada.say('nolog', 'psst', { to: [bob.connectionId] });
  const after = await ada.say('nolog', 'two');
  assert.equal(after.offset, before.offset + 1);
});

test('[P-3.7] a directed message keeps its place among the others',
  async (t) => {
    const [ada, bob] = await roomOf(t, await open(), 'place', 2);
    for (let i = 0; i < 50; ++i)
      ada.send({ type: 'message', roomId: 'place', data: i,
        ...(i % 2 && { to: [bob.userId] }) });
    for (let i = 0; i < 50; ++i)
      assert.equal((await bob.next('message')).data, i);
  });

for (const to of [[], [7], {}, 7, [''], ['a\n']])
  test(`[P-3.7] to ${JSON.stringify(to)} is a bad_message`, async (t) => {
    const [ada] = await roomOf(t, await open(), 'badto', 1);
    const error = await ada.refused('bad_message',
      { type: 'message', roomId: 'badto', text: 'x', to });
    assert.match(error.message, /\bto\b/);
  });

test('[P-3.7] to needs membership as any message does', async (t) => {
  const node = await open();
  const [bob] = await roomOf(t, node, 'closed', 1);
  const ada = await connect(t, node);
  await ada.refused('not_in_room', { type: 'message', roomId: 'closed',
    text: 'x', to: [bob.connectionId] });
});
