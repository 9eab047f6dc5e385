// RFC 6455, 5: frames, legal and not. What A sends arrives at B, or ends A.

import { randomBytes } from 'node:crypto';

import {
  OP, begin, binary, frame, more, ping, text,
} from './support/frames.mjs';
import { openNode } from './support/node.mjs';
import { arrives, livesOn, pair, violates } from './support/pair.mjs';
import { dialRaw, upgradeRequest } from './support/raw.mjs';
import { heard, relayMembers } from './support/relay.mjs';
import { shared, test } from './support/test.mjs';

const MAX = 1 << 20;
const open = shared((file) => openNode(file, {
  'limits.message-bytes': MAX,
  'limits.unsent-bytes': '64MiB',
  'limits.messages-per-second': 0,
}));

for (const length of [0, 1, 125, 126, 127, 65_535, 65_536, MAX])
  test(`[RFC 6455, 5.2] ${length} octets arrive, as text and as binary`,
    async (t) => {
      const both = await pair(t, await open());
      const bytes = randomBytes(length);
      both.sender.write(binary(bytes));
      await arrives(both.receiver, OP.binary, bytes);
      const letters = bytes.toString('base64').slice(0, length);
      both.sender.write(text(letters));
      await arrives(both.receiver, OP.text, letters);
      await livesOn(both);
    });

test('[RFC 6455, 5.2] a frame may come octet by octet', async (t) => {
  const both = await pair(t, await open());
  const bytes = randomBytes(300);
  await both.sender.dribble(binary(bytes));
  await arrives(both.receiver, OP.binary, bytes);
  await livesOn(both);
});

test('[RFC 6455, 5.2] many frames may come in one piece', async (t) => {
  const both = await pair(t, await open());
  const all = Array.from({ length: 200 }, (_, i) => `number ${i}`);
  both.sender.write(Buffer.concat(all.map((what) => text(what))));
  for (const what of all) await arrives(both.receiver, OP.text, what);
  await livesOn(both);
});

test('[RFC 6455, 4.1] frames may follow the handshake in the same piece',
  async (t) => {
    const node = await open();
    const [receiver] = await relayMembers(t, node, 'behind', 1);
    const sender = await dialRaw(t, node);
    sender.write(Buffer.concat([
      Buffer.from(upgradeRequest('/relay?room=behind')), text('first')]));
    await arrives(receiver, OP.text, 'first');
    await heard((what) => sender.write(text(what)), [receiver]);
  });

test('[RFC 6455, 5.3] every masking key does', async (t) => {
  const both = await pair(t, await open());
  for (const mask of ['00000000', 'ffffffff', '01020304', '80000000']) {
    both.sender.write(text('masked', { mask: Buffer.from(mask, 'hex') }));
    await arrives(both.receiver, OP.text, 'masked');
  }
  await livesOn(both);
});

for (const [what, bytes] of [
  ['text', text('x', { masked: false })],
  ['an empty frame', text('', { masked: false })],
  ['a ping', ping('x', { masked: false })],
])
  test(`[RFC 6455, 5.1] an unmasked frame fails with 1002: ${what}`,
    async (t) => {
      await violates(t, await open(), bytes, 1002);
    });

for (const rsv of [1, 2, 3, 4, 5, 6, 7])
  test(`[RFC 6455, 5.2] reserved bits ${rsv} fail with 1002`, async (t) => {
    for (const bytes of [text('x', { rsv }), binary('x', { rsv }),
      ping('', { rsv }), frame(OP.close, '', { rsv }),
      Buffer.concat([begin(OP.text, 'x'), more('y', { rsv })])])
      await violates(t, await open(),
        Buffer.concat([bytes, ping('behind'), text('behind')]), 1002);
  });

for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
  test(`[RFC 6455, 5.2] the reserved opcode ${opcode} fails with 1002`,
    async (t) => {
      for (const payload of ['', 'payload'])
        await violates(t, await open(), Buffer.concat([
          frame(opcode, payload), ping('behind'), text('behind')]), 1002);
    });

for (const [what, bytes] of [
  ['5 octets in the 16 bit form', text('hello', { lengthForm: 16 })],
  ['5 octets in the 64 bit form', text('hello', { lengthForm: 64 })],
  ['300 octets in the 64 bit form', text('x'.repeat(300), { lengthForm: 64 })],
  ['no octets in the 16 bit form', text('', { lengthForm: 16 })],
])
  test(`[RFC 6455, 5.2] a length that is not the shortest fails with 1002: `
    + what, async (t) => {
    await violates(t, await open(), bytes, 1002);
  });

test('[P-7] a length over the limit fails with 1009 before any payload',
  async (t) => {
    for (const announced of [MAX + 1, 2n ** 31n, 2n ** 32n, 2n ** 63n - 1n])
      await violates(t, await open(),
        frame(OP.binary, '', { announced, lengthForm: 64 }), 1009);
  });

test('[RFC 6455, 5.4] fragments arrive as one message', async (t) => {
  const both = await pair(t, await open());
  for (const opcode of [OP.text, OP.binary])
    for (const pieces of [['he', 'llo'], ['', ''], ['', 'hello'],
      ['hello', ''], ['h', 'e', '', 'l', 'l', 'o']]) {
      const [first, ...rest] = pieces;
      const frames = [begin(opcode, first), ...rest.map((piece, i) =>
        more(piece, { fin: i === rest.length - 1 }))];
      both.sender.write(Buffer.concat(frames)); // All at once,
      await arrives(both.receiver, opcode, pieces.join(''));
      for (const piece of frames) both.sender.write(piece); // one by one,
      await arrives(both.receiver, opcode, pieces.join(''));
      await both.sender.dribble(Buffer.concat(frames)); // octet by octet.
      await arrives(both.receiver, opcode, pieces.join(''));
    }
  await livesOn(both);
});

test('[RFC 6455, 5.4] a thousand fragments, most of them empty, are one '
  + 'message', async (t) => {
  const both = await pair(t, await open());
  both.sender.write(Buffer.concat([begin(OP.text, 'a'),
    ...Array.from({ length: 1000 }, () => more('', { fin: false })),
    more('z')]));
  await arrives(both.receiver, OP.text, 'az');
  await livesOn(both);
});

for (const [what, bytes] of [
  ['a continuation of nothing', more('x')],
  ['a continuation of nothing, not the last', more('x', { fin: false })],
  ['a continuation behind a whole message',
    Buffer.concat([text('whole'), more('x')])],
  ['a new text within a message',
    Buffer.concat([begin(OP.text, 'x'), text('y')])],
  ['a new binary within a message',
    Buffer.concat([begin(OP.text, 'x'), binary('y')])],
  ['a second beginning',
    Buffer.concat([begin(OP.text, 'x'), begin(OP.text, 'y')])],
])
  test(`[RFC 6455, 5.4] ${what} fails with 1002`, async (t) => {
    const node = await open();
    if (what === 'a continuation behind a whole message') {
      const { sender, receiver } = await pair(t, node);
      sender.write(bytes);
      await arrives(receiver, OP.text, 'whole');
      await sender.closes(1002);
    } else {
      await violates(t, node, bytes, 1002);
    }
  });
