// [P-1] The plain HTTP side: probes for the operator, the demo page.

import assert from 'node:assert/strict';

import { openNode, startNode } from './support/node.mjs';
import { dialRaw, upgradeRequest } from './support/raw.mjs';
import { shared, test } from './support/test.mjs';

const open = shared(openNode);

test('[P-1] /healthz says that the node lives', async () => {
  const answer = await fetch((await open()).http('/healthz'));
  assert.equal(answer.status, 200);
});

test('[P-1] /readyz says that the node serves', async () => {
  const answer = await fetch((await open()).http('/readyz'));
  assert.equal(answer.status, 200);
});

test('[P-1] probes need no token', async (t) => {
  const node = await startNode(t);
  assert.equal((await fetch(node.http('/healthz'))).status, 200);
  assert.equal((await fetch(node.http('/readyz'))).status, 200);
});

test('[P-1] several requests go over one connection', async (t) => {
  const client = await dialRaw(t, await open());
  const get = (path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
  client.write(get('/healthz') + get('/readyz'));
  assert.equal((await client.response()).status, 200);
  assert.equal((await client.response()).status, 200);
  client.write(upgradeRequest('/ws'));
  assert.equal((await client.response()).status, 101);
});

test('[P-7] the 100th request on a connection is its last', async (t) => {
  const client = await dialRaw(t, await open());
  client.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(200));
  for (let n = 1; n <= 100; ++n) {
    const { status, headers } = await client.response();
    assert.equal(status, 200);
    assert.equal(headers.connection, n < 100 ? undefined : 'close');
  }
  await assert.rejects(client.response());
});

test('[P-1] HEAD answers as GET would, without a body', async () => {
  const answer = await fetch((await open()).http('/healthz'),
    { method: 'HEAD' });
  assert.equal(answer.status, 200);
  assert.equal(await answer.text(), '');
});

for (const path of ['/healthz', '/readyz'])
  test(`[P-1.9] ${path} takes GET and HEAD, everything else is 405`,
    async () => {
      const node = await open();
      for (const method of ['GET', 'HEAD'])
        assert.equal((await fetch(node.http(path), { method })).status, 200);
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
        const answer = await fetch(node.http(path), { method });
        assert.equal(answer.status, 405, method);
        assert.equal(answer.headers.get('allow'), 'GET, HEAD');
      }
    });

test('the demo page is not served unless the configuration says so',
  async () => {
    assert.equal((await fetch((await open()).http('/'))).status, 404);
  });

test('the demo page is one file that may load nothing from elsewhere',
  async (t) => {
    const node = await openNode(t, { 'demo.page': true });
    const answer = await fetch(node.http('/'));
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type'), /^text\/html/);
    assert.match(answer.headers.get('content-security-policy'),
      /default-src 'none'/);
    const page = await answer.text();
    assert.match(page, /<!doctype html>/i);
    assert.doesNotMatch(page, /\b(src|href)\s*=\s*["']?(https?:)?\/\//i);
  });
