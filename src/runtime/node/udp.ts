import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { canonicalAddress, familyOf, RtcError, sameAddress, type TransportAddress } from '../../core/index.ts';
import type { UdpBindOptions, UdpHandler, UdpSocket } from '../runtime.ts';
import { socketErrorKind } from '../socket-errors.ts';
import { datagramPasses } from './young.ts';

/** What is asked of the system when the owner names no size, in bytes. A burst of a fast sender fits; the system bounds it as it likes. */
export const DEFAULT_RECEIVE_BUFFER_BYTES: number = 1024 * 1024;
/** Packets that may wait in the runtime because the system's own queue is full. The next one is dropped and reported. */
export const MAX_QUEUED_PACKETS = 512;
/** Up to here a send is reported without its size: only path MTU discovery wants to know it, and it probes above. */
const SIZE_UNTOLD_BYTES = 1280;
/** Of packets in a row to one address so many are sent without a callback between two that have one. It costs a tick, and tells of errors that are only counted. */
const UNWATCHED_PACKETS = 15;
/** Node.js hands a datagram to the system during the call or counts it as queued, and Bun does the one or drops it; Deno's module does it later. */
const SENDS_AT_ONCE: boolean = process.versions['deno'] === undefined;

type Lookup = (address: string, options: unknown, done: (error: null, address: string, family: number) => void) => void;

/** Addresses are literals here, so the socket must not ask the resolver: that costs a thread's answer or a tick per send. */
const LITERAL_LOOKUP: Readonly<Record<4 | 6, Lookup>> = {
  4: (address, _options, done) => done(null, address, 4),
  6: (address, _options, done) => done(null, address, 6),
};

interface SystemError {
  readonly code?: string;
  readonly message: string;
  readonly address?: string;
  readonly port?: number;
}

/** A bound `node:dgram` socket. Made by {@link bindUdp}. */
class NodeUdpSocket implements UdpSocket {
  readonly localAddress: TransportAddress;
  readonly #socket: Socket;
  #handler: UdpHandler | undefined;
  #closed: Promise<void> | undefined;
  /** No more packets than these wait in the runtime: those that waited when it was counted last, and all that were sent since. It is counted first of all. */
  #mayWait = MAX_QUEUED_PACKETS;
  /** Where the last send with a callback went, and how many more go there without. */
  #watched: TransportAddress | undefined;
  #unwatched = 0;
  /** The last sender. Runs of datagrams come from one, and one object for them makes comparing cheap above. */
  #lastRemote: TransportAddress = { address: '', port: 0 };

  /** @param wanted - the address that the socket was bound to, in canonical text */
  constructor(socket: Socket, wanted: string, handler: UdpHandler) {
    const { address: text, port } = socket.address();
    const address = text === wanted ? text : (canonicalAddress(text) ?? text);
    this.localAddress = Object.freeze({ address, port });
    this.#socket = socket;
    this.#handler = handler;
    socket.on('message', this.#onMessage);
    socket.on('error', this.#sent);
    socket.on('close', this.#onClose);
  }

  get sendsAtOnce(): boolean {
    return SENDS_AT_ONCE;
  }

  get queuedBytes(): number {
    if (this.#handler === undefined) return 0;
    try {
      return this.#socket.getSendQueueSize();
    } catch {
      return 0; // it is being torn down
    }
  }

  /** What keeps the system from sending to an address is told by the first packet that goes there, and then by one in sixteen. */
  send(bytes: Uint8Array, remote: TransportAddress): void {
    if (this.#handler === undefined) return;
    const { address, port } = remote;
    const size = bytes.length;
    datagramPasses(size);
    try {
      if (++this.#mayWait > MAX_QUEUED_PACKETS && !this.#hasRoom()) this.#failed({ code: 'ENOBUFS', message: 'too many packets wait to be sent', address, port }, size);
      else if (size > SIZE_UNTOLD_BYTES) this.#socket.send(bytes, port, address, (error) => this.#report(error, size));
      else if (this.#isWatched(remote)) this.#socket.send(bytes, port, address);
      else this.#socket.send(bytes, port, address, this.#sent);
    } catch (thrown) {
      // The port is 0, or the socket was torn down under us; it must reach the owner as any other failure does.
      const { code, message } = thrown as SystemError;
      this.#failed({ code: code ?? 'UNKNOWN', message, address, port }, size);
    }
  }

  close(): Promise<void> {
    return (this.#closed ??= new Promise((resolve) => {
      if (this.#handler === undefined) return resolve();
      this.#handler = undefined;
      this.#socket.once('close', resolve);
      wish(() => this.#socket.close()); // it throws when the socket is being torn down already; 'close' comes either way
    }));
  }

  readonly #onMessage = (bytes: Uint8Array, from: RemoteInfo): void => {
    const handler = this.#handler;
    if (handler === undefined) return;
    let remote = this.#lastRemote;
    if (from.port !== remote.port || from.address !== remote.address) {
      remote = { address: from.address, port: from.port };
      this.#lastRemote = remote;
    }
    datagramPasses(bytes.length);
    // A Buffer's `slice` is a view and its class is another one to the engine: the protocols get what they know.
    handler.onDatagram(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length), remote);
  };

  /** Whether enough is known of an address for a packet without a callback: without one the socket swallows the errors of a send. */
  #isWatched(remote: TransportAddress): boolean {
    const watched = this.#watched;
    if (watched !== undefined && this.#unwatched > 0 && (watched === remote || sameAddress(watched, remote))) {
      this.#unwatched--;
      return true;
    }
    this.#watched = remote;
    this.#unwatched = UNWATCHED_PACKETS;
    return false;
  }

  /** A packet was sent, or not; an error of the socket is told of in the same way. */
  readonly #sent = (error: SystemError | null): void => this.#report(error, undefined);

  /** Looks again how many packets wait; to ask for each would cost as much as the callbacks. */
  #hasRoom(): boolean {
    const socket: Partial<Pick<Socket, 'getSendQueueCount'>> = this.#socket; // Deno's has no such method
    const waiting = socket.getSendQueueCount?.() ?? 0;
    this.#mayWait = waiting + 1;
    return waiting < MAX_QUEUED_PACKETS;
  }

  /** Handlers are not called from inside `send`. */
  #failed(error: SystemError, sizeBytes: number): void {
    process.nextTick(() => this.#report(error, sizeBytes));
  }

  readonly #onClose = (): void => {
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.onClose();
  };

  #report(error: SystemError | null, sizeBytes: number | undefined): void {
    if (!error) return;
    const { code = 'UNKNOWN', message, address, port } = error;
    this.#handler?.onError({
      kind: socketErrorKind(code),
      code,
      message,
      ...(address !== undefined && port !== undefined ? { remote: { address, port } } : undefined),
      ...(sizeBytes === undefined ? undefined : { sizeBytes }),
    });
  }
}

/** See `Runtime.bindUdp`. */
export async function bindUdp(options: UdpBindOptions): Promise<UdpSocket> {
  const { address: text, port } = options.local;
  const address = canonicalAddress(text);
  if (address === undefined) throw new RtcError('ERR_INVALID_ARGUMENT', 'a socket is bound to an IP address, not to a name');
  const family = familyOf(address);
  const socket = createSocket({ type: `udp${family}`, reuseAddr: false, ipv6Only: family === 6, lookup: LITERAL_LOOKUP[family] });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      socket.once('listening', resolve);
      // Not shared with other processes of a cluster: a port belongs to one connection.
      socket.bind({ address, port, exclusive: true });
    });
    socket.removeAllListeners('error');
  } catch (cause) {
    closeQuietly(socket);
    const code = (cause as SystemError).code ?? 'UNKNOWN';
    throw new RtcError('ERR_NETWORK', `cannot bind a UDP socket: ${code}`, { cause });
  }
  if (options.keepAlive === false) socket.unref();
  wish(() => socket.setRecvBufferSize(options.receiveBufferBytes ?? DEFAULT_RECEIVE_BUFFER_BYTES));
  if (options.sendBufferBytes !== undefined) wish(() => socket.setSendBufferSize(options.sendBufferBytes as number));
  return new NodeUdpSocket(socket, address, options.handler);
}

function closeQuietly(socket: Socket): void {
  socket.on('error', () => {});
  wish(() => socket.close());
}

/** What may fail without harm: some systems refuse a buffer size that others cut to their bound. */
function wish(ask: () => void): void {
  try {
    ask();
  } catch {
    // The system's answer stands.
  }
}
