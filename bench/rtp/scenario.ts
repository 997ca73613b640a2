import type { LibraryName } from '../libs/index.ts';
import { withPair } from '../pair.ts';
import type { Figure, Scenario } from '../scenarios.ts';
import type { RtpFeatures } from './library.ts';
import type { RtpMoved } from './traffic.ts';

interface Case {
  readonly name: string;
  readonly receivers: number;
  readonly features: RtpFeatures;
}

/** Each library as it ships, and once more with as little as each can do: their defaults differ. */
const CASES: readonly Case[] = [
  { name: 'RTP to one', receivers: 1, features: 'default' },
  { name: 'RTP to fifty', receivers: 50, features: 'default' },
  { name: 'RTP alone to fifty', receivers: 50, features: 'least' },
];
/** So that a connection that waits for a timer does not hold up all. */
const AT_ONCE = 10;
/** More code has to become warm than on the way of the data. */
const WARM_UP_FACTOR = 2;
const LIBRARIES: readonly LibraryName[] = ['sansrtc', 'node-datachannel', 'werift'];

const microsPerPacket = ({ cpuMs, packets }: RtpMoved): number => (cpuMs * 1000) / packets;
const lower = (row: string, value: number): Figure => ({ row, unit: 'µs', higherIsBetter: false, value });

/** One process hands RTP to connections of its own, the other has their far ends. No library's pacing or congestion control takes part. */
export const rtpForward: Scenario = {
  name: 'rtp-forward',
  what: 'RTP packets of 1200 bytes to one and to fifty receivers, as fast as the process takes them',
  libraries: LIBRARIES,
  async run(library, effort, profile) {
    const figures: Figure[] = [];
    for (const { name, receivers, features } of CASES) {
      const { sent, received } = await withPair([library], profile && `${profile}-${receivers}-${features}`, async (pair) => {
        for (let first = 1; first <= receivers; first += AT_ONCE) {
          await Promise.all(Array.from({ length: Math.min(AT_ONCE, receivers - first + 1) }, (_, i) => pair.connect(first + i, { rtp: features })));
        }
        const traffic = { receivers, warmUpMs: WARM_UP_FACTOR * effort.warmUpMs, durationMs: effort.transferMs };
        const [received, sent] = await Promise.all([pair.answerer.ask('take-in', traffic), pair.offerer.ask('forward', traffic)]);
        return { sent, received };
      });
      figures.push({ row: `${name}, received`, unit: '1/s', higherIsBetter: true, value: (received.packets / received.timeMs) * 1000 });
      figures.push(lower(`${name}, CPU of the sender per packet`, microsPerPacket(sent)), lower(`${name}, CPU of the receiver per packet`, microsPerPacket(received)));
    }
    return figures;
  },
};
