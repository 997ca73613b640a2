import { writeU32 } from '../core/bytes.ts';
import type { Aead, AeadName, AeadSequence, CryptoProvider } from '../core/index.ts';
import { GCM_NONCE_BYTES, GCM_TAG_BYTES, RTCP_HEADER_BYTES, SEQUENCE_SPACE, SRTCP_ENCRYPTED, SRTCP_INDEX_BYTES } from './constants.ts';
import { joinCsrcs, partCsrcs } from './cryptex.ts';
import { type KeyDerivation, KeyLabel } from './key-derivation.ts';
import type { ProfileParameters } from './profiles.ts';
import type { Transform } from './transform.ts';

/** SSRCs of one key whose packets are treated as sequences. Those beyond cost a little more per packet. */
const MAX_SEQUENCES = 64;

/** AES-GCM (RFC 7714): one call for cipher and tag. */
export class Gcm implements Transform {
  readonly rtpOverheadBytes: number = GCM_TAG_BYTES;
  readonly rtcpOverheadBytes: number = GCM_TAG_BYTES + SRTCP_INDEX_BYTES;
  readonly #rtp: Aead;
  readonly #rtcp: Aead;
  readonly #rtpSalt: Uint8Array;
  readonly #rtcpSalt: Uint8Array;
  readonly #nonce: Uint8Array = new Uint8Array(GCM_NONCE_BYTES);
  #header: Uint8Array = new Uint8Array(0);
  readonly #rtcpAad: Uint8Array = new Uint8Array(RTCP_HEADER_BYTES + SRTCP_INDEX_BYTES);

  /** The packets of an SSRC have nonces that count up. */
  readonly #sequences: Map<number, AeadSequence> = new Map();
  #last: AeadSequence | undefined;
  #lastSsrc = -1;

  constructor(crypto: CryptoProvider, { keyBytes }: ProfileParameters, keys: KeyDerivation) {
    const name: AeadName = keyBytes === 32 ? 'aes-256-gcm' : 'aes-128-gcm';
    const rtpKey = keys.derive(KeyLabel.rtpCipherKey, keyBytes);
    const rtcpKey = keys.derive(KeyLabel.rtcpCipherKey, keyBytes);
    this.#rtp = crypto.createAead(name, rtpKey);
    this.#rtcp = crypto.createAead(name, rtcpKey);
    rtpKey.fill(0);
    rtcpKey.fill(0);
    this.#rtpSalt = keys.derive(KeyLabel.rtpSalt, GCM_NONCE_BYTES);
    this.#rtcpSalt = keys.derive(KeyLabel.rtcpSalt, GCM_NONCE_BYTES);
  }

  rtcpIndexAt(length: number): number {
    return length - SRTCP_INDEX_BYTES;
  }

  sealRtp(ssrc: number, index: number, buffer: Uint8Array, csrcs: number, start: number, end: number): void {
    if (csrcs > 0) joinCsrcs(buffer, csrcs);
    const sequence = this.#sequenceOf(ssrc) ?? this.#begin(ssrc);
    const header = this.#headerOf(buffer, start);
    if (sequence !== undefined) sequence.seal(index, header, buffer, start, end);
    else this.#rtp.seal(this.#nonceOf(ssrc, index), header, buffer, start, end);
    if (csrcs > 0) partCsrcs(buffer, csrcs);
  }

  openRtp(ssrc: number, index: number, buffer: Uint8Array, csrcs: number, start: number, end: number): boolean {
    if (csrcs > 0) joinCsrcs(buffer, csrcs);
    const sequence = this.#sequenceOf(ssrc);
    const header = this.#headerOf(buffer, start);
    const last = end + GCM_TAG_BYTES;
    const holds = sequence !== undefined ? sequence.open(index, header, buffer, start, last) : this.#rtp.open(this.#nonceOf(ssrc, index), header, buffer, start, last);
    // Only a packet that is authentic makes state (RFC 3711 3.3).
    if (holds && sequence === undefined) this.#begin(ssrc);
    if (csrcs > 0) partCsrcs(buffer, csrcs);
    return holds;
  }

  sealRtcp(ssrc: number, index: number, buffer: Uint8Array, end: number): void {
    this.#prepareRtcp(ssrc, index, buffer);
    this.#rtcp.seal(this.#nonce, this.#rtcpAad, buffer, RTCP_HEADER_BYTES, end);
    writeU32(buffer, end + GCM_TAG_BYTES, SRTCP_ENCRYPTED + index);
  }

  openRtcp(ssrc: number, index: number, buffer: Uint8Array, end: number): boolean {
    this.#prepareRtcp(ssrc, index, buffer);
    return this.#rtcp.open(this.#nonce, this.#rtcpAad, buffer, RTCP_HEADER_BYTES, end + GCM_TAG_BYTES);
  }

  destroy(): void {
    this.#rtp.destroy?.();
    this.#rtcp.destroy?.();
    this.#rtpSalt.fill(0);
    this.#rtcpSalt.fill(0);
    this.#nonce.fill(0);
    this.#sequences.clear();
    this.#last = undefined;
    this.#lastSsrc = -1;
  }

  /** A copy, good until the next call: a view would be garbage, and takes longer. */
  #headerOf(buffer: Uint8Array, length: number): Uint8Array {
    if (this.#header.length !== length) this.#header = new Uint8Array(length);
    const header = this.#header;
    for (let i = 0; i < length; i++) header[i] = buffer[i] as number;
    return header;
  }

  #nonceOf(ssrc: number, index: number): Uint8Array {
    gcmRtpNonce(this.#nonce, this.#rtpSalt, ssrc, index);
    return this.#nonce;
  }

  #sequenceOf(ssrc: number): AeadSequence | undefined {
    if (ssrc === this.#lastSsrc) return this.#last;
    const sequence = this.#sequences.get(ssrc);
    if (sequence === undefined) return undefined;
    this.#lastSsrc = ssrc;
    this.#last = sequence;
    return sequence;
  }

  /** `undefined` where the provider has no sequences, and where there are too many. */
  #begin(ssrc: number): AeadSequence | undefined {
    if (this.#sequences.size >= MAX_SEQUENCES) return undefined;
    const sequence = this.#rtp.sequence?.(this.#nonceOf(ssrc, 0));
    if (sequence !== undefined) this.#sequences.set(ssrc, sequence);
    return sequence;
  }

  /** The additional data of SRTCP is the header and, from the other end of the packet, the index (RFC 7714 9.2). */
  #prepareRtcp(ssrc: number, index: number, buffer: Uint8Array): void {
    gcmRtcpNonce(this.#nonce, this.#rtcpSalt, ssrc, index);
    const aad = this.#rtcpAad;
    for (let i = 0; i < RTCP_HEADER_BYTES; i++) aad[i] = buffer[i] as number;
    writeU32(aad, RTCP_HEADER_BYTES, SRTCP_ENCRYPTED + index);
  }
}

/** Two zero bytes, SSRC, rollover counter and sequence number, masked with the salt (RFC 7714 8.1). */
export function gcmRtpNonce(nonce: Uint8Array, salt: Uint8Array, ssrc: number, index: number): void {
  writeU32(nonce, 2, ssrc);
  writeU32(nonce, 6, Math.floor(index / SEQUENCE_SPACE));
  nonce[10] = index >>> 8;
  nonce[11] = index;
  mask(nonce, salt);
}

/** Two zero bytes, SSRC, two zero bytes and the SRTCP index, masked with the salt (RFC 7714 9.1). */
export function gcmRtcpNonce(nonce: Uint8Array, salt: Uint8Array, ssrc: number, index: number): void {
  writeU32(nonce, 2, ssrc);
  nonce[6] = 0;
  nonce[7] = 0;
  writeU32(nonce, 8, index);
  mask(nonce, salt);
}

function mask(nonce: Uint8Array, salt: Uint8Array): void {
  nonce[0] = salt[0] as number;
  nonce[1] = salt[1] as number;
  for (let i = 2; i < GCM_NONCE_BYTES; i++) nonce[i] = (nonce[i] as number) ^ (salt[i] as number);
}
