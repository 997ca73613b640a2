import { RTCPeerConnection } from 'werift';
import type { Library } from './library.ts';
import { connectW3c } from './w3c.ts';

/** Without servers it would ask a public one, and it connects when that has answered. */
const iceServers = [{ urls: `stun:127.0.0.1:${process.env.BENCH_STUN_PORT}` }];

export const library: Library = {
  name: 'werift',
  connect: (options) =>
    connectW3c(new RTCPeerConnection({ iceServers, iceUseIpv6: false, iceAdditionalHostAddresses: ['127.0.0.1'] }) as unknown as globalThis.RTCPeerConnection, options, false),
};
