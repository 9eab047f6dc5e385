// Rooms with members in them.

import { connect } from './client.mjs';

/** `count` clients, spread over the nodes given, that are all in `roomId`. */
export async function roomOf(t, nodes, roomId, count, options = {}) {
  const places = [nodes].flat();
  const clients = [];
  for (let i = 0; i < count; ++i) {
    const client = await connect(t, places[i % places.length], options);
    await client.join(roomId);
    clients.push(client);
  }
  return clients;
}
