import type { Suite } from '../suite.ts';
import { missingUsrsctp } from './peer.ts';
import { SCTP_CASES } from './run.ts';

export { runSctpInterop } from './run.ts';

/** SCTP alone against usrsctp, the stack of browsers and of libdatachannel, over UDP without DTLS. */
export const sctpSuite: Suite = {
  name: 'sctp',
  missing: () => Promise.resolve(missingUsrsctp()),
  cases: () => SCTP_CASES,
};
