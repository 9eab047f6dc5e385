// The room app on Socket.IO, as its documentation shows it: whoever connects joins
// the room of ?room=, and each message goes to the others of the room.
//
//   node socketio.mjs PORT
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const http = createServer();
const io = new Server(http, { transports: ['websocket'], serveClient: false });

io.on('connection', (socket) => {
  const { room } = socket.handshake.query;
  socket.join(room);
  socket.on('msg', (message) => socket.to(room).emit('msg', message));
});

http.listen({ host: '127.0.0.1', port: Number(process.argv[2]), backlog: 4096 });
