export { type Insertion, JitterBuffer, type JitterBufferStats } from './buffer.ts';
export { type JitterBufferConfig, type ResolvedJitterBufferConfig, resolveJitterBufferConfig } from './config.ts';
export { MAX_DELAY_MS, MAX_HELD_PACKETS } from './constants.ts';
export { DelayHistogram } from './delay-histogram.ts';
export { JitterBuffers, jitterBuffer } from './interceptor.ts';
export { Playout } from './playout.ts';
