import type { Suite } from '../suite.ts';
import { hasFfmpeg } from '../codec/ffmpeg.ts';
import { FILE_CASES, runFileCase } from './run.ts';

/** Readers, writers, recorder and player of media files against ffmpeg and ffprobe. */
export const mediaFilesSuite: Suite = {
  name: 'media-files',
  async missing() {
    return (await hasFfmpeg()) ? undefined : 'ffmpeg is not installed';
  },
  cases: () => FILE_CASES.map((one) => ({ name: one.name, run: () => runFileCase(one) })),
};
