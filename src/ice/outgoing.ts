import type { Datagram, Instant } from '../core/index.ts';
import { StunClass, StunErrorCode, type StunMessage, type StunTransaction } from '../stun/index.ts';
import type { Check } from './check.ts';
import type { Context } from './context.ts';
import { onNominated, onValid } from './nomination.ts';
import { learnLocal } from './pairing.ts';

/** Takes the response to one of our checks (RFC 8445 7.2.5). */
export function onResponse(context: Context, message: StunMessage, datagram: Datagram, now: Instant): void {
  const { checker, counters } = context;
  const transaction = checker.match(message, datagram);
  if (!transaction) return;
  if (message.class === StunClass.success && !message.hasMappedAddress) return counters.add('ice.response.malformed');
  checker.end(transaction);
  const check = transaction.owner;
  check.pair.responsesReceived++;
  if (message.class === StunClass.error) return onErrorResponse(context, message, check);
  if (message.unknownRequired().length > 0) {
    counters.add('ice.response.unknown-attribute');
    return failCheck(check);
  }
  onSuccess(context, message, transaction, now);
}

function onSuccess(context: Context, message: StunMessage, transaction: StunTransaction<Check>, now: Instant): void {
  const { kind, pair, generation, controlling, priority } = transaction.owner;
  const rtt = transaction.roundTripMs(now);
  if (rtt !== undefined) {
    pair.roundTripTimeMs = rtt;
    pair.totalRoundTripTimeMs += rtt;
  }
  pair.lastResponseAt = now;
  pair.accepted = true;
  const { selection } = context;
  if (selection.pair === pair) {
    selection.consent?.onAnswer(now);
    selection.rival = undefined; // the present pair works
  }
  if (!pair.listed) return;
  if (!pair.valid) {
    pair.state = 'succeeded';
    const { foundation } = pair;
    const mapped = message.mappedAddress;
    if (mapped) learnLocal(context, generation, pair, mapped, priority);
    generation.checklist.unfreeze(foundation);
    onValid(context, generation, pair, now);
  }
  const { role } = context;
  if (kind === 'nomination' && controlling && role.controlling) {
    onNominated(context, generation, pair, now);
  } else if (pair.nominateOnSuccess && !role.controlling) {
    onNominated(context, generation, pair, now);
  }
}

/** Only errors whose integrity holds come here (RFC 8445 7.2.5.1). */
function onErrorResponse(context: Context, message: StunMessage, check: Check): void {
  const { role, counters } = context;
  const code = message.error?.code;
  if (code !== StunErrorCode.roleConflict) {
    counters.add('ice.response.error');
    return failCheck(check);
  }
  counters.add('ice.role.conflict');
  // A second 487 for the same conflict must not switch back.
  if (check.controlling === role.controlling && !context.settings.lite) {
    context.setControlling(!role.controlling);
    role.redraw();
    context.events.push({ type: 'role', controlling: role.controlling });
  }
  const { pair, generation } = check;
  if (check.kind === 'consent' || !pair.listed) return;
  if (!pair.valid) pair.state = 'waiting';
  if (generation.nominating === pair) generation.nominating = undefined;
  if (!pair.valid && generation === context.current) generation.checklist.trigger(pair);
}

/** A check was never answered. */
export function onTimedOut(context: Context, check: Check, now: Instant): void {
  const { generation, kind, pair } = check;
  const { selection, newsAt, settings } = context;
  if (kind === 'nomination' && pair.listed && selection.pair === pair && !selection.isDisconnected(now)) {
    // The pair works, as its consent shows: it will be nominated again.
    if (generation.nominating === pair) generation.nominating = undefined;
    return;
  }
  failCheck(check);
  // The peer was heard over this pair not long ago: seven requests may be lost by chance, and the peer, whose own check
  // may have succeeded, will not ask again.
  const wanted = generation === context.current && (!generation.checklist.completed || pair.nominateOnSuccess);
  if (wanted && pair.listed && pair.accepted && pair.state === 'failed' && kind !== 'nomination' && now < newsAt + settings.patienceMs) {
    pair.unanswered = 0;
    pair.state = 'waiting';
    generation.checklist.trigger(pair);
  }
}

/** A check got no answer, or one that says no. Data that flows over the pair is the business of consent. */
function failCheck({ kind, pair, generation }: Check): void {
  if (generation.nominating === pair && kind === 'nomination') generation.nominating = undefined;
  if (kind === 'consent') return;
  if (pair.valid && kind !== 'nomination') return;
  if (!pair.triggered) pair.state = 'failed';
}
