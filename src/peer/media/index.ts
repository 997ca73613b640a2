export type { MediaEvent } from './events.ts';
export { forgetKeys, srtpKeysOf } from './keys.ts';
export { MediaTransport, type ReceivedPacket } from './machine.ts';
export type { OutgoingRtcp } from './outgoing-rtcp.ts';
export type { ReceiveStream } from './receive-stream.ts';
export { PeerMedia } from './peer-media.ts';
export type { Section } from './section.ts';
export { OUTGOING_HEADROOM_BYTES, type OutgoingRtp, type SendStream } from './send-stream.ts';
