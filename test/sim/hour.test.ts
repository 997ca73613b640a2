import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TrackLocalStaticSample } from '../../src/api/index.ts';
import type { World } from '../../src/sim/index.ts';
import { type Connection, connectOver } from '../support/bulk.ts';

/** The part of an hour that is told: a twentieth, unless `--hours 1` asks for all of it. */
const HOURS = Number(process.env['SIM_HOURS'] ?? 0.05);
const DURATION_MS: number = HOURS * 3_600_000;
/** What an hour may take, in seconds of CPU, and what the beginning of a shorter one may take besides: code is cold then. */
const BAR_S = 10;
const START_S = 4;

/** What two peers do all the time: begins it, and returns what must hold at the end. */
type Activity = (connection: Connection) => Promise<() => void>;

/** Calls again and again, in the time of the world. */
function every(world: World, periodMs: number, act: (count: number) => void): void {
  let count = 0;
  const again = (): void => {
    act(count++);
    world.at(world.now + periodMs, again);
  };
  world.at(world.now + periodMs, again);
}

/** Chat both ways, and a file nearly every minute: what ends three minutes, half an hour or an hour is not one of them, which would arrive too late. */
const data: Activity = async ({ world, channel, incoming }) => {
  const got = { there: 0, back: 0, bytes: 0 };
  const sent = { there: 0, back: 0, bytes: 0 };
  const file = new Uint8Array(256 * 1024);
  incoming.handler = {
    onMessage: (message) => {
      if (typeof message === 'string') got.there++;
      else got.bytes += message.length;
    },
  };
  channel.handler = { onMessage: () => void got.back++ };
  every(world, 500, (count) => void (channel.trySend(`message ${count}`) && sent.there++));
  every(world, 700, (count) => void (incoming.trySend(`answer ${count}`) && sent.back++));
  every(world, 57_000, () => void (channel.trySend(file) && (sent.bytes += file.length)));
  return () => {
    assert.ok(sent.there > 7000 * HOURS && sent.back > 5000 * HOURS && sent.bytes > 12e6 * HOURS, JSON.stringify(sent));
    for (const what of ['there', 'back', 'bytes'] as const) assert.ok(got[what] >= sent[what] - (what === 'bytes' ? file.length : 2), `${what}: ${got[what]} of ${sent[what]}`);
  };
};

/** Sound at 50 packets a second, and pictures at five, one way. */
const media: Activity = async ({ world, a, b }) => {
  const received = { audio: 0, video: 0 };
  const sent = { audio: 0, video: 0 };
  const tracks = { audio: new TrackLocalStaticSample({ codec: 'audio/opus' }), video: new TrackLocalStaticSample({ codec: 'video/VP8' }) };
  const watching = (async (): Promise<void> => {
    for await (const event of b.events()) if (event.type === 'track') event.track.handler = { onRtp: () => void received[event.track.kind]++ };
  })();
  for (const track of Object.values(tracks)) a.addTrack(track);
  const negotiate = async (): Promise<void> => {
    await a.setLocalDescription();
    await b.setRemoteDescription(a.localDescription!);
    await b.setLocalDescription();
    await a.setRemoteDescription(b.localDescription!);
  };
  await world.until(negotiate());
  void watching;
  const [sound, picture] = [new Uint8Array(80).fill(0xfc), new Uint8Array(1000).fill(0x11)];
  picture.set([0x10, 0, 0, 0x9d, 0x01, 0x2a, 64, 0, 64, 0]); // RFC 6386 9.1
  every(world, 20, () => void (tracks.audio.writeSample({ data: sound, durationMs: 20 }) > 0 && sent.audio++));
  every(world, 200, () => void (tracks.video.writeSample({ data: picture, durationMs: 200 }) > 0 && sent.video++));
  return () => {
    assert.ok(sent.audio > 175_000 * HOURS && sent.video > 17_500 * HOURS, JSON.stringify(sent));
    for (const kind of ['audio', 'video'] as const) assert.ok(received[kind] > 0.95 * sent[kind], `${kind}: ${received[kind]} of ${sent[kind]}`);
  };
};

const ACTIVITIES: readonly Activity[] = [data, media];

test(`an hour of a session with data and media takes less than ${BAR_S} s`, async (t) => {
  const connection = await connectOver({ delayMs: 25, jitterMs: 5, loss: 0.01, rateBps: 10_000_000 }, 7);
  const { world, a, b } = connection;
  const checks: (() => void)[] = [];
  for (const begin of ACTIVITIES) checks.push(await begin(connection));
  const before = process.cpuUsage();
  const datagrams = world.trace.datagrams;
  world.runSync(world.now + DURATION_MS);
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  for (const check of checks) check();
  assert.deepEqual([a.connectionState, b.connectionState], ['connected', 'connected']);
  t.diagnostic(`${seconds.toFixed(2)} s of CPU for ${HOURS} h with ${world.trace.datagrams - datagrams} datagrams (bar ${BAR_S} s an hour)`);
  assert.ok(seconds < BAR_S * HOURS + (HOURS < 1 ? START_S : 0), `${seconds} s`);
});
