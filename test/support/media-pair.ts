import { randomFillSync } from 'node:crypto';
import type { Environment, Instant } from '../../src/core/index.ts';
import { nodeCrypto } from '../../src/crypto/node.ts';
import type { InterceptorFactory } from '../../src/interceptor/index.ts';
import type { MediaAgreement } from '../../src/peer/index.ts';
import { MediaTransport } from '../../src/peer/media/machine.ts';
import { SrtpProfile } from '../../src/srtp/index.ts';
import { Ext, AUDIO_CODECS, VIDEO_CODECS } from './interceptor.ts';
import { ExtensionUri } from '../../src/rtp/index.ts';

export const mediaEnvironment: Environment = { crypto: nodeCrypto, random: (into) => void randomFillSync(into), unixOffsetMs: 1_750_000_000_000 };

const EXTENSIONS = [
  { id: Ext.mid, uri: ExtensionUri.mid },
  { id: Ext.rid, uri: ExtensionUri.rid },
  { id: Ext.repairedRid, uri: ExtensionUri.repairedRid },
  { id: Ext.transportSequence, uri: ExtensionUri.transportSequence },
];

/** What both sides agree upon for one section, from the view of the one that sends. */
export function agreement(init: Partial<MediaAgreement> & { readonly mid: string }): MediaAgreement {
  const kind = init.kind ?? 'video';
  const codecs = kind === 'video' ? VIDEO_CODECS : AUDIO_CODECS;
  return {
    transceiver: 1,
    transport: 0,
    kind,
    direction: 'sendrecv',
    sendCodecs: codecs,
    receiveCodecs: codecs,
    extensions: EXTENSIONS,
    extmapAllowMixed: false,
    reducedSizeRtcp: true,
    receiverRoundTrip: true,
    sendEncodings: [],
    sources: [],
    receiveEncodings: [],
    ...init,
  };
}

const bytes = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

/** Two media transports with the same keys, and what goes between them. */
export class MediaPair {
  readonly a: MediaTransport;
  readonly b: MediaTransport;

  constructor(interceptors: readonly InterceptorFactory[] = []) {
    this.a = new MediaTransport(interceptors, mediaEnvironment);
    this.b = new MediaTransport(interceptors, mediaEnvironment);
  }

  setKeys(): void {
    const profile = SrtpProfile.aeadAes128Gcm;
    this.a.setKeys({ profile, localKey: bytes(16, 1), localSalt: bytes(12, 2), remoteKey: bytes(16, 3), remoteSalt: bytes(12, 4) });
    this.b.setKeys({ profile, localKey: bytes(16, 3), localSalt: bytes(12, 4), remoteKey: bytes(16, 1), remoteSalt: bytes(12, 2) });
  }

  /** Carries what one side has to say to the other; returns the datagrams, as they were before they were read. */
  carry(from: 'a' | 'b', now: Instant): Uint8Array[] {
    const [sender, receiver] = from === 'a' ? [this.a, this.b] : [this.b, this.a];
    const carried: Uint8Array[] = [];
    for (let datagram = sender.pollWrite(); datagram !== undefined; datagram = sender.pollWrite()) {
      carried.push(datagram.slice());
      receiver.handleRead(datagram, now);
    }
    return carried;
  }
}
