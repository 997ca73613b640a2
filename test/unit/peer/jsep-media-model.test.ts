import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RtcError } from '../../../src/core/index.ts';
import { bundleGroupsOf, codecsOf, extensionsOf, isRejected, midOf, parseSdp, serializeSdp } from '../../../src/sdp/index.ts';
import { seeded } from '../../support/fuzz.ts';
import { snapshot } from '../../support/jsep.ts';
import { type Description, type Jsep, type JsepEffect, makeMediaJsep, MEDIA, type MediaAgreement, type MediaCapabilities, names } from '../../support/jsep-media.ts';

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

class Side {
  readonly jsep: Jsep;
  readonly name: string;
  agreements: readonly MediaAgreement[] = [];
  /** Transceivers whose remote track was announced and is not muted. */
  readonly announced: Set<number> = new Set();
  readonly stopped: Set<number> = new Set();
  readonly known: Set<number> = new Set();
  hasTransport = false;
  #checked = '';
  /** What payload types meant in descriptions that were agreed upon. */
  readonly meanings: Map<number, string> = new Map();

  constructor(name: string, jsep: Jsep) {
    this.name = name;
    this.jsep = jsep;
  }

  seen(): object {
    return { ...snapshot(this.jsep), transceivers: this.jsep.transceivers };
  }

  /** Runs an operation: it works and its effects are taken, or it fails and changes nothing. */
  run(operation: () => { effects: readonly JsepEffect[] } | void): RtcError | undefined {
    const before = this.seen();
    let effects: readonly JsepEffect[];
    try {
      effects = operation()?.effects ?? [];
    } catch (error) {
      assert.ok(error instanceof RtcError, error instanceof Error ? error.stack : String(error));
      assert.deepEqual(this.seen(), before);
      return error;
    }
    for (const effect of effects) this.#take(effect);
    for (const { id } of this.jsep.transceivers) this.known.add(id);
    this.#check();
    return undefined;
  }

  must(operation: () => { effects: readonly JsepEffect[] } | void): void {
    assert.equal(this.run(operation)?.message, undefined);
  }

  #take(effect: JsepEffect): void {
    switch (effect.type) {
      case 'media':
        assert.notDeepEqual(effect.agreements, this.agreements, 'told only when it changed');
        this.agreements = effect.agreements;
        break;
      case 'transceiver-added':
        assert.ok(!this.known.has(effect.transceiver.id), 'a new one has a new id');
        break;
      case 'track':
        assert.ok(!this.announced.has(effect.transceiver) && !this.stopped.has(effect.transceiver));
        this.announced.add(effect.transceiver);
        break;
      case 'track-removed':
        assert.ok(this.announced.delete(effect.transceiver), 'only a track that was announced is muted');
        break;
      case 'transceiver-stopped':
        assert.ok(!this.stopped.has(effect.transceiver));
        this.stopped.add(effect.transceiver);
        this.announced.delete(effect.transceiver);
        break;
      case 'transport':
        assert.ok(!this.hasTransport);
        this.hasTransport = true;
        break;
      case 'transport-closed':
        this.hasTransport = false;
        break;
      default:
        break;
    }
  }

  #check(): void {
    const { transceivers } = this.jsep;
    const mids = transceivers.flatMap(({ mid }) => mid ?? []);
    assert.equal(new Set(mids).size, mids.length, 'no two have one section');
    for (const agreement of this.agreements) {
      const transceiver = transceivers.find(({ id }) => id === agreement.transceiver);
      assert.ok(transceiver && !this.stopped.has(agreement.transceiver), 'what is agreed upon is alive');
      assert.deepEqual([transceiver.mid, transceiver.currentDirection], [agreement.mid, agreement.direction]);
      const isSending = agreement.direction === 'sendrecv' || agreement.direction === 'sendonly';
      assert.equal(agreement.sendEncodings.length > 0, isSending);
    }
    assert.equal(this.jsep.currentLocalDescription === null, this.jsep.currentRemoteDescription === null);
    const local = this.jsep.localDescription;
    if (local && local.sdp !== this.#checked) checkText(local);
    this.#checked = local?.sdp ?? '';
  }

  /** A payload type means one thing for as long as the connection lives. */
  remember(): void {
    const local = this.jsep.currentLocalDescription;
    for (const section of parseSdp(local?.sdp ?? EMPTY).media) {
      if (isRejected(section) || section.kind === 'application') continue;
      for (const { payloadType, name, clockRateHz } of codecsOf(section)) {
        const meaning = `${name} ${clockRateHz}`.toLowerCase();
        assert.equal(this.meanings.get(payloadType) ?? meaning, meaning, `payload type ${payloadType}`);
        this.meanings.set(payloadType, meaning);
      }
    }
  }
}

const EMPTY = 'v=0\no=- 0 0 IN IP4 0.0.0.0\ns=-\nt=0 0\n';

/** Within a bundle a payload type and an id have one meaning (RFC 9143 9.1.1, RFC 8285 6); groups name what lives. */
function checkText({ sdp }: Description): void {
  const parsed = parseSdp(sdp);
  assert.equal(serializeSdp(parsed), sdp);
  const types = new Map<number, string>();
  const ids = new Map<number, string>();
  for (const section of parsed.media) {
    if (isRejected(section) || section.kind === 'application') continue;
    assert.equal(new Set(section.formats).size, section.formats.length);
    for (const { payloadType, name, parameters } of codecsOf(section)) {
      const meaning = `${section.kind} ${name} ${[...parameters].join(';')}`;
      assert.equal(types.get(payloadType) ?? meaning, meaning, `payload type ${payloadType}`);
      types.set(payloadType, meaning);
    }
    for (const { id, uri } of extensionsOf(section)) {
      assert.equal(ids.get(id) ?? uri, uri, `extension ${id}`);
      ids.set(id, uri);
    }
  }
  assert.deepEqual(bundleGroupsOf(parsed).flat().sort(), parsed.media.filter((section) => !isRejected(section)).map((section) => midOf(section) ?? '').sort());
}

const MIRROR: Readonly<Record<string, string>> = { sendrecv: 'sendrecv', sendonly: 'recvonly', recvonly: 'sendonly', inactive: 'inactive' };

/** What both hold is the mirror of what the other does. */
function checkMirror(a: Side, b: Side): void {
  const alive = (side: Side): readonly MediaAgreement[] => side.agreements.toSorted((x, y) => (x.mid < y.mid ? -1 : 1));
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
  assert.equal(a.hasTransport, b.hasTransport);
}

/** A whole exchange by the book, offer from `one`. */
function exchange(one: Side, other: Side): void {
  for (const side of [one, other]) {
    if (side.jsep.signalingState === 'have-local-offer' || side.jsep.signalingState === 'have-remote-offer') side.must(() => side.jsep.setLocalDescription({ type: 'rollback' }));
  }
  one.must(() => one.jsep.setLocalDescription());
  other.must(() => other.jsep.setRemoteDescription(one.jsep.localDescription as Description));
  other.must(() => other.jsep.setLocalDescription());
  one.must(() => one.jsep.setRemoteDescription(other.jsep.localDescription as Description));
  for (const side of [one, other]) {
    assert.equal(side.jsep.signalingState, 'stable');
    side.remember();
  }
}

/** Exchanges until nobody wants one; that must come soon. */
function settle(a: Side, b: Side): number {
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
function operate(side: Side, below: (n: number) => number): void {
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

function walk(seed: number, steps: number): { exchanges: number; agreements: number; failures: number } {
  const next = seeded(seed);
  const below = (n: number): number => Math.floor(next() * n);
  const a = new Side('a', makeMediaJsep('a'));
  const b = new Side('b', makeMediaJsep('b', below(2) ? {} : { media: OTHER_MEDIA, bundlePolicy: 'max-bundle' }));
  const totals = { exchanges: 0, agreements: 0, failures: 0 };
  for (let step = 0; step < steps; step++) {
    const [one, other] = next() < 0.5 ? [a, b] : [b, a];
    const attempt = (operation: () => { effects: readonly JsepEffect[] }): void => void (one.run(operation) && totals.failures++);
    const action = below(16);
    if (action < 8) operate(one, below);
    else if (action === 8) attempt(() => one.jsep.setLocalDescription(one.jsep.createOffer(below(4) ? {} : { offerToReceiveAudio: below(2) === 1, offerToReceiveVideo: true })));
    else if (action === 9) attempt(() => one.jsep.setLocalDescription({ type: 'rollback' }));
    else if (action === 10 || action === 11) {
      const description = other.jsep.pendingLocalDescription;
      if (description?.type === 'offer') attempt(() => one.jsep.setRemoteDescription(description));
    } else if (action === 12) {
      attempt(() => one.jsep.setRemoteDescription({ type: 'offer', sdp: (other.jsep.localDescription?.sdp ?? EMPTY).replace('m=video', 'm=audio') }));
      if (one.jsep.signalingState === 'have-remote-offer') one.must(() => one.jsep.setRemoteDescription({ type: 'rollback' }));
    } else if (action === 13 && one.jsep.signalingState === 'stable' && other.jsep.signalingState === 'stable') {
      // A provisional answer first.
      one.must(() => one.jsep.setLocalDescription());
      other.must(() => other.jsep.setRemoteDescription(one.jsep.localDescription as Description));
      other.must(() => other.jsep.setLocalDescription({ type: 'pranswer' }));
      one.must(() => one.jsep.setRemoteDescription(other.jsep.localDescription as Description));
      operate(other, below);
      other.must(() => other.jsep.setLocalDescription({ type: 'answer' }));
      one.must(() => one.jsep.setRemoteDescription(other.jsep.localDescription as Description));
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
  assert.deepEqual(a.agreements.map(({ mid }) => mid).sort(), b.agreements.map(({ mid }) => mid).sort());
  return totals;
}

test('random walks of two machines with media: always stable in the end, agreements that mirror, nothing thrown but RtcError', () => {
  const totals = { exchanges: 0, agreements: 0, failures: 0 };
  const seeds = Number(process.env['JSEP_SEEDS'] ?? 10);
  for (let seed = 1; seed <= seeds; seed++) {
    try {
      const { exchanges, agreements, failures } = walk(seed, 40);
      totals.exchanges += exchanges;
      totals.agreements += agreements;
      totals.failures += failures;
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
  assert.ok(totals.exchanges > 3 * seeds && totals.agreements > 3 * seeds && totals.failures > seeds, JSON.stringify(totals));
});
