import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Description, edit, fingerprint, type Jsep, makeJsep, negotiate, refuses } from '../../support/jsep.ts';

/** An offer of ours is open, and the answer to it lies ready. */
function answerable(): { a: Jsep; answer: Description } {
  const a = makeJsep('a');
  const b = makeJsep('b');
  a.addDataChannel();
  a.setLocalDescription();
  b.setRemoteDescription(a.localDescription as Description);
  return { a, answer: b.createAnswer() };
}

const DATA = 'm=application 9 UDP/DTLS/SCTP webrtc-datachannel';
const PRINT = `a=fingerprint:sha-256 ${fingerprint('b').value}\r\n`;

const BAD_ANSWERS: readonly (readonly [what: string, code: string, change: (answer: Description) => Description])[] = [
  ['an extra section', 'ERR_INVALID_ACCESS', (answer) => ({ ...answer, sdp: `${answer.sdp}m=audio 0 UDP/TLS/RTP/SAVPF 0\r\na=mid:1\r\n` })],
  ['no section', 'ERR_INVALID_ACCESS', (answer) => edit({ ...answer, sdp: answer.sdp.slice(0, answer.sdp.indexOf('m=')) }, ['a=group:BUNDLE 0\r\n', ''])],
  ['another mid', 'ERR_INVALID_ACCESS', (answer) => edit(answer, ['a=group:BUNDLE 0', 'a=group:BUNDLE 1'], ['a=mid:0', 'a=mid:1'])],
  ['no mid', 'ERR_INVALID_ACCESS', (answer) => edit(answer, ['a=group:BUNDLE 0\r\n', ''], ['a=mid:0\r\n', ''])],
  ['another kind', 'ERR_INVALID_ACCESS', (answer) => edit(answer, [DATA, 'm=audio 9 UDP/TLS/RTP/SAVPF 0'])],
  ['another protocol', 'ERR_INVALID_ACCESS', (answer) => edit(answer, [DATA, 'm=application 9 UDP/BFCP *'])],
  ['the protocol of before RFC 8841', 'ERR_INVALID_ACCESS', (answer) => edit(answer, [DATA, 'm=application 9 DTLS/SCTP 5000'], ['a=sctp-port:5000', 'a=sctpmap:5000 webrtc-datachannel 1'])],
  ['setup:actpass', 'ERR_INVALID_ACCESS', (answer) => edit(answer, ['a=setup:active', 'a=setup:actpass'])],
  ['setup:holdconn', 'ERR_OPERATION', (answer) => edit(answer, ['a=setup:active', 'a=setup:holdconn'])],
  ['no fingerprint', 'ERR_INVALID_ACCESS', (answer) => edit(answer, [PRINT, ''])],
  ['a weak fingerprint only', 'ERR_INVALID_ACCESS', (answer) => edit(answer, [PRINT, `a=fingerprint:sha-1 ${Array.from({ length: 20 }, () => 'AA').join(':')}\r\n`])],
  ['no ICE credentials', 'ERR_INVALID_ACCESS', (answer) => edit(answer, ['a=ice-ufrag:bbbb0001\r\n', ''])],
  ['a short ufrag', 'ERR_SDP_SYNTAX', (answer) => edit(answer, ['a=ice-ufrag:bbbb0001', 'a=ice-ufrag:b'])],
  ['our own ICE credentials', 'ERR_INVALID_ACCESS', (answer) => edit(answer, ['bbbb0001\r\n', 'aaaa0001\r\n'], ['bbbb0001bbbb0001bbbb0001', 'aaaa0001aaaa0001aaaa0001'])],
  ['a BUNDLE group with a rejected section', 'ERR_INVALID_ACCESS', (answer) => edit(answer, ['m=application 9', 'm=application 0'])],
  ['a candidate that is none', 'ERR_SDP_SYNTAX', (answer) => ({ ...answer, sdp: `${answer.sdp}a=candidate:1 1 udp\r\n` })],
  ['a line that is none', 'ERR_SDP_SYNTAX', (answer) => ({ ...answer, sdp: `${answer.sdp}hello\r\n` })],
];

for (const [what, code, change] of BAD_ANSWERS) {
  test(`A-SDP-04 an answer with ${what} is ${code}, and the good one can still follow`, () => {
    const { a, answer } = answerable();
    refuses(a, code, () => a.setRemoteDescription(change(answer)));
    a.setRemoteDescription(answer);
    assert.equal(a.signalingState, 'stable');
  });
}

test('A-SDP-04 a section that was not offered cannot be accepted', () => {
  const a = makeJsep('a');
  const b = makeJsep('b');
  a.addDataChannel();
  b.setRemoteDescription({ type: 'offer', sdp: `${edit(a.createOffer(), ['a=mid:0', 'a=mid:9'], ['BUNDLE 0', 'BUNDLE 9']).sdp}m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:1\r\n` });
  b.setLocalDescription();
  b.setLocalDescription();
  const offer = b.localDescription?.sdp ?? '';
  assert.ok(offer.includes('m=audio 0 '));
  const answer = edit({ type: 'answer', sdp: offer }, ['bbbb0001\r\n', 'aaaa0001\r\n'], ['bbbb0001bbbb0001bbbb0001', 'aaaa0001aaaa0001aaaa0001'], ['actpass', 'passive'], [fingerprint('b').value, fingerprint('a').value]);
  refuses(b, 'ERR_INVALID_ACCESS', () => b.setRemoteDescription(edit(answer, ['m=audio 0', 'm=audio 9'])));
  refuses(b, 'ERR_INVALID_ACCESS', () => b.setRemoteDescription(edit(answer, ['a=group:BUNDLE 9', 'a=group:BUNDLE 9 1'])));
  b.setRemoteDescription(answer);
});

const BAD_OFFERS: readonly (readonly [what: string, code: string, change: (offer: Description) => Description])[] = [
  ['fewer sections', 'ERR_INVALID_ACCESS', (offer) => edit({ ...offer, sdp: offer.sdp.slice(0, offer.sdp.indexOf('m=')) }, ['a=group:BUNDLE 0\r\n', ''])],
  ['no mid', 'ERR_INVALID_ACCESS', (offer) => edit(offer, ['a=group:BUNDLE 0\r\n', ''], ['a=mid:0\r\n', ''])],
  ['another mid in the place of a live section', 'ERR_INVALID_ACCESS', (offer) => edit(offer, ['BUNDLE 0', 'BUNDLE 1'], ['a=mid:0', 'a=mid:1'])],
  ['another kind in the place of a live section', 'ERR_INVALID_ACCESS', (offer) => edit(offer, [DATA, 'm=audio 9 UDP/TLS/RTP/SAVPF 0'])],
  ['another fingerprint', 'ERR_OPERATION', (offer) => edit(offer, [fingerprint('a').value, fingerprint('c').value])],
  ['one fingerprint more', 'ERR_OPERATION', (offer) => edit(offer, ['a=setup', `a=fingerprint:sha-256 ${fingerprint('c').value}\r\na=setup`])],
  ['no fingerprint', 'ERR_INVALID_ACCESS', (offer) => edit(offer, [`a=fingerprint:sha-256 ${fingerprint('a').value}\r\n`, ''])],
  ['the other DTLS role', 'ERR_OPERATION', (offer) => edit(offer, ['a=setup:actpass', 'a=setup:active'])],
  ['another SCTP port', 'ERR_OPERATION', (offer) => edit(offer, ['a=sctp-port:5000', 'a=sctp-port:5001'])],
];

for (const [what, code, change] of BAD_OFFERS) {
  test(`A-SDP-04 a later offer with ${what} is ${code}, and the session goes on`, () => {
    const a = makeJsep('a');
    const b = makeJsep('b');
    a.addDataChannel();
    negotiate(a, b);
    refuses(b, code, () => b.setRemoteDescription(change(a.createOffer())));
    negotiate(a, b);
    assert.equal(b.signalingState, 'stable');
  });
}

test('A-SDP-04 an answer restarts ICE if and only if the offer did', () => {
  const a = makeJsep('a');
  const b = makeJsep('b');
  a.addDataChannel();
  negotiate(a, b);
  a.setLocalDescription();
  b.setRemoteDescription(a.localDescription as Description);
  const answer = b.createAnswer();
  refuses(a, 'ERR_INVALID_ACCESS', () => a.setRemoteDescription(edit(answer, ['a=ice-ufrag:bbbb0001', 'a=ice-ufrag:other'])));
  a.setLocalDescription(a.createOffer({ iceRestart: true }));
  refuses(a, 'ERR_INVALID_ACCESS', () => a.setRemoteDescription(answer));
});

test('A-SDP-04 one good fingerprint among unknown and weak ones will do, in any letter case', () => {
  const { a, answer } = answerable();
  const { value } = fingerprint('b');
  const several = `a=fingerprint:sha-1 ${Array.from({ length: 20 }, () => 'aa').join(':')}\r\na=fingerprint:new-hash AA\r\na=fingerprint:SHA-256 ${value.toLowerCase()}\r\n`;
  const { effects } = a.setRemoteDescription(edit(answer, [PRINT, several]));
  const transport = effects.find((effect) => effect.type === 'transport');
  assert.deepEqual(transport?.remoteFingerprints, [{ algorithm: 'sha-256', value }]);
});

test('A-SDP-05 a remote offer alone starts nothing: no gathering, no checks, no association', () => {
  const a = makeJsep('a');
  const b = makeJsep('b');
  a.addDataChannel();
  const offer = a.createOffer();
  assert.deepEqual(b.setRemoteDescription(offer).effects, [{ type: 'signaling-state', state: 'have-remote-offer' }]);
  assert.deepEqual(b.addIceCandidate({ candidate: 'candidate:1 1 udp 1 192.0.2.1 4000 typ host', sdpMid: '0' }).effects, []);
  assert.deepEqual(b.addIceCandidate(null).effects, []);
  assert.equal(b.localDescription, null);
});

test('A-SDP-05 media that the peer wants to receive are rejected, whatever direction it claims', () => {
  for (const direction of ['sendrecv', 'recvonly', 'sendonly']) {
    const a = makeJsep('a');
    const offer = `${makeJsep('c').createOffer().sdp}m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=${direction}\r\na=rtpmap:96 VP8/90000\r\n`;
    a.setRemoteDescription({ type: 'offer', sdp: offer });
    a.setLocalDescription();
    assert.ok(a.localDescription?.sdp.includes('m=video 0 '));
    assert.ok(a.localDescription?.sdp.includes('a=inactive'));
  }
});

test('A-JS-02 mids and attribute names of the peer stay plain text', () => {
  const a = makeJsep('a');
  const b = makeJsep('b');
  a.addDataChannel();
  b.setRemoteDescription(edit(a.createOffer(), ['BUNDLE 0', 'BUNDLE __proto__'], ['a=mid:0', 'a=mid:__proto__\r\na=constructor:polluted']));
  const { effects } = b.setLocalDescription();
  assert.ok(effects.length > 3);
  assert.ok(b.localDescription?.sdp.includes('a=mid:__proto__'));
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
});

test('A-SDP-02 an offer with 512 sections in one group is answered in linear time', () => {
  const mids = Array.from({ length: 512 }, (_, i) => `m${i}`);
  const head = makeJsep('c').createOffer().sdp;
  const media = mids.map((mid) => `m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:${mid}\r\na=bundle-only\r\n`).join('');
  const offer = head.replace('a=ice-options', `a=group:BUNDLE ${mids.slice(1).join(' ')}\r\n${`a=group:BUNDLE${' '.repeat(15_000)}\r\n`.repeat(50)}a=ice-options`) + media;
  const a = makeJsep('a');
  const start = performance.now();
  refuses(a, 'ERR_INVALID_ACCESS', () => a.setRemoteDescription({ type: 'offer', sdp: offer }));
  assert.ok(performance.now() - start < 1000);
});
