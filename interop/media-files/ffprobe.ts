import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A stream as ffprobe decodes it. */
export interface ProbedStream {
  readonly codec_name: string;
  readonly codec_type: string;
  readonly width?: number;
  readonly height?: number;
  readonly nb_read_frames: string;
  readonly nb_read_packets: string;
  readonly start_time?: string;
}

/** Decodes a file whole. Rejects when ffprobe complains of anything. */
export async function probe(file: string): Promise<ProbedStream[]> {
  const args = ['-v', 'error', '-count_frames', '-count_packets', '-show_streams', '-of', 'json', file];
  const { stdout, stderr } = await run('ffprobe', args, { maxBuffer: 1 << 24, timeout: 60_000 });
  if (stderr.trim() !== '') throw new Error(`ffprobe complains: ${stderr.trim().slice(0, 500)}`);
  return (JSON.parse(stdout) as { streams: ProbedStream[] }).streams;
}

/** A packet as ffprobe reads it. */
export interface ProbedPacket {
  readonly pts_time?: string;
  readonly duration_time?: string;
  readonly flags: string;
}

/** The packets of a stream, in decoding order. */
export async function packetsOf(file: string, stream: 'v:0' | 'a:0'): Promise<ProbedPacket[]> {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-select_streams', stream, '-show_entries', 'packet=pts_time,duration_time,flags', '-of', 'json', file], { maxBuffer: 1 << 24 });
  return (JSON.parse(stdout) as { packets: ProbedPacket[] }).packets;
}

/** MD5 of each packet of a stream, as ffmpeg takes it out of a file. */
export async function hashesOf(file: string, stream: 'v:0' | 'a:0', filter: readonly string[] = []): Promise<string[]> {
  const { stdout } = await run('ffmpeg', ['-v', 'error', '-i', file, '-map', `0:${stream}`, '-c', 'copy', ...filter, '-f', 'framemd5', '-'], { maxBuffer: 1 << 24 });
  return stdout.split('\n').flatMap((line) => (line.startsWith('#') || line === '' ? [] : [line.split(',').at(5)?.trim() ?? '']));
}

/** Decodes a file whole with every check that ffmpeg knows. Rejects when it finds an error. */
export async function decodeStrictly(file: string): Promise<void> {
  const { stderr } = await run('ffmpeg', ['-v', 'warning', '-err_detect', 'explode+crccheck+bitstream+buffer', '-xerror', '-i', file, '-f', 'null', '-'], { timeout: 60_000 });
  const complaints = stderr.split('\n').filter((line) => line.trim() !== '' && !HARMLESS.test(line));
  if (complaints.length > 0) throw new Error(`ffmpeg complains: ${complaints.slice(0, 3).join(' | ')}`);
}

/** What ffmpeg says of sound files too: byte streams have no times, and a guess of a duration is one. */
const HARMLESS = /Estimating duration from bitrate|Guessed Channel Layout|timestamps? (?:are|is) unset|pixel format|Stream #\d|starting new cluster|Changing video frame properties|skip_samples|deprecated/i;
