import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { isMediaSection, type MediaSection, msidsOf, parseSdp, ridsOf, simulcastOf, sourceGroupsOf, sourcesOf, staticCodec } from '../../../src/sdp/index.ts';
import { recordedOffers } from '../../support/jsep.ts';

const oracle = createRequire(import.meta.url)('sdp-transform') as { parse(text: string): any; parseSimulcastStreamList(text: string): any };

function section(lines: string, head = 'm=video 9 UDP/TLS/RTP/SAVPF 96'): MediaSection {
  return parseSdp(`v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n${head}\r\n${lines}`).media[0] as MediaSection;
}

for (const [peer, sdp] of recordedOffers()) {
  test(`an independent parser sees the same sources and streams in the offer of ${peer} (RFC 5576, RFC 8830)`, () => {
    const theirs = oracle.parse(sdp);
    parseSdp(sdp).media.forEach((ours, i) => {
      const media = theirs.media[i];
      const flat = sourcesOf(ours).flatMap(({ ssrc, attributes }) => [...attributes].map(([name, value]) => `${ssrc} ${name} ${value}`));
      assert.deepEqual(flat, (media.ssrcs ?? []).map(({ id, attribute, value }: any) => `${id} ${attribute} ${value}`));
      assert.deepEqual(sourceGroupsOf(ours).map(({ semantics, ssrcs }) => `${semantics} ${ssrcs.join(' ')}`), (media.ssrcGroups ?? []).map(({ semantics, ssrcs }: any) => `${semantics} ${ssrcs}`));
      if (media.msid === undefined) return;
      // The oracle does not know the braces that Firefox puts around its names.
      const name = (trackId: string | undefined): string | undefined => (trackId?.startsWith('{') ? undefined : trackId);
      const values = [media.msid].flat().map((msid: any) => (typeof msid === 'string' ? msid : `${msid.id} ${msid.appdata}`));
      assert.deepEqual(msidsOf(ours).map(({ streamId = '-', trackId }) => `${streamId} ${name(trackId)}`), values);
      assert.equal(isMediaSection(ours), ours.kind !== 'application');
    });
  });
}

test('streams: a=msid once each, - for none, of a=ssrc where there is no a=msid (RFC 8830 2)', () => {
  assert.deepEqual(msidsOf(section('a=msid:s t\r\na=msid:u t\r\na=msid:s t\r\n')), [{ streamId: 's', trackId: 't' }, { streamId: 'u', trackId: 't' }]);
  assert.deepEqual(msidsOf(section('a=msid:- t\r\n')), [{ streamId: undefined, trackId: 't' }]);
  assert.deepEqual(msidsOf(section('a=msid:s\r\n')), [{ streamId: 's', trackId: undefined }]);
  assert.deepEqual(msidsOf(section('a=ssrc:1 cname:x\r\na=ssrc:1 msid:s t\r\na=ssrc:2 msid:s t\r\n')), [{ streamId: 's', trackId: 't' }]);
  assert.deepEqual(msidsOf(section('a=ssrc:1 cname:x\r\na=msid:\r\n')), []);
});

test('sources: attributes by source, in the order of their first line (RFC 5576 4.1)', () => {
  const sources = sourcesOf(section('a=ssrc:4294967295 cname:a:b\r\na=ssrc:1 cname:c\r\na=ssrc:4294967295 previous-ssrc\r\na=ssrc:2\r\n'));
  assert.deepEqual(sources.map(({ ssrc, attributes }) => [ssrc, [...attributes]]), [[4_294_967_295, [['cname', 'a:b'], ['previous-ssrc', '']]], [1, [['cname', 'c']]], [2, []]]);
});

test('restrictions: payload types and the rest; what is malformed or said twice counts as absent (RFC 8851 4, 5)', () => {
  const rids = ridsOf(section('a=rid:h send pt=96,97;max-width=1280;depend=l\r\na=rid:l recv\r\na=rid:x both\r\na=rid:y! send\r\na=rid: send\r\na=rid:z send\r\na=rid:z send\r\na=rid:z recv\r\n'));
  assert.deepEqual(rids.map(({ id, direction, payloadTypes, restrictions }) => [id, direction, payloadTypes, [...restrictions]]), [
    ['h', 'send', [96, 97], [['max-width', '1280'], ['depend', 'l']]],
    ['l', 'recv', undefined, []],
    ['z', 'recv', undefined, []],
  ]);
  assert.deepEqual(ridsOf(section('a=rid:a send pt=128,x\r\n'))[0]?.payloadTypes, [-1, -1]);
});

test('simulcast: streams, alternatives and pauses, as an independent parser reads them (RFC 8853 5.1)', () => {
  for (const list of ['a', 'a;b;c', '~a,b;c', 'a,~b,c;~d']) {
    const ours = simulcastOf(section(`a=simulcast:recv x send ${list}\r\n`));
    const theirs = oracle.parseSimulcastStreamList(list).map((stream: any[]) => stream.map(({ scid, paused }) => ({ id: scid, paused })));
    assert.deepEqual(ours, { send: theirs, recv: [[{ id: 'x', paused: false }]] });
  }
  for (const bad of ['', 'send', 'both a', 'send a send b', 'send a recv', 'send a;', 'send a,,b', 'send ~', `send ${'a'.repeat(256)}`]) {
    assert.equal(simulcastOf(section(`a=simulcast:${bad}\r\n`)), undefined, bad);
  }
  assert.equal(simulcastOf(section('a=simulcast:send a\r\na=simulcast:send a\r\n')), undefined);
  assert.equal(simulcastOf(section('')), undefined);
});

test('static payload types have their meaning (RFC 3551 6), and sections of media are those over DTLS-SRTP (RFC 9429 5.1.2)', () => {
  assert.deepEqual([staticCodec(0), staticCodec(9), staticCodec(96)], [{ name: 'PCMU', clockRateHz: 8000 }, { name: 'G722', clockRateHz: 8000 }, undefined]);
  const of = (head: string): boolean => isMediaSection(section('', head));
  assert.deepEqual(['m=audio 9 UDP/TLS/RTP/SAVPF 0', 'm=video 9 RTP/SAVPF 96', 'm=video 9 TCP/DTLS/RTP/SAVP 96'].map(of), [true, true, true]);
  assert.deepEqual(['m=audio 9 RTP/AVP 0', 'm=text 9 UDP/TLS/RTP/SAVPF 96', 'm=application 9 UDP/DTLS/SCTP webrtc-datachannel'].map(of), [false, false, false]);
});
