// The event log as a log tool reads it. That every line keeps docs/events.md is
// checked in every test of this suite (support/node.mjs).

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { connect } from './support/client.mjs';
import { complaintOf, isEvent, LogCheck, schema } from './support/events.mjs';
import { openNode, runToEnd } from './support/node.mjs';
import { test } from './support/test.mjs';
import { eventually } from './support/wait.mjs';

const docs = (name) => readFileSync(
  new URL(`../../docs/${name}`, import.meta.url), 'utf8');

test('lines are numbered from 1 without holes, from the first to the last',
  async (t) => {
    const node = await openNode(t);
    const client = await connect(t, node);
    await client.join('lobby');
    await node.stop();
    const lines = node.events.items;
    assert.equal(lines[0].event, 'node.starting');
    assert.equal(lines.at(-1).event, 'node.stopped');
    assert.deepEqual(lines.map(({ seq }) => seq), lines.map((_, i) => i + 1));
    for (const line of lines)
      assert.ok(isEvent(line), JSON.stringify([line, isEvent.errors]));
  });

test('of a crowd, some are told of and the others counted', async (t) => {
  const crowd = 20;
  const node = await openNode(t, { 'log.limited-per-second': 5 });
  for (let i = 0; i < crowd; ++i) await connect(t, node);
  const told = () => node.events.items
    .filter(({ event }) => event === 'connection.opened').length;
  const held = () => node.events.items
    .filter(({ event, of }) => event === 'log.limited'
      && of === 'connection.opened')
    .reduce((sum, { held_back }) => sum + held_back, 0);
  await eventually('everybody is told of or counted', () =>
    told() + held() === crowd);
  assert.ok(told() >= 5);
});

test('what the program prints are the documents', async (t) => {
  for (const [verb, file] of [['--print-events', 'events.md'],
    ['--print-events-schema', 'events.schema.json']]) {
    const { code, stdout } = await runToEnd(t, [verb]);
    assert.equal(code, 0);
    assert.equal(stdout, docs(file));
  }
});

// -- the checker itself: what it does not see, no test sees -------------------

const good = {
  v: 1, ts: '2026-11-22T12:00:00.123Z', seq: 1, level: 'info',
  event: 'connection.authenticated', node: 'n1',
  connection: 'c-1', user: 'ada', way: 'token',
};
const speaker = { actor: 7, kind: 'connection', name: 'c-1', parent: 3 };
const without = (name) => {
  const { [name]: gone, ...rest } = good;
  return rest;
};

test('the schema takes what is declared', () => {
  for (const line of [good, { ...good, ...speaker },
    { ...good, actor: 7, kind: 'connection' }]) {
    assert.equal(complaintOf(line), null);
    assert.ok(isEvent(line));
  }
});

test('the schema refuses what is not', () => {
  const bad = {
    'an event of no such name': { ...good, event: 'connection.lost' },
    'a field that is not declared': { ...good, more: 1 },
    'a number for a text': { ...good, user: 1 },
    'another level': { ...good, level: 'warn' },
    'another version': { ...good, v: 2 },
    'a time that is none': { ...good, ts: '2026-11-22 12:00' },
    'a number of a line that is none': { ...good, seq: 0 },
    'an actor without its kind': { ...good, actor: 7 },
    'a name of nobody': { ...good, name: 'lobby' },
    'a negative count': {
      ...good, event: 'log.dropped', level: 'warn', lines: -1 },
  };
  for (const name of Object.keys(good))
    bad[`no ${name}`] = without(name);
  for (const [what, line] of Object.entries(bad)) {
    assert.notEqual(complaintOf(line), null, what);
    assert.ok(!isEvent(line), what);
  }
});

test('a log with holes, twins or torn lines is complained of', () => {
  const check = (...lines) => {
    const log = new LogCheck();
    for (const line of lines)
      log.read(typeof line === 'string' ? line : JSON.stringify(line));
    return log;
  };
  const at = (seq) => ({ ...good, seq });
  const dropped = (seq, lines) => ({
    v: 1, ts: good.ts, seq, level: 'warn', event: 'log.dropped', node: 'n1',
    lines });
  const ended = { wasKilled: false };
  const killed = { wasKilled: true };
  assert.deepEqual(check(at(1), at(2)).atEnd(ended), []);
  assert.deepEqual(check(at(1), at(4), dropped(5, 2)).atEnd(ended), []);
  assert.equal(check(at(1), at(4)).atEnd(ended).length, 1);
  assert.equal(check(at(1), at(4)).atEnd(killed).length, 0);
  assert.equal(check(at(2), at(1)).complaints.length, 1);
  assert.equal(check(at(1), '{"v":1').atEnd(ended).length, 1);
  assert.equal(check(at(1), '{"v":1').atEnd(killed).length, 0);
  assert.equal(check(at(1), '{"v":1', at(2)).atEnd(killed).length, 1);
});

test('every event of the schema has its name, level and sampling', () => {
  const names = Object.keys(schema.$defs).filter((name) => name !== 'ts');
  assert.equal(schema.oneOf.length, names.length);
  for (const name of names) {
    const { properties, additionalProperties, $comment } = schema.$defs[name];
    assert.equal(properties.event.const, name);
    assert.equal(additionalProperties, false);
    assert.match($comment, /^sampling: (usual|limited|always|life)$/);
  }
});
