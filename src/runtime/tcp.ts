import type { TransportAddress } from '../core/index.ts';
import type { SocketError } from './runtime.ts';

/** What a TCP connection tells its owner. Calls come from the event loop, never from inside a call of the owner. */
export interface TcpHandler {
  /** Bytes of the stream came, in order and cut anywhere. They are the owner's, as those of a datagram are. */
  onData(bytes: Uint8Array): void;
  /** Nothing waits to be sent any more, after {@link TCP_HIGH_WATER_BYTES} or more did. */
  onDrain?(): void;
  /** The connection ended without {@link TcpSocket.close} having been called: in order by the peer, or by an error. Nothing follows. */
  onClose(error?: SocketError): void;
}

/** From so many waiting bytes on, {@link TcpHandler.onDrain} tells when they are gone. */
export const TCP_HIGH_WATER_BYTES: number = 64 * 1024;
/** How long a connection may take to come up, TLS included, unless something else is asked for, in milliseconds. */
export const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;

/** An open TCP connection, perhaps with TLS on it. */
export interface TcpSocket {
  readonly localAddress: TransportAddress;
  readonly remoteAddress: TransportAddress;
  /**
   * Sends bytes, or queues them without bound: an owner that cannot wait looks at {@link TcpSocket.queuedBytes} first. They
   * must stay unchanged after the call. Ignored after the end.
   */
  write(bytes: Uint8Array): void;
  /** How many bytes wait to be sent. */
  readonly queuedBytes: number;
  /** Sends what waits, for a second at most, and ends. Resolves when the connection is gone. No handler is called after this. */
  close(): Promise<void>;
}

/** TLS 1.2 or newer over a connection, as its client. The server's certificate is always verified. */
export interface TlsOptions {
  /** What the server's certificate must be for: a host name (RFC 9525), which is also sent to the server (RFC 6066 3), or an IP address. */
  readonly serverName: string;
  /** Certificates in PEM to trust instead of the system's. */
  readonly trustedCertificates?: readonly string[];
  /** Application protocols to offer (RFC 7301), as in `stun.turn` (RFC 7443). */
  readonly protocols?: readonly string[];
}

/** Where to connect, and for how long to try. */
export interface TcpConnectOptions {
  /** An IP address: names are resolved before. */
  readonly remote: TransportAddress;
  /** What to bind before; the port 0 asks for any. Default: the system's choice. */
  readonly local?: TransportAddress;
  readonly tls?: TlsOptions;
  readonly handler: TcpHandler;
  /** Default {@link DEFAULT_CONNECT_TIMEOUT_MS}. */
  readonly timeoutMs?: number;
  /** Whether the connection keeps the process alive. Default true. */
  readonly keepAlive?: boolean;
}

/** Where to listen. */
export interface TcpListenOptions {
  /** The port 0 asks for any free one. */
  readonly local: TransportAddress;
  /** A connection came. Returns who hears of it, or nothing to refuse it. */
  onConnection(socket: TcpSocket): TcpHandler | undefined;
  /** The listener ended without {@link TcpListener.close} having been called. */
  onClose(): void;
  /** Connections at a time; more are refused. Default {@link DEFAULT_MAX_CONNECTIONS}. */
  readonly maxConnections?: number;
  /** Whether the listener keeps the process alive. Default true. */
  readonly keepAlive?: boolean;
}

/** Connections that a listener holds at a time, unless something else is asked for. */
export const DEFAULT_MAX_CONNECTIONS = 256;

/** A bound TCP socket. */
export interface TcpListener {
  /** What it is bound to; the port is never 0. */
  readonly localAddress: TransportAddress;
  /** Takes no more connections; those that it took live on. Resolves when the port is free. */
  close(): Promise<void>;
}
