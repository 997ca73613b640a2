import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bundleGroupsOf, isRejected, midOf, parseSdp } from '../../../src/sdp/index.ts';
import { edit, recordedOffers, refuses } from '../../support/jsep.ts';
import { agreed, type Description, type Jsep, linesOf, makeMediaJsep, names, negotiate, offerToBrowsers, only, recordedAnswers, sectionOf } from '../../support/jsep-media.ts';

function offeredTo(b: Jsep, a: Jsep): readonly string[] {
  a.setLocalDescription();
  return b.setRemoteDescription(a.localDescription as Description).effects.map(({ type }) => type);
}

function directions(jsep: Jsep): readonly string[] {
  return jsep.transceivers.map(({ mid, direction, currentDirection }) => `${mid} ${direction} ${currentDirection}`);
}

test('two machines with sound, pictures and data agree in one bundle (RFC 9429 5)', () => {
  const [a, b] = [makeMediaJsep('a'), makeMediaJsep('b')];
  a.addTrack('audio', 'microphone', ['stream']);
  a.addTransceiver('video', { trackId: 'camera', streamIds: ['stream', 'other'] });
  a.addDataChannel();
  const { offerer, answerer } = negotiate(a, b);
  assert.deepEqual(answerer.map(({ type }) => type), ['transceiver-added', 'track', 'transceiver-added', 'track', 'signaling-state', 'gather', 'transport', 'remote-ice', 'sctp', 'media', 'signaling-state']);
  assert.deepEqual(offerer.map(({ type }) => type), ['gather', 'signaling-state', 'transport', 'remote-ice', 'sctp', 'media', 'signaling-state']);
  assert.deepEqual(only(answerer, 'track'), [
    { type: 'track', transceiver: 0, trackId: 'microphone', streamIds: ['stream'], rids: [] },
    { type: 'track', transceiver: 1, trackId: 'camera', streamIds: ['stream', 'other'], rids: [] },
  ]);
  for (const jsep of [a, b]) assert.deepEqual(bundleGroupsOf(parseSdp(jsep.localDescription?.sdp ?? '')), [['0', '1', '2']]);
  const [ours, theirs] = [agreed(offerer) ?? [], agreed(answerer) ?? []];
  assert.deepEqual(ours.map(({ mid, kind, direction }) => [mid, kind, direction]), [['0', 'audio', 'sendonly'], ['1', 'video', 'sendonly']]);
  assert.deepEqual(theirs.map(({ mid, kind, direction }) => [mid, kind, direction]), [['0', 'audio', 'recvonly'], ['1', 'video', 'recvonly']]);
  for (const [i, agreement] of ours.entries()) {
    const other = theirs[i];
    assert.deepEqual(names(agreement.sendCodecs), names(other?.receiveCodecs));
    assert.deepEqual(agreement.extensions, other?.extensions);
    const [encoding] = agreement.sendEncodings;
    assert.ok(encoding);
    const hasRtx = agreement.kind === 'video';
    assert.deepEqual(other?.sources, [{ ssrc: encoding.ssrc, rtxSsrc: hasRtx ? encoding.rtxSsrc : undefined, fecSsrc: hasRtx ? encoding.fecSsrc : undefined, cname: 'a-cname' }]);
    assert.deepEqual(other?.sendEncodings, [], 'the answerer has no track and sends nothing');
    assert.deepEqual([agreement.extmapAllowMixed, agreement.reducedSizeRtcp, agreement.receiverRoundTrip], [true, true, true]);
  }
  assert.deepEqual([a.negotiationNeeded, b.negotiationNeeded], [false, false]);
});

const EXPECTED: Readonly<Record<string, readonly (readonly [mid: string, direction: string, codecs: string, sources: readonly number[]])[]>> = {
  chromium: [
    ['0', 'recvonly', '111 opus,63 red,9 G722,0 PCMU,8 PCMA,13 CN,110 telephone-event,126 telephone-event', [1898866622]],
    ['1', 'sendrecv', '96 VP8,97 rtx,108 H264,109 rtx,45 AV1,46 rtx,98 VP9,99 rtx,118 red,119 rtx,120 ulpfec', [4037689351, 1801881122]],
  ],
  firefox: [
    ['0', 'recvonly', '109 opus,9 G722,0 PCMU,8 PCMA,101 telephone-event', [2044240813]],
    ['1', 'sendrecv', '120 VP8,124 rtx,121 VP9,125 rtx,99 AV1,100 rtx,123 ulpfec,122 red,119 rtx', [2514530911, 1086976924]],
  ],
  gstreamer: [
    ['audio0', 'recvonly', '97 OPUS', [782331122]],
    ['video1', 'sendrecv', '96 VP8', [1864947959]],
  ],
  aiortc: [
    ['0', 'recvonly', '96 opus,0 PCMU,8 PCMA', [1308502084]],
    ['1', 'sendrecv', '97 VP8,98 rtx,101 H264,102 rtx', [1636253648, 3225268386]],
  ],
  pion: [
    ['0', 'recvonly', '111 opus,0 PCMU,8 PCMA,9 G722', [1040316024]],
    ['1', 'sendrecv', '96 VP8,97 VP9,98 AV1,99 H265,102 H264', [666109920]],
  ],
  wrtc: [
    ['0', 'recvonly', '111 opus,63 red,9 G722,0 PCMU,8 PCMA,13 CN,110 telephone-event,126 telephone-event', [2825273361]],
    ['1', 'sendrecv', '96 VP8,97 rtx,39 AV1,40 rtx,98 VP9,99 rtx,125 red,124 rtx,127 ulpfec', [1513054096, 2492095347]],
  ],
  'node-datachannel': [],
};

for (const [peer, sdp] of recordedOffers()) {
  test(`the offer of ${peer} is answered with its payload types, a track of ours and all of it bundled (RFC 9429 5.3.1)`, () => {
    const jsep = makeMediaJsep('a');
    jsep.addTrack('video', 'file', ['stream']);
    const offered = jsep.setRemoteDescription({ type: 'offer', sdp }).effects;
    const expected = EXPECTED[peer] ?? assert.fail(peer);
    assert.equal(only(offered, 'track').length, expected.length);
    assert.ok(only(offered, 'track').every(({ trackId }) => trackId.length > 0));
    assert.equal(only(offered, 'transceiver-added').length, expected.length === 0 ? 0 : 1, 'the section of pictures is taken by our track');
    const effects = jsep.setLocalDescription().effects;
    const agreements = agreed(effects) ?? [];
    assert.deepEqual(
      agreements.map(({ mid, direction, receiveCodecs, sources }) => [mid, direction, names(receiveCodecs).join(), sources.flatMap(({ ssrc, rtxSsrc }) => [ssrc, ...(rtxSsrc ? [rtxSsrc] : [])])]),
      expected,
    );
    const offer = parseSdp(sdp);
    const answer = parseSdp(jsep.localDescription?.sdp ?? '');
    assert.deepEqual(answer.media.map((section) => [midOf(section), section.kind, section.protocol, isRejected(section)]), offer.media.map((section) => [midOf(section), section.kind, section.protocol, false]));
    assert.deepEqual(bundleGroupsOf(answer), bundleGroupsOf(offer));
    const [ice] = only(effects, 'remote-ice');
    const first = offer.media[0];
    const own = first?.attributes('candidate').filter(({ value }) => !/ ssltcp /i.test(value)).length ?? 0;
    assert.equal(ice?.candidates.length, own, 'the candidates of the tagged section, and no others');
    const candidate = jsep.addLocalCandidate({ foundation: '1', component: 1, protocol: 'udp', priority: 1, address: '192.0.2.1', port: 4000, type: 'host' });
    assert.deepEqual([candidate?.sdpMid, candidate?.sdpMLineIndex], [first && midOf(first), 0]);
    assert.ok(sectionOf(jsep.localDescription, 0).includes('a=candidate:1 1 udp'));
    // Our own offer keeps all of it, and says no more and no less.
    jsep.setLocalDescription();
    const again = parseSdp(jsep.localDescription?.sdp ?? '');
    assert.deepEqual(again.media.slice(0, offer.media.length).map((section) => [midOf(section), section.kind]), offer.media.map((section) => [midOf(section), section.kind]));
    for (const { mid, receiveCodecs } of agreements) {
      const section = again.media.find((other) => midOf(other) === mid);
      const agreedTypes = receiveCodecs.map(({ payloadType }) => String(payloadType));
      assert.deepEqual(section?.formats.filter((format) => agreedTypes.includes(format)), agreedTypes, 'the order of before stays (RFC 9429 5.2.2)');
      assert.equal(section?.formats[0], agreedTypes[0]);
    }
  });
}

const ANSWERED: Readonly<Record<string, readonly [sound: string, pictures: string, extensions: readonly number[], sources: number]>> = {
  chromium: ['111 opus,63 red,9 G722,0 PCMU,8 PCMA,13 CN,110 telephone-event,126 telephone-event', '96 VP8,97 rtx,98 VP9,99 rtx,102 H264,103 rtx,45 AV1,46 rtx,112 red,113 rtx,114 ulpfec', [4, 7], 1],
  firefox: ['111 opus,9 G722,0 PCMU,8 PCMA,126 telephone-event', '96 VP8,97 rtx,98 VP9,99 rtx,45 AV1,46 rtx,112 red,113 rtx,114 ulpfec', [3, 4], 1],
  aiortc: ['111 opus,0 PCMU,8 PCMA', '96 VP8,97 rtx,102 H264,103 rtx', [2, 2], 1],
  gstreamer: ['111 OPUS', '96 VP8', [0, 0], 1],
  'node-datachannel': ['111 opus,63 red,9 G722,0 PCMU,8 PCMA,13 CN,110 telephone-event,126 telephone-event', '96 VP8,97 rtx,98 VP9,99 rtx,102 H264,103 rtx,45 AV1,46 rtx,104 H265,105 rtx,112 red,113 rtx,114 ulpfec', [4, 7], 0],
  pion: ['111 opus,9 G722,0 PCMU,8 PCMA', '96 VP8,98 VP9,102 H264,45 AV1,104 H265', [1, 1], 1],
  wrtc: ['111 opus,63 red,9 G722,0 PCMU,8 PCMA,13 CN,110 telephone-event,126 telephone-event', '96 VP8,97 rtx,98 VP9,99 rtx,45 AV1,46 rtx,112 red,113 rtx,114 ulpfec', [4, 7], 1],
};

for (const [peer, sdp] of recordedAnswers()) {
  test(`the answer of ${peer} to our offer is understood: codecs, directions, tracks, one transport (RFC 9429 5.11)`, () => {
    const jsep = offerToBrowsers();
    const { effects } = jsep.setRemoteDescription({ type: 'answer', sdp });
    assert.deepEqual(effects.map(({ type }) => type), ['transport', 'remote-ice', 'sctp', 'media', 'track', 'track', 'track', 'signaling-state']);
    const [sound, pictures, extensions, sources] = ANSWERED[peer] ?? assert.fail(peer);
    const agreements = agreed(effects) ?? [];
    assert.deepEqual(agreements.map(({ mid, direction }) => [mid, direction]), [['0', 'sendrecv'], ['1', 'sendrecv'], ['2', 'recvonly']]);
    assert.deepEqual(agreements.map(({ sendCodecs }) => names(sendCodecs).join()), [sound, pictures, pictures]);
    assert.deepEqual(agreements.slice(0, 2).map((agreement) => agreement.extensions.length), extensions);
    assert.ok(agreements.every((agreement) => agreement.sources.length === sources));
    assert.ok((only(effects, 'remote-ice')[0]?.candidates.length ?? 0) > 0);
    assert.equal(jsep.negotiationNeeded, false);
    jsep.setLocalDescription();
    assert.deepEqual(jsep.setRemoteDescription({ type: 'answer', sdp }).effects, [{ type: 'signaling-state', state: 'stable' }], 'the same again changes nothing');
  });
}

test('the answer of a browser to our offer gives payload types, sources and extensions (RFC 9429 5.11)', () => {
  const a = makeMediaJsep('a');
  a.addTrack('audio', 'microphone', ['stream']);
  a.addTrack('video', 'camera', ['stream']);
  a.addDataChannel();
  a.setLocalDescription();
  const transport = 'a=ice-ufrag:dCsN\r\na=ice-pwd:nLWCLGmPbpaBRvRrZh9xjnLe\r\na=ice-options:trickle\r\na=fingerprint:sha-256 D0:48:5E:E2:6E:3B:4F:B1:87:05:8D:2A:0C:9D:51:EB:BA:43:F7:C6:57:92:3C:36:B8:5B:B0:10:67:48:89:3D\r\na=setup:active\r\n';
  const sdp = [
    'v=0\r\no=- 6480816582274041277 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1 2\r\na=extmap-allow-mixed\r\na=msid-semantic: WMS\r\n',
    `m=audio 38992 UDP/TLS/RTP/SAVPF 111 110\r\nc=IN IP4 192.0.2.2\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=candidate:1 1 udp 2122194687 192.0.2.2 38992 typ host generation 0\r\n${transport}a=mid:0\r\n`,
    'a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=extmap:9 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\na=recvonly\r\na=rtcp-mux\r\na=rtcp-rsize\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\na=fmtp:111 minptime=10;useinbandfec=1;stereo=1\r\na=rtpmap:110 telephone-event/48000\r\n',
    `m=video 9 UDP/TLS/RTP/SAVPF 102 103 96\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n${transport}a=mid:1\r\na=sendrecv\r\na=msid:- remote\r\na=rtcp-mux\r\na=rtcp-rsize\r\n`,
    'a=rtpmap:102 H264/90000\r\na=rtcp-fb:102 nack\r\na=rtcp-fb:102 ack rpsi\r\na=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42c034\r\na=rtpmap:103 rtx/90000\r\na=fmtp:103 apt=102\r\na=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\n',
    'a=ssrc-group:FID 11 12\r\na=ssrc:11 cname:x\r\na=ssrc:12 cname:x\r\n',
    `m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n${transport}a=mid:2\r\na=sctp-port:5000\r\na=max-message-size:262144\r\n`,
  ].join('');
  const { effects } = a.setRemoteDescription({ type: 'answer', sdp });
  assert.deepEqual(effects.map(({ type }) => type), ['transport', 'remote-ice', 'sctp', 'media', 'track', 'signaling-state']);
  assert.deepEqual(only(effects, 'track'), [{ type: 'track', transceiver: 1, trackId: 'remote', streamIds: [], rids: [] }]);
  const [sound, pictures] = agreed(effects) ?? [];
  assert.deepEqual([sound?.direction, names(sound?.sendCodecs), names(sound?.receiveCodecs)], ['sendonly', ['111 opus', '110 telephone-event'], ['111 opus', '110 telephone-event']]);
  assert.equal(sound?.sendCodecs[0]?.parameters.get('stereo'), '1', 'what the peer wants to receive');
  assert.equal(sound?.receiveCodecs[0]?.parameters.get('stereo'), undefined);
  assert.deepEqual(sound?.extensions, [{ id: 1, uri: 'urn:ietf:params:rtp-hdrext:sdes:mid' }], 'an id that was not offered is not believed');
  assert.deepEqual([pictures?.direction, names(pictures?.sendCodecs)], ['sendrecv', ['102 H264', '103 rtx', '96 VP8']]);
  assert.deepEqual(names(pictures?.receiveCodecs), ['96 VP8', '102 H264', '103 rtx']);
  assert.deepEqual(pictures?.sendCodecs[0]?.feedback, ['nack']);
  assert.equal(pictures?.sendCodecs[0]?.parameters.get('profile-level-id'), '42c034');
  assert.deepEqual(pictures?.sources, [{ ssrc: 11, rtxSsrc: 12, fecSsrc: undefined, cname: 'x' }]);
  assert.deepEqual([pictures?.extmapAllowMixed, pictures?.reducedSizeRtcp], [true, true]);
  assert.equal(pictures?.receiverRoundTrip, false, 'offered, but the browser did not answer to it');
});

test('rcvr-rtt of a section, or of the session before all of them, is agreed upon (RFC 3611 5.1)', () => {
  for (const [line, where, wanted] of [['a=rtcp-xr:stat-summary=loss rcvr-rtt=sender:40', 'a=mid:0', true], ['a=rtcp-xr:rcvr-rtt=all', 'm=', true], ['a=rtcp-xr:voip-metrics', 'a=mid:0', false], ['a=rtcp-xr:rcvr-rtt', 'a=mid:0', false]] as const) {
    const [a, b] = [makeMediaJsep('a'), makeMediaJsep('b')];
    a.addTrack('audio', 'microphone', ['stream']);
    a.setLocalDescription();
    b.setRemoteDescription(edit(a.localDescription, ['a=rtcp-xr:rcvr-rtt=all\r\n', ''], [where, `${line}\r\n${where}`]));
    const [section] = agreed(b.setLocalDescription().effects) ?? [];
    assert.equal(section?.receiverRoundTrip, wanted, line);
    assert.deepEqual(linesOf(b.localDescription, 'a=rtcp-xr'), wanted ? ['a=rtcp-xr:rcvr-rtt=all'] : [], line);
  }
});

test('our section of media reads as one made for browsers (RFC 9429 5.2.1)', () => {
  const a = makeMediaJsep('a', { media: { codecs: [{ kind: 'video', payloadType: 96, name: 'VP8', clockRateHz: 90_000, parameters: new Map(), feedback: ['nack'] }, { kind: 'video', payloadType: 97, name: 'rtx', clockRateHz: 90_000, parameters: new Map([['apt', '96']]), feedback: [] }], headerExtensions: [{ uri: 'urn:ietf:params:rtp-hdrext:sdes:mid', kind: 'video' }, { uri: 'urn:3gpp:video-orientation', kind: 'video', direction: 'recvonly' }] } });
  a.addTransceiver('video', { trackId: 'camera', streamIds: ['stream'] });
  assert.deepEqual(sectionOf(a.createOffer(), 0).split('\r\n').filter((line) => !line.startsWith('a=ice-') && !line.startsWith('a=fingerprint')), [
    'm=video 9 UDP/TLS/RTP/SAVPF 96 97',
    'c=IN IP4 0.0.0.0',
    'a=rtcp:9 IN IP4 0.0.0.0',
    'a=mid:0',
    'a=setup:actpass',
    'a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid',
    'a=extmap:2/recvonly urn:3gpp:video-orientation',
    'a=extmap-allow-mixed',
    'a=sendrecv',
    'a=msid:stream camera',
    'a=rtcp-mux',
    'a=rtcp-mux-only',
    'a=rtcp-rsize',
    'a=rtcp-xr:rcvr-rtt=all',
    'a=rtpmap:96 VP8/90000',
    'a=rtcp-fb:96 nack',
    'a=rtpmap:97 rtx/90000',
    'a=fmtp:97 apt=96',
    'a=ssrc-group:FID 97001 97002',
    'a=ssrc:97001 cname:a-cname',
    'a=ssrc:97001 msid:stream camera',
    'a=ssrc:97002 cname:a-cname',
    'a=ssrc:97002 msid:stream camera',
    '',
  ]);
});

test('the direction of an answer is what both sides wish for (RFC 9429 5.3.1), and mirrors', () => {
  const all = ['sendrecv', 'sendonly', 'recvonly', 'inactive'] as const;
  const seen = new Set<string>();
  for (const ours of all) {
    for (const theirs of all) {
      const [a, b] = [makeMediaJsep('a'), makeMediaJsep('b')];
      const id = a.addTransceiver('audio', { direction: ours });
      b.addTrack('audio', 'x', []);
      a.setLocalDescription();
      b.setRemoteDescription(a.localDescription as Description);
      const transceiver = b.transceivers.find(({ mid }) => mid === '0');
      b.setDirection(transceiver?.id ?? -1, theirs);
      b.setLocalDescription();
      a.setRemoteDescription(b.localDescription as Description);
      const sends = ours.startsWith('send') && (theirs === 'sendrecv' || theirs === 'recvonly');
      const receives = (ours === 'sendrecv' || ours === 'recvonly') && theirs.startsWith('send');
      const expected = sends ? (receives ? 'sendrecv' : 'sendonly') : receives ? 'recvonly' : 'inactive';
      const mirrored = sends ? (receives ? 'sendrecv' : 'recvonly') : receives ? 'sendonly' : 'inactive';
      assert.equal(a.transceivers[id]?.currentDirection, expected, `${ours} ${theirs}`);
      assert.equal(b.transceivers.find(({ mid }) => mid === '0')?.currentDirection, mirrored, `${ours} ${theirs}`);
      assert.equal(a.negotiationNeeded, false);
      seen.add(expected);
    }
  }
  assert.equal(seen.size, 4);
});

test('A-SDP-05 an offer that asks for media gets none without a track of ours, and an answer cannot make us send', () => {
  const [a, b] = [makeMediaJsep('a'), makeMediaJsep('b')];
  a.addTransceiver('video');
  negotiate(a, b);
  assert.deepEqual(directions(b), ['0 recvonly recvonly']);
  const c = makeMediaJsep('c');
  const d = makeMediaJsep('d');
  c.addTransceiver('video', { direction: 'recvonly' });
  c.setLocalDescription();
  d.addTrack('video', 'x', []);
  d.setRemoteDescription(c.localDescription as Description);
  const { effects } = c.setRemoteDescription(edit(d.createAnswer(), ['a=sendonly', 'a=sendrecv']));
  assert.deepEqual(agreed(effects)?.map(({ direction, sendEncodings }) => [direction, sendEncodings]), [['recvonly', []]]);
});

test('other streams of a track are told of, and those before again when the offer is rolled back (W3C 5.1)', () => {
  const [a, b] = [makeMediaJsep('a'), makeMediaJsep('b')];
  const id = a.addTransceiver('audio', { trackId: 'one', streamIds: ['s'] });
  negotiate(a, b);
  a.setStreams(id, ['s', 't']);
  assert.equal(a.negotiationNeeded, true);
  a.setLocalDescription();
  const [told] = only(b.setRemoteDescription(a.localDescription as Description).effects, 'track-streams');
  assert.deepEqual(told?.streamIds, ['s', 't']);
  const [again] = only(b.setRemoteDescription({ type: 'rollback', sdp: '' }).effects, 'track-streams');
  assert.deepEqual(again?.streamIds, ['s']);
  assert.equal(only(b.setRemoteDescription(a.localDescription as Description).effects, 'track-streams').length, 1);
});

test('tracks are announced once, muted when the peer stops sending, and announced again (W3C 5.1, process remote tracks)', () => {
  const [a, b] = [makeMediaJsep('a'), makeMediaJsep('b')];
  const id = a.addTransceiver('audio', { trackId: 'one', streamIds: ['s'] });
  assert.deepEqual(offeredTo(b, a), ['transceiver-added', 'track', 'signaling-state']);
  b.setLocalDescription();
  a.setRemoteDescription(b.localDescription as Description);
  assert.deepEqual(offeredTo(b, a), ['signaling-state']);
  b.setLocalDescription();
  a.setRemoteDescription(b.localDescription as Description);
  a.setDirection(id, 'inactive');
  assert.equal(a.negotiationNeeded, true);
  assert.deepEqual(offeredTo(b, a), ['track-removed', 'signaling-state']);
  const { effects } = b.setLocalDescription();
  assert.deepEqual(agreed(effects)?.map(({ direction, sources }) => [direction, sources]), [['inactive', []]]);
  a.setRemoteDescription(b.localDescription as Description);
  a.setDirection(id, 'sendonly');
  a.setTrack(id, 'two');
  a.setStreams(id, ['t']);
  a.setLocalDescription();
  const again = b.setRemoteDescription(a.localDescription as Description).effects;
  assert.deepEqual(only(again, 'track'), [{ type: 'track', transceiver: 0, trackId: 'one', streamIds: ['t'], rids: [] }], 'a receiver has one track for life');
});

test('a track that an answer of ours does not receive is muted with it (W3C 4.4.1.5)', () => {
  const [a, b] = [makeMediaJsep('a'), makeMediaJsep('b')];
  a.addTransceiver('audio');
  offeredTo(b, a);
  b.setDirection(0, 'inactive');
  assert.deepEqual(b.setLocalDescription().effects.map(({ type }) => type), ['gather', 'transport', 'remote-ice', 'media', 'track-removed', 'signaling-state']);
});

test('addTrack uses a transceiver that has never sent, and an offer of the peer uses one of addTrack (W3C 5.1, RFC 9429 5.10)', () => {
  const [a, b] = [makeMediaJsep('a'), makeMediaJsep('b')];
  a.addTransceiver('video');
  b.addTransceiver('video');
  offeredTo(b, a);
  assert.deepEqual(b.transceivers.map(({ mid, createdByRemote }) => [mid, createdByRemote]), [[null, false], ['0', true]]);
  assert.equal(b.addTrack('video', 'x', ['s']), 0, 'the first that is free');
  assert.equal(b.addTrack('video', 'y', ['s']), 1);
  assert.equal(b.addTrack('video', 'z', []), 2);
  assert.deepEqual(b.transceivers.map(({ direction, createdByRemote }) => [direction, createdByRemote]), [['sendrecv', false], ['sendrecv', false], ['sendrecv', false]]);
  b.setLocalDescription();
  assert.ok(sectionOf(b.localDescription, 0).includes('a=msid:s y\r\n'));
  a.setRemoteDescription(b.localDescription as Description);
  b.removeTrack(1);
  assert.equal(b.transceivers[1]?.direction, 'recvonly');
  assert.equal(b.addTrack('video', 'w', []), 3, 'a sender that has sent keeps its identity');
  const [c, d] = [makeMediaJsep('c'), makeMediaJsep('d')];
  c.addTransceiver('video', { direction: 'recvonly' });
  c.addTransceiver('video', { direction: 'sendonly' });
  const id = d.addTrack('video', 'x', []);
  offeredTo(d, c);
  assert.deepEqual(d.transceivers.map((transceiver) => transceiver.mid), ['0', '1']);
  assert.equal(d.transceivers[0]?.id, id);
});

test('misuse is refused and changes nothing (W3C 5.1 to 5.4)', () => {
  const a = makeMediaJsep('a');
  const id = a.addTransceiver('video');
  const encodings = (...rids: (string | undefined)[]): { encodings: { rid?: string }[] } => ({ encodings: rids.map((rid) => (rid === undefined ? {} : { rid })) });
  refuses(a, 'ERR_INVALID_ARGUMENT', () => a.addTransceiver('video', encodings('a', 'a')));
  refuses(a, 'ERR_INVALID_ARGUMENT', () => a.addTransceiver('video', encodings('a', undefined)));
  refuses(a, 'ERR_INVALID_ARGUMENT', () => a.addTransceiver('video', encodings('a', 'b c')));
  refuses(a, 'ERR_INVALID_ARGUMENT', () => a.addTransceiver('video', encodings('a', '')));
  refuses(a, 'ERR_INVALID_ARGUMENT', () => a.addTransceiver('video', encodings(...'abcdefghi')));
  refuses(a, 'ERR_INVALID_ARGUMENT', () => a.addTransceiver('video', { streamIds: ['a\r\na=evil'] }));
  refuses(a, 'ERR_INVALID_ARGUMENT', () => a.addTransceiver('text' as never));
  refuses(a, 'ERR_INVALID_ARGUMENT', () => a.addTrack('video', 'a b', []));
  refuses(a, 'ERR_INVALID_ARGUMENT', () => a.setStreams(id, ['']));
  refuses(a, 'ERR_INVALID_ARGUMENT', () => a.setDirection(id, 'stopped' as never));
  refuses(a, 'ERR_INVALID_ARGUMENT', () => a.setEncodingActive(id, 1, false));
  refuses(a, 'ERR_INVALID_ACCESS', () => a.setDirection(id + 1, 'inactive'));
  refuses(makeMediaJsep('b', { media: { codecs: [], headerExtensions: [] } }), 'ERR_NOT_SUPPORTED', () => makeMediaJsep('b', { media: { codecs: [], headerExtensions: [] } }).addTransceiver('audio'));
  a.addTransceiver('video', encodings(...'abcdefgh'));
  assert.equal(a.transceivers[1]?.encodings.length, 8);
  a.stopTransceiver(id);
  refuses(a, 'ERR_INVALID_STATE', () => a.setDirection(id, 'inactive'));
  refuses(a, 'ERR_INVALID_STATE', () => a.setTrack(id, 'x'));
});

test('a transceiver that stops says so in the next offer, and its section is used again with another mid (RFC 9429 5.2.2)', () => {
  const [a, b] = [makeMediaJsep('a'), makeMediaJsep('b')];
  a.addTransceiver('video');
  const second = a.addTransceiver('audio');
  negotiate(a, b);
  const { effects } = a.stopTransceiver(second);
  assert.deepEqual(agreed(effects)?.map(({ mid }) => mid), ['0'], 'nothing is sent or received from now on');
  assert.deepEqual([a.transceivers[1]?.direction, a.transceivers[1]?.currentDirection, a.negotiationNeeded], ['stopped', 'sendonly', true]);
  a.setLocalDescription();
  assert.ok(sectionOf(a.localDescription, 1).startsWith('m=audio 0 '));
  assert.deepEqual(linesOf(a.localDescription, 'a=group'), ['a=group:BUNDLE 0']);
  const offered = b.setRemoteDescription(a.localDescription as Description).effects;
  assert.deepEqual(offered.map(({ type }) => type), ['media', 'transceiver-stopped', 'signaling-state']);
  assert.equal(b.transceivers[1]?.currentDirection, 'stopped');
  b.setLocalDescription();
  const answered = a.setRemoteDescription(b.localDescription as Description).effects;
  assert.deepEqual(answered.map(({ type }) => type), ['transceiver-stopped', 'signaling-state']);
  assert.deepEqual([directions(a), directions(b)], [['0 sendrecv sendonly'], ['0 recvonly recvonly']]);
  assert.deepEqual([a.negotiationNeeded, b.negotiationNeeded], [false, false]);
  b.addTransceiver('audio', { direction: 'sendonly' });
  const { offerer, answerer } = negotiate(b, a);
  assert.deepEqual(agreed(offerer)?.map(({ mid }) => mid), ['0', '2']);
  assert.equal(only(answerer, 'track').length, 1);
  assert.deepEqual(parseSdp(b.localDescription?.sdp ?? '').media.map(midOf), ['0', '2']);
  assert.deepEqual(directions(a), ['0 sendrecv sendonly', '2 recvonly recvonly']);
});
