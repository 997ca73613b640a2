import { Counters, type Deadline, DecodeError, EMPTY, encodeUtf8, type Environment, type Instant, type Protocol, RtcError, SparseSet } from '../core/index.ts';
import { type ResolvedSctpConfig, resolveSctpConfig, type SctpConfig } from './config.ts';
import { COMMON_HEADER_BYTES, ErrorCause, MAX_QUOTED_BYTES } from './constants.ts';
import type { SctpEvent, SctpMessage, SctpSend, SctpState } from './events.ts';
import { Incoming } from './incoming.ts';
import { type Association, Lifecycle } from './lifecycle.ts';
import type { SctpPath } from './pmtu.ts';
import type { SignalledInits } from './signalled-init.ts';
import type { SctpStats } from './stats.ts';
import type { SctpTimer } from './timers.ts';

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
  readonly #incoming: Incoming;
  /** Resets asked for before the association was there. */
  readonly #earlyResets: SparseSet<number> = new SparseSet();
  #now: Instant = 0;
  #packetsSent = 0;
  #packetsReceived = 0;
  #bytesSent = 0;
  #bytesReceived = 0;

  /**
   * Throws `RtcError` `ERR_INVALID_ARGUMENT` on a configuration that cannot work.
   *
   * @param signalled - INIT chunks that were exchanged before; with both of them {@link SctpAssociation.connect} sends nothing, and the association is up
   */
  constructor(config: SctpConfig, environment: Environment, signalled?: SignalledInits) {
    this.#config = resolveSctpConfig(config);
    this.#life = new Lifecycle(this.#config, environment, this.counters, signalled);
    this.#incoming = new Incoming(this.#config, this.#life, this.counters);
  }

  get state(): SctpState {
    return this.#life.state;
  }

  /** Sends INIT, unless the peer's was signalled. Harmless when the peer was first. Throws `ERR_INVALID_STATE` after the end. */
  connect(now: Instant): void {
    if (this.#life.state === 'closed') throw new RtcError('ERR_INVALID_STATE', 'SCTP: the association is closed');
    this.#now = now;
    this.#life.connect(now);
  }

  /**
   * Goes on where another association was left by its peer, which is not told and must not be used any more: what that had not
   * delivered, as far as it knows, is written here. Of what was on its way the peer may get some twice.
   */
  takeOver(left: SctpAssociation, now: Instant): void {
    this.#now = now;
    for (const send of left.#life.sender.undelivered(now)) this.#life.sender.enqueue(send, now);
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
    this.#life.followMtu(this.#now);
  }

  /**
   * What the path below is like, at first and whenever it changes: from here on the association searches for the largest
   * packet that it carries (RFC 8899). Without this call packets keep the configured size.
   */
  setPath(path: SctpPath, now: Instant): void {
    this.#now = now;
    if (this.#life.state === 'closed') return;
    this.#life.pathMtu.setPath(path, now);
    this.#life.followMtu(now);
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
    this.#life.followMtu(now);
  }

  /**
   * Resets the sending side of streams once what was written on them went out (RFC 6525). An `outgoing-reset` event tells
   * the outcome; what is written on them meanwhile waits for it.
   */
  resetStreams(streamIds: readonly number[], now: Instant): void {
    this.#now = now;
    const { association, state } = this.#life;
    if (state === 'closed') return;
    if (association !== undefined) this.#life.resetsOf(association).request(streamIds);
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
    this.#life.abort(ErrorCause.USER_ABORT, reason === '' ? EMPTY : encodeUtf8(reason).subarray(0, MAX_QUOTED_BYTES), undefined);
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
      mtuBytes: this.#life.mtuBytes,
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

  /** Returns whether a timer was due. */
  handleTimeout(now: Instant): boolean {
    this.#now = now;
    const { timers } = this.#life;
    const first = timers.expire(now);
    if (first === undefined) return false;
    for (let due: SctpTimer | undefined = first; due !== undefined; due = timers.expire(now)) {
      switch (due) {
        case 't1':
        case 't2':
          this.#life.handleRepeatTimeout(due, now);
          break;
        case 't3':
          if (this.#life.sender.handleTimeout(now)) {
            this.#life.pathMtu.timedOut(now);
            this.#life.followMtu(now);
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
          if (this.#life.association?.resets?.handleTimeout(now) === false) this.#life.fail('timeout');
          break;
        case 'heartbeat':
          if (this.#life.association?.heartbeat.handleTimeout(this.#life.lastHeardAt, now) === true) {
            this.#life.sender.timeouts++;
            this.#checkAlive();
          }
          break;
        case 'pmtu':
          this.#life.pathMtu.handleTimeout(now);
          this.#life.followMtu(now);
          break;
        default:
          due satisfies never;
      }
    }
    return true;
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
    const { pathMtu } = this.#life;
    if (!pathMtu.isNeeded && sender.scheduler.bufferedBytes > this.#life.mtuBytes) pathMtu.isNeeded = true;
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
    if (state === 'cookie-echoed') return this.#buildCookieEcho(now);
    const { receiver } = association;
    if (this.#earlyResets.size > 0) this.#requestEarlyResets(association);
    association.resets?.flush(now);
    const data = sender.ready(now);
    if (!data && control.bytes === 0 && !receiver.sackDue) {
      if (this.#life.pathMtu.isPending) return this.#buildProbe(association, now);
      builder.rest();
      return undefined;
    }
    const wanted = COMMON_HEADER_BYTES + control.bytes + (receiver.sackPending ? receiver.sackBytes : 0) + (data ? sender.pendingBytes : 0);
    builder.begin(Math.min(this.#life.mtuBytes, wanted), this.#life.peerTag, wanted);
    control.writeTo(builder);
    if (receiver.sackPending) receiver.writeSack(builder);
    if (data) sender.fill(builder, now);
    return builder.at === COMMON_HEADER_BYTES ? undefined : builder.finish(!association.zeroChecksum);
  }

  /** COOKIE ECHO with the first DATA behind it, which spares a round trip (RFC 9260 5.1). */
  #buildCookieEcho(now: Instant): Uint8Array | undefined {
    const { sender, builder, peerTag, mtuBytes } = this.#life;
    const chunk = this.#life.takeCookieEcho();
    if (chunk === undefined) return undefined;
    const alone = COMMON_HEADER_BYTES + chunk.length;
    const data = sender.ready(now);
    const wanted = data ? alone + sender.pendingBytes : alone;
    builder.begin(Math.max(alone, Math.min(mtuBytes, wanted)), peerTag, wanted);
    builder.append(chunk);
    if (data) sender.fill(builder, now);
    return builder.finish(true);
  }

  #buildProbe(association: Association, now: Instant): Uint8Array {
    const { builder, pathMtu, peerTag } = this.#life;
    pathMtu.write(builder, peerTag, now);
    return builder.finish(!association.zeroChecksum);
  }

  #requestEarlyResets(association: Association): void {
    this.#life.resetsOf(association).request(this.#earlyResets);
    this.#earlyResets.clear();
  }

  handleRead(packet: Uint8Array, now: Instant): void {
    this.#now = now;
    this.#packetsReceived++;
    this.#bytesReceived += packet.length;
    try {
      this.#incoming.read(packet, now);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.counters.add(error.what);
    }
  }
}
