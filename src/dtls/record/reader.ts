import { type Counters, EMPTY } from '../../core/index.ts';
import { readU16 } from '../../core/bytes.ts';
import { ContentType, RECORD_HEADER_BYTES, VERSION_DTLS_1_0, VERSION_DTLS_1_2 } from '../constants.ts';

/** Walks over the records of a datagram (RFC 6347 4.1) without making an object for each. */
export class RecordReader {
  readonly #counters: Counters;
  #bytes: Uint8Array = EMPTY;
  #next = 0;
  /** Where the record's header begins. */
  at = 0;
  /** Where the record ends. */
  end = 0;
  type = 0;
  epoch = 0;

  constructor(counters: Counters) {
    this.#counters = counters;
  }

  load(datagram: Uint8Array): void {
    this.#bytes = datagram;
    this.#next = 0;
  }

  /** Moves to the next record that can be one. Records of unknown type or version are counted and passed over (RFC 6347 4.1.2.7). */
  next(): boolean {
    const bytes = this.#bytes;
    while (this.#next < bytes.length) {
      const at = this.#next;
      const body = at + RECORD_HEADER_BYTES;
      const end = body > bytes.length ? body : body + readU16(bytes, at + 11);
      if (end > bytes.length) {
        this.#counters.add('dtls.record.truncated');
        break;
      }
      this.#next = end;
      const type = bytes[at] as number;
      const version = ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
      const epoch = ((bytes[at + 3] as number) << 8) | (bytes[at + 4] as number);
      if (type < ContentType.changeCipherSpec || type > ContentType.applicationData) {
        this.#counters.add('dtls.record.type');
        continue;
      }
      // First hellos and HelloVerifyRequest may carry the version of DTLS 1.0 (RFC 6347 4.2.1).
      if (version !== VERSION_DTLS_1_2 && (version !== VERSION_DTLS_1_0 || epoch !== 0)) {
        this.#counters.add('dtls.record.version');
        continue;
      }
      this.at = at;
      this.end = end;
      this.type = type;
      this.epoch = epoch;
      return true;
    }
    this.#bytes = EMPTY; // a datagram may be a view of a large buffer that many share
    return false;
  }
}

/** Whether a datagram looks like one record of application data and nothing else. Cheap enough for every packet, and no proof of anything. */
export function isDataRecord(datagram: Uint8Array): boolean {
  return datagram[0] === ContentType.applicationData && datagram.length >= RECORD_HEADER_BYTES && datagram.length === RECORD_HEADER_BYTES + readU16(datagram, 11);
}
