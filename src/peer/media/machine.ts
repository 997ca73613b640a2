import { Counters, type Deadline, type Environment, type Instant, randomBytes, randomU32, SparseMap, SparseQueue, toBase64 } from '../../core/index.ts';
import { type BeltPacket, beltPacket, InterceptorChain, type InterceptorEvent, type InterceptorFactory } from '../../interceptor/index.ts';
import { isRtcp, readRtcp, type RtcpPacket } from '../../rtcp/index.ts';
import { isRtp, readHeader, readPadding, RtpHeader } from '../../rtp/index.ts';
import type { PacketMemory } from '../../sctp/index.ts';
import { type SrtpConfig, SrtpSession, type SrtpStats } from '../../srtp/index.ts';
import type { MediaAgreement, SendEncoding } from '../jsep/index.ts';
import { CNAME_BYTES, MAX_WRITTEN, OPENED_AT_ONCE } from './constants.ts';
import { Arrived } from './arrived.ts';
import type { MediaEvent } from './events.ts';
import type { ReceiveStream } from './receive-stream.ts';
import { Router } from './router.ts';
import { type RtcpInit, signRtcp } from './rtcp-init.ts';
import { type OutgoingRtp, SendStream } from './send-stream.ts';
import { Sealed } from './sealed.ts';
import { Written } from './written.ts';

/** A packet of the peer for the application; its stream says which transceiver and encoding it is of. */
export type ReceivedPacket = BeltPacket<ReceiveStream>;

// What a connection of data alone has, read and never written to: each gets its own with its chain.
const NO_SENDERS: Map<number, readonly SendStream[]> = new Map();
const NO_STREAMS: Map<number, SendStream> = new Map();
const NO_ARRIVED: Arrived = new Arrived();
const NO_SEALED: Sealed = new Sealed(new Counters());

/**
 * The media of a peer: SRTP on one side, packets of transceivers on the other, and the interceptors between. It sends and
 * receives nothing before DTLS has made its keys, and nothing that was not agreed upon.
 */
export class MediaTransport {
  readonly #environment: Environment;
  readonly #factories: readonly InterceptorFactory[];
  readonly #counters: Counters = new Counters();
  readonly #router: Router = new Router(this.#counters);
  #senders: Map<number, readonly SendStream[]> = NO_SENDERS;
  #sendersBySsrc: Map<number, SendStream> = NO_STREAMS;
  /** Streams that do not send at present, by SSRC. */
  #paused: Map<number, SendStream> = NO_STREAMS;
  /** Whom our reports and our feedback come from; not 0 once there is a chain. */
  #rtcpSsrc = 0;
  readonly #events: SparseQueue<MediaEvent> = new SparseQueue();
  /** Since a packet of several receivers was written. They are built before anything else happens that could tell the difference. */
  #written: Written | undefined;
  /** Where packets may be built that leave at once. */
  #memory: PacketMemory | undefined;
  /** What came and is not opened yet. */
  #arrived: Arrived = NO_ARRIVED;
  /** What is sealed and not sent yet. */
  #sealed: Sealed = NO_SEALED;
  /** The ids of the tracks that are sent and received, by transceiver. */
  readonly sourceIds: SparseMap<number, string>;
  readonly trackIds: SparseMap<number, string>;
  readonly cname: string;
  /** Made with the first agreement: a connection of data alone has none. */
  #chain: InterceptorChain | undefined;
  #srtp: SrtpSession | undefined;
  #targetBps: number | undefined;
  /** When RTP came after the chain's events were collected: once for all packets of a turn is enough. */
  #readAt: Instant | undefined;

  /** @param sibling - that of another transport of the connection */
  constructor(factories: readonly InterceptorFactory[], environment: Environment, sibling?: MediaTransport) {
    this.#environment = environment;
    this.#factories = factories;
    this.cname = sibling?.cname ?? toBase64(randomBytes(environment.random, CNAME_BYTES));
    this.sourceIds = sibling?.sourceIds ?? new SparseMap();
    this.trackIds = sibling?.trackIds ?? new SparseMap();
    this.#memory = sibling === undefined ? undefined : sibling.#memory;
  }

  /** One for another transport of the same connection: another RTP session of the same end (RFC 7022 4.1). */
  makeSibling(): MediaTransport {
    return new MediaTransport(this.#factories, this.#environment, this);
  }

  /** Whether a transceiver is agreed upon here. */
  serves(transceiver: number): boolean {
    for (const section of this.#router.sections) if (section.transceiver === transceiver) return true;
    return false;
  }

  /** Whether an SSRC is one of ours or of the peer's here. */
  knows(ssrc: number): boolean {
    return this.#sendersBySsrc.has(ssrc) || this.#router.streamOf(ssrc) !== undefined;
  }

  /** Whether there ever was anything of media to agree upon: a connection of data alone has no packets. */
  get isInUse(): boolean {
    return this.#chain !== undefined;
  }

  /** Whether packets can be sent and received. */
  get isReady(): boolean {
    return this.#srtp !== undefined && this.#chain !== undefined;
  }

  get counters(): Counters {
    this.#settle();
    return this.#counters;
  }

  /** What was written and came before has passed it. */
  get chain(): InterceptorChain | undefined {
    this.#settle();
    return this.#chain;
  }

  get router(): Router {
    this.#settle();
    return this.#router;
  }

  get targetBps(): number | undefined {
    this.#settle();
    return this.#targetBps;
  }

  get srtpStats(): SrtpStats | undefined {
    this.#settle();
    return this.#srtp?.stats();
  }

  /** Keys that DTLS made. */
  setKeys(keys: SrtpConfig): void {
    this.#settle();
    this.#srtp?.close();
    this.#srtp = new SrtpSession(keys, this.#environment);
    for (const section of this.#router.sections) this.#declare(section.agreement);
  }

  /** The whole list of agreements in force. */
  update(agreements: readonly MediaAgreement[], now: Instant): void {
    this.#settle();
    if (this.#chain === undefined && agreements.length > 0) this.#makeChain(now);
    this.#router.update(agreements);
    this.#unbindEnded(now);
    for (const stream of this.#router.streams) this.#chain?.updateRemote(stream, now);
    for (const agreement of agreements) this.#declare(agreement);
    this.#updateSenders(agreements, now);
  }

  /** The send streams of a transceiver, as they were agreed upon. */
  sendersOf(transceiver: number): readonly SendStream[] {
    return this.#senders.get(transceiver) ?? [];
  }

  senderOf(ssrc: number): SendStream | undefined {
    return this.#sendersBySsrc.get(ssrc);
  }

  /** An SRTP or SRTCP packet from the path, which is decrypted in place. */
  handleRead(bytes: Uint8Array, now: Instant): void {
    if (!this.isReady) return this.#counters.add('srtp.no-keys');
    if (this.#written !== undefined && this.#written.length > 0) this.#settle();
    if (isRtcp(bytes)) {
      this.#settle();
      this.#readRtcp(bytes, now);
    } else if (isRtp(bytes)) {
      this.#arrived.push(bytes, now);
      if (this.#arrived.length >= OPENED_AT_ONCE) this.#open();
    } else this.#counters.add('rtp.malformed');
  }

  /** The next packet for the application. */
  pollRead(): ReceivedPacket | undefined {
    this.#settle();
    return this.#chain?.pollRtp() as ReceivedPacket | undefined; // only such streams were bound
  }

  /** The packets of the next RTCP datagram of the peer. */
  pollRtcp(): readonly RtcpPacket[] | undefined {
    this.#settle();
    return this.#chain?.pollRtcp();
  }

  /** Sends a packet. False, and counted, when there is nobody to send it to. */
  write(transceiver: number, encoding: number, packet: OutgoingRtp, now: Instant): boolean {
    const stream = this.#senders.get(transceiver)?.[encoding];
    if (stream === undefined || !stream.section.sends) return this.#refuse('rtp.not-sending');
    if (!stream.isActive) return this.#refuse('rtp.inactive');
    if (this.#srtp === undefined) return this.#refuse('srtp.no-keys');
    if (!stream.takes(packet)) return this.#refuse('rtp.payload-type');
    // What needs to be encoded may turn out to be impossible, which is to be thrown from here.
    if (packet.isShared === true && packet.extensions === undefined && packet.csrcs === undefined) {
      const written = (this.#written ??= new Written(this.#memory));
      written.push(packet, stream, now);
      if (written.length >= MAX_WRITTEN) this.#settle();
      return true;
    }
    this.#settle();
    (this.#chain as InterceptorChain).writeRtp(stream.build(packet, now), now);
    return true;
  }

  /** The next packet of an encoding is of another source: its numbers and timestamps are joined to those of before. */
  beginSource(transceiver: number, encoding: number): void {
    this.#settle();
    this.#senders.get(transceiver)?.[encoding]?.beginSource();
  }

  /** Does what waits: what arrived came before what was written. */
  #settle(): void {
    if (this.#chain === undefined) return;
    if (this.#arrived.length > 0) this.#open();
    this.#written?.build(this.#chain);
  }

  /** Opens what arrived, in a row as well: see {@link Sealed}. */
  #open(): void {
    const arrived = this.#arrived;
    for (let bytes = arrived.shift(); bytes !== undefined; bytes = arrived.shift()) this.#readRtp(bytes, arrived.shiftTime());
  }

  /** Sends RTCP of the application. False, and counted, when there is nobody to send it to. */
  writeRtcp(packets: readonly RtcpInit[], now: Instant): boolean {
    if (!this.isReady) return this.#refuse('srtp.no-keys');
    this.#settle();
    (this.#chain as InterceptorChain).writeRtcp(packets.map((packet) => signRtcp(packet, this.#rtcpSsrc)), now);
    return true;
  }

  /** Asks the peer for a keyframe of what it sends. */
  requestKeyframe(transceiver: number, rid: string | undefined, now: Instant): void {
    this.#settle();
    for (const stream of this.#router.streams) {
      if (stream.transceiver === transceiver && (rid === undefined || stream.rid === rid)) this.#chain?.handleEvent({ type: 'request-keyframe', ssrc: stream.ssrc }, now);
    }
  }

  /** Tells the interceptors of something. */
  tell(event: InterceptorEvent, now: Instant): void {
    this.#settle();
    this.#chain?.handleEvent(event, now);
  }

  /** The next SRTP or SRTCP packet. */
  pollWrite(): Uint8Array | undefined {
    const chain = this.#chain;
    const srtp = this.#srtp;
    if (this.#sealed.length === 0 && chain !== undefined && srtp !== undefined) {
      if (this.#arrived.length > 0) this.#open();
      this.#sealed.fill(chain, srtp, this.#written);
    }
    return this.#sealed.shift();
  }

  /** See `Peer.usePacketMemory`. */
  usePacketMemory(memory: PacketMemory): void {
    this.#memory = memory;
  }

  /** Whether packets lie in that memory that were not polled yet. */
  get holdsPackets(): boolean {
    return this.#sealed.length > 0 || this.#chain?.hasUnsent === true;
  }

  /** Puts what a description changed among the events. */
  report(event: MediaEvent): void {
    this.#events.push(event);
  }

  pollEvent(): MediaEvent | undefined {
    this.#settle();
    if (this.#readAt !== undefined && this.isReady) this.#collect(this.#readAt);
    return this.#events.shift();
  }

  handleTimeout(now: Instant): void {
    if (!this.isReady) return;
    const chain = this.#chain as InterceptorChain;
    if (this.#arrived.length > 0) this.#open();
    if (chain.isDue(now)) {
      this.#settle();
      chain.handleTimeout(now);
    }
    this.#collect(now);
  }

  pollTimeout(): Deadline | undefined {
    if (!this.isReady) return undefined;
    this.#settle();
    return (this.#chain as InterceptorChain).pollTimeout();
  }

  /** Says goodbye: what is left can be polled with {@link MediaTransport.pollWrite}. */
  close(now: Instant): void {
    if (!this.isReady) return;
    this.#settle();
    (this.#chain as InterceptorChain).close(now);
  }

  /** Lets go of the keys. */
  forget(): void {
    this.#settle();
    this.#sealed.clear();
    this.#srtp?.close();
    this.#srtp = undefined;
  }

  #makeChain(now: Instant): void {
    this.#rtcpSsrc = (randomU32(this.#environment.random) | 1) >>> 0;
    const context = { environment: this.#environment, rtcpSsrc: this.#rtcpSsrc, cname: this.cname };
    this.#chain = new InterceptorChain(this.#factories, context, now);
    this.#senders = new Map();
    this.#sendersBySsrc = new Map();
    this.#paused = new Map();
    this.#arrived = new Arrived();
    this.#sealed = new Sealed(this.#counters);
  }

  // Reading

  #readRtp(bytes: Uint8Array, now: Instant): void {
    const packet = (this.#srtp as SrtpSession).unprotectRtp(bytes);
    if (packet === undefined) return;
    const header = new RtpHeader();
    if (!readHeader(packet, header) || !readPadding(packet, header)) return this.#counters.add('rtp.malformed');
    const stream = this.#router.route(packet, header);
    if (stream === undefined) return;
    this.#startStreams(now);
    this.#unbindEnded(now);
    const role = stream.section.roleOf(header.payloadType) ?? 'media';
    (this.#chain as InterceptorChain).handleRtp(beltPacket(packet, header, stream, role, now), now);
    this.#readAt = now;
  }

  #readRtcp(bytes: Uint8Array, now: Instant): void {
    const packet = (this.#srtp as SrtpSession).unprotectRtcp(bytes);
    if (packet === undefined) return;
    (this.#chain as InterceptorChain).handleRtcp(readRtcp(packet, this.#counters), now);
    this.#collect(now);
  }

  #startStreams(now: Instant): void {
    for (const stream of this.#router.takeStarted()) {
      (this.#chain as InterceptorChain).bindRemote(stream, now);
      this.#events.push({ type: 'encoding-started', transceiver: stream.transceiver, rid: stream.rid, ssrc: stream.ssrc });
    }
  }

  #unbindEnded(now: Instant): void {
    for (const stream of this.#router.takeEnded()) {
      this.#chain?.unbindRemote(stream, now);
      this.#events.push({ type: 'encoding-ended', transceiver: stream.transceiver, rid: stream.rid, ssrc: stream.ssrc });
    }
  }

  #collect(now: Instant): void {
    this.#readAt = undefined;
    const chain = this.#chain as InterceptorChain;
    for (let event = chain.pollEvent(); event !== undefined; event = chain.pollEvent()) this.#onChainEvent(event, now);
  }

  #onChainEvent(event: InterceptorEvent, now: Instant): void {
    switch (event.type) {
      case 'keyframe-wanted': {
        const stream = this.#sendersBySsrc.get(event.ssrc);
        if (stream !== undefined) this.#events.push({ type: 'keyframe-wanted', transceiver: stream.section.transceiver, encoding: stream.index });
        return;
      }
      case 'target-rate':
        this.#targetBps = event.targetBps;
        this.#events.push({ type: 'target-rate', targetBps: event.targetBps });
        return;
      case 'bye': {
        const stream = this.#router.streamOf(event.ssrc);
        if (stream?.ssrc !== event.ssrc) return;
        this.#router.end(stream);
        return this.#unbindEnded(now);
      }
      default: // between interceptors
    }
  }

  // Senders

  #updateSenders(agreements: readonly MediaAgreement[], now: Instant): void {
    const kept = new Set<number>();
    for (const agreement of agreements) {
      kept.add(agreement.transceiver);
      this.#updateSender(agreement, now);
    }
    for (const transceiver of this.#senders.keys()) if (!kept.has(transceiver)) this.#endSenders(transceiver, now);
  }

  #updateSender(agreement: MediaAgreement, now: Instant): void {
    const section = this.#router.sectionOf(agreement.mid);
    if (section === undefined) return;
    const before = this.#senders.get(agreement.transceiver) ?? [];
    const isSame = before.length === agreement.sendEncodings.length && before.every((stream, i) => stream.ssrc === agreement.sendEncodings[i]?.ssrc);
    if (isSame) {
      before.forEach((stream, i) => stream.update(section, agreement.sendEncodings[i] as SendEncoding));
      for (const stream of before) this.#chain?.updateLocal(stream, now);
      return;
    }
    this.#endSenders(agreement.transceiver, now);
    // One that pauses and comes back goes on with its numbers: none may be used twice under one key (RFC 3711 9.1).
    const streams = agreement.sendEncodings.map((encoding, i) => this.#paused.get(encoding.ssrc) ?? new SendStream(section, i, encoding, this.#environment.random));
    this.#senders.set(agreement.transceiver, streams);
    streams.forEach((stream, i) => stream.update(section, agreement.sendEncodings[i] as SendEncoding));
    for (const stream of streams) {
      this.#paused.delete(stream.ssrc);
      this.#sendersBySsrc.set(stream.ssrc, stream);
      this.#chain?.bindLocal(stream, now);
    }
  }

  #endSenders(transceiver: number, now: Instant): void {
    for (const stream of this.#senders.get(transceiver) ?? []) {
      this.#chain?.unbindLocal(stream, now);
      this.#sendersBySsrc.delete(stream.ssrc);
      this.#paused.set(stream.ssrc, stream);
    }
    this.#senders.delete(transceiver);
  }

  #declare({ sources, direction }: MediaAgreement): void {
    if (this.#srtp === undefined || direction === 'sendonly' || direction === 'inactive') return;
    for (const { ssrc, rtxSsrc, fecSsrc } of sources) {
      for (const declared of [ssrc, rtxSsrc, fecSsrc]) if (declared !== undefined) this.#srtp.declareRemote(declared);
    }
  }

  #refuse(counter: string): false {
    this.#counters.add(counter);
    return false;
  }
}
