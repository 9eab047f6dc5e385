// [P-2] and [P-2.5] on /relay, where the node itself never speaks.

import assert from 'node:assert/strict';

import { dial } from './support/client.mjs';
import { startNode } from './support/node.mjs';
import { heard } from './support/relay.mjs';
import { shared, test } from './support/test.mjs';
import { token } from './support/tokens.mjs';
import { SOON, within } from './support/wait.mjs';

const start = shared(startNode);
const RELAY = '/relay';

async function member(t, room, value) {
  const client = dial(t, await start(),
    { path: RELAY, query: { room, token: value } });
  await client.opened;
  return client;
}

test('[P-2.2] /relay takes the token in the header, query or cookie',
  async (t) => {
    const node = await start();
    const value = token('ada');
    const ways = [
      { headers: { Authorization: `Bearer ${value}` }, query: { room: 'w' } },
      { headers: { Cookie: `token=${value}` }, query: { room: 'w' } },
      { query: { room: 'w', token: value } },
    ];
    const members = ways.map((way) => dial(t, node, { path: RELAY, ...way }));
    await Promise.all(members.map((client) => client.opened));
    const [first, ...others] = members;
    await heard((what) => first.sendFrame(what), others);
  });

test('[P-2.2] /relay takes the token in a first text frame', async (t) => {
  const node = await start();
  const late = dial(t, node, { path: RELAY, query: { room: 'first' } });
  await late.opened;
  late.sendFrame(JSON.stringify({ type: 'auth', token: token('ada') }));
  const other = await member(t, 'first', token('bob'));
  await heard((what) => other.sendFrame(what), [late]);
  await heard((what) => late.sendFrame(what), [other]);
  // Neither the token nor an answer to it has gone to anybody.
  for (const client of [late, other])
    for (const { bytes } of client.received)
      assert.match(bytes.toString(), /^probe/);
});

test('[P-2.2] /relay closes with 4001 on a bad token', async (t) => {
  await (await member(t, 'x', 'junk')).closes(4001, 'Invalid token');
  for (const first of ['hello', Buffer.from([1, 2, 3]),
    JSON.stringify({ type: 'auth', token: 'junk' })]) {
    const client = dial(t, await start(),
      { path: RELAY, query: { room: 'x' } });
    await client.opened;
    client.sendFrame(first);
    await client.closes(4001, 'Invalid token');
  }
});

test('[P-2.2] /relay closes with 4001 without a token in time', async (t) => {
  const node = await startNode(t, { 'auth.timeout': '200ms' });
  const client = dial(t, node, { path: RELAY, query: { room: 'x' } });
  await client.opened;
  await client.closes(4001, 'Auth timeout');
});

test('[P-2.5] frames of a /relay member without w go nowhere', async (t) => {
  const reader = await member(t, 'quiet',
    token('ada', { rooms: { quiet: 'r' } }));
  const writer = await member(t, 'quiet', token('bob'));
  const witness = await member(t, 'quiet', token('cid'));
  await heard((what) => writer.sendFrame(what), [reader, witness]);
  reader.sendFrame('not allowed');
  await Promise.race([reader.closed, heard(
    (what) => writer.sendFrame(what), [witness])]);
  await heard((what) => writer.sendFrame(what), [witness]);
  const said = witness.received.map(({ bytes }) => bytes.toString());
  assert.ok(!said.includes('not allowed'), said.join());
});

test('[P-2.5] a /relay room that the token does not name stays shut',
  async (t) => {
    const stranger = await member(t, 'vault',
      token('eve', { rooms: { lobby: 'rw' } }));
    const { code } = await within(SOON, stranger.closed, 'it stays open');
    assert.ok(code >= 4000 && code < 4100, `closed with ${code}`);
    assert.deepEqual(stranger.received, []);
  });
