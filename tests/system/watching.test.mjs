// The stream behind the dashboard (docs/dashboard.md): what real nodes say to
// who watches them. The page itself is tested in a browser.

import assert from 'node:assert/strict';
import http from 'node:http';

import { ask } from './support/ask.mjs';
import { connect } from './support/client.mjs';
import { clusterSettings, startCluster } from './support/cluster.mjs';
import { faultyNode } from './support/faulty.mjs';
import { openNode } from './support/node.mjs';
import { startRedis } from './support/redis.mjs';
import { test } from './support/test.mjs';
import { Inbox, eventually } from './support/wait.mjs';

const TOKEN = '0123456789abcdef';

/** Watches a node until the test ends: its frames, as objects. */
async function watch(t, node, headers = {}) {
  const frames = new Inbox(() => node.process.tail());
  const request = http.get(node.admin('/dashboard/stream'), { headers });
  t.after(() => request.destroy());
  const response = await new Promise((resolve, reject) => {
    request.once('response', resolve).once('error', reject);
  });
  assert.equal(response.statusCode, 200);
  assert.equal(response.headers['content-type'], 'text/event-stream');
  // Events apart from the frames that they come in.
  const take = (frame) => {
    if (frame.type !== 'events') frames.push(frame);
    else frame.lines.forEach((event, i) =>
      frames.push({ type: 'event', number: frame.first + i, event }));
  };
  let rest = '';
  response.setEncoding('utf8');
  response.on('data', (text) => {
    const events = (rest + text).split('\n\n');
    rest = events.pop();
    for (const event of events)
      if (event.startsWith('data: ')) take(JSON.parse(event.slice(6)));
  });
  response.on('error', () => {});
  response.once('close', () => frames.end('the stream was closed'));
  return { frames, close: () => request.destroy() };
}

/** Waits for an event of a node, and gives it with its number. */
async function shownAs(frames, name, fields = {}) {
  return frames.take(({ type, event: one }) =>
    type === 'event' && one.event === name
    && Object.entries(fields).every(([key, value]) => one[key] === value));
}

const shown = async (...asked) => (await shownAs(...asked)).event;

/** Waits until a whole tree of `node` satisfies `check`. */
async function tree(frames, node, check) {
  for (let actors = []; ;) {
    const part = await frames.take({ type: 'tree', node });
    actors = part.part === 0 ? part.actors : [...actors, ...part.actors];
    if (part.part + 1 === part.parts && check(actors)) return actors;
  }
}

test('who watches a node is shown its tree, what happens, and figures',
  async (t) => {
    const node = await openNode(t, { 'cluster.node-id': 'n1' });
    const ann = await connect(t, node, { query: 'userId=ann' });
    await ann.join('lobby');
    const { frames } = await watch(t, node);
    const hello = await frames.take({ type: 'hello' });
    assert.equal(hello.node, 'n1');
    const isLobby = (one) => one.kind === 'room' && one.name === 'lobby';
    const actors = await tree(frames, 'n1', (all) => all.some(isLobby));
    const lobby = actors.find(isLobby);
    assert.equal(lobby.members, 1);
    assert.equal(lobby.here, 1);
    assert.equal(lobby.some[0][1], ann.connectionId);
    const byId = new Map(actors.map((one) => [one.id, one]));
    for (const one of actors)
      assert.ok(one.kind === 'node' || byId.has(one.parent),
        `nobody is above ${JSON.stringify(one)}`);
    const before = await frames.take({ type: 'figures' });
    assert.equal(before.connections, 1);
    for (let i = 0; i < 10; ++i) await ann.say('lobby', 'x');
    await eventually('they are counted', async () =>
      (await frames.take({ type: 'figures' })).counts.messages
        >= before.counts.messages + 10);
    const bob = await connect(t, node);
    await bob.join('den');
    const spawned = await shown(frames, 'actor.spawned', { name: 'den' });
    assert.equal(spawned.kind, 'room');
    assert.ok(byId.has(spawned.parent));
  });

test('a crash and a restart are shown as they happen', async (t) => {
  const node = await faultyNode(t, ['room.publish:boom:1']);
  const ann = await connect(t, node);
  await ann.join('r');
  const { frames } = await watch(t, node);
  await tree(frames, (await frames.take({ type: 'hello' })).node,
    (all) => all.some((one) => one.name === 'r' && one.restarts === 0));
  await ann.say('r', 'boom');
  const crash = await shown(frames, 'actor.crashed', { name: 'r' });
  await shown(frames, 'actor.restarted', { actor: crash.actor, restarts: 1 });
});

test('what is shown is the log\'s own line, and its numbers go on',
  async (t) => {
    const node = await openNode(t, { 'log.level': 'info' });
    const ann = await connect(t, node);
    const first = await watch(t, node);
    await first.frames.take({ type: 'tree' });
    await ann.join('lobby');
    const before = await shownAs(first.frames, 'actor.spawned',
      { name: 'lobby' });
    assert.deepEqual(before.event,
      await node.event('actor.spawned', { name: 'lobby' }));
    first.close();
    // Who comes again is not told from 1 on.
    const again = await watch(t, node);
    await again.frames.take({ type: 'tree' });
    await ann.join('den');
    const after = await shownAs(again.frames, 'actor.spawned', { name: 'den' });
    assert.ok(after.number > before.number, `${after.number} is new`);
  });

test('a node that shows itself to nobody does not do so on others',
  async (t) => {
    const redis = await startRedis(t);
    const [one, two] = await Promise.all(
      [{ 'cluster.node-id': 'n1' },
        { 'cluster.node-id': 'n2', 'admin.address': '' }].map((own) =>
        openNode(t, clusterSettings(redis, own))));
    const { frames } = await watch(t, one);
    const shownNodes = new Set();
    // Long enough for a peer that does: it is asked for with each beat.
    for (let figures = 0; figures < 4;) {
      const { type, event, node = event.node } = await frames.take(() => true);
      shownNodes.add(node);
      if (type === 'figures' && node === 'n1') ++figures;
    }
    assert.ok(two.port);
    assert.deepEqual([...shownNodes], ['n1']);
  });

test('one node shows all nodes of its cluster, to each who watches',
  async (t) => {
    const redis = await startRedis(t);
    const [one, two] = await startCluster(t, redis, 2);
    const ann = await connect(t, two);
    await ann.join('lobby');
    const first = await watch(t, one);
    await tree(first.frames, 'n1', (all) => all.length > 3);
    // Each node names those who are on it.
    const carl = await connect(t, one);
    await carl.join('lobby');
    for (const [node, who] of [['n2', ann], ['n1', carl]])
      await tree(first.frames, node, (all) => all.some((actor) =>
        actor.kind === 'room' && actor.name === 'lobby'
        && actor.members === 2 && actor.here === 1
        && actor.some.length === 1 && actor.some[0][1] === who.connectionId));
    await first.frames.take({ type: 'figures', node: 'n2', bus: 'up' });
    const second = await watch(t, one);
    await tree(second.frames, 'n2', (all) => all.length > 3);
    const other = await watch(t, two);
    await tree(other.frames, 'n1', (all) => all.length > 3);
    const bob = await connect(t, two);
    await bob.join('den');
    for (const { frames } of [first, second, other])
      await shown(frames, 'actor.spawned', { node: 'n2', name: 'den' });
    two.signal('SIGTERM');
    await first.frames.take({ type: 'gone', node: 'n2' });
    await first.frames.take({ type: 'figures', node: 'n1' });
  });

test('nobody watches without the token, nor by a name from elsewhere',
  async (t) => {
    const node = await openNode(t, { 'admin.token': TOKEN });
    for (const path of ['/dashboard', '/dashboard/stream']) {
      const refused = await fetch(node.admin(path));
      assert.equal(refused.status, 401);
      assert.match(refused.headers.get('www-authenticate'), /Basic realm=/);
    }
    const basic = Buffer.from(`ann:${TOKEN}`).toString('base64');
    const { frames } = await watch(t, node, { authorization: `Basic ${basic}` });
    await frames.take({ type: 'hello' });
    const open = await openNode(t);
    const { status } = await ask(open, '/dashboard', { host: 'evil.example' });
    assert.equal(status, 421);
    await open.event('admin.refused');
  });

test('so many watch at once, and places are given back', async (t) => {
  const node = await openNode(t);
  const all = [];
  for (let i = 0; i < 16; ++i) all.push(await watch(t, node));
  // The page asks by HEAD whether it is refused, and by GET why.
  const stream = node.admin('/dashboard/stream');
  assert.equal((await fetch(stream, { method: 'HEAD' })).status, 503);
  const refused = await fetch(stream);
  assert.equal(refused.status, 503);
  assert.match(refused.headers.get('content-type'), /^text\/plain/);
  assert.match(await refused.text(), /so many pages watch already/);
  assert.equal((await fetch(node.admin('/dashboard'))).status, 200);
  all.forEach(({ close }) => close());
  await eventually('there is a place', async () => {
    const answer = await fetch(node.admin('/dashboard/stream'));
    await answer.body.cancel();
    return answer.status === 200;
  });
});

test('the page is there, with all of its parts, and runs nothing from elsewhere',
  async (t) => {
    const node = await openNode(t);
    const page = await fetch(node.admin('/dashboard'));
    assert.equal(page.status, 200);
    assert.match(page.headers.get('content-type'), /^text\/html/);
    assert.match(page.headers.get('content-security-policy'),
      /default-src 'none'/);
    const parts = [...(await page.text())
      .matchAll(/(?:src|href)="(dashboard\/[^"]+)"/g)].map(([, path]) => path);
    assert.ok(parts.length >= 2, `its parts are ${parts}`);
    for (const part of parts)
      assert.equal((await fetch(node.admin(`/${part}`))).status, 200, part);
    for (const path of ['/dashboards', '/dashboard/no.js',
      '/dashboard/index.html', '/dashboard/../dashboard'])
      assert.equal((await ask(node, path)).status, 404, path);
    const { status, redirected, url } = await fetch(node.admin('/dashboard/'));
    assert.deepEqual([status, redirected, url],
      [200, true, node.admin('/dashboard')]);
    assert.equal((await fetch(node.http('/dashboard'))).status, 404);
  });
