// [P-5.1] An error on a request never closes the connection.

import assert from 'node:assert/strict';

import { MSGPACK_V1, connect } from './support/client.mjs';
import { openNode, startNode } from './support/node.mjs';
import { roomOf } from './support/rooms.mjs';
import { shared, test } from './support/test.mjs';
import { token } from './support/tokens.mjs';

const open = shared(openNode);

/** Sends one frame; the answer is an error and the connection lives on. */
async function provokes(client, code, frame) {
  client.sendFrame(frame);
  const error = await client.next('error');
  assert.equal(error.code, code, `${frame}: ${JSON.stringify(error)}`);
  assert.equal(typeof error.message, 'string');
  assert.notEqual(error.message, '');
  await client.lives();
  return error;
}

for (const frame of ['', ' ', 'hello', '{', '{"type":"ping"',
  '{"type":"ping"}x',
  '{"type":"ping"}{"type":"ping"}', "{'type':'ping'}", '{"type":"ping",}',
  '{"type":ping}', '{"type":"pi\nng"}', '{"type":"\\x"}', '{"type":"\\ud800"}',
  '{"id":01,"type":"ping"}', '{"type":"ping","a":+1}', '{"type":"ping","a":.5}',
  '{"type":"ping","a":NaN}', '[]', '[{"type":"ping"}]', '"ping"', '7', 'null',
  '\ufeff{"type":"ping"}', '{"type":"ping","a":[1,2}',
  '{"type":"ping","a":tru}',
  '{"type":"ping","a":"\u0001"}'])
  test(`[P-5.1] bad_json: ${JSON.stringify(frame)}`, async (t) => {
    await provokes(await connect(t, await open()), 'bad_json', frame);
  });

for (const hex of ['', 'c1', '90', '81', '81a474797065', '00', 'c0',
  '81a474797065a470696e6700', 'df7fffffffa1', 'dbffffffff61',
  'a470696e67', '81a474797065c1'])
  test(`[P-5.1] bad_json: the MessagePack bytes "${hex}"`, async (t) => {
    const client = await connect(t, await open(), { protocol: MSGPACK_V1 });
    await provokes(client, 'bad_json', Buffer.from(hex, 'hex'));
  });

test('[P-5.1] bad_json: a frame of the other kind', async (t) => {
  const json = await connect(t, await open());
  await provokes(json, 'bad_json', Buffer.from('{"type":"ping"}'));
  const pack = await connect(t, await open(), { protocol: MSGPACK_V1 });
  await provokes(pack, 'bad_json', '{"type":"ping"}');
});

for (const [frame, field] of [
  ['{}', /type/],
  ['{"type":7}', /type/],
  ['{"type":null}', /type/],
  ['{"type":"join_room"}', /roomId/],
  ['{"type":"message","roomId":"x"}', /text|data/],
  ['{"type":"join_room","roomId":"x","userId":""}', /userId/],
  ['{"type":"join_room","roomId":"x","userId":7}', /userId/],
  ['{"type":"ping","id":{}}', /\bid\b/],
  ['{"type":"set_state","roomId":"x","key":"k"}', /value/],
  ['{"type":"history","roomId":"x","limit":0}', /limit/],
  ['{"type":"resume","session":"s","rooms":{"x":1}}', /rooms/],
])
  test(`[P-5.1] bad_message names the field: ${frame}`, async (t) => {
    const client = await connect(t, await open());
    const error = await provokes(client, 'bad_message', frame);
    assert.match(error.message, field);
  });

for (const type of ['no_such_type', '', 'PING', 'auth_success', 'joined',
  'x'.repeat(5000)])
  test(`[P-5.1] unknown_type: ${type.slice(0, 20)}`, async (t) => {
    const client = await connect(t, await open());
    const error = await client.refused('unknown_type',
      { type, roomId: 'x', id: 'q' });
    assert.equal(error.id, 'q');
    await client.lives();
  });

for (const request of [
  { type: 'set_state', roomId: 'x', key: 'k', value: 1 },
  { type: 'history', roomId: 'x' },
])
  test(`[P-5.1] not_in_room: ${request.type}`, async (t) => {
    const client = await connect(t, await open());
    const error = await client.refused('not_in_room', { ...request, id: 'q' });
    assert.equal(error.id, 'q');
    await client.lives();
  });

test('[P-5.1] forbidden: another user than the token', async (t) => {
  const node = await startNode(t);
  const client = await connect(t, node, { query: { token: token('ada') } });
  const error = await client.refused('forbidden',
    { type: 'join_room', roomId: 'x', userId: 'eve' });
  assert.equal(error.roomId, 'x');
  await client.lives();
});

test('[P-5.1] not_in_room: whatever needs membership', async (t) => {
  const client = await connect(t, await open());
  for (const type of ['leave_room', 'message', 'typing', 'presence']) {
    const error = await client.refused('not_in_room',
      { type, roomId: 'nowhere', text: 'x' });
    assert.equal(error.roomId, 'nowhere');
  }
  await client.lives();
});

test('[P-5.1] room_full: a room has as many members as it may have',
  async (t) => {
    const node = await openNode(t, { 'rooms.members': 2 });
    const [ada] = await roomOf(t, node, 'full', 2);
    const late = await connect(t, node);
    const error = await late.refused('room_full',
      { type: 'join_room', roomId: 'full' });
    assert.equal(error.roomId, 'full');
    await late.lives();
    await ada.join('full');
    await ada.request({ type: 'leave_room', roomId: 'full' });
    await late.join('full');
  });

test('[P-5.1] too_large: more recipients than allowed', async (t) => {
  const node = await openNode(t, { 'limits.recipients': 3 });
  const [ada] = await roomOf(t, node, 'many', 1);
  const to = ['a', 'b', 'c', 'd'];
  await ada.refused('too_large',
    { type: 'message', roomId: 'many', text: 'x', to });
  assert.equal(
    (await ada.say('many', 'x', { to: to.slice(1) })).delivered, 0);
});

test('[P-5.1] unavailable: the node has as many rooms as it may have',
  async (t) => {
    const node = await openNode(t,
      { 'limits.rooms': 2, 'rooms.linger': '0ms' });
    const [ada] = await roomOf(t, node, 'one', 1);
    await ada.join('two');
    const error = await ada.refused('unavailable',
      { type: 'join_room', roomId: 'three' });
    assert.equal(error.roomId, 'three');
    assert.ok(error.retryAfter > 0, `retryAfter ${error.retryAfter}`);
    await node.event('room.refused');
    const other = await connect(t, node);
    await other.join('one');
  });

test('[P-5.1] ninety errors in a row change nothing', async (t) => {
  const [ada, bob] = await roomOf(t, await open(), 'calm', 2);
  for (let i = 0; i < 90; ++i) ada.sendFrame(i % 2 ? '{' : '{"type":7}');
  for (let i = 0; i < 90; ++i) await ada.next('error');
  await ada.say('calm', 'still here');
  assert.equal((await bob.next('message')).text, 'still here');
});
