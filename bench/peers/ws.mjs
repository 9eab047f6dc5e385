// The room app on ws, as its documentation shows it: whoever connects joins the
// room of ?room=, and each message goes to the others of the room.
//
//   node ws.mjs PORT raw      passes on the bytes that came
//   node ws.mjs PORT json     parses each message, writes it again for each member
//   node ws.mjs PORT deflate  raw, with permessage-deflate where it is offered
import { WebSocketServer } from 'ws';

const [port, how] = process.argv.slice(2);
if (!['raw', 'json', 'deflate'].includes(how)) {
  console.error('usage: ws.mjs PORT raw|json|deflate');
  process.exit(2);
}

const rooms = new Map();

function roomOf(request) {
  const id = new URL(request.url, 'http://localhost').searchParams.get('room') ?? '';
  if (!rooms.has(id)) rooms.set(id, new Set());
  return rooms.get(id);
}

function relay(room, sender, data, binary) {
  for (const member of room) {
    if (member !== sender) member.send(data, { binary });
  }
}

function relayParsed(room, sender, data) {
  const message = JSON.parse(data);
  for (const member of room) {
    if (member !== sender) member.send(JSON.stringify(message));
  }
}

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(port),
  backlog: 4096,
  perMessageDeflate: how === 'deflate',
});
const pass = how === 'json' ? relayParsed : relay;

server.on('connection', (socket, request) => {
  const room = roomOf(request);
  room.add(socket);
  socket.on('message', (data, binary) => pass(room, socket, data, binary));
  socket.on('close', () => room.delete(socket));
  socket.on('error', () => {}); // A close follows.
});
