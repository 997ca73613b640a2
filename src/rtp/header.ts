/**
 * Where the parts of a packet lie and what its header says (RFC 3550 5.1). A plain object with numbers that a decoder fills
 * in, so that one of them serves for any number of packets: nothing is allocated, and nothing refers to the packet's bytes.
 */
export class RtpHeader {
  marker: boolean = false;
  payloadType: number = 0;
  sequenceNumber: number = 0;
  timestamp: number = 0;
  ssrc: number = 0;
  /** How many contributing sources there are; they lie from byte 12 on. */
  csrcCount: number = 0;
  /** The profile of the extension block (RFC 3550 5.3.1), or −1 when there is none. */
  extensionProfile: number = -1;
  /** Where the extension elements start and end. Both are `payloadStart` when there is no block. */
  extensionStart: number = 0;
  extensionEnd: number = 0;
  /** Where the header ends, which is its size in bytes. */
  payloadStart: number = 0;
  /** Where the payload ends and the padding begins; the end of the packet as long as the padding was not looked at. */
  payloadEnd: number = 0;
  /** Whether the P bit is set. */
  hasPadding: boolean = false;
}
