// CRC32c (RFC 9260 appendix A) by slicing: 16 bytes a step, through 16 tables made when the first checksum is needed.

const POLYNOMIAL = 0x82f6_3b78;
let tables: Uint32Array | undefined;

function makeTables(): Uint32Array {
  const t = new Uint32Array(16 * 256);
  for (let n = 0; n < 256; n++) {
    let crc = n;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    t[n] = crc;
  }
  for (let i = 256; i < t.length; i++) {
    const previous = t[i - 256] as number;
    t[i] = (t[previous & 0xff] as number) ^ (previous >>> 8);
  }
  return t;
}

/** The register of a CRC before its first byte. */
export const CRC32C_START = 0xffff_ffff;

/** Runs the register over `bytes[start, end)`. The checksum is the last register's complement: {@link crc32c}. */
export function updateCrc32c(register: number, bytes: Uint8Array, start: number, end: number): number {
  const t = (tables ??= makeTables());
  let crc = register | 0;
  let i = start;
  for (const stop = end - 15; i < stop; i += 16) {
    // Each byte selects from the table of its distance to the end of the step.
    crc =
      (t[3840 + ((crc ^ (bytes[i] as number)) & 0xff)] as number) ^
      (t[3584 + (((crc >>> 8) ^ (bytes[i + 1] as number)) & 0xff)] as number) ^
      (t[3328 + (((crc >>> 16) ^ (bytes[i + 2] as number)) & 0xff)] as number) ^
      (t[3072 + (((crc >>> 24) ^ (bytes[i + 3] as number)) & 0xff)] as number) ^
      (t[2816 + (bytes[i + 4] as number)] as number) ^
      (t[2560 + (bytes[i + 5] as number)] as number) ^
      (t[2304 + (bytes[i + 6] as number)] as number) ^
      (t[2048 + (bytes[i + 7] as number)] as number) ^
      (t[1792 + (bytes[i + 8] as number)] as number) ^
      (t[1536 + (bytes[i + 9] as number)] as number) ^
      (t[1280 + (bytes[i + 10] as number)] as number) ^
      (t[1024 + (bytes[i + 11] as number)] as number) ^
      (t[768 + (bytes[i + 12] as number)] as number) ^
      (t[512 + (bytes[i + 13] as number)] as number) ^
      (t[256 + (bytes[i + 14] as number)] as number) ^
      (t[bytes[i + 15] as number] as number);
  }
  for (; i < end; i++) crc = (t[(crc ^ (bytes[i] as number)) & 0xff] as number) ^ (crc >>> 8);
  return crc >>> 0;
}

/** The CRC32c of `bytes[start, end)`. On the wire it goes least significant byte first. */
export function crc32c(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
  return ~updateCrc32c(CRC32C_START, bytes, start, end) >>> 0;
}
