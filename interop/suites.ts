import { existsSync } from 'node:fs';
import { dataSuite } from './data.ts';
import { demoSuite } from './demo/suite.ts';
import { mediaSuites } from './media/suite.ts';
import { snapSuite } from './snap.ts';
import { peerPrograms, type PeerName } from './spawn-peer.ts';
import type { Suite } from './suite.ts';

/** Suites of single protocols, each a folder here whose `suite.ts` exports it under this name. */
const PROTOCOLS = { dtls: 'dtlsSuite', sctp: 'sctpSuite', srtp: 'srtpSuite', nat: 'natSuite', codec: 'codecSuite', 'media-files': 'mediaFilesSuite' } as const;

async function protocolSuites(): Promise<readonly Suite[]> {
  const suites: Suite[] = [];
  for (const [folder, name] of Object.entries(PROTOCOLS)) {
    const file = new URL(`${folder}/suite.ts`, import.meta.url);
    if (!existsSync(file)) continue;
    const suite = ((await import(file.href)) as Record<string, Suite>)[name];
    if (suite) suites.push(suite);
  }
  return suites;
}

/** Every suite, in the order in which they run. */
export async function allSuites(): Promise<readonly Suite[]> {
  const data = (Object.keys(peerPrograms) as PeerName[]).map(dataSuite);
  return [...data, snapSuite, demoSuite('chromium'), demoSuite('firefox'), ...(await protocolSuites()), ...mediaSuites];
}
