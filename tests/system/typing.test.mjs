// [P-4.5] Who is typing, and when it ends.

import assert from 'node:assert/strict';

import { connect } from './support/client.mjs';
import { openNode } from './support/node.mjs';
import { roomOf } from './support/rooms.mjs';
import { shared, test } from './support/test.mjs';
import { SOON, eventually } from './support/wait.mjs';

const open = shared(openNode);

const typing = (roomId, isTyping) => ({ type: 'typing', roomId, isTyping });

test('[P-4.5] typing is told to the others and not to who types',
  async (t) => {
    const [ada, bob] = await roomOf(t, await open(), 'type', 2);
    ada.send(typing('type'));
    assert.deepEqual(await bob.next('typing'), { type: 'typing',
      roomId: 'type', userId: ada.userId, isTyping: true });
    ada.send(typing('type', false));
    assert.equal((await bob.next('typing')).isTyping, false);
    await bob.say('type', 'x');
    await ada.next('message');
    assert.deepEqual(ada.all('typing'), []);
  });

test('[P-3] typing has no reply, even with an id', async (t) => {
  const [ada, bob] = await roomOf(t, await open(), 'silent', 2);
  ada.send({ ...typing('silent'), id: 'no' });
  await bob.next('typing');
  await ada.lives();
  assert.deepEqual(ada.received.filter((m) => m.id === 'no'), []);
});

test('[P-4.5] typing ends by itself', async (t) => {
  const node = await openNode(t, { 'rooms.typing-timeout': '200ms' });
  const [ada, bob] = await roomOf(t, node, 'timeout', 2);
  const began = Date.now();
  ada.send(typing('timeout'));
  assert.equal((await bob.next('typing')).isTyping, true);
  assert.equal((await bob.next('typing')).isTyping, false);
  assert.ok(Date.now() - began >= 190, `after ${Date.now() - began} ms`);
});

test('[P-4.5] typing ends after 5 s by default', async (t) => {
  const [ada, bob] = await roomOf(t, await open(), 'default', 2);
  const began = Date.now();
  ada.send(typing('default'));
  await bob.next({ type: 'typing', isTyping: true });
  await bob.next({ type: 'typing', isTyping: false }, 2 * SOON);
  const lasted = Date.now() - began;
  assert.ok(lasted > 4900 && lasted < 8000, `it ended after ${lasted} ms`);
});

test('[P-4.5] typing that is renewed goes on', async (t) => {
  const node = await openNode(t, { 'rooms.typing-timeout': '400ms' });
  const [ada, bob] = await roomOf(t, node, 'renew', 2);
  const began = Date.now();
  ada.send(typing('renew'));
  await bob.next({ type: 'typing', isTyping: true });
  const renewal = setInterval(() => ada.send(typing('renew')), 50);
  t.after(() => clearInterval(renewal));
  await eventually('three times the timeout has passed', async () => {
    await bob.lives();
    return Date.now() - began > 1200;
  });
  assert.deepEqual(bob.all('typing').filter((m) => !m.isTyping), []);
  clearInterval(renewal);
  await bob.next({ type: 'typing', isTyping: false });
});

for (const [how, leave] of [
  ['leaving', (c) => c.request({ type: 'leave_room', roomId: 'leave' })],
  ['closing', (c) => c.close()],
  ['disconnect', (c) => c.socket.terminate()],
])
  test(`[P-4.5] typing ends on ${how}`, async (t) => {
    const node = await openNode(t, { 'rooms.typing-timeout': '60s' });
    const [ada, bob] = await roomOf(t, node, 'leave', 2);
    ada.send(typing('leave'));
    assert.equal((await bob.next('typing')).isTyping, true);
    await leave(ada);
    const ended = await bob.next('typing');
    assert.equal(ended.isTyping, false);
    assert.equal(ended.userId, ada.userId);
  });

test('[P-4.5] typing is no message: it takes no offset', async (t) => {
  const [ada, bob] = await roomOf(t, await open(), 'nolog', 2);
  const { offset } = await ada.say('nolog', 'one');
  ada.send(typing('nolog'));
  await bob.next('typing');
  assert.equal((await ada.say('nolog', 'two')).offset, offset + 1);
});

test('[P-3] typing outside the room is refused', async (t) => {
  const ada = await connect(t, await open());
  await ada.refused('not_in_room', typing('elsewhere'));
});

test('[P-3.2] typing for another user is forbidden', async (t) => {
  const [ada] = await roomOf(t, await open(), 'forged', 1);
  await ada.join('forged2', { userId: 'ada' });
  await ada.refused('forbidden', { ...typing('forged2'), userId: 'eve' });
});

test('[P-3] isTyping that is no boolean is a bad_message', async (t) => {
  const [ada] = await roomOf(t, await open(), 'bad', 1);
  const error = await ada.refused('bad_message',
    { type: 'typing', roomId: 'bad', isTyping: 'yes' });
  assert.match(error.message, /isTyping/);
});
