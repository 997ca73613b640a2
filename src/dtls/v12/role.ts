import type { HandshakeMessage } from '../handshake/reassembly.ts';

/** One side's order of messages. Both sides throw `HandshakeFailure` or `DecodeError` when the handshake must end. */
export interface HandshakeRole {
  /** Sends the first flight, if this side has it. */
  start(): void;
  /** Takes the peer's next message. */
  receive(message: HandshakeMessage): void;
  /** Whether the peer's ChangeCipherSpec is what comes next. */
  readonly wantsChangeCipherSpec: boolean;
  /** The peer's ChangeCipherSpec came and its keys are in use. */
  changeCipherSpec(): void;
  /** Whether both Finished messages hold. */
  readonly complete: boolean;
}
