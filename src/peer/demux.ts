/** What a datagram is by its first byte (RFC 7983 7, as RFC 9443 updates it). */
export type DatagramKind = 'stun' | 'dtls' | 'turn-channel' | 'rtp' | 'none';

/** ZRTP (16–19) and QUIC (80–127 and 192–255) have no user here and count as `none`. */
export function demux(firstByte: number | undefined): DatagramKind {
  if (firstByte === undefined) return 'none';
  if (firstByte >= 20 && firstByte <= 63) return 'dtls';
  if (firstByte <= 3) return 'stun';
  if (firstByte >= 128 && firstByte <= 191) return 'rtp';
  if (firstByte >= 64 && firstByte <= 79) return 'turn-channel';
  return 'none';
}
