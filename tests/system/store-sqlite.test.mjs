// A node alone that keeps its rooms on its disk (store.path).

import assert from 'node:assert/strict';
import { join } from 'node:path';

import { connect } from './support/client.mjs';
import { temporaryFolder } from './support/files.mjs';
import { openNode, runToEnd } from './support/node.mjs';
import { test } from './support/test.mjs';

const settings = (folder) => ({
  'store.path': join(folder, 'rooms.db'),
  'auth.anonymous': true,
  'limits.messages-per-second': 0,
  'rooms.history-messages': 100_000,
  'rooms.history-bytes': '1GiB',
});

/** All messages of a room, page by page. */
async function all(client, roomId) {
  const found = [];
  for (let from = 1; ;) {
    const { messages, offset } = await client.request(
      { type: 'history', roomId, from, limit: 1_000 });
    found.push(...messages);
    if (messages.length === 0 || messages.at(-1).offset === offset)
      return found;
    from = messages.at(-1).offset + 1;
  }
}

test('[P-3.3] a killed node starts again with every acked message',
  async (t) => {
    const folder = await temporaryFolder(t);
    const acked = new Map();
    let epoch;
    let sessions = [];
    for (let life = 0; life < 3; ++life) {
      const node = await openNode(t, settings(folder));
      const clients = await Promise.all([0, 1, 2].map(() => connect(t, node)));
      for (const [i, client] of clients.entries()) {
        if (sessions[i]) {
          const resumed = await client.request(
            { type: 'resume', session: sessions[i], rooms: {} });
          assert.equal(resumed.session, sessions[i]);
        }
        const joined = await client.join('kept');
        epoch ??= joined.epoch;
        assert.equal(joined.epoch, epoch);
        assert.equal(joined.order, 'total');
      }
      sessions = clients.map((client) => client.all('auth_success')[0].session);
      // Killed while all of them talk, after some hundred acks.
      const enough = acked.size + 300;
      const talk = clients.map(async (client, i) => {
        for (let n = 0; ; ++n) {
          const text = `${life}.${i}.${n}`;
          const ack = await client.request({ type: 'message', roomId: 'kept',
            id: text, text }).catch(() => null);
          if (ack === null) return;
          assert.equal(ack.type, 'ack', JSON.stringify(ack));
          acked.set(ack.offset, text);
          if (acked.size >= enough && node.process.alive !== false)
            node.signal('SIGKILL');
        }
      });
      await Promise.all(talk);
      await node.exit();
    }
    const node = await openNode(t, settings(folder));
    const client = await connect(t, node);
    assert.equal((await client.join('kept')).epoch, epoch);
    const found = await all(client, 'kept');
    for (const [i, { offset }] of found.entries()) assert.equal(offset, i + 1);
    const byOffset = new Map(found.map(({ offset, text }) => [offset, text]));
    for (const [offset, text] of acked)
      assert.equal(byOffset.get(offset), text);
    assert.equal(new Set(found.map(({ text }) => text)).size, found.length);
  });

test('[P-3.4] ids are remembered over a restart', async (t) => {
  const folder = await temporaryFolder(t);
  const first = await openNode(t, settings(folder));
  const client = await connect(t, first);
  await client.join('ids');
  const { session } = client.all('auth_success')[0];
  const { offset } = await client.say('ids', 'x', { id: 'once' });
  await first.stop();
  const second = await openNode(t, settings(folder));
  const back = await connect(t, second);
  await back.request({ type: 'resume', session, rooms: {} });
  await back.join('ids');
  const ack = await back.say('ids', 'x', { id: 'once' });
  assert.deepEqual([ack.offset, ack.duplicate], [offset, true]);
});

test('[P-4.2] who comes back after a restart has missed nothing', async (t) => {
  const folder = await temporaryFolder(t);
  const first = await openNode(t, settings(folder));
  const client = await connect(t, first);
  const { epoch } = await client.join('back');
  for (const text of ['one', 'two', 'three']) await client.say('back', text);
  await first.stop();
  const second = await openNode(t, settings(folder));
  const back = await connect(t, second);
  const joined = await back.join('back', { since: { epoch, offset: 1 } });
  assert.equal(joined.recovered, true);
  assert.equal((await back.next('message')).text, 'two');
  assert.equal((await back.next('message')).text, 'three');
});

test('a file that cannot be used ends the start with a sentence', async (t) => {
  const folder = await temporaryFolder(t);
  const { code, stderr } = await runToEnd(t,
    [`--store.path=${folder}`, '--auth.anonymous=true', '--net.port=0']);
  assert.notEqual(code, 0);
  assert.match(stderr, /store\.path/);
});

test('two nodes do not share a file', async (t) => {
  const folder = await temporaryFolder(t);
  await openNode(t, settings(folder));
  const { code, stderr } = await runToEnd(t,
    [`--store.path=${join(folder, 'rooms.db')}`, '--auth.anonymous=true',
      '--net.port=0']);
  assert.notEqual(code, 0);
  assert.match(stderr, /store\.path/);
});

test('[P-4.6] a killed node starts again with the state of its rooms',
  async (t) => {
    const folder = await temporaryFolder(t);
    const first = await openNode(t, settings(folder));
    const ann = await connect(t, first);
    await ann.join('shelf');
    const set = (client, key, value, fields = {}) => client.request(
      { type: 'set_state', roomId: 'shelf', key, value, ...fields });
    for (let i = 0; i < 50; ++i)
      assert.equal((await set(ann, `k${i % 7}`, { i })).type, 'ack');
    await set(ann, 'k3', null);
    await set(ann, 'cursor', 1, { bound: true });
    first.signal('SIGKILL');
    await first.exit();
    const second = await openNode(t, settings(folder));
    const bob = await connect(t, second);
    const { state } = await bob.join('shelf');
    // What was bound went with its connection.
    assert.deepEqual(
      Object.fromEntries(state.map(({ key, value }) => [key, value.i])),
      { k0: 49, k1: 43, k2: 44, k4: 46, k5: 47, k6: 48 });
    const { version } = state.find(({ key }) => key === 'k0');
    assert.equal((await set(bob, 'k0', 1, { ifVersion: version + 999 })).code,
      'conflict');
    assert.equal((await set(bob, 'k0', 1, { ifVersion: version })).type, 'ack');
  });
