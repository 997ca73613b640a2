import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSession, type SessionResult } from '../support/session.ts';

const SEEDS = Number(process.env['SIM_SEEDS'] ?? 24);
const FIRST = Number(process.env['SIM_FIRST_SEED'] ?? 1);

test(`${SEEDS} seeds of ICE, DTLS and SCTP over paths with RTT to 1 s, loss to 30 %, reordering, duplication and corruption deliver 1 MiB exactly once and in order`, async (t) => {
  const failures: string[] = [];
  const results: SessionResult[] = [];
  let shown = Date.now();
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    try {
      results.push(await runSession(seed));
    } catch (error) {
      failures.push((error as Error).message);
    }
    if (Date.now() - shown > 5000) {
      shown = Date.now();
      t.diagnostic(`seed ${seed}: ${results.length} passed, ${failures.length} failed`);
    }
  }
  const connected = results.map(({ connectedMs }) => connectedMs).sort((x, y) => x - y);
  t.diagnostic(`connected after ${connected[connected.length >> 1]?.toFixed(0)} ms of the world (median), ${connected.at(-1)?.toFixed(0)} at most`);
  assert.deepEqual(failures, []);
});

test('the same seed gives the same packets at the same times, and another seed others', async (t) => {
  const first = await runSession(7);
  const again = await runSession(7);
  const other = await runSession(8);
  t.diagnostic(`seed 7: ${first.datagrams} datagrams, trace ${first.hash}; again ${again.hash}; seed 8: ${other.hash}`);
  assert.deepEqual(again, first);
  assert.notEqual(other.hash, first.hash);
});
