import type { RtpCodec } from '../../rtp/index.ts';
import { commonFeedback, type CodecPair, isUseful, pairCodecs } from './codecs.ts';
import { intersected, receives, reversed, sends } from './direction.ts';
import { commonExtensions } from './extensions.ts';
import type { MediaAgreement, SendEncoding } from './media.ts';
import { wantedRids } from './simulcast.ts';
import type { LocalMedia, RemoteMedia } from './state.ts';
import type { Transceiver } from './transceiver.ts';

/** What two sections agree upon, and what it makes of the sender. */
export interface Meeting {
  readonly agreement: MediaAgreement;
  readonly sender: Pick<Transceiver, 'encodings' | 'pausedRids'>;
}

/** Lets two sections meet; `undefined` when they have no codec in common. */
export function agree(transceiver: Transceiver, local: LocalMedia, remote: RemoteMedia, transport: number, isOfferer: boolean): Meeting | undefined {
  const pairs = pairCodecs(local.codecs, remote.codecs);
  if (!isUseful(pairs)) return undefined;
  // Sending needs our own word, whatever the answer claims.
  const direction = intersected(local.direction, reversed(remote.direction));
  const extmapAllowMixed = local.extmapAllowMixed && remote.extmapAllowMixed;
  const wanted = wantedRids(remote, local.sendRids);
  const encodings = paused(isOfferer ? encodingsLeft(transceiver, local, wanted) : transceiver.encodings, transceiver.pausedRids, wanted);
  const agreement: MediaAgreement = {
    transceiver: transceiver.id,
    mid: local.mid,
    transport,
    kind: local.kind,
    direction,
    sendCodecs: pairs.map(sendCodec),
    receiveCodecs: receiveCodecs(local, pairs),
    extensions: commonExtensions(local.extensions, remote.extensions, extmapAllowMixed),
    extmapAllowMixed,
    reducedSizeRtcp: local.reducedSizeRtcp && remote.reducedSizeRtcp,
    receiverRoundTrip: local.receiverRoundTrip && remote.receiverRoundTrip,
    sendEncodings: sends(direction) ? sentEncodings(encodings, wanted) : [],
    sources: receives(direction) ? remote.sources : [],
    receiveEncodings: receives(direction) ? receivedEncodings(local, remote, isOfferer) : [],
  };
  return { agreement, sender: { encodings, pausedRids: [...wanted].filter(([, isPaused]) => isPaused).map(([rid]) => rid) } };
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

// W3C 4.4.1.5: an answer takes encodings away; one without simulcast leaves the first.
function encodingsLeft({ encodings }: Transceiver, { sendRids }: LocalMedia, wanted: ReadonlyMap<string, boolean>): readonly SendEncoding[] {
  const [first] = encodings;
  if (sendRids.length === 0 || first === undefined) return encodings;
  const left = encodings.filter(({ rid }) => rid !== undefined && wanted.has(rid));
  return left.length > 0 ? left : [{ ...first, rid: undefined }];
}

// What the peer pauses stops, and what it pauses no more goes on. What the application paused is not the peer's to resume.
function paused(encodings: readonly SendEncoding[], before: readonly string[], wanted: ReadonlyMap<string, boolean>): readonly SendEncoding[] {
  return encodings.map((encoding) => {
    const isPaused = encoding.rid === undefined ? undefined : wanted.get(encoding.rid);
    if (encoding.rid === undefined || isPaused === undefined || isPaused === before.includes(encoding.rid)) return encoding;
    return { ...encoding, active: !isPaused };
  });
}

function sentEncodings(encodings: readonly SendEncoding[], wanted: ReadonlyMap<string, boolean>): readonly SendEncoding[] {
  if (wanted.size > 0) return encodings.filter(({ rid }) => rid !== undefined && wanted.has(rid));
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
