import { type RandomSource, RtcError } from '../core/index.ts';

/** How often a random scalar is drawn before the random source is called broken. One in 2³² draws is out of range for P-256. */
const MAX_DRAWS = 16;

/**
 * A private scalar in [1, n − 1] by rejection (FIPS 186-5 A.2.2): the bytes of the source as they come, so that a given
 * source gives the same key with every provider.
 */
export function randomScalar(random: RandomSource, lengthBytes: number, valid: (scalar: Uint8Array) => boolean): Uint8Array {
  const scalar = new Uint8Array(lengthBytes);
  for (let draw = 0; draw < MAX_DRAWS; draw++) {
    random(scalar);
    if (valid(scalar)) return scalar;
  }
  throw new RtcError('ERR_CRYPTO', 'the random source gives no usable private key');
}
