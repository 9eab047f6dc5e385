// [P-1.4] Who does not wait for the answer to its handshake: frames in the same
// segment as the request are read behind it, each once and in order, also where
// the client is handed to the loop on which its room lives.

import assert from 'node:assert/strict';

import { OP, ping, text } from './support/frames.mjs';
import { openNode, startNode } from './support/node.mjs';
import { dialRaw, upgradeRequest } from './support/raw.mjs';
import { relayMembers } from './support/relay.mjs';
import { shared, test } from './support/test.mjs';
import { token } from './support/tokens.mjs';

const open = shared((file) => openNode(file,
  { 'limits.messages-per-second': 0, 'net.loops': 2 }));

const numbers = (from, count) =>
  Array.from({ length: count }, (_, i) => from + i);

/** Sends the request and `early` in one piece; gives the upgraded client. */
async function upgradeWith(t, node, path, early) {
  const client = await dialRaw(t, node);
  client.write(Buffer.concat([Buffer.from(upgradeRequest(path)), early]));
  assert.equal((await client.response()).status, 101);
  client.readFrames();
  return client;
}

/** What the client gets next, as JSON. */
async function said(client) {
  return JSON.parse((await client.next({ opcode: OP.text })).payload);
}

/**
 * A listener in each of so many rooms: their homes are both loops, and the
 * kernel has a client accepted by either, so that some are handed over.
 */
async function listeners(t, node, name, count = 12) {
  const all = [];
  for (let i = 0; i < count; ++i) {
    const room = `${name} ${i}`;
    all.push({ path: `/relay?room=${encodeURIComponent(room)}`,
      ears: (await relayMembers(t, node, room, 1))[0] });
  }
  return all;
}

/** That `ears` hear all of them, each once and in order. */
async function hears(ears, items) {
  for (const item of items)
    assert.equal((await ears.next('frame')).bytes.toString(), String(item));
}

test('[P-1.4] early frames reach the room, and later ones come behind them',
  async (t) => {
    const node = await open();
    for (const { path, ears } of await listeners(t, node, 'order')) {
      const early = numbers(0, 40);
      const client = await upgradeWith(t, node, path,
        Buffer.concat(early.map((i) => text(String(i)))));
      const late = numbers(40, 40);
      for (const i of late) client.write(text(String(i)));
      await hears(ears, [...early, ...late]);
    }
  });

test('[P-1.4] a frame of which the request brought the beginning is whole',
  async (t) => {
    const node = await open();
    const bytes = text('cut anywhere');
    const rooms = await listeners(t, node, 'cut', bytes.length);
    for (const [cut, { path, ears }] of rooms.entries()) {
      const client = await upgradeWith(t, node, path,
        Buffer.concat([text('before'), bytes.subarray(0, cut)]));
      client.write(Buffer.concat([bytes.subarray(cut), text('behind')]));
      await hears(ears, ['before', 'cut anywhere', 'behind']);
    }
  });

test('[P-1.4] more early frames than may be unhandled are not lost',
  async (t) => {
    const node = await open();
    for (const { path, ears } of await listeners(t, node, 'many', 6)) {
      const early = numbers(0, 2000);
      await upgradeWith(t, node, path,
        Buffer.concat(early.map((i) => text(String(i)))));
      await hears(ears, early);
    }
  });

test('[P-1.4] early requests are answered in order, behind the join of the URL',
  async (t) => {
    const node = await open();
    for (let i = 0; i < 12; ++i) {
      const roomId = `ws ${i}`;
      const client = await upgradeWith(t, node,
        `/ws?room=${encodeURIComponent(roomId)}`,
        Buffer.concat([
          ping('early'),
          ...numbers(0, 20).map((id) => text(JSON.stringify(
            { type: 'message', roomId, id, text: 'early' }))),
          text(JSON.stringify({ type: 'ping', id: 'last' }))]));
      client.write(text(JSON.stringify({ type: 'ping', id: 'late' })));
      assert.equal((await said(client)).type, 'auth_success');
      assert.equal((await said(client)).type, 'joined');
      const acks = [];
      const pongs = [];
      while (pongs.length < 2) {
        const answer = await said(client);
        (answer.type === 'ack' ? acks : pongs).push(answer);
      }
      while (acks.length < 20) acks.push(await said(client));
      assert.deepEqual(acks.map(({ type, id, offset }) => [type, id, offset]),
        numbers(0, 20).map((id) => ['ack', id, id + 1]));
      assert.deepEqual(pongs.map(({ type, id }) => [type, id]),
        [['pong', 'last'], ['pong', 'late']]);
      assert.equal((await client.next({ opcode: OP.pong })).payload.toString(),
        'early');
    }
  });

test('[P-2.1] a first message with a token may come with the request',
  async (t) => {
    const node = await startNode(t);
    const ask = (message) => text(JSON.stringify(message));
    for (let i = 0; i < 12; ++i) {
      const roomId = `token ${i}`;
      const client = await upgradeWith(t, node,
        `/ws?room=${encodeURIComponent(roomId)}`, Buffer.concat([
          ask({ type: 'auth', token: token('ada') }),
          ask({ type: 'message', roomId, id: 1, text: 'early' })]));
      assert.equal((await said(client)).userId, 'ada');
      assert.equal((await said(client)).type, 'joined');
      assert.equal((await said(client)).type, 'ack');
    }
  });
