import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BundlePolicy } from '../../../src/peer/jsep/config.ts';
import { isRejected, midOf, parseSdp } from '../../../src/sdp/index.ts';
import { edit, hostCandidate, refuses } from '../../support/jsep.ts';
import { agreed, type Description, type Jsep, type JsepEffect, linesOf, makeMediaJsep, only, sectionOf } from '../../support/jsep-media.ts';

// Sections outside of the BUNDLE group of the first transport have transports of their own (RFC 9143 7).

function pair(bundlePolicy: BundlePolicy = 'balanced'): readonly [Jsep, Jsep] {
  return [makeMediaJsep('a', { bundlePolicy }), makeMediaJsep('b')];
}

const strip = (description: Description | null): Description => ({ ...(description as Description), sdp: (description?.sdp ?? '').replace(/a=group:BUNDLE[^\r\n]*\r\n/g, '') });

/** Credentials of its own in each section, as of a peer with an agent for each. */
function ownCredentials(description: Description): Description {
  const [session = '', ...media] = description.sdp.split(/(?=m=)/);
  return { ...description, sdp: [session, ...media.map((section, i) => section.replaceAll(/a=ice-(ufrag|pwd):(\S+)/g, `a=ice-$1:$2${i}`))].join('') };
}

/** What each transport is told, as in `1 gather`; the first has no number. */
function told(effects: readonly JsepEffect[]): readonly string[] {
  return effects.flatMap((effect) => (effect.type === 'branch' ? `${effect.id} ${effect.effect.type}` : effect.type.startsWith('transport-') || TRANSPORT.has(effect.type) ? effect.type : []));
}

const TRANSPORT = new Set(['gather', 'ice-restart', 'ice-rollback', 'remote-ice', 'remote-candidate', 'remote-end-of-candidates', 'transport']);

const shape = (description: Description | null): readonly string[] => parseSdp(description?.sdp ?? '').media.map((section) => `${midOf(section)} ${section.kind} ${isRejected(section) ? 'rejected' : 'accepted'}`);

/** An exchange on whose way the groups are lost. */
function exchange(one: Jsep, other: Jsep): { readonly offerer: readonly JsepEffect[]; readonly answerer: readonly JsepEffect[] } {
  const offerer = [...one.setLocalDescription().effects];
  const answerer = [...other.setRemoteDescription(strip(one.localDescription)).effects, ...other.setLocalDescription().effects];
  offerer.push(...one.setRemoteDescription(strip(other.localDescription)).effects);
  return { offerer, answerer };
}

function withEverything(jsep: Jsep): void {
  jsep.addTransceiver('audio');
  jsep.addTransceiver('video');
  jsep.addDataChannel();
}

test('an offer without a group is answered with a transport for each section', () => {
  const [a, b] = pair();
  withEverything(a);
  b.setRemoteDescription(strip(a.createOffer()));
  const { effects } = b.setLocalDescription();
  assert.deepEqual([shape(b.localDescription), linesOf(b.localDescription, 'a=group')], [['0 audio accepted', '1 video accepted', '2 application accepted'], []]);
  assert.deepEqual(told(effects), ['gather', '1 gather', '2 gather', 'transport', 'remote-ice', '1 transport', '1 remote-ice', '2 transport', '2 remote-ice']);
  assert.deepEqual(agreed(effects)?.map(({ mid, transport }) => [mid, transport]), [['0', 0], ['1', 1]]);
  assert.equal(only(effects, 'sctp')[0]?.transport, 2);
  assert.ok(only(effects, 'gather').every(({ controlling }) => !controlling));
});

test('balanced: one transport gathers for the offer, and the answer of a peer that does not bundle begins the others', () => {
  const [a, b] = pair();
  withEverything(a);
  assert.deepEqual(told(a.setLocalDescription().effects), ['gather']);
  b.setRemoteDescription(a.localDescription as Description);
  const { effects } = a.setRemoteDescription(strip(b.createAnswer()));
  assert.deepEqual(told(effects), ['transport', 'remote-ice', '1 gather', '1 transport', '1 remote-ice', '2 gather', '2 transport', '2 remote-ice']);
  assert.deepEqual(agreed(effects)?.map(({ mid, transport }) => [mid, transport]), [['0', 0], ['1', 1]]);
  assert.equal(only(effects, 'sctp')[0]?.transport, 2);
  assert.equal(a.negotiationNeeded, false);
});

test('max-compat: every section has candidates of its own from the offer on, and what is bundled lets its transport go (RFC 9429 4.1.1)', () => {
  const [a, b] = pair('max-compat');
  withEverything(a);
  assert.deepEqual(told(a.setLocalDescription().effects), ['gather', '1 gather', '2 gather']);
  assert.deepEqual([0, 1, 2].map((transport) => a.addLocalCandidate(hostCandidate(4000 + transport), transport)?.sdpMid), ['0', '1', '2']);
  assert.deepEqual([0, 1, 2].map((index) => sectionOf(a.localDescription, index).includes(` ${4000 + index} typ host`)), [true, true, true]);
  assert.deepEqual(linesOf(a.localDescription, 'a=group'), ['a=group:BUNDLE 0 1 2']);
  b.setRemoteDescription(a.localDescription as Description);
  b.setLocalDescription();
  assert.deepEqual(linesOf(b.localDescription, 'a=group'), ['a=group:BUNDLE 0 1 2']);
  assert.deepEqual(told(a.setRemoteDescription(b.localDescription as Description).effects), ['transport', 'remote-ice', '1 transport-closed', '2 transport-closed']);
  a.addTransceiver('video');
  assert.deepEqual(told(a.setLocalDescription().effects), ['1 gather', '2 gather', '3 gather'].slice(-1), 'what is bundled needs none; the new one may');
  assert.deepEqual(told(a.setLocalDescription({ type: 'rollback' }).effects), ['3 transport-closed']);
});

test('candidates and the end of gathering belong to the section of their transport, both ways (RFC 9429 4.1.20)', () => {
  const [a, b] = pair();
  withEverything(a);
  exchange(a, b);
  const signalled = a.addLocalCandidate(hostCandidate(4001), 1);
  assert.deepEqual([signalled?.sdpMid, signalled?.sdpMLineIndex], ['1', 1]);
  a.endOfLocalCandidates(undefined, 1);
  assert.equal(a.addLocalCandidate(hostCandidate(4002), 1), undefined, 'gathering is done there');
  assert.equal(a.addLocalCandidate(hostCandidate(4003), 2)?.sdpMid, '2');
  assert.deepEqual([0, 1, 2].map((index) => sectionOf(a.localDescription, index).includes('a=end-of-candidates')), [false, true, false]);
  assert.deepEqual(told(b.addIceCandidate(signalled ?? null).effects), ['1 remote-candidate']);
  assert.deepEqual(told(b.addIceCandidate(signalled ?? null).effects), [], 'once');
  assert.deepEqual(told(b.addIceCandidate({ candidate: '', sdpMid: '2' }).effects), ['2 remote-end-of-candidates']);
  assert.deepEqual(told(b.addIceCandidate(null).effects), ['remote-end-of-candidates', '1 remote-end-of-candidates']);
});

test('candidates that come between offer and answer go to the transport of their section', () => {
  const [a, b] = pair();
  withEverything(a);
  const offer = ownCredentials(strip(a.createOffer()));
  b.setRemoteDescription(offer);
  const candidate = 'candidate:1 1 udp 2130706431 192.0.2.7 5001 typ host';
  assert.deepEqual(b.addIceCandidate({ candidate, sdpMid: '1' }).effects, []);
  const { effects } = b.setLocalDescription();
  const remotes = effects.flatMap((effect) => (effect.type === 'branch' && effect.effect.type === 'remote-ice' ? [[effect.id, effect.effect.candidates.map(({ port }) => port)]] : []));
  assert.deepEqual(remotes, [[1, [5001]], [2, []]]);
});

test('a later offer keeps each section on its transport, and leaves those with one of their own out of the group (RFC 9429 5.2.2)', () => {
  const [a, b] = pair();
  withEverything(a);
  exchange(a, b);
  for (const jsep of [a, b]) assert.deepEqual(linesOf(jsep.createOffer(), 'a=group'), ['a=group:BUNDLE 0']);
  a.addTransceiver('video');
  const { offerer, answerer } = exchange(a, b);
  assert.deepEqual([told(offerer), told(answerer)], [['3 gather', '3 transport', '3 remote-ice'], ['3 gather', '3 transport', '3 remote-ice']]);
  assert.deepEqual(linesOf(a.localDescription, 'a=group'), ['a=group:BUNDLE 0 3'], 'the peer may have learnt to bundle');
});

test('a peer that bundles later is answered with what there is: the sections stay on their transports (RFC 9143 7.3.2)', () => {
  const [a, b] = pair();
  withEverything(a);
  exchange(a, b);
  b.setLocalDescription();
  const offer = ownCredentials(strip(b.localDescription));
  const grouped = { ...offer, sdp: offer.sdp.replace('t=0 0\r\n', 't=0 0\r\na=group:BUNDLE 0 1 2\r\n').replaceAll(/a=ice-(ufrag|pwd):(\S+)\d\r/g, 'a=ice-$1:$2\r') };
  assert.deepEqual(a.setRemoteDescription(grouped).effects.map(({ type }) => type), ['signaling-state']);
  assert.deepEqual(told(a.setLocalDescription().effects), []);
  assert.deepEqual([shape(a.localDescription), linesOf(a.localDescription, 'a=group')], [['0 audio accepted', '1 video accepted', '2 application accepted'], ['a=group:BUNDLE 0']]);
});

test('what cannot stay where it is, and cannot move, is refused, and nothing changes', () => {
  const [a, b] = pair();
  withEverything(a);
  exchange(a, b);
  const offer = strip(b.createOffer());
  const group = (mids: string, sdp: string): string => sdp.replace('t=0 0\r\n', `t=0 0\r\na=group:BUNDLE ${mids}\r\n`);
  const bundleOnly = group('0 1 2', offer.sdp).replace('m=video 9', 'm=video 0').replace('a=mid:1', 'a=mid:1\r\na=bundle-only');
  refuses(a, 'ERR_OPERATION', () => a.setRemoteDescription({ type: 'offer', sdp: bundleOnly }));
  const [session = '', audio = '', ...rest] = offer.sdp.split(/(?=m=)/);
  const oneRestarts = [session, audio.replaceAll(/a=ice-(ufrag|pwd):(\S+)/g, 'a=ice-$1:$2new'), ...rest].join('');
  refuses(a, 'ERR_OPERATION', () => a.setRemoteDescription({ type: 'offer', sdp: oneRestarts }));
});

test('a section that leaves its group has no other transport: it is rejected, and the tagged one goes on', () => {
  const [a, b] = pair();
  withEverything(a);
  a.setLocalDescription();
  b.setRemoteDescription(a.localDescription as Description);
  b.setLocalDescription();
  a.setRemoteDescription(b.localDescription as Description);
  a.setRemoteDescription(strip(b.createOffer()));
  assert.deepEqual(told(a.setLocalDescription().effects), []);
  assert.deepEqual(shape(a.localDescription), ['0 audio accepted', '1 video rejected', '2 application rejected']);
});

test('of several groups each is a transport, with its tag and its group in the answer (RFC 9143 7.3)', () => {
  const [a, b] = pair();
  for (const kind of ['audio', 'video', 'audio', 'video'] as const) a.addTransceiver(kind);
  b.setRemoteDescription(edit(a.createOffer(), ['a=group:BUNDLE 0 1 2 3\r\n', 'a=group:BUNDLE 0 1\r\na=group:BUNDLE 3 2\r\n']));
  const { effects } = b.setLocalDescription();
  assert.deepEqual(agreed(effects)?.map(({ transport }) => transport), [0, 0, 1, 1]);
  assert.deepEqual(linesOf(b.localDescription, 'a=group'), ['a=group:BUNDLE 0 1', 'a=group:BUNDLE 3 2']);
  assert.equal(b.addLocalCandidate(hostCandidate(4001), 1)?.sdpMid, '3');
  assert.deepEqual(linesOf(b.createOffer(), 'a=group'), ['a=group:BUNDLE 0 1', 'a=group:BUNDLE 3 2']);
});

test('ICE starts anew on all transports, and goes back on all of them', () => {
  const [a, b] = pair();
  withEverything(a);
  exchange(a, b);
  a.restartIce();
  assert.deepEqual(told(a.setLocalDescription().effects), ['ice-restart', '1 ice-restart', '2 ice-restart']);
  assert.deepEqual(told(a.setLocalDescription({ type: 'rollback' }).effects), ['ice-rollback', '1 ice-rollback', '2 ice-rollback']);
  const { offerer, answerer } = exchange(a, b);
  assert.deepEqual(told(offerer), ['ice-restart', '1 ice-restart', '2 ice-restart', 'remote-ice', '1 remote-ice', '2 remote-ice']);
  assert.deepEqual(told(answerer), ['ice-restart', '1 ice-restart', '2 ice-restart', 'remote-ice', '1 remote-ice', '2 remote-ice']);
  assert.equal(a.negotiationNeeded, false);
});

test('a transport ends with its last section, the first one too, and the others go on', () => {
  const [a, b] = pair();
  withEverything(a);
  exchange(a, b);
  a.stopTransceiver(1);
  assert.deepEqual(told(exchange(a, b).offerer), ['1 transport-closed']);
  a.stopTransceiver(0);
  const { offerer, answerer } = exchange(a, b);
  assert.deepEqual([told(offerer), told(answerer)], [['transport-closed'], ['transport-closed']]);
  assert.deepEqual(shape(a.localDescription), ['0 audio rejected', '1 video rejected', '2 application accepted']);
  a.addTransceiver('audio');
  const next = exchange(a, b);
  assert.deepEqual([told(next.offerer), told(next.answerer)], [['gather', 'transport', 'remote-ice'], ['gather', 'transport', 'remote-ice']]);
  assert.deepEqual([0, 2].map((transport) => a.addLocalCandidate(hostCandidate(4002), transport)?.sdpMid), ['3', '2']);
});

test('an offer that is answered after a rollback begins its transports once', () => {
  const [a, b] = pair();
  withEverything(a);
  const offer = strip(a.createOffer());
  b.setRemoteDescription(offer);
  b.createAnswer();
  b.setRemoteDescription({ type: 'rollback' });
  b.setRemoteDescription(offer);
  b.createAnswer();
  const { effects } = b.setLocalDescription({ type: 'pranswer' });
  assert.equal(told(effects).filter((what) => what.endsWith('gather')).length, 3);
  assert.deepEqual(told(b.setLocalDescription({ type: 'answer' }).effects), []);
});

test('A-SDP-06: an offer begins at most sixteen transports, and has the sections for more rejected', () => {
  const [a, b] = pair();
  for (let i = 0; i < 20; i++) a.addTransceiver('audio');
  b.setRemoteDescription(strip(a.createOffer()));
  const { effects } = b.setLocalDescription();
  assert.equal(told(effects).filter((what) => what.endsWith('gather')).length, 16);
  assert.equal(shape(b.localDescription).filter((section) => section.endsWith('accepted')).length, 16);
});

test('a lone section without credentials or fingerprint of its own is rejected', () => {
  const [a, b] = pair();
  withEverything(a);
  const [session = '', audio = '', video = '', data = ''] = strip(a.createOffer()).sdp.split(/(?=m=)/);
  b.setRemoteDescription({ type: 'offer', sdp: [session, audio, video.replace(/a=fingerprint[^\r]*\r\n/, ''), data.replaceAll(/a=ice-(ufrag|pwd)[^\r]*\r\n/g, '')].join('') });
  b.setLocalDescription();
  assert.deepEqual(shape(b.localDescription), ['0 audio accepted', '1 video rejected', '2 application rejected']);
});
