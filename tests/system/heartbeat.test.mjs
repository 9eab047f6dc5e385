// [P-6] Dead clients are found, living ones are left alone.

import assert from 'node:assert/strict';

import { connect, dial } from './support/client.mjs';
import { OP, frame } from './support/frames.mjs';
import { openNode } from './support/node.mjs';
import { connectRaw } from './support/raw.mjs';
import { shared, test } from './support/test.mjs';
import { SOON, eventually, within } from './support/wait.mjs';

const INTERVAL = 200;
const open = shared((file) =>
  openNode(file, { 'heartbeat.interval': `${INTERVAL}ms` }));

/** Sends something every quarter of an interval, for ten intervals. */
async function keepsSending(t, client, send) {
  const timer = setInterval(send, INTERVAL / 4);
  t.after(() => clearInterval(timer));
  const began = Date.now();
  await eventually('ten intervals have passed', () => client.gone
    || client.socket.readyState === 3 || Date.now() - began > 10 * INTERVAL);
  clearInterval(timer);
}

test('[P-6.1] a client that does not answer pings is terminated',
  async (t) => {
    const client = await connect(t, await open(), { autoPong: false });
    const opened = Date.now();
    const { code } = await within(SOON, client.closed, 'it stays open');
    const lived = Date.now() - opened;
    assert.equal(code, 1006);
    assert.ok(lived > INTERVAL && lived < 2 * INTERVAL + SOON / 5,
      `terminated after ${lived} ms`);
    const { by } = await client.node.event('connection.closed',
      { connection: client.connectionId });
    assert.notEqual(by, 'client');
  });

test('[P-6.1] a /relay client that does not answer is terminated',
  async (t) => {
    const client = dial(t, await open(),
      { path: '/relay', query: { room: 'x' }, autoPong: false });
    await client.opened;
    await client.closes(1006);
  });

test('[P-6.1] the others are told that a dead client is gone', async (t) => {
  const node = await open();
  const ada = await connect(t, node);
  await ada.join('mourning');
  const dead = await connect(t, node, { autoPong: false });
  await dead.join('mourning');
  const difference = await ada.next((m) => m.type === 'presence'
    && m.left?.length > 0);
  assert.deepEqual(difference.left.map((m) => m.connectionId),
    [dead.connectionId]);
});

test('[P-6.1] a client that answers pings is pinged on and lives',
  async (t) => {
    const client = await connect(t, await open());
    let pings = 0;
    client.socket.on('ping', () => ++pings);
    await eventually('ten pings', () => pings >= 10);
    await client.lives();
  });

test('[P-6.1] messages count as life', async (t) => {
  const client = await connect(t, await open(), { autoPong: false });
  await keepsSending(t, client, () => client.send({ type: 'ping' }));
  await client.lives();
});

for (const [what, opcode] of [['pings', OP.ping], ['pongs', OP.pong]])
  test(`[P-6.1] ${what} of the client count as life`, async (t) => {
    const client = await connectRaw(t, await open(), '/ws');
    await client.next({ opcode: OP.text });
    await keepsSending(t, client, () => client.write(frame(opcode, 'x')));
    client.write(frame(OP.text, '{"type":"ping","id":"end"}'));
    await client.next((f) => f.payload.toString().includes('"end"'));
  });

test('[P-6.1] fragments of an unfinished message count as life', async (t) => {
  const client = await connectRaw(t, await open(), '/ws');
  client.write(frame(OP.text, '{"type":"ping"', { fin: false }));
  await keepsSending(t, client, () =>
    client.write(frame(OP.continuation, ' ', { fin: false })));
  client.write(frame(OP.continuation, ',"id":"end"}'));
  await client.next((f) => f.payload.toString().includes('"end"'));
});

test('[P-6.2] ping is answered by pong for clients that see no WebSocket ping',
  async (t) => {
    const client = await connect(t, await open());
    assert.deepEqual(await client.request({ type: 'ping', id: 1 }),
      { type: 'pong', id: 1 });
  });
