import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Description } from '../../../src/peer/jsep/index.ts';
import { hostCandidate, makeJsep, negotiate, only } from '../../support/jsep.ts';

test('two machines with a channel agree on roles, ports and credentials (RFC 9429 5)', () => {
  const a = makeJsep('a');
  const b = makeJsep('b');
  a.addDataChannel();
  assert.equal(a.negotiationNeeded, true);
  const effects = negotiate(a, b);
  assert.deepEqual(effects.offerer.map(({ type }) => type), ['gather', 'signaling-state', 'transport', 'remote-ice', 'sctp', 'signaling-state']);
  assert.deepEqual(effects.answerer.map(({ type }) => type), ['signaling-state', 'gather', 'transport', 'remote-ice', 'sctp', 'signaling-state']);
  const [offerer] = only(effects.offerer, 'transport');
  const [answerer] = only(effects.answerer, 'transport');
  assert.deepEqual([offerer?.dtlsRole, offerer?.iceControlling], ['server', true]);
  assert.deepEqual([answerer?.dtlsRole, answerer?.iceControlling], ['client', false]);
  assert.equal(only(effects.offerer, 'remote-ice')[0]?.credentials.usernameFragment, 'bbbb0001');
  assert.equal(only(effects.answerer, 'remote-ice')[0]?.credentials.usernameFragment, 'aaaa0001');
  assert.deepEqual(only(effects.offerer, 'sctp')[0], { type: 'sctp', localPort: 5000, remotePort: 5000, remoteMaxMessageSizeBytes: 262_144, transport: 0, inits: undefined });
  assert.deepEqual([a.signalingState, b.signalingState, a.negotiationNeeded], ['stable', 'stable', false]);
});

test('local candidates stand in the local description and reach the peer by trickle (RFC 8838)', () => {
  const a = makeJsep('a');
  const b = makeJsep('b');
  a.addDataChannel();
  a.setLocalDescription();
  b.setRemoteDescription(a.localDescription as Description);
  const first = a.addLocalCandidate(hostCandidate(4001));
  assert.ok(first);
  assert.equal(a.localDescription?.sdp.includes(`a=${first.candidate}\r\n`), true);
  assert.deepEqual(b.addIceCandidate(first).effects, []);
  const answered = b.setLocalDescription().effects;
  assert.deepEqual(only(answered, 'remote-ice')[0]?.candidates.map(({ port }) => port), [4001]);
  const second = a.addLocalCandidate(hostCandidate(4002));
  assert.deepEqual(only(b.addIceCandidate(second ?? null).effects, 'remote-candidate').map(({ candidate }) => candidate.port), [4002]);
  a.endOfLocalCandidates();
  assert.equal(a.localDescription?.sdp.endsWith('a=end-of-candidates\r\n'), true);
  assert.deepEqual(b.addIceCandidate(null).effects, [{ type: 'remote-end-of-candidates' }]);
});
