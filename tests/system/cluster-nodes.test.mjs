// Nodes that come late, stop, or die.

import assert from 'node:assert/strict';

import { connect } from './support/client.mjs';
import {
  clusterSettings, memberOnEach, startCluster, subscribed,
} from './support/cluster.mjs';
import { openNode } from './support/node.mjs';
import { startRedis } from './support/redis.mjs';
import { test } from './support/test.mjs';

test('a node dies by SIGKILL: the others go on, its clients find another',
  async (t) => {
    const redis = await startRedis(t);
    const nodes = await startCluster(t, redis, 3,
      { 'cluster.beat': '100ms', 'cluster.peer-timeout': '500ms' });
    const [ada, bob, cid] = await memberOnEach(t, redis, nodes, 'crash');
    await nodes[0].event('peer.joined', { peer: 'n3' });
    nodes[2].signal('SIGKILL');
    await cid.closes(1006);
    await nodes[2].exit();
    for (let i = 0; i < 50; ++i) {
      await ada.say('crash', `a ${i}`);
      assert.equal((await bob.next('message')).text, `a ${i}`);
      await bob.say('crash', `b ${i}`);
      assert.equal((await ada.next('message')).text, `b ${i}`);
    }
    const again = await connect(t, nodes[0]);
    await again.join('crash');
    await bob.say('crash', 'welcome back');
    await again.next({ type: 'message', text: 'welcome back' });
    await nodes[0].event('peer.lost', { peer: 'n3' });
  });

test('a node that comes back under its old id is heard like any other',
  async (t) => {
    const redis = await startRedis(t);
    const nodes = await startCluster(t, redis, 2);
    const [ada, bob] = await memberOnEach(t, redis, nodes, 'return');
    for (let i = 0; i < 20; ++i) await bob.say('return', 'before');
    for (let i = 0; i < 20; ++i) await ada.next('message');
    nodes[1].signal('SIGKILL');
    await nodes[1].exit();
    await subscribed(redis, 'return', 1);
    const reborn = await openNode(t,
      clusterSettings(redis, { 'cluster.node-id': 'n2' }));
    const eve = await connect(t, reborn);
    await eve.join('return');
    await subscribed(redis, 'return', 2);
    await eve.say('return', 'after');
    assert.equal((await ada.next('message')).text, 'after');
  });

test('a node that joins late gets what is said from then on', async (t) => {
  const redis = await startRedis(t);
  const nodes = await startCluster(t, redis, 2);
  const [ada, bob] = await memberOnEach(t, redis, nodes, 'late');
  await ada.say('late', 'early');
  await bob.next('message');
  const third = await openNode(t,
    clusterSettings(redis, { 'cluster.node-id': 'n3' }));
  const cid = await connect(t, third);
  await cid.join('late');
  await subscribed(redis, 'late', 3);
  await ada.say('late', 'later');
  assert.equal((await cid.next('message')).text, 'later');
  await cid.say('late', 'thanks');
  assert.equal((await ada.next('message')).text, 'thanks');
  assert.equal((await bob.next({ type: 'message', text: 'thanks' })).text,
    'thanks');
});

test('a node that stops says goodbye to its peers', async (t) => {
  const redis = await startRedis(t);
  const nodes = await startCluster(t, redis, 2);
  await nodes[0].event('peer.joined', { peer: 'n2' });
  nodes[1].signal('SIGTERM');
  assert.deepEqual(await nodes[1].exit(), { code: 0, signal: null });
  await nodes[0].event('peer.left', { peer: 'n2' });
});

test('what was acked before SIGTERM reaches the other nodes', async (t) => {
  const redis = await startRedis(t);
  const nodes = await startCluster(t, redis, 2);
  const [ada, bob] = await memberOnEach(t, redis, nodes, 'last words');
  for (let i = 0; i < 200; ++i)
    ada.send({ type: 'message', roomId: 'last words', data: i, id: i });
  await ada.next({ type: 'ack', id: 199 });
  nodes[0].signal('SIGTERM');
  for (let i = 0; i < 200; ++i)
    assert.equal((await bob.next('message')).data, i);
});

test('[P-3.4] what was sent to a node that stood still, and to another, comes once',
  async (t) => {
    const redis = await startRedis(t);
    const nodes = await startCluster(t, redis, 3, { 'rooms.order': 'fifo' });
    const [ada, bob, cid] = await memberOnEach(t, redis, nodes, 'once');
    const { session } = ada.all('auth_success')[0];
    nodes[0].process.signal('SIGSTOP');
    t.after(() => nodes[0].process.signal('SIGCONT'));
    // Nobody answers: it comes to another node and says it all again.
    const texts = [...Array(20).keys()].map((i) => `said ${i}`);
    for (const text of texts)
      ada.send({ type: 'message', roomId: 'once', id: text, text });
    const again = await connect(t, nodes[1]);
    const resumed = await again.request({ type: 'resume', session, rooms: {} });
    assert.equal(resumed.session, session, JSON.stringify(resumed));
    await again.join('once');
    for (const text of texts) await again.say('once', text, { id: text });
    nodes[0].process.signal('SIGCONT');
    await again.say('once', 'last');
    for (const member of [bob, cid]) {
      await member.next({ type: 'message', text: 'last' });
      // The first node has told its own by then.
      const late = await connect(t, nodes[0]);
      await late.join('once');
      await late.say('once', `over ${member === bob}`);
      await member.next({ type: 'message', text: `over ${member === bob}` });
      const got = member.all('message').map(({ text }) => text)
        .filter((text) => text.startsWith('said'));
      assert.deepEqual(got, texts);
    }
  });
