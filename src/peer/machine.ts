import { Counters, type Datagram, type Deadline, earlier, type Environment, type Instant, type Protocol, randomU32, RtcError, sameAddress, SparseQueue } from '../core/index.ts';
import type { ChannelHandle, ChannelMessage, ChannelSend, DataChannelEvent, DataChannelInit } from '../datachannel/index.ts';
import { Certificate, type DtlsEvent } from '../dtls/index.ts';
import { generateIceCredentials, type IceConnectionState, type IcePair } from '../ice/index.ts';
import type { SctpPath } from '../sctp/index.ts';
import { selectStreams, type StatsReport } from '../stats/index.ts';
import { DEFAULT_MAX_MESSAGE_SIZE_BYTES, type PeerConfig } from './config.ts';
import { channelEvent } from './channel-event.ts';
import { DataTransport } from './data-transport.ts';
import { demux } from './demux.ts';
import type { PeerEvent, PeerInput } from './events.ts';
import type { CandidateErrorEvent, GathererEvent } from './gatherer/index.ts';
import { Gathering } from './gathering.ts';
import { type CandidateInit, type DescriptionInit, Jsep, type JsepChanges, type JsepEffect, type SessionDescriptionInit } from './jsep/index.ts';
import { forgetKeys, MediaTransport, PeerMedia, srtpKeysOf } from './media/index.ts';
import { pathOf } from './path.ts';
import { type ConnectionState, connectionStateOf, type IceGatheringState, type SignalingState } from './states.ts';
import { peerStats, type SelectedCandidatePair, selectedPairOf } from './stats.ts';
import { Transport } from './transport.ts';

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
  #transport: Transport;
  #data: DataTransport;
  readonly #mediaTransport: MediaTransport;
  /** Transceivers, and what they send and receive. */
  readonly media: PeerMedia;
  readonly #counters: Counters = new Counters();
  readonly #events: SparseQueue<PeerEvent> = new SparseQueue();
  readonly #gathering: Gathering;
  #gatheringState: IceGatheringState = 'new';
  #iceState: IceConnectionState = 'new';
  #connectionState: ConnectionState = 'new';
  #pair: IcePair | undefined;
  #channelsOpened = 0;
  #channelsClosed = 0;
  #isClosed = false;
  /** What gathering, ICE and DTLS wait for; asked for again after anything but data came in or went out. */
  #connectivity: Deadline | undefined;
  #isConnectivityKnown = false;
  /** Whether they have nothing to send, and if so whether data may be sent. */
  #isConnectivitySilent = false;
  #isWritable = false;
  /** The last datagrams of a transport that was closed. */
  readonly #farewell: SparseQueue<Datagram> = new SparseQueue();

  /** @throws RtcError `ERR_INVALID_ARGUMENT` on a certificate that has expired */
  constructor(config: PeerConfig, environment: Environment, now: Instant) {
    this.#config = config;
    this.#environment = environment;
    this.#certificate = config.certificates[0] ?? Certificate.generate({ now }, environment);
    this.#mediaTransport = new MediaTransport(config.interceptors ?? [], environment);
    this.#jsep = new Jsep({
      bundlePolicy: config.bundlePolicy,
      cname: this.#mediaTransport.cname,
      ssrc: () => randomU32(environment.random),
      ...(config.media && { media: config.media }),
      credentials: () => generateIceCredentials(environment.random),
      fingerprints: [this.#certificate.fingerprint('sha-256')],
      maxMessageSizeBytes: config.maxMessageSizeBytes ?? DEFAULT_MAX_MESSAGE_SIZE_BYTES,
      random: environment.random,
    });
    this.media = new PeerMedia(this.#jsep, this.#mediaTransport);
    this.#gathering = new Gathering(environment);
    this.#transport = new Transport(config, this.#certificate, environment);
    this.#data = new DataTransport(config, environment);
  }

  // Descriptions (W3C WebRTC 4.4)

  get signalingState(): SignalingState {
    return this.#isClosed ? 'closed' : this.#jsep.signalingState;
  }

  get iceGatheringState(): IceGatheringState {
    return this.#gatheringState;
  }

  get iceConnectionState(): IceConnectionState {
    return this.#iceState;
  }

  get connectionState(): ConnectionState {
    return this.#connectionState;
  }

  get localDescription(): SessionDescriptionInit | null {
    return this.#jsep.localDescription;
  }

  get currentLocalDescription(): SessionDescriptionInit | null {
    return this.#jsep.currentLocalDescription;
  }

  get pendingLocalDescription(): SessionDescriptionInit | null {
    return this.#jsep.pendingLocalDescription;
  }

  get remoteDescription(): SessionDescriptionInit | null {
    return this.#jsep.remoteDescription;
  }

  get currentRemoteDescription(): SessionDescriptionInit | null {
    return this.#jsep.currentRemoteDescription;
  }

  get pendingRemoteDescription(): SessionDescriptionInit | null {
    return this.#jsep.pendingRemoteDescription;
  }

  get canTrickleIceCandidates(): boolean | null {
    return this.#jsep.canTrickleIceCandidates;
  }

  /** Whether an offer is due (W3C 4.7.3); meaningful in the state `stable`. */
  get negotiationNeeded(): boolean {
    return !this.#isClosed && this.#jsep.negotiationNeeded;
  }

  createOffer(options: { readonly iceRestart?: boolean } = {}): SessionDescriptionInit {
    this.#checkOpen();
    return this.#jsep.createOffer(options);
  }

  createAnswer(): SessionDescriptionInit {
    this.#checkOpen();
    return this.#jsep.createAnswer();
  }

  setLocalDescription(description: DescriptionInit | undefined, now: Instant): void {
    this.#checkOpen();
    this.#apply(this.#jsep.setLocalDescription(description), now);
  }

  setRemoteDescription(description: DescriptionInit, now: Instant): void {
    this.#checkOpen();
    this.#apply(this.#jsep.setRemoteDescription(description), now);
  }

  addIceCandidate(candidate: CandidateInit | null, now: Instant): void {
    this.#checkOpen();
    this.#apply(this.#jsep.addIceCandidate(candidate), now);
  }

  restartIce(): void {
    this.#checkOpen();
    this.#jsep.restartIce();
  }

  /** Ends a transceiver, from the next negotiation on (W3C 5.4 `stop`). */
  stopTransceiver(transceiver: number, now: Instant): void {
    this.#checkOpen();
    this.#apply(this.#jsep.stopTransceiver(transceiver), now);
  }

  /** ICE servers and policy for the next gathering. */
  setConfiguration(config: PeerConfig): void {
    this.#config = { ...this.#config, iceServers: config.iceServers, iceTransportPolicy: config.iceTransportPolicy };
  }

  get selectedCandidatePair(): SelectedCandidatePair | undefined {
    return selectedPairOf(this.#transport);
  }

  /** @param ssrcs - only what is about these RTP streams; default everything */
  stats(now: Instant, ssrcs?: ReadonlySet<number>): StatsReport {
    const report = peerStats(
      {
        transport: this.#transport,
        data: this.#data,
        media: this.#mediaTransport,
        transceivers: this.media.transceivers,
        certificate: this.#certificate,
        counters: this.#counters,
        channelsOpened: this.#channelsOpened,
        channelsClosed: this.#channelsClosed,
      },
      now,
      this.#environment,
    );
    return ssrcs === undefined ? report : selectStreams(report, ssrcs);
  }

  // Data channels

  /** The largest message the peer accepts, in bytes. */
  get maxMessageSizeBytes(): number {
    return this.#data.maxMessageSizeBytes;
  }

  /** Throws `ERR_RESOURCE` or `ERR_INVALID_ARGUMENT`. */
  openChannel(init: DataChannelInit, now: Instant): ChannelHandle {
    this.#checkOpen();
    const channel = this.#data.open(init, now);
    this.#jsep.addDataChannel();
    this.#collectDataEvents();
    return channel;
  }

  /** Closes a channel once what was written to it has been delivered. */
  closeChannel(channel: ChannelHandle, now: Instant): void {
    if (this.#isClosed) return;
    this.#data.closeChannel(channel, now);
    this.#collectDataEvents();
  }

  /** The next channel that has got messages since it was named last; only a channel that was read to its end is named again. */
  pollReadable(): ChannelHandle | undefined {
    return this.#data.channels.pollReadable();
  }

  /** The next message of a channel. Not reading closes the peer's window, and loses nothing. */
  pollReadChannel(channel: ChannelHandle): ChannelMessage | undefined {
    return this.#data.pollReadChannel(channel);
  }

  // Protocol

  handleRead(datagram: Datagram, now: Instant): void {
    if (this.#isClosed) return;
    if (this.#config.iceTransportPolicy === 'relay') return this.#counters.add('demux.relay-only'); // nothing but a relay may be used
    if (this.#transport.handleData(datagram, now)) return this.#readData(now);
    if (demux(datagram.bytes[0]) === 'rtp') return this.#readMedia(datagram, now);
    if (!this.#gathering.handleRead(datagram, now)) this.#transport.handleRead(datagram, now);
    this.#collect(now);
  }

  /** The usual case: a record of data came, which concerns no layer but those of data. */
  #readData(now: Instant): void {
    if (this.#transport.dtlsState !== 'connected') return this.#collect(now); // it was the last forgery that is put up with
    for (let packet = this.#transport.pollRead(); packet !== undefined; packet = this.#transport.pollRead()) this.#data.handleRead(packet, now);
    this.#collectDataEvents();
  }

  /** Whether an answer to what was read should go out before more is read. */
  get isAnswerUrgent(): boolean {
    return this.#data.isAnswerUrgent;
  }

  #readMedia(datagram: Datagram, now: Instant): void {
    if (!this.#transport.admit(datagram)) return;
    this.#mediaTransport.handleRead(datagram.bytes, now);
  }

  /** The next message of any channel. */
  pollRead(): ChannelMessage | undefined {
    return this.#data.channels.pollRead();
  }

  /** Throws `ERR_MESSAGE_TOO_LARGE`, `ERR_INVALID_STATE` or `ERR_CLOSED`. */
  handleWrite(message: ChannelSend, now: Instant): void {
    this.#data.handleWrite(message, now);
  }

  pollWrite(): Datagram | undefined {
    if (this.#farewell.length > 0) return this.#farewell.shift();
    return this.#isClosed ? undefined : this.#nextDatagram();
  }

  #nextDatagram(): Datagram | undefined {
    if (!this.#isConnectivitySilent) {
      const datagram = this.#transport.pollWrite() ?? this.#gathering.pollWrite();
      if (datagram !== undefined) return datagram;
      this.#isConnectivitySilent = true;
      this.#isWritable = this.#transport.isWritable;
    }
    if (!this.#isWritable) return undefined;
    const sealed = this.#mediaTransport.pollWrite();
    if (sealed !== undefined) return this.#transport.address(sealed);
    const packet = this.#data.pollWrite();
    if (packet !== undefined) return this.#transport.seal(packet);
    this.#collectDataEvents();
    return undefined;
  }

  handleEvent(event: PeerInput, now: Instant): void {
    if (this.#isClosed) return;
    if (event.type === 'socket-error') {
      this.#counters.add(`socket.${event.kind}`);
      if (event.remote) this.#transport.ice?.sendError(event.local, event.remote, event.kind, now);
      if (event.kind === 'too-large' && event.sizeBytes !== undefined) this.#data.datagramTooLarge(event.sizeBytes, now);
      return;
    }
    if (event.type === 'socket-closed') this.#transport.ice?.removeLocalCandidates(event.local, now);
    this.#gathering.handleEvent(event, now);
    this.#collect(now);
  }

  pollEvent(): PeerEvent | undefined {
    return this.#events.shift();
  }

  handleTimeout(now: Instant): void {
    if (this.#isClosed) return;
    if (!this.#isConnectivityKnown || (this.#connectivity !== undefined && this.#connectivity.at <= now)) {
      this.#gathering.handleTimeout(now);
      this.#transport.handleTimeout(now);
      this.#collect(now);
    }
    if (this.#data.handleTimeout(now)) this.#collectDataEvents();
    this.#mediaTransport.handleTimeout(now);
  }

  pollTimeout(): Deadline | undefined {
    if (this.#isClosed) return undefined;
    if (!this.#isConnectivityKnown) {
      this.#connectivity = earlier(this.#transport.pollTimeout(), this.#gathering.pollTimeout());
      this.#isConnectivityKnown = true;
    }
    return earlier(earlier(this.#connectivity, this.#data.pollTimeout()), this.#mediaTransport.pollTimeout());
  }

  /** Ends everything at once, as W3C `close` does. An SCTP ABORT and close_notify for the peer remain to be polled. */
  close(now: Instant): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.media.close();
    this.#mediaTransport.close(now);
    this.#data.close(now);
    this.#queueFarewell();
    this.#transport.closeDtls(now);
    this.#queueFarewell();
    this.#transport.closeIce(now);
    this.#mediaTransport.forget();
    this.#gathering.stop();
    this.#iceState = 'closed';
    this.#connectionState = 'closed';
    this.#events.clear();
  }

  /** Takes what the layers have to say while there is still a path. */
  #queueFarewell(): void {
    this.#isConnectivitySilent = false;
    for (let datagram = this.#nextDatagram(); datagram !== undefined; datagram = this.#nextDatagram()) this.#farewell.push(datagram);
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new RtcError('ERR_CLOSED', 'the connection is closed');
  }

  // What descriptions cause

  #apply(changes: JsepChanges, now: Instant): void {
    for (const effect of changes.effects) this.#applyEffect(effect, now);
    this.#collect(now);
  }

  #applyEffect(effect: JsepEffect, now: Instant): void {
    switch (effect.type) {
      case 'gather':
        this.#transport.startIce(effect.credentials, effect.controlling, now);
        return this.#gather(now);
      case 'ice-restart':
        this.#transport.ice?.restart(effect.credentials, now);
        return this.#gather(now);
      case 'ice-rollback':
        return this.#rollBackIce(effect.credentials === undefined, now);
      case 'remote-ice':
        this.#transport.setRemoteIce(effect, now);
        for (const candidate of effect.candidates) this.#transport.addRemoteCandidate(candidate, now);
        if (effect.endOfCandidates) this.#transport.ice?.endOfRemoteCandidates(now);
        return;
      case 'remote-candidate':
        return this.#transport.addRemoteCandidate(effect.candidate, now);
      case 'remote-end-of-candidates':
        return this.#transport.ice?.endOfRemoteCandidates(now);
      case 'transport':
        this.#transport.ice?.setControlling(effect.iceControlling);
        return this.#transport.startDtls({ role: effect.dtlsRole, remoteFingerprints: effect.remoteFingerprints }, now);
      case 'sctp':
        this.#data.setParameters(effect);
        return this.#startData(now);
      case 'sctp-rejected':
        return this.#dropData(now);
      case 'transport-closed':
        return this.#dropTransport(now);
      case 'media':
        this.#mediaTransport.update(effect.agreements, now);
        if (!this.#mediaTransport.isReady) this.#startMedia();
        this.#mediaTransport.report({ type: 'media-agreed' });
        return;
      case 'transceiver-added':
        this.#mediaTransport.report({ type: 'transceiver', transceiver: effect.transceiver.id });
        return;
      case 'track':
        this.#mediaTransport.trackIds.set(effect.transceiver, effect.trackId);
        this.#mediaTransport.report(effect);
        return;
      case 'track-streams':
      case 'track-removed':
      case 'transceiver-stopped':
        this.#mediaTransport.report(effect);
        return;
      case 'signaling-state':
        this.#events.push({ type: 'signaling-state', state: effect.state });
        return;
      default:
        effect satisfies never;
    }
  }

  #gather(now: Instant): void {
    this.#setGatheringState('gathering');
    this.#gathering.start(this.#config, now);
  }

  #rollBackIce(isFirstGeneration: boolean, now: Instant): void {
    if (!isFirstGeneration) return this.#transport.ice?.abandonRestart(now);
    this.#transport.dropIce();
    this.#gathering.stop();
    this.#setGatheringState('new');
  }

  /** No section is about data any more; what the association has left to say still goes out. */
  #dropData(now: Instant): void {
    this.#data.fail(now);
    this.#queueFarewell();
    this.#collectDataEvents();
    this.#data = new DataTransport(this.#config, this.#environment);
    if (this.#pair !== undefined) this.#data.setPath(this.#pathOf(this.#pair), now);
  }

  /** No section uses the transport any more. If data comes back, it comes with credentials and a transport of its own. */
  #dropTransport(now: Instant): void {
    this.#data.fail(now);
    this.#queueFarewell();
    this.#transport.closeDtls(now);
    this.#queueFarewell();
    this.#transport.closeIce(now);
    this.#collectDataEvents();
    this.#gathering.stop();
    this.#transport = new Transport(this.#config, this.#certificate, this.#environment);
    this.#pair = undefined;
    this.#mediaTransport.forget();
    this.#data = new DataTransport(this.#config, this.#environment);
    this.#setGatheringState('new');
    this.#setIceState('new');
  }

  #startData(now: Instant): void {
    const { dtlsRole, dtlsState } = this.#transport;
    if (dtlsRole !== undefined && dtlsState === 'connected') this.#data.start(dtlsRole, now);
  }

  /** Makes the keys of SRTP once DTLS is up and media was agreed upon: a connection of data alone never needs them. */
  #startMedia(): void {
    const { dtls, dtlsRole, dtlsState } = this.#transport;
    if (dtlsState !== 'connected' || this.#mediaTransport.chain === undefined) return;
    const keys = dtls && dtlsRole && srtpKeysOf(dtls, dtlsRole);
    if (keys === undefined) return;
    this.#mediaTransport.setKeys(keys);
    forgetKeys(keys);
  }

  // What the layers report

  /** Moves everything that the layers have for each other and for the layer above. */
  #collect(now: Instant): void {
    this.#isConnectivityKnown = false;
    this.#isConnectivitySilent = false;
    for (let event = this.#gathering.pollEvent(); event !== undefined; event = this.#gathering.pollEvent()) this.#onGathererEvent(event, now);
    for (let event = this.#transport.pollIceEvent(now); event !== undefined; event = this.#transport.pollIceEvent(now)) {
      if (event.type === 'state') this.#setIceState(event.state);
      else if (event.type === 'selected-pair') this.#onSelectedPair(event.pair, now);
    }
    for (let event = this.#transport.pollDtlsEvent(); event !== undefined; event = this.#transport.pollDtlsEvent()) this.#onDtlsEvent(event, now);
    for (let packet = this.#transport.pollRead(); packet !== undefined; packet = this.#transport.pollRead()) this.#data.handleRead(packet, now);
    this.#collectDataEvents();
    this.#updateConnectionState();
  }

  /** What was learnt of one path does not hold for another. */
  #onSelectedPair(pair: IcePair, now: Instant): void {
    this.#data.setPath(this.#pathOf(pair), now);
    const isOther = this.#pair !== undefined && (!sameAddress(this.#pair.base, pair.base) || !sameAddress(this.#pair.remoteAddress, pair.remoteAddress));
    this.#pair = pair;
    if (isOther) this.#mediaTransport.tell({ type: 'path-changed' }, now);
  }

  #pathOf(pair: IcePair): SctpPath {
    return pathOf(pair, this.#gathering.interfaces, this.#config.maxMtuBytes);
  }

  #onGathererEvent(event: GathererEvent, now: Instant): void {
    switch (event.type) {
      case 'candidate': {
        this.#transport.ice?.addLocalCandidate(event.candidate, now);
        const signalled = this.#jsep.addLocalCandidate(event.candidate);
        if (signalled) this.#events.push({ type: 'ice-candidate', candidate: signalled });
        return;
      }
      case 'candidate-error':
        this.#onGatherError(event);
        return;
      case 'resolve':
        this.#events.push({ type: 'resolve', hostname: event.hostname });
        return;
      case 'complete':
        this.#transport.ice?.endOfLocalCandidates(now);
        this.#jsep.endOfLocalCandidates();
        this.#setGatheringState('complete');
        this.#events.push({ type: 'ice-candidate', candidate: null });
        return;
      default:
        event satisfies never;
    }
  }

  #onGatherError({ url, errorCode, errorText, address, port }: CandidateErrorEvent): void {
    this.#events.push({ type: 'ice-candidate-error', error: { url, errorCode, errorText, address: address ?? null, port: port ?? null } });
  }

  #onDtlsEvent(event: DtlsEvent, now: Instant): void {
    switch (event.type) {
      case 'connected':
        this.#jsep.settle();
        this.#startMedia();
        return this.#startData(now);
      case 'closed':
      case 'failed':
        this.#mediaTransport.forget();
        return this.#data.fail(now);
      default:
        event satisfies never;
    }
  }

  #collectDataEvents(): void {
    for (let event = this.#data.pollEvent(); event !== undefined; event = this.#data.pollEvent()) this.#onDataEvent(event);
  }

  #onDataEvent(event: DataChannelEvent): void {
    if (event.type === 'incoming' || event.type === 'open') this.#channelsOpened++;
    else if (event.type === 'closed') this.#channelsClosed++;
    this.#events.push(channelEvent(event));
  }

  #setGatheringState(state: IceGatheringState): void {
    if (this.#gatheringState === state) return;
    this.#gatheringState = state;
    this.#events.push({ type: 'ice-gathering-state', state });
  }

  #setIceState(state: IceConnectionState): void {
    if (this.#iceState === state) return;
    this.#iceState = state;
    this.#events.push({ type: 'ice-connection-state', state });
  }

  #updateConnectionState(): void {
    const state = connectionStateOf(this.#iceState, this.#transport.dtlsState);
    if (state === this.#connectionState) return;
    this.#connectionState = state;
    this.#events.push({ type: 'connection-state', state });
  }
}
