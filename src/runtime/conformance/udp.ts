import { RtcError } from '../../core/index.ts';
import type { SocketError } from '../runtime.ts';
import { type Arrival, Ear, ensure, pattern, QUIET_MS, same, type ScopedCase } from './harness.ts';

/** Sockets. */
export const udpCases: readonly ScopedCase[] = [
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
    name: 'what was given to a socket that sends at once may be overwritten as soon as nothing is queued',
    async run(scope) {
      const [address] = (await scope.loopbacks()) as [string];
      const [a, b] = [await scope.bind(address), await scope.bind(address)];
      let memory = new Uint8Array(1000);
      for (let i = 0; i < 60; i++) {
        memory.set(pattern(1000, i));
        a.send(memory, b.socket.localAddress);
        if (a.socket.sendsAtOnce !== true || a.socket.queuedBytes > 0) memory = new Uint8Array(1000);
      }
      await scope.until('all datagrams', () => b.arrivals.length === 60);
      b.arrivals.forEach(({ bytes }, i) => ensure(same(bytes, pattern(1000, i)), `datagram ${i} went out with what was written after the call`));
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
