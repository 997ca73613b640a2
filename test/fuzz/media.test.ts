import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat } from '../../src/core/index.ts';
import {
  AnnexBReader,
  BufferSink,
  createReader,
  createRecorder,
  describeKeyframe,
  IvfReader,
  IvfWriter,
  type MediaFrame,
  ObuReader,
  OggReader,
  RtpdumpReader,
  RtpdumpWriter,
  sniffContainer,
  type VideoCodec,
  WavReader,
  WavWriter,
} from '../../src/media/index.ts';
import { oggChecksum } from '../../src/media/ogg-page.ts';
import { decodeAvcConfig, decodeHevcConfig } from '../../src/media/nal-config.ts';
import { annexB, av1Unit, h264Nal, h265Nal, plainBytes } from '../support/codec.ts';
import { fuzzDecoder, mutations, survives } from '../support/fuzz.ts';
import { fileOf, oggOpus, opusPacket, readAll, sampleFile } from '../support/media.ts';

const vp8 = readAll(new IvfReader(), sampleFile('picture.vp8.ivf'));
const keyframes: Readonly<Record<VideoCodec, Uint8Array>> = {
  VP8: vp8[0]!.data.subarray(0, 200),
  VP9: readAll(new IvfReader(), sampleFile('picture.vp9.ivf'))[0]!.data.subarray(0, 60),
  AV1: readAll(new ObuReader(), sampleFile('picture.av1.obu'))[0]!.data.subarray(0, 15),
  H264: readAll(new AnnexBReader('H264'), sampleFile('picture.h264'))[0]!.data.subarray(0, 60),
  H265: readAll(new AnnexBReader('H265'), sampleFile('picture.h265'))[0]!.data.subarray(0, 110),
};

function ivf(): Uint8Array {
  const writer = new IvfWriter('VP8');
  const parts = [0, 1, 2].map((i) => writer.write({ data: keyframes.VP8.subarray(0, 60 + i), keyframe: true, timestamp: i * 3000 }));
  return fileOf(parts, writer.finish());
}

function wav(codec: 'pcm16' | 'PCMU'): Uint8Array {
  const writer = new WavWriter(codec);
  return fileOf([writer.write({ data: plainBytes(320), keyframe: true, timestamp: 0 })], writer.finish());
}

function rtpdump(): Uint8Array {
  const writer = new RtpdumpWriter();
  return fileOf([writer.write(plainBytes(30), 0), writer.write(plainBytes(20), 20, true)], writer.finish());
}

const ogg = concat(...oggOpus([[opusPacket(9), opusPacket(8)], [opusPacket(7)]], { serial: 1 }), ...oggOpus([[opusPacket(9)]], { serial: 2 }));

/** Gives the pages of a damaged Ogg file right checksums, so that what is in them is looked at. */
function withChecksums(file: Uint8Array): Uint8Array {
  const out = file.slice();
  const fields = new DataView(out.buffer);
  for (let at = out.indexOf(0x4f); at >= 0 && at + 27 <= out.length; at = out.indexOf(0x4f, at + 1)) {
    const lacing = out.subarray(at + 27, at + 27 + (out[at + 26] as number));
    const end = lacing.reduce((sum, length) => sum + length, at + 27 + lacing.length);
    if (out[at + 1] === 0x67 && out[at + 4] === 0 && end <= out.length) fields.setUint32(at + 22, oggChecksum(out.subarray(at, end)), true);
  }
  return out;
}

const READERS: Readonly<Record<string, readonly [make: () => Parameters<typeof readAll<{ readonly data: Uint8Array }>>[0], files: readonly Uint8Array[]]>> = {
  IVF: [() => new IvfReader(), [ivf()]],
  Ogg: [() => new OggReader(), [ogg]],
  'H.264 byte stream': [() => new AnnexBReader('H264'), [annexB(h264Nal(9, 2), h264Nal(7, 12), h264Nal(8, 5), h264Nal(5, 60), h264Nal(6, 5), h264Nal(1, 30), h264Nal(1, 30, 2, false))]],
  'H.265 byte stream': [() => new AnnexBReader('H265'), [annexB(h265Nal(32, 12), h265Nal(33, 12), h265Nal(34, 5), h265Nal(19, 60), h265Nal(39, 9), h265Nal(1, 30))]],
  'AV1 stream': [() => new ObuReader(), [concat(Uint8Array.of(0x12, 0), av1Unit(50, true), Uint8Array.of(0x12, 0), av1Unit(200, false))]],
  WAV: [() => new WavReader(), [wav('pcm16'), wav('PCMU')]],
  rtpdump: [() => new RtpdumpReader(), [rtpdump()]],
};

for (const [name, [make, files]] of Object.entries(READERS)) {
  test(`A-JS-01 the reader of ${name} survives prefixes, bit flips and mutations, with DecodeErrors only and no more bytes than came`, () => {
    let frames = 0;
    let runs = 0;
    const seen = fuzzDecoder(
      (bytes) => {
        sniffContainer(bytes);
        const file = name === 'Ogg' && runs % 4 > 0 ? withChecksums(bytes) : bytes;
        const read = readAll(make(), file, runs++ % 3 === 0 ? 7 : 4096);
        frames += read.length;
        assert.ok(read.reduce((sum, { data }) => sum + data.length, 0) <= bytes.length);
      },
      files,
      4000,
      3533,
    );
    assert.ok(seen > 4000);
    assert.ok(frames > 3000, `${frames} frames`);
  });
}

test('A-JS-01 what describes keyframes and decoder configurations survives prefixes, bit flips and mutations', () => {
  let described = 0;
  for (const [codec, frame] of Object.entries(keyframes)) {
    assert.ok(fuzzDecoder((bytes) => (described += describeKeyframe(codec as VideoCodec, bytes) === undefined ? 0 : 1), [frame], 4000, 14_496) > 4000);
  }
  assert.ok(described > 4000, `${described} described`);
  const avcc = concat(Uint8Array.of(1, 66, 0, 31, 0xff, 0xe1, 0, 9), h264Nal(7, 9), Uint8Array.of(1, 0, 5), h264Nal(8, 5));
  const hvcc = concat(Uint8Array.of(1), new Uint8Array(20), Uint8Array.of(3, 1, 0x20, 0, 1, 0, 5), h265Nal(32, 5));
  assert.ok(fuzzDecoder(decodeAvcConfig, [avcc], 5000, 1) + fuzzDecoder(decodeHevcConfig, [hvcc], 5000, 2) > 10_000);
});

async function recorded(container: 'webm' | 'mp4', appendOnly: boolean): Promise<Uint8Array> {
  const sink = new BufferSink();
  const codec = container === 'webm' ? 'VP8' : 'H264';
  const frames: readonly MediaFrame[] = container === 'webm' ? vp8 : readAll(new AnnexBReader('H264'), sampleFile('picture.h264'));
  const recorder = await createRecorder(container, sink, [{ codec }, { codec: 'opus' }], { appendOnly });
  for (const frame of frames.slice(0, 6)) await recorder.tracks[0]!.write({ ...frame, data: codec === 'VP8' ? frame.data.subarray(0, 90) : frame.data });
  for (let i = 0; i < 12; i++) await recorder.tracks[1]!.write({ data: opusPacket(20, i), keyframe: true, timestamp: 960 * i });
  await recorder.finish();
  return sink.bytes().slice();
}

for (const container of ['webm', 'mp4'] as const) {
  test(`${container} files that are damaged end, give what can be read, or are refused with a DecodeError`, async (t) => {
    // The library that reads them tells of what it does not like.
    for (const method of ['warn', 'error', 'info', 'log'] as const) t.mock.method(console, method, () => undefined);
    const files = [await recorded(container, false), await recorded(container, true)];
    let [opened, frames, runs] = [0, 0, 0];
    for (const bytes of mutations(files, 300, 8794)) {
      const input = runs++ % 2 === 0 ? bytes : (async function* () { yield bytes.slice(0, 99); yield bytes.slice(99); })();
      const read = createReader(input, { container }).then(async (file) => {
        opened++;
        for (const track of file.tracks) for await (const frame of track) frames += frame.data.length > 0 ? 1 : 0;
      });
      const error: unknown = await read.then(() => undefined, (reason: unknown) => reason);
      if (error !== undefined) survives(() => { throw error; }, bytes);
    }
    assert.ok(opened > 40 && frames > 300, `${opened} opened, ${frames} frames`);
  });
}
