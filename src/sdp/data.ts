import { DEFAULT_MAX_MESSAGE_SIZE_BYTES, DEFAULT_SCTP_PORT } from './constants.ts';
import type { MediaSection } from './description.ts';
import { fields, parseDecimal } from './syntax.ts';

/** A section of data channels (RFC 8841). */
export interface DataSectionFields {
  /** The section has the shape that came before RFC 8841: `m=application 9 DTLS/SCTP 5000` with `a=sctpmap`. */
  readonly legacy: boolean;
  /** The peer's SCTP port; 0 says that it takes no association. */
  readonly sctpPort: number;
  /** The largest message the peer accepts, in bytes; 0 is no limit. */
  readonly maxMessageSizeBytes: number;
  /** The peer's INIT chunk in base64, as it stands there (draft-hancke-tsvwg-snap); `undefined` unless there is one. */
  readonly sctpInit: string | undefined;
}

const PROTOCOLS: ReadonlySet<string> = new Set(['UDP/DTLS/SCTP', 'TCP/DTLS/SCTP', 'DTLS/SCTP']);

/** The SCTP parameters of a section; `undefined` when it is not about WebRTC data channels. */
export function dataSectionOf(section: MediaSection): DataSectionFields | undefined {
  if (section.kind !== 'application' || !PROTOCOLS.has(section.protocol)) return undefined;
  const size = section.attribute('max-message-size');
  const maxMessageSizeBytes = size === undefined ? DEFAULT_MAX_MESSAGE_SIZE_BYTES : Math.min(parseDecimal(size, Infinity), Number.MAX_SAFE_INTEGER);
  const format = section.formats[0] as string;
  if (format === 'webrtc-datachannel') {
    const port = section.attribute('sctp-port');
    return { legacy: false, sctpPort: port === undefined ? DEFAULT_SCTP_PORT : parseDecimal(port, 65_535), maxMessageSizeBytes, sctpInit: sctpInitOf(section) };
  }
  for (const { value } of section.attributes('sctpmap')) {
    const [port, name] = fields(value);
    if (port === format && name === 'webrtc-datachannel') return { legacy: true, sctpPort: parseDecimal(port, 65_535), maxMessageSizeBytes, sctpInit: undefined };
  }
  return undefined;
}

/** Two of them would leave open which one holds. */
function sctpInitOf(section: MediaSection): string | undefined {
  const lines = section.attributes('sctp-init');
  return lines.length === 1 ? lines[0]?.value : undefined;
}
