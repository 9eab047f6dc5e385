// Where a member is in a room, and what it was told there.

/** Of a member that is not there yet. */
export function freshRoom() {
  const own = new Set();
  const room = {
    here: false, epoch: null, at: 0, presence: [], states: [],
    begin(epoch, at) {
      if (epoch !== room.epoch) own.clear();
      Object.assign(room, { epoch, at });
      room.reach(at);
    },
    /** Has everything up to `offset`, and perhaps own messages behind it. */
    reach(offset) {
      if (offset === undefined) return;
      room.at = Math.max(room.at, offset);
      while (own.delete(room.at + 1)) ++room.at;
    },
    own(epoch, offset) {
      if (epoch !== room.epoch) return;
      own.add(offset);
      room.reach(room.at);
    },
  };
  return room;
}
