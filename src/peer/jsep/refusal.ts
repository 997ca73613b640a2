import { RtcError } from '../../core/index.ts';
import type { MediaSection } from '../../sdp/index.ts';

/** Throws what the W3C algorithm has for content that breaks a rule. */
export function refuse(reason: string): never {
  throw new RtcError('ERR_INVALID_ACCESS', reason);
}

export function at(section: MediaSection): string {
  return `the section in line ${section.number}`;
}
