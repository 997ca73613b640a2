import type { RtpCodec } from '../../rtp/index.ts';
import { commonFeedback, type CodecPair, isUseful, pairCodecs } from './codecs.ts';
import { intersected, receives, reversed, sends } from './direction.ts';
import { commonExtensions } from './extensions.ts';
import type { MediaAgreement, SendEncoding } from './media.ts';
import { acceptedSendRids } from './simulcast.ts';
import type { LocalMedia, RemoteMedia } from './state.ts';
import type { Transceiver } from './transceiver.ts';

/** What two sections agree upon, and the encodings that are left of the transceiver's; `undefined` when they have no codec in common. */
export function agree(transceiver: Transceiver, local: LocalMedia, remote: RemoteMedia, isOfferer: boolean): { agreement: MediaAgreement; encodings: readonly SendEncoding[] } | undefined {
  const pairs = pairCodecs(local.codecs, remote.codecs);
  if (!isUseful(pairs)) return undefined;
  // Sending needs our own word, whatever the answer claims.
  const direction = intersected(local.direction, reversed(remote.direction));
  const encodings = isOfferer ? encodingsLeft(transceiver, local, remote) : transceiver.encodings;
  const agreement: MediaAgreement = {
    transceiver: transceiver.id,
    mid: local.mid,
    kind: local.kind,
    direction,
    sendCodecs: pairs.map(sendCodec),
    receiveCodecs: receiveCodecs(local, pairs),
    extensions: commonExtensions(local.extensions, remote.extensions),
    extmapAllowMixed: local.extmapAllowMixed && remote.extmapAllowMixed,
    reducedSizeRtcp: local.reducedSizeRtcp && remote.reducedSizeRtcp,
    sendEncodings: sends(direction) ? sentEncodings(encodings, local, remote, isOfferer) : [],
    sources: receives(direction) ? remote.sources : [],
    receiveEncodings: receives(direction) ? receivedEncodings(local, remote, isOfferer) : [],
  };
  return { agreement, encodings };
}

function sendCodec({ ours, theirs }: CodecPair): RtpCodec {
  return { ...theirs, feedback: commonFeedback(ours, theirs) };
}

// In our order, since the peer chooses of what we asked for.
function receiveCodecs({ codecs }: LocalMedia, pairs: readonly CodecPair[]): readonly RtpCodec[] {
  const common = new Map(pairs.map((pair) => [pair.ours, pair]));
  return codecs.flatMap((codec) => {
    const pair = common.get(codec);
    return pair ? { ...codec, feedback: commonFeedback(codec, pair.theirs) } : [];
  });
}

// W3C 4.4.1.5: an answer takes encodings away, and pauses or resumes those that are left; one without simulcast leaves the first.
function encodingsLeft({ encodings }: Transceiver, { sendRids }: LocalMedia, remote: RemoteMedia): readonly SendEncoding[] {
  const [first] = encodings;
  if (sendRids.length === 0 || first === undefined) return encodings;
  const accepted = acceptedSendRids(sendRids, remote);
  const left = encodings.flatMap((encoding) => {
    const answer = accepted.get(encoding.rid ?? '');
    return answer ? { ...encoding, active: !answer.paused } : [];
  });
  return left.length > 0 ? left : [{ ...first, rid: undefined }];
}

function sentEncodings(encodings: readonly SendEncoding[], { sendRids }: LocalMedia, remote: RemoteMedia, isOfferer: boolean): readonly SendEncoding[] {
  const rids = isOfferer ? [...acceptedSendRids(sendRids, remote).keys()] : sendRids;
  if (rids.length > 0) return encodings.filter(({ rid }) => rid !== undefined && rids.includes(rid));
  return encodings.slice(0, 1).map((encoding) => ({ ...encoding, rid: undefined }));
}

function receivedEncodings({ receiveRids }: LocalMedia, { simulcast }: RemoteMedia, isOfferer: boolean): MediaAgreement['receiveEncodings'] {
  // An answer may send fewer of what we said to receive, and pause others (RFC 8853 5.3.3).
  const sent = new Map(isOfferer ? simulcast?.send.flat().map(({ id, paused }) => [id, paused]) : receiveRids.map(({ rid, paused }) => [rid, paused]));
  return receiveRids.flatMap(({ rid, payloadTypes }) => {
    const paused = sent.get(rid);
    return paused === undefined ? [] : { rid, paused, payloadTypes };
  });
}

/** Whether two lists of agreements say the same. */
export function sameAgreements(a: readonly MediaAgreement[], b: readonly MediaAgreement[]): boolean {
  return isSame(a, b);
}

// Agreements are plain: primitives, arrays, maps and objects of them.
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => isSame(item, b[i]));
  if (a instanceof Map) return b instanceof Map && isSame([...a], [...b]);
  const [entries, others] = [Object.entries(a), b as Readonly<Record<string, unknown>>];
  return entries.length === Object.keys(others).length && entries.every(([name, value]) => isSame(value, others[name]));
}
