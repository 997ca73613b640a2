import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DecodeError, toHex } from '../../../src/core/index.ts';
import {
  decodeDependencyDescriptor,
  DependencyDescriptorReader,
  type DependencyStructure,
  encodeDependencyDescriptor,
  type FrameDependencies,
  MAX_DECODE_TARGETS,
  MAX_TEMPLATES,
  peekEndOfFrame,
  peekFrameNumber,
  peekStartOfFrame,
} from '../../../src/rtp/index.ts';
import { DEPENDENCY_SAMPLES } from '../../support/rtp.ts';
import { prefixes, survives } from '../../support/fuzz.ts';
import { hex } from '../../support/vectors.ts';

const [KEY = new Uint8Array(0)] = DEPENDENCY_SAMPLES;

function read(bytes: Uint8Array, structure?: DependencyStructure): ReturnType<typeof decodeDependencyDescriptor> {
  return decodeDependencyDescriptor(bytes, 0, bytes.length, structure);
}

const FRAME: FrameDependencies = { spatialId: 0, temporalId: 0, indications: [2], frameDiffs: [], chainDiffs: [] };
const SIMPLE: DependencyStructure = { templateIdOffset: 0, decodeTargetCount: 1, chainCount: 0, protectingChains: [], templates: [FRAME], resolutions: [] };
const INIT = { startOfFrame: true, endOfFrame: true, frameNumber: 5, frame: FRAME };

test('a recorded key frame: three spatial and three temporal layers', () => {
  const { structure, frame, resolution, activeDecodeTargets, frameNumber, startOfFrame, endOfFrame } = read(KEY);
  assert.ok(structure);
  assert.deepEqual([structure.decodeTargetCount, structure.chainCount, structure.protectingChains], [9, 3, [0, 0, 0, 1, 1, 1, 2, 2, 2]]);
  assert.deepEqual(structure.resolutions, [{ width: 120, height: 67 }, { width: 240, height: 135 }, { width: 480, height: 270 }]);
  assert.deepEqual(frame, { spatialId: 0, temporalId: 0, indications: new Array(9).fill(2), frameDiffs: [], chainDiffs: [0, 0, 0] });
  assert.deepEqual([resolution, activeDecodeTargets, frameNumber, startOfFrame, endOfFrame], [structure.resolutions[0], 0x1ff, 370, true, true]);
});

test('recorded descriptors come back byte for byte', () => {
  const reader = new DependencyDescriptorReader();
  for (const bytes of DEPENDENCY_SAMPLES) {
    const descriptor = reader.read(bytes, 0, bytes.length);
    const structure = reader.structure as DependencyStructure;
    assert.equal(toHex(encodeDependencyDescriptor({ ...descriptor, attachStructure: descriptor.structure !== undefined }, structure)), toHex(bytes));
    assert.deepEqual([peekStartOfFrame(bytes, 0), peekEndOfFrame(bytes, 0), peekFrameNumber(bytes, 0)], [descriptor.startOfFrame, descriptor.endOfFrame, descriptor.frameNumber]);
  }
  assert.equal(reader.activeDecodeTargets, 0x3f);
});

test('without a structure, or with one that lacks the template, a descriptor is refused and the reader keeps what it had', () => {
  const reader = new DependencyDescriptorReader();
  assert.throws(() => reader.read(hex('860173'), 0, 3), DecodeError);
  assert.equal(reader.structure, undefined);
  reader.read(KEY, 0, KEY.length);
  const { structure } = reader;
  assert.throws(() => reader.read(hex('bf0173'), 0, 3), DecodeError, 'template 63');
  assert.throws(() => reader.read(KEY.subarray(0, 40), 0, 40), DecodeError);
  assert.equal(reader.structure, structure);
  assert.equal(reader.read(hex('860173'), 0, 3).frame.spatialId, 1);
});

test('A-JS-01 every prefix of a descriptor is decoded or refused', () => {
  const structure = read(KEY).structure as DependencyStructure;
  for (const bytes of DEPENDENCY_SAMPLES) for (const part of prefixes(bytes)) survives((prefix) => read(prefix, structure), part);
  for (let length = 4; length < KEY.length - 1; length++) assert.throws(() => read(KEY.subarray(0, length)), DecodeError, `${length}`);
});

test('any structure and any frame of it come back as they were', () => {
  const size = fc.integer({ min: 1, max: 0x1_0000 });
  const shape = fc.record({
    targets: fc.integer({ min: 1, max: 8 }),
    chains: fc.nat(8),
    layers: fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 9 }),
    offset: fc.integer({ min: 0, max: 63 }),
    numbers: fc.infiniteStream(fc.nat(0xffff)),
    sizes: fc.option(fc.tuple(size, size)),
    custom: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean()),
  });
  fc.assert(
    fc.property(shape, ({ targets, chains, layers, offset, numbers, sizes, custom }) => {
      const next = (below: number): number => (numbers.next().value as number) % below;
      const many = (count: number, below: number, least = 0): number[] => Array.from({ length: count }, () => least + next(below));
      const chainCount = Math.min(chains, targets);
      let spatialId = 0;
      let temporalId = 0;
      const make = (): FrameDependencies => ({ spatialId, temporalId, indications: many(targets, 4), frameDiffs: many(next(4), 16, 1), chainDiffs: many(chainCount, 16) });
      const templates = [make()];
      for (const step of layers) {
        if (step === 1 && temporalId < 7) temporalId++;
        if (step === 2 && spatialId < 3) [spatialId, temporalId] = [spatialId + 1, 0];
        templates.push(make());
      }
      const resolutions = sizes ? Array.from({ length: spatialId + 1 }, () => ({ width: sizes[0], height: sizes[1] })) : [];
      const protectingChains = chainCount === 0 ? [] : many(targets, chainCount);
      const structure: DependencyStructure = { templateIdOffset: offset, decodeTargetCount: targets, chainCount, protectingChains, templates, resolutions };
      const template = templates[next(templates.length)] as FrameDependencies;
      const frame: FrameDependencies = {
        ...template,
        ...(custom[0] ? { indications: many(targets, 4) } : {}),
        ...(custom[1] ? { frameDiffs: many(next(5), 4096, 1) } : {}),
        ...(custom[2] ? { chainDiffs: many(chainCount, 256) } : {}),
      };
      const activeDecodeTargets = custom[3] ? next(2 ** targets) : undefined;
      const init = { startOfFrame: custom[0], endOfFrame: custom[1], frameNumber: next(0x1_0000), frame, attachStructure: custom[4], ...(activeDecodeTargets === undefined ? {} : { activeDecodeTargets }) };
      const decoded = read(encodeDependencyDescriptor(init, structure), custom[4] ? undefined : structure);
      assert.deepEqual(decoded.frame, frame);
      assert.deepEqual(decoded.structure, custom[4] ? structure : undefined);
      assert.equal(decoded.activeDecodeTargets, activeDecodeTargets ?? (custom[4] ? 2 ** targets - 1 : undefined));
      assert.deepEqual([decoded.startOfFrame, decoded.endOfFrame, decoded.frameNumber], [init.startOfFrame, init.endOfFrame, init.frameNumber]);
      assert.deepEqual(decoded.resolution, resolutions[frame.spatialId]);
    }),
    { numRuns: 500, seed: 1 },
  );
});

test('limits of a structure: 64 templates, 32 decode targets, 8 temporal and 4 spatial layers', () => {
  const withTemplates = (templates: readonly FrameDependencies[]): Uint8Array => encodeDependencyDescriptor({ ...INIT, attachStructure: true }, { ...SIMPLE, templates });
  for (const count of [MAX_TEMPLATES - 1, MAX_TEMPLATES]) assert.equal(read(withTemplates(new Array(count).fill(FRAME))).structure?.templates.length, count);
  assert.throws(() => withTemplates(new Array(MAX_TEMPLATES + 1).fill(FRAME)), { code: 'ERR_INVALID_ARGUMENT' });
  // The same on the wire: 3 mandatory bytes, five flags, 6 and 5 bits, then `next_layer_idc` without an end.
  const endless = (idc: string): Uint8Array => hex('c00005' + '80' + '00' + idc.repeat(40));
  for (const idc of ['00', '55', 'aa']) assert.throws(() => read(endless(idc)), DecodeError, idc);

  const wide = (count: number): DependencyStructure => {
    const frame = { ...FRAME, indications: new Array<number>(count).fill(3), chainDiffs: new Array<number>(count).fill(15) };
    return { ...SIMPLE, decodeTargetCount: count, chainCount: count, protectingChains: Array.from({ length: count }, (_, i) => i), templates: [frame] };
  };
  for (const count of [MAX_DECODE_TARGETS - 1, MAX_DECODE_TARGETS]) {
    const structure = wide(count);
    const decoded = read(encodeDependencyDescriptor({ ...INIT, frame: structure.templates[0] as FrameDependencies, attachStructure: true }, structure));
    assert.deepEqual(decoded.structure, structure);
    assert.equal(decoded.activeDecodeTargets, 2 ** count - 1);
  }
  assert.throws(() => encodeDependencyDescriptor({ ...INIT, frame: wide(33).templates[0] as FrameDependencies }, wide(33)), { code: 'ERR_INVALID_ARGUMENT' });

  const layers = (spatial: number, temporal: number): FrameDependencies[] =>
    Array.from({ length: spatial * temporal }, (_, i) => ({ ...FRAME, spatialId: Math.floor(i / temporal), temporalId: i % temporal }));
  assert.equal(read(withTemplates(layers(4, 8))).structure?.templates.length, 32);
  assert.throws(() => withTemplates(layers(5, 1)), { code: 'ERR_INVALID_ARGUMENT' });
  assert.throws(() => withTemplates(layers(1, 9)), { code: 'ERR_INVALID_ARGUMENT' });
});

test('what does not fit the structure is the caller\'s error', () => {
  const invalid = { name: 'RtcError', code: 'ERR_INVALID_ARGUMENT' };
  const frames = [{ spatialId: 1 }, { temporalId: 1 }, { indications: [] }, { indications: [4] }, { frameDiffs: [0] }, { frameDiffs: [4097] }, { chainDiffs: [1] }, { frameDiffs: new Array(200).fill(4096) }];
  for (const wrong of frames) assert.throws(() => encodeDependencyDescriptor({ ...INIT, frame: { ...FRAME, ...wrong } }, SIMPLE), invalid, JSON.stringify(wrong).slice(0, 60));
  const structures = [{ templateIdOffset: 64 }, { templates: [] }, { chainCount: 2 }, { protectingChains: [0] }, { resolutions: [{ width: 0, height: 1 }] }, { resolutions: [{ width: 1, height: 1 }, { width: 1, height: 1 }] }, { templates: [{ ...FRAME, frameDiffs: [17] }] }, { templates: [{ ...FRAME, temporalId: 1 }] }];
  for (const wrong of structures) assert.throws(() => encodeDependencyDescriptor(INIT, { ...SIMPLE, ...wrong }), invalid, JSON.stringify(wrong));
});
