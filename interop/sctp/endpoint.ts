import { createHmac, randomFillSync } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { CryptoProvider, Environment } from '../../src/core/index.ts';
import { SctpAssociation, type SctpConfig, type SctpEvent, type SctpMessage } from '../../src/sctp/index.ts';

const environment: Environment = {
  crypto: {
    createHmac: (_name: string, key: Uint8Array) => ({ sign: (piece: Uint8Array) => new Uint8Array(createHmac('sha256', key).update(piece).digest()) }),
  } as unknown as CryptoProvider,
  random: (into) => void randomFillSync(into),
  unixOffsetMs: 0,
};

/** An association over a UDP socket, one SCTP packet a datagram. */
export class SctpEndpoint {
  readonly association: SctpAssociation;
  readonly messages: SctpMessage[] = [];
  readonly events: SctpEvent[] = [];
  readonly #socket: Socket;
  #remotePort = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(config: SctpConfig, socket: Socket) {
    this.association = new SctpAssociation(config, environment);
    this.#socket = socket;
    socket.on('error', () => {}); // an ICMP error while the other side starts or ends
    socket.on('message', (bytes) => {
      this.association.handleRead(new Uint8Array(bytes), performance.now());
      setImmediate(() => this.flush());
    });
  }

  static async bind(config: SctpConfig = {}): Promise<SctpEndpoint> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new SctpEndpoint(config, socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  setRemotePort(port: number): void {
    this.#remotePort = port;
  }

  send(streamId: number, data: Uint8Array, ordered: boolean): void {
    this.association.handleWrite({ streamId, ppid: 53, data, ordered }, performance.now());
    this.flush();
  }

  /** Moves everything that can move and sets the timer. */
  flush(): void {
    if (this.#closed) return;
    const { association } = this;
    association.handleTimeout(performance.now());
    for (let p = association.pollWrite(); p !== undefined; p = association.pollWrite()) this.#socket.send(p, this.#remotePort, '127.0.0.1', () => {});
    for (let m = association.pollRead(); m !== undefined; m = association.pollRead()) this.messages.push(m);
    for (let e = association.pollEvent(); e !== undefined; e = association.pollEvent()) this.events.push(e);
    for (let p = association.pollWrite(); p !== undefined; p = association.pollWrite()) this.#socket.send(p, this.#remotePort, '127.0.0.1', () => {});
    clearTimeout(this.#timer);
    const next = association.pollTimeout();
    if (next !== undefined) this.#timer = setTimeout(() => this.flush(), Math.max(0, next.at - performance.now()));
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket.close();
  }
}

/** A UDP port of loopback that is free now. */
export async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  await new Promise<void>((done) => socket.close(done));
  return port;
}
