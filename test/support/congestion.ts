import type { Deadline, Instant } from '../../src/core/index.ts';
import type { UdpSocket } from '../../src/runtime/runtime.ts';
import { CongestionControl, congestionControl, type EstimatorConfig } from '../../src/interceptor/gcc/index.ts';
import { ccfbReceiver } from '../../src/interceptor/ccfb/index.ts';
import { beltPacket, InterceptorChain, type InterceptorFactory, type LocalStream, OUTGOING_TAILROOM_BYTES, type RemoteStream, type StreamInfo } from '../../src/interceptor/index.ts';
import { pacer } from '../../src/interceptor/pacer/index.ts';
import { PACKET_OVERHEAD_BYTES, twccReceiver } from '../../src/interceptor/twcc/index.ts';
import { isRtcp, readRtcp } from '../../src/rtcp/index.ts';
import { decodeRtp, encodeRtp, type ExtensionElement, ExtensionMap, ExtensionUri, type RtpCodec } from '../../src/rtp/index.ts';
import { Chances, type Scheduled } from '../../src/runtime/virtual/index.ts';
import { createWorld, type Host, type LinkOptions, type RenoFlow, type Router, startReno, type World } from '../../src/sim/index.ts';

/** What SRTP adds (AES-GCM): here zeros, behind the packet. */
const TAG_BYTES = 16;
const PAYLOAD_BYTES = 1100;
const FRAME_MS = 1000 / 30;
const AUDIO_MS = 20;
const AUDIO_BYTES = 80;
/** On the path: headers, tag, IP and UDP included. */
const AUDIO_BPS: number = ((AUDIO_BYTES + 72) * 8000) / AUDIO_MS;
/** Of the target, what the encoder makes media of: packets have headers. */
const MEDIA_SHARE = 0.96;
const LEAST_VIDEO_BPS = 20_000;
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
  /** Whether the sender has a pacer. Default true. */
  readonly paced?: boolean;
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
    receiverRoundTrip: true,
    rtxSsrc: rtx ? ssrc + 1 : undefined,
    fecSsrc: undefined,
  };
}

/** Elements to be stamped. */
export function stampElements({ extensions }: StreamInfo): ExtensionElement[] {
  const size = (uri: string): number => (uri === ExtensionUri.absoluteSendTime ? 3 : 2);
  return [...extensions.entries()].map(([id, uri]) => ({ id, value: new Uint8Array(size(uri)) }));
}

type Observe = (control: CongestionControl, now: Instant) => void;

/** The two ends of a call, the path between them, and what is sent over it. */
class Call {
  readonly result: CallResult;
  readonly #scenario: Scenario;
  readonly #world: World;
  readonly #chances: Chances;
  readonly #west: Router;
  readonly #east: Router;
  readonly #sender: End;
  readonly #receiver: End;
  readonly #control: CongestionControl;
  /** What the receiver gets, by SSRC. */
  readonly #remotes: Map<number, RemoteStream> = new Map();
  #sequence = 0;

  constructor(scenario: Scenario) {
    const { seed = 1, ccfb = false, paced = true, estimator = {} } = scenario;
    this.result = new CallResult(scenario);
    this.#scenario = scenario;
    this.#chances = new Chances(seed, 'call');
    this.#world = createWorld({ seed, link: { delayMs: 0.01 } });
    this.#west = this.#world.router('west');
    this.#east = this.#world.router('east');
    this.#sender = new End(this.#world, [congestionControl(estimator), ...(paced ? [pacer()] : [])], this.#chances.fill, 1);
    this.#receiver = new End(this.#world, [ccfb ? ccfbReceiver() : twccReceiver()], this.#chances.fill, 2);
    this.#control = this.#sender.chain.find(CongestionControl)!;
  }

  async run(observe: Observe): Promise<CallResult> {
    const { durationMs = 30_000, videoFromMs = 2 } = this.#scenario;
    this.#layPath();
    await this.#bind();
    if (this.#scenario.audio === true) this.#sendAudio();
    this.#sendVideo(videoFromMs);
    this.#every(SAMPLE_MS, SAMPLE_MS, () => {
      this.result.samples.push({ at: this.#world.now, targetBps: this.#control.estimator.targetBps });
      observe(this.#control, this.#world.now);
    });
    const reno = await this.#startReno();
    this.#world.runSync(durationMs);
    this.result.renoBytes = reno?.deliveredBytes ?? 0;
    return this.result;
  }

  get #delayMs(): number {
    return (this.#scenario.roundTripMs ?? 50) / 2;
  }

  #layPath(): void {
    const { queueMs = 300, rateBps, link, feedbackLoss: loss = 0, steps = [], outage } = this.#scenario;
    const [world, west, east, delayMs] = [this.#world, this.#west, this.#east, this.#delayMs];
    const setRate = (bps: number): void => world.link(west, east, { rateBps: bps, queueBytes: Math.round((bps * queueMs) / 8000) }, 'forward');
    world.link(west, east, { delayMs, ...link }, 'forward');
    world.link(east, west, { delayMs, loss }, 'forward');
    setRate(rateBps);
    for (const step of steps) world.at(step.atMs, () => setRate(step.rateBps));
    if (outage !== undefined) world.outage(west, east, outage);
  }

  async #bind(): Promise<void> {
    const [a, b] = [this.#world.host('a', { behind: this.#west }), this.#world.host('b', { behind: this.#east })];
    await this.#sender.bind(a, () => {});
    await this.#receiver.bind(b, (bytes) => this.#arrived(bytes));
    this.#sender.connect(b);
    this.#receiver.connect(a);
  }

  async #startReno(): Promise<RenoFlow | undefined> {
    const { renoFromMs } = this.#scenario;
    if (renoFromMs === undefined) return undefined;
    const [from, to] = [this.#world.host('tcp a', { behind: this.#west }), this.#world.host('tcp b', { behind: this.#east })];
    this.#world.runSync(renoFromMs);
    return startReno(this.#world, { from, to, mtuBytes: 1200 });
  }

  #arrived(bytes: Uint8Array): void {
    const { result } = this;
    const { now } = this.#world;
    const slot = result.samples.length;
    result.receivedBytes[slot] = (result.receivedBytes[slot] ?? 0) + bytes.length + PACKET_OVERHEAD_BYTES;
    const header = decodeRtp(bytes);
    const stream = this.#remotes.get(header.ssrc);
    if (stream === undefined) return;
    const isMedia = header.payloadEnd > header.payloadStart;
    if (isMedia) {
      result.received++;
      result.delaysMs.push(now - new DataView(bytes.buffer, bytes.byteOffset + header.payloadStart).getFloat64(0) - this.#delayMs);
      result.delaysAt.push(now);
    }
    this.#receiver.chain.handleRtp(beltPacket(bytes, header, stream, isMedia ? 'media' : 'padding', now), now);
  }

  #stream(kind: 'audio' | 'video', ssrc: number): LocalStream {
    const { ccfb = false, rtx = true } = this.#scenario;
    const info = streamInfo(kind, ssrc, { ccfb, rtx: rtx && kind === 'video' });
    const remote: RemoteStream = { ...info, direction: 'remote' };
    this.#remotes.set(ssrc, remote);
    if (info.rtxSsrc !== undefined) this.#remotes.set(info.rtxSsrc, remote);
    this.#receiver.chain.bindRemote(remote, this.#world.now);
    const local: LocalStream = { ...info, direction: 'local' };
    this.#sender.chain.bindLocal(local, this.#world.now);
    return local;
  }

  #sendAudio(): void {
    const stream = this.#stream('audio', 1000);
    this.#every(AUDIO_MS, 1, () => {
      this.#write(stream, AUDIO_BYTES, false);
      this.#sender.flush();
    });
  }

  /** An encoder that follows the target, with frames that vary by a fifth. */
  #sendVideo(fromMs: Instant): void {
    const stream = this.#stream('video', 2000);
    const { audio = false, videoMaxBps = Infinity } = this.#scenario;
    this.#every(FRAME_MS, fromMs, () => {
      const free = this.#control.estimator.targetBps * MEDIA_SHARE - (audio ? AUDIO_BPS : 0);
      const rate = Math.min(Math.max(free, LEAST_VIDEO_BPS), videoMaxBps);
      const frameBytes = ((rate * FRAME_MS) / 8000) * (0.8 + 0.4 * this.#chances.next());
      const packets = Math.max(1, Math.ceil(frameBytes / PAYLOAD_BYTES));
      for (let i = 0; i < packets; i++) this.#write(stream, Math.round(frameBytes / packets), i === packets - 1);
      this.#sender.flush();
    });
  }

  /** A packet that bears the time when it was made. */
  #write(stream: LocalStream, payloadBytes: number, marker: boolean): void {
    const { now } = this.#world;
    const payload = new Uint8Array(Math.max(8, payloadBytes));
    new DataView(payload.buffer).setFloat64(0, now);
    const [payloadType = 0] = stream.codecs.keys();
    const timestamp = Math.round(now * (stream.kind === 'audio' ? 48 : 90)) >>> 0;
    const init = { payloadType, sequenceNumber: this.#sequence++ & 0xffff, timestamp, ssrc: stream.ssrc, marker, extensions: stampElements(stream), payload };
    const bytes = encodeRtp(init, { tailroomBytes: OUTGOING_TAILROOM_BYTES });
    this.result.sent++;
    this.#sender.chain.writeRtp(beltPacket(bytes, decodeRtp(bytes), stream, 'media', now), now);
  }

  #every(ms: number, from: Instant, act: () => void): void {
    const next = (): void => {
      act();
      this.#world.virtual.clock.at(this.#world.now + ms, next);
    };
    this.#world.virtual.clock.at(from, next);
  }
}

/** Runs a call in virtual time; the same scenario gives the same figures. `observe` is called with each sample. */
export function runCall(scenario: Scenario, observe: Observe = () => {}): Promise<CallResult> {
  return new Call(scenario).run(observe);
}
