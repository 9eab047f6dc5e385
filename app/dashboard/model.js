// What is known of the cluster: a function of the frames that came
// (docs/dashboard.md). It knows nothing of the page.

import { BOUNDS, TIMES } from './bounds.js';
import { EventStore } from './event-store.js';
import { Incidents } from './incidents.js';
import { COLUMNS, NodeLife, drawnQuantiles } from './node-life.js';
import { order } from './order.js';
import { added } from './rates.js';
import { Series } from './series.js';
import { countOf, eventOf, isObject, textOf, timeOf } from './untrusted.js';

export class Cluster {
  /** Of the node that serves the page, as it said hello; null before. */
  hello = null;
  /** By id. */
  nodes = new Map();
  events = new EventStore();
  incidents = new Incidents();
  series = new Series(COLUMNS);
  /** Frames that were not understood. */
  malformed = 0;
  /** What is this browser's time where the node's is 0. */
  clockSkew = 0;
  /** The version that served this page first: it may be another one now. */
  firstVersion = null;
  /** Grows with each frame. */
  version = 0;
  /** Frames by type, and when the last one came. */
  lastFrameAt = 0;
  refusedNodes = 0;
  #budget = { used: 0, most: BOUNDS.actors };
  #sampledAt = -Infinity;
  #helloAt = 0;

  /** `now` is in milliseconds, of this browser. */
  takeText(text, now) {
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      frame = null;
    }
    if (isObject(frame)) this.take(frame, now);
    else ++this.malformed;
  }

  take(frame, now) {
    ++this.version;
    this.lastFrameAt = now;
    switch (frame.type) {
      case 'hello': return this.#takeHello(frame, now);
      case 'tree':
      case 'events':
      case 'figures': return this.#takeOfNode(frame, now);
      case 'gone': return this.#takeGone(frame, now);
      default: return undefined; // Of a later version.
    }
  }

  #takeHello({ node, version, now: told }, now) {
    this.hello = { node: textOf(node), version: textOf(version, 64) };
    this.firstVersion ??= this.hello.version;
    const at = timeOf(told);
    if (at > 0) this.clockSkew = now - at;
    this.#helloAt = now;
    // What was known of nodes holds no longer. It is shown as such until they
    // tell anew, which takes them moments: a page that goes blank helps nobody.
    for (const life of this.nodes.values()) life.isOld = true;
  }

  #takeOfNode(frame, now) {
    const life = this.#lifeOf(frame, now);
    if (!life) return;
    if (frame.type === 'tree') {
      const at = timeOf(frame.at);
      if (!life.actors.takePart({ ...frame, at })) ++this.malformed;
      else if (life.actors.wholeAt === at) this.incidents.compare(life, at);
    } else if (frame.type === 'figures') {
      life.takeFigures(frame, now);
      this.#sample(now);
    } else {
      this.#takeEvents(frame, life, now);
    }
  }

  #lifeOf({ node, run }, now) {
    const id = textOf(node);
    if (id === '') {
      ++this.malformed;
      return null;
    }
    let life = this.nodes.get(id);
    if (!life) {
      if (this.nodes.size >= BOUNDS.nodes) {
        ++this.refusedNodes;
        return null;
      }
      life = new NodeLife(id, this.#budget);
      this.nodes.set(id, life);
    }
    life.hear(textOf(run), now);
    return life;
  }

  #takeGone({ node }, now) {
    const life = this.nodes.get(textOf(node));
    if (life) life.goneAt ??= now;
  }

  /** The node numbers its lines from `first` on, then those that it left out. */
  #takeEvents({ first, lines, lost }, life, now) {
    if (!Number.isSafeInteger(first) || !Array.isArray(lines)) {
      ++this.malformed;
      return;
    }
    lines.forEach((told, i) => {
      if (!life.isNew(first + i)) return;
      const event = eventOf(told);
      if (event) this.#takeEvent(event, life, now);
      else ++this.malformed;
    });
    if (countOf(lost) > 0 && life.isNew(first + lines.length))
      this.events.lose(lost);
  }

  #takeEvent(event, life, now) {
    const at = timeOf(event.ts);
    this.events.push(event, life.id, life.run);
    this.#applyToTree(event, life.actors, at);
    this.incidents.take(event,
      { node: life.id, run: life.run, at, seenAt: now });
    life.told.take(event, now);
  }

  #applyToTree(event, actors, at) {
    const actor = actors.speaker(event, at);
    if (event.event === 'actor.exited') actors.exit(event.actor);
    if (!actor) return;
    switch (event.event) {
      case 'actor.crashed':
        return actors.crash(actor, at, textOf(event.reason, BOUNDS.value));
      case 'actor.restarted':
        return actors.restart(actor, at, countOf(event.restarts));
      case 'actor.escalated':
        return actors.escalate(actor, at, textOf(event.cause, BOUNDS.value),
          countOf(event.restarts));
      case 'mailbox.deep':
        return actors.fill(actor, at, countOf(event.depth));
      case 'mailbox.drained':
        return actors.fill(actor, at, 0);
      case 'room.emptied':
        actor.here = 0;
        return undefined;
      default:
        return undefined;
    }
  }

  /** One point of the plots a second, over all nodes. */
  #sample(now) {
    // Nor before every node has had the time to tell: their sum would jump.
    if (now - this.#sampledAt < 900 || now - this.#helloAt < 1_000) return;
    this.#sampledAt = now;
    const lives = [...this.nodes.values()]
      .filter((life) => life.isSpeaking(now) && !life.isOld);
    const sum = (name) => lives.reduce((total, { window }) => {
      const rate = window.rate(name, 1);
      return rate === undefined ? total : (total ?? 0) + rate;
    }, undefined);
    this.series.push(now, {
      messages: sum('messages'), deliveries: sum('deliveries'),
      bytes_in: sum('bytes_in'), bytes_out: sum('bytes_out'),
      connections: lives.reduce((all, { figures }) =>
        all + figures.connections, 0),
      ...drawnQuantiles(added(lives.map(({ window }) =>
        window.buckets('written')))),
    });
  }

  /** Forgets whom nothing is heard of any longer. Call it now and then. */
  tick(now) {
    for (const [id, life] of this.nodes) {
      const isGone = life.goneAt !== null && now - life.goneAt > TIMES.gone;
      const isPast = life.isOld && now - this.#helloAt > TIMES.relearn;
      if (!isGone && !isPast) continue;
      life.actors.clear();
      this.nodes.delete(id);
      ++this.version;
    }
  }

  /** How many actors are known. */
  get actorCount() {
    return this.#budget.used;
  }

  /** Nodes by name. */
  list() {
    return [...this.nodes.values()].sort((a, b) => order(a.id, b.id));
  }
}
