import { createConnection, createServer, isIP, type Server, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls, type PeerCertificate } from 'node:tls';
import { canonicalAddress, familyOf, RtcError, type TransportAddress } from '../../core/index.ts';
import type { SocketError } from '../runtime.ts';
import { socketErrorKind } from '../socket-errors.ts';
import {
  DEFAULT_CONNECT_TIMEOUT_MS,
  DEFAULT_MAX_CONNECTIONS,
  type TcpConnectOptions,
  type TcpHandler,
  type TcpListener,
  type TcpListenOptions,
  type TcpSocket,
} from '../tcp.ts';

/** How long a closed connection may go on to send what waits, in milliseconds. */
const CLOSE_PATIENCE_MS = 1000;

interface SystemError {
  readonly code?: string;
  readonly message: string;
}

/** A connection of `node:net` or `node:tls`. */
class NodeTcpSocket implements TcpSocket {
  readonly localAddress: TransportAddress;
  readonly remoteAddress: TransportAddress;
  readonly #socket: Socket;
  #handler: TcpHandler | undefined;
  #error: SocketError | undefined;
  #closed: Promise<void> | undefined;

  constructor(socket: Socket) {
    this.localAddress = Object.freeze(endOf(socket.localAddress, socket.localPort));
    this.remoteAddress = Object.freeze(endOf(socket.remoteAddress, socket.remotePort));
    this.#socket = socket;
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
  }

  /** Begins to report. */
  attach(handler: TcpHandler): void {
    this.#handler = handler;
    this.#socket.on('data', this.#onData);
    this.#socket.on('drain', this.#onDrain);
  }

  get queuedBytes(): number {
    return this.#handler === undefined ? 0 : this.#socket.writableLength;
  }

  write(bytes: Uint8Array): void {
    if (this.#handler !== undefined && this.#socket.writable) this.#socket.write(bytes);
  }

  close(): Promise<void> {
    return (this.#closed ??= new Promise((resolve) => {
      this.#handler = undefined;
      const socket = this.#socket;
      if (socket.closed || socket.destroyed) return resolve();
      const late = setTimeout(() => socket.destroy(), CLOSE_PATIENCE_MS);
      socket.once('close', () => {
        clearTimeout(late);
        resolve();
      });
      // Whoever leaves does not wait for what the other side still has to say.
      socket.end(() => socket.destroy());
    }));
  }

  readonly #onData = (bytes: Uint8Array): void => {
    // The owner writes into what it gets, so it must be nobody else's, nor a small part of something large.
    const own = bytes.byteLength === bytes.buffer.byteLength ? new Uint8Array(bytes.buffer as ArrayBuffer) : new Uint8Array(bytes);
    this.#handler?.onData(own);
  };

  readonly #onDrain = (): void => this.#handler?.onDrain?.();

  readonly #onError = ({ code = 'UNKNOWN', message }: SystemError): void => {
    this.#error ??= { kind: socketErrorKind(code), code, message, remote: this.remoteAddress };
  };

  readonly #onClose = (): void => {
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.onClose(this.#error);
  };
}

/** See `Runtime.connectTcp`. */
export async function connectTcp(options: TcpConnectOptions): Promise<TcpSocket> {
  const [remote, local] = [literal(options.remote), options.local && literal(options.local)];
  const ends = {
    host: remote.address,
    port: remote.port,
    family: familyOf(remote.address),
    ...(local && { localAddress: local.address, localPort: local.port }),
  };
  let socket: Socket;
  try {
    socket = options.tls === undefined ? createConnection(ends) : openTls(options.tls, ends);
  } catch (cause) {
    throw failure(cause as SystemError); // a port out of range, on the spot
  }
  await established(socket, options.tls === undefined ? 'connect' : 'secureConnect', options.timeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS);
  socket.setNoDelay(true);
  if (options.keepAlive === false) socket.unref();
  const tcp = new NodeTcpSocket(socket);
  tcp.attach(options.handler);
  return tcp;
}

function openTls(tls: NonNullable<TcpConnectOptions['tls']>, ends: { readonly host: string; readonly port: number }): Socket {
  const { serverName, trustedCertificates, protocols } = tls;
  return connectTls({
    ...ends,
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    checkServerIdentity: (_host: string, certificate: PeerCertificate) => checkServerIdentity(serverName, certificate),
    ...(isIP(serverName) === 0 && { servername: serverName }), // an address is never sent as a name (RFC 6066 3)
    ...(trustedCertificates && { ca: [...trustedCertificates] }),
    ...(protocols && { ALPNProtocols: [...protocols] }),
  });
}

function established(socket: Socket, event: 'connect' | 'secureConnect', timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: RtcError): void => {
      socket.off(event, done);
      socket.on('error', () => {}); // what comes later belongs to nobody
      clearTimeout(late);
      socket.destroy();
      reject(error);
    };
    const onError = (error: SystemError): void => fail(failure(error));
    const onClose = (): void => fail(new RtcError('ERR_NETWORK', 'the TCP connection was closed before it was up'));
    const late = setTimeout(() => fail(new RtcError('ERR_TIMEOUT', `no TCP connection within ${timeoutMs} ms`)), Math.min(timeoutMs, 2 ** 31 - 1));
    const done = (): void => {
      clearTimeout(late);
      socket.off('error', onError);
      socket.off('close', onClose);
      resolve();
    };
    socket.once('error', onError);
    socket.once('close', onClose);
    socket.once(event, done);
  });
}

/** What `node:tls` says of certificates, which is about trust and not about the network. */
const CERTIFICATE_CODES = /^(?:ERR_TLS_CERT|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MISMATCH|INVALID_CA|ERR_SSL_.*CERT)/;

function failure(cause: SystemError): RtcError {
  const { code = 'UNKNOWN', message } = cause;
  const isDistrust = CERTIFICATE_CODES.test(code) || /certificate/i.test(message);
  if (isDistrust) return new RtcError('ERR_CRYPTO', `the server's certificate is refused: ${code}`, { cause });
  return new RtcError('ERR_NETWORK', `no TCP connection: ${code}`, { cause });
}

/** A listener of `node:net`. */
class NodeTcpListener implements TcpListener {
  readonly localAddress: TransportAddress;
  readonly #server: Server;
  #closed: Promise<void> | undefined;

  constructor(server: Server, onClose: () => void) {
    const { address, port } = server.address() as { readonly address: string; readonly port: number };
    this.localAddress = Object.freeze(endOf(address, port));
    this.#server = server;
    server.on('close', () => {
      if (this.#closed === undefined) onClose();
    });
  }

  close(): Promise<void> {
    // The server's own end comes with that of its last connection, and only the port is of interest.
    return (this.#closed ??= new Promise((resolve) => {
      this.#server.close(() => {});
      setImmediate(resolve);
    }));
  }
}

/** See `Runtime.listenTcp`. */
export async function listenTcp(options: TcpListenOptions): Promise<TcpListener> {
  const { address, port } = literal(options.local);
  const most = options.maxConnections ?? DEFAULT_MAX_CONNECTIONS;
  let open = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {}); // until there is an owner
    if (open >= most || socket.remoteAddress === undefined) return void socket.destroy();
    open++;
    socket.once('close', () => open--);
    const tcp = new NodeTcpSocket(socket);
    const handler = options.onConnection(tcp);
    if (handler === undefined) socket.destroy();
    else tcp.attach(handler);
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: address, port, exclusive: true, ipv6Only: familyOf(address) === 6 }, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (cause) {
    const { code = 'UNKNOWN' } = cause as SystemError;
    throw new RtcError('ERR_NETWORK', `cannot listen for TCP connections: ${code}`, { cause });
  }
  server.on('error', () => {}); // one connection that could not be accepted (EMFILE) is not the end
  if (options.keepAlive === false) server.unref();
  return new NodeTcpListener(server, options.onClose);
}

function literal({ address: text, port }: TransportAddress): TransportAddress {
  const address = canonicalAddress(text);
  if (address === undefined) throw new RtcError('ERR_INVALID_ARGUMENT', 'an end of a TCP connection is an IP address, not a name');
  return { address, port };
}

function endOf(address = '', port = 0): TransportAddress {
  return { address: canonicalAddress(address) ?? address, port };
}
