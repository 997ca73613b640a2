import type { Instant } from '../core/index.ts';
import { PRIORITIES } from './constants.ts';
import type { SctpSend } from './events.ts';
import { ACKED, type Outstanding } from './outstanding.ts';
import type { OutMessage, OutStream, Scheduler } from './scheduler.ts';

/**
 * What was written and, as far as is known, has not reached the peer's application, in the order of each stream: for an association that
 * follows one that the peer has left. What was on its way may have arrived, and be sent twice; what was to be sent a limited number of times has
 * had its chance.
 */
export function undelivered(out: Outstanding, scheduler: Scheduler, now: Instant): readonly SctpSend[] {
  const left = new Set<OutMessage>();
  const held = new Set<OutStream>();
  for (const [message, isAcknowledged] of begun(out)) {
    if (message.abandoned || message.maxRetransmits !== Infinity || message.expiresAt !== Infinity) continue;
    // What is acknowledged behind a gap waits for it at the peer, if it is ordered.
    if (isAcknowledged && message.sentBytes === message.data.length && !(message.ordered && held.has(message.stream))) continue;
    left.add(message);
    held.add(message.stream);
  }
  for (const message of scheduler.waiting()) if (!message.abandoned && message.expiresAt > now) left.add(message);
  return [...left].map((message) => sendOf(message, now));
}

/** Messages of which a part has a number still, in order, and whether all these parts are acknowledged. */
function begun(out: Outstanding): Map<OutMessage, boolean> {
  const messages = new Map<OutMessage, boolean>();
  for (let index = 0; index < out.count; index++) {
    const slot = out.slot(index);
    const message = out.messages[slot] as OutMessage;
    const isAcknowledged = ((out.states[slot] as number) & ACKED) !== 0;
    messages.set(message, isAcknowledged && messages.get(message) !== false);
  }
  return messages;
}

function sendOf({ stream, ppid, data, ordered, maxRetransmits, expiresAt, memory }: OutMessage, now: Instant): SctpSend {
  return {
    streamId: stream.id,
    ppid,
    data,
    ordered,
    maxRetransmits: maxRetransmits === Infinity ? undefined : maxRetransmits,
    lifetimeMs: expiresAt === Infinity ? undefined : expiresAt - now,
    memory,
    priority: PRIORITIES[stream.rank],
  };
}
