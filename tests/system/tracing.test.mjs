// [P-3.21] What becomes of a message that its client traces.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';

import { MSGPACK_V1, connect } from './support/client.mjs';
import { clusterSettings, memberOnEach } from './support/cluster.mjs';
import { openNode } from './support/node.mjs';
import { startRedis } from './support/redis.mjs';
import { test } from './support/test.mjs';

const hex = (bytes) => randomBytes(bytes).toString('hex');
const traceparent = (trace, flags = '01') => `00-${trace}-${hex(8)}-${flags}`;

/** Waits for these stages of a trace on a node. */
async function passes(node, trace, stages) {
  const told = {};
  for (const stage of stages)
    told[stage] = await node.event('message.traced', { trace, stage });
  return told;
}

const tracesOf = (node) =>
  node.events.items.filter(({ event }) => event === 'message.traced');

for (const protocol of [undefined, MSGPACK_V1])
  test(`[P-3.21] a node tells how far a message has come (${protocol ?? 'json'})`,
    async (t) => {
      const node = await openNode(t);
      const ann = await connect(t, node, { protocol });
      const bob = await connect(t, node);
      await ann.join('r');
      await bob.join('r');
      const trace = hex(16);
      await ann.say('r', 'traced', { traceparent: traceparent(trace) });
      const got = await bob.next({ type: 'message', text: 'traced' });
      assert.ok(!('traceparent' in got), 'members are not told');
      const told = await passes(node, trace,
        ['accepted', 'sequenced', 'fan_out', 'written']);
      const times = Object.values(told).map(({ after_us: us }) => us);
      assert.deepEqual(times, [...times].sort((a, b) => a - b));
      assert.ok(Object.values(told).every(({ room }) => room === 'r'));
    });

test('[P-3.21] what is not sampled, or no traceparent, is not told and no fault',
  async (t) => {
    const node = await openNode(t);
    const ann = await connect(t, node);
    await ann.join('r');
    for (const value of [traceparent(hex(16), '00'), 'nonsense', '', 7, null,
      traceparent('0'.repeat(32)), 'x'.repeat(5000)])
      await ann.say('r', 'hello', { traceparent: value });
    const trace = hex(16);
    await ann.say('r', 'last', { traceparent: traceparent(trace) });
    await passes(node, trace, ['accepted']);
    assert.ok(tracesOf(node).every((line) => line.trace === trace));
  });

for (const order of ['fifo', 'total'])
  test(`[P-3.21] every node that a message passes tells of it (${order})`,
    async (t) => {
      const redis = await startRedis(t);
      const settings = clusterSettings(redis, { 'rooms.order': order });
      const nodes = [
        await openNode(t, { ...settings, 'cluster.node-id': 'n1' }),
        await openNode(t, { ...settings, 'cluster.node-id': 'n2' })];
      const [ann, bob] = await memberOnEach(t, redis, nodes, 'r');
      const trace = hex(16);
      await ann.say('r', 'far', { traceparent: traceparent(trace) });
      await bob.next({ type: 'message', text: 'far' });
      await passes(nodes[0], trace, ['accepted', 'sequenced', 'fan_out',
        'written', ...(order === 'fifo' ? ['bus'] : [])]);
      const { heard } = await passes(nodes[1], trace,
        ['heard', 'fan_out', 'written']);
      assert.ok(heard.age_ms >= 0 && heard.age_ms < 60_000);
      // A directed one goes over the bus, too.
      if (order !== 'fifo') return;
      const other = hex(16);
      await ann.request({ type: 'message', roomId: 'r', text: 'psst',
        to: bob.connectionId, traceparent: traceparent(other) });
      await bob.next({ type: 'message', text: 'psst' });
      await passes(nodes[0], other, ['accepted', 'bus']);
      await passes(nodes[1], other, ['heard']);
    });
