import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { type CandidateInit, type Description, Jsep, type JsepConfig, type JsepEffect } from '../../src/peer/jsep/index.ts';
import { seededRandom } from './fuzz.ts';

/** Offers of other implementations, by name. */
export function recordedOffers(): ReadonlyMap<string, string> {
  const folder = new URL('../vectors/sdp/', import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith('-offer.sdp'));
  return new Map(names.map((name) => [name.slice(0, -'-offer.sdp'.length), readFileSync(new URL(name, folder), 'utf8')]));
}

/** A machine whose credentials tell who made them and when: `aaaa0001`, `aaaa0002` … */
export function makeJsep(letter: string, overrides: Partial<JsepConfig> = {}): Jsep {
  let made = 0;
  return new Jsep({
    credentials: () => {
      const usernameFragment = letter.repeat(4) + String(++made).padStart(4, '0');
      return { usernameFragment, password: usernameFragment.repeat(3) };
    },
    fingerprints: [fingerprint(letter)],
    random: seededRandom(letter.charCodeAt(0)),
    ...overrides,
  });
}

export function fingerprint(letter: string): { algorithm: string; value: string } {
  const byte = letter.charCodeAt(0).toString(16).toUpperCase();
  return { algorithm: 'sha-256', value: Array.from({ length: 32 }, () => byte).join(':') };
}

/** A host candidate. */
export function hostCandidate(port: number): Parameters<Jsep['addLocalCandidate']>[0] {
  return { foundation: '1', component: 1, protocol: 'udp', priority: 2_130_706_431, address: '192.0.2.1', port, type: 'host' };
}

/** Everything that can be seen of a machine, to show that a call changed nothing. */
export function snapshot(jsep: Jsep): object {
  return {
    signalingState: jsep.signalingState,
    currentLocal: jsep.currentLocalDescription,
    pendingLocal: jsep.pendingLocalDescription,
    currentRemote: jsep.currentRemoteDescription,
    pendingRemote: jsep.pendingRemoteDescription,
    negotiationNeeded: jsep.negotiationNeeded,
    canTrickle: jsep.canTrickleIceCandidates,
  };
}

/** A complete exchange; returns what each side was told to do. */
export function negotiate(offerer: Jsep, answerer: Jsep): { offerer: JsepEffect[]; answerer: JsepEffect[] } {
  const effects = { offerer: [] as JsepEffect[], answerer: [] as JsepEffect[] };
  effects.offerer.push(...offerer.setLocalDescription().effects);
  effects.answerer.push(...answerer.setRemoteDescription(offerer.localDescription as Description).effects);
  effects.answerer.push(...answerer.setLocalDescription().effects);
  effects.offerer.push(...offerer.setRemoteDescription(answerer.localDescription as Description).effects);
  return effects;
}

/** The effects of one type. */
export function only<T extends JsepEffect['type']>(effects: readonly JsepEffect[], type: T): readonly Extract<JsepEffect, { type: T }>[] {
  return effects.filter((effect): effect is Extract<JsepEffect, { type: T }> => effect.type === type);
}

export type { CandidateInit, Description, Jsep, JsepEffect };

/** What a test changes in an SDP: text for text, which must be there. */
export function edit(description: Description | null, ...changes: readonly (readonly [from: string, to: string])[]): Description {
  if (description === null) throw new Error('no description');
  let { sdp } = description;
  for (const [from, to] of changes) {
    if (!sdp.includes(from)) throw new Error(`${JSON.stringify(from)} is not in ${sdp}`);
    sdp = sdp.replace(from, to);
  }
  return { type: description.type, sdp };
}

/** Asserts that a call throws this code and that nothing can be seen of it afterwards. */
export function refuses(jsep: Jsep, code: string, call: () => unknown): void {
  const before = snapshot(jsep);
  assert.throws(call, { name: 'RtcError', code });
  assert.deepEqual(snapshot(jsep), before);
}
