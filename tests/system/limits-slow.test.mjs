// [P-7] Members that read too slowly, by the policy of the room.

import assert from 'node:assert/strict';

import { OP, text } from './support/frames.mjs';
import { connect } from './support/client.mjs';
import { openNode } from './support/node.mjs';
import { connectRaw } from './support/raw.mjs';
import { heard, relayMembers } from './support/relay.mjs';
import { test } from './support/test.mjs';
import { SOON } from './support/wait.mjs';

// What the two kernels take is not unsent: it has to be outrun as well.
const ROUNDS = 400;
const FILLING = 'x'.repeat(60_000);

const settings = (more = {}) => ({
  'limits.unsent-bytes': '128KiB',
  'limits.messages-per-second': 0,
  'heartbeat.interval': '60s',
  'net.close-timeout': '60s',
  ...more,
});

/** A member that has joined and then stops reading. */
async function sleeper(t, node, roomId) {
  const client = await connectRaw(t, node,
    `/ws?room=${encodeURIComponent(roomId)}`);
  await client.next((f) => f.payload.toString().includes('"joined"'));
  client.socket.pause();
  return client;
}

/** Says more than kernels and the node will hold, each message acked. */
async function outrun(publisher, roomId) {
  for (let i = 0; i < ROUNDS; ++i) await publisher.say(roomId, FILLING);
}

test('[P-7] a slow member is told what it missed, and misses nothing silently',
  async (t) => {
    const node = await openNode(t, settings());
    const ada = await connect(t, node);
    const bob = await connect(t, node);
    await ada.join('gap');
    await bob.join('gap');
    const slow = await sleeper(t, node, 'gap');
    await outrun(ada, 'gap');
    await node.event('member.lagging');
    slow.socket.resume();
    // Acks go on while it reads, so the newest offset is asked for last.
    const { epoch, offset: last } = await ada.say('gap', 'the last');
    const seen = [];
    let gaps = 0;
    for (let done = false; !done;) {
      const item = JSON.parse((await slow.next({ opcode: OP.text })).payload);
      if (item.type === 'message') {
        seen.push(item.offset);
        done = item.offset === last;
      } else if (item.type === 'gap') {
        ++gaps;
        assert.equal(item.roomId, 'gap');
        assert.equal(item.epoch, epoch);
        assert.equal(typeof item.reason, 'string');
        assert.ok(item.from <= item.to);
        for (let o = item.from; o <= item.to; ++o) seen.push(o);
        done = item.to === last;
      }
    }
    assert.ok(gaps >= 1, 'no gap was told');
    // Every offset once, in order: what was sent and what was told as missed.
    assert.deepEqual(seen, seen.map((_, i) => seen[0] + i));
    assert.equal(seen.at(-1), last);
    await ada.say('gap', 'after');
    const after = JSON.parse((await slow.next(
      (f) => f.payload.toString().includes('"after"'))).payload);
    assert.equal(after.offset, last + 1);
    // The others got everything.
    await bob.next({ type: 'message', text: 'after' });
    assert.equal(bob.all('message').length, last + 1 - seen[0] + 1);
  });

test('[P-7] with rooms.slow=close a slow member is closed with 4008',
  async (t) => {
    const node = await openNode(t, settings({ 'rooms.slow': 'close' }));
    const ada = await connect(t, node);
    const bob = await connect(t, node);
    await ada.join('close');
    await bob.join('close');
    const slow = await sleeper(t, node, 'close');
    await outrun(ada, 'close');
    slow.socket.resume();
    const last = await slow.next({ opcode: OP.close });
    assert.equal(last.code, 4008);
    await ada.say('close', 'after');
    await bob.next({ type: 'message', text: 'after' });
    await bob.lives();
  });

test('[P-7] a namespace may close where others tell gaps', async (t) => {
  const node = await openNode(t,
    settings({ 'namespaces.strict.slow': 'close' }));
  const ada = await connect(t, node);
  await ada.join('strict:1');
  const slow = await sleeper(t, node, 'strict:1');
  await outrun(ada, 'strict:1');
  slow.socket.resume();
  assert.equal((await slow.next({ opcode: OP.close })).code, 4008);
});

test('[P-7] a member that never reads again costs a bounded memory',
  async (t) => {
    const node = await openNode(t, settings());
    const ada = await connect(t, node);
    await ada.join('bounded');
    for (let i = 0; i < 5; ++i) await sleeper(t, node, 'bounded');
    for (let i = 0; i < ROUNDS; ++i) await ada.say('bounded', FILLING);
    const before = node.rss();
    for (let i = 0; i < ROUNDS; ++i) await ada.say('bounded', FILLING);
    const grown = node.rss() - before;
    assert.ok(grown < 16 * 2 ** 20, `it grew by ${grown >> 10} KiB`);
  }, { timeout: 12 * SOON });

test('[P-7] a slow /relay member is not waited for', async (t) => {
  const node = await openNode(t, settings());
  const [ada, bob] = await relayMembers(t, node, 'relay', 2);
  const slow = await connectRaw(t, node, '/relay?room=relay');
  await heard((what) => slow.write(text(what)), [ada, bob]);
  slow.socket.pause();
  for (let i = 0; i < ROUNDS; ++i) {
    ada.sendFrame(`${i} ${FILLING}`);
    const { bytes } = await bob.next('frame');
    assert.ok(bytes.toString().startsWith(`${i} `));
  }
  slow.socket.resume(); // [P-8.7]
  assert.equal((await slow.next({ opcode: OP.close })).code, 4008);
});
