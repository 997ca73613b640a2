export { Clusters } from './cluster.ts';
export { type PacerConfig, type ResolvedPacerConfig, resolvePacerConfig } from './config.ts';
export { MAX_QUEUE_BYTES, MAX_QUEUE_MS, MAX_QUEUE_PACKETS, PADDING_BYTES } from './constants.ts';
export { Pacer, pacer, type PacerStats } from './interceptor.ts';
export { type PaddingKind, paddingKind, StreamPadding } from './padding.ts';
export { PacerQueue, type StreamQueue } from './queue.ts';
