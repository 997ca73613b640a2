import { H264NalType, H265NalType, ObuType, obuTypeOf, visitNalUnits } from '../codec/index.ts';

/**
 * Kinds of files: `h264` and `h265` are byte streams (Annex B), `obu` is AV1 in the low-overhead format. `webm` and `mp4` need the
 * package `mediabunny`.
 */
export type Container = 'ivf' | 'ogg' | 'wav' | 'h264' | 'h265' | 'obu' | 'rtpdump' | 'webm' | 'mp4';

/** Boxes that MP4 files begin with (ISO/IEC 14496-12). */
const FIRST_BOXES: ReadonlySet<string> = new Set(['ftyp', 'styp', 'moov', 'moof', 'mdat', 'free', 'skip', 'wide', 'sidx']);

/** What a file is by its first bytes: `undefined` when they are too few or nothing that is known. 64 KiB are always enough. */
export function sniffContainer(bytes: Uint8Array): Container | undefined {
  const text = (from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to));
  if (FIRST_BOXES.has(text(4, 8))) return 'mp4';
  switch (text(0, 4)) {
    case 'DKIF':
      return 'ivf';
    case 'OggS':
      return 'ogg';
    case 'RIFF':
      return text(8, 12) === 'WAVE' ? 'wav' : undefined;
    case '#!rt':
      return text(0, 13) === '#!rtpplay1.0 ' ? 'rtpdump' : undefined;
    case '\x1aE\xdf\xa3': // EBML
      return 'webm';
    default:
      return bytes[0] === 0 ? sniffAnnexB(bytes) : isTemporalDelimiter(bytes) ? 'obu' : undefined;
  }
}

function isTemporalDelimiter(bytes: Uint8Array): boolean {
  const [header = 0xff, size = 0xff] = bytes;
  return header < 0x80 && obuTypeOf(header) === ObuType.temporalDelimiter && (header & 0x06) === 0x02 && size === 0;
}

/** H.264 or H.265, by the first parameter set: as the other codec it would be nothing that can stand there. */
function sniffAnnexB(bytes: Uint8Array): 'h264' | 'h265' | undefined {
  let found: 'h264' | 'h265' | undefined;
  visitNalUnits(bytes, (unit) => {
    const [first = 0, second = 0] = unit;
    const type = (first >> 1) & 0x3f;
    // Parameter sets of H.265 have layer 0 and temporal id 0, which makes their second byte 1.
    if (second === 1 && (first & 0x81) === 0 && type >= H265NalType.vps && type <= H265NalType.pps) found = 'h265';
    // nal_ref_idc of an SPS is not 0 (H.264 7.4.1).
    else if ((first & 0x1f) === H264NalType.sps && (first & 0x80) === 0 && (first & 0x60) !== 0) found = 'h264';
    return found === undefined;
  });
  return found;
}
