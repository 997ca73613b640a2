import { type ExtensionMap, extensionId, extensionSize, ExtensionUri, nextExtension, type RtpHeader } from '../../rtp/index.ts';

/** Extensions that are written when a packet leaves, with the bytes of their values that are not. */
const MUTABLE: readonly (readonly [uri: string, keptBytes: number])[] = [
  [ExtensionUri.transportSequence, 0],
  [ExtensionUri.transportSequence2, 0],
  [ExtensionUri.absoluteSendTime, 0],
  [ExtensionUri.transmissionOffset, 0],
  // Flags and three times of the encoder; the times of pacer and network follow.
  [ExtensionUri.videoTiming, 7],
];

/** By extension id: how many bytes of its value stay as the sender's parity saw them, −1 for all. */
export function mutableExtensions(extensions: ExtensionMap): Int8Array {
  const kept = new Int8Array(256).fill(-1);
  for (const [uri, bytes] of MUTABLE) {
    const id = extensions.idOf(uri);
    if (id !== 0) kept[id] = bytes;
  }
  return kept;
}

/** Sets to zero, in place, what changes after parity was computed, as both ends do, so that it does not get into what is restored. */
export function zeroMutable(bytes: Uint8Array, header: RtpHeader, kept: Int8Array): void {
  let at = nextExtension(bytes, header, header.extensionStart);
  while (at >= 0) {
    const end = at + extensionSize(bytes, header, at);
    const keeps = kept[extensionId(bytes, header, at)] as number;
    if (keeps >= 0 && at + keeps < end) bytes.fill(0, at + keeps, end);
    at = nextExtension(bytes, header, end);
  }
}
