export { intervalKeyframes, IntervalKeyframes, type IntervalKeyframesConfig } from './interval.ts';
export { keyframes, Keyframes, type KeyframesConfig } from './keyframes.ts';
