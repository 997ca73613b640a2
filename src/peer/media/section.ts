import { type CodecRole, codecRole, ExtensionMap, ExtensionUri, type MediaKind, type RtpCodec } from '../../rtp/index.ts';
import type { MediaAgreement } from '../jsep/index.ts';

/** Payload types, and one more than fit in a byte with the marker. */
const PAYLOAD_TYPES = 128;

/** What is agreed upon for one media section, in the form that packets are looked up in. A new agreement replaces the old in place. */
export class Section {
  readonly mid: string;
  readonly kind: MediaKind;
  readonly transceiver: number;
  #agreement: MediaAgreement;
  #receiveCodecs: ReadonlyMap<number, RtpCodec> = new Map();
  #sendCodecs: ReadonlyMap<number, RtpCodec> = new Map();
  #extensions: ExtensionMap = new ExtensionMap();
  readonly #roles: (CodecRole | undefined)[] = new Array<CodecRole | undefined>(PAYLOAD_TYPES).fill(undefined);
  /** Ids of the extensions that route; 0 where there is none. */
  midId: number = 0;
  ridId: number = 0;
  repairedRidId: number = 0;

  constructor(agreement: MediaAgreement) {
    this.mid = agreement.mid;
    this.kind = agreement.kind;
    this.transceiver = agreement.transceiver;
    this.#agreement = agreement;
    this.update(agreement);
  }

  get agreement(): MediaAgreement {
    return this.#agreement;
  }

  get receiveCodecs(): ReadonlyMap<number, RtpCodec> {
    return this.#receiveCodecs;
  }

  get sendCodecs(): ReadonlyMap<number, RtpCodec> {
    return this.#sendCodecs;
  }

  get extensions(): ExtensionMap {
    return this.#extensions;
  }

  get receives(): boolean {
    return this.#agreement.direction === 'sendrecv' || this.#agreement.direction === 'recvonly';
  }

  get sends(): boolean {
    return this.#agreement.direction === 'sendrecv' || this.#agreement.direction === 'sendonly';
  }

  update(agreement: MediaAgreement): void {
    this.#agreement = agreement;
    this.#receiveCodecs = new Map(agreement.receiveCodecs.map((codec) => [codec.payloadType, codec]));
    this.#sendCodecs = new Map(agreement.sendCodecs.map((codec) => [codec.payloadType, codec]));
    this.#roles.fill(undefined);
    for (const codec of agreement.receiveCodecs) this.#roles[codec.payloadType] = codecRole(codec);
    this.#extensions = new ExtensionMap({ allowMixed: agreement.extmapAllowMixed });
    for (const { id, uri } of agreement.extensions) this.#extensions.set(id, uri);
    this.midId = this.#extensions.idOf(ExtensionUri.mid);
    this.ridId = this.#extensions.idOf(ExtensionUri.rid);
    this.repairedRidId = this.#extensions.idOf(ExtensionUri.repairedRid);
  }

  /** What packets of a payload type are that the peer sends; `undefined` when it may not send it. */
  roleOf(payloadType: number): CodecRole | undefined {
    return this.#roles[payloadType];
  }

  /** The codec to send unless the application names another: the first that is media (RFC 9429 4.2.6). */
  get preferredCodec(): RtpCodec | undefined {
    return this.#agreement.sendCodecs.find((codec) => codecRole(codec) === 'media' && !isAuxiliary(codec));
  }
}

/** Codecs that accompany another. */
function isAuxiliary({ name }: RtpCodec): boolean {
  const lower = name.toLowerCase();
  return lower === 'telephone-event' || lower === 'cn';
}
