import type { Alert } from '../constants.ts';
import type { DtlsFailure } from '../events.ts';

/** Ends a handshake: thrown inside, sent as a fatal alert and reported as an event by the machine. */
export class HandshakeFailure extends Error {
  override readonly name = 'HandshakeFailure';
  readonly alert: Alert;
  readonly reason: DtlsFailure;

  constructor(alert: Alert, reason: DtlsFailure, message: string) {
    super(message);
    this.alert = alert;
    this.reason = reason;
  }
}
