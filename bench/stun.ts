import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/**
 * Answers STUN binding requests on loopback (RFC 8489 14.2: XOR-MAPPED-ADDRESS alone). A library that always asks a
 * server, and waits for its answer before it connects, would else be measured by its deadline.
 */
export async function startStun(): Promise<{ readonly port: number; close(): void }> {
  const socket: Socket = createSocket('udp4');
  socket.on('message', (request, { address, port }) => {
    if (request.length < 20 || request.readUInt16BE(0) !== 0x0001) return;
    const response = Buffer.alloc(32);
    response.writeUInt16BE(0x0101, 0); // success response
    response.writeUInt16BE(12, 2);
    request.copy(response, 4, 4, 20); // magic cookie and transaction id
    response.writeUInt16BE(0x0020, 20);
    response.writeUInt16BE(8, 22);
    response[25] = 0x01; // IPv4
    response.writeUInt16BE(port ^ 0x2112, 26);
    for (const [i, octet] of address.split('.').entries()) response[28 + i] = Number(octet) ^ (request[4 + i] ?? 0);
    socket.send(response, port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  socket.unref();
  return { port: socket.address().port, close: () => socket.close() };
}
