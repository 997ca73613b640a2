import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RtcError } from '../../../src/core/index.ts';
import type { SignalledInits } from '../../../src/sctp/index.ts';
import { bundleGroupsOf, isRejected, midOf, originOf, parseSdp, serializeSdp } from '../../../src/sdp/index.ts';
import { seeded } from '../../support/fuzz.ts';
import { type CandidateInit, type Description, hostCandidate, type Jsep, type JsepEffect, makeJsep, snapshot } from '../../support/jsep.ts';

// Two machines and a walk of random operations: good ones, ones out of turn, late and lost messages. A small model of the
// transports is kept from the effects alone, as the peer would keep it, and must agree with the descriptions at all times.

const NEXT: Readonly<Record<string, readonly string[]>> = {
  stable: ['have-local-offer', 'have-remote-offer'],
  'have-local-offer': ['stable', 'have-remote-pranswer', 'have-remote-offer'],
  'have-remote-offer': ['stable', 'have-local-pranswer'],
  'have-local-pranswer': ['stable'],
  'have-remote-pranswer': ['stable'],
};

class Side {
  readonly jsep: Jsep;
  readonly name: string;
  /** What the effects said. */
  generations: string[] = [];
  remote: string | undefined;
  dtlsRole: string | undefined;
  controlling: boolean | undefined;
  state = 'stable';
  inits: SignalledInits | undefined;
  candidates: CandidateInit[] = [];
  ports = 0;

  constructor(name: string) {
    this.name = name;
    this.jsep = makeJsep(name, { sctpInit: {} });
  }

  /** Runs an operation: it works and its effects are taken, or it fails and changes nothing. */
  run(operation: () => { effects: readonly JsepEffect[] }): RtcError | undefined {
    const before = snapshot(this.jsep);
    let effects: readonly JsepEffect[];
    try {
      ({ effects } = operation());
    } catch (error) {
      assert.ok(error instanceof RtcError, String(error));
      assert.deepEqual(snapshot(this.jsep), before);
      return error;
    }
    for (const effect of effects) this.#take(effect);
    assert.equal(this.state, this.jsep.signalingState);
    return undefined;
  }

  /** Runs an operation that must work. */
  must(operation: () => { effects: readonly JsepEffect[] }): void {
    assert.equal(this.run(operation)?.message, undefined);
  }

  #take(effect: JsepEffect): void {
    switch (effect.type) {
      case 'gather':
        assert.deepEqual(this.generations, [], 'gathering begins with no agent');
        this.generations = [effect.credentials.usernameFragment];
        this.controlling = effect.controlling;
        break;
      case 'ice-restart':
        assert.ok(this.generations.length >= 1, 'a restart needs an agent');
        this.generations = [this.generations.at(-1) as string, effect.credentials.usernameFragment];
        break;
      case 'ice-rollback':
        assert.notEqual(this.generations.length, 0);
        this.generations = effect.credentials ? [effect.credentials.usernameFragment] : [];
        break;
      case 'transport':
        assert.equal(this.dtlsRole, undefined, 'the roles are told once');
        assert.equal(effect.iceControlling, this.controlling);
        this.dtlsRole = effect.dtlsRole;
        break;
      case 'remote-ice':
        assert.equal(effect.restarted, this.remote !== undefined);
        this.remote = effect.credentials.usernameFragment;
        break;
      case 'remote-candidate':
        assert.equal(effect.candidate.usernameFragment, this.remote);
        break;
      case 'sctp':
        this.inits = effect.inits;
        break;
      case 'sctp-rejected':
        this.inits = undefined;
        break;
      case 'signaling-state':
        assert.ok(NEXT[this.state]?.includes(effect.state), `${this.state} to ${effect.state}`);
        this.state = effect.state;
        break;
      default:
        break;
    }
  }

  check(): void {
    const { jsep } = this;
    assert.equal(jsep.pendingLocalDescription !== null || jsep.pendingRemoteDescription !== null, jsep.signalingState !== 'stable');
    assert.equal(jsep.currentLocalDescription === null, jsep.currentRemoteDescription === null);
    for (const description of [jsep.localDescription, jsep.remoteDescription]) {
      if (description === null) continue;
      const parsed = parseSdp(description.sdp);
      assert.equal(serializeSdp(parsed), description.sdp);
    }
    const local = parseSdp(jsep.localDescription?.sdp ?? 'v=0\no=- 0 0 IN IP4 0.0.0.0\ns=-\nt=0 0\n');
    for (const section of local.media) {
      const ufrag = section.attribute('ice-ufrag');
      if (ufrag !== undefined) assert.ok(this.generations.includes(ufrag), `${ufrag} of the description is a generation of the agent`);
    }
  }
}

/** Both sides have the same sections in the same order, and opposite roles. */
function checkAgreement(a: Side, b: Side): void {
  const shape = (text: string): string[] => parseSdp(text).media.map((section) => `${section.kind} ${midOf(section)}`);
  for (const [one, other] of [[a, b], [b, a]] as const) {
    const local = one.jsep.currentLocalDescription;
    const remote = other.jsep.currentRemoteDescription;
    if (local === null || remote === null) continue;
    const ours = parseSdp(local.sdp);
    assert.deepEqual(shape(local.sdp), shape(remote.sdp));
    assert.equal(originOf(ours).sessionId, originOf(parseSdp(remote.sdp)).sessionId);
    const accepted = ours.media.filter((section) => !isRejected(section)).map(midOf);
    assert.deepEqual(bundleGroupsOf(ours).flat(), accepted);
  }
  if (a.dtlsRole === undefined || b.dtlsRole === undefined) return;
  assert.deepEqual([a.dtlsRole, b.dtlsRole].sort(), ['client', 'server']);
  assert.notEqual(a.controlling, b.controlling);
  assert.equal(a.remote, b.generations.at(-1));
  assert.equal(b.remote, a.generations.at(-1));
  assert.deepEqual([a.inits?.local, a.inits?.remote], [b.inits?.remote, b.inits?.local], 'both stand on the same two INITs');
}

/** Brings both sides to `stable` by the book, offer from `one`. */
function exchange(one: Side, other: Side): void {
  for (const side of [one, other]) {
    if (side.jsep.signalingState === 'have-local-offer' || side.jsep.signalingState === 'have-remote-offer') side.must(() => side.jsep.setLocalDescription({ type: 'rollback' }));
  }
  one.must(() => one.jsep.setLocalDescription());
  other.must(() => other.jsep.setRemoteDescription(one.jsep.localDescription as Description));
  other.must(() => other.jsep.setLocalDescription());
  one.must(() => one.jsep.setRemoteDescription(other.jsep.localDescription as Description));
}

function walk(seed: number, steps: number): { exchanges: number; failures: number } {
  const next = seeded(seed);
  const below = (n: number): number => Math.floor(next() * n);
  const a = new Side('a');
  const b = new Side('b');
  let failures = 0;
  let exchanges = 0;
  for (let step = 0; step < steps; step++) {
    const [one, other] = next() < 0.5 ? [a, b] : [b, a];
    const { jsep } = one;
    const attempt = (operation: () => { effects: readonly JsepEffect[] }): void => void (one.run(operation) && failures++);
    switch (below(14)) {
      case 0:
        jsep.addDataChannel();
        break;
      case 1:
        jsep.restartIce();
        break;
      case 2:
        attempt(() => jsep.setLocalDescription());
        break;
      case 3:
        attempt(() => jsep.setLocalDescription(jsep.createOffer({ iceRestart: below(3) === 0 })));
        break;
      case 4:
        attempt(() => jsep.setLocalDescription({ type: below(2) ? 'pranswer' : 'answer' }));
        break;
      case 5:
        attempt(() => jsep.setLocalDescription({ type: 'rollback' }));
        break;
      case 6:
      case 7: {
        const description = other.jsep.localDescription;
        // A description crosses only while it is meant for this side: the network is lossy, not mad.
        if (description && (description.type === 'offer') === (other.jsep.signalingState === 'have-local-offer')) attempt(() => jsep.setRemoteDescription(description));
        break;
      }
      case 8:
        attempt(() => jsep.setRemoteDescription({ type: below(2) ? 'offer' : 'answer', sdp: 'v=0\r\nnonsense' }));
        break;
      case 9:
        attempt(() => jsep.setRemoteDescription({ type: 'offer', sdp: jsep.localDescription?.sdp ?? '' }));
        break;
      case 10: {
        const signalled = jsep.addLocalCandidate(hostCandidate(++one.ports));
        if (signalled) one.candidates.push(signalled);
        break;
      }
      case 11: {
        const candidate = other.candidates[below(other.candidates.length + 1)];
        attempt(() => jsep.addIceCandidate(candidate ?? null));
        break;
      }
      case 12:
        jsep.endOfLocalCandidates();
        break;
      default:
        // Provisional answers end by the book.
        for (const side of [a, b]) if (side.jsep.signalingState === 'have-local-pranswer') side.run(() => side.jsep.setLocalDescription({ type: 'answer' }));
        for (const [side, peer] of [[a, b], [b, a]] as const) {
          if (side.jsep.signalingState === 'have-remote-pranswer') side.must(() => side.jsep.setRemoteDescription(peer.jsep.currentLocalDescription as Description));
        }
        if (half(a, b)) return { exchanges, failures };
        exchange(one, other);
        checkAgreement(a, b);
        exchanges++;
    }
    a.check();
    b.check();
  }
  return { exchanges, failures };
}

/** One side took an answer as final that the other never saw: the session is lost, as in life. */
function half(a: Side, b: Side): boolean {
  const version = (description: Description | null): string => (description ? originOf(parseSdp(description.sdp)).sessionVersion : '');
  return (
    version(a.jsep.currentLocalDescription) !== version(b.jsep.currentRemoteDescription) ||
    version(b.jsep.currentLocalDescription) !== version(a.jsep.currentRemoteDescription)
  );
}

test('random walks of two machines: legal states, failures that change nothing, agreement after every exchange', () => {
  let exchanges = 0;
  let failures = 0;
  for (let seed = 1; seed <= 100; seed++) {
    try {
      const result = walk(seed, 120);
      exchanges += result.exchanges;
      failures += result.failures;
    } catch (error) {
      throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
    }
  }
  assert.ok(exchanges > 150, `${exchanges} exchanges`);
  assert.ok(failures > 500, `${failures} failures`);
});
