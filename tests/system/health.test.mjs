// [P-1.9] What probes are told.

import assert from 'node:assert/strict';

import { connect } from './support/client.mjs';
import { clusterSettings } from './support/cluster.mjs';
import { faultyNode } from './support/faulty.mjs';
import { openNode } from './support/node.mjs';
import { startRedis } from './support/redis.mjs';
import { test } from './support/test.mjs';
import { eventually } from './support/wait.mjs';

const QUICK = { 'health.canary-interval': '50ms', 'health.canary-limit': '500ms' };

async function asked(node, path) {
  const answer = await fetch(node.http(path));
  return { status: answer.status, text: await answer.text() };
}

const answers = (node, path, status) => eventually(`${path} says ${status}`,
  async () => (await asked(node, path).catch(() => ({}))).status === status);

test('[P-1.9] a node is ready when a message has gone through it', async (t) => {
  const node = await openNode(t);
  assert.deepEqual(await asked(node, '/readyz'), { status: 200, text: 'ok\n' });
  assert.deepEqual(await asked(node, '/healthz'), { status: 200, text: 'ok\n' });
});

test('[P-1.9] a node whose rooms take nothing is not ready, and says why',
  async (t) => {
    const node = await faultyNode(t, ['room.publish:canary:14'], QUICK,
      { unready: true });
    node.port = (await node.event('listener.opened')).port;
    const late = await node.event('canary.late');
    assert.ok(late.waited_ms >= 500, JSON.stringify(late));
    assert.deepEqual(await asked(node, '/readyz'),
      { status: 503, text: 'no message has gone through the node yet\n' });
    // It lives all the same: to begin it anew would help nobody.
    assert.equal((await asked(node, '/healthz')).status, 200);
    await node.event('canary.back');
    await answers(node, '/readyz', 200);
  });

for (const order of ['fifo', 'total'])
  test(`[P-1.9] a node without Redis's answers is not ready (${order})`,
    async (t) => {
      const redis = await startRedis(t);
      const node = await openNode(t,
        clusterSettings(redis, { 'rooms.order': order, ...QUICK }));
      await answers(node, '/readyz', 200);
      redis.process.signal('SIGSTOP');
      t.after(() => redis.process.signal('SIGCONT'));
      await answers(node, '/readyz', 503);
      if (order === 'total') await node.event('canary.late');
      assert.equal((await asked(node, '/healthz')).status, 200);
      redis.process.signal('SIGCONT');
      await answers(node, '/readyz', 200);
    });

test('[P-1.9] a node with a loop that does not turn says so to who can ask',
  async (t) => {
    const node = await faultyNode(t, ['room.publish:freeze:1:1:3000'],
      { 'health.turn-limit': '200ms' });
    const client = await connect(t, node);
    await client.join('r');
    client.send({ type: 'message', roomId: 'r', text: 'freeze' });
    let told;
    await eventually('one of the loops tells of the other', async () => {
      // Where the loop that is stuck was to answer, nobody does.
      const answer = await fetch(node.http('/healthz'),
        { signal: AbortSignal.timeout(300), headers: { Connection: 'close' } })
        .then(async (a) => ({ status: a.status, text: await a.text() }),
          () => undefined);
      if (answer?.status === 503) told = answer.text;
      return told !== undefined;
    });
    assert.match(told, /^loop [01] has not turned for \d+ ms/);
    await answers(node, '/healthz', 200);
  });

test('[P-1.9] a node that stops is not ready, and lives', async (t) => {
  const redis = await startRedis(t);
  const settings = clusterSettings(redis, { 'drain.rate': 1,
    'drain.timeout': '20s', 'health.turn-limit': '100ms' });
  const node = await openNode(t, settings);
  await openNode(t, settings);
  const clients = [];
  for (let i = 0; i < 4; ++i) clients.push(await connect(t, node));
  const told = async (path) => (await fetch(node.admin(path))).status;
  assert.equal(await told('/readyz'), 200);
  node.signal('SIGTERM');
  await clients[0].next('go_away');
  // For as long as it takes: who looks after it must not end it before.
  const until = performance.now() + 1_500;
  while (performance.now() < until) {
    assert.equal(await told('/readyz'), 503);
    assert.equal(await told('/healthz'), 200);
  }
  for (const client of clients) client.socket.terminate();
});
