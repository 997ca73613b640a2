import { codecRole, type RtpCodec } from '../../rtp/index.ts';

// Whether two descriptions of a codec can meet, and what the answer then says (RFC 9429 5.3.1 leaves that to each payload
// format). One family, one entry: what must be the same, and what of the level both can do.

type Parameters = ReadonlyMap<string, string>;

interface Family {
  /** The formats are the same as far as the family's RFC asks for it. */
  readonly matches: (a: Parameters, b: Parameters) => boolean;
  /** Our parameters as an answer to those of the peer. */
  readonly answer: (ours: Parameters, theirs: Parameters) => Parameters;
}

const FAMILIES: ReadonlyMap<string, Family> = new Map<string, Family>([
  ['h264', { matches: matchesH264, answer: answerH264 }],
  ['h265', { matches: matchesH265, answer: answerH265 }],
  ['vp9', { matches: (a, b) => same(a, b, 'profile-id', 0), answer: ours }],
  ['av1', { matches: (a, b) => same(a, b, 'profile', 0) && same(a, b, 'tier', 0), answer: ours }],
  ['multiopus', { matches: matchesMultiopus, answer: ours }],
]);

/** Whether two payload types mean the same format. Those that refer to others (`rtx`, `red`) are compared without what they refer to. */
export function sameFormat(a: RtpCodec, b: RtpCodec): boolean {
  const name = a.name.toLowerCase();
  if (a.kind !== b.kind || name !== b.name.toLowerCase() || a.clockRateHz !== b.clockRateHz || (a.channels ?? 1) !== (b.channels ?? 1)) return false;
  return FAMILIES.get(name)?.matches(a.parameters, b.parameters) ?? true;
}

/** The parameters of our answer, for a format that is the same. */
export function answerParameters(mine: RtpCodec, theirs: RtpCodec): Parameters {
  return FAMILIES.get(mine.name.toLowerCase())?.answer(mine.parameters, theirs.parameters) ?? mine.parameters;
}

const AUXILIARY: ReadonlySet<string> = new Set(['cn', 'telephone-event']);

/** Whether a codec carries media by itself; a section of none that does is of no use. */
export function carriesMedia(codec: RtpCodec): boolean {
  return codecRole(codec) === 'media' && !AUXILIARY.has(codec.name.toLowerCase());
}

function ours(mine: Parameters): Parameters {
  return mine;
}

function same(a: Parameters, b: Parameters, name: string, absent: number): boolean {
  return numberOf(a, name, absent) === numberOf(b, name, absent);
}

/** A number of a parameter; NaN, which is like nothing, when it is none. */
function numberOf(parameters: Parameters, name: string, absent: number): number {
  const text = parameters.get(name);
  if (text === undefined) return absent;
  return /^\d{1,9}$/.test(text) ? Number(text) : NaN;
}

// H.264 (RFC 6184 8.1 and 8.2.2): the profile and the packetization mode are the same; the level goes down to what both can
// do, unless both allow another one each way.

/** What `profile_idc` and the constraint flags make a profile of: bits that must be set or clear, the others do not count. */
const H264_PROFILES: readonly (readonly [profile: string, idc: number, mask: number, value: number])[] = [
  ['constrained-baseline', 0x42, 0x4f, 0x40],
  ['constrained-baseline', 0x4d, 0x8f, 0x80],
  ['constrained-baseline', 0x58, 0xcf, 0xc0],
  ['baseline', 0x42, 0x4f, 0x00],
  ['baseline', 0x58, 0xcf, 0x80],
  ['main', 0x4d, 0xaf, 0x00],
  ['high', 0x64, 0xff, 0x00],
  ['constrained-high', 0x64, 0xff, 0x0c],
  ['high-10', 0x6e, 0xff, 0x00],
  ['high-422', 0x7a, 0xff, 0x00],
  ['high-444', 0xf4, 0xff, 0x00],
];
/** Baseline at level 1, where nothing is said (RFC 6184 8.1). */
const H264_DEFAULT = 0x42000a;
/** Level 1b of the profiles that say it by flag: level_idc 11 with constraint_set3 (ITU-T H.264 A.3.1). */
const H264_LEVEL_1B = 10.5;

function profileLevelId(parameters: Parameters): number {
  const text = parameters.get('profile-level-id');
  if (text === undefined) return H264_DEFAULT;
  return /^[0-9a-fA-F]{6}$/.test(text) ? Number.parseInt(text, 16) : NaN;
}

function h264Profile(id: number): string | undefined {
  if (Number.isNaN(id)) return undefined;
  const [idc, flags] = [id >> 16, (id >> 8) & 0xff];
  const known = H264_PROFILES.find(([, value, mask, bits]) => idc === value && (flags & mask) === bits);
  return known?.[0] ?? `${idc} ${flags}`;
}

function h264Level(id: number): number {
  const [idc, flags, level] = [id >> 16, (id >> 8) & 0xff, id & 0xff];
  return level === 11 && (flags & 0x10) !== 0 && (idc === 0x42 || idc === 0x4d || idc === 0x58) ? H264_LEVEL_1B : level;
}

function matchesH264(a: Parameters, b: Parameters): boolean {
  const profile = h264Profile(profileLevelId(a));
  return profile !== undefined && profile === h264Profile(profileLevelId(b)) && same(a, b, 'packetization-mode', 0);
}

function answerH264(mine: Parameters, theirs: Parameters): Parameters {
  const answer = new Map(mine);
  const [id, other] = [profileLevelId(mine), profileLevelId(theirs)];
  const isAsymmetric = mine.get('level-asymmetry-allowed') === '1' && theirs.get('level-asymmetry-allowed') === '1';
  // The flags and the level are one value: the lower of both is taken whole, with the peer's way to write the profile.
  const level = isAsymmetric || h264Level(id) <= h264Level(other) ? id : other;
  const isFlag1b = h264Level(level) === H264_LEVEL_1B;
  const flags = isFlag1b ? (other >> 8) | 0x10 : other >> 8;
  answer.set('profile-level-id', ((((flags & 0xffff) << 8) | (level & 0xff)) >>> 0).toString(16).padStart(6, '0'));
  if (!isAsymmetric) answer.delete('level-asymmetry-allowed');
  return answer;
}

// H.265 (RFC 7798 7.1 and 7.2.2): profile, tier and transmission mode are the same; the level goes down.

/** Main profile, main tier, level 3.1. */
const H265_DEFAULTS = { profile: 1, tier: 0, level: 93 } as const;

function matchesH265(a: Parameters, b: Parameters): boolean {
  if (!same(a, b, 'profile-space', 0) || !same(a, b, 'profile-id', H265_DEFAULTS.profile) || !same(a, b, 'tier-flag', H265_DEFAULTS.tier)) return false;
  return (a.get('tx-mode') ?? 'SRST') === (b.get('tx-mode') ?? 'SRST');
}

function answerH265(mine: Parameters, theirs: Parameters): Parameters {
  const [level, other] = [numberOf(mine, 'level-id', H265_DEFAULTS.level), numberOf(theirs, 'level-id', H265_DEFAULTS.level)];
  return other < level ? new Map([...mine, ['level-id', String(other)]]) : mine;
}

// Opus of more than two channels, as Chromium has it: the mapping is the format.
function matchesMultiopus(a: Parameters, b: Parameters): boolean {
  return ['channel_mapping', 'num_streams', 'coupled_streams'].every((name) => a.get(name) === b.get(name));
}
