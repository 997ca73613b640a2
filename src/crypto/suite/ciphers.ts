import { type AeadName, concat, type CryptoProvider, equalBytes, fromHex, toHex } from '../../core/index.ts';
import { type ConformanceCase, flipped, must, mustThrow, same } from './support.ts';
import { AEAD_VECTORS, type AeadVector } from './vectors.ts';

/** Where the text stands in the buffer: not at its start, so that offsets are seen to count. */
const TEXT_AT = 13;
const AROUND = 0xa5;

function laidOut(content: Uint8Array, roomAfter: number): Uint8Array {
  const buffer = new Uint8Array(TEXT_AT + content.length + roomAfter + 5).fill(AROUND);
  buffer.set(content, TEXT_AT);
  return buffer;
}

function surroundingsUntouched(buffer: Uint8Array, end: number): void {
  must(buffer.subarray(0, TEXT_AT).every((byte) => byte === AROUND), 'bytes in front of the range changed');
  must(buffer.subarray(end).every((byte) => byte === AROUND), 'bytes behind the range changed');
}

export function aeadCases(): ConformanceCase[] {
  const cases: ConformanceCase[] = [];
  for (const vector of AEAD_VECTORS) {
    const add = (what: string, check: (provider: CryptoProvider, v: AeadVector) => void): void => {
      cases.push({ name: `${vector.cipher}: ${what}`, run: (provider) => void (provider.aeads.includes(vector.cipher) && check(provider, vector)) });
    };
    add(`${vector.source}, in place`, checkAeadVector);
    add('a wrong tag, text, nonce or associated data is refused and leaves no plaintext', checkAeadForgeries);
    add('text of any length from none, and ranges that are too short', checkAeadLengths);
    add('a sequence, if there is one, is the cipher with its counter in the nonce', checkAeadSequence);
    add('a key or nonce of the wrong length, and a range outside of the buffer, are errors of the caller', checkAeadArguments);
  }
  cases.push({
    name: 'a cipher that is not listed is not supported',
    run(provider): void {
      mustThrow('ERR_NOT_SUPPORTED', 'a cipher of another name', () => provider.createAead('aes-128-cbc' as AeadName, new Uint8Array(16)));
      for (const { cipher, key } of AEAD_VECTORS) {
        if (!provider.aeads.includes(cipher)) mustThrow('ERR_NOT_SUPPORTED', cipher, () => provider.createAead(cipher, fromHex(key)));
      }
    },
  });
  return cases;
}

function checkAeadVector(provider: CryptoProvider, v: AeadVector): void {
  const key = fromHex(v.key);
  const aead = provider.createAead(v.cipher, key);
  key.fill(0); // the key is the provider's own copy
  const plain = fromHex(v.plain);
  const nonce = fromHex(v.nonce);
  const aad = fromHex(v.aad);
  for (let round = 0; round < 2; round++) {
    const buffer = laidOut(plain, 16);
    const end = TEXT_AT + plain.length;
    aead.seal(nonce, aad, buffer, TEXT_AT, end);
    same(buffer.subarray(TEXT_AT, end + 16), v.sealed, 'sealed');
    surroundingsUntouched(buffer, end + 16);
    must(aead.open(nonce, aad, buffer, TEXT_AT, end + 16), 'what was sealed does not open');
    same(buffer.subarray(TEXT_AT, end), v.plain, 'opened');
    surroundingsUntouched(buffer, end + 16);
  }
  same(nonce, v.nonce, 'the nonce changed');
  same(aad, v.aad, 'the associated data changed');
}

function checkAeadForgeries(provider: CryptoProvider, v: AeadVector): void {
  const aead = provider.createAead(v.cipher, fromHex(v.key));
  const plain = fromHex(v.plain);
  const sealed = fromHex(v.sealed);
  const nonce = fromHex(v.nonce);
  const aad = fromHex(v.aad);
  const refuse = (what: string, n: Uint8Array, a: Uint8Array, content: Uint8Array): void => {
    const buffer = laidOut(content, 0);
    must(!aead.open(n, a, buffer, TEXT_AT, TEXT_AT + content.length), `${what} opened`);
    const shown = buffer.subarray(TEXT_AT, TEXT_AT + Math.min(plain.length, content.length));
    let equal = 0;
    for (let i = 0; i < shown.length; i++) if (shown[i] === plain[i]) equal++;
    // Unrelated bytes agree once in 256; half of them agreeing means that the text was left there.
    must(shown.length < 8 || equal < shown.length / 2, `${what} left plaintext in the buffer`);
    surroundingsUntouched(buffer, TEXT_AT + content.length);
  };
  for (let bit = 8 * plain.length; bit < 8 * sealed.length; bit++) refuse(`tag bit ${bit}`, nonce, aad, flipped(sealed, bit));
  for (const bit of [0, 7, 8 * plain.length - 1]) refuse(`text bit ${bit}`, nonce, aad, flipped(sealed, bit));
  for (const bit of [0, 95]) refuse(`nonce bit ${bit}`, flipped(nonce, bit), aad, sealed);
  for (const bit of [0, 8 * aad.length - 1]) refuse(`associated data bit ${bit}`, nonce, flipped(aad, bit), sealed);
  refuse('no associated data', nonce, new Uint8Array(0), sealed);
  refuse('longer associated data', nonce, concat(aad, Uint8Array.of(0)), sealed);
  refuse('a byte less', nonce, aad, sealed.subarray(0, sealed.length - 1));
  refuse('a zero tag', nonce, aad, concat(sealed.subarray(0, plain.length), new Uint8Array(16)));
  const good = laidOut(sealed, 0);
  must(aead.open(nonce, aad, good, TEXT_AT, TEXT_AT + sealed.length), 'the good packet does not open after forged ones');
}

function checkAeadLengths(provider: CryptoProvider, v: AeadVector): void {
  const aead = provider.createAead(v.cipher, fromHex(v.key));
  const nonce = fromHex(v.nonce);
  const none = new Uint8Array(0);
  for (const length of [0, 1, 15, 16, 17, 255, 1200, 16_384]) {
    const text = new Uint8Array(length).map((_, i) => i * 7);
    const buffer = laidOut(text, 16);
    const end = TEXT_AT + length;
    aead.seal(nonce, none, buffer, TEXT_AT, end);
    must(length < 15 || !equalBytes(buffer.subarray(TEXT_AT, end), text), `${length} bytes are not encrypted`);
    must(aead.open(nonce, none, buffer, TEXT_AT, end + 16), `${length} bytes do not open`);
    same(buffer.subarray(TEXT_AT, end), toHex(text), `${length} bytes`);
  }
  for (const length of [0, 1, 15]) must(!aead.open(nonce, none, new Uint8Array(64), 8, 8 + length), `a range of ${length} bytes opened`);
}

/** The counter goes into the last six bytes of the nonce, in whatever order and with whatever lengths packets come. */
function checkAeadSequence(provider: CryptoProvider, v: AeadVector): void {
  const aead = provider.createAead(v.cipher, fromHex(v.key));
  const nonce = fromHex(v.nonce);
  const [sealing, opening] = [aead.sequence?.(nonce), aead.sequence?.(nonce)];
  if (sealing === undefined || opening === undefined) return;
  mustThrow('ERR_INVALID_ARGUMENT', 'a nonce of 11 bytes', () => aead.sequence?.(nonce.subarray(1)));
  const aad = fromHex(v.aad);
  const counters = [...Array.from({ length: 40 }, (_, i) => i), 41, 40, 44, 60, 61, 62, 60, 61, 2 ** 32 - 1, 2 ** 32, 2 ** 48 - 1, 5, 6];
  for (const [i, counter] of counters.entries()) {
    const text = new Uint8Array(i % 7 === 6 ? 1200 : 20 + 3 * i).fill(i);
    const expected = laidOut(text, 16);
    const own = nonce.slice();
    for (let k = 0; k < 6; k++) own[6 + k] = (own[6 + k] as number) ^ (Math.floor(counter / 2 ** (8 * (5 - k))) & 0xff);
    const end = TEXT_AT + text.length;
    aead.seal(own, aad, expected, TEXT_AT, end);
    const buffer = laidOut(text, 16);
    sealing.seal(counter, aad, buffer, TEXT_AT, end);
    same(buffer, toHex(expected), `packet ${counter}`);
    const forged = flipped(buffer, 8 * TEXT_AT + 3);
    must(!opening.open(counter, aad, forged, TEXT_AT, end + 16), `forged packet ${counter} opened`);
    must(!opening.open(counter + 2 ** 20, aad, buffer.slice(), TEXT_AT, end + 16), `packet ${counter} opened by another number`);
    must(opening.open(counter, aad, buffer, TEXT_AT, end + 16), `packet ${counter} does not open`);
    same(buffer.subarray(TEXT_AT, end), toHex(text), `text ${counter}`);
    surroundingsUntouched(buffer, end + 16);
  }
  must(!opening.open(0, aad, new Uint8Array(64), 8, 23), 'a range of 15 bytes opened');
  mustThrow('ERR_INVALID_ARGUMENT', 'no room for the tag', () => sealing.seal(7, aad, new Uint8Array(47), 0, 32));
}

function checkAeadArguments(provider: CryptoProvider, v: AeadVector): void {
  const key = fromHex(v.key);
  mustThrow('ERR_INVALID_ARGUMENT', 'a key that is too short', () => provider.createAead(v.cipher, key.subarray(1)));
  mustThrow('ERR_INVALID_ARGUMENT', 'a key that is too long', () => provider.createAead(v.cipher, concat(key, key)));
  const aead = provider.createAead(v.cipher, key);
  const none = new Uint8Array(0);
  mustThrow('ERR_INVALID_ARGUMENT', 'a nonce of 8 bytes', () => aead.seal(new Uint8Array(8), none, new Uint8Array(64), 0, 32));
  mustThrow('ERR_INVALID_ARGUMENT', 'no room for the tag', () => aead.seal(new Uint8Array(12), none, new Uint8Array(47), 0, 32));
  mustThrow('ERR_INVALID_ARGUMENT', 'a range that ends after the buffer', () => aead.open(new Uint8Array(12), none, new Uint8Array(47), 0, 48));
}
