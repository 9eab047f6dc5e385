// [P-1] /relay: every frame goes, unchanged, to the others in the room.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';

import { dial } from './support/client.mjs';
import { OP, begin, more, text } from './support/frames.mjs';
import { openNode } from './support/node.mjs';
import { connectRaw } from './support/raw.mjs';
import { frames, heard, relayMembers } from './support/relay.mjs';
import { shared, test } from './support/test.mjs';

const open = shared((file) =>
  openNode(file, { 'limits.messages-per-second': 0 }));

test('[P-1] text and binary frames arrive as what they were', async (t) => {
  const [ada, bob, cid] = await relayMembers(t, await open(), 'kinds', 3);
  ada.sendFrame('text ☃');
  ada.sendFrame(Buffer.from('binary'));
  ada.sendFrame('');
  ada.sendFrame(Buffer.alloc(0));
  for (const member of [bob, cid])
    assert.deepEqual(await frames(member, 4),
      [[false, 'text ☃'], [true, 'binary'], [false, ''], [true, '']]);
});

test('[P-1] a frame does not come back to its sender', async (t) => {
  const [ada, bob] = await relayMembers(t, await open(), 'echo', 2);
  ada.sendFrame('mine');
  await bob.next('frame');
  bob.sendFrame('yours');
  assert.deepEqual(await frames(ada, 1), [[false, 'yours']]);
});

test('[P-1] what looks like the protocol is relayed like anything else',
  async (t) => {
    const [ada, bob] = await relayMembers(t, await open(), 'look', 2);
    for (const what of ['{"type":"ping","id":1}',
      '{"type":"join_room","roomId":"x"}', '{"type":"auth","token":"x"}', '{'])
      ada.sendFrame(what);
    assert.equal((await frames(bob, 4))[2][1], '{"type":"auth","token":"x"}');
    assert.equal(ada.received.filter((m) => !/^probe/.test(m.bytes)).length, 0);
  });

for (const bytes of [1, 125, 126, 127, 65_535, 65_536])
  test(`[P-1] ${bytes} bytes arrive unchanged`, async (t) => {
    const [ada, bob] = await relayMembers(t, await open(), 'sizes', 2);
    const payload = randomBytes(bytes);
    ada.sendFrame(payload);
    assert.ok((await bob.next('frame')).bytes.equals(payload));
    ada.sendFrame('x'.repeat(bytes));
    assert.equal((await bob.next('frame')).bytes.toString(),
      'x'.repeat(bytes));
  });

test('[P-1] order is kept from each sender, every frame comes once',
  async (t) => {
    const members = await relayMembers(t, await open(), 'order', 4);
    const count = 500;
    for (let i = 0; i < count; ++i)
      for (const [who, member] of members.entries())
        member.sendFrame(i % 2 ? `${who} ${i}` : Buffer.from(`${who} ${i}`));
    const orders = await Promise.all(members.map(async (member, self) => {
      const next = members.map(() => 0);
      const order = [];
      for (const [isBinary, what] of
        await frames(member, count * (members.length - 1))) {
        const [who, i] = what.split(' ').map(Number);
        assert.notEqual(who, self);
        assert.equal(i, next[who]++);
        assert.equal(isBinary, i % 2 === 0);
        order.push(what);
      }
      return order;
    }));
    // Who hears two senders hears them in the order that everybody hears.
    const without = (order, ...who) =>
      order.filter((what) => !who.includes(Number(what[0])));
    assert.deepEqual(without(orders[0], 0, 1), without(orders[1], 0, 1));
    assert.deepEqual(without(orders[2], 2, 3), without(orders[3], 2, 3));
  });

test('[P-1] rooms are apart', async (t) => {
  const node = await open();
  const [ada, bob] = await relayMembers(t, node, 'red', 2);
  const [cid, dan] = await relayMembers(t, node, 'blue', 2);
  ada.sendFrame('to red');
  await bob.next('frame');
  cid.sendFrame('to blue');
  assert.deepEqual(await frames(dan, 1), [[false, 'to blue']]);
});

test('[P-1] room names are decoded from the query', async (t) => {
  const node = await open();
  const [ada] = await relayMembers(t, node, 'a b+c&d=☃', 1);
  const other = await connectRaw(t, node,
    '/relay?x=1&room=a%20b%2Bc%26d%3D%E2%98%83');
  await heard((what) => other.write(text(what)), [ada]);
});

test('[P-1] a message in fragments is relayed as one', async (t) => {
  const node = await open();
  const [bob] = await relayMembers(t, node, 'pieces', 1);
  const ada = await connectRaw(t, node, '/relay?room=pieces');
  await heard((what) => ada.write(text(what)), [bob]);
  ada.write(begin(OP.binary, 'a'));
  ada.write(more('b', { fin: false }));
  ada.write(more('c'));
  assert.deepEqual(await frames(bob, 1), [[true, 'abc']]);
});

test('[P-1] the node itself says nothing on /relay', async (t) => {
  const node = await open();
  const client = dial(t, node, { path: '/relay', query: { room: 'hush' } });
  await client.opened;
  const other = dial(t, node, { path: '/relay', query: { room: 'hush' } });
  await other.opened;
  await heard((what) => other.sendFrame(what), [client]);
  for (const { bytes } of client.received)
    assert.match(String(bytes), /^probe/);
  assert.equal((await client.close()).code, 1000);
});
