// The master of a Redis with sentinels moves under traffic.

import assert from 'node:assert/strict';

import { connect } from './support/client.mjs';
import { startCluster } from './support/cluster.mjs';
import { startSentinels } from './support/sentinel.mjs';
import { test } from './support/test.mjs';
import { eventually } from './support/wait.mjs';

const TOTAL = { 'rooms.order': 'total' };
const FAILOVER = 30_000;

/** Says one after the other until `stop`; keeps what was acked. */
async function talk(client, roomId, until) {
  for (let i = 0; !until.stop; ++i) {
    const id = `${client.name}.${i}`;
    const answer = await client.request(
      { type: 'message', roomId, id, text: id }, FAILOVER);
    if (answer.type === 'ack')
      until.acked.push({ id, epoch: answer.epoch, offset: answer.offset });
    else
      assert.equal(answer.code, 'unavailable', JSON.stringify(answer));
  }
}

for (const [what, move] of [
  ['is killed', ({ master }) => master.kill()],
  ['gives way by plan', ({ sentinels }) =>
    sentinels[0].cli('sentinel', 'failover', 'mymaster')],
])
  test(`[P-4.19] a master that ${what}: what was acked arrives, or a new epoch `
    + 'is announced', async (t) => {
    const redis = await startSentinels(t);
    const nodes = await startCluster(t, redis, 2, TOTAL);
    const clients = [];
    for (const [i, node] of [...nodes, ...nodes].entries()) {
      const client = await connect(t, node);
      client.name = `c${i}`;
      client.epoch = (await client.join('moving')).epoch;
      clients.push(client);
    }
    const until = { stop: false, acked: [] };
    const talks = clients.slice(0, 2).map((c) => talk(c, 'moving', until));
    for (const work of talks) work.catch(() => (until.stop = true));
    await eventually('traffic', () => until.stop || until.acked.length > 50);
    await move(redis);
    for (const node of nodes) {
      const told = await node.event('redis.master', {}, FAILOVER);
      assert.equal(told.endpoint, redis.replica.url);
      assert.equal(told.was, redis.master.url);
    }
    const epochs = await Promise.all(clients.map((client) => client.next(
      (m) => m.type === 'joined' && m.reason === 'epoch', FAILOVER)));
    const acked = until.acked.length;
    await eventually('traffic again',
      () => until.stop || until.acked.length > acked + 50, FAILOVER);
    until.stop = true;
    await Promise.all(talks);

    const [{ epoch, previous }] = epochs;
    for (const told of epochs) assert.equal(told.epoch, epoch);
    assert.notEqual(epoch, clients[0].epoch);
    // Acks of two nodes may come in another order.
    const last = until.acked.filter((ack) => ack.epoch === epoch)
      .sort((a, b) => a.offset - b.offset).at(-1);
    for (const client of clients.slice(2)) {
      await eventually('the last message', () =>
        client.all('message').some(({ text }) => text === last.id));
      // What it heard beyond that is void, and may come again.
      const turn = client.received.findIndex((m) => m.reason === 'epoch');
      const heard = client.received.filter(({ type, offset }, i) =>
        type === 'message' && (i > turn || offset <= (previous?.offset ?? 0)))
        .map(({ text }) => text);
      assert.equal(new Set(heard).size, heard.length, 'each once');
      const missing = until.acked.filter(({ id }) => !heard.includes(id));
      // Lost with the old epoch, beyond what the new one kept of it.
      for (const ack of missing) {
        assert.equal(ack.epoch, clients[0].epoch, JSON.stringify(ack));
        assert.ok(ack.offset > (previous?.offset ?? 0), JSON.stringify(ack));
      }
    }
    for (const node of nodes)
      assert.equal((await fetch(`http://127.0.0.1:${node.port}/readyz`)).status,
        200);
  }, { timeout: 120_000 });
