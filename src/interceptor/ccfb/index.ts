export { CCFB_FEEDBACK, MAX_FEEDBACK_BYTES, REPORT_PACKETS, SOURCE_PACKETS } from './constants.ts';
export { CongestionFeedbackReader } from './feedback.ts';
export { wantsCcfb } from './negotiated.ts';
export { CcfbReceiver, ccfbReceiver } from './receiver.ts';
