import { dataSuite } from './data.ts';
import { peerPrograms, type PeerName } from './spawn-peer.ts';
import type { Suite } from './suite.ts';

/** Every suite, in the order in which they run. */
export async function allSuites(): Promise<readonly Suite[]> {
  return (Object.keys(peerPrograms) as PeerName[]).map(dataSuite);
}
