import type { MediaSection } from './description.ts';
import { cut, fields, parseDecimal } from './syntax.ts';

// Restrictions and simulcast (RFC 8851, RFC 8853). A line that is malformed counts as absent, as both RFCs ask for.

/** One `a=rid` line (RFC 8851 4). */
export interface SdpRid {
  readonly id: string;
  readonly direction: 'send' | 'recv';
  /** The payload types of `pt=`; `undefined` for all. */
  readonly payloadTypes: readonly number[] | undefined;
  /** The other restrictions, as in `max-width=1280`. */
  readonly restrictions: ReadonlyMap<string, string>;
}

/** One name of an `a=simulcast` line. */
export interface SdpSimulcastRid {
  readonly id: string;
  /** Marked with `~`. */
  readonly paused: boolean;
}

/** The streams of an `a=simulcast` line, each with its alternatives, the preferred one first (RFC 8853 5.1). */
export interface SdpSimulcast {
  readonly send: readonly (readonly SdpSimulcastRid[])[];
  readonly recv: readonly (readonly SdpSimulcastRid[])[];
}

/** The restrictions of a section, by their id and direction; of two with the same, neither. */
export function ridsOf(section: MediaSection): readonly SdpRid[] {
  const rids = new Map<string, SdpRid | undefined>();
  for (const { value } of section.attributes('rid')) {
    const rid = parseRid(value);
    if (rid === undefined) continue;
    const key = `${rid.direction} ${rid.id}`;
    rids.set(key, rids.has(key) ? undefined : rid);
  }
  return [...rids.values()].filter((rid) => rid !== undefined);
}

/** The simulcast of a section; `undefined` without one, and when it is malformed. */
export function simulcastOf(section: MediaSection): SdpSimulcast | undefined {
  const lines = section.attributes('simulcast');
  const value = lines[0]?.value.trim();
  if (value === undefined || lines.length > 1) return undefined;
  const parts = fields(value);
  const streams: { send?: SdpSimulcast['send']; recv?: SdpSimulcast['recv'] } = {};
  for (let i = 0; i < parts.length; i += 2) {
    const [direction, list] = [parts[i], parts[i + 1]];
    if ((direction !== 'send' && direction !== 'recv') || list === undefined || streams[direction] !== undefined) return undefined;
    const parsed = parseStreams(list);
    if (parsed === undefined) return undefined;
    streams[direction] = parsed;
  }
  return { send: streams.send ?? [], recv: streams.recv ?? [] };
}

function parseRid(value: string): SdpRid | undefined {
  const [id, direction, rest] = fields(value);
  if (!isRidText(id) || (direction !== 'send' && direction !== 'recv')) return undefined;
  const restrictions = new Map<string, string>();
  let payloadTypes: number[] | undefined;
  for (const part of (rest ?? '').split(';')) {
    const [name, setting] = cut(part, '=');
    if (name === 'pt') payloadTypes = (setting ?? '').split(',').map((type) => parseDecimal(type, 127));
    else if (name !== '') restrictions.set(name, setting ?? '');
  }
  return { id, direction, payloadTypes, restrictions };
}

function parseStreams(list: string): SdpSimulcastRid[][] | undefined {
  const streams = list.split(';').map((stream) => stream.split(',').map((name) => (name.startsWith('~') ? { id: name.slice(1), paused: true } : { id: name, paused: false })));
  return streams.flat().every(({ id }) => isRidText(id)) ? streams : undefined;
}

// RFC 8851 10: letters, digits, - and _.
function isRidText(text: string | undefined): text is string {
  if (text === undefined || text.length === 0 || text.length > 255) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const letter = code | 32;
    if (!((letter >= 97 && letter <= 122) || (code >= 48 && code <= 57) || code === 45 || code === 95)) return false;
  }
  return true;
}
