// What a node tells as `/metrics`, read as text, and by a real Prometheus.

import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { temporaryFolder } from './files.mjs';
import { ChildProcess } from './process.mjs';
import { freePort } from './redis.mjs';
import { SOON, eventually } from './wait.mjs';

/** The samples of a page: "name{label=\"value\"}" to number. */
export function parse(page) {
  const samples = new Map();
  for (const line of page.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const space = line.lastIndexOf(' ');
    samples.set(line.slice(0, space), Number(line.slice(space + 1)));
  }
  return samples;
}

export async function page(node) {
  return (await fetch(node.admin('/metrics'))).text();
}

export async function samples(node) {
  return parse(await page(node));
}

/** The names of the families of a page. */
export function families(text) {
  return [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
}

/** Debian's linter for metrics; its complaints, empty where it has none. */
export function promtool(text) {
  return new Promise((resolve) => {
    const child = execFile('promtool', ['check', 'metrics'],
      (error, stdout, stderr) => resolve(error ? `${error.message}\n${stdout}`
        + stderr : stdout + stderr));
    child.stdin.end(text);
  });
}

/** A real Prometheus that scrapes `node` and nothing else. */
export async function startPrometheus(t, node, { token } = {}) {
  const folder = await temporaryFolder(t);
  const port = await freePort();
  const config = join(folder, 'prometheus.yml');
  writeFileSync(config, `
global: { scrape_interval: 250ms, scrape_timeout: 250ms }
scrape_configs:
  - job_name: greenroom
    static_configs: [ targets: [ "127.0.0.1:${node.adminPort}" ] ]
${token ? `    authorization: { credentials: "${token}" }\n` : ''}`);
  const process = new ChildProcess('prometheus', [
    `--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`, '--log.level=warn',
  ]);
  t.after(async () => {
    process.signal('SIGTERM');
    await process.exit(20_000);
  });
  const ask = async (path) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  };
  const api = {
    /** What a query gives now: [[labels, value]]. */
    async query(text) {
      const { data } = await ask(
        `/api/v1/query?query=${encodeURIComponent(text)}`);
      return data.result.map(({ metric, value }) => [metric, Number(value[1])]);
    },
    async targets() {
      return (await ask('/api/v1/targets')).data.activeTargets;
    },
    /** Waits until a query gives this number. */
    async until(text, expected) {
      let last;
      await eventually(() => `${text} is ${JSON.stringify(last)}, not `
        + expected, async () => {
        last = await api.query(text);
        return last.length === 1 && last[0][1] === expected;
      }, 2 * SOON);
    },
  };
  await eventually(`Prometheus answers\n${process.tail()}`, async () => {
    try {
      return (await api.targets()).some(({ health }) => health === 'up');
    } catch {
      return false; // It has only begun.
    }
  }, 4 * SOON);
  return api;
}
