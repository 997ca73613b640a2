import { readU16 } from '../core/bytes.ts';
import { type Counters, DecodeError, encodeUtf8, type Instant } from '../core/index.ts';
import { checksumHolds, setsUp, tagHolds } from './admission.ts';
import type { ResolvedSctpConfig } from './config.ts';
import {
  CHUNK_HEADER_BYTES,
  ChunkType,
  COMMON_HEADER_BYTES,
  DATA_HEADER_BYTES,
  ERRORS_PER_SECOND,
  ErrorCause,
  HEARTBEAT_ACKS_PER_SECOND,
  I_DATA_HEADER_BYTES,
  MAX_QUOTED_BYTES,
} from './constants.ts';
import { RateLimit } from './control.ts';
import type { Association, Lifecycle } from './lifecycle.ts';
import {
  checkChunks,
  checkSack,
  decodeForwardTsn,
  decodeIForwardTsn,
  decodeReconfig,
  encodeChunk,
  encodeErrorChunk,
  encodeInvalidStream,
  type ForwardTsn,
  padded,
} from './packets.ts';

/** What comes in: whether a packet is the association's, and where each of its chunks goes (RFC 9260 6.10, 8.4, 8.5). */
export class Incoming {
  readonly #config: ResolvedSctpConfig;
  readonly #life: Lifecycle;
  readonly #counters: Counters;
  // Made with the first of each: most peers send none.
  #heartbeatLimit: RateLimit | undefined;
  #errorLimit: RateLimit | undefined;
  #errorSent = false;

  constructor(config: ResolvedSctpConfig, life: Lifecycle, counters: Counters) {
    this.#config = config;
    this.#life = life;
    this.#counters = counters;
  }

  /** Reads a packet. Throws `DecodeError` where it is malformed; what was understood before has happened. */
  read(packet: Uint8Array, now: Instant): void {
    checkChunks(packet);
    if (readU16(packet, 0) !== this.#config.remotePort || readU16(packet, 2) !== this.#config.localPort) {
      this.#counters.add('sctp.port');
      return;
    }
    const life = this.#life;
    const zeroAccepted = this.#config.zeroChecksum && (life.association?.zeroChecksum ?? life.state !== 'new');
    if (!checksumHolds(packet, zeroAccepted)) {
      this.#counters.add('sctp.checksum');
      return;
    }
    if (!tagHolds(packet, life.handshake.localTag, life.peerTag)) {
      this.#counters.add('sctp.tag');
      return;
    }
    this.#errorSent = false;
    life.lastHeardAt = now;
    if (life.isPresumed) life.isPresumed = setsUp(packet);
    for (let at = COMMON_HEADER_BYTES; at < packet.length; ) {
      const length = readU16(packet, at + 2);
      if (!this.#handleChunk(packet, at, length, now)) break;
      at += padded(length);
    }
    const { association } = this.#life;
    if (association === undefined || this.#life.state === 'closed') return;
    association.receiver.endPacket(now);
    association.resets?.advanced();
    if (this.#life.state !== 'established') this.#life.progress(now);
    if (association.receiver.tooLarge.size > 0) this.#reportTooLarge(association);
  }

  /** Returns whether the rest of the packet may be looked at. */
  #handleChunk(packet: Uint8Array, at: number, length: number, now: Instant): boolean {
    const life = this.#life;
    const { association } = life;
    const start = at + CHUNK_HEADER_BYTES;
    const end = at + length;
    const type = packet[at] as number;
    if (type === ChunkType.DATA || type === ChunkType.I_DATA) return association !== undefined && this.#handleData(association, packet, at, length, now);
    switch (type) {
      case ChunkType.SACK:
        checkSack(packet, start, end);
        if (association === undefined || life.state === 'closed') return true;
        if (!life.sender.handleSack(packet, start, now)) return this.#violation('SACK of what was not sent');
        this.#learnOfLosses(now);
        return true;
      case ChunkType.INIT:
        if (at !== COMMON_HEADER_BYTES) return false; // 4.3: INIT comes alone
        life.handleInit(packet, start, end, now);
        return false;
      case ChunkType.INIT_ACK:
        if (at === COMMON_HEADER_BYTES) life.handleInitAck(packet, start, end, now);
        return false;
      case ChunkType.COOKIE_ECHO:
        return at === COMMON_HEADER_BYTES && life.handleCookieEcho(packet.subarray(start, end), now);
      case ChunkType.COOKIE_ACK:
        life.handleCookieAck(now);
        return true;
      case ChunkType.HEARTBEAT:
        if (association !== undefined) this.#answerHeartbeat(packet.subarray(start, end), now);
        return true;
      case ChunkType.HEARTBEAT_ACK:
        this.#handleHeartbeatAck(packet.subarray(start, end), now);
        return true;
      case ChunkType.PAD:
        return true;
      case ChunkType.FORWARD_TSN:
      case ChunkType.I_FORWARD_TSN:
        return association === undefined || this.#handleForwardTsn(association, packet, at, end);
      case ChunkType.RE_CONFIG:
        if (association !== undefined && life.state !== 'closed' && life.state !== 'cookie-echoed') life.resetsOf(association).handle(decodeReconfig(packet, start, end), now);
        return true;
      case ChunkType.ABORT:
        if (life.state !== 'new') life.fail('aborted');
        return false;
      case ChunkType.ERROR:
        this.#counters.add('sctp.error-received');
        return true;
      case ChunkType.SHUTDOWN:
        return life.handleShutdown(packet, start, end, now) || this.#violation('SHUTDOWN of what was not sent');
      case ChunkType.SHUTDOWN_ACK:
        life.handleShutdownAck();
        return false;
      case ChunkType.SHUTDOWN_COMPLETE:
        life.handleShutdownComplete();
        return false;
      default:
        return this.#handleUnknown(packet, at, end, now);
    }
  }

  #handleData(association: Association, packet: Uint8Array, at: number, length: number, now: Instant): boolean {
    const { state } = this.#life;
    if (state !== 'established' && state !== 'shutdown-pending' && state !== 'shutdown-sent') return false; // 6
    const interleaved = packet[at] === ChunkType.I_DATA;
    if (interleaved !== (association.receiver.interleaved !== undefined)) return this.#violation('DATA and I-DATA do not mix'); // RFC 8260 2.2.2
    const header = interleaved ? I_DATA_HEADER_BYTES : DATA_HEADER_BYTES;
    if (length < header) throw new DecodeError('sctp.data', `${length} bytes`);
    if (length === header) {
      this.#life.abort(ErrorCause.NO_USER_DATA, packet.slice(at + 4, at + 8), 'protocol-violation'); // 6.2
      return false;
    }
    const result = association.receiver.handleData(packet, at, length);
    if (result === 'violation') return this.#violation('DATA that contradicts itself');
    if (result === 'invalid-stream') this.#report(encodeInvalidStream(readU16(packet, at + 8)), now);
    if (state === 'shutdown-sent') this.#life.dataAfterShutdown(now);
    return true;
  }

  #handleForwardTsn(association: Association, packet: Uint8Array, at: number, end: number): boolean {
    const { state } = this.#life;
    const { receiver } = association;
    const start = at + CHUNK_HEADER_BYTES;
    const interleaved = packet[at] === ChunkType.I_FORWARD_TSN;
    const forward = interleaved ? undefined : decodeForwardTsn(packet, start, end);
    const iForward = interleaved ? decodeIForwardTsn(packet, start, end) : undefined;
    if (state !== 'established' && state !== 'shutdown-pending' && state !== 'shutdown-sent') return true;
    if (interleaved !== (receiver.interleaved !== undefined)) return this.#violation('FORWARD TSN and I-FORWARD-TSN do not mix'); // RFC 8260 2.3.1
    const holds = iForward === undefined ? receiver.handleForwardTsn(forward as ForwardTsn) : receiver.handleIForwardTsn(iForward);
    return holds || this.#violation('FORWARD TSN that contradicts DATA');
  }

  /** What was acknowledged and what was lost tells whether packets of the present size arrive. */
  #learnOfLosses(now: Instant): void {
    const { sender, pathMtu } = this.#life;
    if (sender.progressAt === now) pathMtu.progressed();
    if (sender.largestAcked > pathMtu.tellingBytes) pathMtu.largeArrived(now);
    if (sender.lossAt !== now) return;
    pathMtu.lost(now);
    this.#life.followMtu(now);
  }

  #handleHeartbeatAck(value: Uint8Array, now: Instant): void {
    const { association, pathMtu, sender } = this.#life;
    if (association?.heartbeat.handleAck(value, now) === true) sender.timeouts = 0;
    else if (pathMtu.handleAck(value, now)) this.#life.followMtu(now);
    else this.#counters.add('sctp.heartbeat-ack');
  }

  #answerHeartbeat(value: Uint8Array, now: Instant): void {
    const fits = COMMON_HEADER_BYTES + padded(CHUNK_HEADER_BYTES + value.length) <= this.#life.mtuBytes;
    if (fits && (this.#heartbeatLimit ??= new RateLimit(HEARTBEAT_ACKS_PER_SECOND)).take(now)) this.#life.control.push(encodeChunk(ChunkType.HEARTBEAT_ACK, 0, value));
    else this.#counters.add('sctp.heartbeat');
  }

  /** The two high bits of the type say whether to go on and whether to report (RFC 9260 3.2). */
  #handleUnknown(packet: Uint8Array, at: number, end: number, now: Instant): boolean {
    const type = packet[at] as number;
    this.#counters.add('sctp.unknown-chunk');
    if ((type & 0x40) !== 0) {
      const quoted = packet.slice(at, Math.min(end, at + MAX_QUOTED_BYTES));
      this.#report(encodeErrorChunk(ChunkType.ERROR, ErrorCause.UNRECOGNIZED_CHUNK, quoted), now);
    }
    return (type & 0x80) !== 0;
  }

  /** One ERROR per packet, and few per second. */
  #report(error: Uint8Array, now: Instant): void {
    if (this.#errorSent || this.#life.association === undefined || !(this.#errorLimit ??= new RateLimit(ERRORS_PER_SECOND)).take(now)) return;
    this.#errorSent = true;
    this.#life.control.push(error);
  }

  #violation(what: string): false {
    this.#counters.add('sctp.violation');
    this.#life.abort(ErrorCause.PROTOCOL_VIOLATION, encodeUtf8(what), 'protocol-violation');
    return false;
  }

  #reportTooLarge(association: Association): void {
    const { tooLarge } = association.receiver;
    for (const streamId of tooLarge) this.#life.events.push({ type: 'message-too-large', streamId });
    tooLarge.clear();
  }
}
