import type { MediaStats } from './media-types.ts';

// The dictionaries of the W3C's "Identifiers for WebRTC's Statistics API" that a connection can fill (those of media apart), with the
// names and units of that specification: timestamps in milliseconds since the Unix epoch, times in seconds, sizes in bytes.

/** What every entry has (webrtc-pc 8.4, RTCStats). */
export interface RtcStatsBase<Type extends string> {
  /** Unique within a report, and the same for the same object in later ones. */
  readonly id: string;
  /** When the values were taken, in milliseconds since the Unix epoch. */
  readonly timestamp: number;
  readonly type: Type;
}

/** RTCPeerConnectionStats: data channels that ever reached `open`, and that left it. */
export interface PeerConnectionStats extends RtcStatsBase<'peer-connection'> {
  readonly dataChannelsOpened: number;
  readonly dataChannelsClosed: number;
}

/** RTCDataChannelStats. */
export interface DataChannelStats extends RtcStatsBase<'data-channel'> {
  readonly label: string;
  readonly protocol: string;
  /** Absent until the channel has a stream id. */
  readonly dataChannelIdentifier?: number;
  readonly state: 'connecting' | 'open' | 'closing' | 'closed';
  readonly messagesSent: number;
  /** Payload only. */
  readonly bytesSent: number;
  readonly messagesReceived: number;
  /** Payload only. */
  readonly bytesReceived: number;
}

/** RTCTransportStats. */
export interface TransportStats extends RtcStatsBase<'transport'> {
  readonly packetsSent: number;
  readonly packetsReceived: number;
  /** Payload of the datagrams, without IP and UDP headers. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly iceRole: 'unknown' | 'controlling' | 'controlled';
  readonly iceLocalUsernameFragment?: string;
  readonly iceState?: 'new' | 'checking' | 'connected' | 'completed' | 'disconnected' | 'failed' | 'closed';
  readonly dtlsState: 'new' | 'connecting' | 'connected' | 'closed' | 'failed';
  readonly dtlsRole?: 'client' | 'server' | 'unknown';
  /** The id of a `candidate-pair` entry. */
  readonly selectedCandidatePairId?: string;
  /** The ids of `certificate` entries. */
  readonly localCertificateId?: string;
  readonly remoteCertificateId?: string;
  /** Four hexadecimal digits, as in `FEFD` for DTLS 1.2. */
  readonly tlsVersion?: string;
  /** The name in the TLS registry, as in `TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256`. */
  readonly dtlsCipher?: string;
  /** The name of the SRTP protection profile, as in `SRTP_AEAD_AES_128_GCM`. */
  readonly srtpCipher?: string;
  readonly selectedCandidatePairChanges: number;
  /** Congestion control feedback packets (RFC 8888 3.1); absent without media. */
  readonly ccfbMessagesSent?: number;
  readonly ccfbMessagesReceived?: number;
  /** Not of the W3C: the largest UDP payload that SCTP sends at present, and the probes that search for a larger one (RFC 8899). */
  readonly mtuBytes?: number;
  readonly mtuProbesSent?: number;
  readonly mtuProbesAcknowledged?: number;
}

/** RTCIceCandidateStats. */
export interface CandidateStats extends RtcStatsBase<'local-candidate' | 'remote-candidate'> {
  readonly transportId: string;
  /** Null when the candidate's address must not be shown (an mDNS name, or learned from the peer only). */
  readonly address: string | null;
  readonly port: number;
  readonly protocol: 'udp' | 'tcp';
  readonly candidateType: 'host' | 'srflx' | 'prflx' | 'relay';
  readonly priority: number;
  /** The STUN or TURN server that a local candidate came from. */
  readonly url?: string;
  readonly relayProtocol?: 'udp' | 'tcp' | 'tls';
  readonly foundation: string;
  readonly relatedAddress?: string;
  readonly relatedPort?: number;
  readonly usernameFragment?: string;
  readonly tcpType?: 'active' | 'passive' | 'so';
}

/** RTCIceCandidatePairStats. */
export interface CandidatePairStats extends RtcStatsBase<'candidate-pair'> {
  readonly transportId: string;
  readonly localCandidateId: string;
  readonly remoteCandidateId: string;
  readonly state: 'frozen' | 'waiting' | 'in-progress' | 'failed' | 'succeeded';
  readonly nominated: boolean;
  /** Without checks, since the pair was selected first. */
  readonly packetsSent?: number;
  readonly packetsReceived?: number;
  readonly bytesSent?: number;
  readonly bytesReceived?: number;
  readonly lastPacketSentTimestamp?: number;
  readonly lastPacketReceivedTimestamp?: number;
  /** The sum of all round-trip times measured, in seconds. */
  readonly totalRoundTripTime?: number;
  /** The latest one, in seconds. */
  readonly currentRoundTripTime?: number;
  readonly availableOutgoingBitrate?: number;
  readonly availableIncomingBitrate?: number;
  readonly requestsReceived?: number;
  readonly requestsSent?: number;
  readonly responsesReceived?: number;
  readonly responsesSent?: number;
  readonly consentRequestsSent?: number;
  readonly packetsDiscardedOnSend?: number;
  readonly bytesDiscardedOnSend?: number;
}

/** RTCCertificateStats. */
export interface CertificateStats extends RtcStatsBase<'certificate'> {
  /** Upper-case hexadecimal with colons. */
  readonly fingerprint: string;
  /** As in `sha-256`. */
  readonly fingerprintAlgorithm: string;
  /** DER in base64. */
  readonly base64Certificate: string;
  readonly issuerCertificateId?: string;
}

/** Not of the W3C: what was dropped and why, by counter, as in `dtls.replay`. Counters that never rose are absent. */
export interface DropStats extends RtcStatsBase<'sansrtc-drops'> {
  readonly counters: Readonly<Record<string, number>>;
}

/** Any entry of a report; its `type` says which. */
export type RtcStats =
  | PeerConnectionStats
  | DataChannelStats
  | TransportStats
  | CandidateStats
  | CandidatePairStats
  | CertificateStats
  | MediaStats
  | DropStats;

/** The `type` of an entry, as in `candidate-pair`. */
export type RtcStatsType = RtcStats['type'];

/** The entry of a type. */
export type RtcStatsOf<Type extends RtcStatsType> = RtcStats extends infer Entry
  ? Entry extends RtcStats
    ? Type extends Entry['type']
      ? Entry
      : never
    : never
  : never;
