// Serial number arithmetic (RFC 1982): numbers that wrap, where "after" means "at most half the space ahead".

/** Whether 32-bit `a` comes after `b`. */
export function after32(a: number, b: number): boolean {
  return a !== b && ((a - b) | 0) > 0;
}

/** How far 32-bit `a` is ahead of `b`; negative when it is behind. At exactly half the space the result is −2³¹. */
export function distance32(a: number, b: number): number {
  return (a - b) | 0;
}

/** `a + n` modulo 2³². */
export function add32(a: number, n: number): number {
  return (a + n) >>> 0;
}

/** Whether 16-bit `a` comes after `b`. */
export function after16(a: number, b: number): boolean {
  return distance16(a, b) > 0;
}

/** How far 16-bit `a` is ahead of `b`; negative when it is behind. At exactly half the space the result is −2¹⁵. */
export function distance16(a: number, b: number): number {
  return ((a - b) << 16) >> 16;
}

/** `a + n` modulo 2¹⁶. */
export function add16(a: number, n: number): number {
  return (a + n) & 0xffff;
}
