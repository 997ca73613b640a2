import { RtcError } from '../core/index.ts';

// The small pieces of the grammar. They scan once from left to right: what the expressions repeat is one class of characters, or begins
// with another one than what it follows.

const DIGITS = /^\d{1,20}$/;
const WORD = /^[^\0- \x7f]+$/;
const WORDS = /^[^\0- \x7f]+(?: [^\0- \x7f]+)*$/;
const COLON_HEX = /^[\da-f]{2}(?::[\da-f]{2})*$/i;
const ICE_TEXT = /^[\w+/=#-]*$/;

/** Throws the error of this room. */
export function refuse(line: number, reason: string): never {
  throw new RtcError('ERR_SDP_SYNTAX', `line ${line}: ${reason}`, { line });
}

/** The number that `text` spells in decimal digits and nothing else; -1 when it does not, or is above `max`. */
export function parseDecimal(text: string, max: number): number {
  const value = isDecimal(text) ? Number(text) : -1;
  return value <= max ? value : -1;
}

/** Whether `text` is 1 to 20 decimal digits (a 64-bit number of the `o=` line). */
export function isDecimal(text: string): boolean {
  return DIGITS.test(text);
}

/** Whether `text` is not empty and has no space and no control character in it. */
export function isWord(text: string): boolean {
  return WORD.test(text);
}

/** Whether all fields of `text` between single spaces are such. */
export function areWords(text: string): boolean {
  return WORDS.test(text);
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
  return COLON_HEX.test(text);
}

/**
 * Whether `text` is made of ICE characters (RFC 8839 5.4: letters, digits, `+` and `/`). `-`, `_`, `=` and `#` are let
 * through, since base64 variants have them; a colon is not, since it parts the two halves of a STUN USERNAME.
 */
export function isIceText(text: string): boolean {
  return ICE_TEXT.test(text);
}
