import type { CryptoProvider, Instant, RandomSource, TransportAddress } from '../core/index.ts';
import type { TcpConnectOptions, TcpListener, TcpListenOptions, TcpSocket } from './tcp.ts';

/** A timer that was set; cancelling it twice, or after it fired, is harmless. */
export interface TimerHandle {
  cancel(): void;
}

/** An address of a network interface. */
export interface InterfaceAddress {
  /** The interface's name, as in `eth0`. */
  readonly name: string;
  /** Canonical text; link-local IPv6 with its zone. */
  readonly address: string;
  readonly family: 4 | 6;
  /** The prefix length of the subnet, in bits. */
  readonly prefixLength: number;
  readonly isLoopback: boolean;
  /** The largest IP packet that the link carries, in bytes, where the runtime knows it. */
  readonly mtuBytes?: number;
}

/** Why a send or receive failed, as far as the protocols care. */
export type SocketErrorKind =
  /** The network or the peer's host said that the datagram did not arrive (ICMP, ECONNREFUSED, EHOSTUNREACH, ENETUNREACH …). */
  | 'unreachable'
  /** The datagram is larger than the local link carries (EMSGSIZE). */
  | 'too-large'
  /** No room in a queue of the system just now (EAGAIN, ENOBUFS, ENOMEM). */
  | 'no-room'
  /** The system forbids it (EPERM, EACCES). */
  | 'forbidden'
  /** Anything else. */
  | 'other';

/** Why a datagram was not sent, as far as the system told. */
export interface SocketError {
  readonly kind: SocketErrorKind;
  /** The system's code, as in `ECONNREFUSED`. */
  readonly code: string;
  readonly message: string;
  /** Where the datagram was going, when that is known. */
  readonly remote?: TransportAddress;
  /** The datagram's size in bytes, when that is known. */
  readonly sizeBytes?: number;
}

/** What a UDP socket tells its owner. Calls come from the event loop, never from inside a call of the owner. */
export interface UdpHandler {
  /**
   * A datagram came, whole: one that the system had to cut is reported to `onError` (`TRUNCATED`) and dropped. The bytes
   * are the owner's, in an `ArrayBuffer` that nobody else reads or writes, and a plain `Uint8Array`.
   */
  onDatagram(bytes: Uint8Array, remote: TransportAddress): void;
  /** A send or receive failed; the socket goes on. */
  onError(error: SocketError): void;
  /** The socket ended without {@link UdpSocket.close} having been called. */
  onClose(): void;
}

/** A bound UDP socket. */
export interface UdpSocket {
  /** What it is bound to; the port is never 0. */
  readonly localAddress: TransportAddress;
  /**
   * Sends a datagram, or reports to {@link UdpHandler.onError} why it could not. The bytes must stay unchanged after
   * the call, but see {@link UdpSocket.sendsAtOnce}. Ignored after `close`.
   */
  send(bytes: Uint8Array, remote: TransportAddress): void;
  /** Sends several datagrams to one address, where that is cheaper than one by one. */
  sendMany?(datagrams: readonly Uint8Array[], remote: TransportAddress): void;
  /** How many bytes wait in the runtime to be sent, where it queues. */
  readonly queuedBytes: number;
  /** Whether the socket is through with all that it was given to send whenever `queuedBytes` is 0: it may be overwritten then. Default false. */
  readonly sendsAtOnce?: boolean;
  /** Resolves when the socket is gone. No handler is called after `close` was. */
  close(): Promise<void>;
}

/** Where to bind a UDP socket, and how. */
export interface UdpBindOptions {
  /** The port 0 asks for any free one. */
  readonly local: TransportAddress;
  readonly handler: UdpHandler;
  /** Whether the open socket keeps the process alive. Default true. */
  readonly keepAlive?: boolean;
  /** Sizes of the system's buffers, in bytes; a wish, not a promise. */
  readonly receiveBufferBytes?: number;
  readonly sendBufferBytes?: number;
}

/**
 * What touches the event loop or the operating system, and nothing else. A runtime is a value: two connections of one
 * process may use different ones, and anybody can write one and prove it with the conformance suite.
 */
export interface Runtime {
  readonly name: string;
  /** Monotonic time in milliseconds with fractions. It never goes back and knows nothing of the wall clock. */
  now(): Instant;
  /** Milliseconds since the Unix epoch. */
  unixNow(): number;
  readonly random: RandomSource;
  /** The cryptography to use when the user names none. */
  readonly crypto: CryptoProvider;
  /**
   * Calls back once after `delayMs` (longer than the system's timers can wait: in pieces; 0, less and NaN: as soon as
   * possible), never before, and never from inside this call. `keepAlive` (default true) says whether it holds the process.
   */
  setTimer(delayMs: number, callback: () => void, keepAlive?: boolean): TimerHandle;
  /** Calls back once, after the datagrams that are readable now were delivered and before the loop sleeps. */
  afterReads(callback: () => void): void;
  /** Rejects with `RtcError` `ERR_NETWORK` when the address cannot be bound. */
  bindUdp(options: UdpBindOptions): Promise<UdpSocket>;
  /**
   * Opens a TCP connection, with TLS on it where that is asked for. Rejects with `RtcError` `ERR_NETWORK` when it cannot be made,
   * `ERR_TIMEOUT` when it takes too long, `ERR_CRYPTO` when the server's certificate is not for that name or not trusted.
   */
  connectTcp(options: TcpConnectOptions): Promise<TcpSocket>;
  /** Takes TCP connections. Rejects with `RtcError` `ERR_NETWORK` when the address cannot be bound. */
  listenTcp(options: TcpListenOptions): Promise<TcpListener>;
  /** The addresses of a host name, canonical; empty when there are none. Never rejects. */
  resolve(hostname: string): Promise<readonly string[]>;
  /** The addresses of the interfaces that are up. */
  interfaces(): readonly InterfaceAddress[];
}
