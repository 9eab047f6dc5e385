// [P-7] How often a client may speak.

import assert from 'node:assert/strict';

import { connect } from './support/client.mjs';
import { openNode } from './support/node.mjs';
import { frames, relayMembers } from './support/relay.mjs';
import { roomOf } from './support/rooms.mjs';
import { test } from './support/test.mjs';
import { eventually } from './support/wait.mjs';

const slow = (more = {}) => ({
  'limits.messages-per-second': 2,
  'limits.messages-burst': 6,
  ...more,
});

const message = (id) =>
  ({ type: 'message', roomId: 'rate', text: String(id), id });

/**
 * Sends `count` messages at once, with ids from `first` on, and sorts the
 * answers by kind.
 */
async function burst(client, count, first = 0) {
  for (let i = first; i < first + count; ++i) client.send(message(i));
  const acks = [];
  const errors = [];
  for (let i = first; i < first + count; ++i) {
    const answer = await client.next((m) => m.id === i && m.type !== 'message');
    (answer.type === 'ack' ? acks : errors).push(answer);
  }
  return { acks, errors };
}

test('[P-7] beyond the burst a message is rate_limited, with a time to retry',
  async (t) => {
    const node = await openNode(t, slow());
    const [ada, bob] = await roomOf(t, node, 'rate', 2);
    const { acks, errors } = await burst(ada, 12);
    // Joining was a message too, and a little time has passed.
    assert.ok(acks.length >= 5 && acks.length <= 8, `${acks.length} went`);
    for (const error of errors) {
      assert.equal(error.code, 'rate_limited');
      assert.ok(error.retryAfter > 0 && error.retryAfter <= 10_000,
        `retryAfter ${error.retryAfter}`);
    }
    for (const ack of acks)
      assert.equal((await bob.next('message')).text, String(ack.id));
    assert.equal(bob.all('message').length, acks.length);
  });

test('[P-7] after retryAfter a message is welcome again', async (t) => {
  const node = await openNode(t, slow());
  const [ada] = await roomOf(t, node, 'rate', 1);
  const { errors } = await burst(ada, 8);
  const { retryAfter } = errors.at(-1);
  const told = Date.now();
  await eventually('the time has come',
    () => Date.now() - told > retryAfter + 20);
  assert.equal((await ada.request(message('again'))).type, 'ack');
});

test('[P-7] who goes on is closed with 4029', async (t) => {
  const node = await openNode(t, slow({ 'limits.violations': 5 }));
  const [ada, bob] = await roomOf(t, node, 'rate', 2);
  for (let i = 0; i < 50; ++i) ada.send(message(i));
  await ada.closes(4029, 'Too many violations');
  const refused = ada.all('error');
  assert.ok(refused.length <= 6 && refused.every(
    (error) => error.code === 'rate_limited'), JSON.stringify(refused));
  await bob.lives();
  await node.event('connection.limited', { connection: ada.connectionId });
});

test('[P-7] violations that are long past do not add up', async (t) => {
  const node = await openNode(t, slow({ 'limits.violations': 5,
    'limits.violations-window': '200ms', 'limits.messages-per-second': 20 }));
  const [ada] = await roomOf(t, node, 'rate', 1);
  for (let round = 0; round < 4; ++round) {
    const began = Date.now();
    await burst(ada, 8);
    await eventually('the window is past', () => Date.now() - began > 600);
  }
  await ada.lives();
});

test('[P-7] requests of every kind count, also those that are refused',
  async (t) => {
    const node = await openNode(t, slow());
    const ada = await connect(t, node);
    for (let i = 0; i < 12; ++i)
      ada.send({ type: ['ping', 'nonsense', 'presence'][i % 3], id: i,
        roomId: 'x' });
    const answers = [];
    for (let i = 0; i < 12; ++i) answers.push(await ada.next({ id: i }));
    assert.ok(answers.slice(0, 5).every((a) => a.code !== 'rate_limited'));
    assert.ok(answers.slice(9).every((a) => a.code === 'rate_limited'));
  });

test('[P-7] by default 200 at once are allowed, and then 100 a second',
  async (t) => {
    // Who is refused so often would be closed.
    const node = await openNode(t, { 'limits.violations': 10_000 });
    const began = Date.now();
    const [ada] = await roomOf(t, node, 'rate', 1); // The first of the 200.
    const refill = () => (Date.now() - began) / 10;
    const { acks, errors } = await burst(ada, 300);
    assert.ok(errors.every((error) => error.code === 'rate_limited'));
    assert.ok(acks.length >= 199 && acks.length < 200 + refill(),
      `${acks.length} went within ${Date.now() - began} ms`);
    const then = Date.now();
    await eventually('some are allowed again', () => Date.now() - then > 500);
    const due = Math.min(200, Math.floor((Date.now() - then) / 10));
    const again = (await burst(ada, 300, 300)).acks.length;
    assert.ok(again >= due && acks.length + again < 200 + refill(),
      `${acks.length} and ${again} went within ${Date.now() - began} ms`);
  });

test('[P-7] a rate of 0 sets no limit', async (t) => {
  const free = await openNode(t, { 'limits.messages-per-second': 0 });
  const [bob] = await roomOf(t, free, 'rate', 1);
  assert.equal((await burst(bob, 1000)).acks.length, 1000);
});

test('[P-7] one client over its rate costs the others nothing', async (t) => {
  const node = await openNode(t, slow({ 'limits.violations': 1000000 }));
  const [ada, bob, cid] = await roomOf(t, node, 'rate', 3);
  const flood = burst(ada, 500);
  await bob.say('rate', 'calm');
  await cid.next({ type: 'message', text: 'calm' });
  await flood;
});

test('[P-7] on /relay the node reads slower, loses nothing, and takes nobody '
  + 'for dead whom it does not read', async (t) => {
  const node = await openNode(t, { 'limits.messages-per-second': 50,
    'limits.messages-burst': 10, 'limits.inbound-messages': 4,
    'heartbeat.interval': '200ms' });
  const [ada, bob] = await relayMembers(t, node, 'slow', 2);
  const began = Date.now();
  const sent = Array.from({ length: 60 }, (_, i) => `frame ${i}`);
  for (const what of sent) ada.sendFrame(what);
  const got = await frames(bob, sent.length);
  assert.deepEqual(got, sent.map((what) => [false, what]));
  const took = Date.now() - began;
  assert.ok(took > 500, `60 frames at 50/s came within ${took} ms`);
  assert.equal(ada.socket.readyState, 1);
});
