import { canonicalAddress, RtcError, type TransportAddress } from '../../core/index.ts';
import type { UdpBindOptions, UdpHandler, UdpSocket } from '../runtime.ts';
import { socketErrorKind } from '../socket-errors.ts';
import type { DenoAddress, DenoDatagramConn, DenoPlatform } from './platform.ts';

/** Bytes and packets whose sending may be unfinished. The next packet is dropped and reported. */
export const MAX_QUEUED_BYTES: number = 4 * 1024 * 1024;
export const MAX_QUEUED_PACKETS = 4096;
/** No datagram is longer, so none is ever cut. */
const RECEIVE_BUFFER_BYTES = 65_536;
/** What is waited after a read that failed, in milliseconds, so that an error that stays does not hold the event loop. */
const ERROR_PAUSE_MS = 5;
/** The classes of error that mean that the socket is gone. */
const GONE: readonly string[] = ['BadResource', 'Interrupted'];

/** A socket of `Deno.listenDatagram`. Made by {@link bindUdp}. */
class DenoUdpSocket implements UdpSocket {
  readonly localAddress: TransportAddress;
  readonly #conn: DenoDatagramConn;
  readonly #reading: Promise<void>;
  #handler: UdpHandler | undefined;
  #closed = false;
  #queuedBytes = 0;
  #queuedPackets = 0;
  /** Whether the datagram of {@link prime} may still come. */
  #isPrimeDue = true;
  /** The last sender and the last destination: packets come and go in runs, and each run shares one object. */
  #lastRemote: TransportAddress = { address: '', port: 0 };
  #lastHostname = '';
  #lastDestination: DenoAddress = { transport: 'udp', hostname: '', port: 0 };

  constructor(conn: DenoDatagramConn, handler: UdpHandler) {
    const { hostname, port } = conn.addr;
    this.localAddress = Object.freeze({ address: canonicalAddress(hostname) ?? hostname, port });
    this.#conn = conn;
    this.#handler = handler;
    this.#reading = this.#read();
  }

  get queuedBytes(): number {
    return this.#handler === undefined ? 0 : this.#queuedBytes;
  }

  send(bytes: Uint8Array, remote: TransportAddress): void {
    if (this.#handler === undefined) return;
    const size = bytes.length;
    if (this.#queuedPackets >= MAX_QUEUED_PACKETS || this.#queuedBytes + size > MAX_QUEUED_BYTES) {
      queueMicrotask(() => this.#report({ code: 'ENOBUFS', message: 'too many packets wait to be sent' }, size, remote));
      return;
    }
    this.#queuedPackets++;
    this.#queuedBytes += size;
    this.#conn.send(bytes, this.#destination(remote)).then(
      () => this.#sent(size),
      (error: unknown) => {
        this.#sent(size);
        this.#report(error, size, remote);
      },
    );
  }

  async close(): Promise<void> {
    this.#handler = undefined;
    this.#end();
    await this.#reading;
  }

  #sent(size: number): void {
    this.#queuedPackets--;
    this.#queuedBytes -= size;
  }

  #destination(remote: TransportAddress): DenoAddress {
    const last = this.#lastDestination;
    if (last.port === remote.port && last.hostname === remote.address) return last;
    return (this.#lastDestination = { transport: 'udp', hostname: remote.address, port: remote.port });
  }

  /**
   * One datagram after the other. What is readable already is read without giving the loop away, up to the 128 that the
   * platform's scheduler allows.
   */
  async #read(): Promise<void> {
    const buffer = new Uint8Array(RECEIVE_BUFFER_BYTES);
    while (this.#handler !== undefined) {
      try {
        const [view, from] = await this.#conn.receive(buffer);
        this.#deliver(view.slice(), from);
      } catch (error) {
        if (this.#handler === undefined) return;
        if (error instanceof Error && GONE.includes(error.name)) return this.#lost();
        this.#report(error);
        await new Promise<void>((resolve) => setTimeout(resolve, ERROR_PAUSE_MS));
      }
    }
  }

  #deliver(bytes: Uint8Array, { hostname, port }: DenoAddress): void {
    if (this.#isPrimeDue && bytes.length === 0 && port === this.localAddress.port) {
      this.#isPrimeDue = false;
      return;
    }
    let remote = this.#lastRemote;
    if (port !== remote.port || hostname !== this.#lastHostname) {
      // A socket bound to `::` hears IPv4 as well, and calls it `::ffff:…`.
      remote = { address: hostname.startsWith('::ffff:') ? (canonicalAddress(hostname) ?? hostname) : hostname, port };
      this.#lastRemote = remote;
      this.#lastHostname = hostname;
    }
    try {
      this.#handler?.onDatagram(bytes, remote);
    } catch (error) {
      // The handler's fault is its owner's business, as an uncaught error, and must not end the reading.
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  #lost(): void {
    const handler = this.#handler;
    this.#handler = undefined;
    this.#end();
    handler?.onClose();
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#conn.close();
    } catch {
      // It is gone already.
    }
  }

  #report(error: unknown, sizeBytes?: number, remote?: TransportAddress): void {
    const { code, name, message } = error as { readonly code?: string; readonly name?: string; readonly message: string };
    const known = code ?? name ?? 'UNKNOWN';
    this.#handler?.onError({
      kind: socketErrorKind(known),
      code: known,
      message,
      ...(remote === undefined ? undefined : { remote }),
      ...(sizeBytes === undefined ? undefined : { sizeBytes }),
    });
  }
}

/** See `Runtime.bindUdp`. */
export async function bindUdp(listenDatagram: NonNullable<DenoPlatform['listenDatagram']>, options: UdpBindOptions): Promise<UdpSocket> {
  const { address: text, port } = options.local;
  const address = canonicalAddress(text);
  if (address === undefined) throw new RtcError('ERR_INVALID_ARGUMENT', 'a socket is bound to an IP address, not to a name');
  let conn: DenoDatagramConn;
  try {
    conn = listenDatagram({ transport: 'udp', hostname: address, port });
  } catch (cause) {
    const { code, message } = cause as { readonly code?: string; readonly message: string };
    throw new RtcError('ERR_NETWORK', `cannot bind a UDP socket: ${code ?? message}`, { cause });
  }
  if (options.keepAlive === false) conn.unref();
  await prime(conn);
  return new DenoUdpSocket(conn, options.handler);
}

/** Where to send what is for a socket that is bound to every address. */
export const LOOPBACKS: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/**
 * Sends an empty datagram to the socket itself. Until a socket is known to be writable, packets wait, and those that wait leave in
 * any order; from then on they leave as they are sent.
 */
async function prime(conn: DenoDatagramConn): Promise<void> {
  const { hostname, port } = conn.addr;
  try {
    await conn.send(new Uint8Array(0), { transport: 'udp', hostname: LOOPBACKS[hostname] ?? hostname, port });
  } catch {
    // Even a send that failed has waited.
  }
}
