import { decodeOpusToc, type OpusToc } from '../codec/index.ts';

/** Longest packet in ticks (RFC 6716 3.2.5). */
const MAX_PACKET_TICKS = 5760;
/** CELT packets of 2.5 ms, by bandwidth (RFC 6716 table 2). */
const SHORTEST_CONFIG: Readonly<Record<OpusToc['bandwidth'], number>> = { narrow: 16, medium: 20, wide: 20, 'super-wide': 24, full: 28 };
const SHORTEST_TICKS = 120;
/** Three in the last two bits of a TOC byte: any number of frames (RFC 6716 3.2.5). */
const CODE_ANY = 3;

/**
 * Packets without content for a gap of sound, for which a decoder conceals or is silent: of the kind of the packet before, and what is
 * shorter than its frames in packets of 2.5 ms (RFC 7845 4.1). Less than 2.5 ms may remain.
 *
 * @param toc - first byte of the packet before the gap
 * @param ticks - length of the gap at 48,000 Hz
 */
export function opusSilence(toc: number, ticks: number): { readonly data: Uint8Array; readonly duration: number }[] {
  const kind = toc & ~CODE_ANY;
  const { frameDurationUs, stereo, bandwidth } = decodeOpusToc(Uint8Array.of(kind));
  const packets: { data: Uint8Array; duration: number }[] = [];
  let left = ticks;
  const fill = (head: number, frameTicks: number): void => {
    for (let frames = Math.floor(left / frameTicks); frames > 0; ) {
      const count = Math.min(frames, Math.floor(MAX_PACKET_TICKS / frameTicks));
      packets.push({ data: Uint8Array.of(head | CODE_ANY, count), duration: count * frameTicks });
      frames -= count;
      left -= count * frameTicks;
    }
  };
  fill(kind, (frameDurationUs * 48) / 1000);
  fill((SHORTEST_CONFIG[bandwidth] << 3) | (stereo ? 4 : 0), SHORTEST_TICKS);
  return packets;
}
