import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectionStateOf, jointDtlsState, jointGatheringState, jointIceState } from '../../../src/peer/states.ts';

test('the state of ICE over several transports: the worst that any has, or what all have (W3C WebRTC 4.3.4)', () => {
  assert.equal(jointIceState(['connected', 'failed', 'disconnected']), 'failed');
  assert.equal(jointIceState(['connected', 'disconnected', 'checking']), 'disconnected');
  assert.equal(jointIceState(['new', 'closed']), 'new');
  assert.equal(jointIceState(['new', 'connected']), 'checking');
  assert.equal(jointIceState(['checking', 'completed']), 'checking');
  assert.equal(jointIceState(['connected', 'completed', 'closed']), 'connected');
  assert.equal(jointIceState(['completed', 'closed', 'completed']), 'completed');
});

test('the state of a connection of several transports: connected when all of them are (W3C WebRTC 4.3.3)', () => {
  const joint = (...of: readonly (readonly [Parameters<typeof jointIceState>[0][number], Parameters<typeof jointDtlsState>[0][number]])[]): string =>
    connectionStateOf(jointIceState(of.map(([ice]) => ice)), jointDtlsState(of.map(([, dtls]) => dtls)));
  assert.equal(joint(['connected', 'connected'], ['completed', 'connected']), 'connected');
  assert.equal(joint(['connected', 'connected'], ['connected', 'connecting']), 'connecting');
  assert.equal(joint(['connected', 'connected'], ['new', 'new']), 'connecting');
  assert.equal(joint(['connected', 'connected'], ['connected', 'closed']), 'connected');
  assert.equal(joint(['connected', 'connected'], ['connected', 'failed']), 'failed');
  assert.equal(joint(['disconnected', 'connected'], ['connected', 'connected']), 'disconnected');
  assert.equal(joint(['new', 'new'], ['new', 'new']), 'new');
});

test('candidates are looked for as long as one transport looks for them (W3C WebRTC 4.3.2)', () => {
  assert.equal(jointGatheringState(['complete', 'gathering']), 'gathering');
  assert.equal(jointGatheringState(['complete', 'complete']), 'complete');
  assert.equal(jointGatheringState(['complete', 'new']), 'new');
  assert.equal(jointGatheringState([]), 'new');
});
