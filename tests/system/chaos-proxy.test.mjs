// The fault proxy of chaos runs does to a connection what it says.

import assert from 'node:assert/strict';
import net from 'node:net';

import { FaultProxy } from './chaos/proxy.mjs';
import { publishedThrough } from './chaos/resp.mjs';
import { test } from './support/test.mjs';
import { eventually } from './support/wait.mjs';

/** An echo behind a proxy. */
async function echo(t, rewriter) {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => server.close());
  const proxy = await new FaultProxy(server.address().port, rewriter).start();
  t.after(() => proxy.stop());
  return proxy;
}

/** A client that keeps what came. */
function dial(t, proxy) {
  const socket = net.connect(proxy.port, '127.0.0.1');
  t.after(() => socket.destroy());
  const client = { socket, got: '', error: null, ended: false };
  socket.on('data', (bytes) => (client.got += bytes));
  socket.on('error', (error) => (client.error = error.code));
  socket.on('close', () => (client.ended = true));
  client.hears = (text) =>
    eventually(`${text} comes back`, () => client.got.endsWith(text));
  return client;
}

test('a healthy proxy passes everything on, and the end', async (t) => {
  const proxy = await echo(t);
  const client = dial(t, proxy);
  const filling = 'x'.repeat(1_000_000);
  client.socket.write(filling);
  client.socket.end('end');
  await client.hears('end');
  assert.equal(client.got.length, filling.length + 3);
  await eventually('the end comes', () => client.ended);
  assert.equal(client.error, null);
  await eventually('nothing is kept', () => proxy.connections === 0);
});

test('a cut resets connections, and new ones work', async (t) => {
  const proxy = await echo(t);
  const client = dial(t, proxy);
  client.socket.write('one');
  await client.hears('one');
  proxy.cut();
  await eventually('the client is reset', () => client.ended);
  assert.equal(client.error, 'ECONNRESET');
  const next = dial(t, proxy);
  next.socket.write('two');
  await next.hears('two');
});

test('who refuses takes nobody in until it is healed', async (t) => {
  const proxy = await echo(t);
  const old = dial(t, proxy);
  old.socket.write('one');
  await old.hears('one');
  await proxy.set({ refuse: true });
  await eventually('the old one is reset', () => old.ended);
  const refused = dial(t, proxy);
  await eventually('the new one is refused', () => refused.ended);
  assert.equal(refused.error, 'ECONNREFUSED');
  await proxy.heal();
  const next = dial(t, proxy);
  next.socket.write('two');
  await next.hears('two');
});

for (const direction of ['up', 'down'])
  test(`a hole ${direction} keeps what falls in until it is healed`,
    async (t) => {
      const proxy = await echo(t);
      const client = dial(t, proxy);
      client.socket.write('one');
      await client.hears('one');
      await proxy.set({ [direction]: 'hole' });
      client.socket.write('two');
      // What is said through a healthy proxy comes back long after that.
      const other = await echo(t);
      const witness = dial(t, other);
      witness.socket.write('there');
      await witness.hears('there');
      assert.equal(client.got, 'one');
      assert.equal(client.ended, false, 'connected, and silent');
      await proxy.heal();
      await client.hears('onetwo');
    });

test('a hole in one direction lets the other through', async (t) => {
  let heard = '';
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => (heard += bytes));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => server.close());
  const proxy = await new FaultProxy(server.address().port).start();
  t.after(() => proxy.stop());
  await proxy.set({ down: 'hole' });
  dial(t, proxy).socket.write('up there');
  await eventually('it arrives', () => heard === 'up there');
});

test('a delay makes bytes late, and keeps their order', async (t) => {
  const proxy = await echo(t);
  await proxy.set({ delay: 100 });
  const client = dial(t, proxy);
  const began = Date.now();
  for (let i = 0; i < 10; ++i) client.socket.write(`${i}`);
  await client.hears('0123456789');
  // Timers may be a millisecond early.
  assert.ok(Date.now() - began >= 190, `${Date.now() - began} ms`);
});

test('a slow line gives a few bytes at a time', async (t) => {
  const proxy = await echo(t);
  await proxy.set({ drip: 5 });
  const client = dial(t, proxy);
  const began = Date.now();
  client.socket.write(`${'x'.repeat(45)} last`);
  await client.hears(' last');
  assert.ok(Date.now() - began >= 150, `${Date.now() - began} ms`);
});

test('only what was published is rewritten, however it is cut up', () => {
  const push = (text) => `>3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$${text.length}\r\n`
    + `${text}\r\n`;
  const others = ['+OK\r\n', ':7\r\n', '$-1\r\n', '_\r\n', '%1\r\n+a\r\n*0\r\n',
    '*2\r\n$7\r\nmessage\r\n:1\r\n', '>3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n',
    '|1\r\n+a\r\n+b\r\n:1\r\n'];
  const stream = Buffer.from(
    others.map((value) => value + push('one\r\ntwo')).join(''));
  for (const size of [1, 2, 7, 1000]) {
    const through = publishedThrough((value) =>
      Buffer.from(String(value).replace('two', 'six')));
    let out = '';
    for (let at = 0; at < stream.length; at += size)
      out += through(stream.subarray(at, at + size));
    assert.equal(out, String(stream).replaceAll('two', 'six'));
  }
});
