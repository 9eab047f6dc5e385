// [P-9.7] Rooms of order `total`: Redis gives the order and keeps the messages.

import assert from 'node:assert/strict';

import { connect } from './support/client.mjs';
import { startCluster } from './support/cluster.mjs';
import { startRedis } from './support/redis.mjs';
import { test } from './support/test.mjs';
import { eventually } from './support/wait.mjs';

const TOTAL = { 'rooms.order': 'total' };

const line = ({ offset, text }) => `${offset}=${text}`;

/** What a member has been sent and acked of a room, by offset. */
function seen(client) {
  const all = new Map();
  for (const { type, offset, text, id } of client.received) {
    if (type === 'message' && offset) all.set(offset, text);
    if (type === 'ack') all.set(offset, id);
  }
  return [...all].sort(([a], [b]) => a - b);
}

async function join(t, nodes, roomId) {
  const clients = await Promise.all(nodes.map((node) => connect(t, node)));
  for (const client of clients) {
    const joined = await client.join(roomId);
    assert.equal(joined.order, 'total');
    client.session = client.all('auth_success')[0].session;
    client.epoch = joined.epoch;
  }
  return clients;
}

test('[P-9.7] all members on all nodes see one order, without holes',
  async (t) => {
    const nodes = await startCluster(t, await startRedis(t), 3, TOTAL);
    const clients = await join(t, [...nodes, ...nodes], 'one');
    assert.equal(new Set(clients.map(({ epoch }) => epoch)).size, 1);
    for (let i = 0; i < 50; ++i)
      for (const [n, client] of clients.entries())
        client.send({ type: 'message', roomId: 'one', id: `${n}.${i}`,
          text: `${n}.${i}` });
    await eventually('everybody has everything',
      () => clients.every((client) => seen(client).length === 300));
    const first = seen(clients[0]);
    assert.deepEqual(first.map(([offset]) => offset),
      [...Array(300).keys()].map((i) => i + 1));
    for (const client of clients) {
      assert.deepEqual(seen(client), first);
      // In the order of offsets, each once [P-4.1], acks no later [P-4.14].
      const offsets = client.received.filter(({ offset, type }) =>
        offset && (type === 'message' || type === 'ack'))
        .filter(({ type }) => type === 'message').map(({ offset }) => offset);
      assert.deepEqual(offsets, [...offsets].sort((a, b) => a - b));
    }
  });

test('[P-3.18] a session is resumed on another node after its own was killed',
  async (t) => {
    const nodes = await startCluster(t, await startRedis(t), 2, TOTAL);
    const [ada, bob] = await join(t, nodes, 'killed');
    await ada.say('killed', 'heard');
    const { offset, epoch } = await bob.next('message')
      .then((message) => ({ ...message, epoch: bob.epoch }));
    nodes[1].signal('SIGKILL');
    await bob.closes(1006);
    for (const text of ['missed 1', 'missed 2']) await ada.say('killed', text);
    const back = await connect(t, nodes[0]);
    const resumed = await back.request({ type: 'resume', session: bob.session,
      rooms: { killed: { epoch, offset } } });
    assert.equal(resumed.connectionId, bob.connectionId);
    assert.equal(resumed.rooms[0].recovered, true);
    assert.equal((await back.next('message')).text, 'missed 1');
    assert.equal((await back.next('message')).text, 'missed 2');
    await nodes[1].exit();
  });

test('[P-3.4] the same id on another node is the same message', async (t) => {
  const nodes = await startCluster(t, await startRedis(t), 2, TOTAL);
  const [ada, bob] = await join(t, nodes, 'ids');
  const first = await ada.say('ids', 'x', { id: 'once' });
  ada.socket.terminate();
  const back = await connect(t, nodes[1]);
  const resumed = await back.request({ type: 'resume', session: ada.session,
    rooms: { ids: { epoch: ada.epoch, offset: 0 } } });
  assert.equal(resumed.rooms[0].recovered, true);
  assert.equal((await back.next('message')).id, 'once');
  const again = await back.say('ids', 'x', { id: 'once' });
  assert.deepEqual([again.offset, again.duplicate], [first.offset, true]);
  assert.equal(bob.all('message').length, 1);
});

test('[P-4.19] a Redis that lost everything: a new epoch, said to members',
  async (t) => {
    const redis = await startRedis(t);
    const nodes = await startCluster(t, redis, 2, TOTAL);
    const [ada, bob] = await join(t, nodes, 'flushed');
    for (let i = 0; i < 5; ++i) await ada.say('flushed', `${i}`);
    await bob.next({ type: 'message', text: '4' });
    await redis.cli('flushall');
    for (const client of [ada, bob]) {
      const told = await client.next(
        (m) => m.type === 'joined' && m.reason === 'epoch');
      assert.notEqual(told.epoch, client.epoch);
      assert.equal(told.recovered, false);
      assert.equal(told.offset, 0);
      assert.equal(told.previous, undefined);
      client.epoch = told.epoch;
    }
    assert.equal(ada.epoch, bob.epoch);
    const { offset, epoch } = await ada.say('flushed', 'after');
    assert.deepEqual([offset, epoch], [1, ada.epoch]);
    const after = await bob.next({ type: 'message', text: 'after' });
    assert.equal(line(after), '1=after');
  });

test('[P-3.3] without Redis nothing is acked; with it again, once each',
  async (t) => {
    const redis = await startRedis(t);
    const nodes = await startCluster(t, redis, 2, TOTAL);
    const [ada, bob] = await join(t, nodes, 'away');
    await ada.say('away', 'before');
    await bob.next('message');
    redis.process.signal('SIGSTOP');
    await ada.next('degraded');
    await bob.next('degraded');
    for (let i = 0; i < 20; ++i)
      ada.send({ type: 'message', roomId: 'away', id: i, text: `${i}` });
    await ada.lives();
    assert.equal(ada.all('ack').length, 1);
    assert.equal(bob.all('message').length, 1);
    redis.process.signal('SIGCONT');
    await ada.next('healed');
    for (let i = 0; i < 20; ++i) await ada.next({ type: 'ack', id: i });
    for (let i = 0; i < 20; ++i)
      assert.equal(line(await bob.next('message')), `${i + 2}=${i}`);
  });

test('[P-9.7] what Pub/Sub lost at the end is repaired within 2 s', async (t) => {
  const redis = await startRedis(t);
  const nodes = await startCluster(t, redis, 2, TOTAL);
  const [ada, bob] = await join(t, nodes, 'tail');
  await ada.say('tail', 'one');
  await bob.next('message');
  // Every subscriber is cut off; what is said now is heard by nobody.
  await redis.cli('client', 'kill', 'type', 'pubsub');
  const begun = performance.now();
  await ada.say('tail', 'two');
  await bob.next({ type: 'message', text: 'two' });
  const took = performance.now() - begun;
  t.diagnostic(`after ${took.toFixed(0)} ms`);
  if (!nodes[0].isSanitized) assert.ok(took < 2_000, `${took} ms`);
});

test('[P-3.3] a Redis that stays away: unavailable, and when to try again',
  async (t) => {
    const redis = await startRedis(t);
    const nodes = await startCluster(t, redis, 1, TOTAL);
    const [ada] = await join(t, nodes, 'gone');
    redis.process.signal('SIGSTOP');
    t.after(() => redis.process.signal('SIGCONT'));
    await ada.next('degraded');
    const error = await ada.request(
      { type: 'message', roomId: 'gone', id: 'x', text: 'x' }, 30_000);
    assert.equal(error.code, 'unavailable');
    assert.ok(error.retryAfter > 0);
  });

const set = (client, key, value, fields = {}, ms = undefined) =>
  client.request({ type: 'set_state', roomId: 'map', key, value, ...fields },
    ms);

test('[P-4.6] of many on many nodes who compare and set, one wins each time',
  async (t) => {
    const nodes = await startCluster(t, await startRedis(t), 3, TOTAL);
    const clients = await join(t, [...nodes, ...nodes], 'map');
    await set(clients[0], 'count', 0);
    // Each adds one, ten times: no step is lost.
    await Promise.all(clients.map(async (client) => {
      let known = { version: 0, value: null };
      for (let added = 0; added < 10;) {
        const answer = await set(client, 'count', (known.value ?? 0) + 1,
          { ifVersion: known.version });
        if (answer.type === 'ack') {
          ++added;
          known = { version: answer.version, value: (known.value ?? 0) + 1 };
        } else {
          assert.equal(answer.code, 'conflict', JSON.stringify(answer));
          known = answer;
        }
      }
    }));
    const last = (client) => client.all('state')
      .flatMap(({ changes }) => changes)
      .filter(({ key }) => key === 'count').at(-1)?.value;
    await eventually('all nodes tell the sum',
      () => clients.every((client) => last(client) === 60));
  });

test('[P-4.6] shared keys outlive their node, bound ones do not', async (t) => {
  const nodes = await startCluster(t, await startRedis(t), 2, TOTAL);
  const [ann, bob] = await join(t, nodes, 'map');
  await set(ann, 'title', 'shared');
  await set(ann, 'cursor', 7, { bound: true });
  await bob.next((m) => m.type === 'state'
    && m.changes.some(({ key }) => key === 'cursor'));
  nodes[0].signal('SIGKILL');
  await nodes[0].exit();
  await bob.next((m) => m.type === 'state'
    && m.changes.some(({ key, value }) => key === 'cursor' && value === null));
  const late = await connect(t, nodes[1]);
  const { state } = await late.join('map');
  assert.deepEqual(state.map(({ key, value }) => [key, value]),
    [['title', 'shared']]);
});

test('[P-3.3] a key that cannot be set in time is refused, with retryAfter',
  async (t) => {
    const redis = await startRedis(t);
    const [node] = await startCluster(t, redis, 1, TOTAL);
    const [ann] = await join(t, [node], 'map');
    redis.process.signal('SIGSTOP');
    t.after(() => redis.process.signal('SIGCONT'));
    const { code, retryAfter } = await set(ann, 'x', 1, {}, 30_000);
    assert.deepEqual([code, retryAfter], ['unavailable', 1_000]);
    redis.process.signal('SIGCONT');
    await eventually('it can be set again',
      async () => (await set(ann, 'x', 2)).type === 'ack');
  });
