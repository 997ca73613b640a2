import type { MediaSection, SessionDescription } from './description.ts';
import { cut, parseDecimal } from './syntax.ts';

// What a section says about RTP. Every function is linear in the section's length.

/** The direction of a section (RFC 8866 6.7). */
export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

/** One payload type of an `m=` line with its `a=rtpmap`, `a=fmtp` and `a=rtcp-fb` lines. */
export interface SdpCodec {
  readonly payloadType: number;
  /** As written, as in `VP8`; `undefined` for a static payload type without `a=rtpmap` (RFC 3551 6). */
  readonly name: string | undefined;
  readonly clockRateHz: number | undefined;
  readonly channels: number | undefined;
  /** The format parameters; a Map, since the names are the peer's. */
  readonly parameters: ReadonlyMap<string, string>;
  /** As in `nack pli`. */
  readonly feedback: readonly string[];
}

/** The payload types that mean something without `a=rtpmap` and are still met (RFC 3551 6). G.722 has 8000, though it samples at 16,000 (4.5.2). */
const STATIC_CODECS: ReadonlyMap<number, { readonly name: string; readonly clockRateHz: number }> = new Map([
  [0, { name: 'PCMU', clockRateHz: 8000 }],
  [3, { name: 'GSM', clockRateHz: 8000 }],
  [8, { name: 'PCMA', clockRateHz: 8000 }],
  [9, { name: 'G722', clockRateHz: 8000 }],
  [13, { name: 'CN', clockRateHz: 8000 }],
  [18, { name: 'G729', clockRateHz: 8000 }],
  [26, { name: 'JPEG', clockRateHz: 90_000 }],
  [34, { name: 'H263', clockRateHz: 90_000 }],
]);

/** The codec of a static payload type (RFC 3551 6); `undefined` for one that needs `a=rtpmap`. */
export function staticCodec(payloadType: number): { readonly name: string; readonly clockRateHz: number } | undefined {
  return STATIC_CODECS.get(payloadType);
}

/** The profiles of RTP over DTLS-SRTP that are offered and answered (RFC 9429 5.1.2). */
const RTP_PROTOCOLS: ReadonlySet<string> = new Set([
  'UDP/TLS/RTP/SAVPF',
  'TCP/DTLS/RTP/SAVPF',
  'RTP/SAVPF',
  'UDP/TLS/RTP/SAVP',
  'TCP/DTLS/RTP/SAVP',
  'RTP/SAVP',
]);

/** Whether a section is about sound or pictures over DTLS-SRTP. */
export function isMediaSection(section: MediaSection): boolean {
  return (section.kind === 'audio' || section.kind === 'video') && RTP_PROTOCOLS.has(section.protocol);
}

/**
 * Whether a section, or the session for all of its sections, wants receivers to ask for the round trip in extended reports (RFC 3611 5.1).
 * Both sides must say so (5.2).
 */
export function wantsReceiverRoundTrip(description: SessionDescription, section: MediaSection): boolean {
  const lines = section.has('rtcp-xr') ? section.attributes('rtcp-xr') : description.session.attributes('rtcp-xr');
  return lines.some(({ value }) => value.split(' ').some((format) => format.startsWith('rcvr-rtt=')));
}

/** One `a=extmap` line (RFC 8285 6). */
export interface SdpExtension {
  readonly id: number;
  readonly uri: string;
  readonly direction: string | undefined;
}

/** The direction of a section: its own, or that of the session, or `sendrecv`. */
export function directionOf(description: SessionDescription, section: MediaSection): Direction {
  for (const level of [section, description.session]) {
    for (const direction of ['sendrecv', 'sendonly', 'recvonly', 'inactive'] as const) if (level.has(direction)) return direction;
  }
  return 'sendrecv';
}

/** The codecs of a section, in the order of the `m=` line. */
export function codecsOf(section: MediaSection): readonly SdpCodec[] {
  const names = byFormat(section, 'rtpmap');
  const parameters = byFormat(section, 'fmtp');
  const feedback = byFormat(section, 'rtcp-fb');
  const common = feedback.get('*') ?? [];
  return section.formats.map((format) => {
    const [name, rate, channels] = (names.get(format)?.[0] ?? '').split('/');
    return {
      payloadType: parseDecimal(format, 127),
      name: name === '' ? undefined : name,
      clockRateHz: rate === undefined ? undefined : parseDecimal(rate, 0xffff_ffff),
      channels: channels === undefined ? undefined : parseDecimal(channels, 255),
      parameters: parseParameters(parameters.get(format) ?? []),
      // Some peers leave a space behind a type without a parameter.
      feedback: [...common, ...(feedback.get(format) ?? [])].map((value) => value.trim()),
    };
  });
}

/** The parameters of `a=fmtp` values, as in `minptime=10;useinbandfec=1`. A parameter without a value has an empty one. */
export function parseParameters(values: readonly string[]): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const value of values) {
    for (const part of value.split(';')) {
      const [name, setting] = cut(part.trim(), '=');
      if (name !== '') parameters.set(name.trim(), (setting ?? '').trim());
    }
  }
  return parameters;
}

/** The header extensions of a section. */
export function extensionsOf(section: MediaSection): readonly SdpExtension[] {
  return section.attributes('extmap').map(({ value }) => {
    const [head, rest] = cut(value, ' ');
    const [id, direction] = cut(head, '/');
    return { id: parseDecimal(id, 4351), uri: cut(rest as string, ' ')[0], direction };
  });
}

// The values of an attribute by the format they begin with.
function byFormat(section: MediaSection, name: string): ReadonlyMap<string, string[]> {
  const map = new Map<string, string[]>();
  for (const { value } of section.attributes(name)) {
    const [format, rest] = cut(value, ' ');
    const known = map.get(format);
    if (known) known.push(rest ?? '');
    else map.set(format, [rest ?? '']);
  }
  return map;
}
