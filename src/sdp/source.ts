import type { MediaSection } from './description.ts';
import { cut, fields, parseDecimal } from './syntax.ts';

// What a section says about the sources of its RTP and the streams they belong to. Every function is linear in the section's length.

/** A source and its attributes, as in `cname` (RFC 5576 4.1). */
export interface SdpSource {
  readonly ssrc: number;
  readonly attributes: ReadonlyMap<string, string>;
}

/** Sources that belong together, as in `FID` (RFC 5576 4.2). */
export interface SdpSourceGroup {
  readonly semantics: string;
  readonly ssrcs: readonly number[];
}

/** The stream and track that a section is about (RFC 8830 2). */
export interface SdpMsid {
  /** `undefined` for `-`: no stream. */
  readonly streamId: string | undefined;
  readonly trackId: string | undefined;
}

/** The sources of a section, in the order in which they are first named. */
export function sourcesOf(section: MediaSection): readonly SdpSource[] {
  const sources = new Map<number, Map<string, string>>();
  for (const { value } of section.attributes('ssrc')) {
    const [id, rest] = cut(value, ' ');
    const ssrc = parseDecimal(id, 0xffff_ffff);
    const known = sources.get(ssrc) ?? new Map<string, string>();
    sources.set(ssrc, known);
    const [name, text] = cut(rest ?? '', ':');
    if (name !== '') known.set(name, text ?? '');
  }
  return [...sources].map(([ssrc, attributes]) => ({ ssrc, attributes }));
}

/** The `a=ssrc-group` lines of a section (RFC 5576 4.2). */
export function sourceGroupsOf(section: MediaSection): readonly SdpSourceGroup[] {
  return section.attributes('ssrc-group').map(({ value }) => {
    const [semantics, ...ssrcs] = fields(value);
    return { semantics: semantics as string, ssrcs: ssrcs.map((ssrc) => parseDecimal(ssrc, 0xffff_ffff)) };
  });
}

/** The streams of a section; where it has no `a=msid`, those of its sources, as peers from before RFC 8830 have it. */
export function msidsOf(section: MediaSection): readonly SdpMsid[] {
  const values = new Set(section.attributes('msid').map(({ value }) => value.trim()));
  if (values.size === 0) for (const { attributes } of sourcesOf(section)) values.add((attributes.get('msid') ?? '').trim());
  const msids: SdpMsid[] = [];
  for (const value of values) {
    const [streamId, trackId] = fields(value);
    if (streamId !== undefined && streamId !== '') msids.push({ streamId: streamId === '-' ? undefined : streamId, trackId: trackId === '' ? undefined : trackId });
  }
  return msids;
}
