import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerParameters, sameFormat } from '../../../src/peer/jsep/codec-match.ts';
import { edit, refuses } from '../../support/jsep.ts';
import { agreed, audio, type Description, linesOf, makeMediaJsep, MEDIA, names, negotiate, sectionOf, video } from '../../support/jsep-media.ts';
import type { RtpCodec } from '../../../src/rtp/index.ts';

function codec(name: string, parameters: string): RtpCodec {
  return video(96, name, parameters)[0] as RtpCodec;
}

const FORMATS: readonly (readonly [what: string, name: string, a: string, b: string, same: boolean])[] = [
  ['the same profile and mode', 'H264', 'packetization-mode=1;profile-level-id=42e01f', 'packetization-mode=1;profile-level-id=42e034', true],
  ['constrained baseline written in two ways', 'H264', 'packetization-mode=1;profile-level-id=42e01f', 'packetization-mode=1;profile-level-id=42c01f', true],
  ['constrained baseline as main with a flag', 'H264', 'profile-level-id=42e01f', 'profile-level-id=4d801f', true],
  ['baseline and constrained baseline', 'H264', 'profile-level-id=42001f', 'profile-level-id=42e01f', false],
  ['main and high', 'H264', 'profile-level-id=4d001f', 'profile-level-id=64001f', false],
  ['high and constrained high', 'H264', 'profile-level-id=64001f', 'profile-level-id=640c1f', false],
  ['another packetization mode', 'H264', 'packetization-mode=1;profile-level-id=42e01f', 'packetization-mode=0;profile-level-id=42e01f', false],
  ['no packetization mode is mode 0', 'H264', 'packetization-mode=0;profile-level-id=42e01f', 'profile-level-id=42e01f', true],
  ['no profile is baseline', 'H264', '', 'profile-level-id=42001f', true],
  ['a profile that is none', 'H264', 'profile-level-id=42e01', 'profile-level-id=42e01', false],
  ['no VP9 profile is 0', 'VP9', '', 'profile-id=0', true],
  ['VP9 profiles 0 and 2', 'VP9', 'profile-id=0', 'profile-id=2', false],
  ['a VP9 profile that is none', 'VP9', 'profile-id=x', 'profile-id=x', false],
  ['no AV1 profile and tier are 0', 'AV1', '', 'level-idx=5;profile=0;tier=0', true],
  ['AV1 levels differ', 'AV1', 'level-idx=5', 'level-idx=13', true],
  ['AV1 profiles differ', 'AV1', 'profile=0', 'profile=1', false],
  ['AV1 tiers differ', 'AV1', 'tier=0', 'tier=1', false],
  ['no H.265 parameters are main, main tier, SRST', 'H265', '', 'level-id=93;profile-id=1;tier-flag=0;tx-mode=SRST', true],
  ['H.265 levels differ', 'H265', 'level-id=93', 'level-id=120', true],
  ['H.265 profiles differ', 'H265', 'profile-id=1', 'profile-id=2', false],
  ['H.265 tiers differ', 'H265', 'tier-flag=0', 'tier-flag=1', false],
  ['H.265 transmission modes differ', 'H265', 'tx-mode=SRST', 'tx-mode=MRST', false],
  ['VP8 whatever it says', 'VP8', 'max-fs=12288;max-fr=60', '', true],
  ['names in either case', 'vp8', '', '', true],
];

for (const [what, name, a, b, same] of FORMATS) {
  test(`formats: ${what} ${same ? 'match' : 'do not match'}`, () => {
    const [one, other] = [codec(name, a), codec(name.toUpperCase(), b)];
    assert.equal(sameFormat(one, other), same);
    assert.equal(sameFormat(other, one), same);
  });
}

test('formats: the clock and the channels count', () => {
  assert.equal(sameFormat(audio(111, 'opus', 48_000, 2), audio(96, 'OPUS', 48_000, 2, 'stereo=1')), true);
  assert.equal(sameFormat(audio(111, 'opus', 48_000, 2), audio(111, 'opus', 48_000, 1)), false);
  assert.equal(sameFormat(audio(110, 'telephone-event', 48_000), audio(110, 'telephone-event', 8000)), false);
  const { channels: _, ...absent } = audio(9, 'G722', 8000);
  assert.equal(sameFormat(audio(9, 'G722', 8000, 1), absent), true, 'Firefox writes the one channel, the others do not');
});

test('H.264 levels: each its own where both allow it, else the lower of the two (RFC 6184 8.2.2)', () => {
  const level = (ours: string, theirs: string): string | undefined => answerParameters(codec('H264', ours), codec('H264', theirs)).get('profile-level-id');
  const asymmetric = 'level-asymmetry-allowed=1;profile-level-id=';
  assert.equal(level(`${asymmetric}42e01f`, `${asymmetric}42e00b`), '42e01f');
  assert.equal(level('profile-level-id=42e01f', `${asymmetric}42e00b`), '42e00b');
  assert.equal(level('profile-level-id=42e01f', 'profile-level-id=42c034'), '42c01f', 'our level, and the profile as the peer writes it');
  assert.equal(level('profile-level-id=42e00b', 'profile-level-id=42f00b'), '42f00b', 'level 1b is below level 1.1');
  assert.equal(answerParameters(codec('H264', `${asymmetric}42e01f`), codec('H264', 'profile-level-id=42e01f')).has('level-asymmetry-allowed'), false);
  assert.equal(answerParameters(codec('H265', 'level-id=120'), codec('H265', 'level-id=93')).get('level-id'), '93');
  assert.equal(answerParameters(codec('H265', 'level-id=93'), codec('H265', 'level-id=120')).get('level-id'), '93');
});

const VP8 = video(96, 'VP8', '', 97);
const H264 = video(102, 'H264', 'packetization-mode=1;profile-level-id=42e01f', 103);
const VP9 = video(98, 'VP9', 'profile-id=0', 99);

test('the answer has the payload types of the offer, with retransmission and redundancy that refer to them (RFC 3264 6.1, RFC 4588 8)', () => {
  const a = makeMediaJsep('a', { media: { codecs: [...video(120, 'H264', 'packetization-mode=1;profile-level-id=42e01f', 121), ...video(35, 'VP8', '', 36), audio(100, 'opus', 48_000, 2), audio(101, 'red', 48_000, 2, '100/100')], headerExtensions: [] } });
  const b = makeMediaJsep('b');
  a.addTransceiver('video');
  a.addTransceiver('audio');
  const { answerer } = negotiate(a, b);
  const [pictures, sound] = agreed(answerer) ?? [];
  assert.deepEqual(names(pictures?.receiveCodecs), ['120 H264', '121 rtx', '35 VP8', '36 rtx']);
  assert.deepEqual(names(sound?.receiveCodecs), ['100 opus', '101 red']);
  assert.deepEqual(linesOf(b.localDescription, 'a=fmtp:121'), ['a=fmtp:121 apt=120']);
  assert.deepEqual(linesOf(b.localDescription, 'a=fmtp:101'), ['a=fmtp:101 100/100']);
});

test('retransmission of what is not accepted is not accepted, and neither is redundancy', () => {
  const a = makeMediaJsep('a');
  const b = makeMediaJsep('b', { media: { codecs: [...VP8, ...video(98, 'VP9', 'profile-id=2', 99), audio(0, 'PCMU', 8000), audio(63, 'red', 48_000, 2, '111/111'), audio(111, 'opus', 16_000, 2)], headerExtensions: [] } });
  a.addTransceiver('video');
  a.addTransceiver('audio');
  const [pictures, sound] = agreed(negotiate(a, b).answerer) ?? [];
  assert.deepEqual(names(pictures?.receiveCodecs), ['96 VP8', '97 rtx']);
  assert.deepEqual(names(sound?.receiveCodecs), ['0 PCMU']);
});

test('a peer that answers with other payload types is sent what it asked for (RFC 3264 6.1)', () => {
  const a = makeMediaJsep('a', { media: { codecs: VP8, headerExtensions: [] } });
  const b = makeMediaJsep('b', { media: { codecs: VP8, headerExtensions: [] } });
  a.addTransceiver('video');
  a.setLocalDescription();
  b.setRemoteDescription(a.localDescription as Description);
  const answer = edit(b.createAnswer(), ['SAVPF 96 97', 'SAVPF 100 101'], ['rtpmap:96', 'rtpmap:100'], ['rtpmap:97', 'rtpmap:101'], ['fmtp:97 apt=96', 'fmtp:101 apt=100']);
  const [pictures] = agreed(a.setRemoteDescription(answer).effects) ?? [];
  assert.deepEqual([names(pictures?.sendCodecs), names(pictures?.receiveCodecs)], [['100 VP8', '101 rtx'], ['96 VP8', '97 rtx']]);
  a.addTransceiver('video');
  assert.ok(a.createOffer().sdp.split('m=video').slice(1).every((section) => section.startsWith(' 9 UDP/TLS/RTP/SAVPF 96 97\r\n')), 'ours stay as they were');
});

test('where ours and the number of the peer differ, what we received it by goes on (RFC 3264 8.3.2)', () => {
  const both = (a: number, b: number): readonly RtpCodec[] => [...video(a, 'VP8'), ...video(b, 'VP9', 'profile-id=0')];
  const a = makeMediaJsep('a', { media: { codecs: both(96, 98), headerExtensions: [] } });
  const b = makeMediaJsep('b', { media: { codecs: both(96, 98), headerExtensions: [] } });
  a.addTransceiver('video');
  a.setLocalDescription();
  b.setRemoteDescription(a.localDescription as Description);
  const swapped = edit(b.createAnswer(), ['SAVPF 96 98', 'SAVPF 98 96'], ['rtpmap:96 VP8', 'rtpmap:98 VP8'], ['rtpmap:98 VP9', 'rtpmap:96 VP9'], ['fmtp:98', 'fmtp:96']);
  a.setRemoteDescription(swapped);
  a.addTransceiver('video');
  assert.deepEqual(linesOf(a.createOffer(), 'a=rtpmap'), ['a=rtpmap:96 VP8/90000', 'a=rtpmap:98 VP9/90000', 'a=rtpmap:96 VP8/90000', 'a=rtpmap:98 VP9/90000']);
});

test('a payload type that the peer gave another meaning is not used for ours (RFC 9143 9.1.1)', () => {
  const a = makeMediaJsep('a', { media: { codecs: video(96, 'H264', 'packetization-mode=1;profile-level-id=42e01f', 97), headerExtensions: [] } });
  const b = makeMediaJsep('b', { media: { codecs: [...VP8, ...H264], headerExtensions: [] } });
  a.addTransceiver('video');
  negotiate(a, b);
  b.addTransceiver('video');
  const offer = b.createOffer();
  assert.deepEqual(linesOf(offer, 'a=rtpmap:96'), ['a=rtpmap:96 H264/90000', 'a=rtpmap:96 H264/90000']);
  const [vp8] = linesOf(offer, 'a=rtpmap').filter((line) => line.includes('VP8'));
  assert.ok(vp8 && vp8 !== 'a=rtpmap:96 VP8/90000', vp8);
  assert.equal(new Set(linesOf(offer, 'a=rtpmap').filter((line) => line.includes('VP8'))).size, 1, 'both sections have one number for it');
});

test('payload types never leave the range that RTCP shares (RFC 5761 4), however many there are', () => {
  const codecs = Array.from({ length: 80 }, (_, i) => video(96, `X${i}`)[0] as RtpCodec);
  const a = makeMediaJsep('a', { media: { codecs: [...codecs, ...VP8], headerExtensions: [] } });
  a.addTransceiver('video');
  const types = sectionOf(a.createOffer(), 0).split('\r\n')[0]?.split(' ').slice(3).map(Number) ?? [];
  assert.equal(types.length, 61, '96 to 127 and 35 to 63');
  assert.equal(new Set(types).size, 61);
  assert.ok(types.every((type) => (type >= 35 && type < 64) || (type >= 96 && type < 128)));
});

test('codec preferences order offers and answers, leave out what they do not name, and can be taken back (W3C 5.4)', () => {
  const a = makeMediaJsep('a', { media: { codecs: [...VP8, ...VP9, ...H264, ...video(112, 'red')], headerExtensions: [] } });
  const b = makeMediaJsep('b', { media: { codecs: [...VP8, ...VP9, ...H264], headerExtensions: [] } });
  const id = a.addTransceiver('video');
  a.setCodecPreferences(id, [...H264, VP8[0] as RtpCodec]);
  assert.ok(sectionOf(a.createOffer(), 0).startsWith('m=video 9 UDP/TLS/RTP/SAVPF 102 103 96\r\n'));
  a.setCodecPreferences(id, []);
  assert.ok(sectionOf(a.createOffer(), 0).startsWith('m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99 102 103 112\r\n'));
  a.setLocalDescription();
  b.setRemoteDescription(a.localDescription as Description);
  b.setCodecPreferences(0, [...VP9, ...VP8]);
  const [received] = agreed(b.setLocalDescription().effects) ?? [];
  assert.ok(sectionOf(b.localDescription, 0).startsWith('m=video 9 UDP/TLS/RTP/SAVPF 98 99 96 97\r\n'));
  assert.deepEqual(names(received?.sendCodecs), ['96 VP8', '97 rtx', '98 VP9', '99 rtx'], 'the peer still prefers what it said');
  const [sent] = agreed(a.setRemoteDescription(b.localDescription as Description).effects) ?? [];
  assert.deepEqual(names(sent?.sendCodecs), ['98 VP9', '99 rtx', '96 VP8', '97 rtx']);
  assert.ok(sectionOf(a.createOffer(), 0).startsWith('m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99 102 103 112\r\n'), 'what was rejected is offered again (RFC 9429 5.2.2)');
});

test('codec preferences that there are no capabilities for are refused (W3C 5.4), and rtx alone stands for all of it', () => {
  const a = makeMediaJsep('a', { media: { codecs: [...VP8, ...H264], headerExtensions: [] } });
  const id = a.addTransceiver('video');
  refuses(a, 'ERR_INVALID_MODIFICATION', () => a.setCodecPreferences(id, VP9));
  refuses(a, 'ERR_INVALID_MODIFICATION', () => a.setCodecPreferences(id, [audio(0, 'PCMU', 8000)]));
  refuses(a, 'ERR_INVALID_MODIFICATION', () => a.setCodecPreferences(id, [VP8[1] as RtpCodec]));
  const rtx = { ...(VP8[1] as RtpCodec), parameters: new Map() };
  a.setCodecPreferences(id, [H264[0] as RtpCodec, VP8[0] as RtpCodec, rtx]);
  assert.ok(sectionOf(a.createOffer(), 0).startsWith('m=video 9 UDP/TLS/RTP/SAVPF 102 103 96 97\r\n'));
});

test('a section without a codec in common is rejected, and so is its transceiver (RFC 9429 5.3.1)', () => {
  const a = makeMediaJsep('a', { media: { codecs: [...VP8, audio(0, 'PCMU', 8000)], headerExtensions: [] } });
  const b = makeMediaJsep('b', { media: { codecs: [...H264, audio(0, 'PCMU', 8000)], headerExtensions: [] } });
  a.addTransceiver('video');
  a.addTransceiver('audio');
  const { offerer } = negotiate(a, b);
  assert.deepEqual(linesOf(b.localDescription, 'a=group'), ['a=group:BUNDLE 1']);
  assert.ok(sectionOf(b.localDescription, 0).startsWith('m=video 0 '));
  assert.ok(offerer.some((effect) => effect.type === 'transceiver-stopped' && effect.transceiver === 0));
  assert.deepEqual(a.transceivers.map(({ kind }) => kind), ['audio']);
  assert.deepEqual(b.transceivers.map(({ kind }) => kind), ['audio']);
});

test('telephone events alone are no sound', () => {
  const a = makeMediaJsep('a');
  const b = makeMediaJsep('b', { media: { codecs: [audio(100, 'ISAC', 16_000), audio(110, 'telephone-event', 48_000), audio(13, 'CN', 8000)], headerExtensions: [] } });
  a.addTransceiver('audio');
  negotiate(a, b);
  assert.ok(sectionOf(b.localDescription, 0).startsWith('m=audio 0 '));
});

test('static payload types need no a=rtpmap (RFC 3551 6), and one without a meaning is passed over', () => {
  const a = makeMediaJsep('a');
  const b = makeMediaJsep('b');
  a.addTransceiver('audio');
  a.createOffer();
  const offer = edit(a.createOffer(), ['a=rtpmap:0 PCMU/8000\r\n', ''], ['a=rtpmap:8 PCMA/8000\r\n', ''], ['a=rtpmap:9 G722/8000\r\n', ''], ['a=rtpmap:111 opus/48000/2\r\n', '']);
  b.setRemoteDescription(offer);
  assert.ok(sectionOf(b.createAnswer(), 0).startsWith('m=audio 9 UDP/TLS/RTP/SAVPF 9 0 8 13 110 126\r\n'));
});

test('header extensions keep their ids and are the same in all sections (RFC 8285 6)', () => {
  const [a, b] = [makeMediaJsep('a'), makeMediaJsep('b')];
  a.addTransceiver('video');
  negotiate(a, b);
  b.addTransceiver('audio');
  b.addTransceiver('video');
  const offer = b.createOffer();
  const ids = new Map<string, string>();
  for (const line of linesOf(offer, 'a=extmap:')) {
    const [, id = '', uri = ''] = /^a=extmap:(\d+) (.+)$/.exec(line) ?? [];
    assert.equal(ids.get(id) ?? uri, uri);
    ids.set(id, uri);
  }
  assert.equal(ids.size, 8);
  assert.deepEqual(linesOf(a.localDescription, 'a=extmap:'), sectionOf(offer, 0).split('\r\n').filter((line) => line.startsWith('a=extmap:')));
  b.setLocalDescription();
  a.setRemoteDescription(b.localDescription as Description);
  a.setLocalDescription();
  assert.deepEqual(linesOf(a.localDescription, 'a=extmap:'), linesOf(offer, 'a=extmap:'));
});

test('header extensions: directions meet, ids above 4095 are given one, and more than 14 skip the reserved 15 (RFC 8285 6)', () => {
  const uris = Array.from({ length: 16 }, (_, i) => `urn:x:${i}`);
  const a = makeMediaJsep('a', { media: { codecs: VP8, headerExtensions: uris.map((uri) => ({ uri, kind: 'video' })) } });
  const b = makeMediaJsep('b', { media: { codecs: VP8, headerExtensions: [{ uri: 'urn:x:0', kind: 'video', direction: 'sendonly' }, { uri: 'urn:x:1', kind: 'video', direction: 'recvonly' }, { uri: 'urn:x:2', kind: 'video' }, { uri: 'urn:x:3', kind: 'audio' }] } });
  a.addTransceiver('video');
  const offer = a.createOffer();
  assert.ok(offer.sdp.includes('a=extmap:14 urn:x:13\r\na=extmap:16 urn:x:14\r\na=extmap:17 urn:x:15\r\n'));
  b.setRemoteDescription(edit(offer, ['a=extmap:1 urn:x:0', 'a=extmap:1/sendonly urn:x:0'], ['a=extmap:2 urn:x:1', 'a=extmap:2/sendonly urn:x:1'], ['a=extmap:3 urn:x:2', 'a=extmap:4096 urn:x:2']));
  const answer = b.createAnswer();
  assert.deepEqual(linesOf(answer, 'a=extmap:'), ['a=extmap:2/recvonly urn:x:1', 'a=extmap:1 urn:x:2']);
});

test('a transceiver may leave header extensions out, and have them again', () => {
  const [a, b] = [makeMediaJsep('a'), makeMediaJsep('b')];
  const id = a.addTransceiver('video');
  const all = MEDIA.headerExtensions.filter(({ kind }) => kind === 'video');
  const [mid, rid] = all;
  assert.ok(mid && rid);
  refuses(a, 'ERR_INVALID_MODIFICATION', () => a.setOfferedHeaderExtensions(id, [rid]));
  refuses(a, 'ERR_INVALID_MODIFICATION', () => a.setOfferedHeaderExtensions(id, [mid, { uri: 'urn:x', kind: 'video' }]));
  a.setOfferedHeaderExtensions(id, all.map((extension) => (extension === mid || extension === rid ? extension : { ...extension, direction: 'inactive' as const })));
  assert.deepEqual(linesOf(a.createOffer(), 'a=extmap:'), [`a=extmap:1 ${mid.uri}`, `a=extmap:2 ${rid.uri}`]);
  a.setLocalDescription();
  b.setRemoteDescription(a.localDescription as Description);
  b.setOfferedHeaderExtensions(0, [{ ...mid, direction: 'recvonly' }]);
  assert.deepEqual(linesOf(b.createAnswer(), 'a=extmap:'), [`a=extmap:1/recvonly ${mid.uri}`]);
  a.setOfferedHeaderExtensions(id, undefined);
  assert.equal(linesOf(a.createOffer(), 'a=extmap:').length, all.length);
});

test('without a=extmap-allow-mixed on both sides no id is above 14 (RFC 8285 6)', () => {
  const uris = Array.from({ length: 20 }, (_, i) => `urn:x:${i}`);
  const media = { codecs: VP8, headerExtensions: uris.map((uri) => ({ uri, kind: 'video' as const })) };
  const ids = (change: (offer: Description) => Description, changeAnswer: (answer: Description) => Description): readonly (readonly number[])[] => {
    const [a, b] = [makeMediaJsep('a', { media }), makeMediaJsep('b', { media })];
    a.addTransceiver('video');
    a.setLocalDescription();
    b.setRemoteDescription(change(a.localDescription as Description));
    const ours = agreed(b.setLocalDescription().effects);
    const theirs = agreed(a.setRemoteDescription(changeAnswer(b.localDescription as Description)).effects);
    return [ours, theirs].map((list) => list?.[0]?.extensions.map(({ id }) => id) ?? []);
  };
  const mixed = ['a=extmap-allow-mixed\r\n', ''] as const;
  const [one, two] = ids((offer) => edit(offer, mixed), (answer) => answer);
  assert.deepEqual([one?.at(-1), one?.length, two], [14, 14, one]);
  const [three, four] = ids((offer) => offer, (answer) => edit(answer, mixed));
  assert.deepEqual([three?.at(-1), three?.length, four?.at(-1)], [21, 20, 14]);
});

test('every codec of ours survives two exchanges each way with nothing lost or renamed', () => {
  const [a, b] = [makeMediaJsep('a'), makeMediaJsep('b')];
  a.addTransceiver('video');
  b.addTransceiver('audio');
  for (const [one, other] of [[a, b], [b, a], [a, b], [b, a]] as const) negotiate(one, other);
  const formats = (jsep: typeof a): number => [...(jsep.localDescription?.sdp.matchAll(/a=rtpmap/g) ?? [])].length;
  assert.equal(formats(a), MEDIA.codecs.length);
  assert.equal(formats(b), MEDIA.codecs.length);
});
