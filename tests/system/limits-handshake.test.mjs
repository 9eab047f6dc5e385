// [P-7] How long and how large a request head may be.

import assert from 'node:assert/strict';

import { connect } from './support/client.mjs';
import { openNode } from './support/node.mjs';
import { dialRaw, upgradeRequest } from './support/raw.mjs';
import { shared, test } from './support/test.mjs';
import { SOON, within } from './support/wait.mjs';

const open = shared(openNode);
const hasty = shared((file) =>
  openNode(file, { 'limits.handshake-timeout': '300ms' }));

const filled = (bytes) =>
  upgradeRequest('/ws', { 'X-Fill': 'x'.repeat(bytes) });

async function answerTo(t, request) {
  const client = await dialRaw(t, await open());
  client.write(request);
  const answer = await client.response();
  return { ...answer, client };
}

test('[P-7] a head of nearly 8 KiB is good', async (t) => {
  const head = filled(8192 - filled(0).length);
  assert.equal(head.length, 8192);
  assert.equal((await answerTo(t, head.replace('xxx', 'x'))).status, 101);
});

for (const [what, request] of [
  ['one long header', filled(9000)],
  ['many short headers', upgradeRequest('/ws', Object.fromEntries(
    Array.from({ length: 900 }, (_, i) => [`X-${i}`, 'y'])))],
  ['a long path', upgradeRequest(`/ws?room=${'x'.repeat(9000)}`)],
  ['an endless header name', `GET /ws HTTP/1.1\r\n${'X'.repeat(9000)}`],
  ['an endless line', 'x'.repeat(20_000)],
])
  test(`[P-7] a head over 8 KiB is 431: ${what}`, async (t) => {
    const { status, client } = await answerTo(t, request);
    // What is no HTTP at all may be refused as such.
    const allowed = what === 'an endless line' ? [400, 431] : [431];
    assert.ok(allowed.includes(status), `got ${status}`);
    await within(SOON, client.ended, 'the connection stays open');
  });

test('[P-7] a head over 8 KiB is 431 in whatever pieces it comes', async (t) => {
  const client = await dialRaw(t, await open());
  // Each piece ends within a header's name.
  client.write('GET /ws HTTP/1.1\r\nX');
  for (let i = 0; i < 40; ++i)
    await new Promise((done) => {
      client.socket.write(`: ${'y'.repeat(1000)}\r\nX`, done);
    });
  assert.equal((await client.response()).status, 431);
});

test('[P-7] beyond limits.handshakes newcomers wait until another is done',
  async (t) => {
    const node = await openNode(t, { 'limits.handshakes': 2, 'net.loops': 1 });
    const first = await dialRaw(t, node);
    const second = await dialRaw(t, node);
    const third = await dialRaw(t, node);
    first.write('GET /healthz HTTP/1.1\r\n');
    third.write(upgradeRequest('/ws'));
    // Who is in is served, the third not yet.
    second.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.equal((await second.response()).status, 200);
    assert.equal(third.socket.bytesRead, 0);
    second.socket.destroy();
    assert.equal((await third.response()).status, 101);
  });

test('[P-7] who moves to another loop leaves its place on the first',
  async (t) => {
    const node = await openNode(t, { 'limits.handshakes': 1, 'net.loops': 2 });
    // On either loop, for either loop.
    for (let i = 0; i < 24; ++i)
      await connect(t, node, { query: { room: `r${i}` } });
  });

test('[P-7] limits.handshake-bytes sets the size', async (t) => {
  const node = await openNode(t, { 'limits.handshake-bytes': 1024 });
  const client = await dialRaw(t, node);
  client.write(filled(1024));
  assert.equal((await client.response()).status, 431);
  await connect(t, node);
});

test('[P-7] a head that is not complete in time is 408', async (t) => {
  const client = await dialRaw(t, await hasty());
  client.write('GET /ws HTTP/1.1\r\nHost: x\r\n');
  const began = Date.now();
  assert.equal((await client.response()).status, 408);
  assert.ok(Date.now() - began < 300 + SOON / 5);
  await client.endsInOrder();
});

test('[P-7] a head that trickles in does not put the time off', async (t) => {
  const client = await dialRaw(t, await hasty());
  client.write('GET /ws HTTP/1.1\r\n');
  let n = 0;
  const timer = setInterval(() => client.write(`X-${++n}: y\r\n`), 50);
  t.after(() => clearInterval(timer));
  assert.equal((await client.response()).status, 408);
});

test('[P-7] a connection that says nothing is ended as well', async (t) => {
  const client = await dialRaw(t, await hasty());
  await within(SOON, client.ended, 'the connection stays open');
});

test('[P-7] 10 s are allowed by default', async (t) => {
  const client = await dialRaw(t, await open());
  client.write('GET /ws HTTP/1.1\r\n');
  const began = Date.now();
  assert.equal((await client.response(2 * SOON)).status, 408);
  const waited = Date.now() - began;
  assert.ok(waited > 9000 && waited < 15_000, `408 after ${waited} ms`);
});

test('[P-7] once upgraded the time of the handshake is over', async (t) => {
  const node = await hasty();
  const silent = await dialRaw(t, node);
  const client = await connect(t, node);
  await within(SOON, silent.ended, 'the connection stays open');
  await client.lives();
});
