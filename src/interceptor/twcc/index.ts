export { Arrivals } from './arrivals.ts';
export {
  HISTORY_PACKETS,
  MAX_FEEDBACK_BYTES,
  MAX_FEEDBACK_INTERVAL_MS,
  MIN_FEEDBACK_INTERVAL_MS,
  PACKET_OVERHEAD_BYTES,
} from './constants.ts';
export { TransportFeedbackReader } from './feedback.ts';
export { FeedbackInterval } from './interval.ts';
export { TwccReceiver, twccReceiver, type TwccReceiverStats } from './receiver.ts';
export { PacketResults } from './results.ts';
export { Fate, SentHistory } from './sent-history.ts';
export { type StampIds, stampIdsOf, stampSendTime, stampTransportSequence } from './sequencer.ts';
