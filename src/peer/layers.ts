import { Counters, type Datagram, type Deadline, earlier, type Environment, type Instant, sameAddress, SparseQueue } from '../core/index.ts';
import type { ChannelHandle, ChannelMessage, ChannelSend, DataChannelEvent, DataChannelInit } from '../datachannel/index.ts';
import type { Certificate } from '../dtls/index.ts';
import type { IcePair } from '../ice/index.ts';
import type { PacketMemory, SctpPath } from '../sctp/index.ts';
import { channelEvent } from './channel-event.ts';
import { DEFAULT_MTU_BYTES, type PeerConfig } from './config.ts';
import { ConnectionStates } from './connection-states.ts';
import { Connectivity, type ConnectivityEffect } from './connectivity.ts';
import { DataTransport } from './data-transport.ts';
import { demux } from './demux.ts';
import { Farewell } from './farewell.ts';
import type { PeerEvent, PeerInput } from './events.ts';
import type { GathererEvent } from './gatherer/index.ts';
import type { Jsep, JsepChanges, JsepEffect } from './jsep/index.ts';
import { forgetKeys, type MediaTransport, srtpKeysOf } from './media/index.ts';
import { pathOf } from './path.ts';
import type { Transport, TransportEvent } from './transport.ts';

/** What stands above the layers, and beside them. */
export interface LayersOptions {
  readonly certificate: Certificate;
  readonly jsep: Jsep;
  readonly media: MediaTransport;
}

/**
 * The layers under a peer's descriptions, joined: {@link Connectivity} (gathering, ICE, DTLS), {@link DataTransport} (SCTP, data channels)
 * and {@link MediaTransport} (interceptors, SRTP). Descriptions come in as effects; what a layer reports goes to those whom it concerns.
 *
 * **Every path that changes connectivity ends in `#collect`**, which moves what the layers have for each other until all are quiet.
 * Packets of data and media change nothing of it and pass by: `#readData`, `#readMedia` and `#nextDatagram` are the packet path.
 */
export class PeerLayers {
  readonly #environment: Environment;
  readonly #jsep: Jsep;
  readonly #connectivity: Connectivity;
  readonly #media: MediaTransport;
  readonly #events: SparseQueue<PeerEvent> = new SparseQueue();
  readonly states: ConnectionStates = new ConnectionStates(this.#events);
  readonly counters: Counters = new Counters();
  #config: PeerConfig;
  #data: DataTransport;
  #packetMemory: PacketMemory | undefined;
  #pair: IcePair | undefined;
  #channelsOpened = 0;
  #channelsClosed = 0;
  #isClosed = false;
  #farewell: Farewell | undefined;

  constructor(config: PeerConfig, { certificate, jsep, media }: LayersOptions, environment: Environment) {
    this.#config = config;
    this.#environment = environment;
    this.#jsep = jsep;
    this.#media = media;
    this.#connectivity = new Connectivity(config, certificate, environment);
    this.#data = new DataTransport(config, environment);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** To look at: what changes it goes another way. */
  get transport(): Transport {
    return this.#connectivity.transport;
  }

  /** See `Peer.usePacketMemory`. */
  usePacketMemory(memory: PacketMemory): void {
    this.#packetMemory = memory;
    this.#data.usePacketMemory(memory);
    this.#media.usePacketMemory(memory);
  }

  /** See `Peer.holdsPackets`. */
  get holdsPackets(): boolean {
    return this.#media.holdsPackets;
  }

  /** To look at. */
  get data(): DataTransport {
    return this.#data;
  }

  /** Data channels that ever were open, and those of them that are no more (webrtc-stats, RTCPeerConnectionStats). */
  get channelCounts(): { readonly opened: number; readonly closed: number } {
    return { opened: this.#channelsOpened, closed: this.#channelsClosed };
  }

  setConfig(config: PeerConfig): void {
    this.#config = config;
    this.#connectivity.setConfig(config);
  }

  // Packets and messages

  handleRead(datagram: Datagram, now: Instant): void {
    if (this.#isClosed) return;
    if (this.#config.iceTransportPolicy === 'relay') return this.counters.add('demux.relay-only'); // nothing but a relay may be used
    if (this.#connectivity.handleData(datagram, now)) return this.#readData(now);
    if (demux(datagram.bytes[0]) === 'rtp') return this.#readMedia(datagram, now);
    this.#connectivity.handleRead(datagram, now);
    this.#collect(now);
  }

  /** The usual case: a record of data came, which concerns no layer but those of data. */
  #readData(now: Instant): void {
    const transport = this.#connectivity.transport;
    if (transport.dtlsState !== 'connected') return this.#collect(now);
    this.#readPackets(now);
    this.#collectDataEvents();
  }

  #readMedia(datagram: Datagram, now: Instant): void {
    if (!this.#connectivity.transport.admit(datagram)) return;
    this.#media.handleRead(datagram.bytes, now);
  }

  handleWrite(message: ChannelSend, now: Instant): void {
    this.#data.handleWrite(message, now);
  }

  pollRead(): ChannelMessage | undefined {
    return this.#data.channels.pollRead();
  }

  pollReadable(): ChannelHandle | undefined {
    return this.#data.channels.pollReadable();
  }

  pollReadChannel(channel: ChannelHandle): ChannelMessage | undefined {
    return this.#data.pollReadChannel(channel);
  }

  pollWrite(): Datagram | undefined {
    const last = this.#farewell?.shift();
    return last !== undefined || this.#isClosed ? last : this.#nextDatagram();
  }

  #nextDatagram(): Datagram | undefined {
    const datagram = this.#connectivity.pollWrite();
    if (datagram !== undefined) return datagram;
    if (!this.#connectivity.isWritable) return undefined;
    const sealed = this.#media.isInUse ? this.#media.pollWrite() : undefined;
    if (sealed !== undefined) return this.#connectivity.transport.address(sealed);
    const packet = this.#data.pollWrite();
    if (packet !== undefined) return this.#connectivity.transport.seal(packet);
    this.#collectDataEvents();
    return undefined;
  }

  pollEvent(): PeerEvent | undefined {
    return this.#events.shift();
  }

  handleEvent(event: PeerInput, now: Instant): void {
    if (this.#isClosed) return;
    if (event.type === 'socket-error') return this.#onSocketError(event, now);
    this.#connectivity.handleEvent(event, now);
    this.#collect(now);
  }

  #onSocketError({ kind, local, remote, sizeBytes }: Extract<PeerInput, { readonly type: 'socket-error' }>, now: Instant): void {
    this.counters.add(`socket.${kind}`);
    if (remote) this.#connectivity.sendError(local, remote, kind, now);
    if (kind === 'too-large' && sizeBytes !== undefined) this.#data.datagramTooLarge(sizeBytes, now);
  }

  handleTimeout(now: Instant): void {
    if (this.#isClosed) return;
    if (this.#connectivity.handleTimeout(now)) this.#collect(now);
    if (this.#data.handleTimeout(now)) this.#collectDataEvents();
    if (this.#media.isInUse) this.#media.handleTimeout(now);
  }

  pollTimeout(): Deadline | undefined {
    if (this.#isClosed) return undefined;
    const deadline = earlier(this.#connectivity.pollTimeout(), this.#data.pollTimeout());
    return this.#media.isInUse ? earlier(deadline, this.#media.pollTimeout()) : deadline;
  }

  openChannel(init: DataChannelInit, now: Instant): ChannelHandle {
    const channel = this.#data.open(init, now);
    this.#collectDataEvents();
    return channel;
  }

  closeChannel(channel: ChannelHandle, now: Instant): void {
    if (this.#isClosed) return;
    this.#data.closeChannel(channel, now);
    this.#collectDataEvents();
  }

  /** Ends all layers at once. What they say to the peer in doing so remains to be polled. */
  close(now: Instant): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#media.close(now);
    this.#data.close(now);
    this.#endTransport(now);
    this.#media.forget();
    this.states.close();
    this.#events.clear();
  }

  /** Takes what the layers have to say while there is still a path. */
  #queueFarewell(): void {
    for (let datagram = this.#nextDatagram(); datagram !== undefined; datagram = this.#nextDatagram()) {
      const isRecord = this.#data.sharesDatagrams && demux(datagram.bytes[0]) === 'dtls';
      (this.#farewell ??= new Farewell()).push(datagram, isRecord ? (this.#config.mtuBytes ?? DEFAULT_MTU_BYTES) : 0);
    }
  }

  /** SCTP has said its last before DTLS does, and DTLS before ICE takes the path away. */
  #endTransport(now: Instant): void {
    this.#queueFarewell();
    this.#connectivity.closeDtls(now);
    this.#queueFarewell();
    this.#connectivity.closeIce(now);
  }

  /** The first packets of data leave together with the end of the handshake that carries them. */
  #speakAtOnce(now: Instant): void {
    if (!this.#data.sharesDatagrams || !this.transport.isWritable) return;
    for (let packet = this.#data.pollWrite(); packet !== undefined; packet = this.#data.pollWrite()) this.#connectivity.handleWrite(packet, now);
  }

  // What descriptions cause

  apply({ effects }: JsepChanges, now: Instant): void {
    for (let i = 0; i < effects.length; i++) this.#applyEffect(effects[i] as JsepEffect, now);
    this.#collect(now, true);
  }

  #applyEffect(effect: JsepEffect, now: Instant): void {
    switch (effect.type) {
      case 'gather':
      case 'ice-restart':
        this.states.setGathering('gathering');
        return this.#connectivity.apply(effect, now);
      case 'ice-rollback':
        this.#connectivity.apply(effect, now);
        if (effect.credentials === undefined) this.states.setGathering('new');
        return;
      case 'remote-ice':
      case 'remote-candidate':
      case 'remote-end-of-candidates':
      case 'transport':
      case 'transport-moved':
        return this.#connectivity.apply(effect satisfies ConnectivityEffect, now);
      case 'sctp':
        this.#data.setParameters(effect);
        return this.#startData(now);
      case 'sctp-rejected':
        return this.#dropData(now);
      case 'transport-closed':
        return this.#dropTransport(now);
      case 'media':
        this.#media.update(effect.agreements, now);
        if (!this.#media.isReady) this.#startMedia();
        return this.#media.report({ type: 'media-agreed' });
      case 'transceiver-added':
        return this.#media.report({ type: 'transceiver', transceiver: effect.transceiver.id });
      case 'track':
        this.#media.trackIds.set(effect.transceiver, effect.trackId);
        return this.#media.report(effect);
      case 'track-streams':
      case 'track-removed':
      case 'transceiver-stopped':
        return this.#media.report(effect);
      case 'signaling-state':
        this.#events.push({ type: 'signaling-state', state: effect.state });
        return;
      default:
        effect satisfies never;
    }
  }

  /** No section is about data any more; what the association has left to say still goes out. */
  #dropData(now: Instant): void {
    this.#data.fail(now);
    this.#queueFarewell();
    this.#collectDataEvents();
    this.#data = new DataTransport(this.#config, this.#environment, this.#packetMemory);
    if (this.#pair !== undefined) this.#data.setPath(this.#pathOf(this.#pair), now);
  }

  /** No section uses the transport any more. If data comes back, it comes with credentials and a transport of its own. */
  #dropTransport(now: Instant): void {
    this.#data.fail(now);
    this.#endTransport(now);
    this.#collectDataEvents();
    this.#connectivity.reset();
    this.#pair = undefined;
    this.#media.forget();
    this.#data = new DataTransport(this.#config, this.#environment, this.#packetMemory);
    this.states.setGathering('new');
    this.states.setIce('new');
  }

  #startData(now: Instant): void {
    const { dtlsRole, dtlsState } = this.transport;
    if (dtlsRole !== undefined && dtlsState === 'connected') this.#data.start(dtlsRole, now);
  }

  /** Makes the keys of SRTP once DTLS is up and media was agreed upon: a connection of data alone never needs them. */
  #startMedia(): void {
    const { dtls, dtlsRole, dtlsState } = this.transport;
    if (dtlsState !== 'connected' || this.#media.chain === undefined) return;
    const keys = dtls && dtlsRole && srtpKeysOf(dtls, dtlsRole);
    if (keys === undefined) return;
    this.#media.setKeys(keys);
    forgetKeys(keys);
  }

  // What the layers report

  /**
   * Moves everything that the layers have for each other and for the layer above.
   *
   * @param isNews - whether something was done to data or to the transport already
   */
  #collect(now: Instant, isNews: boolean = false): void {
    const connectivity = this.#connectivity;
    let isChanged = isNews;
    for (let event = connectivity.pollGathererEvent(); event !== undefined; event = connectivity.pollGathererEvent()) this.#onGathererEvent(event, now);
    for (let event = connectivity.pollIceEvent(now); event !== undefined; event = connectivity.pollIceEvent(now)) {
      isChanged = true;
      if (event.type === 'state') this.states.setIce(event.state);
      else if (event.type === 'selected-pair') this.#onSelectedPair(event.pair, now);
    }
    for (let event = connectivity.pollDtlsEvent(); event !== undefined; event = connectivity.pollDtlsEvent()) {
      isChanged = true;
      this.#onDtlsEvent(event, now);
    }
    this.#data.setMayMove(connectivity.transport.mayMove, now);
    if (this.#readPackets(now)) isChanged = true;
    if (!isChanged) return; // the usual case while a connection is made
    this.#collectDataEvents();
    this.states.join(connectivity.transport.dtlsState);
  }

  /** Packets of data that came. Returns whether there were any. */
  #readPackets(now: Instant): boolean {
    const { transport } = this.#connectivity;
    const first = transport.pollRead();
    for (let packet = first; packet !== undefined; packet = transport.pollRead()) this.#data.handleRead(packet, now);
    return first !== undefined;
  }

  /** What was learnt of one path does not hold for another. */
  #onSelectedPair(pair: IcePair, now: Instant): void {
    this.#data.setPath(this.#pathOf(pair), now);
    const isOther = this.#pair !== undefined && (!sameAddress(this.#pair.base, pair.base) || !sameAddress(this.#pair.remoteAddress, pair.remoteAddress));
    this.#pair = pair;
    if (isOther) this.#media.tell({ type: 'path-changed' }, now);
  }

  #pathOf(pair: IcePair): SctpPath {
    return pathOf(pair, this.#connectivity.gathering.interfaces, this.#config.maxMtuBytes);
  }

  #onGathererEvent(event: GathererEvent, now: Instant): void {
    switch (event.type) {
      case 'candidate': {
        this.#connectivity.addLocalCandidate(event.candidate, now);
        const signalled = this.#jsep.addLocalCandidate(event.candidate);
        if (signalled) this.#events.push({ type: 'ice-candidate', candidate: signalled });
        return;
      }
      case 'candidate-error': {
        const { url, errorCode, errorText, address, port } = event;
        this.#events.push({ type: 'ice-candidate-error', error: { url, errorCode, errorText, address, port } });
        return;
      }
      case 'resolve':
        this.#events.push({ type: 'resolve', hostname: event.hostname });
        return;
      case 'complete':
        this.#connectivity.endOfLocalCandidates(now);
        this.#jsep.endOfLocalCandidates();
        this.states.setGathering('complete');
        this.#events.push({ type: 'ice-candidate', candidate: null });
        return;
      default:
        event satisfies never;
    }
  }

  #onDtlsEvent(event: TransportEvent, now: Instant): void {
    switch (event.type) {
      case 'left':
        return this.#media.forget();
      case 'moved':
        this.#startMedia();
        this.#data.moved(now);
        return this.#startData(now);
      case 'connected':
        this.#jsep.settle();
        this.#startMedia();
        this.#startData(now);
        return this.#speakAtOnce(now);
      case 'closed':
      case 'failed':
        this.#readPackets(now);
        this.#media.forget();
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
}
