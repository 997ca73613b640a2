import { dataSuite } from './data.ts';
import { demoSuite } from './demo/suite.ts';
import { peerPrograms, type PeerName } from './spawn-peer.ts';
import type { Suite } from './suite.ts';

/** Every suite, in the order in which they run. */
export async function allSuites(): Promise<readonly Suite[]> {
  const data = (Object.keys(peerPrograms) as PeerName[]).map(dataSuite);
  return [...data, demoSuite('chromium'), demoSuite('firefox')];
}
