import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RtcError } from '../../../src/core/index.ts';
import { MAX_PENDING_CALLS } from '../../../src/pool/constants.ts';
import { PendingCalls } from '../../../src/pool/pending-calls.ts';

test('an answer goes to the call that it is for, as a value or as an error with its code', async () => {
  const calls = new PendingCalls();
  const asked: number[] = [];
  const results = [calls.run((call) => asked.push(call)), calls.run((call) => asked.push(call))];
  calls.settle({ type: 'reply', connection: 1, call: asked[1] as number, value: 'second', changes: {} });
  calls.settle({ type: 'reply', connection: 1, call: asked[0] as number, error: { code: 'ERR_SDP_SYNTAX', message: 'no', line: 3 }, changes: {} });
  calls.settle({ type: 'reply', connection: 1, call: 77, value: 'nobody asked', changes: {} });
  assert.equal(await results[1], 'second');
  await assert.rejects(results[0] as Promise<unknown>, { code: 'ERR_SDP_SYNTAX', message: 'no', line: 3 });
});

test('calls are bounded, but for the last one, and all are refused when the worker is gone', async () => {
  const calls = new PendingCalls();
  let asked = 0;
  const waiting = Array.from({ length: MAX_PENDING_CALLS }, () => calls.run(() => asked++));
  await assert.rejects(calls.run(() => asked++), { code: 'ERR_RESOURCE' });
  assert.equal(asked, MAX_PENDING_CALLS);
  waiting.push(calls.always(() => asked++));
  assert.equal(asked, MAX_PENDING_CALLS + 1);
  calls.rejectAll(new RtcError('ERR_NETWORK', 'gone'));
  const results = await Promise.allSettled(waiting);
  assert.ok(results.every((result) => result.status === 'rejected' && (result.reason as RtcError).code === 'ERR_NETWORK'));
});
