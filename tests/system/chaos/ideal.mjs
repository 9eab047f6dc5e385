// Histories as a perfect cluster would make them, by seed: what the checker
// must accept, and what its tests falsify.

import { randomFrom } from '../support/bystander.mjs';
import { History } from './history.mjs';

const ROOM = 'ideal';

class Ideal {
  history = new History();
  #random;
  #profile;
  #log = []; // {payload, client, c, id}; its index is its offset, less one.
  #members = [];
  #told = 0;
  #keys = new Map(); // What each holds, as members are told.

  constructor(seed, profile) {
    this.#random = randomFrom(seed);
    this.#profile = profile;
    this.epoch = `e${seed}`;
    this.history.record('run', { profile, seed });
  }

  get #resumes() {
    return this.#profile === 'total';
  }

  #record(kind, member, fields) {
    this.history.record(kind, { c: member.c, ...fields });
  }

  /** A client comes, for the first time or back. */
  come(member) {
    const back = member.visits++ > 0;
    member.c = `${member.client}.${member.visits}`;
    member.session = this.#resumes ? `s-${member.client}` : `s-${member.c}`;
    member.connectionId = `c-${member.c}`;
    this.#record('open', member, {
      client: member.client, session: member.session,
      connectionId: member.connectionId, userId: member.client,
      node: this.#profile === 'single' ? 'n1#1'
        : `n${1 + this.#random.below(3)}#1`,
    });
    const since = back ? { epoch: this.epoch, offset: member.at } : undefined;
    this.#members.push(member);
    this.#record('joined', member, {
      room: ROOM, order: this.#profile === 'fifo' ? 'fifo' : 'total',
      epoch: this.epoch, offset: this.#log.length, since,
      recovered: since && true,
      members: this.#members.map(({ connectionId }) => connectionId),
      state: [...this.#keys.values()].filter(({ value }) => value !== null),
    });
    member.heard = since ? member.at : this.#log.length;
    member.replay = this.#log.length;
    this.#others(member, { joined: [member.connectionId] });
    this.hear(member);
  }

  #others(member, change) {
    for (const other of this.#members)
      if (other !== member)
        this.#record('presence', other, { room: ROOM, ...change });
  }

  go(member) {
    this.#members = this.#members.filter((other) => other !== member);
    this.#record('close', member, { how: 'drop' });
    member.at = member.heard;
    this.#others(member, { left: [member.connectionId] });
  }

  say(member) {
    const id = member.said++;
    const payload = `${member.client}/${id}`;
    this.#record('publish', member, { room: ROOM, id, payload });
    this.#log.push({ payload, c: member.c, id, session: member.session });
    const offset = this.#log.length;
    this.#record('ack', member, { room: ROOM, id, epoch: this.epoch, offset });
    if (this.#random.below(8) > 0) return;
    this.#record('publish', member, { room: ROOM, id, payload });
    this.#record('ack', member,
      { room: ROOM, id, epoch: this.epoch, offset, duplicate: true });
  }

  /** One says something to some of those who are there, and they hear it. */
  whisper(member, isChosen = () => this.#random.below(3) === 0) {
    const id = `w${member.said++}`;
    const payload = `${member.client}->${id}`;
    const chosen = this.#members.filter((other) =>
      other === member || isChosen(other));
    const to = chosen.map(({ client, connectionId }) =>
      this.#random.pick([client, connectionId]));
    this.#record('direct', member, { room: ROOM, id, to, payload });
    const others = chosen.filter((other) => other !== member);
    this.#record('ack', member, { room: ROOM, id, delivered: others.length });
    for (const other of others)
      this.#record('handed', other, { room: ROOM, payload });
  }

  /** One asks for a page of what the room keeps: that is all. */
  ask(member) {
    const id = `ask${member.said++}`;
    const limit = 1 + this.#random.below(10);
    const top = this.#log.length;
    const from = this.#random.pick([undefined, 1 + this.#random.below(top + 1)]);
    this.#record('ask', member, { room: ROOM, id, from, limit });
    const begin = (from ?? Math.max(1, top - limit + 1)) - 1;
    const messages = this.#log.slice(begin, begin + limit)
      .map((said, i) => ({ offset: begin + i + 1, payload: said.payload,
        ...(said.session === member.session ? { id: said.id } : {}) }));
    this.#record('page', member, { room: ROOM, id, epoch: this.epoch,
      offset: top, bytes: 0, messages });
  }

  /** A key is set, and all are told of it; what was there before is over. */
  set(member, key, how = {}) {
    const id = `set${++this.#told}`;
    const value = `${member.client}=${id}`;
    this.#record('set', member, { room: ROOM, id, key, value, ...how });
    this.#record('ack', member, { room: ROOM, id, epoch: this.epoch,
      version: this.#told });
    this.#tell(key, value);
  }

  #tell(key, value, fields) {
    const change = { key, value, version: this.#told };
    this.#keys.set(key, change);
    for (const other of this.#members)
      this.#record('state', other, { room: ROOM, changes: [change], ...fields });
  }

  /** All keys are set: one for good, others with one who goes, or a time. */
  keys([leaves, ...clients]) {
    const began = this.history.events.at(-1).at;
    for (const member of clients) this.set(member, 'flash', { ttl: 400 });
    this.set(leaves, 'seat', { bound: true });
    this.go(leaves);
    ++this.#told;
    this.#tell('seat', null);
    this.come(leaves);
    for (const member of clients) this.set(member, 'topic');
    this.set(clients[0], 'seat of one', { bound: true });
    ++this.#told;
    this.#tell('flash', null, { at: began + 1000 });
  }

  /** A member reads what it has not yet read, or a part of it. */
  hear(member, limit = Infinity) {
    for (let i = 0; i < limit && member.heard < this.#log.length; ++i) {
      const { payload, c, id, session } = this.#log[member.heard++];
      const replayed = this.#resumes && member.heard <= member.replay;
      if (c === member.c && !replayed) continue;
      this.#record('message', member, {
        room: ROOM, offset: member.heard, payload,
        ...(session === member.session ? { id } : {}),
      });
    }
  }

  run(steps) {
    const clients = Array.from({ length: 4 }, (_, i) => ({
      client: `m${i}`, visits: 0, said: 0, at: 0,
    }));
    for (const member of clients) this.come(member);
    for (let step = 0; step < steps; ++step) {
      const member = this.#random.pick(clients);
      const what = this.#random.below(20);
      if (what === 0) {
        this.go(member);
        this.come(member);
      } else if (what < 8) this.say(member);
      else if (what === 8) this.whisper(member);
      else if (what === 9) this.ask(member);
      else this.hear(member, this.#random.below(4));
    }
    for (const member of clients) this.hear(member);
    this.keys(clients);
    this.whisper(clients[0], () => true);
    this.ask(clients[0]);
    for (const member of this.#members)
      this.#record('list', member, { room: ROOM,
        members: this.#members.map(({ connectionId }) => connectionId) });
    this.history.record('quiet', { at: this.history.events.at(-1).at + 2000 });
    return this.history.events;
  }
}

export const idealHistory = (seed, profile, steps = 200) =>
  new Ideal(seed, profile).run(steps);
