// Real nodes whose own code throws: what it costs, and what it does not.

import assert from 'node:assert/strict';
import { join } from 'node:path';

import { connect, dial } from './support/client.mjs';
import { clusterSettings } from './support/cluster.mjs';
import { faultyNode } from './support/faulty.mjs';
import { temporaryFolder } from './support/files.mjs';
import { openNode } from './support/node.mjs';
import { startRedis } from './support/redis.mjs';
import { test } from './support/test.mjs';
import { eventually } from './support/wait.mjs';

/** Two members of a room on `node`. */
async function pairOn(t, node, roomId = 'r') {
  const pair = [await connect(t, node), await connect(t, node)];
  for (const member of pair) await member.join(roomId);
  return pair;
}

const textsOf = (member) => member.all('message').map(({ text }) => text);

test('[P-3.3] a room that crashes goes on under its members', async (t) => {
  const node = await faultyNode(t, ['room.publish:boom:1']);
  const [ann, bob] = await pairOn(t, node);
  const offsets = [];
  for (const text of ['one', 'boom', 'three'])
    offsets.push((await ann.say('r', text)).offset);
  assert.deepEqual(offsets, [1, 2, 3]);
  await bob.next({ type: 'message', text: 'three' });
  assert.deepEqual(textsOf(bob), ['one', 'boom', 'three']);
  assert.deepEqual(bob.all('gap'), []);
  const crash = await node.event('actor.crashed', { kind: 'room' });
  assert.match(crash.reason, /a test asked for/);
  assert.equal(crash.message, 'publish');
  await node.event('actor.flight', { actor: crash.actor });
  const again = await node.event('actor.restarted', { actor: crash.actor });
  assert.equal(again.restarts, 1);
});

test('a message that crashes its room twice is put away, and the room lives',
  async (t) => {
    const node = await faultyNode(t, ['room.publish:boom:always']);
    const [ann, bob] = await pairOn(t, node);
    await ann.refused('internal', { type: 'message', roomId: 'r', text: 'boom' });
    const put = await node.event('message.quarantined', { room: 'r' });
    assert.match(Buffer.from(put.payload, 'base64').toString(), /boom/);
    assert.equal((await ann.say('r', 'two')).offset, 1);
    await bob.next({ type: 'message', text: 'two' });
    assert.deepEqual(textsOf(bob), ['two']);
  });

test('[P-8] a connection whose code fails is closed with 1011, and it alone',
  async (t) => {
    const node = await faultyNode(t, ['session.read::1:12']);
    const [ann, bob] = await pairOn(t, node);
    const all = [ann, bob];
    const closed = Promise.race(all.map(async (one) => {
      const how = await one.closed;
      return { ...how, one };
    }));
    let gone;
    closed.then((how) => { gone = how; });
    await eventually('one of them is closed', async () => {
      for (const one of all) one.send({ type: 'ping' });
      return gone !== undefined;
    });
    assert.equal(gone.code, 1011);
    const left = all.find((one) => one !== gone.one);
    await left.lives();
    await left.say('r', 'still here');
    await node.event('part.crashed', { part: 'connection' });
    await node.event('connection.closed',
      { connection: gone.one.connectionId, code: 1011 });
  });

test('a send whose code fails costs its client alone', async (t) => {
  const node = await faultyNode(t, ['session.flush::1:9']);
  const [ann, bob] = await pairOn(t, node);
  let gone;
  for (const one of [ann, bob]) one.closed.then(() => { gone ??= one; });
  await eventually('one of them is gone', async () => {
    for (const one of [ann, bob]) one.send({ type: 'ping' });
    return gone !== undefined;
  });
  await (gone === ann ? bob : ann).say('r', 'still here');
});

test('a request whose code fails costs its client alone', async (t) => {
  const node = await faultyNode(t, ['http.route:room=cursed:always']);
  const [ann] = await pairOn(t, node);
  for (let i = 0; i < 20; ++i)
    await assert.rejects(
      dial(t, node, { query: { room: 'cursed' } }).opened, /./);
  await node.event('part.crashed', { part: 'http' });
  // Nobody else has to wait for that.
  const begun = performance.now();
  await Promise.all(Array.from({ length: 10 }, () => connect(t, node)));
  assert.ok(performance.now() - begun < 5_000);
  await ann.lives();
});

test('[P-3.3] a store that crashes refuses, and goes on', async (t) => {
  const folder = await temporaryFolder(t);
  const settings = { 'store.path': join(folder, 'rooms.db') };
  const node = await faultyNode(t,
    ['store.decide:kept:1:3', 'store.read:kept:1'], settings);
  const [ann, bob] = await pairOn(t, node, 'kept');
  const [other] = await pairOn(t, node, 'other');
  const said = [];
  let refused = 0;
  for (let i = 0; i < 6; ++i) {
    const answer = await ann.request(
      { type: 'message', roomId: 'kept', text: `${i}` });
    if (answer.type === 'ack') said.push(`${i}`);
    else {
      assert.equal(answer.code, 'unavailable', JSON.stringify(answer));
      assert.ok(answer.retryAfter > 0);
      ++refused;
    }
    await other.say('other', `${i}`);
  }
  assert.equal(refused, 1);
  await node.event('part.crashed', { part: 'store' });
  await bob.next({ type: 'message', text: said.at(-1) });
  assert.deepEqual(textsOf(bob), said);
  // What it says it has is what it has.
  await bob.refused('unavailable',
    { type: 'history', roomId: 'kept', from: 1, limit: 100 });
  const { messages } = await bob.request(
    { type: 'history', roomId: 'kept', from: 1, limit: 100 });
  assert.deepEqual(messages.map(({ text }) => text), said);
  node.signal('SIGKILL');
  await node.exit();
  const next = await openNode(t, settings);
  const cid = await connect(t, next);
  assert.equal((await cid.join('kept')).offset, said.length);
});

for (const order of ['fifo', 'total'])
  test(`a connection to Redis whose code fails is made anew (${order})`,
    async (t) => {
      const redis = await startRedis(t);
      const settings = clusterSettings(redis, { 'rooms.order': order });
      const node = await faultyNode(t, ['redis.reply::2:40'],
        { ...settings, 'cluster.node-id': 'n1' });
      const peer = await openNode(t, { ...settings, 'cluster.node-id': 'n2' });
      const ann = await connect(t, node);
      const bob = await connect(t, peer);
      await ann.join('r');
      await bob.join('r');
      let crashed = false;
      node.event('part.crashed', { part: 'redis' })
        .then(() => { crashed = true; });
      await eventually('it has crashed', async () => {
        await ann.request({ type: 'message', roomId: 'r', text: 'on and on' });
        return crashed;
      });
      await node.event('bus.down');
      await eventually('what is said arrives again', async () => {
        const text = `again ${Math.random()}`;
        await ann.request({ type: 'message', roomId: 'r', text });
        return bob.next({ type: 'message', text }, 500)
          .then(() => true, () => false);
      });
      await ann.lives();
    });

test('a loop that goes on crashing ends the process, and the log says why',
  async (t) => {
    const node = (await faultyNode(t, ['keeper.join:doomed:always'])).mayEnd();
    // Of each loop's keeper, for as long as there is somebody who asks.
    const asking = setInterval(() => {
      const one = dial(t, node, { query: { room: 'doomed' } });
      one.opened.catch(() => {});
    }, 10);
    t.after(() => clearInterval(asking));
    const { code } = await node.exit();
    assert.equal(code, 1);
    await node.event('actor.escalated', { kind: 'keeper' });
    const why = await node.event('actor.escalated', { kind: 'loop' });
    assert.match(why.cause, /a test asked for/);
    const stopping = await node.event('node.stopping');
    assert.match(stopping.reason, /a test asked for|cannot be rebuilt/);
    await node.event('node.stopped');
  });

test('what nobody catches ends the process with a last line that says so',
  async (t) => {
    const node = (await faultyNode(t, ['loop.turn::1:150'],
      { 'limits.messages-per-second': 0 })).mayEnd();
    const ann = dial(t, node);
    await ann.opened.catch(() => {});
    const poking = setInterval(() => ann.socket.readyState === 1
      && ann.send({ type: 'ping' }), 5);
    t.after(() => clearInterval(poking));
    const { signal } = await node.exit();
    assert.equal(signal, 'SIGABRT');
    const last = node.process.stdout.trim().split('\n').at(-1);
    const { event, reason, level } = JSON.parse(last);
    assert.deepEqual({ event, reason, level }, { event: 'node.failed',
      reason: 'a fault that a test asked for', level: 'error' });
  });
