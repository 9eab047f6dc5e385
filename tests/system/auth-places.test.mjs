// [P-2.1] to [P-2.3] Where a token is looked for, and what the first answer is.

import assert from 'node:assert/strict';

import { MSGPACK_V1, bearer, connect, dial } from './support/client.mjs';
import { openNode, startNode } from './support/node.mjs';
import { shared, test } from './support/test.mjs';
import { packageToken, token } from './support/tokens.mjs';
import { SOON } from './support/wait.mjs';

const start = shared(startNode);
const cookie = (value) => ({ headers: { Cookie: value } });
const query = (value) => ({ query: { token: value } });

/** Dials, sends `first` and waits for what the node makes of it. */
async function introduce(t, first, options = {}) {
  const client = dial(t, await start(), options);
  await client.opened;
  client.sendFrame(typeof first === 'string' ? first : JSON.stringify(first));
  return client;
}

for (const [place, options] of [
  ['the Authorization header', bearer(token('ada'))],
  ['an Authorization header in lower case',
    { headers: { authorization: `bearer ${token('ada')}` } }],
  ['the query', query(token('ada'))],
  ['the cookie', cookie(`token=${token('ada')}`)],
  ['the cookie among others',
    cookie(`a=1; xtoken=no; token=${token('ada')}; tokens=no`)],
])
  test(`[P-2.1] a token in ${place} logs in`, async (t) => {
    assert.equal((await connect(t, await start(), options)).userId, 'ada');
  });

test('[P-2.2] a token in the first message logs in', async (t) => {
  const client = await introduce(t, { type: 'auth', token: token('ada') });
  assert.equal((await client.next('auth_success')).userId, 'ada');
});

test('[P-2.2] a token in the first message logs in over MessagePack',
  async (t) => {
    const client = dial(t, await start(), { protocol: MSGPACK_V1 });
    await client.opened;
    client.send({ type: 'auth', token: token('ada') });
    assert.equal((await client.next('auth_success')).userId, 'ada');
  });

test('[P-2.1] the cookie has the name of the configuration', async (t) => {
  const node = await startNode(t, { 'auth.cookie': 'session' });
  const client = await connect(t, node,
    cookie(`token=junk; session=${token('ada')}`));
  assert.equal(client.userId, 'ada');
});

test('[P-2.1] the first place that holds a token decides', async (t) => {
  const node = await start();
  const places = [
    (value) => ({ headers: { Authorization: `Bearer ${value}` } }),
    query,
    (value) => cookie(`token=${value}`),
  ];
  const join = (a, b) => ({ ...a, ...b,
    headers: { ...a.headers, ...b.headers } });
  for (const [i, first] of places.entries())
    for (const later of places.slice(i + 1)) {
      const good = await connect(t, node,
        join(first(token('first')), later(token('later'))));
      assert.equal(good.userId, 'first');
      const bad = dial(t, node, join(first('junk'), later(token('later'))));
      await bad.closes(4001, 'Invalid token');
    }
});

test('[P-2.1] an Authorization that is no Bearer holds no token', async (t) => {
  const client = await connect(t, await start(),
    { ...query(token('ada')), headers: { Authorization: 'Basic YTpi' } });
  assert.equal(client.userId, 'ada');
});

for (const [place, options] of [
  ['the header', bearer('junk')],
  ['the query', query('junk')],
  ['the cookie', cookie('token=junk')],
])
  test(`[P-2.2] a bad token in ${place} closes with 4001`, async (t) => {
    const client = dial(t, await start(), options);
    await client.opened;
    await client.closes(4001, 'Invalid token');
    assert.deepEqual(client.received, []);
  });

for (const [what, first] of [
  ['a bad token', { type: 'auth', token: 'junk' }],
  ['a token that is no string', { type: 'auth', token: 7 }],
  ['auth without a token', { type: 'auth' }],
  ['join_room', { type: 'join_room', roomId: 'lobby' }],
  ['ping', { type: 'ping' }],
  ['an unknown type', { type: 'hello' }],
  ['no JSON', 'hello'],
  ['an empty frame', ''],
])
  test(`[P-2.2] ${what} as the first message closes with 4001`, async (t) => {
    const client = await introduce(t, first);
    await client.closes(4001, 'Invalid token');
    assert.deepEqual(client.received, []);
  });

test('[P-2.2] a binary frame before authentication closes with 4001',
  async (t) => {
    const client = dial(t, await start());
    await client.opened;
    client.sendFrame(Buffer.from([0x81, 0x00]));
    await client.closes(4001, 'Invalid token');
  });

test('[P-2.2] no token within auth.timeout closes with 4001 Auth timeout',
  async (t) => {
    const node = await startNode(t, { 'auth.timeout': '200ms' });
    const client = dial(t, node);
    await client.opened;
    await client.closes(4001, 'Auth timeout');
    assert.deepEqual(client.received, []);
  });

test('[P-2.2] auth.timeout is 5 s by default', async (t) => {
  const client = dial(t, await start());
  await client.opened;
  const opened = Date.now();
  await client.closes(4001, 'Auth timeout', 2 * SOON);
  const waited = Date.now() - opened;
  assert.ok(waited > 4500 && waited < 9000, `closed after ${waited} ms`);
});

test('[P-2.2] WebSocket pings do not put auth.timeout off', async (t) => {
  const node = await startNode(t, { 'auth.timeout': '300ms' });
  const client = dial(t, node);
  await client.opened;
  const pings = setInterval(() => client.socket.ping(), 50);
  t.after(() => clearInterval(pings));
  await client.closes(4001, 'Auth timeout');
});

test('[P-2.2] a client that has logged in is not timed out', async (t) => {
  const node = await startNode(t, { 'auth.timeout': '100ms' });
  const patient = dial(t, node);
  const client = await connect(t, node, query(token('ada')));
  await patient.closes(4001, 'Auth timeout');
  const late = dial(t, node);
  await late.closes(4001, 'Auth timeout');
  await client.lives();
});

test('[P-2.3] auth_success says who, where, and until when', async (t) => {
  const exp = Math.floor(Date.now() / 1000) + 600;
  const client = dial(t, await start(), query(token('ada', { exp })));
  const first = await client.next();
  assert.equal(first.type, 'auth_success');
  assert.equal(first.userId, 'ada');
  assert.equal(typeof first.connectionId, 'string');
  assert.equal(typeof first.session, 'string');
  assert.notEqual(first.session, '');
  assert.equal(first.expiresAt, exp * 1000);
});

test('[P-2.3] two connections of one user have ids of their own', async (t) => {
  const node = await start();
  const a = await connect(t, node, query(token('ada')));
  const b = await connect(t, node, query(token('ada')));
  assert.equal(a.userId, b.userId);
  assert.notEqual(a.connectionId, b.connectionId);
});

test('[P-2.3] an anonymous client is taken in at once, with a generated id',
  async (t) => {
    const node = await openNode(t);
    const a = await connect(t, node);
    const b = await connect(t, node);
    assert.match(a.userId, /^anon-./);
    assert.match(b.userId, /^anon-./);
    assert.notEqual(a.userId, b.userId);
  });

test('[P-2.3] where anonymous clients are allowed a token still decides',
  async (t) => {
    const node = await openNode(t);
    assert.equal((await connect(t, node, query(token('ada')))).userId, 'ada');
    const bad = dial(t, node, query('junk'));
    await bad.closes(4001, 'Invalid token');
  });

test('[P-2.5] a token made by a common JWT package logs in', async (t) => {
  const client = await connect(t, await start(), query(packageToken('ada')));
  assert.equal(client.userId, 'ada');
});
