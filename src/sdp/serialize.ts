import type { SessionDescription } from './description.ts';

/**
 * The text of a description, with CRLF. Lines come out as they went in, in their order, whether they are known here or
 * not: `serializeSdp(parseSdp(text)) === text` for text that has CRLF.
 */
export function serializeSdp(description: SessionDescription): string {
  const lines: string[] = [];
  for (const { type, value } of description.session.lines) lines.push(type, '=', value, '\r\n');
  for (const section of description.media) for (const { type, value } of section.lines) lines.push(type, '=', value, '\r\n');
  return lines.join(''); // added up, it would be a tree of strings for as long as it lives
}
