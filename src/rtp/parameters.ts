/** W3C `MediaStreamTrack.kind`. */
export type MediaKind = 'audio' | 'video';

/** One payload type as it was negotiated (RFC 8866 6.6 and 6.15, RFC 4585 4.2). */
export interface RtpCodec {
  readonly kind: MediaKind;
  readonly payloadType: number;
  /** Encoding name as in `a=rtpmap`: `VP8`, `opus`, `rtx`, `red`, `ulpfec`, `flexfec-03`, `telephone-event`, … */
  readonly name: string;
  readonly clockRateHz: number;
  /** Audio channels; absent for video. */
  readonly channels?: number;
  /** The format parameters of `a=fmtp`; `apt` of an `rtx` codec names the payload type that it repairs (RFC 4588 8.1). */
  readonly parameters: ReadonlyMap<string, string>;
  /** As in `a=rtcp-fb`: `nack`, `nack pli`, `ccm fir`, `transport-cc`, `goog-remb`, `ack ccfb`. */
  readonly feedback: readonly string[];
}

/** What a payload type is for: media, or the repair and redundancy of other payload types. */
export type CodecRole = 'media' | 'rtx' | 'red' | 'fec';

/** The role of a codec by its encoding name (RFC 4588, RFC 2198, RFC 5109, RFC 8627). */
export function codecRole({ name }: Pick<RtpCodec, 'name'>): CodecRole {
  switch (name.toLowerCase()) {
    case 'rtx':
      return 'rtx';
    case 'red':
      return 'red';
    case 'ulpfec':
    case 'flexfec':
    case 'flexfec-03':
      return 'fec';
    default:
      return 'media';
  }
}
