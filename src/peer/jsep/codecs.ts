import { codecRole, type MediaKind, type RtpCodec } from '../../rtp/index.ts';
import { answerParameters, carriesMedia, sameFormat } from './codec-match.ts';
import { FIRST_DYNAMIC_PAYLOAD_TYPE, FIRST_SPARE_PAYLOAD_TYPE, FIRST_UNUSABLE_PAYLOAD_TYPE, LAST_PAYLOAD_TYPE } from './constants.ts';
import type { CodecCapability, MediaCapabilities } from './media.ts';

// Lists of codecs: which are offered, which of two lists are the same, which are answered.

/** What a payload type has meant so far in this connection. Within a bundle it means one thing (RFC 9143 9.1.1), and for ever (RFC 3264 8.3.2). */
export type PayloadTypes = ReadonlyMap<number, RtpCodec>;

/** The capabilities of a kind, as a transceiver with these preferences wants them. */
export function wantedCodecs(media: MediaCapabilities, kind: MediaKind, preferences: readonly CodecCapability[]): readonly CodecCapability[] {
  return preferences.length > 0 ? preferences : media.codecs.filter((codec) => codec.kind === kind);
}

/**
 * The codecs of a section to offer. Each keeps the payload type that it had in the section, or in another one, or with the
 * peer; without preferences the order is that of before, and what is new comes last (RFC 9429 5.2.2).
 *
 * @param before - those of the section as it was last, in our numbering
 */
export function offeredCodecs(wanted: readonly CodecCapability[], before: readonly RtpCodec[], known: PayloadTypes, keepsOrder: boolean): readonly RtpCodec[] {
  const taken = new Set<number>();
  /** From payload types as capabilities have them to the ones that are offered. */
  const renamed = new Map<number, number>();
  const name = (codec: CodecCapability, matches: (other: RtpCodec) => boolean): number | undefined => {
    const free = (other: RtpCodec): boolean => !taken.has(other.payloadType) && matches(other);
    const payloadType = (before.find(free) ?? [...known.values()].find(free))?.payloadType ?? freePayloadType(codec.payloadType, known, taken);
    if (payloadType === undefined) return undefined;
    taken.add(payloadType);
    renamed.set(codec.payloadType, payloadType);
    return payloadType;
  };
  const offered: RtpCodec[] = [];
  // What others refer to is named first.
  for (const codec of [...wanted].sort((a, b) => rank(a) - rank(b))) {
    const parameters = withReferences(codec, renamed);
    if (parameters === undefined) continue;
    const payloadType = name(codec, (other) => sameFormat(other, codec) && sameReferences(codec, other.parameters, parameters));
    if (payloadType !== undefined) offered.push({ ...codec, payloadType, parameters });
  }
  const order = wanted.map(({ payloadType }) => renamed.get(payloadType) ?? -1);
  return besideWhatTheyRepair(ordered(offered, keepsOrder ? [...before.map(({ payloadType }) => payloadType), ...order] : order));
}

/** A codec of ours and the peer's that are the same. */
export interface CodecPair {
  readonly ours: RtpCodec;
  readonly theirs: RtpCodec;
}

/** The codecs that two lists have in common, in the order of the second. */
export function pairCodecs(ours: readonly RtpCodec[], theirs: readonly RtpCodec[]): readonly CodecPair[] {
  // The peer may list many: each is compared with those of its name only.
  const named = new Map<string, RtpCodec[]>();
  for (const our of ours) {
    const known = named.get(our.name.toLowerCase());
    if (known) known.push(our);
    else named.set(our.name.toLowerCase(), [our]);
  }
  const pairs = new Map<RtpCodec, CodecPair>();
  const used = new Set<RtpCodec>();
  const renamed = new Map<number, number>();
  for (const their of [...theirs].sort((a, b) => rank(a) - rank(b))) {
    const parameters = withReferences(their, renamed);
    if (parameters === undefined) continue;
    const fits = (our: RtpCodec): boolean => !used.has(our) && sameFormat(our, their) && sameReferences(our, our.parameters, parameters);
    const candidates = named.get(their.name.toLowerCase()) ?? [];
    const our = candidates.find((codec) => codec.payloadType === their.payloadType && fits(codec)) ?? candidates.find(fits);
    if (our === undefined) continue;
    used.add(our);
    renamed.set(their.payloadType, our.payloadType);
    pairs.set(their, { ours: our, theirs: their });
  }
  return theirs.flatMap((their) => pairs.get(their) ?? []);
}

/** Whether the common codecs make a section worth accepting. */
export function isUseful(pairs: readonly CodecPair[]): boolean {
  return pairs.some(({ ours }) => carriesMedia(ours));
}

/**
 * The codecs of an answer: in the payload types of the offer, with our parameters. The order is that of the offer too, unless
 * there are preferences (RFC 9429 5.3.1).
 */
export function answeredCodecs(pairs: readonly CodecPair[], preferences: readonly CodecCapability[]): readonly RtpCodec[] {
  const renamed = new Map(pairs.map(({ ours, theirs }) => [ours.payloadType, theirs.payloadType]));
  const answered = pairs.map(({ ours, theirs }) => ({
    ...theirs,
    parameters: codecRole(theirs) === 'rtx' || isRedundancy(theirs) ? (withReferences(ours, renamed) ?? theirs.parameters) : answerParameters(ours, theirs),
    feedback: commonFeedback(ours, theirs),
  }));
  if (preferences.length === 0) return answered;
  return besideWhatTheyRepair(ordered(answered, preferences.map(({ payloadType }) => renamed.get(payloadType) ?? -1)));
}

/** Feedback that both sides named (RFC 4585 4.2). */
export function commonFeedback(ours: RtpCodec, theirs: RtpCodec): readonly string[] {
  return [...new Set(theirs.feedback.filter((kind) => ours.feedback.includes(kind)))];
}

// `red` with a list of payload types refers to media, `rtx` to whatever it repairs.
function rank(codec: RtpCodec): number {
  const role = codecRole(codec);
  return role === 'rtx' ? 2 : role === 'red' ? 1 : 0;
}

/** The parameters with other payload types in the place of those referred to; `undefined` when one of them is not there. */
function withReferences(codec: RtpCodec, renamed: ReadonlyMap<number, number>): ReadonlyMap<string, string> | undefined {
  if (codecRole(codec) === 'rtx') {
    const apt = renamed.get(Number(codec.parameters.get('apt') ?? NaN));
    return apt === undefined ? undefined : new Map([...codec.parameters, ['apt', String(apt)]]);
  }
  if (!isRedundancy(codec)) return codec.parameters;
  const parameters = new Map<string, string>();
  for (const [key, value] of codec.parameters) {
    if (!isReferenceList(key)) {
      parameters.set(key, value);
      continue;
    }
    const types = key.split('/').map((type) => renamed.get(Number(type)));
    if (types.includes(undefined)) return undefined;
    parameters.set(types.join('/'), value);
  }
  return parameters;
}

/** Whether what a codec refers to is the same; of other codecs the format says all. */
function sameReferences(codec: RtpCodec, a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  if (codecRole(codec) === 'rtx') return a.get('apt') === b.get('apt');
  if (!isRedundancy(codec)) return true;
  // RFC 2198 5: how many copies there are may differ; a peer that leaves the list out means what we mean.
  const [first, second] = [referenceOf(a), referenceOf(b)];
  return first === second || first === undefined || second === undefined;
}

function referenceOf(parameters: ReadonlyMap<string, string>): string | undefined {
  for (const key of parameters.keys()) if (isReferenceList(key)) return key.split('/')[0];
  return undefined;
}

function isRedundancy(codec: RtpCodec): boolean {
  return codecRole(codec) === 'red';
}

function isReferenceList(key: string): boolean {
  return /^\d{1,3}(\/\d{1,3})*$/.test(key);
}

function freePayloadType(preferred: number, known: PayloadTypes, taken: ReadonlySet<number>): number | undefined {
  const isFree = (type: number): boolean => !known.has(type) && !taken.has(type);
  if (isFree(preferred)) return preferred;
  for (let type = FIRST_DYNAMIC_PAYLOAD_TYPE; type <= LAST_PAYLOAD_TYPE; type++) if (isFree(type)) return type;
  // RFC 5761 4: 64 to 95 look like RTCP, what is below 35 is taken by convention (RFC 3551 6).
  for (let type = FIRST_SPARE_PAYLOAD_TYPE; type < FIRST_UNUSABLE_PAYLOAD_TYPE; type++) if (isFree(type)) return type;
  return undefined;
}

// Those that the order names, in its order, and then the others in theirs.
function ordered(codecs: readonly RtpCodec[], order: readonly number[]): readonly RtpCodec[] {
  const place = new Map<number, number>();
  for (const payloadType of order) if (!place.has(payloadType)) place.set(payloadType, place.size);
  const placeOf = ({ payloadType }: RtpCodec): number => place.get(payloadType) ?? order.length;
  return [...codecs].sort((a, b) => placeOf(a) - placeOf(b));
}

// An `rtx` codec stands behind what it repairs, where readers look for it.
function besideWhatTheyRepair(codecs: readonly RtpCodec[]): readonly RtpCodec[] {
  const repairs = codecs.filter((codec) => codecRole(codec) === 'rtx');
  return codecs
    .filter((codec) => codecRole(codec) !== 'rtx')
    .flatMap((codec) => [codec, ...repairs.filter(({ parameters }) => parameters.get('apt') === String(codec.payloadType))]);
}
