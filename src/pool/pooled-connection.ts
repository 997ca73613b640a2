import { checkConfiguration, toChannelInit } from '../api/configuration.ts';
import { connected } from '../api/connected.ts';
import { gathered } from '../api/gathered.ts';
import {
  type CandidateInit,
  type Configuration,
  type ConnectionState,
  type DataChannel,
  type DataChannelInit,
  type DescriptionInit,
  type IceConnectionState,
  type IceGatheringState,
  type OfferOptions,
  type PeerConnectionEvent,
  type PeerConnectionEventHandler,
  RtcError,
  type SelectedCandidatePair,
  type SessionDescriptionInit,
  type Settings,
  type SignalingState,
  StatsReport,
} from '../api/index.ts';
import { Reporter } from '../api/reporter.ts';
import { CLOSE_PATIENCE_MS } from './constants.ts';
import { FIRST_SNAPSHOT, fromErrorText, type Method, NO_MEDIA, plainConfiguration, plainDescription, type PlainOptions, type Report, type Snapshot } from './packets.ts';
import { PendingCalls } from './pending-calls.ts';
import { RemoteChannel } from './remote-channel.ts';
import { RemoteChannelPort } from './remote-channel-port.ts';
import type { LinkedConnection, WorkerLink } from './worker-link.ts';

/** What a connection in a worker is made of: what can go from thread to thread. */
export interface PooledPeerConnectionOptions {
  readonly configuration?: Configuration | undefined;
  readonly settings?: Omit<Settings, 'crypto'> | undefined;
  readonly handler?: PeerConnectionEventHandler | undefined;
  readonly udpAddrs?: readonly string[] | undefined;
}

/**
 * A connection that lives in a worker of a {@link ConnectionPool}: a `PeerConnection` whose handlers run here. Its channels are
 * ordinary `DataChannel`s. What differs: `restartIce` and `setConfiguration` are asynchronous, getters tell what the worker
 * last said, and when the worker ends, the connection has failed.
 */
export class PooledPeerConnection implements AsyncDisposable, LinkedConnection {
  /** @internal Resolves when the worker has opened the sockets. */
  readonly opened: Promise<unknown>;
  readonly #link: WorkerLink;
  readonly #number: number;
  readonly #log: Settings['log'];
  readonly #reporter: Reporter;
  readonly #channels: Map<number, RemoteChannel> = new Map();
  /** Channels that got messages in the present batch. */
  readonly #readable: Set<RemoteChannel> = new Set();
  readonly #calls: PendingCalls = new PendingCalls();
  readonly #port: RemoteChannelPort;
  readonly #onEnd: () => void;
  #configuration: Configuration;
  #snapshot: Snapshot = FIRST_SNAPSHOT;
  #nextChannel = 2;
  #closing: Promise<void> | undefined;
  #lost: RtcError | undefined;

  /** @internal Made by {@link ConnectionPool.createPeerConnection}. */
  constructor(link: WorkerLink, options: PooledPeerConnectionOptions, onEnd: () => void) {
    this.#configuration = checkConfiguration(options.configuration ?? {});
    this.#link = link;
    this.#onEnd = onEnd;
    const { log, ...settings } = options.settings ?? {};
    this.#log = log;
    this.#reporter = new Reporter(options.handler ?? {}, log, 'pool');
    this.#number = link.add(this);
    this.#port = new RemoteChannelPort(link, this.#number, this.#reporter);
    const plain: PlainOptions = { configuration: plainConfiguration(this.#configuration), settings, udpAddrs: options.udpAddrs, isLogged: log !== undefined };
    this.opened = this.#calls.always((call) => link.outbox.note({ type: 'open', connection: this.#number, call, options: plain }));
    this.opened.catch(() => this.#end());
  }

  /** Where offer and answer stand (W3C WebRTC 4.3.1); changes with `onSignalingStateChange`. */
  get signalingState(): SignalingState {
    return this.#snapshot.signalingState;
  }

  /** Whether local candidates are being looked for (W3C WebRTC 4.3.2); changes with `onIceGatheringStateChange`. */
  get iceGatheringState(): IceGatheringState {
    return this.#snapshot.iceGatheringState;
  }

  /** What ICE makes of the path (W3C WebRTC 4.3.4); changes with `onIceConnectionStateChange`. */
  get iceConnectionState(): IceConnectionState {
    return this.#snapshot.iceConnectionState;
  }

  /** Whether the peer can be reached and is who it should be: ICE and DTLS together (W3C WebRTC 4.3.3); changes with `onConnectionStateChange`. */
  get connectionState(): ConnectionState {
    return this.#snapshot.connectionState;
  }

  /** The pending local description, else the current one, with the candidates gathered so far. */
  get localDescription(): SessionDescriptionInit | null {
    return this.#snapshot.pendingLocalDescription ?? this.#snapshot.currentLocalDescription;
  }

  /** The local description of the last negotiation that was completed, with the candidates gathered since; `null` before the first. */
  get currentLocalDescription(): SessionDescriptionInit | null {
    return this.#snapshot.currentLocalDescription;
  }

  /** The local description of a negotiation under way; `null` when there is none. */
  get pendingLocalDescription(): SessionDescriptionInit | null {
    return this.#snapshot.pendingLocalDescription;
  }

  /** The pending remote description, else the current one, with the candidates that were added; `null` when there is neither. */
  get remoteDescription(): SessionDescriptionInit | null {
    return this.#snapshot.pendingRemoteDescription ?? this.#snapshot.currentRemoteDescription;
  }

  /** The remote description of the last negotiation that was completed; `null` before the first. */
  get currentRemoteDescription(): SessionDescriptionInit | null {
    return this.#snapshot.currentRemoteDescription;
  }

  /** The remote description of a negotiation under way; `null` when there is none. */
  get pendingRemoteDescription(): SessionDescriptionInit | null {
    return this.#snapshot.pendingRemoteDescription;
  }

  /** Whether the peer said that it takes candidates one by one; `null` before it said anything. */
  get canTrickleIceCandidates(): boolean | null {
    return this.#snapshot.canTrickleIceCandidates;
  }

  /** The pair of candidates in use when the worker last told of the connection. */
  get selectedCandidatePair(): SelectedCandidatePair | undefined {
    return this.#snapshot.selectedCandidatePair;
  }

  /** As `PeerConnection.createOffer`. This and all calls below reject with `ERR_NETWORK` when the worker has ended. */
  createOffer(options: OfferOptions = {}): Promise<SessionDescriptionInit> {
    return this.#call('createOffer', { iceRestart: options.iceRestart === true }) as Promise<SessionDescriptionInit>;
  }

  /** As `PeerConnection.createAnswer`. */
  createAnswer(): Promise<SessionDescriptionInit> {
    return this.#call('createAnswer') as Promise<SessionDescriptionInit>;
  }

  /** As `PeerConnection.setLocalDescription`. */
  async setLocalDescription(description?: DescriptionInit): Promise<void> {
    await this.#call('setLocalDescription', description && plainDescription(description));
  }

  /** As `PeerConnection.setRemoteDescription`. */
  async setRemoteDescription(description: DescriptionInit): Promise<void> {
    await this.#call('setRemoteDescription', plainDescription(description));
  }

  /** As `PeerConnection.addIceCandidate`. */
  async addIceCandidate(candidate?: CandidateInit | null): Promise<void> {
    await this.#call('addIceCandidate', candidate ? { ...candidate } : null);
  }

  /** Makes the next offer start ICE anew (W3C 4.4.2). */
  async restartIce(): Promise<void> {
    await this.#call('restartIce');
  }

  /** Opens a data channel (W3C 6.1). Throws `ERR_CLOSED` or `ERR_INVALID_ARGUMENT`; what the worker refuses closes the channel with an error. */
  createDataChannel(label: string, init: DataChannelInit = {}): DataChannel {
    this.#checkOpen();
    const { maxPacketLifeTimeMs, maxRetransmits, id, ...facts } = toChannelInit(label, init);
    const number = this.#nextChannel;
    this.#nextChannel += 2;
    const remote = this.#addChannel(number, { priority: 0, ...facts, maxPacketLifeTimeMs, maxRetransmits, id, maxMessageSizeBytes: this.#port.maxMessageSizeBytes } as RemoteChannel['facts'], 'connecting');
    this.#link.outbox.note({ type: 'channel', connection: this.#number, channel: number, label, init: { ...init } });
    return remote.channel;
  }

  /** A pooled connection carries data alone: throws `ERR_NOT_SUPPORTED`. Media need a connection of `createPeerConnection` of the package. */
  addTrack(..._arguments: readonly unknown[]): never {
    return refuseMedia();
  }

  /** As {@link PooledPeerConnection.addTrack}: throws `ERR_NOT_SUPPORTED`. */
  addTransceiver(..._arguments: readonly unknown[]): never {
    return refuseMedia();
  }

  /** What the connection knows of itself, as W3C webrtc-stats dictionaries. There is no selector, as there are no tracks. */
  async getStats(): Promise<StatsReport> {
    return new StatsReport((await this.#call('getStats')) as ConstructorParameters<typeof StatsReport>[0]);
  }

  /** The configuration in force: what was given, with what {@link PooledPeerConnection.setConfiguration} changed. */
  getConfiguration(): Configuration {
    return this.#configuration;
  }

  /** As `PeerConnection.setConfiguration`, with its errors as rejections. */
  async setConfiguration(configuration: Configuration): Promise<void> {
    this.#checkOpen();
    const checked = checkConfiguration(configuration, this.#configuration);
    const { certificates: _same, ...plain } = plainConfiguration(checked);
    await this.#call('setConfiguration', plain);
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
   * await pc.setRemoteDescription(answer);
   * await pc.connected();
   */
  connected(): Promise<void> {
    return connected(this);
  }

  /** What the connection reports from now on, in order, until it is closed. */
  events(): AsyncIterableIterator<PeerConnectionEvent> {
    return this.#reporter.events();
  }

  /** Closes the channels and the connection, tells the peer, and lets go of what the worker has of it. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** `await using` closes the connection. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal */
  onReport(report: Report): void {
    if ('changes' in report) this.#snapshot = this.#closing ? this.#snapshot : { ...this.#snapshot, ...report.changes };
    switch (report.type) {
      case 'reply':
        return this.#calls.settle(report);
      case 'event':
        return this.#closing ? undefined : this.#reporter.report(report.event);
      case 'fault':
        return this.#reporter.fault(fromErrorText(report.error));
      case 'log':
        return this.#log?.(report.level, report.room, report.message);
      case 'channel': {
        if (this.#closing) return;
        const { channel } = this.#addChannel(report.channel, report.facts, 'open');
        return this.#reporter.report({ type: 'datachannel', channel });
      }
      case 'channel-open':
        this.#port.maxMessageSizeBytes = report.facts.maxMessageSizeBytes;
        return this.#channels.get(report.channel)?.onOpen(report.facts);
      case 'channel-closing':
        return this.#channels.get(report.channel)?.onClosing();
      case 'channel-closed': {
        const channel = this.#channels.get(report.channel);
        this.#channels.delete(report.channel);
        return channel?.onClosed(report.error && fromErrorText(report.error));
      }
      default:
        report satisfies never;
    }
  }

  /** @internal */
  onMessage(number: number, isBinary: boolean, bytes: Uint8Array): void {
    const channel = this.#channels.get(number);
    if (channel === undefined) return;
    channel.onMessage(isBinary, bytes);
    this.#readable.add(channel);
  }

  /** @internal */
  onSent(number: number, bytes: number): void {
    this.#channels.get(number)?.onSent(bytes);
  }

  /** @internal */
  onBatch(): void {
    this.#port.rest();
    for (const remote of this.#readable) remote.channel.onPeerEvent({ type: 'readable' });
    this.#readable.clear();
  }

  /** @internal */
  onLost(error: RtcError): void {
    this.#lost = error;
    const isClosed = this.#closing !== undefined;
    this.#end();
    this.#calls.rejectAll(error);
    if (isClosed) return;
    this.#snapshot = { ...this.#snapshot, iceConnectionState: 'failed', connectionState: 'failed' };
    this.#reporter.report({ type: 'iceconnectionstatechange', state: 'failed' });
    this.#reporter.report({ type: 'connectionstatechange', state: 'failed' });
    this.#closeChannels(error);
  }

  async #close(): Promise<void> {
    const snapshot: Partial<Snapshot> = { signalingState: 'closed', iceConnectionState: 'closed', connectionState: 'closed' };
    const closed = this.#lost ? Promise.resolve() : this.#calls.always((call) => this.#link.outbox.note({ type: 'call', connection: this.#number, call, method: 'close', argument: undefined }));
    this.#snapshot = { ...this.#snapshot, ...snapshot };
    this.#closeChannels();
    this.#port.end();
    this.#reporter.end();
    let late: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      late = setTimeout(resolve, CLOSE_PATIENCE_MS);
    });
    await Promise.race([closed.catch(() => {}), patience]); // a worker that ended has closed it too
    clearTimeout(late);
    this.#end();
  }

  #closeChannels(error?: RtcError): void {
    const channels = [...this.#channels.values()];
    this.#channels.clear();
    for (const channel of channels) channel.onClosed(error);
  }

  /** The worker has nothing of it any more. */
  #end(): void {
    this.#link.remove(this.#number);
    this.#onEnd();
  }

  #checkOpen(): void {
    if (this.#lost) throw this.#lost;
    if (this.#closing) throw new RtcError('ERR_CLOSED', 'the connection is closed');
  }

  async #call(method: Method, argument?: unknown): Promise<unknown> {
    this.#checkOpen();
    return this.#calls.run((call) => this.#link.outbox.note({ type: 'call', connection: this.#number, call, method, argument }));
  }

  #addChannel(number: number, facts: RemoteChannel['facts'], state: 'connecting' | 'open'): RemoteChannel {
    const channel = new RemoteChannel(this.#port, number, facts, state);
    this.#channels.set(number, channel);
    return channel;
  }
}

function refuseMedia(): never {
  throw new RtcError('ERR_NOT_SUPPORTED', NO_MEDIA);
}
