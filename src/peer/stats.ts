import { type Counters, type Environment, type Instant, toBase64 } from '../core/index.ts';
import type { ChannelHandle } from '../datachannel/index.ts';
import { type Certificate, type Fingerprint, fingerprintOf } from '../dtls/index.ts';
import type { IceCandidate, IcePair, LocalCandidate } from '../ice/index.ts';
import { StreamStatistics } from '../interceptor/index.ts';
import type { SctpStats } from '../sctp/index.ts';
import { SrtpProfile } from '../srtp/index.ts';
import { type CandidatePairStats, type CandidateStats, type CertificateStats, type DataChannelStats, type RtcStats, StatsReport, type TransportStats } from '../stats/index.ts';
import type { Bundle } from './bundle.ts';
import type { DataTransport } from './data-transport.ts';
import type { TransceiverView } from './jsep/index.ts';
import { mediaStats } from './media/stats.ts';
import { DTLS_OVERHEAD_BYTES } from './path.ts';
import type { Transport } from './transport.ts';

/** One end of the pair in use. */
export interface CandidateSummary {
  readonly address: string;
  readonly port: number;
  readonly type: 'host' | 'srflx' | 'prflx' | 'relay';
  readonly protocol: 'udp' | 'tcp';
}

/** The pair in use. */
export interface SelectedCandidatePair {
  readonly local: CandidateSummary;
  readonly remote: CandidateSummary;
  /** The last round-trip time that ICE measured, in milliseconds. */
  readonly roundTripTimeMs: number | undefined;
}

export function selectedPairOf(transport: Transport): SelectedCandidatePair | undefined {
  const pair = transport.selectedPair;
  return pair && { local: summaryOf(pair.local), remote: summaryOf(pair.remote), roundTripTimeMs: pair.roundTripTimeMs };
}

function summaryOf({ address, port, type, protocol }: IceCandidate): CandidateSummary {
  return { address, port, type, protocol };
}

/** What a report is made of. */
export interface StatsSources {
  readonly bundles: readonly Bundle[];
  readonly data: DataTransport;
  readonly transceivers: readonly TransceiverView[];
  readonly certificate: Certificate;
  readonly counters: Counters;
  readonly channelCounts: { readonly opened: number; readonly closed: number };
}

/** As in the registry of DTLS-SRTP protection profiles (RFC 5764 4.1.2, RFC 7714 14.2). */
const SRTP_NAMES: ReadonlyMap<number, string> = new Map([
  [SrtpProfile.aes128CmSha1_80, 'SRTP_AES128_CM_HMAC_SHA1_80'],
  [SrtpProfile.aes128CmSha1_32, 'SRTP_AES128_CM_HMAC_SHA1_32'],
  [SrtpProfile.aeadAes128Gcm, 'SRTP_AEAD_AES_128_GCM'],
  [SrtpProfile.aeadAes256Gcm, 'SRTP_AEAD_AES_256_GCM'],
]);


/** Everything that a peer knows of itself (W3C webrtc-stats). What is unknown is absent. */
export function peerStats(sources: StatsSources, now: Instant, environment: Environment): StatsReport {
  const timestamp = now + environment.unixOffsetMs;
  const { channelCounts, certificate } = sources;
  const entries: RtcStats[] = [{ id: 'peer-connection', type: 'peer-connection', timestamp, dataChannelsOpened: channelCounts.opened, dataChannelsClosed: channelCounts.closed }];
  entries.push(certificateStats('certificate-local', certificate.der, certificate.fingerprint(), timestamp));
  for (const bundle of sources.bundles) entries.push(...bundleStats(bundle, sources, now, environment));
  sources.data.channels.channels.forEach((channel, i) => entries.push(channelStats(channel, i, timestamp)));
  entries.push({ id: 'drops', type: 'sansrtc-drops', timestamp, counters: dropsOf(sources) });
  return new StatsReport(entries);
}

/** A transport, and what goes over it. */
function bundleStats({ id: number, carries, transport, media }: Bundle, { data, transceivers }: StatsSources, now: Instant, environment: Environment): readonly RtcStats[] {
  const timestamp = now + environment.unixOffsetMs;
  const transportId = number === 0 ? 'transport' : `transport-${number}`;
  const prefix = number === 0 ? '' : `${transportId}-`;
  const entries: RtcStats[] = [];
  const ids = new Map<IceCandidate, string>();
  const ice = transport.ice?.stats();
  ice?.localCandidates.forEach((candidate: LocalCandidate, i: number) => {
    const id = `${prefix}local-candidate-${i}`;
    ids.set(candidate, id);
    entries.push(localStats(candidate, { id, timestamp, transportId }));
  });
  ice?.remoteCandidates.forEach((candidate: IceCandidate, i: number) => {
    const id = `${prefix}remote-candidate-${i}`;
    ids.set(candidate, id);
    entries.push(candidateStats(candidate, 'remote-candidate', { id, timestamp, transportId }));
  });
  let selectedCandidatePairId: string | undefined;
  ice?.pairs.forEach((pair: IcePair, i: number) => {
    const id = `${prefix}candidate-pair-${i}`;
    const isSelected = pair === ice.selectedPair;
    if (isSelected) selectedCandidatePairId = id;
    const stats = { ...pairStats(pair, ids, { id, timestamp, transportId }), ...transport.sentOver(pair) };
    const { targetBps } = media;
    entries.push(isSelected && targetBps !== undefined ? { ...stats, availableOutgoingBitrate: targetBps } : stats);
  });
  const remote = transport.dtls?.remoteCertificate;
  const remoteCertificateId = remote && `${prefix}certificate-remote`;
  if (remote && remoteCertificateId) entries.push(certificateStats(remoteCertificateId, remote, fingerprintOf(environment.crypto, 'sha-256', remote), timestamp));
  const feedback = media.chain?.find(StreamStatistics)?.congestionFeedback;
  const sctp = carries ? data.association?.stats() : undefined;
  entries.push({ ...transportStats(transport, sctp, { id: transportId, timestamp, selectedCandidatePairId, remoteCertificateId }), ...(feedback && { ccfbMessagesSent: feedback.sent, ccfbMessagesReceived: feedback.received }) });
  entries.push(...mediaStats({ media, transceivers, transportId, prefix }, now, environment));
  return entries;
}

/** What entries of a transport have in common. */
interface Entry {
  readonly id: string;
  readonly timestamp: number;
  readonly transportId: string;
}

function localStats(candidate: LocalCandidate, entry: Entry): CandidateStats {
  const stats = candidateStats(candidate, 'local-candidate', entry);
  return candidate.url === undefined ? stats : { ...stats, url: candidate.url };
}

function candidateStats(candidate: IceCandidate, type: CandidateStats['type'], entry: Entry): CandidateStats {
  const { address, port, protocol, type: candidateType, priority, foundation, relatedAddress, relatedPort, usernameFragment, tcpType } = candidate;
  // What was learnt from a check and never signalled is not for the application to see (webrtc-stats 8.17).
  const isHidden = type === 'remote-candidate' && candidateType === 'prflx';
  return {
    ...entry,
    type,
    address: isHidden ? null : address,
    port,
    protocol,
    candidateType,
    priority,
    foundation,
    ...(relatedAddress !== undefined && { relatedAddress }),
    ...(relatedPort !== undefined && { relatedPort }),
    ...(usernameFragment !== undefined && { usernameFragment }),
    ...(tcpType !== undefined && { tcpType }),
  };
}

function pairStats(pair: IcePair, ids: ReadonlyMap<IceCandidate, string>, entry: Entry): CandidatePairStats {
  return {
    ...entry,
    type: 'candidate-pair',
    localCandidateId: ids.get(pair.local) ?? '',
    remoteCandidateId: ids.get(pair.remote) ?? '',
    state: pair.state,
    nominated: pair.nominated,
    totalRoundTripTime: pair.totalRoundTripTimeMs / 1000,
    ...(pair.roundTripTimeMs !== undefined && { currentRoundTripTime: pair.roundTripTimeMs / 1000 }),
    requestsSent: pair.requestsSent,
    requestsReceived: pair.requestsReceived,
    responsesSent: pair.responsesSent,
    responsesReceived: pair.responsesReceived,
    consentRequestsSent: pair.consentRequestsSent,
  };
}

function certificateStats(id: string, der: Uint8Array, fingerprint: Fingerprint, timestamp: number): CertificateStats {
  return { id, type: 'certificate', timestamp, fingerprint: fingerprint.value, fingerprintAlgorithm: fingerprint.algorithm, base64Certificate: toBase64(der) };
}

interface TransportIds {
  readonly id: string;
  readonly timestamp: number;
  readonly selectedCandidatePairId: string | undefined;
  readonly remoteCertificateId: string | undefined;
}

function transportStats(transport: Transport, sctp: SctpStats | undefined, { id, timestamp, selectedCandidatePairId, remoteCertificateId }: TransportIds): TransportStats {
  const ice = transport.ice?.stats();
  const dtls = transport.dtls;
  return {
    id,
    type: 'transport',
    timestamp,
    ...transport.traffic,
    iceRole: ice === undefined ? 'unknown' : ice.controlling ? 'controlling' : 'controlled',
    ...(ice && { iceState: ice.state, iceLocalUsernameFragment: ice.localUsernameFragment }),
    dtlsState: transport.dtlsState,
    dtlsRole: transport.dtlsRole ?? 'unknown',
    ...(selectedCandidatePairId !== undefined && { selectedCandidatePairId }),
    localCertificateId: 'certificate-local',
    ...(remoteCertificateId !== undefined && { remoteCertificateId }),
    ...(dtls?.version !== undefined && { tlsVersion: dtls.version.toString(16).toUpperCase() }),
    ...(dtls?.cipherSuite !== undefined && { dtlsCipher: dtls.cipherSuite.name }),
    ...(dtls?.srtpProfile !== undefined && { srtpCipher: SRTP_NAMES.get(dtls.srtpProfile) ?? String(dtls.srtpProfile) }),
    selectedCandidatePairChanges: ice?.selectedPairChanges ?? 0,
    ...(sctp && { mtuBytes: sctp.mtuBytes + DTLS_OVERHEAD_BYTES, mtuProbesSent: sctp.mtuProbesSent, mtuProbesAcknowledged: sctp.mtuProbesAcknowledged }),
  };
}

function channelStats(channel: ChannelHandle, i: number, timestamp: number): DataChannelStats {
  const { id, label, protocol, state, messagesSent, bytesSent, messagesReceived, bytesReceived } = channel;
  return {
    id: `data-channel-${id ?? `unnumbered-${i}`}`,
    type: 'data-channel',
    timestamp,
    label,
    protocol,
    ...(id !== undefined && { dataChannelIdentifier: id }),
    state,
    messagesSent,
    bytesSent,
    messagesReceived,
    bytesReceived,
  };
}

function dropsOf({ bundles, data, counters }: StatsSources): Record<string, number> {
  const drops: Record<string, number> = {};
  const sources = [counters.snapshot(), data.association?.stats().counters, data.channels.counters.snapshot()];
  for (const { transport, media } of bundles) {
    sources.push(transport.counters.snapshot(), transport.ice?.stats().counters, transport.dtls?.stats().dropped, media.counters.snapshot(), media.chain?.counters.snapshot(), media.srtpStats?.dropped);
  }
  for (const source of sources) for (const [name, count] of source ?? []) drops[name] = (drops[name] ?? 0) + count;
  return drops;
}
