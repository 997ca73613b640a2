import { RtcError, type TransportAddress } from '../../core/index.ts';
import type { SocketError } from '../runtime.ts';
import { TCP_HIGH_WATER_BYTES, type TcpHandler, type TcpListener, type TcpListenOptions, type TcpSocket } from '../tcp.ts';
import { ensure, fail, pattern, QUIET_MS, same, type Scope, type ScopedCase } from './harness.ts';

/** A TCP connection that notes what its handler is told. */
class Wire implements TcpHandler {
  readonly pieces: { readonly bytes: Uint8Array; readonly copy: Uint8Array }[] = [];
  readonly errors: (SocketError | undefined)[] = [];
  received = 0;
  drains = 0;
  closes = 0;
  busy = false;
  reentered = false;
  socket!: TcpSocket;

  onData(bytes: Uint8Array): void {
    this.reentered ||= this.busy;
    this.received += bytes.length;
    this.pieces.push({ bytes, copy: new Uint8Array(bytes) });
  }

  onDrain(): void {
    this.reentered ||= this.busy;
    this.drains++;
  }

  onClose(error?: SocketError): void {
    this.reentered ||= this.busy;
    this.closes++;
    this.errors.push(error);
  }

  write(bytes: Uint8Array): void {
    this.busy = true;
    try {
      this.socket.write(bytes);
    } catch (cause) {
      fail(`write threw ${String(cause)}; a failure is for onClose`, cause);
    } finally {
      this.busy = false;
    }
  }

  /** What came, in one piece. */
  whole(): Uint8Array {
    const all = new Uint8Array(this.received);
    let at = 0;
    for (const { copy } of this.pieces) {
      all.set(copy, at);
      at += copy.length;
    }
    return all;
  }
}

async function listen(scope: Scope, address: string, wires: Wire[], options: Partial<TcpListenOptions> = {}): Promise<TcpListener> {
  const listener = await scope.runtime.listenTcp({
    local: { address, port: 0 },
    onConnection(socket) {
      const wire = new Wire();
      wire.socket = socket;
      wires.push(wire);
      return wire;
    },
    onClose: () => {},
    ...options,
  });
  scope.atEnd(() => listener.close());
  return listener;
}

async function dial(scope: Scope, remote: TransportAddress): Promise<Wire> {
  const wire = new Wire();
  wire.socket = await scope.runtime.connectTcp({ remote, handler: wire });
  scope.atEnd(() => wire.socket.close());
  return wire;
}

/** Two ends of one connection. */
async function connected(scope: Scope): Promise<readonly [Wire, Wire]> {
  const [address] = (await scope.loopbacks()) as [string];
  const wires: Wire[] = [];
  const a = await dial(scope, (await listen(scope, address, wires)).localAddress);
  await scope.until('the connection at the listener', () => wires.length === 1);
  const b = wires[0] as Wire;
  scope.atEnd(() => b.socket.close());
  return [a, b];
}

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no error',
    (error: unknown) => (error instanceof RtcError ? error.code : String(error)),
  );

/** TCP. */
export const tcpCases: readonly ScopedCase[] = [
  {
    name: 'TCP: both ends of a connection know both addresses',
    async run(scope) {
      for (const address of await scope.loopbacks()) {
        const wires: Wire[] = [];
        const { localAddress } = await listen(scope, address, wires);
        ensure(localAddress.address === address && localAddress.port > 0, `listens on ${localAddress.address}:${localAddress.port}`);
        const a = await dial(scope, localAddress);
        await scope.until('the connection', () => wires.length === 1);
        const b = wires[0] as Wire;
        for (const [one, other] of [[a, b], [b, a]] as const) {
          const [local, remote] = [one.socket.localAddress, other.socket.remoteAddress];
          ensure(local.address === address && local.address === remote.address && local.port === remote.port, `${local.address}:${local.port} is called ${remote.address}:${remote.port}`);
        }
        await b.socket.close();
      }
    },
  },
  {
    name: 'TCP: bytes come in order, whole and in memory of their own',
    async run(scope) {
      const [a, b] = await connected(scope);
      const sizes = [1, 2, 1200, 16_384, 70_000, 3];
      const total = sizes.reduce((sum, size) => sum + size, 0);
      sizes.forEach((size, i) => a.write(pattern(size, i)));
      b.write(pattern(50_000, 9));
      await scope.until('all bytes', () => b.received >= total && a.received >= 50_000);
      const expected = new Uint8Array(total);
      sizes.reduce((at, size, i) => (expected.set(pattern(size, i), at), at + size), 0);
      ensure(same(b.whole(), expected) && same(a.whole(), pattern(50_000, 9)), 'other bytes came');
      ensure(new Set(b.pieces.map(({ bytes }) => bytes.buffer)).size === b.pieces.length, 'two pieces share a buffer');
      for (const { bytes, copy } of b.pieces) {
        ensure(same(bytes, copy), 'a piece changed after it was delivered');
        ensure(Object.getPrototypeOf(bytes) === Uint8Array.prototype, 'not a plain Uint8Array');
        ensure(bytes.buffer.byteLength <= bytes.length + 4096, `${bytes.length} bytes hold on to ${bytes.buffer.byteLength}`);
        bytes.fill(0xff);
      }
    },
  },
  {
    name: 'TCP: what waits is counted, and onDrain tells when it is gone, never from inside write',
    async run(scope) {
      const [a, b] = await connected(scope);
      const piece = pattern(TCP_HIGH_WATER_BYTES, 1);
      let written = 0;
      while (a.socket.queuedBytes < 4 * TCP_HIGH_WATER_BYTES && written < 64 * 1024 * 1024) {
        a.write(piece);
        written += piece.length;
      }
      ensure(a.socket.queuedBytes > 0, 'nothing was queued of 64 MiB');
      await scope.until('the drain', () => a.drains > 0 && b.received === written);
      ensure(a.socket.queuedBytes === 0, `${a.socket.queuedBytes} bytes are left`);
      ensure(!a.reentered && !b.reentered, 'a handler was called from inside write');
    },
  },
  {
    name: 'TCP: a connection that the other side ends is reported once, after its last bytes and without an error',
    async run(scope) {
      const [a, b] = await connected(scope);
      a.write(pattern(30_000, 2));
      await a.socket.close();
      await scope.until('the end', () => b.closes > 0);
      ensure(b.received === 30_000, `${b.received} of 30000 bytes came before the end`);
      b.write(pattern(10, 1));
      await scope.sleep(QUIET_MS);
      ensure(b.closes === 1 && b.errors[0] === undefined, `it ended ${b.closes} times, with ${b.errors[0]?.code}`);
      ensure(a.closes === 0, 'onClose was called for a connection that its owner closed');
    },
  },
  {
    name: 'TCP: after close no handler is called, write is ignored and closing again is harmless',
    async run(scope) {
      const [a, b] = await connected(scope);
      b.write(pattern(1000, 1));
      const closing = a.socket.close();
      const heard = a.pieces.length;
      a.write(pattern(5, 5));
      await closing;
      await a.socket.close();
      await scope.sleep(QUIET_MS);
      ensure(a.pieces.length === heard && a.closes + a.drains === 0, 'a handler was called after close');
      ensure(a.socket.queuedBytes === 0, 'a closed connection has a queue');
      ensure(b.received === 0, 'what was written after close arrived');
    },
  },
  {
    name: 'TCP: what cannot be connected or bound is refused with a typed error',
    async run(scope) {
      const [address] = (await scope.loopbacks()) as [string];
      const listener = await listen(scope, address, []);
      const taken = listener.localAddress;
      ensure((await codeOf(listen(scope, address, [], { local: taken }))) === 'ERR_NETWORK', 'a port was bound twice');
      ensure((await codeOf(listen(scope, address, [], { local: { address: 'localhost', port: 0 } }))) === 'ERR_INVALID_ARGUMENT', 'a name was bound');
      await listener.close();
      ensure((await codeOf(dial(scope, taken))) === 'ERR_NETWORK', 'connecting to nobody');
      ensure((await codeOf(dial(scope, { address: 'localhost', port: taken.port }))) === 'ERR_INVALID_ARGUMENT', 'a name was connected to');
      await (await listen(scope, address, [], { local: taken })).close();
    },
  },
  {
    name: 'TCP: a listener refuses what its owner refuses, and more connections than it may hold',
    async run(scope) {
      const [address] = (await scope.loopbacks()) as [string];
      const refusing = await listen(scope, address, [], { onConnection: () => undefined });
      const wires: Wire[] = [];
      const small = await listen(scope, address, wires, { maxConnections: 1 });
      const kept = await dial(scope, small.localAddress);
      for (const { localAddress } of [refusing, small]) {
        // The system may accept before the owner is asked: the connection then ends at once.
        const refused = await dial(scope, localAddress).catch(() => undefined);
        if (refused !== undefined) await scope.until('the end of what was refused', () => refused.closes === 1);
      }
      ensure(wires.length === 1 && kept.closes === 0, `${wires.length} connections were taken`);
      await wires[0]?.socket.close();
    },
  },
  {
    name: 'TCP: a server that does not speak TLS is refused',
    async run(scope) {
      const [address] = (await scope.loopbacks()) as [string];
      const { localAddress } = await listen(scope, address, [], {
        onConnection: (socket) => ({ onData: () => socket.write(pattern(100, 1)), onClose: () => {} }),
      });
      const code = await codeOf(scope.runtime.connectTcp({ remote: localAddress, handler: new Wire(), tls: { serverName: 'turn.example' }, timeoutMs: 1500 }));
      ensure(code === 'ERR_NETWORK', `it ended with ${code}`);
    },
  },
];

/** A server that speaks TLS and sends back what it gets. */
export interface TlsEcho {
  readonly remote: TransportAddress;
  /** A name that its certificate is for. */
  readonly serverName: string;
  /** What to trust, in PEM; nothing where the certificate is trusted anyway. */
  readonly trustedCertificates?: readonly string[];
}

/** TLS, against a server that the runtime cannot bring. */
export function tlsCases({ remote, serverName, trustedCertificates }: TlsEcho): readonly ScopedCase[] {
  const tls = { serverName, ...(trustedCertificates && { trustedCertificates }) };
  return [
    {
      name: 'TLS: bytes go to a server whose certificate is trusted, and come back',
      async run(scope) {
        const wire = new Wire();
        wire.socket = await scope.runtime.connectTcp({ remote, handler: wire, tls });
        scope.atEnd(() => wire.socket.close());
        wire.write(pattern(100_000, 4));
        await scope.until('the echo', () => wire.received >= 100_000);
        ensure(same(wire.whole(), pattern(100_000, 4)), 'other bytes came');
        for (const { bytes } of wire.pieces) ensure(bytes.buffer.byteLength <= bytes.length + 4096, `${bytes.length} bytes hold on to ${bytes.buffer.byteLength}`);
      },
    },
    {
      name: 'TLS: a certificate for another name is refused',
      async run(scope) {
        const code = await codeOf(scope.runtime.connectTcp({ remote, handler: new Wire(), tls: { ...tls, serverName: 'other.example' } }));
        ensure(code === 'ERR_CRYPTO', `it ended with ${code}`);
      },
    },
    ...(trustedCertificates === undefined
      ? []
      : [
          {
            name: 'TLS: a certificate that nobody trusts is refused',
            async run(scope: Scope): Promise<void> {
              const code = await codeOf(scope.runtime.connectTcp({ remote, handler: new Wire(), tls: { serverName } }));
              ensure(code === 'ERR_CRYPTO', `it ended with ${code}`);
            },
          },
        ]),
  ];
}
