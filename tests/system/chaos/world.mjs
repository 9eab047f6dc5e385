// Redis, nodes, and a proxy between each node and Redis; and what can be done
// to them.

import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { clusterSettings } from '../support/cluster.mjs';
import { temporaryFolder } from '../support/files.mjs';
import { GreenroomNode } from '../support/node.mjs';
import { startRedis } from '../support/redis.mjs';
import { SECRET } from '../support/tokens.mjs';
import { SOON, eventually } from '../support/wait.mjs';
import { FaultProxy } from './proxy.mjs';

/** Short enough that what died is noticed within a run. */
const SETTINGS = {
  'net.port': 0,
  'admin.port': 0,
  'net.loops': 2,
  'log.format': 'json',
  'auth.secret': SECRET,
  'auth.anonymous': true,
  'limits.messages-per-second': 0,
  'heartbeat.interval': '1s',
  'rooms.linger': '10s',
  // So that a slow reader misses something at all.
  'limits.unsent-bytes': '128KiB',
};

const CLUSTER_SETTINGS = {
  'cluster.beat': '200ms',
  'cluster.peer-timeout': '1s',
  'cluster.connect-timeout': '1s',
};

/** What a node needs beyond these for rooms of an order. */
const ORDER_SETTINGS = {
  fifo: {},
  total: { 'rooms.order': 'total' },
};

export class World {
  nodes = []; // {name, life, node, proxy}; no node while it is down.
  redis = null;
  #history;
  #order;

  constructor({ history, order }) {
    this.#history = history;
    this.#order = order;
  }

  /** `rewriter` as of FaultProxy; without `clustered` there is no Redis. */
  async start(t, count, { clustered = true, rewriter } = {}) {
    this.startRedis = () => startRedis(t, { folder: temporaryFolder(t) });
    if (clustered) this.redis = await this.startRedis();
    for (let i = 0; i < count; ++i) {
      const place = { name: `n${i + 1}`, lives: 0, node: null };
      if (clustered) {
        place.proxy = await new FaultProxy(this.redis.port, rewriter).start();
        t.after(() => place.proxy.stop());
      }
      this.nodes.push(place);
      t.after(() => this.#end(place));
    }
    await Promise.all(this.nodes.map((place) => this.#begin(place)));
    await this.ready();
    return this;
  }

  /** Where a client finds the node of a number, if it is there. */
  place(index) {
    const { node, life } = this.nodes[index % this.nodes.length];
    return node?.port ? { url: node.url(), life } : null;
  }

  async #begin(place) {
    place.life = `${place.name}#${++place.lives}`;
    const cluster = place.proxy && {
      ...clusterSettings({ url: `redis://127.0.0.1:${place.proxy.port}` }),
      ...CLUSTER_SETTINGS, 'cluster.node-id': place.name,
    };
    const node = new GreenroomNode(
      { ...SETTINGS, ...cluster, ...ORDER_SETTINGS[this.#order] });
    place.node = node;
    node.port = (await node.event('listener.opened')).port;
  }

  /** In order, and complains of what an operator would complain of. */
  async #end(place) {
    const { node } = place;
    place.node = null;
    if (!node) return;
    node.process.signal('SIGCONT');
    await node.stop();
  }

  async #kill(place) {
    const { node } = place;
    place.node = null;
    node.signal('SIGKILL');
    await node.exit();
  }

  /** Every node has all that it needs. */
  ready() {
    return Promise.all(this.nodes.map(({ name, node }) =>
      eventually(`${name} is ready`, async () => {
        try {
          return (await fetch(node.http('/readyz'))).ok;
        } catch {
          return false;
        }
      }, 3 * SOON)));
  }

  async #bringRedis({ empty }) {
    if (empty) rmSync(join(this.redis.folder, 'dump.rdb'), { force: true });
    await this.redis.start();
  }

  /** A replica that has all that there is. */
  async #startReplica() {
    const replica = await this.startRedis();
    await this.redis.cli('config', 'set', 'repl-diskless-sync-delay', '0');
    await replica.cli('replicaof', '127.0.0.1', String(this.redis.port));
    await eventually('the replica follows', async () =>
      (await replica.cli('role'))[3] === 'connected', 3 * SOON);
    return replica;
  }

  /** The nodes find it where they found the other. */
  async #promote(replica) {
    await this.redis.kill();
    replica.process.signal('SIGCONT');
    await replica.cli('replicaof', 'no', 'one');
    this.redis = replica;
    for (const { proxy } of this.nodes) proxy.target = replica.port;
  }

  /** Begins a fault; gives what ends it. */
  async harm({ what, node, link }) {
    this.#history.record('fault', { what, node, link, state: 'begins' });
    const end = await this.#faults[what](
      this.nodes[node ?? link ?? 0]);
    return async () => {
      await end();
      this.#history.record('fault', { what, node, link, state: 'ended' });
    };
  }

  #faults = {
    'node-kill': async (place) => {
      await this.#kill(place);
      return () => this.#begin(place);
    },
    'node-stop': async ({ node }) => {
      node.process.signal('SIGSTOP');
      return async () => node.process.signal('SIGCONT');
    },
    'node-restart': async (place) => {
      await this.#end(place);
      return () => this.#begin(place);
    },
    'redis-kill': async () => {
      await this.redis.kill();
      return () => this.#bringRedis({ empty: true });
    },
    'redis-restart': async () => {
      await this.redis.cli('save');
      await this.redis.kill();
      return () => this.#bringRedis({ empty: false });
    },
    'redis-rewind': async () => {
      await this.redis.cli('save');
      return async () => {
        await this.redis.kill();
        await this.#bringRedis({ empty: false });
      };
    },
    'redis-stop': async () => {
      this.redis.process.signal('SIGSTOP');
      return async () => this.redis.process.signal('SIGCONT');
    },
    'redis-flush': async () => {
      await this.redis.cli('flushall');
      return async () => {};
    },
    'redis-failover': async () => {
      const replica = await this.#startReplica();
      replica.process.signal('SIGSTOP');
      return () => this.#promote(replica);
    },
    'link-cut': async ({ proxy }) => {
      proxy.cut();
      return async () => {};
    },
    'link-refuse': (place) => this.#link(place, { refuse: true }),
    'link-hole': (place) => this.#link(place, { up: 'hole', down: 'hole' }),
    'link-hole-up': (place) => this.#link(place, { up: 'hole' }),
    'link-hole-down': (place) => this.#link(place, { down: 'hole' }),
    'link-delay': (place) => this.#link(place, { delay: 100 }),
    'link-drip': (place) => this.#link(place, { drip: 64 }),
  };

  async #link({ proxy }, faults) {
    await proxy.set(faults);
    return () => proxy.heal();
  }
}
