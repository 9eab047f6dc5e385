// Redis dies, hangs or is not there yet: local members are served on, and the
// rest heals by itself.

import assert from 'node:assert/strict';

import { connect } from './support/client.mjs';
import {
  clusterSettings, launchNode, memberOnEach, reaches, startCluster, subscribed,
} from './support/cluster.mjs';
import { Redis, freePort, startRedis } from './support/redis.mjs';
import { test } from './support/test.mjs';
import { SOON, eventually } from './support/wait.mjs';

/** Two members of `roomId` on each node: a speaker and a listener. */
async function couples(t, redis, nodes, roomId) {
  const speakers = await memberOnEach(t, redis, nodes, roomId);
  const listeners = await memberOnEach(t, redis, nodes, roomId);
  return nodes.map((node, i) =>
    ({ node, speaker: speakers[i], listener: listeners[i] }));
}

test('Redis dies and comes back under traffic: local members miss nothing, '
  + 'and messages cross again', async (t) => {
  const redis = await startRedis(t);
  const nodes = await startCluster(t, redis);
  const all = await couples(t, redis, nodes, 'island');
  let stop = false;
  const degraded = nodes.map(() => 0);
  const traffic = all.map(async ({ speaker }, who) => {
    let i = 0;
    for (; !stop; ++i) {
      const ack = await speaker.request(
        { type: 'message', roomId: 'island', data: { who, i } });
      assert.equal(ack.type, 'ack', JSON.stringify(ack));
      if (ack.degraded) ++degraded[who];
    }
    return i;
  });
  // Not awaited until the end: a fault must not go unseen, nor unhandled.
  for (const work of traffic) work.catch(() => (stop = true));

  await reachesAll(all);
  await redis.kill();
  for (const node of nodes) await node.event('bus.down');
  await eventually('every node says degraded',
    () => stop || degraded.every((n) => n > 10));
  await redis.start();
  for (const node of nodes) await node.event('bus.up', {}, 2 * SOON);
  await subscribed(redis, 'island', nodes.length);
  await reachesAll(all);
  stop = true;
  const sent = await Promise.all(traffic);

  for (const [who, { listener }] of all.entries()) {
    await eventually('the last local message', () => listener.all('message')
      .some(({ data }) => data?.who === who && data.i === sent[who] - 1));
    const own = listener.all('message').filter((m) => m.data?.who === who)
      .map((m) => m.data.i);
    assert.deepEqual(own, own.map((_, i) => i), 'local messages, each once');
    assert.equal(own.length, sent[who]);
    for (const other of nodes.keys()) {
      const remote = listener.all('message')
        .filter((m) => m.data?.who === other).map((m) => m.data.i);
      assert.ok(remote.every((n, i) => i === 0 || n > remote[i - 1]),
        'remote messages in order, each once at most');
    }
  }
}, { timeout: 12 * SOON });

/** Every listener has heard something new from every other node. */
async function reachesAll(all) {
  const marks = all.map(({ listener }) => listener.all('message').length);
  await eventually('messages cross between all nodes', () =>
    all.every(({ listener }, here) => all.every((_, who) =>
      listener.all('message').slice(marks[here])
        .some((m) => m.data?.who === who))));
}

test('[P-3.3] acks say degraded while the node is cut off, and only then',
  async (t) => {
    const redis = await startRedis(t);
    const [node, other] = await startCluster(t, redis, 2);
    const [ada, bob] = await memberOnEach(t, redis, [node, other], 'acks');
    assert.equal('degraded' in await ada.say('acks', 'one'), false);
    await redis.kill();
    await node.event('bus.down');
    await ada.next('degraded'); // The room has heard of it, too.
    const ack = await ada.say('acks', 'two');
    assert.equal(ack.degraded, true);
    assert.ok(ack.offset > 0);
    await redis.start();
    await node.event('bus.up');
    await other.event('bus.up');
    await eventually('acks are whole again', async () =>
      !('degraded' in await ada.say('acks', 'again')));
    await reaches(ada, bob, 'acks');
  });

test('rooms can be joined and left while Redis is away', async (t) => {
  const redis = await startRedis(t);
  const nodes = await startCluster(t, redis, 2);
  const [old] = await memberOnEach(t, redis, nodes, 'before');
  await redis.kill();
  for (const node of nodes) await node.event('bus.down');
  const [ada, bob] = await Promise.all(nodes.map((n) => connect(t, n)));
  await ada.join('island');
  await bob.join('island');
  await old.request({ type: 'leave_room', roomId: 'before' });
  const local = await connect(t, nodes[0]);
  await local.join('island');
  await ada.say('island', 'local');
  assert.equal((await local.next('message')).text, 'local');
  await redis.start();
  await subscribed(redis, 'island', 2);
  await subscribed(redis, 'before', 1);
  await reaches(ada, bob, 'island');
});

test('a Redis that hangs blocks nothing and costs a bounded memory',
  async (t) => {
    const redis = await startRedis(t);
    const [node] = await startCluster(t, redis, 1,
      { 'cluster.queue-bytes': '256KiB' });
    const [ada] = await memberOnEach(t, redis, [node], 'hang');
    const bob = await connect(t, node);
    await bob.join('hang');
    redis.process.signal('SIGSTOP');
    t.after(() => redis.process.signal('SIGCONT'));
    const filling = 'x'.repeat(50_000);
    const before = node.rss();
    for (let i = 0; i < 1200; ++i) {
      await ada.say('hang', filling);
      await bob.next('message');
    }
    const grown = (node.rss() - before) / 2 ** 20;
    assert.ok(grown < 12,
      `60 MB said, the node grew by ${grown.toFixed(1)} MiB`);
    await node.event('bus.dropped');
    redis.process.signal('SIGCONT');
    await eventually('the bus is whole again', async () =>
      !('degraded' in await ada.say('hang', 'x')));
  }, { timeout: 12 * SOON });

/** `/readyz` is 503 and says in one line that it is for Redis. */
async function isNotReady(node) {
  const answer = await fetch(node.http('/readyz'));
  assert.equal(answer.status, 503);
  assert.match(await answer.text(), /^[^\n]*Redis[^\n]*\n$/);
  // It lives all the same: nobody should start it anew.
  assert.equal((await fetch(node.http('/healthz'))).status, 200);
}

test('[P-1.9] a node is ready only once its bus is up', async (t) => {
  const redis = new Redis({ port: await freePort() });
  const node = launchNode(t, clusterSettings(redis));
  node.port = (await node.event('listener.opened')).port;
  await node.event('bus.connecting', { attempt: 2 });
  assert.ok(!node.events.items.some((e) => e.event === 'node.ready'));
  await isNotReady(node);
  await redis.start();
  t.after(() => redis.stop());
  await node.event('node.ready');
  assert.equal((await fetch(node.http('/readyz'))).status, 200);
});

test('[P-1.9] /readyz is 503 while Redis is away', async (t) => {
  const redis = await startRedis(t);
  const [node] = await startCluster(t, redis, 1);
  assert.equal((await fetch(node.http('/readyz'))).status, 200);
  await node.event('bus.up');
  await redis.kill();
  await node.event('bus.down');
  await eventually('/readyz notices', async () =>
    (await fetch(node.http('/readyz'))).status === 503);
  await isNotReady(node);
  await redis.start();
  await node.event('bus.up');
  await eventually('/readyz is back', async () =>
    (await fetch(node.http('/readyz'))).status === 200);
});

test('a node stops in order while Redis is away', async (t) => {
  const redis = await startRedis(t);
  const [node] = await startCluster(t, redis, 1);
  const [ada] = await memberOnEach(t, redis, [node], 'x');
  await redis.kill();
  await node.event('bus.down');
  await ada.say('x', 'nobody hears');
  const began = Date.now();
  node.signal('SIGTERM');
  await ada.closes(1012);
  assert.deepEqual(await node.exit(), { code: 0, signal: null });
  assert.ok(Date.now() - began < SOON, `took ${Date.now() - began} ms`);
});
