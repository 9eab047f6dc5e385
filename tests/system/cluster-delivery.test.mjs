// Three nodes and a Redis: every member on every node gets each message once.

import assert from 'node:assert/strict';

import { encode } from '@msgpack/msgpack';

import { MSGPACK_V1, connect, dial } from './support/client.mjs';
import {
  clusterSettings, isOf, memberOnEach, startCluster, subscribed,
} from './support/cluster.mjs';
import { openNode } from './support/node.mjs';
import { startRedis } from './support/redis.mjs';
import { frames, heard } from './support/relay.mjs';
import { shared, test } from './support/test.mjs';
import { token } from './support/tokens.mjs';
import { eventually } from './support/wait.mjs';

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

/** What a node would publish if somebody there had said `value`. */
const envelope = (roomId, sequence, value, isText = false) => encode(
  [1, 1, 'stranger', 4711, 1, sequence, 0, roomId,
    ['eve', isText, [0, Buffer.from(value)], '', [0, Buffer.alloc(0)], 1]]);

test('what a stranger publishes is rejected and harms nobody', async (t) => {
  const { redis, nodes } = await open();
  const members = await memberOnEach(t, redis, nodes, 'strangers');
  const [channel] = (await redis.channels())
    .filter((channel) => isOf(channel, 'strangers'));

  // A well-formed envelope is a node's: so what is wrong below is the value.
  await redis.publish(channel, envelope('strangers', 1, '{"a":1}'));
  for (const member of members)
    assert.deepEqual((await member.next('message')).data, { a: 1 });

  const good = envelope('strangers', 2, '{"a":1}');
  for (const [payload, reason] of [
    ['', /no complete MessagePack/],
    ['hello', /bytes after/],
    [Buffer.from([0x93]), /no complete MessagePack/],
    ['{"a":1}', /bytes after/],
    ['x'.repeat(100_000), /bytes after/],
    [good.subarray(0, -1), /no complete MessagePack/],
    [envelope('strangers', 2, '{"a":1'), /said/],
    [envelope('strangers', 2, '"a"],"b":["c"'), /said/],
    [envelope('strangers', 2, '1', true), /said/],
    [envelope('elsewhere', 2, '{"a":1}'), /outside its channel/],
  ]) {
    // Each node tells of one a second, so that it takes some tries to see it.
    const since = new Date().toISOString();
    const told = (node) => node.events.items.some((e) =>
      e.event === 'bus.rejected' && e.channel === channel && e.ts >= since
      && reason.test(e.reason));
    await eventually(`${payload.slice(0, 20)} is rejected by all`, async () => {
      await redis.publish(channel, payload);
      return nodes.every(told);
    });
  }

  const [ada, ...others] = members;
  await ada.say('strangers', 'still here');
  for (const member of others) {
    const { text, offset } = await member.next('message');
    assert.deepEqual([text, offset], ['still here', 2]);
    await member.lives();
  }
});
