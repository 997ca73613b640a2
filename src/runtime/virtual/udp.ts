import { canonicalAddress, RtcError, type TransportAddress } from '../../core/index.ts';
import type { SocketError, UdpBindOptions, UdpHandler, UdpSocket } from '../runtime.ts';
import { socketErrorKind } from '../socket-errors.ts';
import { PHASE_ARRIVAL } from './clock.ts';
import type { VirtualHost } from './host.ts';
import type { Packet } from './network.ts';

/** A socket of a virtual host. */
export class VirtualUdpSocket implements UdpSocket {
  readonly localAddress: TransportAddress;
  readonly isWildcard: boolean;
  readonly queuedBytes = 0;
  readonly #host: VirtualHost;
  #handler: UdpHandler | undefined;

  constructor(host: VirtualHost, localAddress: TransportAddress, isWildcard: boolean, handler: UdpHandler) {
    this.#host = host;
    this.localAddress = Object.freeze(localAddress);
    this.isWildcard = isWildcard;
    this.#handler = handler;
  }

  send(bytes: Uint8Array, remote: TransportAddress): void {
    if (this.#handler === undefined) return;
    const code = this.#host.send(this, bytes, remote);
    if (code === undefined) return;
    const { clock } = this.#host.world;
    clock.at(clock.now, () => this.fail(code, remote, bytes.length), PHASE_ARRIVAL);
  }

  async close(): Promise<void> {
    if (this.#handler === undefined) return;
    this.#handler = undefined;
    this.#host.unbind(this);
  }

  /** Hands a datagram to the owner. */
  deliver({ bytes, source }: Packet): void {
    this.#handler?.onDatagram(bytes, source);
  }

  /** Tells the owner of an error now, as the system might at any time; for tests. To be called from the clock, not from the owner. */
  fail(code: string, remote?: TransportAddress, sizeBytes?: number): void {
    this.#handler?.onError(socketError(code, remote, sizeBytes));
  }

  /** Ends the socket under its owner, as a system does whose interface was torn down; for tests. */
  kill(): void {
    const handler = this.#handler;
    if (handler === undefined) return;
    this.#handler = undefined;
    this.#host.unbind(this);
    handler.onClose();
  }
}

/** See `Runtime.bindUdp`. */
export async function bindUdp(host: VirtualHost, options: UdpBindOptions): Promise<VirtualUdpSocket> {
  const address = canonicalAddress(options.local.address);
  if (address === undefined) throw new RtcError('ERR_INVALID_ARGUMENT', 'a socket is bound to an IP address, not to a name');
  return host.bind(options, address);
}

/** The error that a system's code stands for. */
function socketError(code: string, remote?: TransportAddress, sizeBytes?: number): SocketError {
  return {
    kind: socketErrorKind(code),
    code,
    message: `the datagram was not sent: ${code}`,
    ...(remote === undefined ? undefined : { remote }),
    ...(sizeBytes === undefined ? undefined : { sizeBytes }),
  };
}
