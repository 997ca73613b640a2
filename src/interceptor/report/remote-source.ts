import { compactDuration, compactNtp, FLOAT_ZERO, type Instant, type NtpTime } from '../../core/index.ts';
import type { ReportBlock } from '../../rtcp/index.ts';
import type { RemoteStream } from '../stream.ts';
import { SILENT_REPORTS } from './constants.ts';
import { Reception } from './reception.ts';

/** What came with one SSRC of a remote stream, and what its sender said last. */
export class RemoteSource {
  readonly ssrc: number;
  readonly stream: RemoteStream;
  readonly #reception: Reception = new Reception();
  #reportsSince: number = SILENT_REPORTS;
  #senderReport: number = FLOAT_ZERO;
  #senderReportAt: Instant = FLOAT_ZERO;

  constructor(ssrc: number, stream: RemoteStream) {
    this.ssrc = ssrc;
    this.stream = stream;
  }

  /** Whether it is to be told of. */
  get isHeard(): boolean {
    return this.#reportsSince < SILENT_REPORTS;
  }

  count(sequence: number, timestamp: number, at: Instant, clockRateHz: number): void {
    this.#reportsSince = 0;
    this.#reception.count(sequence, timestamp, at, clockRateHz);
  }

  onSenderReport(ntp: NtpTime, now: Instant): void {
    this.#senderReport = compactNtp(ntp);
    this.#senderReportAt = now;
  }

  leave(): void {
    this.#reportsSince = SILENT_REPORTS;
  }

  block(now: Instant): ReportBlock {
    this.#reportsSince++;
    const { fractionLost, cumulativeLost } = this.#reception.interval();
    return {
      ssrc: this.ssrc,
      fractionLost,
      cumulativeLost,
      highestSequence: this.#reception.highestSequence >>> 0,
      jitter: this.#reception.jitter >>> 0,
      lastSenderReport: this.#senderReport >>> 0,
      delaySinceLastSenderReport: this.#senderReport === 0 ? 0 : compactDuration(now - this.#senderReportAt),
    };
  }
}
