import { SparseMap } from '../core/index.ts';
import type { SctpMessage } from '../sctp/index.ts';
import { MAX_EARLY_BYTES, MAX_EARLY_STREAM_BYTES, MAX_EARLY_STREAM_MESSAGES } from './constants.ts';

const NOTHING: readonly SctpMessage[] = Object.freeze([]);

/**
 * Messages that came before the OPEN of their channel: unordered ones may overtake it, and a stream that is used again
 * may speak before our side of it is closed. A bound per stream and one on all keep a peer from filling the window.
 */
export class EarlyMessages {
  readonly #streams: SparseMap<number, SctpMessage[]> = new SparseMap();
  readonly #maxStreams: number;
  #bytes = 0;

  constructor(maxStreams: number) {
    this.#maxStreams = maxStreams;
  }

  /** Returns false when there is no room. */
  keep(message: SctpMessage): boolean {
    const kept = this.#streams.get(message.streamId);
    const size = message.data.length;
    if (this.#bytes + size > MAX_EARLY_BYTES) return false;
    if (kept === undefined) {
      if (this.#streams.size >= this.#maxStreams || size > MAX_EARLY_STREAM_BYTES) return false;
      this.#streams.set(message.streamId, [message]);
    } else {
      if (kept.length >= MAX_EARLY_STREAM_MESSAGES || total(kept) + size > MAX_EARLY_STREAM_BYTES) return false;
      kept.push(message);
    }
    this.#bytes += size;
    return true;
  }

  /** Takes what was kept for a stream. */
  take(streamId: number): readonly SctpMessage[] {
    const kept = this.#streams.get(streamId);
    if (kept === undefined) return NOTHING;
    this.#streams.delete(streamId);
    this.#bytes -= total(kept);
    return kept;
  }

  clear(): void {
    this.#streams.clear();
    this.#bytes = 0;
  }
}

function total(messages: readonly SctpMessage[]): number {
  let bytes = 0;
  for (const message of messages) bytes += message.data.length;
  return bytes;
}
