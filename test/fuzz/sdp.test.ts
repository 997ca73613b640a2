import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecodeError, encodeUtf8, RtcError } from '../../src/core/index.ts';
import {
  bundleGroupsOf,
  candidateLinesOf,
  codecsOf,
  dataSectionOf,
  directionOf,
  extensionsOf,
  fingerprintsOf,
  iceCredentialsOf,
  iceOptionsOf,
  msidsOf,
  originOf,
  parseSdp,
  ridsOf,
  serializeSdp,
  setupOf,
  simulcastOf,
  sourceGroupsOf,
  sourcesOf,
} from '../../src/sdp/index.ts';
import { seeded, survives, withoutStacks } from '../support/fuzz.ts';
import { type Description, type Jsep, makeJsep, recordedOffers, snapshot } from '../support/jsep.ts';
import { makeMediaJsep } from '../support/jsep-media.ts';

const offers = [...recordedOffers().values()];

/** Descriptions of one section with a dozen of its lines, since most of a whole offer is not what a mutation touches; and the whole offers. */
const piecesAndOffers = [
  ...offers.flatMap((text) => {
    const [head = '', ...sections] = text.split(/^(?=m=)/m);
    return sections.flatMap((section) => {
      const [first = '', ...lines] = section.split(/(?<=\n)/);
      return Array.from({ length: Math.ceil(lines.length / 12) }, (_, i) => head + first + lines.slice(i * 12, (i + 1) * 12).join(''));
    });
  }),
  ...offers,
];

/**
 * `count` mutations of the texts, made of slices since a description is long: characters changed, runs removed or doubled,
 * lines removed, doubled or moved, ends cut, two texts spliced.
 */
function* textMutations(texts: readonly string[], count: number, seed: number): Generator<string> {
  const next = seeded(seed);
  const below = (n: number): number => Math.floor(next() * n);
  const letters = ['\0', '\r', '\n', '\r\n', ' ', ':', '=', '0', '9', '65536', '-1', '4294967296', 'a=', 'm=', '\u00ff', '\ud800'];
  for (let i = 0; i < count; i++) {
    let text = texts[below(texts.length)] as string;
    for (let rounds = 1 + below(4); rounds > 0; rounds--) {
      const at = below(text.length + 1);
      const run = below(9);
      const line = text.lastIndexOf('\n', at) + 1;
      const lineEnd = text.indexOf('\n', at) + 1 || text.length;
      switch (below(8)) {
        case 0:
          text = text.slice(0, at) + letters[below(letters.length)] + text.slice(at + 1);
          break;
        case 1:
          text = text.slice(0, at) + String.fromCharCode(32 + below(95)) + text.slice(at + 1);
          break;
        case 2:
          text = text.slice(0, at) + text.slice(at + run);
          break;
        case 3:
          text = text.slice(0, at) + text.slice(at, at + run) + text.slice(at);
          break;
        case 4:
          text = text.slice(0, line) + text.slice(lineEnd);
          break;
        case 5:
          text = text.slice(0, lineEnd) + text.slice(line);
          break;
        case 6:
          if (below(4) === 0) text = text.slice(0, at);
          break;
        default: {
          const other = texts[below(texts.length)] as string;
          const from = other.lastIndexOf('\n', below(other.length)) + 1;
          text = text.slice(0, line) + (below(2) ? other.slice(from) : other.slice(from, other.indexOf('\n', from) + 1) + text.slice(line));
        }
      }
    }
    yield text;
  }
}

/** Reads everything there is to read; only the parser may refuse, and only with its own error. */
function decode(text: string): void {
  let description: ReturnType<typeof parseSdp>;
  try {
    description = parseSdp(text);
  } catch (error) {
    if (error instanceof RtcError && error.code === 'ERR_SDP_SYNTAX' && typeof error.line === 'number') throw new DecodeError('sdp', error.message);
    throw new Error(`threw ${String(error)} for ${JSON.stringify(text)}`, { cause: error });
  }
  assert.ok(serializeSdp(description).length >= text.trimEnd().length);
  originOf(description);
  bundleGroupsOf(description);
  for (const section of description.media) {
    for (const read of [iceCredentialsOf, iceOptionsOf, fingerprintsOf, setupOf, directionOf]) read(description, section);
    for (const read of [candidateLinesOf, codecsOf, extensionsOf, dataSectionOf, msidsOf, sourcesOf, sourceGroupsOf, ridsOf, simulcastOf]) read(section);
  }
}

function outcome(text: string): 'decoded' | 'refused' {
  return survives(() => decode(text), NOTHING);
}

const NOTHING = encodeUtf8('');

test('A-SDP-01 the parser survives 100 000 mutations of recorded offers and pieces of them with its typed error only', { timeout: 60_000 }, () => {
  let decoded = 0;
  let seen = 0;
  withoutStacks(() => {
    for (const text of textMutations(piecesAndOffers, 100_000, 8866)) {
      if (outcome(text) === 'decoded') decoded++;
      seen++;
    }
  });
  assert.equal(seen, 100_000);
  assert.ok(decoded > 100 && decoded < seen, `${decoded} of ${seen} decoded`);
});

test('A-JS-01 every prefix of a recorded offer is read or refused with the typed error', () => {
  let seen = 0;
  withoutStacks(() => {
    for (const text of offers) {
      for (let length = 0; length < text.length; length += 3) {
        outcome(text.slice(0, length));
        seen++;
      }
    }
  });
  assert.ok(seen > 5000);
});

/** Sets a mutated description and what follows of it; a refusal is typed and changes nothing. */
function survivesDescription(jsep: Jsep, description: Description, codes: Set<string>): boolean {
  const seen = (): object => ({ ...snapshot(jsep), transceivers: jsep.transceivers });
  const before = seen();
  try {
    jsep.setRemoteDescription(description);
  } catch (error) {
    assert.ok(error instanceof RtcError, error instanceof Error ? error.stack : String(error));
    codes.add(error.code);
    assert.deepEqual(seen(), before);
    return false;
  }
  jsep.setLocalDescription();
  parseSdp(jsep.localDescription?.sdp ?? '');
  return true;
}

const EXPECTED_CODES: ReadonlySet<string> = new Set(['ERR_SDP_SYNTAX', 'ERR_INVALID_ACCESS', 'ERR_OPERATION']);

test('A-SDP-04 a mutated offer is answered or refused with a typed error that changes nothing', () => {
  const codes = new Set<string>();
  let answered = 0;
  let i = 0;
  for (const text of textMutations(offers, 2400, 3264)) {
    const jsep = ++i % 3 === 0 ? makeMediaJsep('z') : makeJsep('z');
    if (i % 2 === 0 && i % 3 === 0) jsep.addTrack('video', 'camera', ['s']);
    if (!survivesDescription(jsep, { type: 'offer', sdp: text }, codes)) continue;
    assert.equal(jsep.signalingState, 'stable');
    answered++;
  }
  assert.ok(answered > 50);
  for (const code of codes) assert.ok(EXPECTED_CODES.has(code), code);
});

test('A-SDP-04 a mutated answer to an offer with a simulcast is applied or refused, and never gives more than was offered', () => {
  const peer = makeMediaJsep('y');
  const make = (): Jsep => {
    const jsep = makeMediaJsep('z');
    jsep.addTransceiver('video', { encodings: [{ rid: 'h' }, { rid: 'l' }] });
    jsep.addTransceiver('audio', { direction: 'recvonly' });
    jsep.setLocalDescription();
    return jsep;
  };
  peer.addTrack('audio', 'microphone', ['s']);
  peer.setRemoteDescription(make().localDescription as Description);
  peer.setLocalDescription();
  const codes = new Set<string>();
  let applied = 0;
  for (const text of textMutations([peer.localDescription?.sdp ?? ''], 300, 3265)) {
    const jsep = make();
    if (!survivesDescription(jsep, { type: 'answer', sdp: text }, codes)) continue;
    applied++;
    for (const { kind, currentDirection, encodings } of jsep.transceivers) {
      if (kind === 'audio') assert.ok(currentDirection !== 'sendrecv' && currentDirection !== 'sendonly');
      assert.ok(encodings.length <= 2);
    }
  }
  assert.ok(applied > 50);
  for (const code of codes) assert.ok(EXPECTED_CODES.has(code), code);
});
