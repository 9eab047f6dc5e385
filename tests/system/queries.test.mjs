// docs/queries.md: its jq queries are run on the logs of nodes to which all that
// happened that they ask for; what its other queries name is looked up.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { parse } from 'yaml';

import { anchorsOf, events, pathOf, sectionsOf, textOf }
  from './support/documents.mjs';
import { eventful } from './support/eventful.mjs';
import { temporaryFolder } from './support/files.mjs';
import { STREAM_LABELS, esqlComplaints, logqlComplaints }
  from './support/query-languages.mjs';
import { shared, test } from './support/test.mjs';
import { SOON } from './support/wait.mjs';

const page = textOf('docs/queries.md');
const [asked, shipping] = page.split(/^## Shipping the log$/m);
const questions = sectionsOf(asked, 3);
const blockOf = (question, language) =>
  question.blocks.find((block) => block.language === language).body;

const template = JSON.parse(textOf('configs/elastic/greenroom.json'));
const { properties } = template.template.mappings;

/** The logs as a file, and what is in them. */
const night = shared(async (file) => {
  const all = await eventful(file);
  const folder = temporaryFolder(file);
  writeFileSync(join(folder, 'log'),
    `${all.lines.map((line) => JSON.stringify(line)).join('\n')}\n`);
  const many = (event, fields = {}) => all.lines.filter((line) =>
    line.event === event && Object.entries(fields)
      .every(([key, value]) => line[key] === value));
  return { ...all, folder, many,
    one: (event, fields) => {
      const [found] = many(event, fields);
      assert.ok(found, `no ${event} in the log`);
      return found;
    } };
});

/** What a query of the page answers, line by line. */
async function answers(script, { folder, wild }) {
  const run = promisify(execFile);
  // The connection that the page asks for, by the name that it has here.
  const { stdout } = await run('bash',
    ['-euc', script.replaceAll('c-p4q52askj0mbd7gm', wild)], { cwd: folder });
  return stdout.split('\n').filter((line) => line !== '');
}

const words = (text) => [...text.matchAll(/\w+/g)].map(([word]) => word);

const sum = (lines, field) =>
  lines.reduce((total, line) => total + line[field], 0);

/** Question to what has to be true of its answer. */
const right = {
  'What should somebody look at?': (answer, { lines, many }) => {
    const bad = lines.filter(({ level }) => ['warn', 'error'].includes(level));
    const counts = answer.map((line) => Number(line.split(' ')[0]));
    assert.equal(counts.reduce((a, b) => a + b), bad.length);
    assert.deepEqual(counts, [...counts].sort((a, b) => b - a));
    assert.ok(answer.includes(`${many('auth.failed').length} warn auth.failed`));
    assert.ok(answer.includes('3 error actor.crashed'));
  },
  'What crashed, and what had it done before?': (answer, { one }) => {
    assert.equal(answer.length, 9);
    assert.deepEqual(answer.slice(0, 3), [
      `${one('actor.crashed').ts} n-1 room billiards (10) at publish: `
        + 'a ball is missing',
      '  (10) 40 us before: publish', '  (10) 900 us before: join',
    ]);
  },
  'Which rooms were restarted, and how often?': (answer) =>
    assert.deepEqual(answer,
      ['2 n-1 billiards, at most 70 us, last: a ball is missing']),
  'What did restarts not mend?': (answer) =>
    assert.deepEqual(answer.map((line) => line.split(' ').slice(1).join(' ')), [
      'n-1 message.quarantined billiards: a ball is missing',
      'n-1 actor.escalated cellar: a ball is missing',
      'n-1 room.failed cellar: a ball is missing',
    ]),
  'What is slow?': (answer) =>
    assert.deepEqual(answer.filter((line) => line.includes(' n-1 ')).sort(), [
      '1 loop.stalled n-1 loop 1, at most 700',
      '1 mailbox.deep n-1 room billiards, at most 9000',
      '2 actor.slow n-1 room billiards, at most 80',
    ]),
  'Who was refused, and why?': (answer, { one }) => {
    assert.deepEqual(answer.sort(), [
      '1 handshake.refused 403 this Origin is not allowed (net.origins)',
      '1 room.refused  limits.rooms',
      '2 auth.failed  malformed or badly signed',
    ].sort());
    assert.equal(one('room.refused').room, 'attic');
  },
  'Whose logins fail?': (answer) =>
    assert.deepEqual(answer, ['2 127.0.0.1 malformed or badly signed']),
  'Why did clients go?': (answer, { many }) => {
    assert.ok(answer.includes('1 4029 by node: Too many violations'));
    assert.ok(answer.includes('2 4001 by node: Invalid token'));
    const total = answer.reduce((all, line) => all + parseInt(line, 10), 0);
    assert.equal(total, many('connection.closed').length);
  },
  'Which limits are hit, and by whom?': (answer, { wild }) =>
    assert.deepEqual(answer,
      [`1 limits.messages-per-second, by 1: ${wild}`]),
  'Which members are slow?': (answer, { slow, many }) => {
    const bytes = sum(many('member.lagging'), 'dropped_bytes');
    assert.deepEqual(answer, [`${bytes} bytes busy ${slow} hall`]);
  },
  'What happened to one connection?': (answer, { wild }) => {
    const told = answer.map((line) => JSON.parse(line));
    assert.deepEqual(told.map(({ event }) => event)
      .filter((event) => event.startsWith('connection.')), [
      'connection.opened', 'connection.authenticated', 'connection.limited',
      'connection.closed']);
    assert.ok(told.every((line) => line.connection === wild
      || line.name === wild));
  },
  'Where has one user been?': (answer, { one }) => {
    const { connection } = one('connection.authenticated', { user: 'ada' });
    assert.deepEqual(answer.map((line) => line.split(' ').slice(1, 4)), [
      ['alone', 'connection.authenticated', connection],
      ['alone', 'connection.closed', connection]]);
    assert.match(answer[1], / 1000 $/);
  },
  'What happened to one room?': (answer) => {
    const told = answer.map((line) => line.split(' ')[3]);
    for (const event of ['room.created', 'room.emptied', 'room.closed',
      'actor.spawned', 'actor.exited'])
      assert.ok(told.includes(event), event);
    assert.ok(answer.every((line) => line.split(' ')[1] === 'alone'));
  },
  'When was the bus down, and for how long?': (answer, { many }) => {
    assert.equal(answer.length,
      many('bus.down').length + many('bus.up').length);
    const [{ ts, node, endpoint, down_ms: ms }] = many('bus.up').slice(-1);
    assert.ok(answer.includes(`${ts} ${node} up ${endpoint} after ${ms} ms`));
    assert.ok(answer.some((line) => / n1 down subscribe redis:\S+: /.test(line)));
  },
  'What was missed, and what was repaired?': (answer, { many }) => {
    const gaps = many('bus.gap', { node: 'n1', origin: 'n2' });
    assert.ok(gaps.length > 0);
    assert.ok(answer.includes(
      `${gaps.length} bus.gap n1 n2: ${sum(gaps, 'missed')} messages`));
    assert.ok(answer.includes('1 store.repaired n-1 : 5 messages'));
    assert.ok(answer.some((line) => / store\.turned n1 /.test(line)));
  },
  'Which nodes came and went?': (answer) => {
    const told = answer.map((line) => line.split(' ').slice(1).join(' '));
    for (const line of ['n1: peer.joined n2', 'n2: peer.joined n1',
      'n1: peer.left n2'])
      assert.ok(told.includes(line), line);
  },
  'When could rooms not be kept?': (answer) =>
    assert.deepEqual(answer.filter((line) => line.includes(' n-1 '))
      .map((line) => line.split(' ').slice(1).join(' ')), [
      'n-1 store.failed disk I/O error, refused 0',
      'n-1 store.recovered after 4000 ms, refused 12']),
  'When did nodes start and stop?': (answer, { one }) => {
    const { ts } = one('node.stopping', { node: 'busy' });
    assert.ok(answer.includes(`${ts} busy node.stopping SIGTERM`));
    const killed = answer.filter((line) => line.includes('did not end'));
    assert.equal(killed.length, 1);
    assert.match(killed[0], / n-1 node\.starting 0\.1\.0, and the run before/);
  },
  'Which lines were lost?': (answer, { one }) =>
    assert.deepEqual(answer, [`${one('log.dropped').ts} n-1: 3 lines before seq `
      + one('log.dropped').seq]),
  'Which lines were held back?': (answer, { many }) => {
    const held = many('log.limited', { node: 'busy', of: 'connection.opened' });
    assert.ok(answer.includes(
      `${sum(held, 'held_back')} busy connection.opened`));
  },
  'Which children has one actor?': () => {}, // Below, in a run of its own.
};

test('the page asks what is looked at here, each question in three languages',
  () => {
    assert.deepEqual(questions.map(({ title }) => title).sort(),
      Object.keys(right).sort());
    for (const { title, blocks } of questions)
      assert.deepEqual(blocks.map(({ language }) => language),
        ['sh', 'logql', 'esql'], title);
  });

for (const question of questions)
  test(`jq answers: ${question.title}`, async () => {
    const all = await night();
    const answer = await answers(blockOf(question, 'sh'), all);
    try {
      right[question.title](answer, all);
    } catch (wrong) {
      wrong.message += `\nin the answer:\n${answer.join('\n')}`;
      throw wrong;
    }
  }, { timeout: 12 * SOON });

test('jq tells the children of an actor in the last run of its node',
  async (t) => {
    const { lines } = await night();
    const folder = temporaryFolder(t);
    // Without the start that ends this run.
    const run = lines.filter(({ node }) => node === 'n-1').slice(0, -1);
    writeFileSync(join(folder, 'log'),
      run.map((line) => JSON.stringify(line)).join('\n'));
    const children = questions.find(({ title }) =>
      title === 'Which children has one actor?');
    assert.deepEqual(await answers(blockOf(children, 'sh'), { folder }), [
      '10 room billiards, restarted 2 times, lives',
      '11 room cellar, restarted 0 times, ended: a ball is missing',
    ]);
    const all = await night();
    assert.deepEqual(await answers(blockOf(children, 'sh'), all), []);
    // The room of a real node, whose keeper it tells.
    const { parent, actor } = all.one('room.created', { node: 'alone' });
    const asked = blockOf(children, 'sh').replace('n-1', 'alone')
      .replace('parent 6', `parent ${parent}`);
    const rooms = await answers(asked, all);
    // The node's own may live there, too.
    assert.deepEqual(rooms.filter((line) => !line.includes('canary')),
      [`${actor} room lobby, restarted 0 times, ended: normal`]);
  });

test('a torn line stops jq, and is left out as the page says', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'torn'), '{"event":"a"}\n{"event"');
  await assert.rejects(answers('jq . torn', { folder }));
  const [, script] = /`(jq -cR [^`]*)`/.exec(page);
  await answers(script, { folder });
  assert.deepEqual(await answers('cat log', { folder }), ['{"event":"a"}']);
});

test('LogQL names streams, events and fields that there are', () => {
  for (const question of questions)
    assert.deepEqual(logqlComplaints(blockOf(question, 'logql')), [],
      question.title);
});

test('ES|QL names events and fields that there are', () => {
  const fields = new Set(Object.keys(properties));
  for (const question of questions)
    assert.deepEqual(esqlComplaints(blockOf(question, 'esql'), fields), [],
      question.title);
});

test('the words of the page are right in jq, too', () => {
  for (const question of questions) {
    const script = blockOf(question, 'sh');
    for (const [, name] of script.matchAll(/\.(?:event|of)=="([^"]+)"/g))
      assert.ok(events.has(name), `${question.title}: ${name}`);
  }
});

test('the index template has every field, as its type is indexed', () => {
  const types = new Map();
  for (const fields of events.values())
    for (const [field, type] of fields)
      types.set(field, (types.get(field) ?? new Set()).add(type));
  // Ids of 64 bits.
  const wide = ['incarnation', 'other'];
  const indexed = { text: 'keyword', number: 'double', flag: 'boolean',
    time: 'date' };
  for (const [field, of] of types) {
    const [type] = of;
    // What is a number in one event and a text in another can be kept, and not
    // added up.
    const wanted = of.size > 1 ? 'keyword'
      : indexed[type] ?? (wide.includes(field) ? 'unsigned_long' : 'long');
    assert.equal(properties[field]?.type, wanted, field);
  }
  for (const field of Object.keys(properties))
    assert.ok(types.has(field) || field === '@timestamp', field);
  // Filebeat's own objects.
  for (const taken of ['agent', 'ecs', 'error', 'host', 'input', 'log'])
    assert.ok(!types.has(taken), taken);
});

test('shippers make no label of what clients choose, and labels of all else',
  () => {
    const snippets = sectionsOf(shipping, 3);
    const of = (title) => snippets.find((one) => one.title.startsWith(title))
      .blocks[0].body;
    const [, alloy] = /stage\.labels \{\s*values = \{([^}]*)\}/.exec(of('Alloy'));
    const { loki } = parse(of('Vector')).sinks;
    const [fluentBit] = parse(of('Fluent Bit')).pipeline.outputs;
    assert.deepEqual(['job', ...words(alloy)], STREAM_LABELS);
    assert.deepEqual(Object.keys(loki.labels), STREAM_LABELS);
    assert.deepEqual(['job', ...words(fluentBit.label_keys)], STREAM_LABELS);
    // Filebeat makes none, and leaves the template to us.
    assert.equal(parse(of('Filebeat'))['setup.template.enabled'], false);
  });

test('the links of the page lead somewhere', () => {
  for (const [, file, anchor] of page.matchAll(/\]\(([^)#\s]*)(?:#([^)]*))?\)/g)) {
    const name = file === '' ? 'docs/queries.md'
      : new URL(file, 'file:///docs/').pathname.slice(1);
    assert.ok(textOf(name), pathOf(name));
    if (anchor) assert.ok(anchorsOf(name).includes(anchor), `${file}#${anchor}`);
  }
});

// -- the checkers themselves: what they do not see, no test sees --------------

test('LogQL that names what there is not is complained of', () => {
  const wrong = [
    '{job="greenroom", room="lobby"}',
    '{job="other"}',
    '{job="greenroom", event="actor.crash"}',
    '{job="greenroom", event=~"actor.crashed|actor.exploded"}',
    '{job="greenroom", level="warning"}',
    '{job="greenroom", event="bus.up"} | json reason',
    '{job="greenroom"} | room="lobby"',
    '{job="greenroom"} | json room | room="lobby" bad',
    '{job="greenroom"} | json room | line_format "{{.name}}"',
    'sum by (room) (count_over_time({job="greenroom"} [1h]))',
    'sum by (by) (count_over_time({job="greenroom"} | json by="by" [1h]))',
    'sum_over_time({job="greenroom"} | json room | unwrap room [1h])',
  ];
  for (const query of wrong)
    assert.notDeepEqual(logqlComplaints(query), [], query);
});

test('ES|QL that names what there is not is complained of', () => {
  const fields = new Set(Object.keys(properties));
  const wrong = [
    'FROM other\n| LIMIT 1',
    'FROM logs-greenroom-*\n| WHERE event == "actor.crash"',
    'FROM logs-greenroom-*\n| WHERE event IN ("bus.up", "bus.upp")',
    'FROM logs-greenroom-*\n| WHERE rooom == "lobby"',
    'FROM logs-greenroom-*\n| WHERE event == "bus.up" AND room == "lobby"',
    'FROM logs-greenroom-*\n| STATS n = COUNT(*) BY by',
    'FROM logs-greenroom-*\n| SORT n',
    'FROM logs-greenroom-*\n| EVAL n = LENGHT(room)',
    'FROM logs-greenroom-*\n| SELECT room',
  ];
  for (const query of wrong)
    assert.notDeepEqual(esqlComplaints(query, fields), [], query);
});
