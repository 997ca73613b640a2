import { DecodeError, RtcError } from '../core/index.ts';

/** Most reflection coefficients that are read; further ones are of no use to any model and passed over. */
const MAX_COEFFICIENTS = 32;

/** Comfort noise (RFC 3389 3). */
export interface ComfortNoise {
  /** Level of the noise in −dBov, 0–127. */
  readonly level: number;
  /** Reflection coefficients k1, k2, … of its spectrum, each between −1 and 1; empty for white noise. */
  readonly reflection: readonly number[];
}

/** Reads a payload. Throws {@link DecodeError}. */
export function decodeComfortNoise(payload: Uint8Array): ComfortNoise {
  const level = payload[0];
  if (level === undefined) throw new DecodeError('codec.comfort-noise', 'empty payload');
  if (level > 127) throw new DecodeError('codec.comfort-noise', 'level above 127');
  const reflection: number[] = [];
  for (let i = 1; i < payload.length && reflection.length < MAX_COEFFICIENTS; i++) {
    const index = payload[i] as number;
    if (index === 255) throw new DecodeError('codec.comfort-noise', 'reserved coefficient');
    reflection.push((258 * (index - 127)) / 32_768);
  }
  return { level, reflection };
}

/** Writes a payload. Throws `ERR_INVALID_ARGUMENT` when the level or a coefficient is out of range. */
export function encodeComfortNoise({ level, reflection }: ComfortNoise): Uint8Array {
  const fits = level >= 0 && level <= 127 && reflection.length <= MAX_COEFFICIENTS && reflection.every((k) => k > -1 && k < 1);
  if (!fits) throw new RtcError('ERR_INVALID_ARGUMENT', `noise of level ${level} with ${reflection.length} coefficients`);
  const payload = new Uint8Array(1 + reflection.length);
  payload[0] = level;
  for (let i = 0; i < reflection.length; i++) payload[i + 1] = Math.min(254, Math.max(0, Math.round(((reflection[i] as number) * 32_768) / 258) + 127));
  return payload;
}
