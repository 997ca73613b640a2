import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, DecodeError, ntpFromUnixMs } from '../../../src/core/index.ts';
import { splitNalUnits } from '../../../src/codec/index.ts';
import {
  BufferSink,
  createReader,
  createRecorder,
  type MediaFrame,
  type MediaSink,
  type RecordableFrame,
  type RecorderTrack,
  type VideoCodec,
} from '../../../src/media/index.ts';
import { intactBytes, intactFile, intactStream } from '../../../src/media/webm-structure.ts';
import { Timeline } from '../../../src/media/timeline.ts';
import { annexBOf, decodeAvcConfig, decodeHevcConfig } from '../../../src/media/nal-config.ts';
import { annexB, h264Nal, plainBytes } from '../../support/codec.ts';
import { opusPacket, sampleFile } from '../../support/media.ts';

async function framesOf(bytes: Uint8Array, track = 0): Promise<MediaFrame[]> {
  const file = await createReader(bytes);
  const frames: MediaFrame[] = [];
  for await (const frame of file.tracks[track] ?? assert.fail(`no track ${track}`)) frames.push(frame);
  return frames;
}

const vp8 = await framesOf(sampleFile('picture.vp8.ivf'));
const tone = await framesOf(sampleFile('tone.ogg'));
const h264 = await framesOf(sampleFile('picture.h264'));

/** Frames as a `SampleBuilder` gives them, of a picture that came from `arrivedAt` on in real time. */
function pictures(frames: readonly MediaFrame[], { rtp = 0, arrivedAt = 0 } = {}): RecordableFrame[] {
  return frames.map(({ data, keyframe, timestamp }) => ({ data, keyframe, timestamp: (timestamp + rtp) % 2 ** 32, arrivedAt: arrivedAt + timestamp / 90 }));
}

/** Opus packets of 20 ms, from `arrivedAt` on in real time. */
function sounds(count: number, { rtp = 0, arrivedAt = 0 } = {}): RecordableFrame[] {
  return Array.from({ length: count }, (_, i) => ({ data: opusPacket(30, i % 256), keyframe: true, timestamp: (rtp + 960 * i) % 2 ** 32, arrivedAt: arrivedAt + 20 * i }));
}

/** Gives a recorder frames of several tracks as they come. */
function play(tracks: readonly RecorderTrack[], frames: readonly (readonly RecordableFrame[])[]): void {
  const all = frames.flatMap((list, i) => list.map((frame) => ({ frame, track: tracks[i] as RecorderTrack })));
  all.sort((a, b) => (a.frame.arrivedAt ?? 0) - (b.frame.arrivedAt ?? 0));
  for (const { frame, track } of all) void track.write(frame);
}

const milliseconds = (frames: readonly MediaFrame[], clockHz = 90_000): number[] => frames.map(({ timestamp }) => Math.round((timestamp * 1000) / clockHz));

const RECORDINGS: readonly (readonly [container: 'webm' | 'mp4', codec: VideoCodec, file: string])[] = [
  ['webm', 'VP8', 'picture.vp8.ivf'],
  ['webm', 'VP9', 'picture.vp9.ivf'],
  ['webm', 'AV1', 'picture.av1.obu'],
  ['mp4', 'H264', 'picture.h264'],
  ['mp4', 'H265', 'picture.h265'],
  ['mp4', 'AV1', 'picture.av1.ivf'],
  ['mp4', 'VP9', 'picture.vp9.ivf'],
];

for (const [container, codec, name] of RECORDINGS) {
  test(`${codec} and Opus in ${container} come back as they were, whether the file is written over or only appended to`, async () => {
    const video = (await framesOf(sampleFile(name))).slice(0, 60);
    const audio = tone.slice(0, 120);
    // Whether a file is appended to is a matter of the container.
    for (const appendOnly of codec === 'VP8' || codec === 'H264' ? [false, true] : [false]) {
      const sink = new BufferSink();
      let end = 0;
      let appended = true;
      const watched: MediaSink = {
        write(bytes, position) {
          appended &&= position === end;
          end = Math.max(end, position + bytes.length);
          sink.write(bytes, position);
        },
      };
      const recorder = await createRecorder(container, watched, [{ codec }, { codec: 'opus' }], { appendOnly });
      play(recorder.tracks, [video, audio]);
      await recorder.finish();
      if (appendOnly) assert.ok(appended);
      const file = await createReader(sink.bytes());
      assert.deepEqual(file.tracks.map(({ format }) => [format.kind, format.codec]), [['video', codec], ['audio', 'opus']]);
      for (const [i, expected] of [video, audio].entries()) {
        const frames = await framesOf(sink.bytes(), i);
        const bytesOf = ({ data }: MediaFrame): unknown => (codec.startsWith('H26') && i === 0 ? splitNalUnits(data) : data);
        assert.deepEqual(frames.map(bytesOf), expected.map(bytesOf));
        assert.deepEqual(frames.map(({ keyframe }) => keyframe), expected.map(({ keyframe }) => keyframe));
        const clock = i === 0 ? 90_000 : 48_000;
        assert.deepEqual(milliseconds(frames, clock), milliseconds(expected, clock));
      }
    }
  });
}

test('tracks stand beside each other as they came, whatever their RTP timestamps, which may wrap (RFC 3550 5.1)', async () => {
  const sink = new BufferSink();
  const recorder = await createRecorder('webm', sink, [{ codec: 'VP8' }, { codec: 'opus', channels: 1 }]);
  play(recorder.tracks, [pictures(vp8.slice(0, 50), { rtp: 2 ** 32 - 9000, arrivedAt: 70_500 }), sounds(100, { rtp: 2 ** 32 - 48_000, arrivedAt: 70_100 })]);
  await recorder.finish();
  assert.deepEqual(milliseconds(await framesOf(sink.bytes(), 0)), vp8.slice(0, 50).map((_, i) => 400 + 40 * i));
  assert.deepEqual(milliseconds(await framesOf(sink.bytes(), 1), 48_000), sounds(100).map((_, i) => 20 * i));
});

test('sender reports bring the picture into step with the sound (RFC 3550 6.4.1)', async () => {
  for (const when of ['before', 'during'] as const) {
    const sink = new BufferSink();
    const recorder = await createRecorder('webm', sink, [{ codec: 'VP8' }, { codec: 'opus' }]);
    const [video, audio] = recorder.tracks as [RecorderTrack, RecorderTrack];
    // Sent at the same time, but the picture came 120 ms later than the sound.
    const report = (): void => {
      video.senderReport({ ntp: ntpFromUnixMs(1_700_000_000_000), rtpTimestamp: 500_000 });
      audio.senderReport({ ntp: ntpFromUnixMs(1_700_000_000_000), rtpTimestamp: 77 });
    };
    const frames = [pictures(vp8.slice(0, 50), { rtp: 500_000, arrivedAt: 1120 }), sounds(100, { rtp: 77, arrivedAt: 1000 })];
    if (when === 'before') {
      report();
      play(recorder.tracks, frames);
    } else {
      play(recorder.tracks, frames.map((list) => list.filter(({ arrivedAt = 0 }) => arrivedAt < 2100)));
      await video.write(frames[0]?.find(({ arrivedAt = 0 }) => arrivedAt >= 2100) as RecordableFrame);
      report();
      play(recorder.tracks, frames.map((list, i) => list.filter(({ arrivedAt = 0 }) => arrivedAt >= (i === 0 ? 2140 : 2100))));
    }
    await recorder.finish();
    const got = milliseconds(await framesOf(sink.bytes(), 0));
    assert.equal(got[0], when === 'before' ? 0 : 120);
    assert.equal(got[40], 1600);
    assert.equal(milliseconds(await framesOf(sink.bytes(), 1), 48_000)[80], 1600);
  }
});

test('clocks of different senders are not compared; of pictures without sound the first sets the pace', async () => {
  const sink = new BufferSink();
  const recorder = await createRecorder('webm', sink, [{ codec: 'VP8', sender: 'a' }, { codec: 'VP8', sender: 'b' }, { codec: 'VP8', sender: 'a' }]);
  recorder.tracks.forEach((track, i) => track.senderReport({ ntp: ntpFromUnixMs(1_700_000_000_000 + 500 * i), rtpTimestamp: 0 }));
  play(recorder.tracks, [pictures(vp8.slice(0, 5)), pictures(vp8.slice(0, 5), { arrivedAt: 20 }), pictures(vp8.slice(0, 5), { arrivedAt: 30 })]);
  await recorder.finish();
  const starts: (number | undefined)[] = [];
  for (const i of [0, 1, 2]) starts.push(milliseconds(await framesOf(sink.bytes(), i))[0]);
  assert.deepEqual(starts, [0, 20, 1000]);
});

test('sound alone is recorded in both containers', async () => {
  for (const container of ['webm', 'mp4'] as const) {
    const sink = new BufferSink();
    const recorder = await createRecorder(container, sink, [{ codec: 'opus', channels: 1 }]);
    play(recorder.tracks, [sounds(40, { rtp: 99, arrivedAt: 77 })]);
    await recorder.finish();
    const file = await createReader(sink.bytes());
    assert.deepEqual(file.tracks.map(({ format }) => format), [{ kind: 'audio', codec: 'opus', clockHz: 48_000, channels: 1 }]);
    assert.deepEqual((await framesOf(sink.bytes())).map(({ timestamp }) => timestamp), sounds(40).map((_, i) => 960 * i));
  }
});

test('a stream that begins anew (other SSRC, other timestamps) goes on where it came', async () => {
  const sink = new BufferSink();
  const recorder = await createRecorder('webm', sink, [{ codec: 'VP8' }]);
  play(recorder.tracks, [[...pictures(vp8.slice(0, 50), { rtp: 5, arrivedAt: 100 }), ...pictures(vp8.slice(0, 50), { rtp: 3_333_333_333, arrivedAt: 3100 })]]);
  await recorder.finish();
  assert.deepEqual(milliseconds(await framesOf(sink.bytes())), [...vp8.slice(0, 50).map((_, i) => 40 * i), ...vp8.slice(0, 50).map((_, i) => 3000 + 40 * i)]);
});

test('a timeline follows a jump of the timestamps only where arrival agrees', () => {
  const line = new Timeline(90_000);
  assert.equal(line.position({ timestamp: 0, arrivedAt: 1000 }, 400), 600);
  assert.equal(line.position({ timestamp: 900_000, arrivedAt: 11_000 }, 400), 10_600);
  assert.equal(line.position({ timestamp: 90_000 * 200, arrivedAt: 11_500 }, 400), 11_100);
  assert.equal(line.position({ timestamp: 90_000 * 200 + 9000, arrivedAt: 11_900 }, 400), 11_200);
});

test('pictures begin with a keyframe, and behind a loss nothing is recorded until the next one', async () => {
  const sink = new BufferSink();
  const asked: string[] = [];
  const recorder = await createRecorder('webm', sink, [{ codec: 'VP8' }], { onKeyframeNeeded: ({ codec }) => asked.push(codec) });
  const [track] = recorder.tracks as [RecorderTrack];
  const frames = pictures(vp8.slice(40)).map((frame, i) => (i === 30 ? { ...frame, discontinuity: true } : frame));
  for (const frame of frames.slice(0, 35)) await track.write(frame);
  assert.equal(track.needsKeyframe, true);
  for (const frame of frames.slice(35)) await track.write(frame);
  assert.equal(track.needsKeyframe, false);
  await recorder.finish();
  const kept = [...vp8.slice(50, 70), ...vp8.slice(100)];
  assert.deepEqual((await framesOf(sink.bytes())).map(({ data }) => data), kept.map(({ data }) => data));
  assert.deepEqual(track.stats(), { framesWritten: 120, framesWithoutKeyframe: 40, framesLate: 0, resolutionChanges: 0 });
  assert.ok(asked.length >= 2);
});

test('a track that does not begin within the time is left out', async () => {
  const sink = new BufferSink();
  const recorder = await createRecorder('webm', sink, [{ codec: 'VP8' }, { codec: 'opus' }], { startTimeoutMs: 1000 });
  play(recorder.tracks, [pictures(vp8.slice(0, 100)), sounds(10, { arrivedAt: 1500 })]);
  await recorder.finish();
  const file = await createReader(sink.bytes());
  assert.deepEqual(file.tracks.map(({ format }) => format.codec), ['VP8']);
  assert.equal((await framesOf(sink.bytes())).length, 100);
  assert.equal(recorder.tracks[1]?.stats().framesLate, 10);
});

test('sound that comes behind what was written, or behind the silence in its place, is left out', async () => {
  const sink = new BufferSink();
  const recorder = await createRecorder('webm', sink, [{ codec: 'VP8' }, { codec: 'opus' }]);
  const [video, audio] = recorder.tracks as [RecorderTrack, RecorderTrack];
  const list = sounds(200);
  for (const frame of list.slice(0, 10)) void audio.write(frame);
  for (const frame of pictures(vp8.slice(0, 120))) void video.write(frame);
  for (const frame of list.slice(10, 200)) void audio.write(frame);
  void audio.write(list[150]!);
  await recorder.finish();
  const { framesWritten, framesLate } = audio.stats();
  assert.equal(framesWritten + framesLate, 201);
  assert.ok(framesLate > 90 && framesLate < 191, `${framesLate}`);
  const times = milliseconds(await framesOf(sink.bytes(), 1), 48_000);
  assert.deepEqual(times, times.toSorted((a, b) => a - b));
});

test('sound that stops does not hold the picture back: silence takes its place', async () => {
  const written: number[] = [];
  const sink = new BufferSink();
  const recorder = await createRecorder('webm', { write: (bytes, position) => (written.push(position + bytes.length), sink.write(bytes, position)) }, [{ codec: 'VP8' }, { codec: 'opus' }], {
    appendOnly: true,
  });
  const [video, audio] = recorder.tracks as [RecorderTrack, RecorderTrack];
  for (const frame of sounds(10)) void audio.write(frame);
  for (const frame of pictures(vp8)) await video.write(frame);
  assert.ok(Math.max(...written) > 100_000, `${Math.max(...written)} bytes before the end`);
  for (const frame of sounds(20, { rtp: 8 * 48_000, arrivedAt: 8000 })) await audio.write(frame);
  await recorder.finish();
  const sound = await framesOf(sink.bytes(), 1);
  assert.deepEqual(sound.filter(({ data }) => data.length > 2).map(({ timestamp }) => Math.round(timestamp / 48)), [...sounds(10).map((_, i) => 20 * i), ...sounds(20).map((_, i) => 8000 + 20 * i)]);
  const silence = sound.filter(({ data }) => data.length === 2);
  assert.ok(silence.length > 40);
  assert.ok((silence.at(-1)?.timestamp ?? 0) / 48 > 6000);
  assert.deepEqual(audio.stats(), { framesWritten: 30, framesWithoutKeyframe: 0, framesLate: 0, resolutionChanges: 0 });
});

/** A VP8 keyframe of another size. */
function resized(frame: Uint8Array, width: number): Uint8Array {
  return frame.with(6, width & 0xff).with(7, width >> 8);
}

test('a change of resolution goes on in the same file, or begins another', async () => {
  const frames = pictures(vp8.slice(0, 100)).map((frame, i) => (i === 50 ? { ...frame, data: resized(frame.data, 640) } : frame));
  const one = new BufferSink();
  const keep = await createRecorder('webm', one, [{ codec: 'VP8' }, { codec: 'opus' }]);
  play(keep.tracks, [frames, sounds(200)]);
  await keep.finish();
  assert.equal((await framesOf(one.bytes())).length, 100);
  assert.equal(keep.tracks[0]?.stats().resolutionChanges, 1);

  const sinks: BufferSink[] = [];
  let closed = 0;
  const split = await createRecorder(
    'webm',
    (part) => {
      const sink = new BufferSink();
      sinks[part] = sink;
      return { write: (bytes, position) => sink.write(bytes, position), close: () => void closed++ };
    },
    [{ codec: 'VP8' }, { codec: 'opus' }],
    { resolutionChange: 'split' },
  );
  play(split.tracks, [frames, sounds(200)]);
  await split.finish();
  assert.deepEqual([split.parts, sinks.length, closed], [2, 2, 2]);
  for (const [i, sink] of sinks.entries()) {
    const file = await createReader(sink.bytes());
    assert.deepEqual(file.tracks.map(({ format }) => format.kind === 'video' && format.width), [i === 0 ? 320 : 640, false]);
    const got = await framesOf(sink.bytes());
    assert.deepEqual([got.length, got[0]?.timestamp, got[0]?.keyframe], [50, 0, true]);
    assert.equal((await framesOf(sink.bytes(), 1))[0]?.timestamp, 0);
  }
});

test('a sink that fails ends the recording: every later call says so, and nothing is thrown where nobody listens', async () => {
  let closed = 0;
  const sink: MediaSink = {
    write: () => Promise.reject(new Error('disk full')),
    close: () => void closed++,
  };
  const recorder = await createRecorder('webm', sink, [{ codec: 'VP8' }], { appendOnly: true });
  for (const frame of pictures(vp8)) void recorder.tracks[0]?.write(frame);
  await assert.rejects(recorder.finish(), /disk full/);
  assert.equal(closed, 1);
  await assert.rejects(recorder.tracks[0]!.write(vp8[0]!), { code: 'ERR_INVALID_STATE' });
});

test('frames that a slow sink cannot take are left out up to the next keyframe', async () => {
  let go = (): void => undefined;
  const slow = new Promise<void>((resolve) => (go = resolve));
  const sink = new BufferSink();
  const recorder = await createRecorder('webm', { write: async (bytes, position) => (await slow, sink.write(bytes, position)) }, [{ codec: 'VP8' }], { appendOnly: true });
  const [track] = recorder.tracks as [RecorderTrack];
  const large = pictures(vp8).map((frame, i) => (i < 60 ? { ...frame, data: concat(frame.data, new Uint8Array(600_000)) } : frame));
  for (const frame of large.slice(0, 60)) void track.write(frame);
  const { framesLate } = track.stats();
  assert.ok(framesLate >= 5 && framesLate <= 15, `${framesLate}`);
  go();
  // All that was taken is written; what comes next needs a keyframe.
  await track.write(large[60]!);
  for (const frame of large.slice(61, 110)) await track.write(frame);
  await recorder.finish();
  const got = await framesOf(sink.bytes());
  assert.deepEqual(got.map(({ timestamp }) => timestamp), [...vp8.slice(0, 60 - framesLate), ...vp8.slice(100, 110)].map(({ timestamp }) => timestamp));
});

test('what cannot be recorded is refused; a recording of nothing writes nothing', async () => {
  const sink = new BufferSink();
  await assert.rejects(createRecorder('webm', sink, [{ codec: 'H264' }]), { code: 'ERR_NOT_SUPPORTED' });
  await assert.rejects(createRecorder('avi' as 'mp4', sink, [{ codec: 'H264' }]), { code: 'ERR_NOT_SUPPORTED' });
  await assert.rejects(createRecorder('mp4', sink, []), { code: 'ERR_INVALID_ARGUMENT' });
  await assert.rejects(createRecorder('mp4', sink, [{ codec: 'H264' }], { resolutionChange: 'split' }), { code: 'ERR_INVALID_ARGUMENT' });
  let closed = 0;
  const recorder = await createRecorder('mp4', { write: (bytes, position) => sink.write(bytes, position), close: () => void closed++ }, [{ codec: 'H264' }]);
  await recorder.tracks[0]!.write(h264[1]!);
  await recorder.finish();
  await recorder.finish();
  assert.deepEqual([sink.bytes().length, closed], [0, 1]);
  assert.throws(() => new BufferSink(10).write(plainBytes(11), 0), { code: 'ERR_RESOURCE' });
});

test('samples of MP4 become access units whose keyframes have parameter sets (ISO/IEC 14496-15 5.3.3.1)', () => {
  const [sps, pps, idr, aud, slice] = [h264Nal(7, 9), h264Nal(8, 5), h264Nal(5, 30), h264Nal(9, 2), h264Nal(1, 300)];
  const avcc = concat(Uint8Array.of(1, 66, 0, 31, 0xfd, 0xe1, 0, 9), sps, Uint8Array.of(1, 0, 5), pps);
  const config = decodeAvcConfig(avcc);
  assert.equal(config.lengthBytes, 2);
  const sample = (...units: readonly Uint8Array[]): Uint8Array => concat(...units.flatMap((unit) => [Uint8Array.of(unit.length >> 8, unit.length & 0xff), unit]));
  assert.deepEqual(splitNalUnits(annexBOf(sample(idr), config, true)), [sps, pps, idr]);
  assert.deepEqual(splitNalUnits(annexBOf(sample(aud, idr), config, true)), [aud, sps, pps, idr]);
  assert.deepEqual(splitNalUnits(annexBOf(sample(sps, idr), config, true)), [sps, idr]);
  assert.deepEqual(annexBOf(sample(slice), config, false), annexB(slice));
  assert.throws(() => annexBOf(sample(slice).subarray(0, 200), config, false), DecodeError);
  assert.throws(() => annexBOf(Uint8Array.of(0), config, false), DecodeError);
  for (let length = 0; length < avcc.length; length++) assert.throws(() => decodeAvcConfig(avcc.subarray(0, length)), DecodeError);
  assert.throws(() => decodeAvcConfig(avcc.with(4, 0xfe)), DecodeError);
  const hvcc = concat(Uint8Array.of(1), new Uint8Array(20), Uint8Array.of(3, 1, 0x20, 0, 1, 0, 5), pps);
  assert.deepEqual(decodeHevcConfig(hvcc), { codec: 'H265', lengthBytes: 4, parameterSets: [pps] });
});

test('a WebM or MP4 file that comes as a stream is read once; from random access again and again', async () => {
  for (const name of ['picture-and-tone.webm', 'picture-and-tone.mp4']) {
    const bytes = sampleFile(name);
    async function* stream(): AsyncGenerator<Uint8Array, void, void> {
      for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000);
    }
    for (const input of [stream(), bytes, { size: bytes.length, read: (at: number, length: number) => bytes.subarray(at, at + length) }]) {
      await using file = await createReader(input);
      // Both tracks at the same time, as a call plays them.
      const countOf = async (frames: AsyncIterable<MediaFrame>): Promise<number> => {
        let count = 0;
        for await (const frame of frames) count += frame.data.length > 0 ? 1 : 0;
        return count;
      };
      const counts = await Promise.all(file.tracks.map(countOf));
      for (const track of file.tracks) {
        if (Symbol.asyncIterator in input) assert.throws(() => track.frames(), { code: 'ERR_INVALID_STATE' });
        else assert.equal((await track.frames().next()).done, false);
      }
      assert.deepEqual(counts, [200, 401]);
    }
  }
});

/** An element of Matroska with its size in `sizeBytes`; 0 for a size that is not known. */
function element(id: string, content: Uint8Array, sizeBytes = 1): Uint8Array {
  const size = sizeBytes === 0 ? [0xff] : Array.from({ length: sizeBytes }, (_, i) => Math.floor(content.length / 2 ** (8 * (sizeBytes - 1 - i))) & 0xff);
  if (sizeBytes > 0) size[0] = (size[0] as number) | (1 << (8 - sizeBytes));
  return concat(new Uint8Array(Buffer.from(id, 'hex')), Uint8Array.from(size), content);
}

test('WebM: a file is followed from element to element, and ends before one that should not be there', async () => {
  const block = element('a3', Uint8Array.of(0x81, 0, 0, 0x80, 1, 2));
  const cluster = element('1f43b675', concat(element('e7', Uint8Array.of(0)), block, block), 2);
  const live = concat(element('1f43b675', new Uint8Array(0), 0), element('e7', Uint8Array.of(0)), block, block);
  const cues = element('1c53bb6b', plainBytes(20), 8);
  const seek = element('114d9b74', plainBytes(9));
  const start = concat(element('1a45dfa3', plainBytes(5)), element('18538067', new Uint8Array(0), 0));
  const info = element('1549a966', plainBytes(7), 3);
  const sound = [start, seek, info, element('ec', plainBytes(3)), cluster, live, live, cues, cluster];
  const junk: readonly (readonly [Uint8Array[], rest: number])[] = [
    [sound, 0],
    [[start, info, cluster, Uint8Array.of(0, 0, 0, 0)], 4],
    [[start, info, cluster, element('bf', plainBytes(4))], 6],
    [[start, info, plainBytes(9).with(0, 0x77)], 9],
    [[start, info, element('a3', plainBytes(6))], 8],
    [[start, info, cluster, start], start.length],
    [[element('42', plainBytes(4))], 6],
    // A child that reaches beyond its cluster.
    [[start, element('1f43b675', element('e7', Uint8Array.of(0)).with(1, 0x85)), cluster], 3 + cluster.length],
    [[start, info, element('1c53bb6b', plainBytes(5), 0)], 10],
  ];
  for (const [parts, rest] of junk) {
    const file = concat(...parts);
    const expected = file.length - rest;
    const part = await intactBytes(file);
    assert.equal(part.size, expected);
    const read = await part.read(0, part.size);
    async function* stream(): AsyncGenerator<Uint8Array, void, void> {
      for (let at = 0; at < file.length; at += 5) yield file.subarray(at, at + 5);
    }
    const streamed: Uint8Array[] = [];
    for await (const bytes of intactStream(stream())) streamed.push(bytes);
    assert.deepEqual(concat(...streamed), read);
    const all = intactFile({ size: file.length, read: (at, length) => file.subarray(at, at + length) });
    assert.deepEqual(await all.read(0, expected), read);
    if (rest > 0) await assert.rejects(async () => all.read(expected - 1, 2), DecodeError);
  }
  // What points elsewhere is as long as it was, but says nothing.
  const hidden = await (await intactBytes(concat(...sound))).read(0, 1e6);
  assert.equal(Buffer.from(hidden).includes(Buffer.from('114d9b74', 'hex')), false);
  const at = concat(...sound.slice(0, 7)).length;
  assert.deepEqual([...hidden.subarray(at, at + 9)], [0xec, 1, 0, 0, 0, 0, 0, 0, 23]);
  assert.deepEqual([...hidden.subarray(start.length, start.length + 5)], [0xec, 0x10, 0, 0, 9]);
});

test('WebM: damage ends a file, and no look behind it', async () => {
  const bytes = sampleFile('picture-and-tone.webm');
  const cut = bytes.slice();
  cut.fill(0x55, 120_000, 121_000);
  const frames = await framesOf(cut);
  assert.ok(frames.length > 25 && frames.length < 199, `${frames.length}`);
  const file = await createReader({ size: cut.length, read: (at, length) => cut.subarray(at, at + length) });
  await assert.rejects(async () => {
    for await (const frame of file.tracks[0]!) assert.ok(frame);
  }, DecodeError);
});

test('a WebM or MP4 file that is none, or is closed, is refused with typed errors', async () => {
  for (const name of ['picture-and-tone.webm', 'picture-and-tone.mp4']) {
    await assert.rejects(createReader(concat(sampleFile(name).subarray(0, 40), plainBytes(4000))), DecodeError);
    const file = await createReader(sampleFile(name));
    const frames = file.tracks[0]!.frames();
    await frames.next();
    await file.close();
    await assert.rejects(async () => {
      for await (const frame of frames) assert.ok(frame);
    }, { code: 'ERR_CLOSED' });
  }
});
