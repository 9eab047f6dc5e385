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
      state: [],
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
      else this.hear(member, this.#random.below(4));
    }
    for (const member of clients) this.hear(member);
    for (const member of clients) {
      this.#record('set', member,
        { room: ROOM, id: `set${++this.#told}`, key: 'k', value: this.#told });
      this.#record('ack', member, { room: ROOM, id: `set${this.#told}`,
        epoch: this.epoch, version: this.#told });
      for (const other of clients)
        this.#record('state', other, { room: ROOM, changes: [
          { key: 'k', value: this.#told, version: this.#told }] });
    }
    for (const member of clients)
      this.#record('list', member, { room: ROOM,
        members: clients.map(({ connectionId }) => connectionId) });
    this.history.record('quiet');
    return this.history.events;
  }
}

export const idealHistory = (seed, profile, steps = 200) =>
  new Ideal(seed, profile).run(steps);
