import { MAX_ICE_CREDENTIAL_LENGTH, MAX_MID_LENGTH, MIN_ICE_PWD_LENGTH, MIN_ICE_UFRAG_LENGTH } from './constants.ts';
import type { MediaSection, SdpSection } from './description.ts';
import { cut, fields, isColonHex, isIceText, isWord, parseDecimal, refuse } from './syntax.ts';

type Check = (value: string, line: number, rtp: boolean) => void;

const SETUPS: ReadonlySet<string> = new Set(['active', 'passive', 'actpass', 'holdconn']);

/** Digest lengths of the hash functions of RFC 8122 5, in bytes. */
const DIGEST_BYTES: ReadonlyMap<string, number> = new Map([
  ['md5', 16],
  ['sha-1', 20],
  ['sha-224', 28],
  ['sha-256', 32],
  ['sha-384', 48],
  ['sha-512', 64],
]);

const CHECKS: readonly (readonly [name: string, check: Check])[] = [
  ['mid', checkMid],
  ['ice-ufrag', (value, line) => checkIceText(value, line, 'ice-ufrag', MIN_ICE_UFRAG_LENGTH)],
  ['ice-pwd', (value, line) => checkIceText(value, line, 'ice-pwd', MIN_ICE_PWD_LENGTH)],
  ['fingerprint', checkFingerprint],
  ['setup', (value, line) => void (SETUPS.has(value) || refuse(line, 'an unknown role in a=setup'))],
  ['sctp-port', (value, line) => void (parseDecimal(value, 65_535) >= 0 || refuse(line, 'a=sctp-port is not 0 to 65535'))],
  ['max-message-size', (value, line) => void (parseDecimal(value, Infinity) >= 0 || refuse(line, 'a=max-message-size is not a number'))],
  ['sctpmap', checkSctpMap],
  ['rtpmap', checkRtpMap],
  ['fmtp', (value, line, rtp) => checkFormat(value, line, rtp, 'fmtp')],
  ['rtcp-fb', (value, line, rtp) => checkFormat(value, line, rtp, 'rtcp-fb')],
  ['extmap', checkExtensionMap],
  ['ssrc', (value, line) => void (parseDecimal(cut(value, ' ')[0], 0xffff_ffff) >= 0 || refuse(line, 'the SSRC is not a 32-bit number'))],
  ['ssrc-group', checkSsrcGroup],
  ['ptime', (value, line) => checkDuration(value, line, 'ptime')],
  ['maxptime', (value, line) => checkDuration(value, line, 'maxptime')],
  ['rtcp', (value, line) => void (parseDecimal(cut(value, ' ')[0], 65_535) >= 0 || refuse(line, 'the port of a=rtcp is not 0 to 65535'))],
  ['bundle-only', () => {}],
];

/** What says one thing about a section: two of them would leave open which one holds. */
const SINGLE = ['mid', 'ice-ufrag', 'ice-pwd', 'setup', 'sctp-port', 'max-message-size', 'bundle-only'];

const RULES: ReadonlyMap<string, { readonly check: Check; readonly bit: number }> = new Map(
  CHECKS.map(([name, check]) => [name, { check, bit: SINGLE.includes(name) ? 1 << SINGLE.indexOf(name) : 0 }]),
);

/** Checks the name of an attribute, and the value of one that is known here. Returns the bit of one that may stand on a level only once, else 0. */
export function checkAttribute(name: string, value: string, line: number, rtp: boolean): number {
  const rule = RULES.get(name);
  if (rule === undefined) {
    if (!isWord(name)) refuse(line, 'an attribute without a name');
    return 0;
  }
  rule.check(value, line, rtp);
  return rule.bit;
}

/** Checks that no mid stands twice; returns all of them. */
export function checkMids(media: readonly MediaSection[]): ReadonlySet<string> {
  const mids = new Set<string>();
  for (const section of media) {
    const { mid } = section;
    if (mid === undefined) continue;
    if (mids.has(mid)) refuse(section.attributes('mid')[0]?.line ?? 0, 'a=mid is that of another section');
    mids.add(mid);
  }
  return mids;
}

/** Checks that BUNDLE groups name sections that are there, and none in two groups (RFC 9143 5). */
export function checkGroups(session: SdpSection, mids: ReadonlySet<string>): void {
  const bundled = new Set<string>();
  for (const { value, line } of session.attributes('group')) {
    const words = fields(value);
    if (words[0] !== 'BUNDLE') {
      if (!isWord(words[0] as string)) refuse(line, 'a=group without semantics');
      continue;
    }
    for (let i = 1; i < words.length; i++) {
      const mid = words[i] as string;
      if (mid === '') continue; // "BUNDLE " of an empty group
      if (!mids.has(mid)) refuse(line, 'a=group names a section that is not there');
      if (bundled.has(mid)) refuse(line, 'a section is in the BUNDLE groups twice');
      bundled.add(mid);
    }
  }
}

function checkMid(value: string, line: number): void {
  if (!isWord(value)) refuse(line, 'a=mid is empty or has a space in it');
  if (value.length > MAX_MID_LENGTH) refuse(line, `a=mid is longer than ${MAX_MID_LENGTH} characters`);
}

function checkIceText(value: string, line: number, name: string, min: number): void {
  if (value.length < min || value.length > MAX_ICE_CREDENTIAL_LENGTH) refuse(line, `a=${name} is not ${min} to ${MAX_ICE_CREDENTIAL_LENGTH} characters long`);
  if (!isIceText(value)) refuse(line, `a character in a=${name} is not allowed`);
}

function checkFingerprint(value: string, line: number): void {
  const [algorithm, digest] = cut(value, ' ');
  if (!isWord(algorithm) || digest === undefined || !isColonHex(digest)) refuse(line, 'a=fingerprint is not a hash function and hexadecimal bytes');
  const expected = DIGEST_BYTES.get(algorithm.toLowerCase());
  if (expected !== undefined && digest.length !== expected * 3 - 1) refuse(line, 'the length of a=fingerprint does not fit its hash function');
}

function checkSctpMap(value: string, line: number): void {
  const [port, name] = fields(value);
  if (parseDecimal(port as string, 65_535) < 0 || name === undefined || name === '') refuse(line, 'a=sctpmap is not a port and a protocol');
}

function checkFormat(value: string, line: number, rtp: boolean, name: string): void {
  const [format] = cut(value, ' ');
  if (!isWord(format)) refuse(line, `a=${name} without a format`);
  if (rtp && format !== '*' && parseDecimal(format, 127) < 0) refuse(line, `the payload type of a=${name} is not 0 to 127`);
}

function checkRtpMap(value: string, line: number): void {
  const [type, encoding] = cut(value, ' ');
  if (parseDecimal(type, 127) < 0) refuse(line, 'the payload type of a=rtpmap is not 0 to 127');
  const parts = (encoding ?? '').split('/');
  if (parts.length < 2 || parts.length > 3 || !parts.every(isWord)) refuse(line, 'a=rtpmap is not name/rate or name/rate/channels');
  if (parseDecimal(parts[1] as string, 0xffff_ffff) < 1) refuse(line, 'the clock rate of a=rtpmap is not a positive number');
}

// RFC 8285 6 and 4.2: 0 is padding, 15 is reserved; 4096 to 4351 stand for "give me a number" in offers.
function checkExtensionMap(value: string, line: number): void {
  const [head, uri] = cut(value, ' ');
  const id = parseDecimal(cut(head, '/')[0], 4351);
  if (id < 1 || id === 15 || (id > 255 && id < 4096)) refuse(line, 'the number of a=extmap is not allowed');
  if (uri === undefined || !isWord(cut(uri, ' ')[0])) refuse(line, 'a=extmap without a name');
}

function checkSsrcGroup(value: string, line: number): void {
  const [semantics, ...sources] = fields(value);
  if (!isWord(semantics as string) || sources.some((ssrc) => parseDecimal(ssrc, 0xffff_ffff) < 0)) refuse(line, 'a=ssrc-group is not semantics and SSRCs');
}

// RFC 8866 6.4: a number above zero, perhaps with decimals.
function checkDuration(value: string, line: number, name: string): void {
  const [whole, decimals] = cut(value, '.');
  const ms = parseDecimal(whole, 0xffff_ffff);
  const fraction = decimals === undefined ? 0 : parseDecimal(decimals, Infinity);
  if (ms < 0 || fraction < 0 || ms + fraction === 0) refuse(line, `a=${name} is not a positive number`);
}
