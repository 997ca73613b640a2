// Peers that do not bundle: sound, pictures and data each have a transport of their own.
import { type PeerName, peerPrograms } from '../spawn-peer.ts';
import type { Case, Suite } from '../suite.ts';
import { bothWays, type Way } from './both-ways.ts';
import type { Call } from './call.ts';

/** A description as of one who does not know BUNDLE. */
export const withoutGroup = (sdp: string): string => sdp.replace(/a=group:BUNDLE[^\r\n]*\r\n/g, '');

/** Three transports, all of them up, and each stream over its own. */
async function checkTransports({ pc }: Call): Promise<void> {
  const stats = [...(await pc.getStats()).values()];
  const transports = stats.filter(({ type }) => type === 'transport') as unknown as readonly { readonly id: string; readonly dtlsState: string; readonly selectedCandidatePairId?: string }[];
  if (transports.length !== 3 || transports.some(({ dtlsState }) => dtlsState !== 'connected')) throw new Error(`transports: ${transports.map(({ id, dtlsState }) => `${id} ${dtlsState}`).join(', ')}`);
  if (new Set(transports.map(({ selectedCandidatePairId }) => selectedCandidatePairId)).size !== 3) throw new Error('two transports share a pair');
  for (const type of ['inbound-rtp', 'outbound-rtp']) {
    const used = stats.filter((entry) => (entry.type as string) === type).map((entry) => (entry as unknown as { readonly transportId: string }).transportId);
    if (new Set(used).size !== 2) throw new Error(`${type} over ${used.join(' ')}`);
  }
}

const WAYS: Partial<Record<PeerName, Way>> = {
  gstreamer: { args: ['--bundle=none'] },
  chromium: { options: { rewrite: withoutGroup } },
  firefox: { options: { rewrite: withoutGroup } },
  sansrtc: { options: { rewrite: withoutGroup } },
};

function cases(name: PeerName, way: Way): readonly Case[] {
  return [true, false].map((weOffer) => ({ name: `${name}, ${weOffer ? 'we offer' : 'the peer offers'}`, run: () => bothWays(name, weOffer, { ...way, check: checkTransports }) }));
}

/** Real peers without BUNDLE. */
export const unbundledSuites: readonly Suite[] = (Object.entries(WAYS) as [PeerName, Way][]).map(([name, way]) => ({
  name: `media-unbundled-${name}`,
  missing: () => peerPrograms[name].missing(),
  cases: () => cases(name, way),
}));
