import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toBase64 } from '../../../src/core/index.ts';
import { makeInit, readInit, type SignalledInits } from '../../../src/sctp/index.ts';
import { seededRandom } from '../../support/fuzz.ts';
import { type Description, edit, type Jsep, type JsepEffect, makeJsep, negotiate, only } from '../../support/jsep.ts';

// `a=sctp-init` in offers and answers (draft-hancke-tsvwg-snap, "SDP Offer/Answer Procedures").

function snapJsep(letter: string): Jsep {
  return makeJsep(letter, { sctpInit: {}, media: { audio: { codecs: [], headerExtensions: [] }, video: { codecs: [], headerExtensions: [] } } as never });
}

function dataJsep(letter: string): Jsep {
  const jsep = snapJsep(letter);
  jsep.addDataChannel();
  return jsep;
}

const linesOf = (description: Description | null): readonly string[] => [...(description?.sdp ?? '').matchAll(/^a=sctp-init:(.*)\r$/gm)].map(([, value]) => value as string);
const lineOf = (description: Description | null): string | undefined => linesOf(description)[0];
const initsOf = (effects: readonly JsepEffect[]): SignalledInits | undefined => only(effects, 'sctp')[0]?.inits;
const text = (bytes: Uint8Array | undefined): string | undefined => bytes && toBase64(bytes);

test('offer and answer each bear an INIT of their own, and both ends are told of both', () => {
  const [a, b] = [dataJsep('a'), snapJsep('b')];
  const effects = negotiate(a, b);
  const [ours, theirs] = [lineOf(a.localDescription), lineOf(b.localDescription)];
  assert.ok(ours !== undefined && theirs !== undefined && ours !== theirs);
  for (const line of [ours, theirs]) assert.ok(readInit(Buffer.from(line, 'base64')) !== undefined);
  const [offerer, answerer] = [initsOf(effects.offerer), initsOf(effects.answerer)];
  assert.deepEqual([text(offerer?.local), text(offerer?.remote)], [ours, theirs]);
  assert.deepEqual([text(answerer?.local), text(answerer?.remote)], [theirs, ours]);
});

test('every later description of the association says the same, whoever offers, and what was created but not set as well', () => {
  const [a, b] = [dataJsep('a'), snapJsep('b')];
  const first = lineOf(a.createOffer());
  assert.equal(lineOf(a.createOffer()), first);
  negotiate(a, b);
  const said = [lineOf(a.localDescription), lineOf(b.localDescription)];
  assert.equal(said[0], first);
  negotiate(b, a);
  negotiate(a, b);
  a.restartIce();
  negotiate(a, b);
  assert.deepEqual([lineOf(a.localDescription), lineOf(b.localDescription)], said);
  assert.deepEqual(only(negotiate(b, a).offerer, 'sctp'), []);
});

test('an answer has a line only when the offer has a good one', () => {
  const bad: Readonly<Record<string, string>> = {
    'not base64': 'a=sctp-init:%%%\r\n',
    empty: 'a=sctp-init:\r\n',
    'no INIT': 'a=sctp-init:Q29va2llTW9uc3Rlcg==\r\n',
    'tag 0': `a=sctp-init:${toBase64(Uint8Array.of(1, 0, 0, 20, 0, 0, 0, 0, 0, 16, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1))}\r\n`,
    none: '',
    'two of them': 'TWICE',
  };
  for (const [what, line] of Object.entries(bad)) {
    const [a, b] = [dataJsep('a'), snapJsep('b')];
    const offer = a.createOffer();
    a.setLocalDescription(offer);
    const own = `a=sctp-init:${lineOf(offer)}\r\n`;
    b.setRemoteDescription(edit(offer, [own, line === 'TWICE' ? own + own : line]));
    const { effects } = b.setLocalDescription();
    assert.equal(lineOf(b.localDescription), undefined, what);
    assert.equal(only(effects, 'sctp').length, 1, what);
    assert.equal(initsOf(effects)?.remote, undefined, what);
    const ours = initsOf(a.setRemoteDescription(b.localDescription as Description).effects);
    assert.deepEqual([text(ours?.local), ours?.remote], [lineOf(offer), undefined], `${what}: our own stays what we said it is`);
    for (const side of [a, b]) assert.equal(lineOf(side.createOffer()), undefined, `${what}: an association that began without stays so`);
  }
});

test('A-SCTP-24 an answer that cannot be read, or that only says again what we said, counts as none', () => {
  for (const line of ['a=sctp-init:%%%', 'a=sctp-init:Q29va2llTW9uc3Rlcg==', 'ECHO']) {
    const [a, b] = [dataJsep('a'), snapJsep('b')];
    a.setLocalDescription();
    b.setRemoteDescription(a.localDescription as Description);
    b.setLocalDescription();
    const theirs = `a=sctp-init:${lineOf(b.localDescription)}`;
    const { effects } = a.setRemoteDescription(edit(b.localDescription, [theirs, line === 'ECHO' ? `a=sctp-init:${lineOf(a.localDescription)}` : line]));
    assert.equal(initsOf(effects)?.remote, undefined, line);
  }
});

test('a peer that says something else later is not listened to', () => {
  const [a, b] = [dataJsep('a'), snapJsep('b')];
  negotiate(a, b);
  const said = lineOf(a.localDescription)!;
  a.setLocalDescription();
  const other = toBase64(makeInit({}, seededRandom(9)));
  b.setRemoteDescription(edit(a.localDescription, [said, other], ['max-message-size:262144', 'max-message-size:1000']));
  assert.deepEqual(text(initsOf(b.setLocalDescription().effects)?.remote), said);
});

test('an association that takes the place of one that ended has an INIT of its own', () => {
  const [a, b] = [dataJsep('a'), snapJsep('b')];
  negotiate(a, b);
  const said = new Set([lineOf(a.localDescription), lineOf(b.localDescription)]);
  a.setLocalDescription();
  b.setRemoteDescription(a.localDescription as Description);
  b.setLocalDescription();
  a.setRemoteDescription(edit(b.localDescription, ['m=application 9', 'm=application 0'], ['a=group:BUNDLE 0\r\n', '']));
  const fresh = snapJsep('c');
  a.addDataChannel();
  negotiate(a, fresh);
  for (const side of [a, fresh]) {
    assert.equal(linesOf(side.localDescription).length, 1);
    assert.ok(!said.has(lineOf(side.localDescription)));
  }
});

test('after a rollback the descriptions that meet at last are what counts', () => {
  const [a, b] = [dataJsep('a'), dataJsep('b')];
  a.setLocalDescription();
  a.setLocalDescription({ type: 'rollback' });
  a.setLocalDescription();
  b.setLocalDescription();
  b.setRemoteDescription(a.localDescription as Description); // and b's own offer is rolled back
  const answered = initsOf(b.setLocalDescription().effects);
  const offered = initsOf(a.setRemoteDescription(b.localDescription as Description).effects);
  const said = [lineOf(a.localDescription), lineOf(b.localDescription)];
  assert.ok(said[0] !== undefined && said[1] !== undefined);
  assert.deepEqual([text(offered?.local), text(offered?.remote)], said);
  assert.deepEqual([text(answered?.remote), text(answered?.local)], said);
});

test('a provisional answer begins the association, and the final one does not change it', () => {
  for (const has of [true, false]) {
    const [a, b] = [dataJsep('a'), snapJsep('b')];
    a.setLocalDescription();
    b.setRemoteDescription(a.localDescription as Description);
    const answer = b.createAnswer();
    const line = `a=sctp-init:${lineOf(answer)}\r\n`;
    const provisional = has ? answer : edit(answer, [line, '']);
    const { effects } = a.setRemoteDescription({ type: 'pranswer', sdp: provisional.sdp });
    assert.equal(initsOf(effects)?.remote !== undefined, has);
    const final = a.setRemoteDescription({ type: 'answer', sdp: answer.sdp });
    assert.deepEqual(only(final.effects, 'sctp'), []);
    assert.equal(lineOf(a.createOffer()) !== undefined, has);
  }
});

test('without the setting, and to a peer from before RFC 8841, nothing is said', () => {
  const [a, b] = [makeJsep('a'), snapJsep('b')];
  a.addDataChannel();
  const effects = negotiate(a, b);
  assert.deepEqual([lineOf(a.localDescription), lineOf(b.localDescription), initsOf(effects.offerer)], [undefined, undefined, undefined]);
  const old = dataJsep('c');
  const offer = old.createOffer();
  const answerer = snapJsep('d');
  answerer.setRemoteDescription(edit(offer, ['UDP/DTLS/SCTP webrtc-datachannel', 'DTLS/SCTP 5000'], ['a=sctp-port:5000', 'a=sctpmap:5000 webrtc-datachannel 65535']));
  answerer.setLocalDescription();
  assert.equal(lineOf(answerer.localDescription), undefined);
});
