// A node whose code throws where a test asks for it (tests/app/faulty_node).

import { fileURLToPath } from 'node:url';

import { launchNode } from './cluster.mjs';

const program = process.env.GREENROOM_FAULTY_BIN
  ?? fileURLToPath(new URL('../../../build/release/greenroom_faulty',
    import.meta.url));

/**
 * `faults` are words as 'room.publish:boom:2': point, text, how often. It is
 * ready, unless it may never be.
 */
export async function faultyNode(t, faults, settings = {},
  { unready = false } = {}) {
  const node = launchNode(t, { 'net.loops': 2, ...settings },
    { program, env: { FAULTS: faults.join(' ') } });
  return unready ? node : node.ready();
}
