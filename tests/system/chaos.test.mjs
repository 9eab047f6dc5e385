// Clusters under faults keep what they promise, by histories of short runs with
// fixed seeds; `./dev chaos` makes longer ones. And a promise that is broken on
// purpose is found out, by its name.

import assert from 'node:assert/strict';

import { describe } from './chaos/check.mjs';
import { keptAt } from './chaos/history.mjs';
import { runChaos } from './chaos/run.mjs';
import { FAULTS, faultsOf, schedule } from './chaos/schedule.mjs';
import { test } from './support/test.mjs';
import { SOON } from './support/wait.mjs';

const LONG = { timeout: 15 * SOON };

/** A run, whose history is kept when it breaks what it must not. */
async function keepsItsPromises(t, options) {
  const { history, complaints } = await runChaos(t,
    { ...options });
  if (complaints.length === 0) return;
  const file = keptAt(options);
  history.save(file);
  assert.fail(`seed ${options.seed}, history in ${file}\n`
    + describe(complaints));
}

test('one node under faults keeps its promises', (t) =>
  keepsItsPromises(t, { profile: 'single', seed: 1, seconds: 4,
    state: true }), LONG);

test('three nodes and Redis under faults keep the promises of fifo', (t) =>
  keepsItsPromises(t, { profile: 'fifo', seed: 2, seconds: 7,
    state: true }), LONG);

test('three nodes and Redis under faults keep the promises of total', (t) =>
  keepsItsPromises(t, { profile: 'total', seed: 3, seconds: 7, resume: true,
    state: true }), LONG);

test('what Pub/Sub brings twice is delivered once', (t) =>
  keepsItsPromises(t, { profile: 'fifo', seed: 4, seconds: 1, faults: 'none',
    break: 'bus-double' }), LONG);

/** What is falsified, and the rules of which one at least must complain. */
const BROKEN = {
  forget: /jump|missing/,
  repeat: /twice/,
  renumber: /moved/,
  invent: /nowhere/,
  unanswer: /answered/,
  swap: /one-order|jump/,
  hide: /presence/,
  unhand: /delivered/,
  'hand-twice': /directed/,
  tell: /directed/,
  'page-hole': /history/,
  'page-lie': /identity|moved/,
  hurry: /ttl/,
  unbind: /bound/,
  'bus-drop': /missing/,
  'bus-drop-directed': /delivered/,
};

for (const [name, rule] of Object.entries(BROKEN))
  test(`a promise broken by ${name} is found out`, async (t) => {
    const { complaints } = await runChaos(t, {
      profile: name.startsWith('bus-') ? 'fifo' : 'single', seed: 5, seconds: 1,
      faults: 'none', break: name, state: /ttl|bound/.test(rule.source),
    });
    assert.match(complaints.map((found) => found.rule).join(), rule);
  }, LONG);

test('a recovery that did not happen is found out', async (t) => {
  const { complaints } = await runChaos(t, { profile: 'single', seed: 6,
    seconds: 2, faults: 'client-drop', break: 'recover' });
  assert.match(describe(complaints), /^recovered \[P-4\.2\]/m);
}, LONG);

test('keys that nobody is told to be gone are found out', async (t) => {
  const { complaints } = await runChaos(t, { profile: 'single', seed: 6,
    seconds: 1, rate: 40, faults: 'client-drop', state: true, break: 'keep' });
  assert.match(describe(complaints), /^bound \[P-3\.17\]/m);
}, LONG);

test('the same seed gives the same schedule, and another one another', () => {
  const plan = (seed, faults = faultsOf('all')) => schedule({ seed, seconds: 20,
    clients: 9, nodes: 3, rooms: 3, faults, state: true });
  assert.deepEqual(plan(7), plan(7));
  assert.notDeepEqual(plan(7), plan(8));
  const talk = (operations) =>
    operations.filter(({ what }) => !(what in FAULTS));
  assert.deepEqual(talk(plan(7)), plan(7, []), 'faults change no talk');
  const seen = new Set(Array.from({ length: 20 }, (_, seed) => plan(seed))
    .flat().map(({ what }) => what));
  for (const name of [...Object.keys(FAULTS), 'say', 'direct', 'ask', 'set'])
    assert.ok(seen.has(name), name);
});
