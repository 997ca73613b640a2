import { Counters, type Datagram, type Deadline, earlier, type Environment, type Instant, sameAddress, SparseQueue } from '../core/index.ts';
import { type Certificate, type DtlsConfig, type DtlsEvent, type DtlsMachine, type DtlsState, type Fingerprint, isDataRecord } from '../dtls/index.ts';
import { IceAgent, type IceCandidate, type IceConnectionState, type IceCredentials, type IceEvent, type IcePair } from '../ice/index.ts';
import { DEFAULT_DTLS_TIMEOUT_MS, DEFAULT_MTU_BYTES, type PeerConfig } from './config.ts';
import { demux } from './demux.ts';
import { DtlsTransport } from './dtls-transport.ts';
import { Succession } from './succession.ts';
import type { Path } from './successor.ts';

/** Datagrams of the DTLS handshake that came before the remote description did: at most one flight. */
const MAX_EARLY_DATAGRAMS = 8;

/** What the peer's description says of its ICE agent. */
export interface RemoteIce {
  readonly credentials: IceCredentials;
  readonly lite: boolean;
}

/** What was sent, without checks. */
interface Sent {
  readonly packetsSent: number;
  readonly bytesSent: number;
}

const NOTHING: Sent = { packetsSent: 0, bytesSent: 0 };

/** What a transport reports of DTLS, beside what the association does: `left` the peer may be on its way to another, `moved` here it is. */
export type TransportEvent = DtlsEvent | { readonly type: 'left' | 'moved' };

/** What the two descriptions together say of DTLS. */
export interface DtlsParameters {
  readonly role: 'client' | 'server';
  readonly remoteFingerprints: readonly Fingerprint[];
}

/**
 * One ICE agent and the DTLS association on its selected pair: datagrams on one side, application data on the other.
 * Nothing but STUN is read from an address that has not passed a check.
 */
export class Transport {
  readonly #config: PeerConfig;
  readonly #environment: Environment;
  readonly #certificate: Certificate;
  readonly #early: SparseQueue<Datagram> = new SparseQueue();
  #ice: IceAgent | undefined;
  #dtls: DtlsTransport | undefined;
  /** The pair in use: the one ICE selected, and until then the one that the first DTLS datagram came over. */
  #path: Path | undefined;
  /** The pair that is the path, and what had been sent when it became that. */
  #pair: IcePair | undefined;
  #before: Sent = NOTHING;
  /** What was sent over pairs while they were the path; most connections never have another one. */
  #sentOver: WeakMap<IcePair, Sent> | undefined;
  #dtlsRole: 'client' | 'server' | undefined;
  #dtlsConfig: DtlsConfig | undefined;
  /** Made when an association may first be followed by another: most never are. */
  #succession: Succession | undefined;
  /** Another association is in use, and nobody was told yet. */
  #isMoved = false;
  #bytesSent = 0;
  #bytesReceived = 0;
  #packetsSent = 0;
  #packetsReceived = 0;
  readonly counters: Counters = new Counters();

  constructor(config: PeerConfig, certificate: Certificate, environment: Environment) {
    this.#config = config;
    this.#certificate = certificate;
    this.#environment = environment;
  }

  get ice(): IceAgent | undefined {
    return this.#ice;
  }

  get dtls(): DtlsMachine | undefined {
    return this.#dtls?.machine;
  }

  get iceState(): IceConnectionState {
    return this.#ice?.state ?? 'new';
  }

  get dtlsState(): DtlsState {
    return this.#succession?.holdsEnd === true ? 'connecting' : (this.#dtls?.state ?? 'new');
  }

  get dtlsRole(): 'client' | 'server' | undefined {
    return this.#dtlsRole;
  }

  get selectedPair(): IcePair | undefined {
    return this.#ice?.selectedPair;
  }

  get traffic(): { readonly bytesSent: number; readonly bytesReceived: number; readonly packetsSent: number; readonly packetsReceived: number } {
    return { bytesSent: this.#bytesSent, bytesReceived: this.#bytesReceived, packetsSent: this.#packetsSent, packetsReceived: this.#packetsReceived };
  }

  /** What was sent over a pair since it was selected first. */
  sentOver(pair: IcePair): Sent {
    const sent = this.#sentOver?.get(pair) ?? NOTHING;
    if (pair !== this.#pair) return sent;
    const { packetsSent, bytesSent } = this.#before;
    return { packetsSent: sent.packetsSent + this.#packetsSent - packetsSent, bytesSent: sent.bytesSent + this.#bytesSent - bytesSent };
  }

  /** Starts the ICE agent, or gives it a new generation of credentials. */
  startIce(credentials: IceCredentials, controlling: boolean, now: Instant): IceAgent {
    if (this.#ice === undefined) this.#ice = new IceAgent({ credentials, controlling }, this.#environment);
    else this.#ice.restart(credentials, now);
    return this.#ice;
  }

  /** Forgets an ICE agent that has not met its peer, when its description is rolled back. */
  dropIce(): void {
    this.#ice = undefined;
    this.#path = undefined;
    this.#early.clear();
  }

  setRemoteIce(remote: RemoteIce, now: Instant): void {
    this.#ice?.setRemoteLite(remote.lite);
    this.#ice?.setRemoteCredentials(remote.credentials, now);
  }

  addRemoteCandidate(candidate: IceCandidate, now: Instant): void {
    const result = this.#ice?.addRemoteCandidate(candidate, now);
    if (result === 'refused') this.counters.add('ice.remote-candidate');
  }

  /** Makes the DTLS association; a client starts once ICE has a pair. */
  startDtls({ role, remoteFingerprints }: DtlsParameters, now: Instant): void {
    if (this.#dtls !== undefined) return;
    this.#dtlsRole = role;
    this.#dtlsConfig = {
      role,
      certificate: this.#certificate,
      remoteFingerprints,
      mtuBytes: this.#config.mtuBytes ?? DEFAULT_MTU_BYTES,
      handshakeTimeoutMs: this.#config.dtlsTimeoutMs ?? DEFAULT_DTLS_TIMEOUT_MS,
    };
    this.#dtls = new DtlsTransport(this.#dtlsConfig, this.#environment);
    this.#tryStartDtls(now);
    for (let datagram = this.#early.shift(); datagram; datagram = this.#early.shift()) this.#readDtls(datagram, now);
  }

  /** Whether the peer may have given its association up for another. */
  get mayMove(): boolean {
    return this.#succession?.isExpected === true;
  }

  /** The transport belongs to another section now, and the peer may have made a new one for it. */
  moved(now: Instant): void {
    if (this.#dtls?.state !== 'connected' && this.#succession?.holdsEnd !== true) return;
    this.#succession ??= new Succession(this.#dtlsConfig as DtlsConfig, this.#environment);
    this.#ice?.peerMayMove(this.#succession.moved(this.#path, now), now);
    this.#succession.follow(this.#path, now);
  }

  /** Takes a datagram that is one record of application data, once the association is up; false when it is anything else. */
  handleData(datagram: Datagram, now: Instant): boolean {
    if (!isDataRecord(datagram.bytes) || this.#dtls === undefined || this.#dtls.state !== 'connected') return false;
    this.#readDtls(datagram, now);
    return true;
  }

  /** Takes a datagram that is not the gatherer's. */
  handleRead(datagram: Datagram, now: Instant): void {
    switch (demux(datagram.bytes[0])) {
      case 'stun':
        this.#ice?.handleRead(datagram, now);
        return;
      case 'dtls':
        this.#readDtls(datagram, now);
        return;
      case 'rtp':
        return; // admitted and read as media, before it comes here
      case 'turn-channel':
        this.counters.add('demux.turn-channel');
        return;
      case 'none':
        this.counters.add('demux.none');
    }
  }

  /** Whether a datagram of media may be read: it came over a 5-tuple that passed a check (A-DMX-02). */
  admit({ bytes, local, remote }: Datagram): boolean {
    if (this.#ice === undefined || !this.#ice.accepts(local, remote)) {
      this.counters.add('demux.unchecked-source');
      return false;
    }
    this.#packetsReceived++;
    this.#bytesReceived += bytes.length;
    return true;
  }

  /** The next decrypted application data. */
  pollRead(): Uint8Array | undefined {
    return this.#dtls?.pollRead();
  }

  /** Whether application data can be sent now. */
  get isWritable(): boolean {
    return this.#dtls?.state === 'connected' && this.#openPath() !== undefined;
  }

  /** The next STUN or DTLS handshake datagram. */
  pollWrite(): Datagram | undefined {
    const check = this.#ice?.pollWrite();
    if (check !== undefined) return check;
    const path = this.#dtls === undefined ? undefined : this.#openPath();
    if (path === undefined) return undefined;
    const record = (this.#dtls as DtlsTransport).pollWrite();
    if (record !== undefined) return this.#datagram(record, path);
    const next = this.#succession?.pollWrite();
    return next === undefined ? undefined : this.#datagram(next.bytes, next.path ?? path);
  }

  /** Seals application data in place and addresses it. Call only while {@link Transport.isWritable}. */
  seal(packet: Uint8Array): Datagram | undefined {
    const path = this.#openPath();
    if (path === undefined || this.#dtls === undefined) return undefined;
    return this.#datagram(this.#dtls.sealInPlace(packet), path);
  }

  /** Leaves application data, copied, to {@link Transport.pollWrite}: in one datagram with what waits there. Call only while {@link Transport.isWritable}. */
  handleWrite(packet: Uint8Array, now: Instant): void {
    this.#dtls?.handleWrite(packet, now);
  }

  /** Addresses what is sealed already. Call only while {@link Transport.isWritable}. */
  address(sealed: Uint8Array): Datagram | undefined {
    const path = this.#openPath();
    return path === undefined ? undefined : this.#datagram(sealed, path);
  }

  pollIceEvent(now: Instant): IceEvent | undefined {
    const event = this.#ice?.pollEvent();
    if (event?.type === 'selected-pair') {
      this.#take(event.pair);
      this.#tryStartDtls(now);
      this.#succession?.follow(this.#path, now);
    }
    return event;
  }

  pollDtlsEvent(): TransportEvent | undefined {
    const event = this.#dtls?.pollEvent();
    if (event !== undefined) return this.#succession?.hold(event) === true ? { type: 'left' } : event;
    if (!this.#isMoved) return this.#succession?.takeEnd();
    this.#isMoved = false;
    return { type: 'moved' };
  }

  handleTimeout(now: Instant): void {
    this.#ice?.handleTimeout(now);
    this.#dtls?.handleTimeout(now);
    this.#succession?.handleTimeout(now);
  }

  pollTimeout(): Deadline | undefined {
    const deadline = earlier(this.#ice?.pollTimeout(), this.#dtls?.pollTimeout());
    return this.#succession === undefined ? deadline : earlier(deadline, this.#succession.pollTimeout());
  }

  /** Queues close_notify. Poll it before {@link Transport.closeIce} takes the path away. */
  closeDtls(now: Instant): void {
    this.#early.clear();
    this.#succession?.close();
    this.#dtls?.close(now);
  }

  closeIce(now: Instant): void {
    this.#ice?.close(now);
  }

  /** Makes a pair the path. What went over the same 5-tuple before it was selected counts as its own. */
  #take(pair: IcePair): void {
    const path = this.#path;
    if (this.#pair !== undefined) (this.#sentOver ??= new WeakMap()).set(this.#pair, this.sentOver(this.#pair));
    const isSame = this.#pair === undefined && path !== undefined && sameAddress(path.local, pair.base) && sameAddress(path.remote, pair.remoteAddress);
    if (!isSame) this.#before = { packetsSent: this.#packetsSent, bytesSent: this.#bytesSent };
    this.#pair = pair;
    this.#path = { local: pair.base, remote: pair.remoteAddress };
  }

  #tryStartDtls(now: Instant): void {
    if (this.#dtls?.state === 'new' && this.#openPath() !== undefined) this.#dtls.start(now);
  }

  #readDtls(datagram: Datagram, now: Instant): void {
    if (this.#ice === undefined || !this.#ice.accepts(datagram.local, datagram.remote)) {
      this.counters.add('demux.unchecked-source'); // A-DMX-02, A-DMX-03
      return;
    }
    if (this.#dtls === undefined) {
      if (this.#early.length < MAX_EARLY_DATAGRAMS) this.#early.push(datagram);
      else this.counters.add('dtls.early');
      return;
    }
    this.#path ??= { local: datagram.local, remote: datagram.remote };
    this.#packetsReceived++;
    this.#bytesReceived += datagram.bytes.length;
    if (this.#succession?.handleRead(datagram.bytes, datagram, this.#dtls.state === 'connected', now) === true) return this.#succeed(now);
    this.#dtls.handleRead(datagram.bytes, now);
  }

  /** The association that was in use is gone once another is complete. There is nobody left to say goodbye to. */
  #succeed(now: Instant): void {
    const successor = this.#succession?.take();
    if (successor === undefined) return;
    this.#dtls?.close(now);
    this.#dtls = successor.dtls;
    this.#path = successor.path ?? this.#path; // the peer is there, whether that pair is nominated yet or not
    this.#isMoved = true;
  }

  /** No consent, no packet: a failed or closed agent has no path (RFC 7675 5.1). */
  #openPath(): Path | undefined {
    const path = this.#path;
    if (path === undefined) return undefined;
    const state = this.#ice?.state;
    return state === 'failed' || state === 'closed' ? undefined : path;
  }

  #datagram(bytes: Uint8Array, path: Path): Datagram {
    this.#packetsSent++;
    this.#bytesSent += bytes.length;
    return { bytes, local: path.local, remote: path.remote };
  }
}
