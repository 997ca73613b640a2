import { HASH_BYTES } from '../../core/crypto.ts';
import type { CryptoProvider, HashName } from '../../core/index.ts';

/** The pseudo-random function of TLS 1.2: P_hash over label and seed (RFC 5246 5). */
export function prf(crypto: CryptoProvider, hash: HashName, secret: Uint8Array, label: Uint8Array, seed: Uint8Array, length: number): Uint8Array {
  const hmac = crypto.createHmac(hash, secret);
  const codeBytes = HASH_BYTES[hash];
  // A(i), then label and seed: the code of the latter is A(1), of A(i) alone A(i + 1), of all of it the output.
  const input = new Uint8Array(codeBytes + label.length + seed.length);
  input.set(label, codeBytes);
  input.set(seed, codeBytes + label.length);
  const a = input.subarray(0, codeBytes);
  const out = new Uint8Array(length);
  hmac.signInto(a, input, codeBytes, input.length);
  for (let at = 0; at < length; at += codeBytes) {
    if (at > 0) hmac.signInto(a, a, 0, codeBytes);
    hmac.signInto(length <= codeBytes ? out : out.subarray(at, Math.min(at + codeBytes, length)), input, 0, input.length);
  }
  return out;
}
