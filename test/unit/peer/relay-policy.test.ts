import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseIceServerUrl } from '../../../src/peer/index.ts';
import { PeerPair } from '../../support/peer-pair.ts';

test('A-ICE-01 the policy `relay` shows no address: no candidate, no request to a STUN server, no answer to a check (RFC 8828 3)', () => {
  const pair = new PeerPair(21, { iceTransportPolicy: 'relay', iceServers: [parseIceServerUrl('stun:198.51.100.1')] });
  pair.a.peer.openChannel({ label: 'x' }, pair.now);
  pair.negotiate();
  pair.run(10_000);
  for (const { peer, sent, events } of [pair.a, pair.b]) {
    assert.equal(peer.iceGatheringState, 'complete');
    assert.doesNotMatch(peer.localDescription!.sdp, /a=candidate/);
    assert.deepEqual(sent, []);
    assert.deepEqual(events.filter((event) => event.type === 'ice-candidate' && event.candidate !== null), []);
  }
});

test('the policy `all` asks the STUN server and offers the host candidate', () => {
  const pair = new PeerPair(22, { iceServers: [parseIceServerUrl('stun:198.51.100.1')] });
  pair.a.peer.openChannel({ label: 'x' }, pair.now);
  pair.a.peer.setLocalDescription(undefined, pair.now);
  pair.exchange();
  assert.ok(pair.a.sent.some(({ remote }) => remote.address === '198.51.100.1'));
  assert.match(pair.a.peer.localDescription!.sdp, /a=candidate:.* typ host/);
});
