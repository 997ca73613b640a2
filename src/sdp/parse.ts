import { RtcError } from '../core/index.ts';
import { DEFAULT_SDP_LIMITS, type SdpLimits } from './config.ts';
import { type MediaFields, MediaSection, type SdpLine, SdpSection, type SectionText, type SessionDescription } from './description.ts';
import { fields, isDecimal, isWord, parseDecimal, refuse } from './syntax.ts';
import { checkAttribute, checkGroups, checkMids, SINGLE_ATTRIBUTES } from './validate.ts';

/**
 * Parses a session description (RFC 8866). Unknown lines and attributes are kept as they are; what is known must be well
 * formed. Lines may end in LF alone. Linear in the length of the text.
 *
 * @throws RtcError `ERR_SDP_SYNTAX` with the line, counted from 1
 */
export function parseSdp(text: string, limits: Partial<SdpLimits> = DEFAULT_SDP_LIMITS): SessionDescription {
  const bounds = { ...DEFAULT_SDP_LIMITS, ...limits };
  if (text.length > bounds.maxLength) {
    throw new RtcError('ERR_SDP_SYNTAX', `the description has ${text.length} characters, ${bounds.maxLength} are allowed`, { line: 1 });
  }
  const lines = splitLines(text, bounds);
  checkHead(lines);
  const starts: number[] = [];
  for (let i = 0; i < lines.length; i++) {
    if ((lines[i] as SdpLine).type !== 'm') continue;
    if (starts.length === bounds.maxMediaSections) refuse(i + 1, `more than ${bounds.maxMediaSections} media sections`);
    starts.push(i);
  }
  const offsets = offsetsOf(text, lines, starts);
  const contentOf = (level: readonly SdpLine[], i: number): readonly SdpLine[] | SectionText =>
    offsets === undefined ? level : { text: text.slice(offsets[i], offsets[i + 1]), firstNumber: level[0]?.number ?? 0, numbered: level.length, lines: level };
  const head = lines.slice(0, starts[0] ?? lines.length);
  if (!head.some(({ type }) => type === 't')) refuse(head.length, 'the t= line is missing');
  checkAttributes(head, bounds, false);
  const session = new SdpSection(contentOf(head, 0));
  const media = starts.map((start, i) => {
    const level = lines.slice(start, starts[i + 1] ?? lines.length);
    return new MediaSection(parseSection(level, bounds), contentOf(level, i + 1));
  });
  checkGroups(session, checkMids(media));
  return { session, media };
}

/**
 * Where the levels begin in a text whose lines all end in CRLF, and where it ends; else nothing. What a section would write is then
 * a piece of the text, which needs no memory of its own.
 */
function offsetsOf(text: string, lines: readonly SdpLine[], starts: readonly number[]): readonly number[] | undefined {
  const offsets = [0];
  let at = 0;
  for (let i = 0; i < lines.length; i++) {
    if (starts[offsets.length - 1] === i) offsets.push(at);
    at += (lines[i] as SdpLine).value.length + 4;
    if (text.charCodeAt(at - 2) !== 13 || text.charCodeAt(at - 1) !== 10) return undefined;
  }
  offsets.push(at);
  return at === text.length ? offsets : undefined;
}

function splitLines(text: string, bounds: SdpLimits): SdpLine[] {
  const lines: SdpLine[] = [];
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf('\n', at);
    let end = newline < 0 ? text.length : newline;
    const next = end + 1;
    if (end > at && text.charCodeAt(end - 1) === 13) end--;
    const number = lines.length + 1;
    if (number > bounds.maxLines) refuse(number, `more than ${bounds.maxLines} lines`);
    if (end - at > bounds.maxLineLength) refuse(number, `longer than ${bounds.maxLineLength} characters`);
    if (end === at) {
      // Empty lines are let through where text editors leave them: at the very end.
      if (onlyLineEnds(text, at)) break;
      refuse(number, 'an empty line');
    }
    lines.push(readLine(text, at, end, number));
    at = next;
  }
  return lines;
}

function onlyLineEnds(text: string, at: number): boolean {
  for (let i = at; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code !== 10 && code !== 13) return false;
  }
  return true;
}

function readLine(text: string, at: number, end: number, number: number): SdpLine {
  const type = text.charCodeAt(at);
  if (type < 97 || type > 122 || end - at < 2 || text.charCodeAt(at + 1) !== 61) refuse(number, 'not of the form x=value');
  const value = text.slice(at + 2, end);
  // RFC 8866 9, byte-string: NUL, CR and LF are in no value.
  if (value.includes('\0')) refuse(number, 'a NUL character');
  if (value.includes('\r')) refuse(number, 'a carriage return inside the line');
  return { type: text.charAt(at), value, number };
}

// RFC 8866 5: v=, o= and s= come first and in this order.
function checkHead(lines: readonly SdpLine[]): void {
  const [version, origin, name] = lines;
  if (version?.type !== 'v' || version.value !== '0') refuse(1, 'a description begins with v=0');
  if (origin?.type !== 'o') refuse(2, 'the second line must be o=');
  const parts = fields(origin.value);
  if (parts.length !== 6 || !parts.every(isWord)) refuse(2, 'o= has six fields');
  if (!isDecimal(parts[1] as string) || !isDecimal(parts[2] as string)) refuse(2, 'the session id and version of o= are numbers');
  if (name?.type !== 's') refuse(3, 'the third line must be s=');
}

function parseSection(lines: readonly SdpLine[], bounds: SdpLimits): MediaFields {
  const head = lines[0] as SdpLine;
  const media = parseMediaLine(head.value, head.number, bounds);
  checkAttributes(lines, bounds, media.protocol.includes('RTP/'));
  return media;
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
  if (!parts.every(isWord)) refuse(line, 'an empty field in m=');
  if (protocol.includes('RTP/') && formats.some((format) => parseDecimal(format, 127) < 0)) refuse(line, 'a payload type is not 0 to 127');
  return { kind, port, protocol, formats };
}

function checkAttributes(lines: readonly SdpLine[], bounds: SdpLimits, rtp: boolean): void {
  const seen = new Set<string>();
  let rtpmaps = 0;
  let extensions = 0;
  for (let i = 0; i < lines.length; i++) {
    const { type, value, number } = lines[i] as SdpLine;
    if (type === 'c') checkConnection(value, number);
    if (type !== 'a') continue;
    const colon = value.indexOf(':');
    const name = colon < 0 ? value : value.slice(0, colon);
    if (SINGLE_ATTRIBUTES.has(name)) {
      if (seen.has(name)) refuse(number, `a second a=${name}`);
      seen.add(name);
    }
    if (name === 'rtpmap' && ++rtpmaps > bounds.maxFormats) refuse(number, `more than ${bounds.maxFormats} a=rtpmap`);
    if (name === 'extmap' && ++extensions > bounds.maxExtensions) refuse(number, `more than ${bounds.maxExtensions} a=extmap`);
    checkAttribute(name, colon < 0 ? '' : value.slice(colon + 1), number, rtp);
  }
}

function checkConnection(value: string, line: number): void {
  const parts = fields(value);
  if (parts.length !== 3 || !parts.every(isWord)) refuse(line, 'c= has three fields');
}
