// [P-1.11] permessage-deflate, RFC 7692: agreed on, used, and not abused.

import assert from 'node:assert/strict';
import { constants, deflateRawSync } from 'node:zlib';

import { JSON_V1, MSGPACK_V1, connect } from './support/client.mjs';
import {
  OP, begin, binary, frame, more, ping, text,
} from './support/frames.mjs';
import { openNode } from './support/node.mjs';
import { connectRaw, dialRaw } from './support/raw.mjs';
import { frames, heard, relayMembers } from './support/relay.mjs';
import { shared, test } from './support/test.mjs';
import { eventually } from './support/wait.mjs';

const ON = { 'deflate.enabled': true, 'limits.messages-per-second': 0 };
const open = shared((file) => openNode(file, ON));
const openAll = shared((file) => openNode(file,
  { ...ON, 'deflate.min-bytes': 0, 'deflate.client-context': true }));
const openPlain = shared((file) => openNode(file));

const LONG = 'the same is said again and again, '.repeat(60);
const OFFER = { 'Sec-WebSocket-Extensions': 'permessage-deflate' };

/** A message as a client compresses it, alone. */
function deflated(bytes, options = {}) {
  const whole = deflateRawSync(Buffer.from(bytes),
    { finishFlush: constants.Z_SYNC_FLUSH, ...options });
  return whole.subarray(0, -4);
}

const RSV1 = { rsv: 4 };

/** What came through the socket of an unmodified `ws` client. */
const bytesRead = (client) => client.socket._socket.bytesRead;

const OPTIONS = {
  'as it comes': {},
  'all messages': { threshold: 0 },
  'no context of the server': { threshold: 0, serverNoContextTakeover: true },
  'no context of the client': { threshold: 0, clientNoContextTakeover: true },
  'no context at all': { threshold: 0, serverNoContextTakeover: true,
    clientNoContextTakeover: true },
  'a small window of the server': { threshold: 0, serverMaxWindowBits: 9 },
  'the smallest window of the server': { threshold: 0,
    serverMaxWindowBits: 8 },
  'a small window of the client': { threshold: 0, clientMaxWindowBits: 9 },
  'small windows of both': { threshold: 0, serverMaxWindowBits: 10,
    clientMaxWindowBits: 10 },
  'the strongest compression': { threshold: 0,
    zlibDeflateOptions: { level: 9, memLevel: 9 } },
  'hardly any memory': { threshold: 0,
    zlibDeflateOptions: { level: 1, memLevel: 1 } },
};

for (const [name, perMessageDeflate] of Object.entries(OPTIONS))
  for (const [where, node] of [['it keeps no context', open],
    ['it may keep one', openAll]])
    test(`[RFC 7692] a client that offers ${name} talks where ${where}`,
      async (t) => {
        const room = `${name} ${where}`;
        const [ada, bob] = await relayMembers(t, await node(), room, 2,
          { perMessageDeflate });
        const [plain] = await relayMembers(t, await node(), room, 1);
        await heard((what) => plain.sendFrame(what), [ada, bob]);
        assert.equal(ada.socket.extensions, 'permessage-deflate');
        assert.equal(plain.socket.extensions, '');
        for (let i = 0; i < 5; ++i)
          for (const by of [ada, bob, plain]) {
            const said = [`${LONG} ${i}`, 'short', '',
              Buffer.from(LONG.repeat(10))];
            for (const what of said) by.sendFrame(what);
            for (const other of [ada, bob, plain])
              if (other !== by)
                assert.deepEqual(await frames(other, said.length), said.map(
                  (what) => [typeof what !== 'string', what.toString()]));
          }
      });

test('[P-1.11] without deflate.enabled nothing is agreed on', async (t) => {
  const node = await openPlain();
  const ada = await connect(t, node, { perMessageDeflate: true });
  assert.equal(ada.socket.extensions, '');
  assert.equal((await node.event('connection.opened')).deflate, false);
  await ada.join('a');
  await ada.say('a', LONG);
});

test('[P-1.11] what comes compressed is smaller, on /ws and /relay',
  async (t) => {
    const node = await open();
    const perMessageDeflate = { threshold: 0 };
    const [ada, bob] = await relayMembers(t, node, 'small', 2,
      { perMessageDeflate });
    let before = bytesRead(bob);
    ada.sendFrame(LONG);
    await frames(bob, 1);
    assert.ok(bytesRead(bob) - before < 200);
    const [cid, dan] = [await connect(t, node, { perMessageDeflate }),
      await connect(t, node, { perMessageDeflate })];
    for (const who of [cid, dan]) await who.join('small');
    await cid.next('presence');
    before = bytesRead(dan);
    await cid.say('small', LONG);
    assert.equal((await dan.next('message')).text, LONG);
    assert.ok(bytesRead(dan) - before < 500);
    assert.equal((await node.event('connection.opened')).deflate, true);
  });

test('[P-1.11] a room has members of every kind', async (t) => {
  const node = await open();
  const all = [];
  for (const protocol of [JSON_V1, MSGPACK_V1])
    for (const perMessageDeflate of [false, true, { serverMaxWindowBits: 8 },
      { serverMaxWindowBits: 11 }]) {
      const client = await connect(t, node, { protocol, perMessageDeflate });
      await client.join('mixed');
      all.push(client);
    }
  for (const by of all) {
    const data = { by: by.connectionId, list: LONG.split(',') };
    await by.request({ type: 'message', roomId: 'mixed', data });
    for (const other of all)
      if (other !== by)
        assert.deepEqual((await other.next('message')).data, data);
  }
});

test('[RFC 7692, 6.1] a compressed message may come in fragments',
  async (t) => {
    const node = await open();
    const [plain] = await relayMembers(t, node, 'pieces', 1);
    const raw = await connectRaw(t, node, '/relay?room=pieces', OFFER);
    const bytes = deflated(`${LONG}☃`);
    const say = () => {
      raw.write(begin(OP.text, bytes.subarray(0, 3), RSV1));
      raw.write(ping('between'));
      raw.write(begin(OP.continuation, bytes.subarray(3, 9)));
      raw.write(more(bytes.subarray(9)));
    };
    await eventually('it is a member', () => {
      say();
      return plain.received.length > 0;
    });
    const got = await plain.next('frame');
    assert.equal(got.bytes.toString(), `${LONG}☃`);
    assert.equal(got.isBinary, false);
    await raw.next({ opcode: OP.pong });
    raw.write(text('plain all the same'));
    await plain.next((f) => f.bytes.toString() === 'plain all the same');
    await raw.dribble(binary(deflated(LONG), RSV1));
    await plain.next((f) => f.isBinary && f.bytes.toString() === LONG);
    // With a last block, and with nothing at all.
    raw.write(text(deflateRawSync(Buffer.from('last')), RSV1));
    await plain.next((f) => f.bytes.toString() === 'last');
    raw.write(binary(Buffer.from([0]), RSV1));
    await plain.next((f) => f.isBinary && f.bytes.length === 0);
  });

test('[P-7] a bomb is closed with 1009, and costs no memory', async (t) => {
  const node = await openNode(t, ON);
  const bomb = deflated(Buffer.alloc(60 << 20));
  assert.ok(bomb.length < 65_536);
  const before = node.rss();
  for (let i = 0; i < 20; ++i) {
    const raw = await connectRaw(t, node, '/relay?room=bomb', OFFER);
    raw.write(binary(bomb, RSV1));
    await raw.closes(1009);
  }
  assert.ok(node.rss() - before < 40 << 20);
  const [ada, bob] = await relayMembers(t, node, 'bomb', 2);
  await heard((what) => ada.sendFrame(what), [bob]);
});

test('[P-7] many small bombs wait within the bounds of a reader',
  async (t) => {
    // Each is as large as a message may be, and they are handled slowly.
    const node = await openNode(t, { 'deflate.enabled': true,
      'limits.messages-per-second': 5, 'limits.messages-burst': 5 });
    const one = binary(deflated(Buffer.alloc(65_536)), RSV1);
    const before = node.rss();
    for (let i = 0; i < 4; ++i) {
      const raw = await connectRaw(t, node, `/relay?room=${i}`, OFFER);
      raw.write(Buffer.concat(Array(10_000).fill(one)));
      raw.write(ping('done?'));
    }
    const [ada, bob] = await relayMembers(t, node, 'else', 2);
    await heard((what) => ada.sendFrame(what), [bob]);
    assert.ok(node.rss() - before < 60 << 20);
  });

test('[RFC 7692] what is no deflate is closed with 1007', async (t) => {
  const node = await open();
  for (const [payload, opcode] of [
    [Buffer.alloc(9, 0xff), OP.binary],
    [deflated(LONG).subarray(0, 20), OP.binary],
    [deflated(Buffer.from([0xff])), OP.text],
  ]) {
    const raw = await connectRaw(t, node, '/relay?room=bad', OFFER);
    raw.write(frame(opcode, payload, RSV1));
    await raw.closes(1007);
  }
});

test('[RFC 7692, 6] RSV1 where it was not agreed on is closed with 1002',
  async (t) => {
    const node = await open();
    const said = deflated('hello');
    for (const [headers, bytes] of [
      [{}, text(said, RSV1)],
      [{ 'Sec-WebSocket-Extensions': 'permessage-deflate; bad=1' },
        text(said, RSV1)],
      [OFFER, text(said, { rsv: 6 })],
      [OFFER, ping('', RSV1)],
      [OFFER, Buffer.concat([begin(OP.text, said, RSV1), more('', RSV1)])],
    ]) {
      const raw = await connectRaw(t, node, '/relay?room=rsv', headers);
      raw.write(bytes);
      await raw.closes(1002);
    }
    const off = await connectRaw(t, await openPlain(), '/ws', OFFER);
    off.write(text(said, RSV1));
    await off.closes(1002);
  });

test('[RFC 7692, 7.1] the answer takes up what was offered', async (t) => {
  const node = await openNode(t, { ...ON, 'deflate.server-window-bits': 12 });
  const answer = async (offer) => {
    const raw = await dialRaw(t, node);
    const { headers } = await raw.upgrade('/ws',
      { 'Sec-WebSocket-Extensions': offer });
    return headers['sec-websocket-extensions'];
  };
  assert.equal(await answer('permessage-deflate; client_max_window_bits'),
    'permessage-deflate; server_no_context_takeover; '
    + 'server_max_window_bits=12; client_no_context_takeover');
  assert.equal(await answer('x-none, permessage-deflate; x=1, '
    + 'permessage-deflate; server_max_window_bits=10'),
  'permessage-deflate; server_no_context_takeover; '
    + 'server_max_window_bits=10; client_no_context_takeover');
  assert.equal(await answer('permessage-deflate; x=1'), undefined);
});
