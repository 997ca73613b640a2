import { concat, DecodeError, encodeUtf8, RtcError } from '../core/index.ts';

/** The identification header of Opus in Ogg (RFC 7845 5.1). */
export interface OpusHead {
  readonly channels: number;
  /** Samples at 48,000 Hz that a decoder makes and does not play at the beginning. */
  readonly preSkip: number;
  /** Sampling rate of what was encoded in Hz; it does not matter for decoding. */
  readonly inputSampleRate: number;
  /** In units of 1/256 dB. */
  readonly outputGain: number;
}

const HEAD_BYTES = 19;
const HEAD_MAGIC: Uint8Array = encodeUtf8('OpusHead');
const TAGS_MAGIC: Uint8Array = encodeUtf8('OpusTags');

function startsWith(packet: Uint8Array, magic: Uint8Array): boolean {
  return packet.length >= magic.length && magic.every((byte, i) => packet[i] === byte);
}

export function isOpusHead(packet: Uint8Array): boolean {
  return startsWith(packet, HEAD_MAGIC);
}

export function isOpusTags(packet: Uint8Array): boolean {
  return startsWith(packet, TAGS_MAGIC);
}

/** Reads an identification header. Throws {@link DecodeError}, also for surround sound, which RTP does not carry in this form. */
export function decodeOpusHead(packet: Uint8Array): OpusHead {
  if (!isOpusHead(packet) || packet.length < HEAD_BYTES) throw new DecodeError('media.opus.head', 'no identification header');
  const fields = new DataView(packet.buffer, packet.byteOffset, packet.length);
  const channels = fields.getUint8(9);
  const family = fields.getUint8(18);
  // A version below 16 is one that this reader understands (RFC 7845 5.1).
  if (fields.getUint8(8) >= 16) throw new DecodeError('media.opus.head', `version ${fields.getUint8(8)}`);
  if (channels < 1 || channels > 2 || family > 1) throw new DecodeError('media.opus.head', `${channels} channels in mapping family ${family}`);
  if (family === 1 && packet[19] !== 1) throw new DecodeError('media.opus.head', `${packet[19] ?? 0} streams`);
  return { channels, preSkip: fields.getUint16(10, true), inputSampleRate: fields.getUint32(12, true), outputGain: fields.getInt16(16, true) };
}

/** An identification header of mapping family 0. Throws `ERR_INVALID_ARGUMENT`. */
export function encodeOpusHead({ channels, preSkip, inputSampleRate, outputGain }: OpusHead): Uint8Array {
  if (!(channels === 1 || channels === 2) || !(preSkip >= 0 && preSkip <= 0xffff)) {
    throw new RtcError('ERR_INVALID_ARGUMENT', `Opus with ${channels} channels, pre-skip ${preSkip}`);
  }
  const packet = new Uint8Array(HEAD_BYTES);
  const fields = new DataView(packet.buffer);
  packet.set(HEAD_MAGIC);
  fields.setUint8(8, 1);
  fields.setUint8(9, channels);
  fields.setUint16(10, preSkip, true);
  fields.setUint32(12, inputSampleRate, true);
  fields.setInt16(16, outputGain, true);
  return packet;
}

/** A comment header (RFC 7845 5.2). */
export function encodeOpusTags(vendor: string, comments: readonly string[]): Uint8Array {
  const strings = [vendor, ...comments].map(encodeUtf8);
  const number = (value: number): Uint8Array => {
    const bytes = new DataView(new ArrayBuffer(4));
    bytes.setUint32(0, value, true);
    return new Uint8Array(bytes.buffer);
  };
  const [first = new Uint8Array(0), ...rest] = strings;
  return concat(TAGS_MAGIC, number(first.length), first, number(rest.length), ...rest.flatMap((text) => [number(text.length), text]));
}
