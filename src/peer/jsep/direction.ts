import type { TransceiverDirection } from './media.ts';

/** A direction of media; `stopped` is a state and has a field of its own. */
export type ActiveDirection = Exclude<TransceiverDirection, 'stopped'>;

export function sends(direction: ActiveDirection | undefined): boolean {
  return direction === 'sendrecv' || direction === 'sendonly';
}

export function receives(direction: ActiveDirection | undefined): boolean {
  return direction === 'sendrecv' || direction === 'recvonly';
}

/** A direction of both halves. */
export function directionOfHalves(isSending: boolean, isReceiving: boolean): ActiveDirection {
  return isSending ? (isReceiving ? 'sendrecv' : 'sendonly') : isReceiving ? 'recvonly' : 'inactive';
}

/** The same as the other side sees it. */
export function reversed(direction: ActiveDirection): ActiveDirection {
  return directionOfHalves(receives(direction), sends(direction));
}

/** What both allow. */
export function intersected(a: ActiveDirection, b: ActiveDirection): ActiveDirection {
  return directionOfHalves(sends(a) && sends(b), receives(a) && receives(b));
}
