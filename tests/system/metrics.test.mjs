// What a node tells operators of itself: /metrics, as Prometheus reads it, and
// /top.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { connect } from './support/client.mjs';
import { startCluster } from './support/cluster.mjs';
import { families, page, promtool, samples, startPrometheus }
  from './support/metrics.mjs';
import { openNode, startNode } from './support/node.mjs';
import { startRedis } from './support/redis.mjs';
import { connectRaw } from './support/raw.mjs';
import { test } from './support/test.mjs';
import { eventually } from './support/wait.mjs';

const TOKEN = '0123456789abcdef';
const documented = [...readFileSync(
  fileURLToPath(new URL('../../docs/metrics.md', import.meta.url)), 'utf8')
  .matchAll(/^\| `([a-z_]+)`/gm)].map(([, name]) => name);

/** What one of the samples has come to, once it is this. */
async function until(node, name, expected) {
  let last;
  await eventually(() => `${name} is ${last}, not ${expected}`, async () => {
    last = (await samples(node)).get(name);
    return last === expected;
  });
}

test('the page has what is documented, and promtool has no complaint',
  async (t) => {
    const node = await openNode(t);
    const answer = await fetch(node.admin('/metrics'));
    assert.match(answer.headers.get('content-type'), /^text\/plain; version=0/);
    const text = await answer.text();
    assert.ok(documented.length > 30);
    assert.deepEqual(families(text).sort(), documented.sort());
    assert.equal(await promtool(text), '');
  });

test('what clients do is counted', async (t) => {
  const node = await openNode(t, { 'health.canary-interval': '1h' });
  const clients = [];
  for (let i = 0; i < 3; ++i) {
    clients.push(await connect(t, node));
    await clients[i].join('lobby');
  }
  const [ada, bob, cem] = clients;
  // The node's own canary keeps something, too; with this setting, once.
  const appends =
    'greenroom_store_appends_total{store="memory",verdict="accepted"}';
  const before = (await samples(node)).get(appends) ?? 0;
  for (let i = 0; i < 5; ++i) await ada.say('lobby', `text ${i}`);
  for (const client of [bob, cem])
    for (let i = 0; i < 5; ++i) await client.next('message');
  await until(node, 'greenroom_requests_total{type="message"}', 5);
  const now = await samples(node);
  assert.equal(now.get('greenroom_connections'), 3);
  assert.equal(now.get('greenroom_rooms'), 1);
  assert.equal(now.get('greenroom_members'), 3);
  assert.equal(now.get('greenroom_connections_opened_total'), 3);
  assert.equal(now.get('greenroom_requests_total{type="join"}'), 3);
  assert.equal(now.get('greenroom_messages_total{way="client_in"}'), 8);
  assert.equal(now.get(appends) - before, 5);
  assert.ok(now.get('greenroom_deliveries_total') >= 10);
  assert.ok(now.get('greenroom_client_bytes_total{direction="in"}') > 5 * 20);
  assert.ok(now.get('greenroom_client_bytes_total{direction="out"}') > 10 * 20);
  assert.ok(now.get('greenroom_flushes_total') >= 13);
  assert.ok(now.get('greenroom_flush_messages_count') >= 1);
  for (const stage of ['accepted', 'sequenced', 'fan_out', 'written'])
    assert.ok(now.get(
      `greenroom_message_latency_seconds_count{stage="${stage}"}`) >= 1, stage);
  for (const kind of ['frames', 'logs', 'remembered'])
    assert.ok(now.get(`greenroom_memory_bytes{kind="${kind}"}`) > 0, kind);
  assert.ok(now.get('process_resident_memory_bytes') > 1e6);
  assert.ok(now.get('process_open_fds') > 10);

  bob.socket.close(1000);
  await cem.socket.terminate();
  await until(node, 'greenroom_connections', 1);
  await until(node, 'greenroom_connections_closed_total{class="normal"}', 1);
  await until(node, 'greenroom_connections_closed_total{class="lost"}', 1);
});

test('what goes wrong is counted', async (t) => {
  const node = await startNode(t, { 'net.close-timeout': '200ms' });
  const nobody = await connectRaw(t, node, '/ws?token=nonsense');
  await nobody.closed;
  await until(node, 'greenroom_auth_failures_total', 1);
  await until(node, 'greenroom_connections_closed_total{class="application"}',
    1);
});

test('a limit that is reached is counted under its setting', async (t) => {
  const node = await openNode(t, { 'limits.messages-per-second': 1,
    'limits.messages-burst': 2, 'rooms.members': 1 });
  const ada = await connect(t, node);
  await ada.join('small');
  for (let i = 0; i < 8; ++i) ada.send({ type: 'ping' });
  await ada.next({ type: 'error', code: 'rate_limited' });
  const bob = await connect(t, node);
  bob.send({ type: 'join_room', roomId: 'small' });
  await bob.next({ type: 'error', code: 'room_full' });
  const now = await samples(node);
  assert.ok(now.get(
    'greenroom_limits_hit_total{limit="limits.messages-per-second"}') >= 1);
  assert.equal(now.get('greenroom_limits_hit_total{limit="rooms.members"}'), 1);
});

test('rooms and users add no series', async (t) => {
  const node = await openNode(t, { 'limits.rooms-per-connection': 10 });
  // One of all that is counted only when it comes.
  const first = await connect(t, node);
  await first.join('first');
  await first.say('first', 'hello');
  const before = [...(await samples(node)).keys()];
  const users = await Promise.all(Array.from({ length: 500 }, async (_, i) => {
    const client = await connect(t, node);
    await client.join(`room-${i}`);
    await client.say(`room-${i}`, 'hello');
    return client;
  }));
  assert.equal(users.length, 500);
  const after = await samples(node);
  assert.equal(after.get('greenroom_rooms'), 501);
  assert.deepEqual([...after.keys()], before);
  assert.ok(before.length < 400, `${before.length} series`);
});

test('a cluster tells of its bus', async (t) => {
  const redis = await startRedis(t);
  const [n1, n2] = await startCluster(t, redis, 2, { 'rooms.order': 'fifo' });
  const ada = await connect(t, n1);
  const bob = await connect(t, n2);
  await ada.join('both');
  await bob.join('both');
  await ada.say('both', 'hello');
  await bob.next('message');
  await until(n1, 'greenroom_bus_up', 1);
  await until(n1, 'greenroom_bus_peers', 1);
  await until(n1, 'greenroom_cluster_mailbox_depth', 0);
  await until(n1, 'greenroom_messages_total{way="peer_out"}', 1);
  await until(n2, 'greenroom_messages_total{way="peer_in"}', 1);
  await eventually('a beat came back', async () =>
    (await samples(n1)).get('greenroom_bus_echo_seconds_count') > 0);
  assert.ok((await samples(n1)).get(
    'greenroom_message_latency_seconds_count{stage="bus"}') >= 1);
  await redis.kill();
  await until(n1, 'greenroom_bus_up', 0);
});

test('a real Prometheus scrapes a node, with its token', async (t) => {
  const node = await openNode(t, { 'admin.token': TOKEN });
  const prometheus = await startPrometheus(t, node, { token: TOKEN });
  const [target] = await prometheus.targets();
  assert.equal(target.lastError, '');
  const ada = await connect(t, node);
  const bob = await connect(t, node);
  await ada.join('lobby');
  await bob.join('lobby');
  for (let i = 0; i < 20; ++i) await ada.say('lobby', 'hello');
  await prometheus.until('greenroom_connections', 2);
  await prometheus.until('greenroom_requests_total{type="message"}', 20);
  await prometheus.until('sum(greenroom_members)', 2);
  await prometheus.until(
    'count(greenroom_message_latency_seconds_bucket{stage="written"})', 17);
  const [[, up]] = await prometheus.query('up');
  assert.equal(up, 1);
  const [[, quantile]] = await prometheus.query('histogram_quantile(0.99, '
    + 'sum by (le) (greenroom_loop_turn_seconds_bucket))');
  assert.ok(quantile > 0 && quantile <= 5, `${quantile}`);
});

test('/top names the busiest rooms, and they are told in the log',
  async (t) => {
    const node = await openNode(t, { 'limits.messages-per-second': 0 });
    const ada = await connect(t, node);
    for (const room of ['busy', 'calm']) await ada.join(room);
    for (let i = 0; i < 30; ++i) await ada.say('busy', 'hello');
    await ada.say('calm', 'hello');
    let top;
    await eventually(() => `both rooms are there: ${JSON.stringify(top)}`,
      async () => {
        top = await (await fetch(node.admin('/top'))).json();
        const all = top.rooms.reduce((sum, { messages }) => sum + messages, 0);
        return all === 31;
      });
    assert.deepEqual(top.rooms.map(({ name, messages, error }) =>
      [name, messages, error]), [['busy', 30, 0], ['calm', 1, 0]]);
    assert.ok(top.rooms[0].per_second > 0);
    assert.deepEqual(top.members, []);
    const told = await node.event('rooms.busiest', {}, 30_000);
    assert.match(told.busiest, /^busy=\d+\.\d+, calm=/);
  });

test('/top names members that read too slowly', async (t) => {
  const node = await openNode(t, { 'limits.messages-per-second': 0,
    'limits.unsent-bytes': '128KiB', 'heartbeat.interval': '60s' });
  const ada = await connect(t, node);
  await ada.join('gap');
  const slow = await connectRaw(t, node, '/ws?room=gap');
  await slow.next((f) => f.payload.toString().includes('"joined"'));
  slow.socket.pause();
  const filling = 'x'.repeat(60_000);
  let members = [];
  await eventually('a member is told', async () => {
    for (let i = 0; i < 40; ++i) await ada.say('gap', filling);
    ({ members } = await (await fetch(node.admin('/top'))).json());
    return members.length > 0;
  }, 60_000);
  assert.match(members[0].name, /^\S+ gap$/);
  assert.ok(members[0].skipped_bytes > 60_000);
  assert.ok((await samples(node)).get('greenroom_skipped_bytes_total') > 0);
});

test('a page of a busy node takes a loop no more than some milliseconds',
  async (t) => {
    const node = await openNode(t);
    const before = await samples(node);
    for (let i = 0; i < 50; ++i) await page(node);
    const after = await samples(node);
    const slow = (all) => [0, 1].reduce((sum, loop) => sum
      + all.get(`greenroom_loop_turn_seconds_count{loop="${loop}"}`)
      - all.get(`greenroom_loop_turn_seconds_bucket{loop="${loop}",le="0.025"}`),
    0);
    assert.equal(slow(after), slow(before));
  });
