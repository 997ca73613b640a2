import { concat, encodeUtf8, fromHex, type HashName, toHex } from '../../core/index.ts';
import { type ConformanceCase, mustThrow, same } from './support.ts';
import { HASH_VECTORS, HMAC_VECTORS } from './vectors.ts';

export function hashCases(): ConformanceCase[] {
  return HASH_VECTORS.map(({ source, hash, text, digest }) => ({
    name: `${hash}: ${source}, whole and in pieces`,
    run(provider): void {
      const data = encodeUtf8(text);
      same(provider.hash(hash, data), digest, 'hash');
      const hasher = provider.createHash(hash).update(data.subarray(0, 1));
      const early = hasher.digest();
      same(early, toHex(provider.hash(hash, data.subarray(0, 1))), 'digest of the first byte');
      same(hasher.update(data.subarray(1)).digest(), digest, 'digest after a digest');
      same(hasher.digest(), digest, 'digest again');
    },
  }));
}

export function hmacCases(): ConformanceCase[] {
  const known = HMAC_VECTORS.map(({ source, hash, key, data, mac }): ConformanceCase => ({
    name: `hmac ${hash}: ${source}`,
    run(provider): void {
      const keyBytes = fromHex(key);
      const hmac = provider.createHmac(hash, keyBytes);
      keyBytes.fill(0); // the key is the provider's own copy
      const bytes = fromHex(data);
      same(hmac.sign(bytes), mac, 'in one piece');
      same(hmac.sign(bytes.subarray(0, 3), bytes.subarray(3, 3), bytes.subarray(3)), mac, 'in pieces, the key used again');
      const around = concat(Uint8Array.of(1, 2, 3), bytes, Uint8Array.of(4, 5));
      for (const length of [0, 4, 10, mac.length / 2]) {
        const code = new Uint8Array(length);
        hmac.signInto(code, around, 3, 3 + bytes.length);
        same(code, mac.slice(0, 2 * length), `the first ${length} bytes of a range’s code`);
      }
      const within = bytes.length < 4 ? new Uint8Array(4) : bytes.slice();
      const wanted = hmac.sign(within).slice(0, 4);
      hmac.signInto(within.subarray(0, 4), within, 0, within.length);
      same(within.slice(0, 4), toHex(wanted), 'a code that is written into the range');
      mustThrow('ERR_INVALID_ARGUMENT', 'more bytes than the code has', () => hmac.signInto(new Uint8Array(mac.length / 2 + 1), bytes, 0, 1));
      mustThrow('ERR_INVALID_ARGUMENT', 'a range that ends after the buffer', () => hmac.signInto(new Uint8Array(4), bytes, 0, bytes.length + 1));
    },
  }));
  const empty: readonly (readonly [HashName, string])[] = [['sha-256', 'b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad']];
  return [
    ...known,
    ...empty.map(([hash, mac]): ConformanceCase => ({
      name: `hmac ${hash}: an empty key and no data`,
      run: (provider) => same(provider.createHmac(hash, new Uint8Array(0)).sign(), mac, 'code'),
    })),
  ];
}
