import { type Instant, Queue } from '../../core/index.ts';
import type { OutgoingPacket } from '../packet.ts';
import type { LocalStream } from '../stream.ts';

/** What waits of one stream. */
export interface StreamQueue {
  readonly stream: LocalStream;
  /** Retransmissions: what they repair is late already. */
  readonly repairs: Queue<OutgoingPacket>;
  readonly fresh: Queue<OutgoingPacket>;
  /** Bytes it was served, on a scale that all streams share: who was served least is next. */
  served: number;
}

/** Packets that wait, by stream: retransmissions before fresh packets, and streams share by bytes. A stream's packets keep their order. */
export class PacerQueue {
  readonly #streams: StreamQueue[] = [];
  #packets = 0;
  #bytes = 0;

  get packets(): number {
    return this.#packets;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(stream: LocalStream): void {
    if (this.#streams.every((one) => one.stream !== stream)) this.#streams.push({ stream, repairs: new Queue(), fresh: new Queue(), served: 0 });
  }

  /** Forgets a stream and what waits of it; returns how many packets that was. */
  remove(stream: LocalStream): number {
    const index = this.#streams.findIndex((one) => one.stream === stream);
    const [removed] = index < 0 ? [] : this.#streams.splice(index, 1);
    if (removed === undefined) return 0;
    const count = removed.repairs.length + removed.fresh.length;
    for (const packet of removed.repairs) this.#bytes -= packet.bytes.length;
    for (const packet of removed.fresh) this.#bytes -= packet.bytes.length;
    this.#packets -= count;
    return count;
  }

  push(packet: OutgoingPacket): void {
    const queue = this.#find(packet.stream);
    // A stream that had nothing to send does not save up for later.
    if (queue.repairs.length + queue.fresh.length === 0) queue.served = Math.max(queue.served, this.#leastServed());
    (packet.role === 'rtx' ? queue.repairs : queue.fresh).push(packet);
    this.#packets++;
    this.#bytes += packet.bytes.length;
  }

  shift(): OutgoingPacket | undefined {
    let best: StreamQueue | undefined;
    let isRepair = false;
    for (let i = 0; i < this.#streams.length; i++) {
      const queue = this.#streams[i] as StreamQueue;
      const hasRepair = queue.repairs.length > 0;
      if (!hasRepair && (isRepair || queue.fresh.length === 0)) continue;
      if (best !== undefined && hasRepair === isRepair && queue.served >= best.served) continue;
      best = queue;
      isRepair = hasRepair;
    }
    const packet = best === undefined ? undefined : (isRepair ? best.repairs : best.fresh).shift();
    if (best === undefined || packet === undefined) return undefined;
    best.served += packet.bytes.length;
    this.#packets--;
    this.#bytes -= packet.bytes.length;
    return packet;
  }

  /** When the packet that waits longest was written; `undefined` when none waits. */
  oldestAt(): Instant | undefined {
    let oldest = Infinity;
    for (let i = 0; i < this.#streams.length; i++) {
      const queue = this.#streams[i] as StreamQueue;
      oldest = Math.min(oldest, queue.repairs.peek()?.at ?? Infinity, queue.fresh.peek()?.at ?? Infinity);
    }
    return oldest === Infinity ? undefined : oldest;
  }

  #find(stream: LocalStream): StreamQueue {
    for (let i = 0; i < this.#streams.length; i++) if (this.#streams[i]?.stream === stream) return this.#streams[i] as StreamQueue;
    this.add(stream);
    return this.#streams[this.#streams.length - 1] as StreamQueue;
  }

  /** Of the streams that have something to send. */
  #leastServed(): number {
    let least = Infinity;
    for (let i = 0; i < this.#streams.length; i++) {
      const queue = this.#streams[i] as StreamQueue;
      if (queue.repairs.length + queue.fresh.length > 0) least = Math.min(least, queue.served);
    }
    return least === Infinity ? 0 : least;
  }
}
