// A Redis Cluster: masters with a replica each.

import { temporaryFolder } from './files.mjs';
import { freePort, startRedis } from './redis.mjs';
import { eventually } from './wait.mjs';

const SLOTS = 16_384;
const WELL = 30_000;

export class RedisCluster {
  constructor(masters, replicas) {
    Object.assign(this, { masters, replicas });
  }

  get servers() { return [...this.masters, ...this.replicas]; }

  get url() {
    const hosts = this.masters.map(({ port }) => `127.0.0.1:${port}`);
    return `redis+cluster://${hosts.join()}`;
  }

  /** The place of the master that had the slot at first. */
  shardOf(slot) {
    return Math.ceil((slot + 1) * this.masters.length / SLOTS) - 1;
  }

  /** Of a key or channel. */
  async slotOf(name) {
    return Number((await this.masters[0].cli('cluster', 'keyslot', name))[0]);
  }

  /** A room for each shard, by where its log in Redis is. */
  async roomsOfAllShards() {
    const rooms = new Map();
    for (let i = 0; rooms.size < this.masters.length; ++i) {
      const shard = this.shardOf(await this.slotOf(`{p:room-${i}}`));
      if (!rooms.has(shard)) rooms.set(shard, `room-${i}`);
    }
    return this.masters.map((_, i) => rooms.get(i));
  }

  /** A slot with all its keys goes to another master. */
  async move(slot, from, to) {
    const id = async (server) => (await server.cli('cluster', 'myid'))[0];
    const owner = await id(to);
    await to.cli('cluster', 'setslot', slot, 'importing', await id(from));
    await from.cli('cluster', 'setslot', slot, 'migrating', owner);
    for (;;) {
      const keys = await from.cli('cluster', 'getkeysinslot', slot, '100');
      if (keys.length === 0) break;
      await from.cli('migrate', '127.0.0.1', String(to.port), '', '0', '5000',
        'keys', ...keys);
    }
    for (const server of [to, from, ...this.masters])
      await server.cli('cluster', 'setslot', slot, 'node', owner);
  }
}

/** Three masters and a replica of each, which take their place within 2 s. */
export async function startRedisCluster(t, masters = 3) {
  const servers = [];
  for (let i = 0; i < 2 * masters; ++i)
    servers.push(await startRedis(t, {
      folder: temporaryFolder(t),
      more: async () => ['--cluster-enabled', 'yes',
        '--cluster-node-timeout', '500', '--cluster-port',
        String(await freePort()), '--cluster-replica-validity-factor', '0',
        '--repl-diskless-sync-delay', '0'],
    }));
  const cluster = new RedisCluster(
    servers.slice(0, masters), servers.slice(masters));
  const first = (i) => Math.floor(SLOTS * i / masters);
  for (const [i, master] of cluster.masters.entries())
    await master.cli('cluster', 'addslotsrange', String(first(i)),
      String(first(i + 1) - 1));
  for (const server of servers.slice(1)) {
    const [, port] = await server.cli('config', 'get', 'cluster-port');
    await servers[0].cli('cluster', 'meet', '127.0.0.1', String(server.port),
      port);
  }
  const tells = async (server, line) =>
    (await server.cli('cluster', 'info')).some((each) => each.startsWith(line));
  for (const server of servers)
    await eventually('the servers meet',
      () => tells(server, `cluster_known_nodes:${servers.length}`), WELL);
  for (const [i, replica] of cluster.replicas.entries()) {
    const [id] = await cluster.masters[i].cli('cluster', 'myid');
    await eventually('a replica knows its master', async () =>
      (await replica.cli('cluster', 'replicate', id))[0] === 'OK', WELL);
  }
  for (const server of servers)
    await eventually('the cluster is well',
      () => tells(server, 'cluster_state:ok'), WELL);
  for (const replica of cluster.replicas)
    await eventually('the replicas follow', async () =>
      (await replica.cli('role'))[3] === 'connected', WELL);
  return cluster;
}
