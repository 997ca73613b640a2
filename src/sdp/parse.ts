import { RtcError } from '../core/index.ts';
import { DEFAULT_SDP_LIMITS, type SdpLimits } from './config.ts';
import { type MediaFields, MediaSection, SdpSection, type SectionText, type SessionDescription } from './description.ts';
import { LineReader } from './line-reader.ts';
import { areWords, fields, isDecimal, parseDecimal, refuse } from './syntax.ts';
import { checkAttribute, checkGroups, checkMids } from './validate.ts';

const A = 0x61;
const C = 0x63;
const M = 0x6d;
const O = 0x6f;
const S = 0x73;
const V = 0x76;

/**
 * Parses a session description (RFC 8866). Unknown lines and attributes are kept as they are; what is known must be well
 * formed. Lines may end in LF alone. Linear in the length of the text.
 *
 * @throws RtcError `ERR_SDP_SYNTAX` with the line, counted from 1
 */
export function parseSdp(text: string, limits?: Partial<SdpLimits>): SessionDescription {
  const bounds = limits === undefined ? DEFAULT_SDP_LIMITS : { ...DEFAULT_SDP_LIMITS, ...limits };
  if (text.length > bounds.maxLength) {
    throw new RtcError('ERR_SDP_SYNTAX', `the description has ${text.length} characters, ${bounds.maxLength} are allowed`, { line: 1 });
  }
  const lines = new LineReader(text, bounds);
  const session = readSession(lines, bounds);
  const media: MediaSection[] = [];
  while (lines.type === M) {
    if (media.length === bounds.maxMediaSections) refuse(lines.number, `more than ${bounds.maxMediaSections} media sections`);
    media.push(readSection(lines, bounds));
  }
  checkGroups(session, checkMids(media));
  return { session, media: media.slice() }; // of the right size, unlike an array that grew
}

// RFC 8866 5: v=, o= and s= come first and in this order.
function readSession(lines: LineReader, bounds: SdpLimits): SdpSection {
  if (lines.type !== V || lines.value !== '0') refuse(1, 'a description begins with v=0');
  if (lines.advance() !== O) refuse(2, 'the second line must be o=');
  checkOrigin(lines.value);
  if (lines.advance() !== S) refuse(3, 'the third line must be s=');
  const level = readLevel(lines, 0, 1, bounds, false);
  if (!level.text.includes('\r\nt=')) refuse(level.numbered, 'the t= line is missing');
  return new SdpSection(level);
}

function checkOrigin(value: string): void {
  const parts = fields(value);
  if (parts.length !== 6 || !areWords(value)) refuse(2, 'o= has six fields');
  if (!isDecimal(parts[1] as string) || !isDecimal(parts[2] as string)) refuse(2, 'the session id and version of o= are numbers');
}

function readSection(lines: LineReader, bounds: SdpLimits): MediaSection {
  const { at, number } = lines;
  const media = parseMediaLine(lines.value, number, bounds);
  return new MediaSection(media, readLevel(lines, at, number, bounds, media.protocol.includes('RTP/')));
}

function parseMediaLine(value: string, line: number, bounds: SdpLimits): MediaFields {
  const parts = fields(value);
  const [kind, ports, protocol] = parts as [string, string | undefined, string | undefined];
  if (ports === undefined || protocol === undefined || parts.length < 4) refuse(line, 'm= has a kind, a port, a protocol and formats');
  // "9/2", several ports in a row (RFC 8866 5.14), is syntax that WebRTC has no use for; the count is only checked.
  const slash = ports.indexOf('/');
  const port = parseDecimal(slash < 0 ? ports : ports.slice(0, slash), 65_535);
  if (port < 0 || (slash >= 0 && parseDecimal(ports.slice(slash + 1), 65_535) < 1)) refuse(line, 'the port of m= is not 0 to 65535');
  const formats = parts.slice(3);
  if (formats.length > bounds.maxFormats) refuse(line, `more than ${bounds.maxFormats} formats`);
  if (!areWords(value)) refuse(line, 'an empty field in m=');
  if (protocol.includes('RTP/') && formats.some((format) => parseDecimal(format, 127) < 0)) refuse(line, 'a payload type is not 0 to 127');
  return { kind, port, protocol, formats };
}

/**
 * Reads the rest of a level, from the line that reading stands on up to the next `m=`, and checks its attributes.
 *
 * @param at - where the level began, and `number` with which line
 */
function readLevel(lines: LineReader, at: number, number: number, bounds: SdpLimits, rtp: boolean): SectionText {
  let seen = 0;
  let rtpmaps = 0;
  let extensions = 0;
  for (let type = lines.advance(); type !== M && type !== 0; type = lines.advance()) {
    const line = lines.number;
    if (type === C) checkConnection(lines.value, line);
    if (type !== A) continue;
    const { value } = lines;
    const colon = value.indexOf(':');
    const name = colon < 0 ? value : value.slice(0, colon);
    if (name === 'rtpmap' && ++rtpmaps > bounds.maxFormats) refuse(line, `more than ${bounds.maxFormats} a=rtpmap`);
    if (name === 'extmap' && ++extensions > bounds.maxExtensions) refuse(line, `more than ${bounds.maxExtensions} a=extmap`);
    const bit = checkAttribute(name, colon < 0 ? '' : value.slice(colon + 1), line, rtp);
    if ((seen & bit) !== 0) refuse(line, `a second a=${name}`);
    seen |= bit;
  }
  return lines.since(at, number);
}

function checkConnection(value: string, line: number): void {
  if (fields(value).length !== 3 || !areWords(value)) refuse(line, 'c= has three fields');
}
