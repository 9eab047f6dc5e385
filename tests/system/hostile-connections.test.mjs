// Clients that are no clients: rubbish, floods, sockets that hang or vanish.
// Meanwhile a room of others goes on, and the node stays small.

import assert from 'node:assert/strict';
import net from 'node:net';

import { bystanders } from './support/bystander.mjs';
import { OP, ping, text } from './support/frames.mjs';
import { openNode } from './support/node.mjs';
import { connectRaw, dialRaw, upgradeRequest } from './support/raw.mjs';
import { relayMembers } from './support/relay.mjs';
import { shared, test } from './support/test.mjs';
import { SOON, within } from './support/wait.mjs';

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
  for (let i = 0; i < 32; ++i) client.write(Buffer.alloc(1 << 20));
  await others.talk();
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
  const flood = async () => {
    for (let round = 0; round < 20; ++round)
      await Promise.all(Array.from({ length: 100 }, (_, i) =>
        plainSocket(t, node, stages[i % stages.length])));
  };
  await others.talkWhile(flood());
  others.staysSmall(24);
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
  const node = await open();
  const others = await bystanders(t, node);
  const flooder = await connectRaw(t, node, '/ws');
  await flooder.next({ opcode: OP.text });
  flooder.socket.pause(); // Its pongs pile up as well.
  const many = Buffer.concat(
    Array.from({ length: 5000 }, () => ping('x'.repeat(125))));
  const flood = async () => {
    for (let i = 0; i < 20; ++i) {
      if (!flooder.socket.write(many))
        await Promise.race([flooder.ended, new Promise((resolve) => {
          flooder.socket.once('drain', resolve);
          setTimeout(resolve, 100);
        })]);
    }
  };
  await others.talkWhile(flood());
  others.staysSmall(32);
});

test('a client that asks and never reads the answers harms nobody else',
  async (t) => {
    const node = await openNode(t, { 'limits.messages-per-second': 0 });
    const others = await bystanders(t, node);
    const client = await connectRaw(t, node, '/ws?room=greedy');
    await client.next((f) => f.payload.toString().includes('"joined"'));
    client.socket.pause();
    const asking = Buffer.concat(Array.from({ length: 5000 }, () =>
      text('{"type":"presence","roomId":"greedy","id":"again"}')));
    const flood = async () => {
      for (let i = 0; i < 40 && !client.gone; ++i)
        if (!client.socket.write(asking))
          await Promise.race([client.ended, new Promise((resolve) => {
            client.socket.once('drain', resolve);
            setTimeout(resolve, 100);
          })]);
    };
    await others.talkWhile(flood());
    others.staysSmall(32);
  });
