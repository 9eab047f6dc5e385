// Input that is made to hurt: random bytes, bombs, depth, damaged messages.

import assert from 'node:assert/strict';

import { encode } from '@msgpack/msgpack';

import { SEED, bystanders, randomFrom } from './support/bystander.mjs';
import { MSGPACK_V1, connect } from './support/client.mjs';
import { OP, frame } from './support/frames.mjs';
import { openNode } from './support/node.mjs';
import { connectRaw, dialRaw } from './support/raw.mjs';
import { shared, test } from './support/test.mjs';

const open = shared((file) => openNode(file, {
  'limits.messages-per-second': 0,
  'limits.handshake-timeout': '1s',
}));
const PROTOCOL = 'Sec-WebSocket-Protocol';

/** Waits until the node has dealt with all that `client` sent so far. */
async function settled(client) {
  // Whoever still listens answers a ping; whoever does not has closed.
  client.write(frame(OP.ping, 'done?'));
  await client.next((f) => f.opcode === OP.close
    || (f.opcode === OP.pong && f.payload.toString() === 'done?'))
    .catch((error) => {
      if (!client.gone) throw error;
    });
}

test('random bytes instead of HTTP', async (t) => {
  t.diagnostic(`GREENROOM_TEST_SEED=${SEED}`);
  const random = randomFrom(SEED);
  const node = await open();
  const others = await bystanders(t, node);
  const storm = async () => {
    for (let i = 0; i < 200; ++i) {
      const client = await dialRaw(t, node);
      client.write(random.bytes(1 + random.below(2000)));
      client.socket.end();
      await client.ended;
      client.socket.destroy();
    }
  };
  await others.talkWhile(storm());
  others.staysSmall(16);
});

for (const path of ['/ws', '/relay?room=storm'])
  test(`random bytes instead of frames on ${path}`, async (t) => {
    t.diagnostic(`GREENROOM_TEST_SEED=${SEED}`);
    const random = randomFrom(SEED ^ path.length);
    const node = await open();
    const others = await bystanders(t, node);
    const storm = async () => {
      for (let i = 0; i < 200; ++i) {
        const client = await connectRaw(t, node, path);
        client.write(random.bytes(1 + random.below(500)));
        client.socket.end();
        await client.ended;
        client.socket.destroy();
      }
    };
    await others.talkWhile(storm());
    others.staysSmall(16);
  });

for (const [protocol, opcode] of [
  ['greenroom.v1.json', OP.text], [MSGPACK_V1, OP.binary]])
  test(`random messages, and good ones that were damaged: ${protocol}`,
    async (t) => {
      t.diagnostic(`GREENROOM_TEST_SEED=${SEED}`);
      const random = randomFrom(SEED ^ opcode);
      const node = await open();
      const others = await bystanders(t, node);
      const write = protocol === MSGPACK_V1 ? encode : JSON.stringify;
      const good = [
        { type: 'join_room', roomId: 'fuzz', since: { epoch: 'e', offset: 1 } },
        { type: 'message', roomId: 'fuzz', data: { a: [1, 'x', null] }, id: 7,
          to: ['nobody'], timestamp: 1.5, event: 'e' },
        { type: 'message', roomId: 'fuzz', text: 'hello', id: 'x' },
        { type: 'typing', roomId: 'fuzz', isTyping: true, userId: 'u' },
        { type: 'presence', roomId: 'fuzz' }, { type: 'ping', id: 1 },
      ].map((message) => Buffer.from(write(message)));
      const damage = (from) => {
        const bytes = Buffer.from(from);
        for (let n = 1 + random.below(3); n > 0; --n)
          bytes[random.below(bytes.length)] = random.below(
            opcode === OP.text ? 128 : 256);
        return bytes.subarray(0,
          random.below(4) ? bytes.length : random.below(bytes.length));
      };
      const storm = async () => {
        let client;
        for (let i = 0; i < 3000; ++i) {
          if (!client || client.gone)
            client = await connectRaw(t, node, '/ws', { [PROTOCOL]: protocol });
          const bytes = random.below(5) ? damage(random.pick(good))
            : random.bytes(random.below(100)).map(
              (byte) => opcode === OP.text ? byte & 127 : byte);
          client.write(frame(opcode, bytes));
          if (i % 100 === 99) await settled(client);
        }
        client.socket.destroy();
      };
      await others.talkWhile(storm());
      others.staysSmall(32);
    }, { timeout: 120_000 });

const bombs = {
  'a string of 4 GiB': 'dbffffffff',
  'binary of 4 GiB': 'c6ffffffff',
  'an extension of 4 GiB': 'c9ffffffff01',
  'a list of 4 G entries': 'ddffffffff',
  'a map of 4 G entries': 'dfffffffff',
  'lists of 4 G entries in each other': 'ddffffffff'.repeat(60),
  'maps of 4 G entries in each other': 'dfffffffffa161'.repeat(60),
  'a thousand lists of 64 Ki entries': 'dcffff'.repeat(1000),
  'a list in a list, thirty thousand times': '91'.repeat(30_000),
  'a map in a map, ten thousand times': '81a161'.repeat(10_000),
};

for (const [what, hex] of Object.entries(bombs))
  test(`a MessagePack bomb is an error and costs nothing: ${what}`,
    async (t) => {
      const node = await open();
      const others = await bystanders(t, node);
      const client = await connect(t, node, { protocol: MSGPACK_V1 });
      const head = encode({ type: 'message', roomId: 'bomb', data: 0 });
      for (const bytes of [Buffer.from(hex, 'hex'), Buffer.concat(
        [head.subarray(0, -1), Buffer.from(hex, 'hex')])]) {
        client.sendFrame(bytes);
        const { code } = await client.next('error');
        assert.ok(['bad_json', 'bad_message'].includes(code), code);
      }
      await client.lives();
      await others.talk();
      others.staysSmall(8);
    });

for (const [what, json] of [
  ['lists', '['.repeat(30_000)],
  ['lists that end', `${'['.repeat(30_000)}${']'.repeat(30_000)}`],
  ['maps', '{"a":'.repeat(10_000)],
  ['maps that end', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
])
  test(`JSON of great depth is an error: ${what}`, async (t) => {
    const node = await open();
    const others = await bystanders(t, node);
    const client = await connect(t, node);
    for (const bytes of [json, `{"type":"message","roomId":"x","data":${json}}`,
      `{"type":"ping","ignored":${json}}`]) {
      client.sendFrame(bytes);
      const { code } = await client.next('error');
      assert.ok(['bad_json', 'bad_message'].includes(code), code);
    }
    await client.lives();
    await others.talk();
  });

test('a map of sixty thousand bytes of fields is read in passing',
  async (t) => {
    const node = await open();
    const client = await connect(t, node);
    const fields = Array.from({ length: 7000 }, (_, i) => `"${i}":1`).join();
    const began = Date.now();
    for (let i = 0; i < 20; ++i)
      client.sendFrame(`{"type":"ping","id":${i},${fields}}`);
    await client.next({ type: 'pong', id: 19 });
    assert.ok(Date.now() - began < 3000);
  });

test('thousands of rooms are let go again', async (t) => {
  const node = await openNode(t,
    { 'limits.messages-per-second': 0, 'rooms.linger': '0ms' });
  const others = await bystanders(t, node);
  const client = await connect(t, node);
  const churn = async (from) => {
    for (let i = from; i < from + 5000; ++i) {
      client.send({ type: 'join_room', roomId: `room ${i}` });
      client.send({ type: 'leave_room', roomId: `room ${i}`, id: i });
      if (i % 50 === 49) await client.next({ id: i });
    }
  };
  await others.talkWhile(churn(0));
  const before = node.rss();
  await others.talkWhile(churn(5000));
  const grown = (node.rss() - before) / 2 ** 20;
  assert.ok(grown < 8, `the second 5000 rooms cost ${grown.toFixed(1)} MiB`);
}, { timeout: 120_000 });
