import { RtcError } from '../../../core/index.ts';
import { MAX_TWO_BYTE_SIZE } from '../../constants.ts';
import { BitWriter } from './bits.ts';
import {
  allDecodeTargets,
  type DependencyStructure,
  type FrameDependencies,
  MAX_DECODE_TARGETS,
  MAX_SPATIAL_LAYERS,
  MAX_TEMPLATES,
  MAX_TEMPORAL_LAYERS,
} from './structure.ts';

/** What {@link encodeDependencyDescriptor} writes. */
export interface DependencyDescriptorInit {
  readonly startOfFrame: boolean;
  readonly endOfFrame: boolean;
  readonly frameNumber: number;
  readonly frame: FrameDependencies;
  /** Whether the structure itself is sent along, as with the first packet of a key frame. Default false. */
  readonly attachStructure?: boolean;
  /** Which decode targets are sent from now on; by default nothing is said of it. */
  readonly activeDecodeTargets?: number;
}

/**
 * Encodes a descriptor with the template that leaves least to say (RTP payload format for AV1, A.8.2). Throws
 * {@link RtcError} `ERR_INVALID_ARGUMENT` when frame and structure do not fit each other or the result exceeds 255 bytes.
 */
export function encodeDependencyDescriptor(init: DependencyDescriptorInit, structure: DependencyStructure): Uint8Array {
  const { frame } = init;
  checkStructure(structure);
  checkFrame(frame, structure);
  const { index, indications, frameDiffs, chainDiffs } = bestTemplate(frame, structure);
  const writer = new BitWriter();
  writer.flag(init.startOfFrame);
  writer.flag(init.endOfFrame);
  writer.bits((structure.templateIdOffset + index) % MAX_TEMPLATES, 6);
  writer.bits(init.frameNumber % 0x1_0000, 16);
  const attach = init.attachStructure ?? false;
  const all = allDecodeTargets(structure.decodeTargetCount);
  // A structure that is sent along makes all decode targets active without a word.
  const active = init.activeDecodeTargets !== undefined && !(attach && init.activeDecodeTargets === all);
  if (attach || active || indications || frameDiffs || chainDiffs) {
    for (const flag of [attach, active, indications, frameDiffs, chainDiffs]) writer.flag(flag);
    if (attach) writeStructure(writer, structure);
    if (active) writer.bits((init.activeDecodeTargets as number) & all, structure.decodeTargetCount);
    if (indications) for (const indication of frame.indications) writer.bits(indication, 2);
    if (frameDiffs) writeFrameDiffs(writer, frame.frameDiffs);
    if (chainDiffs) for (const diff of frame.chainDiffs) writer.bits(diff, 8);
  }
  const bytes = writer.finish();
  if (bytes.length > MAX_TWO_BYTE_SIZE) refuse(`${bytes.length} bytes`);
  return bytes;
}

interface Choice {
  readonly index: number;
  /** What differs from the template and must be said. */
  readonly indications: boolean;
  readonly frameDiffs: boolean;
  readonly chainDiffs: boolean;
}

function bestTemplate(frame: FrameDependencies, structure: DependencyStructure): Choice {
  let best: Choice | undefined;
  let least = Infinity;
  for (const [index, template] of structure.templates.entries()) {
    if (template.spatialId !== frame.spatialId || template.temporalId !== frame.temporalId) continue;
    const indications = !sameNumbers(frame.indications, template.indications);
    const frameDiffs = !sameNumbers(frame.frameDiffs, template.frameDiffs);
    const chainDiffs = !sameNumbers(frame.chainDiffs, template.chainDiffs);
    const cost = (indications ? 2 * frame.indications.length : 0) + (frameDiffs ? frameDiffsBits(frame.frameDiffs) : 0) + (chainDiffs ? 8 * frame.chainDiffs.length : 0);
    if (cost < least) {
      least = cost;
      best = { index, indications, frameDiffs, chainDiffs };
    }
  }
  return best ?? refuse(`no template for layer ${frame.spatialId}/${frame.temporalId}`);
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

/** How many nibbles a difference takes. */
function nibbles(diff: number): number {
  return diff <= 0x10 ? 1 : diff <= 0x100 ? 2 : 3;
}

function frameDiffsBits(diffs: readonly number[]): number {
  let bits = 2;
  for (const diff of diffs) bits += 2 + 4 * nibbles(diff);
  return bits;
}

function writeFrameDiffs(writer: BitWriter, diffs: readonly number[]): void {
  for (const diff of diffs) {
    writer.bits(nibbles(diff), 2);
    writer.bits(diff - 1, 4 * nibbles(diff));
  }
  writer.bits(0, 2);
}

function writeStructure(writer: BitWriter, structure: DependencyStructure): void {
  const { templates, decodeTargetCount, chainCount } = structure;
  writer.bits(structure.templateIdOffset, 6);
  writer.bits(decodeTargetCount - 1, 5);
  for (const [i, template] of templates.entries()) writer.bits(nextLayer(template, templates[i + 1]), 2);
  for (const template of templates) for (const indication of template.indications) writer.bits(indication, 2);
  for (const template of templates) {
    for (const diff of template.frameDiffs) writer.bits(0x10 | (diff - 1), 5);
    writer.flag(false);
  }
  writer.nonSymmetric(chainCount, decodeTargetCount + 1);
  for (const chain of structure.protectingChains) writer.nonSymmetric(chain, chainCount);
  for (const template of templates) for (const diff of template.chainDiffs) writer.bits(diff, 4);
  writer.flag(structure.resolutions.length > 0);
  for (const { width, height } of structure.resolutions) {
    writer.bits(width - 1, 16);
    writer.bits(height - 1, 16);
  }
}

function nextLayer(template: FrameDependencies, next: FrameDependencies | undefined): number {
  if (!next) return 3;
  if (next.spatialId === template.spatialId && next.temporalId === template.temporalId) return 0;
  if (next.spatialId === template.spatialId && next.temporalId === template.temporalId + 1) return 1;
  if (next.spatialId === template.spatialId + 1 && next.temporalId === 0) return 2;
  return refuse('templates out of order');
}

function checkStructure(structure: DependencyStructure): void {
  const { templates, decodeTargetCount, chainCount, protectingChains, resolutions } = structure;
  checkWhole('template id', structure.templateIdOffset, 0, MAX_TEMPLATES - 1);
  checkWhole('decode targets', decodeTargetCount, 1, MAX_DECODE_TARGETS);
  checkWhole('chains', chainCount, 0, decodeTargetCount);
  checkWhole('templates', templates.length, 1, MAX_TEMPLATES);
  if (protectingChains.length !== (chainCount === 0 ? 0 : decodeTargetCount)) refuse('chains for other decode targets');
  for (const chain of protectingChains) checkWhole('chain', chain, 0, chainCount - 1);
  for (const template of templates) {
    checkLayers(template, structure);
    for (const diff of template.frameDiffs) checkWhole('frame difference', diff, 1, 0x10);
    for (const diff of template.chainDiffs) checkWhole('chain difference', diff, 0, 0xf);
  }
  if (templates[0]?.spatialId !== 0 || templates[0].temporalId !== 0) refuse('no template for the lowest layer first');
  const layers = (templates.at(-1)?.spatialId ?? 0) + 1;
  if (resolutions.length !== 0 && resolutions.length !== layers) refuse(`${resolutions.length} sizes for ${layers} layers`);
  for (const { width, height } of resolutions) {
    checkWhole('width', width, 1, 0x1_0000);
    checkWhole('height', height, 1, 0x1_0000);
  }
}

function checkFrame(frame: FrameDependencies, structure: DependencyStructure): void {
  checkLayers(frame, structure);
  for (const diff of frame.frameDiffs) checkWhole('frame difference', diff, 1, 0x1000);
  for (const diff of frame.chainDiffs) checkWhole('chain difference', diff, 0, 0xff);
}

function checkLayers(frame: FrameDependencies, structure: DependencyStructure): void {
  checkWhole('spatial layer', frame.spatialId, 0, MAX_SPATIAL_LAYERS - 1);
  checkWhole('temporal layer', frame.temporalId, 0, MAX_TEMPORAL_LAYERS - 1);
  if (frame.indications.length !== structure.decodeTargetCount) refuse('indications for other decode targets');
  if (frame.chainDiffs.length !== structure.chainCount) refuse('differences for other chains');
  for (const indication of frame.indications) checkWhole('indication', indication, 0, 3);
}

function checkWhole(what: string, value: number, least: number, most: number): void {
  if (!(Number.isInteger(value) && value >= least && value <= most)) refuse(`${what} ${value}`);
}

function refuse(what: string): never {
  throw new RtcError('ERR_INVALID_ARGUMENT', `dependency descriptor: ${what}`);
}
