import type { WritableFrame } from './frame.ts';
import type { MediaSink } from './sink.ts';
import type { MediaWriter } from './writer.ts';

/** How a track is saved. */
export interface SaveOptions {
  /** Leave out what a header could not know, for a sink that can only be appended to. Default false. */
  readonly appendOnly?: boolean;
}

/**
 * Writes frames into a file until they end, and finishes it. Resolves with the number of frames.
 *
 * @throws whatever the frames, the writer or the sink throw, once the sink is closed
 * @example
 * await saveFrames(track.frames(), createWriter('ivf', 'VP8'), sink);
 */
export async function saveFrames(frames: AsyncIterable<WritableFrame> | Iterable<WritableFrame>, writer: MediaWriter, sink: MediaSink, options: SaveOptions = {}): Promise<number> {
  let count = 0;
  let position = 0;
  const append = async (bytes: Uint8Array): Promise<void> => {
    if (bytes.length === 0) return;
    await sink.write(bytes, position);
    position += bytes.length;
  };
  try {
    for await (const frame of frames) {
      await append(writer.write(frame));
      count++;
    }
    const { bytes, patches } = writer.finish();
    await append(bytes);
    if (options.appendOnly !== true) for (const patch of patches) await sink.write(patch.bytes, patch.position);
  } finally {
    await sink.close?.();
  }
  return count;
}
