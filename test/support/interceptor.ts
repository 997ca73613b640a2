import { Counters, type CryptoProvider, type Environment, type Instant } from '../../src/core/index.ts';
import {
  beltPacket,
  type IncomingPacket,
  InterceptorChain,
  type InterceptorEvent,
  type InterceptorFactory,
  type LocalStream,
  OUTGOING_TAILROOM_BYTES,
  type OutgoingPacket,
  type RemoteStream,
} from '../../src/interceptor/index.ts';
import { isRtcp, readRtcp, type RtcpPacket } from '../../src/rtcp/index.ts';
import { codecRole, decodeRtp, encodeRtp, type ExtensionElement, ExtensionMap, ExtensionUri, type RtpCodec, RtpHeader } from '../../src/rtp/index.ts';
import { seeded, seededRandom } from './fuzz.ts';

/** Milliseconds of Unix time at instant 0 of every fixture. */
export const UNIX_OFFSET_MS = 1_750_000_000_000;

export function chainEnvironment(seed: number): Environment {
  return { crypto: {} as CryptoProvider, random: seededRandom(seed), unixOffsetMs: UNIX_OFFSET_MS };
}

const VIDEO_FEEDBACK = ['nack', 'nack pli', 'ccm fir', 'transport-cc', 'goog-remb'];

function codec(kind: 'audio' | 'video', payloadType: number, name: string, parameters: Record<string, string> = {}, feedback: readonly string[] = []): RtpCodec {
  const base = { payloadType, name, parameters: new Map(Object.entries(parameters)), feedback };
  return kind === 'audio' ? { ...base, kind, clockRateHz: 48_000, channels: 2 } : { ...base, kind, clockRateHz: 90_000 };
}

/** Payload types of the streams that fixtures make. */
export const Pt = { vp8: 96, vp8Rtx: 97, red: 98, redRtx: 99, ulpfec: 100, flexfec: 101, opus: 111, opusRed: 63 } as const;

export const VIDEO_CODECS: readonly RtpCodec[] = [
  codec('video', Pt.vp8, 'VP8', {}, VIDEO_FEEDBACK),
  codec('video', Pt.vp8Rtx, 'rtx', { apt: String(Pt.vp8) }),
];
export const RED_CODECS: readonly RtpCodec[] = [
  codec('video', Pt.red, 'red', {}, VIDEO_FEEDBACK),
  codec('video', Pt.redRtx, 'rtx', { apt: String(Pt.red) }),
  codec('video', Pt.ulpfec, 'ulpfec'),
];
export const FLEXFEC_CODEC: RtpCodec = codec('video', Pt.flexfec, 'flexfec-03', { 'repair-window': '10000000' });
export const AUDIO_CODECS: readonly RtpCodec[] = [codec('audio', Pt.opus, 'opus', { minptime: '10' }, ['transport-cc'])];
export const AUDIO_RED_CODEC: RtpCodec = codec('audio', Pt.opusRed, 'red', { [`${Pt.opus}/${Pt.opus}`]: '' });

/** Ids of the header extensions of fixtures. */
export const Ext = { mid: 1, rid: 2, repairedRid: 3, transportSequence: 4, absoluteSendTime: 5, audioLevel: 6 } as const;

export function extensionMap(): ExtensionMap {
  const map = new ExtensionMap();
  map.set(Ext.mid, ExtensionUri.mid);
  map.set(Ext.rid, ExtensionUri.rid);
  map.set(Ext.repairedRid, ExtensionUri.repairedRid);
  map.set(Ext.transportSequence, ExtensionUri.transportSequence);
  map.set(Ext.absoluteSendTime, ExtensionUri.absoluteSendTime);
  map.set(Ext.audioLevel, ExtensionUri.audioLevel);
  return map;
}

/** What a stream may be made with; the rest is as fixtures have it. */
export interface StreamOptions {
  readonly ssrc?: number;
  readonly kind?: 'audio' | 'video';
  readonly mid?: string;
  readonly rid?: string;
  readonly codecs?: readonly RtpCodec[];
  readonly reducedSizeRtcp?: boolean;
  /** Default true. */
  readonly receiverRoundTrip?: boolean;
  /** Undefined: none. Default for video: `ssrc + 1`. */
  readonly rtxSsrc?: number | undefined;
  /** Default none. */
  readonly fecSsrc?: number | undefined;
}

type Mutable<Stream> = { -readonly [Key in keyof Stream]: Stream[Key] };

function streamInfo(options: StreamOptions): Mutable<Omit<LocalStream, 'direction'>> {
  const { ssrc = 0x1000, kind = 'video', mid = '0', rid, reducedSizeRtcp = true, receiverRoundTrip = true, fecSsrc } = options;
  const codecs = options.codecs ?? (kind === 'video' ? VIDEO_CODECS : AUDIO_CODECS);
  const rtxSsrc = 'rtxSsrc' in options ? options.rtxSsrc : kind === 'video' ? ssrc + 1 : undefined;
  return { ssrc, kind, mid, rid, codecs: new Map(codecs.map((entry) => [entry.payloadType, entry])), extensions: extensionMap(), reducedSizeRtcp, receiverRoundTrip, rtxSsrc, fecSsrc };
}

export function localStream(options: StreamOptions = {}): LocalStream {
  return { direction: 'local', ...streamInfo(options) };
}

export function remoteStream(options: StreamOptions = {}): RemoteStream {
  return { direction: 'remote', ...streamInfo(options) };
}

/** A packet to write; sequence number and timestamp as given. */
export interface PacketOptions {
  readonly sequenceNumber: number;
  readonly timestamp?: number;
  readonly payloadType?: number;
  readonly marker?: boolean;
  readonly payload?: Uint8Array;
  readonly extensions?: readonly ExtensionElement[];
  readonly paddingBytes?: number;
  readonly ssrc?: number;
}

function encode(stream: LocalStream | RemoteStream, options: PacketOptions): Uint8Array {
  const { sequenceNumber, timestamp = sequenceNumber * 3000, marker = false, payload = payloadOf(sequenceNumber, 100), extensions = [], paddingBytes = 0, ssrc = stream.ssrc } = options;
  const payloadType = options.payloadType ?? (stream.kind === 'video' ? Pt.vp8 : Pt.opus);
  return encodeRtp({ payloadType, sequenceNumber: sequenceNumber & 0xffff, timestamp: timestamp >>> 0, ssrc, marker, payload, extensions, paddingBytes }, { tailroomBytes: OUTGOING_TAILROOM_BYTES });
}

/** Bytes that tell which packet they are of. */
export function payloadOf(sequenceNumber: number, bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => (sequenceNumber * 31 + i * 7) & 0xff);
}

export function outgoing(stream: LocalStream, options: PacketOptions, at: Instant = 0): OutgoingPacket {
  const bytes = encode(stream, options);
  return beltPacket(bytes, decodeRtp(bytes, new RtpHeader()), stream, 'media', at);
}

/** A packet from the wire, given its role by its payload type as the connection does. */
export function incoming(stream: RemoteStream, options: PacketOptions, at: Instant = 0): IncomingPacket {
  return incomingBytes(stream, encode(stream, options), at);
}

export function incomingBytes(stream: RemoteStream, bytes: Uint8Array, at: Instant = 0): IncomingPacket {
  const header = decodeRtp(bytes, new RtpHeader());
  const known = stream.codecs.get(header.payloadType);
  const role = known === undefined ? 'media' : codecRole(known);
  return beltPacket(bytes, header, stream, role === 'media' && header.payloadEnd === header.payloadStart ? 'padding' : role, at);
}

/** A link in one direction. Probabilities are 0 to 1, times in ms. */
export interface ChainLinkOptions {
  readonly delayMs?: number;
  /** Each packet waits up to this much longer, so that later ones overtake it. */
  readonly jitterMs?: number;
  readonly loss?: number;
  readonly duplicate?: number;
  /** Serialises packets, with a queue of `queueBytes` (default 64 KiB) in front that drops what does not fit. */
  readonly rateBps?: number;
  readonly queueBytes?: number;
  /** Drops the packets that it returns true for, RTP and RTCP alike; `index` counts them from 0. */
  readonly drop?: (bytes: Uint8Array, index: number) => boolean;
}

interface Flight {
  readonly at: Instant;
  readonly order: number;
  readonly to: ChainSide;
  readonly bytes: Uint8Array;
}

/** Bytes of IP, UDP and SRTP that each packet has besides its own on a link with a rate. */
const WIRE_OVERHEAD_BYTES = 20 + 8 + 16;

/** One end: a chain, and everything that came out of it. */
export class ChainSide {
  readonly chain: InterceptorChain;
  readonly environment: Environment;
  readonly counters: Counters = new Counters();
  /** What reached the application. */
  readonly received: IncomingPacket[] = [];
  readonly rtcp: RtcpPacket[] = [];
  readonly events: InterceptorEvent[] = [];
  /** Copies of all RTP and RTCP that it sent, before SRTP. */
  readonly sentRtp: Uint8Array[] = [];
  readonly sentRtcp: Uint8Array[] = [];
  readonly remotes: Map<number, RemoteStream> = new Map();
  link: ChainLinkOptions = {};
  /** Called for each packet that reaches the application; then it is not kept in `received`. */
  onRtp: ((packet: IncomingPacket, now: Instant) => void) | undefined;
  /** Called for each event of the chain. */
  onEvent: ((event: InterceptorEvent, now: Instant) => void) | undefined;
  /** Set to false in long runs, so that nothing is kept of what was sent. */
  records = true;
  busyUntil: Instant = 0;
  packets = 0;

  constructor(factories: readonly InterceptorFactory[], seed: number) {
    this.environment = chainEnvironment(seed);
    this.chain = new InterceptorChain(factories, { environment: this.environment, rtcpSsrc: 0xc0de_0000 + seed, cname: `cname-${seed}` }, 0);
  }

  /** Binds a stream that the other side sends. */
  receives(stream: RemoteStream, now: Instant): void {
    for (const ssrc of [stream.ssrc, stream.rtxSsrc, stream.fecSsrc]) if (ssrc !== undefined) this.remotes.set(ssrc, stream);
    this.chain.bindRemote(stream, now);
  }

  /** Events of one type. */
  told<T extends InterceptorEvent['type']>(type: T): Extract<InterceptorEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<InterceptorEvent, { type: T }> => event.type === type);
  }

  /** A datagram from the wire. */
  arrive(bytes: Uint8Array, now: Instant): void {
    if (isRtcp(bytes)) return this.chain.handleRtcp(readRtcp(bytes, this.counters), now);
    const stream = this.remotes.get(decodeRtp(bytes).ssrc);
    if (stream !== undefined) this.chain.handleRtp(incomingBytes(stream, bytes, now), now);
  }
}

/** Two chains with a link each way, in virtual time. */
export class ChainPair {
  readonly a: ChainSide;
  readonly b: ChainSide;
  now: Instant = 0;
  readonly #next: () => number;
  #flights: Flight[] = [];
  #order = 0;
  readonly #tasks: { at: Instant; order: number; run: (now: Instant) => void }[] = [];

  /** @param factories - those of both sides, or of each */
  constructor(factories: readonly InterceptorFactory[] | { readonly a: readonly InterceptorFactory[]; readonly b: readonly InterceptorFactory[] }, options: { readonly seed?: number; readonly link?: ChainLinkOptions } = {}) {
    const { seed = 1, link = {} } = options;
    const [forA, forB] = 'a' in factories ? [factories.a, factories.b] : [factories, factories];
    this.a = new ChainSide(forA, seed);
    this.b = new ChainSide(forB, seed + 1);
    this.a.link = link;
    this.b.link = link;
    this.#next = seeded(seed + 77);
  }

  /** A stream from `a` to `b`, bound on both. */
  stream(options: StreamOptions = {}): LocalStream {
    const local = localStream(options);
    this.b.receives(remoteStream(options), this.now);
    this.a.chain.bindLocal(local, this.now);
    return local;
  }

  /** Writes a packet at `a`. */
  send(stream: LocalStream, options: PacketOptions): void {
    this.a.chain.writeRtp(outgoing(stream, options, this.now), this.now);
    this.#flush(this.a);
  }

  /** Runs something at an instant. */
  at(at: Instant, run: (now: Instant) => void): void {
    this.#tasks.push({ at, order: this.#order++, run });
  }

  /** Runs something now and every `intervalMs`, until `end`. */
  every(intervalMs: number, end: Instant, run: (now: Instant) => void): void {
    const again = (now: Instant): void => {
      run(now);
      if (now + intervalMs < end) this.at(now + intervalMs, again);
    };
    this.at(this.now, again);
  }

  /** Lets `ms` pass, with everything that happens in them. */
  run(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      this.#flush(this.a);
      this.#flush(this.b);
      const at = this.#nextAt();
      if (at > end) break;
      this.now = Math.max(this.now, at);
      this.#runTasks();
      this.#land();
      for (const { chain } of [this.a, this.b]) if ((chain.pollTimeout()?.at ?? Infinity) <= this.now) chain.handleTimeout(this.now);
    }
    this.now = end;
  }

  /** Packets between the two that have not arrived. */
  get inFlight(): number {
    return this.#flights.length;
  }

  #nextAt(): Instant {
    let at = Math.min(this.a.chain.pollTimeout()?.at ?? Infinity, this.b.chain.pollTimeout()?.at ?? Infinity);
    for (const flight of this.#flights) at = Math.min(at, flight.at);
    for (const task of this.#tasks) at = Math.min(at, task.at);
    return at;
  }

  #runTasks(): void {
    const due = this.#tasks.filter((task) => task.at <= this.now).sort((x, y) => x.at - y.at || x.order - y.order);
    for (const task of due) this.#tasks.splice(this.#tasks.indexOf(task), 1);
    for (const task of due) task.run(this.now);
  }

  #land(): void {
    const due = this.#flights.filter((flight) => flight.at <= this.now).sort((x, y) => x.at - y.at || x.order - y.order);
    if (due.length === 0) return;
    this.#flights = this.#flights.filter((flight) => flight.at > this.now);
    for (const { to, bytes } of due) to.arrive(bytes, this.now);
  }

  #flush(side: ChainSide): void {
    const { chain } = side;
    for (let out = chain.pollWrite(); out !== undefined; out = chain.pollWrite()) {
      const bytes = 'rtcp' in out ? out.rtcp : out.bytes;
      if (bytes.byteOffset + bytes.length + OUTGOING_TAILROOM_BYTES > bytes.buffer.byteLength) throw new Error('no room for the tag');
      if (side.records) ('rtcp' in out ? side.sentRtcp : side.sentRtp).push(bytes.slice());
      // What arrives belongs to the receiver, which changes it in place.
      this.#transmit(side, bytes.slice());
    }
    for (let packet = chain.pollRtp(); packet !== undefined; packet = chain.pollRtp()) {
      if (side.onRtp === undefined) side.received.push(packet);
      else side.onRtp(packet, this.now);
    }
    for (let packets = chain.pollRtcp(); packets !== undefined; packets = chain.pollRtcp()) if (side.records) side.rtcp.push(...packets);
    for (let event = chain.pollEvent(); event !== undefined; event = chain.pollEvent()) {
      if (side.records) side.events.push(event);
      side.onEvent?.(event, this.now);
    }
  }

  #transmit(from: ChainSide, bytes: Uint8Array): void {
    const { delayMs = 20, jitterMs = 0, loss = 0, duplicate = 0, rateBps, queueBytes = 65_536, drop } = from.link;
    const index = from.packets++;
    if (drop?.(bytes, index) === true || this.#next() < loss) return;
    let at = this.now;
    if (rateBps !== undefined) {
      const wireBytes = bytes.length + WIRE_OVERHEAD_BYTES;
      const free = Math.max(from.busyUntil, this.now);
      if (((free - this.now) * rateBps) / 8000 > queueBytes) return;
      from.busyUntil = free + (wireBytes * 8000) / rateBps;
      at = from.busyUntil;
    }
    const to = from === this.a ? this.b : this.a;
    for (let copies = this.#next() < duplicate ? 2 : 1; copies > 0; copies--) {
      this.#flights.push({ at: at + delayMs + this.#next() * jitterMs, order: this.#order++, to, bytes: copies > 1 ? bytes.slice() : bytes });
    }
  }
}
