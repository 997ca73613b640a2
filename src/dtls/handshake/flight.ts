import type { Instant } from '../../core/index.ts';
import { ContentType, HANDSHAKE_HEADER_BYTES, HandshakeType, VERSION_DTLS_1_0, VERSION_DTLS_1_2 } from '../constants.ts';
import type { RecordWriter } from '../record/writer.ts';
import { writeFragmentHeader } from './fragment.ts';

/** One part of a flight: a handshake message, or ChangeCipherSpec. */
export type FlightItem =
  | { readonly content: 'handshake'; readonly epoch: number; readonly type: number; readonly sequence: number; readonly body: Uint8Array }
  | { readonly content: 'change-cipher-spec'; readonly epoch: number };

/** The messages that go out together and come again together until the peer answers (RFC 6347 4.2.4). */
export class Flight {
  readonly items: readonly FlightItem[];
  readonly firstSentAt: Instant;
  lastSentAt: Instant;
  transmissions = 0;

  constructor(items: readonly FlightItem[], now: Instant) {
    this.items = items;
    this.firstSentAt = now;
    this.lastSentAt = now;
  }
}

/** Below this many bytes a fragment is not worth beginning in a datagram that already holds something. */
const LEAST_FRAGMENT_BYTES = 24;

/**
 * Cuts a flight into datagrams of at most `mtu` bytes, every fragment in a record of its own with a new number.
 * The buffers are new and zeroed, and a datagram is exactly what was written.
 */
export function packFlight(items: readonly FlightItem[], writer: RecordWriter, mtu: number): Uint8Array[] {
  const datagrams: Uint8Array[] = [];
  let buffer = new Uint8Array(mtu);
  let used = 0;
  const finish = (): void => {
    datagrams.push(buffer.subarray(0, used));
    buffer = new Uint8Array(mtu);
    used = 0;
  };
  for (let i = 0; i < items.length; i++) {
    const item = items[i] as FlightItem;
    const head = writer.headBytes(item.epoch);
    const tail = writer.tailBytes(item.epoch);
    if (item.content === 'change-cipher-spec') {
      if (used + head + 1 + tail > mtu) finish();
      buffer[used + head] = 1;
      writer.write(ContentType.changeCipherSpec, item.epoch, buffer, used + head, used + head + 1);
      used += head + 1 + tail;
      continue;
    }
    // A first hello may be answered by an old stack, which wants the old record version (RFC 6347 4.2.1).
    const version = item.type === HandshakeType.clientHello ? VERSION_DTLS_1_0 : VERSION_DTLS_1_2;
    let offset = 0;
    do {
      const left = item.body.length - offset;
      let room = mtu - used - head - HANDSHAKE_HEADER_BYTES - tail;
      if (used > 0 && room < Math.min(left, LEAST_FRAGMENT_BYTES)) {
        finish();
        room = mtu - head - HANDSHAKE_HEADER_BYTES - tail;
      }
      const count = Math.min(left, room);
      const start = used + head;
      const end = start + HANDSHAKE_HEADER_BYTES + count;
      writeFragmentHeader(buffer, start, item.type, item.body.length, item.sequence, offset, count);
      buffer.set(count === item.body.length ? item.body : item.body.subarray(offset, offset + count), start + HANDSHAKE_HEADER_BYTES);
      writer.write(ContentType.handshake, item.epoch, buffer, start, end, version);
      used = end + tail;
      offset += count;
    } while (offset < item.body.length);
  }
  if (used > 0) datagrams.push(buffer.subarray(0, used));
  return datagrams;
}
