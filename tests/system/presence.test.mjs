// [P-4], [P-4.4] Who is in a room.

import assert from 'node:assert/strict';

import { connect } from './support/client.mjs';
import { openNode } from './support/node.mjs';
import { roomOf } from './support/rooms.mjs';
import { shared, test } from './support/test.mjs';
import { token } from './support/tokens.mjs';
import { eventually } from './support/wait.mjs';

const open = shared(openNode);
const ask = (roomId) => ({ type: 'presence', roomId });

/** Waits until the differences sent to `client` say this of `connectionId`. */
const told = (client, change, connectionId) => client.next((m) =>
  m.type === 'presence' && m[change]?.some(
    (member) => member.connectionId === connectionId));

test('[P-4] presence answers with the whole list', async (t) => {
  const [ada, bob] = await roomOf(t, await open(), 'list', 2);
  const answer = await ada.request({ ...ask('list'), id: 'p' });
  assert.equal(answer.type, 'presence');
  assert.equal(answer.roomId, 'list');
  assert.equal(answer.memberCount, 2);
  assert.deepEqual(
    answer.members.map((m) => [m.connectionId, m.userId]).sort(),
    [ada, bob].map((c) => [c.connectionId, c.userId]).sort());
});

test('[P-4] members are told who came', async (t) => {
  const [ada, bob] = await roomOf(t, await open(), 'came', 2);
  const difference = await told(ada, 'joined', bob.connectionId);
  assert.equal(difference.roomId, 'came');
  assert.equal(difference.memberCount, 2);
  assert.equal('members' in difference, false);
  // Who came a moment before, Ada herself, may stand in it too.
  assert.ok(difference.joined.some((m) => m.userId === bob.userId));
});

for (const [how, leave] of [
  ['left the room', (c) => c.request({ type: 'leave_room', roomId: 'gone' })],
  ['closed the connection', (c) => c.close()],
  ['was cut off', (c) => c.socket.terminate()],
])
  test(`[P-4] members are told who ${how}`, async (t) => {
    const [ada, bob] = await roomOf(t, await open(), 'gone', 2);
    await told(ada, 'joined', bob.connectionId);
    await leave(bob);
    const difference = await told(ada, 'left', bob.connectionId);
    assert.equal(difference.memberCount, 1);
    const { members } = await ada.request(ask('gone'));
    assert.deepEqual(members.map((m) => m.connectionId), [ada.connectionId]);
    await ada.request({ type: 'leave_room', roomId: 'gone' });
  });

test('[P-4.4] a user with two connections is two entries', async (t) => {
  const node = await open();
  const as = { query: { token: token('ada') } };
  const tabs = await roomOf(t, node, 'tabs', 2, as);
  const { members, memberCount } = await tabs[0].request(ask('tabs'));
  assert.equal(memberCount, 2);
  assert.deepEqual(members.map((m) => m.userId), ['ada', 'ada']);
  assert.deepEqual(members.map((m) => m.connectionId).sort(),
    tabs.map((c) => c.connectionId).sort());
});

test('[P-4] the list and the differences together are always right',
  async (t) => {
    const node = await open();
    const [watcher] = await roomOf(t, node, 'churn', 1);
    const here = new Set([watcher.connectionId]);
    const apply = () => {
      for (const item of watcher.inbox.fresh)
        if (item.type === 'presence') {
          watcher.inbox.take((m) => m === item);
          for (const m of item.joined ?? []) here.add(m.connectionId);
          for (const m of item.left ?? []) here.delete(m.connectionId);
        }
      return here;
    };
    const stay = [];
    for (let round = 0; round < 5; ++round) {
      const guests = await roomOf(t, node, 'churn', 4);
      stay.push(guests[0]);
      guests[1].socket.terminate();
      await guests[2].request({ type: 'leave_room', roomId: 'churn' });
      await guests[3].close();
    }
    const expected = [watcher, ...stay].map((c) => c.connectionId).sort();
    await eventually('the differences add up', () =>
      [...apply()].sort().join() === expected.join());
    const { members } = await watcher.request(ask('churn'));
    assert.deepEqual(members.map((m) => m.connectionId).sort(), expected);
  });

test('[P-4] a room that is too big to list tells how many', async (t) => {
  const node = await openNode(t, { 'rooms.listed-members': 2 });
  const [ada, bob] = await roomOf(t, node, 'big', 2);
  const cid = await connect(t, node);
  const joined = await cid.join('big');
  assert.equal(joined.memberCount, 3);
  assert.equal('members' in joined, false);
  const answer = await ada.request(ask('big'));
  assert.equal(answer.memberCount, 3);
  assert.equal('members' in answer, false);
  await cid.close();
  await eventually('the list is back', async () =>
    (await bob.request(ask('big'))).members?.length === 2);
});

test('[P-4] presence of a room that one is not in: not_in_room', async (t) => {
  const client = await connect(t, await open());
  await client.refused('not_in_room', ask('elsewhere'));
});
