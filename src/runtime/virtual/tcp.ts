import { familyOf, type Instant, Queue, RtcError, type TransportAddress } from '../../core/index.ts';
import type { TcpHandler, TcpSocket } from '../tcp.ts';
import { TCP_HIGH_WATER_BYTES } from '../tcp.ts';
import { socketErrorKind } from '../socket-errors.ts';
import type { Scheduled, VirtualClock } from './clock.ts';
import { encodeSegment, SEGMENT, type Segment, type SegmentKind } from './segment.ts';

/** The window begins with ten segments (RFC 6928) and never holds more than this. */
const FIRST_WINDOW = 10;
const MOST_WINDOW = 512;
/** RFC 6298 with the lower bound that systems use. */
const FIRST_RTO_MS = 1000;
const LEAST_RTO_MS = 200;
const MOST_RTO_MS = 60_000;
/** After so many timeouts in a row the connection is given up. */
const MOST_TIMEOUTS = 10;
const CLOSE_PATIENCE_MS = 1000;
const DUPLICATE_ACKS = 3;
/** As many segments as an acknowledgement tells of that arrived early. */
const MOST_EARLY = 256;
const IP_TCP_BYTES_V4 = 40;
const IP_TCP_BYTES_V6 = 60;

/** What a connection needs of its host. */
export interface TcpPath {
  readonly clock: VirtualClock;
  /** The MTU of the interface that it leaves by, in bytes. */
  readonly mtuBytes: number;
  transmit(segment: Uint8Array): void;
  /** It is over: its ends may be used again. */
  gone(): void;
}

interface Sent {
  readonly sequence: number;
  readonly data: Uint8Array;
  /** NaN when it went more than once: nobody knows which one is answered then (Karn). */
  sentAt: Instant;
  isAgain: boolean;
  /** Whether it arrived ahead of something that did not (RFC 2018). */
  isThere: boolean;
}

type State = 'opening' | 'open' | 'closing' | 'gone';

/**
 * A virtual TCP connection: a reliable stream with slow start, halving on loss, fast retransmission and timeouts, which is
 * what an application can see of TCP.
 */
export class VirtualTcpSocket implements TcpSocket {
  readonly localAddress: TransportAddress;
  readonly remoteAddress: TransportAddress;
  readonly #path: TcpPath;
  #handler: TcpHandler | undefined;
  #state: State = 'opening';
  /** Settles the opening of the connecting side. */
  #onOpen: ((error?: RtcError) => void) | undefined;
  #onGone: (() => void) | undefined;
  readonly #waiting: Queue<Uint8Array> = new Queue();
  #waitingBytes = 0;
  #wasHigh = false;
  #flight: Sent[] = [];
  #next = 0;
  #expected = 0;
  readonly #early: Map<number, Uint8Array> = new Map();
  #finAt: number | undefined;
  #isFinSent = false;
  #window = FIRST_WINDOW;
  #threshold = MOST_WINDOW;
  #recoverUntil = 0;
  #duplicates = 0;
  #smoothedMs = -1;
  #rtoMs = FIRST_RTO_MS;
  #timeouts = 0;
  #timer: Scheduled | undefined;

  constructor(local: TransportAddress, remote: TransportAddress, path: TcpPath) {
    this.localAddress = Object.freeze({ ...local });
    this.remoteAddress = Object.freeze({ ...remote });
    this.#path = path;
  }

  get queuedBytes(): number {
    return this.#handler === undefined ? 0 : this.#waitingBytes;
  }

  /** The connecting side: sends a SYN with the name that TLS is for, and calls back when it is answered. */
  connect(handler: TcpHandler, greeting: Uint8Array, onOpen: (error?: RtcError) => void): void {
    this.#handler = handler;
    this.#onOpen = onOpen;
    this.#flight.push({ sequence: this.#next++, data: greeting, sentAt: this.#path.clock.now, isAgain: false, isThere: false });
    this.#send(SEGMENT.SYN, 0, greeting);
    this.#arm();
  }

  /** The listening side: takes the connection. */
  accept(handler: TcpHandler): void {
    this.#handler = handler;
    this.#state = 'open';
    this.#next = this.#expected = 1;
    this.#send(SEGMENT.SYN_ACK, 0);
  }

  write(bytes: Uint8Array): void {
    if (this.#handler === undefined || this.#state !== 'open' || bytes.length === 0) return;
    const most = this.#path.mtuBytes - (familyOf(this.remoteAddress.address) === 6 ? IP_TCP_BYTES_V6 : IP_TCP_BYTES_V4);
    for (let at = 0; at < bytes.length; at += most) this.#waiting.push(bytes.slice(at, at + most));
    this.#waitingBytes += bytes.length;
    this.#wasHigh ||= this.#waitingBytes >= TCP_HIGH_WATER_BYTES;
    this.#fill();
  }

  async close(): Promise<void> {
    if (this.#state === 'gone') return;
    this.#handler = undefined;
    if (this.#state === 'opening') return this.#end();
    this.#state = 'closing';
    const late = this.#path.clock.at(this.#path.clock.now + CLOSE_PATIENCE_MS, () => this.abort());
    await new Promise<void>((resolve) => {
      this.#onGone = resolve;
      this.#fill();
    });
    late.cancel();
  }

  /** Ends at once, and tells the other side so. */
  abort(): void {
    if (this.#state === 'gone') return;
    this.#send(SEGMENT.RESET, this.#next);
    this.#end();
  }

  /** Ends under its owner, as when the system runs into an error; for tests. */
  fail(code: string): void {
    const handler = this.#handler;
    this.#end(new RtcError('ERR_NETWORK', `no TCP connection: ${code}`));
    handler?.onClose({ kind: socketErrorKind(code), code, message: code, remote: this.remoteAddress });
  }

  /** The server is not who it should be. */
  refuse(why: string): void {
    this.#end(new RtcError('ERR_CRYPTO', `the server's certificate is refused: ${why}`));
  }

  /** A segment of the other side arrived. */
  receive(segment: Segment): void {
    if (this.#state === 'gone') return;
    switch (segment.kind) {
      case SEGMENT.SYN:
        return this.#send(SEGMENT.SYN_ACK, 0); // ours was lost
      case SEGMENT.RESET:
        return this.fail(this.#state === 'opening' ? 'ECONNREFUSED' : 'ECONNRESET');
      case SEGMENT.SYN_ACK:
        if (this.#state === 'opening') {
          this.#state = 'open';
          this.#expected = 1;
          this.#acknowledge(1);
          this.#onOpen?.();
          this.#onOpen = undefined;
        }
        return this.#send(SEGMENT.ACK, this.#next);
      case SEGMENT.ACK:
        this.#noteEarly(segment.data);
        return this.#acknowledge(segment.acknowledged);
      case SEGMENT.DATA:
      case SEGMENT.FIN:
        return this.#take(segment);
      default:
        segment.kind satisfies never;
    }
  }

  #take({ kind, sequence, acknowledged, data }: Segment): void {
    this.#acknowledge(acknowledged, false);
    if (kind === SEGMENT.FIN) this.#finAt = sequence;
    else if (sequence >= this.#expected && !this.#early.has(sequence)) this.#early.set(sequence, data);
    for (let next = this.#early.get(this.#expected); next !== undefined; next = this.#early.get(this.#expected)) {
      this.#early.delete(this.#expected);
      this.#expected += next.length;
      this.#handler?.onData(new Uint8Array(next));
    }
    const isOver = this.#finAt === this.#expected;
    if (isOver) this.#expected++;
    if (this.#state !== 'gone') this.#send(SEGMENT.ACK, this.#next, this.#earlyOnes());
    if (!isOver || this.#state === 'gone') return;
    // The other side is through; so are we, after what waits here (nobody half-closes).
    const handler = this.#handler;
    this.#handler = undefined;
    if (this.#state === 'open') {
      this.#state = 'closing';
      this.#fill();
    }
    handler?.onClose();
  }

  #acknowledge(acknowledged: number, isCounting = true): void {
    const first = this.#flight[0];
    if (first === undefined) return;
    if (acknowledged <= first.sequence) {
      if (!isCounting || acknowledged !== first.sequence) return;
      if (++this.#duplicates === DUPLICATE_ACKS) this.#lost(first);
      else if (this.#duplicates > DUPLICATE_ACKS) this.#repair();
      return;
    }
    this.#duplicates = 0;
    this.#timeouts = 0;
    const { now } = this.#path.clock;
    const kept = this.#flight.findIndex(({ sequence }) => sequence >= acknowledged);
    const gone = this.#flight.splice(0, kept < 0 ? this.#flight.length : kept);
    for (const { sentAt } of gone) {
      if (!Number.isNaN(sentAt)) this.#measure(now - sentAt);
      this.#window = Math.min(MOST_WINDOW, this.#window + (this.#window < this.#threshold ? 1 : 1 / this.#window));
    }
    const next = this.#flight[0];
    if (next !== undefined && next.sequence < this.#recoverUntil) {
      if (!next.isAgain) this.#sendAgain(next);
      this.#repair();
    }
    this.#arm();
    this.#fill();
  }

  /** The beginnings of the segments that wait for earlier ones. */
  #earlyOnes(): Uint8Array | undefined {
    if (this.#early.size === 0) return undefined;
    const list = new Uint8Array(4 * Math.min(this.#early.size, MOST_EARLY));
    const view = new DataView(list.buffer);
    let at = 0;
    for (const sequence of this.#early.keys()) {
      if (at === list.length) break;
      view.setUint32(at, sequence);
      at += 4;
    }
    return list;
  }

  #noteEarly(list: Uint8Array): void {
    if (list.length === 0) return;
    const view = new DataView(list.buffer, list.byteOffset, list.length);
    const there = new Set<number>();
    for (let at = 0; at < list.length; at += 4) there.add(view.getUint32(at));
    for (const sent of this.#flight) if (there.has(sent.sequence)) sent.isThere = true;
  }

  /** Sends again, two at a time, what is missing before something that arrived. */
  #repair(): void {
    let left = 2;
    const last = this.#flight.findLastIndex(({ isThere }) => isThere);
    for (let i = 0; i < last && left > 0; i++) {
      const sent = this.#flight[i] as Sent;
      if (sent.isThere || sent.isAgain) continue;
      this.#sendAgain(sent);
      left--;
    }
  }

  #measure(rttMs: number): void {
    this.#smoothedMs = this.#smoothedMs < 0 ? rttMs : 0.875 * this.#smoothedMs + 0.125 * rttMs;
    this.#rtoMs = Math.min(MOST_RTO_MS, Math.max(LEAST_RTO_MS, 2 * this.#smoothedMs));
  }

  #lost(first: Sent): void {
    if (first.sequence >= this.#recoverUntil) {
      this.#threshold = this.#window = Math.max(2, this.#window / 2);
      this.#recoverUntil = this.#next;
    }
    this.#sendAgain(first);
  }

  #sendAgain(sent: Sent): void {
    sent.isAgain = true;
    sent.sentAt = Number.NaN;
    if (sent.sequence === 0) this.#send(SEGMENT.SYN, 0, sent.data);
    else if (sent.data.length === 0) this.#send(SEGMENT.FIN, sent.sequence);
    else this.#send(SEGMENT.DATA, sent.sequence, sent.data);
  }

  #fill(): void {
    if (this.#state === 'opening' || this.#state === 'gone') return;
    while (this.#flight.length < this.#window) {
      const data = this.#waiting.shift();
      if (data === undefined) break;
      this.#waitingBytes -= data.length;
      this.#put(SEGMENT.DATA, data, data.length);
    }
    if (this.#state === 'closing' && this.#waiting.length === 0) {
      if (!this.#isFinSent) {
        this.#isFinSent = true;
        this.#put(SEGMENT.FIN, new Uint8Array(0), 1);
      } else if (this.#flight.length === 0) this.#end();
    }
    if (this.#wasHigh && this.#waitingBytes === 0) {
      this.#wasHigh = false;
      this.#path.clock.at(this.#path.clock.now, () => this.#handler?.onDrain?.());
    }
  }

  #put(kind: SegmentKind, data: Uint8Array, space: number): void {
    this.#flight.push({ sequence: this.#next, data, sentAt: this.#path.clock.now, isAgain: false, isThere: false });
    this.#send(kind, this.#next, data);
    this.#next += space;
    if (this.#timer === undefined) this.#arm();
  }

  #send(kind: SegmentKind, sequence: number, data?: Uint8Array): void {
    this.#path.transmit(encodeSegment(kind, sequence, this.#expected, data));
  }

  #arm(): void {
    this.#timer?.cancel();
    const { clock } = this.#path;
    this.#timer = this.#flight.length === 0 ? undefined : clock.at(clock.now + this.#rtoMs, () => this.#timedOut());
  }

  #timedOut(): void {
    const first = this.#flight[0];
    this.#timer = undefined;
    if (first === undefined || this.#state === 'gone') return;
    if (++this.#timeouts > MOST_TIMEOUTS) return this.fail('ETIMEDOUT');
    this.#threshold = Math.max(2, this.#window / 2);
    this.#window = 1;
    this.#recoverUntil = this.#next;
    this.#rtoMs = Math.min(MOST_RTO_MS, this.#rtoMs * 2);
    for (const sent of this.#flight) sent.isAgain = false;
    this.#sendAgain(first);
    this.#arm();
  }

  #end(error?: RtcError): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    this.#handler = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#waiting.clear();
    this.#flight = [];
    this.#path.gone();
    this.#onOpen?.(error ?? new RtcError('ERR_NETWORK', 'the TCP connection was closed before it was up'));
    this.#onOpen = undefined;
    this.#onGone?.();
  }
}
