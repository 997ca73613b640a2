// The two text classes that every runtime has as globals; the core's compiler options know no globals at all.
declare class TextEncoder {
  encode(text: string): Uint8Array;
}
declare class TextDecoder {
  constructor(label: string, options: { fatal: boolean; ignoreBOM: boolean });
  decode(bytes: Uint8Array): string;
}

const encoder = new TextEncoder();
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true });

/** UTF-8 bytes. Lone surrogates become U+FFFD, as in a W3C `USVString`. */
export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Text of UTF-8 bytes; `undefined` when they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Text of UTF-8 bytes; what is not UTF-8 becomes U+FFFD. */
export function decodeUtf8Lenient(bytes: Uint8Array): string {
  return lenient.decode(bytes);
}
