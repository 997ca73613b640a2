import { type Deadline, earlier, type Environment, type Instant, sameAddress, TimerTable } from '../core/index.ts';
import type { DtlsConfig, DtlsEvent } from '../dtls/index.ts';
import { randomOfHello } from './dtls-hello.ts';
import { type Path, Successor } from './successor.ts';

/** How long a peer that may have moved has for another association. */
const MOVE_MS = 20_000;

// RFC 6347 4.1: the type of a record, and the lower byte of its epoch.
const CONTENT_ALERT = 21;
const CONTENT_DATA = 23;
const AT_EPOCH = 4;

/**
 * How an association follows another that was in use. Peers give their transport up when they reject the section that it
 * belongs to, and make another for the next one: the same certificates and ICE credentials, other sockets, a new handshake. Whether a
 * peer is one of these nobody says. So for a while after such an agreement a second handshake is let in, and only then; it
 * cannot harm what is in use, which stays until the new association is complete, its certificate proven.
 *
 * The peer says close_notify when it goes. While another association may follow, that end is held back.
 */
export class Succession {
  readonly #config: DtlsConfig;
  readonly #environment: Environment;
  readonly #timers: TimerTable<'succession'> = new TimerTable();
  /** When the window closes; `undefined` while there is none. */
  #until: Instant | undefined;
  /** The path before the peer can have moved. */
  #origin: Path | undefined;
  #end: DtlsEvent | undefined;
  #successor: Successor | undefined;

  constructor(config: DtlsConfig, environment: Environment) {
    this.#config = config;
    this.#environment = environment;
  }

  /** Whether another association may follow. */
  get isExpected(): boolean {
    return this.#until !== undefined;
  }

  /** Whether the association has ended and nobody was told yet. */
  get holdsEnd(): boolean {
    return this.#end !== undefined;
  }

  /** The transport belongs to another section now. Returns until when the peer may be on its way. */
  moved(path: Path | undefined, now: Instant): Instant {
    if (this.#until === undefined) this.#origin = path;
    this.#successor = undefined; // of a transport that was given up as well
    const until = now + MOVE_MS;
    this.#until = until;
    this.#timers.set('succession', until);
    return until;
  }

  /** Holds the end of the association back, if that may be how the peer goes. */
  hold(event: DtlsEvent): boolean {
    if (event.type !== 'closed' || this.#until === undefined) return false;
    this.#end = event;
    return true;
  }

  /** The end that was held back, once nothing can follow. */
  takeEnd(): DtlsEvent | undefined {
    if (this.#until !== undefined) return undefined;
    const end = this.#end;
    this.#end = undefined;
    return end;
  }

  /** A client says hello where the peer was not before. */
  follow(path: Path | undefined, now: Instant): void {
    if (this.#config.role !== 'client' || this.#until === undefined || this.#successor !== undefined || path === undefined) return;
    if (this.#origin !== undefined && sameAddress(this.#origin.remote, path.remote)) return;
    this.#begin(undefined, this.#until, now).dtls.start(now);
  }

  /**
   * Takes a datagram of a new handshake. What may belong to the association in use is left to that.
   *
   * @param isUp - whether there is one
   */
  handleRead(bytes: Uint8Array, from: Path, isUp: boolean, now: Instant): boolean {
    if (this.#until === undefined) return false;
    const isOfEither = bytes[0] === CONTENT_DATA || (bytes[0] === CONTENT_ALERT && bytes[AT_EPOCH] !== 0);
    if (isOfEither && isUp) return false;
    if (this.#successor === undefined && (isOfEither || this.#config.role !== 'server' || randomOfHello(bytes) === undefined)) return false;
    const successor = this.#successor ?? this.#begin(from, this.#until, now);
    successor.handleRead(bytes, from, now);
    this.#check(successor);
    return true;
  }

  /** The new association once it is complete; then all of this is over. */
  take(): Successor | undefined {
    const successor = this.#successor;
    if (successor?.dtls.state !== 'connected') return undefined;
    while (successor.dtls.pollEvent() !== undefined); // that it is connected is known
    this.close();
    return successor;
  }

  /** The next datagram of the handshake, and where it goes if that is not the way of all. */
  pollWrite(): { readonly bytes: Uint8Array; readonly path: Path | undefined } | undefined {
    const successor = this.#successor;
    const bytes = successor?.pollWrite();
    return bytes && { bytes, path: successor?.path };
  }

  handleTimeout(now: Instant): void {
    if (this.#timers.expire(now) !== undefined) return this.#leave();
    const successor = this.#successor;
    if (successor === undefined) return;
    successor.dtls.handleTimeout(now);
    this.#check(successor);
  }

  pollTimeout(): Deadline | undefined {
    return earlier(this.#timers.next(), this.#successor?.dtls.pollTimeout());
  }

  close(): void {
    this.#leave();
    this.#end = undefined;
  }

  #leave(): void {
    this.#until = undefined;
    this.#origin = undefined;
    this.#successor = undefined;
    this.#timers.clear();
  }

  #begin(asked: Path | undefined, until: Instant, now: Instant): Successor {
    this.#successor = new Successor({ ...this.#config, handshakeTimeoutMs: Math.max(1, until - now) }, asked, this.#environment);
    return this.#successor;
  }

  /** One that failed makes room for the next. */
  #check(successor: Successor): void {
    if (successor.dtls.state === 'failed' || successor.dtls.state === 'closed') this.#successor = undefined;
  }
}
