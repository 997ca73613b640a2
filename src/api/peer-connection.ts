import { type Environment, type RtcError as RtcErrorType, RtcError, SparseMap } from '../core/index.ts';
import type { ChannelHandle } from '../datachannel/index.ts';
import { PeerConnectionDriver } from '../driver/index.ts';
import type { IceConnectionState } from '../ice/index.ts';
import {
  type CandidateInit,
  type ConnectionState,
  type DescriptionInit,
  type IceGatheringState,
  Peer,
  type PeerConfig,
  type PeerEvent,
  type SelectedCandidatePair,
  type SessionDescriptionInit,
  type SignalingState,
} from '../peer/index.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { StatsReport } from '../stats/index.ts';
import type { ChannelPort } from './channel-port.ts';
import { checkConfiguration, type Configuration, type DataChannelInit, type OfferOptions, peerConfigOf, type Settings, toChannelInit } from './configuration.ts';
import { DataChannel } from './data-channel.ts';
import { EventHub } from './events.ts';
import { defaultInterceptors, type InterceptorRegistry } from '../interceptor/index.ts';
import type { RtcpPacket } from '../rtcp/index.ts';
import type { MediaKind } from '../rtp/index.ts';
import { ConnectionMedia, type MediaPort, type TransceiverInit } from './media.ts';
import { MediaEngine } from './media-engine.ts';
import type { RtpReceiver } from './rtp-receiver.ts';
import type { RtpSender } from './rtp-sender.ts';
import type { RtpTransceiver } from './rtp-transceiver.ts';
import type { TrackLocal } from './track-local.ts';
import type { TrackRemote } from './track-remote.ts';
import type { PeerConnectionEvent, PeerConnectionEventHandler } from './handler.ts';
import { connected } from './connected.ts';
import { gathered } from './gathered.ts';
import { OperationsChain } from './operations.ts';
import { callGuarded, PeerChannelPort } from './peer-channel-port.ts';

/** Everything a connection is made of; all of it has defaults. */
export interface PeerConnectionOptions {
  readonly configuration?: Configuration | undefined;
  readonly settings?: Settings | undefined;
  readonly handler?: PeerConnectionEventHandler | undefined;
  /**
   * Local addresses to bind, as in `['0.0.0.0:0', '[::]:0']`; a wildcard gives one candidate per interface. By default one
   * socket per usable interface address.
   */
  readonly udpAddrs?: readonly string[] | undefined;
  readonly runtime?: Runtime | undefined;
  /** What can be negotiated of media. Default: {@link MediaEngine.default}. */
  readonly mediaEngine?: MediaEngine | undefined;
  /** What every packet of media passes. Default: {@link defaultInterceptors}. */
  readonly interceptors?: InterceptorRegistry | undefined;
}

/** RTCP datagrams that wait for a reader of {@link PeerConnection.rtcp}. */
const MAX_UNREAD_RTCP = 256;

/** @internal Makes a channel of a connection. In the workers of a pool channels are of another kind. */
export type MakeChannel = (port: ChannelPort, handle: ChannelHandle, state: 'connecting' | 'open') => DataChannel;

const makeDataChannel: MakeChannel = (port, handle, state) => new DataChannel(port, handle, state);

// What connections have that are given nothing else. It never changes, so they all share it.
let defaultMedia: PeerConfig['media'] | undefined;
let usualInterceptors: PeerConfig['interceptors'] | undefined;

/**
 * A connection to one peer: the asynchronous face of the Sans-I/O {@link Peer}, with the methods and semantics of the W3C
 * `RTCPeerConnection`. Made by {@link createPeerConnection} or a {@link PeerConnectionBuilder}.
 */
export class PeerConnection implements AsyncDisposable {
  readonly #peer: Peer;
  readonly #driver: PeerConnectionDriver;
  readonly #environment: Environment;
  readonly #handler: PeerConnectionEventHandler;
  readonly #hub: EventHub<PeerConnectionEvent> = new EventHub();
  readonly #rtcp: EventHub<readonly RtcpPacket[]> = new EventHub(MAX_UNREAD_RTCP);
  /** Made when there is any: most connections carry data alone. */
  #media: ConnectionMedia | undefined;
  readonly #chain: OperationsChain = new OperationsChain(() => this.#updateNegotiationNeeded());
  readonly #channels: SparseMap<ChannelHandle, DataChannel> = new SparseMap();
  readonly #port: PeerChannelPort;
  readonly #makeChannel: MakeChannel;
  #configuration: Configuration;
  /** W3C [[NegotiationNeeded]]. */
  #isNegotiationNeeded = false;
  #connectionState: ConnectionState = 'new';
  #iceConnectionState: IceConnectionState = 'new';
  #iceGatheringState: IceGatheringState = 'new';
  #signalingState: SignalingState = 'stable';
  #closing: Promise<void> | undefined;

  /** Opens the sockets. Rejects with `ERR_NETWORK` when an address of `udpAddrs` cannot be bound, `ERR_INVALID_ARGUMENT` for bad options. */
  static async open(options: PeerConnectionOptions, runtime: Runtime, makeChannel: MakeChannel = makeDataChannel): Promise<PeerConnection> {
    const connection = new PeerConnection(options, runtime, makeChannel);
    await connection.#driver.open({ udpAddrs: options.udpAddrs });
    return connection;
  }

  private constructor(options: PeerConnectionOptions, runtime: Runtime, makeChannel: MakeChannel) {
    this.#makeChannel = makeChannel;
    this.#configuration = checkConfiguration(options.configuration ?? {});
    this.#handler = options.handler ?? {};
    const { log } = options.settings ?? {};
    const crypto = options.settings?.crypto ?? runtime.crypto;
    this.#environment = { crypto, random: runtime.random, unixOffsetMs: runtime.unixNow() - runtime.now(), ...(log && { log }) };
    const config = peerConfigOf(this.#configuration, options.settings ?? {}, {
      media: options.mediaEngine?.capabilities() ?? (defaultMedia ??= MediaEngine.default().capabilities()),
      interceptors: options.interceptors?.factories ?? (usualInterceptors ??= defaultInterceptors()),
    });
    this.#peer = new Peer(config, this.#environment, runtime.now());
    this.#driver = new PeerConnectionDriver(this.#peer, runtime, { onOutput: () => this.#onOutput(), onFault: (error) => this.#onFault(error) });
    this.#port = new PeerChannelPort(this.#peer, this.#driver, (error) => this.#onCallbackError(error));
  }

  get signalingState(): SignalingState {
    return this.#signalingState;
  }

  get iceGatheringState(): IceGatheringState {
    return this.#iceGatheringState;
  }

  get iceConnectionState(): IceConnectionState {
    return this.#iceConnectionState;
  }

  get connectionState(): ConnectionState {
    return this.#connectionState;
  }

  /** The pending local description, else the current one, with the candidates gathered so far. */
  get localDescription(): SessionDescriptionInit | null {
    return this.#peer.localDescription;
  }

  get currentLocalDescription(): SessionDescriptionInit | null {
    return this.#peer.currentLocalDescription;
  }

  get pendingLocalDescription(): SessionDescriptionInit | null {
    return this.#peer.pendingLocalDescription;
  }

  get remoteDescription(): SessionDescriptionInit | null {
    return this.#peer.remoteDescription;
  }

  get currentRemoteDescription(): SessionDescriptionInit | null {
    return this.#peer.currentRemoteDescription;
  }

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
    this.#updateNegotiationNeeded();
  }

  /**
   * Opens a data channel (W3C 6.1). Throws `ERR_CLOSED`, `ERR_INVALID_ARGUMENT` or, when no stream id is left or the id is
   * taken, `ERR_RESOURCE`.
   */
  createDataChannel(label: string, init: DataChannelInit = {}): DataChannel {
    this.#checkOpen();
    const channel = this.#addChannel(this.#peer.openChannel(toChannelInit(label, init), this.#driver.now()));
    this.#driver.wake();
    this.#updateNegotiationNeeded();
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

  addTransceiverFromTrack(track: TrackLocal, init: TransceiverInit = {}): RtpTransceiver {
    return this.#withMedia().addTransceiver(track, init);
  }

  addTransceiverFromKind(kind: MediaKind, init: TransceiverInit = {}): RtpTransceiver {
    return this.#withMedia().addTransceiver(kind, init);
  }

  /** Those that have not stopped, in the order in which they were made. */
  getTransceivers(): readonly RtpTransceiver[] {
    return this.#media?.transceivers ?? [];
  }

  getSenders(): readonly RtpSender[] {
    return this.getTransceivers().map(({ sender }) => sender);
  }

  getReceivers(): readonly RtpReceiver[] {
    return this.getTransceivers().map(({ receiver }) => receiver);
  }

  /** What congestion control makes of the path, over all senders, in bits per second; `undefined` before it knows. */
  get targetBitrateBps(): number | undefined {
    return this.#peer.media.targetBps;
  }

  /** RTCP that comes from now on, a list for each datagram, until the connection is closed. */
  rtcp(): AsyncIterableIterator<readonly RtcpPacket[]> {
    return this.#rtcp.subscribe();
  }

  /** Sends RTCP of your own; reports and names are put around it as needed. False before the connection can send it. */
  writeRtcp(packets: readonly RtcpPacket[]): boolean {
    const isSent = this.#peer.media.writeRtcp(packets, this.#driver.now());
    if (isSent) this.#driver.wake();
    return isSent;
  }

  /** What this connection knows of itself, as W3C webrtc-stats dictionaries. */
  getStats(selector?: TrackLocal | TrackRemote | RtpSender | RtpReceiver): Promise<StatsReport> {
    if (selector === undefined) return Promise.resolve(this.#peer.stats(this.#driver.now()));
    return this.#withMedia().statsOf(selector);
  }

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
    return this.#hub.subscribe();
  }

  /** Closes the channels and the connection, tells the peer, and lets go of sockets and timers. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#peer.close(this.#driver.now());
    this.#signalingState = 'closed';
    this.#iceConnectionState = 'closed';
    this.#connectionState = 'closed';
    const released = this.#driver.close();
    // Channels whose handlers call back find a connection that is already closed.
    for (const channel of this.#channels.values()) channel.onPeerEvent({ type: 'closed' });
    this.#channels.clear();
    this.#media?.close();
    this.#rtcp.end();
    this.#hub.end();
    await released;
  }

  #checkOpen(): void {
    if (this.#closing) throw new RtcError('ERR_CLOSED', 'the connection is closed');
  }

  #operate<T>(operation: () => T): Promise<T> {
    return this.#chain.run(() => {
      this.#checkOpen();
      const result = operation();
      this.#isNegotiationNeeded &&= this.#peer.signalingState !== 'stable' || this.#peer.negotiationNeeded;
      this.#driver.wake();
      this.#pollMediaEvents(); // tracks are told of before the operation resolves (W3C 4.4.1.5)
      this.#syncSignalingState();
      return result;
    });
  }

  /** W3C 4.7.3: says once that an offer is due, when nothing else is going on. */
  #updateNegotiationNeeded(): void {
    if (this.#closing || !this.#chain.isEmpty || this.#peer.signalingState !== 'stable') return;
    if (!this.#peer.negotiationNeeded) {
      this.#isNegotiationNeeded = false;
      return;
    }
    if (this.#isNegotiationNeeded) return;
    this.#isNegotiationNeeded = true;
    queueMicrotask(() => {
      if (this.#closing || !this.#isNegotiationNeeded) return;
      if (!this.#chain.isEmpty || this.#peer.signalingState !== 'stable') {
        this.#isNegotiationNeeded = false; // looked at again when the chain is empty
        return;
      }
      this.#report({ type: 'negotiationneeded' }, () => this.#handler.onNegotiationNeeded?.());
    });
  }

  #onOutput(): void {
    this.#port.rest();
    this.#pollEvents();
    this.#pollMedia();
    for (let handle = this.#peer.pollReadable(); handle !== undefined; handle = this.#peer.pollReadable()) {
      this.#channels.get(handle)?.onPeerEvent({ type: 'readable' });
    }
  }

  /** A mistake of this library must not take the process, nor its other connections, with it. */
  #onFault(error: unknown): void {
    this.#onCallbackError(error);
    void this.close();
  }

  #pollEvents(): void {
    for (let event = this.#peer.pollEvent(); event !== undefined; event = this.#peer.pollEvent()) this.#onPeerEvent(event);
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
      this.#rtcp.emit(read);
      this.#call(() => this.#handler.onRtcp?.(read));
    }
  }

  #onPeerEvent(event: PeerEvent): void {
    const handler = this.#handler;
    switch (event.type) {
      case 'signaling-state':
        return this.#syncSignalingState();
      case 'ice-gathering-state':
        this.#iceGatheringState = event.state;
        return this.#report({ type: 'icegatheringstatechange', state: event.state }, () => handler.onIceGatheringStateChange?.(event.state));
      case 'ice-connection-state':
        this.#iceConnectionState = event.state;
        return this.#report({ type: 'iceconnectionstatechange', state: event.state }, () => handler.onIceConnectionStateChange?.(event.state));
      case 'connection-state':
        this.#connectionState = event.state;
        return this.#report({ type: 'connectionstatechange', state: event.state }, () => handler.onConnectionStateChange?.(event.state));
      case 'ice-candidate':
        return this.#report({ type: 'icecandidate', candidate: event.candidate }, () => handler.onIceCandidate?.(event.candidate));
      case 'ice-candidate-error':
        return this.#report({ type: 'icecandidateerror', error: event.error }, () => handler.onIceCandidateError?.(event.error));
      case 'resolve':
        return this.#driver.resolve(event.hostname);
      case 'data-channel':
        return this.#onIncomingChannel(event.channel);
      case 'channel-open':
        return this.#channels.get(event.channel)?.onPeerEvent({ type: 'open' });
      case 'channel-closing':
        return this.#channels.get(event.channel)?.onPeerEvent({ type: 'closing' });
      case 'channel-buffered':
        return this.#channels.get(event.channel)?.onPeerEvent({ type: 'buffered' });
      case 'channel-closed': {
        const channel = this.#channels.get(event.channel);
        channel?.onPeerEvent({ type: 'readable' });
        channel?.onPeerEvent(event.error ? { type: 'closed', error: event.error } : { type: 'closed' });
        this.#channels.delete(event.channel);
        return;
      }
      default:
        event satisfies never;
    }
  }

  /** Reported before the operation that changed it resolves, unlike candidates, which follow the description (W3C 4.4.1.5). */
  #syncSignalingState(): void {
    const state = this.#peer.signalingState;
    if (state === this.#signalingState) return;
    this.#signalingState = state;
    this.#report({ type: 'signalingstatechange', state }, () => this.#handler.onSignalingStateChange?.(state));
  }

  #onIncomingChannel(handle: ChannelHandle): void {
    const channel = this.#addChannel(handle, 'open');
    this.#report({ type: 'datachannel', channel }, () => this.#handler.onDataChannel?.(channel));
    // W3C 6.2: the state is `open` already, and is announced after the application has seen the channel.
    channel.onPeerEvent({ type: 'open' });
  }

  #addChannel(handle: ChannelHandle, state: 'connecting' | 'open' = 'connecting'): DataChannel {
    const channel = this.#makeChannel(this.#port, handle, state);
    this.#channels.set(handle, channel);
    return channel;
  }

  #report(event: PeerConnectionEvent, callback: () => void | Promise<void>): void {
    this.#hub.emit(event);
    this.#call(callback);
  }

  #call(callback: () => void | Promise<void>): void {
    callGuarded(callback, (error) => this.#onCallbackError(error));
  }

  #onCallbackError(error: unknown): void {
    const wrapped: RtcErrorType = new RtcError('ERR_OPERATION', 'a callback threw', { cause: error });
    this.#hub.emit({ type: 'error', error: wrapped });
    try {
      if (this.#handler.onError) this.#handler.onError(error);
      else this.#environment.log?.('error', 'api', `a callback threw: ${String(error)}`);
    } catch {
      // An error handler that throws has nobody left to tell.
    }
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
      updateNegotiationNeeded: () => this.#updateNegotiationNeeded(),
      stopTransceiver: (transceiver) => {
        peer.stopTransceiver(transceiver, driver.now());
        this.#pollMediaEvents();
      },
      stats: ({ ssrcs }) => Promise.resolve(peer.stats(driver.now(), ssrcs)),
      onCallbackError: (error) => this.#onCallbackError(error),
      onTargetRate: (targetBps) => this.#report({ type: 'targetbitrate', targetBps }, () => this.#handler.onTargetBitrate?.(targetBps)),
      onTrack: (event) => this.#report({ type: 'track', ...event }, () => this.#handler.onTrack?.(event)),
    };
  }
}
