import { encodeUtf8 } from '../core/index.ts';
import { type ExtensionElement, ExtensionUri } from '../rtp/index.ts';
import type { LocalStream } from './stream.ts';

/**
 * The header extensions that a packet of a stream bears: room for numbers and times that are stamped when it leaves, and whose it is
 * (RFC 9143 15, RFC 8852 4).
 *
 * @param repairs - whether the packet has the SSRC of a stream that repairs this one
 */
export function streamElements({ extensions, mid, rid }: LocalStream, repairs: boolean): ExtensionElement[] {
  const elements: ExtensionElement[] = [];
  const add = (uri: string, value: Uint8Array): void => {
    const id = extensions.idOf(uri);
    if (id !== 0 && value.length > 0) elements.push({ id, value });
  };
  add(ExtensionUri.transportSequence, new Uint8Array(2));
  if (elements.length === 0) add(ExtensionUri.transportSequence2, new Uint8Array(2));
  add(ExtensionUri.absoluteSendTime, new Uint8Array(3));
  add(ExtensionUri.mid, encodeUtf8(mid));
  add(repairs ? ExtensionUri.repairedRid : ExtensionUri.rid, encodeUtf8(rid ?? ''));
  return elements;
}
