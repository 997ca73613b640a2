import { readU16, readU24, readU32, writeU16, writeU24, writeU32 } from '../../core/bytes.ts';
import { DecodeError, type NtpTime, RtcError } from '../../core/index.ts';
import { ExtensionUri } from '../uris.ts';
import { checkSize, type ExtensionCodec } from './codec.ts';

/** Throws `ERR_INVALID_ARGUMENT` unless `value` is a whole number in `[least, most]`. */
function checkRange(what: string, value: number, least: number, most: number): void {
  if (!(Number.isInteger(value) && value >= least && value <= most)) throw new RtcError('ERR_INVALID_ARGUMENT', `${what} ${value}`);
}

/** The transport-wide sequence number of a packet (draft-holmer-rmcat-transport-wide-cc-extensions-01 2): 16 bits. */
export const transportSequenceExtension: ExtensionCodec<number> = {
  uri: ExtensionUri.transportSequence,
  decode(bytes, start, end) {
    checkSize('transport sequence', start, end, 2);
    return readU16(bytes, start);
  },
  sizeOf: () => 2,
  write: (value, bytes, at) => writeU16(bytes, at, value),
};

/** A transport-wide sequence number that may ask for feedback. */
export interface TransportSequence2 {
  readonly sequenceNumber: number;
  /** Feedback wanted on the last `count` packets; 0 asks for none and is for packets that do not ask. */
  readonly feedback?: { readonly withTimestamps: boolean; readonly count: number };
}

/** The second version of the transport-wide sequence number: 2 bytes, or 4 when the sender decides when feedback comes. */
export const transportSequence2Extension: ExtensionCodec<TransportSequence2> = {
  uri: ExtensionUri.transportSequence2,
  decode(bytes, start, end) {
    checkSize('transport sequence 2', start, end, 2, 4);
    const sequenceNumber = readU16(bytes, start);
    if (end - start === 2) return { sequenceNumber };
    const request = readU16(bytes, start + 2);
    return { sequenceNumber, feedback: { withTimestamps: request >= 0x8000, count: request & 0x7fff } };
  },
  sizeOf: (value) => (value.feedback ? 4 : 2),
  write(value, bytes, at) {
    writeU16(bytes, at, value.sequenceNumber);
    if (!value.feedback) return;
    checkRange('feedback count', value.feedback.count, 0, 0x7fff);
    writeU16(bytes, at + 2, value.feedback.count | (value.feedback.withTimestamps ? 0x8000 : 0));
  },
};

/** When a packet was sent, in units of 2⁻¹⁸ s modulo 64 s: 24 bits. See {@link absoluteSendTime}. */
export const absoluteSendTimeExtension: ExtensionCodec<number> = {
  uri: ExtensionUri.absoluteSendTime,
  decode(bytes, start, end) {
    checkSize('absolute send time', start, end, 3);
    return readU24(bytes, start);
  },
  sizeOf: () => 3,
  write: (value, bytes, at) => writeU24(bytes, at, value),
};

/** The value of an absolute send time for a time in milliseconds on any clock. */
export function absoluteSendTime(ms: number): number {
  // The rest of the division first, so that nothing is lost for times far from the clock's beginning.
  return Math.floor((((ms % 64_000) + 64_000) % 64_000) * 262.144) % 0x100_0000;
}

/** The milliseconds, modulo 64,000, of an absolute send time. */
export function msFromAbsoluteSendTime(value: number): number {
  return value / 262.144;
}

/** How far the sending of a packet lies from its timestamp, in units of the RTP clock, signed (RFC 5450 2). */
export const transmissionOffsetExtension: ExtensionCodec<number> = {
  uri: ExtensionUri.transmissionOffset,
  decode(bytes, start, end) {
    checkSize('transmission offset', start, end, 3);
    return (readU24(bytes, start) << 8) >> 8;
  },
  sizeOf: () => 3,
  write(value, bytes, at) {
    checkRange('transmission offset', value, -0x80_0000, 0x7f_ffff);
    writeU24(bytes, at, value & 0xff_ffff);
  },
};

/** When the first frame in a packet was captured. */
export interface AbsoluteCaptureTime {
  /** On the clock of the capturing system. */
  readonly capture: NtpTime;
  /** What to add to the sender's clock to get the capturing system's: `seconds` is signed, `fraction` is not. */
  readonly clockOffset?: NtpTime;
}

/** The capture time: 8 bytes, or 16 with the clock offset. */
export const absoluteCaptureTimeExtension: ExtensionCodec<AbsoluteCaptureTime> = {
  uri: ExtensionUri.absoluteCaptureTime,
  decode(bytes, start, end) {
    checkSize('absolute capture time', start, end, 8, 16);
    const capture = { seconds: readU32(bytes, start), fraction: readU32(bytes, start + 4) };
    if (end - start === 8) return { capture };
    return { capture, clockOffset: { seconds: readU32(bytes, start + 8) | 0, fraction: readU32(bytes, start + 12) } };
  },
  sizeOf: (value) => (value.clockOffset ? 16 : 8),
  write(value, bytes, at) {
    writeU32(bytes, at, value.capture.seconds);
    writeU32(bytes, at + 4, value.capture.fraction);
    if (!value.clockOffset) return;
    writeU32(bytes, at + 8, value.clockOffset.seconds >>> 0);
    writeU32(bytes, at + 12, value.clockOffset.fraction);
  },
};

/** How long a receiver should wait before it plays a frame. Multiples of 10 ms up to 40,950. */
export interface PlayoutDelay {
  readonly minMs: number;
  readonly maxMs: number;
}

const DELAY_UNIT_MS = 10;

/** The playout delay: two 12-bit numbers of 10 ms. */
export const playoutDelayExtension: ExtensionCodec<PlayoutDelay> = {
  uri: ExtensionUri.playoutDelay,
  decode(bytes, start, end) {
    checkSize('playout delay', start, end, 3);
    const word = readU24(bytes, start);
    const least = word >> 12;
    const most = word & 0xfff;
    if (least > most) throw new DecodeError('rtp.extension', 'playout delay from more to less');
    return { minMs: least * DELAY_UNIT_MS, maxMs: most * DELAY_UNIT_MS };
  },
  sizeOf: () => 3,
  write({ minMs, maxMs }, bytes, at) {
    const least = Math.round(minMs / DELAY_UNIT_MS);
    const most = Math.round(maxMs / DELAY_UNIT_MS);
    checkRange('playout delay', most, 0, 0xfff);
    checkRange('playout delay', least, 0, most);
    writeU24(bytes, at, (least << 12) | most);
  },
};

/** What a frame went through, in milliseconds since its capture, each 0 to 65,535. Only with the last packet of a frame. */
export interface VideoTiming {
  /** Why it was sent: 1 a timer, 2 an unusually large frame. */
  readonly flags: number;
  readonly encodeStartMs: number;
  readonly encodeFinishMs: number;
  readonly packetizedMs: number;
  readonly pacerExitMs: number;
  /** Set on the way, by whatever forwards the packet. */
  readonly network1Ms: number;
  readonly network2Ms: number;
}

/** The timing of a frame: 13 bytes; older senders leave the flags out. */
export const videoTimingExtension: ExtensionCodec<VideoTiming> = {
  uri: ExtensionUri.videoTiming,
  decode(bytes, start, end) {
    checkSize('video timing', start, end, 13, 12);
    const at = end - 12;
    return {
      flags: at > start ? (bytes[start] as number) : 0,
      encodeStartMs: readU16(bytes, at),
      encodeFinishMs: readU16(bytes, at + 2),
      packetizedMs: readU16(bytes, at + 4),
      pacerExitMs: readU16(bytes, at + 6),
      network1Ms: readU16(bytes, at + 8),
      network2Ms: readU16(bytes, at + 10),
    };
  },
  sizeOf: () => 13,
  write(value, bytes, at) {
    checkRange('flags', value.flags, 0, 0xff);
    bytes[at] = value.flags;
    const times = [value.encodeStartMs, value.encodeFinishMs, value.packetizedMs, value.pacerExitMs, value.network1Ms, value.network2Ms];
    for (let i = 0; i < times.length; i++) {
      const ms = times[i] as number;
      checkRange('video timing', ms, 0, 0xffff);
      writeU16(bytes, at + 1 + 2 * i, ms);
    }
  },
};
