import { Counters, type Datagram, type Deadline, earlier, type Environment, type Instant, SparseQueue } from '../core/index.ts';
import type { ChannelHandle, ChannelMessage, ChannelSend, DataChannelEvent, DataChannelInit } from '../datachannel/index.ts';
import type { Certificate } from '../dtls/index.ts';
import type { PacketMemory } from '../sctp/index.ts';
import { Branches } from './branches.ts';
import { Bundle } from './bundle.ts';
import { channelEvent } from './channel-event.ts';
import { DEFAULT_MTU_BYTES, type PeerConfig } from './config.ts';
import { ConnectionStates } from './connection-states.ts';
import type { ConnectivityEffect } from './connectivity.ts';
import { DataTransport } from './data-transport.ts';
import { demux } from './demux.ts';
import { Farewell } from './farewell.ts';
import type { PeerEvent, PeerInput } from './events.ts';
import { takeGathered } from './gathered.ts';
import type { Jsep, JsepChanges, JsepEffect, TransportEffect } from './jsep/index.ts';
import type { PeerMedia } from './media/index.ts';
import type { TransportEvent } from './transport.ts';

type SocketInput = Exclude<PeerInput, { readonly type: 'socket-error' }>;

/** What stands above the layers, and beside them. */
export interface LayersOptions {
  readonly certificate: Certificate;
  readonly jsep: Jsep;
  readonly media: PeerMedia;
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
  readonly #media: PeerMedia;
  /** What the first transport carries: as a rule everything. */
  readonly #first: Bundle;
  #branches: Branches | undefined;
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
    this.#media = media;
    this.#first = new Bundle(config, certificate, media.transport, environment);
    this.#data = new DataTransport(config, environment);
    this.#first.carry(this.#data, 0);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** To look at: the transports, each with what it carries. */
  get bundles(): readonly Bundle[] {
    return this.#branches === undefined ? [this.#first] : [this.#first, ...this.#branches.list];
  }

  /** See `Peer.usePacketMemory`. */
  usePacketMemory(memory: PacketMemory): void {
    this.#packetMemory = memory;
    this.#data.usePacketMemory(memory);
    for (const { media } of this.bundles) media.usePacketMemory(memory);
  }

  /** See `Peer.holdsPackets`. */
  get holdsPackets(): boolean {
    return this.#first.media.holdsPackets || this.#branches?.list.some(({ media }) => media.holdsPackets) === true;
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
    for (const { connectivity } of this.bundles) connectivity.setConfig(config);
  }

  // Packets and messages

  handleRead(datagram: Datagram, now: Instant): void {
    if (this.#isClosed) return;
    if (this.#config.iceTransportPolicy === 'relay') return this.counters.add('demux.relay-only'); // nothing but a relay may be used
    const bundle = this.#branches === undefined ? this.#first : this.#branches.at(datagram.local);
    if (bundle.connectivity.handleData(datagram, now)) return this.#readData(bundle, now);
    if (demux(datagram.bytes[0]) === 'rtp') return bundle.readMedia(datagram, now);
    bundle.connectivity.handleRead(datagram, now);
    this.#collect(bundle, now);
  }

  /** The usual case: a record of data came, which concerns no layer but those of data. */
  #readData(bundle: Bundle, now: Instant): void {
    if (bundle.transport.dtlsState !== 'connected') return this.#collect(bundle, now);
    bundle.readPackets(now);
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
    return this.#branches === undefined ? this.#first.pollWrite() : this.#branches.pollWrite();
  }

  pollEvent(): PeerEvent | undefined {
    const event = this.#events.shift();
    if (event !== undefined || this.#isClosed) return event;
    this.#collectDataEvents();
    return this.#events.shift();
  }

  handleEvent(event: PeerInput, now: Instant): void {
    if (this.#isClosed) return;
    if (event.type === 'socket-error') return this.#onSocketError(event, now);
    this.#tell(this.#first, event, now);
    if (this.#branches !== undefined) for (const branch of this.#branches.list) this.#tell(branch, event, now);
  }

  #tell(bundle: Bundle, event: SocketInput, now: Instant): void {
    if (!this.#concerns(bundle, event)) return;
    bundle.connectivity.handleEvent(event, now);
    this.#collect(bundle, now);
  }

  #concerns(bundle: Bundle, event: SocketInput): boolean {
    if (event.type === 'resolved') return true;
    if (event.type === 'socket-closed') return bundle === (this.#branches?.at(event.local) ?? this.#first);
    return bundle.id === (event.transport ?? 0);
  }

  #onSocketError({ kind, local, remote, sizeBytes }: Extract<PeerInput, { readonly type: 'socket-error' }>, now: Instant): void {
    this.counters.add(`socket.${kind}`);
    if (remote) (this.#branches?.at(local) ?? this.#first).connectivity.sendError(local, remote, kind, now);
    if (kind === 'too-large' && sizeBytes !== undefined) this.#data.datagramTooLarge(sizeBytes, now);
  }

  handleTimeout(now: Instant): void {
    if (this.#isClosed) return;
    if (this.#first.connectivity.handleTimeout(now)) this.#collect(this.#first, now);
    this.#branches?.handleTimeout(now, (branch) => this.#collect(branch, now));
    if (this.#data.handleTimeout(now)) this.#collectDataEvents();
    if (this.#first.media.isInUse) this.#first.media.handleTimeout(now);
  }

  pollTimeout(): Deadline | undefined {
    if (this.#isClosed) return undefined;
    const deadline = earlier(this.#first.pollTimeout(), this.#data.pollTimeout());
    return this.#branches === undefined ? deadline : earlier(deadline, this.#branches.pollTimeout());
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
    const { bundles } = this;
    for (const { media } of bundles) media.close(now);
    this.#data.close(now);
    for (const bundle of bundles) this.#endTransport(bundle, now);
    for (const { media } of bundles) media.forget();
    this.states.close();
    this.#events.clear();
  }

  /** Takes what the layers have to say while there is still a path. */
  #queueFarewell(bundle: Bundle): void {
    const joinedBytes = this.#data.sharesDatagrams ? (this.#config.mtuBytes ?? DEFAULT_MTU_BYTES) : 0;
    for (let datagram = bundle.pollWrite(); datagram !== undefined; datagram = bundle.pollWrite()) (this.#farewell ??= new Farewell()).push(datagram, demux(datagram.bytes[0]) === 'dtls' ? joinedBytes : 0);
  }

  /** SCTP has said its last before DTLS does, and DTLS before ICE takes the path away. */
  #endTransport(bundle: Bundle, now: Instant): void {
    this.#queueFarewell(bundle);
    bundle.connectivity.closeDtls(now);
    this.#queueFarewell(bundle);
    bundle.connectivity.closeIce(now);
  }

  // What descriptions cause

  apply({ effects }: JsepChanges, now: Instant): void {
    for (let i = 0; i < effects.length; i++) this.#applyEffect(effects[i] as JsepEffect, now);
    this.#collect(this.#first, now, true);
    if (this.#branches !== undefined) for (const branch of this.#branches.list) this.#collect(branch, now, true);
  }

  #applyEffect(effect: JsepEffect, now: Instant): void {
    switch (effect.type) {
      case 'gather':
      case 'ice-restart':
        this.states.setGathering('gathering');
        return this.#first.connectivity.apply(effect, now);
      case 'ice-rollback':
        this.#first.connectivity.apply(effect, now);
        if (effect.credentials === undefined) this.states.setGathering('new');
        return;
      case 'remote-ice':
      case 'remote-candidate':
      case 'remote-end-of-candidates':
      case 'transport':
      case 'transport-moved':
        return this.#first.connectivity.apply(effect satisfies ConnectivityEffect, now);
      case 'branch':
        return this.#applyToBranch(effect.id, effect.effect, now);
      case 'sctp':
        this.#data.setParameters(effect);
        return this.#carryData(effect.transport, now);
      case 'sctp-rejected':
        return this.#dropData(now);
      case 'transport-closed':
        return this.#dropTransport(now);
      case 'media':
        if (this.#branches === undefined) this.#first.agree(effect.agreements, now);
        else this.#branches.agree(effect.agreements, now);
        return this.#media.report({ type: 'media-agreed' });
      case 'transceiver-added':
        return this.#media.report({ type: 'transceiver', transceiver: effect.transceiver.id });
      case 'track':
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

  #applyToBranch(id: number, effect: TransportEffect, now: Instant): void {
    const branches = (this.#branches ??= new Branches(this.#first, this.#media, this.#events));
    const branch = branches.get(id) ?? branches.make(id, this.#config, this.#environment);
    if (effect.type !== 'transport-closed') return branch.connectivity.apply(effect, now);
    if (branch.carries) this.#dropData(now);
    this.#endTransport(branch, now);
    branches.remove(branch, now);
  }

  /** The data section is of this transport. */
  #carryData(transport: number, now: Instant): void {
    const bundle = this.#branches?.get(transport) ?? this.#first;
    const carrier = this.#carrier;
    if (carrier !== bundle) {
      carrier.carry(undefined, now);
      bundle.carry(this.#data, now);
    }
    bundle.startData(now);
  }

  /** The transport that data goes over, or would. */
  get #carrier(): Bundle {
    return this.#branches?.carrier ?? this.#first;
  }

  /** No section is about data any more; what the association has left to say still goes out. */
  #dropData(now: Instant): void {
    const carrier = this.#carrier;
    this.#data.fail(now);
    this.#queueFarewell(carrier);
    this.#collectDataEvents();
    carrier.carry(undefined, now);
    this.#makeData(now);
  }

  /** No section uses the first transport any more. If data comes back, it comes with credentials and a transport of its own. */
  #dropTransport(now: Instant): void {
    const { carries } = this.#first;
    if (carries) this.#data.fail(now);
    this.#endTransport(this.#first, now);
    this.#collectDataEvents();
    this.#first.reset();
    if (carries) this.#makeData(now);
    if (this.#branches !== undefined) return;
    this.states.setGathering('new');
    this.states.setIce('new');
  }

  #makeData(now: Instant): void {
    this.#data = new DataTransport(this.#config, this.#environment, this.#packetMemory);
    this.#first.carry(this.#data, now);
  }

  // What the layers report

  /**
   * Moves everything that the layers of a transport have for each other and for the layer above.
   *
   * @param isNews - whether something was done to data or to the transport already
   */
  #collect(bundle: Bundle, now: Instant, isNews: boolean = false): void {
    const { connectivity } = bundle;
    let isChanged = isNews;
    for (let event = connectivity.pollGathererEvent(); event !== undefined; event = connectivity.pollGathererEvent()) {
      if (takeGathered(bundle, event, this.#jsep, this.#events, now)) this.#onGathered();
    }
    for (let event = connectivity.pollIceEvent(now); event !== undefined; event = connectivity.pollIceEvent(now)) {
      isChanged = true;
      if (event.type === 'state' && this.#branches === undefined) this.states.setIce(event.state);
      else if (event.type === 'selected-pair') bundle.setPair(event.pair, now);
    }
    for (let event = connectivity.pollDtlsEvent(); event !== undefined; event = connectivity.pollDtlsEvent()) {
      isChanged = true;
      this.#onDtlsEvent(bundle, event, now);
    }
    bundle.followTransport(now);
    if (bundle.readPackets(now)) isChanged = true;
    if (!isChanged) return; // the usual case while a connection is made
    this.#collectDataEvents();
    this.#joinStates();
  }

  #joinStates(): void {
    if (this.#branches === undefined) return this.states.join(this.#first.transport.dtlsState);
    this.states.setGathering(this.#branches.gatheringState);
    this.states.setIce(this.#branches.iceState);
    this.states.join(this.#branches.dtlsState);
  }

  /** With the last of the transports gathering is done. */
  #onGathered(): void {
    const isLast = this.#branches === undefined || this.#branches.gatheringState === 'complete';
    if (!isLast) return;
    this.states.setGathering('complete');
    this.#events.push({ type: 'ice-candidate', candidate: null });
  }

  #onDtlsEvent(bundle: Bundle, event: TransportEvent, now: Instant): void {
    switch (event.type) {
      case 'left':
        return bundle.media.forget();
      case 'moved':
        return bundle.moved(now);
      case 'connected':
        this.#jsep.settle();
        bundle.startMedia();
        bundle.startData(now);
        return bundle.speakAtOnce(now);
      case 'closed':
      case 'failed':
        return bundle.end(now);
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
