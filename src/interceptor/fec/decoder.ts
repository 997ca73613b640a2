import { writeU16, writeU32 } from '../../core/bytes.ts';
import { type Counters, distance16, type Instant, type Queue } from '../../core/index.ts';
import { codecRole, readHeader, readPadding, RtpHeader } from '../../rtp/index.ts';
import { beltPacket, type IncomingPacket } from '../packet.ts';
import { PacketHistory } from '../packet-history.ts';
import type { RemoteStream } from '../stream.ts';
import { KEPT_BYTES, KEPT_MS, KEPT_PACKETS, MAX_PENDING, MAX_PENDING_DISTANCE, PROTECTED_FROM } from './constants.ts';
import { type FecFields, maskHas } from './fields.ts';
import { mutableExtensions, zeroMutable } from './mutable.ts';
import { Parity } from './parity.ts';

/** A FEC packet that lacks more than one of its packets. */
interface Pending {
  readonly fields: FecFields;
  missing: number;
}

/** Restores packets of one stream: those of which a FEC packet and all else that it protects came. Keeps none until the first FEC packet. */
export class FecDecoder {
  readonly #stream: RemoteStream;
  readonly #counters: Counters;
  #mutable: Int8Array;
  readonly #history: PacketHistory = new PacketHistory({ maxPackets: KEPT_PACKETS, maxBytes: KEPT_BYTES, maxAgeMs: KEPT_MS });
  /** By sequence number modulo its size: the number that came, kept or not. What came is never restored. */
  readonly #came: Int32Array = new Int32Array(KEPT_PACKETS).fill(-1);
  readonly #pending: Pending[] = [];
  #isActive = false;
  #highest = -1;

  constructor(stream: RemoteStream, counters: Counters) {
    this.#stream = stream;
    this.#counters = counters;
    this.#mutable = mutableExtensions(stream.extensions);
  }

  /** Takes over other ids of extensions. */
  update(): void {
    this.#mutable = mutableExtensions(this.#stream.extensions);
  }

  /** Takes a media packet and puts what it helps to restore into `recovered`. False when the packet itself was here before. */
  onMedia(packet: IncomingPacket, recovered: Queue<IncomingPacket>, now: Instant): boolean {
    const { header, bytes } = packet;
    if (this.#hasCome(header.sequenceNumber)) {
      this.#counters.add('interceptor.fec.duplicate');
      return false;
    }
    this.#note(header.sequenceNumber);
    if (!this.#isActive) return true;
    this.#keep(bytes, header, now);
    this.#cover(header.sequenceNumber);
    this.#solve(recovered, now);
    return true;
  }

  /** Takes a FEC packet; its bytes are kept as they are. */
  onFec(fields: FecFields, recovered: Queue<IncomingPacket>, now: Instant): void {
    this.#isActive = true;
    if (this.#pending.length === MAX_PENDING) {
      this.#pending.shift();
      this.#counters.add('interceptor.fec.pending');
    }
    this.#pending.push({ fields, missing: 0 });
    this.#solve(recovered, now);
  }

  #hasCome(sequence: number): boolean {
    return this.#came[sequence % KEPT_PACKETS] === sequence;
  }

  #note(sequence: number): void {
    this.#came[sequence % KEPT_PACKETS] = sequence;
    if (this.#highest < 0 || distance16(sequence, this.#highest) > 0) this.#highest = sequence;
  }

  #keep(bytes: Uint8Array, header: RtpHeader, now: Instant): void {
    const place = this.#history.keep(header.sequenceNumber, bytes, bytes.length, now);
    if (place >= 0 && header.extensionProfile >= 0) zeroMutable(this.#history.bytesAt(place), header, this.#mutable);
  }

  #cover(sequence: number): void {
    for (const pending of this.#pending) if (maskHas(pending.fields.mask, (sequence - pending.fields.base) & 0xffff)) pending.missing--;
  }

  /** Restores until no FEC packet lacks exactly one. Each round uses one up, so there are at most as many rounds as FEC packets. */
  #solve(recovered: Queue<IncomingPacket>, now: Instant): void {
    for (let i = 0; i < this.#pending.length; ) {
      const pending = this.#pending[i] as Pending;
      const isStale = this.#isStale(pending.fields);
      const lost = isStale || pending.missing > 1 ? -1 : this.#missing(pending, now);
      if (!isStale && pending.missing > 1) {
        i++;
        continue;
      }
      this.#pending.splice(i, 1);
      const packet = lost < 0 ? undefined : this.#recover(pending.fields, lost, now);
      if (packet === undefined) continue;
      recovered.push(packet);
      this.#note(lost);
      this.#keep(packet.bytes, packet.header, now);
      this.#cover(lost);
      i = 0;
    }
  }

  /** Whether a mask reaches back to where it is not known any more what came. */
  #isStale({ base }: FecFields): boolean {
    return this.#highest >= 0 && distance16(this.#highest, base) > MAX_PENDING_DISTANCE;
  }

  /** Counts what is missing anew; returns it when it is the only one, −1 when there are none or more, or when
   * something that came is not kept, and parity is of no use. */
  #missing(pending: Pending, now: Instant): number {
    const { base, mask } = pending.fields;
    let lost = -1;
    pending.missing = 0;
    for (let ahead = 0; ahead < 8 * mask.length; ahead++) {
      if (!maskHas(mask, ahead)) continue;
      const sequence = (base + ahead) & 0xffff;
      if (this.#hasCome(sequence)) {
        if (this.#history.find(sequence, now) >= 0) continue;
        pending.missing = 0;
        return -1;
      }
      pending.missing++;
      lost = sequence;
    }
    return pending.missing === 1 ? lost : -1;
  }

  #recover(fields: FecFields, sequence: number, now: Instant): IncomingPacket | undefined {
    const { base, mask } = fields;
    const parity = new Parity(fields.payload.length);
    parity.addFec(fields);
    for (let ahead = 0; ahead < 8 * mask.length; ahead++) {
      const other = (base + ahead) & 0xffff;
      if (maskHas(mask, ahead) && other !== sequence) parity.addPacket(this.#history.bytesAt(this.#history.find(other, now)));
    }
    if (parity.length > fields.payload.length) return this.#drop('interceptor.fec.partial');
    const bytes = new Uint8Array(PROTECTED_FROM + parity.length);
    bytes[0] = 0x80 | (parity.first & 0x3f);
    bytes[1] = parity.second;
    writeU16(bytes, 2, sequence);
    writeU32(bytes, 4, parity.timestamp);
    writeU32(bytes, 8, this.#stream.ssrc);
    bytes.set(parity.payload.subarray(0, parity.length), PROTECTED_FROM);
    const header = new RtpHeader();
    if (!readHeader(bytes, header) || !readPadding(bytes, header)) return this.#drop('interceptor.fec.invalid');
    const codec = this.#stream.codecs.get(header.payloadType);
    // Depth one: repair is not repaired.
    if (codec === undefined || codecRole(codec) !== 'media') return this.#drop('interceptor.fec.invalid');
    return beltPacket(bytes, header, this.#stream, header.payloadEnd === header.payloadStart ? 'padding' : 'media', now);
  }

  #drop(counter: string): undefined {
    this.#counters.add(counter);
    return undefined;
  }
}
