// [P-4.3], [P-4.13] What is left of a room that is empty.

import assert from 'node:assert/strict';

import { connect } from './support/client.mjs';
import { openNode } from './support/node.mjs';
import { shared, test } from './support/test.mjs';

const LINGER = 1000;

// Two lengths: a room comes to its end soon, or never within a test.
const open = shared((file) => openNode(file, { 'rooms.linger': '1h',
  'namespaces.brief.linger': `${LINGER}ms` }));

const leave = (client, roomId) =>
  client.request({ type: 'leave_room', roomId });

test('[P-4.3] a room that is empty for less than rooms.linger goes on',
  async (t) => {
    const node = await open();
    const ada = await connect(t, node);
    const { epoch } = await ada.join('kept');
    await ada.say('kept', 'one');
    const { offset } = await ada.say('kept', 'two');
    await leave(ada, 'kept');
    await node.event('room.emptied', { room: 'kept' });
    const bob = await connect(t, node);
    const joined = await bob.join('kept', { since: { epoch, offset } });
    assert.equal(joined.epoch, epoch);
    assert.equal(joined.offset, offset);
    assert.equal(joined.recovered, true);
    assert.equal((await bob.say('kept', 'three')).offset, offset + 1);
  });

test('[P-4.3] after rooms.linger its name begins a new epoch at offset 0',
  async (t) => {
    const node = await open();
    const ada = await connect(t, node);
    const { epoch } = await ada.join('brief:1');
    const { offset } = await ada.say('brief:1', 'one');
    await leave(ada, 'brief:1');
    const emptied = await node.event('room.emptied', { room: 'brief:1' });
    const closed = await node.event('room.closed', { room: 'brief:1', epoch });
    assert.equal(closed.offset, offset);
    // A millisecond for what each of the two times has lost.
    const lingered = Date.parse(closed.ts) - Date.parse(emptied.ts) + 1;
    assert.ok(lingered >= LINGER, `it was kept for ${lingered} ms`);
    const joined = await ada.join('brief:1', { since: { epoch, offset } });
    assert.notEqual(joined.epoch, epoch);
    assert.equal(joined.offset, 0);
    assert.equal(joined.recovered, false);
    assert.equal(joined.reason, 'epoch');
    assert.equal((await ada.say('brief:1', 'anew')).offset, 1);
  });

test('[P-4.3] a member that comes back in time ends the wait', async (t) => {
  const node = await open();
  const ada = await connect(t, node);
  const { epoch } = await ada.join('brief:2');
  await ada.say('brief:2', 'one');
  await leave(ada, 'brief:2');
  await ada.join('brief:2');
  // Another room's whole linger later this one is still there.
  await ada.join('brief:3');
  await ada.say('brief:3', 'one');
  await leave(ada, 'brief:3');
  await node.event('room.closed', { room: 'brief:3' });
  const bob = await connect(t, node);
  assert.equal((await bob.join('brief:2')).epoch, epoch);
});

test('[P-4.13] a room in which nothing was said is not kept', async (t) => {
  const node = await open();
  const ada = await connect(t, node);
  const { epoch } = await ada.join('silent');
  await leave(ada, 'silent');
  await node.event('room.closed', { room: 'silent', epoch });
  assert.notEqual((await ada.join('silent')).epoch, epoch);
});
