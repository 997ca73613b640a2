import { type CryptoProvider, equalBytes, fromHex, toHex } from '../../core/index.ts';
import { type ConformanceCase, must, mustThrow, same } from './support.ts';

/** NIST SP 800-38A F.5: the same counter and text under keys of three lengths. */
const COUNTER = 'f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff';
const PLAIN =
  '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710';
const VECTORS = [
  {
    source: 'SP 800-38A F.5.1, 128-bit key',
    key: '2b7e151628aed2a6abf7158809cf4f3c',
    sealed: '874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee',
  },
  {
    source: 'SP 800-38A F.5.3, 192-bit key',
    key: '8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b',
    sealed: '1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e941e36b26bd1ebc670d1bd1d665620abf74f78a7f6d29809585a97daec58c6b050',
  },
  {
    source: 'SP 800-38A F.5.5, 256-bit key',
    key: '603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4',
    sealed: '601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c52b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6',
  },
] as const;

const TEXT_AT = 5;

export function counterCases(): ConformanceCase[] {
  const offered = (name: string, check: (provider: CryptoProvider) => void): ConformanceCase => ({
    name: `aes-ctr: ${name}`,
    run: (provider) => void (provider.aesCtr && check(provider)),
  });
  return [
    ...VECTORS.map((vector) => offered(`${vector.source}, in place`, (provider) => checkVector(provider, vector))),
    offered('the counter carries through all of its 128 bits', checkCarry),
    offered('text of any length, and a beginning is the beginning of a longer one', checkLengths),
    offered('a key or counter of the wrong length, and a range outside of the buffer, are errors of the caller', checkArguments),
    {
      name: 'aes-ctr: where it is not offered it is not supported',
      run: (provider) => void (provider.aesCtr || mustThrow('ERR_NOT_SUPPORTED', 'counter mode', () => provider.createCtr(new Uint8Array(16)))),
    },
  ];
}

function checkVector(provider: CryptoProvider, { key, sealed }: (typeof VECTORS)[number]): void {
  const keyBytes = fromHex(key);
  const ctr = provider.createCtr(keyBytes);
  keyBytes.fill(0); // the key is the provider's own copy
  const counter = fromHex(COUNTER);
  const buffer = fromHex(`a5a5a5a5a5${PLAIN}a5a5`);
  const end = buffer.length - 2;
  for (const expected of [sealed, PLAIN, sealed]) {
    ctr.xor(counter, buffer, TEXT_AT, end);
    same(buffer.subarray(TEXT_AT, end), expected, 'text');
    same(buffer.subarray(0, TEXT_AT), 'a5a5a5a5a5', 'bytes in front of the range');
    same(buffer.subarray(end), 'a5a5', 'bytes behind the range');
    same(counter, COUNTER, 'the counter changed');
  }
}

function checkCarry(provider: CryptoProvider): void {
  const ctr = provider.createCtr(new Uint8Array(16));
  const two = new Uint8Array(32);
  ctr.xor(new Uint8Array(16).fill(0xff), two, 0, 32);
  const first = new Uint8Array(16);
  ctr.xor(new Uint8Array(16), first, 0, 16);
  must(equalBytes(two.subarray(16), first), 'the block after the last is not the first');
}

function checkLengths(provider: CryptoProvider): void {
  const ctr = provider.createCtr(fromHex(VECTORS[0].key));
  const counter = fromHex(COUNTER);
  const long = new Uint8Array(2000);
  ctr.xor(counter, long, 0, long.length);
  for (const length of [0, 1, 15, 16, 17, 255, 1200]) {
    const stream = new Uint8Array(length);
    ctr.xor(counter, stream, 0, length);
    same(stream, toHex(long.subarray(0, length)), `${length} bytes`);
  }
}

function checkArguments(provider: CryptoProvider): void {
  for (const length of [0, 15, 17, 33]) {
    mustThrow('ERR_INVALID_ARGUMENT', `a key of ${length} bytes`, () => provider.createCtr(new Uint8Array(length)));
  }
  const ctr = provider.createCtr(new Uint8Array(16));
  mustThrow('ERR_INVALID_ARGUMENT', 'a counter of 12 bytes', () => ctr.xor(new Uint8Array(12), new Uint8Array(16), 0, 16));
  mustThrow('ERR_INVALID_ARGUMENT', 'a range that ends after the buffer', () => ctr.xor(new Uint8Array(16), new Uint8Array(16), 0, 17));
  mustThrow('ERR_INVALID_ARGUMENT', 'a range that ends before it starts', () => ctr.xor(new Uint8Array(16), new Uint8Array(16), 9, 8));
}
