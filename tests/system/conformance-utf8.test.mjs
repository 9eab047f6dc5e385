// RFC 6455, 8.1: text is UTF-8, and what is not fails with 1007, at once.

import { OP, begin, binary, frame, more, text } from './support/frames.mjs';
import { openNode } from './support/node.mjs';
import { arrives, livesOn, pair } from './support/pair.mjs';
import { connectRaw } from './support/raw.mjs';
import { shared, test } from './support/test.mjs';

const open = shared((file) =>
  openNode(file, { 'limits.messages-per-second': 0 }));

const bytes = (hex) => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const points = (...codes) => Buffer.from(String.fromCodePoint(...codes));

const valid = {
  'the first and last of each length': points(0, 0x7f, 0x80, 0x7ff, 0x800,
    0xffff, 0x10000, 0x10ffff),
  'the edges of the surrogates': points(0xd7ff, 0xe000),
  'non-characters': points(0xfffe, 0xffff, 0xfdd0, 0xfdef, 0x1fffe, 0x1ffff,
    0x8fffe, 0xffffe, 0xfffff, 0x10fffe, 0x10ffff),
  'specials and a byte order mark': points(0xfeff, 0xfff9, 0xfffa, 0xfffc,
    0xfffd),
  'words': Buffer.from('Grüße, κόσμε, 世界, 🙂, e\u0301'),
};

for (const [what, payload] of Object.entries(valid))
  test(`[RFC 6455, 8.1] valid: ${what}, cut anywhere`, async (t) => {
    const both = await pair(t, await open());
    const { sender, receiver } = both;
    sender.write(text(payload));
    await arrives(receiver, OP.text, payload);
    for (let at = 0; at <= payload.length; ++at) {
      sender.write(begin(OP.text, payload.subarray(0, at)));
      sender.write(more(payload.subarray(at)));
      await arrives(receiver, OP.text, payload);
    }
    await sender.dribble(text(payload));
    await arrives(receiver, OP.text, payload);
    await livesOn(both);
  });

/** What comes behind `good` can become no UTF-8, whatever follows. */
const invalid = {
  'a lone continuation octet': '80',
  'the last continuation octet': 'bf',
  'an overlong slash of two octets': 'c0 af',
  'an overlong NUL': 'c0 80',
  'an overlong DEL': 'c1 bf',
  'an overlong slash of three octets': 'e0 80 af',
  'the largest overlong of three octets': 'e0 9f bf',
  'an overlong slash of four octets': 'f0 80 80 af',
  'the largest overlong of four octets': 'f0 8f bf bf',
  'the first surrogate': 'ed a0 80',
  'the last surrogate': 'ed bf bf',
  'a pair of surrogates': 'ed a0 80 ed b0 80',
  'the first above U+10FFFF': 'f4 90 80 80',
  'a start octet of four that is too high': 'f5 80 80 80',
  'five octets': 'f8 88 80 80 80',
  'six octets': 'fc 84 80 80 80 80',
  'FE': 'fe',
  'FF': 'ff',
  'a sequence of two that is cut': 'c3 41',
  'a sequence of three that is cut': 'e2 82 41',
  'a sequence of four that is cut': 'f0 9f 99 41',
  'two start octets': 'c3 c3',
  'a continuation octet too many': 'c3 bc bc',
};

for (const [what, hex] of Object.entries(invalid))
  test(`[RFC 6455, 8.1] invalid fails with 1007: ${what}`, async (t) => {
    const payload = Buffer.concat([Buffer.from('good'), bytes(hex)]);
    for (const frames of [
      text(payload),
      Buffer.concat([text('before'), text(payload), text('behind')]),
      // It fails before the message is complete, whoever waits for more.
      begin(OP.text, payload),
      Buffer.concat([begin(OP.text, 'good'), more(payload, { fin: false })]),
      text(payload, { announced: 100 }),
      ...Array.from(payload.subarray(0, -1), (_, at) => Buffer.concat([
        begin(OP.text, payload.subarray(0, at + 1)),
        more(payload.subarray(at + 1), { fin: false })])),
    ]) {
      const client = await connectRaw(t, await open(), '/relay?room=x');
      client.write(frames);
      await client.closes(1007);
    }
    const slow = await connectRaw(t, await open(), '/relay?room=x');
    await slow.dribble(text(payload));
    await slow.closes(1007);
  });

for (const [what, hex] of [['two', 'c3'], ['three', 'e2 82'],
  ['three, one octet', 'e2'], ['four', 'f0 9f 99'], ['four, one octet', 'f0']])
  test(`[RFC 6455, 8.1] a message that ends within a sequence of ${what} `
    + 'fails with 1007', async (t) => {
    const payload = bytes(hex);
    for (const frames of [text(payload),
      Buffer.concat([begin(OP.text, payload), more('')])]) {
      const client = await connectRaw(t, await open(), '/relay?room=x');
      client.write(frames);
      await client.closes(1007);
    }
  });

test('[RFC 6455, 8.1] it fails at the octet that makes it invalid',
  async (t) => {
    // Of each only as much is sent as no continuation could save.
    for (const hex of ['80', 'c0', 'e0 80', 'ed a0', 'f0 80', 'f4 90', 'f5',
      'ff', 'e2 28', 'f0 9f 28']) {
      const client = await connectRaw(t, await open(), '/relay?room=x');
      client.write(text(bytes(hex), { announced: 50 }));
      await client.closes(1007);
    }
  });

test('[RFC 6455, 8.1] binary may be anything', async (t) => {
  const both = await pair(t, await open());
  for (const hex of Object.values(invalid)) {
    both.sender.write(binary(bytes(hex)));
    await arrives(both.receiver, OP.binary, bytes(hex));
  }
  await livesOn(both);
});

test('[P-5.2] text that is no UTF-8 fails with 1007 on /ws as well',
  async (t) => {
    const client = await connectRaw(t, await open(), '/ws');
    await client.next({ opcode: OP.text });
    client.write(frame(OP.text, bytes('22 c3 28 22')));
    await client.closes(1007);
  });
