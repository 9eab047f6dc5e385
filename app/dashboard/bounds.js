/**
 * Everything on the page that could grow, and where it stops. A page that has
 * been open for a week is no larger than one that has been open for an hour.
 */
export const BOUNDS = Object.freeze({
  // -- what is known of the cluster
  nodes: 64,
  actors: 40_000, // Of all nodes together.
  parts: 1_024, // Of one snapshot.
  unlisted: 1_000, // Of a node, that it does not list and events tell of.
  depth: 64, // Levels of a tree.
  told: 64, // What may be wrong with a node, by its log.
  exited: 4_096, // Ids that a node's next snapshot must not bring back.
  seen: 4_096, // Numbers of a node's lines, to know one that comes twice.
  some: 12, // Members that are named of a room on a node.
  children: 1_000_000_000, // What `more` may say.

  // -- texts: names are chosen by clients
  name: 512,
  value: 2_048, // Of one field of an event.
  fields: 40,

  // -- what has been
  events: 5_000,
  incidents: 128,
  flight: 32, // Steps of an actor before it crashed.
  points: 900, // Of a plot, one a second.
  frames: 16, // Figures of a node from which rates are taken, one a second.
  buckets: 128,
  busiest: 64,
  mailboxes: 64,

  // -- what is on the screen
  listedRooms: 200, // Until more are asked for.
  overviewIncidents: 5,
  detailEvents: 50,
  headings: 64, // Kinds of events that the filter offers.
});

/** Milliseconds. */
export const TIMES = Object.freeze({
  frame: 250, // Between two drawings of a view.
  reorder: 2_000, // Between two orders of a table.
  silent: 5_000, // A node that sends no figures for so long,
  gone: 30_000, // and one that is gone is shown for so long.
  relearn: 10_000, // After a reconnection; what is not told by then is not.
  unlisted: 5 * 60_000, // Who is not listed is known for so long by an event.
  stalled: 20_000, // A stream without a frame for so long is opened anew.
  recent: 5 * 60_000, // A crash is news for so long.
  flash: 3_000, // And its row is tinted for so long.
});
