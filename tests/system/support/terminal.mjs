// A program in a terminal of its own: its screen, its keys, its end.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { eventually, SOON, within } from './wait.mjs';

const helper = fileURLToPath(new URL('terminal.py', import.meta.url));

export class Terminal {
  output = '';
  #last = '';

  constructor(t, program, { columns = 80, rows = 24, env } = {}) {
    this.child = spawn('python3',
      ['-B', helper, String(columns), String(rows), ...program],
      { stdio: ['pipe', 'pipe', 'pipe'],
        env: { ...process.env, TERM: 'xterm', ...env } });
    this.child.stdout.setEncoding('utf8');
    this.child.stdout.on('data', (text) => (this.output += text));
    this.child.stderr.on('data', (bytes) => (this.#last += bytes));
    this.exited = new Promise((resolve) =>
      this.child.on('close', () => resolve(this.#last)));
    t.after(async () => {
      this.does({ signal: 9 });
      this.child.stdin.end();
      await within(SOON, this.exited, 'the terminal does not end');
    });
  }

  does(what) {
    if (this.child.stdin.writable)
      this.child.stdin.write(`${JSON.stringify(what)}\n`);
  }

  types(keys) {
    this.does({ keys });
  }

  /** Its lines as they were last drawn in whole, without styles. */
  get screen() {
    const frames = this.output.split('\x1b[H');
    const last = frames.at(-1);
    const whole = frames.length > 1 && last.split('\r\n').length > 1 ? last
      : frames.at(-2) ?? '';
    return whole.replaceAll(/\x1b\[[0-9;?]*[A-Za-z]/g, '').split('\r\n');
  }

  /** Waits until `text` is on the screen, or no longer is. */
  async shows(text, is = true) {
    return eventually(`${is ? '' : 'not '}on the screen: ${text}\n`,
      () => this.screen.some((line) => line.includes(text)) === is)
      .catch((error) => {
        throw new Error(`${error.message}${this.screen.join('\n')}`);
      });
  }

  /** {code, signal, restored} of the program. */
  async end() {
    const last = await within(SOON, this.exited, () =>
      `the program still runs\n${this.screen.join('\n')}`);
    return JSON.parse(last.trim().split('\n').at(-1));
  }
}
