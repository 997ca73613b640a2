import type { CryptoProvider, Ctr } from '../core/index.ts';
import { COUNTER_BYTES } from './constants.ts';

/** Labels of session keys (RFC 3711 4.3.2, RFC 6904 4.1). */
export const KeyLabel = {
  rtpCipherKey: 0,
  rtpAuthKey: 1,
  rtpSalt: 2,
  rtcpCipherKey: 3,
  rtcpAuthKey: 4,
  rtcpSalt: 5,
  headerCipherKey: 6,
  headerSalt: 7,
} as const;

/** Where the label meets the salt: the key derivation rate is zero, so the six bytes of index behind it are too (RFC 3711 4.3.1). */
const LABEL_AT = 7;

/** Session keys of one master key, by the pseudo-random function AES-CM (RFC 3711 4.3.3; with longer keys RFC 6188 3, RFC 7714 11). */
export class KeyDerivation {
  readonly #prf: Ctr;
  readonly #counter: Uint8Array = new Uint8Array(COUNTER_BYTES);

  /** The salt has at most 14 bytes; a shorter one is filled up with zeros (RFC 7714 11). */
  constructor(crypto: CryptoProvider, masterKey: Uint8Array, masterSalt: Uint8Array) {
    this.#prf = crypto.createCtr(masterKey);
    this.#counter.set(masterSalt);
  }

  /** `length` bytes for a purpose. The caller overwrites them when they have served. */
  derive(label: number, length: number): Uint8Array {
    const out = new Uint8Array(length);
    const counter = this.#counter;
    counter[LABEL_AT] = (counter[LABEL_AT] as number) ^ label;
    this.#prf.xor(counter, out, 0, length);
    counter[LABEL_AT] = (counter[LABEL_AT] as number) ^ label;
    return out;
  }

  destroy(): void {
    this.#counter.fill(0);
    this.#prf.destroy?.();
  }
}
