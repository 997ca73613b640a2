import { ccfbReceiver } from './ccfb/index.ts';
import { fecReceiver } from './fec/index.ts';
import { congestionControl } from './gcc/index.ts';
import type { InterceptorFactory } from './interceptor.ts';
import { keyframes } from './keyframe/index.ts';
import { nackGenerator, nackRepeater, nackResponder, rtxReceiver } from './nack/index.ts';
import { redundantAudio } from './red/index.ts';
import { reports } from './report/index.ts';
import { statistics } from './stats/index.ts';
import { twccReceiver } from './twcc/index.ts';

/**
 * What every connection should have: reports, statistics, retransmission both ways, keyframe requests, what makes media of FEC and
 * RED that a peer sends, feedback for the congestion control of the peer and an estimate of what the path carries. Each does only
 * what was negotiated. What a sender writes goes out at once: whoever wants it evenly adds the pacer. FEC and RED of one's own,
 * `fecSender` and `redundantAudio` with a distance, are for those who choose them.
 */
export function defaultInterceptors(): InterceptorFactory[] {
  return [
    statistics(),
    reports(),
    rtxReceiver(),
    nackGenerator(),
    nackResponder(),
    nackRepeater(),
    fecReceiver(),
    redundantAudio(),
    keyframes(),
    twccReceiver(),
    ccfbReceiver(),
    congestionControl(),
  ];
}
