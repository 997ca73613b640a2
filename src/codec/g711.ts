import { AudioDepacketizer, OctetAudioPacketizer } from './audio.ts';

/** RTP clock and sample rate of G.711 in Hz (RFC 3551 4.5.14). */
export const G711_CLOCK_HZ = 8000;

/** PCMU or PCMA to payloads (RFC 3551 4.5.14): one octet for each sample. */
export class G711Packetizer extends OctetAudioPacketizer {}

/** Payloads to PCMU or PCMA. */
export class G711Depacketizer extends AudioDepacketizer {
  constructor() {
    super('codec.g711');
  }
}

/** Samples of μ-law octets, 16 bits linear (ITU-T G.711 table 2). */
export function decodePcmu(octets: Uint8Array): Int16Array {
  const samples = new Int16Array(octets.length);
  for (let i = 0; i < octets.length; i++) {
    const code = ~(octets[i] as number) & 0xff;
    const magnitude = ((((code & 0x0f) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84;
    samples[i] = code >= 0x80 ? -magnitude : magnitude;
  }
  return samples;
}

/** Samples of A-law octets, 16 bits linear (ITU-T G.711 table 1). */
export function decodePcma(octets: Uint8Array): Int16Array {
  const samples = new Int16Array(octets.length);
  for (let i = 0; i < octets.length; i++) {
    const code = (octets[i] as number) ^ 0x55;
    const segment = (code >> 4) & 7;
    const step = ((code & 0x0f) << 4) + 8;
    const magnitude = segment === 0 ? step : (step + 0x100) << (segment - 1);
    samples[i] = code >= 0x80 ? magnitude : -magnitude;
  }
  return samples;
}

/** μ-law octets of 16-bit linear samples. */
export function encodePcmu(samples: Int16Array): Uint8Array {
  const octets = new Uint8Array(samples.length);
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i] as number;
    const biased = Math.min(Math.abs(sample), 32_635) + 0x84;
    const segment = 24 - Math.clz32(biased); // biased is 2⁷ to 2¹⁵−1
    octets[i] = ~((sample < 0 ? 0x80 : 0) | (segment << 4) | ((biased >> (segment + 3)) & 0x0f));
  }
  return octets;
}

/** A-law octets of 16-bit linear samples. */
export function encodePcma(samples: Int16Array): Uint8Array {
  const octets = new Uint8Array(samples.length);
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i] as number;
    const magnitude = sample < 0 ? ~sample : sample; // 0 to 32,767
    const segment = Math.max(0, 24 - Math.clz32(magnitude));
    const code = (segment << 4) | ((magnitude >> (segment === 0 ? 4 : segment + 3)) & 0x0f);
    octets[i] = (code | (sample < 0 ? 0 : 0x80)) ^ 0x55;
  }
  return octets;
}
