// Frames to a file, and what ffprobe finds in it.
import { execFile } from 'node:child_process';
import { open, type FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';
import { AnnexBWriter, IvfWriter, type MediaWriter, OggWriter, type WritableFrame } from 'sansrtc/media';

export interface Recording {
  readonly extension: string;
  readonly writer: MediaWriter;
}

/** The writer and the ending of the file for a codec. */
export function recordingOf(codec: string): Recording {
  switch (codec) {
    case 'VP8':
    case 'VP9':
    case 'AV1':
      return { extension: 'ivf', writer: new IvfWriter(codec) };
    case 'H264':
      return { extension: 'h264', writer: new AnnexBWriter(codec) };
    case 'H265':
      return { extension: 'h265', writer: new AnnexBWriter(codec) };
    case 'opus':
      return { extension: 'ogg', writer: new OggWriter() };
    default:
      throw new Error(`nothing records ${codec}`);
  }
}

/** Writes frames until they end; how many. */
export async function record(path: string, writer: MediaWriter, frames: AsyncIterable<WritableFrame>): Promise<number> {
  const file: FileHandle = await open(path, 'w');
  let count = 0;
  try {
    let position = 0;
    const append = async (bytes: Uint8Array): Promise<void> => {
      if (bytes.length > 0) await file.write(bytes, 0, bytes.length, position);
      position += bytes.length;
    };
    for await (const frame of frames) {
      await append(writer.write(frame));
      count++;
    }
    const { bytes, patches } = writer.finish();
    await append(bytes);
    for (const patch of patches) await file.write(patch.bytes, 0, patch.bytes.length, patch.position);
  } finally {
    await file.close();
  }
  return count;
}

/** Decodes every frame; how many there were, and the first complaint. */
export async function probe(path: string): Promise<{ readonly frames: number; readonly seconds: number; readonly codec: string }> {
  const run = promisify(execFile);
  const decoded = await run('ffmpeg', ['-nostdin', '-hide_banner', '-loglevel', 'error', '-xerror', '-err_detect', 'explode', '-i', path, '-fps_mode', 'passthrough', '-enc_time_base', '-1', '-f', 'null', '-'], { timeout: 30_000 });
  if (decoded.stderr.trim() !== '') throw new Error(`ffmpeg: ${decoded.stderr.trim().split('\n')[0]}`);
  const { stdout, stderr } = await run('ffprobe', ['-v', 'error', '-count_frames', '-show_entries', 'stream=codec_name,nb_read_frames,duration', '-of', 'json', path], { timeout: 30_000 });
  if (stderr.trim() !== '') throw new Error(`ffprobe: ${stderr.trim().split('\n')[0]}`);
  const stream = (JSON.parse(stdout) as { readonly streams: readonly { readonly codec_name: string; readonly nb_read_frames: string; readonly duration?: string }[] }).streams[0];
  return { frames: Number(stream?.nb_read_frames), seconds: Number(stream?.duration ?? Number.NaN), codec: stream?.codec_name ?? '' };
}
