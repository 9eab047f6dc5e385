// configs/prometheus: what Debian's promtool says to it, and that its rules name
// metrics that there are, each with what to do.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { parse } from 'yaml';

import { anchorsOf, metrics, pathOf, textOf } from './support/documents.mjs';
import { temporaryFolder } from './support/files.mjs';
import { promqlComplaints } from './support/query-languages.mjs';
import { test } from './support/test.mjs';

const folder = 'configs/prometheus';
const rules = parse(textOf(`${folder}/alerts.yml`)).groups
  .flatMap((group) => group.rules);
const { tests } = parse(textOf(`${folder}/alerts_test.yml`));
const [healthy, ...broken] = tests;

/** Ends with what promtool says, unless all is well. */
function promtool(...args) {
  return new Promise((resolve, reject) => {
    execFile('promtool', args, (error, stdout, stderr) => error
      ? reject(new Error(`promtool ${args.join(' ')}\n${stdout}${stderr}`
        + error.message))
      : resolve(stdout + stderr));
  });
}

test('promtool takes the configuration, with a token where it says', async (t) => {
  const there = temporaryFolder(t);
  const secret = join(there, 'token');
  writeFileSync(secret, '0123456789abcdef\n');
  copyFileSync(pathOf(`${folder}/alerts.yml`), join(there, 'alerts.yml'));
  const config = join(there, 'prometheus.yml');
  writeFileSync(config, textOf(`${folder}/prometheus.yml`)
    .replace('/etc/prometheus/greenroom.token', secret));
  const said = await promtool('check', 'config', config);
  assert.match(said, new RegExp(`SUCCESS: ${rules.length} rules found`));
});

test('promtool sees each rule fire when it should, and only then', async () => {
  await promtool('test', 'rules', pathOf(`${folder}/alerts_test.yml`));
});

test('no rule is left out: each is seen to fire, and to be still', () => {
  assert.deepEqual(broken.map(({ name }) => name), rules.map(({ alert }) => alert));
  for (const { name, promql_expr_test: asked } of broken) {
    assert.deepEqual(asked[0].exp_samples, [], `${name} is still at first`);
    assert.ok(asked.some(({ exp_samples: samples }) => samples.some(
      ({ labels }) => labels.includes(`alertname="${name}"`))), `${name} fires`);
  }
  for (const { expr, exp_samples: samples } of healthy.promql_expr_test) {
    assert.match(expr, /ALERTS/);
    assert.deepEqual(samples, []);
  }
});

test('the healthy cluster has all that rules ask for', () => {
  const has = healthy.input_series.map(({ series }) => series.split('{')[0]);
  for (const { alert, expr } of rules)
    for (const [name] of expr
      .matchAll(/\b(?:greenroom|process|probe)_\w+|\bup\b/g))
      assert.ok(has.includes(name), `${alert}: ${name}`);
});

test('rules and their tests name metrics that there are', () => {
  const all = metrics();
  assert.ok(all.size > 30);
  for (const { alert, expr } of rules)
    assert.deepEqual(promqlComplaints(expr, all), [], alert);
  for (const { name, input_series: input } of tests)
    for (const { series } of input)
      if (!series.includes('another'))
        assert.deepEqual(promqlComplaints(series, all), [], name);
});

test('each rule says how bad it is, what to do, and where that stands', () => {
  const anchors = anchorsOf('docs/operations.md');
  for (const { alert, for: wait, labels, annotations } of rules) {
    assert.match(alert, /^Greenroom[A-Z]\w+$/);
    assert.ok(wait, `${alert} has a time to wait`);
    assert.ok(['critical', 'warning'].includes(labels.severity), alert);
    for (const what of ['summary', 'action'])
      assert.ok(annotations[what]?.length > 10, `${alert}: ${what}`);
    const [page, anchor] = annotations.runbook.split('#');
    assert.equal(page, 'docs/operations.md');
    assert.ok(anchors.includes(anchor), `${alert}: #${anchor}`);
  }
});

test('PromQL that names what there is not is complained of', () => {
  const all = metrics();
  const wrong = [
    'greenroom_nothing',
    'grenroom_connections',
    'greenroom_connections{room="lobby"}',
    'sum by (kind) (greenroom_connections)',
    'greenroom_message_latency_seconds',
    'greenroom_message_latency_seconds_total',
    'greenroom_message_latency_seconds_bucket{stage="read"}',
    'greenroom_log_lines_total{fate=~"dropped|lost"}',
    'rate(greenroom_flushes_total[5m]',
  ];
  for (const query of wrong)
    assert.notDeepEqual(promqlComplaints(query, all), [], query);
});
