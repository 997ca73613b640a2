import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seeded } from '../../support/fuzz.ts';
import type { BundlePolicy } from '../../../src/peer/jsep/config.ts';
import { type JsepEffect, makeMediaJsep, MEDIA, type MediaAgreement, type MediaCapabilities, names } from '../../support/jsep-media.ts';
import { EMPTY, tagOf, Watched } from '../../support/jsep-watched.ts';

// Two machines with media and a walk of random operations. From the effects alone a small model is kept, as the peer would
// keep it; whenever both sides are stable, what each holds must be the mirror of what the other does.

/** The same codecs with their numbers the other way round, and not all of them. */
function otherMedia(): MediaCapabilities {
  const dynamic = MEDIA.codecs.map(({ payloadType }) => payloadType).filter((type) => type >= 35);
  const reversed = dynamic.toReversed();
  const renamed = (type: number): number => reversed[dynamic.indexOf(type)] ?? type;
  const codecs = MEDIA.codecs.map((codec) => {
    const parameters = [...codec.parameters].map(([key, value]): [string, string] => {
      if (key === 'apt') return [key, String(renamed(Number(value)))];
      return codec.name === 'red' ? [key.split('/').map((type) => renamed(Number(type))).join('/'), value] : [key, value];
    });
    return { ...codec, payloadType: renamed(codec.payloadType), parameters: new Map(parameters) };
  });
  return { codecs: codecs.filter(({ name }) => name !== 'VP9' && name !== 'G722'), headerExtensions: MEDIA.headerExtensions.toReversed().slice(1) };
}

const OTHER_MEDIA = otherMedia();

const MIRROR: Readonly<Record<string, string>> = { sendrecv: 'sendrecv', sendonly: 'recvonly', recvonly: 'sendonly', inactive: 'inactive' };

/** What both hold is the mirror of what the other does. */
function checkMirror(a: Watched, b: Watched): void {
  const alive = (side: Watched): readonly MediaAgreement[] => side.agreements.toSorted((x, y) => (x.mid < y.mid ? -1 : 1));
  // One that its owner has just stopped is still agreed upon at the other end.
  const both = new Set(alive(a).map(({ mid }) => mid).filter((mid) => alive(b).some((other) => other.mid === mid)));
  for (const [one, other] of [[a, b], [b, a]] as const) {
    const others = new Map(alive(other).map((agreement) => [agreement.mid, agreement]));
    for (const agreement of alive(one)) {
      if (!both.has(agreement.mid)) continue;
      const peer = others.get(agreement.mid) ?? assert.fail();
      assert.equal(peer.direction, MIRROR[agreement.direction]);
      assert.equal(peer.kind, agreement.kind);
      assert.deepEqual([...names(agreement.sendCodecs)].sort(), [...names(peer.receiveCodecs)].sort());
      for (const codec of agreement.sendCodecs) {
        const theirs = peer.receiveCodecs.find(({ payloadType }) => payloadType === codec.payloadType);
        assert.deepEqual(theirs?.parameters, codec.parameters);
        assert.deepEqual([...(theirs?.feedback ?? [])].sort(), [...codec.feedback].sort());
      }
      assert.deepEqual([...agreement.extensions].sort((x, y) => x.id - y.id), [...peer.extensions].sort((x, y) => x.id - y.id));
      assert.deepEqual([agreement.reducedSizeRtcp, agreement.extmapAllowMixed], [peer.reducedSizeRtcp, peer.extmapAllowMixed]);
      const rids = agreement.sendEncodings.flatMap(({ rid }) => rid ?? []);
      assert.deepEqual(peer.receiveEncodings.map(({ rid }) => rid), rids);
      if (rids.length === 0 && agreement.sendEncodings.length > 0) assert.deepEqual(peer.sources.map(({ ssrc }) => ssrc), agreement.sendEncodings.map(({ ssrc }) => ssrc));
    }
  }
  const transports = ({ hasTransport, branches }: Watched): readonly boolean[] => [hasTransport, ...branches.values()].filter(Boolean);
  assert.equal(transports(a).length, transports(b).length);
  assert.ok([a, b].every(({ branches }) => [...branches.values()].every(Boolean)), 'none is begun and not agreed upon');
  const shared = (side: Watched): readonly string[] => alive(side).filter(({ mid }) => both.has(mid)).map(({ transport }, i, all) => String(all.findIndex((other) => other.transport === transport) === i));
  assert.deepEqual(shared(a), shared(b), 'what shares a transport here shares one there');
}

/** A whole exchange by the book, offer from `one`. */
function exchange(one: Watched, other: Watched): void {
  for (const side of [one, other]) {
    if (side.jsep.signalingState === 'have-local-offer' || side.jsep.signalingState === 'have-remote-offer') side.must(() => side.jsep.setLocalDescription({ type: 'rollback' }));
  }
  one.must(() => one.jsep.setLocalDescription());
  other.must(() => other.jsep.setRemoteDescription(other.hears(one.jsep.localDescription)));
  other.must(() => other.jsep.setLocalDescription());
  one.must(() => one.jsep.setRemoteDescription(one.hears(other.jsep.localDescription)));
  for (const side of [one, other]) {
    assert.equal(side.jsep.signalingState, 'stable');
    side.remember();
  }
}

/** Exchanges until nobody wants one; that must come soon. */
function settle(a: Watched, b: Watched): number {
  for (let rounds = 0; rounds < 5; rounds++) {
    const needy = a.jsep.negotiationNeeded ? a : b.jsep.negotiationNeeded ? b : undefined;
    if (needy === undefined) return rounds;
    exchange(needy, needy === a ? b : a);
    checkMirror(a, b);
  }
  assert.fail('negotiation does not come to rest');
}

const DIRECTIONS = ['sendrecv', 'sendonly', 'recvonly', 'inactive'] as const;

/** One operation of an application. */
function operate(side: Watched, below: (n: number) => number): void {
  const { jsep } = side;
  const kind = below(2) ? 'audio' : 'video';
  const { transceivers } = jsep;
  const id = transceivers[below(transceivers.length + 1)]?.id ?? 99;
  const direction = DIRECTIONS[below(4)] ?? 'inactive';
  switch (below(10)) {
    case 0:
      side.run(() => void jsep.addTransceiver(kind, { direction, ...(below(2) && { trackId: `t${below(9)}` }), streamIds: below(2) ? ['s'] : [] }));
      break;
    case 1:
      side.run(() => void jsep.addTransceiver('video', { direction, encodings: ['h', 'm', 'l'].slice(below(3)).map((rid) => ({ rid })) }));
      break;
    case 2:
      side.run(() => void jsep.addTrack(kind, `t${below(9)}`, below(2) ? ['s', 'u'] : []));
      break;
    case 3:
      side.run(() => jsep.removeTrack(id));
      break;
    case 4:
    case 5:
      side.run(() => jsep.setDirection(id, direction));
      break;
    case 6:
      side.run(() => jsep.stopTransceiver(id));
      break;
    case 7: {
      const codecs = (side.name === 'a' ? MEDIA : OTHER_MEDIA).codecs.filter((codec) => codec.kind === kind && below(2));
      side.run(() => jsep.setCodecPreferences(id, codecs));
      break;
    }
    case 8:
      side.run(() => jsep.setStreams(id, below(2) ? [] : [`s${below(3)}`]));
      break;
    default:
      if (direction === 'sendrecv') jsep.addDataChannel();
      else if (direction === 'inactive') jsep.restartIce();
      else side.run(() => jsep.setEncodingActive(id, below(2), below(2) === 1));
  }
}

interface Totals {
  exchanges: number;
  agreements: number;
  failures: number;
  held: number;
  /** Transports besides the first, at the end. */
  branches: number;
}

/** @param policy - of both, when groups are lost on the way, as by peers that do not bundle */
function walk(seed: number, steps: number, policy?: BundlePolicy): Totals {
  const next = seeded(seed);
  const below = (n: number): number => Math.floor(next() * n);
  const isBundling = policy === undefined;
  const bundlePolicy = policy ?? 'balanced';
  const rewrite = (sdp: string): string => (isBundling ? sdp : sdp.replace(/a=group:BUNDLE[^\r\n]*\r\n/g, ''));
  const a = new Watched('a', makeMediaJsep('a', { bundlePolicy }), isBundling, rewrite);
  const other = below(2) ? { bundlePolicy } : { media: OTHER_MEDIA, bundlePolicy: isBundling ? ('max-bundle' as const) : bundlePolicy };
  const b = new Watched('b', makeMediaJsep('b', other), isBundling, rewrite);
  const totals: Totals = { exchanges: 0, agreements: 0, failures: 0, held: 0, branches: 0 };
  for (let step = 0; step < steps; step++) {
    const [one, other] = next() < 0.5 ? [a, b] : [b, a];
    const attempt = (operation: () => { effects: readonly JsepEffect[] }): void => void (one.run(operation) && totals.failures++);
    const action = below(16);
    if (action < 8) operate(one, below);
    else if (action === 8) attempt(() => one.jsep.setLocalDescription(one.jsep.createOffer(below(4) ? {} : { offerToReceiveAudio: below(2) === 1, offerToReceiveVideo: true })));
    else if (action === 9) attempt(() => one.jsep.setLocalDescription({ type: 'rollback' }));
    else if (action === 10 || action === 11) {
      const description = other.jsep.pendingLocalDescription;
      if (description?.type === 'offer') attempt(() => one.jsep.setRemoteDescription(one.hears(description)));
    } else if (action === 12) {
      attempt(() => one.jsep.setRemoteDescription({ type: 'offer', sdp: one.rewrite(other.jsep.localDescription?.sdp ?? EMPTY).replace('m=video', 'm=audio') }));
      if (one.jsep.signalingState === 'have-remote-offer') one.must(() => one.jsep.setRemoteDescription({ type: 'rollback' }));
    } else if (action === 13 && one.jsep.signalingState === 'stable' && other.jsep.signalingState === 'stable') {
      // A provisional answer first.
      one.must(() => one.jsep.setLocalDescription());
      other.must(() => other.jsep.setRemoteDescription(other.hears(one.jsep.localDescription)));
      other.must(() => other.jsep.setLocalDescription({ type: 'pranswer' }));
      one.must(() => one.jsep.setRemoteDescription(one.hears(other.jsep.localDescription)));
      operate(other, below);
      other.must(() => other.jsep.setLocalDescription({ type: 'answer' }));
      one.must(() => one.jsep.setRemoteDescription(one.hears(other.jsep.localDescription)));
      totals.exchanges++;
    } else if (action >= 14) {
      exchange(one, other);
      checkMirror(a, b);
      totals.exchanges++;
      totals.agreements += one.agreements.length;
    }
  }
  exchange(a, b);
  totals.exchanges += settle(a, b);
  checkMirror(a, b);
  totals.branches = a.branches.size;
  if (!isBundling) return totals;
  assert.equal(totals.branches, 0);
  // A tagged section outlives the transceiver of one side, and is all that only the other side agreed upon.
  for (const [one, other] of [[a, b], [b, a]] as const) {
    const alone = one.agreements.filter(({ mid }) => !other.agreements.some((agreement) => agreement.mid === mid));
    assert.ok(alone.length <= 1 && alone.every(({ mid, direction }) => direction === 'inactive' && tagOf(one.jsep.localDescription) === mid));
    totals.held += alone.length;
  }
  return totals;
}

function walks(seeds: number, policy?: BundlePolicy): Totals {
  const totals: Totals = { exchanges: 0, agreements: 0, failures: 0, held: 0, branches: 0 };
  for (let seed = 1; seed <= seeds; seed++) {
    try {
      const { exchanges, agreements, failures, held, branches } = walk(seed, 40, policy);
      totals.exchanges += exchanges;
      totals.agreements += agreements;
      totals.failures += failures;
      totals.held += held;
      totals.branches += branches;
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
  return totals;
}

const SEEDS = Number(process.env['JSEP_SEEDS'] ?? 10);

test('random walks of two machines with media: always stable in the end, agreements that mirror, nothing thrown but RtcError', () => {
  const totals = walks(SEEDS);
  assert.ok(totals.exchanges > 3 * SEEDS && totals.agreements > 3 * SEEDS && totals.failures > SEEDS && totals.held > 0, JSON.stringify(totals));
});

test('the same where nothing is bundled: sections that share a transport do so at both ends, and none is left over (RFC 9143 7)', () => {
  for (const policy of ['balanced', 'max-compat'] as const) {
    const totals = walks(SEEDS, policy);
    assert.ok(totals.exchanges > 3 * SEEDS && totals.agreements > 3 * SEEDS && totals.branches > SEEDS, JSON.stringify(totals));
  }
});
