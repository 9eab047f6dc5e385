// A client that talks, comes back when it was cut off, sends again what nobody
// answered, and records everything.

import WebSocket from 'ws';

import { within } from '../support/wait.mjs';
import { WHISPER } from './breaks.mjs';
import { foldPresence, foldState } from './rules-rest.mjs';
import { freshRoom } from './standing.mjs';

/** The pause before another attempt; without it, a dead node costs a core. */
const AGAIN_MS = 50;

/** How long a member waits for the answer to its handshake or a join. */
const PATIENCE_MS = 8000;

const later = (work) => setTimeout(work, AGAIN_MS);

export class Member {
  rooms = new Map(); // What it knows of the rooms that it wants to be in.
  #waiting = new Map(); // By room and id: what was sent and not answered.
  #asks = new Set(); // Ids of questions; they end with their connection.
  #setBy = new Map(); // The connection that set a value last.
  #connections = 0;
  #said = 0;
  #socket = null;
  #place;
  #live = true;
  #abandoned = [];

  /** `world` has the nodes, `history` what is recorded. */
  constructor(name, { world, history, resume = false, random, place,
    filling = '' }) {
    Object.assign(this, { name, world, history, resume, random, filling });
    this.#place = place;
    this.session = null;
  }

  start() {
    this.#connect();
  }

  /** Whether it is where it wants to be, and owes and awaits nothing. */
  get settled() {
    return this.ready && this.#waiting.size === 0 && this.#asks.size === 0
      && [...this.rooms.values()].every((room) => room.here);
  }

  /** Why not, for people. */
  get trouble() {
    const away = [...this.rooms].filter(([, room]) => !room.here)
      .map(([id]) => id);
    return `${this.c ?? this.name} ${this.ready ? 'is connected' : 'is not'}`
      + `, ${this.#waiting.size + this.#asks.size} unanswered, not in ${away.join() || 'none'}`;
  }

  // -- what a schedule asks for -----------------------------------------------

  join(roomId) {
    if (this.rooms.has(roomId)) return;
    this.rooms.set(roomId, freshRoom());
    if (this.ready) this.#askToJoin(roomId);
  }

  leave(roomId) {
    const room = this.rooms.get(roomId);
    // Who owes or awaits something stays: what became of it is to be seen.
    if (!room?.here || this.rooms.size === 1) return;
    this.rooms.delete(roomId);
    this.history.record('leave', { c: this.c, room: roomId });
    this.#send({ type: 'leave_room', roomId, id: `leave-${++this.#said}` });
  }

  /** Says something new; gives its payload once it is on its way. */
  say(roomId) {
    const room = this.rooms.get(roomId);
    if (!room) return null;
    const said = { kind: 'publish', roomId, id: ++this.#said };
    this.#waiting.set(key(said), said);
    if (room.here) this.#publish(said);
    return said;
  }

  /** Says something to some: names of users or connections. */
  direct(roomId, to) {
    const room = this.rooms.get(roomId);
    if (!room || to.length === 0) return null;
    const said = { kind: 'direct', roomId, id: ++this.#said, to };
    this.#waiting.set(key(said), said);
    if (room.here) this.#publish(said);
    return said;
  }

  /** `how` may have `bound` and `ttl`. Gives what the key is to hold. */
  set(roomId, name, how = {}) {
    const room = this.rooms.get(roomId);
    if (!room) return null;
    const id = ++this.#said;
    const said = { kind: 'set', roomId, id, name, value: `${this.name}=${id}`,
      how };
    this.#waiting.set(key(said), said);
    if (room.here) this.#publish(said);
    return said;
  }

  /**
   * Asks for `limit` messages that a room keeps: from so far `back` on, or of
   * all of them the newest. Not while it reads nothing: the answers would close
   * it, and no gap be seen.
   */
  ask(roomId, { back, limit }) {
    const room = this.rooms.get(roomId);
    if (!room?.here || this.#socket.isPaused) return;
    const id = `ask-${++this.#said}`;
    const from = back === undefined ? undefined : Math.max(1, room.at - back);
    this.#asks.add(id);
    this.history.record('ask', { c: this.c, room: roomId, id, from, limit });
    this.#send({ type: 'history', roomId, id, from, limit });
  }

  /** Goes without a word, and comes back to another node. */
  drop() {
    const socket = this.#socket;
    if (!socket) return; // It is on its way already.
    this.#ended('drop');
    socket.terminate();
  }

  /** The same, and TCP stays open: the node has to find out. */
  vanish() {
    const socket = this.#socket;
    if (!this.ready) return;
    socket.pause();
    this.#abandoned.push(socket);
    this.#ended('vanish');
  }

  /** Reads nothing until `quick`. */
  slow() {
    if (this.ready) this.#socket.pause();
  }

  quick() {
    if (this.ready && this.#socket.isPaused) this.#socket.resume();
  }

  /** Whether it has heard, or said, `payload` in this connection. */
  has(payload) {
    return this.heard.has(payload);
  }

  /** Asks who is in a room; gives connection ids. */
  async list(roomId, ms) {
    const id = `list-${++this.#said}`;
    let answer;
    const answered = new Promise((resolve) => (answer = resolve));
    this.lists.set(id, answer);
    this.#send({ type: 'presence', roomId, id });
    try {
      return await within(ms, answered, () => `a list of ${roomId}`);
    } finally {
      this.lists.delete(id);
    }
  }

  /** Who is in a room by what it was told. */
  told(roomId) {
    return foldPresence(this.rooms.get(roomId)?.presence ?? []);
  }

  /** Whether it was told of a value, which may be gone. */
  wasTold(roomId, value) {
    return this.rooms.get(roomId).states.some(({ changes, state }) =>
      (changes ?? state ?? []).some((change) => change.value === value));
  }

  /** Whether it has set a value in this connection. */
  owns(value) {
    return this.#setBy.get(value) === this.connectionId;
  }

  /** What the keys of a room hold by what it was told. */
  keys(roomId) {
    const { values } = foldState(this.rooms.get(roomId)?.states ?? []);
    return new Map([...values].filter(([, { value }]) => value !== null)
      .map(([name, { value }]) => [name, value]));
  }

  stop() {
    this.#live = false;
    clearTimeout(this.deadline);
    for (const socket of [this.#socket, ...this.#abandoned])
      socket?.terminate();
  }

  // -- its connection -----------------------------------------------------------

  #connect() {
    if (!this.#live) return;
    const node = this.world.place(this.#place);
    if (!node) {
      this.#place += 1;
      later(() => this.#connect());
      return;
    }
    const socket = new WebSocket(node.url, { perMessageDeflate: false });
    this.#socket = socket;
    this.c = null;
    this.#patience();
    const mine = (work) => (...args) => {
      if (this.#socket === socket) work(...args);
    };
    socket.on('error', () => {}); // `close` comes as well.
    socket.on('close', mine((code) => this.#ended(`closed with ${code}`)));
    socket.on('message', mine((bytes) =>
      this.#received(node, JSON.parse(bytes))));
  }

  /** A node that hangs is left for another one. */
  #patience() {
    clearTimeout(this.deadline);
    this.deadline = setTimeout(() => {
      const missing = !this.ready
        || [...this.rooms.values()].some((room) => !room.here);
      if (missing) this.drop();
    }, PATIENCE_MS);
  }

  #ended(how) {
    clearTimeout(this.deadline);
    if (this.c) this.history.record('close', { c: this.c, how });
    this.#socket = null;
    this.ready = false;
    this.c = null;
    this.#asks.clear();
    for (const room of this.rooms.values()) room.here = false;
    for (const [id, { roomId }] of this.#waiting)
      if (!this.rooms.has(roomId)) this.#waiting.delete(id);
    this.#place += 1 + this.random.below(2);
    if (this.#live) later(() => this.#connect());
  }

  #send(message) {
    this.#socket.send(JSON.stringify(message));
  }

  #welcome(node, { session, connectionId, userId }) {
    ++this.#connections;
    this.heard = new Set();
    this.lists = new Map();
    this.joins = new Map();
    const past = this.session;
    this.connectionId = connectionId;
    if (this.resume && past) {
      this.#resume(past, { node, session, connectionId, userId });
      return;
    }
    this.#opened(node, session, userId);
    for (const roomId of this.rooms.keys()) this.#askToJoin(roomId);
  }

  #opened(node, session, userId) {
    this.c = `${this.name}.${this.#connections}`;
    this.ready = true;
    this.session = session;
    this.life = node.life;
    this.history.record('open', { c: this.c, client: this.name, session,
      connectionId: this.connectionId, userId, node: node.life });
  }

  #askToJoin(roomId) {
    const room = this.rooms.get(roomId);
    const id = `join-${++this.#said}`;
    const since = room.epoch === null ? undefined
      : { epoch: room.epoch, offset: room.at };
    this.joins.set(id, since);
    this.#send({ type: 'join_room', roomId, id, userId: this.name, since });
  }

  #resume(session, fresh) {
    const rooms = {};
    for (const [roomId, room] of this.rooms)
      if (room.epoch !== null)
        rooms[roomId] = { epoch: room.epoch, offset: room.at };
    this.resuming = { rooms, fresh };
    this.#send(
      { type: 'resume', id: 'resume', session, rooms, userId: this.name });
  }

  // -- what it says ---------------------------------------------------------------

  #publish(said) {
    // Another session has another memory of ids: there it is another message.
    if (said.session !== this.session) {
      said.session = this.session;
      said.payload = `${this.name}${said.kind === 'direct' ? WHISPER : '/'}${
        said.id}@${this.#connections}`;
    }
    const { roomId: room, id, payload } = said;
    if (said.kind === 'set') {
      const { name, value, how } = said;
      this.#setBy.set(value, this.connectionId);
      this.history.record('set',
        { c: this.c, room, id, key: name, value, ...how });
      this.#send({ type: 'set_state', roomId: room, id, key: name, value,
        ...how });
      return;
    }
    if (said.kind === 'direct') {
      const { to } = said;
      this.history.record('direct', { c: this.c, room, id, to, payload });
      this.#send({ type: 'message', roomId: room, id, to, text: payload });
      return;
    }
    this.heard.add(payload);
    this.history.record('publish', { c: this.c, room, id, payload });
    this.#send({ type: 'message', roomId: room, id,
      text: `${payload}${this.filling}` });
  }

  /** It is in a room (again): what it has not been answered goes out. */
  #arrived(roomId) {
    for (const said of this.#waiting.values())
      if (said.roomId === roomId) this.#publish(said);
  }

  // -- what it hears --------------------------------------------------------------

  #received(node, message) {
    const { type, roomId: room, id } = message;
    if (type === 'auth_success') {
      this.#welcome(node, message);
      return;
    }
    const handle = this.#handlers[type];
    if (handle) handle(message, room, id);
  }

  #handlers = {
    joined: (message, room, id) => this.#joined(message, this.joins.get(id)),

    resumed: ({ session, connectionId, userId, rooms }) => {
      const { rooms: asked, fresh } = this.resuming;
      this.connectionId = connectionId ?? fresh.connectionId;
      this.#opened(fresh.node, session, userId);
      for (const room of rooms)
        if (!room.error) this.#joined(room, asked[room.roomId]);
      for (const [roomId, room] of this.rooms)
        if (!room.here) this.#askToJoin(roomId);
    },

    left: ({ reason }, room) => {
      this.history.record('left', { c: this.c, room, reason });
      const known = this.rooms.get(room);
      if (known && reason) {
        known.here = false;
        this.#askToJoin(room);
      }
    },

    message: ({ offset, text, id }, room) => {
      const payload = payloadOf(text);
      this.heard.add(payload);
      if (offset === undefined) {
        this.history.record('handed', { c: this.c, room, payload, id });
        return;
      }
      this.history.record('message', { c: this.c, room, offset, payload, id });
      this.rooms.get(room)?.reach(offset);
    },

    history: ({ epoch, offset, messages }, room, id) => {
      this.history.record('page', { c: this.c, room, id, epoch, offset,
        bytes: messages.reduce((sum, { text }) => sum + text.length, 0),
        messages: messages.map(({ offset: at, text, id: own }) =>
          ({ offset: at, payload: payloadOf(text), id: own })) });
      this.#asks.delete(id);
    },

    gap: ({ epoch, from, to, reason }, room) => {
      this.history.record('gap', { c: this.c, room, epoch, from, to, reason });
      this.rooms.get(room)?.reach(to);
    },

    ack: ({ epoch, offset, version, delivered, duplicate, degraded }, room,
      id) => {
      this.history.record('ack', { c: this.c, room, id, epoch, offset, version,
        delivered, duplicate, degraded });
      this.#waiting.delete(key({ roomId: room, id }));
      if (offset !== undefined) this.rooms.get(room)?.own(epoch, offset);
    },

    error: ({ code, message }, room, id) => {
      if (id === 'resume') {
        // The session is lost, and the rooms are not.
        this.session = null;
        this.history.record('fault', { what: 'resume refused', code });
        this.drop();
        return;
      }
      const said = this.#waiting.get(key({ roomId: room, id }));
      if (this.#asks.delete(id)) {
        this.history.record('refused', { c: this.c, room, id, code, message });
        return;
      }
      if (!said) {
        this.#joinFailed(room, id, code);
        return;
      }
      this.history.record('refused', { c: this.c, room, id, code, message });
      if (code === 'unavailable') {
        const { c } = this;
        later(() => {
          if (this.c === c && this.#waiting.has(key(said))) this.#publish(said);
        });
      } else if (code !== 'not_in_room') {
        // When it is no longer in the room it is about to come back.
        this.#waiting.delete(key(said));
      }
    },

    presence: ({ members, joined, left }, room, id) => {
      if (this.lists.has(id)) {
        this.lists.get(id)(ids(members));
        return;
      }
      const step = { kind: 'presence', members: ids(members),
        joined: ids(joined), left: ids(left) };
      this.history.record('presence', { c: this.c, room, ...step });
      this.rooms.get(room)?.presence.push(step);
    },

    state: ({ changes, whole }, room) => {
      this.history.record('state', { c: this.c, room, changes, whole });
      this.rooms.get(room)?.states.push({ kind: 'state', changes, whole });
    },

    degraded: (_, room) => this.history.record('degraded', { c: this.c, room }),
    healed: (_, room) => this.history.record('healed', { c: this.c, room }),
  };

  #joined(message, since) {
    const { roomId, order, epoch, offset, recovered, reason, members, state } =
      message;
    const step = { kind: 'joined', members: ids(members) };
    this.history.record('joined', { c: this.c, room: roomId, order, epoch,
      offset, since, recovered, reason, state, ...step });
    const room = this.rooms.get(roomId);
    if (!room) return; // It has left meanwhile.
    room.begin(epoch, recovered === true && since ? since.offset : offset);
    // One that nobody asked for brings no list: that of before holds [P-4.19].
    if (step.members || !room.here) room.presence = [];
    room.presence.push(step);
    if (!room.here) room.states = [];
    room.states.push({ kind: 'joined', epoch, since, reason, state });
    const back = !room.here;
    room.here = true;
    if (back) this.#arrived(roomId);
  }

  #joinFailed(room, id, code) {
    if (!this.joins.has(id)) return;
    this.history.record('fault', { what: 'join refused', c: this.c, room, code });
    const { c } = this;
    later(() => {
      if (this.c === c && this.rooms.get(room)?.here === false)
        this.#askToJoin(room);
    });
  }
}

/** `text` may go on with what only makes it longer. */
const payloadOf = (text) => text.split(' ', 1)[0];
const key = ({ roomId, id }) => JSON.stringify([roomId, id]);
const ids = (members) => members?.map(({ connectionId }) => connectionId);
