import type { SessionDescription } from './description.ts';

/**
 * The text of a description, with CRLF. Lines come out as they went in, in their order, whether they are known here or
 * not: `serializeSdp(parseSdp(text)) === text` for text that has CRLF.
 */
export function serializeSdp(description: SessionDescription): string {
  let text = description.session.text;
  for (const section of description.media) text += section.text;
  return text;
}
