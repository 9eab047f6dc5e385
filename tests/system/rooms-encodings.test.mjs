// [P-3.6] Data byte for byte in one encoding, without loss between two.

import assert from 'node:assert/strict';

import { decode, encode } from '@msgpack/msgpack';

import { MSGPACK_V1, connect } from './support/client.mjs';
import { openNode } from './support/node.mjs';
import { roomOf } from './support/rooms.mjs';
import { shared, test } from './support/test.mjs';

const open = shared(openNode);
const msgpack = { protocol: MSGPACK_V1 };

/** Two members of each encoding. */
async function mixed(t, roomId) {
  const node = await open();
  return {
    json: await roomOf(t, node, roomId, 2),
    pack: await roomOf(t, node, roomId, 2, msgpack),
  };
}

for (const [what, data] of [
  ['spaces', '{ "b" : [ 1 ,\t2 ] ,\r\n "a" : null }'],
  ['key order and keys that are there twice', '{"b":1,"a":2,"b":3}'],
  ['escapes', '"\\u00e9\\/\\ud834\\udd1e\\n"'],
  ['numbers as they were written', '[1.0,1e2,-0,0.10,1E+2]'],
  ['numbers that no machine word holds',
    '[12345678901234567890123,1e400,0.1000000000000000000000001]'],
  ['a lone string', '"☃"'],
  ['a lone null', 'null'],
  ['a lone false', 'false'],
])
  test(`[P-3.6] JSON data keeps ${what}`, async (t) => {
    const [ada, bob] = await roomOf(t, await open(), 'json', 2);
    ada.sendFrame(`{"type":"message","roomId":"json","data":${data}}`);
    const message = await bob.next('message');
    assert.ok(bob.raw(message).toString().includes(`"data":${data}`),
      bob.raw(message).toString());
  });

test('[P-3.6] JSON text keeps its escapes', async (t) => {
  const [ada, bob] = await roomOf(t, await open(), 'escapes', 2);
  const text = '"a\\u0000\\ud834\\udd1e\\"\\u2028 ☃"';
  ada.sendFrame(`{"type":"message","roomId":"escapes","text":${text}}`);
  const message = await bob.next('message');
  assert.equal(message.text, JSON.parse(text));
  assert.ok(bob.raw(message).toString().includes(`"text":${text}`));
});

for (const [what, hex] of [
  ['integers longer than needed', 'cd0001'],
  ['float 32', 'ca3f800000'],
  ['bin', 'c403010203'],
  ['an extension type', 'd40799'],
  ['str 16 for a short string', 'da000161'],
  ['a map 32 with keys that are no strings', 'df00000001c3c0'],
  ['nil', 'c0'],
])
  test(`[P-3.6] MessagePack data keeps ${what}`, async (t) => {
    const [ada, bob] = await roomOf(t, await open(), 'pack', 2, msgpack);
    // A map of three; its last value is the data as it is.
    const head = encode({ type: 'message', roomId: 'pack', data: 0 });
    const bytes = Buffer.concat(
      [head.subarray(0, -1), Buffer.from(hex, 'hex')]);
    ada.sendFrame(bytes);
    const message = await bob.next((m) => m.type === 'message');
    const raw = bob.raw(message).toString('hex');
    assert.ok(raw.includes(`a464617461${hex}`), raw);
  });

test('[P-3.6] JSON and MessagePack members read the same values',
  async (t) => {
    const { json, pack } = await mixed(t, 'mixed');
    const values = [null, true, false, 0, -1, 127, 128, 65536, 2 ** 31, 2 ** 32,
      Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 0.5, -1e-7, 1e300,
      '', 'plain', 'é☃𝄞\u0000"\\', [], {}, [[[1]]], { a: { b: [null, 'x'] } },
      'x'.repeat(300), Array(70).fill(7), { '': '' }];
    for (const [sender, same, other] of [[json[0], json[1], pack],
      [pack[0], pack[1], json]]) {
      for (const data of values) {
        await sender.request({ type: 'message', roomId: 'mixed', data });
        for (const receiver of [same, ...other])
          assert.deepEqual((await receiver.next('message')).data, data);
      }
      await sender.say('mixed', 'é☃𝄞\u0000"\\');
      for (const receiver of [same, ...other])
        assert.equal((await receiver.next('message')).text, 'é☃𝄞\u0000"\\');
    }
  });

test('[P-3.6] integers of 64 bits cross without loss', async (t) => {
  const { json: [j], pack: [p] } = await mixed(t, 'wide');
  const digits = ['18446744073709551615', '-9223372036854775808',
    '9007199254740993'];
  const last = (client, message, options) =>
    decode(client.raw(message), { useBigInt64: true, ...options }).data;
  for (const number of digits) {
    j.sendFrame(`{"type":"message","roomId":"wide","data":${number}}`);
    const there = await p.next('message');
    assert.equal(last(p, there), BigInt(number));
    p.sendFrame(encode({ type: 'message', roomId: 'wide',
      data: BigInt(number) }, { useBigInt64: true }));
    const back = await j.next('message');
    assert.match(j.raw(back).toString(), new RegExp(`"data":${number}[,}]`));
  }
});

// Who gets such a value in the other encoding may send it on: what it was
// shows again as soon as it is back in its own.
test('[P-3.6] what JSON cannot say comes back to MessagePack unharmed',
  async (t) => {
    const { json: [j], pack: [p, witness] } = await mixed(t, 'tags');
    for (const hex of ['c403010203', 'c400', 'd40799', 'd6ff00000000',
      'cb7ff8000000000000', 'cb7ff0000000000000', 'cbfff0000000000000',
      '8101a178', '82c0c2a161c3', '81c40101a162', '9281c3c0c4020304']) {
      const head = encode({ type: 'message', roomId: 'tags', data: 0 });
      p.sendFrame(Buffer.concat([head.subarray(0, -1),
        Buffer.from(hex, 'hex')]));
      const there = await j.next('message');
      await witness.next('message');
      // Verbatim, since JavaScript's numbers would not survive.
      const { text } = verbatim(j.raw(there).toString(), 'data');
      j.sendFrame(`{"type":"message","roomId":"tags","data":${text}}`);
      const back = await witness.next('message');
      assert.ok(witness.raw(back).toString('hex').includes(`a464617461${hex}`),
        `${hex} came back as ${witness.raw(back).toString('hex')} by ${text}`);
      await p.next('message');
    }
  });

test('[P-3.6] what MessagePack cannot say comes back to JSON unharmed',
  async (t) => {
    const { json: [j, witness], pack: [p] } = await mixed(t, 'big');
    for (const text of ['18446744073709551616', '-9223372036854775809',
      '[123456789012345678901234567890]', '{"n":1e400}']) {
      j.sendFrame(`{"type":"message","roomId":"big","data":${text}}`);
      const there = await p.next('message');
      await witness.next('message');
      p.send({ type: 'message', roomId: 'big', data: there.data });
      const back = await witness.next('message');
      assert.equal(verbatim(witness.raw(back).toString(), 'data').text, text);
      await j.next('message');
    }
  });

test('[P-3.6] typing, presence and errors speak both encodings', async (t) => {
  const node = await open();
  const [j] = await roomOf(t, node, 'both', 1);
  const [p] = await roomOf(t, node, 'both', 1, msgpack);
  await j.next((m) => m.type === 'presence'
    && m.joined?.some((member) => member.connectionId === p.connectionId));
  j.send({ type: 'typing', roomId: 'both' });
  assert.equal((await p.next('typing')).userId, j.userId);
  p.send({ type: 'typing', roomId: 'both' });
  assert.equal((await j.next('typing')).userId, p.userId);
  await p.refused('not_in_room',
    { type: 'message', roomId: 'nowhere', text: 'x' });
  const quiet = await connect(t, node, msgpack);
  await quiet.refused('unknown_type', { type: 'what' });
});

/** The value of `"key":` in a flat JSON text, exactly as it stands there. */
function verbatim(json, key) {
  const start = json.indexOf(`"${key}":`) + key.length + 3;
  let depth = 0;
  let inString = false;
  for (let at = start; at < json.length; ++at) {
    const c = json[at];
    if (inString) {
      if (c === '\\') ++at;
      else if (c === '"') inString = false;
    } else if (c === '"') inString = true;
    else if ('[{'.includes(c)) ++depth;
    else if (']}'.includes(c) && depth > 0) --depth;
    else if (',}'.includes(c) && depth === 0)
      return { text: json.slice(start, at) };
  }
  throw new Error(`no ${key} in ${json}`);
}
