import { FLOAT_ZERO, type Instant, Queue } from '../../core/index.ts';
import type { InterceptorChain, OutgoingPacket } from '../../interceptor/index.ts';
import type { PacketMemory } from '../../sctp/index.ts';
import { SEALED_AT_ONCE } from './constants.ts';
import type { OutgoingRtp, SendStream } from './send-stream.ts';

/**
 * Packets that go to other connections too, which were written and are not built yet. They are built in a row when the connection's turn
 * comes: to build one for each connection in turn would find everything cold in the processor's caches each time.
 */
export class Written {
  readonly #packets: Queue<OutgoingRtp> = new Queue();
  readonly #streams: Queue<SendStream> = new Queue();
  /** When the last was written. */
  at: Instant = FLOAT_ZERO;
  #memory: PacketMemory | undefined;

  /** @param memory - for packets that leave at once */
  constructor(memory: PacketMemory | undefined) {
    this.#memory = memory;
  }

  get length(): number {
    return this.#packets.length;
  }

  push(packet: OutgoingRtp, stream: SendStream, now: Instant): void {
    this.#packets.push(packet);
    this.#streams.push(stream);
    this.at = now;
  }

  /** Builds all, and hands them to the interceptors. */
  build(chain: InterceptorChain): void {
    while (this.length > 0) chain.writeRtp(this.#buildNext(undefined), this.at);
  }

  /**
   * Builds as many as are sealed at once, in memory that is used again when they have left. No longer once an interceptor held a packet back:
   * it may do so with all that follow.
   */
  buildToSend(chain: InterceptorChain): void {
    for (let built = 0; built < SEALED_AT_ONCE && this.length > 0; built++) {
      const isOnItsWay = chain.writeRtp(this.#buildNext(this.#memory), this.at);
      if (!isOnItsWay && this.#memory !== undefined) {
        this.#memory.leave();
        this.#memory = undefined;
      }
    }
  }

  #buildNext(memory: PacketMemory | undefined): OutgoingPacket {
    const packet = this.#packets.shift() as OutgoingRtp;
    return (this.#streams.shift() as SendStream).build(packet, this.at, memory);
  }
}
