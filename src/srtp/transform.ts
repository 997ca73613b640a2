import type { CryptoProvider } from '../core/index.ts';
import { CounterMode } from './counter-mode.ts';
import { Gcm } from './gcm.ts';
import { KeyDerivation } from './key-derivation.ts';
import type { ProfileParameters } from './profiles.ts';

/**
 * Cipher and tag of one direction, by the session keys. Packets begin at the first byte of `buffer`, and nothing is
 * allocated but views. `index` is the packet index of the SSRC; it must never come twice with other content.
 */
export interface Transform {
  /** Bytes that protection adds to an RTP packet. */
  readonly rtpOverheadBytes: number;
  /** Bytes that protection adds to an RTCP packet: tag and index. */
  readonly rtcpOverheadBytes: number;
  /** Where an SRTCP packet of `length` bytes has its E bit and index. */
  rtcpIndexAt(length: number): number;
  /**
   * Encrypts `buffer[start, end)` and writes the tag at `end`. With Cryptex, `csrcs` is how many bytes of CSRCs are encrypted
   * too and `start` is 16 (see `cryptex.ts`); otherwise it is 0 and `start` is the length of the header.
   */
  sealRtp(ssrc: number, index: number, buffer: Uint8Array, csrcs: number, start: number, end: number): void;
  /** Checks the tag, which begins at `end`, and decrypts `buffer[start, end)`. False when it does not hold. */
  openRtp(ssrc: number, index: number, buffer: Uint8Array, csrcs: number, start: number, end: number): boolean;
  /** Encrypts the RTCP packet `buffer[0, end)` and writes tag and index behind it. */
  sealRtcp(ssrc: number, index: number, buffer: Uint8Array, end: number): void;
  /** Checks and decrypts an SRTCP packet whose content ends at `end`. False when it does not hold. */
  openRtcp(ssrc: number, index: number, buffer: Uint8Array, end: number): boolean;
  /** Overwrites what is known of the keys. */
  destroy(): void;
}

/** Derives the session keys of a master key and salt. */
export function createTransform(crypto: CryptoProvider, profile: ProfileParameters, key: Uint8Array, salt: Uint8Array): Transform {
  const keys = new KeyDerivation(crypto, key, salt);
  const transform = profile.cipher === 'gcm' ? new Gcm(crypto, profile, keys) : new CounterMode(crypto, profile, keys);
  keys.destroy();
  return transform;
}
