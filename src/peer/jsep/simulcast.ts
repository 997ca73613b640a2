import type { SdpRid } from '../../sdp/index.ts';
import type { RtpCodec } from '../../rtp/index.ts';
import { MAX_ENCODINGS } from './constants.ts';
import { receives, sends } from './direction.ts';
import type { LocalMedia, ReceiveRid, RemoteMedia } from './state.ts';
import type { Transceiver } from './transceiver.ts';

// Several encodings of one track in one section (RFC 8853), each with its name (RFC 8851, RFC 8852).

/** Restrictions that we can live with: they bind the sender. One that is not known makes its rid unusable (RFC 8851 6.2.2). */
const KNOWN_RESTRICTIONS: ReadonlySet<string> = new Set(['max-width', 'max-height', 'max-fps', 'max-fs', 'max-br', 'max-pps', 'max-bpp']);

/** What we offer to send as a simulcast. */
export function offeredSendRids({ encodings, direction }: Transceiver): readonly string[] {
  if (!sends(direction)) return [];
  return encodings.flatMap(({ rid }) => rid ?? []);
}

/** Of what the peer offers to receive, what we send. */
export function answeredSendRids({ encodings }: Transceiver, remote: RemoteMedia, direction: LocalMedia['direction']): readonly string[] {
  if (!sends(direction)) return [];
  const wanted = new Set(proposedRids(remote));
  return encodings.flatMap(({ rid }) => (rid !== undefined && wanted.has(rid) ? rid : []));
}

/** What the peer offers to receive, the first of each choice (RFC 8853 5.3.2). */
export function proposedRids({ simulcast, rids }: RemoteMedia): readonly string[] {
  const named = new Set(rids.filter(({ direction }) => direction === 'recv').map(({ id }) => id));
  const chosen = simulcast?.recv.flatMap((choices) => choices.find(({ id }) => named.has(id))?.id ?? []) ?? [];
  return [...new Set(chosen)].slice(0, MAX_ENCODINGS);
}

/** What the peer sends as a simulcast and we receive, as it goes into our answer. */
export function answeredReceiveRids({ simulcast, rids }: RemoteMedia, codecs: readonly RtpCodec[], direction: LocalMedia['direction']): readonly ReceiveRid[] {
  if (!receives(direction) || simulcast === undefined) return [];
  const named = new Map(rids.filter((rid) => rid.direction === 'send').map((rid) => [rid.id, rid]));
  const answered = new Map<string, ReceiveRid>();
  for (const choices of simulcast.send) {
    for (const { id, paused } of choices) {
      const accepted = acceptedRid(named.get(id), codecs, paused);
      if (accepted === undefined || answered.has(id) || answered.size >= MAX_ENCODINGS) continue;
      answered.set(id, accepted);
      break;
    }
  }
  return [...answered.values()];
}

function acceptedRid(rid: SdpRid | undefined, codecs: readonly RtpCodec[], paused: boolean): ReceiveRid | undefined {
  if (rid === undefined || [...rid.restrictions.keys()].some((name) => !KNOWN_RESTRICTIONS.has(name))) return undefined;
  const payloadTypes = rid.payloadTypes?.filter((type) => codecs.some(({ payloadType }) => payloadType === type));
  return payloadTypes?.length === 0 ? undefined : { rid: rid.id, paused, payloadTypes, restrictions: rid.restrictions };
}

/** Of the rids that our section sends, those that the peer's receives, and whether it pauses them. */
export function wantedRids({ simulcast }: RemoteMedia, sendRids: readonly string[]): ReadonlyMap<string, boolean> {
  const wanted = new Map<string, boolean>();
  for (const { id, paused } of simulcast?.recv.flat() ?? []) if (sendRids.includes(id)) wanted.set(id, paused);
  return wanted;
}

/** The lines of a section (RFC 8851 4, RFC 8853 5.1). */
export function simulcastLines(sendRids: readonly string[], receiveRids: readonly ReceiveRid[]): string[] {
  const lines = sendRids.map((rid) => `a=rid:${rid} send`);
  for (const { rid, payloadTypes, restrictions } of receiveRids) {
    const parts = [...(payloadTypes ? [`pt=${payloadTypes.join(',')}`] : []), ...[...restrictions].map(([name, value]) => (value === '' ? name : `${name}=${value}`))];
    lines.push(`a=rid:${rid} recv${parts.length > 0 ? ` ${parts.join(';')}` : ''}`);
  }
  const streams = [...(sendRids.length > 0 ? [`send ${sendRids.join(';')}`] : []), ...(receiveRids.length > 0 ? [`recv ${receiveRids.map(({ rid }) => rid).join(';')}`] : [])];
  if (streams.length > 0) lines.push(`a=simulcast:${streams.join(' ')}`);
  return lines;
}
