import { RtcError } from '../core/index.ts';

/** The package that reads and writes WebM and MP4. */
export type Mediabunny = typeof import('mediabunny');

/** Loads the package. Throws `ERR_NOT_SUPPORTED` where it is not installed. */
export async function loadMediabunny(): Promise<Mediabunny> {
  try {
    return await import('mediabunny');
  } catch (cause) {
    throw new RtcError('ERR_NOT_SUPPORTED', 'WebM and MP4 need the package mediabunny: npm install mediabunny', { cause });
  }
}
