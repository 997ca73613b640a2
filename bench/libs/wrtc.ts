import wrtc from '@roamhq/wrtc';
import type { Library } from './library.ts';
import { connectW3c } from './w3c.ts';

export const library: Library = {
  name: '@roamhq/wrtc',
  connect: (options) => connectW3c(new wrtc.RTCPeerConnection({ iceServers: [] }) as RTCPeerConnection, options, false),
};
