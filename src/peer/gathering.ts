import { type Datagram, type Deadline, type Environment, type Instant, sameAddress, type TransportAddress } from '../core/index.ts';
import type { PeerConfig } from './config.ts';
import { demux } from './demux.ts';
import { Gatherer, type GathererEvent, type GathererInput, type GathererInterface } from './gatherer/index.ts';
import type { IceGatheringState } from './states.ts';

/** The gatherer of the present ICE generation, and what every later one must be told of the sockets. */
export class Gathering {
  readonly #environment: Environment;
  #sockets: readonly (GathererInput & { readonly type: 'socket' })[] = [];
  #interfaces: readonly GathererInterface[] = [];
  #areSocketsDone = false;
  #gatherer: Gatherer | undefined;
  #isRelayOnly = false;
  #hasGathered = false;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** W3C `RTCIceGathererState`. */
  get state(): IceGatheringState {
    return this.#gatherer !== undefined ? 'gathering' : this.#hasGathered ? 'complete' : 'new';
  }

  /** Whether a socket is one of these. */
  has(local: TransportAddress): boolean {
    return this.#sockets.some((socket) => sameAddress(socket.local, local));
  }

  /** The addresses of this host, as far as they are known. */
  get interfaces(): readonly GathererInterface[] {
    return this.#interfaces;
  }

  /**
   * Begins anew, for a new generation of credentials, over the same sockets. The policy `relay` must not show our addresses
   * to anybody, a STUN server included, so its gatherer hears of no socket.
   */
  start(config: PeerConfig, now: Instant): void {
    const { iceServers: servers, stunDeadlineMs: deadlineMs } = config;
    this.#isRelayOnly = config.iceTransportPolicy === 'relay';
    this.#gatherer = new Gatherer({ servers, ...(deadlineMs !== undefined && { deadlineMs }) }, this.#environment);
    if (!this.#isRelayOnly) for (const socket of this.#sockets) this.#gatherer.handleEvent(socket, now);
    if (this.#areSocketsDone) this.#gatherer.handleEvent({ type: 'sockets-done' }, now);
  }

  stop(): void {
    this.#gatherer = undefined;
    this.#hasGathered = false;
  }

  handleEvent(input: GathererInput, now: Instant): void {
    switch (input.type) {
      case 'socket':
        this.#sockets = this.#sockets.concat(input);
        this.#interfaces = input.interfaces;
        break;
      case 'sockets-done':
        this.#areSocketsDone = true;
        break;
      case 'socket-closed':
        this.#sockets = this.#sockets.filter(({ local }) => local.port !== input.local.port || local.address !== input.local.address);
        break;
      case 'resolved':
        break;
      default:
        input satisfies never;
    }
    if (!this.#isRelayOnly || input.type === 'sockets-done') this.#gatherer?.handleEvent(input, now);
  }

  /** Takes a datagram that answers a request of the gatherer; false when it is somebody else's. */
  handleRead(datagram: Datagram, now: Instant): boolean {
    if (this.#gatherer === undefined || demux(datagram.bytes[0]) !== 'stun' || !this.#gatherer.owns(datagram)) return false;
    this.#gatherer.handleRead(datagram, now);
    return true;
  }

  pollWrite(): Datagram | undefined {
    return this.#gatherer?.pollWrite();
  }

  /** With the last of its events the gatherer goes: all servers have answered, or had their time. */
  pollEvent(): GathererEvent | undefined {
    const event = this.#gatherer?.pollEvent();
    if (event?.type === 'complete') {
      this.#gatherer = undefined;
      this.#hasGathered = true;
    }
    return event;
  }

  handleTimeout(now: Instant): void {
    this.#gatherer?.handleTimeout(now);
  }

  pollTimeout(): Deadline | undefined {
    return this.#gatherer?.pollTimeout();
  }
}
