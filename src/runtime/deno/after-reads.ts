import type { DenoDatagramConn, DenoPlatform } from './platform.ts';

/** A pulse that has not come back by then is not coming, in milliseconds: somebody else's datagrams filled its buffer. */
const PULSE_PATIENCE_MS = 20;

/**
 * The hook behind the reads. While an event loop of Deno is kept busy by `setImmediate`, it looks for readable sockets only once
 * in some sixty turns, and datagrams are lost meanwhile. So each turn sends one byte from a loopback socket to itself and waits
 * for it: that makes the loop look at all sockets, and what they hold is read before the callbacks come.
 */
export class AfterReads {
  readonly #conn: DenoDatagramConn;
  readonly #byte: Uint8Array = new Uint8Array(1);
  readonly #buffer: Uint8Array = new Uint8Array(16);
  #waiting: (() => void)[] = [];
  #isArmed = false;
  /** Counts pulses, so that one that comes late is not taken for the present one. */
  #pulse = 0;
  #isReceiving = false;

  constructor(listenDatagram: NonNullable<DenoPlatform['listenDatagram']>) {
    this.#conn = listenDatagram({ transport: 'udp', hostname: '127.0.0.1', port: 0 });
    this.#conn.unref();
  }

  /** See `Runtime.afterReads`. */
  add(callback: () => void): void {
    this.#waiting.push(callback);
    if (!this.#isArmed) this.#arm();
  }

  #arm(): void {
    this.#isArmed = true;
    const pulse = ++this.#pulse;
    const done = (): void => {
      clearTimeout(late); // also what holds the process, since the socket does not
      if (pulse !== this.#pulse || !this.#isArmed) return;
      this.#pulse++;
      setImmediate(this.#run);
    };
    const late = setTimeout(done, PULSE_PATIENCE_MS);
    // The read must wait before the byte is there: one that finds it at once does not make the loop look.
    if (!this.#isReceiving) void this.#receive();
    this.#onPulse = done;
    this.#conn.send(this.#byte, this.#conn.addr).catch(done);
  }

  #onPulse: () => void = () => {};

  async #receive(): Promise<void> {
    this.#isReceiving = true;
    try {
      await this.#conn.receive(this.#buffer);
    } catch {
      // What failed to be read is as good a sign of life.
    }
    this.#isReceiving = false;
    this.#onPulse();
  }

  readonly #run = (): void => {
    const callbacks = this.#waiting;
    this.#waiting = [];
    this.#isArmed = false;
    for (const callback of callbacks) {
      try {
        callback();
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  };
}
