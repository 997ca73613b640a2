import { AudioDepacketizer, OctetAudioPacketizer } from './audio.ts';

/** RTP clock of G.722 in Hz. It samples at 16,000 Hz; the clock is what RFC 1890 wrote by mistake (RFC 3551 4.5.2). */
export const G722_CLOCK_HZ = 8000;

/** G.722 to payloads (RFC 3551 4.5.2): one octet for two samples, so one for each tick of the clock. */
export class G722Packetizer extends OctetAudioPacketizer {}

/** Payloads to G.722. */
export class G722Depacketizer extends AudioDepacketizer {
  constructor() {
    super('codec.g722');
  }
}
