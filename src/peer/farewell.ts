import { concat, type Datagram, sameAddress, SparseQueue } from '../core/index.ts';

/** The last datagrams of a transport that was closed. They wait until they are polled, and so must not lie where other packets are built meanwhile. */
export class Farewell {
  readonly #datagrams: SparseQueue<Datagram> = new SparseQueue();
  #last: Datagram | undefined;
  /** How large the last one may become by others that go the same way. */
  #room = 0;

  /** @param mtuBytes - up to here this one and its neighbours are joined; 0 for a datagram of its own */
  push({ bytes, local, remote }: Datagram, mtuBytes: number): void {
    const last = this.#last;
    const isSameWay = last !== undefined && sameAddress(last.local, local) && sameAddress(last.remote, remote);
    if (isSameWay && last.bytes.length + bytes.length <= Math.min(this.#room, mtuBytes)) {
      this.#last = { bytes: concat(last.bytes, bytes), local, remote };
      return;
    }
    if (last !== undefined) this.#datagrams.push(last);
    this.#last = { bytes: bytes.slice(), local, remote };
    this.#room = mtuBytes;
  }

  shift(): Datagram | undefined {
    const first = this.#datagrams.shift();
    if (first !== undefined) return first;
    const last = this.#last;
    this.#last = undefined;
    return last;
  }
}
