import type { Datagram, Instant, TransportAddress } from '../core/index.ts';
import { StunAttribute as A, StunErrorCode, type StunMessage } from '../stun/index.ts';
import { HEARD_INTERVAL_MS, MAX_QUEUED_DATAGRAMS } from './constants.ts';
import type { Context } from './context.ts';
import type { EarlyCheck, Generation } from './generation.ts';
import { checkAnew, onNominated, onValid } from './nomination.ts';
import { pairFor } from './pairing.ts';
import { authenticate, encodeFailure, encodeSuccess, type IncomingCheck } from './requests.ts';

/** Answers a check of the peer and acts on it (RFC 8445 7.3). */
export function onRequest(context: Context, message: StunMessage, datagram: Datagram, now: Instant): void {
  const { counters, current, previous } = context;
  const check = authenticate(message, current, previous, counters);
  if (!check) return;
  const unknown = message.unknownRequired();
  if (unknown.length > 0) return respond(context, datagram, encodeFailure(check, StunErrorCode.unknownAttribute, unknown));
  const priority = message.u32(A.priority);
  if (priority === undefined) return respond(context, datagram, encodeFailure(check, StunErrorCode.badRequest));
  if (!settleRole(context, message, check, datagram)) return;
  respond(context, datagram, encodeSuccess(check, datagram.remote));
  if (check.generation !== current) {
    const pair = check.generation.checklist.find(datagram.local, datagram.remote);
    if (pair) countRequest(pair);
    return;
  }
  context.news(now);
  const { local, remote } = datagram;
  const useCandidate = message.has(A.useCandidate);
  if (current.remote && current.localAt(local, remote.address.includes(':'))) act(context, current, { local, remote, priority, useCandidate }, now);
  else current.remember({ local, remote, priority, useCandidate, username: (message.value(A.username) as Uint8Array).slice() });
}

/** Acts on checks that came before their pair could be formed. */
export function replayEarly(context: Context, now: Instant): void {
  const { current } = context;
  if (!current.remote || current.early.length === 0) return;
  const early = current.early;
  current.early = [];
  for (const check of early) {
    if (!current.owns(check.username)) context.counters.add('ice.request.username');
    else if (current.localAt(check.local, check.remote.address.includes(':'))) act(context, current, check, now);
    else current.remember(check);
  }
}

/** Role conflicts (RFC 8445 7.3.1.1). Returns false when the request was refused. */
function settleRole(context: Context, message: StunMessage, check: IncomingCheck, datagram: Datagram): boolean {
  const { role } = context;
  const tieBreaker = message.u64(role.controlling ? A.iceControlling : A.iceControlled);
  switch (role.judge(tieBreaker)) {
    case 'agreed':
      return true;
    case 'refuse':
      context.counters.add('ice.role.conflict');
      respond(context, datagram, encodeFailure(check, StunErrorCode.roleConflict));
      return false;
    case 'switch':
      if (context.settings.lite) return true;
      context.counters.add('ice.role.conflict');
      context.setControlling(!role.controlling);
      context.events.push({ type: 'role', controlling: role.controlling });
      return true;
  }
}

function respond(context: Context, { local, remote }: Datagram, bytes: Uint8Array): void {
  if (context.output.length >= MAX_QUEUED_DATAGRAMS) return context.counters.add('ice.output.full');
  context.output.push({ bytes, local, remote });
}

function countRequest(pair: { requestsReceived: number; responsesSent: number }): void {
  pair.requestsReceived++;
  pair.responsesSent++;
}

/** RFC 8445 7.3.1.3 to 7.3.1.5: learn the candidate, check back, and note a nomination. */
function act(context: Context, generation: Generation, check: Omit<EarlyCheck, 'username'>, now: Instant): void {
  const pair = pairFor(context, generation, check.local, check.remote as TransportAddress, check.priority);
  if (!pair) return;
  countRequest(pair);
  pair.accepted = true;
  const nominated = check.useCandidate && !context.role.controlling;
  if (context.settings.lite) {
    pair.state = 'succeeded';
    onValid(context, generation, pair, now);
    if (nominated) onNominated(context, generation, pair, now);
    return;
  }
  if (pair.valid) {
    if (nominated) onNominated(context, generation, pair, now);
    return;
  }
  if (nominated) pair.nominateOnSuccess = true;
  // Once a pair is nominated only a nomination is reason enough to check another one.
  if (generation.checklist.completed && !nominated) {
    if (now >= context.movesUntil || pair.requestsReceived > 1) return;
    checkAnew(context); // it was not heard from there before: it has moved
  }
  // The peer is there: the pair may be asked as often as a fresh one.
  pair.unanswered = 0;
  if (pair.state === 'failed' || pair.state === 'frozen') pair.state = 'waiting';
  // A check that left a moment ago need not be sent again.
  if (pair.transaction && pair.transaction.lastSentAt + context.settings.checkIntervalMs > now) {
    pair.transaction.maxIntervalMs = Math.max(pair.transaction.intervalMs, HEARD_INTERVAL_MS);
    return;
  }
  generation.checklist.trigger(pair);
}
