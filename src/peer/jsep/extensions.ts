import { MAX_EXTENSIONS, type MediaKind } from '../../rtp/index.ts';
import type { SdpExtension } from '../../sdp/index.ts';
import { MAX_EXTENSION_ID, MAX_ONE_BYTE_EXTENSION_ID } from './constants.ts';
import type { HeaderExtensionCapability, MediaCapabilities } from './media.ts';
import { type ActiveDirection, intersected, reversed } from './direction.ts';

/** A header extension of a section of ours. */
export interface LocalExtension {
  readonly id: number;
  readonly uri: string;
  readonly direction: ActiveDirection;
}

/** What an id has meant so far in this connection; within a bundle, which is one RTP session, it means one thing (RFC 8285 6). */
export type ExtensionIds = ReadonlyMap<number, string>;

/** The capabilities of a kind, as a transceiver with these preferences wants them. */
export function wantedExtensions(media: MediaCapabilities, kind: MediaKind, preferences: readonly HeaderExtensionCapability[] | undefined): readonly HeaderExtensionCapability[] {
  return (preferences ?? media.headerExtensions).filter((extension) => extension.kind === kind && extension.direction !== 'inactive');
}

/** The extensions to offer. Each keeps the id that it had in the section, or in another one. */
export function offeredExtensions(wanted: readonly HeaderExtensionCapability[], before: readonly LocalExtension[], known: ExtensionIds): readonly LocalExtension[] {
  const offered: LocalExtension[] = [];
  const ids = new Map(known);
  for (const { uri, direction = 'sendrecv', preferredId } of wanted) {
    const id = before.find((extension) => extension.uri === uri)?.id ?? [...ids].find(([, other]) => other === uri)?.[0] ?? freeId(ids, preferredId);
    if (id === undefined || offered.length === MAX_EXTENSIONS || offered.some((extension) => extension.id === id || extension.uri === uri)) continue;
    ids.set(id, uri);
    offered.push({ id, uri, direction });
  }
  return offered;
}

/** The extensions of an answer: those of the offer that we know, with its ids (RFC 8285 6). Without two-byte headers, ids end at 14. */
export function answeredExtensions(wanted: readonly HeaderExtensionCapability[], offered: readonly SdpExtension[], known: ExtensionIds, allowMixed: boolean): readonly LocalExtension[] {
  const answered: LocalExtension[] = [];
  const ids = new Map(known);
  for (const extension of offered) {
    const { uri } = extension;
    const capability = wanted.find((other) => other.uri === uri);
    if (capability === undefined || answered.some((other) => other.uri === uri || other.id === extension.id)) continue;
    const direction = intersected(capability.direction ?? 'sendrecv', reversed(directionOf(extension)));
    // An id above 4095 asks the answerer for one (RFC 8285 6).
    const id = extension.id <= MAX_EXTENSION_ID ? extension.id : ([...ids].find(([, other]) => other === uri)?.[0] ?? freeId(ids));
    if (id === undefined || direction === 'inactive' || !isUsable(id, allowMixed)) continue;
    // Within a bundle an id means one thing (RFC 8843 9.1), also for a peer that offers it twice: the first counts.
    if ((ids.get(id) ?? uri) !== uri) continue;
    ids.set(id, uri);
    answered.push({ id, uri, direction });
  }
  return answered;
}

/** The extensions that both sides have, by what we wrote. */
export function commonExtensions(ours: readonly LocalExtension[], theirs: readonly SdpExtension[], allowMixed: boolean): readonly { readonly id: number; readonly uri: string }[] {
  const answered = new Map(theirs.map((extension) => [extension.uri, extension]));
  return ours.flatMap(({ id, uri, direction }) => {
    const their = answered.get(uri);
    if (their === undefined || intersected(direction, reversed(directionOf(their))) === 'inactive') return [];
    return isUsable(id, allowMixed) && (their.id === id || their.id > MAX_EXTENSION_ID) ? [{ id, uri }] : [];
  });
}

function isUsable(id: number, allowMixed: boolean): boolean {
  return id <= (allowMixed ? MAX_EXTENSION_ID : MAX_ONE_BYTE_EXTENSION_ID);
}

function directionOf({ direction }: SdpExtension): ActiveDirection {
  return direction === 'sendonly' || direction === 'recvonly' || direction === 'inactive' ? direction : 'sendrecv';
}

function freeId(ids: ExtensionIds, preferred?: number): number | undefined {
  if (preferred !== undefined && preferred >= 1 && preferred <= MAX_ONE_BYTE_EXTENSION_ID && !ids.has(preferred)) return preferred;
  for (let id = 1; id <= MAX_EXTENSION_ID; id++) if (!ids.has(id) && id !== MAX_ONE_BYTE_EXTENSION_ID + 1) return id;
  return undefined;
}
