// `test` and `shared` of this suite: node:test, with a time limit on every
// test, and with everything a test started ended in reverse order.

import { after, test as nodeTest } from 'node:test';

import { Scope } from './scope.mjs';
import { SOON } from './wait.mjs';

export function test(name, body, { timeout = 6 * SOON } = {}) {
  nodeTest(name, { timeout }, async (t) => {
    const scope = new Scope((line) => t.diagnostic(line));
    t.after(() => scope.end());
    await body(scope);
  });
}

/**
 * Something that all tests of a file use: made by the first that asks, and
 * again after a node has crashed, so that one fault is one red test (and the
 * crash is told at the end of the file).
 */
export function shared(make) {
  let made;
  return async () => {
    if (made && (await made).process?.running === false) made = null;
    made ??= make(file);
    return made;
  };
}

const file = new Scope(() => {});
after(() => file.end());
