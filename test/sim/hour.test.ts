import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { World } from '../../src/sim/index.ts';
import { type Connection, connectOver } from '../support/bulk.ts';

const HOUR_MS = 3_600_000;
const BAR_S = 10;

/** What two peers do for an hour: begins it, and returns what must hold at the end. */
type Activity = (connection: Connection) => () => void;

/** Calls again and again, in the time of the world. */
function every(world: World, periodMs: number, act: (count: number) => void): void {
  let count = 0;
  const again = (): void => {
    act(count++);
    world.at(world.now + periodMs, again);
  };
  world.at(world.now + periodMs, again);
}

/** Chat both ways, and a file every minute. */
const data: Activity = ({ world, channel, incoming }) => {
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
  every(world, 60_000, () => void (channel.trySend(file) && (sent.bytes += file.length)));
  return () => {
    assert.ok(sent.there > 7000 && sent.back > 5000 && sent.bytes > 14e6, JSON.stringify(sent));
    for (const what of ['there', 'back', 'bytes'] as const) assert.ok(got[what] >= sent[what] - (what === 'bytes' ? file.length : 2), `${what}: ${got[what]} of ${sent[what]}`);
  };
};

const ACTIVITIES: readonly Activity[] = [data];

test(`an hour of a session takes less than ${BAR_S} s`, async (t) => {
  const connection = await connectOver({ delayMs: 25, jitterMs: 5, loss: 0.01, rateBps: 10_000_000 }, 7);
  const { world, a, b } = connection;
  const checks = ACTIVITIES.map((begin) => begin(connection));
  const before = process.cpuUsage();
  const datagrams = world.trace.datagrams;
  world.runSync(world.now + HOUR_MS);
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  for (const check of checks) check();
  assert.deepEqual([a.connectionState, b.connectionState], ['connected', 'connected']);
  t.diagnostic(`${seconds.toFixed(2)} s of CPU for ${world.trace.datagrams - datagrams} datagrams (bar ${BAR_S} s)`);
  assert.ok(seconds < BAR_S, `${seconds} s`);
});
