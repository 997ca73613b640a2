import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Description, edit, hostCandidate, type Jsep, makeJsep, negotiate, only, refuses } from '../../support/jsep.ts';

function connected(): { a: Jsep; b: Jsep } {
  const a = makeJsep('a');
  const b = makeJsep('b');
  a.addDataChannel();
  negotiate(a, b);
  return { a, b };
}

function line(jsep: Jsep, name: string): string | undefined {
  return jsep.localDescription?.sdp.split('\r\n').find((text) => text.startsWith(`a=${name}:`));
}

test('a renegotiation offers actpass, keeps roles and credentials and disturbs nothing (RFC 8842 5.5)', () => {
  const { a, b } = connected();
  for (const [offerer, answerer] of [[a, b], [b, a], [a, b]] as const) {
    const effects = negotiate(offerer, answerer);
    for (const list of [effects.offerer, effects.answerer]) assert.ok(list.every(({ type }) => type === 'signaling-state'));
    assert.equal(line(answerer, 'setup'), answerer === b ? 'a=setup:active' : 'a=setup:passive');
    assert.equal(line(offerer, 'setup'), 'a=setup:actpass');
    assert.equal(line(a, 'ice-ufrag'), 'a=ice-ufrag:aaaa0001');
    assert.equal(line(b, 'ice-ufrag'), 'a=ice-ufrag:bbbb0001');
  }
});

test('an answer that names the other DTLS role, as browsers give it after a rollback, keeps the session and its roles', () => {
  const { a, b } = connected();
  b.restartIce();
  b.setLocalDescription();
  a.setRemoteDescription(b.localDescription as Description);
  a.setLocalDescription();
  const answer = edit(a.localDescription as Description, ['a=setup:passive', 'a=setup:active']);
  const { effects } = b.setRemoteDescription(answer);
  assert.deepEqual(effects.map(({ type }) => type), ['remote-ice', 'signaling-state']);
  negotiate(a, b);
  assert.equal(line(b, 'setup'), 'a=setup:active');
});

test('an ICE restart gives both sides new generations and keeps DTLS, SCTP and the ICE roles (RFC 8445 9, RFC 8839 4.4.1.1.1)', () => {
  for (const restart of [(jsep: Jsep) => jsep.restartIce(), (jsep: Jsep) => void jsep.createOffer({ iceRestart: true })]) {
    const { a, b } = connected();
    restart(b);
    const effects = negotiate(b, a);
    assert.deepEqual(effects.offerer.map(({ type }) => type), ['ice-restart', 'signaling-state', 'remote-ice', 'signaling-state']);
    assert.deepEqual(effects.answerer.map(({ type }) => type), ['signaling-state', 'ice-restart', 'remote-ice', 'signaling-state']);
    assert.equal(only(effects.offerer, 'remote-ice')[0]?.restarted, true);
    assert.deepEqual([line(a, 'ice-ufrag'), line(b, 'ice-ufrag')], ['a=ice-ufrag:aaaa0002', 'a=ice-ufrag:bbbb0002']);
    assert.equal(b.negotiationNeeded, false);
  }
});

test('an ICE restart that is rolled back returns to the generation before, and the wish for it stays', () => {
  const { a, b } = connected();
  a.restartIce();
  a.setLocalDescription();
  assert.equal(line(a, 'ice-ufrag'), 'a=ice-ufrag:aaaa0002');
  const { effects } = a.setLocalDescription({ type: 'rollback' });
  assert.equal(only(effects, 'ice-rollback')[0]?.credentials?.usernameFragment, 'aaaa0001');
  assert.deepEqual([line(a, 'ice-ufrag'), a.negotiationNeeded], ['a=ice-ufrag:aaaa0001', true]);
  negotiate(b, a);
  assert.equal(a.negotiationNeeded, true);
  assert.equal(only(negotiate(a, b).offerer, 'ice-restart')[0]?.credentials.usernameFragment, 'aaaa0003');
  assert.equal(a.negotiationNeeded, false);
});

test('a second restart in have-local-offer replaces the pending generation (A-ICE-06: at most two are alive)', () => {
  const { a } = connected();
  for (let i = 0; i < 1000; i++) a.setLocalDescription(a.createOffer({ iceRestart: true }));
  const { effects } = a.setLocalDescription(a.createOffer({ iceRestart: true }));
  assert.deepEqual(effects.map(({ type }) => type), ['ice-rollback', 'ice-restart']);
  assert.ok(a.addLocalCandidate({ ...hostCandidate(1), usernameFragment: 'aaaa0001' }));
  assert.ok(a.addLocalCandidate({ ...hostCandidate(2), usernameFragment: 'aaaa1002' }));
  assert.equal(a.addLocalCandidate({ ...hostCandidate(3), usernameFragment: 'aaaa1001' }), undefined);
});

test('candidates go to the description of their own generation during a restart (RFC 8838 14)', () => {
  const { a, b } = connected();
  a.setLocalDescription(a.createOffer({ iceRestart: true }));
  b.setRemoteDescription(a.localDescription as Description);
  const old = a.addLocalCandidate({ ...hostCandidate(4001), usernameFragment: 'aaaa0001' });
  const fresh = a.addLocalCandidate(hostCandidate(4002));
  assert.ok(old && fresh);
  assert.deepEqual([old.usernameFragment, fresh.usernameFragment], ['aaaa0001', 'aaaa0002']);
  assert.ok(a.currentLocalDescription?.sdp.includes(old.candidate) && !a.currentLocalDescription.sdp.includes(fresh.candidate));
  assert.ok(a.pendingLocalDescription?.sdp.includes(fresh.candidate) && !a.pendingLocalDescription.sdp.includes(old.candidate));
  assert.deepEqual(only(b.addIceCandidate(old).effects, 'remote-candidate').map(({ candidate }) => candidate.port), [4001]);
  assert.deepEqual(b.addIceCandidate(fresh).effects, []);
  assert.deepEqual(only(b.setLocalDescription().effects, 'remote-ice')[0]?.candidates.map(({ port }) => port), [4002]);
  refuses(b, 'ERR_OPERATION', () => b.addIceCandidate(old));
});

test('candidates in a description and by trickle are handed over once', () => {
  const a = makeJsep('a');
  const b = makeJsep('b');
  a.addDataChannel();
  a.setLocalDescription();
  const candidate = a.addLocalCandidate(hostCandidate(4001));
  b.setRemoteDescription(a.localDescription as Description);
  assert.equal(only(b.setLocalDescription().effects, 'remote-ice')[0]?.candidates.length, 1);
  assert.deepEqual(b.addIceCandidate(candidate ?? null).effects, []);
  a.setRemoteDescription(b.localDescription as Description);
  a.addLocalCandidate(hostCandidate(4002));
  a.endOfLocalCandidates();
  const effects = negotiate(a, b).answerer;
  assert.deepEqual(only(effects, 'remote-candidate').map(({ candidate: { port, usernameFragment } }) => [port, usernameFragment]), [[4002, 'aaaa0001']]);
  assert.equal(only(effects, 'remote-end-of-candidates').length, 1);
});

test('addIceCandidate refuses what belongs to no section or generation (W3C WebRTC 4.4.1.7)', () => {
  const { a, b } = connected();
  const candidate = 'candidate:1 1 udp 1 192.0.2.1 4000 typ host';
  refuses(makeJsep('c'), 'ERR_INVALID_STATE', () => makeJsep('c').addIceCandidate({ candidate, sdpMid: '0' }));
  refuses(a, 'ERR_INVALID_ARGUMENT', () => a.addIceCandidate({ candidate }));
  refuses(a, 'ERR_INVALID_ARGUMENT', () => a.addIceCandidate({ candidate: 5 as unknown as string, sdpMid: '0' }));
  refuses(a, 'ERR_OPERATION', () => a.addIceCandidate({ candidate, sdpMid: '1' }));
  refuses(a, 'ERR_OPERATION', () => a.addIceCandidate({ candidate, sdpMid: '__proto__' }));
  refuses(a, 'ERR_OPERATION', () => a.addIceCandidate({ candidate, sdpMLineIndex: 1 }));
  refuses(a, 'ERR_OPERATION', () => a.addIceCandidate({ candidate, sdpMLineIndex: -1 }));
  refuses(a, 'ERR_OPERATION', () => a.addIceCandidate({ candidate, sdpMid: '0', usernameFragment: 'nope' }));
  refuses(a, 'ERR_OPERATION', () => a.addIceCandidate({ candidate: `${candidate} ufrag nope`, sdpMid: '0' }));
  refuses(a, 'ERR_SDP_SYNTAX', () => a.addIceCandidate({ candidate: 'candidate:1 1 udp', sdpMid: '0' }));
  assert.deepEqual(a.addIceCandidate({ candidate: candidate.replace('udp', 'sctp'), sdpMid: '0' }).effects, []);
  assert.equal(a.addIceCandidate({ candidate, sdpMLineIndex: 0 }).effects.length, 1);
  assert.ok(a.remoteDescription?.sdp.includes(`a=${candidate}\r\n`));
  assert.deepEqual(a.addIceCandidate({ candidate: '', sdpMid: '0', usernameFragment: 'bbbb0001' }).effects, [{ type: 'remote-end-of-candidates' }]);
  assert.deepEqual(a.addIceCandidate({}).effects, []);
  assert.equal(b.signalingState, 'stable');
});

test('A-ICE-01 no more than 100 remote candidates are kept, however they come', () => {
  const { a } = connected();
  let effects = 0;
  for (let port = 1; port <= 2000; port++) effects += a.addIceCandidate({ candidate: `candidate:1 1 udp 1 192.0.2.1 ${port} typ host`, sdpMid: '0' }).effects.length;
  assert.equal(effects, 100);
  const c = makeJsep('c');
  c.addDataChannel();
  const many = Array.from({ length: 2000 }, (_, i) => `a=candidate:1 1 udp 1 192.0.2.1 ${i + 1} typ host\r\n`).join('');
  const offer = c.createOffer();
  const d = makeJsep('d');
  d.setRemoteDescription({ type: 'offer', sdp: offer.sdp + many });
  assert.equal(only(d.setLocalDescription().effects, 'remote-ice')[0]?.candidates.length, 100);
});

test('a lite agent is always controlled (RFC 8445 6.1.1)', () => {
  const a = makeJsep('a');
  const b = makeJsep('b');
  a.addDataChannel();
  const offer = edit(a.createOffer(), ['a=ice-options', 'a=ice-lite\r\na=ice-options']);
  b.setRemoteDescription(offer);
  const effects = b.setLocalDescription().effects;
  assert.equal(only(effects, 'gather')[0]?.controlling, true);
  assert.equal(only(effects, 'transport')[0]?.iceControlling, true);
  assert.equal(only(effects, 'remote-ice')[0]?.lite, true);
});

test('a=setup decides the DTLS role (RFC 8842 5)', () => {
  const answers = [
    ['actpass', 'active', 'client'],
    ['active', 'passive', 'server'],
    ['passive', 'active', 'client'],
  ] as const;
  for (const [offered, answered, role] of answers) {
    const a = makeJsep('a');
    const b = makeJsep('b');
    a.addDataChannel();
    b.setRemoteDescription(edit(a.createOffer(), ['a=setup:actpass', `a=setup:${offered}`]));
    assert.equal(only(b.setLocalDescription().effects, 'transport')[0]?.dtlsRole, role);
    assert.equal(line(b, 'setup'), `a=setup:${answered}`);
  }
  const replies = [
    ['a=setup:active\r\n', 'server'],
    ['a=setup:passive\r\n', 'client'],
    ['', 'server'],
  ] as const;
  for (const [setup, role] of replies) {
    const a = makeJsep('a');
    const b = makeJsep('b');
    a.addDataChannel();
    a.setLocalDescription();
    b.setRemoteDescription(a.localDescription as Description);
    const effects = a.setRemoteDescription(edit(b.createAnswer(), ['a=setup:active\r\n', setup])).effects;
    assert.equal(only(effects, 'transport')[0]?.dtlsRole, role);
  }
});

test('whether the peer trickles is told once it has spoken (RFC 8840 4.1.3)', () => {
  const a = makeJsep('a');
  const b = makeJsep('b');
  a.addDataChannel();
  assert.equal(b.canTrickleIceCandidates, null);
  b.setRemoteDescription(a.createOffer());
  assert.equal(b.canTrickleIceCandidates, true);
  b.setRemoteDescription(edit(a.createOffer(), ['a=ice-options:trickle ice2', 'a=ice-options:ice2']));
  assert.equal(b.canTrickleIceCandidates, false);
});
