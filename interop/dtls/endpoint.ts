// Our side: one DTLS machine on one UDP socket.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { randomFillSync } from 'node:crypto';
import type { Environment } from '../../src/core/index.ts';
import { nodeCrypto } from '../../src/crypto/node.ts';
import { type DtlsConfig, type DtlsEvent, DtlsMachine } from '../../src/dtls/index.ts';

export const environment: Environment = { crypto: nodeCrypto, random: (into) => void randomFillSync(into), unixOffsetMs: Date.now() - performance.now() };

export class DtlsEndpoint {
  readonly machine: DtlsMachine;
  readonly events: DtlsEvent[] = [];
  received = '';
  /** Whether the n-th datagram of the handshake, counted over both directions, is lost. */
  loses: (n: number) => boolean = () => false;
  #count = 0;
  readonly #socket: Socket;
  #remotePort: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  private constructor(socket: Socket, machine: DtlsMachine, remotePort: number | undefined) {
    this.#socket = socket;
    this.machine = machine;
    this.#remotePort = remotePort;
    socket.on('message', (bytes: Buffer, remote: RemoteInfo) => {
      this.#remotePort ??= remote.port;
      if (remote.port === this.#remotePort && !this.#isLost()) machine.handleRead(new Uint8Array(bytes), performance.now());
      this.flush();
    });
    socket.on('error', () => {}); // ICMP: the peer is not there yet
  }

  /** Binds a socket; a client knows where its peer is, a server learns it from the first datagram. */
  static async open(config: DtlsConfig, remotePort?: number, port = 0): Promise<DtlsEndpoint> {
    const socket = createSocket('udp4');
    socket.bind(port, '127.0.0.1');
    await once(socket, 'listening');
    return new DtlsEndpoint(socket, new DtlsMachine(config, environment), remotePort);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  start(): void {
    this.machine.start(performance.now());
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
