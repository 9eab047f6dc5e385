// Nodes on a Redis Cluster: rooms on all shards, a master that dies, a slot that
// moves.

import assert from 'node:assert/strict';

import { connect } from './support/client.mjs';
import { startCluster } from './support/cluster.mjs';
import { startRedisCluster } from './support/redis-cluster.mjs';
import { test } from './support/test.mjs';
import { eventually } from './support/wait.mjs';

const FAILOVER = 30_000;

/** A member of each room on each node. */
async function memberOfEach(t, nodes, rooms) {
  const members = new Map();
  for (const room of rooms) {
    const clients = [];
    for (const node of nodes) {
      const client = await connect(t, node);
      await client.join(room);
      clients.push(client);
    }
    members.set(room, clients);
  }
  return members;
}

const texts = (client) => client.all('message').map(({ text }) => text);

let said = 0;

/** Says things until the other hears one of them. */
async function crosses(room, [from, to]) {
  const heard = [];
  await eventually(`messages cross in ${room}`, async () => {
    const text = `crosses ${++said}`;
    heard.push(text);
    await from.say(room, text);
    return texts(to).some((each) => heard.includes(each));
  }, FAILOVER);
}

for (const order of ['fifo', 'total'])
  test(`rooms of order ${order} are on all shards, and outlive the master of `
    + 'one', async (t) => {
    const redis = await startRedisCluster(t);
    const nodes = await startCluster(t, redis, 2, { 'rooms.order': order });
    const rooms = await redis.roomsOfAllShards();
    const members = await memberOfEach(t, nodes, rooms);
    for (const [room, pair] of members) await crosses(room, pair);

    await redis.masters[1].kill();
    for (const node of nodes)
      await node.event('redis.slots', { moved: 5461 }, FAILOVER);
    for (const [room, pair] of members) {
      await crosses(room, pair);
      await crosses(room, [...pair].reverse());
    }
    // The shards that were well told nobody anything.
    if (order === 'total')
      for (const room of [rooms[0], rooms[2]])
        for (const client of members.get(room))
          assert.deepEqual(
            client.received.filter(({ reason }) => reason === 'epoch'), []);
    for (const node of nodes)
      await eventually('the nodes are ready', async () => (await fetch(
        `http://127.0.0.1:${node.port}/readyz`)).status === 200, FAILOVER);
  }, { timeout: 120_000 });

test('[P-4.19] a slot moves under traffic: all that was acked is there once',
  async (t) => {
    const redis = await startRedisCluster(t);
    const nodes = await startCluster(t, redis, 2, { 'rooms.order': 'total' });
    const rooms = await redis.roomsOfAllShards();
    const [room] = rooms;
    const members = await memberOfEach(t, nodes, rooms);
    const [ann, bob] = members.get(room);
    const acked = [];
    let stop = false;
    const talk = async (client, name) => {
      for (let i = 0; !stop; ++i) {
        const id = `${name}.${i}`;
        const answer = await client.request(
          { type: 'message', roomId: room, id, text: id }, FAILOVER);
        assert.equal(answer.type, 'ack', JSON.stringify(answer));
        acked.push(id);
      }
    };
    const talks = [talk(ann, 'ann'), talk(bob, 'bob')];
    for (const work of talks) work.catch(() => (stop = true));
    await eventually('traffic', () => stop || acked.length > 50);
    const slot = await redis.slotOf(`{p:${room}}`);
    for (const [from, to] of [[0, 1], [1, 2]]) {
      await redis.move(String(slot), redis.masters[from], redis.masters[to]);
      await Promise.all([ann, bob].map((client) => client.next(
        (m) => m.type === 'joined' && m.reason === 'epoch', FAILOVER)));
      const before = acked.length;
      await eventually('traffic again',
        () => stop || acked.length > before + 50, FAILOVER);
    }
    stop = true;
    await Promise.all(talks);
    for (const client of [ann, bob])
      await eventually('all of it is heard', () => {
        const heard = texts(client);
        return acked.every((id) => id.startsWith(client === ann ? 'ann' : 'bob')
          || heard.includes(id));
      });
    for (const client of [ann, bob]) {
      const heard = texts(client);
      assert.equal(new Set(heard).size, heard.length, 'each once');
    }
    for (const other of rooms.slice(1)) await crosses(other, members.get(other));
  }, { timeout: 120_000 });
