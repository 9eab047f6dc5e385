// [P-1.4] What is no WebSocket handshake, and who may not make one.

import assert from 'node:assert/strict';

import { dial } from './support/client.mjs';
import { openNode } from './support/node.mjs';
import { acceptKey, dialRaw, upgradeRequest } from './support/raw.mjs';
import { shared, test } from './support/test.mjs';

const open = shared(openNode);

async function answerTo(t, request, node) {
  const client = await dialRaw(t, node ?? await open());
  client.write(request);
  const answer = await client.response();
  client.socket.destroy();
  return answer;
}

const upgrade = (headers, line) => upgradeRequest('/ws', headers, line);

test('[P-1.4] an unknown path is 404, asked for or upgraded', async (t) => {
  const plain = 'GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n';
  assert.equal((await answerTo(t, plain)).status, 404);
  assert.equal((await answerTo(t, upgradeRequest('/nothing'))).status, 404);
  assert.equal((await answerTo(t, upgradeRequest('/ws/'))).status, 404);
  assert.equal((await answerTo(t, upgradeRequest('/wss'))).status, 404);
});

test('[P-1.4] the accept key is the one that RFC 6455 computes', async (t) => {
  const key = 'dGhlIHNhbXBsZSBub25jZQ==';
  const answer = await answerTo(t, upgrade({ 'Sec-WebSocket-Key': key }));
  assert.equal(answer.status, 101);
  assert.equal(answer.headers['sec-websocket-accept'],
    's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  assert.equal(acceptKey(key), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  assert.equal(answer.headers.upgrade.toLowerCase(), 'websocket');
  assert.match(answer.headers.connection, /upgrade/i);
  assert.equal(answer.headers['sec-websocket-extensions'], undefined);
});

for (const [what, request] of [
  ['no key', upgrade({ 'Sec-WebSocket-Key': null })],
  ['a key that is too short', upgrade({ 'Sec-WebSocket-Key': 'c2hvcnQ=' })],
  ['a key that is no base64', upgrade({ 'Sec-WebSocket-Key': '!'.repeat(24) })],
  ['two keys', upgrade({ 'Sec-WebSocket-Key': [
    'dGhlIHNhbXBsZSBub25jZQ==', 'AAAAAAAAAAAAAAAAAAAAAA=='] })],
  ['an Upgrade to something else', upgrade({ Upgrade: 'h2c' })],
  ['a Connection without upgrade', upgrade({ Connection: 'keep-alive' })],
  ['HTTP/1.0', upgrade({}, 'GET /ws HTTP/1.0')],
])
  test(`[P-1.4] an upgrade with ${what} is 400`, async (t) => {
    assert.equal((await answerTo(t, request)).status, 400);
  });

test('[P-1.4] an upgrade that is no GET is refused', async (t) => {
  const { status } = await answerTo(t,
    upgrade({ 'Content-Length': '0' }, 'POST /ws HTTP/1.1'));
  assert.ok(status === 400 || status === 405, `got ${status}`);
});

test('[P-1.4] a plain GET of /ws or /relay is refused', async (t) => {
  for (const path of ['/ws', '/relay?room=x']) {
    const { status } = await answerTo(t,
      `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    assert.ok(status === 400 || status === 426, `got ${status}`);
  }
});

for (const version of ['8', '0', '14', '113', 'thirteen'])
  test(`[P-1.4] version ${version} is 426 with the version that we speak`,
    async (t) => {
      const answer = await answerTo(t,
        upgrade({ 'Sec-WebSocket-Version': version }));
      assert.equal(answer.status, 426);
      assert.equal(answer.headers['sec-websocket-version'], '13');
    });

for (const [what, headers] of [
  ['several Connection tokens', { Connection: 'keep-alive, Upgrade' }],
  ['Connection in two lines', { Connection: ['keep-alive', 'upgrade'] }],
  ['upper case', { Upgrade: 'WEBSOCKET', Connection: 'UPGRADE' }],
  ['an unknown extension', { 'Sec-WebSocket-Extensions': 'x-none; a=1' }],
  ['a malformed extension', { 'Sec-WebSocket-Extensions': ';;=,' }],
])
  test(`[P-1.4] an upgrade with ${what} is good`, async (t) => {
    const answer = await answerTo(t, upgrade(headers));
    assert.equal(answer.status, 101);
    assert.equal(answer.headers['sec-websocket-extensions'], undefined);
  });

test('[P-1.4] a handshake that comes octet by octet is good', async (t) => {
  const client = await dialRaw(t, await open());
  await client.dribble(Buffer.from(upgrade({})));
  assert.equal((await client.response()).status, 101);
});

const connectFrom = (t, node, origin) =>
  dial(t, node, { headers: { Origin: origin } }).opened;

test('[P-1.4] a page of another origin is refused with 403', async (t) => {
  const node = await open();
  for (const origin of [
    'https://evil.example',
    'null',
    `http://127.0.0.1:${node.port}.evil.example`,
    `http://127.0.0.1.evil.example:${node.port}`,
    `http://evil@127.0.0.1:${node.port + 1}`,
    `http://127.0.0.1:${node.port + 1}`,
  ])
    await assert.rejects(connectFrom(t, node, origin), { status: 403 }, origin);
  const { status } = await answerTo(t,
    upgradeRequest('/relay?room=x', { Origin: 'https://evil.example' }));
  assert.equal(status, 403);
});

test('[P-1.4] a page that the node itself serves may connect', async (t) => {
  const node = await open();
  await connectFrom(t, node, `http://127.0.0.1:${node.port}`);
});

test('[P-1.4] a client that is no browser sends no Origin and may connect',
  async (t) => {
    await dial(t, await open()).opened;
  });

test('[P-1.4] origins of the configuration may connect, and only they',
  async (t) => {
    const node = await openNode(t,
      { 'net.origins': 'https://a.example,https://b.example:8443' });
    await connectFrom(t, node, 'https://a.example');
    await connectFrom(t, node, 'https://b.example:8443');
    await connectFrom(t, node, `http://127.0.0.1:${node.port}`);
    for (const origin of ['http://a.example', 'https://b.example',
      'https://sub.a.example', 'https://a.example.evil.example'])
      await assert.rejects(connectFrom(t, node, origin), { status: 403 },
        origin);
  });
