import { type Datagram, type Deadline, earlier, type Environment, type Instant, sameAddress } from '../core/index.ts';
import type { Certificate } from '../dtls/index.ts';
import type { IcePair } from '../ice/index.ts';
import type { SctpPath } from '../sctp/index.ts';
import type { PeerConfig } from './config.ts';
import { Connectivity } from './connectivity.ts';
import type { DataTransport } from './data-transport.ts';
import type { MediaAgreement } from './jsep/index.ts';
import { forgetKeys, type MediaTransport, srtpKeysOf } from './media/index.ts';
import { pathOf } from './path.ts';
import type { Transport } from './transport.ts';

/**
 * What shares one transport (RFC 9143): its {@link Connectivity}, the {@link MediaTransport} over it, which is one RTP session, and
 * the {@link DataTransport} of the peer where the data section is among its sections.
 */
export class Bundle {
  readonly #config: PeerConfig;
  readonly connectivity: Connectivity;
  readonly media: MediaTransport;
  /** Absent where another bundle has it. */
  #data: DataTransport | undefined;
  #pair: IcePair | undefined;

  constructor(config: PeerConfig, certificate: Certificate, media: MediaTransport, environment: Environment) {
    this.#config = config;
    this.connectivity = new Connectivity(config, certificate, environment);
    this.media = media;
  }

  /** Names it among those of the connection. */
  get id(): number {
    return 0;
  }

  /** Whether the data section is of this one. */
  get carries(): boolean {
    return this.#data !== undefined;
  }

  get transport(): Transport {
    return this.connectivity.transport;
  }

  /** Data goes over this transport from now on, or over it no more. */
  carry(data: DataTransport | undefined, now: Instant): void {
    this.#data = data;
    if (data !== undefined && this.#pair !== undefined) data.setPath(this.#pathOf(this.#pair), now);
  }

  /** Packets of data that came. Returns whether there were any. */
  readPackets(now: Instant): boolean {
    const { transport } = this.connectivity;
    const first = transport.pollRead();
    for (let packet = first; packet !== undefined; packet = transport.pollRead()) this.#data?.handleRead(packet, now);
    return first !== undefined;
  }

  readMedia(datagram: Datagram, now: Instant): void {
    if (!this.connectivity.transport.admit(datagram)) return;
    this.media.handleRead(datagram.bytes, now);
  }

  pollWrite(): Datagram | undefined {
    const datagram = this.connectivity.pollWrite();
    if (datagram !== undefined) return datagram;
    if (!this.connectivity.isWritable) return undefined;
    const sealed = this.media.isInUse ? this.media.pollWrite() : undefined;
    if (sealed !== undefined) return this.connectivity.transport.address(sealed);
    const packet = this.#data?.pollWrite();
    return packet === undefined ? undefined : this.connectivity.transport.seal(packet);
  }

  /** When connectivity or media have something to do: data has its own. */
  pollTimeout(): Deadline | undefined {
    const deadline = this.connectivity.pollTimeout();
    return this.media.isInUse ? earlier(deadline, this.media.pollTimeout()) : deadline;
  }

  /** Begins anew, without credentials, after the close. */
  reset(): void {
    this.connectivity.reset();
    this.#pair = undefined;
    this.media.forget();
  }

  /** Starts the association of SCTP once DTLS is up. */
  startData(now: Instant): void {
    const { dtlsRole, dtlsState } = this.transport;
    if (dtlsRole !== undefined && dtlsState === 'connected') this.#data?.start(dtlsRole, now);
  }

  /** What holds of its sections of media. */
  agree(agreements: readonly MediaAgreement[], now: Instant): void {
    this.media.update(agreements, now);
    if (!this.media.isReady) this.startMedia();
  }

  /** Makes the keys of SRTP once DTLS is up and media was agreed upon: a connection of data alone never needs them. */
  startMedia(): void {
    const { dtls, dtlsRole, dtlsState } = this.transport;
    if (dtlsState !== 'connected' || this.media.chain === undefined) return;
    const keys = dtls && dtlsRole && srtpKeysOf(dtls, dtlsRole);
    if (keys === undefined) return;
    this.media.setKeys(keys);
    forgetKeys(keys);
  }

  /** The peer goes on over another association of DTLS. */
  moved(now: Instant): void {
    this.startMedia();
    this.#data?.moved(now);
    this.startData(now);
  }

  /** The first packets of data leave together with the end of the handshake that carries them. */
  speakAtOnce(now: Instant): void {
    if (this.#data?.sharesDatagrams !== true || !this.transport.isWritable) return;
    for (let packet = this.#data.pollWrite(); packet !== undefined; packet = this.#data.pollWrite()) this.connectivity.handleWrite(packet, now);
  }

  /** DTLS has ended: what had come is read, and no more follows. */
  end(now: Instant): void {
    this.readPackets(now);
    this.media.forget();
    this.#data?.fail(now);
  }

  /** Whether DTLS may end and be followed by another association concerns data first. */
  followTransport(now: Instant): void {
    this.#data?.setMayMove(this.connectivity.transport.mayMove, now);
  }

  /** What was learnt of one path does not hold for another. */
  setPair(pair: IcePair, now: Instant): void {
    this.#data?.setPath(this.#pathOf(pair), now);
    const isOther = this.#pair !== undefined && (!sameAddress(this.#pair.base, pair.base) || !sameAddress(this.#pair.remoteAddress, pair.remoteAddress));
    this.#pair = pair;
    if (isOther) this.media.tell({ type: 'path-changed' }, now);
  }

  #pathOf(pair: IcePair): SctpPath {
    return pathOf(pair, this.connectivity.gathering.interfaces, this.#config.maxMtuBytes);
  }
}

/** A bundle besides the first: a further group, or a section that the peer does not bundle. */
export class Branch extends Bundle {
  readonly #id: number;

  constructor(id: number, config: PeerConfig, kin: Bundle, environment: Environment) {
    super(config, kin.connectivity.certificate, kin.media.makeSibling(), environment);
    this.#id = id;
  }

  override get id(): number {
    return this.#id;
  }
}
