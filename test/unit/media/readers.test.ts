import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, DecodeError, RtcError } from '../../../src/core/index.ts';
import { createPacketizer, isAv1Keyframe, splitNalUnits } from '../../../src/codec/index.ts';
import {
  AnnexBReader,
  AnnexBWriter,
  BufferSink,
  type Container,
  createPushReader,
  createReader,
  createWriter,
  describeKeyframe,
  IvfReader,
  IvfWriter,
  type MediaFrame,
  ObuReader,
  ObuWriter,
  saveFrames,
  sniffContainer,
} from '../../../src/media/index.ts';
import { ByteQueue } from '../../../src/media/byte-queue.ts';
import { MAX_BUFFERED_BYTES } from '../../../src/media/constants.ts';
import { annexB, av1Unit, h264Nal, h265Nal, obu, plainBytes, vp8Frame } from '../../support/codec.ts';
import { fileOf, readAll, sampleFile } from '../../support/media.ts';

const FILES: readonly (readonly [file: string, container: Container, frames: number, keyframes: number])[] = [
  ['picture.vp8.ivf', 'ivf', 200, 4],
  ['picture.vp9.ivf', 'ivf', 200, 4],
  ['picture.av1.ivf', 'ivf', 200, 4],
  ['picture.h264', 'h264', 200, 4],
  ['picture.h265', 'h265', 200, 4],
  ['picture.av1.obu', 'obu', 200, 4],
  ['tone.ogg', 'ogg', 401, 401],
  ['tone.pcmu.wav', 'wav', 400, 400],
  ['tone.pcma.wav', 'wav', 400, 400],
];

const end = ({ timestamp, duration }: MediaFrame): number => timestamp + duration;
const timesOf = (frames: readonly MediaFrame[]): number[] => frames.map(({ timestamp }) => timestamp);

for (const [name, container, count, keyframes] of FILES) {
  test(`${name} gives the same frames however its bytes are cut, and each can be sent`, () => {
    const file = sampleFile(name);
    assert.equal(sniffContainer(file.subarray(0, 65_536)), container);
    const reader = createPushReader(container);
    const frames = readAll(reader, file);
    const { codec = '', clockHz = 1 } = reader.format ?? {};
    assert.equal(frames.length, count);
    assert.equal(frames.filter(({ keyframe }) => keyframe).length, keyframes);
    assert.equal(reader.truncated, false);
    frames.reduce((before, frame) => (assert.equal(frame.timestamp, end(before)), frame));
    assert.ok(Math.abs(end(frames.at(-1) as MediaFrame) / clockHz - 8) < 0.021);
    for (const { data } of frames) assert.ok(createPacketizer(codec).packetize(data).length > 0);
    for (const step of [977, 61]) assert.deepEqual(readAll(createPushReader(container), file, step), frames);
  });
}

test('the size of pictures and the codec string are read from keyframes of every codec (RFC 6381 3.3)', () => {
  const expected = {
    'picture.vp8.ivf': 'vp8',
    'picture.vp9.ivf': 'vp09.00.20.08',
    'picture.av1.ivf': 'av01.0.00M.08',
    'picture.h264': 'avc1.42c01f',
    'picture.h265': 'hvc1.1.6.L60.90',
  };
  for (const [name, codecString] of Object.entries(expected)) {
    const reader = createPushReader(sniffContainer(sampleFile(name)) as Container);
    const [frame, delta] = readAll(reader, sampleFile(name));
    const format = reader.format;
    assert.ok(format?.kind === 'video' && frame !== undefined && delta !== undefined);
    assert.deepEqual([format.width, format.height], [320, 240]);
    const info = describeKeyframe(format.codec, frame.data);
    assert.deepEqual([info?.width, info?.height, info?.codecString], [320, 240, codecString]);
    assert.equal(describeKeyframe(format.codec, delta.data), undefined);
  }
});

test('a picture that is cropped is as large as what is shown of it (H.264 7.4.2.1.1, H.265 7.4.3.2.1)', () => {
  // 1920×1080 by x264 and x265: 1088 lines are coded.
  const h264 = Buffer.from('6764002aacd940780227e5c04400000300040000030190f18326a0', 'hex');
  const h265 = Buffer.from('42010101600000030090000003000003007ba003c08010e596566924caf0168080000003008000001904', 'hex');
  assert.deepEqual(describeKeyframe('H264', annexB(h264)), { width: 1920, height: 1080, codecString: 'avc1.64002a', frameRate: 50 });
  assert.deepEqual(describeKeyframe('H265', annexB(h265)), { width: 1920, height: 1080, codecString: 'hvc1.1.6.L123.90', frameRate: 50 });
  // Cut before its timing information, it is not known.
  assert.deepEqual(Object.keys(describeKeyframe('H265', annexB(h265.subarray(0, 30))) ?? {}), ['width', 'height', 'codecString']);
});

test('an IVF file has the first picture’s size, times from the first frame, and its length once it is finished', () => {
  const [key, ...others] = readAll(new IvfReader(), sampleFile('picture.vp8.ivf')).slice(0, 5) as [MediaFrame, ...MediaFrame[]];
  const writer = new IvfWriter('VP8');
  assert.equal(writer.write({ ...(others[0] as MediaFrame), timestamp: 4 }).length, 0, 'no file begins with a frame that refers to another');
  const start = 0xffff_ffff - 3600;
  const parts = [key, ...others].map(({ data, keyframe }, i) => writer.write({ data, keyframe, timestamp: (start + i * 3000) % 2 ** 32 }));
  const unfinished = concat(...parts);
  const file = fileOf(parts, writer.finish());
  const length = (bytes: Uint8Array): number => new DataView(bytes.buffer).getUint32(24, true);
  assert.deepEqual([length(unfinished), length(file)], [0, 15_000]);
  const reader = new IvfReader();
  const frames = readAll(reader, file);
  assert.deepEqual(reader.format, { kind: 'video', codec: 'VP8', clockHz: 90_000, width: 320, height: 240 });
  assert.deepEqual(timesOf(frames), [0, 3000, 6000, 9000, 12_000]);
  assert.deepEqual(frames.map(({ data }) => data), [key, ...others].map(({ data }) => data));
  assert.equal(frames.at(-1)?.duration, 3000, 'the last frame is as long as the one before');
  assert.throws(() => writer.write(key), { code: 'ERR_INVALID_STATE' });
  assert.throws(() => new IvfWriter('VP8').write({ ...key, data: new Uint8Array(0) }), { code: 'ERR_INVALID_ARGUMENT' });
});

test('a stream that begins anew goes on where it was in the file', () => {
  const [key] = readAll(new IvfReader(), sampleFile('picture.vp8.ivf')) as [MediaFrame];
  const writer = new IvfWriter('VP8');
  const parts = [0, 3000, 6000, 3_000_000_000, 3_000_003_000, 1_200_000_000].map((timestamp) => writer.write({ ...key, timestamp, duration: 3000 }));
  assert.deepEqual(timesOf(readAll(new IvfReader(), fileOf(parts, writer.finish()))), [0, 3000, 6000, 9000, 12_000, 15_000]);
});

/** An IVF header. */
function ivfHeader({ fourcc = 'VP80', rate = 30, scale = 1, length = 32, signature = 'DKIF' } = {}): Uint8Array {
  const header = Buffer.alloc(32);
  header.write(signature);
  header.writeUInt16LE(length, 6);
  header.write(fourcc, 8);
  header.writeUInt32LE(rate, 16);
  header.writeUInt32LE(scale, 20);
  return new Uint8Array(header);
}

/** A frame of an IVF file. */
function ivfFrame(pts: number, data: Uint8Array, size = data.length): Uint8Array {
  const header = Buffer.alloc(12);
  header.writeUInt32LE(size);
  header.writeBigUInt64LE(BigInt(pts), 4);
  return concat(header, data);
}

test('an IVF file’s time base may be any', () => {
  const frames = [0, 1, 2, 4].map((pts) => ivfFrame(pts, vp8Frame(20, pts === 0)));
  const ntsc = readAll(new IvfReader(), concat(ivfHeader({ rate: 30_000, scale: 1001 }), ...frames));
  assert.deepEqual(timesOf(ntsc), [0, 3003, 6006, 12_012]);
  assert.deepEqual(ntsc.map(({ duration }) => duration), [3003, 3003, 6006, 6006]);
  assert.deepEqual(timesOf(readAll(new IvfReader(), concat(ivfHeader({ rate: 1000 }), ivfFrame(2 ** 33, vp8Frame(9, true))))), [2 ** 33 * 90]);
});

test('what is no IVF file, or lies about its frames, is refused, and the reader stays so', () => {
  const frame = ivfFrame(0, vp8Frame(20, true));
  const bad = [
    ivfHeader({ signature: 'DKIX' }),
    ivfHeader({ fourcc: 'XVID' }),
    ivfHeader({ rate: 0 }),
    ivfHeader({ scale: 0 }),
    ivfHeader({ length: 31 }),
    ivfHeader({ length: 5000 }),
    concat(ivfHeader(), ivfFrame(0, new Uint8Array(1), 8_388_609)),
    concat(ivfHeader({ rate: 1 }), ivfFrame(2 ** 62, vp8Frame(5, true))),
  ];
  for (const file of bad) {
    const reader = new IvfReader();
    reader.push(concat(file, frame));
    assert.throws(() => reader.next(), DecodeError);
    reader.push(frame);
    assert.throws(() => reader.next(), DecodeError);
  }
});

test('a file that breaks off gives its whole frames, and says so', () => {
  const file = concat(ivfHeader(), ivfFrame(0, vp8Frame(20, true)), ivfFrame(1, vp8Frame(20, false)), ivfFrame(2, vp8Frame(20, false)));
  const reader = new IvfReader();
  assert.equal(readAll(reader, file.subarray(0, -1)).length, 2);
  assert.equal(reader.truncated, true);
  assert.throws(() => reader.push(file), { code: 'ERR_INVALID_STATE' });
});

test('a reader whose frames nobody takes refuses more than 16 MiB', () => {
  const queue = new ByteQueue();
  queue.push(new Uint8Array(MAX_BUFFERED_BYTES));
  assert.throws(() => queue.push(new Uint8Array(1)), (error) => error instanceof RtcError && error.code === 'ERR_RESOURCE');
  queue.skip(1);
  queue.push(Uint8Array.of(9));
  assert.equal(queue.length, MAX_BUFFERED_BYTES);
  assert.equal(queue.view(MAX_BUFFERED_BYTES - 1)[0], 9);
});

/** The NAL unit types of each access unit. */
function grouped(codec: 'H264' | 'H265', stream: Uint8Array, step?: number): number[][] {
  const typeOf = (unit: Uint8Array): number => (codec === 'H264' ? (unit[0] as number) & 0x1f : ((unit[0] as number) >> 1) & 0x3f);
  return readAll(new AnnexBReader(codec), stream, step).map(({ data }) => splitNalUnits(data).map(typeOf));
}

const nals = (...types: (number | readonly [type: number, first: boolean])[]): Uint8Array[] =>
  types.map((type, i) => (typeof type === 'number' ? h264Nal(type, 9, i) : h264Nal(type[0], 9, i, type[1])));

test('H.264 access units: delimiters, parameter sets and SEI belong to the picture that follows (7.4.1.2.3)', () => {
  const cases: readonly (readonly [Uint8Array[], number[][]])[] = [
    [nals(7, 8, 5, 1, 1), [[7, 8, 5], [1], [1]]],
    [nals(9, 7, 8, 6, 5, 9, 6, 1), [[9, 7, 8, 6, 5], [9, 6, 1]]],
    [nals(7, 8, 5, 7, 8, 5), [[7, 8, 5], [7, 8, 5]]],
    [nals(7, 8, 5, 8, 1, 6, 1), [[7, 8, 5], [8, 1], [6, 1]]],
    [nals(7, 8, 5, [5, false], [5, false], 1, [1, false]), [[7, 8, 5, 5, 5], [1, 1]]],
    // What may open an access unit does not where a slice of the same picture follows.
    [nals(7, 8, 14, 5, 14, [5, false], 14, 1, 14, [1, false]), [[7, 8, 14, 5, 14, 5], [14, 1, 14, 1]]],
    // Filler data, the ends of sequence and stream, and data partitions go with the picture before.
    [nals(7, 8, 5, 12, 1, 10, 11), [[7, 8, 5, 12], [1, 10, 11]]],
    [nals(7, 8, 2, 3, 4, 2, 3), [[7, 8, 2, 3, 4], [2, 3]]],
    [nals(7, 8, 5, 6, 12, 1), [[7, 8, 5], [6, 12, 1]]],
    // A delimiter decides although the slice behind it is not the first of its picture.
    [nals(9, 5, 9, [1, false]), [[9, 5], [9, 1]]],
  ];
  for (const [units, expected] of cases) assert.deepEqual(grouped('H264', annexB(...units)), expected);
});

test('H.265 access units: the first slice segment begins a picture, higher layers never do (7.4.2.4.4)', () => {
  const not = (unit: Uint8Array): Uint8Array => unit.with(2, (unit[2] as number) & 0x7f);
  const layer = (unit: Uint8Array): Uint8Array => unit.with(1, 0x09);
  const n = (type: number, seed = 1): Uint8Array => h265Nal(type, 9, seed);
  const cases: readonly (readonly [Uint8Array[], number[][]])[] = [
    [[n(32), n(33), n(34), n(39), n(19), n(1), n(1)], [[32, 33, 34, 39, 19], [1], [1]]],
    [[n(35), n(32), n(33), n(34), n(19), n(35), n(39), n(1), n(40)], [[35, 32, 33, 34, 19], [35, 39, 1, 40]]],
    [[n(33), n(34), n(19), not(n(19)), n(33), n(34), n(19)], [[33, 34, 19, 19], [33, 34, 19]]],
    [[n(32), n(19), n(34), not(n(19)), n(1)], [[32, 19, 34, 19], [1]]],
    [[n(32), n(19), layer(n(19)), layer(n(33)), n(1), layer(n(1))], [[32, 19, 19, 33], [1, 1]]],
    [[n(32), n(21), n(36), n(37), n(48), n(1), n(63)], [[32, 21, 36, 37], [48, 1, 63]]],
  ];
  for (const [units, expected] of cases) assert.deepEqual(grouped('H265', annexB(...units)), expected);
});

test('start codes of three and four bytes, zeros between units and bytes that come one by one', () => {
  const [sps, pps, idr, one, two] = nals(7, 8, 5, 1, 1) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  const zeros = (count: number): Uint8Array => new Uint8Array(count);
  const code = Uint8Array.of(0, 0, 1);
  const stream = concat(zeros(5), code, sps, code, pps, zeros(1), code, idr, zeros(4), code, one, code, two);
  for (const step of [1, 2, 3, 5, 1000]) {
    const frames = readAll(new AnnexBReader('H264'), stream, step).map(({ data }) => data);
    // The zeros before the first start code but one are dropped; zero_byte goes with the start code behind it.
    assert.deepEqual(frames, [concat(zeros(1), code, sps, code, pps, zeros(1), code, idr, zeros(3)), concat(zeros(1), code, one), concat(code, two)]);
    assert.deepEqual(grouped('H264', stream, step), [[7, 8, 5], [1], [1]]);
  }
});

test('frames of a byte stream get the rate that is asked for, that of the stream, or 25 a second', () => {
  const stream = annexB(...nals(7, 8, 5, 1, 1));
  assert.deepEqual(timesOf(readAll(new AnnexBReader('H264'), stream)), [0, 3600, 7200]);
  assert.deepEqual(timesOf(readAll(new AnnexBReader('H264', { frameRate: 29.97 }), stream)), [0, 3003, 6006]);
  const sps = Buffer.from('6764002aacd940780227e5c04400000300040000030190f18326a0', 'hex');
  assert.deepEqual(timesOf(readAll(new AnnexBReader('H264'), annexB(sps, ...nals(8, 5, 1, 1)))), [0, 1800, 3600]);
  assert.throws(() => new AnnexBReader('H264', { frameRate: 0 }), { code: 'ERR_INVALID_ARGUMENT' });
  assert.throws(() => new ObuReader({ frameRate: -1 }), { code: 'ERR_INVALID_ARGUMENT' });
});

test('a byte stream without a start code, or with an access unit without end, is refused', () => {
  const none = new AnnexBReader('H264');
  none.push(plainBytes(5000));
  assert.throws(() => none.next(), DecodeError);
  const endless = new AnnexBReader('H265');
  endless.push(annexB(h265Nal(32, 9), h265Nal(19, 9)));
  assert.equal(endless.next(), undefined);
  for (let i = 0; i < 9; i++) endless.push(new Uint8Array(1_048_576).fill(7));
  assert.throws(() => endless.next(), DecodeError);
});

test('a byte stream of H.264 begins with a keyframe that has parameter sets, and comes back as it was', () => {
  const frames = readAll(new AnnexBReader('H264'), sampleFile('picture.h264'));
  const writer = new AnnexBWriter('H264');
  const parts = [...frames.slice(40), ...frames].map((frame) => writer.write(frame));
  assert.ok(parts.slice(0, 10).every(({ length }) => length === 0));
  assert.deepEqual(fileOf(parts, writer.finish()), concat(...frames.slice(50).map(({ data }) => data), sampleFile('picture.h264')));
  const begun = new AnnexBWriter('H264');
  assert.ok(begun.write(frames[0] as MediaFrame).length > 0);
  assert.throws(() => begun.write({ data: plainBytes(8), keyframe: false, timestamp: 3600 }), { code: 'ERR_INVALID_ARGUMENT' });
});

test('AV1 temporal units stand between delimiters, which are not part of them; a stream comes back as it was', () => {
  const units = [concat(av1Unit(30, true), obu(5, plainBytes(4))), av1Unit(20, false), concat(obu(3, plainBytes(3), 0x20), obu(4, plainBytes(200), 0x20))];
  const stream = concat(...units.flatMap((unit) => [Uint8Array.of(0x12, 0), unit]));
  for (const step of [1, 7, 1000]) assert.deepEqual(readAll(new ObuReader(), stream, step).map(({ data }) => data), units);
  const writer = new ObuWriter();
  const parts = [units[1], ...units].map((data = plainBytes(1)) => writer.write({ data, keyframe: isAv1Keyframe(data), timestamp: 0 }));
  assert.deepEqual(fileOf(parts, writer.finish()), stream);
  const cut = new ObuReader();
  assert.deepEqual(readAll(cut, stream.subarray(0, -1)).map(({ data }) => data), [...units.slice(0, 2), obu(3, plainBytes(3), 0x20)]);
  assert.equal(cut.truncated, true);
  for (const bad of [Uint8Array.of(0x0a, 1, 0), Uint8Array.of(0x12, 0, 0x30, 1, 2), Uint8Array.of(0x92, 0), Uint8Array.of(0x12, 0, 0x32, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)]) {
    assert.throws(() => readAll(new ObuReader(), bad), DecodeError);
  }
});

test('IVF files of AV1 have a delimiter before each unit, and frames have none', () => {
  const frames = readAll(new ObuReader(), sampleFile('picture.av1.obu'));
  const writer = createWriter('ivf', 'AV1');
  const parts = frames.map((frame) => writer.write(frame));
  assert.deepEqual([...(parts[1] as Uint8Array).subarray(12, 14)], [0x12, 0]);
  const again = readAll(new IvfReader(), fileOf(parts, writer.finish()));
  assert.deepEqual(again.map(({ data }) => data), frames.map(({ data }) => data));
});

test('containers are known by their first bytes', () => {
  const text = (value: string): Uint8Array => new TextEncoder().encode(value);
  const cases: readonly (readonly [Uint8Array, Container | undefined])[] = [
    [text('DKIF\0\0'), 'ivf'],
    [text('OggS\0'), 'ogg'],
    [text('RIFF1234WAVEfmt '), 'wav'],
    [text('RIFF1234AVI '), undefined],
    [text('#!rtpplay1.0 127.0.0.1/5000\n'), 'rtpdump'],
    [Uint8Array.of(0x1a, 0x45, 0xdf, 0xa3, 1), 'webm'],
    [concat(Uint8Array.of(0, 0, 0, 0x18), text('ftypisom')), 'mp4'],
    [Uint8Array.of(0x12, 0, 0x0a), 'obu'],
    [annexB(...nals(9, 7)), 'h264'],
    [annexB(h265Nal(35, 3), h265Nal(32, 9)), 'h265'],
    [annexB(h265Nal(33, 9)), 'h265'],
    [annexB(...nals(5, 1)), undefined],
    [text('hello, world'), undefined],
    [new Uint8Array(0), undefined],
  ];
  for (const [bytes, expected] of cases) assert.equal(sniffContainer(bytes), expected);
});

test('createReader takes bytes, streams and random access; only a stream cannot be read twice', async () => {
  const bytes = sampleFile('picture.vp8.ivf');
  async function* stream(): AsyncGenerator<Uint8Array, void, void> {
    for (let at = 0; at < bytes.length; at += 5000) yield bytes.subarray(at, at + 5000);
  }
  const random = { size: bytes.length, read: (position: number, length: number) => Promise.resolve(bytes.subarray(position, position + length)) };
  for (const input of [bytes, stream(), random]) {
    await using file = await createReader(input);
    const [track] = file.tracks;
    assert.ok(track !== undefined && file.container === 'ivf');
    for (let pass = 0; pass < 2; pass++) {
      if (pass === 1 && Symbol.asyncIterator in input) {
        assert.throws(() => track.frames(), { code: 'ERR_INVALID_STATE' });
        continue;
      }
      let frames = 0;
      for await (const frame of track) frames += frame.data.length > 0 ? 1 : 0;
      assert.equal(frames, 200);
    }
    await file.close();
    assert.throws(() => track.frames(), { code: 'ERR_CLOSED' });
  }
});

test('createReader lets go of a stream that it is done with', async () => {
  let ended = 0;
  async function* stream(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
    try {
      for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100);
    } finally {
      ended++;
    }
  }
  await assert.rejects(createReader(stream(plainBytes(900))), DecodeError);
  assert.equal(ended, 1);
  const file = await createReader(stream(sampleFile('picture.vp8.ivf')));
  await file.close();
  assert.equal(ended, 2);
  const other = await createReader(stream(sampleFile('tone.ogg')));
  for await (const frame of other.tracks[0]!) if (frame.timestamp > 5000) break;
  assert.equal(ended, 3);
});

test('saveFrames writes a file and its patches, and closes the sink whatever happens', async () => {
  const frames = readAll(new IvfReader(), sampleFile('picture.vp8.ivf')).slice(0, 9);
  let closed = 0;
  for (const appendOnly of [false, true]) {
    const buffer = new BufferSink();
    const sink = { write: (bytes: Uint8Array, position: number) => buffer.write(bytes, position), close: () => void closed++ };
    assert.equal(await saveFrames(frames, createWriter('ivf', 'VP8'), sink, { appendOnly }), 9);
    assert.equal(new DataView(buffer.bytes().buffer).getUint32(24, true), appendOnly ? 0 : 9 * 3600);
    assert.equal(readAll(new IvfReader(), buffer.bytes()).length, 9);
  }
  const full = { write: () => Promise.reject(new Error('full')), close: () => void closed++ };
  await assert.rejects(saveFrames(frames, createWriter('ivf', 'VP8'), full), /full/);
  assert.equal(closed, 3);
});

test('what a container cannot hold is refused', async () => {
  assert.throws(() => createWriter('ogg', 'VP8'), { code: 'ERR_NOT_SUPPORTED' });
  assert.throws(() => createWriter('webm' as 'ivf', 'VP8'), { code: 'ERR_NOT_SUPPORTED' });
  assert.throws(() => createPushReader('mp4'), { code: 'ERR_NOT_SUPPORTED' });
  await assert.rejects(createReader(new TextEncoder().encode('#!rtpplay1.0 127.0.0.1/5000\n')), { code: 'ERR_NOT_SUPPORTED' });
});
