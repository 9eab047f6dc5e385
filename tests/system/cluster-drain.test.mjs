// [P-5.7] A node of a cluster stops, and its clients go on elsewhere.

import assert from 'node:assert/strict';

import { connect } from './support/client.mjs';
import { startCluster } from './support/cluster.mjs';
import { startRedis } from './support/redis.mjs';
import { test } from './support/test.mjs';

test('[P-5.7] each client is told when to go, and nobody sees it leave',
  async (t) => {
    const nodes = await startCluster(t, await startRedis(t), 2,
      { 'drain.rate': 20 });
    const watcher = await connect(t, nodes[0]);
    await watcher.join('drain');
    const going = [];
    for (let i = 0; i < 10; ++i) {
      const client = await connect(t, nodes[1]);
      const joined = await client.join('drain');
      const { session } = client.all('auth_success')[0];
      going.push({ client, session, joined });
    }
    await watcher.next((m) => m.memberCount === 11);
    const seen = watcher.all('presence').length;
    nodes[1].signal('SIGTERM');
    const told = [];
    const back = await Promise.all(going.map(async (each) => {
      const { reconnectAfter } = await each.client.next('go_away');
      told.push(reconnectAfter);
      await each.client.closes(1012);
      const client = await connect(t, nodes[0]);
      const { epoch, offset } = each.joined;
      const resumed = await client.request({ type: 'resume',
        session: each.session, rooms: { drain: { epoch, offset } } });
      assert.equal(resumed.connectionId, each.client.connectionId);
      return client;
    }));
    // 20 a second, from two loops.
    assert.ok(Math.max(...told) >= 300, `${told}`);
    assert.deepEqual(await nodes[1].exit(), { code: 0, signal: null });
    await nodes[0].event('peer.left', { peer: 'n2' });
    const marker = await connect(t, nodes[0]);
    await marker.join('drain');
    await watcher.next((m) => m.type === 'presence' && m.joined?.some(
      ({ connectionId }) => connectionId === marker.connectionId));
    const ids = new Set(back.map(({ connectionId }) => connectionId));
    for (const { left } of watcher.all('presence').slice(seen))
      assert.deepEqual((left ?? []).filter(
        ({ connectionId }) => !ids.has(connectionId)), []);
  });
