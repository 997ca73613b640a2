import { MAX_EARLY_BYTES, MAX_EARLY_RECORDS } from '../constants.ts';

/** Records that came before they can be opened, or before what they say may be believed (RFC 6347 4.1). */
export class EarlyRecords {
  #records: Uint8Array[] = [];
  #bytes = 0;

  /** Keeps a copy of a record; false when there is no room. */
  keep(record: Uint8Array): boolean {
    if (this.#records.length === MAX_EARLY_RECORDS || this.#bytes + record.length > MAX_EARLY_BYTES) return false;
    this.#records.push(record.slice());
    this.#bytes += record.length;
    return true;
  }

  /** Hands all records out and forgets them. */
  take(): readonly Uint8Array[] {
    const records = this.#records;
    this.#records = [];
    this.#bytes = 0;
    return records;
  }
}
