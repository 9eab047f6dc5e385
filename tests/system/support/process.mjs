// A child process that a test starts and ends by its id, whatever happens.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

import { Inbox, SOON, within } from './wait.mjs';

const living = new Set();
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});
// The default action would skip the handler above and leave children behind.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.once(signal, () => process.exit(1));

export class ChildProcess {
  stdout = '';
  stderr = '';
  running = true;

  constructor(command, args, options = {}) {
    this.name = command.split('/').pop();
    this.child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...options,
    });
    living.add(this.child);
    this.lines = new Inbox(() => this.tail());
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      this.stdout += `${line}\n`;
      this.lines.push(line);
      this.onLine?.(line);
    });
    this.child.stderr.on('data', (bytes) => (this.stderr += bytes));
    /** {code, signal} once the process is gone and its output is read. */
    this.exited = new Promise((resolve) => {
      this.child.on('error', (error) => {
        this.stderr += `${error.message}\n`;
        resolve({ code: null, signal: null, error });
      });
      this.child.on('close', (code, signal) => resolve({ code, signal }));
    }).then((how) => {
      this.running = false;
      living.delete(this.child);
      this.lines.end(`${this.name} ended with ${JSON.stringify(how)}`);
      this.onExit?.(how);
      return how;
    });
  }

  get pid() {
    return this.child.pid;
  }

  signal(name) {
    this.child.kill(name);
  }

  /** How it ended; a failed test if it does not. */
  exit(ms = SOON) {
    return within(ms, this.exited,
      () => `${this.name} still runs\n${this.tail()}`);
  }

  /** Its last words, for the messages of failed tests. */
  tail() {
    const out = this.stdout.split('\n').slice(-15).join('\n');
    return `--- ${this.name} ${this.pid ?? ''} said:\n${out}`
      + this.stderr.slice(-4000);
  }
}
