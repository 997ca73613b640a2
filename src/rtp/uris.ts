/** URIs of header extensions, as `a=extmap` lists them (RFC 8285 5). */
export const ExtensionUri = {
  /** RFC 9143 15.1. */
  mid: 'urn:ietf:params:rtp-hdrext:sdes:mid',
  /** RFC 8852 4.1. */
  rid: 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
  /** RFC 8852 4.2. */
  repairedRid: 'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id',
  /** RFC 6464 4. */
  audioLevel: 'urn:ietf:params:rtp-hdrext:ssrc-audio-level',
  /** RFC 6465 4. */
  mixerToClientAudioLevel: 'urn:ietf:params:rtp-hdrext:csrc-audio-level',
  /** RFC 5450 3. */
  transmissionOffset: 'urn:ietf:params:rtp-hdrext:toffset',
  /** RFC 6904 4: an extension whose value is encrypted; the URI of the extension itself follows. */
  encrypt: 'urn:ietf:params:rtp-hdrext:encrypt',
  /** 3GPP TS 26.114 7.4.5. */
  videoOrientation: 'urn:3gpp:video-orientation',
  /** draft-holmer-rmcat-transport-wide-cc-extensions-01 2. */
  transportSequence: 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  /** The second version, which can ask for feedback. */
  transportSequence2: 'http://www.webrtc.org/experiments/rtp-hdrext/transport-wide-cc-02',
  absoluteSendTime: 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
  absoluteCaptureTime: 'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time',
  playoutDelay: 'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay',
  videoContentType: 'http://www.webrtc.org/experiments/rtp-hdrext/video-content-type',
  videoTiming: 'http://www.webrtc.org/experiments/rtp-hdrext/video-timing',
  colorSpace: 'http://www.webrtc.org/experiments/rtp-hdrext/color-space',
  videoLayersAllocation: 'http://www.webrtc.org/experiments/rtp-hdrext/video-layers-allocation00',
  /** RTP payload format for AV1, appendix A. */
  dependencyDescriptor: 'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension',
} as const;
