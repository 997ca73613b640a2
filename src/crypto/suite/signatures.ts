import { concat, type CryptoProvider, encodeUtf8, equalBytes, fromHex, type SigningKeyKind } from '../../core/index.ts';
import { type ConformanceCase, flipped, must, mustThrow, same, sourceOf } from './support.ts';
import { P256_PRIVATE_KEY, P256_PUBLIC_KEY, SHORT_RSA, SIGNATURE_VECTORS, type SignatureVector } from './vectors.ts';

const SIGNED = encodeUtf8('sample');

export function signatureCases(): ConformanceCase[] {
  const cases: ConformanceCase[] = [];
  for (const v of SIGNATURE_VECTORS) {
    const add = (what: string, check: (provider: CryptoProvider) => void): void => {
      cases.push({ name: `${v.scheme}: ${what}`, run: (provider) => void (provider.signatureSchemes.includes(v.scheme) && check(provider)) });
    };
    add(`verifies a signature (${v.source})`, (provider) => {
      must(provider.verify(v.scheme, fromHex(v.publicKey), encodeUtf8(v.text), fromHex(v.signature)), 'a good signature is refused');
    });
    add('refuses other data, another signature, key or scheme', (provider) => checkSignatureForgeries(provider, v));
    add('refuses malformed keys and signatures without an exception', (provider) => checkMalformed(provider, v));
  }
  cases.push(
    {
      name: 'rsa: a key of less than 2048 bits is refused',
      run: (p) => must(!p.verify(SHORT_RSA.scheme, fromHex(SHORT_RSA.publicKey), SIGNED, fromHex(SHORT_RSA.signature)), 'accepted'),
    },
    { name: 'rsa: an exponent of 1, under which anybody can sign, is refused', run: checkExponentOne },
  );
  return cases;
}

function checkSignatureForgeries(provider: CryptoProvider, v: SignatureVector): void {
  const key = fromHex(v.publicKey);
  const text = encodeUtf8(v.text);
  const signature = fromHex(v.signature);
  const refuse = (what: string, scheme: SignatureVector['scheme'], k: Uint8Array, t: Uint8Array, s: Uint8Array): void => {
    must(!provider.verify(scheme, k, t, s), `${what} accepted`);
  };
  refuse('other data', v.scheme, key, flipped(text, 0), signature);
  refuse('no data', v.scheme, key, new Uint8Array(0), signature);
  for (let bit = 3; bit < 8 * signature.length; bit += 41) refuse(`signature bit ${bit}`, v.scheme, key, text, flipped(signature, bit));
  refuse('a signature of zeros', v.scheme, key, text, new Uint8Array(signature.length));
  for (const other of SIGNATURE_VECTORS) {
    if (other.scheme !== v.scheme) refuse(`scheme ${other.scheme}`, other.scheme, key, text, signature);
    if (other.publicKey !== v.publicKey) refuse(`the key of ${other.scheme}`, v.scheme, fromHex(other.publicKey), text, signature);
  }
}

function checkMalformed(provider: CryptoProvider, v: SignatureVector): void {
  const key = fromHex(v.publicKey);
  const signature = fromHex(v.signature);
  for (const bad of [signature.subarray(0, 0), signature.subarray(1), signature.subarray(0, signature.length - 1), concat(signature, Uint8Array.of(0))]) {
    must(!provider.verify(v.scheme, key, SIGNED, bad), `a signature of ${bad.length} bytes accepted`);
  }
  // r = s = 0 and r = s = 1 as DER
  for (const value of [0, 1]) must(!provider.verify(v.scheme, key, SIGNED, Uint8Array.of(0x30, 6, 2, 1, value, 2, 1, value)), `r = s = ${value} accepted`);
  for (let length = 0; length < key.length; length += 5) {
    must(!provider.verify(v.scheme, key.subarray(0, length), SIGNED, signature), `${length} bytes of the key accepted`);
  }
  must(!provider.verify(v.scheme, concat(key, Uint8Array.of(0)), SIGNED, signature), 'a key with a byte too many accepted');
  must(!provider.verify(v.scheme, flipped(key, 8 * key.length - 8), SIGNED, signature), 'a key that was changed accepted');
}

/** With e = 1 a signature is its own encoding, so anybody makes one for any modulus. */
function checkExponentOne(provider: CryptoProvider): void {
  if (!provider.signatureSchemes.includes('rsa_pkcs1_sha256')) return;
  const digestInfo = concat(fromHex('3031300d060960864801650304020105000420'), provider.hash('sha-256', SIGNED));
  const encoded = concat(fromHex('0001'), new Uint8Array(256 - 3 - digestInfo.length).fill(0xff), fromHex('00'), digestInfo);
  const modulus = new Uint8Array(256).fill(0xff);
  const numbers = concat(fromHex('0282010100'), modulus, fromHex('020101'));
  const key = concat(fromHex('30820108'), numbers);
  const bits = concat(fromHex('0382010d00'), key);
  const spki = concat(fromHex('30820120300d06092a864886f70d0101010500'), bits);
  must(!provider.verify('rsa_pkcs1_sha256', spki, SIGNED, encoded), 'accepted');
}

export function signingKeyCases(): ConformanceCase[] {
  const kinds: readonly SigningKeyKind[] = ['ecdsa-p256', 'ecdsa-p384'];
  return [
    ...kinds.map((kind): ConformanceCase => ({
      name: `${kind}: a key that was made signs, and survives export and import`,
      run(provider): void {
        const fits = kind === 'ecdsa-p256' ? 'ecdsa_secp256r1_sha256' : 'ecdsa_secp384r1_sha384';
        if (!provider.signatureSchemes.includes(fits)) return;
        const made = provider.generateSigningKey(kind, sourceOf(new Uint8Array(0), 7));
        const other = provider.generateSigningKey(kind, sourceOf(new Uint8Array(0), 8));
        must(made.kind === kind, `a key of kind ${made.kind}`);
        must(!equalBytes(made.publicKey, other.publicKey), 'two keys are the same');
        const read = provider.importSigningKey(made.exportPrivateKey());
        must(read.kind === kind && equalBytes(read.publicKey, made.publicKey), 'another key came back');
        for (const key of [made, read]) {
          const signature = key.sign(fits, SIGNED);
          must(provider.verify(fits, made.publicKey, SIGNED, signature), 'its signature does not hold');
          must(!provider.verify(fits, other.publicKey, SIGNED, signature), 'its signature holds for another key');
        }
        mustThrow('ERR_NOT_SUPPORTED', 'a scheme for RSA', () => made.sign('rsa_pkcs1_sha256', SIGNED));
      },
    })),
    {
      name: 'ecdsa: a scheme fixes the hash and not the curve (RFC 5246 7.4.1.4.1)',
      run(provider): void {
        for (const kind of kinds) {
          for (const scheme of ['ecdsa_secp256r1_sha256', 'ecdsa_secp384r1_sha384'] as const) {
            if (!provider.signatureSchemes.includes(scheme)) continue;
            const key = provider.generateSigningKey(kind, sourceOf(new Uint8Array(0), 9));
            must(provider.verify(scheme, key.publicKey, SIGNED, key.sign(scheme, SIGNED)), `${kind} with ${scheme}`);
          }
        }
      },
    },
    {
      name: 'ecdsa-p256: reads PKCS #8, and derives the public key (RFC 5208, RFC 5480)',
      run(provider): void {
        if (!provider.signatureSchemes.includes('ecdsa_secp256r1_sha256')) return;
        const key = provider.importSigningKey(fromHex(P256_PRIVATE_KEY));
        must(key.kind === 'ecdsa-p256', `a key of kind ${key.kind}`);
        same(key.publicKey, P256_PUBLIC_KEY, 'public key');
      },
    },
    {
      name: 'what is not a private key is refused',
      run(provider): void {
        const good = fromHex(P256_PRIVATE_KEY);
        for (const length of [0, 1, 10, 40, good.length - 70]) {
          mustThrow('ERR_CRYPTO', `${length} bytes of a key`, () => provider.importSigningKey(good.subarray(0, length)));
        }
        mustThrow('ERR_CRYPTO', 'a public key', () => provider.importSigningKey(fromHex(P256_PUBLIC_KEY)));
      },
    },
  ];
}
