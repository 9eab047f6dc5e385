// [P-7] Bombs for a node that no longer listens: it has sent its close frame and
// waits for the client's, and whatever comes meanwhile is dropped as it is.

import assert from 'node:assert/strict';
import { constants, deflateRawSync } from 'node:zlib';

import { bystanders } from './support/bystander.mjs';
import { OP, binary, frame, text } from './support/frames.mjs';
import { openNode } from './support/node.mjs';
import { connectRaw } from './support/raw.mjs';
import { test } from './support/test.mjs';
import { SOON, within } from './support/wait.mjs';

const OFFER = { 'Sec-WebSocket-Extensions': 'permessage-deflate' };
const RSV1 = { rsv: 4 };
const CLOSE_MS = 3_000;
const FLOOD_BYTES = 4 << 20;

/** As much as a message may be, in less than a hundred bytes. */
const BOMB = deflateRawSync(Buffer.alloc(65_536),
  { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);

/**
 * Sends a node a lot of `one`, and then one after the other, from a client that
 * never answers its close frame; until it is cut off. Gives the CPU seconds.
 */
async function besiege(t, { path, sin, code }, one) {
  const node = await openNode(t, { 'deflate.enabled': true,
    'net.close-timeout': `${CLOSE_MS}ms` });
  const others = await bystanders(t, node);
  const client = await connectRaw(t, node, path, OFFER);
  if (sin) client.write(sin);
  assert.equal((await client.next({ opcode: OP.close })).code, code);
  const cut = new Promise((resolve) => client.socket.once('close', resolve));
  const began = Date.now();
  const before = node.cpu();
  client.write(Buffer.concat(
    Array(Math.ceil(FLOOD_BYTES / one.length)).fill(one)));
  const more = setInterval(() => client.write(one), 20);
  t.after(() => clearInterval(more));
  await within(CLOSE_MS + SOON, cut, 'it is not cut off');
  clearInterval(more);
  const waited = Date.now() - began;
  assert.ok(waited > CLOSE_MS * 0.9, `cut off after ${waited} ms`);
  const spent = node.cpu() - before;
  others.staysSmall(8);
  await others.talk();
  await node.event('connection.closed', { code });
  return spent;
}

for (const [what, how] of [
  ['is being closed', { path: '/relay', code: 4000 }],
  ['has broken the rules', { path: '/relay?room=bombs', code: 1002,
    sin: frame(OP.text, 'x', { rsv: 6 }) }],
])
  test(`[P-7] the bombs of a client that ${what} are not inflated`,
    async (t) => {
      // Beside as many bytes that nobody could inflate.
      const [bombs, plain] = await Promise.all([
        besiege(t, how, binary(BOMB, RSV1)),
        besiege(t, how, binary(BOMB)),
      ]);
      t.diagnostic(`${bombs} s of CPU, ${plain} s for plain frames`);
      assert.ok(bombs < 2 * plain + 0.3,
        `${bombs} s of CPU against ${plain} s for plain frames`);
    });

test('[P-7] a client that is being closed may say goodbye behind its bombs',
  async (t) => {
    const node = await openNode(t, { 'deflate.enabled': true });
    const client = await connectRaw(t, node, '/relay', OFFER);
    const last = await client.next({ opcode: OP.close });
    for (let i = 0; i < 100; ++i)
      client.write(Buffer.concat([binary(BOMB, RSV1), text('plain')]));
    client.write(frame(OP.close, last.payload));
    await client.endsInOrder();
  });
