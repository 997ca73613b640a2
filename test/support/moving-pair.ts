import type { Datagram, Environment, TransportAddress } from '../../src/core/index.ts';
import { reproducibleCrypto } from '../../src/crypto/reproducible.ts';
import type { ChannelHandle } from '../../src/datachannel/index.ts';
import { Certificate, DtlsMachine } from '../../src/dtls/index.ts';
import { parseCandidate } from '../../src/ice/index.ts';
import { Peer, type PeerConfig, type PeerEvent } from '../../src/peer/index.ts';
import { DataTransport } from '../../src/peer/data-transport.ts';
import { srtpKeysOf } from '../../src/peer/media/index.ts';
import { Transport } from '../../src/peer/transport.ts';
import { candidateLinesOf, fingerprintsOf, iceCredentialsOf, midOf, parseSdp } from '../../src/sdp/index.ts';
import { SrtpSession } from '../../src/srtp/index.ts';
import { seededRandom } from './fuzz.ts';
import { edit } from './jsep.ts';
import { MEDIA } from './jsep-media.ts';

const CONFIG: PeerConfig = { iceServers: [], iceTransportPolicy: 'all', bundlePolicy: 'balanced', certificates: [], media: MEDIA, sctpSnap: false };

const environmentOf = (seed: number): Environment => ({ crypto: reproducibleCrypto, random: seededRandom(seed), unixOffsetMs: 1_700_000_000_000 });

function makePeer(environment: Environment, ip: string, certificate: Certificate): Peer {
  const peer = new Peer({ ...CONFIG, certificates: [certificate] }, environment, 0);
  const interfaces = [{ name: 'eth0', address: ip, family: 4 as const, prefixLength: 24, isLoopback: false }];
  peer.handleEvent({ type: 'socket', local: { address: ip, port: 5000 }, interfaces }, 0);
  peer.handleEvent({ type: 'sockets-done' }, 0);
  return peer;
}

/** How the other end goes. */
export interface Move {
  /** The association of SCTP goes on. */
  readonly keepsAssociation?: boolean;
  /** It has another certificate afterwards. */
  readonly certificate?: Certificate;
}

/**
 * An end that gives its transport up with the section it belongs to and makes another, as browsers do: the same words for ICE and
 * DTLS, another port. What it says in descriptions is a peer's, which has no network; the rest is here.
 */
export class MovingEnd {
  readonly words: Peer;
  readonly certificate: Certificate;
  readonly texts: string[] = [];
  readonly address: { address: string; port: number };
  /** Packets of media since the last move: those that opened, and those that did not. */
  opened = 0;
  refused = 0;
  readonly #environment: Environment;
  #transport: Transport;
  readonly #data: DataTransport;
  #channel: ChannelHandle | undefined;
  #srtp: SrtpSession | undefined;
  #role: 'client' | 'server' = 'client';
  #controlling = false;

  constructor(seed: number, ip: string) {
    this.#environment = environmentOf(seed);
    this.certificate = Certificate.generate({ now: 0 }, this.#environment);
    this.words = makePeer(this.#environment, ip, this.certificate);
    this.address = { address: ip, port: 5000 };
    this.#transport = new Transport(CONFIG, this.certificate, this.#environment);
    this.#data = new DataTransport(CONFIG, this.#environment);
    this.#data.setParameters({ localPort: 5000, remotePort: 5000, remoteMaxMessageSizeBytes: 262_144, inits: undefined });
  }

  get transport(): Transport {
    return this.#transport;
  }

  get data(): DataTransport {
    return this.#data;
  }

  get timeoutAt(): number {
    return Math.min(this.#transport.pollTimeout()?.at ?? Infinity, this.#data.pollTimeout()?.at ?? Infinity);
  }

  begin(role: 'client' | 'server', controlling: boolean, now: number): void {
    this.#role = role;
    this.#controlling = controlling;
    this.#connect(now);
  }

  /** Goes; returns what it says in going. */
  move(now: number, { keepsAssociation = false, certificate = this.certificate }: Move = {}): Datagram[] {
    const said: Datagram[] = [];
    if (!keepsAssociation) {
      if (this.#transport.isWritable) said.push(this.#transport.seal(abortPacket())!);
      // Its own side of it is that of a peer that is left.
      this.#data.setMayMove(true, now);
      this.#data.handleRead(abortPacket(), now);
    }
    this.#transport.closeDtls(now);
    for (let datagram = this.#transport.pollWrite(); datagram; datagram = this.#transport.pollWrite()) said.push(datagram);
    this.address.port++;
    this.#srtp = undefined;
    this.opened = this.refused = 0;
    this.#transport = new Transport(CONFIG, certificate, this.#environment);
    this.#connect(now);
    return said;
  }

  get isOpen(): boolean {
    return this.#channel?.state === 'open';
  }

  send(text: string, now: number): void {
    this.#data.handleWrite({ channel: this.#channel!, binary: false, data: new TextEncoder().encode(text) }, now);
  }

  handleRead(datagram: Datagram, now: number): void {
    const first = datagram.bytes[0]!;
    if (first >= 128 && first < 192) this.#readMedia(datagram.bytes);
    else this.#transport.handleRead(datagram, now);
    this.#collect(now);
  }

  handleTimeout(now: number): void {
    this.#transport.handleTimeout(now);
    this.#data.handleTimeout(now);
    this.#collect(now);
  }

  pollWrite(): Datagram | undefined {
    const datagram = this.#transport.pollWrite();
    if (datagram !== undefined || !this.#transport.isWritable) return datagram;
    const packet = this.#data.pollWrite();
    return packet && this.#transport.seal(packet);
  }

  #connect(now: number): void {
    const [local, remote] = [this.words.localDescription, this.words.remoteDescription].map((description) => parseSdp(description!.sdp));
    // The last section: the first may be rejected by now.
    const [ours, theirs] = [local!, remote!].map(({ media }) => media.at(-1)!);
    const ice = this.#transport.startIce(iceCredentialsOf(local!, ours!)!, this.#controlling, now);
    const base: TransportAddress = { ...this.address };
    ice.addLocalCandidate({ foundation: '1', component: 1, protocol: 'udp', priority: 2_130_706_431, ...base, type: 'host', base }, now);
    ice.endOfLocalCandidates(now);
    this.#transport.setRemoteIce({ credentials: iceCredentialsOf(remote!, theirs!)!, lite: false }, now);
    for (const section of remote!.media) for (const { value } of candidateLinesOf(section)) this.#transport.addRemoteCandidate(parseCandidate(value), now);
    this.#transport.startDtls({ role: this.#role, remoteFingerprints: fingerprintsOf(remote!, theirs!) }, now);
  }

  #collect(now: number): void {
    while (this.#transport.pollIceEvent(now));
    for (let event = this.#transport.pollDtlsEvent(); event; event = this.#transport.pollDtlsEvent()) if (event.type === 'connected') this.#onConnected(now);
    for (let packet = this.#transport.pollRead(); packet; packet = this.#transport.pollRead()) this.#data.handleRead(packet, now);
    for (let event = this.#data.pollEvent(); event; event = this.#data.pollEvent()) if (event.type === 'incoming') this.#channel = event.channel;
    for (let message = this.#data.channels.pollRead(); message; message = this.#data.channels.pollRead()) this.texts.push(new TextDecoder().decode(message.data));
  }

  #onConnected(now: number): void {
    const keys = srtpKeysOf(this.#transport.dtls!, this.#role);
    if (keys) this.#srtp = new SrtpSession(keys, this.#environment);
    this.#data.moved(now);
    this.#data.start(this.#role, now);
  }

  #readMedia(bytes: Uint8Array): void {
    if (bytes[1]! >= 192 && bytes[1]! < 224) return; // RTCP
    if (this.#srtp?.unprotectRtp(bytes) === undefined) this.refused++;
    else this.opened++;
  }
}

/** A peer of ours and one that moves, with nothing between them but this object. */
export class MovingPair {
  readonly peer: Peer;
  readonly end: MovingEnd;
  readonly events: PeerEvent[] = [];
  readonly texts: string[] = [];
  /** What came, and what went. */
  readonly log: { readonly from: 'peer' | 'end'; readonly datagram: Datagram; readonly at: number }[] = [];
  channel: ChannelHandle;
  now = 0;
  /** Sees every datagram on its way; false loses it. */
  filter: (datagram: Datagram, from: 'peer' | 'end') => boolean = () => true;
  readonly picture: number;
  readonly #address: TransportAddress = { address: '10.0.0.1', port: 5000 };
  #timestamp = 0;

  /** A call of sound, pictures and a channel. `offers`: who made the first offer; the other is the client of DTLS. */
  constructor(offers: 'peer' | 'end', seed = 1) {
    const environment = environmentOf(2 * seed);
    this.peer = makePeer(environment, '10.0.0.1', Certificate.generate({ now: 0 }, environment));
    this.end = new MovingEnd(2 * seed + 1, '10.0.0.2');
    this.channel = this.peer.openChannel({ label: 'test', protocol: '', ordered: true, negotiated: false }, 0);
    if (offers === 'peer') {
      this.peer.media.addTransceiver('audio', { trackId: 'sound' });
      this.picture = this.peer.media.addTransceiver('video', { trackId: 'picture' });
    } else {
      this.end.words.media.addTransceiver('audio', { trackId: 'sound' });
      this.end.words.media.addTransceiver('video', { trackId: 'picture' });
      this.end.words.openChannel({ label: 'unused', protocol: '', ordered: true, negotiated: true, id: 1000 }, 0);
      this.picture = 1;
    }
    this.negotiate(offers);
    this.end.begin(offers === 'peer' ? 'client' : 'server', offers === 'end', 0);
    this.runUntil(() => this.channel.state === 'open' && this.peer.connectionState === 'connected');
  }

  /** Offer and answer, with all candidates. `change` may alter what the moving end says. */
  negotiate(offers: 'peer' | 'end', change: (sdp: string) => string = (sdp) => sdp): void {
    const { peer, now } = this;
    const { words } = this.end;
    const quiet = (): void => {
      this.#takeEvents();
      while (words.pollEvent());
      while (words.pollWrite());
    };
    const theirs = (): { type: 'offer' | 'answer'; sdp: string } => {
      const { type, sdp } = words.localDescription!;
      return { type: type as 'offer' | 'answer', sdp: change(sdp) };
    };
    const [first, second] = offers === 'peer' ? [peer, words] : [words, peer];
    if (offers === 'end' && peer.media.transceivers.length === 0) words.setLocalDescription(undefined, now);
    else first.setLocalDescription(undefined, now);
    quiet();
    second.setRemoteDescription(offers === 'peer' ? peer.localDescription! : theirs(), now);
    if (second === peer && peer.media.transceivers.some(({ direction }) => direction === 'recvonly')) for (const { id } of peer.media.transceivers) peer.media.setDirection(id, 'sendrecv');
    second.setLocalDescription(undefined, now);
    quiet();
    if (offers === 'peer') peer.setRemoteDescription(theirs(), now);
    else words.setRemoteDescription(peer.localDescription!, now);
    quiet();
  }

  /** The other end rejects the sections of these kinds, and with the first of the group the transport. */
  reject(offers: 'peer' | 'end', kinds: readonly string[] = ['audio']): void {
    this.negotiate(offers, (sdp) => rejecting(sdp, kinds));
  }

  /** Delivers to our peer. */
  deliver(datagrams: readonly Datagram[]): void {
    for (const { bytes, local } of datagrams) this.peer.handleRead({ bytes: bytes.slice(), local: this.#address, remote: { ...local } }, this.now);
    this.#takeEvents();
  }

  send(text: string): void {
    this.peer.handleWrite({ channel: this.channel, binary: false, data: new TextEncoder().encode(text) }, this.now);
  }

  /** A packet of the picture. False when it cannot be sent. */
  show(sequenceNumber?: number): boolean {
    return this.peer.media.write(this.picture, 0, { payload: new Uint8Array(100), timestamp: (this.#timestamp += 3000), sequenceNumber }, this.now);
  }

  /** The states of the connection that were reported, from the first to the last. */
  get states(): readonly string[] {
    return this.events.flatMap((event) => (event.type === 'connection-state' ? [event.state] : []));
  }

  /** What was said of channels since they opened. */
  get channelEvents(): readonly string[] {
    return this.events.flatMap(({ type }) => (type.startsWith('channel-') && type !== 'channel-open' && type !== 'channel-buffered' ? [type] : []));
  }

  /** Delivers what is ready, without letting time pass. */
  exchange(): void {
    for (let round = 0; round < 1000; round++) {
      let moved = false;
      this.peer.handleTimeout(this.now);
      for (let datagram = this.peer.pollWrite(); datagram; datagram = this.peer.pollWrite()) {
        moved = true;
        this.#carry(datagram, 'peer');
      }
      this.#takeEvents();
      this.end.handleTimeout(this.now);
      for (let datagram = this.end.pollWrite(); datagram; datagram = this.end.pollWrite()) {
        moved = true;
        this.#carry(datagram, 'end');
      }
      if (!moved) return;
    }
    throw new Error('they never stop talking');
  }

  run(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      this.exchange();
      const next = Math.min(this.peer.pollTimeout()?.at ?? Infinity, this.end.timeoutAt);
      if (next > end) break;
      this.now = Math.max(next, this.now);
    }
    this.now = end;
    this.exchange();
  }

  runUntil(condition: () => boolean, ms = 10_000): void {
    for (const end = this.now + ms; !condition(); ) {
      if (this.now >= end) throw new Error(`not reached in ${ms} ms of virtual time`);
      this.run(5);
    }
  }

  #carry(datagram: Datagram, from: 'peer' | 'end'): void {
    const copy = { ...datagram, bytes: datagram.bytes.slice() };
    this.log.push({ from, datagram: copy, at: this.now });
    if (!this.filter(copy, from)) return;
    if (from === 'end') return this.deliver([{ ...copy, local: { ...this.end.address } }]);
    if (copy.remote.port === this.end.address.port) this.end.handleRead({ bytes: copy.bytes.slice(), local: { ...this.end.address }, remote: this.#address }, this.now);
  }

  #takeEvents(): void {
    for (let event = this.peer.pollEvent(); event; event = this.peer.pollEvent()) this.events.push(event);
    for (let message = this.peer.pollRead(); message; message = this.peer.pollRead()) this.texts.push(new TextDecoder().decode(message.data));
  }
}

/** ABORT, as far as anybody reads it (RFC 9260 3.3.7), with room around it. */
function abortPacket(): Uint8Array {
  const packet = new Uint8Array(16 + DtlsMachine.HEADROOM + DtlsMachine.TAILROOM).subarray(DtlsMachine.HEADROOM, DtlsMachine.HEADROOM + 16);
  packet.set([0x13, 0x88, 0x13, 0x88, 0, 0, 0, 1, 0, 0, 0, 0, 6, 0, 0, 4]);
  return packet;
}

/** What is said of sections that are rejected: port 0, and not in the group. */
function rejecting(sdp: string, kinds: readonly string[]): string {
  const rejected = parseSdp(sdp).media.filter(({ kind }) => kinds.includes(kind));
  const mids = rejected.map((section) => midOf(section));
  const sections = rejected.map(({ kind }) => [`m=${kind} 9`, `m=${kind} 0`] as const);
  const group = sdp.split('\r\n').find((line) => line.startsWith('a=group:BUNDLE'))!;
  return edit({ type: 'offer', sdp }, ...sections, [group, group.split(' ').filter((mid) => !mids.includes(mid)).join(' ')]).sdp;
}
