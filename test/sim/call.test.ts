import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPeerConnection, type DataChannel, type PeerConnection, TrackLocalStaticRtp, type TrackEvent } from '../../src/api/index.ts';
import { encodeRtp } from '../../src/rtp/index.ts';
import { createWorld, type World } from '../../src/sim/index.ts';
import { negotiateIn } from '../support/world.ts';

const SEED = Number(process.env['SIM_FIRST_SEED'] ?? 1);
const MINUTE_MS = 60_000;
const RIDS = ['low', 'mid', 'high'];
/** Each stream wraps after two minutes at most, and SRTP rolls over with it (RFC 3711 3.3.1). */
const FIRST_SEQUENCE = 65_000;

/** A stream as it is written: a packet, or several of one frame, every so often. */
class Source {
  readonly track: TrackLocalStaticRtp;
  readonly payload: Uint8Array;
  readonly everyMs: number;
  readonly packetsPerFrame: number;
  readonly ticks: number;
  #sequenceNumber = FIRST_SEQUENCE;
  #timestamp = 0xffff_0000;
  #nextAt = 0;
  sent = 0;

  constructor(codec: string, everyMs: number, packetsPerFrame: number, bytes: number) {
    this.track = new TrackLocalStaticRtp({ codec });
    this.payload = new Uint8Array(bytes).fill(codec === 'video/VP8' ? 0x10 : 0xfc);
    this.everyMs = everyMs;
    this.packetsPerFrame = packetsPerFrame;
    this.ticks = (everyMs * (codec === 'video/VP8' ? 90_000 : 48_000)) / 1000;
  }

  tick(now: number): void {
    if (now < this.#nextAt) return;
    this.#nextAt = Math.max(this.#nextAt + this.everyMs, now);
    for (let i = 0; i < this.packetsPerFrame; i++) {
      const init = { payloadType: 0, sequenceNumber: this.#sequenceNumber, timestamp: this.#timestamp, ssrc: 1, marker: i === this.packetsPerFrame - 1, payload: this.payload };
      this.sent += this.track.writeRtp(encodeRtp(init));
      this.#sequenceNumber = (this.#sequenceNumber + 1) & 0xffff;
    }
    this.#timestamp = (this.#timestamp + this.ticks) >>> 0;
  }
}

/** What came of a stream: packets in all, and those that are missing for good. */
class Sink {
  received = 0;
  #highest = -1;
  readonly #seen: Uint8Array = new Uint8Array(65_536);
  wraps = 0;

  take(sequenceNumber: number): void {
    if (this.#seen[sequenceNumber] === this.wraps + 1) return;
    this.received++;
    if (this.#highest >= 0 && sequenceNumber < this.#highest && this.#highest - sequenceNumber > 32_768) this.wraps++;
    this.#seen[sequenceNumber] = this.wraps + 1;
    if (((sequenceNumber - this.#highest) & 0xffff) < 32_768) this.#highest = sequenceNumber;
  }
}

async function connect(world: World, a: PeerConnection, b: PeerConnection): Promise<void> {
  await negotiateIn(world, a, b);
  await world.run(() => a.connectionState === 'connected' && b.connectionState === 'connected', world.now + MINUTE_MS);
}

/** Bytes in use after everything unreachable is gone. */
function memory(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

test(`seed ${SEED}: ten minutes of audio, three layers of video and data, with 1 % lost, wrap every stream and leave memory as it was`, async (t) => {
  assert.ok(globalThis.gc, 'run with --expose-gc');
  const world = createWorld({ seed: SEED, link: { delayMs: 20, jitterMs: 2, loss: 0.01 } });
  const sinks = new Map<string, Sink>();
  const onTrack = ({ track }: TrackEvent): void => {
    const sink = new Sink();
    sinks.set(track.rid ?? track.kind, sink);
    track.handler = { onRtp: ({ header }) => sink.take(header.sequenceNumber) };
  };
  let incoming: DataChannel | undefined;
  const [a, b] = await world.until(
    Promise.all([
      createPeerConnection({ runtime: world.host('a').runtime }),
      createPeerConnection({ runtime: world.host('b').runtime, handler: { onTrack, onDataChannel: (channel) => void (incoming = channel) } }),
    ]),
  );
  const sources = new Map<string, Source>([['audio', new Source('audio/opus', 60, 1, 240)], ...RIDS.map((rid, i) => [rid, new Source('video/VP8', 200, i + 1, 300 * (i + 1))] as const)]);
  a.addTrack(sources.get('audio')!.track);
  const { sender } = a.addTransceiverFromKind('video', { direction: 'sendonly', sendEncodings: RIDS.map((rid) => ({ rid })) });
  for (const rid of RIDS) await sender.replaceTrack(sources.get(rid)!.track, rid);
  const channel = a.createDataChannel('data');
  await connect(world, a, b);
  await world.run(() => incoming !== undefined && channel.readyState === 'open', world.now + MINUTE_MS);
  let messages = 0;
  incoming!.handler = { onMessage: () => void messages++ };

  let asked = 0;
  const until = (end: number): void => {
    while (world.now < end) {
      if (channel.trySend('tick')) asked++;
      for (const end = world.now + 200; world.now < end; world.virtual.runSync(world.now + 20)) for (const source of sources.values()) source.tick(world.now);
    }
  };
  const start = world.now;
  until(start + 4 * MINUTE_MS); // by then the code is compiled
  const before = memory();
  const levels: number[] = [];
  for (let minute = 5; minute <= 10; minute++) {
    until(start + minute * MINUTE_MS);
    levels.push(memory() - before);
  }
  world.virtual.runSync(world.now + 2000);
  t.diagnostic(`memory against that after four minutes, in KiB, minute by minute: ${levels.map((bytes) => Math.round(bytes / 1024)).join(' ')}`);
  for (const [name, source] of sources) {
    const sink = sinks.get(name)!;
    t.diagnostic(`${name}: ${sink.received} of ${source.sent} packets, ${sink.wraps} wraps`);
    assert.ok(sink.wraps >= 1, `${name} wrapped`);
    assert.ok(sink.received <= source.sent, `${name}: nothing comes twice`);
    // Audio is not repeated: nobody negotiated that. Video is.
    assert.ok(sink.received >= source.sent * (name === 'audio' ? 0.98 : 0.9999), `${name}: ${sink.received} of ${source.sent}`);
  }
  assert.equal(messages, asked);
  assert.ok(Math.max(...levels.map(Math.abs)) <= 1024 * 1024, `memory moved by ${Math.max(...levels.map(Math.abs))} bytes`);
  await world.until(Promise.all([a.close(), b.close()]));
});
