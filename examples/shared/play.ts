import { createReadStream, existsSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { PeerConnection, RtpSender, TrackLocalStaticSample } from 'sansrtc';
import { createReader } from 'sansrtc/media';
import type { Signal } from './signal.ts';
import { stop } from './stop.ts';

/** The path of a file of examples/media, or of one of your own. */
export function fileOf(name: string): string {
  const sample = fileURLToPath(new URL(`../media/${name}`, import.meta.url));
  const path = name !== '' && existsSync(sample) ? sample : name;
  return existsSync(path) ? path : stop(`There is no file '${name}'.`);
}

/** A file whose picture or sound is in one of these codecs, and in which; anything else ends the program with a line that says why not. */
export async function mediaOf<Codec extends string>(name: string, kind: 'audio' | 'video', ...codecs: readonly Codec[]): Promise<{ readonly path: string; readonly codec: Codec }> {
  const path = fileOf(name);
  try {
    await using file = await createReader(createReadStream(path));
    const found = file.tracks.find(({ format }) => format.kind === kind)?.format.codec;
    const codec = codecs.find((one) => one === found);
    return codec ? { path, codec } : stop(`${name} has ${found === undefined ? `no ${kind}` : `${kind} in ${found}`}: ${codecs.join(' or ')} was expected.`);
  } catch (error) {
    return stop(`${name} cannot be played: ${(error as Error).message.replace(/^media: /, '')}.`);
  }
}

/** Writes the frames of a file into a track, each when its time has come; the file's end on the clock. */
async function playOnce(path: string, track: TrackLocalStaticSample, startMs: number, signal: AbortSignal): Promise<number> {
  await using file = await createReader(createReadStream(path));
  const source = file.tracks.find(({ format }) => format.kind === track.kind);
  if (!source) throw new Error(`it has no ${track.kind}`);
  const { clockHz } = source.format;
  let endMs = startMs;
  for await (const { data, timestamp, duration } of source.frames()) {
    const waitMs = startMs + (timestamp * 1000) / clockHz - performance.now();
    if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) break;
    track.writeSample({ data, durationMs: (duration * 1000) / clockHz });
    endMs = startMs + ((timestamp + duration) * 1000) / clockHz;
  }
  if (endMs === startMs && !signal.aborted) throw new Error('it has no frames');
  return endMs;
}

/** Plays a file over and over, until `signal` is aborted. */
export async function play(path: string, track: TrackLocalStaticSample, signal: AbortSignal): Promise<void> {
  try {
    for (let atMs = performance.now(); !signal.aborted; ) atMs = await playOnce(path, track, atMs, signal);
  } catch (error) {
    throw new Error(`${basename(path)} cannot be played on: ${(error as Error).message}.`, { cause: error });
  }
}

/** A signal that is aborted when the page is gone. */
export function whileOpen(page: Signal): AbortSignal {
  const controller = new AbortController();
  page.onEnd(() => controller.abort());
  return controller.signal;
}

/** Waits until the connection is up; false when the page's browser does not take what a sender sends, of which the page is told. */
export async function isTaken(page: Signal, pc: PeerConnection, sender: RtpSender): Promise<boolean> {
  if (!pc.currentRemoteDescription) for await (const event of pc.events()) if (event.type === 'signalingstatechange' && event.state === 'stable') break;
  const name = sender.track?.codec.name ?? '';
  const isKnown = sender.getParameters().codecs.some((codec) => codec.name === name);
  if (isKnown) await pc.connected();
  else page.send({ error: `This browser does not take ${name}.` });
  return isKnown;
}
