import crypto, { createCipheriv, createDecipheriv, createHash, createHmac, createSecretKey, type Hash, type KeyObject } from 'node:crypto';
import { HASH_BYTES } from '../core/crypto.ts';
import {
  type Aead,
  type AeadName,
  concat,
  type CryptoProvider,
  type Ctr,
  type GroupName,
  type Hasher,
  type HashName,
  type Hmac,
  type KeyAgreement,
  type RandomSource,
  RtcError,
} from '../core/index.ts';
import { AES_KEY_BYTES, agreementOf, BLOCK_BYTES, checkAead, checkCounter, checkCtr, checkMac, checkPart, checkRange, GROUPS, KEY_BYTES, NONCE_BYTES, SIGNATURE_SCHEMES, TAG_BYTES } from './arguments.ts';
import { moveResult, NativeKey } from './node-cipher.ts';
import { plain } from './node-import.ts';
import { generateSigningKey, importKey, NodeEcdh, NodeX25519, verifySignature } from './node-keys.ts';
import { createWasmChaCha20Poly1305 } from './wasm-chacha.ts';
import { type BlockCipher, createWasmGcm } from './wasm-gcm.ts';
import { shortHmac } from './wasm-hmac.ts';
import { hasWasmSimd } from './web-assembly.ts';

const HASHES: Readonly<Record<HashName, string>> = { md5: 'md5', 'sha-1': 'sha1', 'sha-256': 'sha256', 'sha-384': 'sha384', 'sha-512': 'sha512' };
/** Whether WebAssembly is the faster way for short records. On Bun a native cipher costs less than a microsecond. */
const FAST_WASM: boolean = hasWasmSimd && process.versions['bun'] === undefined;

function openSslHash(name: HashName): string {
  if (!Object.hasOwn(HASHES, name)) throw new RtcError('ERR_NOT_SUPPORTED', `no hash ${String(name)}`);
  return HASHES[name];
}

/** Absent on platforms whose `node:crypto` is older, or another. */
const oneShotHash: typeof crypto.hash | undefined = crypto.hash as typeof crypto.hash | undefined;

class NodeHasher implements Hasher {
  readonly #hash: Hash;

  constructor(name: HashName) {
    this.#hash = createHash(openSslHash(name));
  }

  update(data: Uint8Array): this {
    this.#hash.update(data);
    return this;
  }

  digest(): Uint8Array {
    return plain(this.#hash.copy().digest());
  }
}

/** Codes of short data by WebAssembly: those of `createHmac` leave a context of more than a kilobyte each that only the collector takes away. */
class NodeHmac implements Hmac {
  readonly #name: HashName;
  // As bytes: a KeyObject takes as long to make as a code, and a kilobyte. Where codes are made by the thousand it pays.
  readonly #key: Uint8Array;
  #keyObject: KeyObject | undefined;

  constructor(name: HashName, key: Uint8Array) {
    openSslHash(name);
    this.#name = name;
    this.#key = key.slice();
  }

  sign(...pieces: readonly Uint8Array[]): Uint8Array {
    const data = pieces.length === 1 ? (pieces[0] as Uint8Array) : concat(...pieces);
    const mac = new Uint8Array(HASH_BYTES[this.#name]);
    this.signInto(mac, data, 0, data.length);
    return mac;
  }

  signInto(mac: Uint8Array, buffer: Uint8Array, start: number, end: number): void {
    checkPart(buffer, start, end, end);
    if (shortHmac(mac, this.#name, this.#key, buffer, start, end)) return;
    this.#keyObject ??= createSecretKey(this.#key);
    const code = createHmac(HASHES[this.#name], this.#keyObject).update(buffer.subarray(start, end)).digest();
    checkMac(mac, code);
    for (let i = 0; i < mac.length; i++) mac[i] = code[i] as number;
  }
}

/** One cipher context per packet, which is what `node:crypto` offers; the result is copied in place. */
class NodeAead implements Aead {
  // Its type in node:crypto is one literal per family; all three take the same calls. Without options the tag has 16 bytes, and an
  // options object costs more.
  readonly #name: 'aes-128-gcm';
  readonly #key: NativeKey;

  constructor(name: AeadName, key: Uint8Array) {
    this.#name = name as 'aes-128-gcm';
    this.#key = new NativeKey(key);
  }

  seal(nonce: Uint8Array, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): void {
    checkRange(nonce, buffer, start, end, end + TAG_BYTES);
    const cipher = createCipheriv(this.#name, this.#key.handle, nonce);
    cipher.setAAD(aad);
    if (end > start) moveResult(cipher.update(buffer.subarray(start, end)), buffer, start);
    cipher.final();
    buffer.set(cipher.getAuthTag(), end);
  }

  open(nonce: Uint8Array, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): boolean {
    checkRange(nonce, buffer, start, end, end);
    const tagAt = end - TAG_BYTES;
    if (tagAt < start) return false;
    const decipher = createDecipheriv(this.#name, this.#key.handle, nonce);
    decipher.setAuthTag(buffer.subarray(tagAt, end));
    decipher.setAAD(aad);
    const text = tagAt > start ? decipher.update(buffer.subarray(start, tagAt)) : undefined;
    try {
      decipher.final();
    } catch {
      text?.fill(0);
      return false;
    }
    if (text !== undefined) moveResult(text, buffer, start);
    return true;
  }

  /** AES block by block: one context for the life of the key, and one call for as many blocks as there are. */
  blockCipher(): BlockCipher {
    const cipher = createCipheriv(`aes-${8 * this.#key.sizeBytes}-ecb`, this.#key.handle, null).setAutoPadding(false);
    return (blocks, target, at) => moveResult(cipher.update(blocks), target, at);
  }

  destroy(): void {
    this.#key.destroy();
  }
}

const makeNativeChaCha = (key: Uint8Array): Aead => new NodeAead('chacha20-poly1305', key);

function createAead(name: AeadName, key: Uint8Array): Aead {
  checkAead(nodeCrypto.aeads, name, key);
  if (name === 'chacha20-poly1305' && !hasNativeChaCha) return createWasmChaCha20Poly1305(key) ?? new NodeAead(name, key);
  // Short records in WebAssembly, which spares the price of a native call; long ones by the native cipher, which does more bytes per cycle.
  const short = name === 'chacha20-poly1305' && FAST_WASM ? createWasmChaCha20Poly1305(key, makeNativeChaCha) : undefined;
  if (short !== undefined) return short;
  const native = new NodeAead(name, key);
  return (name !== 'chacha20-poly1305' && FAST_GCM ? createWasmGcm(() => native.blockCipher(), native) : undefined) ?? native;
}

class NodeCtr implements Ctr {
  readonly #name: string;
  readonly #key: NativeKey;

  constructor(key: Uint8Array) {
    this.#name = `aes-${8 * key.length}-ctr`;
    this.#key = new NativeKey(key);
  }

  xor(counter: Uint8Array, buffer: Uint8Array, start: number, end: number): void {
    checkCounter(counter, buffer, start, end);
    if (end > start) moveResult(createCipheriv(this.#name, this.#key.handle, counter).update(buffer.subarray(start, end)), buffer, start);
  }

  destroy(): void {
    this.#key.destroy();
  }
}

/** Whether `node:crypto` has a cipher. */
function hasNative(name: AeadName): boolean {
  try {
    new NodeAead(name, new Uint8Array(KEY_BYTES[name])).seal(new Uint8Array(NONCE_BYTES), new Uint8Array(0), new Uint8Array(TAG_BYTES), 0, 0);
    return true;
  } catch {
    return false;
  }
}

/** Some builds leave it out. */
function hasBlockCipher(): boolean {
  try {
    new NodeAead('aes-128-gcm', new Uint8Array(16)).blockCipher()(new Uint8Array(BLOCK_BYTES), new Uint8Array(BLOCK_BYTES), 0);
    return true;
  } catch {
    return false;
  }
}

/** Bun's `node:crypto` and some builds of OpenSSL leave it out; WebAssembly then does it alone. */
const hasNativeChaCha: boolean = hasNative('chacha20-poly1305');

/** Whether AES-GCM of short packets is faster in two parts: a native cipher is dear, and native AES by the block is there. */
const FAST_GCM: boolean = FAST_WASM && hasBlockCipher();

/** The fastest cipher first, as a server picks by it. */
function supportedAeads(): readonly AeadName[] {
  const wanted: readonly AeadName[] = FAST_WASM
    ? ['chacha20-poly1305', 'aes-128-gcm', 'aes-256-gcm']
    : ['aes-128-gcm', 'chacha20-poly1305', 'aes-256-gcm'];
  return wanted.filter((name) => hasNative(name) || (name === 'chacha20-poly1305' && hasWasmSimd));
}

/** Some builds leave counter mode out, or some of its key lengths. */
function supportsCtr(): boolean {
  try {
    for (const length of AES_KEY_BYTES) new NodeCtr(new Uint8Array(length)).xor(new Uint8Array(BLOCK_BYTES), new Uint8Array(1), 0, 1);
    return true;
  } catch {
    return false;
  }
}

/** Cryptography of `node:crypto`, for Node, Bun and Deno. RSA keys and ECDSA nonces come from the system and not from `random`. */
export const nodeCrypto: CryptoProvider = Object.freeze({
  name: 'node',
  aeads: Object.freeze(supportedAeads()),
  aesCtr: supportsCtr(),
  groups: GROUPS,
  signatureSchemes: SIGNATURE_SCHEMES,

  hash: (name: HashName, data: Uint8Array): Uint8Array =>
    plain(oneShotHash !== undefined ? oneShotHash(openSslHash(name), data, 'buffer') : createHash(openSslHash(name)).update(data).digest()),
  createHash: (name: HashName): Hasher => new NodeHasher(name),
  createHmac: (name: HashName, key: Uint8Array): Hmac => new NodeHmac(name, key),

  createAead,

  createCtr(key: Uint8Array): Ctr {
    checkCtr(nodeCrypto.aesCtr, key);
    return new NodeCtr(key);
  },

  generateKeyAgreement: (group: GroupName, random: RandomSource): KeyAgreement =>
    agreementOf(group, () => new NodeX25519(random), (curve) => new NodeEcdh(curve, random)),

  generateSigningKey,
  importSigningKey: importKey,
  verify: verifySignature,
});
