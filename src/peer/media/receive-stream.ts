import type { RemoteStream } from '../../interceptor/index.ts';
import type { ExtensionMap, MediaKind, RtpCodec } from '../../rtp/index.ts';
import type { Section } from './section.ts';

/** A stream of the peer, from its first packet on. What its section agrees upon may change under it. */
export class ReceiveStream implements RemoteStream {
  readonly direction = 'remote' as const;
  readonly ssrc: number;
  readonly rid: string | undefined;
  readonly section: Section;
  rtxSsrc: number | undefined;
  fecSsrc: number | undefined;
  /** Packets so far, to tell which stream was unused for longest. */
  lastUse: number = 0;
  readonly isDeclared: boolean;

  constructor(section: Section, ssrc: number, rid: string | undefined, isDeclared: boolean) {
    this.section = section;
    this.ssrc = ssrc;
    this.rid = rid;
    this.isDeclared = isDeclared;
  }

  get kind(): MediaKind {
    return this.section.kind;
  }

  get mid(): string {
    return this.section.mid;
  }

  get codecs(): ReadonlyMap<number, RtpCodec> {
    return this.section.receiveCodecs;
  }

  get extensions(): ExtensionMap {
    return this.section.extensions;
  }

  get reducedSizeRtcp(): boolean {
    return this.section.agreement.reducedSizeRtcp;
  }

  get receiverRoundTrip(): boolean {
    return this.section.agreement.receiverRoundTrip;
  }

  get transceiver(): number {
    return this.section.transceiver;
  }
}
