// [P-5.2] How connections and the node end.

import assert from 'node:assert/strict';

import { connect, dial } from './support/client.mjs';
import { close } from './support/frames.mjs';
import { openNode, startNode } from './support/node.mjs';
import { connectRaw, dialRaw } from './support/raw.mjs';
import { relayMembers } from './support/relay.mjs';
import { shared, test } from './support/test.mjs';
import { SOON } from './support/wait.mjs';

const open = shared(openNode);

test('[P-5.2] a client that closes with 1000 is answered with 1000',
  async (t) => {
    const client = await connect(t, await open());
    assert.equal((await client.close()).code, 1000);
    const event = await client.node.event('connection.closed',
      { connection: client.connectionId });
    assert.equal(event.code, 1000);
  });

test('[P-5.2] a client that just goes away is noticed', async (t) => {
  const client = await connect(t, await open());
  client.socket.terminate();
  await client.node.event('connection.closed',
    { connection: client.connectionId });
});

for (const signal of ['SIGTERM', 'SIGINT'])
  test(`[P-5.2] ${signal} closes clients with 1001 and the node exits with 0`,
    async (t) => {
      const node = await openNode(t);
      const clients = [await connect(t, node), await connect(t, node),
        ...await relayMembers(t, node, 'room', 2)];
      await clients[0].join('room');
      node.signal(signal);
      for (const client of clients) await client.closes(1001);
      assert.deepEqual(await node.exit(), { code: 0, signal: null });
      const { clean } = await node.event('node.stopped');
      assert.equal(clean, true);
      assert.equal(JSON.parse(node.process.stdout.trim().split('\n').at(-1))
        .event, 'node.stopped');
    });

test('[P-5.2] clients that have not logged in are closed with 1001 as well',
  async (t) => {
    const node = await startNode(t);
    const client = dial(t, node);
    await client.opened;
    node.signal('SIGTERM');
    await client.closes(1001);
    assert.equal((await node.exit()).code, 0);
  });

test('what was accepted before SIGTERM is still delivered', async (t) => {
  const node = await openNode(t, { 'limits.messages-per-second': 0 });
  const [ada, bob] = [await connect(t, node), await connect(t, node)];
  await ada.join('last');
  await bob.join('last');
  for (let i = 0; i < 100; ++i)
    ada.send({ type: 'message', roomId: 'last', data: i, id: i });
  await ada.next({ type: 'ack', id: 99 });
  node.signal('SIGTERM');
  await bob.closes(1001);
  assert.deepEqual(bob.all('message').map((m) => m.data),
    Array.from({ length: 100 }, (_, i) => i));
});

test('a client that never answers the close does not hold the node up',
  async (t) => {
    const node = await openNode(t, { 'drain.timeout': '500ms' });
    const mute = await connectRaw(t, node, '/ws');
    const frozen = await connectRaw(t, node, '/ws');
    frozen.socket.pause();
    await dialRaw(t, node); // Has not even said what it wants.
    await mute.next();
    const began = Date.now();
    node.signal('SIGTERM');
    const last = await mute.next({ opcode: 8 });
    assert.equal(last.code, 1001);
    assert.deepEqual(await node.exit(), { code: 0, signal: null });
    assert.ok(Date.now() - began < 3000, `took ${Date.now() - began} ms`);
  });

test('a node that stops takes nobody in', async (t) => {
  const node = await openNode(t);
  const mute = await connectRaw(t, node, '/ws');
  node.signal('SIGTERM');
  await mute.next({ opcode: 8, code: 1001 });
  await assert.rejects(dial(t, node).opened);
  mute.write(close(1001));
  assert.equal((await node.exit()).code, 0);
});

test('a second signal ends the node at once', async (t) => {
  const node = await openNode(t,
    { 'drain.timeout': '60s', 'net.close-timeout': '60s' });
  const mute = await connectRaw(t, node, '/ws');
  await mute.next();
  node.signal('SIGTERM');
  await mute.next({ opcode: 8 });
  assert.ok(node.process.running);
  const began = Date.now();
  node.signal('SIGTERM');
  const { code, signal } = await node.exit();
  assert.ok(Date.now() - began < SOON / 5, 'not at once');
  assert.notEqual(code, 0);
  assert.ok(signal === null || signal === 'SIGTERM', `crashed: ${signal}`);
});

test('a node without clients stops within a second', async (t) => {
  const node = await openNode(t);
  const began = Date.now();
  node.signal('SIGTERM');
  assert.deepEqual(await node.exit(), { code: 0, signal: null });
  assert.ok(Date.now() - began < 1000 + SOON / 10,
    `took ${Date.now() - began} ms`);
});
