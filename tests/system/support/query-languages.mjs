// What queries name: in PromQL metrics and labels, in LogQL and ES|QL events and
// fields. Each check gives complaints, which are none for a query that says what
// there is. PromQL and LogQL are read by their makers' own grammars; of ES|QL
// there is none for npm, so its words are looked up.

import { parser as logql } from '@grafana/lezer-logql';
import { parser as promql } from '@prometheus-io/lezer-promql';

import { events } from './documents.mjs';

const LEVELS = ['debug', 'info', 'warn', 'error'];

/** The nodes of a tree that have one of these names, with their texts. */
function nodes(parser, text, ...names) {
  const found = [];
  parser.parse(text).iterate({
    enter(at) {
      if (at.type.isError || names.includes(at.name))
        found.push({ name: at.type.isError ? 'error' : at.name,
          text: text.slice(at.from, at.to), from: at.from, at: at.node });
    },
  });
  return found;
}

const errorsIn = (found, text) => found.filter(({ name }) => name === 'error')
  .map(({ from }) => `it cannot be read at: ${text.slice(from, from + 30)}`);

const unquoted = (text) => text.slice(1, -1);

/** `a|b|c` of a matcher with =~, else the one value; null for a variable. */
function valuesOf(operator, text) {
  const value = unquoted(text);
  if (value.includes('$')) return null;
  return operator.endsWith('~') ? value.split('|') : [value];
}

// -- PromQL -------------------------------------------------------------------

/** What Prometheus itself and the blackbox exporter tell of a target. */
const OTHERS = new Map([
  ['up', []], ['scrape_duration_seconds', []], ['probe_success', []],
  ['ALERTS', ['alertname', 'alertstate']],
]);

/** What configs/prometheus/prometheus.yml gives each target. */
const TARGET = ['job', 'instance', 'cluster', 'node'];

/** The metric that a name is a series of, with all labels that it may have. */
function seriesOf(name, metrics) {
  if (OTHERS.has(name)) return { labels: [...TARGET, ...OTHERS.get(name)] };
  const whole = metrics.get(name);
  if (whole && whole.type !== 'histogram')
    return { labels: [...TARGET, ...whole.labels], meaning: whole.meaning };
  const [, base, part] = /^(.*)_(bucket|sum|count)$/.exec(name) ?? [];
  const of = metrics.get(base);
  if (of?.type !== 'histogram') return null;
  return { meaning: of.meaning,
    labels: [...TARGET, ...of.labels, ...part === 'bucket' ? ['le'] : []] };
}

/** Of a query, with Grafana's variables in it or without. */
export function promqlComplaints(query, metrics) {
  const text = query.replaceAll(/\$__\w+/g, '5m');
  const found = nodes(promql, text, 'VectorSelector', 'GroupingLabels');
  const complaints = errorsIn(found, text);
  const all = new Set();
  for (const { at, name, text: selector } of found) {
    if (name !== 'VectorSelector') continue;
    const metric = /^[\w:]+/.exec(selector)?.[0];
    const series = seriesOf(metric, metrics);
    if (!series) {
      complaints.push(`there is no metric ${metric}`);
      continue;
    }
    for (const label of series.labels) all.add(label);
    for (const matcher of at.getChild('LabelMatchers')
      ?.getChildren('UnquotedLabelMatcher') ?? [])
      complaints.push(...labelComplaints(metric, series,
        text.slice(matcher.from, matcher.to), metrics));
  }
  for (const { name, text: labels } of found)
    if (name === 'GroupingLabels')
      for (const [label] of labels.matchAll(/\w+/g))
        if (!all.has(label)) complaints.push(`nothing has a label ${label}`);
  return complaints;
}

function labelComplaints(metric, { labels, meaning }, matcher, metrics) {
  const [, label, operator, value] = /^(\w+)\s*([=!~]+)\s*(.*)$/s.exec(matcher);
  if (!labels.includes(label)) return [`${metric} has no label ${label}`];
  // Its values stand in the metric's meaning, but for numbers, limits (which
  // are settings) and kinds of actors; stores are told once for all.
  if (!meaning || [...TARGET, 'le', 'loop', 'limit', 'kind'].includes(label))
    return [];
  const told = label === 'store'
    ? metrics.get('greenroom_store_logs').meaning : meaning;
  return (valuesOf(operator, value) ?? [])
    .filter((one) => !told.includes(`\`${one}\``))
    .map((one) => `${metric} has no ${label} ${one}`);
}

// -- LogQL --------------------------------------------------------------------

/** What a shipper makes of a line: docs/queries.md, "Shipping the log". */
export const STREAM_LABELS = ['job', 'node', 'level', 'event'];

/** Words that Loki's lexer takes for itself. */
const LOKI_WORDS = ['by', 'without', 'on', 'ignoring', 'group_left',
  'group_right', 'bool', 'offset', 'unwrap', 'json', 'logfmt', 'regexp',
  'pattern', 'unpack', 'decolorize', 'drop', 'keep', 'and', 'or', 'unless',
  'ip', 'line_format', 'label_format'];

/** The events that a selector lets through. */
function selectedBy(selector, complaints) {
  let selected = [...events.keys()];
  let job;
  for (const [, label, operator, value] of selector
    .matchAll(/(\w+)\s*(=~|!~|!=|=)\s*("[^"]*")/g)) {
    if (!STREAM_LABELS.includes(label))
      complaints.push(`a stream has no label ${label}`);
    if (label === 'job') job = unquoted(value);
    const values = valuesOf(operator, value);
    if (label === 'level')
      for (const level of values ?? [])
        if (!LEVELS.includes(level)) complaints.push(`no level ${level}`);
    if (label !== 'event' || !values) continue;
    for (const event of values)
      if (!events.has(event)) complaints.push(`there is no event ${event}`);
    selected = values.filter((event) => events.has(event));
  }
  if (job !== 'greenroom') complaints.push('it selects no job greenroom');
  return selected;
}

export function logqlComplaints(query) {
  const text = query.replaceAll(/\$__\w+/g, '1h');
  const found = nodes(logql, text, 'Selector', 'LabelExtractionExpression',
    'Matcher', 'NumberFilter', 'UnwrapExpr', 'Labels', 'LabelFormatMatcher',
    'LineFormatExpr', 'Identifier');
  const complaints = errorsIn(found, text);
  const of = (name) => found.filter((one) => one.name === name);
  const selectors = of('Selector').map((one) =>
    selectedBy(one.text, complaints));
  if (selectors.length === 0) complaints.push('it selects nothing');
  const selected = [...new Set(selectors.flat())];

  // What is read from the line, and under which name.
  const known = new Map(STREAM_LABELS.map((label) => [label, 'text']));
  for (const { text: one } of of('LabelExtractionExpression')) {
    const [, name, field = name] = /^(\w+)(?:\s*=\s*"(\w+)")?$/.exec(one);
    const having = selected.find((event) => events.get(event).has(field));
    if (having) known.set(name, events.get(having).get(field));
    else complaints.push(`no event that it selects has a field ${field}`);
  }
  for (const { text: one } of of('LabelFormatMatcher'))
    known.set(/^\w+/.exec(one)[0], 'text');

  const must = (name) => known.has(name)
    || complaints.push(`it does not read ${name} from the line`);
  for (const { text: one } of [...of('Matcher'), ...of('NumberFilter')])
    must(/^\w+/.exec(one)[0]);
  for (const { text: one } of of('Labels'))
    for (const [name] of one.matchAll(/\w+/g)) must(name);
  for (const { text: one } of of('UnwrapExpr')) {
    const name = /unwrap\s+(\w+)/.exec(one)[1];
    if (must(name) && known.get(name) !== 'count')
      complaints.push(`${name} is no number`);
  }
  for (const { text: one } of [...of('LineFormatExpr'),
    ...of('LabelFormatMatcher')])
    for (const [, name] of one.matchAll(/[ {]\.(\w+)/g)) must(name);
  for (const { text: one } of of('Identifier'))
    if (LOKI_WORDS.includes(one)) complaints.push(`Loki keeps the word ${one}`);
  return complaints;
}

// -- ES|QL --------------------------------------------------------------------

const ES_COMMANDS = ['FROM', 'WHERE', 'STATS', 'EVAL', 'KEEP', 'SORT', 'LIMIT'];
const ES_FUNCTIONS = ['COUNT', 'COUNT_DISTINCT', 'SUM', 'MIN', 'MAX', 'VALUES',
  'COALESCE', 'REPLACE'];
/** Words of expressions; as the name of a field each needs backticks. */
const ES_WORDS = ['AND', 'OR', 'NOT', 'IN', 'IS', 'NULL', 'LIKE', 'RLIKE',
  'TRUE', 'FALSE', 'BY', 'ASC', 'DESC', 'NULLS', 'FIRST', 'LAST', 'AS', 'ON',
  'WITH', 'WHERE'];

/** `fields`: those that the index template maps. */
export function esqlComplaints(query, fields) {
  const complaints = [];
  const own = new Set();
  const selected = [...query.matchAll(/\bevent (?:==|IN) (\([^)]*\)|"[^"]*")/g)]
    .flatMap(([, list]) => [...list.matchAll(/"([^"]*)"/g)])
    .map(([, event]) => event);
  for (const event of selected)
    if (!events.has(event)) complaints.push(`there is no event ${event}`);
  const among = (selected.length > 0 ? selected : [...events.keys()])
    .map((event) => events.get(event)).filter(Boolean);
  const steps = query.trim().split(/\n?\s*\| /);
  if (steps[0] !== 'FROM logs-greenroom-*') complaints.push('it asks no stream');
  for (const step of steps.slice(1)) {
    const command = /^\w+/.exec(step)?.[0];
    if (!ES_COMMANDS.includes(command))
      complaints.push(`there is no command ${command}`);
    const rest = step.slice(command.length).replaceAll(/"[^"]*"/g, '""');
    // Names are known to the steps that follow.
    const named = [...rest.matchAll(/(\w+) =(?!=)/g)].map(([, name]) => name);
    for (const [word, tick] of rest.matchAll(/(`?)@?[A-Za-z_]\w*/g)) {
      const name = word.replace('`', '');
      const isCall = rest.includes(`${name}(`);
      if (!tick && ES_WORDS.includes(name)) continue;
      if (isCall && ES_FUNCTIONS.includes(name)) continue;
      if (!tick && ES_WORDS.includes(name.toUpperCase()))
        complaints.push(`${name} needs backticks`);
      if (name === '@timestamp' || own.has(name)
        || (named.includes(name) && rest.includes(`${name} =`))) continue;
      if (!fields.has(name)) complaints.push(`there is no field ${name}`);
      else if (!among.some((event) => event.has(name)))
        complaints.push(`no event that it asks for has a field ${name}`);
    }
    for (const name of named) own.add(name);
  }
  return complaints;
}
