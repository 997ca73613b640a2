import type { Instant, TransportAddress } from '../core/index.ts';
import type { Peer } from '../peer/index.ts';
import type { Runtime, SocketError, TimerHandle } from '../runtime/runtime.ts';
import { packetMemory } from './packet-memory.ts';
import { Reading, type Reader } from './reading.ts';
import { Sockets, type SocketsHandler } from './sockets.ts';

/** What a driver does with what comes out of its peer. Called after a flush, never inside one. */
export interface DriverHandler {
  /** Events or messages of the peer may wait: poll them. It may write to the peer. It must not throw. */
  onOutput(): void;
  /** The peer threw where it must not: it cannot go on. */
  onFault(error: unknown): void;
}

export interface DriverOptions {
  /** Addresses to bind; by default every usable interface address, with a port of the system's choice. */
  readonly udpAddrs?: readonly string[] | undefined;
}

/**
 * What is sent at most before what has come is handed over: to send all that a window holds takes longer than an answer may wait. And
 * whoever fills a buffer when it has run low hears of that before it is empty, so that no packet goes out half full for it.
 */
const BYTES_PER_ROUND: number = 64 * 1024;
/** The most, and the longest time, before other work of the event loop gets its turn. */
const ROUNDS_PER_TURN = 8;
const TURN_MS = 5;

/**
 * Deadlines that come every few seconds for as long as a connection lives, and that a quarter of a second does not matter to. Those of all
 * connections of a process fall together, so that fewer of its wake-ups find everything cold. RFC 7675 5.1 wants consent checks spread, which
 * they are over eight of these.
 */
const UNHURRIED: ReadonlySet<string> = new Set(['consent', 'heartbeat']);
const UNHURRIED_MS = 250;

/**
 * Pumps one peer: the only place where time and sockets meet the protocols. One flush a turn of the event loop serves all
 * datagrams and writes of that turn: one acknowledgement, one look at the timers, one batch of sends. A turn in which much is read or sent is cut
 * into pieces, so that a small message does not wait for the large ones around it.
 */
export class PeerConnectionDriver implements SocketsHandler, Reader {
  readonly #peer: Peer;
  readonly #runtime: Runtime;
  readonly #handler: DriverHandler;
  readonly #sockets: Sockets;
  readonly #reading: Reading;
  #udpAddrs: readonly string[] | undefined;
  #timer: TimerHandle | undefined;
  #timerAt: Instant = Infinity;
  #turnPending = false;
  /** Whether the runtime will call for a turn, which may have been had by then. */
  #turnAsked = false;
  #inTurn = false;
  /** Whether the peer was written to in this turn, after its flush. */
  #dirty = false;
  #closed = false;

  constructor(peer: Peer, runtime: Runtime, handler: DriverHandler) {
    this.#peer = peer;
    this.#runtime = runtime;
    this.#handler = handler;
    this.#sockets = new Sockets(runtime, this);
    this.#reading = Reading.of(runtime);
  }

  now(): Instant {
    return this.#runtime.now();
  }

  /** Binds the sockets and tells the peer of them. Rejects with `ERR_NETWORK` or `ERR_INVALID_ARGUMENT`. */
  async open(options: DriverOptions): Promise<void> {
    this.#udpAddrs = options.udpAddrs;
    if (options.udpAddrs) await this.#sockets.bindNamed(options.udpAddrs);
    else await this.#sockets.bindInterfaces();
    if (this.#sockets.sendAtOnce) this.#peer.usePacketMemory(packetMemory);
    const interfaces = this.#runtime.interfaces();
    const now = this.now();
    for (const local of this.#sockets.locals) this.#peer.handleEvent({ type: 'socket', local, interfaces }, now);
    this.#peer.handleEvent({ type: 'sockets-done' }, now);
  }

  /**
   * Binds sockets for another transport of the peer: at the addresses of the first, with ports of the system's choice. Without any that
   * transport fails in its own time.
   */
  openTransport(transport: number): void {
    void this.#bindMore(transport).catch((error: unknown) => this.#handler.onFault(error));
  }

  async #bindMore(transport: number): Promise<void> {
    const locals = await this.#sockets.bindMore(transport, this.#udpAddrs);
    if (this.#closed) return;
    const interfaces = this.#runtime.interfaces();
    const now = this.now();
    for (const local of locals) this.#peer.handleEvent({ type: 'socket', local, interfaces, transport }, now);
    this.#peer.handleEvent({ type: 'sockets-done', transport }, now);
    this.wake();
  }

  /** Closes the sockets of a transport that has ended, once what it said last is sent. */
  closeTransport(transport: number): void {
    if (this.#closed) return;
    try {
      this.#flush(ROUNDS_PER_TURN * BYTES_PER_ROUND);
    } catch (error) {
      return this.#handler.onFault(error);
    }
    this.#sockets.closeMore(transport);
  }

  /** Looks up a host name for the peer. */
  resolve(hostname: string): void {
    void this.#runtime.resolve(hostname).then((addresses) => {
      if (this.#closed) return;
      this.#peer.handleEvent({ type: 'resolved', hostname, addresses }, this.now());
      this.wake();
    });
  }

  /** The peer was written to, or its output was read: flush before the event loop sleeps. */
  wake(): void {
    if (this.#inTurn) this.#dirty = true;
    else if (!this.#turnPending && !this.#closed) {
      this.#turnPending = true;
      if (!this.#turnAsked) this.#runtime.afterReads(this.#onAfterReads);
      this.#turnAsked = true;
    }
  }

  /** Sends what the peer still has to say, then lets go of sockets and timers. */
  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    try {
      this.#flush(Infinity);
    } catch {
      // A peer that is broken has no last words.
    }
    this.#closed = true;
    this.#reading.end(this);
    this.#timer?.cancel();
    this.#timer = undefined;
    return this.#sockets.close();
  }

  /** @internal */
  onError(error: SocketError, local: TransportAddress): void {
    this.#peer.handleEvent({ type: 'socket-error', local, kind: error.kind, remote: error.remote, sizeBytes: error.sizeBytes }, this.now());
    this.wake();
  }

  /** @internal */
  onClose(local: TransportAddress): void {
    this.#peer.handleEvent({ type: 'socket-closed', local }, this.now());
    this.wake();
  }

  /** @internal */
  onDatagram(bytes: Uint8Array, local: TransportAddress, remote: TransportAddress): void {
    if (this.#closed) return;
    this.#reading.begin(this);
    if (this.#closed) return; // by a handler of who was read before
    try {
      this.#peer.handleRead({ bytes, local, remote }, this.#runtime.now());
      if (this.#peer.isAnswerUrgent) this.#answer();
    } catch (error) {
      return this.#handler.onFault(error);
    }
    this.wake();
  }

  /** @internal */
  onReadingEnd(): void {
    if (this.#turnPending && !this.#inTurn && this.#peer.hasReadData) this.#turn();
  }

  readonly #onAfterReads = (): void => {
    this.#turnAsked = false;
    if (this.#turnPending) this.#turn();
  };

  /**
   * What the handlers write goes out in the same turn (a reply must not wait for the loop to wake up again), but not for
   * ever: handlers that always answer get another turn.
   */
  #turn(): void {
    this.#turnPending = false;
    if (this.#closed) return;
    this.#inTurn = true;
    let isMoreToSend = false;
    try {
      isMoreToSend = this.#rounds();
      this.#arm();
    } catch (error) {
      this.#handler.onFault(error);
    } finally {
      this.#inTurn = false;
    }
    if (this.#dirty || isMoreToSend) this.wake();
  }

  /** Returns whether output was left. */
  #rounds(): boolean {
    const start = this.#runtime.now();
    let isMoreToSend = this.#exchange();
    for (let round = 1; round < ROUNDS_PER_TURN && (isMoreToSend || this.#dirty) && !this.#closed; round++) {
      if (this.#runtime.now() - start > TURN_MS) break;
      isMoreToSend = this.#exchange();
    }
    return isMoreToSend;
  }

  /** Acknowledgements and some of what waits go out, then what has come is handed over. Returns whether output was left. */
  #exchange(): boolean {
    const isMoreToSend = this.#flush(BYTES_PER_ROUND);
    this.#dirty = false;
    this.#handler.onOutput();
    return isMoreToSend;
  }

  /** A part of a turn, while more datagrams lie in the socket: what came with a long message is answered before all of that is read. */
  #answer(): void {
    this.#inTurn = true;
    try {
      this.#exchange();
      if (this.#dirty && !this.#closed) this.#flush(BYTES_PER_ROUND);
    } finally {
      this.#inTurn = false;
    }
  }

  /** Time, then output. Returns whether output was left for the next turn. */
  #flush(limit: number): boolean {
    const start = this.#runtime.now();
    this.#peer.handleTimeout(start);
    try {
      return this.#send(limit, start);
    } finally {
      if (packetMemory.usedBytes > 0) this.#freePackets();
    }
  }

  #send(limit: number, start: Instant): boolean {
    let sent = 0;
    let sentBytes = 0;
    let isMoreToSend = false;
    for (let datagram = this.#peer.pollWrite(); datagram !== undefined; datagram = this.#peer.pollWrite()) {
      this.#sockets.send(datagram.bytes, datagram.local, datagram.remote);
      sentBytes += datagram.bytes.length;
      if (packetMemory.isHalfUsed && !this.#peer.holdsPackets) this.#freePackets();
      isMoreToSend = sentBytes >= limit || ((++sent & 31) === 0 && limit !== Infinity && this.#runtime.now() - start > TURN_MS);
      if (isMoreToSend) break;
    }
    return isMoreToSend;
  }

  /** What the system has taken makes room for the next packets; what waits in a socket, or still in the peer, stays where it is. */
  #freePackets(): void {
    if (this.#sockets.queuedBytes === 0 && !this.#peer.holdsPackets) packetMemory.reuse();
    else packetMemory.leave();
  }

  /** Keeps one timer. One that fires early is harmless and looks again, so a deadline that moves away costs nothing while there is traffic. */
  #arm(): void {
    if (this.#closed) return;
    const deadline = this.#peer.pollTimeout();
    if (deadline === undefined) {
      this.#timer?.cancel();
      this.#timer = undefined;
      this.#timerAt = Infinity;
      return;
    }
    const isUnhurried = UNHURRIED.has(deadline.reason);
    const at = isUnhurried ? Math.ceil(deadline.at / UNHURRIED_MS) * UNHURRIED_MS : deadline.at;
    // A turn for nothing costs more than another timer, where it would be the only turn in seconds.
    if (this.#timer !== undefined && this.#timerAt <= at && !(isUnhurried && this.#timerAt + UNHURRIED_MS < at)) return;
    this.#timer?.cancel();
    this.#timerAt = at;
    this.#timer = this.#runtime.setTimer(at - this.#runtime.now(), this.#onTimer);
  }

  /** What a deadline waits for may lie in the socket already, when the loop was busy: it is read first. */
  readonly #onTimer = (): void => {
    this.#timer = undefined;
    this.#timerAt = Infinity;
    this.wake();
  };
}
