import type { Suite } from '../suite.ts';
import { hasFfmpeg } from './ffmpeg.ts';
import { CODEC_CASES, nameOf, runCase } from './run.ts';

/** Payload formats against the RTP muxer and demuxer of ffmpeg. */
export const codecSuite: Suite = {
  name: 'codec',
  async missing() {
    return (await hasFfmpeg()) ? undefined : 'ffmpeg is not installed';
  },
  cases: () => CODEC_CASES.map((one) => ({ name: nameOf(one), run: () => runCase(one) })),
};
