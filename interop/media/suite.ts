import type { Suite } from '../suite.ts';
import { bothWaysSuites } from './both-ways.ts';
import { codecsSuites } from './codecs.ts';
import { fecSuite } from './fec.ts';
import { renegotiationSuite } from './renegotiation.ts';
import { repairSuite } from './repair.ts';
import { simulcastSuite } from './simulcast.ts';
import { tagSuite } from './tag.ts';
import { unbundledSuites } from './unbundled.ts';

/** Sound and pictures with real peers. */
export const mediaSuites: readonly Suite[] = [...bothWaysSuites(), ...codecsSuites, repairSuite, fecSuite, simulcastSuite, renegotiationSuite, tagSuite, ...unbundledSuites];
