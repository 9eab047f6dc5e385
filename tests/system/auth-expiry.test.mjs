// [P-2.4] Tokens run out and are refreshed.

import assert from 'node:assert/strict';

import { connect } from './support/client.mjs';
import { openNode, startNode } from './support/node.mjs';
import { shared, test } from './support/test.mjs';
import { now, token } from './support/tokens.mjs';
import { eventually } from './support/wait.mjs';

const start = shared(startNode);
const query = (value) => ({ query: { token: value } });

/** Serves on until the clock is past `time` (seconds since the epoch). */
async function servesUntil(client, time) {
  await eventually('the time comes', async () => {
    await client.lives();
    return Date.now() > time * 1000;
  });
}

test('[P-2.4] a token that runs out closes with 4003 after the grace period',
  async (t) => {
    const node = await startNode(t, { 'auth.grace': '300ms' });
    const exp = now() + 2;
    const client = await connect(t, node, query(token('ada', { exp })));
    await client.closes(4003, 'Token expired');
    const late = Date.now() - exp * 1000;
    assert.ok(late >= 250 && late < 3000, `closed ${late} ms after expiry`);
  });

test('[P-2.4] a client is served on in the grace period, 25 s by default',
  async (t) => {
    const exp = now() + 2;
    const client = await connect(t, await start(),
      query(token('ada', { exp })));
    await client.join('lobby');
    await servesUntil(client, exp + 1);
    await client.say('lobby', 'still here');
  });

test('[P-2.4] auth with a fresh token keeps the connection open',
  async (t) => {
    const node = await startNode(t, { 'auth.grace': '100ms' });
    const exp = now() + 2;
    const client = await connect(t, node, query(token('ada', { exp })));
    client.send({ type: 'auth', token: token('ada', { exp: exp + 60 }) });
    const again = await client.next('auth_success');
    assert.equal(again.userId, 'ada');
    assert.equal(again.connectionId, client.connectionId);
    assert.equal(again.expiresAt, (exp + 60) * 1000);
    await servesUntil(client, exp + 0.5);
  });

test('[P-2.4] auth in the grace period still refreshes', async (t) => {
  const exp = now() + 2;
  const node = await startNode(t, { 'auth.grace': '3s' });
  const client = await connect(t, node, query(token('ada', { exp })));
  await servesUntil(client, exp + 0.1);
  client.send({ type: 'auth', token: token('ada') });
  await client.next('auth_success');
  await servesUntil(client, exp + 3.5);
});

test('[P-2.4] auth for another user is forbidden and changes nothing',
  async (t) => {
    const client = await connect(t, await start(), query(token('ada')));
    const answer = await client.refused('forbidden',
      { type: 'auth', token: token('eve') });
    assert.equal(answer.type, 'error');
    await client.join('lobby');
    const members = await client.request(
      { type: 'presence', roomId: 'lobby' });
    assert.deepEqual(members.members.map((m) => m.userId), ['ada']);
  });

test('[P-2.2] a bad token closes with 4001 also as a refresh', async (t) => {
  const client = await connect(t, await start(), query(token('ada')));
  client.send({ type: 'auth', token: token('ada', { exp: now() - 1 }) });
  await client.closes(4001, 'Invalid token');
});

test('[P-2.4] the rights of a fresh token count from then on', async (t) => {
  const client = await connect(t, await start(),
    query(token('ada', { rooms: { lobby: 'rw' } })));
  await client.join('lobby');
  await client.say('lobby', 'one');
  client.send({ type: 'auth', token: token('ada', { rooms: { lobby: 'r' } }) });
  await client.next('auth_success');
  await client.refused('forbidden',
    { type: 'message', roomId: 'lobby', text: 'two' });
});

test('[P-2.3] a token without exp never runs out', async (t) => {
  const client = await connect(t, await start(),
    query(token('ada', { exp: undefined })));
  const [first] = client.received;
  assert.equal(first.expiresAt ?? null, null);
  await client.lives();
});

test('[P-2.3] an anonymous client never runs out', async (t) => {
  const client = await connect(t, await openNode(t));
  assert.equal(client.received[0].expiresAt ?? null, null);
});
