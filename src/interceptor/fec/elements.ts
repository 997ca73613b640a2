import { encodeUtf8 } from '../../core/index.ts';
import { type ExtensionElement, ExtensionUri } from '../../rtp/index.ts';
import type { LocalStream } from '../stream.ts';

/** What a FEC packet bears: room for numbers and times that are stamped below, and whose it is (RFC 9143 15, RFC 8852 4.2). */
export function fecElements({ extensions, mid, rid }: LocalStream, ownSsrc: boolean): ExtensionElement[] {
  const elements: ExtensionElement[] = [];
  const add = (uri: string, value: Uint8Array): void => {
    const id = extensions.idOf(uri);
    if (id !== 0 && value.length > 0) elements.push({ id, value });
  };
  add(ExtensionUri.transportSequence, new Uint8Array(2));
  if (elements.length === 0) add(ExtensionUri.transportSequence2, new Uint8Array(2));
  add(ExtensionUri.absoluteSendTime, new Uint8Array(3));
  add(ExtensionUri.mid, encodeUtf8(mid));
  add(ownSsrc ? ExtensionUri.repairedRid : ExtensionUri.rid, encodeUtf8(rid ?? ''));
  return elements;
}
