import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { stop } from './stop.ts';

const TRIES = 20;

/** Listens on 127.0.0.1, on the wanted port or the next free one; returns the port. */
export async function listen(server: Server, wanted: number): Promise<number> {
  for (let port = wanted; ; port++) {
    try {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'EADDRINUSE') stop(`Port ${port} cannot be used (${message}): choose another with --port.`);
      if (port - wanted >= TRIES || port >= 65_535) stop(`Ports ${wanted} to ${port} are in use: choose another with --port.`);
      console.log(`Port ${port} is in use: trying ${port + 1}.`);
    }
  }
}
