import { csrcAt, decodeRtp } from './packets.ts';
import { extensionValue } from './elements.ts';
import { RtpHeader } from './header.ts';

/** A packet and its decoded header, for whoever handles packets one by one. The payload is a view, never a copy. */
export class RtpPacket {
  readonly bytes: Uint8Array;
  readonly header: RtpHeader;

  constructor(bytes: Uint8Array, header: RtpHeader) {
    this.bytes = bytes;
    this.header = header;
  }

  /** Decodes a packet that is not encrypted. Throws `DecodeError`. */
  static decode(bytes: Uint8Array): RtpPacket {
    return new RtpPacket(bytes, decodeRtp(bytes, new RtpHeader()));
  }

  /** The payload without padding. */
  get payload(): Uint8Array {
    return this.bytes.subarray(this.header.payloadStart, this.header.payloadEnd);
  }

  /** How many bytes of padding follow the payload. */
  get paddingBytes(): number {
    return this.bytes.length - this.header.payloadEnd;
  }

  /** The contributing sources (RFC 3550 5.1). */
  get csrcs(): number[] {
    const { csrcCount } = this.header;
    return csrcCount === 0 ? [] : Array.from({ length: csrcCount }, (_, i) => csrcAt(this.bytes, i));
  }

  /** A view of the value of an extension element (RFC 8285). */
  extension(id: number): Uint8Array | undefined {
    return extensionValue(this.bytes, this.header, id);
  }
}
