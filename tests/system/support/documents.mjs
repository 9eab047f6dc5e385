// The project's documents and configurations, as programs read them.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { schema } from './events.mjs';

/** The path of a file, given from the root of the repository. */
export const pathOf = (name) =>
  fileURLToPath(new URL(`../../../${name}`, import.meta.url));

export const textOf = (name) => readFileSync(pathOf(name), 'utf8');

/** The anchors that a page's headings give, as its readers' browsers have them. */
export function anchorsOf(name) {
  const prose = textOf(name).replace(/^```[^]*?^```$/gm, '');
  return [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading
    .toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-'));
}

/** A page's sections under headings of `level`: [{title, blocks}]. */
export function sectionsOf(text, level) {
  return text.split(new RegExp(`^${'#'.repeat(level)} `, 'm')).slice(1)
    .map((section) => ({
      title: section.slice(0, section.indexOf('\n')),
      blocks: [...section.split(/^#+ /m)[0]
        .matchAll(/^```(\S+)\n([^]*?)^```$/gm)]
        .map(([, language, body]) => ({ language, body })),
    }));
}

/** Event to its fields and their types: text, count, number or flag. */
export const events = new Map(Object.entries(schema.$defs)
  .filter(([name]) => name !== 'ts')
  .map(([name, { properties }]) => [name, new Map(
    Object.entries(properties).map(([field, is]) => [field, typeOf(is)]))]));

function typeOf({ type, const: only, $ref }) {
  if ($ref) return 'time';
  const names = { string: 'text', integer: 'count', number: 'number',
    boolean: 'flag' };
  return names[[type ?? (typeof only === 'number' ? 'integer' : typeof only)]
    .flat()[0]];
}

/** Metric to {type, labels, meaning}, of docs/metrics.md. */
export function metrics() {
  const rows = textOf('docs/metrics.md')
    .matchAll(/^\| `(\w+)` \| (\w+) \| [^|]*\| ([^|]*)\| (.*) \|$/gm);
  return new Map([...rows].map(([, name, type, labels, meaning]) => [name, {
    type, labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label),
    meaning,
  }]));
}
