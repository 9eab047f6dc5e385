// The page at `/` in a real Chromium: two tabs talk.

import assert from 'node:assert/strict';

import { tab } from './support/browser.mjs';
import { connect } from './support/client.mjs';
import { openNode } from './support/node.mjs';
import { freePort } from './support/redis.mjs';
import { shared, test } from './support/test.mjs';
import { SOON, eventually } from './support/wait.mjs';

const open = shared((file) => openNode(file, { 'demo.page': true }));

/** A tab in which `name` has joined `room` by the form. */
async function joined(t, node, room, name, options) {
  const page = await tab(t, node.http('/'), options);
  await page.fill('#name', name);
  await page.fill('#where', room);
  await page.click('#door button.main');
  await page.waitForSelector('#state[data-is=online]');
  return page;
}

const say = async (page, text) => {
  await page.fill('#say', text);
  await page.press('#say', 'Enter');
};

const saying = (page, text) =>
  page.locator('.message .said', { hasText: text }).first().waitFor();

const people = (page) =>
  page.$$eval('#members li', (all) => all.map((li) => li.dataset.user).sort());

const peopleAre = (page, ...names) =>
  eventually(`the list says ${names}`, async () =>
    (await people(page)).join() === names.sort().join());

test('two tabs talk', async (t) => {
  const node = await open();
  const ada = await joined(t, node, 'talk', 'Ada');
  const bob = await joined(t, node, 'talk', 'Bob');
  await say(ada, 'Hello Bob');
  await saying(bob, 'Hello Bob');
  await say(bob, 'Hello Ada');
  await saying(ada, 'Hello Ada');
  assert.deepEqual(await ada.$$eval('.message .said', (all) =>
    all.map((p) => p.textContent)), ['Hello Bob', 'Hello Ada']);
  await eventually('what Ada said has been accepted', () =>
    ada.$eval('#messages', (list) => !list.querySelector('.pending')));
  assert.equal(await ada.inputValue('#say'), '');
});

test('two tabs see each other come, type and go', async (t) => {
  const node = await open();
  const ada = await joined(t, node, 'here', 'Ada');
  await peopleAre(ada, 'Ada');
  const bob = await joined(t, node, 'here', 'Bob');
  await peopleAre(ada, 'Ada', 'Bob');
  await peopleAre(bob, 'Ada', 'Bob');
  await bob.type('#say', 'I am thi');
  await ada.waitForSelector('#typing:text("Bob is typing")');
  await bob.fill('#say', '');
  await ada.waitForFunction(() =>
    document.getElementById('typing').textContent === '');
  await bob.close();
  await peopleAre(ada, 'Ada');
});

test('what people say and are called is text and never markup', async (t) => {
  const node = await open();
  const nasty = '<img src=x onerror="document.title=1">';
  const ada = await joined(t, node, nasty, 'Ada');
  const bob = await joined(t, node, nasty, nasty);
  await say(bob, `${nasty}<script>document.title = 1</script>`);
  await saying(ada, '<script>');
  await peopleAre(ada, 'Ada', nasty);
  assert.equal(await ada.$$eval('#room img, #room script', (all) => all.length),
    0);
  assert.match(await ada.title(), /Greenroom/);
});

test('the URL names room and person, and can be shared', async (t) => {
  const node = await open();
  const ada = await joined(t, node, 'Tea & cake', 'Ada L.');
  const url = new URL(ada.url());
  const hash = new URLSearchParams(url.hash.slice(1));
  assert.deepEqual([hash.get('room'), hash.get('name')],
    ['Tea & cake', 'Ada L.']);
  const again = await tab(t, url.href);
  await again.waitForSelector('#state[data-is=online]');
  assert.equal(await again.textContent('#title'), 'Tea & cake');
  await ada.click('#leave');
  await peopleAre(again, 'Ada L.');
  const guest = await tab(t, node.http('/#room=Tea+%26+cake'));
  assert.equal(await guest.inputValue('#where'), 'Tea & cake');
});

test('the page talks with clients of any other kind', async (t) => {
  const node = await open();
  const ada = await joined(t, node, 'mixed', 'Ada');
  const bob = await connect(t, node);
  await bob.join('mixed', { userId: 'Bob' });
  await bob.request({ type: 'message', roomId: 'mixed', data: { x: 1 } });
  await saying(ada, '"x": 1');
  await say(ada, 'several\nlines');
  assert.equal((await bob.next('message')).text, 'several\nlines');
});

test('[P-1.11] two tabs talk compressed where the node agrees', async (t) => {
  const node = await openNode(t, { 'demo.page': true, 'deflate.enabled': true,
    'deflate.min-bytes': 0 });
  const ada = await joined(t, node, 'talk', 'Ada');
  const bob = await joined(t, node, 'talk', 'Bob');
  await node.event('connection.opened', { deflate: true });
  const long = 'again and again '.repeat(40);
  await say(ada, long);
  await saying(bob, long.trim());
  await say(bob, 'Hello Ada');
  await saying(ada, 'Hello Ada');
});

test('the page can be used by keyboard alone', async (t) => {
  const node = await open();
  const page = await tab(t, node.http('/'));
  await page.keyboard.type('Ada');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('keys');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#state[data-is=online]');
  await page.keyboard.type('typed blind');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('second line');
  await page.keyboard.press('Enter');
  await saying(page, 'typed blind\nsecond line');
});

test('[P-5.3] the page comes back by itself when the node does', async (t) => {
  const port = await freePort();
  const settings = { 'demo.page': true, 'net.port': port };
  const first = await openNode(t, settings);
  const ada = await joined(t, first, 'restart', 'Ada');
  await say(ada, 'before');
  await first.stop();
  await ada.waitForSelector('#state[data-is=waiting]');
  await peopleAre(ada);
  const second = await openNode(t, settings);
  await ada.waitForSelector('#state[data-is=online]', { timeout: 3 * SOON });
  const bob = await connect(t, second);
  await bob.join('restart');
  await say(ada, 'after');
  assert.equal((await bob.next('message')).text, 'after');
});

test('[P-5.3] the page does not come back when the node says so', async (t) => {
  const node = await openNode(t,
    { 'demo.page': true, 'auth.anonymous': false, 'auth.timeout': '200ms' });
  const page = await tab(t, node.http('/#room=x&name=Ada'));
  await page.waitForSelector('#state[data-is=closed]');
  assert.match(await page.textContent('#state'), /Auth timeout/);
  assert.ok(await page.isVisible('#again'));
});

test('the page fits a phone', async (t) => {
  const node = await open();
  const page = await joined(t, node, 'phone', 'Ada',
    { viewport: { width: 360, height: 640 } });
  await say(page, 'x'.repeat(300));
  await saying(page, 'xxx');
  const { wide, button } = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth,
    button: document.querySelector('#composer button').getBoundingClientRect(),
  }));
  assert.ok(wide <= 360, `the page is ${wide} wide`);
  assert.ok(button.bottom <= 640 && button.right <= 360);
});
