import { SparseQueue } from '../core/index.ts';
import type { SctpEvent } from './events.ts';
import type { InStreams } from './in-streams.ts';

interface Entry {
  readonly event: SctpEvent;
  /** How many messages had been put into order when it happened. */
  readonly after: number;
}

/**
 * Events in their order with messages: an event is given out when the messages that came before it were read. So a reset
 * or an end never overtakes what the peer sent before it, however the two queues are polled.
 */
export class EventQueue {
  /** The messages that events wait for, once there can be any. */
  messages: InStreams | undefined;
  readonly #entries: SparseQueue<Entry> = new SparseQueue();

  push(event: SctpEvent): void {
    this.#entries.push({ event, after: this.messages?.delivered ?? 0 });
  }

  poll(): SctpEvent | undefined {
    const entry = this.#entries.peek();
    if (entry === undefined || (this.messages !== undefined && entry.after > this.messages.read)) return undefined;
    this.#entries.shift();
    return entry.event;
  }
}
