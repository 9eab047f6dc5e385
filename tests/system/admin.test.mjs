// The listener for operators: what it serves, to whom, and its bounds.

import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';

import { openNode, runToEnd } from './support/node.mjs';
import { test } from './support/test.mjs';
import { eventually } from './support/wait.mjs';

const TOKEN = '0123456789abcdef';
const bearer = (text) => ({ headers: { authorization: `Bearer ${text}` } });

/** As `fetch`, which does not send every header that it is told to. */
const statusOf = (url, headers) => new Promise((resolve, reject) => {
  http.get(url, { headers }, (response) => {
    resolve(response.statusCode);
    response.destroy();
  }).once('error', reject);
});

test('operators have a port of their own, with the health routes',
  async (t) => {
    const node = await openNode(t);
    assert.notEqual(node.adminPort, node.port);
    for (const path of ['/healthz', '/readyz'])
      assert.equal((await fetch(node.admin(path))).status, 200);
    assert.equal((await fetch(node.admin('/'))).status, 404);
  });

test('it takes in no clients, and the clients\' port shows nothing of it',
  async (t) => {
    const node = await openNode(t);
    assert.equal((await fetch(node.admin('/ws'))).status, 404);
    assert.equal((await fetch(node.http('/metrics'))).status, 404);
  });

test('it is only read from', async (t) => {
  const node = await openNode(t);
  const head = await fetch(node.admin('/readyz'), { method: 'HEAD' });
  assert.equal(head.status, 200);
  assert.equal(await head.text(), '');
  for (const method of ['POST', 'PUT', 'DELETE']) {
    const refused = await fetch(node.admin('/readyz'), { method });
    assert.equal(refused.status, 405);
    assert.equal(refused.headers.get('allow'), 'GET, HEAD');
  }
});

test('with a token nobody hears anything without it', async (t) => {
  const node = await openNode(t, { 'admin.token': TOKEN });
  for (const path of ['/healthz', '/readyz', '/nothing']) {
    const refused = await fetch(node.admin(path));
    assert.equal(refused.status, 401);
    assert.match(refused.headers.get('www-authenticate'), /^Basic realm=.*, Bearer$/);
    assert.equal((await fetch(node.admin(path), bearer('x'.repeat(16)))).status,
      401);
  }
  await node.event('admin.refused');
  assert.equal((await fetch(node.admin('/readyz'), bearer(TOKEN))).status, 200);
  assert.equal((await fetch(node.admin('/nothing'), bearer(TOKEN))).status,
    404);
  assert.ok(!node.output.includes(TOKEN), 'the token is in the log');
});

test('pages of other sites are not answered, with a token or without',
  async (t) => {
    for (const token of ['', TOKEN]) {
      const node = await openNode(t, token ? { 'admin.token': token } : {});
      const status = (path, site, mode, dest) => statusOf(node.admin(path), {
        ...(token && bearer(token).headers),
        'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest,
      });
      for (const site of ['cross-site', 'same-site'])
        for (const path of ['/metrics', '/dashboard/stream', '/readyz']) {
          assert.equal(await status(path, site, 'no-cors', 'empty'), 403);
          assert.equal(await status(path, site, 'navigate', 'iframe'), 403);
        }
      await node.event('admin.refused', { reason: 'a page of another site asks for it' });
      assert.equal(await status('/metrics', 'same-origin', 'cors', 'empty'),
        200);
      // A link to the page, from a chat, say.
      assert.equal(
        await status('/dashboard', 'cross-site', 'navigate', 'document'), 200);
    }
  });

test('off loopback a node does not start without a token', async (t) => {
  const { code, stderr } = await runToEnd(t,
    ['--auth.anonymous=true', '--net.port=0', '--admin.address=0.0.0.0']);
  assert.equal(code, 2);
  assert.match(stderr, /admin\.token/);
});

test('a port that is taken is named with its setting', async (t) => {
  const node = await openNode(t);
  const { code, stderr } = await runToEnd(t, ['--auth.anonymous=true',
    '--net.port=0', `--admin.port=${node.adminPort}`]);
  assert.notEqual(code, 0);
  assert.match(stderr, new RegExp(`admin\\.port.*${node.adminPort}`));
});

test('without an address there is no such listener', async (t) => {
  const node = await openNode(t, { 'admin.address': '' });
  assert.equal(node.adminPort, undefined);
  assert.equal((await fetch(node.http('/readyz'))).status, 200);
});

test('idle sockets take its places for a time, and no client\'s',
  async (t) => {
    const node = await openNode(t, { 'limits.handshake-timeout': '300ms' });
    const idle = Array.from({ length: 64 }, () =>
      net.connect(node.adminPort, '127.0.0.1').on('error', () => {}));
    t.after(() => idle.forEach((socket) => socket.destroy()));
    await Promise.all(idle.map((socket) =>
      new Promise((resolve) => socket.once('connect', resolve))));
    assert.equal((await fetch(node.http('/readyz'))).status, 200);
    await eventually('an operator is served', async () =>
      (await fetch(node.admin('/readyz'))).status === 200);
  });

test('too large a request head is refused', async (t) => {
  const node = await openNode(t);
  const answer = await fetch(node.admin('/readyz'),
    { headers: { 'x-large': 'x'.repeat(9_000) } });
  assert.equal(answer.status, 431);
});
