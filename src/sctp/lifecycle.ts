import { readU32, writeU32 } from '../core/bytes.ts';
import { type Counters, EMPTY, type Environment, type Instant, SparseQueue, TimerTable } from '../core/index.ts';
import type { ResolvedSctpConfig } from './config.ts';
import { ChunkType, ErrorCause, FLAG_T, MAX_QUEUED_CONTROL_PACKETS } from './constants.ts';
import { ControlQueue } from './control.ts';
import { EventQueue } from './event-queue.ts';
import type { SctpEvent, SctpFailure, SctpState } from './events.ts';
import { Handshake } from './handshake.ts';
import { Heartbeat } from './heartbeat.ts';
import { decodeInit, type Init } from './init.ts';
import { PacketBuilder } from './packet-builder.ts';
import { encodeChunk, encodeErrorChunk } from './packets.ts';
import { PathMtu } from './pmtu.ts';
import { Receiver } from './receiver.ts';
import { StreamResets } from './resets.ts';
import { Sender } from './sender.ts';
import { readInit, type SignalledInits } from './signalled-init.ts';
import type { SctpTimer } from './timers.ts';

/** What exists while messages can go to and fro. */
export interface Association {
  readonly receiver: Receiver;
  /** See {@link Lifecycle.resetsOf}. */
  resets: StreamResets | undefined;
  readonly heartbeat: Heartbeat;
  readonly streamsOut: number;
  readonly streamsIn: number;
  /** Whether our packets go without checksums (RFC 9653). */
  readonly zeroChecksum: boolean;
  /** Whether the peer knows PAD chunks (RFC 4820), and RE-CONFIG (RFC 6525). */
  readonly padding: boolean;
  readonly reconfig: boolean;
  /** The TSN of the peer's first chunk. */
  readonly peerTsn: number;
}

interface Repeated {
  readonly tag: number;
  readonly chunk: Uint8Array;
}

/** The states of an association and the only place that changes them (RFC 9260 4, 5, 9). */
export class Lifecycle {
  readonly timers: TimerTable<SctpTimer> = new TimerTable();
  readonly events: EventQueue = new EventQueue();
  readonly control: ControlQueue = new ControlQueue();
  readonly handshake: Handshake;
  readonly sender: Sender;
  readonly builder: PacketBuilder;
  readonly pathMtu: PathMtu;
  /** Packets that must go alone. */
  readonly packets: SparseQueue<Uint8Array> = new SparseQueue();
  association: Association | undefined;
  /** The largest packet at present, in bytes. */
  mtuBytes: number;
  /** The peer's verification tag; 0 until it is known. */
  peerTag = 0;
  lastHeardAt: Instant = 0;
  /**
   * The association stands on what was signalled alone: nothing shows yet that the peer sees it so. Until something does, a
   * handshake of the peer is answered as if there was no association, and what was sent goes out again (draft-hancke-tsvwg-snap).
   */
  isPresumed = false;

  readonly #config: ResolvedSctpConfig;
  readonly #environment: Environment;
  readonly #counters: Counters;
  #state: SctpState = 'new';
  /** The peer's INIT, until the association is begun. */
  #signalled: Uint8Array | undefined;
  /** A COOKIE ECHO that is to be sent. */
  #cookieEcho: Uint8Array | undefined;
  #tries = 0;
  /** The packet that t1 or t2 sends again. */
  #repeated: Repeated | undefined;
  /** The packet of our first INIT, which may still be waiting. */
  #firstInit: Uint8Array | undefined;

  constructor(config: ResolvedSctpConfig, environment: Environment, counters: Counters, signalled: SignalledInits | undefined) {
    this.#config = config;
    this.#environment = environment;
    this.#counters = counters;
    this.#signalled = signalled?.remote;
    this.handshake = new Handshake(config, environment, signalled?.local);
    this.sender = new Sender(config, this.handshake.localTsn, this.timers, counters);
    this.mtuBytes = config.mtuBytes & ~3;
    this.pathMtu = new PathMtu(config.mtuBytes, config.minMtuBytes, this.timers, this.sender.rto, environment.random);
    this.pathMtu.isNeeded = config.mtuSearch === 'at-once';
    this.builder = new PacketBuilder(config.localPort, config.remotePort, config.headroomBytes, config.tailroomBytes, config.packetMemory);
  }

  get state(): SctpState {
    return this.#state;
  }

  /** Takes over what the search for the MTU learnt. */
  followMtu(now: Instant): void {
    const { pathMtu, sender } = this;
    this.mtuBytes = pathMtu.mtuBytes;
    sender.setMtu(pathMtu.mtuBytes, pathMtu.chunkMtuBytes, pathMtu.cutBytes);
    if (!pathMtu.hasFallen) return;
    pathMtu.hasFallen = false;
    sender.resend(now);
  }

  connect(now: Instant): void {
    if (this.#state !== 'new') return;
    const peer = this.#signalled && readInit(this.#signalled);
    this.#signalled = undefined;
    if (peer !== undefined) {
      this.isPresumed = true;
      this.lastHeardAt = now;
      this.#admit(peer);
      this.#establish(now);
      return;
    }
    this.#state = 'cookie-wait';
    this.#repeat('t1', 0, this.handshake.init(), now);
    this.#firstInit = this.packets.peek();
  }

  /** Sends a chunk alone in a packet. Such packets always bear a checksum. */
  sendAlone(chunk: Uint8Array, tag: number): void {
    if (this.packets.length >= MAX_QUEUED_CONTROL_PACKETS) return;
    this.builder.begin(12 + chunk.length, tag);
    this.builder.append(chunk);
    this.packets.push(this.builder.finish(true));
  }

  handleInit(bytes: Uint8Array, start: number, end: number, now: Instant): void {
    const init = decodeInit(bytes, start, end);
    switch (this.#state) {
      case 'cookie-wait':
        // Both ends begin. An INIT that has not left yet would only do all of it a second time; T1 sends it if nothing comes of the peer's.
        if (this.#firstInit !== undefined && this.packets.peek() === this.#firstInit) this.packets.shift();
        this.sendAlone(this.handshake.initAck(init, now), init.initiateTag);
        return;
      case 'new':
      case 'cookie-echoed':
        this.sendAlone(this.handshake.initAck(init, now), init.initiateTag);
        return;
      case 'established':
      case 'shutdown-pending':
      case 'shutdown-sent':
      case 'shutdown-received':
        this.sendAlone(this.isPresumed ? this.handshake.initAck(init, now) : this.handshake.initAckForRestart(init, now), init.initiateTag);
        return;
      case 'shutdown-ack-sent': // 9.2: the peer lost our SHUTDOWN ACK
      case 'closed':
        return;
      default:
        this.#state satisfies never;
    }
  }

  handleInitAck(bytes: Uint8Array, start: number, end: number, now: Instant): void {
    if (this.#state !== 'cookie-wait') return; // 5.2.3
    const init = decodeInit(bytes, start, end);
    if (init.cookie === undefined) {
      this.#counters.add('sctp.init');
      return;
    }
    this.#state = 'cookie-echoed';
    const { streamsOut, streamsIn } = this.#admit(init);
    this.#repeat('t1', this.peerTag, this.handshake.cookieEcho(init.cookie), now);
    this.events.push({ type: 'agreed', streamsOut, streamsIn });
  }

  /** The COOKIE ECHO that goes out next, once; DATA may follow it in its packet, and nothing else may leave before it is answered (RFC 9260 5.1). */
  takeCookieEcho(): Uint8Array | undefined {
    const chunk = this.#cookieEcho;
    this.#cookieEcho = undefined;
    return chunk;
  }

  /** RFC 9260 5.1.5 and 5.2.4. Returns whether the chunks behind it may be looked at. */
  handleCookieEcho(cookie: Uint8Array, now: Instant): boolean {
    const state = this.handshake.openCookie(cookie, now);
    if (state === 'forged') {
      this.#counters.add('sctp.cookie');
      return false;
    }
    if (state === 'stale') {
      this.#counters.add('sctp.cookie-stale');
      if (this.association === undefined) this.sendAlone(encodeErrorChunk(ChunkType.ERROR, ErrorCause.STALE_COOKIE, new Uint8Array(4)), readU32(cookie, 50));
      return false;
    }
    if (state.localTag !== this.handshake.localTag) {
      this.#counters.add('sctp.restart');
      return false;
    }
    switch (this.#state) {
      case 'new':
      case 'cookie-wait':
      case 'cookie-echoed':
        // 5.2.4 B: in a collision the cookie knows the peer's latest tag. What went to another one is lost.
        if (state.peer.initiateTag !== this.peerTag) {
          this.#admit(state.peer);
          this.sender.resend(now);
        }
        this.control.push(encodeChunk(ChunkType.COOKIE_ACK, 0, EMPTY));
        this.#establish(now);
        return true;
      case 'closed':
        return false;
      default:
        if (state.peer.initiateTag !== this.peerTag) {
          if (!this.isPresumed) return false;
          this.#admit(state.peer).heartbeat.start(now);
          this.sender.resend(now);
        }
        this.isPresumed = false;
        this.control.push(encodeChunk(ChunkType.COOKIE_ACK, 0, EMPTY)); // 5.2.4 D: our COOKIE ACK was lost
        return true;
    }
  }

  handleCookieAck(now: Instant): void {
    if (this.#state === 'cookie-echoed') this.#establish(now);
  }

  /** Prepares everything for the peer of an INIT or INIT ACK. */
  #admit(peer: Init): Association {
    const { timers, events, control, sender } = this;
    const config = this.#config;
    this.peerTag = peer.initiateTag;
    const streamsIn = Math.min(config.streams, peer.streamsOut);
    const streamsOut = Math.min(config.streams, peer.streamsIn);
    const padding = peer.padding === true;
    const interleaving = config.interleaving && peer.interleaving === true;
    sender.setPeer(peer.receiveWindowBytes, interleaving ? peer.interleavedSkips === true : peer.forwardTsn, interleaving);
    // PAD is named by stacks that search for the path's MTU as this one does; those that are known to keep to Max.Burst do not.
    const receiver = new Receiver(config, peer.initialTsn, streamsIn, interleaving, !padding, timers, this.#counters);
    events.messages = receiver.streams;
    const heartbeat = new Heartbeat(this.#environment, control, timers, sender.rto, config.heartbeatMs);
    const before = this.association?.resets;
    const zeroChecksum = config.zeroChecksum && peer.zeroChecksum;
    const association: Association = { receiver, resets: undefined, heartbeat, streamsOut, streamsIn, zeroChecksum, padding, reconfig: peer.reconfig, peerTsn: peer.initialTsn };
    if (before !== undefined) association.resets = this.#makeResets(association, before.unfinished);
    this.association = association;
    return association;
  }

  /** The resets of its streams. Made for the first: most associations have none before their end. */
  resetsOf(association: Association): StreamResets {
    return (association.resets ??= this.#makeResets(association, []));
  }

  #makeResets({ receiver, streamsIn, reconfig, peerTsn }: Association, unfinished: readonly number[]): StreamResets {
    const { timers, events, control, sender } = this;
    return new StreamResets({
      config: this.#config,
      sender,
      receiver,
      control,
      timers,
      events,
      counters: this.#counters,
      localTsn: this.handshake.localTsn,
      peerTsn,
      streamsIn,
      supported: reconfig,
      unfinished,
    });
  }

  #establish(now: Instant): void {
    const { association } = this;
    if (association === undefined) return;
    this.#stopRepeating();
    this.#state = 'established';
    association.heartbeat.start(now);
    this.pathMtu.start(association.padding, now);
    this.events.push({ type: 'connected', streamsOut: association.streamsOut, streamsIn: association.streamsIn });
  }

  shutdown(now: Instant): void {
    switch (this.#state) {
      case 'new':
      case 'cookie-wait':
      case 'cookie-echoed':
        this.#end({ type: 'closed', reason: 'local' });
        return;
      case 'established':
        this.#state = 'shutdown-pending';
        this.progress(now);
        return;
      default:
        return; // it is under way, or over
    }
  }

  /** Goes on with a shutdown once everything was sent and acknowledged (RFC 9260 9.2). */
  progress(now: Instant): void {
    const { association, sender } = this;
    if (association === undefined || !sender.drained) return;
    if (this.#state === 'shutdown-pending') {
      this.#state = 'shutdown-sent';
      this.#repeat('t2', this.peerTag, this.#shutdownChunk(association.receiver), now);
    } else if (this.#state === 'shutdown-received') {
      this.#state = 'shutdown-ack-sent';
      this.#repeat('t2', this.peerTag, encodeChunk(ChunkType.SHUTDOWN_ACK, 0, EMPTY), now);
    }
  }

  /** DATA came although we want to end: the peer learns how far we are (RFC 9260 9.2). */
  dataAfterShutdown(now: Instant): void {
    const { association } = this;
    if (this.#state !== 'shutdown-sent' || association === undefined) return;
    this.#tries = 0;
    this.#repeat('t2', this.peerTag, this.#shutdownChunk(association.receiver), now);
  }

  /** Returns false when it acknowledges what was never sent. */
  handleShutdown(bytes: Uint8Array, start: number, end: number, now: Instant): boolean {
    if (end - start < 4) {
      this.#counters.add('sctp.shutdown');
      return true;
    }
    switch (this.#state) {
      case 'established':
      case 'shutdown-pending':
      case 'shutdown-received':
        if (!this.sender.handleCumulativeAck(readU32(bytes, start), now)) return false;
        this.#state = 'shutdown-received';
        this.progress(now);
        return true;
      case 'shutdown-sent': // both ends want to end
        this.#state = 'shutdown-ack-sent';
        this.#repeat('t2', this.peerTag, encodeChunk(ChunkType.SHUTDOWN_ACK, 0, EMPTY), now);
        return true;
      default:
        return true;
    }
  }

  handleShutdownAck(): void {
    switch (this.#state) {
      case 'shutdown-sent':
      case 'shutdown-ack-sent':
        this.#end({ type: 'closed', reason: this.#state === 'shutdown-sent' ? 'local' : 'remote' });
        this.sendAlone(encodeChunk(ChunkType.SHUTDOWN_COMPLETE, 0, EMPTY), this.peerTag);
        return;
      case 'cookie-wait':
      case 'cookie-echoed':
      case 'closed': // 8.5.1 E: an association that we no longer know, or do not know yet
        this.sendAlone(encodeChunk(ChunkType.SHUTDOWN_COMPLETE, FLAG_T, EMPTY), this.handshake.localTag);
        return;
      default:
        this.#counters.add('sctp.shutdown');
    }
  }

  handleShutdownComplete(): void {
    if (this.#state === 'shutdown-ack-sent') this.#end({ type: 'closed', reason: 'remote' });
  }

  /** Ends at once; the peer hears why. */
  abort(cause: number, info: Uint8Array, failure: SctpFailure | undefined): void {
    if (this.#state === 'closed') return;
    const tag = this.peerTag;
    if (failure === undefined) this.#end({ type: 'closed', reason: 'local' });
    else this.fail(failure);
    if (tag !== 0) this.sendAlone(encodeErrorChunk(ChunkType.ABORT, cause, info), tag);
  }

  fail(reason: SctpFailure): void {
    if (this.#state !== 'closed') this.#end({ type: 'failed', reason });
  }

  /** T1 or T2 expired: what it guards goes out again, with a longer wait each time. */
  handleRepeatTimeout(timer: 't1' | 't2', now: Instant): void {
    const repeated = this.#repeated;
    if (repeated === undefined) return;
    this.#tries++;
    if (this.#tries > (timer === 't1' ? this.#config.maxInitRetransmits : this.#config.maxRetransmits)) {
      this.fail('timeout');
      return;
    }
    this.#send(repeated);
    this.#startTimer(timer, now);
  }

  #repeat(timer: 't1' | 't2', tag: number, chunk: Uint8Array, now: Instant): void {
    this.#tries = 0;
    this.#repeated = { tag, chunk };
    this.#send(this.#repeated);
    this.#startTimer(timer, now);
  }

  #send({ tag, chunk }: Repeated): void {
    if (this.#state === 'cookie-echoed') this.#cookieEcho = chunk;
    else this.sendAlone(chunk, tag);
  }

  #startTimer(timer: 't1' | 't2', now: Instant): void {
    const first = timer === 't1' ? this.#config.rtoInitialMs : this.sender.rto.timeoutMs;
    this.timers.set(timer, now + Math.min(this.#config.rtoMaxMs, first * 2 ** this.#tries));
  }

  #stopRepeating(): void {
    this.#repeated = undefined;
    this.#firstInit = undefined;
    this.#cookieEcho = undefined;
    this.#tries = 0;
    this.timers.stop('t1');
    this.timers.stop('t2');
  }

  #shutdownChunk(receiver: Receiver): Uint8Array {
    const value = new Uint8Array(4);
    writeU32(value, 0, receiver.cumulativeTsn);
    return encodeChunk(ChunkType.SHUTDOWN, 0, value);
  }

  /** The end: nothing is kept but messages that were not read yet. */
  #end(event: SctpEvent): void {
    this.#stopRepeating();
    this.#state = 'closed';
    this.timers.clear();
    this.control.clear();
    this.packets.clear();
    this.sender.clear();
    this.association?.receiver.clear();
    this.events.push(event);
  }
}
