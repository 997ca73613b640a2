import { codecRole, type MediaKind, type RtpCodec } from '../../rtp/index.ts';
import {
  codecsOf,
  directionOf,
  extensionsOf,
  type MediaSection,
  midOf,
  msidsOf,
  ridsOf,
  type SessionDescription,
  simulcastOf,
  sourceGroupsOf,
  sourcesOf,
  staticCodec,
  wantsReceiverRoundTrip,
} from '../../sdp/index.ts';
import { MAX_DECLARED_SOURCES, MAX_MSID_LENGTH } from './constants.ts';
import type { DeclaredSource } from './media.ts';
import type { RemoteMedia } from './state.ts';

/** What a section of the peer says about media. */
export function readMedia(description: SessionDescription, index: number): RemoteMedia {
  const section = description.media[index] as MediaSection;
  return {
    index,
    mid: midOf(section) as string,
    kind: section.kind as MediaKind,
    direction: directionOf(description, section),
    codecs: readCodecs(section),
    extensions: extensionsOf(section),
    extmapAllowMixed: section.has('extmap-allow-mixed') || description.session.has('extmap-allow-mixed'),
    reducedSizeRtcp: section.has('rtcp-rsize'),
    receiverRoundTrip: wantsReceiverRoundTrip(description, section),
    msids: msidsOf(section).filter(({ streamId = '', trackId = '' }) => streamId.length <= MAX_MSID_LENGTH && trackId.length <= MAX_MSID_LENGTH),
    sources: readSources(section),
    rids: ridsOf(section),
    simulcast: simulcastOf(section),
  };
}

// A payload type without a meaning, or with two, is left out.
function readCodecs(section: MediaSection): readonly RtpCodec[] {
  const kind = section.kind as MediaKind;
  const codecs = new Map<number, RtpCodec>();
  for (const codec of codecsOf(section)) {
    const { payloadType, parameters, feedback, channels } = codec;
    const meant = codec.name !== undefined && codec.clockRateHz !== undefined ? { name: codec.name, clockRateHz: codec.clockRateHz } : staticCodec(payloadType);
    if (meant === undefined || codecs.has(payloadType)) continue;
    codecs.set(payloadType, { kind, payloadType, ...meant, ...(kind === 'audio' && { channels: channels ?? 1 }), parameters, feedback: [...new Set(feedback)] });
  }
  return [...codecs.values()];
}

/** The sources of media, each with those that repair it (RFC 5576 4.2, RFC 4588 8.8, RFC 8627 5.1.2). */
function readSources(section: MediaSection): readonly DeclaredSource[] {
  const repairs = new Map<string, Map<number, number>>([
    ['FID', new Map()],
    ['FEC-FR', new Map()],
  ]);
  const repairing = new Set<number>();
  for (const { semantics, ssrcs } of sourceGroupsOf(section)) {
    const [media, repair] = ssrcs;
    const known = repairs.get(semantics);
    if (known === undefined || media === undefined || repair === undefined || media === repair) continue;
    known.set(media, repair);
    repairing.add(repair);
  }
  const sources: DeclaredSource[] = [];
  for (const { ssrc, attributes } of sourcesOf(section)) {
    if (repairing.has(ssrc) || sources.length === MAX_DECLARED_SOURCES) continue;
    sources.push({ ssrc, rtxSsrc: repairs.get('FID')?.get(ssrc), fecSsrc: repairs.get('FEC-FR')?.get(ssrc), cname: attributes.get('cname') });
  }
  return sources;
}

/** Whether a list of codecs has one of a role, as in `rtx`. */
export function hasRole(codecs: readonly RtpCodec[], role: ReturnType<typeof codecRole>): boolean {
  return codecs.some((codec) => codecRole(codec) === role);
}
