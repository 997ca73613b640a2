import type { Datagram } from '../core/index.ts';

/** How what one machine writes becomes what the other one reads. */
export interface Wire<Unit> {
  /** What the link carries. */
  bytes(unit: Unit): Uint8Array;
  /** The unit as it arrives: with bytes that are the receiver's, perhaps changed on the way. */
  arrive(unit: Unit, bytes: Uint8Array): Unit;
}

/** For machines that read and write bytes. */
export const BYTES_WIRE: Wire<Uint8Array> = Object.freeze({
  bytes: (unit: Uint8Array): Uint8Array => unit,
  arrive: (_unit: Uint8Array, bytes: Uint8Array): Uint8Array => bytes,
});

/** For machines that read and write datagrams: the ends change places. */
export const DATAGRAM_WIRE: Wire<Datagram> = Object.freeze({
  bytes: (unit: Datagram): Uint8Array => unit.bytes,
  arrive: (unit: Datagram, bytes: Uint8Array): Datagram => ({ bytes, local: unit.remote, remote: unit.local }),
});
