const X = 0x80;
const I = 0x80;
const L = 0x40;
const M = 0x80;

/** Picture ids have 15 bits or 7, TL0PICIDX has 8. */
const [LONG, SHORT, TL0] = [0x7fff, 0x7f, 0xff];

/** Whether a counter with the values 0 to `mask` is not behind another. */
const isAhead = (value: number, other: number | undefined, mask: number): boolean => other === undefined || ((value - other) & mask) <= mask >>> 1;

/**
 * The running numbers of VP8 payload descriptors, when the source of a stream changes: picture ids and TL0PICIDX are counters of the stream
 * (RFC 7741 4.2), and each source begins them anywhere. A receiver whose numbers are set back waits for frames that the new source never sent,
 * and its picture stands still. So a new source's numbers are moved to go on where those of the last one ended.
 *
 * @example
 * const numbering = new Vp8Numbering();
 * numbering.renumber(payload, 0); // of one layer of a simulcast
 * numbering.beginSource();
 * numbering.renumber(keyframe, 0); // of another
 */
export class Vp8Numbering {
  #pictureIdOffset = 0;
  #tl0Offset = 0;
  /** The highest that were sent. */
  #pictureId: number | undefined;
  #tl0PicIdx: number | undefined;
  #isNewSource = false;

  /** Whether payloads leave as they come. */
  get isPlain(): boolean {
    return this.#pictureIdOffset === 0 && this.#tl0Offset === 0 && !this.#isNewSource;
  }

  /** The next payload is another source's. */
  beginSource(): void {
    this.#isNewSource = this.#pictureId !== undefined || this.#tl0PicIdx !== undefined;
  }

  /** Notes the numbers of the payload that begins at `at`, and changes them there when they have to be moved. A broken descriptor stays as it is. */
  renumber(bytes: Uint8Array, at: number): void {
    const flags = at + 1 < bytes.length && ((bytes[at] as number) & X) !== 0 ? (bytes[at + 1] as number) : 0;
    let next = at + 2;
    if ((flags & I) !== 0) {
      const size = ((bytes[next] ?? 0) & M) !== 0 ? 2 : 1;
      if (next + size > bytes.length) return;
      this.#renumberPicture(bytes, next, size);
      next += size;
    }
    if ((flags & L) !== 0 && next < bytes.length) this.#renumberTl0(bytes, next);
    this.#isNewSource = false;
  }

  #renumberPicture(bytes: Uint8Array, at: number, size: number): void {
    const mask = size === 2 ? LONG : SHORT;
    const source = size === 2 ? (((bytes[at] as number) & 0x7f) << 8) | (bytes[at + 1] as number) : (bytes[at] as number);
    if (this.#isNewSource && this.#pictureId !== undefined) this.#pictureIdOffset = (this.#pictureId + 1 - source) & LONG;
    const pictureId = (source + this.#pictureIdOffset) & mask;
    if (size === 2) bytes[at + 1] = pictureId & 0xff;
    bytes[at] = size === 2 ? M | (pictureId >>> 8) : pictureId;
    if (this.#isNewSource || isAhead(pictureId, this.#pictureId, mask)) this.#pictureId = pictureId;
  }

  #renumberTl0(bytes: Uint8Array, at: number): void {
    const source = bytes[at] as number;
    if (this.#isNewSource && this.#tl0PicIdx !== undefined) this.#tl0Offset = (this.#tl0PicIdx + 1 - source) & TL0;
    const tl0PicIdx = (source + this.#tl0Offset) & TL0;
    bytes[at] = tl0PicIdx;
    if (isAhead(tl0PicIdx, this.#tl0PicIdx, TL0)) this.#tl0PicIdx = tl0PicIdx;
  }
}
