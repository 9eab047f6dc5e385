// Runs one test file with node:test, once it is clear that it can run at all:
//   node tests/system/run.mjs tests/system/auth-places.test.mjs
// A missing package is a failure with advice, never a silent skip.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const read = (path) => JSON.parse(readFileSync(here(path), 'utf8'));

function complain(text) {
  process.stderr.write(`system tests: ${text}\n`);
  process.exit(1);
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 18 || (major === 18 && minor < 19))
  complain(`Node.js 18.19 or newer is needed, this is ${process.version}`);

const { dependencies } = read('package.json');
for (const [name, version] of Object.entries(dependencies)) {
  let installed = 'nothing';
  try {
    installed = read(`node_modules/${name}/package.json`).version;
  } catch {
    // Not there, or damaged: either way it has to be installed.
  }
  if (installed !== version)
    complain(`${name} ${version} is needed, ${installed} is installed: `
      + 'run `npm ci` in tests/system');
}

const child = spawn(process.execPath,
  ['--test', '--test-reporter=spec', ...process.argv.slice(2)],
  { stdio: 'inherit' });
// Who ends this ends the tests, and they end what they started.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : code));
