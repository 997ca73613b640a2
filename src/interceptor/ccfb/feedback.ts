import { add16, type Instant } from '../../core/index.ts';
import { type CongestionFeedback, type CongestionReport, metricOffset, metricReceived, OFFSET_OVERFLOW, OFFSET_UNIT_MS } from '../../rtcp/index.ts';
import { Unwrapper } from '../../rtp/index.ts';
import { Fate, type PacketResults, SentHistory } from '../twcc/index.ts';
import { MAX_SOURCES, SOURCE_PACKETS, TIMESTAMP_UNIT_MS } from './constants.ts';

/** Which packet of the history a sequence number of one source is. */
class SourceIndex {
  readonly #numbers: Int32Array = new Int32Array(SOURCE_PACKETS).fill(-1);
  readonly #sequences: Uint16Array = new Uint16Array(SOURCE_PACKETS);

  set(sequence: number, number: number): void {
    const slot = sequence & (SOURCE_PACKETS - 1);
    this.#numbers[slot] = number;
    this.#sequences[slot] = sequence;
  }

  /** −1 when it was not sent, or long ago. */
  find(sequence: number): number {
    const slot = sequence & (SOURCE_PACKETS - 1);
    return this.#sequences[slot] === sequence ? (this.#numbers[slot] as number) : -1;
  }
}

/** Remembers what was sent by source and sequence number, and turns feedback of RFC 8888 into results. */
export class CongestionFeedbackReader {
  readonly #history: SentHistory = new SentHistory();
  readonly #sources: Map<number, SourceIndex> = new Map();
  readonly #timestamp: Unwrapper = new Unwrapper(32);

  /** Remembers a packet that is sent. */
  sent(ssrc: number, sequence: number, sizeBytes: number, probe: number, now: Instant): void {
    let source = this.#sources.get(ssrc);
    if (source === undefined) {
      if (this.#sources.size >= MAX_SOURCES) return;
      this.#sources.set(ssrc, (source = new SourceIndex()));
    }
    source.set(sequence, this.#history.record(sizeBytes, probe, now));
  }

  /** Forgets a source. */
  forget(ssrc: number): void {
    this.#sources.delete(ssrc);
  }

  /** Fills `results`; false when the feedback is about nothing that was sent. */
  read(feedback: CongestionFeedback, results: PacketResults): boolean {
    results.clear();
    const reportedAt = this.#timestamp.unwrap(feedback.timestamp) * TIMESTAMP_UNIT_MS;
    for (const report of feedback.reports) this.#readReport(report, reportedAt, results);
    return results.count > 0;
  }

  #readReport({ ssrc, beginSequence, metrics }: CongestionReport, reportedAt: number, results: PacketResults): void {
    const source = this.#sources.get(ssrc);
    if (source === undefined) return;
    const history = this.#history;
    for (let i = 0; i < metrics.length && results.hasRoom; i++) {
      const number = source.find(add16(beginSequence, i));
      const fate = history.fate(number);
      const metric = metrics[i] as number;
      const received = metricReceived(metric);
      if (fate === Fate.none || fate === Fate.received || (fate === Fate.lost && !received)) continue;
      history.setFate(number, received ? Fate.received : Fate.lost);
      const offset = metricOffset(metric);
      // What came 8 s ago or more, or at a time that is not known, came, and no more is said of it.
      const receivedAt = received && offset < OFFSET_OVERFLOW ? reportedAt - offset * OFFSET_UNIT_MS : NaN;
      results.add(history.sentAt(number), received, receivedAt, history.sizeBytes(number), history.probe(number));
    }
  }
}
