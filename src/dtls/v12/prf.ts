import { concat, type CryptoProvider, type HashName } from '../../core/index.ts';

/** The pseudo-random function of TLS 1.2: P_hash over label and seed (RFC 5246 5). */
export function prf(crypto: CryptoProvider, hash: HashName, secret: Uint8Array, label: Uint8Array, seed: Uint8Array, length: number): Uint8Array {
  const hmac = crypto.createHmac(hash, secret);
  const labelAndSeed = concat(label, seed);
  const out = new Uint8Array(length);
  let a = labelAndSeed;
  for (let at = 0; at < length; ) {
    a = hmac.sign(a);
    const block = hmac.sign(a, labelAndSeed);
    const count = Math.min(block.length, length - at);
    out.set(block.subarray(0, count), at);
    at += count;
  }
  return out;
}
