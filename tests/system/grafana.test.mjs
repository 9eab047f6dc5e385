// configs/grafana/greenroom.json: a dashboard that Grafana can show, of metrics
// and events that there are.

import assert from 'node:assert/strict';

import { connect } from './support/client.mjs';
import { startCluster } from './support/cluster.mjs';
import { metrics, textOf } from './support/documents.mjs';
import { startPrometheus } from './support/metrics.mjs';
import { logqlComplaints, promqlComplaints }
  from './support/query-languages.mjs';
import { startRedis } from './support/redis.mjs';
import { test } from './support/test.mjs';
import { SOON, eventually } from './support/wait.mjs';

const dashboard = JSON.parse(textOf('configs/grafana/greenroom.json'));
const panels = dashboard.panels.flatMap((panel) =>
  [panel, ...panel.panels ?? []]);
const shown = panels.filter(({ type }) => type !== 'row');
const queries = [
  ...shown.flatMap(({ title, targets }) => targets.map((target) =>
    ({ title, ...target }))),
  ...dashboard.annotations.list.map(({ name, target, datasource }) =>
    ({ title: name, datasource, ...target })),
];
const of = (kind) => queries.filter(({ datasource }) =>
  datasource.type === kind);

test('panels have ids of their own, and places that do not overlap', () => {
  assert.ok(dashboard.schemaVersion >= 38, 'Grafana 10');
  const ids = panels.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(new Set(shown.map(({ title }) => title)).size, shown.length);
  const taken = new Map();
  for (const { title, gridPos: { x, y, w, h } } of dashboard.panels) {
    assert.ok(x >= 0 && w > 0 && h > 0 && x + w <= 24, title);
    for (let column = x; column < x + w; ++column)
      for (let line = y; line < y + h; ++line) {
        const place = `${column}/${line}`;
        assert.ok(!taken.has(place), `${title} lies on ${taken.get(place)}`);
        taken.set(place, title);
      }
  }
});

test('rows and variables are what operators look for', () => {
  assert.deepEqual(panels.filter(({ type }) => type === 'row')
    .map(({ title }) => title), ['Overview', 'Traffic', 'Latency by stage',
    'Rooms, loops and mailboxes', 'Supervision', 'Cluster and bus', 'Store',
    'Process']);
  const variables = new Map(dashboard.templating.list
    .map((variable) => [variable.name, variable]));
  assert.deepEqual([...variables.keys()], ['prometheus', 'loki', 'node']);
  for (const name of ['prometheus', 'loki'])
    assert.deepEqual([variables.get(name).type, variables.get(name).query],
      ['datasource', name]);
  const [, asked] = /^label_values\((.*), node\)$/
    .exec(variables.get('node').query.query);
  assert.deepEqual(promqlComplaints(asked, metrics()), []);
});

test('each panel asks a data source that one can choose, of the chosen nodes',
  () => {
    for (const { title, datasource, expr } of queries) {
      assert.equal(datasource.uid, `\${${datasource.type}}`, title);
      assert.ok(expr.startsWith('count(ALERTS{')
        || expr.includes('{job="greenroom", node=~"$node"'), title);
    }
    for (const { title, datasource, targets } of shown)
      for (const target of targets)
        assert.deepEqual(target.datasource, datasource, title);
  });

test('panels ask for metrics that there are', () => {
  const all = metrics();
  assert.ok(of('prometheus').length > 50);
  for (const { title, expr } of of('prometheus'))
    assert.deepEqual(promqlComplaints(expr, all), [], title);
});

test('panels ask for events that there are', () => {
  assert.ok(of('loki').length > 3);
  for (const { title, expr } of of('loki'))
    assert.deepEqual(logqlComplaints(expr), [], title);
});

test('a real Prometheus that scrapes a node has an answer for each panel',
  async (t) => {
    const redis = await startRedis(t);
    const [node] = await startCluster(t, redis, 1);
    const prometheus = await startPrometheus(t, node);
    const ada = await connect(t, node);
    const bob = await connect(t, node);
    await ada.join('lobby');
    await bob.join('lobby');
    await eventually('it has scraped what is said', async () => {
      await ada.say('lobby', 'hello');
      const [[, count] = []] = await prometheus.query('sum(rate('
        + 'greenroom_message_latency_seconds_count{stage="written"}[5s]))');
      return count > 0;
    }, 2 * SOON);
    const silent = [];
    for (const { title, expr } of of('prometheus')) {
      // Its targets have no ids of nodes.
      const asked = expr.replaceAll('node=~"$node"', 'node=~".*"')
        .replaceAll('$__rate_interval', '10s');
      if ((await prometheus.query(asked)).length === 0)
        silent.push(`${title}: ${asked}`);
    }
    assert.deepEqual(silent, []);
  }, { timeout: 12 * SOON });
