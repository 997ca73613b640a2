import type { MediaSection, SdpAttribute, SessionDescription } from './description.ts';
import { fields } from './syntax.ts';

/** The mid of a section (RFC 5888 4). */
export function midOf(section: MediaSection): string | undefined {
  return section.mid;
}

/** The BUNDLE groups: the mids of each, its suggested tag first (RFC 9143 7). */
export function bundleGroupsOf(description: SessionDescription): readonly (readonly string[])[] {
  const groups: (readonly string[])[] = [];
  const lines = description.session.attributes('group');
  for (let i = 0; i < lines.length; i++) {
    const mids = fields((lines[i] as SdpAttribute).value);
    if (mids.shift() === 'BUNDLE') groups.push(mids.includes('') ? mids.filter((mid) => mid !== '') : mids);
  }
  return groups;
}

/** Whether a section was rejected or stopped: port 0, unless it is `a=bundle-only` in an offer (RFC 9143 6). */
export function isRejected(section: MediaSection): boolean {
  return section.port === 0 && !section.has('bundle-only');
}
