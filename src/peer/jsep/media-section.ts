import type { RtpCodec } from '../../rtp/index.ts';
import { makeMediaSection, type MediaSection } from '../../sdp/index.ts';
import { carriesMedia } from './codec-match.ts';
import { PLACEHOLDER_PORT } from './constants.ts';
import { sends } from './direction.ts';
import type { SendEncoding } from './media.ts';
import { hasRole } from './remote-media.ts';
import { simulcastLines } from './simulcast.ts';
import type { LocalMedia } from './state.ts';

/** What a section of media is written with, besides what it says of media. */
export interface SectionFrame {
  readonly protocol: string;
  /** `a=mid`, ICE and DTLS. */
  readonly transportLines: readonly string[];
  /** Offered to be bundled or not at all (RFC 9143 6). */
  readonly bundleOnly: boolean;
  /** An offer says that RTCP shares the port and nothing else will do (RFC 8858 4). */
  readonly muxOnly: boolean;
  readonly cname: string;
  readonly encodings: readonly SendEncoding[];
}

/** A section of media that is offered or accepted (RFC 9429 5.2.1, 5.3.1). */
export function mediaSection(media: LocalMedia, frame: SectionFrame): MediaSection {
  const lines = ['c=IN IP4 0.0.0.0', 'a=rtcp:9 IN IP4 0.0.0.0', ...frame.transportLines];
  if (frame.bundleOnly) lines.push('a=bundle-only');
  for (const { id, uri, direction } of media.extensions) lines.push(`a=extmap:${id}${direction === 'sendrecv' ? '' : `/${direction}`} ${uri}`);
  if (media.extmapAllowMixed) lines.push('a=extmap-allow-mixed');
  lines.push(`a=${media.direction}`, ...media.msids.map((msid) => `a=msid:${msid}`), 'a=rtcp-mux');
  if (frame.muxOnly) lines.push('a=rtcp-mux-only');
  if (media.reducedSizeRtcp) lines.push('a=rtcp-rsize');
  if (media.receiverRoundTrip) lines.push('a=rtcp-xr:rcvr-rtt=all');
  for (const codec of media.codecs) lines.push(...codecLines(codec));
  lines.push(...simulcastLines(media.sendRids, media.receiveRids));
  if (sends(media.direction) && media.sendRids.length === 0) lines.push(...sourceLines(media, frame));
  const formats = media.codecs.map(({ payloadType }) => String(payloadType));
  return makeMediaSection({ kind: media.kind, port: frame.bundleOnly ? 0 : PLACEHOLDER_PORT, protocol: frame.protocol, formats }, lines);
}

function codecLines({ payloadType, name, clockRateHz, channels, parameters, feedback }: RtpCodec): string[] {
  const lines = [`a=rtpmap:${payloadType} ${name}/${clockRateHz}${channels === undefined || channels === 1 ? '' : `/${channels}`}`];
  for (const kind of feedback) lines.push(`a=rtcp-fb:${payloadType} ${kind}`);
  if (parameters.size > 0) lines.push(`a=fmtp:${payloadType} ${[...parameters].map(([key, value]) => (value === '' ? key : `${key}=${value}`)).join(';')}`);
  return lines;
}

// RFC 5576: what the sources are called; with rids, the packets say it themselves (RFC 8853 5.5).
function sourceLines({ codecs, msids }: LocalMedia, { cname, encodings }: SectionFrame): string[] {
  const [encoding] = encodings;
  if (encoding === undefined || !codecs.some(carriesMedia)) return [];
  const { ssrc, rtxSsrc, fecSsrc } = encoding;
  const lines: string[] = [];
  const ssrcs = [ssrc];
  if (hasRole(codecs, 'rtx')) {
    lines.push(`a=ssrc-group:FID ${ssrc} ${rtxSsrc}`);
    ssrcs.push(rtxSsrc);
  }
  if (codecs.some(({ name }) => name.toLowerCase().startsWith('flexfec'))) {
    lines.push(`a=ssrc-group:FEC-FR ${ssrc} ${fecSsrc}`);
    ssrcs.push(fecSsrc);
  }
  for (const source of ssrcs) lines.push(`a=ssrc:${source} cname:${cname}`, ...msids.map((msid) => `a=ssrc:${source} msid:${msid}`));
  return lines;
}
