import { type MediaSection, type SessionDescription, serializeSdp } from '../../sdp/index.ts';
import type { CreatedDescription, LocalDescription, LocalGeneration, RemoteDescription } from './state.ts';

// Descriptions are kept as they were made or came, and candidates beside them. Here the two become one text.

/** A local description with the candidates that were gathered so far (RFC 9429 4.1.14). */
export function foldLocal(local: LocalDescription, generation: LocalGeneration | undefined): SessionDescription {
  const { session, media } = local.description;
  return { session, media: foldSections(media, local.transport?.index, generation) };
}

/** The sections with the candidates of a generation in the one that carries its transport. */
export function foldSections(media: readonly MediaSection[], index: number | undefined, generation: LocalGeneration | undefined): readonly MediaSection[] {
  if (index === undefined || generation === undefined) return media;
  const lines = generation.complete ? [...generation.candidates, 'end-of-candidates'] : generation.candidates;
  return media.map((section, i) => (i === index ? section.withAttributes(lines) : section));
}

/** The text of what `createOffer` or `createAnswer` made, as it was then. */
export function createdText(created: CreatedDescription): string {
  return serializeSdp(foldLocal(created, created.generation));
}

/** The text of a remote description with the candidates that trickled in (RFC 9429 4.1.16). */
export function remoteText(remote: RemoteDescription): string {
  const lines = new Map<number, string[]>();
  for (const { index, text } of remote.trickled) {
    const known = lines.get(index);
    if (known) known.push(text);
    else lines.set(index, [text]);
  }
  const media = remote.description.media.map((section, i) => section.withAttributes(lines.get(i) ?? []));
  return serializeSdp({ session: remote.description.session, media });
}
