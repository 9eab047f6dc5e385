// The dashboard of real nodes, in a real Chromium: what happens to a room is on
// the page within two seconds.
//
//   SCREENSHOTS=docs/dashboard node tests/system/run.mjs \
//     tests/system/dashboard-live.test.mjs
//
// also keeps the pictures of docs/dashboard.md there, of a cluster of two.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { ask } from './support/ask.mjs';
import { tab } from './support/browser.mjs';
import { clusterSettings } from './support/cluster.mjs';
import { faultyNode } from './support/faulty.mjs';
import { openNode } from './support/node.mjs';
import { startRedis } from './support/redis.mjs';
import { roomOf } from './support/rooms.mjs';
import { test } from './support/test.mjs';
import { SOON, eventually } from './support/wait.mjs';

const TOKEN = '0123456789abcdef';

/** In the time that the page promises: two seconds. */
const PROMPT = SOON / 5;

const DESKTOP = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };

/** A tab that looks at `node`; one that is cut off on purpose may say so. */
async function looking(t, node, hash = '', options = {}) {
  const page = await tab(t, node.admin('/dashboard') + hash,
    { viewport: DESKTOP, excuses: /ERR_|EventSource|503/, ...options });
  await page.waitForSelector('#state[data-is=live]');
  return page;
}

const shows = (page, selector, text, timeout = SOON) =>
  page.locator(selector, { hasText: text }).first().waitFor({ timeout });

/** Two nodes over one Redis, of which the first throws as `faults` say. */
async function pairOfNodes(t, faults = [], settings = {}) {
  const redis = await startRedis(t);
  const common = clusterSettings(redis,
    { 'cluster.beat': '100ms', 'cluster.peer-timeout': '500ms', ...settings });
  const first = await faultyNode(t, faults,
    { ...common, 'cluster.node-id': 'n-1' });
  const second = await openNode(t, { ...common, 'cluster.node-id': 'n-2' });
  await Promise.all([first.event('peer.joined', { peer: 'n-2' }),
    second.event('peer.joined', { peer: 'n-1' })]);
  return { redis, common, first, second };
}

test('a room that dies and its restart are on the page within 2 s',
  async (t) => {
    // Every second time: what is tried again after a crash goes through.
    const node = await faultyNode(t, ['room.publish:boom:3:2']);
    const [ann] = await roomOf(t, node, 'lobby', 2);
    await ann.say('lobby', 'boom');
    // Each view tells it, and each is one kill.
    const views = [['#crashes', '#crashes [data-outcome=restarted]', 'lobby'],
      ['#tree', '#tree [role=treeitem]', /lobby.*2 restarts/],
      ['#overview', '#recent [data-outcome=restarted]', '3 restarts so far']];
    for (const [hash, selector, text] of views) {
      const page = await looking(t, node, hash);
      if (hash === '#tree') await shows(page, selector, 'lobby');
      const crashed = node.event('actor.crashed', { kind: 'room' });
      const begun = performance.now();
      await ann.say('lobby', 'boom');
      await crashed;
      await shows(page, selector, text, PROMPT);
      const took = performance.now() - begun;
      t.diagnostic(`${hash}: after ${took.toFixed(0)} ms`);
      assert.ok(took < PROMPT, `${hash} took ${took} ms`);
    }
  });

test('what led to a crash is unfolded, and is what the log says', async (t) => {
  const node = await faultyNode(t, ['room.publish:boom:1']);
  const [ann] = await roomOf(t, node, 'lobby', 2);
  const page = await looking(t, node, '#crashes');
  await ann.say('lobby', 'boom');
  const crash = await node.event('actor.crashed', { kind: 'room' });
  const flight = await node.event('actor.flight', { actor: crash.actor });
  await page.click('#crashes summary');
  await shows(page, '#crashes .fields', crash.reason);
  await shows(page, '#crashes .flight li', flight.what);
});

test('a room that dies on another node of the cluster is on the page in 2 s',
  async (t) => {
    const { first, second } = await pairOfNodes(t, ['room.publish:boom:1']);
    const [ann] = await roomOf(t, [first, second], 'lobby', 4);
    const page = await looking(t, second, '#overview');
    await shows(page, '#nodes tr[data-is=ready]', 'n-1');
    await shows(page, '#nodes tr[data-is=ready]', 'n-2');
    const begun = performance.now();
    await ann.say('lobby', 'boom');
    await shows(page, '#recent [data-outcome=restarted]', 'lobby on n-1',
      PROMPT);
    t.diagnostic(`after ${(performance.now() - begun).toFixed(0)} ms`);
  });

test('the tree is that of the nodes, and rooms tell who is in them',
  async (t) => {
    const { first, second } = await pairOfNodes(t);
    const members = await roomOf(t, [first, second], 'lobby', 6);
    await roomOf(t, first, 'den', 1);
    const page = await looking(t, first, '#rooms?room=lobby');
    await shows(page, '#rooms-detail p', '6 members');
    for (const node of ['n-1', 'n-2'])
      await shows(page, '#rooms-detail tbody tr', node);
    for (const { connectionId } of members)
      await shows(page, '#rooms-detail .members li', connectionId);
    await page.evaluate(() => { location.hash = '#tree'; });
    for (const node of ['n-1', 'n-2'])
      await shows(page, '#tree [aria-level="1"]', node);
    for (const kind of ['keeper', 'gateway', 'cluster', 'room'])
      await shows(page, '#tree [role=treeitem] .kind', kind);
    for (const name of ['loop 0', 'audiences 0'])
      await shows(page, '#tree [role=treeitem] .name', name);
    await page.fill('#tree-filter', 'room den');
    await shows(page, '#tree-count', /^1 actor of/);
  });

test('rates and latencies are of what is said', async (t) => {
  const node = await openNode(t, { 'limits.messages-per-second': 0 });
  const [ann] = await roomOf(t, node, 'busy', 5);
  const page = await looking(t, node);
  const talk = setInterval(() => {
    for (let i = 0; i < 20; ++i)
      ann.send({ type: 'message', roomId: 'busy', text: 'on and on' });
  }, 20);
  t.after(() => clearInterval(talk));
  const total = (nth) =>
    page.textContent(`#totals > div:nth-child(${nth}) dd`);
  await eventually(async () => `messages: ${await total(3)}`, async () => {
    const number = Number((await total(3)).replace(/[,/s]/g, ''));
    return number > 300 && number < 1_500;
  });
  await eventually('a p99 is told', async () =>
    /^[≈>] [\d.]+ (µs|ms)$/.test(await total(6)));
  await shows(page, '#busiest li', 'busy', 2 * SOON);
});

test('a node that goes is told of, and so is one that comes back', async (t) => {
  const { common, first, second } = await pairOfNodes(t);
  const page = await looking(t, first);
  await shows(page, '#nodes tr[data-is=ready]', 'n-2');
  second.signal('SIGKILL');
  await second.exit();
  await shows(page, '#nodes tr[data-is=gone], #nodes tr[data-is=silent]',
    'n-2');
  await shows(page, '#troubles li', 'n-2');
  await openNode(t, { ...common, 'cluster.node-id': 'n-2' });
  await shows(page, '#nodes tr[data-is=ready]', 'n-2');
});

test('the node that serves it stops and comes back: so does the page',
  async (t) => {
    const node = await openNode(t);
    const settings = { 'admin.port': node.adminPort };
    const page = await looking(t, node);
    await node.stop();
    await page.waitForSelector('#state[data-is=lost]');
    await openNode(t, settings);
    await page.waitForSelector('#state[data-is=live]', { timeout: 2 * SOON });
    await shows(page, '#well', '1 node ready');
  });

test('without Redis a node says that it is not ready, and why', async (t) => {
  const { redis, first } = await pairOfNodes(t);
  const page = await looking(t, first);
  await shows(page, '#nodes tr[data-is=ready]', 'n-1');
  await redis.kill();
  await shows(page, '#troubles li[data-level=bad]', 'n-1 cannot reach Redis');
  await redis.start();
  await shows(page, '#nodes tr[data-is=ready]', 'n-1', 2 * SOON);
});

test('with a token nobody sees it without, and a browser asks for it',
  async (t) => {
    const node = await openNode(t, { 'admin.token': TOKEN });
    for (const path of ['/dashboard', '/dashboard/stream',
      '/dashboard/main.js']) {
      const refused = await fetch(node.admin(path));
      assert.equal(refused.status, 401, path);
      assert.match(refused.headers.get('www-authenticate') ?? '', /Basic/);
    }
    const page = await looking(t, node, '', { httpCredentials:
      { username: 'operator', password: TOKEN } });
    await shows(page, '#well', '1 node ready');
  });

test('the page comes with a policy that lets in nothing else', async (t) => {
  const node = await openNode(t);
  const page = await fetch(node.admin('/dashboard'));
  assert.equal(page.status, 200);
  assert.match(page.headers.get('content-type'), /^text\/html/);
  const policy = page.headers.get('content-security-policy');
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe|https?:/);
  assert.equal(page.headers.get('x-content-type-options'), 'nosniff');
  const text = await page.text();
  for (const [, path] of text.matchAll(/(?:src|href)="(dashboard\/[^"]+)"/g)) {
    const part = await fetch(node.admin(`/${path}`));
    assert.equal(part.status, 200, path);
    assert.match(part.headers.get('content-type'),
      path.endsWith('.css') ? /^text\/css/ : /^text\/javascript/);
  }
  for (const path of ['/dashboard/nothing.js', '/dashboard/index.html',
    '/dashboard/../dashboard.css', '/dashboard/../dashboard',
    '/dashboard/%2e%2e/main.js', '/dashboard/..%2fmain.js',
    '/dashboard//main.js', '/../../etc/passwd'])
    assert.equal((await ask(node, path)).status, 404, path);
  assert.equal((await fetch(node.http('/dashboard'))).status, 404,
    'clients have no part in it');
});

test('names that clients chose are text', async (t) => {
  const node = await openNode(t);
  const name = '<img src=x onerror=alert(1)>\u202e';
  const [ann] = await roomOf(t, node, name, 1);
  const page = await looking(t, node, '#rooms');
  await shows(page, '#rooms tbody a', '<img src=x onerror=alert(1)>');
  assert.equal(await page.locator('main img').count(), 0);
  await ann.lives();
});

// -- pictures -----------------------------------------------------------------

const ROOMS = ['lobby', 'support', 'news', 'chess:142', 'chess:143', 'raid-7',
  'tea & cake', 'design-review'];

test('every view has something to show of a cluster at work', async (t) => {
  const { first, second } = await pairOfNodes(t, ['room.publish:boom:1']);
  const nodes = [first, second];
  const clients = [];
  for (const [i, name] of ROOMS.entries())
    clients.push(...await roomOf(t, nodes, name, 2 + 2 * (ROOMS.length - i)));
  const talk = setInterval(() => {
    for (const [i, client] of clients.entries()) {
      if (client.socket.readyState !== 1 || Math.random() > 0.5) continue;
      const { roomId } = client.all('joined')[0] ?? {};
      if (roomId) client.send({ type: 'message', roomId, text: `word ${i}` });
    }
  }, 50);
  t.after(() => clearInterval(talk));
  const open = (options) => looking(t, second, '#overview?span=60', options);
  const light = await open({});
  const dark = await open({ colorScheme: 'dark' });
  const phone = await open({ viewport: PHONE, deviceScaleFactor: 2,
    hasTouch: true, isMobile: true });
  const points = (page) => page.getAttribute('#plot-traffic svg.plot',
    'aria-valuemax').then(Number);
  const wanted = process.env.SCREENSHOTS ? 55 : 3;
  const crash = process.env.SCREENSHOTS ? 40 : 1;
  await eventually('something has happened', async () =>
    await points(light) >= crash, wanted * 2_000 + SOON);
  clients[0].send({ type: 'message', roomId: 'lobby', text: 'boom' });
  await shows(light, '#recent [data-outcome=restarted]', 'lobby');
  await eventually('there are plots', async () =>
    await points(light) >= wanted && await points(phone) >= wanted,
  wanted * 2_000 + SOON);
  await picture(light, 'overview-light');
  await picture(dark, 'overview-dark');
  await picture(phone, 'phone');
  const go = async (page, hash, selector, text) => {
    await page.evaluate((to) => { location.hash = to; }, hash);
    await shows(page, selector, text);
  };
  await go(light, '#tree', '#tree [role=treeitem]', 'lobby');
  const row = light.locator('#tree [role=treeitem]', { hasText: 'lobby' });
  await row.first().click();
  await shows(light, '#tree-detail h2', 'lobby');
  await picture(light, 'tree');
  await go(light, '#rooms?room=lobby', '#rooms-detail .members li', ' on n-');
  await picture(light, 'rooms');
  await go(light, '#crashes', '#crashes li', 'lobby');
  await light.click('#crashes summary');
  await picture(light, 'crashes');
  await go(dark, '#events', '#events .event', /./);
  await picture(dark, 'events');
  await go(phone, '#rooms', '#rooms tbody tr', 'lobby');
}, { timeout: 30 * SOON });

async function picture(page, name) {
  const folder = process.env.SCREENSHOTS;
  if (!folder) return;
  const root = fileURLToPath(new URL('../../', import.meta.url));
  mkdirSync(join(root, folder), { recursive: true });
  await page.screenshot({ path: join(root, folder, `${name}.png`) });
}
