import { type Counters, Queue, RtcError } from '../../core/index.ts';
import type { InterceptorChain } from '../../interceptor/index.ts';
import type { SrtpSession } from '../../srtp/index.ts';
import { SEALED_AT_ONCE } from './constants.ts';
import type { Written } from './written.ts';

/**
 * Packets that are sealed and not sent yet. Several are sealed before the first is sent: what a key needs stays in the processor's nearest
 * cache, from which the system's way of a packet to the network drives it out each time.
 */
export class Sealed {
  readonly #counters: Counters;
  readonly #packets: Queue<Uint8Array> = new Queue();

  constructor(counters: Counters) {
    this.#counters = counters;
  }

  get length(): number {
    return this.#packets.length;
  }

  shift(): Uint8Array | undefined {
    return this.#packets.shift();
  }

  clear(): void {
    this.#packets.clear();
  }

  /** Seals what the chain has for the wire, up to a bound. What was written is built piece by piece, when what was built before is sealed. */
  fill(chain: InterceptorChain, srtp: SrtpSession, written: Written | undefined): void {
    while (this.#packets.length < SEALED_AT_ONCE) {
      if (written !== undefined) while (written.length > 0 && !chain.hasUnsent) written.buildToSend(chain);
      const unit = chain.pollWrite();
      if (unit === undefined) return;
      const sealed = this.#protect(unit, srtp);
      if (sealed !== undefined) this.#packets.push(sealed);
    }
  }

  #protect(unit: NonNullable<ReturnType<InterceptorChain['pollWrite']>>, srtp: SrtpSession): Uint8Array | undefined {
    try {
      if ('rtcp' in unit) return srtp.protectRtcp(unit.rtcp);
      // A retransmission on the SSRC of the media is the packet itself once more, for a peer without RTX.
      const isRepeated = unit.role === 'rtx' && unit.header.ssrc === unit.stream.ssrc;
      return isRepeated ? srtp.repeatRtp(unit.bytes) : srtp.protectRtp(unit.bytes);
    } catch (error) {
      if (!(error instanceof RtcError)) throw error;
      // A forwarded duplicate, or one from before the replay window: the same numbers must not seal two packets.
      this.#counters.add('srtp.refused');
      return undefined;
    }
  }
}
