import type { InterceptorFactory } from './interceptor.ts';
import { keyframes } from './keyframe/index.ts';
import { nackGenerator, nackRepeater, nackResponder, rtxReceiver } from './nack/index.ts';
import { reports } from './report/index.ts';
import { statistics } from './stats/index.ts';

/**
 * What every connection should have: reports, statistics, retransmission both ways and keyframe requests. Each does only what was
 * negotiated.
 */
export function defaultInterceptors(): InterceptorFactory[] {
  return [statistics(), reports(), rtxReceiver(), nackGenerator(), nackResponder(), nackRepeater(), keyframes()];
}
