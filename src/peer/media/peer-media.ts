import { type Instant, RtcError } from '../../core/index.ts';
import type { RtcpPacket } from '../../rtcp/index.ts';
import type { MediaKind } from '../../rtp/index.ts';
import type { ActiveDirection, CodecCapability, Jsep, TransceiverInit, TransceiverView } from '../jsep/index.ts';
import type { MediaEvent } from './events.ts';
import type { MediaTransport, ReceivedPacket } from './machine.ts';
import type { Section } from './section.ts';
import { type RtcpInit, subjectOf } from './rtcp-init.ts';
import type { OutgoingRtp, SendStream } from './send-stream.ts';

/**
 * The media of a peer connection as its user sees it: transceivers, which offer and answer negotiate, and packets, which the
 * transport carries. What changes a description takes effect with the next negotiation.
 */
export class PeerMedia {
  readonly #jsep: Jsep;
  readonly #transport: MediaTransport;
  /** Of sections that the peer does not bundle: most connections have none. */
  #others: readonly MediaTransport[] | undefined;
  #isClosed = false;

  /** For the peer, which has one. */
  constructor(jsep: Jsep, transport: MediaTransport) {
    this.#jsep = jsep;
    this.#transport = transport;
  }

  /** In the order in which they were made. */
  get transceivers(): readonly TransceiverView[] {
    return this.#jsep.transceivers;
  }

  /** The canonical name of this end (RFC 7022). */
  get cname(): string {
    return this.#transport.cname;
  }

  /** What congestion control makes of the path, in bits per second over all streams; `undefined` before it knows. */
  get targetBps(): number | undefined {
    if (this.#others === undefined) return this.#transport.targetBps;
    const targets = this.#all.flatMap(({ targetBps }) => targetBps ?? []);
    return targets.length === 0 ? undefined : targets.reduce((sum, targetBps) => sum + targetBps, 0);
  }

  /** Whether there are packets to be polled: there are none before anything was agreed upon. */
  get isInUse(): boolean {
    return this.#transport.isInUse || this.#others?.some(({ isInUse }) => isInUse) === true;
  }

  /** Adds a transceiver (W3C 5.1) and returns its id. Throws `ERR_INVALID_ARGUMENT` for RIDs that are none or not unique, `ERR_CLOSED`. */
  addTransceiver(kind: MediaKind, init: TransceiverInit = {}): number {
    this.#checkOpen();
    const id = this.#jsep.addTransceiver(kind, init);
    this.#setSource(id, init.trackId);
    return id;
  }

  /** Finds or adds a transceiver that can send a track (W3C 5.1 `addTrack`), and returns its id. Throws `ERR_CLOSED`. */
  addTrack(kind: MediaKind, trackId: string, streamIds: readonly string[]): number {
    this.#checkOpen();
    const id = this.#jsep.addTrack(kind, trackId, streamIds);
    this.#setSource(id, trackId);
    return id;
  }

  /** Sends no more through a transceiver, from the next negotiation on (W3C 5.1). Throws `ERR_CLOSED`. */
  removeTrack(transceiver: number): void {
    this.#checkOpen();
    this.#jsep.removeTrack(transceiver);
    this.#setSource(transceiver, undefined);
  }

  /** Names the track that is sent; needs no negotiation. */
  setTrack(transceiver: number, trackId: string | undefined): void {
    this.#checkOpen();
    this.#jsep.setTrack(transceiver, trackId);
    this.#setSource(transceiver, trackId);
  }

  /** The MediaStreams that the track belongs to, from the next negotiation on. Throws `ERR_CLOSED`. */
  setStreams(transceiver: number, streamIds: readonly string[]): void {
    this.#checkOpen();
    this.#jsep.setStreams(transceiver, streamIds);
  }

  /** What is wanted of a transceiver, from the next negotiation on (W3C 5.4). Throws `ERR_CLOSED`. */
  setDirection(transceiver: number, direction: ActiveDirection): void {
    this.#checkOpen();
    this.#jsep.setDirection(transceiver, direction);
  }

  /** Throws `ERR_INVALID_MODIFICATION` for a codec that the peer was not configured with. */
  setCodecPreferences(transceiver: number, codecs: readonly CodecCapability[]): void {
    this.#checkOpen();
    this.#jsep.setCodecPreferences(transceiver, codecs);
  }

  /** Switches an encoding on or off at once. */
  setEncodingActive(transceiver: number, index: number, active: boolean): void {
    this.#checkOpen();
    this.#jsep.setEncodingActive(transceiver, index, active);
    const stream = this.sendersOf(transceiver)[index];
    if (stream !== undefined) stream.isActive = active;
  }

  /** The streams that a transceiver sends; none before they are agreed upon. */
  sendersOf(transceiver: number): readonly SendStream[] {
    return this.#of(transceiver).sendersOf(transceiver);
  }

  /** What is agreed upon for a transceiver. */
  sectionOf(transceiver: number): Section | undefined {
    for (const section of this.#of(transceiver).router.sections) if (section.transceiver === transceiver) return section;
    return undefined;
  }

  /** The next packet of an encoding is of another source: its numbers and timestamps are joined to those of before. */
  beginSource(transceiver: number, encoding: number): void {
    this.#of(transceiver).beginSource(transceiver, encoding);
  }

  /** Sends a packet. False, and counted, while it cannot be sent: not negotiated, not connected, not active. */
  write(transceiver: number, encoding: number, packet: OutgoingRtp, now: Instant): boolean {
    return !this.#isClosed && this.#of(transceiver).write(transceiver, encoding, packet, now);
  }

  /** The next packet of any transceiver. Those that nobody reads are dropped, the oldest first. */
  pollRead(): ReceivedPacket | undefined {
    const packet = this.#transport.pollRead();
    return packet !== undefined || this.#others === undefined ? packet : firstOf(this.#others, (transport) => transport.pollRead());
  }

  /** Sends RTCP. False, and counted, while it cannot be sent. Throws `ERR_INVALID_ARGUMENT` for what has no form on the wire. */
  writeRtcp(packets: readonly RtcpInit[], now: Instant): boolean {
    if (this.#isClosed) return false;
    if (this.#others === undefined) return this.#transport.writeRtcp(packets, now);
    const destinations = packets.map((packet) => this.#about(subjectOf(packet)));
    let isSent = true;
    for (const transport of new Set(destinations)) isSent = transport.writeRtcp(packets.filter((_, i) => destinations[i] === transport), now) && isSent;
    return isSent;
  }

  /** What happened to media, in order. */
  pollEvent(): MediaEvent | undefined {
    const event = this.#transport.pollEvent();
    if (this.#others === undefined) return event;
    const next = event ?? firstOf(this.#others, (transport) => transport.pollEvent());
    return next?.type === 'target-rate' ? { type: 'target-rate', targetBps: this.targetBps ?? next.targetBps } : next;
  }

  /** The packets of the next RTCP datagram of the peer. */
  pollRtcp(): readonly RtcpPacket[] | undefined {
    const packets = this.#transport.pollRtcp();
    return packets !== undefined || this.#others === undefined ? packets : firstOf(this.#others, (transport) => transport.pollRtcp());
  }

  /** Asks the peer for a keyframe of one encoding, or of all that a transceiver receives. */
  requestKeyframe(transceiver: number, rid: string | undefined, now: Instant): void {
    if (!this.#isClosed) this.#of(transceiver).requestKeyframe(transceiver, rid, now);
  }

  /** For the peer: the media of the first transport. */
  get transport(): MediaTransport {
    return this.#transport;
  }

  /** For the peer: what a description changed. */
  report(event: MediaEvent): void {
    if (event.type === 'track') this.#transport.trackIds.set(event.transceiver, event.trackId);
    this.#transport.report(event);
  }

  /** For the peer: the media of all transports besides the first. */
  setOthers(others: readonly MediaTransport[]): void {
    this.#others = others.length === 0 ? undefined : others;
  }

  /** For the peer, when it closes. */
  close(): void {
    this.#isClosed = true;
  }

  get #all(): readonly MediaTransport[] {
    return [this.#transport, ...(this.#others ?? [])];
  }

  /** The transport that has a transceiver. */
  #of(transceiver: number): MediaTransport {
    return this.#others === undefined ? this.#transport : (this.#others.find((other) => other.serves(transceiver)) ?? this.#transport);
  }

  /** The transport of an SSRC. */
  #about(ssrc: number | undefined): MediaTransport {
    return ssrc === undefined ? this.#transport : (this.#others?.find((other) => other.knows(ssrc)) ?? this.#transport);
  }

  #setSource(transceiver: number, trackId: string | undefined): void {
    if (trackId === undefined) this.#transport.sourceIds.delete(transceiver);
    else this.#transport.sourceIds.set(transceiver, trackId);
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new RtcError('ERR_CLOSED', 'the connection is closed');
  }
}

function firstOf<T>(transports: readonly MediaTransport[], poll: (transport: MediaTransport) => T | undefined): T | undefined {
  for (const transport of transports) {
    const found = poll(transport);
    if (found !== undefined) return found;
  }
  return undefined;
}
