import { readU16 } from '../../../core/bytes.ts';
import { DecodeError } from '../../../core/index.ts';
import { BitReader } from './bits.ts';
import {
  allDecodeTargets,
  type DependencyDescriptor,
  type DependencyStructure,
  type FrameDependencies,
  MAX_SPATIAL_LAYERS,
  MAX_TEMPLATES,
  MAX_TEMPORAL_LAYERS,
} from './structure.ts';

/** Size in bytes of a descriptor that says nothing but its template and frame number (A.8.1). */
export const MANDATORY_BYTES = 3;

/** Whether the descriptor at `start` begins a frame, without decoding it; its size must be at least {@link MANDATORY_BYTES}. */
export function peekStartOfFrame(bytes: Uint8Array, start: number): boolean {
  return (bytes[start] as number) >= 0x80;
}

/** Whether the descriptor ends a frame. */
export function peekEndOfFrame(bytes: Uint8Array, start: number): boolean {
  return ((bytes[start] as number) & 0x40) !== 0;
}

/** The frame number of a descriptor. */
export function peekFrameNumber(bytes: Uint8Array, start: number): number {
  return readU16(bytes, start + 1);
}

type Template = { spatialId: number; temporalId: number; indications: number[]; frameDiffs: number[]; chainDiffs: number[] };

/**
 * Decodes the descriptor in `bytes[start, end)` (RTP payload format for AV1, A.8.2). Without a structure of its own it needs
 * the one that came last. Throws {@link DecodeError}, as when there is none or it lacks the template.
 */
export function decodeDependencyDescriptor(bytes: Uint8Array, start: number, end: number, known?: DependencyStructure): DependencyDescriptor {
  const reader = new BitReader(bytes, start, end);
  const startOfFrame = reader.flag();
  const endOfFrame = reader.flag();
  const templateId = reader.bits(6);
  const frameNumber = reader.bits(16);
  const extended = end - start > MANDATORY_BYTES;
  const hasStructure = extended && reader.flag();
  const hasActiveTargets = extended && reader.flag();
  const customIndications = extended && reader.flag();
  const customFrameDiffs = extended && reader.flag();
  const customChainDiffs = extended && reader.flag();

  const attached = hasStructure ? readStructure(reader) : undefined;
  const structure = attached ?? known;
  if (!structure) throw new DecodeError('rtp.dependency', 'no structure yet');
  let activeDecodeTargets = attached ? allDecodeTargets(attached.decodeTargetCount) : undefined;
  if (hasActiveTargets) activeDecodeTargets = reader.bits(structure.decodeTargetCount);

  const template = structure.templates[(templateId - structure.templateIdOffset + MAX_TEMPLATES) % MAX_TEMPLATES];
  if (!template) throw new DecodeError('rtp.dependency', `no template ${templateId}`);
  const frame: FrameDependencies = {
    spatialId: template.spatialId,
    temporalId: template.temporalId,
    indications: customIndications ? readMany(structure.decodeTargetCount, () => reader.bits(2)) : template.indications,
    frameDiffs: customFrameDiffs ? readFrameDiffs(reader) : template.frameDiffs,
    chainDiffs: customChainDiffs ? readMany(structure.chainCount, () => reader.bits(8)) : template.chainDiffs,
  };
  const resolution = structure.resolutions[frame.spatialId];
  return {
    startOfFrame,
    endOfFrame,
    templateId,
    frameNumber,
    ...(attached ? { structure: attached } : {}),
    ...(activeDecodeTargets === undefined ? {} : { activeDecodeTargets }),
    frame,
    ...(resolution ? { resolution } : {}),
  };
}

function readMany(count: number, read: () => number): number[] {
  const values: number[] = [];
  for (let i = 0; i < count; i++) values.push(read());
  return values;
}

function readFrameDiffs(reader: BitReader): number[] {
  const diffs: number[] = [];
  for (let size = reader.bits(2); size > 0; size = reader.bits(2)) diffs.push(reader.bits(4 * size) + 1);
  return diffs;
}

function readStructure(reader: BitReader): DependencyStructure {
  const templateIdOffset = reader.bits(6);
  const decodeTargetCount = reader.bits(5) + 1;
  const templates = readTemplateLayers(reader);
  for (const template of templates) template.indications = readMany(decodeTargetCount, () => reader.bits(2));
  for (const template of templates) while (reader.flag()) template.frameDiffs.push(reader.bits(4) + 1);
  const chainCount = reader.nonSymmetric(decodeTargetCount + 1);
  const protectingChains = chainCount === 0 ? [] : readMany(decodeTargetCount, () => reader.nonSymmetric(chainCount));
  for (const template of templates) template.chainDiffs = readMany(chainCount, () => reader.bits(4));
  const resolutions: { width: number; height: number }[] = [];
  if (reader.flag()) {
    // Templates are in the order of their layers, so the last one has the highest.
    const layers = (templates.at(-1)?.spatialId ?? 0) + 1;
    for (let i = 0; i < layers; i++) resolutions.push({ width: reader.bits(16) + 1, height: reader.bits(16) + 1 });
  }
  return { templateIdOffset, decodeTargetCount, chainCount, protectingChains, templates, resolutions };
}

function readTemplateLayers(reader: BitReader): Template[] {
  const templates: Template[] = [];
  let spatialId = 0;
  let temporalId = 0;
  for (;;) {
    if (templates.length === MAX_TEMPLATES) throw new DecodeError('rtp.dependency', 'too many templates');
    templates.push({ spatialId, temporalId, indications: [], frameDiffs: [], chainDiffs: [] });
    // next_layer_idc: 0 the same layer, 1 the next temporal one, 2 the next spatial one, 3 the end.
    const next = reader.bits(2);
    if (next === 3) return templates;
    if (next === 1) temporalId++;
    if (next === 2) {
      temporalId = 0;
      spatialId++;
    }
    if (temporalId >= MAX_TEMPORAL_LAYERS || spatialId >= MAX_SPATIAL_LAYERS) throw new DecodeError('rtp.dependency', 'too many layers');
  }
}

/**
 * Decodes the descriptors of one stream, in order, and keeps the structure between them. Give it authenticated packets only.
 */
export class DependencyDescriptorReader {
  #structure: DependencyStructure | undefined;
  #activeDecodeTargets = 0;

  /** The structure that counts now, or `undefined` before the first. */
  get structure(): DependencyStructure | undefined {
    return this.#structure;
  }

  /** Which decode targets are sent now, bit by bit. */
  get activeDecodeTargets(): number {
    return this.#activeDecodeTargets;
  }

  /** Decodes `bytes[start, end)`. Throws {@link DecodeError} and leaves everything as it was. */
  read(bytes: Uint8Array, start: number, end: number): DependencyDescriptor {
    const descriptor = decodeDependencyDescriptor(bytes, start, end, this.#structure);
    if (descriptor.structure) this.#structure = descriptor.structure;
    if (descriptor.activeDecodeTargets !== undefined) this.#activeDecodeTargets = descriptor.activeDecodeTargets;
    return descriptor;
  }
}
