import { readU16 } from '../core/bytes.ts';
import { Counters, type Deadline, DecodeError, encodeUtf8, type Environment, type Instant, type Protocol, RtcError, SparseSet } from '../core/index.ts';
import { checksumHolds, tagHolds } from './admission.ts';
import { type ResolvedSctpConfig, resolveSctpConfig, type SctpConfig } from './config.ts';
import {
  CHUNK_HEADER_BYTES,
  ChunkType,
  COMMON_HEADER_BYTES,
  DATA_HEADER_BYTES,
  I_DATA_HEADER_BYTES,
  ERRORS_PER_SECOND,
  ErrorCause,
  HEARTBEAT_ACKS_PER_SECOND,
} from './constants.ts';
import { RateLimit } from './control.ts';
import type { SctpEvent, SctpMessage, SctpSend, SctpState } from './events.ts';
import { type Association, Lifecycle } from './lifecycle.ts';
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
import type { SctpPath } from './pmtu.ts';
import type { SctpStats } from './stats.ts';

/** How much of an unknown chunk an ERROR quotes, in bytes. */
const MAX_QUOTED_BYTES = 128;

/**
 * An SCTP association (RFC 9260) for data channels (RFC 8831): one path, inside DTLS. Either end may call
 * {@link SctpAssociation.connect}, both may at once, and an end that never does accepts.
 *
 * @example
 * const a = new SctpAssociation({ mtuBytes: 1200 }, environment);
 * a.connect(now);
 * for (let packet = a.pollWrite(); packet; packet = a.pollWrite()) send(packet);
 */
export class SctpAssociation implements Protocol<Uint8Array, SctpMessage, SctpSend, Uint8Array, never, SctpEvent> {
  readonly counters: Counters = new Counters();
  readonly #config: ResolvedSctpConfig;
  readonly #life: Lifecycle;
  readonly #heartbeatLimit: RateLimit = new RateLimit(HEARTBEAT_ACKS_PER_SECOND);
  readonly #errorLimit: RateLimit = new RateLimit(ERRORS_PER_SECOND);
  /** Resets asked for before the association was there. */
  readonly #earlyResets: SparseSet<number> = new SparseSet();
  #mtu: number;
  #now: Instant = 0;
  #errorSent = false;
  #packetsSent = 0;
  #packetsReceived = 0;
  #bytesSent = 0;
  #bytesReceived = 0;

  /** Throws `RtcError` `ERR_INVALID_ARGUMENT` on a configuration that cannot work. */
  constructor(config: SctpConfig, environment: Environment) {
    this.#config = resolveSctpConfig(config);
    this.#mtu = this.#config.mtuBytes & ~3;
    this.#life = new Lifecycle(this.#config, environment, this.counters);
  }

  get state(): SctpState {
    return this.#life.state;
  }

  /** Sends INIT. Harmless when the peer was first. Throws `ERR_INVALID_STATE` after the end. */
  connect(now: Instant): void {
    if (this.#life.state === 'closed') throw new RtcError('ERR_INVALID_STATE', 'SCTP: the association is closed');
    this.#now = now;
    this.#life.connect(now);
  }

  /** Bytes written on a stream that are not in a packet yet. */
  bufferedAmount(streamId: number): number {
    return this.#life.sender.scheduler.find(streamId)?.bufferedBytes ?? 0;
  }

  /** Bytes written on all streams that are not in a packet yet. */
  get totalBufferedAmount(): number {
    return this.#life.sender.scheduler.bufferedBytes;
  }

  /** The largest SCTP packet from now on, in bytes. It ends the search that {@link SctpAssociation.setPath} began. */
  setMtu(bytes: number): void {
    if (bytes < 128 || bytes > 65_535) throw new RtcError('ERR_INVALID_ARGUMENT', 'SCTP: the MTU is out of range');
    this.#life.pathMtu.fix(bytes);
    this.#followMtu(this.#now);
  }

  /**
   * What the path below is like, at first and whenever it changes: from here on the association searches for the largest
   * packet that it carries (RFC 8899). Without this call packets keep the configured size.
   */
  setPath(path: SctpPath, now: Instant): void {
    this.#now = now;
    if (this.#life.state === 'closed') return;
    this.#life.pathMtu.setPath(path, now);
    this.#followMtu(now);
  }

  /** Data goes another way from now on, whether {@link SctpAssociation.setPath} is called or not. */
  pathChanged(): void {
    this.#life.sender.pathChanged();
  }

  /**
   * Whether so many packets came that the peer should hear of it before more are read. Where a turn of the event loop reads many,
   * whoever reads asks this after each.
   */
  get isSackUrgent(): boolean {
    return this.#life.association?.receiver.isSackUrgent === true;
  }

  /** The system refused to send a packet of this size, in bytes (EMSGSIZE). */
  packetTooLarge(bytes: number, now: Instant): void {
    this.#now = now;
    if (this.#life.state === 'closed') return;
    this.#life.pathMtu.tooLarge(bytes, now);
    this.#followMtu(now);
  }

  #followMtu(now: Instant): void {
    const { pathMtu, sender } = this.#life;
    this.#mtu = pathMtu.mtuBytes;
    sender.setMtu(pathMtu.mtuBytes, pathMtu.chunkMtuBytes, pathMtu.cutBytes);
    if (!pathMtu.hasFallen) return;
    pathMtu.hasFallen = false;
    sender.resend(now);
  }

  /**
   * Resets the sending side of streams once what was written on them went out (RFC 6525). An `outgoing-reset` event tells
   * the outcome; what is written on them meanwhile waits for it.
   */
  resetStreams(streamIds: readonly number[], now: Instant): void {
    this.#now = now;
    const { association, state } = this.#life;
    if (state === 'closed') return;
    if (association !== undefined) association.resets.request(streamIds);
    else for (const id of streamIds) this.#earlyResets.add(id);
  }

  /**
   * Opens the window again, with `windowRelease: 'explicit'`.
   *
   * @param bytes - the sum of {@link messageCharge} of messages that are no longer held
   */
  release(bytes: number): void {
    this.#life.association?.receiver.release(bytes);
  }

  /** Ends once everything that was written arrived (RFC 9260 9.2). */
  shutdown(now: Instant): void {
    this.#now = now;
    this.#life.shutdown(now);
  }

  /** Ends at once, with an ABORT to the peer (RFC 9260 9.1). */
  abort(now: Instant, reason = ''): void {
    this.#now = now;
    this.#life.abort(ErrorCause.USER_ABORT, encodeUtf8(reason).subarray(0, MAX_QUOTED_BYTES), undefined);
  }

  close(now: Instant): void {
    this.shutdown(now);
  }

  stats(): SctpStats {
    const { sender, association, state } = this.#life;
    return {
      state,
      congestionWindowBytes: sender.congestion.windowBytes,
      flightBytes: sender.flightBytes,
      peerWindowBytes: sender.peerWindowBytes,
      receiveWindowBytes: association?.receiver.windowBytes ?? this.#config.receiveWindowBytes,
      smoothedRoundTripTimeMs: sender.rto.smoothedMs,
      retransmissionTimeoutMs: sender.rto.timeoutMs,
      mtuBytes: this.#mtu,
      pathMtuState: this.#life.pathMtu.state,
      mtuProbesSent: this.#life.pathMtu.probesSent,
      mtuProbesAcknowledged: this.#life.pathMtu.probesAcknowledged,
      bufferedBytes: sender.scheduler.bufferedBytes,
      unacknowledgedChunks: sender.outstanding,
      packetsSent: this.#packetsSent,
      packetsReceived: this.#packetsReceived,
      bytesSent: this.#bytesSent,
      bytesReceived: this.#bytesReceived,
      chunksSent: sender.sentChunks,
      chunksRetransmitted: sender.retransmittedChunks,
      messagesAbandoned: sender.abandonedMessages,
      counters: this.counters.snapshot(),
    };
  }

  handleEvent(event: never, _now: Instant): void {
    event satisfies never;
  }

  /** The next event. One that follows messages is given out after those were read. */
  pollEvent(): SctpEvent | undefined {
    const event = this.#life.events.poll();
    if (event !== undefined) return event;
    const fallen = this.#life.sender.scheduler.pollFallen();
    if (fallen !== undefined) return { type: 'buffered', streamId: fallen.id, bufferedBytes: fallen.bufferedBytes };
    return undefined;
  }

  pollRead(): SctpMessage | undefined {
    return this.#life.association?.receiver.poll();
  }

  pollTimeout(): Deadline | undefined {
    return this.#life.timers.next();
  }

  handleTimeout(now: Instant): void {
    this.#now = now;
    const { timers } = this.#life;
    for (let due = timers.expire(now); due !== undefined; due = timers.expire(now)) {
      switch (due) {
        case 't1':
        case 't2':
          this.#life.handleRepeatTimeout(due, now);
          break;
        case 't3':
          if (this.#life.sender.handleTimeout(now)) {
            this.#life.pathMtu.timedOut(now);
            this.#followMtu(now);
          }
          this.#checkAlive();
          break;
        case 'tail':
          this.#life.sender.handleTailProbe(now);
          break;
        case 'pace':
          break; // packets may leave again
        case 'sack':
          this.#life.association?.receiver.handleSackTimeout();
          break;
        case 'reset':
          if (this.#life.association?.resets.handleTimeout(now) === false) this.#life.fail('timeout');
          break;
        case 'heartbeat':
          if (this.#life.association?.heartbeat.handleTimeout(this.#life.lastHeardAt, now) === true) {
            this.#life.sender.timeouts++;
            this.#checkAlive();
          }
          break;
        case 'pmtu':
          this.#life.pathMtu.handleTimeout(now);
          this.#followMtu(now);
          break;
        default:
          due satisfies never;
      }
    }
  }

  #checkAlive(): void {
    if (this.#life.sender.timeouts > this.#config.maxRetransmits) this.#life.fail('timeout');
  }

  /**
   * Queues a message. Before the association is there it waits.
   *
   * Throws `RtcError`: `ERR_MESSAGE_TOO_LARGE` beyond the peer's limit, `ERR_INVALID_ARGUMENT` for an empty message or a
   * stream that does not exist, `ERR_INVALID_STATE` after the end has begun, `ERR_RESOURCE` when the send buffer is full.
   */
  handleWrite(send: SctpSend, now: Instant): void {
    this.#now = now;
    const { state, sender, association } = this.#life;
    if (state !== 'established' && state !== 'new' && state !== 'cookie-wait' && state !== 'cookie-echoed') {
      throw new RtcError('ERR_INVALID_STATE', `SCTP: nothing can be sent in state ${state}`);
    }
    const size = send.data.length;
    const limit = this.#config.remoteMaxMessageSizeBytes;
    if (limit !== 0 && size > limit) throw new RtcError('ERR_MESSAGE_TOO_LARGE', `SCTP: ${size} bytes, the peer takes ${limit}`);
    if (size === 0) throw new RtcError('ERR_INVALID_ARGUMENT', 'SCTP: a message has at least one byte');
    if (!(send.streamId >= 0 && send.streamId < (association?.streamsOut ?? this.#config.streams))) {
      throw new RtcError('ERR_INVALID_ARGUMENT', `SCTP: there is no stream ${send.streamId}`);
    }
    const buffered = sender.scheduler.bufferedBytes;
    if (buffered > 0 && buffered + size > this.#config.sendBufferBytes) throw new RtcError('ERR_RESOURCE', 'SCTP: the send buffer is full');
    sender.enqueue(send, now);
  }

  pollWrite(): Uint8Array | undefined {
    const packet = this.#life.packets.shift() ?? this.#buildPacket();
    if (packet !== undefined) {
      this.#packetsSent++;
      this.#bytesSent += packet.length;
    }
    return packet;
  }

  /** One packet of whatever may go out: control chunks, then SACK, then DATA (RFC 9260 6.10). */
  #buildPacket(): Uint8Array | undefined {
    const { association, sender, control, builder, state } = this.#life;
    if (association === undefined || state === 'closed') return undefined;
    const now = this.#now;
    const { receiver } = association;
    if (this.#earlyResets.size > 0) this.#requestEarlyResets(association);
    association.resets.flush(now);
    const data = sender.ready(now);
    if (!data && control.bytes === 0 && !receiver.sackDue) {
      if (this.#life.pathMtu.isPending) return this.#buildProbe(association, now);
      builder.rest();
      return undefined;
    }
    const wanted = COMMON_HEADER_BYTES + control.bytes + (receiver.sackPending ? receiver.sackBytes : 0) + (data ? sender.pendingBytes : 0);
    builder.begin(Math.min(this.#mtu, wanted), this.#life.peerTag, wanted);
    control.writeTo(builder);
    if (receiver.sackPending) receiver.writeSack(builder);
    if (data) sender.fill(builder, now);
    return builder.at === COMMON_HEADER_BYTES ? undefined : builder.finish(!association.zeroChecksum);
  }

  #buildProbe(association: Association, now: Instant): Uint8Array {
    const { builder, pathMtu, peerTag } = this.#life;
    pathMtu.write(builder, peerTag, now);
    return builder.finish(!association.zeroChecksum);
  }

  #requestEarlyResets(association: Association): void {
    association.resets.request(this.#earlyResets);
    this.#earlyResets.clear();
  }

  handleRead(packet: Uint8Array, now: Instant): void {
    this.#now = now;
    this.#packetsReceived++;
    this.#bytesReceived += packet.length;
    try {
      this.#read(packet, now);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.counters.add(error.what);
    }
  }

  #read(packet: Uint8Array, now: Instant): void {
    checkChunks(packet);
    if (readU16(packet, 0) !== this.#config.remotePort || readU16(packet, 2) !== this.#config.localPort) {
      this.counters.add('sctp.port');
      return;
    }
    const life = this.#life;
    const zeroAccepted = this.#config.zeroChecksum && (life.association?.zeroChecksum ?? life.state !== 'new');
    if (!checksumHolds(packet, zeroAccepted)) {
      this.counters.add('sctp.checksum');
      return;
    }
    if (!tagHolds(packet, life.handshake.localTag, life.peerTag)) {
      this.counters.add('sctp.tag');
      return;
    }
    this.#errorSent = false;
    this.#life.lastHeardAt = now;
    for (let at = COMMON_HEADER_BYTES; at < packet.length; ) {
      const length = readU16(packet, at + 2);
      if (!this.#handleChunk(packet, at, length, now)) break;
      at += padded(length);
    }
    const { association } = this.#life;
    if (association === undefined || this.#life.state === 'closed') return;
    association.receiver.endPacket(now);
    association.resets.advanced();
    if (this.#life.state !== 'established') this.#life.progress(now);
    if ((association.receiver.interleaved ?? association.receiver.reassembly).tooLarge.size > 0) this.#reportTooLarge(association);
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
        if (association !== undefined && life.state !== 'closed') association.resets.handle(decodeReconfig(packet, start, end), now);
        return true;
      case ChunkType.ABORT:
        if (life.state !== 'new') life.fail('aborted');
        return false;
      case ChunkType.ERROR:
        this.counters.add('sctp.error-received');
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
    this.#followMtu(now);
  }

  #handleHeartbeatAck(value: Uint8Array, now: Instant): void {
    const { association, pathMtu, sender } = this.#life;
    if (association?.heartbeat.handleAck(value, now) === true) sender.timeouts = 0;
    else if (pathMtu.handleAck(value, now)) this.#followMtu(now);
    else this.counters.add('sctp.heartbeat-ack');
  }

  #answerHeartbeat(value: Uint8Array, now: Instant): void {
    const fits = COMMON_HEADER_BYTES + padded(CHUNK_HEADER_BYTES + value.length) <= this.#mtu;
    if (fits && this.#heartbeatLimit.take(now)) this.#life.control.push(encodeChunk(ChunkType.HEARTBEAT_ACK, 0, value));
    else this.counters.add('sctp.heartbeat');
  }

  /** The two high bits of the type say whether to go on and whether to report (RFC 9260 3.2). */
  #handleUnknown(packet: Uint8Array, at: number, end: number, now: Instant): boolean {
    const type = packet[at] as number;
    this.counters.add('sctp.unknown-chunk');
    if ((type & 0x40) !== 0) {
      const quoted = packet.slice(at, Math.min(end, at + MAX_QUOTED_BYTES));
      this.#report(encodeErrorChunk(ChunkType.ERROR, ErrorCause.UNRECOGNIZED_CHUNK, quoted), now);
    }
    return (type & 0x80) !== 0;
  }

  /** One ERROR per packet, and few per second. */
  #report(error: Uint8Array, now: Instant): void {
    if (this.#errorSent || this.#life.association === undefined || !this.#errorLimit.take(now)) return;
    this.#errorSent = true;
    this.#life.control.push(error);
  }

  #violation(what: string): false {
    this.counters.add('sctp.violation');
    this.#life.abort(ErrorCause.PROTOCOL_VIOLATION, encodeUtf8(what), 'protocol-violation');
    return false;
  }

  #reportTooLarge(association: Association): void {
    const { tooLarge } = association.receiver.interleaved ?? association.receiver.reassembly;
    for (const streamId of tooLarge) this.#life.events.push({ type: 'message-too-large', streamId });
    tooLarge.clear();
  }
}
