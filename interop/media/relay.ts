// A relay in user space that delays and loses UDP packets between two ends of one machine.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** What happens to packets on their way to an end. */
export interface Impairment {
  /** Share of packets lost, 0 to 1. */
  readonly loss: number;
  /** One way, in ms. */
  readonly delayMs: number;
}

export type End = 'us' | 'peer';

export interface RelayCounts {
  passed: number;
  lost: number;
}

/** Repeatable random numbers from 0 to 1 (xorshift32). */
function randomFrom(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/**
 * Stands between two ends: each candidate of a description is replaced by a port of the relay. Rewrite the descriptions of
 * both ends, or they find the direct way. Packets keep their order.
 */
export class Relay {
  readonly counts: RelayCounts = { passed: 0, lost: 0 };
  readonly #impairments = new Map<string, Impairment>();
  readonly #sockets = new Set<Socket>();
  readonly #random: () => number;

  constructor(seed = 1) {
    this.#random = randomFrom(seed);
  }

  /** What happens from now on to packets on their way to an end, through its own ports and through those of the other end. */
  impair(end: End, impairment: Impairment): void {
    this.#impairments.set(`to ${end}`, impairment);
    this.#impairments.set(`from ${end === 'us' ? 'peer' : 'us'}`, impairment);
  }

  /** The description of an end, to be given to the other one. Candidates that are not UDP with an IPv4 address are left out. */
  async rewrite(end: End, sdp: string): Promise<string> {
    const lines: string[] = [];
    for (const line of sdp.split(/\r?\n/)) {
      const fields = line.split(' ');
      if (!line.startsWith('a=candidate:')) lines.push(line);
      else if (fields[2]?.toLowerCase() === 'udp' && /^\d+(\.\d+){3}$/.test(fields[4] ?? '')) {
        const port = await this.#front(end, fields[4] as string, Number(fields[5]));
        lines.push([...fields.slice(0, 5), String(port), ...fields.slice(6)].join(' '));
      }
    }
    return lines.join('\r\n');
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
    this.#sockets.clear();
  }

  /** A port that stands for that of an end. Whoever sends to it gets a port of its own, from which the end hears it. */
  async #front(end: End, address: string, port: number): Promise<number> {
    const backs = new Map<string, Promise<Socket>>();
    const front = await this.#open(address, (packet, sender) => {
      const key = `${sender.address}:${sender.port}`;
      let back = backs.get(key);
      if (back === undefined) backs.set(key, (back = this.#open(address, (answer) => this.#pass(`from ${end}`, answer, front, sender.port, sender.address))));
      void back.then((socket) => this.#pass(`to ${end}`, packet, socket, port, address));
    });
    return front.address().port;
  }

  async #open(address: string, onMessage: (packet: Buffer, from: { readonly address: string; readonly port: number }) => void): Promise<Socket> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 21 });
    socket.on('message', onMessage);
    socket.on('error', () => {}); // an end that went away
    socket.bind(0, address);
    await once(socket, 'listening');
    this.#sockets.add(socket);
    return socket;
  }

  #pass(way: string, packet: Buffer, socket: Socket, port: number, address: string): void {
    const { loss, delayMs } = this.#impairments.get(way) ?? { loss: 0, delayMs: 0 };
    if (this.#random() < loss) return void this.counts.lost++;
    this.counts.passed++;
    const send = (): void => void (this.#sockets.has(socket) && socket.send(packet, port, address));
    if (delayMs > 0) setTimeout(send, delayMs);
    else send();
  }
}
