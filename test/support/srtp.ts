import type { CryptoProvider } from '../../src/core/index.ts';
import { nodeCrypto } from '../../src/crypto/node.ts';
import { type ProfileParameters, profileParameters, type SrtpConfig, SrtpProfile, SrtpSession } from '../../src/srtp/index.ts';
import { seededRandom } from './fuzz.ts';

/** Every profile with the name that the vectors and other implementations use. */
export const PROFILES = [
  ['AEAD_AES_128_GCM', SrtpProfile.aeadAes128Gcm],
  ['AEAD_AES_256_GCM', SrtpProfile.aeadAes256Gcm],
  ['AES_CM_128_HMAC_SHA1_80', SrtpProfile.aes128CmSha1_80],
  ['AES_CM_128_HMAC_SHA1_32', SrtpProfile.aes128CmSha1_32],
] as const;

/** The parameters of a profile by its name, also of those that DTLS cannot negotiate. */
export function parametersOf(name: string): ProfileParameters {
  const known = PROFILES.find(([other]) => other === name);
  if (known !== undefined) return profileParameters(known[1]);
  const bits = Number(/^AES_CM_(192|256)_HMAC_SHA1_80$/.exec(name)?.[1]);
  if (!(bits > 0)) throw new Error(`no profile ${name}`);
  return { ...profileParameters(SrtpProfile.aes128CmSha1_80), keyBytes: bits / 8 };
}

export const environment = { crypto: nodeCrypto } as const;

export type Options = Partial<Omit<SrtpConfig, 'profile'>>;

/** Two ends of one session. */
export function sessionPair(profile: number = SrtpProfile.aeadAes128Gcm, options: Options = {}, seed = 1, crypto: CryptoProvider = nodeCrypto): { readonly a: SrtpSession; readonly b: SrtpSession } {
  const random = seededRandom(seed);
  const bytes = (length: number): Uint8Array => {
    const out = new Uint8Array(length);
    random(out);
    return out;
  };
  const { keyBytes, saltBytes } = profileParameters(profile);
  const [key1, salt1, key2, salt2] = [bytes(keyBytes), bytes(saltBytes), bytes(keyBytes), bytes(saltBytes)];
  return {
    a: new SrtpSession({ profile, localKey: key1, localSalt: salt1, remoteKey: key2, remoteSalt: salt2, ...options }, { crypto }),
    b: new SrtpSession({ profile, localKey: key2, localSalt: salt2, remoteKey: key1, remoteSalt: salt1, ...options }, { crypto }),
  };
}

/** The same bytes with room behind them, and something in front. */
export function roomy(bytes: Uint8Array, tailroom: number = SrtpSession.TAILROOM, headroom = 3): Uint8Array {
  const buffer = new Uint8Array(headroom + bytes.length + tailroom).fill(0x5a);
  buffer.set(bytes, headroom);
  return buffer.subarray(headroom, headroom + bytes.length);
}

export interface RtpFields {
  readonly ssrc?: number;
  readonly sequence?: number;
  readonly csrcs?: readonly number[];
  /** "Defined by profile" and content, which is filled up to whole words. */
  readonly extension?: readonly [profile: number, content: readonly number[]];
  readonly payload?: Uint8Array;
}

/** An RTP packet with room behind it. */
export function rtp({ ssrc = 0xcafebabe, sequence = 1, csrcs = [], extension, payload = new Uint8Array(20).fill(0xab) }: RtpFields): Uint8Array {
  const words = extension === undefined ? 0 : Math.ceil(extension[1].length / 4);
  const header = new Uint8Array(12 + 4 * csrcs.length + (extension === undefined ? 0 : 4 + 4 * words));
  const view = new DataView(header.buffer);
  header[0] = 0x80 | csrcs.length | (extension === undefined ? 0 : 0x10);
  header[1] = 96;
  view.setUint16(2, sequence);
  view.setUint32(4, 0x12345678);
  view.setUint32(8, ssrc);
  csrcs.forEach((csrc, i) => view.setUint32(12 + 4 * i, csrc));
  if (extension !== undefined) {
    const at = 12 + 4 * csrcs.length;
    view.setUint16(at, extension[0]);
    view.setUint16(at + 2, words);
    header.set(extension[1], at + 4);
  }
  const bytes = new Uint8Array(header.length + payload.length);
  bytes.set(header);
  bytes.set(payload, header.length);
  return roomy(bytes);
}

/** A receiver report without blocks, and something behind it, with room. */
export function rtcp(ssrc = 0xcafebabe, words = 4): Uint8Array {
  const bytes = new Uint8Array(8 + 4 * words).fill(0x3c);
  bytes.set([0x80, 201, 0, 1 + words]);
  new DataView(bytes.buffer).setUint32(4, ssrc);
  return roomy(bytes);
}

/** A copy as it would come from a socket. */
export function onWire(packet: Uint8Array): Uint8Array {
  return packet.slice();
}

/** How often a session dropped for a reason. */
export function dropped(session: SrtpSession, name: string): number {
  return session.stats().dropped.get(name) ?? 0;
}
