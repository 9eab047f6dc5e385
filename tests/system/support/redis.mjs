// A real redis-server with nothing on disk, which a test may kill and start
// again at the same place.

import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { ChildProcess } from './process.mjs';
import { SOON, eventually } from './wait.mjs';

const run = promisify(execFile);

export function temporaryFolder(t) {
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A port that was free a moment ago. */
export async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A CA and a certificate of its own for 127.0.0.1, as files. */
export function certificates(folder, name) {
  const at = (suffix) => join(folder, `${name}.${suffix}`);
  const openssl = (...args) =>
    execFileSync('openssl', args, { stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1',
    '-nodes'];
  openssl('req', '-x509', ...key, '-days', '2', '-subj', `/CN=${name} CA`,
    '-keyout', at('ca.key'), '-out', at('ca.crt'));
  openssl('req', ...key, '-subj', '/CN=127.0.0.1', '-keyout', at('key'),
    '-out', at('csr'));
  writeFileSync(at('ext'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
  openssl('x509', '-req', '-in', at('csr'), '-CA', at('ca.crt'), '-CAkey',
    at('ca.key'), '-CAcreateserial', '-days', '2', '-extfile', at('ext'),
    '-out', at('crt'));
  return { ca: at('ca.crt'), cert: at('crt'), key: at('key') };
}

export class Redis {
  constructor({ port = 0, tls, socket, users = [] }) {
    Object.assign(this, { port, tls, socket, users });
  }

  #arguments() {
    return [
      '--save', '', '--appendonly', 'no', '--bind', '127.0.0.1',
      '--port', this.tls ? '0' : String(this.port),
      ...(this.socket ? ['--unixsocket', this.socket] : []),
      ...(this.tls ? ['--tls-port', String(this.port),
        '--tls-cert-file', this.tls.cert, '--tls-key-file', this.tls.key,
        '--tls-ca-cert-file', this.tls.ca, '--tls-auth-clients', 'no'] : []),
      ...this.users.flatMap((user) => ['--user', ...user.split(' ')]),
    ];
  }

  async start() {
    this.process = new ChildProcess('redis-server', this.#arguments());
    await this.process.lines.take((line) =>
      /ready to accept connections/i.test(line));
    return this;
  }

  /** Ends it as a power failure would. */
  async kill() {
    this.process.signal('SIGKILL');
    await this.process.exit();
  }

  async stop() {
    if (!this.process?.running) return;
    this.process.signal('SIGTERM');
    await this.process.exit();
  }

  get url() {
    if (this.socket) return `unix://${this.socket}`;
    return `${this.tls ? 'rediss' : 'redis'}://127.0.0.1:${this.port}`;
  }

  /** What redis-cli answers, line by line. */
  async cli(...args) {
    const where = this.socket ? ['-s', this.socket]
      : ['-p', String(this.port)];
    const { stdout } = await run('redis-cli', [...where, ...args]);
    return stdout.split('\n').filter((line) => line !== '');
  }

  /** What somebody is subscribed to. */
  channels() {
    return this.cli('pubsub', 'channels');
  }
}

/** Starts a Redis for test `t`: {tls: {ca, cert, key}, unix, users}. */
export async function startRedis(t, { tls, unix, users } = {}) {
  const socket = unix ? join(temporaryFolder(t), 'redis.sock') : undefined;
  let last;
  // Another process may take the free port first; then the next one is tried.
  for (let attempt = 0; attempt < 5; ++attempt) {
    const redis = new Redis(
      { port: socket ? 0 : await freePort(), tls, socket, users });
    try {
      await redis.start();
      t.after(() => redis.stop());
      return redis;
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

/** Waits until Redis knows exactly this many channels that match. */
export function channelsBecome(redis, match, count, ms = SOON) {
  return eventually(`${count} channels match ${match}`, async () =>
    (await redis.channels()).filter((c) => match.test(c)).length === count, ms);
}
