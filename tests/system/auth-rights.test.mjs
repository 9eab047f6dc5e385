// [P-2.5] What the `rooms` claim of a token allows.

import assert from 'node:assert/strict';

import { connect } from './support/client.mjs';
import { startNode } from './support/node.mjs';
import { shared, test } from './support/test.mjs';
import { token } from './support/tokens.mjs';

const start = shared(startNode);

/** A client whose token has this `rooms` claim. */
async function as(t, sub, rooms, node) {
  return connect(t, node ?? await start(),
    { query: { token: token(sub, { rooms }) } });
}

const join = (roomId) => ({ type: 'join_room', roomId });
const say = (roomId) => ({ type: 'message', roomId, text: 'hi' });

test('[P-2.5] without a rooms claim the default rights hold', async (t) => {
  const client = await as(t, 'ada', undefined);
  const { members } = await client.join('default');
  assert.equal(members.length, 1);
  await client.say('default', 'hi');
});

test('[P-2.5] rooms.rights are the default rights', async (t) => {
  const node = await startNode(t, { 'rooms.rights': 'r' });
  const client = await as(t, 'ada', undefined, node);
  assert.equal((await client.join('lobby')).members, undefined);
  await client.refused('forbidden', say('lobby'));
});

test('[P-2.5] a room that the claim does not name is forbidden', async (t) => {
  const client = await as(t, 'ada', { lobby: 'rwp' });
  await client.join('lobby');
  for (const room of ['lobby2', 'lobb', 'Lobby', 'x:lobby']) {
    const error = await client.refused('forbidden', join(room));
    assert.equal(error.roomId, room);
  }
});

test('[P-2.5] an empty rooms claim allows nothing', async (t) => {
  const client = await as(t, 'ada', {});
  await client.refused('forbidden', join('lobby'));
});

test('[P-2.5] no rights for a room mean that it is forbidden', async (t) => {
  const client = await as(t, 'ada', { lobby: '' });
  await client.refused('forbidden', join('lobby'));
});

test('[P-2.5] a * at the end of a pattern stands for any rest', async (t) => {
  const client = await as(t, 'ada', { 'game:*': 'rw' });
  await client.join('game:1');
  await client.join('game:');
  await client.say('game:1', 'hi');
  for (const room of ['game', 'gam', 'a:game:1'])
    await client.refused('forbidden', join(room));
});

test('[P-2.5] a lone * names every room', async (t) => {
  await (await as(t, 'ada', { '*': 'r' })).join('any:thing');
});

test('[P-2.5] a * elsewhere than at the end stands for itself', async (t) => {
  const client = await as(t, 'ada', { 'a*b': 'r', '*z': 'r' });
  await client.join('a*b');
  await client.refused('forbidden', join('axb'));
  await client.refused('forbidden', join('xz'));
});

test('[P-2.5] the pattern that says most about a room decides', async (t) => {
  const client = await as(t, 'ada',
    { '*': 'r', 'game:*': 'rw', 'game:final': 'r' });
  for (const room of ['lobby', 'game:1', 'game:final'])
    await client.join(room);
  await client.say('game:1', 'hi');
  await client.refused('forbidden', say('lobby'));
  await client.refused('forbidden', say('game:final'));
});

test('[P-2.5] without w nothing can be sent', async (t) => {
  const reader = await as(t, 'ada', { quiet: 'rp' });
  const other = await as(t, 'bob', { quiet: 'rwp' });
  await reader.join('quiet');
  await other.join('quiet');
  const error = await reader.refused('forbidden', say('quiet'));
  assert.equal(error.roomId, 'quiet');
  reader.send({ type: 'typing', roomId: 'quiet' });
  await reader.lives();
  await other.say('quiet', 'one');
  assert.equal((await reader.next('message')).text, 'one');
  assert.deepEqual(other.all('typing'), []);
});

test('[P-2.5] without r nothing is received', async (t) => {
  const writer = await as(t, 'ada', { drop: 'w' });
  const other = await as(t, 'bob', { drop: 'rwp' });
  await other.join('drop');
  await writer.request(join('drop'));
  await other.say('drop', 'secret');
  await writer.lives();
  assert.deepEqual(writer.all('message'), []);
});

test('[P-2.5] without p nobody is seen', async (t) => {
  const blind = await as(t, 'ada', { hall: 'rw' });
  const other = await as(t, 'bob', { hall: 'rwp' });
  assert.equal((await blind.join('hall')).members, undefined);
  await other.join('hall');
  await blind.refused('forbidden', { type: 'presence', roomId: 'hall' });
  await other.say('hall', 'one');
  await blind.next('message');
  const watcher = await as(t, 'cid', { hall: 'rwp' });
  await watcher.join('hall');
  await other.next({ type: 'presence' });
  await blind.lives();
  assert.deepEqual(blind.all('presence'), []);
});

test('[P-1.2] rooms of the query need the right as well', async (t) => {
  const client = await connect(t, await start(), { query: [
    ['token', token('ada', { rooms: { a: 'r' } })],
    ['room', 'b'], ['room', 'a']] });
  const error = await client.next('error');
  assert.equal(error.code, 'forbidden');
  assert.equal(error.roomId, 'b');
  assert.equal((await client.next('joined')).roomId, 'a');
});

test('[P-4.4] info of the token shows in member lists', async (t) => {
  const info = { name: 'Ada Löw', color: '#a0f', tags: [1, null, true] };
  const node = await start();
  const ada = await connect(t, node,
    { query: { token: token('ada', { info }) } });
  await ada.join('cast');
  const bob = await as(t, 'bob', undefined);
  const { members } = await bob.join('cast');
  assert.deepEqual(members.find((m) => m.userId === 'ada').info, info);
});
