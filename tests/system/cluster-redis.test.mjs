// The ways to reach a Redis: TLS, socket path, user, password and database.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { clusterSettings, launchNode, memberOnEach, startCluster } from
  './support/cluster.mjs';
import { certificates, temporaryFolder } from './support/files.mjs';
import { startRedis } from './support/redis.mjs';
import { test } from './support/test.mjs';
import { SOON } from './support/wait.mjs';

/** Messages cross between two nodes with these settings. */
async function works(t, redis, more = {}) {
  const nodes = await startCluster(t, redis, 2, more);
  const [ada, bob] = await memberOnEach(t, redis, nodes, 'works');
  await ada.say('works', 'hello');
  assert.equal((await bob.next('message')).text, 'hello');
  return nodes;
}

/** A node with these settings tries, says why not, and is never ready. */
async function isRefused(t, redis, more = {}) {
  const node = launchNode(t, clusterSettings(redis, more));
  const { reason } = await node.event('bus.down');
  await node.event('bus.connecting', { attempt: 2 });
  assert.ok(!node.events.items.some((e) =>
    e.event === 'bus.up' || e.event === 'node.ready'));
  return { node, reason };
}

test('rediss:// with a private CA works', async (t) => {
  const tls = certificates(temporaryFolder(t), 'private');
  const redis = await startRedis(t, { tls });
  await works(t, redis, { 'cluster.ca-file': tls.ca });
});

test('rediss:// refuses a certificate that nobody vouches for', async (t) => {
  const folder = temporaryFolder(t);
  const redis = await startRedis(t, { tls: certificates(folder, 'unknown') });
  const { reason } = await isRefused(t, redis);
  assert.match(reason, /certificate|verify/i);
  const other = certificates(folder, 'other');
  await isRefused(t, redis, { 'cluster.ca-file': other.ca });
});

test('rediss:// refuses a certificate for another host', async (t) => {
  const tls = certificates(temporaryFolder(t), 'misnamed', 'DNS:elsewhere');
  const redis = await startRedis(t, { tls });
  await isRefused(t, redis, { 'cluster.ca-file': tls.ca });
});

test('redis:// to a Redis that speaks TLS is no bus', async (t) => {
  const tls = certificates(temporaryFolder(t), 'tls');
  const redis = await startRedis(t, { tls });
  const node = launchNode(t, clusterSettings(redis,
    { 'cluster.redis': `redis://127.0.0.1:${redis.port}` }));
  await node.event('bus.connecting', { attempt: 2 }, 2 * SOON);
  assert.ok(!node.events.items.some((e) => e.event === 'bus.up'));
});

test('the path of a socket works', async (t) => {
  const redis = await startRedis(t, { unix: true });
  await works(t, redis);
});

const users = ['default off',
  'green on >p@ss:w/rd ~* &* +@all'];

test('user, password and database of the URL are used', async (t) => {
  const redis = await startRedis(t, { users, as: ['green', 'p@ss:w/rd'] });
  const password = encodeURIComponent('p@ss:w/rd');
  const nodes = await works(t, redis, { 'cluster.redis':
    `redis://green:${password}@127.0.0.1:${redis.port}/3` });
  const clients = await redis.cli('client', 'list');
  const ours = clients.filter((line) => /user=green/.test(line)
    && !/cmd=client/.test(line));
  assert.ok(ours.length >= nodes.length);
  assert.ok(ours.some((line) => /\bdb=3\b/.test(line)), clients.join('\n'));
  for (const node of nodes)
    for (const secret of ['p@ss:w/rd', password])
      assert.ok(!node.output.includes(secret), 'the log tells the password');
});

test('the rights of docs/operations.md are enough for rooms of both orders',
  async (t) => {
    const manual = readFileSync(
      new URL('../../docs/operations.md', import.meta.url), 'utf8');
    const [, rights] = /ACL SETUSER greenroom on >PASSWORD (.*)/.exec(manual);
    for (const order of ['fifo', 'total']) {
      const redis = await startRedis(t, { as: ['boss', 'b'], users: [
        'default off', 'boss on >b ~* &* +@all'] });
      await redis.cli('acl', 'setuser', 'greenroom', 'on', '>p',
        ...rights.split(' '));
      await works(t, redis, { 'rooms.order': order, 'cluster.redis':
        `redis://greenroom:p@127.0.0.1:${redis.port}` });
    }
  });

test('a password alone is that of the default user', async (t) => {
  const redis = await startRedis(t,
    { users: ['default on >hunter2 ~* &* +@all'], as: ['default', 'hunter2'] });
  await works(t, redis, { 'cluster.redis':
    `redis://:hunter2@127.0.0.1:${redis.port}` });
});

test('a wrong password is told as such, and not shown', async (t) => {
  const redis = await startRedis(t, { users, as: ['green', 'p@ss:w/rd'] });
  const { node, reason } = await isRefused(t, redis, { 'cluster.redis':
    `redis://green:hunter2@127.0.0.1:${redis.port}` });
  assert.match(reason, /WRONGPASS|password|auth/i);
  assert.ok(!node.output.includes('hunter2'), 'the log tells the password');
});

test('a database that there is not is told as such', async (t) => {
  const redis = await startRedis(t);
  const { reason } = await isRefused(t, redis,
    { 'cluster.redis': `${redis.url}/999` });
  assert.match(reason, /DB|database|index/i);
});
