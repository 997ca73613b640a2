import { RtcError, toBase64 } from '../core/index.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const LINE = 64;

/** A PEM block (RFC 7468 3). */
export function encodePem(label: string, der: Uint8Array): string {
  const base64 = toBase64(der);
  let lines = '';
  for (let i = 0; i < base64.length; i += LINE) lines += `${base64.slice(i, i + LINE)}\n`;
  return `-----BEGIN ${label}-----\n${lines}-----END ${label}-----\n`;
}

/** The first block of a label in a text. Throws `ERR_INVALID_ARGUMENT` when there is none. */
export function decodePem(label: string, text: string): Uint8Array {
  const begin = `-----BEGIN ${label}-----`;
  const start = text.indexOf(begin);
  const end = start < 0 ? -1 : text.indexOf(`-----END ${label}-----`, start);
  if (end < 0) throw new RtcError('ERR_INVALID_ARGUMENT', `no PEM block ${label}`);
  const out: number[] = [];
  let bits = 0;
  let count = 0;
  for (let i = start + begin.length; i < end; i++) {
    const char = text.charAt(i);
    if (char === '=' || char === '\n' || char === '\r' || char === ' ' || char === '\t') continue;
    const value = ALPHABET.indexOf(char);
    if (value < 0) throw new RtcError('ERR_INVALID_ARGUMENT', `PEM block ${label} is not base64`);
    bits = ((bits << 6) | value) & 0xffffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push((bits >> count) & 255);
    }
  }
  return Uint8Array.from(out);
}
