// A TCP proxy that misbehaves on demand: what a network does to a node and its
// Redis, one for each node.

import net from 'node:net';

const HEALTHY = { refuse: false, up: 'open', down: 'open', delay: 0, drip: 0 };

/** A slow line gives its bytes this often. */
const DRIP_MS = 20;

/** One direction of one connection. */
class Lane {
  #from;
  #to;
  #proxy;
  #direction;
  #waiting = []; // {bytes, due}
  #ended = false;
  #timer = null;

  constructor(proxy, direction, from, to, rewrite) {
    this.#proxy = proxy;
    this.#direction = direction;
    this.#from = from;
    this.#to = to;
    from.on('data', (bytes) => {
      const out = rewrite ? rewrite(bytes) : bytes;
      if (out.length > 0)
        this.#waiting.push({ bytes: out, due: Date.now() + proxy.faults.delay });
      this.pump();
    });
    from.on('end', () => {
      this.#ended = true;
      this.pump();
    });
    to.on('drain', () => this.pump());
  }

  /** Passes on what may go now, and comes again for the rest. */
  pump() {
    clearTimeout(this.#timer);
    if (this.#to.destroyed) return;
    const { faults } = this.#proxy;
    // A hole keeps what falls in: TCP would send it again until it arrives.
    if (faults[this.#direction] === 'hole') {
      this.#from.pause();
      return;
    }
    while (this.#waiting.length > 0) {
      const [{ bytes, due }] = this.#waiting;
      const early = due - Date.now();
      if (early > 0) return this.#later(early);
      if (this.#to.writableNeedDrain) return this.#from.pause();
      if (faults.drip > 0 && bytes.length > faults.drip) {
        this.#to.write(bytes.subarray(0, faults.drip));
        this.#waiting[0].bytes = bytes.subarray(faults.drip);
        this.#from.pause();
        return this.#later(DRIP_MS);
      }
      this.#waiting.shift();
      this.#to.write(bytes);
    }
    if (this.#ended) this.#to.end();
    else this.#from.resume();
  }

  #later(ms) {
    this.#timer = setTimeout(() => this.pump(), ms);
  }

  stop() {
    clearTimeout(this.#timer);
  }
}

export class FaultProxy {
  /** As it is now; change it by `set`. `up` is towards the target. */
  faults = { ...HEALTHY };
  #pairs = new Set();
  #server = net.createServer({ allowHalfOpen: true },
    (socket) => this.#accept(socket));
  #listening = false;
  #rewriter;

  /**
   * In front of `target`, a port. `rewriter()` makes, for each connection, what
   * every piece that comes from the target is put through.
   */
  constructor(target, rewriter = null) {
    this.target = target;
    this.#rewriter = rewriter;
  }

  async start() {
    await this.#listen(this.port ?? 0);
    this.port = this.#server.address().port;
    return this;
  }

  #listen(port) {
    if (this.#listening) return undefined;
    this.#listening = true;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  #unlisten() {
    if (!this.#listening) return undefined;
    this.#listening = false;
    return new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(near) {
    const far = net.connect({ port: this.target, host: '127.0.0.1',
      allowHalfOpen: true });
    near.setNoDelay();
    far.setNoDelay();
    const pair = { near, far };
    pair.lanes = [
      new Lane(this, 'up', near, far),
      new Lane(this, 'down', far, near, this.#rewriter?.()),
    ];
    this.#pairs.add(pair);
    const end = () => {
      for (const lane of pair.lanes) lane.stop();
      near.destroy();
      far.destroy();
      this.#pairs.delete(pair);
    };
    for (const socket of [near, far]) {
      socket.on('error', end);
      socket.on('close', () => { if (near.destroyed && far.destroyed) end(); });
    }
    // A reset is no end of stream: the other side is to hear of it as well.
    near.on('close', (failed) => { if (failed) end(); });
    far.on('close', (failed) => { if (failed) end(); });
    if (this.faults.refuse) near.resetAndDestroy();
  }

  get connections() {
    return this.#pairs.size;
  }

  /** Resets every connection, once. */
  cut() {
    for (const { near, far, lanes } of [...this.#pairs]) {
      for (const lane of lanes) lane.stop();
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
    this.#pairs.clear();
  }

  /**
   * `refuse`: connections are cut and refused; `up`, `down`: 'hole' is
   * connected and silent; `delay`: each piece comes so many milliseconds later;
   * `drip`: so many bytes at a time.
   */
  async set(faults) {
    Object.assign(this.faults, faults);
    if (this.faults.refuse) {
      // Closed first: until it is, a connection could still come in.
      const closed = this.#unlisten();
      this.cut();
      await closed;
    } else {
      await this.#listen(this.port);
    }
    for (const { lanes } of this.#pairs) for (const lane of lanes) lane.pump();
  }

  heal() {
    return this.set(HEALTHY);
  }

  async stop() {
    const closed = this.#unlisten();
    this.cut();
    await closed;
  }
}
