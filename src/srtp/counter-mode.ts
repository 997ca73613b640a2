import { writeU32 } from '../core/bytes.ts';
import type { CryptoProvider, Ctr, Hmac } from '../core/index.ts';
import {
  CM_SALT_BYTES,
  COUNTER_BYTES,
  HMAC_KEY_BYTES,
  RTCP_HEADER_BYTES,
  RTCP_HMAC_TAG_BYTES,
  SEQUENCE_SPACE,
  SRTCP_ENCRYPTED,
  SRTCP_INDEX_BYTES,
} from './constants.ts';
import { joinCsrcs, partCsrcs } from './cryptex.ts';
import { type KeyDerivation, KeyLabel } from './key-derivation.ts';
import type { ProfileParameters } from './profiles.ts';
import type { Transform } from './transform.ts';

/** The rollover counter that is authenticated behind an SRTP packet, in bytes (RFC 3711 4.2). */
const ROLLOVER_BYTES = 4;

/** AES in counter mode with HMAC-SHA1 (RFC 3711 4.1.1 and 4.2.1; with longer keys RFC 6188). */
export class CounterMode implements Transform {
  readonly rtpOverheadBytes: number;
  readonly rtcpOverheadBytes: number = SRTCP_INDEX_BYTES + RTCP_HMAC_TAG_BYTES;
  readonly #rtp: KeyStream;
  readonly #rtcp: KeyStream;
  readonly #rtpHmac: Hmac;
  readonly #rtcpHmac: Hmac;
  readonly #rtpTag: Uint8Array;
  readonly #rtpGiven: Uint8Array;
  readonly #rtcpTag: Uint8Array = new Uint8Array(RTCP_HMAC_TAG_BYTES);

  constructor(crypto: CryptoProvider, { keyBytes, rtpTagBytes }: ProfileParameters, keys: KeyDerivation) {
    this.rtpOverheadBytes = rtpTagBytes;
    this.#rtpTag = new Uint8Array(rtpTagBytes);
    this.#rtpGiven = new Uint8Array(rtpTagBytes);
    this.#rtp = new KeyStream(crypto, keys, keyBytes, KeyLabel.rtpCipherKey, KeyLabel.rtpSalt);
    this.#rtcp = new KeyStream(crypto, keys, keyBytes, KeyLabel.rtcpCipherKey, KeyLabel.rtcpSalt);
    this.#rtpHmac = hmacOf(crypto, keys, KeyLabel.rtpAuthKey);
    this.#rtcpHmac = hmacOf(crypto, keys, KeyLabel.rtcpAuthKey);
  }

  rtcpIndexAt(length: number): number {
    return length - RTCP_HMAC_TAG_BYTES - SRTCP_INDEX_BYTES;
  }

  sealRtp(ssrc: number, index: number, buffer: Uint8Array, csrcs: number, start: number, end: number): void {
    this.#crypt(ssrc, index, buffer, csrcs, start, end);
    this.#codeRtp(index, buffer, end);
    for (let i = 0; i < this.#rtpTag.length; i++) buffer[end + i] = this.#rtpTag[i] as number;
  }

  openRtp(ssrc: number, index: number, buffer: Uint8Array, csrcs: number, start: number, end: number): boolean {
    const given = this.#rtpGiven;
    for (let i = 0; i < given.length; i++) given[i] = buffer[end + i] as number;
    this.#codeRtp(index, buffer, end);
    let difference = 0;
    for (let i = 0; i < given.length; i++) difference |= (given[i] as number) ^ (this.#rtpTag[i] as number);
    if (difference !== 0) return false;
    this.#crypt(ssrc, index, buffer, csrcs, start, end);
    return true;
  }

  sealRtcp(ssrc: number, index: number, buffer: Uint8Array, end: number): void {
    const tagAt = end + SRTCP_INDEX_BYTES;
    this.#rtcp.xor(ssrc, index, buffer, RTCP_HEADER_BYTES, end);
    writeU32(buffer, end, SRTCP_ENCRYPTED + index);
    this.#rtcpHmac.signInto(this.#rtcpTag, buffer, 0, tagAt);
    for (let i = 0; i < RTCP_HMAC_TAG_BYTES; i++) buffer[tagAt + i] = this.#rtcpTag[i] as number;
  }

  openRtcp(ssrc: number, index: number, buffer: Uint8Array, end: number): boolean {
    const tagAt = end + SRTCP_INDEX_BYTES;
    this.#rtcpHmac.signInto(this.#rtcpTag, buffer, 0, tagAt);
    let difference = 0;
    for (let i = 0; i < RTCP_HMAC_TAG_BYTES; i++) difference |= (buffer[tagAt + i] as number) ^ (this.#rtcpTag[i] as number);
    if (difference !== 0) return false;
    this.#rtcp.xor(ssrc, index, buffer, RTCP_HEADER_BYTES, end);
    return true;
  }

  destroy(): void {
    this.#rtp.destroy();
    this.#rtcp.destroy();
    this.#rtpTag.fill(0);
    this.#rtcpTag.fill(0);
  }

  #crypt(ssrc: number, index: number, buffer: Uint8Array, csrcs: number, start: number, end: number): void {
    if (csrcs > 0) joinCsrcs(buffer, csrcs);
    this.#rtp.xor(ssrc, index, buffer, start, end);
    if (csrcs > 0) partCsrcs(buffer, csrcs);
  }

  /** The code covers the packet and the rollover counter, which for that time stands where the tag goes (RFC 3711 4.2). */
  #codeRtp(index: number, buffer: Uint8Array, end: number): void {
    writeU32(buffer, end, Math.floor(index / SEQUENCE_SPACE));
    this.#rtpHmac.signInto(this.#rtpTag, buffer, 0, end + ROLLOVER_BYTES);
  }
}

/** A cipher key with its salt. */
export class KeyStream {
  readonly #cipher: Ctr;
  readonly #salt: Uint8Array;
  readonly #counter: Uint8Array = new Uint8Array(COUNTER_BYTES);

  constructor(crypto: CryptoProvider, keys: KeyDerivation, keyBytes: number, keyLabel: number, saltLabel: number, saltBytes: number = CM_SALT_BYTES) {
    const key = keys.derive(keyLabel, keyBytes);
    this.#cipher = crypto.createCtr(key);
    key.fill(0);
    this.#salt = keys.derive(saltLabel, saltBytes);
    this.#counter.set(this.#salt);
  }

  /** Encrypts or decrypts `buffer[start, end)` in place: IV = salt · 2^16 ⊕ SSRC · 2^64 ⊕ index · 2^16 (RFC 3711 4.1.1). */
  xor(ssrc: number, index: number, buffer: Uint8Array, start: number, end: number): void {
    const counter = this.#counter;
    const salt = this.#salt;
    writeU32(counter, 4, ssrc);
    writeU32(counter, 8, Math.floor(index / SEQUENCE_SPACE));
    counter[12] = index >>> 8;
    counter[13] = index;
    for (let i = 4; i < salt.length; i++) counter[i] = (counter[i] as number) ^ (salt[i] as number);
    this.#cipher.xor(counter, buffer, start, end);
  }

  destroy(): void {
    this.#cipher.destroy?.();
    this.#salt.fill(0);
    this.#counter.fill(0);
  }
}

function hmacOf(crypto: CryptoProvider, keys: KeyDerivation, label: number): Hmac {
  const key = keys.derive(label, HMAC_KEY_BYTES);
  const hmac = crypto.createHmac('sha-1', key);
  key.fill(0);
  return hmac;
}
