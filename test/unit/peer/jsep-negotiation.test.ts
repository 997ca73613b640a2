import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isRejected, midOf, parseSdp } from '../../../src/sdp/index.ts';
import { edit, refuses } from '../../support/jsep.ts';
import { agreed, audio, type Description, type Jsep, linesOf, makeMediaJsep, makeJsep, MEDIA, negotiate, only, sectionOf, video } from '../../support/jsep-media.ts';

function pair(): readonly [Jsep, Jsep] {
  return [makeMediaJsep('a'), makeMediaJsep('b')];
}

function state(jsep: Jsep): readonly string[] {
  return jsep.transceivers.map(({ id, kind, mid, direction, currentDirection }) => `${id} ${kind} ${mid} ${direction} ${currentDirection}`);
}

function shape(description: Description | null): readonly string[] {
  return parseSdp(description?.sdp ?? '').media.map((section) => `${midOf(section)} ${section.kind} ${isRejected(section) ? 'rejected' : section.port === 0 ? 'bundle-only' : 'accepted'}`);
}

// Rollback and glare

test('a rolled back offer leaves transceivers without sections, and what was wished for stays (RFC 9429 4.1.10.2)', () => {
  const [a, b] = pair();
  a.addTransceiver('audio', { direction: 'sendonly' });
  a.setLocalDescription();
  a.addTransceiver('video');
  assert.deepEqual(state(a), ['0 audio 0 sendonly null', '1 video null sendrecv null']);
  assert.deepEqual(a.setLocalDescription({ type: 'rollback' }).effects.map(({ type }) => type), ['ice-rollback', 'signaling-state']);
  assert.deepEqual(state(a), ['0 audio null sendonly null', '1 video null sendrecv null']);
  assert.equal(a.negotiationNeeded, true);
  negotiate(a, b);
  assert.equal(agreed(negotiate(a, b).offerer), undefined);
  assert.equal(a.transceivers.length, 2);
});

test('a rollback of a remote offer removes what only that made, keeps what addTrack used, and mutes (W3C 4.4.1.5)', () => {
  const [a, b] = pair();
  a.addTransceiver('audio');
  a.addTransceiver('video');
  a.addTransceiver('video', { direction: 'inactive' });
  a.setLocalDescription();
  b.setRemoteDescription(a.localDescription as Description);
  assert.deepEqual(state(b), ['0 audio 0 recvonly null', '1 video 1 recvonly null', '2 video 2 recvonly null']);
  b.addTrack('video', 'x', []);
  const { effects } = b.setRemoteDescription({ type: 'rollback' });
  assert.deepEqual(effects, [
    { type: 'transceiver-stopped', transceiver: 0 },
    { type: 'track-removed', transceiver: 1 },
    { type: 'transceiver-stopped', transceiver: 2 },
    { type: 'signaling-state', state: 'stable' },
  ]);
  assert.deepEqual(state(b), ['1 video null sendrecv null']);
  assert.equal(b.transceivers[0]?.createdByRemote, false);
  b.setRemoteDescription(a.localDescription as Description);
  assert.deepEqual(state(b), ['1 video 1 sendrecv null', '3 audio 0 recvonly null', '4 video 2 recvonly null']);
});

test('a rollback of a remote renegotiation restores what was announced', () => {
  const [a, b] = pair();
  const id = a.addTransceiver('audio', { trackId: 'one', streamIds: ['s'] });
  negotiate(a, b);
  a.setDirection(id, 'recvonly');
  a.setLocalDescription();
  assert.equal(only(b.setRemoteDescription(a.localDescription as Description).effects, 'track-removed').length, 1);
  assert.deepEqual(only(b.setLocalDescription({ type: 'rollback' }).effects, 'track'), [{ type: 'track', transceiver: 0, trackId: 'one', streamIds: ['s'], rids: [] }]);
  assert.deepEqual(state(b), ['0 audio 0 recvonly recvonly']);
});

test('a section that the peer rejected, rolled back and offers again is rejected: its transceiver has ended (RFC 9429 5.3.1)', () => {
  const [a, b] = pair();
  a.addTransceiver('audio');
  a.addTransceiver('video');
  negotiate(a, b);
  b.setRemoteDescription(edit(a.createOffer(), ['m=video 9', 'm=video 0'], ['BUNDLE 0 1', 'BUNDLE 0']));
  b.setRemoteDescription({ type: 'rollback' });
  assert.deepEqual(state(b), ['0 audio 0 recvonly recvonly', '1 video 1 stopped stopped']);
  assert.equal(b.negotiationNeeded, true);
  b.setRemoteDescription(a.createOffer());
  b.setLocalDescription();
  assert.deepEqual(shape(b.localDescription), ['0 audio accepted', '1 video rejected']);
  assert.deepEqual([state(b), b.negotiationNeeded], [['0 audio 0 recvonly recvonly'], false]);
});

test('an offer in the place of another keeps the transceivers that both have (W3C 4.3.1)', () => {
  const [a, b] = pair();
  a.addTransceiver('audio');
  const first = a.createOffer();
  a.addTransceiver('video');
  const second = a.createOffer();
  b.setRemoteDescription(first);
  assert.deepEqual(b.setRemoteDescription(second).effects.map(({ type }) => type), ['transceiver-added', 'track']);
  assert.deepEqual(b.setRemoteDescription(first).effects.map(({ type }) => type), ['transceiver-stopped']);
  assert.deepEqual(state(b), ['0 audio 0 recvonly null']);
});

test('what one pending offer made and the next one rejects has ended once', () => {
  const [a, b] = pair();
  a.addTransceiver('audio');
  const offer = a.createOffer();
  b.setRemoteDescription(offer);
  assert.deepEqual(b.setRemoteDescription(edit(offer, ['m=audio 9', 'm=audio 0'], ['a=group:BUNDLE 0\r\n', ''])).effects, [{ type: 'transceiver-stopped', transceiver: 0 }]);
  assert.deepEqual(b.setRemoteDescription({ type: 'rollback' }).effects, [{ type: 'signaling-state', state: 'stable' }]);
  assert.deepEqual(state(b), []);
});

test('an offer in the place of another may use a mid for another kind', () => {
  const [a, b, c] = [...pair(), makeMediaJsep('c')];
  a.addTransceiver('audio');
  c.addTransceiver('video');
  b.setRemoteDescription(a.createOffer());
  assert.deepEqual(b.setRemoteDescription(c.createOffer()).effects.map(({ type }) => type), ['transceiver-stopped', 'transceiver-added', 'track']);
  assert.deepEqual(state(b), ['1 video 0 recvonly null']);
  b.setLocalDescription();
  assert.deepEqual(state(b), ['1 video 0 recvonly recvonly']);
});

test('glare: our offer is rolled back, its transceivers take sections of the other and the rest waits (perfect negotiation)', () => {
  const [a, b] = pair();
  for (const jsep of [a, b]) {
    jsep.addTrack('audio', 'x', ['s']);
    jsep.addTransceiver('video', { direction: 'sendonly' });
    jsep.setLocalDescription();
  }
  const { effects } = b.setRemoteDescription(a.localDescription as Description);
  assert.deepEqual(effects.map(({ type }) => type), ['ice-rollback', 'track', 'transceiver-added', 'track', 'signaling-state']);
  assert.deepEqual(state(b), ['0 audio 0 sendrecv null', '1 video null sendonly null', '2 video 1 recvonly null']);
  b.setLocalDescription();
  a.setRemoteDescription(b.localDescription as Description);
  assert.deepEqual([a.negotiationNeeded, b.negotiationNeeded], [false, true]);
  negotiate(b, a);
  assert.deepEqual(state(a), ['0 audio 0 sendrecv sendrecv', '1 video 1 sendonly sendonly', '2 video 2 recvonly recvonly']);
  assert.deepEqual([a.negotiationNeeded, b.negotiationNeeded], [false, false]);
});

// Provisional answers and ends

test('a provisional answer agrees, a provisional no does not stop, and the final one tells only of changes (RFC 9429 4.1.10.1)', () => {
  const [a, b] = pair();
  a.addTransceiver('audio');
  a.addTransceiver('video');
  a.setLocalDescription();
  b.setRemoteDescription(a.localDescription as Description);
  const provisional = b.setLocalDescription({ type: 'pranswer' }).effects;
  assert.deepEqual(agreed(provisional)?.map(({ mid }) => mid), ['0', '1']);
  const no = edit(b.localDescription, ['m=video 9', 'm=video 0'], ['BUNDLE 0 1', 'BUNDLE 0']);
  assert.deepEqual(agreed(a.setRemoteDescription(no).effects)?.map(({ mid }) => mid), ['0']);
  assert.equal(a.transceivers.length, 2);
  b.setDirection(0, 'inactive');
  const final = b.setLocalDescription({ type: 'answer' }).effects;
  assert.deepEqual(final.map(({ type }) => type), ['media', 'track-removed', 'signaling-state']);
  assert.deepEqual(agreed(a.setRemoteDescription(b.localDescription as Description).effects)?.map(({ mid, direction }) => [mid, direction]), [['0', 'inactive'], ['1', 'sendonly']]);
});

test('a track that only the provisional answer does not receive is announced again with the final one', () => {
  const [a, b] = pair();
  a.addTransceiver('audio', { trackId: 'one', streamIds: ['s'] });
  a.setLocalDescription();
  b.setRemoteDescription(a.localDescription as Description);
  b.setDirection(0, 'inactive');
  assert.deepEqual(only(b.setLocalDescription({ type: 'pranswer' }).effects, 'track-removed').length, 1);
  b.setDirection(0, 'recvonly');
  assert.deepEqual(only(b.setLocalDescription({ type: 'answer' }).effects, 'track'), [{ type: 'track', transceiver: 0, trackId: 'one', streamIds: ['s'], rids: [] }]);
});

test('a transceiver that stops while an offer of the peer is open is answered inactive, and ends with an offer of ours (W3C 5.4)', () => {
  const [a, b] = pair();
  a.addTransceiver('audio');
  a.addTransceiver('video');
  a.setLocalDescription();
  b.setRemoteDescription(a.localDescription as Description);
  assert.deepEqual(b.stopTransceiver(1).effects, []);
  assert.deepEqual(agreed(b.setLocalDescription().effects)?.map(({ mid }) => mid), ['0']);
  assert.deepEqual(linesOf(b.localDescription, 'a=inactive').length, 1);
  assert.deepEqual(agreed(a.setRemoteDescription(b.localDescription as Description).effects)?.map(({ direction }) => direction), ['sendonly', 'inactive']);
  assert.equal(b.negotiationNeeded, true);
  const { offerer, answerer } = negotiate(b, a);
  assert.equal(only(offerer, 'transceiver-stopped').length, 1);
  assert.equal(only(answerer, 'transceiver-stopped').length, 1);
  assert.deepEqual([state(a), state(b)], [['0 audio 0 sendrecv sendonly'], ['0 audio 0 recvonly recvonly']]);
});

test('a transceiver that stops before it was offered never gets a section, and needs no negotiation', () => {
  const [a, b] = pair();
  a.addTransceiver('audio');
  const id = a.addTransceiver('video');
  a.stopTransceiver(id);
  assert.deepEqual(a.stopTransceiver(id).effects, []);
  const { offerer } = negotiate(a, b);
  assert.deepEqual(shape(a.localDescription), ['0 audio accepted']);
  assert.deepEqual(only(offerer, 'transceiver-stopped'), [{ type: 'transceiver-stopped', transceiver: id }]);
  assert.deepEqual([state(a), a.negotiationNeeded], [['0 audio 0 sendrecv sendonly'], false]);
});

test('when the last section goes, so does the transport, on both sides; a new one starts afresh', () => {
  const [a, b] = pair();
  const id = a.addTransceiver('audio');
  negotiate(a, b);
  a.stopTransceiver(id);
  const { offerer, answerer } = negotiate(a, b);
  assert.deepEqual(offerer.map(({ type }) => type), ['signaling-state', 'transport-closed', 'transceiver-stopped', 'signaling-state']);
  assert.deepEqual(answerer.map(({ type }) => type), ['media', 'transceiver-stopped', 'signaling-state', 'transport-closed', 'signaling-state']);
  b.addDataChannel();
  const again = negotiate(b, a);
  assert.deepEqual(shape(a.localDescription), ['0 audio rejected', '1 application accepted']);
  assert.equal(only(again.offerer, 'gather').length, 1);
  assert.equal(only(again.answerer, 'transport').length, 1);
});

test('data that is stopped leaves the transport to media, and the tag moves to what is left (RFC 9143 7.4)', () => {
  const [a, b] = pair();
  a.addDataChannel();
  negotiate(a, b);
  a.addTransceiver('audio');
  const added = negotiate(a, b);
  assert.deepEqual(linesOf(a.localDescription, 'a=group'), ['a=group:BUNDLE 0 1']);
  for (const effects of [added.offerer, added.answerer]) assert.ok(effects.every(({ type }) => type !== 'gather' && type !== 'transport' && type !== 'remote-ice'));
  const offer = edit(a.createOffer(), ['m=application 9', 'm=application 0'], ['BUNDLE 0 1', 'BUNDLE 1']);
  b.setRemoteDescription(offer);
  const { effects } = b.setLocalDescription();
  assert.deepEqual(effects, [{ type: 'transport-moved' }, { type: 'sctp-rejected' }, { type: 'signaling-state', state: 'stable' }]);
  assert.deepEqual([shape(b.localDescription), linesOf(b.localDescription, 'a=group')], [['0 application rejected', '1 audio accepted'], ['a=group:BUNDLE 1']]);
  const candidate = b.addLocalCandidate({ foundation: '1', component: 1, protocol: 'udp', priority: 1, address: '192.0.2.1', port: 4000, type: 'host' });
  assert.deepEqual([candidate?.sdpMid, candidate?.sdpMLineIndex], ['1', 1]);
});

test('a data section in the place of another is another association (RFC 8841 9)', () => {
  const [a, b] = pair();
  a.addTransceiver('audio');
  a.addDataChannel();
  negotiate(a, b);
  const { sdp } = a.createOffer();
  const data = sdp.slice(sdp.indexOf('m=application'));
  const offer = sdp.replace('m=application 9', 'm=application 0').replace('BUNDLE 0 1', 'BUNDLE 0 7') + data.replace('a=mid:1', 'a=mid:7');
  b.setRemoteDescription({ type: 'offer', sdp: offer });
  assert.deepEqual(b.setLocalDescription().effects.map(({ type }) => type), ['sctp-rejected', 'sctp', 'signaling-state']);
});

// BUNDLE

test('bundle policies: max-bundle offers all but the first section to be bundled or not at all (RFC 9143 6, RFC 9429 4.1.1)', () => {
  for (const [bundlePolicy, expected] of [['balanced', 'accepted'], ['max-compat', 'accepted'], ['max-bundle', 'bundle-only']] as const) {
    const [a, b] = [makeMediaJsep('a', { bundlePolicy }), makeMediaJsep('b')];
    a.addTransceiver('audio');
    a.addTransceiver('video');
    a.addDataChannel();
    negotiate(a, b);
    assert.deepEqual(shape(a.localDescription), ['0 audio accepted', `1 video ${expected}`, `2 application ${expected}`]);
    assert.deepEqual(shape(b.localDescription), ['0 audio accepted', '1 video accepted', '2 application accepted']);
    a.addTransceiver('video');
    a.setLocalDescription();
    assert.deepEqual(shape(a.localDescription), ['0 audio accepted', '1 video accepted', '2 application accepted', `3 video ${expected}`], 'what is bundled already is not marked again');
  }
});

test('max-bundle: a peer that does not bundle keeps one section, and hears in the next offer that the others are gone', () => {
  const [a, b] = [makeMediaJsep('a', { bundlePolicy: 'max-bundle' }), makeMediaJsep('b', { bundlePolicy: 'max-bundle' })];
  a.addTransceiver('audio');
  a.addTransceiver('video');
  a.addDataChannel();
  a.setLocalDescription();
  b.setRemoteDescription(a.localDescription as Description);
  const { effects } = a.setRemoteDescription(edit(b.createAnswer(), ['a=group:BUNDLE 0 1 2\r\n', '']));
  assert.deepEqual(effects.map(({ type }) => type), ['transport', 'remote-ice', 'sctp-rejected', 'media', 'transceiver-stopped', 'signaling-state']);
  assert.deepEqual(agreed(effects)?.map(({ mid }) => mid), ['0']);
  assert.deepEqual([state(a), a.negotiationNeeded], [['0 audio 0 sendrecv sendonly', '1 video 1 stopped stopped'], true]);
  a.setLocalDescription();
  assert.deepEqual(shape(a.localDescription), ['0 audio accepted', '1 video rejected', '2 application rejected']);
  b.setLocalDescription();
  b.setRemoteDescription(a.localDescription as Description);
  b.setLocalDescription();
  a.setRemoteDescription(edit(b.localDescription, ['a=group:BUNDLE 0\r\n', '']));
  assert.deepEqual([state(a), a.negotiationNeeded], [['0 audio 0 sendrecv sendonly'], false]);
});

test('max-bundle: an offer without a group is answered with one section', () => {
  const [a, b] = [makeMediaJsep('a'), makeMediaJsep('b', { bundlePolicy: 'max-bundle' })];
  a.addTransceiver('audio');
  a.addTransceiver('video');
  b.setRemoteDescription(edit(a.createOffer(), ['a=group:BUNDLE 0 1\r\n', '']));
  b.setLocalDescription();
  assert.deepEqual(shape(b.localDescription), ['0 audio accepted', '1 video rejected']);
  assert.deepEqual(linesOf(b.localDescription, 'a=group'), []);
});

test('max-bundle: data that a peer accepts outside of the group hears in the next offer that nothing comes of it', () => {
  const [a, b] = [makeMediaJsep('a', { bundlePolicy: 'max-bundle' }), makeMediaJsep('b')];
  a.addTransceiver('audio');
  a.addDataChannel();
  a.setLocalDescription();
  b.setRemoteDescription(a.localDescription as Description);
  a.setRemoteDescription(edit(b.createAnswer(), ['a=group:BUNDLE 0 1', 'a=group:BUNDLE 0']));
  assert.equal(a.negotiationNeeded, true);
  assert.deepEqual(shape(a.createOffer()), ['0 audio accepted', '1 application rejected']);
});

test('max-bundle: of several groups that of the transport in use counts', () => {
  const [a, b] = [makeMediaJsep('a'), makeMediaJsep('b', { bundlePolicy: 'max-bundle' })];
  a.addTransceiver('audio');
  negotiate(a, b);
  a.addTransceiver('video');
  a.addTransceiver('video');
  b.setRemoteDescription(edit(a.createOffer(), ['a=group:BUNDLE 0 1 2\r\n', 'a=group:BUNDLE 1\r\na=group:BUNDLE 0 2\r\n']));
  b.setLocalDescription();
  assert.deepEqual([shape(b.localDescription), linesOf(b.localDescription, 'a=group')], [['0 audio accepted', '1 video rejected', '2 video accepted'], ['a=group:BUNDLE 0 2']]);
});

test('when the answer rejects the section that had our candidates, the next of the group has them (RFC 9143 7.3.1)', () => {
  for (const type of ['answer', 'pranswer'] as const) {
    const [a, b] = [makeMediaJsep('a'), makeMediaJsep('b', { media: { ...MEDIA, codecs: MEDIA.codecs.filter(({ kind }) => kind === 'video') } })];
    a.addTransceiver('audio');
    a.addTransceiver('video');
    a.setLocalDescription();
    const candidate = (port: number): string | undefined => a.addLocalCandidate({ foundation: '1', component: 1, protocol: 'udp', priority: 1, address: '192.0.2.1', port, type: 'host' })?.sdpMid;
    assert.equal(candidate(4000), '0');
    b.setRemoteDescription(a.localDescription as Description);
    a.setRemoteDescription({ type, sdp: b.createAnswer().sdp });
    assert.equal(candidate(4001), '1');
    assert.deepEqual([0, 1].map((index) => sectionOf(a.localDescription, index).split('a=candidate').length - 1), [0, 2]);
  }
});

test('a dead section before the tag is not used again, since peers would take it for the tag (RFC 9143 7.4)', () => {
  const [a, b] = pair();
  a.addTransceiver('audio');
  a.addTransceiver('video');
  negotiate(a, b);
  b.setRemoteDescription(edit(a.createOffer(), ['m=audio 9', 'm=audio 0'], ['BUNDLE 0 1', 'BUNDLE 1']));
  b.setLocalDescription();
  b.addTransceiver('audio');
  b.setLocalDescription();
  assert.deepEqual([shape(b.localDescription), linesOf(b.localDescription, 'a=group')], [['0 audio rejected', '1 video accepted', '2 audio accepted'], ['a=group:BUNDLE 1 2']]);
});

test('when the tagged section is rejected, the transport is that of the next one (RFC 9143 7.3.1)', () => {
  const sdp = readFileSync(new URL('../../vectors/sdp/aiortc-offer.sdp', import.meta.url), 'utf8');
  const b = makeMediaJsep('b', { media: { ...MEDIA, codecs: MEDIA.codecs.filter(({ kind }) => kind === 'video') } });
  b.setRemoteDescription({ type: 'offer', sdp });
  const [ice] = only(b.setLocalDescription().effects, 'remote-ice');
  assert.equal(ice?.credentials.usernameFragment, 'znuC');
  assert.deepEqual(ice?.candidates.map(({ port }) => port), [51_224, 41_560]);
  assert.deepEqual(linesOf(b.localDescription, 'a=group'), ['a=group:BUNDLE 1 2']);
  // It may also be rejected late, by what the application prefers between offer and answer.
  const c = makeMediaJsep('c');
  c.setRemoteDescription({ type: 'offer', sdp });
  c.addIceCandidate({ candidate: 'candidate:1 1 udp 1 192.0.2.9 4009 typ host', sdpMid: '1' });
  c.setCodecPreferences(0, [audio(13, 'CN', 8000), audio(9, 'G722', 8000)]);
  const effects = c.setLocalDescription().effects;
  const [late] = only(effects, 'remote-ice');
  assert.deepEqual([late?.credentials.usernameFragment, late?.candidates.map(({ port }) => port)], ['znuC', [51_224, 41_560, 4009]]);
  assert.deepEqual(only(effects, 'transceiver-stopped').map(({ transceiver }) => transceiver), [0]);
  assert.equal(c.signalingState, 'stable');
});

// What is due, and older ways

test('negotiation is needed when wishes and descriptions differ (W3C 4.7.3)', () => {
  const [a, b] = pair();
  const due = (change: () => void): boolean => {
    change();
    return a.negotiationNeeded;
  };
  assert.equal(due(() => {}), false);
  const id = a.addTransceiver('audio', { streamIds: ['s'] });
  assert.equal(a.negotiationNeeded, true);
  negotiate(a, b);
  assert.equal(a.negotiationNeeded, false, 'we wish to send and receive, and the peer only receives');
  assert.equal(due(() => a.setTrack(id, 'x')), false);
  assert.equal(due(() => a.setTrack(id, undefined)), false);
  assert.equal(due(() => a.setDirection(id, 'sendonly')), false, 'it is so already');
  assert.equal(due(() => a.setDirection(id, 'recvonly')), true);
  assert.equal(due(() => a.setDirection(id, 'sendrecv')), false);
  assert.equal(due(() => a.setStreams(id, ['t'])), true);
  assert.equal(due(() => a.setStreams(id, ['s'])), false);
  assert.equal(due(() => a.setCodecPreferences(id, [audio(0, 'PCMU', 8000)])), false);
  assert.equal(b.negotiationNeeded, false);
  b.setDirection(0, 'sendrecv');
  assert.equal(b.negotiationNeeded, true, 'the answer said less than what is wished for now');
  negotiate(b, a);
  assert.deepEqual([a.transceivers[0]?.currentDirection, a.negotiationNeeded, b.negotiationNeeded], ['sendrecv', false, false]);
  a.addDataChannel();
  assert.equal(a.negotiationNeeded, true);
  negotiate(a, b);
  assert.equal(due(() => void a.stopTransceiver(id)), true);
});

test('offerToReceive adds a transceiver, takes receiving away, and no more (W3C 4.4.3)', () => {
  const [a] = pair();
  assert.deepEqual(shape(a.createOffer({ offerToReceiveAudio: true, offerToReceiveVideo: true })), ['0 audio accepted', '1 video accepted']);
  a.createOffer({ offerToReceiveAudio: true });
  assert.deepEqual(state(a), ['0 audio null recvonly null', '1 video null recvonly null']);
  a.setDirection(0, 'sendrecv');
  a.createOffer({ offerToReceiveAudio: false, offerToReceiveVideo: false });
  assert.deepEqual(state(a), ['0 audio null sendonly null', '1 video null inactive null']);
  const c = makeJsep('c');
  refuses(c, 'ERR_NOT_SUPPORTED', () => c.createOffer({ offerToReceiveAudio: true }));
});

test('streams and tracks of the peer by a=msid, by the older a=ssrc, with no stream, with none at all (RFC 8830)', () => {
  const heard = (change: (sdp: string) => string): readonly (readonly [string, readonly string[]])[] => {
    const [a, b] = pair();
    a.addTransceiver('audio', { trackId: 'track', streamIds: ['s'] });
    const offer = a.createOffer();
    return only(b.setRemoteDescription({ ...offer, sdp: change(offer.sdp) }).effects, 'track').map(({ trackId, streamIds }) => [trackId, streamIds]);
  };
  const without = (sdp: string): string => sdp.replace('a=msid:s track\r\n', '');
  assert.deepEqual(heard((sdp) => sdp), [['track', ['s']]]);
  assert.deepEqual(heard(without), [['track', ['s']]], 'from a=ssrc');
  assert.deepEqual(heard((sdp) => sdp.replace('a=msid:s track', 'a=msid:s track\r\na=msid:t track\r\na=msid:s track')), [['track', ['s', 't']]]);
  assert.deepEqual(heard((sdp) => sdp.replace('a=msid:s track', 'a=msid:- other')), [['other', []]]);
  const [[random, none] = ['', []]] = heard((sdp) => without(sdp).replaceAll(/a=ssrc.*\r\n/g, ''));
  assert.match(random, /^[0-9a-f]{32}$/);
  assert.deepEqual(none, []);
  const [[, long] = ['', []]] = heard((sdp) => sdp.replace('a=msid:s track', `a=msid:${'x'.repeat(300)} track`));
  assert.deepEqual(long, [], 'longer than any id');
});

// What is refused

test('RTCP without a port of its own is required: an offer without it is rejected, an answer refused (RFC 9429 5.3.1, 5.8)', () => {
  const [a, b] = pair();
  a.addTransceiver('audio');
  a.setLocalDescription();
  b.setRemoteDescription(edit(a.localDescription, ['a=rtcp-mux\r\na=rtcp-mux-only\r\n', '']));
  assert.deepEqual(shape(b.createAnswer()), ['0 audio rejected']);
  b.setRemoteDescription(a.localDescription as Description);
  refuses(a, 'ERR_INVALID_ACCESS', () => a.setRemoteDescription(edit(b.createAnswer(), ['a=rtcp-mux\r\n', ''])));
});

const BAD: readonly (readonly [what: string, changes: readonly (readonly [string, string])[]])[] = [
  ['another mid in the place of media', [['BUNDLE 0 1', 'BUNDLE x 1'], ['a=mid:0', 'a=mid:x']]],
  ['pictures in the place of sound', [['m=audio', 'm=video']]],
  ['data in the place of sound', [['m=audio 9 UDP/TLS/RTP/SAVPF', 'm=application 9 UDP/DTLS/SCTP']]],
  ['another protocol', [['m=audio 9 UDP/TLS/RTP/SAVPF', 'm=audio 9 RTP/AVP']]],
];

for (const [what, changes] of BAD) {
  test(`A-SDP-04 ${what} is refused in an answer and in a later offer, and changes nothing`, () => {
    const [a, b] = pair();
    a.addTransceiver('audio');
    a.addTransceiver('video');
    a.setLocalDescription();
    b.setRemoteDescription(a.localDescription as Description);
    const answer = b.createAnswer();
    const before = a.transceivers;
    refuses(a, 'ERR_INVALID_ACCESS', () => a.setRemoteDescription(edit(answer, ...changes)));
    assert.deepEqual(a.transceivers, before);
    b.setLocalDescription();
    a.setRemoteDescription(answer);
    const after = a.transceivers;
    refuses(a, 'ERR_INVALID_ACCESS', () => a.setRemoteDescription(edit(b.createOffer(), ...changes)));
    assert.deepEqual(a.transceivers, after);
    negotiate(b, a);
  });
}

test('A-SDP-02 codecs, feedback, sources and rids without number are read in linear time and bounded', () => {
  const offer = (n: number): Description => {
    const a = makeMediaJsep('a');
    a.addTransceiver('video');
    const { type, sdp } = a.createOffer();
    const lines = Array.from({ length: n }, (_, i) => `a=rtcp-fb:96 x${i}\r\na=fmtp:96 p${i}=1\r\na=ssrc:${i + 1} cname:x\r\na=ssrc-group:FID ${i + 1} ${i + n + 1}\r\na=rid:${i} send\r\n`).join('');
    return { type, sdp: sdp + lines };
  };
  const time = (n: number): number => {
    const description = offer(n);
    const b = makeMediaJsep('b');
    const start = process.cpuUsage();
    b.setRemoteDescription(description);
    const [received] = agreed(b.setLocalDescription().effects) ?? [];
    assert.ok((received?.sources.length ?? 0) <= 64);
    return process.cpuUsage(start).user / 1000;
  };
  time(200);
  const small = Math.min(time(900), time(900), time(900));
  const large = Math.min(time(3600), time(3600), time(3600));
  assert.ok(large < 50 + small * 12, `${small} ms, four times as much ${large} ms`);
});

test('A-JS-02 mids of media, rids and names of codecs stay plain text', () => {
  const [a, b] = [makeMediaJsep('a', { media: { codecs: video(96, 'VP8'), headerExtensions: [] } }), makeMediaJsep('b')];
  a.addTransceiver('video');
  const offer = edit(a.createOffer(), ['BUNDLE 0', 'BUNDLE __proto__'], ['a=mid:0', 'a=mid:__proto__'], ['a=rtpmap:96 VP8/90000', 'a=rtpmap:96 vp8/90000\r\na=fmtp:96 __proto__=polluted;constructor=1\r\na=rid:__proto__ send\r\na=simulcast:send __proto__']);
  b.setRemoteDescription(offer);
  const [received] = agreed(b.setLocalDescription().effects) ?? [];
  assert.deepEqual([received?.mid, received?.receiveEncodings.map(({ rid }) => rid)], ['__proto__', ['__proto__']]);
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  assert.ok(sectionOf(b.localDescription, 0).includes('a=mid:__proto__\r\n'));
});
