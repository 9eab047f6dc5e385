// A real redis-server with nothing on disk, which a test may kill and start
// again at the same place.

import { execFile } from 'node:child_process';
import net from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { temporaryFolder } from './files.mjs';
import { ChildProcess } from './process.mjs';

const run = promisify(execFile);

/** A port that was free a moment ago. */
export async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export class Redis {
  constructor({ port = 0, tls, socket, users = [], as, folder, more = [] }) {
    Object.assign(this, { port, tls, socket, users, as, folder, more });
  }

  #arguments() {
    return [
      '--save', '', '--appendonly', 'no', '--bind', '127.0.0.1',
      // Else a replica keeps a dump.rdb here, and the next Redis begins with it.
      '--repl-diskless-load', 'swapdb',
      // Only SAVE writes there; what it wrote is read at the next start.
      ...(this.folder ? ['--dir', this.folder] : []),
      '--port', this.tls ? '0' : String(this.port),
      ...(this.socket ? ['--unixsocket', this.socket] : []),
      ...(this.tls ? ['--tls-port', String(this.port),
        '--tls-cert-file', this.tls.cert, '--tls-key-file', this.tls.key,
        '--tls-ca-cert-file', this.tls.ca, '--tls-auth-clients', 'no'] : []),
      ...this.more,
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
    if (this.socket) return this.socket;
    return `${this.tls ? 'rediss' : 'redis'}://127.0.0.1:${this.port}`;
  }

  /** Where redis-cli finds it, and as whom. */
  get #address() {
    return [
      ...(this.socket ? ['-s', this.socket] : ['-p', String(this.port)]),
      ...(this.tls ? ['--tls', '--cacert', this.tls.ca] : []),
      ...(this.as ? ['--no-auth-warning', '--user', this.as[0],
        '--pass', this.as[1]] : []),
    ];
  }

  /** What redis-cli answers, line by line. */
  async cli(...args) {
    const { stdout } = await run('redis-cli', [...this.#address, ...args]);
    return stdout.split('\n').filter((line) => line !== '');
  }

  /** Publishes bytes as they are, any bytes. */
  async publish(channel, bytes) {
    const done = run('redis-cli',
      [...this.#address, '-x', 'publish', channel]);
    done.child.stdin.end(bytes);
    await done;
  }

  /** What somebody is subscribed to. */
  channels() {
    return this.cli('pubsub', 'channels');
  }
}

/**
 * Starts a Redis for test `t`: `tls` as of certificates(), `unix` for a socket,
 * `users` as in an ACL file, `as` the [user, password] of `cli`, `folder` for
 * what SAVE keeps, `more` arguments, or what gives them for each attempt.
 */
export async function startRedis(t,
  { tls, unix, users, as, folder, more = [] } = {}) {
  const socket = unix ? join(temporaryFolder(t), 'redis.sock') : undefined;
  let last;
  // Another process may take the free port first; then the next one is tried.
  for (let attempt = 0; attempt < 5; ++attempt) {
    const redis = new Redis({
      port: socket ? 0 : await freePort(), tls, socket, users, as, folder,
      more: typeof more === 'function' ? await more() : more,
    });
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
