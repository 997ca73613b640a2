import assert from 'node:assert/strict';
import { test } from 'node:test';
import { edit, refuses } from '../../support/jsep.ts';
import { agreed, type Description, type Jsep, linesOf, makeMediaJsep, negotiate, only, video } from '../../support/jsep-media.ts';

const LAYERS = [{ rid: 'h' }, { rid: 'm' }, { rid: 'l', active: false }] as const;

function offering(): { a: Jsep; b: Jsep; id: number } {
  const [a, b] = [makeMediaJsep('a'), makeMediaJsep('b')];
  const id = a.addTransceiver('video', { trackId: 'camera', streamIds: ['s'], encodings: LAYERS });
  return { a, b, id };
}

function simulcast(description: Description | null): readonly string[] {
  return [...linesOf(description, 'a=rid:'), ...linesOf(description, 'a=simulcast:')];
}

test('three encodings are offered with their rids and no sources, and the answer takes them (RFC 8853 5.3, RFC 8851)', () => {
  const { a, b } = offering();
  const { offerer, answerer } = negotiate(a, b);
  assert.deepEqual(simulcast(a.localDescription), ['a=rid:h send', 'a=rid:m send', 'a=rid:l send', 'a=simulcast:send h;m;l']);
  assert.deepEqual(linesOf(a.localDescription, 'a=ssrc'), []);
  assert.deepEqual(simulcast(b.localDescription), ['a=rid:h recv', 'a=rid:m recv', 'a=rid:l recv', 'a=simulcast:recv h;m;l']);
  assert.deepEqual(only(answerer, 'track').map(({ rids }) => rids), [['h', 'm', 'l']]);
  const [sent] = agreed(offerer) ?? [];
  assert.deepEqual(sent?.sendEncodings.map(({ rid, active }) => [rid, active]), [['h', true], ['m', true], ['l', false]], 'what the application paused stays so');
  assert.equal(new Set(sent?.sendEncodings.flatMap(({ ssrc, rtxSsrc, fecSsrc }) => [ssrc, rtxSsrc, fecSsrc])).size, 9);
  const [received] = agreed(answerer) ?? [];
  assert.deepEqual(received?.receiveEncodings, [
    { rid: 'h', paused: false, payloadTypes: undefined },
    { rid: 'm', paused: false, payloadTypes: undefined },
    { rid: 'l', paused: false, payloadTypes: undefined },
  ]);
  assert.deepEqual(received?.sources, []);
});

test('later offers of both sides keep the simulcast (RFC 9429 5.2.2)', () => {
  const { a, b } = offering();
  negotiate(a, b);
  const { offerer, answerer } = negotiate(b, a);
  assert.deepEqual(simulcast(b.localDescription), ['a=rid:h recv', 'a=rid:m recv', 'a=rid:l recv', 'a=simulcast:recv h;m;l']);
  assert.deepEqual(simulcast(a.localDescription), ['a=rid:h send', 'a=rid:m send', 'a=rid:l send', 'a=simulcast:send h;m;l']);
  assert.deepEqual([agreed(offerer), agreed(answerer)], [undefined, undefined], 'and nothing has changed');
  negotiate(a, b);
  assert.deepEqual(a.transceivers[0]?.encodings.map(({ rid }) => rid), ['h', 'm', 'l']);
});

test('an answer takes away, pauses, or refuses encodings (RFC 8853 5.3.2, W3C 4.4.1.5)', () => {
  const after = (...changes: readonly (readonly [string, string])[]): readonly (readonly [string | undefined, boolean])[] | undefined => {
    const { a, b } = offering();
    a.setLocalDescription();
    b.setRemoteDescription(a.localDescription as Description);
    const [sent] = agreed(a.setRemoteDescription(edit(b.createAnswer(), ...changes)).effects) ?? [];
    assert.deepEqual(sent?.sendEncodings.map(({ ssrc }) => ssrc), a.transceivers[0]?.encodings.map(({ ssrc }) => ssrc));
    return sent?.sendEncodings.map(({ rid, active }) => [rid, active]);
  };
  assert.deepEqual(after(['a=rid:m recv\r\n', ''], ['recv h;m;l', 'recv h;l']), [['h', true], ['l', false]]);
  assert.deepEqual(after(['recv h;m;l', 'recv h;~m;~l']), [['h', true], ['m', false], ['l', false]]);
  assert.deepEqual(after(['a=simulcast:recv h;m;l\r\n', '']), [[undefined, true]]);
  assert.deepEqual(after(['a=rid:m recv\r\na=rid:l recv\r\n', ''], ['recv h;m;l', 'recv h']), [['h', true]]);
});

test('encodings that only a provisional answer takes away are sent with the final one (RFC 9429 4.1.10.1)', () => {
  for (const provisional of ['a=recvonly', 'a=inactive']) {
    const { a, b } = offering();
    a.setLocalDescription();
    b.setRemoteDescription(a.localDescription as Description);
    const answer = b.createAnswer();
    const without = edit(answer, ['a=rid:h recv\r\na=rid:m recv\r\na=rid:l recv\r\n', ''], ['a=simulcast:recv h;m;l\r\n', ''], ['a=recvonly', provisional]);
    const [first] = agreed(a.setRemoteDescription({ type: 'pranswer', sdp: without.sdp }).effects) ?? [];
    assert.deepEqual(first?.sendEncodings.map(({ rid }) => rid), provisional === 'a=inactive' ? [] : [undefined]);
    const [final] = agreed(a.setRemoteDescription(answer).effects) ?? [];
    assert.deepEqual(final?.sendEncodings.map(({ rid, active }) => [rid, active]), [['h', true], ['m', true], ['l', false]]);
  }
});

test('what the peer paused goes on when it says so, in either role, and what the application paused does not (RFC 8853 5.2)', () => {
  const { a, b } = offering();
  const active = (): readonly boolean[] | undefined => a.transceivers[0]?.encodings.map((encoding) => encoding.active);
  const answered = (paused: string): void => {
    a.setLocalDescription();
    b.setRemoteDescription(a.localDescription as Description);
    b.setLocalDescription();
    a.setRemoteDescription(edit(b.localDescription, ['recv h;m;l', paused]));
  };
  answered('recv ~h;m;l');
  assert.deepEqual(active(), [false, true, false]);
  answered('recv h;~m;~l');
  assert.deepEqual(active(), [true, false, false]);
  a.setEncodingActive(0, 0, false);
  b.setLocalDescription();
  a.setRemoteDescription(edit(b.localDescription, ['recv h;m;l', 'recv h;m;~l']));
  const [sent] = agreed(a.setLocalDescription().effects) ?? [];
  assert.deepEqual(sent?.sendEncodings.map((encoding) => encoding.active), [false, true, false]);
  assert.deepEqual(active(), [false, true, false]);
});

test('a simulcast that was refused is not offered again, and the one encoding is named by its source', () => {
  const { a, b } = offering();
  a.setLocalDescription();
  b.setRemoteDescription(a.localDescription as Description);
  a.setRemoteDescription(edit(b.createAnswer(), ['a=simulcast:recv h;m;l\r\n', '']));
  assert.deepEqual(simulcast(a.createOffer()), []);
  assert.equal(linesOf(a.createOffer(), 'a=ssrc:').length, 6);
});

test('A-SDP-04 an answer with a rid that was not offered is refused', () => {
  const { a, b } = offering();
  a.setLocalDescription();
  b.setRemoteDescription(a.localDescription as Description);
  const answer = b.createAnswer();
  refuses(a, 'ERR_INVALID_ACCESS', () => a.setRemoteDescription(edit(answer, ['a=rid:m recv', 'a=rid:x recv'], ['recv h;m;l', 'recv h;x;l'])));
  a.setRemoteDescription(answer);
  assert.equal(a.signalingState, 'stable');
});

/** A server that wants a simulcast, in the words of others. */
function wanting(simulcastLines: string): { offer: Description; peer: Jsep } {
  const peer = makeMediaJsep('c');
  peer.addTransceiver('video', { direction: 'recvonly' });
  const offer = peer.createOffer();
  return { offer: { ...offer, sdp: offer.sdp + simulcastLines }, peer };
}

const WANTED = 'a=rid:1 recv\r\na=rid:2 recv\r\na=simulcast:recv 1;~2\r\n';

test('an offer to receive a simulcast gives a sender its encodings (W3C 4.4.1.5), and a rollback takes them back', () => {
  const { offer } = wanting(WANTED);
  const a = makeMediaJsep('a');
  a.addTrack('video', 'camera', ['s']);
  const [before] = a.transceivers;
  a.setRemoteDescription(offer);
  assert.deepEqual(a.transceivers[0]?.encodings.map(({ rid }) => rid), ['1', '2']);
  a.setLocalDescription({ type: 'rollback' });
  assert.deepEqual(a.transceivers, [before]);
  a.setRemoteDescription(offer);
  const [sent] = agreed(a.setLocalDescription().effects) ?? [];
  assert.deepEqual(simulcast(a.localDescription), ['a=rid:1 send', 'a=rid:2 send', 'a=simulcast:send 1;2']);
  assert.deepEqual(linesOf(a.localDescription, 'a=ssrc'), []);
  assert.deepEqual(sent?.sendEncodings.map(({ rid, active }) => [rid, active]), [['1', true], ['2', false]]);
  assert.equal(sent?.sendEncodings[0]?.ssrc, before?.encodings[0]?.ssrc, 'the first goes on');
});

test('a sender of addTrack takes the names that the peer gives; one of addTransceiver waits for an offer of ours (RFC 9429 5.10)', () => {
  const { offer } = wanting('a=rid:m recv\r\na=rid:x recv\r\na=simulcast:recv m;x\r\n');
  const a = makeMediaJsep('a');
  a.addTrack('video', 'camera', []);
  a.setRemoteDescription(offer);
  a.setLocalDescription();
  assert.deepEqual(simulcast(a.localDescription), ['a=rid:m send', 'a=rid:x send', 'a=simulcast:send m;x']);
  const b = makeMediaJsep('b');
  const { offer: again } = wanting('a=rid:m recv\r\na=rid:x recv\r\na=simulcast:recv m;x\r\n');
  b.addTransceiver('video', { encodings: LAYERS });
  b.setLocalDescription();
  b.setLocalDescription({ type: 'rollback' });
  b.setRemoteDescription(again);
  assert.deepEqual(b.transceivers.map(({ mid }) => mid), [null, '0']);
});

test('a simulcast to receive: choices, restrictions and payload types (RFC 8851 4, RFC 8853 5.2)', () => {
  const receive = (lines: string): { answer: readonly string[]; rids: readonly string[]; encodings: unknown } => {
    const peer = makeMediaJsep('c', { media: { codecs: [...video(96, 'VP8', '', 97), ...video(98, 'VP9', 'profile-id=0')], headerExtensions: [] } });
    peer.addTransceiver('video', { direction: 'sendonly' });
    const offer = peer.createOffer();
    const b = makeMediaJsep('b', { media: { codecs: video(96, 'VP8', '', 97), headerExtensions: [] } });
    const { effects } = b.setRemoteDescription({ ...offer, sdp: offer.sdp + lines });
    const [received] = agreed(b.setLocalDescription().effects) ?? [];
    return { answer: simulcast(b.localDescription), rids: only(effects, 'track')[0]?.rids ?? [], encodings: received?.receiveEncodings.map(({ rid, paused, payloadTypes }) => [rid, paused, payloadTypes]) };
  };
  assert.deepEqual(receive('a=rid:1 send pt=98,96;max-width=1280\r\na=rid:2 send pt=98\r\na=rid:3 send depend=1\r\na=simulcast:send 1;2,~4;3;5\r\na=rid:4 send\r\n'), {
    answer: ['a=rid:1 recv pt=96;max-width=1280', 'a=rid:4 recv', 'a=simulcast:recv 1;4'],
    rids: ['1', '4'],
    encodings: [['1', false, [96]], ['4', true, undefined]],
  });
  const nothing = { answer: [], rids: [], encodings: [] };
  assert.deepEqual(receive('a=rid:1 send\r\na=simulcast:send 1 send 1\r\n'), nothing);
  assert.deepEqual(receive('a=rid:1 send\r\na=rid:1 send\r\na=simulcast:send 1\r\n'), nothing, 'two of one name');
  assert.deepEqual(receive('a=rid:1 send\r\na=simulcast:send 1\r\na=simulcast:send 1\r\n'), nothing, 'two lines');
  assert.deepEqual(receive('a=rid:1 send\r\na=simulcast:send\r\n'), nothing);
  assert.deepEqual(receive('a=rid:1 send\r\na=simulcast:send 1;\r\n'), nothing);
  assert.deepEqual(receive('a=rid:1 send\r\na=simulcast:send 1,!\r\n'), nothing);
  const many = Array.from({ length: 50 }, (_, i) => i);
  const bounded = receive(`${many.map((i) => `a=rid:${i} send\r\n`).join('')}a=simulcast:send ${many.join(';')}\r\n`);
  assert.deepEqual([bounded.answer.length, bounded.rids.length], [9, 8]);
});

test('an answer that does not receive names nothing to receive', () => {
  const { a, b } = offering();
  a.setLocalDescription();
  b.setRemoteDescription(a.localDescription as Description);
  b.setDirection(0, 'inactive');
  assert.deepEqual(simulcast(b.createAnswer()), []);
});

test('SSRCs are unique in a connection and never 0, whatever their source says', () => {
  const given = [0, 7, 7, 8, 9, 7, 8, 10, 11, 12];
  const a = makeMediaJsep('a', { ssrc: () => given.shift() ?? assert.fail('asked too often') });
  a.addTransceiver('video');
  a.addTransceiver('video');
  assert.deepEqual(a.transceivers.map(({ encodings }) => encodings.map(({ ssrc, rtxSsrc, fecSsrc }) => [ssrc, rtxSsrc, fecSsrc])), [[[7, 8, 9]], [[10, 11, 12]]]);
});

test('one encoding has no rid, and neither has sound (W3C 5.1)', () => {
  const a = makeMediaJsep('a');
  a.addTransceiver('video', { encodings: [{ rid: 'only', active: false }] });
  a.addTransceiver('audio', { encodings: [{ rid: 'x' }, { rid: 'y' }] });
  assert.deepEqual(a.transceivers.map(({ encodings }) => encodings.map(({ rid, active }) => [rid, active])), [[[undefined, false]], [[undefined, true]]]);
  assert.deepEqual(simulcast(a.createOffer()), []);
  a.setEncodingActive(0, 0, true);
  assert.equal(a.transceivers[0]?.encodings[0]?.active, true);
  assert.equal(a.negotiationNeeded, true);
});
