// `test` and `shared` of this suite: node:test, with a time limit on every
// test, and with everything a test started ended in reverse order.

import { after, test as nodeTest } from 'node:test';

import { SOON } from './wait.mjs';

/** What has to be undone, last first. */
class Scope {
  #undo = [];

  constructor(diagnostic) {
    /** Adds a line to the report of the test. */
    this.diagnostic = diagnostic;
  }

  after(step) {
    this.#undo.push(step);
  }

  async end() {
    const faults = [];
    while (this.#undo.length > 0) {
      try {
        await this.#undo.pop()();
      } catch (fault) {
        faults.push(fault);
      }
    }
    if (faults.length > 0) throw faults[0];
  }
}

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
