// Clients that are no clients: rubbish, floods, sockets that hang or vanish.
// Meanwhile a room of others goes on, and the node stays small.

import assert from 'node:assert/strict';
import net from 'node:net';

import { bystanders } from './support/bystander.mjs';
import { OP, close, ping, text } from './support/frames.mjs';
import { openNode } from './support/node.mjs';
import { connectRaw, dialRaw, upgradeRequest } from './support/raw.mjs';
import { relayMembers } from './support/relay.mjs';
import { shared, test } from './support/test.mjs';
import { SOON, eventually, within } from './support/wait.mjs';

const open = shared((file) =>
  openNode(file, { 'limits.handshake-timeout': '1s' }));

/** A socket for floods: errors are part of the game. */
function plainSocket(t, node, onConnect = () => {}) {
  const socket = net.connect(node.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.on('data', () => {});
  t.after(() => socket.destroy());
  return new Promise((resolve) => {
    socket.once('connect', () => {
      onConnect(socket);
      resolve(socket);
    });
    socket.once('close', () => resolve(socket));
  });
}

/**
 * Writes `bytes` so many times, as fast as they are taken, or until nobody is
 * there any more. Bounds of memory below are a quarter of all this at most, and
 * four times as high for a sanitized node (see `staysSmall`).
 */
async function flood({ socket }, bytes, times) {
  const gone = new Promise((resolve) => socket.once('close', resolve));
  for (let i = 0; i < times && !socket.destroyed; ++i)
    if (!socket.write(bytes))
      await Promise.race([gone,
        new Promise((resolve) => socket.once('drain', resolve))]);
}

/** One that does not read is closed with 4008, and then it is gone. */
async function wasTooSlow(client, node, connection) {
  client.socket.resume();
  const last = await client.next({ opcode: OP.close });
  assert.equal(last.code, 4008);
  client.write(close(4008));
  await within(SOON, client.ended, 'TCP stays open');
  await node.event('connection.closed', { connection, code: 4008, by: 'node' });
}

for (const [what, bytes] of [
  ['a TLS greeting', Buffer.from('1603010200010001fc0303', 'hex')],
  ['an SSH greeting', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['no method', ' / HTTP/1.1\r\n\r\n'],
  ['no version', 'GET /ws\r\n\r\n'],
  ['version 9', 'GET /ws HTTP/9.9\r\nHost: x\r\n\r\n'],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['NULs', Buffer.alloc(100)],
  ['a header without a colon', 'GET /ws HTTP/1.1\r\nHost\r\n\r\n'],
  ['a NUL in a header', 'GET /ws HTTP/1.1\r\nHost: a\0b\r\n\r\n'],
  ['a space before a colon', 'GET /ws HTTP/1.1\r\nHost : x\r\n\r\n'],
  ['two lengths',
    'GET /ws HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
  ['a length below nothing', 'GET /ws HTTP/1.1\r\nContent-Length: -1\r\n\r\n'],
  ['a length and chunks', 'POST /ws HTTP/1.1\r\nContent-Length: 5\r\n'
    + 'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a path with a broken escape',
    'GET /ws?room=%zz%4 HTTP/1.1\r\nHost: x\r\n\r\n'],
])
  test(`HTTP rubbish is refused: ${what}`, async (t) => {
    const node = await open();
    const client = await dialRaw(t, node);
    client.write(bytes);
    const answer = await Promise.race([
      client.response().catch(() => null),
      within(SOON, client.ended, 'the connection stays open').then(() => null),
    ]);
    if (answer) assert.ok(answer.status >= 400, `answered ${answer.status}`);
    assert.equal((await fetch(node.http('/healthz'))).status, 200);
  });

test('a request body that nobody wants is not read into memory', async (t) => {
  const node = await open();
  const others = await bystanders(t, node);
  const client = await dialRaw(t, node);
  client.write('POST /healthz HTTP/1.1\r\nHost: x\r\n'
    + 'Content-Length: 99999999999\r\n\r\n');
  await others.talkWhile(flood(client, Buffer.alloc(1 << 20), 128));
  others.staysSmall(8);
});

test('handshakes that trickle in do not hold anybody up', async (t) => {
  const node = await open();
  const others = await bystanders(t, node);
  const clients = await Promise.all(
    Array.from({ length: 200 }, () => dialRaw(t, node)));
  const timer = setInterval(() => {
    for (const client of clients) if (!client.gone) client.write('X');
  }, 50);
  t.after(() => clearInterval(timer));
  await others.talkWhile(Promise.all(clients.map((client) =>
    within(SOON, client.ended, 'it trickles on'))));
});

test('a flood of connections that vanish leaves nothing behind', async (t) => {
  const node = await open();
  const others = await bystanders(t, node);
  const stages = [
    (socket) => socket.resetAndDestroy(),
    (socket) => socket.end('GET /ws'),
    (socket) => {
      socket.write(upgradeRequest('/ws?room=flood'));
      setImmediate(() => socket.destroy());
    },
    (socket) => {
      socket.write(upgradeRequest('/ws?room=flood'));
      socket.once('data', () => socket.resetAndDestroy());
    },
    (socket) => {
      socket.write(upgradeRequest('/relay?room=flood'));
      socket.once('data', () => socket.end(Buffer.from([0x82])));
    },
  ];
  const rounds = 20;
  const vanish = async () => {
    for (let round = 0; round < rounds; ++round)
      await Promise.all(Array.from({ length: 100 }, (_, i) =>
        plainSocket(t, node, stages[i % stages.length])));
  };
  await others.talkWhile(vanish());
  others.staysSmall(24);
  const living = [others.ada.connectionId, others.bob.connectionId].sort();
  const told = (name) => node.events.items.filter((e) => e.event === name)
    .map((e) => e.connection);
  const left = () => {
    const closed = new Set(told('connection.closed'));
    return told('connection.opened').filter((id) => !closed.has(id)).sort();
  };
  await eventually('every connection but those that live is closed', () =>
    left().join() === living.join());
  // Two of the five stages wait until they are upgraded.
  assert.ok(new Set(told('connection.closed')).size >= rounds * 40);
  const [ada] = await relayMembers(t, node, 'flood', 2);
  ada.sendFrame('the room still works');
});

test('thousands of half-open connections are ended in time', async (t) => {
  const node = await open();
  const others = await bystanders(t, node);
  const half = [];
  const crowd = (async () => {
    for (let i = 0; i < 20; ++i)
      half.push(...await Promise.all(Array.from({ length: 100 }, (_, j) =>
        plainSocket(t, node, (socket) =>
          j % 2 && socket.write('GET /ws HTTP/1.1\r\n')))));
    const ended = (socket) => socket.closed
      || new Promise((resolve) => socket.once('close', resolve));
    await within(2 * SOON, Promise.all(half.map(ended)),
      'half-open connections stay');
  })();
  await others.talkWhile(crowd);
  others.staysSmall(32);
}, { timeout: 12 * SOON });

test('a flood of WebSocket pings harms nobody else', async (t) => {
  const node = await openNode(t, { 'net.close-timeout': '60s' });
  const others = await bystanders(t, node);
  const client = await connectRaw(t, node, '/ws');
  const { connectionId } = JSON.parse(
    (await client.next({ opcode: OP.text })).payload);
  client.socket.pause(); // Its pongs pile up as well.
  const many = Buffer.concat(
    Array.from({ length: 8000 }, () => ping('x'.repeat(125))));
  await others.talkWhile(flood(client, many, 128)); // 128 MiB and more
  others.staysSmall(8);
  await wasTooSlow(client, node, connectionId);
  await others.talk();
});

test('a client that asks and never reads the answers harms nobody else',
  async (t) => {
    const node = await openNode(t,
      { 'limits.messages-per-second': 0, 'net.close-timeout': '60s' });
    const others = await bystanders(t, node);
    const client = await connectRaw(t, node, '/ws?room=greedy');
    const { connectionId } = JSON.parse(
      (await client.next({ opcode: OP.text })).payload);
    await client.next((f) => f.payload.toString().includes('"joined"'));
    client.socket.pause();
    // An answer repeats the id, and has more than a quarter of a KiB with it.
    const asking = Buffer.concat(Array.from({ length: 5000 }, () =>
      text(`{"type":"presence","roomId":"greedy","id":"${'x'.repeat(128)}"}`)));
    await others.talkWhile(flood(client, asking, 80)); // 100 MiB of answers
    others.staysSmall(6);
    await wasTooSlow(client, node, connectionId);
    await others.talk();
  });
