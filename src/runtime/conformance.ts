import { canonicalAddress, RtcError, type TransportAddress } from '../core/index.ts';
import type { Runtime, SocketError, UdpBindOptions, UdpHandler, UdpSocket } from './runtime.ts';

/** One thing that every runtime must do. `run` rejects, or throws, with an explanation when it does not. */
export interface RuntimeConformanceCase {
  readonly name: string;
  run(runtime: Runtime): Promise<void>;
}

/**
 * What every runtime must do, as cases for any test runner. They use loopback addresses only and take about two seconds
 * of the runtime's time.
 *
 * @example
 * for (const { name, run } of runtimeConformance()) test(name, () => run(myRuntime()));
 */
export function runtimeConformance(): readonly RuntimeConformanceCase[] {
  return [...clockCases, ...timerCases, ...udpCases, ...afterReadsCases, ...systemCases].map(({ name, run }) => ({
    name,
    async run(runtime) {
      const scope = new Scope(runtime);
      try {
        await run(scope);
      } finally {
        await scope.end();
      }
    },
  }));
}

/** Waiting for what a correct runtime does at once, in milliseconds. */
const PATIENCE_MS = 2000;
/** Waiting for what must not come, in milliseconds. */
const QUIET_MS = 30;
/** More turns of a loop than any datagram needs to arrive. */
const MANY_ROUNDS = 20_000;
/** Two readings of a clock with fractions may differ by what a double cannot hold. */
const ROUNDING_MS = 1e-6;

interface ScopedCase {
  readonly name: string;
  run(scope: Scope): Promise<void>;
}

interface Arrival {
  readonly bytes: Uint8Array;
  /** What the bytes were when they came. */
  readonly copy: Uint8Array;
  readonly remote: TransportAddress;
}

/** A socket that notes what its handler is told. */
class Ear implements UdpHandler {
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
class Scope {
  readonly runtime: Runtime;
  readonly #sockets: UdpSocket[] = [];

  constructor(runtime: Runtime) {
    this.runtime = runtime;
  }

  async end(): Promise<void> {
    await Promise.all(this.#sockets.map((socket) => socket.close()));
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
    this.#sockets.push(ear.socket);
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

const clockCases: readonly ScopedCase[] = [
  {
    name: 'the clock never goes back, and moves while a timer runs',
    async run(scope) {
      const { runtime } = scope;
      const start = runtime.now();
      let last = start;
      for (let round = 0; round < 10; round++) {
        for (let i = 0; i < 1000; i++) {
          const now = runtime.now();
          ensure(now >= last, `the clock went from ${last} to ${now}`);
          last = now;
        }
        await scope.sleep(1);
      }
      ensure(last - start >= 8, `ten timers of 1 ms took ${last - start} ms`);
    },
  },
  {
    name: 'the clock has fractions of a millisecond',
    async run(scope) {
      await scope.sleep(0.25);
      for (let i = 0; i < 20; i++) {
        if (!Number.isInteger(scope.runtime.now())) return;
        await scope.sleep(0.3);
      }
      fail('twenty readings were whole milliseconds');
    },
  },
  {
    name: 'the wall clock counts milliseconds since the Unix epoch',
    async run({ runtime }) {
      const now = runtime.unixNow();
      ensure(now > Date.UTC(2020, 0) && now < Date.UTC(2200, 0), `unixNow() is ${now}`);
    },
  },
];

const timerCases: readonly ScopedCase[] = [
  {
    name: 'a timer is never early and fires once',
    async run(scope) {
      const { runtime } = scope;
      const wanted = [0, 0.5, 1, 1.7, 3, 7.3, 20, ...Array.from({ length: 30 }, (_, i) => 1 + (i % 5) * 0.4)];
      let fired = 0;
      const early: string[] = [];
      for (const delay of wanted) {
        const start = runtime.now();
        runtime.setTimer(delay, () => {
          fired++;
          const took = runtime.now() - start;
          if (took < delay - ROUNDING_MS) early.push(`${delay} ms took ${took} ms`);
        });
        if (delay < 1.5) await scope.sleep(0.7);
      }
      await scope.until('all timers', () => fired >= wanted.length);
      await scope.sleep(QUIET_MS);
      ensure(early.length === 0, `early: ${early.join(', ')}`);
      ensure(fired === wanted.length, `${wanted.length} timers fired ${fired} times`);
    },
  },
  {
    name: 'a timer never calls back from inside setTimer, whatever its delay',
    async run(scope) {
      let fired = 0;
      let inside = true;
      let wasInside = false;
      for (const delay of [0, -1, -Infinity, Number.NaN]) {
        scope.runtime.setTimer(delay, () => {
          fired++;
          wasInside ||= inside;
        });
      }
      inside = false;
      ensure(!wasInside, 'a callback came from inside setTimer');
      await scope.until('timers without a delay', () => fired === 4);
    },
  },
  {
    name: 'a cancelled timer does not fire, and cancelling again or too late is harmless',
    async run(scope) {
      let fired = 0;
      const early = scope.runtime.setTimer(5, () => fired++);
      const late = scope.runtime.setTimer(1, () => {});
      early.cancel();
      early.cancel();
      await scope.sleep(QUIET_MS);
      late.cancel();
      late.cancel();
      ensure(fired === 0, 'it fired');
    },
  },
  {
    name: 'a timer can be cancelled by another one of the same instant',
    async run(scope) {
      let fired = 0;
      const handles = [1, 2].map((_, i, all) =>
        scope.runtime.setTimer(2, () => {
          fired++;
          for (const other of all.keys()) if (other !== i) handles[other]?.cancel();
        }),
      );
      await scope.sleep(QUIET_MS);
      ensure(fired === 1, `${fired} fired`);
    },
  },
  {
    name: 'a delay beyond 2^31-1 ms does not fire at once (A-JS-06)',
    async run(scope) {
      let fired = 0;
      const handles = [2 ** 31, 2 ** 32 + 5, 2 ** 53, Infinity].map((delay) => scope.runtime.setTimer(delay, () => fired++, false));
      await scope.sleep(QUIET_MS);
      for (const handle of handles) handle.cancel();
      ensure(fired === 0, `${fired} fired`);
    },
  },
  {
    name: 'timers fire in the order of their deadlines',
    async run(scope) {
      const order: number[] = [];
      for (const delay of [40, 5, 60, 20]) scope.runtime.setTimer(delay, () => order.push(delay));
      await scope.until('four timers', () => order.length === 4);
      ensure(order.join() === '5,20,40,60', order.join());
    },
  },
];

const udpCases: readonly ScopedCase[] = [
  {
    name: 'a socket bound to port 0 has an address and a port',
    async run(scope) {
      for (const address of await scope.loopbacks()) {
        const [a, b] = [await scope.bind(address), await scope.bind(address)];
        ensure(a.socket.localAddress.address === address, `bound to ${a.socket.localAddress.address}`);
        ensure(a.socket.localAddress.port > 0 && a.socket.localAddress.port < 65536, `port ${a.socket.localAddress.port}`);
        ensure(a.socket.localAddress.port !== b.socket.localAddress.port, 'two sockets share a port');
      }
    },
  },
  {
    name: 'what cannot be bound is refused with a typed error',
    async run(scope) {
      const [address] = (await scope.loopbacks()) as [string];
      const taken = (await scope.bind(address)).socket.localAddress;
      for (const [local, code] of [
        [taken, 'ERR_NETWORK'],
        [{ address: '203.0.113.213', port: 0 }, 'ERR_NETWORK'],
        [{ address: 'localhost', port: 0 }, 'ERR_INVALID_ARGUMENT'],
      ] as const) {
        const error = await scope.runtime.bindUdp({ local, handler: new Ear() }).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        ensure(error instanceof RtcError && error.code === code, `${local.address}: ${String(error)}`);
      }
    },
  },
  {
    name: 'datagrams arrive with their sender, in order, from 0 to 60,000 bytes',
    async run(scope) {
      for (const address of await scope.loopbacks()) {
        const [a, b] = [await scope.bind(address), await scope.bind(address)];
        const sizes = [0, 1, 3, 1200, 1500, 16_384, 60_000, 0, 7];
        sizes.forEach((size, i) => a.send(pattern(size, i), b.socket.localAddress));
        await scope.until('all datagrams', () => b.arrivals.length >= sizes.length);
        await scope.sleep(QUIET_MS);
        ensure(b.arrivals.length === sizes.length, `${sizes.length} datagrams arrived ${b.arrivals.length} times`);
        b.arrivals.forEach(({ bytes, remote }, i) => {
          ensure(same(bytes, pattern(sizes[i] as number, i)), `datagram ${i} differs`);
          ensure(remote.address === address && remote.port === a.socket.localAddress.port, `from ${remote.address}:${remote.port}`);
        });
        b.send(pattern(9, 1), (b.arrivals[0] as Arrival).remote);
        await scope.until('the answer', () => a.arrivals.length === 1);
      }
    },
  },
  {
    name: 'each datagram is in memory of its own, and of its own size, that the owner may write to',
    async run(scope) {
      const [address] = (await scope.loopbacks()) as [string];
      const [a, b] = [await scope.bind(address), await scope.bind(address)];
      for (let i = 0; i < 60; i++) a.send(pattern(100 + i, i), b.socket.localAddress);
      await scope.until('60 datagrams', () => b.arrivals.length === 60);
      ensure(new Set(b.arrivals.map(({ bytes }) => bytes.buffer)).size === 60, 'two datagrams share a buffer');
      for (const { bytes, copy } of b.arrivals) {
        ensure(same(bytes, copy), 'a datagram changed after it was delivered');
        ensure(Object.getPrototypeOf(bytes) === Uint8Array.prototype, 'not a plain Uint8Array');
        ensure(bytes.buffer.byteLength <= bytes.length + 4096, `${bytes.length} bytes hold on to ${bytes.buffer.byteLength}`);
        bytes.fill(0xff);
      }
    },
  },
  {
    name: 'the sent bytes are not changed by whoever gets them',
    async run(scope) {
      const [address] = (await scope.loopbacks()) as [string];
      const [a, b] = [await scope.bind(address), await scope.bind(address)];
      const whole = pattern(64, 1);
      a.send(whole.subarray(8, 24), b.socket.localAddress);
      await scope.until('the datagram', () => b.arrivals.length === 1);
      const { bytes } = b.arrivals[0] as Arrival;
      ensure(same(bytes, pattern(64, 1).subarray(8, 24)), 'not the part that was sent');
      bytes.fill(0xee);
      ensure(same(whole, pattern(64, 1)), 'the sender sees what the receiver writes');
    },
  },
  {
    name: 'handlers are never called from inside send',
    async run(scope) {
      const [address] = (await scope.loopbacks()) as [string];
      const ear = await scope.bind(address);
      ear.send(pattern(10, 1), ear.socket.localAddress);
      ear.send(new Uint8Array(70_000), ear.socket.localAddress);
      await scope.until('the datagram to itself', () => ear.arrivals.length === 1);
      ensure(!ear.reentered, 'a handler was called from inside send');
    },
  },
  {
    name: 'an unreachable port is at most reported, and the socket goes on (A-OS-01)',
    async run(scope) {
      for (const address of await scope.loopbacks()) {
        const [a, b, gone] = [await scope.bind(address), await scope.bind(address), await scope.bind(address)];
        const nobody = gone.socket.localAddress;
        await gone.socket.close();
        for (let i = 0; i < 5; i++) {
          a.send(pattern(20, i), nobody);
          await scope.sleep(2);
        }
        for (const error of a.errors) ensure(error.kind === 'unreachable', `${error.code} is ${error.kind}`);
        ensure(a.closes === 0, 'the socket was closed');
        a.send(pattern(5, 5), b.socket.localAddress);
        await scope.until('a datagram after the errors', () => b.arrivals.length === 1);
      }
    },
  },
  {
    name: 'a datagram that is too large is reported with its size and never cut (A-OS-02, A-OS-06)',
    async run(scope) {
      const [address] = (await scope.loopbacks()) as [string];
      const [a, b] = [await scope.bind(address), await scope.bind(address)];
      a.send(new Uint8Array(65_536), b.socket.localAddress);
      await scope.until('the error', () => a.errors.length > 0);
      const [error] = a.errors as [SocketError];
      ensure(error.kind === 'too-large', `${error.code} is ${error.kind}`);
      ensure(error.sizeBytes === undefined || error.sizeBytes === 65_536, `size ${error.sizeBytes}`);
      a.send(pattern(65_507, 3), b.socket.localAddress);
      await scope.until('the largest datagram, or its error', () => b.arrivals.length + a.errors.length > 1);
      for (const { bytes } of b.arrivals) ensure(same(bytes, pattern(65_507, 3)), `${bytes.length} of 65507 bytes came`);
    },
  },
  {
    name: 'a destination that makes no sense is reported, not thrown',
    async run(scope) {
      const [address] = (await scope.loopbacks()) as [string];
      const [a, b] = [await scope.bind(address), await scope.bind(address)];
      a.send(pattern(3, 0), { address, port: 0 });
      a.send(pattern(3, 0), { address: address.includes(':') ? '127.0.0.1' : '::1', port: 9 });
      await scope.until('two errors', () => a.errors.length === 2);
      a.send(pattern(3, 0), b.socket.localAddress);
      await scope.until('a datagram after the errors', () => b.arrivals.length === 1);
    },
  },
  {
    name: 'after close no handler is called, send is ignored and closing again is harmless',
    async run(scope) {
      const [address] = (await scope.loopbacks()) as [string];
      const [a, b] = [await scope.bind(address), await scope.bind(address)];
      for (let i = 0; i < 10; i++) a.send(pattern(10, i), b.socket.localAddress);
      a.send(new Uint8Array(70_000), b.socket.localAddress);
      const closing = Promise.all([b.socket.close(), a.socket.close()]);
      const [heard, errors] = [b.arrivals.length, a.errors.length];
      a.send(pattern(1, 1), b.socket.localAddress);
      await closing;
      await Promise.all([a.socket.close(), b.socket.close()]);
      await scope.sleep(QUIET_MS);
      ensure(b.arrivals.length === heard && a.errors.length === errors, 'a handler was called after close');
      ensure(a.closes + b.closes === 0, 'onClose was called for a socket that its owner closed');
      ensure(a.socket.queuedBytes === 0, 'a closed socket has a queue');
    },
  },
];

const afterReadsCases: readonly ScopedCase[] = [
  {
    name: 'afterReads calls back once and never from inside the call',
    async run(scope) {
      let calls = 0;
      let inside = true;
      let wasInside = false;
      scope.runtime.afterReads(() => {
        calls++;
        wasInside ||= inside;
      });
      inside = false;
      ensure(!wasInside, 'it was called from inside');
      await scope.until('the call', () => calls > 0);
      await scope.sleep(QUIET_MS);
      ensure(calls === 1, `it was called ${calls} times`);
    },
  },
  {
    name: 'afterReads comes after the datagrams that can be read already',
    async run(scope) {
      const [address] = (await scope.loopbacks()) as [string];
      const [a, b] = [await scope.bind(address), await scope.bind(address)];
      let atCall = -1;
      b.onDatagram = (bytes, remote) => {
        if (b.arrivals.length === 0) scope.runtime.afterReads(() => (atCall = b.arrivals.length));
        b.arrivals.push({ bytes, copy: bytes, remote });
      };
      for (let i = 0; i < 8; i++) a.send(pattern(50, i), b.socket.localAddress);
      await scope.until('the datagrams and the call', () => b.arrivals.length === 8 && atCall >= 0);
      ensure(atCall === 8, `it came after ${atCall} of 8`);
    },
  },
  {
    name: 'afterReads that asks for itself again lets datagrams through',
    async run(scope) {
      const [address] = (await scope.loopbacks()) as [string];
      const ear = await scope.bind(address);
      let rounds = 0;
      const again = (): void => {
        if (ear.arrivals.length === 0 && ++rounds < MANY_ROUNDS) scope.runtime.afterReads(again);
      };
      again();
      ear.send(pattern(1, 1), ear.socket.localAddress);
      await scope.until('the datagram', () => ear.arrivals.length === 1);
      ensure(rounds < MANY_ROUNDS, 'nothing else had a chance');
    },
  },
];

const systemCases: readonly ScopedCase[] = [
  {
    name: 'an address is its own answer, in canonical text',
    async run({ runtime }) {
      for (const [text, canonical] of [
        ['127.0.0.1', '127.0.0.1'],
        ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
        ['::ffff:192.0.2.1', '192.0.2.1'],
      ] as const) {
        const found = await runtime.resolve(text);
        ensure(found.length === 1 && found[0] === canonical, `${text} is ${found.join()}`);
      }
    },
  },
  {
    name: 'a name without addresses, or that is none, resolves to nothing and never rejects',
    async run({ runtime }) {
      for (const name of ['', ' ', '..', 'x'.repeat(300), 'nobody.invalid']) {
        const found = await runtime.resolve(name);
        ensure(Array.isArray(found) && found.length === 0, `${name} is ${found.join()}`);
      }
    },
  },
  {
    name: 'interfaces have canonical addresses, with a loopback one among them',
    async run({ runtime }) {
      const list = runtime.interfaces();
      ensure(
        list.some(({ isLoopback }) => isLoopback),
        'no loopback address',
      );
      for (const one of list) {
        ensure(canonicalAddress(one.address) === one.address, `${one.address} is not canonical`);
        ensure(one.family === (one.address.includes(':') ? 6 : 4), `${one.address} is of family ${one.family}`);
        ensure(one.prefixLength >= 0 && one.prefixLength <= (one.family === 6 ? 128 : 32), `prefix length ${one.prefixLength}`);
        ensure(one.name.length > 0, 'an interface has no name');
        ensure(one.mtuBytes === undefined || one.mtuBytes >= 576, `mtu ${one.mtuBytes}`);
      }
    },
  },
  {
    name: 'random bytes fill the whole buffer and differ',
    async run({ runtime }) {
      for (const size of [0, 1, 32, 100_000]) {
        const [a, b] = [new Uint8Array(size), new Uint8Array(size)];
        runtime.random(a);
        runtime.random(b);
        if (size < 32) continue;
        ensure(!same(a, b), 'the same bytes twice');
        ensure(
          a.subarray(size - 32).some((byte) => byte !== 0),
          'the end was not filled',
        );
      }
    },
  },
];

function pattern(size: number, salt: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + salt * 17 + (i >> 8)) & 0xff;
  return bytes;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function ensure(condition: boolean, otherwise: string): asserts condition {
  if (!condition) fail(otherwise);
}

function fail(message: string, cause?: unknown): never {
  throw new Error(message, cause === undefined ? undefined : { cause });
}
