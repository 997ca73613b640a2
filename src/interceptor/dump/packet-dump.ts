import { Counters, type Instant, Queue, RtcError } from '../../core/index.ts';
import { encodeRtcp, type RtcpPacket } from '../../rtcp/index.ts';
import type { Interceptor, InterceptorContext, InterceptorFactory } from '../interceptor.ts';
import type { BeltPacket, IncomingPacket, OutgoingPacket } from '../packet.ts';
import { Slot } from '../slot.ts';
import type { LocalStream, RemoteStream } from '../stream.ts';
import { HEADERS_ONLY, MAX_RECORDS } from './constants.ts';

/** One packet as it passed the wire, before SRTP on its way out and behind it on its way in. */
export interface DumpRecord {
  /** Which of the connections, counted from 0 in the order in which they were made. */
  readonly connection: number;
  readonly direction: 'in' | 'out';
  readonly kind: 'rtp' | 'rtcp';
  readonly at: Instant;
  /** The same in milliseconds since the Unix epoch. */
  readonly unixMs: number;
  /** The packet, or its beginning. RTCP packets come one by one, without the compound they travel in. */
  readonly data: Uint8Array;
  /** Size of the whole packet in bytes. */
  readonly originalBytes: number;
}

/** What a dump records, and how much of it waits. */
export interface PacketDumpConfig {
  /** How many bytes of an RTP packet are recorded; −1 for the headers only. RTCP is always whole. Default −1. */
  readonly rtpBytes?: number;
  /** Which RTP packets are recorded. Default all. */
  readonly rtp?: (packet: BeltPacket<LocalStream | RemoteStream>, direction: 'in' | 'out') => boolean;
  /** Which RTCP packets are recorded. Default all. */
  readonly rtcp?: (packet: RtcpPacket, direction: 'in' | 'out') => boolean;
  /** Most records that wait to be polled; then new ones are left out and counted. Default 4096. */
  readonly maxRecords?: number;
}

/**
 * Records what passes the wire, of all connections that it is registered for. It is a factory, and its records are polled.
 *
 * @example
 * const dump = new PacketDump({ rtp: (packet) => packet.stream.kind === 'video' });
 * const registry = new InterceptorRegistry().registerDefaults().register(dump);
 * for (let record = dump.poll(); record; record = dump.poll()) writer.write({ offsetMs: record.at, data: record.data, rtcp: record.kind === 'rtcp', originalBytes: record.originalBytes });
 */
export class PacketDump implements InterceptorFactory {
  readonly name = 'packet-dump';
  readonly slot: number = Slot.dump;
  readonly #config: Required<PacketDumpConfig>;
  readonly #records: Queue<DumpRecord> = new Queue();
  readonly #counters: Counters = new Counters();
  #connections = 0;

  /** Throws `ERR_INVALID_ARGUMENT` for numbers out of range. */
  constructor(config: PacketDumpConfig = {}) {
    const { rtpBytes = HEADERS_ONLY, maxRecords = MAX_RECORDS, rtp = () => true, rtcp = () => true } = config;
    if (!(rtpBytes >= HEADERS_ONLY && maxRecords >= 1)) throw new RtcError('ERR_INVALID_ARGUMENT', `dump of ${rtpBytes} bytes, ${maxRecords} records`);
    this.#config = { rtpBytes, maxRecords, rtp, rtcp };
  }

  /** Records that were left out because nobody polled. */
  get leftOut(): number {
    return this.#counters.get('interceptor.dump.left-out');
  }

  /** The next record. */
  poll(): DumpRecord | undefined {
    return this.#records.shift();
  }

  create(context: InterceptorContext): Interceptor {
    return new DumpInterceptor(this.#config, this.#records, this.#counters, this.#connections++, context.environment.unixOffsetMs);
  }
}

/** The recorder of one connection. */
class DumpInterceptor implements Interceptor {
  readonly name = 'packet-dump';
  readonly #config: Required<PacketDumpConfig>;
  readonly #records: Queue<DumpRecord>;
  readonly #counters: Counters;
  readonly #connection: number;
  readonly #unixOffsetMs: number;

  constructor(config: Required<PacketDumpConfig>, records: Queue<DumpRecord>, counters: Counters, connection: number, unixOffsetMs: number) {
    this.#config = config;
    this.#records = records;
    this.#counters = counters;
    this.#connection = connection;
    this.#unixOffsetMs = unixOffsetMs;
  }

  readRtp(packet: IncomingPacket, now: Instant): IncomingPacket {
    if (this.#config.rtp(packet, 'in')) this.#recordRtp(packet, 'in', now);
    return packet;
  }

  writeRtp(packet: OutgoingPacket, now: Instant): OutgoingPacket {
    if (this.#config.rtp(packet, 'out')) this.#recordRtp(packet, 'out', now);
    return packet;
  }

  readRtcp(packet: RtcpPacket, now: Instant): void {
    if (this.#config.rtcp(packet, 'in')) this.#recordRtcp(packet, 'in', now);
  }

  writeRtcp(packet: RtcpPacket, now: Instant): void {
    if (this.#config.rtcp(packet, 'out')) this.#recordRtcp(packet, 'out', now);
  }

  #recordRtp({ bytes, header }: IncomingPacket | OutgoingPacket, direction: 'in' | 'out', now: Instant): void {
    if (!this.#hasRoom()) return;
    const { rtpBytes } = this.#config;
    // A copy: the packet is changed in place further on.
    const data = bytes.slice(0, rtpBytes === HEADERS_ONLY ? header.payloadStart : rtpBytes);
    this.#record(direction, 'rtp', data, bytes.length, now);
  }

  #recordRtcp(packet: RtcpPacket, direction: 'in' | 'out', now: Instant): void {
    if (!this.#hasRoom()) return;
    let data: Uint8Array;
    try {
      data = encodeRtcp([packet]);
    } catch (error) {
      // What has no form does not reach the wire either.
      if (error instanceof RtcError) return;
      throw error;
    }
    this.#record(direction, 'rtcp', data, data.length, now);
  }

  #hasRoom(): boolean {
    if (this.#records.length < this.#config.maxRecords) return true;
    this.#counters.add('interceptor.dump.left-out');
    return false;
  }

  #record(direction: 'in' | 'out', kind: 'rtp' | 'rtcp', data: Uint8Array, originalBytes: number, now: Instant): void {
    this.#records.push({ connection: this.#connection, direction, kind, at: now, unixMs: now + this.#unixOffsetMs, data, originalBytes });
  }
}
