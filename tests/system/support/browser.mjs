// A real Chromium, and tabs in it.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';

import { chromium } from 'playwright-core';

import { shared } from './test.mjs';
import { SOON } from './wait.mjs';

const executablePath = [process.env.CHROMIUM, '/usr/bin/chromium',
  '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/snap/bin/chromium']
  .find((path) => path && existsSync(path));

const browser = shared(async (file) => {
  assert.ok(executablePath,
    'no Chromium: install it, or name it in the environment as CHROMIUM');
  const started = await chromium.launch({ executablePath, args: [
    // As root in a container there is no sandbox; it loads our page only.
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update',
    '--disable-sync',
  ] });
  file.after(() => started.close());
  return started;
});

/**
 * A tab of its own profile; whatever its page complains of fails the test, but
 * for what `excuses` matches: a node that is away on purpose is told by the
 * browser as well.
 */
export async function tab(t, url, { excuses = /WebSocket/, ...options } = {}) {
  const context = await (await browser()).newContext(options);
  t.after(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(SOON);
  page.complaints = [];
  page.on('pageerror', (error) => page.complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !excuses.test(message.text()))
      page.complaints.push(message.text());
  });
  t.after(() => assert.deepEqual(page.complaints, []));
  await page.goto(url);
  return page;
}
