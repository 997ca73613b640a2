import { FLOAT_ZERO, type Instant, Queue } from '../../core/index.ts';
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

  get length(): number {
    return this.#packets.length;
  }

  push(packet: OutgoingRtp, stream: SendStream, now: Instant): void {
    this.#packets.push(packet);
    this.#streams.push(stream);
    this.at = now;
  }

  /** The oldest packet; {@link Written.shiftStream} says next where it was written to. */
  shift(): OutgoingRtp | undefined {
    return this.#packets.shift();
  }

  shiftStream(): SendStream {
    return this.#streams.shift() as SendStream;
  }
}
