// [P-9.2] Who is in a room, and its state, on all nodes.

import assert from 'node:assert/strict';

import { connect } from './support/client.mjs';
import { startCluster } from './support/cluster.mjs';
import { startRedis } from './support/redis.mjs';
import { test } from './support/test.mjs';
import { eventually } from './support/wait.mjs';

/** Who is in the room, as the client knows it from what it was told. */
export function known(client, roomId) {
  let ids = new Set();
  for (const message of client.received) {
    if (message.roomId !== roomId) continue;
    if (message.members)
      ids = new Set(message.members.map(({ connectionId }) => connectionId));
    for (const { connectionId } of message.joined ?? []) ids.add(connectionId);
    for (const { connectionId } of message.left ?? []) ids.delete(connectionId);
  }
  return [...ids].sort();
}

const idsOf = (clients) => clients.map(({ connectionId }) => connectionId)
  .sort();

async function agree(clients, roomId, wanted) {
  await eventually('all know the same members', () => clients.every((client) =>
    JSON.stringify(known(client, roomId)) === JSON.stringify(wanted)));
}

/** `count` members on each node. */
async function crowd(t, nodes, roomId, count) {
  const all = [];
  for (const node of nodes)
    for (let i = 0; i < count; ++i) {
      const client = await connect(t, node);
      await client.join(roomId);
      all.push(client);
    }
  return all;
}

test('[P-9.2] lists and counts tell of the members on all nodes', async (t) => {
  const nodes = await startCluster(t, await startRedis(t), 3);
  const all = await crowd(t, nodes, 'lists', 3);
  await agree(all, 'lists', idsOf(all));
  await all[8].close();
  const rest = all.slice(0, 8);
  await agree(rest, 'lists', idsOf(rest));
  const late = await connect(t, nodes[2]);
  await late.join('lists');
  await agree([...rest, late], 'lists', idsOf([...rest, late]));
  const { memberCount } = await late.request(
    { type: 'presence', roomId: 'lists' });
  assert.equal(memberCount, 9);
});

test('[P-3.20] users are listed with their connections on all nodes, alike',
  async (t) => {
    const nodes = await startCluster(t, await startRedis(t), 2);
    const all = [];
    for (const [i, userId] of ['eve', 'ann', 'bob', 'ann', 'ann'].entries()) {
      const client = await connect(t, nodes[i % 2]);
      await client.join('users', { userId });
      all.push(client);
    }
    await agree(all, 'users', idsOf(all));
    const list = (client) => client.request(
      { type: 'presence', roomId: 'users', by: 'user' });
    const wanted = [{ userId: 'ann', connections: 3 },
      { userId: 'bob', connections: 1 }, { userId: 'eve', connections: 1 }];
    for (const client of all) {
      const { memberCount, userCount, users } = await list(client);
      assert.deepEqual({ memberCount, userCount, users },
        { memberCount: 5, userCount: 3, users: wanted });
    }
    // One of Ann's three goes, on the other node than who asks.
    await all[3].close();
    const rest = all.filter((_, i) => i !== 3);
    await agree(rest, 'users', idsOf(rest));
    for (const client of rest)
      assert.deepEqual((await list(client)).users[0],
        { userId: 'ann', connections: 2 });
  });

test("[P-9.2] a dead node's members are gone everywhere within 3 s",
  async (t) => {
    const nodes = await startCluster(t, await startRedis(t), 3);
    const all = await crowd(t, nodes, 'dead', 2);
    await agree(all, 'dead', idsOf(all));
    await all[4].request({ type: 'set_state', roomId: 'dead', key: 'cursor',
      value: 1, bound: true });
    await all[0].next('state');
    const rest = all.slice(0, 4);
    const died = performance.now();
    nodes[2].signal('SIGKILL');
    await agree(rest, 'dead', idsOf(rest));
    const took = performance.now() - died;
    t.diagnostic(`gone after ${took.toFixed(0)} ms`);
    if (!nodes[0].isSanitized) assert.ok(took < 3_000, `${took} ms`);
    await all[0].next((m) => m.type === 'state'
      && m.changes.some(({ key, value }) => key === 'cursor' && value === null));
    await nodes[2].exit();
  });

test('[P-3.19] who resumes on another node was never gone', async (t) => {
  const nodes = await startCluster(t, await startRedis(t), 3);
  const all = await crowd(t, nodes, 'moves', 1);
  await agree(all, 'moves', idsOf(all));
  const moving = all[2];
  const { session } = moving.all('auth_success')[0];
  const rooms = { moves: { epoch: 'x', offset: 0 } };
  const before = all.map((client) => client.all('presence').length);
  for (const how of ['lost', 'killed']) {
    if (how === 'lost') moving.socket.terminate();
    else nodes[2].signal('SIGKILL');
    const back = await connect(t, how === 'lost' ? nodes[0] : nodes[1]);
    const resumed = await back.request({ type: 'resume', session, rooms });
    assert.equal(resumed.connectionId, moving.connectionId);
  }
  await nodes[2].exit();
  // A marker behind all that could still come: somebody who joins and leaves
  // after the dead node was found to be dead.
  await nodes[0].event('peer.lost', { peer: 'n3' });
  const marker = await connect(t, nodes[0]);
  await marker.join('moves');
  for (const client of all.slice(0, 2))
    await client.next((m) => m.type === 'presence' && m.joined?.some(
      ({ connectionId }) => connectionId === marker.connectionId));
  for (const [i, client] of all.slice(0, 2).entries()) {
    const told = client.all('presence').slice(before[i])
      .flatMap(({ left = [], joined = [] }) => [...left, ...joined])
      .filter(({ connectionId }) => connectionId === moving.connectionId);
    assert.deepEqual(told, []);
  }
});

test('[P-4.6] state is the same on all nodes, whoever set it', async (t) => {
  const nodes = await startCluster(t, await startRedis(t), 3,
    { 'rooms.order': 'fifo' });
  const all = await crowd(t, nodes, 'state', 1);
  for (let i = 0; i < 60; ++i)
    await all[i % 3].request({ type: 'set_state', roomId: 'state',
      key: `k${i % 5}`, value: i % 7 === 0 ? null : i });
  await all[0].request(
    { type: 'set_state', roomId: 'state', key: 'end', value: 1 });
  const late = await connect(t, nodes[1]);
  await late.join('state');
  const held = (client) => {
    const state = new Map();
    for (const { changes, state: whole } of client.received)
      for (const { key, value } of changes ?? whole ?? [])
        if (value === null) state.delete(key);
        else state.set(key, value);
    return JSON.stringify([...state].sort());
  };
  await eventually('all hold the same', () => [...all, late].every((client) =>
    held(client) === held(all[0]) && held(client).includes('end')));
});
