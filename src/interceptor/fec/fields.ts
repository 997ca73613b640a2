/** What a FEC packet of either kind says: which packets it protects, and the parity of these. */
export interface FecFields {
  /** The SSRC of the protected packets; −1 when it is that of the FEC packet itself. */
  readonly ssrc: number;
  /** The sequence number that the first bit of the mask stands for. */
  readonly base: number;
  /** A bit for each protected packet, the first one's is the highest of the first byte. */
  readonly mask: Uint8Array;
  /** Parity of the first two bytes; of the first, the low six bits count. */
  readonly first: number;
  readonly second: number;
  /** Parity of the sizes behind the fixed header. */
  readonly length: number;
  readonly timestamp: number;
  /** Parity of what lies behind the fixed header, the shorter packets filled up with zeros. */
  readonly payload: Uint8Array;
}

/** Whether a mask has the bit of a packet `ahead` of its base. */
export function maskHas(mask: Uint8Array, ahead: number): boolean {
  return ahead < 8 * mask.length && ((mask[ahead >> 3] as number) & (0x80 >> (ahead & 7))) !== 0;
}

export function setMaskBit(mask: Uint8Array, ahead: number): void {
  mask[ahead >> 3] = (mask[ahead >> 3] as number) | (0x80 >> (ahead & 7));
}

/** Whether a mask has any bit. */
export function maskIsEmpty(mask: Uint8Array): boolean {
  for (let i = 0; i < mask.length; i++) if (mask[i] !== 0) return false;
  return true;
}

/** The highest bit of a mask, or −1. */
export function lastMaskBit(mask: Uint8Array): number {
  for (let ahead = 8 * mask.length - 1; ahead >= 0; ahead--) if (maskHas(mask, ahead)) return ahead;
  return -1;
}
