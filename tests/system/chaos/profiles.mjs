// What is promised depends on how a cluster is set up (docs/guarantees.md).

export const PROFILES = {
  // One node and no bus. Nothing survives the node.
  single: {
    order: 'total',
    // Whose epochs and offsets are the same ones: a node's, or everybody's.
    positions: 'node',
    // Whose members are in a list, and who shares a room's state.
    presence: 'node',
    // A member may miss what was said on another node while faults are felt.
    crossLoss: false,
  },
  fifo: {
    order: 'fifo', positions: 'node', presence: 'all', crossLoss: true,
  },
  total: {
    order: 'total', positions: 'all', presence: 'all', crossLoss: false,
    // What is replayed holds the member's own messages, too [P-4.2.1].
    replaysOwn: true,
  },
};
