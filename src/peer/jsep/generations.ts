import { generateIceCredentials } from '../../ice/index.ts';
import type { JsepConfig } from './config.ts';
import { usernameFragmentInForce } from './in-force.ts';
import { generationOf, type JsepState, type LocalGeneration, NO_BRANCHES } from './state.ts';

// Whose ICE credentials a description has (RFC 9429 5.2.2, 5.3.1).

/** The generation of an offer: that in use, unless it is to be replaced. */
export function offerGeneration(config: JsepConfig, state: JsepState, iceRestart: boolean): LocalGeneration {
  const used = generationOf(state, state.pendingLocal?.usernameFragment ?? usernameFragmentInForce(state));
  if (used && !iceRestart && !state.toReplace.has(used.credentials.usernameFragment)) return used;
  // Fresh credentials that no description used yet do for the next offer too.
  const unused = state.lastOffer?.generation;
  if (unused && generationOf(state, unused.credentials.usernameFragment) === undefined) return unused;
  return freshGeneration(config);
}

/** The generation of an answer: a new one exactly when the offer has one. */
export function answerGeneration(config: JsepConfig, state: JsepState, hasRestarted: boolean): LocalGeneration {
  const used = hasRestarted ? undefined : generationOf(state, state.pendingLocal?.usernameFragment ?? usernameFragmentInForce(state));
  if (used) return used;
  return state.lastAnswer?.generation ?? freshGeneration(config);
}

function freshGeneration(config: JsepConfig): LocalGeneration {
  return { credentials: config.credentials?.() ?? generateIceCredentials(config.random), candidates: [], complete: false, branches: NO_BRANCHES };
}

/** Whether credentials are those of another ICE generation (RFC 8839 4.4.1.1.1). */
export function restarts(before: { usernameFragment: string; password: string }, now: { usernameFragment: string; password: string }): boolean {
  return before.usernameFragment !== now.usernameFragment || before.password !== now.password;
}
