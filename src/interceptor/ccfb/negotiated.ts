import type { StreamInfo } from '../stream.ts';
import { CCFB_FEEDBACK } from './constants.ts';

/** Whether feedback of RFC 8888 was negotiated for a stream; it is for all payload types or none (RFC 8888 6). */
export function wantsCcfb(stream: StreamInfo): boolean {
  for (const { feedback } of stream.codecs.values()) if (feedback.includes(CCFB_FEEDBACK)) return true;
  return false;
}
