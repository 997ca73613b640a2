import { Counters, type Datagram, type Deadline, earlier, type Environment, type Instant, SparseQueue } from '../core/index.ts';
import type { ChannelHandle, ChannelMessage, ChannelSend, DataChannelEvent, DataChannelInit } from '../datachannel/index.ts';
import type { Certificate } from '../dtls/index.ts';
import type { PacketMemory } from '../sctp/index.ts';
import { Bundle } from './bundle.ts';
import { channelEvent } from './channel-event.ts';
import { DEFAULT_MTU_BYTES, type PeerConfig } from './config.ts';
import { ConnectionStates } from './connection-states.ts';
import type { ConnectivityEffect } from './connectivity.ts';
import { DataTransport } from './data-transport.ts';
import { demux } from './demux.ts';
import { Farewell } from './farewell.ts';
import type { PeerEvent, PeerInput } from './events.ts';
import type { GathererEvent } from './gatherer/index.ts';
import type { Jsep, JsepChanges, JsepEffect } from './jsep/index.ts';
import type { MediaTransport } from './media/index.ts';
import type { Transport, TransportEvent } from './transport.ts';

/** What stands above the layers, and beside them. */
export interface LayersOptions {
  readonly certificate: Certificate;
  readonly jsep: Jsep;
  readonly media: MediaTransport;
}

/**
 * The layers under a peer's descriptions, joined: a {@link Bundle} (gathering, ICE, DTLS, interceptors, SRTP) and the {@link DataTransport}
 * that it carries (SCTP, data channels). Descriptions come in as effects; what a layer reports goes to those whom it concerns.
 *
 * **Every path that changes connectivity ends in `#collect`**, which moves what the layers have for each other until all are quiet.
 * Packets of data and media change nothing of it and pass by: `#readData`, `#readMedia` and `#nextDatagram` are the packet path.
 */
export class PeerLayers {
  readonly #environment: Environment;
  readonly #jsep: Jsep;
  readonly #bundle: Bundle;
  readonly #events: SparseQueue<PeerEvent> = new SparseQueue();
  readonly states: ConnectionStates = new ConnectionStates(this.#events);
  readonly counters: Counters = new Counters();
  #config: PeerConfig;
  #data: DataTransport;
  #packetMemory: PacketMemory | undefined;
  #channelsOpened = 0;
  #channelsClosed = 0;
  #isClosed = false;
  #farewell: Farewell | undefined;

  constructor(config: PeerConfig, { certificate, jsep, media }: LayersOptions, environment: Environment) {
    this.#config = config;
    this.#environment = environment;
    this.#jsep = jsep;
    this.#bundle = new Bundle(config, certificate, media, environment);
    this.#data = new DataTransport(config, environment);
    this.#bundle.carry(this.#data, 0);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** To look at: what changes it goes another way. */
  get transport(): Transport {
    return this.#bundle.transport;
  }

  /** See `Peer.usePacketMemory`. */
  usePacketMemory(memory: PacketMemory): void {
    this.#packetMemory = memory;
    this.#data.usePacketMemory(memory);
    this.#bundle.media.usePacketMemory(memory);
  }

  /** See `Peer.holdsPackets`. */
  get holdsPackets(): boolean {
    return this.#bundle.media.holdsPackets;
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
    this.#bundle.connectivity.setConfig(config);
  }

  // Packets and messages

  handleRead(datagram: Datagram, now: Instant): void {
    if (this.#isClosed) return;
    if (this.#config.iceTransportPolicy === 'relay') return this.counters.add('demux.relay-only'); // nothing but a relay may be used
    if (this.#bundle.connectivity.handleData(datagram, now)) return this.#readData(now);
    if (demux(datagram.bytes[0]) === 'rtp') return this.#bundle.readMedia(datagram, now);
    this.#bundle.connectivity.handleRead(datagram, now);
    this.#collect(now);
  }

  /** The usual case: a record of data came, which concerns no layer but those of data. */
  #readData(now: Instant): void {
    if (this.#bundle.transport.dtlsState !== 'connected') return this.#collect(now);
    this.#bundle.readPackets(now);
    this.#collectDataEvents();
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
    const datagram = this.#bundle.pollWrite();
    if (datagram === undefined) this.#collectDataEvents();
    return datagram;
  }

  pollEvent(): PeerEvent | undefined {
    return this.#events.shift();
  }

  handleEvent(event: PeerInput, now: Instant): void {
    if (this.#isClosed) return;
    if (event.type === 'socket-error') return this.#onSocketError(event, now);
    this.#bundle.connectivity.handleEvent(event, now);
    this.#collect(now);
  }

  #onSocketError({ kind, local, remote, sizeBytes }: Extract<PeerInput, { readonly type: 'socket-error' }>, now: Instant): void {
    this.counters.add(`socket.${kind}`);
    if (remote) this.#bundle.connectivity.sendError(local, remote, kind, now);
    if (kind === 'too-large' && sizeBytes !== undefined) this.#data.datagramTooLarge(sizeBytes, now);
  }

  handleTimeout(now: Instant): void {
    if (this.#isClosed) return;
    if (this.#bundle.connectivity.handleTimeout(now)) this.#collect(now);
    if (this.#data.handleTimeout(now)) this.#collectDataEvents();
    if (this.#bundle.media.isInUse) this.#bundle.media.handleTimeout(now);
  }

  pollTimeout(): Deadline | undefined {
    if (this.#isClosed) return undefined;
    return earlier(this.#bundle.pollTimeout(), this.#data.pollTimeout());
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
    this.#bundle.media.close(now);
    this.#data.close(now);
    this.#endTransport(now);
    this.#bundle.media.forget();
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
    this.#bundle.connectivity.closeDtls(now);
    this.#queueFarewell();
    this.#bundle.connectivity.closeIce(now);
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
        return this.#bundle.connectivity.apply(effect, now);
      case 'ice-rollback':
        this.#bundle.connectivity.apply(effect, now);
        if (effect.credentials === undefined) this.states.setGathering('new');
        return;
      case 'remote-ice':
      case 'remote-candidate':
      case 'remote-end-of-candidates':
      case 'transport':
      case 'transport-moved':
        return this.#bundle.connectivity.apply(effect satisfies ConnectivityEffect, now);
      case 'sctp':
        this.#data.setParameters(effect);
        return this.#bundle.startData(now);
      case 'sctp-rejected':
        return this.#dropData(now);
      case 'transport-closed':
        return this.#dropTransport(now);
      case 'media':
        this.#bundle.media.update(effect.agreements, now);
        if (!this.#bundle.media.isReady) this.#bundle.startMedia();
        return this.#bundle.media.report({ type: 'media-agreed' });
      case 'transceiver-added':
        return this.#bundle.media.report({ type: 'transceiver', transceiver: effect.transceiver.id });
      case 'track':
        this.#bundle.media.trackIds.set(effect.transceiver, effect.trackId);
        return this.#bundle.media.report(effect);
      case 'track-streams':
      case 'track-removed':
      case 'transceiver-stopped':
        return this.#bundle.media.report(effect);
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
    this.#makeData(now);
  }

  /** No section uses the transport any more. If data comes back, it comes with credentials and a transport of its own. */
  #dropTransport(now: Instant): void {
    this.#data.fail(now);
    this.#endTransport(now);
    this.#collectDataEvents();
    this.#bundle.reset();
    this.#makeData(now);
    this.states.setGathering('new');
    this.states.setIce('new');
  }

  #makeData(now: Instant): void {
    this.#data = new DataTransport(this.#config, this.#environment, this.#packetMemory);
    this.#bundle.carry(this.#data, now);
  }

  // What the layers report

  /**
   * Moves everything that the layers have for each other and for the layer above.
   *
   * @param isNews - whether something was done to data or to the transport already
   */
  #collect(now: Instant, isNews: boolean = false): void {
    const { connectivity } = this.#bundle;
    let isChanged = isNews;
    for (let event = connectivity.pollGathererEvent(); event !== undefined; event = connectivity.pollGathererEvent()) this.#onGathererEvent(event, now);
    for (let event = connectivity.pollIceEvent(now); event !== undefined; event = connectivity.pollIceEvent(now)) {
      isChanged = true;
      if (event.type === 'state') this.states.setIce(event.state);
      else if (event.type === 'selected-pair') this.#bundle.setPair(event.pair, now);
    }
    for (let event = connectivity.pollDtlsEvent(); event !== undefined; event = connectivity.pollDtlsEvent()) {
      isChanged = true;
      this.#onDtlsEvent(event, now);
    }
    this.#bundle.followTransport(now);
    if (this.#bundle.readPackets(now)) isChanged = true;
    if (!isChanged) return; // the usual case while a connection is made
    this.#collectDataEvents();
    this.states.join(connectivity.transport.dtlsState);
  }

  #onGathererEvent(event: GathererEvent, now: Instant): void {
    switch (event.type) {
      case 'candidate': {
        this.#bundle.connectivity.addLocalCandidate(event.candidate, now);
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
        this.#bundle.connectivity.endOfLocalCandidates(now);
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
        return this.#bundle.media.forget();
      case 'moved':
        return this.#bundle.moved(now);
      case 'connected':
        this.#jsep.settle();
        this.#bundle.startMedia();
        this.#bundle.startData(now);
        return this.#bundle.speakAtOnce(now);
      case 'closed':
      case 'failed':
        return this.#bundle.end(now);
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
