// [P-3.4] The same id is delivered once.

import assert from 'node:assert/strict';

import { openNode } from './support/node.mjs';
import { roomOf } from './support/rooms.mjs';
import { shared, test } from './support/test.mjs';
import { eventually } from './support/wait.mjs';

const open = shared(openNode);

test('[P-3.4] the same id again is not delivered and acked as before',
  async (t) => {
    const [ada, bob] = await roomOf(t, await open(), 'once', 2);
    for (const id of ['m1', 7]) {
      const first = await ada.say('once', 'one', { id });
      assert.equal('duplicate' in first, false);
      assert.equal((await bob.next('message')).text, 'one');
      await ada.say('once', 'between');
      await bob.next('message');
      const again = await ada.say('once', 'one', { id });
      assert.deepEqual(again, { ...first, duplicate: true });
      await ada.say('once', 'last');
      assert.equal((await bob.next('message')).text, 'last');
    }
  });

test('[P-3.4] the same id is another message in another room', async (t) => {
  const [ada] = await roomOf(t, await open(), 'here', 1);
  await ada.join('there');
  await ada.say('here', 'x', { id: 'same' });
  const there = await ada.say('there', 'x', { id: 'same' });
  assert.equal('duplicate' in there, false);
});

test('[P-3.4] the same id of another session is another message',
  async (t) => {
    const [ada, bob] = await roomOf(t, await open(), 'sessions', 2);
    const first = await ada.say('sessions', 'x', { id: 'same' });
    const second = await bob.say('sessions', 'y', { id: 'same' });
    assert.equal('duplicate' in second, false);
    assert.equal(second.offset, first.offset + 1);
    assert.equal((await ada.next('message')).text, 'y');
  });

test('[P-3.4] the number 1 and the string "1" are two ids', async (t) => {
  const [ada] = await roomOf(t, await open(), 'types', 1);
  await ada.say('types', 'x', { id: 1 });
  assert.equal('duplicate' in await ada.say('types', 'x', { id: '1' }), false);
});

test('[P-3.4] behind the dedupe window the id is free again', async (t) => {
  const node = await openNode(t, { 'rooms.dedupe-window': '200ms' });
  const [ada] = await roomOf(t, node, 'window', 1);
  await ada.say('window', 'x', { id: 'same' });
  await eventually('the id is free again', async () =>
    !(await ada.say('window', 'x', { id: 'same' })).duplicate);
});

test('[P-3.4] a room remembers as many ids as it is told to', async (t) => {
  const node = await openNode(t, { 'rooms.dedupe-messages': 2 });
  const [ada] = await roomOf(t, node, 'memory', 1);
  for (const id of ['a', 'b', 'c']) await ada.say('memory', 'x', { id });
  assert.equal((await ada.say('memory', 'x', { id: 'c' })).duplicate, true);
  assert.equal('duplicate' in await ada.say('memory', 'x', { id: 'a' }), false);
});
