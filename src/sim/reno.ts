import type { Instant, TransportAddress } from '../core/index.ts';
import type { UdpSocket } from '../runtime/runtime.ts';
import type { Scheduled } from '../runtime/virtual/index.ts';
import type { Host, World } from './world.ts';

/** What a {@link RenoFlow} is like. */
export interface RenoOptions {
  readonly from: Host;
  readonly to: Host;
  /** The largest IP packet, in bytes. Default 1500. */
  readonly mtuBytes?: number;
  /** Packets in flight at most: the receive window. Default: without limit. */
  readonly windowPackets?: number;
}

const IP_UDP_BYTES = 28;
const TCP_IP_BYTES = 40;
const ACK_BYTES: number = TCP_IP_BYTES - IP_UDP_BYTES;
const INITIAL_WINDOW = 10;
const LEAST_WINDOW = 2;
const DUPLICATE_ACKS = 3;
const DELAYED_ACK_MS = 40;
const RTO_FIRST_MS = 1000;
const RTO_LEAST_MS = 200;
const RTO_MOST_MS = 60_000;

/**
 * A bulk transfer with TCP's congestion control, as one to share a link with: slow start and congestion avoidance (RFC 5681),
 * recovery with selective acknowledgements and once per window (RFC 6675), a window of ten packets at first (RFC 6928), the
 * retransmission timer of RFC 6298 with a floor of 200 ms, an ACK for every second packet (RFC 1122 4.2.3.2). It carries no data.
 *
 * @example
 * const flow = await startReno(world, { from: a, to: b });
 * await world.runFor(10_000);
 * console.log(flow.deliveredBytes);
 */
export class RenoFlow {
  readonly #world: World;
  readonly #packetBytes: number;
  readonly #mtuBytes: number;
  readonly #windowPackets: number;
  readonly #sender: () => UdpSocket;
  readonly #receiver: () => TransportAddress;
  // The sender, in packets: numbers count from 0 and never wrap.
  #window = INITIAL_WINDOW;
  #threshold = Infinity;
  #next = 0;
  #acknowledged = 0;
  #highestAcknowledged = -1;
  /** Packets that were acknowledged ahead of the first missing one, and those that wait to go again. */
  readonly #ahead: Set<number> = new Set();
  readonly #lost: Set<number> = new Set();
  readonly #again: Map<number, number> = new Map();
  readonly #sentAt: Map<number, Instant> = new Map();
  #recoverUntil = -1;
  #smoothedMs = -1;
  #variationMs = 0;
  #rtoMs = RTO_FIRST_MS;
  #timer: Scheduled | undefined;
  #isStopped = false;
  // The receiver.
  #expected = 0;
  readonly #early: Set<number> = new Set();
  #unacknowledged = 0;
  #delayedAck: Scheduled | undefined;

  /** @internal */
  constructor(world: World, options: RenoOptions, sender: () => UdpSocket, receiver: () => TransportAddress) {
    this.#world = world;
    this.#mtuBytes = options.mtuBytes ?? 1500;
    this.#packetBytes = this.#mtuBytes - IP_UDP_BYTES;
    this.#windowPackets = options.windowPackets ?? Infinity;
    this.#sender = sender;
    this.#receiver = receiver;
  }

  /** What arrived in order so far, in bytes of TCP payload. */
  get deliveredBytes(): number {
    return this.#expected * (this.#mtuBytes - TCP_IP_BYTES);
  }

  /** The congestion window, in packets. */
  get windowPackets(): number {
    return this.#window;
  }

  /** Begins, or goes on, to send. */
  start(): void {
    this.#isStopped = false;
    this.#fill();
  }

  /** Sends nothing more. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /** @internal A packet reached the receiver. */
  arrived(bytes: Uint8Array, reply: (ack: Uint8Array) => void): void {
    const number = readNumber(bytes);
    const isInOrder = number === this.#expected;
    if (number >= this.#expected) this.#early.add(number);
    while (this.#early.delete(this.#expected)) this.#expected++;
    this.#unacknowledged++;
    this.#delayedAck?.cancel();
    const send = (): void => {
      this.#unacknowledged = 0;
      const ack = new Uint8Array(ACK_BYTES);
      writeNumber(ack, this.#expected);
      new DataView(ack.buffer).setUint32(8, number);
      reply(ack);
    };
    if (!isInOrder || this.#early.size > 0 || this.#unacknowledged >= 2) send();
    else this.#delayedAck = this.#world.virtual.clock.at(this.#world.now + DELAYED_ACK_MS, send);
  }

  /** @internal An ACK reached the sender: what is expected next, and which packet it answers (the news of SACK). */
  acknowledged(bytes: Uint8Array): void {
    if (this.#isStopped) return;
    const expected = readNumber(bytes);
    const answered = new DataView(bytes.buffer, bytes.byteOffset).getUint32(8);
    this.#measure(answered);
    if (answered >= this.#acknowledged) this.#ahead.add(answered);
    this.#lost.delete(answered);
    this.#again.delete(answered);
    this.#highestAcknowledged = Math.max(this.#highestAcknowledged, answered, expected - 1);
    if (expected > this.#acknowledged) this.#advance(expected);
    this.#detectLoss();
    this.#fill();
  }

  #advance(expected: number): void {
    // The packet answered is not counted any more, and a part of one cannot be in flight.
    const wasFull = this.#flight + 2 >= Math.floor(this.#window);
    const count = expected - this.#acknowledged;
    for (let number = this.#acknowledged; number < expected; number++) {
      this.#ahead.delete(number);
      this.#lost.delete(number);
      this.#again.delete(number);
      this.#sentAt.delete(number);
    }
    this.#acknowledged = expected;
    if (this.#next < expected) this.#next = expected;
    if (this.#acknowledged > this.#recoverUntil && wasFull) {
      if (this.#window < this.#threshold) this.#window += Math.min(count, 2); // RFC 3465 2.2
      else this.#window += count / this.#window;
    }
    this.#startTimer();
  }

  #measure(number: number): void {
    const sentAt = this.#sentAt.get(number);
    if (sentAt === undefined) return; // it went twice (Karn), or is old
    this.#sentAt.delete(number);
    const rtt = this.#world.now - sentAt;
    if (this.#smoothedMs < 0) {
      this.#smoothedMs = rtt;
      this.#variationMs = rtt / 2;
    } else {
      this.#variationMs += (Math.abs(this.#smoothedMs - rtt) - this.#variationMs) / 4;
      this.#smoothedMs += (rtt - this.#smoothedMs) / 8;
    }
    this.#rtoMs = Math.min(RTO_MOST_MS, this.#smoothedMs + Math.max(RTO_LEAST_MS, 4 * this.#variationMs));
  }

  #detectLoss(): void {
    for (let number = this.#acknowledged; number <= this.#highestAcknowledged - DUPLICATE_ACKS; number++) {
      if (this.#ahead.has(number) || this.#lost.has(number) || this.#again.has(number)) continue;
      this.#lost.add(number);
      this.#sentAt.delete(number);
      if (number <= this.#recoverUntil) continue;
      this.#recoverUntil = this.#next - 1;
      this.#window = this.#threshold = Math.max(this.#window / 2, LEAST_WINDOW);
    }
  }

  get #flight(): number {
    return this.#next - this.#acknowledged - this.#ahead.size - this.#lost.size;
  }

  #fill(): void {
    const window = Math.min(this.#window, this.#windowPackets);
    while (!this.#isStopped && this.#flight < Math.floor(window)) {
      const [lost] = this.#lost;
      if (lost === undefined) {
        this.#sentAt.set(this.#next, this.#world.now);
        this.#send(this.#next++);
      } else {
        this.#lost.delete(lost);
        this.#again.set(lost, this.#next);
        this.#send(lost);
      }
    }
  }

  #send(number: number): void {
    const bytes = new Uint8Array(this.#packetBytes);
    writeNumber(bytes, number);
    if (this.#timer === undefined) this.#startTimer();
    this.#sender().send(bytes, this.#receiver());
  }

  #startTimer(): void {
    this.#timer?.cancel();
    this.#timer = this.#world.virtual.clock.at(this.#world.now + this.#rtoMs, () => this.#timedOut());
  }

  #timedOut(): void {
    this.#timer = undefined;
    if (this.#next === this.#acknowledged) return;
    this.#threshold = Math.max(this.#window / 2, LEAST_WINDOW);
    this.#window = 1;
    this.#rtoMs = Math.min(RTO_MOST_MS, this.#rtoMs * 2);
    this.#recoverUntil = this.#next - 1;
    this.#again.clear();
    this.#sentAt.clear();
    for (let number = this.#acknowledged; number < this.#next; number++) if (!this.#ahead.has(number)) this.#lost.add(number);
    this.#fill();
  }
}

/** Binds the sockets of a flow and begins to send. */
export async function startReno(world: World, options: RenoOptions): Promise<RenoFlow> {
  const none = { onError: (): void => {}, onClose: (): void => {} };
  const flow = new RenoFlow(
    world,
    options,
    () => sender,
    () => receiver.localAddress,
  );
  const local = ({ machine }: Host): TransportAddress => ({ address: machine.interfaces.find((one) => !one.isLoopback)?.address ?? '127.0.0.1', port: 0 });
  const receiver: UdpSocket = await world.until(
    options.to.runtime.bindUdp({
      local: local(options.to),
      handler: { ...none, onDatagram: (bytes, remote) => flow.arrived(bytes, (ack) => receiver.send(ack, remote)) },
    }),
  );
  const sender: UdpSocket = await world.until(options.from.runtime.bindUdp({ local: local(options.from), handler: { ...none, onDatagram: (bytes) => flow.acknowledged(bytes) } }));
  flow.start();
  return flow;
}

function readNumber(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}

function writeNumber(bytes: Uint8Array, number: number): void {
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(0, number);
}
