// RFC 6455, 5.5 and 7: control frames and closing.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';

import {
  OP, begin, close, frame, more, ping, text,
} from './support/frames.mjs';
import { openNode } from './support/node.mjs';
import { arrives, livesOn, pair, violates } from './support/pair.mjs';
import { connectRaw } from './support/raw.mjs';
import { shared, test } from './support/test.mjs';
import { SOON, within } from './support/wait.mjs';

const open = shared((file) =>
  openNode(file, { 'limits.messages-per-second': 0 }));

for (const [what, payload] of [
  ['nothing', ''], ['text', 'hello ☃'], ['octets that are no UTF-8',
    Buffer.from('00fffefd80', 'hex')], ['125 octets', randomBytes(125)],
])
  test(`[RFC 6455, 5.5.2] a ping with ${what} is answered by a pong with it`,
    async (t) => {
      const both = await pair(t, await open());
      both.sender.write(ping(payload));
      const pong = await both.sender.next({ opcode: OP.pong });
      assert.ok(pong.payload.equals(Buffer.from(payload)));
      await both.sender.dribble(ping(payload));
      await both.sender.next({ opcode: OP.pong });
      await livesOn(both);
    });

test('[RFC 6455, 5.5.2] of pings in a row the last is answered for sure',
  async (t) => {
    const both = await pair(t, await open());
    both.sender.write(Buffer.concat(
      Array.from({ length: 10 }, (_, i) => ping(`${i}`))));
    await both.sender.next(
      (f) => f.opcode === OP.pong && f.payload.toString() === '9');
    const pongs = both.sender.frames.items.filter((f) => f.opcode === OP.pong)
      .map((f) => Number(f.payload));
    assert.deepEqual(pongs, [...new Set(pongs)].sort((a, b) => a - b));
    await livesOn(both);
  });

test('[RFC 6455, 5.5.3] a pong that nobody asked for changes nothing',
  async (t) => {
    const both = await pair(t, await open());
    both.sender.write(Buffer.concat([frame(OP.pong, ''),
      frame(OP.pong, 'unasked'), ping('asked')]));
    const first = await both.sender.next();
    assert.deepEqual([first.opcode, first.payload.toString()],
      [OP.pong, 'asked']);
    await livesOn(both);
  });

test('[RFC 6455, 5.4] control frames between fragments are answered at once',
  async (t) => {
    const both = await pair(t, await open());
    const { sender, receiver } = both;
    sender.write(begin(OP.text, 'one '));
    sender.write(ping('first'));
    assert.equal(String((await sender.next({ opcode: OP.pong })).payload),
      'first');
    assert.deepEqual(receiver.inbox.fresh, []);
    sender.write(more('two ', { fin: false }));
    sender.write(frame(OP.pong, 'unasked'));
    sender.write(ping('second'));
    assert.equal(String((await sender.next({ opcode: OP.pong })).payload),
      'second');
    sender.write(more('three'));
    await arrives(receiver, OP.text, 'one two three');
    await livesOn(both);
  });

for (const [what, bytes] of [
  ['a ping of 126 octets', ping('x'.repeat(126))],
  ['a pong of 126 octets', frame(OP.pong, 'x'.repeat(126))],
  ['a close of 126 octets', close(1000, 'x'.repeat(124))],
  ['a ping in fragments', Buffer.concat([begin(OP.ping, 'x'), more('y')])],
  ['a pong in fragments', Buffer.concat([begin(OP.pong, 'x'), more('y')])],
  ['a close in fragments',
    Buffer.concat([frame(OP.close, '', { fin: false }), more('')])],
  ['a long ping in the middle of a message', Buffer.concat([
    begin(OP.text, 'x'), ping('x'.repeat(126)), more('y')])],
  ['a close of one octet', frame(OP.close, 'x')],
])
  test(`[RFC 6455, 5.5] ${what} fails with 1002`, async (t) => {
    await violates(t, await open(), bytes, 1002);
  });

for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012,
  1013, 3000, 3999, 4000, 4999])
  test(`[RFC 6455, 7.4] a close with ${code} is answered in kind`,
    async (t) => {
      const { sender } = await pair(t, await open());
      sender.write(close(code, 'bye'));
      const answer = await sender.next({ opcode: OP.close });
      assert.ok([code, 1000].includes(answer.code), `got ${answer.code}`);
      await sender.endsInOrder();
    });

// Open in the RFC: 1014 was given a meaning after it, and from 5000 on nothing
// is said. Either answer will do, as long as it ends in order.
for (const code of [1014, 5000, 65_535])
  test(`[RFC 6455, 7.4] a close with ${code} is answered or fails with 1002`,
    async (t) => {
      const { sender } = await pair(t, await open());
      sender.write(close(code));
      const answer = await sender.next({ opcode: OP.close });
      assert.ok([code, 1000, 1002].includes(answer.code), `got ${answer.code}`);
      await sender.endsInOrder();
    });

for (const code of [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999])
  test(`[RFC 6455, 7.4] a close with ${code} fails with 1002`, async (t) => {
    await violates(t, await open(), close(code), 1002);
  });

test('[RFC 6455, 5.5.1] a close without a code is answered', async (t) => {
  const { sender } = await pair(t, await open());
  sender.write(close());
  const answer = await sender.next({ opcode: OP.close });
  assert.ok([undefined, 1000].includes(answer.code), `got ${answer.code}`);
  await sender.endsInOrder();
});

test('[RFC 6455, 5.5.1] a reason of 123 octets is fine', async (t) => {
  const { sender } = await pair(t, await open());
  sender.write(close(1000, 'x'.repeat(123)));
  assert.equal((await sender.next({ opcode: OP.close })).code, 1000);
  await sender.endsInOrder();
});

test('[RFC 6455, 5.5.1] a reason that is no UTF-8 fails', async (t) => {
  const { sender } = await pair(t, await open());
  sender.write(close(1000, Buffer.from('c328', 'hex')));
  const { code } = await sender.next({ opcode: OP.close });
  assert.ok([1002, 1007].includes(code), `got ${code}`);
  await sender.endsInOrder();
});

for (const [what, behind] of [
  ['a ping', ping('late')],
  ['a message', text('late')],
  ['another close', close(1001)],
  ['rubbish', Buffer.from('ffffffffffff', 'hex')],
])
  test(`[RFC 6455, 5.5.1] ${what} behind a close is not looked at`,
    async (t) => {
      const { sender, receiver } = await pair(t, await open());
      sender.write(Buffer.concat([text('before'), close(1000), behind]));
      await arrives(receiver, OP.text, 'before');
      assert.equal((await sender.next({ opcode: OP.close })).code, 1000);
      await sender.endsInOrder();
      assert.equal(sender.frames.items.length, 1);
      await receiver.close();
      assert.deepEqual(receiver.inbox.fresh, []);
    });

test('[RFC 6455, 5.5.1] a close in the middle of a message is answered',
  async (t) => {
    const { sender, receiver } = await pair(t, await open());
    sender.write(Buffer.concat([begin(OP.text, 'half'), close(1000)]));
    assert.equal((await sender.next({ opcode: OP.close })).code, 1000);
    await sender.endsInOrder();
    await receiver.close();
    assert.deepEqual(receiver.inbox.fresh, []);
  });

test('[RFC 6455, 7.1.1] a client that ends TCP without a close is let go',
  async (t) => {
    const { sender } = await pair(t, await open());
    sender.socket.end();
    await within(SOON, sender.ended, 'TCP stays open');
  });

test('[RFC 6455, 7.1.1] a client that never answers a close is cut off',
  async (t) => {
    const node = await openNode(t, { 'net.close-timeout': '200ms' });
    const mute = await connectRaw(t, node, '/relay?room=x');
    mute.write(text('x', { rsv: 1 }));
    assert.equal((await mute.next({ opcode: OP.close })).code, 1002);
    await within(SOON, mute.ended, 'TCP stays open');
  });

test('[P-5.2] what breaks RFC 6455 fails with 1002 on /ws as well',
  async (t) => {
    for (const bytes of [text('x', { rsv: 2 }), text('x', { masked: false }),
      more('x'), frame(11, ''), ping('x'.repeat(126)), close(999)]) {
      const client = await connectRaw(t, await open(), '/ws');
      await client.next({ opcode: OP.text });
      client.write(bytes);
      await client.closes(1002);
    }
  });
