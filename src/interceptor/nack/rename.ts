import type { ExtensionMap } from '../../rtp/index.ts';

/**
 * For `remapExtensions`: all ids as they are, but that of one extension becomes that of another, or nothing when the other was not
 * negotiated. `undefined` when there is nothing to rename.
 */
export function renamedId(extensions: ExtensionMap, from: string, to: string): Uint8Array | undefined {
  const id = extensions.idOf(from);
  if (id === 0) return undefined;
  const ids = Uint8Array.from({ length: 256 }, (_, i) => i);
  ids[id] = extensions.idOf(to);
  return ids;
}
