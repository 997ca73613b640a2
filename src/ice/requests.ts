import type { Counters, TransportAddress } from '../core/index.ts';
import {
  type IntegrityAlgorithm,
  StunAttribute as A,
  StunBuilder,
  StunClass,
  StunErrorCode,
  StunMethod,
  type StunMessage,
  verifyIntegrity,
} from '../stun/index.ts';
import type { Generation } from './generation.ts';

/** A check of the peer that is proven to be the peer's. */
export interface IncomingCheck {
  readonly message: StunMessage;
  readonly generation: Generation;
  /** The response uses what the request used (RFC 8489 9.1.4). */
  readonly algorithm: IntegrityAlgorithm;
}

/**
 * Finds whose credentials a request was made with (RFC 8445 7.3, RFC 8489 9.1.3). What does not prove to know our
 * password gets no answer at all, so that nobody can use us to send to others.
 */
export function authenticate(
  message: StunMessage,
  current: Generation,
  previous: Generation | undefined,
  counters: Counters,
): IncomingCheck | undefined {
  const username = message.value(A.username);
  const generation = username === undefined ? undefined : current.owns(username) ? current : previous?.owns(username) ? previous : undefined;
  if (generation === undefined) {
    counters.add('ice.request.username');
    return undefined;
  }
  const algorithm = verifyIntegrity(message, generation.localKey);
  if (algorithm === undefined) {
    counters.add('ice.request.integrity');
    return undefined;
  }
  return { message, generation, algorithm };
}

/** The success response, which tells the peer how we see it (RFC 8445 7.3.1.2). */
export function encodeSuccess(check: IncomingCheck, remote: TransportAddress): Uint8Array {
  return new StunBuilder(StunClass.success, StunMethod.binding, check.message.transactionId)
    .xorAddress(A.xorMappedAddress, remote)
    .integrity(check.generation.localKey, check.algorithm)
    .fingerprint()
    .finish();
}

/** An error response; a 420 lists what we did not understand (RFC 8489 6.3.1). */
export function encodeFailure(check: IncomingCheck, code: number, unknown: readonly number[] = []): Uint8Array {
  const builder = new StunBuilder(StunClass.error, StunMethod.binding, check.message.transactionId).error(code);
  if (code === StunErrorCode.unknownAttribute) builder.unknownAttributes(unknown);
  return builder.integrity(check.generation.localKey, check.algorithm).fingerprint().finish();
}
