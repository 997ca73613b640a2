// The words of the dependency descriptor (RTP payload format for AV1, appendix A).

/** Most templates in a structure: their ids are 6-bit numbers (A.8.2). */
export const MAX_TEMPLATES = 64;

/** Most decode targets: a 5-bit number, less one (A.8.2). */
export const MAX_DECODE_TARGETS = 32;

/** Spatial layers: ids 0 to 3. */
export const MAX_SPATIAL_LAYERS = 4;

/** Temporal layers: ids 0 to 7. */
export const MAX_TEMPORAL_LAYERS = 8;

/** What a frame is to a decode target (A.4). */
export const DecodeTargetIndication = {
  /** Not part of it. */
  notPresent: 0,
  /** Part of it, and no frame to come needs it. */
  discardable: 1,
  /** Part of it, and one may switch to the target here. */
  switch: 2,
  /** Part of it. */
  required: 3,
} as const;

/** What depends on what for one frame. */
export interface FrameDependencies {
  readonly spatialId: number;
  readonly temporalId: number;
  /** For each decode target a {@link DecodeTargetIndication}. */
  readonly indications: readonly number[];
  /** How many frame numbers back each frame lies that this one refers to. */
  readonly frameDiffs: readonly number[];
  /** For each chain, how many frame numbers back its last frame lies; 0 when that is not known. */
  readonly chainDiffs: readonly number[];
}

/** What the frames of a stream may look like; comes with the first packet of a key frame. */
export interface DependencyStructure {
  /** The id of the first template; the others follow, modulo 64. */
  readonly templateIdOffset: number;
  /** 1 to 32. */
  readonly decodeTargetCount: number;
  /** At most as many as decode targets. */
  readonly chainCount: number;
  /** For each decode target the chain that protects it; empty when there are no chains. */
  readonly protectingChains: readonly number[];
  /** 1 to 64, in the order of their layers. */
  readonly templates: readonly FrameDependencies[];
  /** The size of each spatial layer; empty when it is not told. */
  readonly resolutions: readonly { readonly width: number; readonly height: number }[];
}

/** What a packet's descriptor says. */
export interface DependencyDescriptor {
  readonly startOfFrame: boolean;
  readonly endOfFrame: boolean;
  readonly templateId: number;
  /** Modulo 2¹⁶. */
  readonly frameNumber: number;
  /** The structure that counts from this packet on, if it came with it. */
  readonly structure?: DependencyStructure;
  /** Which decode targets are sent from now on, bit by bit; absent when nothing changed. All of them after a new structure. */
  readonly activeDecodeTargets?: number;
  readonly frame: FrameDependencies;
  /** The size of the frame, when the structure knows it. */
  readonly resolution?: { readonly width: number; readonly height: number };
}

/** The mask of `count` decode targets. */
export function allDecodeTargets(count: number): number {
  return count >= 32 ? 0xffff_ffff : 2 ** count - 1;
}
