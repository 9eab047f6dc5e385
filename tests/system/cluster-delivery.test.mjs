// Three nodes and a Redis: every member on every node gets each message once.

import assert from 'node:assert/strict';

import { MSGPACK_V1, connect, dial } from './support/client.mjs';
import {
  clusterSettings, isOf, memberOnEach, startCluster, subscribed,
} from './support/cluster.mjs';
import { openNode } from './support/node.mjs';
import { startRedis } from './support/redis.mjs';
import { frames, heard } from './support/relay.mjs';
import { shared, test } from './support/test.mjs';
import { token } from './support/tokens.mjs';

const open = shared(async (file) => {
  const redis = await startRedis(file);
  return { redis, nodes: await startCluster(file, redis) };
});

test('every member on every node gets each message once, in its origin\'s '
  + 'order', async (t) => {
  const { redis, nodes } = await open();
  const rooms = ['red', 'green', 'chat:blue'];
  const count = 100;
  const members = []; // Two a node and room; all of them publish.
  for (const roomId of rooms)
    for (let round = 0; round < 2; ++round)
      for (const [at, client] of
        (await Promise.all(nodes.map((node) => connect(t, node)))).entries()) {
        await client.join(roomId);
        members.push({ client, roomId, at, name: `${at}.${round}` });
      }
  for (const roomId of rooms) await subscribed(redis, roomId, nodes.length);

  for (let i = 0; i < count; ++i) {
    for (const { client, roomId, name } of members)
      client.send({ type: 'message', roomId, id: i, data: { name, i } });
    if (i % 10 === 9)
      await Promise.all(members.map(({ client }) =>
        client.next({ type: 'ack', id: i })));
  }

  const orders = new Map(); // By room, receiver's node and origin's node.
  for (const { client, roomId, at, name } of members) {
    const heardHere = [];
    for (let n = 0; n < count * 5; ++n)
      heardHere.push(await client.next('message'));
    await client.lives();
    assert.equal(client.all('message').length, count * 5, 'each once');
    const next = {};
    let last = 0;
    for (const { data, offset } of heardHere) {
      assert.notEqual(data.name, name, 'not its own');
      assert.equal(data.i, next[data.name] ?? 0, `${data.name} in order`);
      next[data.name] = data.i + 1;
      assert.ok(offset > last, 'offsets rise');
      last = offset;
    }
    for (const origin of nodes.keys()) {
      if (origin === at) continue;
      const order = heardHere
        .filter((m) => m.data.name.startsWith(`${origin}.`))
        .map((m) => `${m.data.name} ${m.data.i}`);
      const key = `${roomId} ${origin}`;
      const known = orders.get(key) ?? order;
      orders.set(key, known);
      assert.deepEqual(order, known, 'one order of an origin, everywhere');
    }
  }
  for (const node of nodes)
    for (const name of ['bus.gap', 'bus.dropped', 'bus.rejected'])
      assert.ok(!node.events.items.some((e) => e.event === name), name);
});

test('who has joined on one node gets what is said on another from then on',
  async (t) => {
    const { nodes } = await open();
    const speaker = await connect(t, nodes[0]);
    await speaker.join('at once');
    for (let i = 0; i < 20; ++i) {
      const listener = await connect(t, nodes[1 + i % 2]);
      await listener.join('at once');
      await speaker.say('at once', `for ${i}`);
      assert.equal((await listener.next('message')).text, `for ${i}`);
      await listener.close();
    }
  });

test('a node is subscribed to rooms with members on it and to no others',
  async (t) => {
    const { redis, nodes } = await open();
    const [a, b] = await memberOnEach(t, redis, nodes.slice(0, 2), 'sparse');
    const c = await connect(t, nodes[2]);
    await c.join('dense');
    await subscribed(redis, 'dense', 1);
    await subscribed(redis, 'sparse', 2);
    await a.request({ type: 'leave_room', roomId: 'sparse' });
    await subscribed(redis, 'sparse', 1);
    b.socket.terminate();
    await subscribed(redis, 'sparse', 0);
    await c.join('sparse');
    await subscribed(redis, 'sparse', 1);
  });

test('data crosses nodes byte for byte, and between encodings', async (t) => {
  const { redis, nodes } = await open();
  const json = await memberOnEach(t, redis, nodes, 'bytes');
  const pack = await connect(t, nodes[1], { protocol: MSGPACK_V1 });
  await pack.join('bytes');
  const data = '{ "a" : [1.0,1e2,"\\u00e9\\/"] }';
  json[0].sendFrame(`{"type":"message","roomId":"bytes","event":"e",`
    + `"timestamp":1.50,"data":${data}}`);
  for (const client of json.slice(1)) {
    const message = await client.next('message');
    const raw = client.raw(message).toString();
    assert.ok(raw.includes(`"data":${data}`), raw);
    assert.equal(message.userId, json[0].userId);
    assert.equal(message.event, 'e');
    assert.equal(message.timestamp, 1.5);
  }
  assert.deepEqual((await pack.next('message')).data, JSON.parse(data));
  pack.send({ type: 'message', roomId: 'bytes', text: 'é☃' });
  for (const client of json)
    assert.equal((await client.next('message')).text, 'é☃');
});

test('[P-3.7] directed messages find their connection or user on any node',
  async (t) => {
    const { redis, nodes } = await open();
    const [ada, bob, cid] = await memberOnEach(t, redis, nodes, 'letters');
    const eve = await connect(t, nodes[2], { query: { token: token('eve') } });
    await eve.join('letters');
    await ada.say('letters', 'to bob', { to: [bob.connectionId] });
    await ada.say('letters', 'to eve', { to: ['eve'] });
    await ada.say('letters', 'to all');
    const heardBy = async (client) => {
      await client.next({ type: 'message', text: 'to all' });
      return client.all('message').map((m) => m.text);
    };
    assert.deepEqual(await heardBy(bob), ['to bob', 'to all']);
    assert.deepEqual(await heardBy(eve), ['to eve', 'to all']);
    assert.deepEqual(await heardBy(cid), ['to all']);
    assert.equal('offset' in bob.all('message')[0], false);
  });

test('[P-4.5] typing crosses nodes and ends with its client', async (t) => {
  const { redis, nodes } = await open();
  const [ada, bob] = await memberOnEach(t, redis, nodes, 'typing');
  ada.send({ type: 'typing', roomId: 'typing' });
  assert.deepEqual(await bob.next('typing'), { type: 'typing',
    roomId: 'typing', userId: ada.userId, isTyping: true });
  ada.socket.terminate();
  assert.equal((await bob.next('typing')).isTyping, false);
});

test('/relay rooms cross nodes, text and binary, and are rooms of their own',
  async (t) => {
    const { redis, nodes } = await open();
    const talkers = await memberOnEach(t, redis, nodes, 'raw');
    const members = nodes.map((node) =>
      dial(t, node, { path: '/relay', query: { room: 'raw' } }));
    for (const member of members) await member.opened;
    for (const member of members)
      await heard((what) => member.sendFrame(what),
        members.filter((other) => other !== member));
    const bytes = Buffer.from('00ff80c328', 'hex');
    members[0].sendFrame('text ☃');
    members[0].sendFrame(bytes);
    for (const member of members.slice(1)) {
      assert.deepEqual(await frames(member, 1), [[false, 'text ☃']]);
      const second = await member.next('frame');
      assert.ok(second.isBinary && second.bytes.equals(bytes));
    }
    await talkers[0].say('raw', 'said');
    for (const talker of talkers.slice(1))
      assert.equal((await talker.next('message')).text, 'said');
  });

test('clusters with different prefixes share a Redis and nothing else',
  async (t) => {
    const { redis, nodes } = await open();
    const other = await openNode(t,
      clusterSettings(redis, { 'cluster.prefix': 'elsewhere' }));
    const here = await memberOnEach(t, redis, nodes, 'prefix');
    const there = await connect(t, other);
    await there.join('prefix');
    await subscribed(redis, 'prefix', nodes.length + 1);
    await here[0].say('prefix', 'hello');
    await here[1].next('message');
    await there.lives();
    assert.deepEqual(there.all('message'), []);
  });

test('what a stranger publishes is rejected and harms nobody', async (t) => {
  const { redis, nodes } = await open();
  const [ada, bob] = await memberOnEach(t, redis, nodes, 'strangers');
  const [channel] = (await redis.channels())
    .filter((channel) => isOf(channel, 'strangers'));
  for (const payload of ['', 'hello', '\u0093', '{"a":1}', 'x'.repeat(100_000)])
    await redis.cli('publish', channel, payload);
  await nodes[1].event('bus.rejected');
  await ada.say('strangers', 'still here');
  assert.equal((await bob.next('message')).text, 'still here');
});
