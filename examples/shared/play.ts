import { createReadStream, existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { PeerConnection, RtpSender, TrackLocalStaticSample } from 'sansrtc';
import { createReader } from 'sansrtc/media';
import type { Signal } from './signal.ts';

/** A file of examples/media, or one of your own. A file that is not there ends the program with a line that says so. */
export function fileOf(name: string): string {
  const sample = fileURLToPath(new URL(`../media/${name}`, import.meta.url));
  const path = existsSync(sample) ? sample : name;
  if (existsSync(path)) return path;
  console.error(`There is no file ${name}.`);
  return process.exit(2);
}

export interface PlayOptions {
  /** Ends the playing. */
  readonly signal?: AbortSignal;
  /** Whether to begin again at the end. Default true. */
  readonly loop?: boolean;
}

/** Writes the frames of a file into a track, each when its time has come. */
export async function play(path: string, track: TrackLocalStaticSample, { signal, loop = true }: PlayOptions = {}): Promise<void> {
  let startMs = performance.now();
  do {
    await using file = await createReader(createReadStream(path));
    const source = file.tracks.find(({ format }) => format.kind === track.kind);
    if (!source) throw new Error(`${path} has no ${track.kind}`);
    const { clockHz } = source.format;
    let endMs = startMs;
    for await (const { data, timestamp, duration } of source.frames()) {
      const waitMs = startMs + (timestamp * 1000) / clockHz - performance.now();
      if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => {});
      if (signal?.aborted) return;
      track.writeSample({ data, durationMs: (duration * 1000) / clockHz });
      endMs = startMs + ((timestamp + duration) * 1000) / clockHz;
    }
    startMs = endMs;
  } while (loop);
}

/** The codec of the picture or sound in a file. */
export async function codecOf(path: string, kind: 'audio' | 'video'): Promise<string> {
  await using file = await createReader(createReadStream(path));
  const track = file.tracks.find(({ format }) => format.kind === kind);
  if (track) return track.format.codec;
  console.error(`${path} has no ${kind}.`);
  return process.exit(2);
}

/** A signal that is aborted when the page is gone. */
export function whileOpen(page: Signal): AbortSignal {
  const controller = new AbortController();
  page.onEnd(() => controller.abort());
  return controller.signal;
}

/** Resolves when a connection is up. */
export async function connected(pc: PeerConnection): Promise<void> {
  if (pc.connectionState === 'connected') return;
  for await (const event of pc.events()) if (event.type === 'connectionstatechange' && event.state === 'connected') return;
}

/** Tells the page when its browser does not take what a sender sends. */
export function checkCodec(page: Signal, sender: RtpSender): void {
  const name = sender.track?.codec.name ?? '';
  if (!sender.getParameters().codecs.some((codec) => codec.name === name)) page.send({ error: `This browser does not take ${name}.` });
}
