import {
  type CryptoProvider,
  DecodeError,
  encodeUtf8,
  type Environment,
  equalBytes,
  type Instant,
  randomBytes,
  RtcError,
  type SigningKey,
  type SigningKeyKind,
  toHex,
} from '../core/index.ts';
import { CERTIFICATE_BACKDATE_MS, CERTIFICATE_LIFE_MS } from './constants.ts';
import { derBitString, derSequence, derValue, Tag } from './der.ts';
import { type Fingerprint, type FingerprintHash, fingerprintOf } from './fingerprint.ts';
import { decodePem, encodePem } from './pem.ts';
import { encodeTime } from './time.ts';
import { decodeCertificate, type LeafCertificate, notAfterOf, OID_COMMON_NAME, OID_ECDSA_SHA256, OID_ECDSA_SHA384, OID_RSA_SHA256 } from './x509.ts';

/** What a new certificate is to be like. */
export interface CertificateOptions {
  /** Default `ecdsa-p256`. */
  readonly keyKind?: SigningKeyKind;
  /** The present instant; with `environment.unixOffsetMs` it gives the wall time of the validity. */
  readonly now: Instant;
  /** How long it is valid, in milliseconds. Default 30 days. */
  readonly lifeMs?: number;
}

/** A certificate and its private key as PEM. */
export interface CertificatePem {
  readonly certificate: string;
  readonly privateKey: string;
}

/** A certificate of ours with its key. */
export class Certificate {
  /** The certificate, DER. */
  readonly der: Uint8Array;
  /** When its validity ends, in milliseconds since the Unix epoch. */
  readonly expires: number;
  readonly key: SigningKey;
  readonly #crypto: CryptoProvider;

  private constructor(der: Uint8Array, expires: number, key: SigningKey, crypto: CryptoProvider) {
    this.der = der;
    this.expires = expires;
    this.key = key;
    this.#crypto = crypto;
  }

  /** Makes a self-signed certificate (RFC 8827 6.5) with a new key, a random serial number and a random name. */
  static generate(options: CertificateOptions, environment: Environment): Certificate {
    const { crypto, random } = environment;
    const key = crypto.generateSigningKey(options.keyKind ?? 'ecdsa-p256', random);
    const unixNow = options.now + environment.unixOffsetMs;
    const serial = randomBytes(random, 16);
    serial[0] = ((serial[0] as number) & 0x7f) | 0x40; // positive and in its shortest form
    const scheme = key.kind === 'ecdsa-p384' ? 'ecdsa_secp384r1_sha384' : key.kind === 'ecdsa-p256' ? 'ecdsa_secp256r1_sha256' : 'rsa_pkcs1_sha256';
    const algorithm = SIGNATURE_ALGORITHMS[key.kind];
    const name = commonName(toHex(randomBytes(random, NAME_BYTES / 2)));
    const expires = Math.floor((unixNow + (options.lifeMs ?? CERTIFICATE_LIFE_MS)) / 1000) * 1000; // times are written to the second
    const tbs = derSequence(
      VERSION_3,
      derValue(Tag.integer, serial),
      algorithm,
      name,
      derSequence(encodeTime(unixNow - CERTIFICATE_BACKDATE_MS), encodeTime(expires)),
      name,
      key.publicKey,
    );
    const der = derSequence(tbs, algorithm, derBitString(key.sign(scheme, tbs)));
    return new Certificate(der, expires, key, crypto);
  }

  /**
   * Takes a certificate and its PKCS #8 key. Throws `ERR_CRYPTO` when one of them cannot be read, is of a kind that
   * is not supported, or when they do not belong together.
   */
  static fromDer(der: Uint8Array, pkcs8: Uint8Array, environment: Environment): Certificate {
    const key = environment.crypto.importSigningKey(pkcs8);
    let leaf: LeafCertificate;
    let expires: number;
    try {
      leaf = decodeCertificate(der);
      expires = notAfterOf(leaf);
    } catch (cause) {
      if (cause instanceof DecodeError) throw new RtcError('ERR_CRYPTO', 'the certificate cannot be read', { cause });
      throw cause;
    }
    if (leaf.key.kind === 'unsupported') throw new RtcError('ERR_CRYPTO', "the certificate's key is of no supported kind");
    if (!equalBytes(leaf.publicKey, key.publicKey)) throw new RtcError('ERR_CRYPTO', 'the key is not that of the certificate');
    return new Certificate(der.slice(), expires, key, environment.crypto);
  }

  /** As {@link Certificate.fromDer}, from `CERTIFICATE` and `PRIVATE KEY` blocks (RFC 7468). */
  static fromPem(pem: CertificatePem, environment: Environment): Certificate {
    return Certificate.fromDer(decodePem('CERTIFICATE', pem.certificate), decodePem('PRIVATE KEY', pem.privateKey), environment);
  }

  /** What SDP says of it (RFC 8122 5). Default hash SHA-256. */
  fingerprint(algorithm: FingerprintHash = 'sha-256'): Fingerprint {
    return fingerprintOf(this.#crypto, algorithm, this.der);
  }

  /** Both halves, for {@link Certificate.fromPem}. Keep the key secret. */
  exportPem(): CertificatePem {
    return { certificate: encodePem('CERTIFICATE', this.der), privateKey: encodePem('PRIVATE KEY', this.key.exportPrivateKey()) };
  }
}

const VERSION_3: Uint8Array = derValue(Tag.context0, derValue(Tag.integer, Uint8Array.of(2)));

const SIGNATURE_ALGORITHMS: Readonly<Record<SigningKeyKind, Uint8Array>> = {
  'ecdsa-p256': derSequence(derValue(Tag.oid, OID_ECDSA_SHA256)),
  'ecdsa-p384': derSequence(derValue(Tag.oid, OID_ECDSA_SHA384)),
  'rsa-2048': derSequence(derValue(Tag.oid, OID_RSA_SHA256), derValue(Tag.null)),
};

/** Characters of a name, which stands at the end of its encoding. */
const NAME_BYTES = 16;
const NAMELESS: Uint8Array = derSequence(
  derValue(Tag.set, derSequence(derValue(Tag.oid, OID_COMMON_NAME), derValue(Tag.utf8String, new Uint8Array(NAME_BYTES)))),
);

function commonName(text: string): Uint8Array {
  const name = NAMELESS.slice();
  name.set(encodeUtf8(text), name.length - NAME_BYTES);
  return name;
}
