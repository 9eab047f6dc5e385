// The dashboard's page and its stream as a node serves them (docs/dashboard.md),
// of nodes that are made up, so that a test says what happens and when.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

import { iso } from './dashboard-truth.mjs';

const folder = fileURLToPath(
  new URL('../../../app/dashboard/', import.meta.url));

/** What a node sends with the page. */
export const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; "
  + "connect-src 'self'; img-src 'self' data:; base-uri 'none'; "
  + "form-action 'none'; frame-ancestors 'none'";

const TYPES = { html: 'text/html; charset=utf-8', css: 'text/css',
  js: 'text/javascript' };

export class Feed {
  nodes = [];
  /** Stays away from streams: they are answered with this status, */
  refusal = 0;
  /** and this reason. */
  reason = '';
  /** So often it did. */
  refused = 0;
  #streams = new Set();
  #figures = new Map(); // Node, to what it counts.
  #server = createServer((request, response) =>
    this.#serve(request, response).catch((fault) => {
      response.writeHead(500).end(String(fault));
    }));

  static async start(t, nodes = []) {
    const feed = new Feed();
    feed.nodes = nodes;
    await new Promise((resolve) =>
      feed.#server.listen(0, '127.0.0.1', resolve));
    // Once a second, as a node does: this is the clock of the made-up nodes.
    const seconds = setInterval(() => feed.second(), 1_000);
    t.after(() => {
      clearInterval(seconds);
      feed.#server.closeAllConnections();
      return new Promise((resolve) => feed.#server.close(resolve));
    });
    return feed;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}/dashboard`;
  }

  get watchers() {
    return this.#streams.size;
  }

  async #serve({ method, url }, response) {
    const { pathname } = new URL(url, 'http://node');
    if (pathname === '/dashboard/stream') {
      this.#stream(method, response);
      return;
    }
    const name = pathname === '/dashboard' ? 'index.html'
      : /^\/dashboard\/([a-z-]+\.(?:js|css))$/.exec(pathname)?.[1];
    const body = name && await readFile(folder + name).catch(() => null);
    if (!body) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': TYPES[name.split('.').at(-1)],
      'content-security-policy': POLICY, 'x-content-type-options': 'nosniff',
      'cache-control': 'no-store' });
    response.end(body);
  }

  #stream(method, response) {
    if (this.refusal) {
      ++this.refused;
      response.writeHead(this.refusal,
        { 'content-type': 'text/plain; charset=utf-8' });
      response.end(method === 'HEAD' ? '' : `${this.reason}\n`);
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream',
      'cache-control': 'no-store' });
    if (method === 'HEAD') {
      response.end();
      return;
    }
    response.write('retry: 1000\n\n');
    this.#streams.add(response);
    response.on('close', () => this.#streams.delete(response));
    const [first] = this.nodes;
    this.#write(response, { type: 'hello', node: first?.id ?? 'n-1',
      version: '0.5.0', now: iso(first?.at ?? Date.now()) });
    for (const node of this.nodes) {
      for (const part of node.snapshot(2)) this.#write(response, part);
      this.#write(response, this.#figuresOf(node));
    }
  }

  #write(response, frame) {
    response.write(`data: ${typeof frame === 'string' ? frame
      : JSON.stringify(frame)}\n\n`);
  }

  /** To all that watch. A string goes as it is. */
  send(...frames) {
    for (const response of this.#streams)
      for (const frame of frames) this.#write(response, frame);
  }

  /** Events of a node, as `node.crash(room)` gives them. */
  tell(node, events, lost = 0) {
    this.send(node.frame(events, lost));
  }

  snapshot(node) {
    this.send(...node.snapshot(2));
  }

  /** Ends all streams, as a node does that stops. */
  cut() {
    for (const response of this.#streams) response.end();
  }

  second() {
    for (const node of this.nodes) {
      const counts = this.#countsOf(node);
      counts.seconds += 1;
      node.at += 1_000;
      const load = node.load ?? { messages: 500, each: 12, us: 180 };
      const messages = Math.round(load.messages
        * (1 + 0.2 * Math.sin(counts.seconds / 7)));
      counts.messages += messages;
      counts.deliveries += messages * load.each;
      counts.bytes_in += messages * 180;
      counts.bytes_out += messages * load.each * 240;
      ['accepted', 'sequenced', 'bus', 'fan_out', 'written']
        .forEach((stage, i) => {
          // Spread over a few buckets around what the stage takes.
          const at = load.us * (0.2 + 0.2 * i);
          const middle = BOUNDS_US.findIndex((bound) => bound >= at);
          [0.5, 0.3, 0.15, 0.04, 0.01].forEach((share, j) => {
            const bucket = Math.min(BOUNDS_US.length, middle + j);
            counts.latency[stage][bucket] += Math.round(messages * share / 8);
          });
        });
      this.send(this.#figuresOf(node));
    }
  }

  #countsOf(node) {
    let counts = this.#figures.get(node);
    if (!counts) {
      const empty = () => new Array(BOUNDS_US.length + 1).fill(0);
      counts = { seconds: 81_240, messages: 5e6, deliveries: 6e7, bytes_in: 9e8,
        bytes_out: 1.4e10, latency: { accepted: empty(), sequenced: empty(),
          bus: empty(), fan_out: empty(), written: empty() } };
      this.#figures.set(node, counts);
    }
    return counts;
  }

  #figuresOf(node) {
    const { seconds, latency, ...counts } = this.#countsOf(node);
    const rooms = [...node.actors.values()]
      .filter(({ kind }) => kind === 'room');
    const crashes = rooms.reduce((sum, { restarts }) => sum + restarts, 0);
    return { type: 'figures', node: node.id, run: node.run, at: iso(node.at),
      seconds, ready: node.ready ?? '', bus: node.bus ?? 'up',
      connections: node.connections ?? 1_204, rooms: rooms.length,
      members: rooms.reduce((sum, { here }) => sum + (here ?? 0), 0),
      counts: { ...counts, missed: 0, crashes, restarts: crashes,
        escalations: 0, log_dropped: 0, ...node.counts },
      latency: { bounds_us: BOUNDS_US, ...latency },
      memory: { frames: 4e6, outboxes: 3e6, logs: 5.5e7, remembered: 4e6,
        state: 1e6, resident: 312e6 },
      mailboxes: { room: 12, cluster: 3 },
      busiest: node.busiest ?? rooms.slice(0, 10).map(({ name }, i) =>
        ({ name, per_second: 210 / (i + 1) })),
      slowest: node.slowest ?? [] };
  }
}

const BOUNDS_US = [10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000,
  20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000];
