import type { Instant } from '../core/index.ts';
import type { Context } from './context.ts';
import type { Generation } from './generation.ts';
import type { CandidatePair } from './pair.ts';
import { nominationTime } from './selection.ts';

/** A pair became valid. Data may use it before nomination when nothing else works. */
export function onValid(context: Context, generation: Generation, pair: CandidatePair, now: Instant): void {
  if (generation !== context.current) return;
  generation.validSince ??= now;
  if (context.selection.wantsTentative(now)) select(context, generation, pair, now);
}

/**
 * Every pair is to show anew that it works, as if none had been nominated. The one in use carries data until another is, and
 * consent goes on asking for it.
 */
export function checkAnew({ current, selection, checker, role }: Context): void {
  checker.cancel((check) => check.kind === 'nomination', true);
  current.nominating = undefined;
  current.validSince = undefined;
  if (selection.isNominated(current)) {
    const pair = selection.pair as CandidatePair;
    pair.nominated = false;
    pair.nominateOnSuccess = !role.controlling; // what the peer chose stays chosen if it works
  }
  selection.pending = undefined;
  selection.rival = undefined;
  current.checklist.resume(undefined);
}

/** Controlling: nominates the best valid pair when it is time. Returns when to come back (RFC 8445 8.1.1). */
export function considerNomination(context: Context, now: Instant): Instant | undefined {
  const { current, role, selection } = context;
  if (!role.controlling || context.settings.lite || current.nominating || selection.isNominated(current)) return undefined;
  const best = current.checklist.bestValid();
  if (!best) return undefined;
  const at = nominationTime(current, best, now);
  if (at > now) return at;
  if (best.transaction) context.checker.cancel((check) => check.pair === best && check.kind !== 'consent', false);
  if (context.checker.start('nomination', best, current, now)) current.nominating = best;
  return undefined;
}

/** A pair is nominated and valid on our side (RFC 8445 8.1, 7.3.1.5). */
export function onNominated(context: Context, generation: Generation, pair: CandidatePair, now: Instant): void {
  if (generation !== context.current) return;
  pair.nominateOnSuccess = false;
  const { selection } = context;
  switch (selection.wants(pair, generation, now)) {
    case 'now':
      pair.nominated = true;
      return select(context, generation, pair, now);
    case 'later':
      selection.pending = pair;
      return;
    case 'no':
      selection.rival = pair;
      selection.consent?.hurry(now);
      return;
  }
}

/** A nomination that had to wait takes effect: until the last one was long enough ago, or until the present pair is in doubt. */
export function applyPending(context: Context, now: Instant): void {
  const { selection } = context;
  const { pending, rival } = selection;
  if (pending && now >= selection.pendingAt) {
    selection.pending = undefined;
    if (pending.listed && pending.valid) onNominated(context, context.current, pending, now);
  }
  if (!rival || rival !== selection.rival || !selection.isDoubtful(now)) return;
  selection.rival = undefined;
  if (rival.listed && rival.valid) onNominated(context, context.current, rival, now);
}

function select(context: Context, generation: Generation, pair: CandidatePair, now: Instant): void {
  const { selection } = context;
  const before = selection.pair;
  if (before && before !== pair) {
    before.nominated = false;
    before.nominateOnSuccess = false;
    // A pair that stopped answering is no candidate for nomination again.
    if (selection.isDisconnected(now)) before.state = 'failed';
  }
  selection.select(pair, generation, now);
  if (before !== pair) {
    context.counters.add('ice.selected');
    context.events.push({ type: 'selected-pair', pair });
  }
  if (pair.nominated) complete(context, generation, pair);
}

/** All is decided: other checks stop, and what was before the restart ends (RFC 8445 8.1.2, 9). */
function complete(context: Context, generation: Generation, pair: CandidatePair): void {
  generation.checklist.completed = true;
  generation.nominating = undefined;
  const old = context.previous;
  context.previous = undefined;
  if (old) context.checker.cancel((check) => check.generation === old, true);
  context.checker.cancel((check) => check.pair !== pair && check.kind !== 'consent', false);
}
