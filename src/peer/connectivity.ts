import { type Datagram, type Deadline, earlier, type Environment, type Instant, type TransportAddress } from '../core/index.ts';
import type { Certificate } from '../dtls/index.ts';
import type { IceEvent, LocalCandidate } from '../ice/index.ts';
import type { PeerConfig } from './config.ts';
import type { GathererEvent, GathererInput } from './gatherer/index.ts';
import { Gathering } from './gathering.ts';
import type { JsepEffect } from './jsep/index.ts';
import { Transport, type TransportEvent } from './transport.ts';

/** What descriptions and candidates ask of gathering, ICE and DTLS. */
export type ConnectivityEffect = Extract<
  JsepEffect,
  { readonly type: 'gather' | 'ice-restart' | 'ice-rollback' | 'remote-ice' | 'remote-candidate' | 'remote-end-of-candidates' | 'transport' | 'transport-moved' }
>;

/**
 * Gathering, ICE and DTLS: what makes a way to the peer and keeps it (RFC 8445, RFC 7675, RFC 8842).
 *
 * Data and media ask before every packet what these three wait for and whether they have anything to send, so both answers are
 * remembered. **Whatever changes one of the three goes through a method of this class, and counts a version on**; only what
 * carries data and media on (`admit`, `pollRead`, `seal`, `address`) is called on {@link Connectivity.transport} itself. Whoever
 * calls such a method then collects what it caused: see `PeerLayers`.
 */
export class Connectivity {
  readonly certificate: Certificate;
  readonly #environment: Environment;
  readonly #gathering: Gathering;
  #config: PeerConfig;
  /** For what carries data, and to look at. */
  transport: Transport;
  /** Rises with whatever may have changed one of the three. An answer holds for the version that it was found at. */
  #version = 0;
  #deadline: Deadline | undefined;
  #deadlineAt = -1;
  #isWritable = false;
  #silentAt = -1;

  constructor(config: PeerConfig, certificate: Certificate, environment: Environment) {
    this.#config = config;
    this.certificate = certificate;
    this.#environment = environment;
    this.#gathering = new Gathering(environment);
    this.transport = new Transport(config, certificate, environment);
  }

  /** To look at. */
  get gathering(): Gathering {
    return this.#gathering;
  }

  /** For the next gathering. */
  setConfig(config: PeerConfig): void {
    this.#config = config;
  }

  apply(effect: ConnectivityEffect, now: Instant): void {
    this.#version++;
    const transport = this.transport;
    switch (effect.type) {
      case 'gather':
        transport.startIce(effect.credentials, effect.controlling, now);
        return this.#gathering.start(this.#config, now);
      case 'ice-restart':
        transport.ice?.restart(effect.credentials, now);
        return this.#gathering.start(this.#config, now);
      case 'ice-rollback':
        if (effect.credentials !== undefined) return transport.ice?.abandonRestart(now);
        transport.dropIce();
        return this.#gathering.stop();
      case 'remote-ice':
        transport.setRemoteIce(effect, now);
        for (const candidate of effect.candidates) transport.addRemoteCandidate(candidate, now);
        if (effect.endOfCandidates) transport.ice?.endOfRemoteCandidates(now);
        return;
      case 'remote-candidate':
        return transport.addRemoteCandidate(effect.candidate, now);
      case 'remote-end-of-candidates':
        return transport.ice?.endOfRemoteCandidates(now);
      case 'transport':
        transport.ice?.setControlling(effect.iceControlling);
        return transport.startDtls({ role: effect.dtlsRole, remoteFingerprints: effect.remoteFingerprints }, now);
      case 'transport-moved':
        return transport.moved(now);
      default:
        effect satisfies never;
    }
  }

  /** Takes a datagram that is one record of data, of an association that is up; false when it is anything else. */
  handleData(datagram: Datagram, now: Instant): boolean {
    if (!this.transport.handleData(datagram, now)) return false;
    if (this.transport.dtlsState !== 'connected') this.#version++; // it was the last forgery that is put up with
    return true;
  }

  /** Takes a datagram that carries neither data nor media. */
  handleRead(datagram: Datagram, now: Instant): void {
    this.#version++;
    if (!this.#gathering.handleRead(datagram, now)) this.transport.handleRead(datagram, now);
  }

  handleEvent(event: GathererInput, now: Instant): void {
    this.#version++;
    if (event.type === 'socket-closed') this.transport.ice?.removeLocalCandidates(event.local, now);
    this.#gathering.handleEvent(event, now);
  }

  /** The system could not send a datagram there: it is counted, and for the rest consent will tell (RFC 7675). */
  sendError(local: TransportAddress, remote: TransportAddress, kind: string, now: Instant): void {
    this.transport.ice?.sendError(local, remote, kind, now);
  }

  addLocalCandidate(candidate: LocalCandidate, now: Instant): void {
    this.#version++;
    this.transport.ice?.addLocalCandidate(candidate, now);
  }

  endOfLocalCandidates(now: Instant): void {
    this.#version++;
    this.transport.ice?.endOfLocalCandidates(now);
  }

  pollGathererEvent(): GathererEvent | undefined {
    return this.#gathering.pollEvent();
  }

  /** A pair that was selected may have started DTLS. */
  pollIceEvent(now: Instant): IceEvent | undefined {
    const event = this.transport.pollIceEvent(now);
    if (event !== undefined) this.#version++;
    return event;
  }

  pollDtlsEvent(): TransportEvent | undefined {
    return this.transport.pollDtlsEvent();
  }

  /** The next datagram of a check, of a request to a server or of a handshake. */
  pollWrite(): Datagram | undefined {
    if (this.#silentAt === this.#version) return undefined;
    const datagram = this.transport.pollWrite() ?? this.#gathering.pollWrite();
    if (datagram !== undefined) return datagram;
    this.#silentAt = this.#version;
    this.#isWritable = this.transport.isWritable;
    return undefined;
  }

  /** Data that leaves together with the end of a handshake, or with that of the association. Call only while the transport is writable. */
  handleWrite(packet: Uint8Array, now: Instant): void {
    this.#version++;
    this.transport.handleWrite(packet, now);
  }

  /** Whether data and media may be sent, as it was when {@link Connectivity.pollWrite} had nothing left. */
  get isWritable(): boolean {
    return this.#silentAt === this.#version && this.#isWritable;
  }

  /** Returns whether a timer was due. */
  handleTimeout(now: Instant): boolean {
    const deadline = this.pollTimeout();
    if (deadline === undefined || deadline.at > now) return false;
    this.#version++;
    this.#gathering.handleTimeout(now);
    this.transport.handleTimeout(now);
    return true;
  }

  pollTimeout(): Deadline | undefined {
    if (this.#deadlineAt !== this.#version) {
      this.#deadline = earlier(this.transport.pollTimeout(), this.#gathering.pollTimeout());
      this.#deadlineAt = this.#version;
    }
    return this.#deadline;
  }

  /** Queues close_notify. Poll it before {@link Connectivity.closeIce} takes the path away. */
  closeDtls(now: Instant): void {
    this.#version++;
    this.transport.closeDtls(now);
  }

  closeIce(now: Instant): void {
    this.#version++;
    this.transport.closeIce(now);
    this.#gathering.stop();
  }

  /** Begins anew, without credentials, after the close. */
  reset(): void {
    this.#version++;
    this.transport = new Transport(this.#config, this.certificate, this.#environment);
  }
}
