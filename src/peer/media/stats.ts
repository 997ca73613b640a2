import type { Environment, Instant } from '../../core/index.ts';
import { JitterBuffers, type JitterBufferStats, type LocalStreamStats, Pacer, type RemoteStreamStats, StreamStatistics } from '../../interceptor/index.ts';
import type { RtpCodec } from '../../rtp/index.ts';
import type { CodecStats, InboundRtpStats, MediaSourceStats, MediaStats, OutboundRtpStats, RemoteInboundRtpStats, RemoteOutboundRtpStats } from '../../stats/index.ts';
import type { TransceiverView } from '../jsep/index.ts';
import type { MediaTransport } from './machine.ts';
import type { ReceiveStream } from './receive-stream.ts';
import type { Section } from './section.ts';
import type { SendStream } from './send-stream.ts';

/** What the entries about media are made of. */
export interface MediaStatsSources {
  readonly media: MediaTransport;
  readonly transceivers: readonly TransceiverView[];
  readonly transportId: string;
  /** Of the ids of streams: an SSRC may be there once in each transport. */
  readonly prefix: string;
}

/** The entries of a report that are about media (webrtc-stats 8); none without the interceptor that counts. */
export function mediaStats({ media, transceivers, transportId, prefix }: MediaStatsSources, now: Instant, environment: Environment): readonly MediaStats[] {
  const statistics = media.chain?.find(StreamStatistics);
  if (statistics === undefined) return [];
  const codecs = new Map<string, CodecStats>();
  const context: Context = { timestamp: now + environment.unixOffsetMs, unixOffsetMs: environment.unixOffsetMs, transportId, prefix, codecs };
  const entries: MediaStats[] = [];
  const pacer = media.chain?.find(Pacer);
  const jitter = media.chain?.find(JitterBuffers);
  for (const view of transceivers) {
    for (const stream of media.sendersOf(view.id)) {
      const snapshot = statistics.local(stream.ssrc);
      if (snapshot === undefined) continue;
      const rates = { targetBitrate: media.targetBps, totalPacketSendDelay: pacer && pacer.totalDelayMs(stream) / 1000 };
      entries.push(...outbound(context, view.id, media.sourceIds.get(view.id), stream, snapshot, rates));
    }
  }
  for (const stream of media.router.streams) {
    const snapshot = statistics.remote(stream.ssrc);
    if (snapshot !== undefined) entries.push(...inbound(context, media.trackIds.get(stream.transceiver) ?? '', stream, snapshot, jitter?.stats(stream)));
  }
  return [...codecs.values(), ...entries];
}

interface Context {
  readonly timestamp: number;
  readonly unixOffsetMs: number;
  readonly transportId: string;
  readonly prefix: string;
  readonly codecs: Map<string, CodecStats>;
}

function* outbound(
  context: Context,
  transceiver: number,
  trackIdentifier: string | undefined,
  stream: SendStream,
  { outbound: counts, remoteInbound }: LocalStreamStats,
  rates: { readonly targetBitrate: number | undefined; readonly totalPacketSendDelay: number | undefined },
): Generator<MediaStats> {
  const { timestamp, transportId, prefix } = context;
  const { ssrc, kind, mid, rid } = stream;
  const id = `${prefix}outbound-rtp-${ssrc}`;
  const remoteId = `${prefix}remote-inbound-rtp-${ssrc}`;
  const codecId = codecIdOf(context, stream.section, stream.codecs, counts.payloadType, 'send');
  const { payloadType: _, lastPacketSentAt: __, fecPacketsSent: ___, fecBytesSent: ____, ...known } = counts;
  const sourceId = trackIdentifier === undefined ? undefined : `media-source-${transceiver}`;
  const entry: OutboundRtpStats = {
    id,
    type: 'outbound-rtp',
    timestamp,
    ...present(known),
    ssrc,
    kind,
    transportId,
    ...present({ codecId, rid, mediaSourceId: sourceId, remoteId: remoteInbound && remoteId, ...rates }),
    mid,
    encodingIndex: stream.index,
    active: stream.isActive,
  };
  if (sourceId !== undefined && trackIdentifier !== undefined) yield { id: sourceId, type: 'media-source', timestamp, trackIdentifier, kind } satisfies MediaSourceStats;
  yield entry;
  if (remoteInbound === undefined) return;
  const { at, ...report } = remoteInbound;
  const remote: RemoteInboundRtpStats = { id: remoteId, type: 'remote-inbound-rtp', timestamp: at + context.unixOffsetMs, ...present(report), ssrc, kind, transportId, ...present({ codecId }), localId: id };
  yield remote;
}

function* inbound(
  context: Context,
  trackIdentifier: string,
  stream: ReceiveStream,
  { inbound: counts, remoteOutbound }: RemoteStreamStats,
  jitter: JitterBufferStats | undefined,
): Generator<MediaStats> {
  const { timestamp, transportId, prefix, unixOffsetMs } = context;
  const { ssrc, kind, mid } = stream;
  const id = `${prefix}inbound-rtp-${ssrc}`;
  const remoteId = `${prefix}remote-outbound-rtp-${ssrc}`;
  const codecId = codecIdOf(context, stream.section, stream.codecs, counts.payloadType, 'receive');
  const { payloadType: _, lastPacketReceivedAt, fecPacketsRecovered: __, ...known } = counts;
  const entry: InboundRtpStats = {
    id,
    type: 'inbound-rtp',
    timestamp,
    ...present(known),
    ssrc,
    kind,
    transportId,
    ...present({
      codecId,
      jitterBufferDelay: jitter?.jitterBufferDelay,
      jitterBufferTargetDelay: jitter?.jitterBufferTargetDelay,
      jitterBufferEmittedCount: jitter?.jitterBufferEmittedCount,
      remoteId: remoteOutbound && remoteId,
      lastPacketReceivedTimestamp: lastPacketReceivedAt === undefined ? undefined : lastPacketReceivedAt + unixOffsetMs,
    }),
    mid,
    trackIdentifier,
  };
  yield entry;
  if (remoteOutbound === undefined) return;
  const { at, rtpTimestamp: ___, ...report } = remoteOutbound;
  const remote: RemoteOutboundRtpStats = { id: remoteId, type: 'remote-outbound-rtp', timestamp: at + unixOffsetMs, ...present(report), ssrc, kind, transportId, ...present({ codecId }), localId: id };
  yield remote;
}

/** The entry of a codec, which is made once for each section and direction (webrtc-stats 8.1). */
function codecIdOf(context: Context, { mid }: Section, codecs: ReadonlyMap<number, RtpCodec>, payloadType: number | undefined, direction: 'send' | 'receive'): string | undefined {
  const codec = payloadType === undefined ? undefined : codecs.get(payloadType);
  if (codec === undefined) return undefined;
  const { timestamp, transportId } = context;
  const id = `codec-${direction}-${mid}-${codec.payloadType}`;
  const line = [...codec.parameters].map(([name, value]) => (name === '' ? value : value === '' ? name : `${name}=${value}`)).join(';');
  context.codecs.set(id, {
    id,
    type: 'codec',
    timestamp,
    transportId,
    payloadType: codec.payloadType,
    mimeType: `${codec.kind}/${codec.name}`,
    clockRate: codec.clockRateHz,
    ...(codec.channels !== undefined && { channels: codec.channels }),
    ...(line !== '' && { sdpFmtpLine: line }),
  });
  return id;
}

type Present<T> = { [Key in keyof T as undefined extends T[Key] ? never : Key]: T[Key] } & { [Key in keyof T as undefined extends T[Key] ? Key : never]?: Exclude<T[Key], undefined> };

/** Leaves out what is not known. */
function present<T extends object>(values: T): Present<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Present<T>;
}
