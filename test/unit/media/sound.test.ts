import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat, DecodeError } from '../../../src/core/index.ts';
import { decodePcmu, encodePcmu, opusDuration } from '../../../src/codec/index.ts';
import { OggReader, OggWriter, pcm16Data, pcm16Samples, RtpdumpReader, RtpdumpWriter, WavReader, WavWriter, type WritableFrame } from '../../../src/media/index.ts';
import { encodeOggPage, oggChecksum, OggPages, PageFlag } from '../../../src/media/ogg-page.ts';
import { ByteQueue } from '../../../src/media/byte-queue.ts';
import { decodeOpusHead, encodeOpusTags } from '../../../src/media/opus-head.ts';
import { opusSilence } from '../../../src/media/opus-silence.ts';
import { plainBytes } from '../../support/codec.ts';
import { fileOf, oggOpus, opusPacket, readAll, sampleFile } from '../../support/media.ts';

const times = (frames: readonly { timestamp: number }[]): number[] => frames.map(({ timestamp }) => timestamp);
const sizes = (frames: readonly { data: Uint8Array }[]): number[] => frames.map(({ data }) => data.length);
const sound = (data: Uint8Array, timestamp: number): WritableFrame => ({ data, timestamp, keyframe: true });

function* pagesOf(file: Uint8Array): Generator<ReturnType<OggPages['next']> & {}> {
  const input = new ByteQueue();
  input.push(file);
  const pages = new OggPages(input);
  for (let page = pages.next(); page !== undefined; page = pages.next()) yield page;
  assert.equal(pages.skippedBytes, 0);
}

test('the checksum of Ogg pages is that of a file that another program wrote (RFC 3533 6)', () => {
  const pages = [...pagesOf(sampleFile('tone.ogg'))];
  assert.ok(pages.length > 5);
  assert.equal(pages.reduce((sum, { lacing }) => sum + lacing.filter((length) => length < 255).length, 0), 403);
  // CRC-32 of polynomial 0x04c11db7 without reflection, starting from 0.
  assert.equal(oggChecksum(new TextEncoder().encode('123456789')), 0x89a1897f);
});

test('packets of every size, 255 and its multiples too, come back from Ogg as they were (RFC 3533 5)', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.integer({ min: 2, max: 1276 }), fc.constantFrom(255, 510, 765, 254, 256)), { minLength: 1, maxLength: 120 }), fc.integer({ min: 20, max: 3000 }), (lengths, pageMs) => {
      const writer = new OggWriter({ channels: 1, serial: 9, pageMs });
      const parts = lengths.map((length, i) => writer.write(sound(opusPacket(length), i * 960)));
      const file = fileOf(parts, writer.finish());
      const reader = new OggReader();
      const frames = readAll(reader, file, 500);
      assert.deepEqual(sizes(frames), lengths);
      assert.deepEqual(times(frames), lengths.map((_, i) => i * 960));
      assert.deepEqual(reader.skipped, { pages: 0, bytes: 0, packets: 0 });
    }),
    { numRuns: 60 },
  );
});

test('an Ogg file has its headers on pages of their own, pages of at most a second, and an end (RFC 7845 3, 6)', () => {
  const writer = new OggWriter({ channels: 1, serial: 77, preSkip: 3840, vendor: 'somebody', comments: ['TITLE=Grüße'] });
  const parts = Array.from({ length: 120 }, (_, i) => writer.write(sound(opusPacket(30), 5000 + i * 960)));
  const pages = [...pagesOf(fileOf(parts, writer.finish()))];
  const [head, tags, ...rest] = pages;
  assert.ok(head !== undefined && tags !== undefined);
  assert.deepEqual(decodeOpusHead(head.body), { channels: 1, preSkip: 3840, inputSampleRate: 48_000, outputGain: 0 });
  assert.deepEqual(tags.body, encodeOpusTags('somebody', ['TITLE=Grüße']));
  assert.deepEqual(pages.map(({ flags }) => flags), [PageFlag.first, 0, 0, 0, PageFlag.last]);
  assert.deepEqual(pages.map(({ sequence }) => sequence), [0, 1, 2, 3, 4]);
  assert.deepEqual(rest.map(({ granule }) => granule), [48_000, 96_000, 115_200]);
  assert.ok(pages.every(({ serial }) => serial === 77));
});

test('an Ogg file of no sound is whole too', () => {
  const reader = new OggReader();
  assert.deepEqual(readAll(reader, new OggWriter().finish().bytes), []);
  assert.equal(reader.format?.channels, 2);
});

test('gaps are filled with packets that ask for concealment, of the kind before them (RFC 7845 4.1)', () => {
  const writer = new OggWriter({ channels: 1 });
  const at = [0, 960, 1920 + 9600, 12_480 + 100, 13_440 + 1320];
  const frames = readAll(new OggReader(), fileOf(at.map((timestamp) => writer.write(sound(opusPacket(40), timestamp))), writer.finish()));
  // 200 ms, less than 10 ms (which is left as it is), and 25 ms with the rest of the former.
  assert.deepEqual(sizes(frames), [40, 40, 2, 2, 40, 40, 2, 2, 40]);
  assert.deepEqual(times(frames), [0, 960, 1920, 7680, 11_520, 12_480, 13_440, 14_400, 14_760]);
  for (const { data, duration } of opusSilence(0xf8, 48_000 * 3)) assert.equal(opusDuration(data), duration);
});

test('silence has the length of the gap whatever the packets before it, to 2.5 ms', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 300_000 }), (toc, ticks) => {
      const packets = opusSilence(toc, ticks);
      for (const { data, duration } of packets) assert.equal(opusDuration(data), duration);
      const left = ticks - packets.reduce((sum, { duration }) => sum + duration, 0);
      assert.ok(left >= 0 && left < 120);
    }),
    { numRuns: 300 },
  );
});

test('a gap of more than a minute is left out', () => {
  const writer = new OggWriter({ channels: 1 });
  const at = [0, 960, 960 + 48_000 * 61, 1920 + 48_000 * 61];
  const frames = readAll(new OggReader(), fileOf(at.map((timestamp) => writer.write(sound(opusPacket(40), timestamp))), writer.finish()));
  assert.deepEqual(times(frames), [0, 960, 1920, 2880]);
  assert.throws(() => new OggWriter().write(sound(new Uint8Array(0), 0)), { code: 'ERR_INVALID_ARGUMENT' });
  assert.throws(() => new OggWriter({ channels: 3 }).write(sound(opusPacket(9), 0)), { code: 'ERR_INVALID_ARGUMENT' });
});

test('chained streams go on where the one before ended (RFC 3533 4)', () => {
  const first = oggOpus([[opusPacket(20), opusPacket(21)]], { serial: 5 });
  const second = oggOpus([[opusPacket(30)], [opusPacket(31)]], { serial: 6, start: 480_000 });
  const frames = readAll(new OggReader(), concat(...first, ...second), 100);
  assert.deepEqual(sizes(frames), [20, 21, 30, 31]);
  assert.deepEqual(times(frames), [0, 960, 1920, 2880]);
});

test('the end of the last packet may not be meant to be heard (RFC 7845 4.4)', () => {
  const reader = new OggReader();
  const frames = readAll(reader, concat(...oggOpus([[opusPacket(20)], [opusPacket(21), opusPacket(22)]], { trim: 700 })));
  assert.deepEqual(frames.map(({ duration }) => duration), [960, 960, 960]);
  assert.equal(reader.trimmedTicks, 700);
  assert.equal(reader.head?.preSkip, 312);
});

test('a stream that was joined late begins at 0', () => {
  const frames = readAll(new OggReader(), concat(...oggOpus([[opusPacket(20)], [opusPacket(21)]], { start: 2 ** 40 })));
  assert.deepEqual(times(frames), [0, 960]);
});

test('a page that is damaged or lost costs its packets, and those behind it keep their times (RFC 7845 4.1)', () => {
  const pages = oggOpus([[opusPacket(20), opusPacket(21)], [opusPacket(22), opusPacket(23)], [opusPacket(24)]]);
  const damaged = pages.map((page, i) => (i === 3 ? page.with(60, 0x55) : page));
  for (const [file, expected] of [
    [concat(...damaged), { pages: 1, packets: 0 }],
    [concat(...pages.toSpliced(3, 1)), { pages: 0, packets: 0 }],
    [concat(pages[0]!, plainBytes(3000, 4), ...damaged.slice(1)), { pages: 1, packets: 0 }],
  ] as const) {
    const reader = new OggReader();
    const frames = readAll(reader, file, 333);
    assert.deepEqual(sizes(frames), [20, 21, 24]);
    assert.deepEqual(times(frames), [0, 960, 3840]);
    const { bytes, ...others } = reader.skipped;
    assert.deepEqual(others, expected);
    assert.equal(bytes > 0, file.length !== concat(...pages.toSpliced(3, 1)).length);
  }
});

/** A page of single segments, as `encodeOggPage` does not make them: packets that go on. */
function rawPage(lacing: readonly number[], body: Uint8Array, flags: number, granule: number, sequence: number): Uint8Array {
  const page = encodeOggPage([], { flags, granule: Math.max(granule, 0), serial: 1, sequence });
  const out = concat(page.subarray(0, 26), Uint8Array.of(lacing.length, ...lacing), body);
  if (granule < 0) out.fill(0xff, 6, 14);
  new DataView(out.buffer).setUint32(22, oggChecksum(out), true);
  return out;
}

test('a packet may go on over several pages; without one of them it is lost, and no other is (RFC 3533 6)', () => {
  const packet = opusPacket(1000);
  const [head, tags] = oggOpus([]) as [Uint8Array, Uint8Array];
  const pages = [
    rawPage([20, 255], concat(opusPacket(20), packet.subarray(0, 255)), 0, 960, 2),
    rawPage([255], packet.subarray(255, 510), PageFlag.continued, -1, 3),
    rawPage([255, 235, 30], concat(packet.subarray(510), opusPacket(30)), PageFlag.continued, 2880, 4),
    rawPage([31], opusPacket(31), 0, 3840, 5),
  ];
  const whole = readAll(new OggReader(), concat(head, tags, ...pages));
  assert.deepEqual(sizes(whole), [20, 1000, 30, 31]);
  assert.deepEqual(whole[1]?.data, packet);
  assert.deepEqual(times(whole), [0, 960, 1920, 2880]);
  for (const lost of [0, 1, 2]) {
    const frames = readAll(new OggReader(), concat(head, tags, ...pages.toSpliced(lost, 1)));
    assert.deepEqual(sizes(frames), [[30, 31], [20, 30, 31], [20, 31]][lost]);
    assert.deepEqual(times(frames), [[0, 960], [0, 1920, 2880], [0, 2880]][lost]);
  }
});

/** A packet on pages of its own, from page `sequence` on. */
function longPacket(packet: Uint8Array, sequence: number, granule: number): Uint8Array[] {
  const pages: Uint8Array[] = [];
  for (let at = 0; at <= packet.length; at += 65_025) {
    const part = packet.subarray(at, at + 65_025);
    const segments = Math.ceil((part.length + (part.length < 65_025 ? 1 : 0)) / 255);
    const lacing = Array.from({ length: segments }, (_, i) => Math.min(255, part.length - i * 255));
    pages.push(rawPage(lacing, part, at > 0 ? PageFlag.continued : 0, granule, sequence++));
  }
  return pages;
}

test('an Opus packet in Ogg has at most 61,440 bytes (RFC 7845 6)', () => {
  const [head, tags] = oggOpus([]) as [Uint8Array, Uint8Array];
  for (const length of [61_439, 61_440, 61_441]) {
    // 48 frames of 2.5 ms.
    const packet = opusPacket(length).with(0, 0xe3).with(1, 48);
    const reader = new OggReader();
    const frames = readAll(reader, concat(head, tags, ...longPacket(packet, 2, 5760), rawPage([20], opusPacket(20), 0, 6720, 3)));
    assert.deepEqual(sizes(frames), length > 61_440 ? [20] : [length, 20]);
    assert.equal(reader.skipped.packets, length > 61_440 ? 1 : 0);
  }
});

test('other logical bitstreams are passed over, and comments may be longer than a packet', () => {
  const theora = encodeOggPage([plainBytes(42)], { flags: PageFlag.first, granule: 0, serial: 2, sequence: 0 });
  const more = encodeOggPage([plainBytes(4200)], { flags: 0, granule: 10, serial: 2, sequence: 1 });
  const [head, , ...pages] = oggOpus([[opusPacket(20)], [opusPacket(21)]]) as [Uint8Array, Uint8Array, ...Uint8Array[]];
  const long = encodeOpusTags('', ['METADATA_BLOCK_PICTURE='.padEnd(130_000, 'x')]);
  const tags = longPacket(long, 1, 0);
  const reader = new OggReader();
  assert.deepEqual(sizes(readAll(reader, concat(theora, head, more, ...tags, ...pages))), [20, 21]);
  assert.deepEqual(reader.skipped, { pages: 0, bytes: 0, packets: 0 });
});

test('what is no Opus in Ogg is refused; a packet that is none is passed over', () => {
  const theora = encodeOggPage([plainBytes(42)], { flags: PageFlag.first, granule: 0, serial: 2, sequence: 0 });
  const surround = encodeOggPage([concat(new TextEncoder().encode('OpusHead'), Uint8Array.of(1, 6), new Uint8Array(8), Uint8Array.of(1, 4, 2))], { flags: PageFlag.first, granule: 0, serial: 1, sequence: 0 });
  for (const file of [theora, surround, plainBytes(500), new Uint8Array(0)]) assert.throws(() => readAll(new OggReader(), file), DecodeError);
  const reader = new OggReader();
  const frames = readAll(reader, concat(...oggOpus([[opusPacket(20), new Uint8Array(0), Uint8Array.of(0xf9, 1, 2, 3), opusPacket(21)]])));
  assert.deepEqual(sizes(frames), [20, 21]);
  assert.equal(reader.skipped.packets, 2);
});

test('WAV: linear sound, μ-law and A-law, mono and stereo, come back with the times they had', () => {
  for (const codec of ['pcm16', 'PCMU', 'PCMA'] as const) {
    for (const channels of [1, 2]) {
      const block = channels * (codec === 'pcm16' ? 2 : 1);
      const frames = [0, 1, 2, 3, 4].map((i) => sound(plainBytes(160 * block, i), 4_294_967_000 + 160 * i));
      const writer = new WavWriter(codec, { channels, sampleRate: 8000 });
      const file = fileOf(frames.map((frame) => writer.write({ ...frame, timestamp: frame.timestamp % 2 ** 32 })), writer.finish());
      const reader = new WavReader();
      const read = readAll(reader, file, 37);
      assert.deepEqual(reader.format, { kind: 'audio', codec, clockHz: 8000, channels });
      assert.deepEqual(read.map(({ data }) => data), frames.map(({ data }) => data));
      assert.deepEqual(times(read), [0, 160, 320, 480, 640]);
      const fields = new DataView(file.buffer);
      assert.equal(fields.getUint32(4, true), file.length - 8);
    }
  }
});

test('WAV: a gap is silence, a file that nobody finished is read to its end, and the last frame may be short', () => {
  const writer = new WavWriter('PCMU');
  const tone = encodePcmu(Int16Array.from({ length: 160 }, (_, i) => 8000 * Math.sin(i)));
  const parts = [0, 160, 640, 800 + 8000 * 100].map((timestamp) => writer.write(sound(tone, timestamp)));
  const read = readAll(new WavReader({ frameMs: 30 }), concat(...parts));
  assert.deepEqual(read.map(({ duration }) => duration), [240, 240, 240, 240]);
  const all = concat(...read.map(({ data }) => data));
  assert.deepEqual(all, concat(tone, tone, new Uint8Array(320).fill(0xff), tone, tone));
  assert.ok(decodePcmu(all.subarray(320, 640)).every((sample) => sample === 0));
});

/** A WAV file of chunks. */
function wav(...chunks: readonly (readonly [name: string, content: Uint8Array, length?: number])[]): Uint8Array {
  const u32 = (value: number): Uint8Array => new Uint8Array(new Uint32Array([value]).buffer);
  const text = (value: string): Uint8Array => new TextEncoder().encode(value);
  const body = chunks.flatMap(([name, content, length = content.length]) => [text(name), u32(length), content, new Uint8Array(content.length % 2)]);
  return concat(text('RIFF'), u32(100), text('WAVE'), ...body);
}

function wavFormat(tag: number, channels: number, rate: number, bits: number, block = (channels * bits) / 8, extra: readonly number[] = []): Uint8Array {
  const fields = new DataView(new ArrayBuffer(16));
  [tag, channels].forEach((value, i) => fields.setUint16(2 * i, value, true));
  fields.setUint32(4, rate, true);
  fields.setUint16(12, block, true);
  fields.setUint16(14, bits, true);
  return concat(new Uint8Array(fields.buffer), Uint8Array.from(extra));
}

test('WAV: chunks that mean nothing here are passed over, before the sound and behind it', () => {
  const extensible = wavFormat(0xfffe, 1, 16_000, 16, 2, [22, 0, 16, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 16, 0, 128, 0, 0, 170, 0, 56, 155, 113]);
  const data = plainBytes(640);
  const file = wav(['LIST', plainBytes(33)], ['fmt ', extensible], ['bext', plainBytes(100_000)], ['data', data], ['LIST', plainBytes(300)]);
  for (const step of [1, 100, 65_536]) {
    const reader = new WavReader();
    const frames = readAll(reader, file, step);
    assert.deepEqual(frames.map(({ data: bytes }) => bytes), [data]);
    assert.deepEqual([reader.format?.clockHz, reader.truncated], [16_000, false]);
  }
});

test('WAV: formats that are not known, or that contradict themselves, are refused', () => {
  const data = ['data', plainBytes(320)] as const;
  const files = [
    wav(data),
    wav(['fmt ', wavFormat(1, 1, 8000, 24)], data),
    wav(['fmt ', wavFormat(3, 1, 8000, 32)], data),
    wav(['fmt ', wavFormat(1, 0, 8000, 16, 2)], data),
    wav(['fmt ', wavFormat(1, 9, 8000, 16)], data),
    wav(['fmt ', wavFormat(7, 1, 0, 8)], data),
    wav(['fmt ', wavFormat(7, 1, 400_000, 8)], data),
    wav(['fmt ', wavFormat(1, 2, 8000, 16, 3)], data),
    wav(['fmt ', wavFormat(1, 1, 8000, 16).subarray(0, 12)], data),
    wav(['LIST', plainBytes(8)]),
    new TextEncoder().encode('RIFX0000WAVEfmt '),
  ];
  for (const file of files) assert.throws(() => readAll(new WavReader(), file), DecodeError);
  assert.throws(() => new WavWriter('PCMU', { channels: 0 }), { code: 'ERR_INVALID_ARGUMENT' });
  assert.throws(() => new WavWriter('pcm16').write(sound(new Uint8Array(3), 0)), { code: 'ERR_INVALID_ARGUMENT' });
  assert.throws(() => new WavReader({ frameMs: 0 }), { code: 'ERR_INVALID_ARGUMENT' });
});

test('linear sound is little-endian samples', () => {
  const samples = Int16Array.of(0, 1, -1, 32_767, -32_768);
  assert.deepEqual([...pcm16Data(samples)], [0, 0, 1, 0, 0xff, 0xff, 0xff, 0x7f, 0, 0x80]);
  assert.deepEqual(pcm16Samples(pcm16Data(samples)), samples);
});

test('rtpdump: packets and their times come back, RTCP apart from RTP', () => {
  const writer = new RtpdumpWriter({ address: '192.0.2.1', port: 5004, startedAtUnixMs: 1_700_000_000_123.5 });
  const packets = [plainBytes(100), plainBytes(40, 2), plainBytes(65_527, 3)];
  const parts = packets.map((data, i) => writer.write(data, i * 20.4, i === 1));
  const file = fileOf(parts, writer.finish());
  assert.equal(new TextDecoder('latin1').decode(file.subarray(0, 28)), '#!rtpplay1.0 192.0.2.1/5004\n');
  for (const step of [1, 50, 65_536]) {
    const reader = new RtpdumpReader();
    const read = readAll(reader, file.subarray(0, step === 1 ? 400 : file.length), step);
    assert.deepEqual(reader.header, { address: '192.0.2.1', port: 5004, startedAtUnixMs: 1_700_000_000_123.5 });
    assert.deepEqual(read.map(({ data }) => data), packets.slice(0, step === 1 ? 2 : 3));
    assert.deepEqual(read.map(({ offsetMs, rtcp, originalBytes }) => [offsetMs, rtcp, originalBytes]).slice(0, 2), [[0, false, 100], [20, true, 40]]);
    assert.equal(reader.truncated, step === 1);
  }
});

test('rtpdump: a packet may be cut short, and what is no dump is refused', () => {
  const [head] = [new RtpdumpWriter().finish().bytes];
  const cut = concat(head!, Uint8Array.of(0, 20, 4, 176, 0, 0, 0, 7), plainBytes(12));
  assert.deepEqual(readAll(new RtpdumpReader(), cut).map(({ data, originalBytes }) => [data.length, originalBytes]), [[12, 1200]]);
  const text = (value: string): Uint8Array => new TextEncoder().encode(value);
  for (const file of [text('#!rtpplay2.0 x/1\n'), text(`#!rtpplay1.0 ${'x'.repeat(300)}`), text(''), concat(head!, Uint8Array.of(0, 7, 0, 0, 0, 0, 0, 0))]) {
    assert.throws(() => readAll(new RtpdumpReader(), file), DecodeError);
  }
  const writer = new RtpdumpWriter();
  for (const bad of [() => writer.write(new Uint8Array(0), 0), () => writer.write(plainBytes(65_528), 0), () => writer.write(plainBytes(9), -1)]) {
    assert.throws(bad, { code: 'ERR_INVALID_ARGUMENT' });
  }
});
