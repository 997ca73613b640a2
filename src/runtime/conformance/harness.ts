import type { TransportAddress } from '../../core/index.ts';
import type { Runtime, SocketError, UdpBindOptions, UdpHandler, UdpSocket } from '../runtime.ts';

/** Waiting for what a correct runtime does at once, in milliseconds. */
const PATIENCE_MS = 2000;
/** Waiting for what must not come, in milliseconds. */
export const QUIET_MS = 30;

export interface ScopedCase {
  readonly name: string;
  run(scope: Scope): Promise<void>;
}

export interface Arrival {
  readonly bytes: Uint8Array;
  /** What the bytes were when they came. */
  readonly copy: Uint8Array;
  readonly remote: TransportAddress;
}

/** A socket that notes what its handler is told. */
export class Ear implements UdpHandler {
  readonly arrivals: Arrival[] = [];
  readonly errors: SocketError[] = [];
  closes = 0;
  /** Whether the owner is inside a call of the runtime: no handler may be called then. */
  busy = false;
  reentered = false;
  socket!: UdpSocket;

  onDatagram(bytes: Uint8Array, remote: TransportAddress): void {
    this.reentered ||= this.busy;
    this.arrivals.push({ bytes, copy: new Uint8Array(bytes), remote });
  }

  onError(error: SocketError): void {
    this.reentered ||= this.busy;
    this.errors.push(error);
  }

  onClose(): void {
    this.reentered ||= this.busy;
    this.closes++;
  }

  /** Sends, and notes a handler that is called meanwhile. */
  send(bytes: Uint8Array, remote: TransportAddress): void {
    this.busy = true;
    try {
      this.socket.send(bytes, remote);
    } catch (cause) {
      fail(`send threw ${String(cause)}; a failure is for onError`, cause);
    } finally {
      this.busy = false;
    }
  }
}

/** The runtime under test, with what must be let go of at the end. */
export class Scope {
  readonly runtime: Runtime;
  readonly #endings: (() => Promise<void>)[] = [];

  constructor(runtime: Runtime) {
    this.runtime = runtime;
  }

  async end(): Promise<void> {
    await Promise.all(this.#endings.map((end) => end()));
  }

  /** Lets something go at the end of the case. */
  atEnd(end: () => Promise<void>): void {
    this.#endings.push(end);
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.runtime.setTimer(delayMs, resolve));
  }

  /** Waits until something holds. */
  async until(what: string, holds: () => boolean): Promise<void> {
    const start = this.runtime.now();
    while (!holds()) {
      ensure(this.runtime.now() - start < PATIENCE_MS, `waited in vain: ${what}`);
      await this.sleep(1);
    }
  }

  async bind(address: string, options: Partial<UdpBindOptions> = {}): Promise<Ear> {
    const ear = new Ear();
    ear.socket = await this.runtime.bindUdp({ local: { address, port: 0 }, handler: ear, ...options });
    this.atEnd(() => ear.socket.close());
    return ear;
  }

  /** The loopback addresses that can be bound here. */
  async loopbacks(): Promise<readonly string[]> {
    const usable: string[] = [];
    for (const address of ['127.0.0.1', '::1']) {
      try {
        await (await this.runtime.bindUdp({ local: { address, port: 0 }, handler: new Ear() })).close();
        usable.push(address);
      } catch {
        // Containers often have one family only.
      }
    }
    ensure(usable.length > 0, 'no loopback address can be bound');
    return usable;
  }
}

export function pattern(size: number, salt: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + salt * 17 + (i >> 8)) & 0xff;
  return bytes;
}

export function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

export function ensure(condition: boolean, otherwise: string): asserts condition {
  if (!condition) fail(otherwise);
}

export function fail(message: string, cause?: unknown): never {
  throw new Error(message, cause === undefined ? undefined : { cause });
}
