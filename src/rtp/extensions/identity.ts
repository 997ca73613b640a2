import { DecodeError, decodeUtf8, encodeUtf8, RtcError } from '../../core/index.ts';
import { MAX_TWO_BYTE_SIZE } from '../constants.ts';
import { ExtensionUri } from '../uris.ts';
import type { ExtensionCodec } from './codec.ts';

/** Identification tags are SDES items (RFC 7941): UTF-8 without a terminator, in 1 to 255 bytes. */
function identity(uri: string, allowed: (text: string) => boolean): ExtensionCodec<string> {
  const check = (text: string): Uint8Array => {
    const bytes = encodeUtf8(text);
    if (!allowed(text) || bytes.length > MAX_TWO_BYTE_SIZE) throw new RtcError('ERR_INVALID_ARGUMENT', `not an identification tag for ${uri}`);
    return bytes;
  };
  return {
    uri,
    decode(bytes, start, end) {
      const text = decodeUtf8(bytes.subarray(start, end));
      if (text === undefined || !allowed(text)) throw new DecodeError('rtp.extension', 'not an identification tag');
      return text;
    },
    sizeOf: (text) => check(text).length,
    write: (text, bytes, at) => bytes.set(check(text), at),
  };
}

/** Whether every character is one of a token (RFC 8866 9), as in `a=mid`. */
function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= 0x20 || code >= 0x7f || '"(),/:;<=>?@[\\]'.includes(text.charAt(i))) return false;
  }
  return text.length > 0;
}

/** Whether the text is one or more letters and digits (RFC 8852 4.1), or `-` and `_` (RFC 8851 10). */
function isStreamId(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const letter = (code | 32) >= 97 && (code | 32) <= 122;
    if (!letter && !(code >= 48 && code <= 57) && code !== 45 && code !== 95) return false;
  }
  return text.length > 0;
}

/** The media section that a packet belongs to (RFC 9143 15.1). */
export const midExtension: ExtensionCodec<string> = identity(ExtensionUri.mid, isToken);

/** The encoding that a packet belongs to (RFC 8852 4.1). */
export const ridExtension: ExtensionCodec<string> = identity(ExtensionUri.rid, isStreamId);

/** The encoding that a retransmission or repair packet belongs to (RFC 8852 4.2). */
export const repairedRidExtension: ExtensionCodec<string> = identity(ExtensionUri.repairedRid, isStreamId);
