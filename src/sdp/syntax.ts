import { RtcError } from '../core/index.ts';

// The small pieces of the grammar. They scan once from left to right: peer input never meets a regular expression.

/** Throws the error of this room. */
export function refuse(line: number, reason: string): never {
  throw new RtcError('ERR_SDP_SYNTAX', `line ${line}: ${reason}`, { line });
}

/** The number that `text` spells in decimal digits and nothing else; -1 when it does not, or is above `max`. */
export function parseDecimal(text: string, max: number): number {
  if (text.length === 0 || text.length > 20) return -1;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value <= max ? value : -1;
}

/** Whether `text` is 1 to 20 decimal digits (a 64-bit number of the `o=` line). */
export function isDecimal(text: string): boolean {
  return parseDecimal(text, Infinity) >= 0;
}

/** Whether `text` is not empty and has no space and no control character in it. */
export function isWord(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= 32 || code === 127) return false;
  }
  return text.length > 0;
}

/** The fields of `text` between single spaces. Several spaces give empty fields, which the callers refuse. */
export function fields(text: string): string[] {
  return text.split(' ');
}

/** `text` up to the first `separator`, and what is behind it (`undefined` without a separator). */
export function cut(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** Whether `text` is bytes in hexadecimal with colons between them (RFC 8122 5). */
export function isColonHex(text: string): boolean {
  if (text.length % 3 !== 2) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const letter = code | 32;
    const isDigit = (code >= 48 && code <= 57) || (letter >= 97 && letter <= 102);
    if (i % 3 === 2 ? code !== 58 : !isDigit) return false;
  }
  return true;
}

/**
 * Whether `text` is made of ICE characters (RFC 8839 5.4: letters, digits, `+` and `/`). `-`, `_`, `=` and `#` are let
 * through, since base64 variants have them; a colon is not, since it parts the two halves of a STUN USERNAME.
 */
export function isIceText(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const letter = code | 32;
    const ok = (letter >= 97 && letter <= 122) || (code >= 47 && code <= 57) || code === 43 || code === 45 || code === 95 || code === 61 || code === 35;
    if (!ok) return false;
  }
  return true;
}
