import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bundleGroupsOf, directionOf, isRejected, midOf, parseSdp } from '../../../src/sdp/index.ts';
import { edit, refuses } from '../../support/jsep.ts';
import { agreed, audio, type Description, type Jsep, linesOf, makeMediaJsep, MEDIA, negotiate, only, sectionOf } from '../../support/jsep-media.ts';

// The tagged section of a BUNDLE group stands for its transport, and outlives its transceiver while others of the group live.

function state(jsep: Jsep): readonly string[] {
  return jsep.transceivers.map(({ id, kind, mid, direction, currentDirection }) => `${id} ${kind} ${mid} ${direction} ${currentDirection}`);
}

/** The group, and what becomes of each section. */
function shape(description: Description | null): readonly string[] {
  const parsed = parseSdp(description?.sdp ?? '');
  const sections = parsed.media.map((section) => {
    const what = isRejected(section) ? 'rejected' : section.kind === 'application' ? 'data' : directionOf(parsed, section);
    return `${midOf(section)} ${what}`;
  });
  return [bundleGroupsOf(parsed).flat().join(' '), ...sections];
}

const NOTHING_OF_TRANSPORT = ['gather', 'transport', 'remote-ice', 'ice-restart', 'transport-closed', 'sctp', 'sctp-rejected'];

/** An exchange that leaves the transport and the association alone. */
function exchange(offerer: Jsep, answerer: Jsep): ReturnType<typeof negotiate> {
  const effects = negotiate(offerer, answerer);
  for (const side of [effects.offerer, effects.answerer]) assert.deepEqual(side.filter(({ type }) => NOTHING_OF_TRANSPORT.includes(type)), []);
  return effects;
}

/** Sound that the first one sends, then pictures and data: the tag is the section of sound, transceiver 0 of both. */
function call(direction: 'sendonly' | 'sendrecv' = 'sendonly'): readonly [Jsep, Jsep] {
  const [a, b] = [makeMediaJsep('a'), makeMediaJsep('b')];
  a.addTransceiver('audio', { direction, trackId: 'sound', streamIds: ['s'] });
  a.addTransceiver('video', { direction: 'sendonly', trackId: 'picture', streamIds: ['s'] });
  a.addDataChannel();
  a.setLocalDescription();
  b.setRemoteDescription(a.localDescription as Description);
  if (direction === 'sendrecv') {
    b.setDirection(0, 'sendrecv');
    b.setTrack(0, 'reply');
  }
  b.setLocalDescription();
  a.setRemoteDescription(b.localDescription as Description);
  return [a, b];
}

/** A call whose first transceiver the first one has stopped. */
function held(direction: 'sendonly' | 'sendrecv' = 'sendonly'): readonly [Jsep, Jsep] {
  const [a, b] = call(direction);
  a.stopTransceiver(0);
  exchange(a, b);
  return [a, b];
}

test('when the transceiver of the tagged section stops, the section stays inactive in the group, and the transceiver is gone (RFC 9143 7.4, W3C 5.4)', () => {
  const [a, b] = call();
  const { effects } = a.stopTransceiver(0);
  assert.deepEqual(agreed(effects)?.map(({ mid }) => mid), ['1'], 'nothing is sent or received from now on');
  assert.deepEqual(state(a)[0], '0 audio 0 stopped sendonly');
  assert.equal(a.negotiationNeeded, true);
  const { offerer, answerer } = exchange(a, b);
  assert.deepEqual(shape(a.localDescription), ['0 1 2', '0 inactive', '1 sendonly', '2 data']);
  assert.ok(sectionOf(a.localDescription, 0).startsWith('m=audio 9 '));
  assert.deepEqual(linesOf(a.localDescription, 'a=msid'), ['a=msid:s picture']);
  assert.deepEqual(only(offerer, 'transceiver-stopped'), [{ type: 'transceiver-stopped', transceiver: 0 }]);
  assert.deepEqual([state(a), a.negotiationNeeded, b.negotiationNeeded], [['1 video 1 sendonly sendonly'], false, false]);
  assert.deepEqual(only(answerer, 'track-removed'), [{ type: 'track-removed', transceiver: 0 }]);
  assert.deepEqual(state(b), ['0 audio 0 recvonly inactive', '1 video 1 recvonly recvonly']);
  exchange(a, b);
  assert.deepEqual(shape(a.localDescription), ['0 1 2', '0 inactive', '1 sendonly', '2 data']);
});

test('the side that answered may stop the tagged one as well', () => {
  const [a, b] = call('sendrecv');
  b.stopTransceiver(0);
  const { offerer, answerer } = exchange(b, a);
  assert.deepEqual(shape(b.localDescription), ['0 1 2', '0 inactive', '1 recvonly', '2 data']);
  assert.equal(only(offerer, 'transceiver-stopped').length, 1);
  assert.deepEqual(only(answerer, 'track-removed'), [{ type: 'track-removed', transceiver: 0 }]);
  assert.deepEqual([state(a)[0], state(b)], ['0 audio 0 sendrecv inactive', ['1 video 1 recvonly recvonly']]);
});

test('data alone keeps the section, and pictures alone do', () => {
  for (const what of ['data', 'pictures'] as const) {
    const [a, b] = [makeMediaJsep('a'), makeMediaJsep('b')];
    const first = a.addTransceiver('audio');
    if (what === 'data') a.addDataChannel();
    else a.addTransceiver('video');
    negotiate(a, b);
    a.stopTransceiver(first);
    exchange(a, b);
    assert.equal(shape(a.localDescription)[1], '0 inactive', what);
  }
});

test('what is new in the same offer keeps the section too, and gets one of its own: the end of the other must be seen', () => {
  const [a, b] = [makeMediaJsep('a'), makeMediaJsep('b')];
  const first = a.addTransceiver('audio', { trackId: 'one', streamIds: ['s'] });
  negotiate(a, b);
  a.stopTransceiver(first);
  a.addTransceiver('audio', { trackId: 'two', streamIds: ['s'] });
  const { answerer } = exchange(a, b);
  assert.deepEqual(shape(a.localDescription), ['0 1', '0 inactive', '1 sendrecv']);
  assert.deepEqual(only(answerer, 'track-removed').map(({ transceiver }) => transceiver), [0]);
  assert.deepEqual(only(answerer, 'track').map(({ transceiver, trackId }) => [transceiver, trackId]), [[1, 'two']]);
});

/** A call of audio, which holds the transport and has ended, and video. */
function heldAudioAndVideo(): readonly [Jsep, Jsep] {
  const [a, b] = [makeMediaJsep('a'), makeMediaJsep('b')];
  a.addTransceiver('audio');
  a.addTransceiver('video');
  negotiate(a, b);
  a.stopTransceiver(0);
  exchange(a, b);
  return [a, b];
}

test('the section is rejected together with the last of its group, and the transport goes', () => {
  const [a, b] = heldAudioAndVideo();
  a.stopTransceiver(1);
  const { offerer, answerer } = negotiate(a, b);
  assert.deepEqual(shape(a.localDescription), ['', '0 rejected', '1 rejected']);
  for (const effects of [offerer, answerer]) assert.equal(only(effects, 'transport-closed').length, 1);
  assert.deepEqual([state(a), state(b)], [[], []]);
  a.addTransceiver('audio');
  negotiate(a, b);
  assert.deepEqual(shape(a.localDescription), ['2', '2 sendrecv', '1 rejected']);
});

test('an answer lets the section go when the offer leaves nothing else', () => {
  const [a, b] = heldAudioAndVideo();
  b.stopTransceiver(1);
  const { answerer } = negotiate(b, a);
  assert.deepEqual(shape(a.localDescription), ['', '0 rejected', '1 rejected']);
  assert.equal(only(answerer, 'transport-closed').length, 1);
});

test('a section that is not the tag is rejected as before', () => {
  const [a, b] = call();
  a.stopTransceiver(1);
  exchange(a, b);
  assert.deepEqual(shape(a.localDescription), ['0 2', '0 sendonly', '1 rejected', '2 data']);
});

test('a new transceiver of the kind takes the section over, with its mid; the peer sees its own become active again', () => {
  const [a, b] = held();
  a.addTransceiver('video', { direction: 'sendonly', trackId: 'other', streamIds: ['s'] });
  const id = a.addTransceiver('audio', { direction: 'sendonly', trackId: 'new', streamIds: ['t'] });
  a.addTransceiver('audio', { direction: 'sendonly', trackId: 'more', streamIds: ['t'] });
  assert.equal(a.negotiationNeeded, true);
  assert.equal(a.createOffer().sdp, a.createOffer().sdp, 'the same offer twice');
  const { offerer, answerer } = exchange(a, b);
  assert.deepEqual(shape(a.localDescription), ['0 1 2 3 4', '0 sendonly', '1 sendonly', '2 data', '3 sendonly', '4 sendonly']);
  assert.deepEqual(agreed(offerer)?.map(({ mid, transceiver }) => [mid, transceiver]), [['0', id], ['1', 1], ['3', 2], ['4', 4]]);
  assert.deepEqual(only(answerer, 'track').map(({ transceiver, streamIds }) => [transceiver, streamIds]), [[0, ['t']], [2, ['s']], [3, ['t']]]);
  const [first] = agreed(answerer) ?? [];
  assert.deepEqual(first?.sources.map(({ ssrc }) => ssrc), agreed(offerer)?.[0]?.sendEncodings.map(({ ssrc }) => ssrc));
  assert.deepEqual([a.negotiationNeeded, b.negotiationNeeded], [false, false]);
  a.stopTransceiver(id);
  exchange(a, b);
  assert.equal(shape(a.localDescription)[1], '0 inactive');
});

test('a rollback gives back what was taken over, and it is taken again', () => {
  const [a, b] = held();
  const id = a.addTransceiver('audio', { direction: 'sendonly' });
  a.setLocalDescription();
  assert.equal(a.transceivers.at(-1)?.mid, '0');
  a.setLocalDescription({ type: 'rollback' });
  assert.equal(a.transceivers.at(-1)?.mid, null);
  a.setLocalDescription();
  a.stopTransceiver(id);
  a.addTransceiver('audio', { direction: 'sendonly' });
  a.setLocalDescription();
  assert.deepEqual(shape(a.localDescription), ['0 1 2 3', '0 inactive', '1 sendonly', '2 data', '3 sendonly'], 'one that stopped meanwhile leaves it to nobody');
  a.setLocalDescription({ type: 'rollback' });
  exchange(a, b);
  assert.deepEqual(shape(a.localDescription), ['0 1 2', '0 sendonly', '1 sendonly', '2 data']);
  assert.deepEqual(state(a), ['1 video 1 sendonly sendonly', '3 audio 0 sendonly sendonly']);
});

test('a rollback of the offer that ends the transceiver leaves the end due', () => {
  const [a, b] = call();
  a.stopTransceiver(0);
  a.setLocalDescription();
  a.setLocalDescription({ type: 'rollback' });
  assert.deepEqual([state(a)[0], a.negotiationNeeded], ['0 audio 0 stopped sendonly', true]);
  exchange(a, b);
  assert.deepEqual(state(a), ['1 video 1 sendonly sendonly']);
});

test('an offer of the peer has the section answered inactive, without a transceiver of ours', () => {
  const [a, b] = held();
  const { answerer } = exchange(b, a);
  assert.deepEqual(shape(b.localDescription), ['0 1 2', '0 recvonly', '1 recvonly', '2 data']);
  assert.deepEqual(shape(a.localDescription), ['0 1 2', '0 inactive', '1 sendonly', '2 data']);
  assert.deepEqual(answerer.map(({ type }) => type), ['signaling-state', 'signaling-state']);
  assert.deepEqual([state(a), a.negotiationNeeded, b.negotiationNeeded], [['1 video 1 sendonly sendonly'], false, false]);
  const added = a.addTransceiver('audio', { direction: 'sendonly' });
  exchange(a, b);
  assert.equal(a.transceivers.find(({ id }) => id === added)?.mid, '0', 'it is still to be had');
});

test('a peer that begins to send in the section gets a new transceiver of ours (RFC 9429 5.10), and a rollback takes that away', () => {
  const [a, b] = held();
  b.addTrack('audio', 'microphone', ['m']);
  assert.equal(b.transceivers.length, 2, 'addTrack uses the one that never sent');
  b.setLocalDescription();
  const { effects } = a.setRemoteDescription(b.localDescription as Description);
  assert.deepEqual(effects.map(({ type }) => type), ['transceiver-added', 'track', 'signaling-state']);
  assert.deepEqual(state(a).at(-1), '2 audio 0 recvonly null');
  a.setRemoteDescription({ type: 'rollback' });
  assert.deepEqual(state(a), ['1 video 1 sendonly sendonly']);
  b.setLocalDescription({ type: 'rollback' });
  exchange(b, a);
  assert.deepEqual(shape(a.localDescription), ['0 1 2', '0 recvonly', '1 sendonly', '2 data']);
  assert.deepEqual(state(a), ['1 video 1 sendonly sendonly', '3 audio 0 recvonly recvonly']);
});

test('what the peer was sending when it was stopped is not taken up again, until the peer has ceased to offer it', () => {
  const [a, b] = held('sendrecv');
  const { answerer } = exchange(b, a);
  assert.equal(shape(b.localDescription)[1], '0 sendrecv');
  assert.equal(shape(a.localDescription)[1], '0 inactive');
  assert.deepEqual(answerer.map(({ type }) => type), ['signaling-state', 'signaling-state']);
  a.addTrack('audio', 'new', ['t']);
  exchange(b, a);
  assert.equal(shape(a.localDescription)[1], '0 inactive', 'nor by a track that waits for a section');
  exchange(a, b);
  assert.deepEqual(shape(a.localDescription), ['0 1 2 3', '0 inactive', '1 sendonly', '2 data', '3 sendrecv']);
  b.setDirection(0, 'recvonly');
  exchange(b, a);
  b.setDirection(0, 'sendrecv');
  const { answerer: again } = exchange(b, a);
  assert.equal(only(again, 'track').length, 1);
  assert.equal(shape(a.localDescription)[1], '0 recvonly');
});

test('glare: a track of ours takes the section in the offer of the peer, where that wishes to receive; other transceivers take it with the next offer', () => {
  for (const isTrack of [true, false]) {
    const [a, b] = held();
    if (isTrack) a.addTrack('audio', 'new', ['t']);
    else a.addTransceiver('audio', { direction: 'sendonly', trackId: 'new' });
    a.setLocalDescription();
    b.addTransceiver('video', { direction: 'sendonly' });
    b.setLocalDescription();
    a.setRemoteDescription(b.localDescription as Description);
    assert.equal(a.transceivers.find(({ kind }) => kind === 'audio')?.mid, isTrack ? '0' : null);
    a.setLocalDescription();
    b.setRemoteDescription(a.localDescription as Description);
    assert.equal(shape(a.localDescription)[1], isTrack ? '0 sendonly' : '0 inactive');
    assert.equal(a.negotiationNeeded, !isTrack);
    if (!isTrack) exchange(a, b);
    assert.deepEqual(a.transceivers.filter(({ kind }) => kind === 'audio').map(({ mid, currentDirection }) => [mid, currentDirection]), [['0', 'sendonly']]);
    assert.equal(a.negotiationNeeded, false);
  }
});

test('glare at the other end: the offer of the peer goes, and ours with what took the section is answered', () => {
  const [a, b] = held();
  b.addTrack('audio', 'microphone', ['m']);
  b.setLocalDescription();
  a.addTransceiver('audio', { direction: 'sendonly', trackId: 'new' });
  exchange(a, b);
  assert.deepEqual([shape(a.localDescription)[1], b.negotiationNeeded], ['0 sendonly', false]);
  a.setDirection(2, 'sendrecv');
  exchange(a, b);
  assert.equal(shape(b.localDescription)[1], '0 sendrecv');
});

test('a transceiver that stops while an offer of the peer is open stays until an offer of ours (W3C 5.4), and then leaves the section', () => {
  const [a, b] = call();
  b.setLocalDescription();
  a.setRemoteDescription(b.localDescription as Description);
  a.stopTransceiver(0);
  a.setLocalDescription();
  b.setRemoteDescription(a.localDescription as Description);
  assert.deepEqual([shape(a.localDescription)[1], state(a)[0], a.negotiationNeeded], ['0 inactive', '0 audio 0 stopped inactive', true]);
  exchange(a, b);
  assert.deepEqual([state(a), a.negotiationNeeded], [['1 video 1 sendonly sendonly'], false]);
});

test('a provisional answer ends nothing, the final one does', () => {
  const [a, b] = call();
  a.stopTransceiver(0);
  a.setLocalDescription();
  b.setRemoteDescription(a.localDescription as Description);
  b.setLocalDescription({ type: 'pranswer' });
  assert.deepEqual(only(a.setRemoteDescription(b.localDescription as Description).effects, 'transceiver-stopped'), []);
  b.setLocalDescription({ type: 'answer' });
  assert.equal(only(a.setRemoteDescription(b.localDescription as Description).effects, 'transceiver-stopped').length, 1);
  assert.deepEqual(state(a), ['1 video 1 sendonly sendonly']);
});

test('a tagged section that the peer rejected, rolled back and offers again is answered inactive: only its transceiver has ended', () => {
  const [a, b] = call();
  b.setRemoteDescription(edit(a.createOffer(), ['m=audio 9', 'm=audio 0'], ['BUNDLE 0 1', 'BUNDLE 1']));
  b.setRemoteDescription({ type: 'rollback' });
  exchange(a, b);
  assert.deepEqual(shape(b.localDescription), ['0 1 2', '0 inactive', '1 recvonly', '2 data']);
  assert.deepEqual([state(b), b.negotiationNeeded], [['1 video 1 recvonly recvonly'], false]);
});

test('codecs that leave nothing in common end the transceiver, and not the tagged section', () => {
  const [a, b] = call();
  b.setCodecPreferences(0, [audio(13, 'CN', 8000), audio(9, 'G722', 8000)]);
  a.setCodecPreferences(0, MEDIA.codecs.filter(({ name }) => name === 'opus'));
  const { answerer } = exchange(a, b);
  assert.equal(only(answerer, 'transceiver-stopped').length, 1);
  assert.deepEqual(shape(b.localDescription), ['0 1 2', '0 inactive', '1 recvonly', '2 data']);
});

test('a peer that rejects the held section has the transport go on with the next one (RFC 9143 7.3.1)', () => {
  const [a, b] = held();
  a.setRemoteDescription(edit(b.createOffer(), ['m=audio 9', 'm=audio 0'], ['BUNDLE 0 1', 'BUNDLE 1']));
  a.setLocalDescription();
  assert.deepEqual(shape(a.localDescription), ['1 2', '0 rejected', '1 sendonly', '2 data']);
  a.addTransceiver('audio', { direction: 'sendonly' });
  assert.deepEqual(shape(a.createOffer()), ['1 2 3', '0 rejected', '1 sendonly', '2 data', '3 sendonly'], 'what is new does not come before the tag');
});

test('A-SDP-04 another mid or kind in the place of the held section is refused, and changes nothing', () => {
  const [a, b] = held();
  const offer = b.createOffer();
  refuses(a, 'ERR_INVALID_ACCESS', () => a.setRemoteDescription(edit(offer, ['BUNDLE 0 1', 'BUNDLE x 1'], ['a=mid:0', 'a=mid:x'])));
  refuses(a, 'ERR_INVALID_ACCESS', () => a.setRemoteDescription(edit(offer, ['m=audio', 'm=video'])));
  exchange(b, a);
});
