import { createReadStream } from 'node:fs';
import { createReader, type MediaFrame } from 'sansrtc/media';
import { fileOf } from '../shared/play.ts';

/** One file and what it takes to send it. */
export interface Quality {
  readonly name: string;
  readonly bitrateBps: number;
  readonly frames: readonly MediaFrame[];
}

/** Reads a file of pictures. */
export async function load(name: string, file: string): Promise<Quality> {
  await using reader = await createReader(createReadStream(fileOf(file)));
  const [track] = reader.tracks;
  const frames: MediaFrame[] = [];
  for await (const frame of track?.frames() ?? []) frames.push(frame);
  const ticks = frames.reduce((sum, { duration }) => sum + duration, 0);
  const bytes = frames.reduce((sum, { data }) => sum + data.length, 0);
  return { name, frames, bitrateBps: (bytes * 8 * (track?.format.clockHz ?? 0)) / ticks };
}
