import type { Deadline, Instant } from '../../src/core/index.ts';
import type { UdpSocket } from '../../src/runtime/runtime.ts';
import { CongestionControl, congestionControl, type EstimatorConfig } from '../../src/interceptor/gcc/index.ts';
import { ccfbReceiver } from '../../src/interceptor/ccfb/index.ts';
import { beltPacket, InterceptorChain, type InterceptorFactory, type LocalStream, OUTGOING_TAILROOM_BYTES, type RemoteStream, type StreamInfo } from '../../src/interceptor/index.ts';
import { pacer } from '../../src/interceptor/pacer/index.ts';
import { twccReceiver } from '../../src/interceptor/twcc/index.ts';
import { isRtcp, readRtcp } from '../../src/rtcp/index.ts';
import { decodeRtp, encodeRtp, type ExtensionElement, ExtensionMap, ExtensionUri, type RtpCodec } from '../../src/rtp/index.ts';
import { Chances, type Scheduled } from '../../src/runtime/virtual/index.ts';
import { createWorld, type Host, type LinkOptions, startReno, type RenoFlow, type World } from '../../src/sim/index.ts';

/** What SRTP adds (AES-GCM): here zeros, behind the packet. */
const TAG_BYTES = 16;
const PAYLOAD_BYTES = 1100;
const FRAME_MS = 1000 / 30;
const AUDIO_MS = 20;
const AUDIO_BYTES = 80;
/** On the path: headers, tag, IP and UDP included. */
const AUDIO_BPS: number = ((AUDIO_BYTES + 72) * 8000) / AUDIO_MS;
const SAMPLE_MS = 50;

/** One call in which a sends to b over a link that may change. */
export interface Scenario {
  readonly name: string;
  readonly rateBps: number;
  /** Both ways together. */
  readonly roundTripMs?: number;
  /** What waits at the link, as time at its rate. */
  readonly queueMs?: number;
  readonly link?: LinkOptions;
  /** Of feedback on its way back. */
  readonly feedbackLoss?: number;
  readonly steps?: readonly { readonly atMs: number; readonly rateBps: number }[];
  /** Nothing arrives, in either direction. */
  readonly outage?: { readonly fromMs: number; readonly forMs: number };
  readonly durationMs?: number;
  readonly audio?: boolean;
  /** When video begins; default at once. */
  readonly videoFromMs?: number;
  /** The most that the encoder makes of video. */
  readonly videoMaxBps?: number;
  /** When a TCP-like flow begins to share the link. */
  readonly renoFromMs?: number;
  /** Feedback of RFC 8888 instead of transport-wide. */
  readonly ccfb?: boolean;
  /** Whether the peer takes retransmissions, and so padding. Default true. */
  readonly rtx?: boolean;
  readonly estimator?: EstimatorConfig;
  readonly seed?: number;
}

export interface Sample {
  readonly at: Instant;
  readonly targetBps: number;
}

/** What one call did. */
export class CallResult {
  readonly scenario: Scenario;
  readonly samples: Sample[] = [];
  /** Bytes on the path that arrived in each sample's time. */
  readonly receivedBytes: number[] = [];
  /** Waits in the queue of the link and in the pacer, by packet, in ms. */
  readonly delaysMs: number[] = [];
  readonly delaysAt: Instant[] = [];
  sent = 0;
  received = 0;
  renoBytes = 0;
  paddingBytes = 0;

  constructor(scenario: Scenario) {
    this.scenario = scenario;
  }

  #between(fromMs: Instant, untilMs: Instant): readonly Sample[] {
    return this.samples.filter(({ at }) => at >= fromMs && at < untilMs);
  }

  highest(fromMs = 0, untilMs = Infinity): number {
    return Math.max(...this.#between(fromMs, untilMs).map(({ targetBps }) => targetBps));
  }

  lowest(fromMs = 0, untilMs = Infinity): number {
    return Math.min(...this.#between(fromMs, untilMs).map(({ targetBps }) => targetBps));
  }

  mean(fromMs = 0, untilMs = Infinity): number {
    const samples = this.#between(fromMs, untilMs);
    return samples.reduce((sum, { targetBps }) => sum + targetBps, 0) / samples.length;
  }

  at(ms: Instant): number {
    return this.samples.findLast(({ at }) => at <= ms)?.targetBps ?? NaN;
  }

  /** When the target was first at or above a rate; NaN when it never was. */
  reached(bps: number, fromMs = 0): Instant {
    return this.samples.find(({ at, targetBps }) => at >= fromMs && targetBps >= bps)?.at ?? NaN;
  }

  /** When the target was first at or below a rate. */
  fell(bps: number, fromMs = 0): Instant {
    return this.samples.find(({ at, targetBps }) => at >= fromMs && targetBps <= bps)?.at ?? NaN;
  }

  /** What arrived, in bits per second on the path. */
  goodput(fromMs = 0, untilMs = Infinity): number {
    let bytes = 0;
    let count = 0;
    this.samples.forEach(({ at }, i) => {
      if (at < fromMs || at >= untilMs) return;
      bytes += this.receivedBytes[i] ?? 0;
      count++;
    });
    return (bytes * 8000) / (count * SAMPLE_MS);
  }

  /** A quantile of the waits, from 0 to 1. */
  delay(quantile: number, fromMs = 0): number {
    const sorted = this.delaysMs.filter((_, i) => (this.delaysAt[i] ?? 0) >= fromMs).sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))] ?? NaN;
  }
}

/** A chain with its socket and clock. */
class End {
  readonly chain: InterceptorChain;
  readonly #world: World;
  #timer: Scheduled | undefined;
  #socket: UdpSocket | undefined;
  #remote: { address: string; port: number } | undefined;

  constructor(world: World, factories: readonly InterceptorFactory[], random: (into: Uint8Array) => void, rtcpSsrc: number) {
    this.#world = world;
    const environment = { random, crypto: undefined as never, unixOffsetMs: 1_700_000_000_000 };
    this.chain = new InterceptorChain(factories, { environment, rtcpSsrc, cname: `end-${rtcpSsrc}` }, world.now);
  }

  async bind(host: Host, onRtp: (bytes: Uint8Array) => void): Promise<void> {
    const handler = {
      onError: (): void => {},
      onClose: (): void => {},
      onDatagram: (bytes: Uint8Array): void => {
        const inner = bytes.subarray(0, bytes.length - TAG_BYTES);
        if (isRtcp(inner)) this.chain.handleRtcp(readRtcp(inner, this.chain.counters), this.#world.now);
        else onRtp(inner);
        this.flush();
      },
    };
    const local = { address: addressOf(host), port: 5000 };
    this.#socket = await this.#world.until(host.runtime.bindUdp({ local, handler }));
  }

  connect(host: Host): void {
    this.#remote = { address: addressOf(host), port: 5000 };
  }

  flush(): void {
    const { chain } = this;
    for (let deadline: Deadline | undefined = chain.pollTimeout(); ; deadline = chain.pollTimeout()) {
      for (let out = chain.pollWrite(); out !== undefined; out = chain.pollWrite()) {
        const bytes = 'rtcp' in out ? out.rtcp : out.bytes;
        this.#socket?.send(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length + TAG_BYTES), this.#remote as { address: string; port: number });
      }
      while (chain.pollEvent() !== undefined);
      while (chain.pollRtp() !== undefined);
      while (chain.pollRtcp() !== undefined);
      if (deadline === undefined || deadline.at > this.#world.now) {
        this.#timer?.cancel();
        this.#timer = deadline === undefined ? undefined : this.#world.virtual.clock.at(deadline.at, () => this.#expire());
        return;
      }
      chain.handleTimeout(this.#world.now);
    }
  }

  #expire(): void {
    this.#timer = undefined;
    this.chain.handleTimeout(this.#world.now);
    this.flush();
  }
}

function addressOf({ machine }: Host): string {
  return machine.interfaces.find((one) => !one.isLoopback)?.address ?? '';
}

const TRANSPORT_ID = 1;
const SEND_TIME_ID = 2;

/** A stream as both ends negotiated it. */
export function streamInfo(kind: 'audio' | 'video', ssrc: number, options: { ccfb?: boolean; rtx?: boolean; nack?: boolean } = {}): StreamInfo {
  const { ccfb = false, rtx = kind === 'video', nack = rtx } = options;
  const extensions = new ExtensionMap();
  if (!ccfb) extensions.set(TRANSPORT_ID, ExtensionUri.transportSequence);
  extensions.set(SEND_TIME_ID, ExtensionUri.absoluteSendTime);
  const feedback = [...(ccfb ? ['ack ccfb'] : ['transport-cc']), ...(nack ? ['nack'] : [])];
  const payloadType = kind === 'audio' ? 111 : 96;
  const media: RtpCodec = { kind, payloadType, name: kind === 'audio' ? 'opus' : 'VP8', clockRateHz: kind === 'audio' ? 48_000 : 90_000, parameters: new Map(), feedback };
  const repair: RtpCodec = { ...media, payloadType: 97, name: 'rtx', parameters: new Map([['apt', '96']]), feedback: [] };
  return {
    ssrc,
    kind,
    mid: kind,
    rid: undefined,
    codecs: new Map((rtx ? [media, repair] : [media]).map((codec) => [codec.payloadType, codec])),
    extensions,
    reducedSizeRtcp: true,
    rtxSsrc: rtx ? ssrc + 1 : undefined,
    fecSsrc: undefined,
  };
}

/** Elements to be stamped. */
export function stampElements({ extensions }: StreamInfo): ExtensionElement[] {
  const size = (uri: string): number => (uri === ExtensionUri.absoluteSendTime ? 3 : 2);
  return [...extensions.entries()].map(([id, uri]) => ({ id, value: new Uint8Array(size(uri)) }));
}

/** Runs a call in virtual time; the same scenario gives the same figures. `observe` is called with each sample. */
export async function runCall(scenario: Scenario, observe: (control: CongestionControl, now: Instant) => void = () => {}): Promise<CallResult> {
  const result = new CallResult(scenario);
  const { roundTripMs = 50, queueMs = 300, durationMs = 30_000, seed = 1, ccfb = false, rtx = true } = scenario;
  const chances = new Chances(seed, 'call');
  const world = createWorld({ seed, link: { delayMs: 0.01 } });
  const west = world.router('west');
  const east = world.router('east');
  const [a, b] = [world.host('a', { behind: west }), world.host('b', { behind: east })];
  const queueBytes = (rateBps: number): number => Math.round((rateBps * queueMs) / 8000);
  const delayMs = roundTripMs / 2;
  world.link(west, east, { delayMs, ...scenario.link, rateBps: scenario.rateBps, queueBytes: queueBytes(scenario.rateBps) }, 'forward');
  world.link(east, west, { delayMs, ...(scenario.feedbackLoss === undefined ? {} : { loss: scenario.feedbackLoss }) }, 'forward');
  for (const { atMs, rateBps } of scenario.steps ?? []) world.at(atMs, () => world.link(west, east, { rateBps, queueBytes: queueBytes(rateBps) }, 'forward'));

  if (scenario.outage !== undefined) world.outage(west, east, scenario.outage);

  const sender = new End(world, [congestionControl(scenario.estimator ?? {}), pacer()], chances.fill, 1);
  const receiver = new End(world, [ccfb ? ccfbReceiver() : twccReceiver()], chances.fill, 2);
  await sender.bind(a, () => {});
  const streams = new Map<number, RemoteStream>();
  await receiver.bind(b, (bytes) => {
    result.receivedBytes[result.samples.length] = (result.receivedBytes[result.samples.length] ?? 0) + bytes.length + TAG_BYTES + 28;
    const header = decodeRtp(bytes);
    const stream = streams.get(header.ssrc);
    if (stream === undefined) return;
    const role = header.payloadEnd > header.payloadStart ? 'media' : 'padding';
    if (role === 'media') {
      result.received++;
      result.delaysMs.push(world.now - new DataView(bytes.buffer, bytes.byteOffset + header.payloadStart).getFloat64(0) - delayMs);
      result.delaysAt.push(world.now);
    } else result.paddingBytes += bytes.length;
    receiver.chain.handleRtp(beltPacket(bytes, header, stream, role, world.now), world.now);
  });
  sender.connect(b);
  receiver.connect(a);

  const control = sender.chain.find(CongestionControl)!;
  const bind = (kind: 'audio' | 'video', ssrc: number): LocalStream => {
    const info = streamInfo(kind, ssrc, { ccfb, rtx: rtx && kind === 'video', nack: rtx && kind === 'video' });
    const remote: RemoteStream = { ...info, direction: 'remote' };
    streams.set(ssrc, remote);
    if (info.rtxSsrc !== undefined) streams.set(info.rtxSsrc, remote);
    receiver.chain.bindRemote(remote, world.now);
    const local: LocalStream = { ...info, direction: 'local' };
    sender.chain.bindLocal(local, world.now);
    return local;
  };
  const write = (stream: LocalStream, sequenceNumber: number, payloadBytes: number, marker: boolean): void => {
    const payload = new Uint8Array(Math.max(8, payloadBytes));
    new DataView(payload.buffer).setFloat64(0, world.now);
    const payloadType = stream.kind === 'audio' ? 111 : 96;
    const timestamp = Math.round(world.now * (stream.kind === 'audio' ? 48 : 90)) >>> 0;
    const init = { payloadType, sequenceNumber: sequenceNumber & 0xffff, timestamp, ssrc: stream.ssrc, marker, extensions: stampElements(stream), payload };
    const bytes = encodeRtp(init, { tailroomBytes: OUTGOING_TAILROOM_BYTES });
    result.sent++;
    sender.chain.writeRtp(beltPacket(bytes, decodeRtp(bytes), stream, 'media', world.now), world.now);
  };
  const every = (ms: number, from: Instant, act: () => void): void => {
    const next = (): void => {
      act();
      world.virtual.clock.at(world.now + ms, next);
    };
    world.virtual.clock.at(from, next);
  };
  if (scenario.audio === true) {
    const audio = bind('audio', 1000);
    let sequence = 0;
    every(AUDIO_MS, 1, () => {
      write(audio, sequence++, AUDIO_BYTES, false);
      sender.flush();
    });
  }
  const video = bind('video', 2000);
  let sequence = 0;
  every(FRAME_MS, scenario.videoFromMs ?? 2, () => {
    // An encoder that follows the target, with frames that vary by a fifth.
    const audioBps = scenario.audio === true ? AUDIO_BPS : 0;
    const rate = Math.min(Math.max(control.estimator.targetBps * 0.96 - audioBps, 20_000), scenario.videoMaxBps ?? Infinity);
    const frameBytes = ((rate * FRAME_MS) / 8000) * (0.8 + 0.4 * chances.next());
    const packets = Math.max(1, Math.ceil(frameBytes / PAYLOAD_BYTES));
    for (let i = 0; i < packets; i++) write(video, sequence++, Math.round(frameBytes / packets), i === packets - 1);
    sender.flush();
  });
  every(SAMPLE_MS, SAMPLE_MS, () => {
    result.samples.push({ at: world.now, targetBps: control.estimator.targetBps });
    observe(control, world.now);
  });
  let reno: RenoFlow | undefined;
  if (scenario.renoFromMs !== undefined) {
    const [from, to] = [world.host('tcp a', { behind: west }), world.host('tcp b', { behind: east })];
    world.runSync(scenario.renoFromMs);
    reno = await startReno(world, { from, to, mtuBytes: 1200 });
  }
  world.runSync(durationMs);
  result.renoBytes = reno?.deliveredBytes ?? 0;
  return result;
}

export const BAR_3_MEGABIT: Scenario = { name: '3 Mbit/s', rateBps: 3_000_000 };
export const BAR_STEP: Scenario = { name: '3 → 1 Mbit/s at 20 s', rateBps: 3_000_000, steps: [{ atMs: 20_000, rateBps: 1_000_000 }], durationMs: 40_000 };
export const BAR_LOSS: Scenario = { name: '3 Mbit/s, 10 % random loss', rateBps: 3_000_000, link: { loss: 0.1 }, durationMs: 40_000 };

export const SCENARIOS: readonly Scenario[] = [
  BAR_3_MEGABIT,
  BAR_STEP,
  BAR_LOSS,
  { name: '3 Mbit/s, RFC 8888 feedback', rateBps: 3_000_000, ccfb: true },
  { name: '3 Mbit/s, no padding for probes', rateBps: 3_000_000, rtx: false },
  { name: '300 kbit/s', rateBps: 300_000, audio: true },
  { name: '100 kbit/s', rateBps: 100_000, audio: true },
  { name: '30 Mbit/s', rateBps: 30_000_000 },
  { name: '1 → 3 Mbit/s at 15 s', rateBps: 1_000_000, steps: [{ atMs: 15_000, rateBps: 3_000_000 }], durationMs: 40_000 },
  { name: '3 Mbit/s beside a Reno flow from 10 s', rateBps: 3_000_000, queueMs: 100, renoFromMs: 10_000, durationMs: 60_000 },
  { name: '3 Mbit/s, round trip 200 ms', rateBps: 3_000_000, roundTripMs: 200 },
  { name: '3 Mbit/s, jitter 30 ms', rateBps: 3_000_000, link: { jitterMs: 30 } },
  { name: '3 Mbit/s, 2 s of queue', rateBps: 3_000_000, queueMs: 2000 },
  { name: '3 Mbit/s, 20 ms of queue', rateBps: 3_000_000, queueMs: 20 },
  { name: 'audio alone, video from 15 s', rateBps: 3_000_000, audio: true, videoFromMs: 15_000 },
  { name: '3 Mbit/s, 20 % of feedback lost', rateBps: 3_000_000, feedbackLoss: 0.2 },
  { name: '3 Mbit/s, nothing from 10 to 13 s', rateBps: 3_000_000, outage: { fromMs: 10_000, forMs: 3000 } },
];
