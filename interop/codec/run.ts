// Payload formats against ffmpeg on loopback: what its RTP muxer sends comes out as the elementary stream that went in,
// and what our packetizers make of that stream comes out of its RTP demuxer.
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDepacketizer, type MediaPacket, type Sample, SampleBuilder, splitNalUnits } from '../../src/codec/index.ts';
import { ffmpeg, hasFfmpeg } from './ffmpeg.ts';
import { sendFrames } from './send.ts';

export interface CodecInteropResult {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

interface CodecCase {
  readonly codec: string;
  /** Encoder and its settings. */
  readonly encode: string;
  /** Ending of the elementary stream's file. */
  readonly file: string;
  /** What must be the same: each NAL unit, each frame as ffmpeg's demuxer finds it, or the whole file. */
  readonly compare: 'units' | 'frames' | 'bytes';
  /** Settings of the RTP muxer. */
  readonly rtp?: string;
  /** Most bytes of an RTP packet. */
  readonly packetBytes: number;
  /** Whether our packets of the same frames go to ffmpeg too. */
  readonly back?: boolean;
}

const SECONDS = 2;
const video = `-f lavfi -i testsrc2=size=320x240:rate=25:duration=${SECONDS} -an -pix_fmt yuv420p -g 20 -b:v 600k`;
const audio = `-f lavfi -i sine=frequency=440:sample_rate=48000:duration=${SECONDS} -vn`;
const h264 = `${video} -c:v libx264 -preset ultrafast -tune zerolatency -profile:v baseline -x264-params log-level=error`;
const h265 = `${video} -c:v libx265 -preset ultrafast -tune zerolatency -x265-params log-level=error:pools=1:repeat-headers=1`;

export const CODEC_CASES: readonly CodecCase[] = [
  { codec: 'H264', encode: `${h264}:slices=4:aud=1`, file: 'h264', compare: 'units', packetBytes: 1200 },
  { codec: 'H264', encode: `${h264}:slice-max-size=150`, file: 'h264', compare: 'units', packetBytes: 1200, back: true },
  { codec: 'H264', encode: h264, file: 'h264', compare: 'units', packetBytes: 300, back: true },
  { codec: 'H264', encode: `${h264}:slice-max-size=800`, file: 'h264', compare: 'units', packetBytes: 1200, rtp: '-rtpflags h264_mode0' },
  { codec: 'H265', encode: h265, file: 'hevc', compare: 'units', packetBytes: 1200 },
  { codec: 'H265', encode: `${h265}:aud=1:slices=4`, file: 'hevc', compare: 'units', packetBytes: 300, back: true },
  { codec: 'VP8', encode: `${video} -c:v libvpx -deadline realtime -cpu-used 8`, file: 'ivf', compare: 'frames', packetBytes: 1200 },
  { codec: 'VP8', encode: `${video} -c:v libvpx -deadline good -auto-alt-ref 1 -lag-in-frames 10`, file: 'ivf', compare: 'frames', packetBytes: 300, back: true },
  { codec: 'VP9', encode: `${video} -c:v libvpx-vp9 -deadline realtime -cpu-used 8`, file: 'ivf', compare: 'frames', packetBytes: 1200, rtp: '-strict experimental' },
  { codec: 'VP9', encode: `${video} -c:v libvpx-vp9 -deadline good -cpu-used 8 -lag-in-frames 10`, file: 'ivf', compare: 'frames', packetBytes: 300, back: true, rtp: '-strict experimental' },
  { codec: 'opus', encode: `${audio} -ac 2 -c:a libopus -b:a 64k`, file: 'ogg', compare: 'frames', packetBytes: 1200, back: true },
  { codec: 'PCMU', encode: `${audio} -af aresample=8000,asetnsamples=160 -ac 1 -c:a pcm_mulaw -f mulaw`, file: 'ul', compare: 'bytes', packetBytes: 172, back: true },
  { codec: 'G722', encode: `${audio} -af aresample=16000,asetnsamples=320 -ac 1 -c:a g722`, file: 'g722', compare: 'bytes', packetBytes: 172, back: true },
];

export function nameOf({ codec, encode, packetBytes, rtp }: CodecCase): string {
  const settings = /-c:[av] (\S+).*?(?:log-level=error:?(?:pools=1:?)?(?:repeat-headers=1:?)?(\S*))?$/.exec(encode);
  return [`${codec} of ffmpeg`, settings?.[1], settings?.[2], encode.includes('lag-in') ? 'hidden frames' : '', rtp, `packets of ${packetBytes} bytes`].filter(Boolean).join(', ');
}

/** Runs every case, one after the other. Never rejects. Without ffmpeg there is one result, which says so. */
export async function runCodecInterop(): Promise<CodecInteropResult[]> {
  if (!(await hasFfmpeg())) return [{ name: 'payload formats against ffmpeg', ok: true, detail: 'skipped: ffmpeg is not installed' }];
  const results: CodecInteropResult[] = [];
  for (const one of CODEC_CASES) {
    results.push(
      await runCase(one).then(
        (detail) => ({ name: nameOf(one), ok: true, detail }),
        (error: unknown) => ({ name: nameOf(one), ok: false, detail: String(error) }),
      ),
    );
  }
  return results;
}

/** Runs one case; rejects with what went wrong. */
export async function runCase(one: CodecCase): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'codec-'));
  try {
    const file = join(folder, `stream.${one.file}`);
    await ffmpeg([...one.encode.split(' '), file]);
    const input = inputOf(one, file);
    const { samples, packets, builder } = await receive(one, input);
    const { packetsLost, framesDropped } = builder.stats();
    if (packetsLost > 0 || framesDropped > 0) throw new Error(`${packetsLost} packets lost, ${framesDropped} frames dropped: ${JSON.stringify(builder.pollEvent())}`);
    const compared = await COMPARE[one.compare](samples, file, input);
    const back = one.back === true ? `; ${await sendFrames(one.codec, samples, one.packetBytes - 12, folder)}` : '';
    return `${packets} packets, ${samples.length} frames, ${samples.filter(({ keyframe }) => keyframe).length} keyframes, ${compared}${back}`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** How ffmpeg reads the elementary stream. */
function inputOf({ codec }: CodecCase, file: string): string[] {
  if (codec === 'PCMU') return ['-f', 'mulaw', '-ar', '8000', '-ac', '1', '-i', file];
  if (codec === 'G722') return ['-f', 'g722', '-i', file];
  return ['-i', file];
}

/** Lets ffmpeg send a stream as it is and puts its frames together. */
async function receive({ codec, packetBytes, rtp }: CodecCase, input: readonly string[]): Promise<{ samples: Sample[]; packets: number; builder: SampleBuilder }> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const builder = new SampleBuilder(createDepacketizer(codec));
  const samples: Sample[] = [];
  let packets = 0;
  const take = (): void => {
    for (let sample = builder.pollRead(); sample !== undefined; sample = builder.pollRead()) samples.push(sample);
  };
  socket.on('message', (datagram) => {
    packets++;
    builder.handleRead(mediaPacketOf(datagram), performance.now());
    take();
  });
  try {
    await ffmpeg(['-re', ...input, '-c', 'copy', ...(rtp?.split(' ') ?? []), '-f', 'rtp', `rtp://127.0.0.1:${socket.address().port}?pkt_size=${packetBytes}`]);
    await sleep(100);
  } finally {
    socket.close();
  }
  builder.close(performance.now());
  take();
  return { samples, packets, builder };
}

/** The packet of a datagram (RFC 3550 5.1), as ffmpeg makes them: no extensions, no padding. */
function mediaPacketOf(datagram: Buffer): MediaPacket {
  const first = datagram.readUInt8(0);
  if ((first & 0xf0) !== 0x80) throw new Error(`RTP header ${first.toString(16)}`);
  return {
    sequenceNumber: datagram.readUInt16BE(2),
    timestamp: datagram.readUInt32BE(4),
    marker: datagram.readUInt8(1) >= 0x80,
    payload: new Uint8Array(datagram.buffer, datagram.byteOffset, datagram.length).subarray(12 + 4 * (first & 15)),
  };
}

/** The NAL units must be the same, one by one. */
async function compareNalUnits(samples: readonly Sample[], file: string): Promise<string> {
  const stream = await readFile(file);
  const expected = splitNalUnits(stream);
  const got = samples.flatMap(({ data }) => splitNalUnits(data));
  if (got.length !== expected.length) throw new Error(`${got.length} NAL units, ${expected.length} were sent`);
  const different = expected.findIndex((unit, i) => Buffer.compare(unit, got[i] as Uint8Array) !== 0);
  if (different >= 0) throw new Error(`NAL unit ${different} differs`);
  const same = Buffer.concat(samples.map(({ data }) => data)).equals(stream);
  return `${got.length} NAL units the same${same ? ', start codes too' : ''}`;
}

async function compareBytes(samples: readonly Sample[], file: string): Promise<string> {
  const stream = await readFile(file);
  const got = Buffer.concat(samples.map(({ data }) => data));
  if (!got.equals(stream)) throw new Error(`${got.length} bytes differ from the ${stream.length} that were sent`);
  return `${got.length} bytes the same`;
}

/** Each frame must be what ffmpeg's demuxer finds in the file. */
async function compareFrames(samples: readonly Sample[], _file: string, input: readonly string[]): Promise<string> {
  const report = await ffmpeg([...input, '-c', 'copy', '-f', 'framemd5', '-']);
  const expected = report.split('\n').flatMap((line) => (line.startsWith('#') || line === '' ? [] : [line.split(',').at(5)?.trim()]));
  const got = samples.map(({ data }) => createHash('md5').update(data).digest('hex'));
  if (got.length !== expected.length) throw new Error(`${got.length} frames, ${expected.length} were sent`);
  const different = expected.findIndex((hash, i) => hash !== got[i]);
  if (different >= 0) throw new Error(`frame ${different} differs`);
  return `${got.length} frames the same`;
}

const COMPARE = { units: compareNalUnits, frames: compareFrames, bytes: compareBytes } as const;

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const results = await runCodecInterop();
  for (const { name, ok, detail } of results) console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}: ${detail}`);
  process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
}
