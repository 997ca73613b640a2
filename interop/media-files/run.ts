// Media files against ffmpeg: what our readers find in its files is what it finds itself, and it decodes what our writers and recorders make.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { concat } from '../../src/core/index.ts';
import { createDepacketizer, createPacketizer, SampleBuilder, splitNalUnits } from '../../src/codec/index.ts';
import {
  type Container,
  createReader,
  createRecorder,
  createWriter,
  type MediaFrame,
  type MediaSink,
  pcm16Data,
  type RecorderTrack,
  type VideoCodec,
} from '../../src/media/index.ts';
import { ffmpeg } from '../codec/ffmpeg.ts';
import { decodeStrictly, hashesOf, packetsOf, probe } from './ffprobe.ts';

export interface FileCase {
  readonly name: string;
  run(folder: string): Promise<string>;
}

const SECONDS = 2;
const picture = (size = '320x240'): string => `-f lavfi -i testsrc2=size=${size}:rate=25:duration=${SECONDS} -an -pix_fmt yuv420p -g 20 -b:v 400k`;
const tone = `-f lavfi -i sine=frequency=440:sample_rate=48000:duration=${SECONDS} -vn`;
const h264 = '-c:v libx264 -preset ultrafast -tune zerolatency -profile:v baseline -x264-params log-level=error';
const h265 = '-c:v libx265 -preset ultrafast -tune zerolatency -x265-params log-level=error:pools=1:frame-threads=1:repeat-headers=1';
const vp8 = '-c:v libvpx -deadline realtime -cpu-used 8 -auto-alt-ref 0';
const vp9 = '-c:v libvpx-vp9 -deadline realtime -cpu-used 8';
const av1 = '-c:v libaom-av1 -usage realtime -cpu-used 8 -lag-in-frames 0';
const opus = '-c:a libopus -b:a 48k';

const md5 = (data: Uint8Array): string => createHash('md5').update(data).digest('hex');
const DELIMITER = Uint8Array.of(0x12, 0);

interface Track {
  readonly codec: string;
  readonly clockHz: number;
  readonly frames: readonly MediaFrame[];
}

/** The tracks of a file, read as a stream. */
async function read(file: string, container?: Container): Promise<Track[]> {
  const media = await createReader(createReadStream(file), container === undefined ? {} : { container });
  const tracks: Track[] = [];
  for (const { format, ...track } of media.tracks.map((one) => ({ format: one.format, all: () => one.frames() }))) {
    const frames: MediaFrame[] = [];
    for await (const frame of track.all()) frames.push(frame);
    tracks.push({ codec: format.codec, clockHz: format.clockHz, frames });
  }
  await media.close();
  return tracks;
}

function same<T>(got: readonly T[], expected: readonly T[], what: string): void {
  if (got.length !== expected.length) throw new Error(`${got.length} ${what}, ffmpeg finds ${expected.length}`);
  const different = expected.findIndex((one, i) => one !== got[i]);
  if (different >= 0) throw new Error(`${what}: the one with index ${different} is ${String(got[different])}, ffmpeg finds ${String(expected[different])}`);
}

const nalHashes = (data: Uint8Array): string => splitNalUnits(data).map(md5).join();

// --- readers ---

interface ReadCase {
  readonly encode: string;
  readonly file: string;
  /** What must be the same: each packet, its NAL units (ffmpeg puts zero bytes elsewhere), or all bytes. */
  readonly compare: 'packets' | 'units' | 'bytes';
  /** Whether the times must be the same too. */
  readonly times?: boolean;
}

const READ: readonly ReadCase[] = [
  { encode: `${picture()} ${vp8}`, file: 'realtime.vp8.ivf', compare: 'packets', times: true },
  { encode: `${picture()} -c:v libvpx -deadline good -cpu-used 5 -auto-alt-ref 1 -lag-in-frames 10`, file: 'hidden.vp8.ivf', compare: 'packets', times: true },
  { encode: `${picture()} -c:v libvpx-vp9 -deadline good -cpu-used 8 -lag-in-frames 10`, file: 'superframes.vp9.ivf', compare: 'packets', times: true },
  { encode: `${picture()} -r 30000/1001 ${av1}`, file: 'ntsc.av1.ivf', compare: 'packets', times: true },
  { encode: `${picture()} ${av1}`, file: 'stream.obu', compare: 'packets' },
  { encode: `${picture()} ${h264}:slices=4:aud=1`, file: 'slices-aud.h264', compare: 'packets' },
  { encode: `${picture()} ${h264}:slice-max-size=300`, file: 'many-slices.h264', compare: 'packets' },
  { encode: `${picture()} -c:v libx264 -preset veryfast -x264-params log-level=error:bframes=3`, file: 'reordered.h264', compare: 'packets' },
  { encode: `${picture()} ${h265}`, file: 'plain.hevc', compare: 'units' },
  { encode: `${picture()} ${h265}:slices=4:aud=1`, file: 'slices-aud.hevc', compare: 'units' },
  { encode: `${picture()} -c:v libx265 -preset veryfast -x265-params log-level=error:pools=none:bframes=3:hrd=1:vbv-maxrate=500:vbv-bufsize=500:hash=1`, file: 'reordered-sei.hevc', compare: 'units' },
  { encode: `${tone} ${opus} -ac 2`, file: 'stereo.ogg', compare: 'packets', times: true },
  { encode: `${tone} ${opus} -ac 1 -frame_duration 60 -page_duration 100000`, file: 'mono-60ms.ogg', compare: 'packets', times: true },
  { encode: `${tone} -c:a libopus -b:a 300k -ac 2 -frame_duration 120`, file: 'large.ogg', compare: 'packets', times: true },
  { encode: `${tone} -c:a pcm_s16le -ac 2`, file: 'pcm.wav', compare: 'bytes' },
  { encode: `${tone} -c:a pcm_mulaw -ar 8000`, file: 'mulaw.wav', compare: 'bytes' },
  { encode: `${tone} -c:a pcm_alaw -ar 16000 -ac 2`, file: 'alaw.wav', compare: 'bytes' },
];

async function runRead({ encode, file: name, compare, times }: ReadCase, folder: string): Promise<string> {
  const file = join(folder, name);
  await ffmpeg([...encode.split(' '), file]);
  const [track] = await read(file);
  if (track === undefined) throw new Error('no track');
  const { codec, frames, clockHz } = track;
  const stream = encode.includes('-vn') ? 'a:0' : 'v:0';
  if (compare === 'bytes') {
    const raw = join(folder, `${name}.raw`);
    await ffmpeg(['-i', file, '-map', '0:a', '-c', 'copy', '-f', 'data', raw]);
    same([md5(concat(...frames.map(({ data }) => data)))], [md5(await readFile(raw))], 'files');
  } else if (compare === 'packets') same(frames.map(({ data }) => md5(codec === 'AV1' ? concat(DELIMITER, data) : data)), await hashesOf(file, stream), 'packets');
  else {
    const count = (await hashesOf(file, stream)).length;
    if (count !== frames.length) throw new Error(`${frames.length} frames, ffmpeg finds ${count}`);
    same(frames.map(({ data }) => nalHashes(data)).join().split(','), nalHashes(await readFile(file)).split(','), 'NAL units');
  }
  if (times === true) {
    const packets = await packetsOf(file, stream);
    const origin = Number(packets[0]?.pts_time);
    const start = frames[0]?.timestamp ?? 0;
    packets.forEach(({ pts_time }, i) => {
      const ours = ((frames[i]?.timestamp ?? NaN) - start) / clockHz;
      if (!(Math.abs(ours - (Number(pts_time) - origin)) < 0.0011)) throw new Error(`packet ${i} at ${ours} s, ffprobe says ${Number(pts_time) - origin}`);
    });
    const flags = packets.map((packet) => packet.flags.startsWith('K'));
    same(frames.map(({ keyframe }) => keyframe), flags, 'keyframes');
  }
  return `${frames.length} frames the same${times === true ? ', their times and keyframes too' : ''}`;
}

async function runChain(folder: string): Promise<string> {
  const files = [`${tone} ${opus} -ac 2`, `${tone} ${opus} -ac 1`];
  const parts: Uint8Array[] = [];
  const expected: string[] = [];
  for (const [i, encode] of files.entries()) {
    const file = join(folder, `${i}.ogg`);
    await ffmpeg([...encode.split(' '), '-serial_offset', String(i + 1), file]);
    parts.push(await readFile(file));
    expected.push(...(await hashesOf(file, 'a:0')));
  }
  const file = join(folder, 'chain.ogg');
  await writeFile(file, concat(...parts));
  const [track] = await read(file);
  same((track?.frames ?? []).map(({ data }) => md5(data)), expected, 'packets');
  return `${expected.length} packets of two links the same`;
}

// --- writers ---

const WRITE: readonly (readonly [container: Parameters<typeof createWriter>[0], source: string, encode: string, ending?: string])[] = [
  ['ivf', 'a.ivf', `${picture()} ${vp8}`],
  ['ivf', 'a.ivf', `${picture()} ${vp9}`],
  ['ivf', 'a.obu', `${picture()} ${av1}`],
  ['ivf', 'a.h264', `${picture()} ${h264}`],
  ['h264', 'a.mp4', `${picture()} ${h264}`],
  ['h265', 'a.mp4', `${picture()} ${h265}`, 'hevc'],
  ['obu', 'a.ivf', `${picture()} ${av1}`],
  ['ogg', 'a.webm', `${tone} ${opus} -ac 2`],
  ['ogg', 'a.ogg', `${tone} ${opus} -ac 1 -frame_duration 60`],
  ['wav', 'a.wav', `${tone} -c:a pcm_mulaw -ar 8000`],
  ['wav', 'a.wav', `${tone} -c:a pcm_alaw -ar 8000`],
  ['wav', 'a.wav', `${tone} -c:a pcm_s16le`],
];

/** Writes a file by our writer from frames of ffmpeg's, with RTP timestamps that wrap within it. */
async function runWrite(container: Parameters<typeof createWriter>[0], source: string, encode: string, folder: string, ending: string = container): Promise<string> {
  const from = join(folder, source);
  await ffmpeg([...encode.split(' '), from]);
  const [track] = await read(from);
  if (track === undefined) throw new Error('no track');
  const { codec, clockHz, frames } = track;
  const writer = createWriter(container, codec as VideoCodec, { sampleRate: clockHz, channels: encode.includes('-ac 2') ? 2 : 1 });
  const parts = frames.map((frame) => writer.write({ data: frame.data, keyframe: frame.keyframe, timestamp: (frame.timestamp + 2 ** 32 - clockHz) % 2 ** 32 }));
  const { bytes, patches } = writer.finish();
  const file = concat(...parts, bytes);
  const streamed = join(folder, `streamed.${ending}`);
  await writeFile(streamed, file);
  for (const patch of patches) file.set(patch.bytes, patch.position);
  const to = join(folder, `written.${ending}`);
  await writeFile(to, file);
  await decodeStrictly(to);
  for (const path of [to, streamed]) {
    const [stream] = await probe(path);
    const packets = container === 'wav' ? Number(stream?.nb_read_packets) : frames.length;
    if (Number(stream?.nb_read_packets) !== packets) throw new Error(`${stream?.nb_read_packets} packets, ${frames.length} were written`);
    if (container !== 'wav' && Number(stream?.nb_read_frames) !== frames.length) throw new Error(`${stream?.nb_read_frames} of ${frames.length} frames decoded`);
  }
  const again = (await read(to))[0]?.frames ?? [];
  same(again.map(({ data }) => md5(data)), frames.map(({ data }) => md5(data)), 'frames');
  return `${frames.length} frames of ${codec}, decoded by ffprobe without complaint, with and without the patches of the header`;
}

async function runLinear(folder: string): Promise<string> {
  const writer = createWriter('wav', 'pcm16', { sampleRate: 16_000 });
  const parts = Array.from({ length: 50 }, (_, i) => {
    const data = pcm16Data(Int16Array.from({ length: 320 }, (_unused, n) => 8000 * Math.sin((i * 320 + n) / 10)));
    return writer.write({ data, keyframe: true, timestamp: i < 25 ? i * 320 : i * 320 + 16_000 });
  });
  const { bytes, patches } = writer.finish();
  const file = concat(...parts, bytes);
  for (const patch of patches) file.set(patch.bytes, patch.position);
  const to = join(folder, 'gap.wav');
  await writeFile(to, file);
  await decodeStrictly(to);
  const packets = await packetsOf(to, 'a:0');
  const seconds = packets.reduce((sum, { duration_time }) => sum + Number(duration_time), 0);
  if (Math.abs(seconds - 2) > 0.001) throw new Error(`${seconds} s, 1 s of sound and 1 s of silence were written`);
  return '1 s of sound with 1 s of silence in it';
}

// --- recorder and player ---

/** A file of Node.js as a sink. */
async function fileSink(path: string): Promise<MediaSink> {
  const handle = await open(path, 'w');
  return {
    write: async (bytes, position) => {
      await handle.write(bytes, 0, bytes.length, position);
    },
    close: () => handle.close(),
  };
}

const RECORD: readonly (readonly [container: 'webm' | 'mp4', codec: VideoCodec, encoder: string, file: string])[] = [
  ['webm', 'VP8', vp8, 'ivf'],
  ['webm', 'VP9', vp9, 'ivf'],
  ['webm', 'AV1', av1, 'obu'],
  ['mp4', 'H264', h264, 'h264'],
  ['mp4', 'H265', h265, 'hevc'],
  ['mp4', 'AV1', av1, 'ivf'],
  ['mp4', 'VP9', vp9, 'ivf'],
];

async function encoded(folder: string, name: string, args: string): Promise<readonly MediaFrame[]> {
  const file = join(folder, name);
  await ffmpeg([...args.split(' '), file]);
  return (await read(file))[0]?.frames ?? [];
}

/** Sends frames of a codec as RTP packets, of which every `lose`th is lost, and records what comes. */
async function sendAndRecord(track: RecorderTrack, frames: readonly MediaFrame[], { codec = '', rtp = 0, arrivedAt = 0, lose = Infinity, clockHz = 90_000 }): Promise<number> {
  const packetizer = createPacketizer(codec);
  const builder = new SampleBuilder(createDepacketizer(codec), { maxHoldMs: 100 });
  let sequenceNumber = 65_000;
  let packets = 0;
  const take = async (): Promise<void> => {
    for (let sample = builder.pollRead(); sample !== undefined; sample = builder.pollRead()) await track.write(sample);
  };
  for (const { data, timestamp } of frames) {
    const now = arrivedAt + (timestamp * 1000) / clockHz;
    for (const { payload, marker } of packetizer.packetize(data)) {
      sequenceNumber = (sequenceNumber + 1) & 0xffff;
      if (++packets % lose !== 0) builder.handleRead({ sequenceNumber, timestamp: (rtp + timestamp) % 2 ** 32, marker, payload }, now);
    }
    builder.handleTimeout(now + 1);
    await take();
  }
  builder.close(arrivedAt + 60_000);
  await take();
  return packets;
}

async function runRecord(container: 'webm' | 'mp4', codec: VideoCodec, encoder: string, file: string, appendOnly: boolean, lose: number, folder: string): Promise<string> {
  const video = await encoded(folder, `video.${file}`, `${picture()} ${encoder}`);
  const audio = await encoded(folder, 'audio.ogg', `${tone} ${opus} -ac 2`);
  const path = join(folder, `call.${container}`);
  const recorder = await createRecorder(container, await fileSink(path), [{ codec }, { codec: 'opus' }], { appendOnly });
  const [picturesTo, soundTo] = recorder.tracks as [RecorderTrack, RecorderTrack];
  // Sound comes in between, as in a call.
  await Promise.all([
    sendAndRecord(picturesTo, video, { codec, rtp: 2 ** 32 - 30_000, arrivedAt: 1000, lose }),
    sendAndRecord(soundTo, audio, { codec: 'opus', rtp: 5, arrivedAt: 1000, clockHz: 48_000 }),
  ]);
  await recorder.finish();
  const { framesWritten, framesWithoutKeyframe } = picturesTo.stats();
  await decodeStrictly(path);
  const [pictures, sound] = await probe(path);
  if (Number(pictures?.nb_read_frames) !== framesWritten) throw new Error(`${pictures?.nb_read_frames} of ${framesWritten} pictures decoded`);
  if (Number(sound?.nb_read_frames) !== audio.length) throw new Error(`${sound?.nb_read_frames} of ${audio.length} packets of sound decoded`);
  if (lose === Infinity && framesWritten !== video.length) throw new Error(`${framesWritten} of ${video.length} frames written`);
  if (lose !== Infinity && (framesWithoutKeyframe === 0 || framesWritten < 5)) throw new Error(`${framesWritten} written, ${framesWithoutKeyframe} left out: the loss was not seen`);
  return `${framesWritten} pictures${lose === Infinity ? '' : ` (${framesWithoutKeyframe} left out behind losses)`} and ${audio.length} packets of sound decoded without complaint`;
}

async function runResize(container: 'webm' | 'mp4', codec: VideoCodec, encoder: string, file: string, folder: string): Promise<string> {
  const path = join(folder, `resized.${container}`);
  const recorder = await createRecorder(container, await fileSink(path), [{ codec }]);
  const [track] = recorder.tracks as [RecorderTrack];
  let written = 0;
  for (const [i, size] of ['320x240', '640x480', '160x120'].entries()) {
    const frames = await encoded(folder, `${size}.${file}`, `${picture(size)} ${encoder}`);
    for (const frame of frames) await track.write({ ...frame, timestamp: frame.timestamp + i * SECONDS * 90_000 });
    written += frames.length;
  }
  await recorder.finish();
  await decodeStrictly(path);
  const [stream] = await probe(path);
  if (Number(stream?.nb_read_frames) !== written) throw new Error(`${stream?.nb_read_frames} of ${written} frames decoded`);
  if (track.stats().resolutionChanges !== 2) throw new Error(`${track.stats().resolutionChanges} changes of resolution seen`);
  return `${written} frames of three sizes decoded without complaint`;
}

const PLAY: readonly (readonly [name: string, args: string, codec: VideoCodec])[] = [
  ['MP4 of ffmpeg, H.264 with reordered pictures', '-c:v libx264 -preset veryfast -x264-params log-level=error:bframes=2 x.mp4', 'H264'],
  ['MP4 of ffmpeg, H.264, index first', `${h264} -movflags +faststart x.mp4`, 'H264'],
  ['MP4 of ffmpeg, H.264, fragmented', `${h264} -movflags +frag_keyframe+empty_moov x.mp4`, 'H264'],
  ['MP4 of ffmpeg, H.265', `${h265} -tag:v hvc1 x.mp4`, 'H265'],
  ['MP4 of ffmpeg, AV1', `${av1} x.mp4`, 'AV1'],
  ['WebM of ffmpeg, VP8', `${vp8} x.webm`, 'VP8'],
  ['WebM of ffmpeg, VP9', `${vp9} x.webm`, 'VP9'],
  ['WebM of ffmpeg, AV1', `${av1} x.webm`, 'AV1'],
  ['WebM of ffmpeg, VP8, as a live stream', `${vp8} -live 1 x.webm`, 'VP8'],
];

async function runPlay(args: string, codec: VideoCodec, folder: string): Promise<string> {
  const words = args.split(' ');
  const file = join(folder, words.pop() as string);
  await ffmpeg([...`-f lavfi -i sine=frequency=440:sample_rate=48000:duration=${SECONDS} ${picture().replace(' -an', '')} -ac 2 ${opus} -strict -2`.split(' '), ...words, file]);
  const tracks = await read(file);
  const video = tracks.find((track) => track.codec === codec);
  const audio = tracks.find((track) => track.codec === 'opus');
  if (video === undefined || audio === undefined) throw new Error(`tracks ${tracks.map((track) => track.codec).join()}`);
  same(audio.frames.map(({ data }) => md5(data)), await hashesOf(file, 'a:0'), 'packets of sound');
  if (codec.startsWith('H26')) {
    const stream = join(folder, codec === 'H264' ? 'x.h264' : 'x.hevc');
    await ffmpeg(['-i', file, '-map', '0:v', '-c', 'copy', stream]);
    const expected = splitNalUnits(await readFile(stream)).filter((unit) => !isRepeated(codec, unit));
    same(video.frames.flatMap(({ data }) => splitNalUnits(data)).filter((unit) => !isRepeated(codec, unit)).map(md5), expected.map(md5), 'NAL units');
  } else same(video.frames.map(({ data }) => md5(data)), await hashesOf(file, 'v:0'), 'pictures');
  const packets = await packetsOf(file, 'v:0');
  packets.forEach(({ pts_time }, i) => {
    const ours = (video.frames[i]?.timestamp ?? NaN) / 90_000;
    if (!(Math.abs(ours - Number(pts_time)) < 0.0011)) throw new Error(`picture ${i} at ${ours} s, ffprobe says ${pts_time}`);
  });
  return `${video.frames.length} pictures and ${audio.frames.length} packets of sound the same, times too`;
}

/** ffmpeg puts what it has of the configuration record, SEI and in H.265 parameter sets, before pictures that have it too. */
function isRepeated(codec: VideoCodec, [first = 0]: Uint8Array): boolean {
  return codec === 'H264' ? (first & 0x1f) === 6 : ((first >> 1) & 0x3f) >= 32;
}

export const FILE_CASES: readonly FileCase[] = [
  ...READ.map((one) => ({ name: `read ${one.file}`, run: (folder: string) => runRead(one, folder) })),
  { name: 'read chained Ogg streams', run: runChain },
  ...WRITE.map(([container, source, encode, ending], i) => ({
    name: `write ${container} of ${/-c:[av] (\S+)/.exec(encode)?.[1]} (${i})`,
    run: (folder: string) => runWrite(container, source, encode, folder, ending),
  })),
  { name: 'write wav of linear sound with a gap', run: runLinear },
  ...RECORD.flatMap(([container, codec, encoder, file]) =>
    [false, true].map((appendOnly) => ({
      name: `record ${codec} and opus to ${container}${appendOnly ? ', append only' : ''}`,
      run: (folder: string) => runRecord(container, codec, encoder, file, appendOnly, Infinity, folder),
    })),
  ),
  ...RECORD.slice(0, 5).map(([container, codec, encoder, file]) => ({
    name: `record ${codec} to ${container} with losses`,
    run: (folder: string) => runRecord(container, codec, encoder, file, false, 37, folder),
  })),
  ...RECORD.slice(0, 6).map(([container, codec, encoder, file]) => ({
    name: `record ${codec} to ${container} with changes of resolution`,
    run: (folder: string) => runResize(container, codec, encoder, file, folder),
  })),
  ...PLAY.map(([name, args, codec]) => ({ name: `play ${name}`, run: (folder: string) => runPlay(args, codec, folder) })),
];

/** Runs a case in a folder of its own. */
export async function runFileCase({ run }: FileCase): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'media-files-'));
  try {
    return await run(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
