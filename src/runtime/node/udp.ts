import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { canonicalAddress, familyOf, RtcError, type TransportAddress } from '../../core/index.ts';
import type { UdpBindOptions, UdpHandler, UdpSocket } from '../runtime.ts';
import { socketErrorKind } from '../socket-errors.ts';

/** What is asked of the system when the owner names no size, in bytes. A burst of a fast sender fits; the system bounds it as it likes. */
export const DEFAULT_RECEIVE_BUFFER_BYTES: number = 1024 * 1024;
/** Packets that may wait in the runtime because the system's own queue is full. The next one is dropped and reported. */
export const MAX_QUEUED_PACKETS = 512;
/** Up to here a send is reported without its size: only path MTU discovery wants to know it, and it probes above. */
const SIZE_UNTOLD_BYTES = 1280;

/** Addresses are literals here, so the socket must not ask the resolver: that costs a thread's answer or a tick per send. */
function literalLookup(address: string, _options: unknown, done: (error: null, address: string, family: number) => void): void {
  done(null, address, familyOf(address));
}

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
  /** Sends whose callback did not come yet: those in the system's hands, and those that wait for the next tick. */
  #pending = 0;
  /** The last sender. Runs of datagrams come from one, and one object for them makes comparing cheap above. */
  #lastRemote: TransportAddress = { address: '', port: 0 };

  constructor(socket: Socket, handler: UdpHandler) {
    const { address, port } = socket.address();
    this.localAddress = Object.freeze({ address: canonicalAddress(address) ?? address, port });
    this.#socket = socket;
    this.#handler = handler;
    socket.on('message', this.#onMessage);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
  }

  get queuedBytes(): number {
    return this.#handler === undefined || this.#pending === 0 ? 0 : this.#socket.getSendQueueSize();
  }

  send(bytes: Uint8Array, remote: TransportAddress): void {
    if (this.#handler === undefined) return;
    if (this.#pending >= MAX_QUEUED_PACKETS && this.#socket.getSendQueueCount() >= MAX_QUEUED_PACKETS) {
      this.#pending++;
      const error = { code: 'ENOBUFS', message: 'too many packets wait to be sent', address: remote.address, port: remote.port };
      process.nextTick(this.#sent, error, bytes.length);
      return;
    }
    this.#pending++;
    try {
      const size = bytes.length;
      const sent = size <= SIZE_UNTOLD_BYTES ? this.#sent : (error: Error | null): void => this.#sent(error, size);
      this.#socket.send(bytes, remote.port, remote.address, sent);
    } catch (thrown) {
      // The port is 0, or the socket was torn down under us; it must reach the owner as any other failure does.
      const { code, message } = thrown as SystemError;
      const error = { code: code ?? 'UNKNOWN', message, address: remote.address, port: remote.port };
      process.nextTick(this.#sent, error, bytes.length);
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
    // A Buffer's `slice` is a view and its class is another one to the engine: the protocols get what they know.
    handler.onDatagram(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length), remote);
  };

  /** The callback of every send; a socket without one would swallow the errors. */
  readonly #sent = (error: SystemError | null, sizeBytes?: number): void => {
    this.#pending--;
    if (error) this.#report(error, typeof sizeBytes === 'number' && sizeBytes > 0 ? sizeBytes : undefined);
  };

  readonly #onError = (error: SystemError): void => this.#report(error, undefined);

  readonly #onClose = (): void => {
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.onClose();
  };

  #report({ code = 'UNKNOWN', message, address, port }: SystemError, sizeBytes: number | undefined): void {
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
  const socket = createSocket({ type: `udp${family}`, reuseAddr: false, ipv6Only: family === 6, lookup: literalLookup });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      // Not shared with other processes of a cluster: a port belongs to one connection.
      socket.bind({ address, port, exclusive: true }, () => {
        socket.off('error', reject);
        resolve();
      });
    });
  } catch (cause) {
    closeQuietly(socket);
    const code = (cause as SystemError).code ?? 'UNKNOWN';
    throw new RtcError('ERR_NETWORK', `cannot bind a UDP socket: ${code}`, { cause });
  }
  if (options.keepAlive === false) socket.unref();
  wish(() => socket.setRecvBufferSize(options.receiveBufferBytes ?? DEFAULT_RECEIVE_BUFFER_BYTES));
  if (options.sendBufferBytes !== undefined) wish(() => socket.setSendBufferSize(options.sendBufferBytes as number));
  return new NodeUdpSocket(socket, options.handler);
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
