// Our side: one DTLS machine on one UDP socket.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { randomFillSync } from 'node:crypto';
import type { Environment } from '../../src/core/index.ts';
import { nodeCrypto } from '../../src/crypto/node.ts';
import { type DtlsConfig, type DtlsEvent, DtlsMachine } from '../../src/dtls/index.ts';

export const environment: Environment = { crypto: nodeCrypto, random: (into) => void randomFillSync(into), unixOffsetMs: Date.now() - performance.now() };

/** A socket on loopback, and what it has received. */
export interface BoundSocket {
  readonly socket: Socket;
  readonly port: number;
  readonly early: readonly { readonly bytes: Buffer; readonly port: number }[];
}

/** Binds before a peer starts: some end at once when nobody listens. */
export async function bindSocket(): Promise<BoundSocket> {
  const socket = createSocket('udp4');
  const early: { bytes: Buffer; port: number }[] = [];
  socket.on('message', (bytes: Buffer, { port }: RemoteInfo) => early.push({ bytes, port }));
  socket.on('error', () => {}); // ICMP: the peer is not there
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { socket, port: socket.address().port, early };
}

export class DtlsEndpoint {
  readonly machine: DtlsMachine;
  readonly events: DtlsEvent[] = [];
  received = '';
  /** Whether the n-th datagram of the handshake, counted over both directions, is lost. */
  loses: (n: number) => boolean = () => false;
  #count = 0;
  readonly #socket: Socket;
  readonly #early: BoundSocket['early'];
  #remotePort: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** A client knows where its peer is, a server learns it from the first datagram. */
  constructor(config: DtlsConfig, { socket, early }: BoundSocket, remotePort?: number) {
    this.#socket = socket;
    this.machine = new DtlsMachine(config, environment);
    this.#remotePort = remotePort;
    this.#early = early;
  }

  #read(bytes: Buffer, port: number): void {
    this.#remotePort ??= port;
    if (port === this.#remotePort && !this.#isLost()) this.machine.handleRead(new Uint8Array(bytes), performance.now());
    this.flush();
  }

  start(): void {
    this.machine.start(performance.now());
    this.#socket.removeAllListeners('message').on('message', (bytes: Buffer, remote: RemoteInfo) => this.#read(bytes, remote.port));
    for (const { bytes, port } of this.#early) this.#read(bytes, port);
    this.flush();
  }

  send(text: string): void {
    this.machine.handleWrite(new TextEncoder().encode(text), performance.now());
    this.flush();
  }

  flush(): void {
    const { machine } = this;
    machine.handleTimeout(performance.now());
    for (let bytes = machine.pollWrite(); bytes; bytes = machine.pollWrite()) if (this.#remotePort !== undefined && !this.#isLost()) this.#socket.send(bytes, this.#remotePort, '127.0.0.1');
    for (let event = machine.pollEvent(); event; event = machine.pollEvent()) this.events.push(event);
    for (let data = machine.pollRead(); data; data = machine.pollRead()) this.received += new TextDecoder().decode(data);
    clearTimeout(this.#timer);
    const deadline = machine.pollTimeout();
    if (deadline !== undefined) this.#timer = setTimeout(() => this.flush(), Math.max(1, deadline.at - performance.now()));
  }

  #isLost(): boolean {
    return this.machine.state === 'connecting' && this.loses(this.#count++);
  }

  async until(done: () => boolean, timeoutMs: number, what: string): Promise<void> {
    const limit = performance.now() + timeoutMs;
    while (!done()) {
      if (performance.now() > limit) throw new Error(`${what}: not within ${timeoutMs} ms; state ${this.machine.state}, events ${JSON.stringify(this.events)}`);
      await new Promise((wait) => setTimeout(wait, 5));
    }
  }

  async close(): Promise<void> {
    this.machine.close(performance.now());
    this.flush();
    clearTimeout(this.#timer);
    await new Promise<void>((done) => this.#socket.close(() => done()));
  }
}
