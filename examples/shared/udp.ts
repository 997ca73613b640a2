import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { stop } from './stop.ts';

/** A UDP socket on a port of 127.0.0.1 (0: any that is free). A port that is taken ends the program with a line that says so. */
export async function openUdp(port: number): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening').catch((error: NodeJS.ErrnoException) => {
    stop(error.code === 'EADDRINUSE' ? `UDP port ${port} is in use: choose another.` : error.message);
  });
  return socket.unref(); // the page's server keeps the program alive
}
