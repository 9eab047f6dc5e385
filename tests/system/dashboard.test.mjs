// The dashboard's page in a real Chromium, with a made-up stream. With real
// nodes: dashboard-live.test.mjs.

import assert from 'node:assert/strict';

import { tab } from './support/browser.mjs';
import { Feed } from './support/dashboard-feed.mjs';
import { TrueNode } from './support/dashboard-truth.mjs';
import { test } from './support/test.mjs';
import { SOON, eventually } from './support/wait.mjs';

const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 700 };

/** A node with rooms of these names, each with members. */
function nodeWith(id, names, at = Date.now()) {
  const node = new TrueNode(id, { at });
  names.forEach((name, i) => node.spawn(node.keepers[i % 2], { kind: 'room',
    name, members: 20 + i, here: 10, some: [['ann', `c-${id}-${i}`]] }));
  for (const loop of node.loops)
    node.spawn(loop, { kind: 'gateway', more: 50 });
  return node;
}

const roomOf = (node, name) => [...node.actors.values()]
  .find((actor) => actor.kind === 'room' && actor.name === name);

/** {page, feed, nodes} of a cluster of two that is looked at. */
async function watched(t, hash = '', options = {}) {
  const nodes = options.nodes ?? [nodeWith('n-1', ['lobby', 'chess', 'attic']),
    nodeWith('n-2', ['lobby', 'den'])];
  const feed = await Feed.start(t, nodes);
  const page = await tab(t, feed.url + hash,
    { viewport: DESKTOP, excuses: /ERR_|EventSource|503/, ...options });
  await live(page);
  return { page, feed, nodes, node: nodes[0] };
}

const live = (page) => page.waitForSelector('#state[data-is=live]');

/** What is on the page, once it is. */
const shows = (page, selector, text) =>
  page.locator(selector, { hasText: text }).first().waitFor();

const rows = (page) => page.$$eval('#rooms tbody a', (all) =>
  all.map((a) => a.textContent));

const focused = (page) => page.evaluate(() => {
  const at = document.activeElement;
  return { tag: at.tagName, id: at.id, text: at.textContent,
    role: at.getAttribute('role') };
});

test('the overview tells how the cluster is, and what is wrong on top',
  async (t) => {
    const { page, feed, nodes } = await watched(t);
    await shows(page, '#well', '2 nodes ready');
    await shows(page, '#nodes tbody tr', 'n-2');
    await eventually('rates are there', async () =>
      /^[\d,]+\/s$/.test(await page.textContent(
        '#totals div:nth-child(3) dd')));
    nodes[1].ready = 'Redis is not reached';
    nodes[1].bus = 'down';
    await shows(page, '#troubles li', 'n-2 cannot reach Redis');
    await shows(page, '#nodes tr[data-is=unready]', 'not ready');
    const room = roomOf(nodes[0], 'lobby');
    feed.tell(nodes[0], [...nodes[0].crash(room, 'out of range'),
      nodes[0].event('actor.flight', room,
        { entry: 0, age_us: 40, what: 'publish of ann' })]);
    await shows(page, '#troubles li[data-level=bad]', 'room lobby');
    await shows(page, '#recent li', 'not begun anew yet');
    nodes[0].at += 1;
    feed.tell(nodes[0], nodes[0].restart(room));
    await shows(page, '#recent li', 'restarted after 12 µs');
    assert.equal(await page.textContent('#crash-badge b'), '1');
    assert.match(await page.textContent('#announce'), /room lobby on n-1/);
    await page.click('#recent summary');
    await shows(page, '#recent .flight li', 'publish of ann');
    feed.tell(nodes[0], ['n-8', 'n-9'].map((peer) =>
      nodes[0].event('peer.lost', undefined, { level: 'warn', peer })));
    for (const peer of ['n-8', 'n-9'])
      await shows(page, '#troubles li', `has lost its peer ${peer}`);
    feed.send({ type: 'gone', node: 'n-2' });
    nodes.pop();
    await shows(page, '#troubles li', 'n-2 is gone');
    await shows(page, '#nodes tr', 'gone');
  });

test('the keyboard alone leads from the start to a room, and back',
  async (t) => {
    const { page } = await watched(t);
    const { keyboard } = page;
    await keyboard.press('3');
    await page.waitForSelector('#view-rooms:not([hidden])');
    await shows(page, '#rooms tbody tr', 'lobby');
    await keyboard.press('/');
    await eventually('the filter has the focus', async () =>
      (await focused(page)).id === 'rooms-filter');
    await keyboard.type('lob');
    await eventually('the list is filtered', async () =>
      (await rows(page)).join() === 'lobby');
    await keyboard.press('Enter');
    assert.equal((await focused(page)).text, 'lobby');
    await keyboard.press('Enter');
    await shows(page, '#rooms-detail h2', 'lobby');
    await shows(page, '#rooms-detail .members li', 'ann');
    assert.equal((await focused(page)).id, 'rooms-detail');
    assert.match(page.url(), /#rooms\?q=lob&room=lobby$/);
    await keyboard.press('Escape');
    await shows(page, '#rooms-detail', 'Choose a room');
    assert.equal((await focused(page)).text, 'lobby');
    await keyboard.press('Escape');
    assert.match(page.url(), /#rooms$/);
    assert.equal((await rows(page)).length, 4);
    await keyboard.press('j');
    await keyboard.press('k');
    await keyboard.press('End');
    const last = (await rows(page)).at(-1);
    assert.equal((await focused(page)).text, last);
    await keyboard.press('?');
    await page.waitForSelector('#keys[open]');
    await keyboard.press('Escape');
    await page.waitForSelector('#keys', { state: 'hidden' });
    for (const [key, view] of [['1', 'overview'], ['4', 'crashes'],
      ['5', 'events'], ['2', 'tree']]) {
      await keyboard.press(key);
      await page.waitForSelector(`#view-${view}:not([hidden])`);
      assert.equal(await page.getAttribute('nav [aria-current]', 'href'),
        `#${view}`);
    }
  });

test('the tree is a tree to keys and to those who hear it', async (t) => {
  const { page, feed, node } = await watched(t, '#tree');
  await shows(page, '#tree [role=treeitem]', 'lobby');
  const { keyboard } = page;
  const current = async () => {
    const item = await page.evaluate(() => {
      const at = document.activeElement;
      return [at.children[1]?.textContent, at.children[2]?.textContent,
        at.getAttribute('aria-level'), at.getAttribute('aria-expanded')];
    });
    return item.filter((part) => part !== null && part !== '').join(' ');
  };
  await keyboard.press('j');
  assert.equal(await current(), 'node n-1 1 true');
  await keyboard.press('ArrowDown');
  assert.equal(await current(), 'loop 0 2 true');
  await keyboard.press('ArrowLeft');
  assert.equal(await current(), 'loop 0 2 false');
  await keyboard.press('ArrowRight');
  await keyboard.press('ArrowRight');
  assert.equal(await current(), 'audiences 0 3');
  await keyboard.press('ArrowDown');
  assert.equal(await current(), 'keeper 3 true');
  await keyboard.press('ArrowLeft');
  assert.equal(await current(), 'keeper 3 false');
  await keyboard.press('ArrowLeft');
  assert.equal(await current(), 'loop 0 2 true');
  await keyboard.press('*');
  await keyboard.press('ArrowDown');
  await keyboard.press('ArrowDown');
  await keyboard.press('*');
  assert.equal(await current(), 'keeper 3 true');
  await keyboard.press('Home');
  assert.equal(await current(), 'node n-1 1 true');
  await keyboard.press('Enter');
  await shows(page, '#tree-detail h2', /^node n-1$/);
  await keyboard.type('att');
  assert.equal(await current(), 'room attic 4');
  await keyboard.press('Enter');
  await shows(page, '#tree-detail h2', 'room attic');
  assert.match(page.url(), /actor=\d+%40n-1/);
  // It dies before one's eyes, under one's focus.
  feed.tell(node, node.crash(roomOf(node, 'attic'), 'no reason at all'));
  await shows(page, '#tree [data-state=crashed]', 'attic');
  await shows(page, '#tree-detail dd', 'no reason at all');
  assert.match(await current(), /^room attic/);
  node.at += 1;
  feed.tell(node, node.restart(roomOf(node, 'attic')));
  await shows(page, '#tree [aria-selected=true]', '1 restart');
  const { position, size } = await page.$eval('#tree [aria-selected=true]',
    (row) => ({ position: row.getAttribute('aria-posinset'),
      size: row.getAttribute('aria-setsize') }));
  assert.deepEqual([position, size], ['1', '2']);
  await keyboard.press('/');
  await keyboard.type('is:restarted');
  await eventually('only it and those above it are there', async () =>
    (await page.$$('#tree [role=treeitem]')).length === 4);
});

test('who is not listed is told so, and only who has gone is gone',
  async (t) => {
    const nodes = [nodeWith('n-1', ['lobby'])];
    for (const each of nodes[0].actors.values()) each.more = 0;
    const { page, feed, node } = await watched(t, '#tree?actor=999%40n-1',
      { nodes });
    await shows(page, '#tree-detail h2', 'This actor is gone');
    const [keeper] = node.keepers;
    keeper.more = 40;
    feed.snapshot(node);
    await shows(page, '#tree [role=treeitem]', '40 more are not listed');
    await shows(page, '#tree-detail h2', 'Not listed by its node');
    feed.tell(node, node.spawn(keeper, { kind: 'room', name: 'far' }));
    const far = roomOf(node, 'far');
    node.actors.delete(far.id);
    await page.evaluate((id) => { location.hash = `#tree?actor=${id}%40n-1`; },
      far.id);
    await shows(page, '#tree-detail h2', 'room far');
    node.at += 1;
    feed.snapshot(node);
    await shows(page, '#tree [aria-selected=true]', 'not listed by its node');
    await shows(page, '#tree-detail dd', 'known by its events');
    await shows(page, '#tree [role=treeitem]', '39 more are not listed');
    feed.tell(node, node.exit(far));
    await shows(page, '#tree-detail h2', 'This actor is gone');
    await shows(page, '#tree [role=treeitem]', '40 more are not listed');
  });

test('what a peer makes up of its tree stops nobody', async (t) => {
  const { page, feed, node } = await watched(t, '#tree');
  await shows(page, '#tree [role=treeitem]', 'lobby');
  const chain = Array.from({ length: 10_000 }, (_, i) => ({ id: i + 1,
    kind: 'room', name: `deep ${i}`, parent: i, state: 'crashed' }));
  const circle = [1, 2, 3].map((i) => ({ id: 20_000 + i, kind: 'room',
    name: `round ${i}`, parent: 20_000 + i % 3 + 1 }));
  feed.send({ ...node.part(node.at, 0, 1, [...chain, ...circle,
    { id: 30_000, kind: 'room', name: 'own parent', parent: 30_000 }]),
  node: 'n-3' });
  for (const name of ['deep 5', 'round 1', 'own parent']) {
    await page.fill('#tree-filter', name);
    await shows(page, '#tree [role=treeitem]', name);
  }
  await page.fill('#tree-filter', '');
  await shows(page, '#tree-count', /10,0\d\d actors/);
});

test('a node is gone to by its id, though all are called node', async (t) => {
  const { page } = await watched(t, '#tree');
  await shows(page, '#tree [role=treeitem]', 'n-2');
  await page.keyboard.press('j');
  await page.keyboard.type('n-2');
  assert.match((await focused(page)).text, /^noden-2/);
});

test('rooms are sorted by their headings, and the address keeps it',
  async (t) => {
    const { page } = await watched(t, '#rooms');
    await shows(page, '#rooms tbody tr', 'attic');
    await page.click('#rooms th[data-by=name] button');
    assert.deepEqual(await rows(page), ['attic', 'chess', 'den', 'lobby']);
    assert.equal(await page.getAttribute('#rooms th[data-by=name]',
      'aria-sort'), 'ascending');
    await page.click('#rooms th[data-by=name] button');
    assert.deepEqual(await rows(page), ['lobby', 'den', 'chess', 'attic']);
    await page.reload();
    await shows(page, '#rooms tbody tr', 'attic');
    await eventually('they stand as before', async () =>
      (await rows(page)).join() === 'lobby,den,chess,attic');
    await page.click('#rooms tbody tr:last-child');
    await shows(page, '#rooms-detail h2', 'attic');
    await page.goBack();
    await shows(page, '#rooms-detail', 'Choose a room');
  });

test('an address leads to what it names', async (t) => {
  const node = nodeWith('n-1', ['lobby']);
  const gateway = [...node.actors.values()]
    .find(({ kind }) => kind === 'gateway');
  for (let i = 0; i < 100; ++i)
    node.spawn(gateway, { kind: 'connection', name: `c-${i}` });
  const { id } = [...node.actors.values()].at(-5);
  const { page, feed } = await watched(t, `#tree?actor=${id}%40n-1`,
    { nodes: [node] });
  // Far down, in what is folded otherwise.
  await shows(page, '#tree [aria-selected=true]', 'c-95');
  await eventually('it is in sight', () => page.evaluate(() => {
    const row = document.querySelector('#tree [aria-selected=true]');
    const list = document.getElementById('tree').getBoundingClientRect();
    const { top, bottom } = row.getBoundingClientRect();
    return top >= list.top && bottom <= list.bottom;
  }));
  feed.tell(node, [node.event('bus.down', undefined, { level: 'warn' }),
    node.event('node.ready')]);
  await page.evaluate(() => {
    location.hash = '#events?level=warn&event=bus.';
  });
  await shows(page, '#events-count', /^1 of 2/);
  assert.equal(await page.inputValue('#events-event'), 'bus.');
  await page.evaluate(() => { location.hash = '#overview?node=n-1&span=60'; });
  await shows(page, '#spans [aria-pressed=true]', '1 min');
  assert.equal(await page.inputValue('#plot-node'), 'n-1');
});

test('events are filtered, unfolded and counted', async (t) => {
  const { page, feed, node, nodes } = await watched(t, '#events');
  const room = roomOf(node, 'lobby');
  for (let i = 0; i < 30; ++i)
    feed.tell(node, [node.event('member.lagging', room, { level: 'warn',
      room: 'lobby', connection: `c-${i}`, dropped_bytes: i })]);
  feed.tell(nodes[1], [nodes[1].event('bus.down', undefined,
    { level: 'warn', reason: 'connection refused', link: 'publish' })], 7);
  feed.tell(nodes[1], [nodes[1].event('node.ready')]);
  await shows(page, '#events-count', '32 events, 7 left out by nodes');
  const names = () => page.$$eval('#events .event', (all) =>
    all.map((each) => each.textContent));
  assert.deepEqual((await names()).slice(0, 3),
    ['node.ready', 'bus.down', 'member.lagging']);
  await page.selectOption('#events-level', 'warn');
  await shows(page, '#events-count', '31 of 32 events, 1 filtered out');
  await page.selectOption('#events-node', 'n-2');
  await shows(page, '#events-count', /^1 of 32/);
  assert.match(page.url(), /#events\?level=warn&node=n-2$/);
  await page.click('#events-clear');
  await page.fill('#events-q', 'C-17');
  await shows(page, '#events-count', /^1 of 32/);
  await page.fill('#events-q', '');
  await page.fill('#events-event', 'bus.');
  await shows(page, '#events-count', /^1 of 32/);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await page.fill('#events-event', '');
  await page.click('#events .row:nth-child(3)');
  await shows(page, '#events .fields', 'dropped_bytes');
  await shows(page, '#events .inside', /line \d+ of the log/);
  await page.click('#events .row[aria-expanded=true] >> text=Only this actor');
  await shows(page, '#events-only', `only actor ${room.id} of n-1`);
  await shows(page, '#events-count', /^30 of 32/);
  await page.click('#events-only');
  await shows(page, '#events-count', '32 events');
  await page.keyboard.press('j');
  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  assert.equal(await page.getAttribute('#events .row:focus', 'aria-expanded'),
    'true');
  await page.keyboard.press('Escape');
  assert.equal(await page.getAttribute('#events .row:focus', 'aria-expanded'),
    'false');
});

test('who reads an event is not pushed away by new ones', async (t) => {
  const { page, feed, node } = await watched(t, '#events');
  const say = (count, text) => feed.tell(node, Array.from({ length: count },
    () => node.event('bus.gap', undefined, { level: 'warn', room: text })));
  say(200, 'old');
  await shows(page, '#events-count', '200');
  await page.$eval('#events', (list) => { list.scrollTop = 1_000; });
  const top = () => page.evaluate(() => {
    const { top: y, left } = document.getElementById('events')
      .getBoundingClientRect();
    return document.elementFromPoint(left + 20, y + 10).closest('.row')?.key;
  });
  const before = await eventually('rows are drawn there', top);
  say(50, 'new');
  await shows(page, '#events-count', '250');
  assert.equal(await top(), before);
  await page.click('#events-newer');
  await shows(page, '#events .subject', 'new');
  assert.equal(await page.$eval('#events', (list) => list.scrollTop), 0);
});

test('a pause holds what one looks at, and says what one misses', async (t) => {
  const { page, feed, node } = await watched(t, '#events');
  const say = (text) => feed.tell(node,
    [node.event('bus.gap', undefined, { level: 'warn', room: text })]);
  say('before');
  await shows(page, '#events .subject', 'before');
  await page.keyboard.press('p');
  await page.waitForSelector('#state[data-is=paused]');
  say('meanwhile');
  say('meanwhile');
  await shows(page, '#events-newer', 'Go on: 2 newer');
  assert.equal(await page.locator('#events .row').count(), 1);
  // Filters work on what there was.
  await page.fill('#events-q', 'bus');
  await shows(page, '#events-count', /^1 of/);
  assert.equal(await page.locator('#events .row').count(), 1);
  await page.fill('#events-q', '');
  await page.keyboard.press('Escape');
  await page.keyboard.press('4');
  await shows(page, '#crashes-empty', 'Nothing has crashed');
  feed.tell(node, node.crash(roomOf(node, 'lobby')));
  await shows(page, '#crash-badge', '1');
  assert.equal(await page.locator('#crashes li').count(), 0);
  await page.keyboard.press('5');
  await page.keyboard.press('p');
  await shows(page, '#events .subject', 'meanwhile');
  assert.equal(await page.locator('#events .row').count(), 4);
});

test('the page comes back by itself, and says how old it is until then',
  async (t) => {
    const { page, feed, node } = await watched(t, '#rooms');
    await shows(page, '#rooms tbody tr', 'attic');
    feed.refusal = 503; // As a proxy says while the node is away.
    feed.cut();
    await page.waitForSelector('#state[data-is=lost]');
    await shows(page, '#notice', /What you see is of \d\d:\d\d:\d\d UTC/);
    assert.equal((await rows(page)).length, 4, 'what was known stays');
    await eventually('it has been refused', () => feed.refused > 0);
    await eventually('the tab tells it, too', async () =>
      /^\(offline\)/.test(await page.title()));
    await page.keyboard.press('1');
    await shows(page, '#nodes tr[data-is=ready]', 'n-1');
    await page.keyboard.press('3');
    node.spawn(node.keepers[0], { kind: 'room', name: 'new' });
    node.exit(roomOf(node, 'attic'));
    feed.refusal = 0;
    await live(page);
    await shows(page, '#rooms tbody tr', 'new');
    await eventually('what is gone is gone', async () =>
      !(await rows(page)).includes('attic'));
    assert.ok(await page.isHidden('#notice'));
  });

test('a page that is one too many says why it sees nothing', async (t) => {
  const feed = await Feed.start(t, [nodeWith('n-1', ['lobby'])]);
  feed.refusal = 503;
  feed.reason = 'so many pages watch already';
  const page = await tab(t, feed.url, { excuses: /503|ERR_|EventSource/ });
  await shows(page, '#notice', 'refused: so many pages watch already.');
  feed.reason = '';
  await page.click('#again');
  await shows(page, '#notice', 'refused: status 503.');
  feed.refusal = 0;
  await page.click('#again');
  await live(page);
  assert.ok(await page.isHidden('#notice'));
});

test('before anything comes the page says so', async (t) => {
  const feed = await Feed.start(t, []);
  feed.refusal = 401;
  const page = await tab(t, feed.url, { excuses: /401|ERR_|EventSource/ });
  await page.waitForSelector('#state[data-is=lost]');
  await shows(page, '#notice', 'The node wants a token: reload the page');
  await shows(page, '#well', 'Waiting for the node');
  feed.refusal = 0;
  await page.click('#again');
  await live(page);
  await shows(page, '#well', 'Waiting for figures');
  await page.keyboard.press('3');
  await shows(page, '#rooms-empty', 'Waiting for the first tree');
});

test('names are text, whatever they hold', async (t) => {
  const hostile = ['<img src=x onerror="document.title=1">',
    'a\u202egpj.exe', '\u0000\u001b[31m', `long ${'x'.repeat(10_000)}`,
    '</script><script>document.title=1</script>', '__proto__', 'constructor',
    '', '?#&=%', 'z\u0335\u0336\u0337\u0338\u0339'];
  const nodes = [nodeWith('n-1', hostile), nodeWith('<b>n</b>', ['lobby'])];
  const { page, feed, node } = await watched(t, '#rooms', { nodes });
  await shows(page, '#rooms tbody tr', 'lobby');
  const shown = await rows(page);
  assert.equal(shown.length, hostile.length + 1);
  for (const text of ['<img src=x onerror="document.title=1">',
    'a\\u{202e}gpj.exe', '\\x00\\x1b[31m', '__proto__', 'constructor',
    '(no name)', 'z\u0335\u0336\\u{337}\\u{338}\\u{339}'])
    assert.ok(shown.includes(text), `${text} in ${shown.join('\n')
      .slice(0, 2_000)}`);
  for (const name of hostile) {
    const room = roomOf(node, name);
    feed.tell(node, [...node.crash(room, name),
      node.event('actor.flight', room, { entry: 0, age_us: 1, what: name }),
      node.event(name || 'x', room, { reason: name, __proto__: 1 })]);
  }
  for (const key of ['1', '2', '4', '5', '3']) {
    await page.keyboard.press(key);
    await page.waitForSelector('main > section:not([hidden])');
    assert.equal(await page.locator('main img, main script, main b b').count(),
      0);
  }
  for (let i = 0; i < shown.length; ++i) {
    await page.locator('#rooms tbody a').nth(i).click();
    await shows(page, '#rooms-detail h2', shown[i].slice(0, 40));
  }
  assert.match(await page.title(), /Rooms · Greenroom/);
  const wide = await page.evaluate(() => document.body.scrollWidth);
  assert.ok(wide <= DESKTOP.width, `the page is ${wide} wide`);
});

for (const colorScheme of ['light', 'dark'])
  test(`every text can be read (${colorScheme})`, async (t) => {
    const { page, feed, nodes } = await watched(t, '', { colorScheme });
    nodes[1].ready = 'Redis is not reached';
    nodes[1].slowest = [{ name: 'c-1 lobby', per_second: 6_144 }];
    const [one, two] = [roomOf(nodes[0], 'lobby'), roomOf(nodes[1], 'den')];
    feed.tell(nodes[0], [...nodes[0].crash(one), ...nodes[0].restart(one),
      nodes[0].event('log.limited', undefined, { level: 'warn' })]);
    feed.tell(nodes[1], nodes[1].crash(two));
    await shows(page, '#troubles li', 'not ready');
    await shows(page, '#recent li', 'den');
    const grounds = new Set();
    for (const hash of ['#overview', '#tree', `#tree?actor=${one.id}%40n-1`,
      '#rooms?room=lobby', '#crashes', '#events']) {
      await page.evaluate((to) => { location.hash = to; }, hash);
      await page.locator('main > section:not([hidden])').waitFor();
      const { faint, ground } = await page.evaluate(contrasts);
      assert.deepEqual(faint, [], `on ${hash}`);
      grounds.add(ground);
    }
    assert.equal(grounds.size, 1);
    const [ground] = grounds;
    assert.ok(colorScheme === 'dark' ? ground < 0.1 : ground > 0.8, `${ground}`);
  });

/** In the page: texts with less than 4.5:1, and how light its ground is. */
function contrasts() {
  const canvas = document.createElement('canvas').getContext('2d',
    { willReadFrequently: true });
  canvas.canvas.width = canvas.canvas.height = 1;
  /** What is painted of colours one upon the other. */
  const painted = (colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) {
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
    }
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const light = (data) => {
    const [r, g, b] = [...data].slice(0, 3).map((c) => c / 255).map((c) =>
      (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const groundOf = (element) => {
    const colours = [];
    for (let at = element; at; at = at.parentElement)
      colours.unshift(getComputedStyle(at).backgroundColor);
    return colours;
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body,
    NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { textContent, parentElement: element } = walker.currentNode;
    if (!textContent.trim() || !element.checkVisibility?.()
        || element.closest('option, noscript, .unseen')) continue;
    const style = getComputedStyle(element);
    const ground = groundOf(element);
    const ink = element instanceof SVGElement ? style.fill : style.color;
    const [a, b] = [light(painted(ground)), light(painted([...ground, ink]))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5)
      faint.push(`${textContent.trim().slice(0, 40)}: ${ratio.toFixed(2)} `
        + `(${element.className})`);
  }
  return { faint, ground: light(painted(groundOf(document.body))) };
}

test('it fits a phone, view by view', async (t) => {
  const { page, feed, nodes, node } = await watched(t, '',
    { viewport: PHONE, hasTouch: true, isMobile: true });
  const room = roomOf(node, 'lobby');
  feed.tell(node, [...node.crash(room, 'x'.repeat(300)),
    node.event('bus.gap', undefined, { room: 'y'.repeat(300) })]);
  nodes[1].ready = 'z'.repeat(300);
  await eventually('latencies are there', async () =>
    /µs|ms/.test(await page.textContent('#stages tbody tr:last-child')));
  for (const hash of ['#overview', '#tree', `#tree?actor=${room.id}%40n-1`,
    '#rooms', '#rooms?room=lobby', '#crashes', '#events']) {
    await page.evaluate((to) => { location.hash = to; }, hash);
    await page.locator('main > section:not([hidden])').waitFor();
    const { wide, nav, out } = await page.evaluate(() => ({
      wide: Math.max(document.documentElement.scrollWidth,
        document.querySelector('main').scrollWidth),
      nav: document.querySelector('nav').getBoundingClientRect(),
      out: [...document.querySelectorAll('button, a, input, select, h3, td')]
        .filter((each) => each.checkVisibility()
          && !each.closest('.skip, .list'))
        .filter((each) => each.getBoundingClientRect().right
          > (each.closest('.card, .scroll, .detail') ?? document.body)
            .getBoundingClientRect().right)
        .map((each) => each.outerHTML.slice(0, 80)),
    }));
    assert.ok(wide <= PHONE.width, `${hash} is ${wide} wide`);
    assert.ok(Math.abs(nav.bottom - PHONE.height) < 2, 'the views are below');
    assert.deepEqual(out, [], hash);
  }
  // One thing at a time: the room takes the place of the list.
  await page.tap('nav a[data-view=rooms]');
  await page.tap('#rooms tbody tr >> text=lobby');
  await page.waitForSelector('#rooms-detail .back');
  assert.ok(await page.isHidden('#rooms'));
  await page.tap('#rooms-detail .back');
  assert.ok(await page.isVisible('#rooms'));
});

test('a plot is read by keys', async (t) => {
  const { page } = await watched(t);
  await eventually('there are three points', async () =>
    Number(await page.getAttribute('#plot-traffic svg.plot', 'aria-valuemax'))
      >= 2);
  await page.focus('#plot-traffic svg.plot');
  const place = () => page.$eval('#plot-traffic svg.plot', (svg) =>
    [svg.getAttribute('aria-valuenow'), svg.getAttribute('aria-valuemax')]
      .map(Number));
  await page.keyboard.press('ArrowLeft');
  const [now, last] = await place();
  assert.ok(now < last, `${now} of ${last}`); // Points go on coming.
  await shows(page, '#plot-traffic .moment', 'UTC');
  assert.match(await page.getAttribute('#plot-traffic svg.plot',
    'aria-valuetext'), /^\d\d:\d\d:\d\d UTC: from clients [\d,–]+/);
  await page.keyboard.press('Escape');
  assert.equal(await page.textContent('#plot-traffic .moment'), 'now');
});

test('who wants no motion sees none', async (t) => {
  const { page } = await watched(t, '', { reducedMotion: 'reduce' });
  assert.equal(await page.evaluate(() => [...document.querySelectorAll('*')]
    .filter((each) => {
      const { transitionDuration, animationName } = getComputedStyle(each);
      return transitionDuration !== '0s' || animationName !== 'none';
    }).length), 0);
});

test('5,000 actors and 500 events a second leave it smooth and no larger',
  async (t) => {
    const node = new TrueNode('n-1', { at: Date.now() });
    for (let i = 0; i < 5_000; ++i)
      node.spawn(node.keepers[i % 2], { kind: 'room', name: `room ${i}`,
        members: i, here: i });
    const { page, feed } = await watched(t, '#tree?q=room', { nodes: [node] });
    await shows(page, '#tree-count', '5,000 actors');
    const rooms = [...node.actors.values()]
      .filter(({ kind }) => kind === 'room');
    let told = 0;
    const flood = setInterval(() => {
      const events = [];
      for (let i = 0; i < 10; ++i) {
        const room = rooms[(told * 7) % rooms.length];
        node.at += 1;
        events.push(...(told++ % 2 ? node.restart(room) : node.crash(room)));
      }
      feed.tell(node, events);
    }, 20);
    t.after(() => clearInterval(flood));
    await page.evaluate(() => {
      window.longest = 0;
      window.late = 0;
      window.frames = 0;
      let last = performance.now();
      const next = (now) => {
        window.longest = Math.max(window.longest, now - last);
        if (now - last > 100) ++window.late;
        ++window.frames;
        last = now;
        requestAnimationFrame(next);
      };
      requestAnimationFrame(next);
      window.drawings = 0;
      let drawn = 0;
      window.begun = last;
      new MutationObserver(() => {
        if (performance.now() - drawn > 8) ++window.drawings;
        drawn = performance.now();
      }).observe(document.querySelector('main'),
        { subtree: true, childList: true, characterData: true });
    });
    for (const hash of ['#tree?q=room', '#events', '#rooms', '#events?q=room+4',
      '#overview', '#crashes']) {
      await page.evaluate((to) => { location.hash = to; }, hash);
      const before = told;
      await eventually('a second of events has come', () =>
        told > before + 500);
      const { size, deep } = await page.evaluate(() => ({
        size: document.querySelectorAll('*').length,
        deep: document.querySelectorAll('[role=treeitem]').length }));
      assert.ok(size < 8_000, `${hash} has ${size} elements`);
      assert.ok(deep < 200, `${hash} has ${deep} rows`);
    }
    const { longest, late, frames, often } = await page.evaluate(() =>
      ({ longest, late, frames,
        often: 1_000 * drawings / (performance.now() - begun) }));
    t.diagnostic(`longest frame ${longest.toFixed(0)} ms, ${late} of ${frames}`
      + ` over 100 ms, drawn ${often.toFixed(1)} times a second`);
    assert.ok(often < 6, `it is drawn ${often} times a second`);
    // The machine has other work, too: one frame may be late, most may not.
    assert.ok(late < frames / 10 && longest < 1_000 * (SOON / 10_000),
      `${late} of ${frames} frames were late, the longest took ${longest} ms`);
  });
