import { DecodeError } from '../../core/index.ts';

/** Longest run of zeros before an Exp-Golomb code's first one bit; no syntax element of H.264 or H.265 needs more. */
const MAX_EXP_GOLOMB_ZEROS = 31;

/** Reads bits, the first one of a byte first, and never past the end: a bit that is not there throws {@link DecodeError}. */
export class Bits {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  #at = 0;

  /** @param what - names the structure in errors */
  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  /** How many bits are left. */
  get left(): number {
    return 8 * this.#bytes.length - this.#at;
  }

  bit(): number {
    const byte = this.#bytes[this.#at >> 3];
    if (byte === undefined) throw new DecodeError(this.#what, 'it ends too early');
    return (byte >> (7 - (this.#at++ & 7))) & 1;
  }

  flag(): boolean {
    return this.bit() === 1;
  }

  /** An unsigned number of 0 to 32 bits. */
  u(bits: number): number {
    let value = 0;
    for (let i = 0; i < bits; i++) value = value * 2 + this.bit();
    return value;
  }

  skip(bits: number): void {
    if (bits > this.left) throw new DecodeError(this.#what, 'it ends too early');
    this.#at += bits;
  }

  /** ue(v) (H.264 9.1, H.265 9.2). */
  ue(): number {
    let zeros = 0;
    while (this.bit() === 0) {
      if (++zeros > MAX_EXP_GOLOMB_ZEROS) throw new DecodeError(this.#what, 'Exp-Golomb code out of range');
    }
    return 2 ** zeros - 1 + this.u(zeros);
  }

  /** se(v) (H.264 9.1.1, H.265 9.2.2). */
  se(): number {
    const code = this.ue();
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
  }

  /** uvlc (AV1 specification 4.10.3). */
  uvlc(): number {
    let zeros = 0;
    while (this.bit() === 0) if (++zeros >= 32) return 0xffff_ffff;
    return 2 ** zeros - 1 + this.u(zeros);
  }
}

/** The payload of a NAL unit without its emulation prevention bytes (H.264 7.4.1, H.265 7.4.2). */
export function rawPayload(unit: Uint8Array, headerBytes: number): Uint8Array {
  const out = new Uint8Array(Math.max(unit.length - headerBytes, 0));
  let to = 0;
  let zeros = 0;
  for (let i = headerBytes; i < unit.length; i++) {
    const byte = unit[i] as number;
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    out[to++] = byte;
  }
  return out.subarray(0, to);
}

/** Frames per second that are believed. */
const MIN_FRAME_RATE = 0.1;
const MAX_FRAME_RATE = 1000;

/** A frame rate, unless nobody would encode at it. */
export function believable(frameRate: number): number | undefined {
  return frameRate >= MIN_FRAME_RATE && frameRate <= MAX_FRAME_RATE ? frameRate : undefined;
}
