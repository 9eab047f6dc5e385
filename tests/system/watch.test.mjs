// `greenroom top` and `greenroom replay-log`, over the log of a real node.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, createWriteStream, renameSync, writeFileSync }
  from 'node:fs';
import { createServer } from 'node:net';
import { constants } from 'node:os';
import { join } from 'node:path';

import { connect } from './support/client.mjs';
import { temporaryFolder } from './support/files.mjs';
import { binary, openNode, runToEnd } from './support/node.mjs';
import { Terminal } from './support/terminal.mjs';
import { shared, test } from './support/test.mjs';
import { eventually } from './support/wait.mjs';

/** A log of which it is known what happened. */
const recorded = shared(async (t) => {
  const node = await openNode(t, { 'cluster.node-id': 'n-1',
    'net.loops': 2, 'rooms.linger': '0s' });
  const ann = await connect(t, node);
  const bob = await connect(t, node);
  await ann.join('lobby');
  await bob.join('den');
  const told = (name, fields) => node.event(name, fields);
  await told('actor.spawned', { kind: 'room', name: 'lobby' });
  const full = await told('actor.spawned', { kind: 'room', name: 'den' });
  const spawned = node.events.items.filter(
    ({ event }) => event === 'actor.spawned');
  // Behind its audience nothing more is made; the canary's room has two.
  await eventually('all rooms have audiences', () => node.events.items.filter(
    ({ event, kind }) => event === 'actor.spawned' && kind === 'audience')
    .length === 4);
  const atFull = node.events.items.at(-1);
  bob.socket.close();
  await told('actor.exited', { kind: 'room', name: 'den' });
  await node.stop();
  const folder = temporaryFolder(t);
  const path = join(folder, 'log');
  writeFileSync(path, node.process.stdout);
  return { path, folder, lines: node.events.items, full, atFull, spawned,
    people: [ann, bob].map(({ connectionId }) => connectionId) };
});

/** What of a run of `replay-log --json` is of the one node. */
async function replay(t, ...args) {
  const { code, stdout, stderr } = await runToEnd(t, ['replay-log', ...args]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

function kindsOf({ actors }) {
  const count = {};
  for (const { kind } of actors) count[kind] = (count[kind] ?? 0) + 1;
  return count;
}

const whole = { node: 1, loop: 2, supervisor: 2, keeper: 2, gateway: 2,
  canary: 2, connection: 2, room: 3, audience: 4 };

test('the log of a node tells of its whole tree, as it was at a line',
  async (t) => {
    const { path, atFull, people } = await recorded();
    const { nodes: [node] } =
      await replay(t, path, '--json', '--seq', String(atFull.seq));
    assert.equal(node.node, 'n-1');
    assert.equal(node.phase, 'ready');
    assert.equal(node.lost, 0);
    assert.equal(node.connections, 2);
    assert.deepEqual(kindsOf(node), whole);
    const byId = new Map(node.actors.map((actor) => [actor.id, actor]));
    const above = ({ parent }) => byId.get(parent);
    const chain = (actor) => (actor ? [actor.kind, ...chain(above(actor))] : []);
    const chains = new Set(node.actors.map((actor) => chain(actor).join(' ')));
    assert.deepEqual(chains, new Set(['node', 'loop node',
      'supervisor loop node', 'keeper loop node', 'gateway loop node',
      'canary loop node', 'connection gateway loop node',
      'room keeper loop node',
      'audience supervisor loop node']));
    const names = (kind) => node.actors.filter((actor) => actor.kind === kind)
      .map(({ name }) => name).sort();
    assert.deepEqual(names('connection'), [...people].sort());
    assert.deepEqual(names('room').filter((name) => !name.includes('canary')),
      ['den', 'lobby']);
    for (const { state, restarts } of node.actors)
      assert.deepEqual([state, restarts], ['alive', 0]);
  });

test('the tree may be asked for by time, and at the end nobody is left',
  async (t) => {
    const { path, atFull, lines } = await recorded();
    const { nodes: [then] } = await replay(t, path, '--json', '--at', atFull.ts);
    assert.equal(then.phase, 'ready');
    assert.ok(kindsOf(then).room >= 1);
    const { nodes: [last] } = await replay(t, path, '--json');
    assert.equal(last.phase, 'stopped');
    assert.deepEqual(last.actors, []);
    const born = lines.filter(({ event }) => event === 'actor.spawned');
    assert.equal(last.exited.length, born.length, 'every exit is told of');
    for (const { why } of last.exited)
      assert.notEqual(why, 'the node stopped');
  });

test('the tree is drawn for people', async (t) => {
  const { path, atFull } = await recorded();
  const { stdout } =
    await runToEnd(t, ['replay-log', path, '--seq', String(atFull.seq)]);
  const [head, ...rows] = stdout.trimEnd().split('\n');
  assert.match(head, /^n-1 0\.\d+\.\d+ ready .*, 2 connections$/);
  assert.match(rows[0], /^└── node #\d+$/);
  assert.ok(rows.some((row) => /│ {3}.*room lobby #\d+$/.test(row)
    || / {4}.*room lobby #\d+$/.test(row)), stdout);
});

test('of a log with many nodes the newest are kept, and it is said so',
  async (t) => {
    const { folder } = await recorded();
    const many = join(folder, 'many');
    const nodes = Array.from({ length: 70 }, (_, i) => `n-${i + 100}`);
    writeFileSync(many, nodes.map((node) => `${JSON.stringify({ v: 1,
      ts: '2026-11-22T13:56:09.858Z', seq: 1, level: 'info',
      event: 'node.starting', node, version: '0.1.0' })}\n`).join(''));
    const known = await replay(t, many, '--json');
    assert.deepEqual(known.nodes.map(({ node }) => node), nodes.slice(6));
    assert.equal(known.forgotten, 6);
    for (const verb of ['replay-log', 'top']) {
      const { stdout } = await runToEnd(t, [verb, many]);
      assert.match(stdout, /^6 nodes forgotten$/m);
    }
  });

test('a log of which lines are a bit out of order is whole at any time',
  async (t) => {
    const { folder, lines, atFull } = await recorded();
    const mixed = join(folder, 'out-of-order');
    const at = lines.findIndex(({ seq }) => seq === atFull.seq);
    const later = new Date(Date.parse(atFull.ts) + 1).toISOString();
    writeFileSync(mixed, lines.slice(0, at + 1).map((line, i) => {
      const ts = i === at - 1 ? later : line.ts;
      return `${JSON.stringify({ ...line, ts })}\n`;
    }).join(''));
    const { nodes: [node] } = await replay(t, mixed, '--json', '--at', atFull.ts);
    assert.equal(node.seq, atFull.seq);
    assert.equal(node.lost, 0);
    assert.equal(node.connections_exact, true);
  });

test('top prints once where there is no terminal', async (t) => {
  const { path } = await recorded();
  for (const args of [[path], [path, '--once'], [path, '--follow']]) {
    const { code, stdout, stderr } = await runToEnd(t, ['top', ...args]);
    assert.equal(code, 0, stderr);
    for (const part of ['n-1 ', '\nbusiest rooms:\n', '\nslow members:\n',
      '\ncrashes:\nnone\n', '\nlast lines:\n'])
      assert.ok(stdout.includes(part), stdout);
    assert.ok(!stdout.includes('\x1b'), 'it has escapes');
  }
});

test('what cannot be looked at is said in a line', async (t) => {
  const { folder } = await recorded();
  const noEvents = join(folder, 'no-events');
  writeFileSync(noEvents, '12:00:00.000 INFO  node.starting\n');
  const empty = join(folder, 'empty');
  writeFileSync(empty, '');
  for (const [args, code, words] of [
    [['replay-log', '/no/such/log'], 1, /\/no\/such\/log cannot be read: No such file/],
    [['replay-log', folder], 1, /cannot be read: Is a directory/],
    [['top', '/no/such/log'], 1, /\/no\/such\/log cannot be read/],
    [['replay-log', noEvents], 1, /has no line that is an event.*log\.format=json/],
    [['top', noEvents], 1, /has no line that is an event/],
    [['replay-log', empty], 1, /has no lines/],
    [['replay-log'], 2, /FILE.*--help/],
    [['replay-log', empty, '--at', 'noon'], 2, /--at: 'noon' is no time/],
    [['replay-log', empty, '--seq', 'x'], 2, /--seq/],
    [['replay-log', empty, '--sequence', '1'], 2, /--sequence/],
    [['top', empty, empty], 2, /--help/],
  ]) {
    const how = await runToEnd(t, args);
    assert.equal(how.code, code, `${args}: ${how.stderr}`);
    assert.match(how.stderr, words);
    assert.equal(how.stderr.trimEnd().split('\n').length, 1, how.stderr);
    assert.match(how.stderr, /^greenroom: /);
  }
});

test('lines that are no events are passed over and told of', async (t) => {
  const { path, folder } = await recorded();
  const mixed = join(folder, 'mixed');
  execFileSync('sh', ['-c', `{ echo no event; cat "${path}"; } > "${mixed}"`]);
  const { code, stdout, stderr } =
    await runToEnd(t, ['replay-log', mixed, '--json']);
  assert.equal(code, 0);
  assert.match(stderr, /^greenroom: 1 of [\d,]+ lines of .* passed over$/m);
  assert.equal(JSON.parse(stdout).malformed, 1);
});

test('both explain themselves', async (t) => {
  for (const [verb, words] of [['top', /--follow/], ['replay-log', /--seq/]]) {
    const { code, stdout } = await runToEnd(t, [verb, '--help']);
    assert.equal(code, 0);
    assert.match(stdout, words);
  }
  const { stdout } = await runToEnd(t, ['--help']);
  assert.match(stdout, /greenroom replay-log --help/);
});

// -- in a terminal ------------------------------------------------------------

test('top shows a log in a terminal, by keys, and leaves it as it was',
  async (t) => {
    const { path, folder, lines, atFull } = await recorded();
    const then = join(folder, 'then');
    writeFileSync(then, `${lines.filter(({ seq }) => seq <= atFull.seq)
      .map((line) => JSON.stringify(line)).join('\n')}\n`);
    assert.ok(path);
    const top = new Terminal(t, [binary, 'top', then]);
    await top.shows('room lobby');
    await top.shows('at its end');
    assert.equal(top.screen.length, 24);
    await top.shows('slow members'); // A title: the pane is not there.
    top.types('/den\r');
    await top.shows('room lobby', false);
    await top.shows('room den');
    top.types('\x1b');
    await top.shows('room lobby');
    top.types('5');
    await top.shows('actor.spawned audience');
    top.types('?');
    await top.shows('any key goes back');
    top.types('x1');
    top.does({ size: [140, 40] });
    await eventually('the screen has grown', () => top.screen.length === 40);
    await top.shows('5 last lines');
    top.types('q');
    const how = await top.end();
    assert.deepEqual(how, { code: 0, signal: null, restored: true });
    assert.ok(top.output.endsWith('\x1b[?1049l'), 'the screen is given back');
  });

test('top follows a file as it grows', async (t) => {
  const { folder, lines } = await recorded();
  const growing = join(folder, 'growing');
  const text = lines.map((line) => `${JSON.stringify(line)}\n`);
  const place = lines.findIndex(
    ({ event, name }) => event === 'actor.spawned' && name === 'lobby');
  writeFileSync(growing, text.slice(0, place).join(''));
  const top = new Terminal(t, [binary, 'top', growing, '--follow'],
    { columns: 140 });
  await top.shows('live');
  await top.shows('keeper');
  appendFileSync(growing, text[place].slice(0, 40));
  appendFileSync(growing, text[place].slice(40));
  await top.shows(`room ${lines[place].name}`);
  top.types('p');
  await top.shows('paused');
  appendFileSync(growing, text.slice(place + 1).join(''));
  top.types('p');
  await top.shows('stopped');
  // Rotated to what nobody can open, not even root.
  renameSync(growing, `${growing}.1`);
  const inItsPlace = createServer();
  t.after(() => inItsPlace.close());
  inItsPlace.listen(growing);
  await once(inItsPlace, 'listening');
  await top.shows('growing  cannot be read: No such device');
  top.types('q');
  assert.deepEqual(await top.end(), { code: 0, signal: null, restored: true });
});

test('top reads keys from the terminal while lines come by a pipe',
  async (t) => {
    const { folder, lines } = await recorded();
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const top = new Terminal(t,
      ['sh', '-c', 'exec "$0" top - < "$1"', binary, pipe]);
    const writer = createWriteStream(pipe);
    t.after(() => writer.destroy());
    const text = lines.map((line) => `${JSON.stringify(line)}\n`);
    writer.write(text.slice(0, 20).join(''));
    await top.shows('keeper');
    top.types('?');
    await top.shows('any key goes back');
    top.types('xq');
    assert.deepEqual(await top.end(),
      { code: 0, signal: null, restored: true });
  });

test('top leaves the terminal as it was, whatever ends it', async (t) => {
  const { path } = await recorded();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGSEGV',
    'SIGABRT']) {
    const top = new Terminal(t, [binary, 'top', path]);
    await top.shows('greenroom top');
    const signal = constants.signals[name];
    if (name === 'SIGINT') top.types('\x03');
    else top.does({ signal });
    assert.deepEqual(await top.end(), { code: null, signal, restored: true },
      name);
    assert.ok(top.output.endsWith('\x1b[?1049l'), name);
  }
});

test('what a log says does nothing to the terminal', async (t) => {
  const { folder } = await recorded();
  const hostile = join(folder, 'hostile');
  const name = '\x1b]0;owned\x07\x1b[2J\u202e\x7f\u009b';
  writeFileSync(hostile, `${JSON.stringify({ v: 1,
    ts: '2026-11-22T13:56:09.858Z', seq: 1, level: 'info',
    event: 'actor.spawned', node: `n\x1b[5m`, actor: 5, kind: 'room', name,
    parent: 3 })}\n`);
  const top = new Terminal(t, [binary, 'top', hostile], { columns: 140 });
  await top.shows(
    'room \\x1b]0;owned\\x07\\x1b[2J\\u{202e}\\x7f\\u{9b} #5');
  top.types('q');
  await top.end();
  const json = await runToEnd(t, ['replay-log', hostile, '--json']);
  assert.equal(JSON.parse(json.stdout).nodes[0].actors[0].name, name);
  for (const each of ['\x1b]0;', '\x1b[5m', '\u202e', '\x07', '\x7f', '\u009b'])
    for (const shown of [top.output, json.stdout])
      assert.ok(!shown.includes(each), JSON.stringify(each));
});
