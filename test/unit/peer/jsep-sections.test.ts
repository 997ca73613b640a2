import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bundleGroupsOf, dataSectionOf, isRejected, midOf, parseSdp } from '../../../src/sdp/index.ts';
import { type Description, edit, type Jsep, makeJsep, negotiate, only, recordedOffers } from '../../support/jsep.ts';

function sections(description: Description | null): string[] {
  return parseSdp(description?.sdp ?? '').media.map((section) => `${midOf(section)} ${section.kind} ${isRejected(section) ? 'rejected' : 'accepted'}`);
}

for (const [peer, sdp] of recordedOffers()) {
  test(`the offer of ${peer} is answered: data accepted, media rejected, nothing else bundled (RFC 9429 5.3)`, () => {
    const jsep = makeJsep('a');
    jsep.setRemoteDescription({ type: 'offer', sdp });
    const effects = jsep.setLocalDescription().effects;
    const offer = parseSdp(sdp);
    const answer = parseSdp(jsep.localDescription?.sdp ?? '');
    assert.deepEqual(answer.media.map(midOf), offer.media.map(midOf));
    assert.deepEqual(answer.media.map(({ kind, protocol }) => [kind, protocol]), offer.media.map(({ kind, protocol }) => [kind, protocol]));
    assert.deepEqual(answer.media.map(isRejected), offer.media.map(({ kind }) => kind !== 'application'));
    const data = offer.media.find(({ kind }) => kind === 'application');
    assert.deepEqual(bundleGroupsOf(answer), [[data && midOf(data)]]);
    for (const [i, section] of answer.media.entries()) if (isRejected(section)) assert.deepEqual(section.formats, offer.media[i]?.formats);
    const expected = data && dataSectionOf(data);
    assert.deepEqual(only(effects, 'sctp')[0], { type: 'sctp', localPort: 5000, remotePort: 5000, remoteMaxMessageSizeBytes: expected?.maxMessageSizeBytes, transport: 0, inits: undefined });
    assert.equal(dataSectionOf(answer.media.at(-1) as never)?.legacy, expected?.legacy);
    const [ice] = only(effects, 'remote-ice');
    assert.ok(ice && ice.candidates.length > 0, 'where the data section has no candidates, those of its group count');
    assert.equal(jsep.signalingState, 'stable');
  });

  test(`after the offer of ${peer} our own offer keeps the order of its sections (RFC 9429 5.2.2)`, () => {
    const jsep = makeJsep('a');
    jsep.setRemoteDescription({ type: 'offer', sdp });
    jsep.setLocalDescription();
    const before = sections(jsep.localDescription);
    jsep.setLocalDescription();
    assert.deepEqual(sections(jsep.localDescription), before);
  });
}

test('rejected media are carried on in every later description, and data joins behind them', () => {
  const a = makeJsep('a');
  const b = makeJsep('b');
  const media = 'm=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n';
  b.setRemoteDescription({ type: 'offer', sdp: a.createOffer().sdp + media });
  const answered = b.setLocalDescription().effects;
  assert.deepEqual(answered, [{ type: 'signaling-state', state: 'stable' }]);
  b.addDataChannel();
  assert.equal(b.negotiationNeeded, true);
  b.setLocalDescription();
  assert.deepEqual(sections(b.localDescription), ['0 audio rejected', '1 application accepted']);
  assert.ok(b.localDescription?.sdp.includes('m=audio 0 UDP/TLS/RTP/SAVPF 111 0\r\n'));
  assert.ok(b.localDescription?.sdp.includes('a=group:BUNDLE 1\r\n'));
});

/** The peer says no to the data section. */
function rejectData(answer: Description): Description {
  return edit(answer, ['m=application 9', 'm=application 0'], ['a=group:BUNDLE 0\r\n', '']);
}

test('a rejected data section ends the wish for it, and its place is used again with another mid (RFC 9429 5.2.2)', () => {
  const a = makeJsep('a');
  const b = makeJsep('b');
  a.addDataChannel();
  a.setLocalDescription();
  b.setRemoteDescription(a.localDescription as Description);
  const { effects } = a.setRemoteDescription(rejectData(b.createAnswer()));
  assert.deepEqual(effects, [{ type: 'sctp-rejected' }, { type: 'transport-closed' }, { type: 'signaling-state', state: 'stable' }]);
  assert.equal(a.negotiationNeeded, false);
  assert.deepEqual(sections(a.createOffer()), ['0 application rejected']);
  a.addDataChannel();
  assert.equal(a.negotiationNeeded, true);
  assert.deepEqual(sections(a.createOffer()), ['1 application accepted']);
  b.setLocalDescription({ type: 'rollback' });
  const again = negotiate(a, b);
  assert.equal(only(again.offerer, 'gather').length, 1);
  assert.equal(only(again.answerer, 'sctp').length, 1);
});

test('a data section that the peer stops is stopped here, and a new one starts afresh', () => {
  const a = makeJsep('a');
  const b = makeJsep('b');
  a.addDataChannel();
  negotiate(a, b);
  const stopped = edit(a.createOffer(), ['m=application 9', 'm=application 0'], ['a=group:BUNDLE 0\r\n', '']);
  b.setRemoteDescription(stopped);
  assert.deepEqual(b.setLocalDescription().effects, [{ type: 'sctp-rejected' }, { type: 'transport-closed' }, { type: 'signaling-state', state: 'stable' }]);
  assert.deepEqual(sections(b.localDescription), ['0 application rejected']);
  b.addDataChannel();
  assert.equal(b.negotiationNeeded, true);
  assert.deepEqual(sections(b.createOffer()), ['1 application accepted']);
});

test('a bundled data section without a transport of its own has that of its group (RFC 9143 7.2)', () => {
  const a = makeJsep('a');
  const b = makeJsep('b');
  a.addDataChannel();
  const offer = a.createOffer().sdp;
  const at = offer.indexOf('m=application');
  const transport = offer.slice(offer.indexOf('a=ice-ufrag'), offer.indexOf('a=sctp-port'));
  const audio = `m=audio 9 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\n${transport}a=candidate:1 1 udp 1 192.0.2.1 4000 typ host\r\n`;
  const data = offer.slice(at).replace(transport, 'a=bundle-only\r\n').replace('m=application 9', 'm=application 0');
  b.setRemoteDescription({ type: 'offer', sdp: offer.slice(0, at).replace('BUNDLE 0', 'BUNDLE 1 0') + audio + data });
  b.addIceCandidate({ candidate: 'candidate:1 1 udp 1 192.0.2.1 4001 typ host', sdpMid: '0', usernameFragment: 'aaaa0001' });
  b.addIceCandidate({ candidate: 'candidate:1 1 udp 1 192.0.2.1 4002 typ host', sdpMid: '1', usernameFragment: 'aaaa0001' });
  const [ice] = only(b.setLocalDescription().effects, 'remote-ice');
  assert.deepEqual(ice?.candidates.map(({ port }) => port), [4000, 4001, 4002]);
  assert.equal(ice?.credentials.usernameFragment, 'aaaa0001');
});

test('a section without a BUNDLE group is answered without one (RFC 9143 7.3)', () => {
  const a = makeJsep('a');
  const b = makeJsep('b');
  a.addDataChannel();
  b.setRemoteDescription(edit(a.createOffer(), ['a=group:BUNDLE 0\r\n', '']));
  const answer = b.createAnswer();
  assert.ok(!answer.sdp.includes('a=group'));
  assert.deepEqual(sections(answer), ['0 application accepted']);
});

test('a bundle-only section outside of any group, and a second data section, are rejected', () => {
  const a = makeJsep('a');
  const b = makeJsep('b');
  a.addDataChannel();
  const offer = a.createOffer();
  b.setRemoteDescription(edit(offer, ['a=group:BUNDLE 0\r\n', ''], ['m=application 9', 'm=application 0'], ['a=mid:0', 'a=mid:0\r\na=bundle-only']));
  assert.deepEqual(sections(b.createAnswer()), ['0 application rejected']);
  const second = offer.sdp.slice(offer.sdp.indexOf('m=application')).replace('a=mid:0', 'a=mid:1');
  b.setRemoteDescription({ type: 'offer', sdp: offer.sdp + second });
  assert.deepEqual(sections(b.createAnswer()), ['0 application accepted', '1 application rejected']);
});

test('max-message-size: absent is 64 KiB, 0 is no limit, and a later one replaces it (RFC 8841 6.1)', () => {
  const sizeAfter = (change: string): number | undefined => {
    const a = makeJsep('a');
    const b = makeJsep('b');
    a.addDataChannel();
    b.setRemoteDescription(edit(a.createOffer(), ['a=max-message-size:262144\r\n', change]));
    return only(b.setLocalDescription().effects, 'sctp')[0]?.remoteMaxMessageSizeBytes;
  };
  assert.deepEqual([sizeAfter(''), sizeAfter('a=max-message-size:0\r\n'), sizeAfter('a=max-message-size:99999999999999999999\r\n')], [65_536, 0, Number.MAX_SAFE_INTEGER]);
  const a = makeJsep('a', { maxMessageSizeBytes: 1000, sctpPort: 6000 });
  const b = makeJsep('b');
  a.addDataChannel();
  assert.deepEqual(only(negotiate(a, b).answerer, 'sctp')[0], { type: 'sctp', localPort: 5000, remotePort: 6000, remoteMaxMessageSizeBytes: 1000, transport: 0, inits: undefined });
  b.setRemoteDescription(edit(a.createOffer(), ['a=max-message-size:1000', 'a=max-message-size:2000']));
  assert.deepEqual(only(b.setLocalDescription().effects, 'sctp').map(({ remoteMaxMessageSizeBytes }) => remoteMaxMessageSizeBytes), [2000]);
});

test('our description reads as one made for browsers', () => {
  const jsep: Jsep = makeJsep('a');
  jsep.addDataChannel();
  const { sdp } = jsep.createOffer();
  const id = sdp.split('\r\n')[1]?.split(' ')[1] as string;
  assert.ok(BigInt(id) < 1n << 63n && BigInt(id) > 1n << 40n);
  assert.equal(
    sdp.replace(id, 'ID').replaceAll('61:', ''),
    [
      'v=0',
      'o=- ID 1 IN IP4 127.0.0.1',
      's=-',
      't=0 0',
      'a=group:BUNDLE 0',
      'a=ice-options:trickle ice2',
      'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
      'c=IN IP4 0.0.0.0',
      'a=mid:0',
      'a=ice-ufrag:aaaa0001',
      'a=ice-pwd:aaaa0001aaaa0001aaaa0001',
      'a=fingerprint:sha-256 61',
      'a=setup:actpass',
      'a=sctp-port:5000',
      'a=max-message-size:262144',
      '',
    ].join('\r\n'),
  );
});
