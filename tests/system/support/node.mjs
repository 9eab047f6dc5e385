// A real greenroom process: started on a free port, read through its event
// log, stopped by its id. A node that crashes fails the test that started it.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { LogCheck } from './events.mjs';
import { ChildProcess } from './process.mjs';
import { SECRET } from './tokens.mjs';
import { Inbox, SOON, within } from './wait.mjs';

const root = fileURLToPath(new URL('../../../', import.meta.url));

export const binary = process.env.GREENROOM_BIN
  ?? `${root}build/release/greenroom`;

/** Faults that sanitizers and the C++ runtime report on stderr. */
const FAULTS = /Sanitizer|runtime error:|terminate called|core dumped/;

const CRASHES = ['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGILL', 'SIGFPE'];

/** Reports of sanitizers run to pages: their beginning tells what and where. */
function noFault(stderr) {
  if (!FAULTS.test(stderr)) return;
  assert.fail(stderr.split('\n').slice(0, 40)
    .map((line) => line.slice(0, 300)).join('\n'));
}

/** Tests wait for the events of every one of their many clients. */
const talkative = { 'log.limited-per-second': 1_000_000 };

/** For the runs of the suite that take another way through the node. */
const variant = process.env.GREENROOM_TEST_IO_URING === undefined ? {}
  : { 'net.io-uring': process.env.GREENROOM_TEST_IO_URING };

/** Settings as a command line; one that is null is left at its default. */
function toArguments(settings) {
  return Object.entries(settings).filter(([, value]) => value !== null)
    .map(([key, value]) => `--${key}=${value}`);
}

function launch(args, env, program = binary) {
  assert.ok(existsSync(program), `there is no program ${program}: `
    + 'build it, or name it in the environment (tests/system/CMakeLists.txt)');
  // What the caller's environment says about Greenroom must not decide a test.
  const clean = Object.fromEntries(Object.entries(process.env)
    .filter(([name]) => !name.startsWith('GREENROOM_')));
  // What is freed shall be free, also for the sanitizer: memory is measured.
  const ASAN_OPTIONS = [process.env.ASAN_OPTIONS, 'quarantine_size_mb=4']
    .filter(Boolean).join(':');
  return new ChildProcess(program, args,
    { env: { ...clean, ASAN_OPTIONS, ...env } });
}

export class GreenroomNode {
  /** The events of its log, as objects. */
  events = new Inbox(() => this.process.tail());
  #log = new LogCheck();
  #signalled = null;
  #twice = false;
  #sanitized;
  #mayEnd = false;
  #hasAdmin;

  constructor(settings, { env, program } = {}) {
    this.#hasAdmin = settings['admin.address'] !== '';
    this.process = launch(
      toArguments({ ...talkative, ...variant, ...settings }), env, program);
    this.process.onLine = (line) =>
      this.events.push(this.#log.read(line) ?? { event: '(no JSON)', line });
    this.process.onExit = (how) =>
      this.events.end(`the node ended with ${JSON.stringify(how)}`);
  }

  get pid() {
    return this.process.pid;
  }

  /** Everything it ever wrote. */
  get output() {
    return this.process.stdout + this.process.stderr;
  }

  /** Waits for an event of its log, also one that was logged before. */
  async event(name, fields = {}, ms = SOON) {
    return this.events.take({ event: name, ...fields }, ms);
  }

  async ready() {
    this.port = (await this.event('listener.opened')).port;
    if (this.#hasAdmin)
      this.adminPort = (await this.event('admin.opened')).port;
    await this.event('node.ready');
    return this;
  }

  url(path = '/ws', query = '') {
    return `ws://127.0.0.1:${this.port}${path}${query && `?${query}`}`;
  }

  http(path) {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  /** Of the listener for operators. */
  admin(path) {
    return `http://127.0.0.1:${this.adminPort}${path}`;
  }

  /** Sends a signal that may end it. */
  signal(name) {
    this.#twice = this.#signalled !== null;
    this.#signalled ??= name;
    this.process.signal(name);
  }

  /** The test has it end by itself, by a signal or not. */
  mayEnd() {
    this.#mayEnd = true;
    this.#signalled ??= 'itself';
    return this;
  }

  /** How it ended, after a signal of the test. */
  async exit(ms = SOON) {
    const how = await this.process.exit(ms);
    noFault(this.process.stderr);
    this.#checkLog(how);
    return how;
  }

  /** A node whose log is not what docs/events.md promises fails its test. */
  #checkLog({ signal }) {
    const wrong = this.#log.atEnd({ wasKilled: signal !== null || this.#twice });
    assert.deepEqual(wrong.slice(0, 5), [], 'its log breaks its contract');
  }

  /** Ends it as an operator would, and complains of every fault. */
  async stop(ms = 20_000) {
    // A second SIGTERM would cut short what the first began.
    if (this.process.running && this.#signalled === null)
      this.signal('SIGTERM');
    try {
      const { code, signal } = await within(ms, this.process.exited,
        () => `the node does not stop\n${this.process.tail()}`);
      assert.ok(this.#signalled, `the node ended by itself with ${code ?? signal}`
        + `\n${this.process.tail()}`);
      if (this.#signalled === 'SIGTERM' && !this.#twice)
        assert.equal(code, 0, `SIGTERM ended it with ${code ?? signal}`
          + `\n${this.process.tail()}`);
      assert.ok(this.#mayEnd || !CRASHES.includes(signal),
        `the node crashed with ${signal}\n${this.process.tail()}`);
      this.#checkLog({ signal });
    } finally {
      this.process.signal('SIGKILL');
    }
    noFault(this.process.stderr);
  }

  /** Whether this build checks itself, which costs memory. */
  get isSanitized() {
    this.#sanitized ??= /libasan|libclang_rt\.asan/.test(
      readFileSync(`/proc/${this.pid}/maps`, 'utf8'));
    return this.#sanitized;
  }

  /** Its resident memory in bytes. */
  rss() {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) * 1024;
  }

  /** The time that its threads have worked, in seconds. */
  cpu() {
    const stat = readFileSync(`/proc/${this.pid}/stat`, 'utf8');
    // Behind the name, which may hold anything; in hundredths.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }
}

/**
 * Starts a node for test `t` with `settings` ({'auth.anonymous': true}) and
 * waits until it serves. Two loops, so that rooms always span threads.
 */
export async function startNode(t, settings = {}, how = {}) {
  const node = new GreenroomNode({
    'net.port': 0,
    'admin.port': 0,
    'net.loops': 2,
    'log.format': 'json',
    'auth.secret': SECRET,
    ...settings,
  }, how);
  t.after(() => node.stop());
  return node.ready();
}

/** The same, taking in clients that bring no token. */
export function openNode(t, settings = {}, options = {}) {
  return startNode(t, { 'auth.anonymous': true, ...settings }, options);
}

/** Runs the binary until it ends by itself: {code, signal, stdout, stderr}. */
export async function runToEnd(t, args, { env, ms = SOON } = {}) {
  // What stands last counts. A verb (`top`) stands first, and has no port.
  const isVerb = args.length > 0 && !args[0].startsWith('-');
  const child = launch(isVerb ? args : ['--admin.port=0', ...args], env);
  t.after(() => child.signal('SIGKILL'));
  const how = await child.exit(ms);
  noFault(child.stderr);
  return { ...how, stdout: child.stdout, stderr: child.stderr };
}
