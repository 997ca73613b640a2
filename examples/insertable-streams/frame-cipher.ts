import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const [IV_BYTES, TAG_BYTES] = [12, 16];

/** What stays clear of a VP8 frame: 10 bytes of a keyframe, with its size, and 3 of another one. */
const clearBytes = (frame: Uint8Array): number => (((frame[0] ?? 1) & 1) === 0 ? 10 : 3);

/** AES-GCM over frames: what stays clear, then what is encrypted and its tag, then the IV. */
export class FrameCipher {
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  seal(frame: Uint8Array): Uint8Array {
    const clear = frame.subarray(0, clearBytes(frame));
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-128-gcm', this.#key, iv).setAAD(clear);
    return Buffer.concat([clear, cipher.update(frame.subarray(clear.length)), cipher.final(), cipher.getAuthTag(), iv]);
  }

  /** The frame; `undefined` when it was sealed with another key, or changed on the way. */
  open(sealed: Uint8Array): Uint8Array | undefined {
    const clear = sealed.subarray(0, clearBytes(sealed));
    const tagAt = sealed.length - IV_BYTES - TAG_BYTES;
    if (tagAt < clear.length) return undefined;
    const decipher = createDecipheriv('aes-128-gcm', this.#key, sealed.subarray(-IV_BYTES)).setAAD(clear);
    decipher.setAuthTag(sealed.subarray(tagAt, tagAt + TAG_BYTES));
    try {
      return Buffer.concat([clear, decipher.update(sealed.subarray(clear.length, tagAt)), decipher.final()]);
    } catch {
      return undefined;
    }
  }
}
