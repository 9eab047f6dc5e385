// A node that cannot start says why in one line and ends with an error.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';

import { connect, dial } from './support/client.mjs';
import { temporaryFolder } from './support/files.mjs';
import { openNode, runToEnd, startNode } from './support/node.mjs';
import { test } from './support/test.mjs';
import { SECRET, token } from './support/tokens.mjs';

const anonymous = '--auth.anonymous=true';
const free = '--net.port=0';

/** The complaint of a node that must not start. */
async function complaint(t, args, options) {
  const { code, signal, stdout, stderr } = await runToEnd(t, args, options);
  assert.equal(signal, null);
  assert.notEqual(code, 0, `it started, and said: ${stdout}`);
  const lines = stderr.split('\n').filter((line) => line !== '');
  assert.equal(lines.length, 1, `more or less than one line:\n${stderr}`);
  return lines[0];
}

test('a port that is taken ends the start with one line', async (t) => {
  const server = net.createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  const line = await complaint(t, [anonymous, `--net.port=${port}`]);
  assert.match(line, new RegExp(String(port)));
});

test('two nodes never share a port', async (t) => {
  const node = await openNode(t);
  const line = await complaint(t, [anonymous, `--net.port=${node.port}`]);
  assert.match(line, new RegExp(String(node.port)));
});

test('an unknown setting names the nearest known one', async (t) => {
  const line = await complaint(t,
    [anonymous, free, '--hartbeat.interval=1s']);
  assert.match(line, /hartbeat\.interval/);
  assert.match(line, /heartbeat\.interval/);
});

test('an unknown setting of the environment names the nearest known one',
  async (t) => {
    const line = await complaint(t, [anonymous, free],
      { env: { GREENROOM_NET_PROT: '1' } });
    assert.match(line, /net[._-]port/i);
  });

for (const [what, file, words] of [
  ['is not TOML', 'net = [', /bad\.toml/],
  ['has an unknown key', '[net]\nprot = 1\n', /net\.port/],
  ['has a wrong type', '[net]\nport = "eighty"\n', /net\.port/],
  ['is out of bounds', '[net]\nport = 70000\n', /net\.port/],
  ['has a duration without a unit', '[auth]\ntimeout = 5\n', /auth\.timeout/],
])
  test(`a file that ${what} ends the start with one line`, async (t) => {
    const path = join(temporaryFolder(t), 'bad.toml');
    writeFileSync(path, file);
    const line = await complaint(t, [`--config=${path}`, anonymous, free]);
    assert.match(line, words);
  });

test('a file that is not there ends the start with one line', async (t) => {
  const line = await complaint(t,
    ['--config=/no/such/file.toml', anonymous, free]);
  assert.match(line, /\/no\/such\/file\.toml/);
});

for (const url of ['http://127.0.0.1', 'redis://', 'redis://127.0.0.1:port',
  'redis://127.0.0.1:70000', 'redis://127.0.0.1/name'])
  test(`the Redis URL ${url} ends the start with one line`, async (t) => {
    const line = await complaint(t,
      [anonymous, free, `--cluster.redis=${url}`]);
    assert.match(line, /cluster\.redis/);
  });

test('a Redis URL is never shown with its password', async (t) => {
  const line = await complaint(t, [anonymous, free,
    '--cluster.redis=redis://user:hunter2@127.0.0.1:port']);
  assert.doesNotMatch(line, /hunter2/);
});

test('a node that nobody could log in to does not start', async (t) => {
  assert.match(await complaint(t, [free]), /auth/);
});

test('a secret that is too short does not start, and is not shown',
  async (t) => {
    const line = await complaint(t, [free, '--auth.secret=hunter2']);
    assert.match(line, /auth\.secret/);
    assert.doesNotMatch(line, /hunter2/);
  });

test('the command line goes over the environment, that over the file',
  async (t) => {
    const path = join(temporaryFolder(t), 'node.toml');
    writeFileSync(path, `
      [auth]
      anonymous = false
      secret = "${SECRET}"
      cookie = "from_file"
      audience = "from_file"
      issuer = "from_file"
    `);
    const node = await startNode(t,
      { config: path, 'auth.secret': null, 'auth.issuer': 'from_line' },
      { env: { GREENROOM_AUTH_ISSUER: 'from_env',
        GREENROOM_AUTH_AUDIENCE: 'from_env' } });
    const value = token('ada', { iss: 'from_line', aud: 'from_env' });
    const client = await connect(t, node,
      { headers: { Cookie: `from_file=${value}` } });
    assert.equal(client.userId, 'ada');
  });

test('by default a node listens on loopback and takes in no anonymous client',
  async (t) => {
    const node = await startNode(t);
    const { address } = node.events.items.find(
      (e) => e.event === 'listener.opened');
    assert.equal(address, '127.0.0.1');
    const client = dial(t, node);
    await client.opened;
    client.send({ type: 'join_room', id: 1, roomId: 'lobby' });
    await client.closes(4001, 'Invalid token');
    assert.deepEqual(client.received, []);
  });

test('loop.started tells by which call the loop sends', async (t) => {
  const told = async (setting) => {
    const node = await openNode(t, { 'net.io-uring': setting });
    const loops = [0, 1].map((loop) => node.event('loop.started', { loop }));
    return (await Promise.all(loops)).map((event) => event.sends);
  };
  assert.deepEqual(await told(false), ['send', 'send']);
  // `send` where the kernel does not allow the other.
  const [first, second] = await told(true);
  assert.ok(['io_uring', 'send'].includes(first), first);
  assert.equal(second, first);
});
