import { type MediaSection, type SessionDescription, serializeSdp } from '../../sdp/index.ts';
import type { CreatedDescription, LocalDescription, LocalGeneration, RemoteDescription } from './state.ts';

// Descriptions are kept as they were made or came, and candidates beside them. Here the two become one text.

/** A local description with the candidates that were gathered so far (RFC 9429 4.1.14). */
export function foldLocal(local: LocalDescription, generation: LocalGeneration | undefined): SessionDescription {
  const { session, media } = local.description;
  return { session, media: foldSections(media, local, generation) };
}

/** The sections with the candidates of a generation in those that carry its transports. */
export function foldSections(media: readonly MediaSection[], { transport, branches }: Pick<LocalDescription, 'transport' | 'branches'>, generation: LocalGeneration | undefined): readonly MediaSection[] {
  if (generation === undefined || (transport === undefined && branches.length === 0)) return media;
  return media.map((section, i) => {
    if (i === transport?.index) return withCandidates(section, generation);
    const branch = branches.find(({ index }) => index === i);
    const gathered = branch && generation.branches.find(({ id }) => id === branch.id);
    return gathered === undefined ? section : withCandidates(section, gathered);
  });
}

function withCandidates(section: MediaSection, { candidates, complete }: Pick<LocalGeneration, 'candidates' | 'complete'>): MediaSection {
  return section.withAttributes(complete ? [...candidates, 'end-of-candidates'] : candidates);
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
