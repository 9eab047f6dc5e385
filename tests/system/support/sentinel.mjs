// A master, a replica and sentinels that watch them.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { temporaryFolder } from './files.mjs';
import { ChildProcess } from './process.mjs';
import { Redis, freePort, startRedis } from './redis.mjs';
import { eventually } from './wait.mjs';

/** A sentinel that knows `master`, and talks like any Redis. */
async function startSentinel(t, master, quorum) {
  const port = await freePort();
  const file = join(temporaryFolder(t), 'sentinel.conf');
  writeFileSync(file, [
    `port ${port}`, 'bind 127.0.0.1', `dir ${temporaryFolder(t)}`,
    `sentinel monitor mymaster 127.0.0.1 ${master.port} ${quorum}`,
    'sentinel down-after-milliseconds mymaster 500',
    'sentinel failover-timeout mymaster 3000', '',
  ].join('\n'));
  const sentinel = new Redis({ port });
  sentinel.process = new ChildProcess('redis-server', [file, '--sentinel']);
  t.after(() => sentinel.stop());
  await sentinel.process.lines.take((line) => /\+monitor master/.test(line));
  return sentinel;
}

/** Three sentinels of which two have to agree, all of them acquainted. */
export async function startSentinels(t) {
  const master = await startRedis(t);
  const replica = await startRedis(t);
  for (const server of [master, replica])
    await server.cli('config', 'set', 'repl-diskless-sync-delay', '0');
  await replica.cli('replicaof', '127.0.0.1', String(master.port));
  await eventually('the replica follows', async () =>
    (await replica.cli('role'))[3] === 'connected');
  const sentinels = [];
  for (let i = 0; i < 3; ++i)
    sentinels.push(await startSentinel(t, master, 2));
  for (const sentinel of sentinels)
    await eventually('sentinels know each other and the replica', async () => {
      const about = await sentinel.cli('sentinel', 'master', 'mymaster');
      const field = (name) => about[about.indexOf(name) + 1];
      return field('num-slaves') === '1'
        && field('num-other-sentinels') === '2';
    }, 30_000);
  const hosts = sentinels.map(({ port }) => `127.0.0.1:${port}`).join();
  return { master, replica, sentinels,
    url: `redis+sentinel://${hosts}/mymaster` };
}
