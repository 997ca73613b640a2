import { readFileSync } from 'node:fs';
import { concat } from '../../src/core/index.ts';
import { encodeOggPage, PageFlag } from '../../src/media/ogg-page.ts';
import { encodeOpusHead, encodeOpusTags } from '../../src/media/opus-head.ts';
import type { FileEnd } from '../../src/media/index.ts';

/** A file of examples/media. */
export function sampleFile(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../../examples/media/${name}`, import.meta.url)));
}

/** What readers of frames and of packets have in common. */
interface Reader<T> {
  push(bytes: Uint8Array): void;
  end(): void;
  next(): T | undefined;
}

/** All that a reader makes of a file that comes in pieces of `step` bytes. */
export function readAll<T>(reader: Reader<T>, file: Uint8Array, step = 65_536): T[] {
  const all: T[] = [];
  const take = (): void => {
    for (let one = reader.next(); one !== undefined; one = reader.next()) all.push(one);
  };
  for (let at = 0; at < file.length; at += step) {
    reader.push(file.subarray(at, at + step));
    take();
  }
  reader.end();
  take();
  return all;
}

/** A file of what a writer gave, with its patches. */
export function fileOf(parts: readonly Uint8Array[], { bytes, patches }: FileEnd): Uint8Array {
  const file = concat(...parts, bytes);
  for (const patch of patches) file.set(patch.bytes, patch.position);
  return file;
}

/** An Opus packet of 20 ms with `length` bytes. */
export function opusPacket(length: number, fill = 7): Uint8Array {
  const packet = new Uint8Array(length).fill(fill);
  packet[0] = 0xf8; // CELT, full band, 20 ms, mono, one frame
  return packet;
}

/** Pages of an Ogg Opus stream: its two headers, then one page for each list of packets of 20 ms. */
export function oggOpus(pages: readonly (readonly Uint8Array[])[], { serial = 1, start = 0, last = true, trim = 0 } = {}): Uint8Array[] {
  const head = encodeOpusHead({ channels: 1, preSkip: 312, inputSampleRate: 48_000, outputGain: 0 });
  const out = [
    encodeOggPage([head], { flags: PageFlag.first, granule: 0, serial, sequence: 0 }),
    encodeOggPage([encodeOpusTags('test', [])], { flags: 0, granule: 0, serial, sequence: 1 }),
  ];
  let granule = start;
  pages.forEach((packets, i) => {
    granule += 960 * packets.length;
    const end = i === pages.length - 1 && last;
    out.push(encodeOggPage(packets, { flags: end ? PageFlag.last : 0, granule: end ? granule - trim : granule, serial, sequence: i + 2 }));
  });
  return out;
}
