import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RtcError } from '../../../src/core/index.ts';
import { DEFAULT_SDP_LIMITS, makeMediaSection, makeSessionSection, midOf, originOf, parseSdp, serializeSdp } from '../../../src/sdp/index.ts';
import { recordedOffers } from '../../support/jsep.ts';

const HEAD = 'v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n';
const DATA = 'm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n';

function refusedAt(line: number): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof RtcError);
    assert.deepEqual([error.code, error.line], ['ERR_SDP_SYNTAX', line], error.message);
    return true;
  };
}

for (const [peer, text] of recordedOffers()) {
  test(`A-SDP-03 the offer of ${peer} comes out byte for byte as it went in (RFC 8866 5)`, () => {
    assert.equal(serializeSdp(parseSdp(text)), text);
  });

  test(`the offer of ${peer} may have bare line feeds and no last line end`, () => {
    assert.equal(serializeSdp(parseSdp(text.replaceAll('\r\n', '\n'))), text);
    assert.equal(serializeSdp(parseSdp(text.slice(0, -2))), text);
    assert.equal(serializeSdp(parseSdp(`${text}\r\n\n`)), text);
  });
}

test('A-SDP-03 generated descriptions are a fixed point of parsing and writing', () => {
  const value = fc.string({ unit: fc.constantFrom(...'abcXYZ019 :;=/+-._{}"é'), maxLength: 40 });
  const unknown = fc.tuple(fc.constantFrom('x-', 'foo', '__proto__', 'constructor'), value).map(([name, rest]) => `a=${name}:${rest}`);
  const line = fc.oneof(unknown, value.map((text) => `i=${text}`), value.map((text) => `b=${text}`));
  const sections = fc.array(fc.array(line, { maxLength: 8 }), { maxLength: 5 });
  fc.assert(
    fc.property(fc.array(line, { maxLength: 5 }), sections, (session, media) => {
      const made = serializeSdp({
        session: makeSessionSection(['v=0', 'o=- 1 1 IN IP4 0.0.0.0', 's=-', 't=0 0', ...session]),
        media: media.map((lines, i) => makeMediaSection({ kind: 'audio', port: 9, protocol: 'UDP/TLS/RTP/SAVPF', formats: ['0'] }, [`a=mid:${i}`, ...lines])),
      });
      const parsed = parseSdp(made);
      assert.equal(serializeSdp(parsed), made);
      assert.equal(serializeSdp(parseSdp(serializeSdp(parsed))), made);
      assert.deepEqual(parsed.media.map(midOf), media.map((_, i) => String(i)));
    }),
    { seed: 7, numRuns: 300 },
  );
});

test('the session id keeps all of its 64 bits (RFC 8866 5.2)', () => {
  const text = HEAD.replace('o=- 1 2', 'o=- 18446744073709551615 9007199254740993');
  assert.deepEqual(originOf(parseSdp(text)), { username: '-', sessionId: '18446744073709551615', sessionVersion: '9007199254740993' });
});

const REFUSED: readonly (readonly [what: string, text: string, line: number])[] = [
  ['nothing', '', 1],
  ['another version', HEAD.replace('v=0', 'v=1'), 1],
  ['a byte order mark', `\ufeff${HEAD}`, 1],
  ['UTF-16 read as bytes', [...HEAD].map((letter) => `${letter}\0`).join(''), 1],
  ['no o= line', 'v=0\r\ns=-\r\nt=0 0\r\n', 2],
  ['a session id that is no number', HEAD.replace('- 1 2', '- x 2'), 2],
  ['five fields in o=', HEAD.replace(' 127.0.0.1', ''), 2],
  ['no s= line', 'v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\nt=0 0\r\n', 3],
  ['no t= line', 'v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\n', 3],
  ['an empty line', `${HEAD}\r\n${DATA}`, 5],
  ['a line without =', `${HEAD}hello\r\n`, 5],
  ['an upper-case type', `${HEAD}A=x\r\n`, 5],
  ['a NUL', `${HEAD}a=x\0\r\n`, 5],
  ['a lone carriage return', `${HEAD}a=x\ry\r\n`, 5],
  ['an attribute without a name', `${HEAD}a=:x\r\n`, 5],
  ['a short m= line', `${HEAD}m=application 9\r\n`, 5],
  ['a double space in m=', `${HEAD}m=application 9  UDP/DTLS/SCTP webrtc-datachannel\r\n`, 5],
  ['port 65536', `${HEAD}m=audio 65536 UDP/TLS/RTP/SAVPF 0\r\n`, 5],
  ['payload type 128', `${HEAD}m=audio 9 UDP/TLS/RTP/SAVPF 128\r\n`, 5],
  ['payload type 1000000000', `${HEAD}m=audio 9 UDP/TLS/RTP/SAVPF 1000000000\r\n`, 5],
  ['a short c= line', `${HEAD}c=IN IP4\r\n`, 5],
  ['rtpmap of payload type 128', `${HEAD}${DATA}a=rtpmap:128 opus/48000\r\n`, 7],
  ['clock rate 0', `${HEAD}${DATA}a=rtpmap:96 VP8/0\r\n`, 7],
  ['rtpmap without a rate', `${HEAD}${DATA}a=rtpmap:96 VP8\r\n`, 7],
  ['an SSRC of 33 bits', `${HEAD}${DATA}a=ssrc:4294967296 cname:x\r\n`, 7],
  ['extension number 0', `${HEAD}${DATA}a=extmap:0 urn:x\r\n`, 7],
  ['extension number 15', `${HEAD}${DATA}a=extmap:15 urn:x\r\n`, 7],
  ['extension number 256', `${HEAD}${DATA}a=extmap:256 urn:x\r\n`, 7],
  ['an extension without a name', `${HEAD}${DATA}a=extmap:1\r\n`, 7],
  ['an empty mid', `${HEAD}${DATA}a=mid:\r\n`, 7],
  ['a mid with a space', `${HEAD}${DATA}a=mid:a b\r\n`, 7],
  ['a mid of 1 KiB', `${HEAD}${DATA}a=mid:${'m'.repeat(1024)}\r\n`, 7],
  ['a mid twice', `${HEAD}${DATA}a=mid:0\r\n${DATA}a=mid:0\r\n`, 10],
  ['two mids in a section', `${HEAD}${DATA}a=mid:0\r\na=mid:1\r\n`, 8],
  ['a group of an unknown mid', `${HEAD}a=group:BUNDLE 0 1\r\n${DATA}a=mid:0\r\n`, 5],
  ['a mid in two groups', `${HEAD}a=group:BUNDLE 0\r\na=group:BUNDLE 0\r\n${DATA}a=mid:0\r\n`, 6],
  ['ptime 0', `${HEAD}${DATA}a=ptime:0\r\n`, 7],
  ['ufrag of 3 characters', `${HEAD}${DATA}a=ice-ufrag:abc\r\n`, 7],
  ['ufrag of 257 characters', `${HEAD}${DATA}a=ice-ufrag:${'a'.repeat(257)}\r\n`, 7],
  ['a colon in the ufrag', `${HEAD}${DATA}a=ice-ufrag:ab:cd\r\n`, 7],
  ['password of 21 characters', `${HEAD}${DATA}a=ice-pwd:${'a'.repeat(21)}\r\n`, 7],
  ['a short sha-256', `${HEAD}${DATA}a=fingerprint:sha-256 AA:BB\r\n`, 7],
  ['a fingerprint that is not hexadecimal', `${HEAD}${DATA}a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => 'GG').join(':')}\r\n`, 7],
  ['an unknown setup', `${HEAD}${DATA}a=setup:both\r\n`, 7],
  ['two setups', `${HEAD}${DATA}a=setup:active\r\na=setup:passive\r\n`, 8],
  ['SCTP port 65536', `${HEAD}${DATA}a=sctp-port:65536\r\n`, 7],
  ['a negative message size', `${HEAD}${DATA}a=max-message-size:-1\r\n`, 7],
  ['a message size with 21 digits', `${HEAD}${DATA}a=max-message-size:${'9'.repeat(21)}\r\n`, 7],
];

for (const [what, text, line] of REFUSED) {
  test(`A-SDP-01 ${what} is refused with the number of its line`, () => {
    assert.throws(() => parseSdp(text), refusedAt(line));
  });
}

test('A-SDP-01 the limits hold at one below, at, and one above', () => {
  const lines = (count: number): string => HEAD + 'a=x\r\n'.repeat(count - 4);
  const media = (count: number): string => HEAD + 'm=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n'.repeat(count);
  const long = (length: number): string => `${HEAD}a=x:${'y'.repeat(length - 4)}\r\n`;
  const total = (length: number): string => {
    const text = HEAD + `a=${'z'.repeat(1022)}\r\n`.repeat(1021);
    return `${text}a=${'y'.repeat(length - text.length - 4)}\r\n`;
  };
  const formats = (count: number): string => `${HEAD}m=audio 9 UDP/TLS/RTP/SAVPF${' 0'.repeat(count)}\r\n`;
  const extensions = (count: number): string => `${HEAD}${DATA}${'a=extmap:1 urn:x\r\n'.repeat(count)}`;
  const { maxLength, maxLines, maxLineLength, maxMediaSections, maxFormats, maxExtensions } = DEFAULT_SDP_LIMITS;
  const table = [
    [lines, maxLines],
    [media, maxMediaSections],
    [long, maxLineLength],
    [total, maxLength],
    [formats, maxFormats],
    [extensions, maxExtensions],
  ] as const;
  for (const [make, limit] of table) {
    assert.equal(serializeSdp(parseSdp(make(limit - 1))), make(limit - 1));
    assert.equal(serializeSdp(parseSdp(make(limit))), make(limit));
    assert.throws(() => parseSdp(make(limit + 1)), { code: 'ERR_SDP_SYNTAX' });
  }
});

test('a folded section says what it said before, line numbers and added lines included', () => {
  const text = 'v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=x=y:z\r\n';
  const whole = parseSdp(text);
  const folded = parseSdp(text);
  const sections = [folded.session, ...folded.media.map((section) => section.withAttributes(['candidate:1', 'end-of-candidates']))];
  const expected = [whole.session, ...whole.media.map((section) => section.withAttributes(['candidate:1', 'end-of-candidates']))];
  for (const [i, section] of sections.entries()) {
    const like = expected[i];
    assert.ok(like);
    section.fold();
    section.fold();
    assert.equal(section.text, like.text);
    assert.deepEqual(section.lines, like.lines);
    for (const name of ['group', 'mid', 'x=y', 'candidate', 'none']) assert.deepEqual(section.attributes(name), like.attributes(name));
    assert.equal(section.line('c'), like.line('c'));
    section.fold();
    assert.deepEqual(section.lines, like.lines);
  }
  for (const section of [folded.session, ...folded.media]) section.fold();
  assert.equal(folded.media[0]?.number, 6);
  assert.deepEqual(folded.media[0]?.withAttributes(['a:b']).lines, whole.media[0]?.withAttributes(['a:b']).lines);
  assert.equal(serializeSdp(folded), text);
});
