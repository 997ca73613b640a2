import { type Environment, RtcError } from '../core/index.ts';
import type { ChannelHandle } from '../datachannel/index.ts';
import { PeerConnectionDriver } from '../driver/index.ts';
import type { IceConnectionState } from '../ice/index.ts';
import {
  type CandidateInit,
  type ConnectionState,
  type DescriptionInit,
  type IceGatheringState,
  type RtcpInit,
  Peer,
  type PeerEvent,
  type SelectedCandidatePair,
  type SessionDescriptionInit,
  type SignalingState,
} from '../peer/index.ts';
import type { RtcpPacket } from '../rtcp/index.ts';
import type { MediaKind } from '../rtp/index.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { StatsReport } from '../stats/index.ts';
import { checkConfiguration, type Configuration, type DataChannelInit, type OfferOptions, peerConfigOf, toChannelInit } from './configuration.ts';
import { connected } from './connected.ts';
import { configOf, NO_CONFIGURATION } from './connection-config.ts';
import { ConnectionChannels, type MakeChannel } from './connection-channels.ts';
import type { PeerConnectionOptions } from './connection-options.ts';
import type { DataChannel } from './data-channel.ts';
import { EventHub } from './events.ts';
import { gathered } from './gathered.ts';
import type { PeerConnectionEvent, PeerConnectionEventHandler } from './handler.ts';
import { ConnectionMedia, type MediaPort, type TransceiverInit } from './media.ts';
import { NegotiationNeeded } from './negotiation-needed.ts';
import { OperationsChain } from './operations.ts';
import { PeerChannelPort } from './peer-channel-port.ts';
import { Reporter } from './reporter.ts';
import type { RtpReceiver } from './rtp-receiver.ts';
import type { RtpSender } from './rtp-sender.ts';
import type { RtpTransceiver } from './rtp-transceiver.ts';
import { ToldStates } from './told-states.ts';
import type { TrackLocal } from './track-local.ts';
import type { TrackRemote } from './track-remote.ts';

/** RTCP datagrams that wait for a reader of {@link PeerConnection.rtcp}. */
const MAX_UNREAD_RTCP = 256;

/**
 * A connection to one peer: the asynchronous face of the Sans-I/O {@link Peer}, with the methods and semantics of the W3C
 * `RTCPeerConnection`. Made by {@link createPeerConnection} or a {@link PeerConnectionBuilder}.
 */
export class PeerConnection implements AsyncDisposable {
  readonly #peer: Peer;
  readonly #driver: PeerConnectionDriver;
  readonly #environment: Environment;
  readonly #handler: PeerConnectionEventHandler;
  readonly #reporter: Reporter;
  // Made when there is any: most connections carry data alone.
  #rtcp: EventHub<readonly RtcpPacket[]> | undefined;
  #media: ConnectionMedia | undefined;
  readonly #chain: OperationsChain = new OperationsChain(() => this.#negotiation.update());
  readonly #negotiation: NegotiationNeeded;
  readonly #channels: ConnectionChannels;
  readonly #port: PeerChannelPort;
  #configuration: Configuration;
  readonly #states: ToldStates;
  #closing: Promise<void> | undefined;

  /** @internal For {@link createPeerConnection}: opens the sockets. Rejects with `ERR_NETWORK` when an address of `udpAddrs` cannot be bound, `ERR_INVALID_ARGUMENT` for bad options. */
  static async open(options: PeerConnectionOptions, runtime: Runtime, makeChannel?: MakeChannel): Promise<PeerConnection> {
    const connection = new PeerConnection(options, runtime, makeChannel);
    await connection.#driver.open({ udpAddrs: options.udpAddrs });
    return connection;
  }

  private constructor(options: PeerConnectionOptions, runtime: Runtime, makeChannel: MakeChannel | undefined) {
    this.#configuration = options.configuration === undefined ? NO_CONFIGURATION : checkConfiguration(options.configuration);
    this.#handler = options.handler ?? {};
    const { log } = options.settings ?? {};
    this.#reporter = new Reporter(this.#handler, log, 'api');
    this.#states = new ToldStates(this.#reporter);
    const crypto = options.settings?.crypto ?? runtime.crypto;
    this.#environment = { crypto, random: runtime.random, unixOffsetMs: runtime.unixNow() - runtime.now(), ...(log && { log }) };
    this.#peer = new Peer(configOf(this.#configuration, options), this.#environment, runtime.now());
    this.#driver = new PeerConnectionDriver(this.#peer, runtime, { onOutput: this.#onOutput, onFault: (error) => this.#onFault(error) });
    this.#port = new PeerChannelPort(this.#peer, this.#driver, this.#reporter);
    this.#channels = new ConnectionChannels(this.#port, makeChannel);
    this.#negotiation = new NegotiationNeeded(this.#peer, this.#chain, this.#reporter);
  }

  /** Where offer and answer stand (W3C WebRTC 4.3.1); changes with `onSignalingStateChange`. */
  get signalingState(): SignalingState {
    return this.#states.signaling;
  }

  /** Whether local candidates are being looked for (W3C WebRTC 4.3.2); changes with `onIceGatheringStateChange`. */
  get iceGatheringState(): IceGatheringState {
    return this.#states.iceGathering;
  }

  /** What ICE makes of the path (W3C WebRTC 4.3.4); changes with `onIceConnectionStateChange`. */
  get iceConnectionState(): IceConnectionState {
    return this.#states.iceConnection;
  }

  /** Whether the peer can be reached and is who it should be: ICE and DTLS together (W3C WebRTC 4.3.3); changes with `onConnectionStateChange`. */
  get connectionState(): ConnectionState {
    return this.#states.connection;
  }

  /** The pending local description, else the current one, with the candidates gathered so far. */
  get localDescription(): SessionDescriptionInit | null {
    return this.#peer.localDescription;
  }

  /** The local description of the last negotiation that was completed, with the candidates gathered since; `null` before the first. */
  get currentLocalDescription(): SessionDescriptionInit | null {
    return this.#peer.currentLocalDescription;
  }

  /** The local description of a negotiation under way; `null` when there is none. */
  get pendingLocalDescription(): SessionDescriptionInit | null {
    return this.#peer.pendingLocalDescription;
  }

  /** The pending remote description, else the current one, with the candidates that were added; `null` when there is neither. */
  get remoteDescription(): SessionDescriptionInit | null {
    return this.#peer.remoteDescription;
  }

  /** The remote description of the last negotiation that was completed; `null` before the first. */
  get currentRemoteDescription(): SessionDescriptionInit | null {
    return this.#peer.currentRemoteDescription;
  }

  /** The remote description of a negotiation under way; `null` when there is none. */
  get pendingRemoteDescription(): SessionDescriptionInit | null {
    return this.#peer.pendingRemoteDescription;
  }

  /** Whether the peer said that it takes candidates one by one; `null` before it said anything. */
  get canTrickleIceCandidates(): boolean | null {
    return this.#peer.canTrickleIceCandidates;
  }

  /** The pair of candidates in use. */
  get selectedCandidatePair(): SelectedCandidatePair | undefined {
    return this.#peer.selectedCandidatePair;
  }

  /** Makes an offer (W3C 4.4.2). Rejects with `ERR_INVALID_STATE`. */
  createOffer(options: OfferOptions = {}): Promise<SessionDescriptionInit> {
    return this.#operate(() => this.#peer.createOffer({ iceRestart: options.iceRestart === true }));
  }

  /** Answers the remote offer (W3C 4.4.2). Rejects with `ERR_INVALID_STATE` when there is none. */
  createAnswer(): Promise<SessionDescriptionInit> {
    return this.#operate(() => this.#peer.createAnswer());
  }

  /**
   * Applies a local description and starts gathering; without argument it makes the offer or answer that is due.
   * Rejects with `ERR_INVALID_STATE`, `ERR_INVALID_MODIFICATION` or `ERR_SDP_SYNTAX`, and changes nothing then.
   */
  setLocalDescription(description?: DescriptionInit): Promise<void> {
    return this.#operate(() => this.#peer.setLocalDescription(description, this.#driver.now()));
  }

  /**
   * Applies a remote description. In `have-local-offer` an offer first rolls the local one back (W3C 4.4.1.5).
   * Rejects with `ERR_INVALID_STATE`, `ERR_INVALID_ACCESS`, `ERR_OPERATION` or `ERR_SDP_SYNTAX` (with the line), and changes nothing then.
   */
  setRemoteDescription(description: DescriptionInit): Promise<void> {
    return this.#operate(() => this.#peer.setRemoteDescription(description, this.#driver.now()));
  }

  /**
   * Adds a candidate of the peer; `null`, nothing or an empty `candidate` mean that there are no more.
   * Rejects with `ERR_INVALID_STATE` before there is a remote description, `ERR_OPERATION` for an unknown section or ICE
   * generation, `ERR_SDP_SYNTAX` for a candidate that does not parse. One that is well formed but of no use (another
   * transport, a forbidden address) is ignored.
   */
  addIceCandidate(candidate?: CandidateInit | null): Promise<void> {
    return this.#operate(() => this.#peer.addIceCandidate(candidate ?? null, this.#driver.now()));
  }

  /** Makes the next offer start ICE anew (W3C 4.4.2). */
  restartIce(): void {
    if (this.#closing) return;
    this.#peer.restartIce();
    this.#negotiation.update();
  }

  /**
   * Opens a data channel (W3C 6.1). Throws `ERR_CLOSED`, `ERR_INVALID_ARGUMENT` or, when no stream id is left or the id is
   * taken, `ERR_RESOURCE`.
   */
  createDataChannel(label: string, init: DataChannelInit = {}): DataChannel {
    this.#checkOpen();
    const channel = this.#channels.add(this.#peer.openChannel(toChannelInit(label, init), this.#driver.now()));
    this.#driver.wake();
    this.#negotiation.update();
    return channel;
  }

  /**
   * Sends a track, through a transceiver that is free for it or a new one (W3C 5.1). Throws `ERR_INVALID_ACCESS` when it is sent
   * already, `ERR_CLOSED`.
   *
   * @param streamIds - the MediaStreams that it belongs to; default the track's own
   */
  addTrack(track: TrackLocal, ...streamIds: string[]): RtpSender {
    return this.#withMedia().addTrack(track, streamIds);
  }

  /** Stops sending; the transceiver stays, to receive or to be used again. Throws `ERR_INVALID_ACCESS` for a sender of another connection. */
  removeTrack(sender: RtpSender): void {
    this.#withMedia().removeTrack(sender);
  }

  /**
   * Adds a transceiver (W3C 5.1), for a track to send or for a kind to receive, or to send later. Throws `ERR_INVALID_ARGUMENT`,
   * `ERR_CLOSED`.
   */
  addTransceiver(trackOrKind: TrackLocal | MediaKind, init: TransceiverInit = {}): RtpTransceiver {
    return this.#withMedia().addTransceiver(trackOrKind, init);
  }

  /** {@link PeerConnection.addTransceiver} for a track to send. */
  addTransceiverFromTrack(track: TrackLocal, init: TransceiverInit = {}): RtpTransceiver {
    return this.#withMedia().addTransceiver(track, init);
  }

  /** {@link PeerConnection.addTransceiver} for a kind: to receive, or to send later. */
  addTransceiverFromKind(kind: MediaKind, init: TransceiverInit = {}): RtpTransceiver {
    return this.#withMedia().addTransceiver(kind, init);
  }

  /** Those that have not stopped, in the order in which they were made. */
  getTransceivers(): readonly RtpTransceiver[] {
    return this.#media?.transceivers ?? [];
  }

  /** The senders of {@link PeerConnection.getTransceivers}, those without a track too. */
  getSenders(): readonly RtpSender[] {
    return this.getTransceivers().map(({ sender }) => sender);
  }

  /** The receivers of {@link PeerConnection.getTransceivers}, those that get nothing too. */
  getReceivers(): readonly RtpReceiver[] {
    return this.getTransceivers().map(({ receiver }) => receiver);
  }

  /** What congestion control makes of the path, over all senders, in bits per second; `undefined` before it knows. */
  get targetBitrateBps(): number | undefined {
    return this.#peer.media.targetBps;
  }

  /** RTCP that comes from now on, a list for each datagram, until the connection is closed. */
  rtcp(): AsyncIterableIterator<readonly RtcpPacket[]> {
    const packets = (this.#rtcp ??= new EventHub(MAX_UNREAD_RTCP)).subscribe();
    if (this.#closing) this.#rtcp.end();
    return packets;
  }

  /**
   * Sends RTCP of your own; reports and names are put around it as needed (RFC 3550 6.1). Who sends it need not be said: it is the
   * SSRC that this connection's own reports and feedback come from. Returns false, and sends nothing, before media was negotiated
   * and the connection is up. Throws `ERR_INVALID_ARGUMENT` for what has no form on the wire.
   *
   * @example
   * pc.writeRtcp([{ type: 'pli', mediaSsrc: track.ssrc }]); // as track.requestKeyframe() does
   * pc.writeRtcp([{ type: 'remb', bitrateBps: 500_000, ssrcs: [track.ssrc] }]);
   */
  writeRtcp(packets: readonly RtcpInit[]): boolean {
    const isSent = this.#peer.media.writeRtcp(packets, this.#driver.now());
    if (isSent) this.#driver.wake();
    return isSent;
  }

  /** What this connection knows of itself, as W3C webrtc-stats dictionaries. */
  getStats(selector?: TrackLocal | TrackRemote | RtpSender | RtpReceiver): Promise<StatsReport> {
    if (selector === undefined) return Promise.resolve(this.#peer.stats(this.#driver.now()));
    return this.#withMedia().statsOf(selector);
  }

  /** The configuration in force: what was given, with what {@link PeerConnection.setConfiguration} changed. */
  getConfiguration(): Configuration {
    return this.#configuration;
  }

  /**
   * Changes ICE servers and transport policy; they count from the next gathering. Throws `ERR_INVALID_MODIFICATION` when
   * something else differs, `ERR_INVALID_ARGUMENT` for a bad value.
   */
  setConfiguration(configuration: Configuration): void {
    this.#checkOpen();
    const checked = checkConfiguration(configuration, this.#configuration);
    this.#peer.setConfiguration(peerConfigOf(checked, {}));
    this.#configuration = checked;
  }

  /**
   * Waits until all candidates are gathered, for signalling that carries one description each way. Gathering begins with
   * `setLocalDescription`. Rejects with `ERR_CLOSED` when the connection is closed before.
   *
   * @example
   * await pc.setLocalDescription();
   * await pc.gathered();
   * send(pc.localDescription);
   */
  gathered(): Promise<void> {
    return gathered(this);
  }

  /**
   * Waits until the connection is up, as after each offer and answer the first time. Rejects with `ERR_NETWORK` when it has
   * failed, with `ERR_CLOSED` when it is closed before.
   *
   * @example
   * pc.addTrack(track);
   * await pc.connected();
   * track.writeSample(frame); // what is written before goes nowhere
   */
  connected(): Promise<void> {
    return connected(this);
  }

  /** What the connection reports from now on, in order, until it is closed. */
  events(): AsyncIterableIterator<PeerConnectionEvent> {
    return this.#reporter.events();
  }

  /** Closes the channels and the connection, tells the peer, and lets go of sockets and timers. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** `await using` closes the connection. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#peer.close(this.#driver.now());
    this.#states.close();
    const released = this.#driver.close();
    // Channels whose handlers call back find a connection that is already closed.
    this.#channels.close();
    this.#media?.close();
    this.#rtcp?.end();
    this.#reporter.end();
    await released;
  }

  #checkOpen(): void {
    if (this.#closing) throw new RtcError('ERR_CLOSED', 'the connection is closed');
  }

  #operate<T>(operation: () => T): Promise<T> {
    return this.#chain.run(() => {
      this.#checkOpen();
      const result = operation();
      this.#negotiation.settle();
      this.#driver.wake();
      this.#pollMediaEvents(); // tracks are told of before the operation resolves (W3C 4.4.1.5)
      this.#states.tellSignaling(this.#peer.signalingState);
      return result;
    });
  }

  readonly #onOutput = (): void => {
    this.#port.rest();
    for (let event = this.#peer.pollEvent(); event !== undefined; event = this.#peer.pollEvent()) this.#onPeerEvent(event);
    if (this.#peer.media.isInUse) this.#pollMedia(); // what an operation has to tell of media it has told
    for (let handle = this.#peer.pollReadable(); handle !== undefined; handle = this.#peer.pollReadable()) {
      this.#channels.onReadable(handle);
    }
  };

  /** A mistake of this library must not take the process, nor its other connections, with it. */
  #onFault(error: unknown): void {
    this.#reporter.fault(error);
    void this.close();
  }

  #pollMediaEvents(): void {
    const { media } = this.#peer;
    for (let event = media.pollEvent(); event !== undefined; event = media.pollEvent()) this.#withMedia().onEvent(event);
  }

  #pollMedia(): void {
    const { media } = this.#peer;
    this.#pollMediaEvents();
    for (let packet = media.pollRead(); packet !== undefined; packet = media.pollRead()) this.#media?.onPacket(packet);
    for (let packets = media.pollRtcp(); packets !== undefined; packets = media.pollRtcp()) {
      const read = packets;
      this.#rtcp?.emit(read);
      this.#reporter.call(() => this.#handler.onRtcp?.(read));
    }
  }

  #onPeerEvent(event: PeerEvent): void {
    switch (event.type) {
      case 'signaling-state': // the operation may have told it already
        return this.#states.tellSignaling(this.#peer.signalingState);
      case 'ice-gathering-state':
      case 'ice-connection-state':
      case 'connection-state':
        return this.#states.onEvent(event);
      case 'ice-candidate':
        return this.#reporter.report({ type: 'icecandidate', candidate: event.candidate });
      case 'ice-candidate-error':
        return this.#reporter.report({ type: 'icecandidateerror', error: event.error });
      case 'resolve':
        return this.#driver.resolve(event.hostname);
      case 'sockets-wanted':
        return this.#driver.openTransport(event.transport);
      case 'sockets-unused':
        return this.#driver.closeTransport(event.transport);
      case 'data-channel':
        return this.#onIncomingChannel(event.channel);
      case 'channel-open':
      case 'channel-closing':
      case 'channel-buffered':
      case 'channel-closed':
        return this.#channels.onEvent(event);
      default:
        event satisfies never;
    }
  }

  #onIncomingChannel(handle: ChannelHandle): void {
    const channel = this.#channels.add(handle, 'open');
    this.#reporter.report({ type: 'datachannel', channel });
    // W3C 6.2: the state is `open` already, and is announced after the application has seen the channel.
    channel.onPeerEvent({ type: 'open' });
  }

  #withMedia(): ConnectionMedia {
    return (this.#media ??= new ConnectionMedia(this.#makeMediaPort()));
  }

  #makeMediaPort(): MediaPort {
    const peer = this.#peer;
    const driver = this.#driver;
    return {
      media: peer.media,
      now: () => driver.now(),
      unixNow: () => driver.now() + this.#environment.unixOffsetMs,
      wake: () => driver.wake(),
      checkOpen: () => this.#checkOpen(),
      updateNegotiationNeeded: () => this.#negotiation.update(),
      stopTransceiver: (transceiver) => {
        peer.stopTransceiver(transceiver, driver.now());
        this.#pollMediaEvents();
      },
      stats: ({ ssrcs }) => Promise.resolve(peer.stats(driver.now(), ssrcs)),
      onCallbackError: (error) => this.#reporter.callbackThrew(error),
      onTargetRate: (targetBps) => this.#reporter.report({ type: 'targetbitrate', targetBps }),
      onTrack: (event) => this.#reporter.report({ type: 'track', ...event }),
    };
  }
}
