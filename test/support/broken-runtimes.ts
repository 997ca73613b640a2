import type { TransportAddress } from '../../src/core/index.ts';
import type { Runtime, UdpBindOptions, UdpHandler, UdpSocket } from '../../src/runtime/runtime.ts';
import type { TcpHandler, TcpSocket } from '../../src/runtime/tcp.ts';

type Break = (runtime: Runtime) => Partial<Runtime>;

/** A runtime whose sockets are built by `change`. */
function sockets(change: (socket: UdpSocket, handler: UdpHandler, runtime: Runtime) => Partial<UdpSocket>): Break {
  return (runtime) => ({
    async bindUdp(options: UdpBindOptions) {
      const socket = await runtime.bindUdp(options);
      const plain: UdpSocket = {
        localAddress: socket.localAddress,
        queuedBytes: 0,
        send: (bytes, remote) => socket.send(bytes, remote),
        close: () => socket.close(),
      };
      return { ...plain, ...change(socket, options.handler, runtime) };
    },
  });
}

/** A runtime whose handlers are wrapped. */
function handlers(change: (handler: UdpHandler, runtime: Runtime) => Partial<UdpHandler>): Break {
  return (runtime) => ({
    bindUdp: ({ handler, ...options }: UdpBindOptions) => {
      const plain: UdpHandler = {
        onDatagram: (bytes, remote) => handler.onDatagram(bytes, remote),
        onError: (error) => handler.onError(error),
        onClose: () => handler.onClose(),
      };
      return runtime.bindUdp({ ...options, handler: { ...plain, ...change(handler, runtime) } });
    },
  });
}

/** A runtime whose TCP connections, on both sides, have their handlers wrapped. */
function wires(change: (handler: TcpHandler, runtime: Runtime) => Partial<TcpHandler>): Break {
  return (runtime) => {
    const wrap = (handler: TcpHandler): TcpHandler => ({
      onData: (bytes) => handler.onData(bytes),
      onDrain: () => handler.onDrain?.(),
      onClose: (error) => handler.onClose(error),
      ...change(handler, runtime),
    });
    return {
      connectTcp: (options) => runtime.connectTcp({ ...options, handler: wrap(options.handler) }),
      listenTcp: (options) =>
        runtime.listenTcp({
          ...options,
          onConnection(socket: TcpSocket) {
            const handler = options.onConnection(socket);
            return handler && wrap(handler);
          },
        }),
    };
  };
}

/** Ways to get a runtime wrong, by name; each is wrong in this one way only. */
export const BROKEN_RUNTIMES: Readonly<Record<string, Break>> = {
  'timers are early': (runtime) => ({ setTimer: (delay, callback, keepAlive) => runtime.setTimer(delay * 0.9, callback, keepAlive) }),
  'timers fire twice': (runtime) => ({
    setTimer(delay, callback, keepAlive) {
      return runtime.setTimer(
        delay,
        () => {
          callback();
          if (delay === 7.3) runtime.setTimer(1, callback);
        },
        keepAlive,
      );
    },
  }),
  'timers without a delay fire at once': (runtime) => ({
    setTimer(delay, callback, keepAlive) {
      if (delay < 0) callback();
      return runtime.setTimer(delay, delay < 0 ? () => {} : callback, keepAlive);
    },
  }),
  'timers cannot be cancelled': (runtime) => ({
    setTimer(delay, callback, keepAlive) {
      runtime.setTimer(delay, callback, keepAlive);
      return { cancel: () => {} };
    },
  }),
  'long timers overflow': (runtime) => ({
    setTimer: (delay, callback, keepAlive) => runtime.setTimer(delay > 2 ** 31 - 1 ? 1 : delay, callback, keepAlive),
  }),
  'the clock goes back': (runtime) => {
    let readings = 0;
    return { now: () => runtime.now() - (++readings % 1000 === 0 ? 50 : 0) };
  },
  'the clock is in whole milliseconds': (runtime) => ({ now: () => Math.floor(runtime.now()) }),
  'the wall clock is in seconds': (runtime) => ({ unixNow: () => runtime.unixNow() / 1000 }),
  'datagrams come twice, from one shared buffer': handlers((handler) => {
    const shared = new Uint8Array(70_000);
    return {
      onDatagram(bytes, remote) {
        shared.set(bytes);
        handler.onDatagram(shared.subarray(0, bytes.length), remote);
        handler.onDatagram(shared.subarray(0, bytes.length), remote);
      },
    };
  }),
  'datagrams are slices of a slab': handlers((handler) => {
    let slab = new Uint8Array(0);
    let used = 0;
    return {
      onDatagram(bytes, remote) {
        if (used + bytes.length > slab.length) [slab, used] = [new Uint8Array(200_000), 0];
        const slice = slab.subarray(used, (used += bytes.length));
        slice.set(bytes);
        handler.onDatagram(slice, remote);
      },
    };
  }),
  'datagrams are Buffers': handlers((handler) => ({ onDatagram: (bytes, remote) => handler.onDatagram(Buffer.from(bytes), remote) })),
  'long datagrams are cut': handlers((handler) => ({ onDatagram: (bytes, remote) => handler.onDatagram(bytes.slice(0, 65_000), remote) })),
  'empty datagrams are lost': handlers((handler) => ({
    onDatagram: (bytes, remote) => (bytes.length === 0 ? undefined : handler.onDatagram(bytes, remote)),
  })),
  'datagrams change places': handlers((handler, runtime) => ({
    onDatagram: (bytes, remote) => void runtime.setTimer(bytes.length === 3 ? 5 : 0, () => handler.onDatagram(bytes, remote)),
  })),
  'the receiver gets the sender`s buffer': (runtime) => {
    const sent: Uint8Array[] = [];
    return {
      async bindUdp({ handler, ...options }: UdpBindOptions) {
        const onDatagram = (bytes: Uint8Array, remote: TransportAddress): void => {
          const original = sent.shift() ?? bytes;
          handler.onDatagram(original.length === bytes.length ? original : bytes, remote);
        };
        const socket = await runtime.bindUdp({
          ...options,
          handler: { onDatagram, onError: (error) => handler.onError(error), onClose: () => handler.onClose() },
        });
        return {
          localAddress: socket.localAddress,
          queuedBytes: 0,
          send(bytes: Uint8Array, remote: TransportAddress) {
            if (bytes.length < 65_508) sent.push(bytes);
            socket.send(bytes, remote);
          },
          close: () => socket.close(),
        };
      },
    };
  },
  'handlers are called after close': sockets((socket, handler, runtime) => ({
    async close() {
      runtime.setTimer(1, () => handler.onDatagram(new Uint8Array(1), socket.localAddress));
      await socket.close();
    },
  })),
  'close of the owner is reported to the owner': sockets((socket, handler) => ({
    async close() {
      await socket.close();
      handler.onClose();
    },
  })),
  'a socket says that it sends at once, and keeps what it was given': sockets((socket, _handler, runtime) => ({
    sendsAtOnce: true,
    send: (bytes, remote) => void runtime.setTimer(0, () => socket.send(bytes, remote)),
  })),
  'send throws': sockets((socket) => ({
    send(bytes, remote) {
      if (remote.port === 0) throw new RangeError('bad port');
      socket.send(bytes, remote);
    },
  })),
  'send calls the handler': sockets((socket, handler) => ({
    send(bytes, remote) {
      if (bytes.length > 65_507) handler.onError({ kind: 'too-large', code: 'EMSGSIZE', message: '' });
      else socket.send(bytes, remote);
    },
  })),
  'errors are swallowed': handlers(() => ({ onError: () => {} })),
  'an ICMP error ends the socket': handlers((handler, runtime) => ({
    onError(error) {
      handler.onError(error);
      if (error.kind === 'unreachable') runtime.setTimer(0, () => handler.onClose());
    },
  })),
  'every error is of the kind other': handlers((handler) => ({ onError: (error) => handler.onError({ ...error, kind: 'other' }) })),
  'afterReads is synchronous': () => ({ afterReads: (callback) => callback() }),
  'afterReads is a microtask': () => ({ afterReads: (callback) => void Promise.resolve().then(callback) }),
  'afterReads calls twice': (runtime) => ({
    afterReads(callback) {
      runtime.afterReads(callback);
      runtime.setTimer(1, callback);
    },
  }),
  'bind errors have no code': (runtime) => ({
    bindUdp: (options) =>
      runtime.bindUdp(options).catch(() => {
        throw new Error('EADDRINUSE');
      }),
  }),
  'pieces of a TCP stream share a buffer': wires((handler) => {
    const shared = new Uint8Array(70_000);
    return {
      onData(bytes) {
        shared.set(bytes);
        handler.onData(shared.subarray(0, bytes.length));
      },
    };
  }),
  'pieces of a TCP stream change places': wires((handler, runtime) => ({
    onData: (bytes) => void runtime.setTimer(bytes.length < 1000 ? 5 : 0, () => handler.onData(bytes)),
  })),
  'the end of a TCP connection overtakes its last bytes': wires((handler, runtime) => ({
    onData: (bytes) => void runtime.setTimer(3, () => handler.onData(bytes)),
  })),
  'the end of a TCP connection is reported twice': wires((handler) => ({
    onClose(error) {
      handler.onClose(error);
      handler.onClose(error);
    },
  })),
  'the orderly end of a TCP connection is an error': wires((handler) => ({
    onClose: () => handler.onClose({ kind: 'other', code: 'EOF', message: 'end' }),
  })),
  'a drained TCP connection does not say so': wires(() => ({ onDrain: () => {} })),
  'TLS is left out': (runtime) => ({ connectTcp: ({ tls: _tls, ...options }) => runtime.connectTcp(options) }),
  'the names in certificates are not looked at': (runtime) => ({
    connectTcp: (options) => runtime.connectTcp(options.tls ? { ...options, tls: { ...options.tls, serverName: 'turn.example' } } : options),
  }),
  'addresses are not canonical': (runtime) => ({ resolve: async (name) => (await runtime.resolve(name)).map((one) => one.toUpperCase()) }),
  'names that fail reject': (runtime) => ({
    async resolve(name) {
      const found = await runtime.resolve(name);
      if (found.length === 0) throw new Error('ENOTFOUND');
      return found;
    },
  }),
  'interfaces are hidden': () => ({ interfaces: () => [] }),
  'only the first bytes are random': (runtime) => ({ random: (into) => runtime.random(into.subarray(0, 65_536)) }),
};

/** A runtime that is wrong in one way. */
export function breakRuntime(runtime: Runtime, how: string): Runtime {
  const change = BROKEN_RUNTIMES[how];
  if (change === undefined) throw new RangeError(how);
  return { ...runtime, ...change(runtime) };
}
