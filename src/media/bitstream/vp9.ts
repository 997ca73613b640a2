import { DecodeError } from '../../core/index.ts';
import { Bits } from './bits.ts';

/** What the header of a VP9 keyframe says of the pictures (VP9 specification 6.2). */
export interface Vp9Keyframe {
  readonly profile: number;
  readonly bitDepth: number;
  /** 0: 4:2:0 · 2: 4:2:2 · 3: 4:4:4 (VP codec ISO media file format binding; 4:4:0 is told as 4:2:0). */
  readonly chroma: number;
  readonly width: number;
  readonly height: number;
}

const SYNC_CODE = 0x49_83_42;
const CS_RGB = 7;

/** Reads the header of a VP9 keyframe; `undefined` for other frames. Throws {@link DecodeError}. */
export function decodeVp9Keyframe(frame: Uint8Array): Vp9Keyframe | undefined {
  const bits = new Bits(frame, 'media.vp9');
  if (bits.u(2) !== 2) throw new DecodeError('media.vp9', 'no frame marker');
  const low = bits.bit();
  const profile = low + 2 * bits.bit();
  if (profile === 3) bits.skip(1);
  if (bits.flag() || bits.flag()) return undefined; // show_existing_frame, frame_type
  bits.skip(2); // show_frame, error_resilient_mode
  if (bits.u(24) !== SYNC_CODE) throw new DecodeError('media.vp9', 'no sync code');
  const bitDepth = profile >= 2 ? (bits.flag() ? 12 : 10) : 8;
  const chroma = chromaOf(bits, profile);
  const width = bits.u(16) + 1;
  const height = bits.u(16) + 1;
  return { profile, bitDepth, chroma, width, height };
}

function chromaOf(bits: Bits, profile: number): number {
  const odd = (profile & 1) === 1;
  if (bits.u(3) === CS_RGB) {
    if (odd) bits.skip(1);
    return 3;
  }
  bits.skip(1); // color_range
  if (!odd) return 0;
  const subsampling = bits.u(2);
  bits.skip(1);
  return subsampling === 0 ? 3 : subsampling === 2 ? 2 : 0;
}
