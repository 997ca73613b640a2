import type { Suite } from '../suite.ts';
import { oracleMissing } from './oracle.ts';
import { SRTP_CASES } from './run.ts';

/** SRTP and SRTCP alone against libsrtp. */
export const srtpSuite: Suite = { name: 'srtp', missing: oracleMissing, cases: () => SRTP_CASES };
