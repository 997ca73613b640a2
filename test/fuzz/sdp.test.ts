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
  originOf,
  parseSdp,
  serializeSdp,
  setupOf,
} from '../../src/sdp/index.ts';
import { seeded, survives, withoutStacks } from '../support/fuzz.ts';
import { makeJsep, recordedOffers, snapshot } from '../support/jsep.ts';

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
    for (const read of [candidateLinesOf, codecsOf, extensionsOf, dataSectionOf]) read(section);
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

test('A-SDP-04 a mutated offer is answered or refused with a typed error that changes nothing', () => {
  const codes = new Set<string>();
  let answered = 0;
  for (const text of textMutations(offers, 5000, 3264)) {
    const jsep = makeJsep('z');
    const before = snapshot(jsep);
    try {
      jsep.setRemoteDescription({ type: 'offer', sdp: text });
    } catch (error) {
      assert.ok(error instanceof RtcError, String(error));
      codes.add(error.code);
      assert.deepEqual(snapshot(jsep), before);
      continue;
    }
    jsep.setLocalDescription();
    assert.equal(jsep.signalingState, 'stable');
    parseSdp(jsep.localDescription?.sdp ?? '');
    answered++;
  }
  assert.ok(answered > 50);
  for (const code of codes) assert.ok(['ERR_SDP_SYNTAX', 'ERR_INVALID_ACCESS', 'ERR_OPERATION'].includes(code), code);
});
