import { type Datagram, type Deadline, type Environment, type Instant, type Protocol, RtcError } from '../core/index.ts';
import type { ChannelHandle, ChannelMessage, ChannelSend, DataChannelInit } from '../datachannel/index.ts';
import { Certificate } from '../dtls/index.ts';
import { type IceConnectionState } from '../ice/index.ts';
import type { PacketMemory } from '../sctp/index.ts';
import { selectStreams, type StatsReport } from '../stats/index.ts';
import { DEFAULT_MAX_MESSAGE_SIZE_BYTES, type PeerConfig } from './config.ts';
import { sctpInitConfig } from './data-transport.ts';
import type { PeerEvent, PeerInput } from './events.ts';
import { type CandidateInit, type DescriptionInit, Jsep, type SessionDescriptionInit } from './jsep/index.ts';
import { PeerLayers } from './layers.ts';
import { MediaTransport, PeerMedia } from './media/index.ts';
import type { ConnectionState, IceGatheringState, SignalingState } from './states.ts';
import { peerStats, type SelectedCandidatePair, selectedPairOf } from './stats.ts';

/**
 * A whole peer connection without I/O: descriptions, candidates, datagrams and time go in; descriptions, datagrams,
 * events, messages and deadlines come out. Its operations have the semantics of the W3C `RTCPeerConnection`, but are
 * synchronous: the operations chain belongs to the layer above.
 *
 * @example
 * const peer = new Peer(config, environment, now);
 * const offer = peer.createOffer();
 * peer.setLocalDescription(offer, now);
 * // then, for ever: handleRead, handleTimeout, pollWrite, pollEvent, pollReadable, pollTimeout
 */
export class Peer implements Protocol<Datagram, ChannelMessage, ChannelSend, Datagram, PeerInput, PeerEvent> {
  readonly #environment: Environment;
  #config: PeerConfig;
  readonly #certificate: Certificate;
  readonly #jsep: Jsep;
  readonly #layers: PeerLayers;
  /** Transceivers, and what they send and receive. */
  readonly media: PeerMedia;

  /** @throws RtcError `ERR_INVALID_ARGUMENT` on a certificate that has expired */
  constructor(config: PeerConfig, environment: Environment, now: Instant) {
    this.#config = config;
    this.#environment = environment;
    this.#certificate = config.certificates[0] ?? Certificate.generate({ now }, environment);
    const media = new MediaTransport(config.interceptors ?? [], environment);
    this.#jsep = new Jsep({
      bundlePolicy: config.bundlePolicy,
      cname: media.cname,
      ...(config.media && { media: config.media }),
      fingerprints: [this.#certificate.fingerprint('sha-256')],
      maxMessageSizeBytes: config.maxMessageSizeBytes ?? DEFAULT_MAX_MESSAGE_SIZE_BYTES,
      random: environment.random,
      ...(config.sctpSnap !== false && { sctpInit: sctpInitConfig(config) }),
    });
    this.media = new PeerMedia(this.#jsep, media);
    this.#layers = new PeerLayers(config, { certificate: this.#certificate, jsep: this.#jsep, media: this.media }, environment);
  }

  // Descriptions (W3C WebRTC 4.4)

  /** Where offer and answer stand (W3C WebRTC 4.3.1). */
  get signalingState(): SignalingState {
    return this.#layers.isClosed ? 'closed' : this.#jsep.signalingState;
  }

  /** Whether local candidates are being looked for (W3C WebRTC 4.3.2). */
  get iceGatheringState(): IceGatheringState {
    return this.#layers.states.gathering;
  }

  /** What ICE makes of the path (W3C WebRTC 4.3.4). */
  get iceConnectionState(): IceConnectionState {
    return this.#layers.states.ice;
  }

  /** Whether the peer can be reached and is who it should be: ICE and DTLS together (W3C WebRTC 4.3.3). */
  get connectionState(): ConnectionState {
    return this.#layers.states.connection;
  }

  /** The pending local description, else the current one, with the candidates gathered so far. */
  get localDescription(): SessionDescriptionInit | null {
    return this.#jsep.localDescription;
  }

  /** The local description of the last negotiation that was completed, with the candidates gathered since; `null` before the first. */
  get currentLocalDescription(): SessionDescriptionInit | null {
    return this.#jsep.currentLocalDescription;
  }

  /** The local description of a negotiation under way; `null` when there is none. */
  get pendingLocalDescription(): SessionDescriptionInit | null {
    return this.#jsep.pendingLocalDescription;
  }

  /** The pending remote description, else the current one, with the candidates that were added; `null` when there is neither. */
  get remoteDescription(): SessionDescriptionInit | null {
    return this.#jsep.remoteDescription;
  }

  /** The remote description of the last negotiation that was completed; `null` before the first. */
  get currentRemoteDescription(): SessionDescriptionInit | null {
    return this.#jsep.currentRemoteDescription;
  }

  /** The remote description of a negotiation under way; `null` when there is none. */
  get pendingRemoteDescription(): SessionDescriptionInit | null {
    return this.#jsep.pendingRemoteDescription;
  }

  /** Whether the peer said that it takes candidates one by one; `null` before it said anything. */
  get canTrickleIceCandidates(): boolean | null {
    return this.#jsep.canTrickleIceCandidates;
  }

  /** Whether an offer is due (W3C 4.7.3); meaningful in the state `stable`. */
  get negotiationNeeded(): boolean {
    return !this.#layers.isClosed && this.#jsep.negotiationNeeded;
  }

  /** Makes an offer (W3C 4.4.2). Throws `ERR_INVALID_STATE`, `ERR_CLOSED`. */
  createOffer(options: { readonly iceRestart?: boolean } = {}): SessionDescriptionInit {
    this.#checkOpen();
    return this.#jsep.createOffer(options);
  }

  /** Answers the remote offer (W3C 4.4.2). Throws `ERR_INVALID_STATE` when there is none, `ERR_CLOSED`. */
  createAnswer(): SessionDescriptionInit {
    this.#checkOpen();
    return this.#jsep.createAnswer();
  }

  /**
   * Applies a local description, or the one that is due, and starts gathering.
   * Throws `ERR_INVALID_STATE`, `ERR_INVALID_MODIFICATION`, `ERR_SDP_SYNTAX` or `ERR_CLOSED`, and changes nothing then.
   */
  setLocalDescription(description: DescriptionInit | undefined, now: Instant): void {
    this.#checkOpen();
    this.#layers.apply(this.#jsep.setLocalDescription(description), now);
  }

  /**
   * Applies a remote description; in `have-local-offer` an offer first rolls the local one back (W3C 4.4.1.5).
   * Throws `ERR_INVALID_STATE`, `ERR_INVALID_ACCESS`, `ERR_OPERATION`, `ERR_SDP_SYNTAX` or `ERR_CLOSED`, and changes nothing then.
   */
  setRemoteDescription(description: DescriptionInit, now: Instant): void {
    this.#checkOpen();
    this.#layers.apply(this.#jsep.setRemoteDescription(description), now);
  }

  /**
   * Adds a candidate of the peer; `null` or an empty one says that there are no more.
   * Throws `ERR_INVALID_STATE`, `ERR_OPERATION`, `ERR_SDP_SYNTAX` or `ERR_CLOSED`.
   */
  addIceCandidate(candidate: CandidateInit | null, now: Instant): void {
    this.#checkOpen();
    this.#layers.apply(this.#jsep.addIceCandidate(candidate), now);
  }

  /** Makes the next offer start ICE anew (W3C 4.4.2). Throws `ERR_CLOSED`. */
  restartIce(): void {
    this.#checkOpen();
    this.#jsep.restartIce();
  }

  /** Ends a transceiver, from the next negotiation on (W3C 5.4 `stop`). */
  stopTransceiver(transceiver: number, now: Instant): void {
    this.#checkOpen();
    this.#layers.apply(this.#jsep.stopTransceiver(transceiver), now);
  }

  /** ICE servers and policy for the next gathering. */
  setConfiguration(config: PeerConfig): void {
    this.#config = { ...this.#config, iceServers: config.iceServers, iceTransportPolicy: config.iceTransportPolicy };
    this.#layers.setConfig(this.#config);
  }

  /** The pair of candidates in use; with several transports, that of the first which has one. */
  get selectedCandidatePair(): SelectedCandidatePair | undefined {
    for (const { transport } of this.#layers.bundles) if (transport.selectedPair !== undefined) return selectedPairOf(transport);
    return undefined;
  }

  /** @param ssrcs - only what is about these RTP streams; default everything */
  stats(now: Instant, ssrcs?: ReadonlySet<number>): StatsReport {
    const { bundles, data, counters, channelCounts } = this.#layers;
    const report = peerStats(
      { bundles, data, transceivers: this.media.transceivers, certificate: this.#certificate, counters, channelCounts },
      now,
      this.#environment,
    );
    return ssrcs === undefined ? report : selectStreams(report, ssrcs);
  }

  // Data channels

  /** The largest message the peer accepts, in bytes. */
  get maxMessageSizeBytes(): number {
    return this.#layers.data.maxMessageSizeBytes;
  }

  /** Throws `ERR_RESOURCE` or `ERR_INVALID_ARGUMENT`. */
  openChannel(init: DataChannelInit, now: Instant): ChannelHandle {
    this.#checkOpen();
    const channel = this.#layers.openChannel(init, now);
    this.#jsep.addDataChannel();
    return channel;
  }

  /** Closes a channel once what was written to it has been delivered. */
  closeChannel(channel: ChannelHandle, now: Instant): void {
    this.#layers.closeChannel(channel, now);
  }

  /** The next channel that has got messages since it was named last; only a channel that was read to its end is named again. */
  pollReadable(): ChannelHandle | undefined {
    return this.#layers.pollReadable();
  }

  /** The next message of a channel. Not reading closes the peer's window, and loses nothing. */
  pollReadChannel(channel: ChannelHandle): ChannelMessage | undefined {
    return this.#layers.pollReadChannel(channel);
  }

  /** Whether packets of data channels were read since all was polled that is to be sent: messages and acknowledgements, and room for more to be sent. */
  get hasReadData(): boolean {
    return this.#layers.data.hasRead;
  }

  /** Whether an answer to what was read should go out before more is read. */
  get isAnswerUrgent(): boolean {
    return this.#layers.data.isAnswerUrgent;
  }

  // Protocol

  /** Takes a datagram that came to one of the sockets. Its bytes belong to the peer from here on. */
  handleRead(datagram: Datagram, now: Instant): void {
    this.#layers.handleRead(datagram, now);
  }

  /** The next message of any channel. */
  pollRead(): ChannelMessage | undefined {
    return this.#layers.pollRead();
  }

  /** Throws `ERR_MESSAGE_TOO_LARGE`, `ERR_INVALID_STATE` or `ERR_CLOSED`. */
  handleWrite(message: ChannelSend, now: Instant): void {
    this.#layers.handleWrite(message, now);
  }

  /** The next datagram to send. Poll until there is none. */
  pollWrite(): Datagram | undefined {
    return this.#layers.pollWrite();
  }

  /** Takes what the driver tells of its sockets and of names that it looked up. */
  handleEvent(event: PeerInput, now: Instant): void {
    this.#layers.handleEvent(event, now);
  }

  /** What happened, in order. Media have events of their own: {@link PeerMedia.pollEvent}. */
  pollEvent(): PeerEvent | undefined {
    return this.#layers.pollEvent();
  }

  /** Packets are built there from now on: only where each is sent before the next is polled, and whoever sends them says when they have left. */
  usePacketMemory(memory: PacketMemory): void {
    this.#layers.usePacketMemory(memory);
  }

  /** Whether packets lie in that memory that were not polled yet: when the others have left, it must be left to these. */
  get holdsPackets(): boolean {
    return this.#layers.holdsPackets;
  }

  /** Does what is due. Calling early is harmless. */
  handleTimeout(now: Instant): void {
    this.#layers.handleTimeout(now);
  }

  /** When {@link Peer.handleTimeout} is to be called at the latest, unless something else happens before. */
  pollTimeout(): Deadline | undefined {
    return this.#layers.pollTimeout();
  }

  /** Ends everything at once, as W3C `close` does. An SCTP ABORT and close_notify for the peer remain to be polled. */
  close(now: Instant): void {
    this.media.close();
    this.#layers.close(now);
  }

  #checkOpen(): void {
    if (this.#layers.isClosed) throw new RtcError('ERR_CLOSED', 'the connection is closed');
  }
}
