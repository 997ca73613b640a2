import { type RandomSource, randomBytes } from '../core/index.ts';
import { PASSWORD_LENGTH, UFRAG_LENGTH } from './constants.ts';

/** What authenticates the checks of one side (RFC 8445 5.3). */
export interface IceCredentials {
  readonly usernameFragment: string;
  readonly password: string;
}

// ice-char (RFC 8839 5.1): exactly 64 letters, so six bits choose one without bias.
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Fresh credentials: 48 random bits of username fragment and 144 of password. */
export function generateIceCredentials(random: RandomSource): IceCredentials {
  return { usernameFragment: randomText(random, UFRAG_LENGTH), password: randomText(random, PASSWORD_LENGTH) };
}

/** Random ice-chars. */
export function randomText(random: RandomSource, length: number): string {
  const bytes = randomBytes(random, length);
  const letters = new Array<string>(length);
  for (let i = 0; i < length; i++) letters[i] = LETTERS.charAt((bytes[i] as number) & 63);
  return letters.join('');
}
