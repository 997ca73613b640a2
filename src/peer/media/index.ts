export type { MediaEvent } from './events.ts';
export { forgetKeys, srtpKeysOf } from './keys.ts';
export { MediaTransport, type ReceivedPacket } from './machine.ts';
export type { RtcpInit } from './rtcp-init.ts';
export type { ReceiveStream } from './receive-stream.ts';
export { PeerMedia } from './peer-media.ts';
export type { Section } from './section.ts';
export { OUTGOING_HEADROOM_BYTES, type OutgoingRtp, type SendStream } from './send-stream.ts';
