import { DecodeError, RtcError } from '../../core/index.ts';
import { MAX_CSRCS } from '../constants.ts';
import { ExtensionUri } from '../uris.ts';
import { checkSize, type ExtensionCodec } from './codec.ts';

/** How loud a packet is. */
export interface AudioLevel {
  /** In −dBov: 0 is the loudest, 127 silence (RFC 6464 3). */
  readonly level: number;
  /** Whether the sender believes that there is speech. */
  readonly voice: boolean;
}

function checkLevel(level: number): void {
  if (!(Number.isInteger(level) && level >= 0 && level <= 127)) throw new RtcError('ERR_INVALID_ARGUMENT', `audio level ${level}`);
}

/** The level of a packet's audio (RFC 6464 3). */
export const audioLevelExtension: ExtensionCodec<AudioLevel> = {
  uri: ExtensionUri.audioLevel,
  decode(bytes, start, end) {
    checkSize('audio level', start, end, 1);
    const byte = bytes[start] as number;
    return { level: byte & 0x7f, voice: byte >= 0x80 };
  },
  sizeOf: () => 1,
  write({ level, voice }, bytes, at) {
    checkLevel(level);
    bytes[at] = level | (voice ? 0x80 : 0);
  },
};

/** The levels of a mix's contributing sources, in their order, each in −dBov from 0 to 127 (RFC 6465 3). */
export const mixerToClientAudioLevelExtension: ExtensionCodec<readonly number[]> = {
  uri: ExtensionUri.mixerToClientAudioLevel,
  decode(bytes, start, end) {
    if (end - start > MAX_CSRCS) throw new DecodeError('rtp.extension', `levels of ${end - start} sources`);
    return Array.from(bytes.subarray(start, end), (byte) => byte & 0x7f);
  },
  sizeOf(levels) {
    if (levels.length > MAX_CSRCS) throw new RtcError('ERR_INVALID_ARGUMENT', `levels of ${levels.length} sources`);
    return levels.length;
  },
  write(levels, bytes, at) {
    for (let i = 0; i < levels.length; i++) {
      checkLevel(levels[i] as number);
      bytes[at + i] = levels[i] as number;
    }
  },
};
