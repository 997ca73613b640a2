import type { SocketErrorKind } from './runtime.ts';

const KINDS: ReadonlyMap<string, SocketErrorKind> = new Map<string, SocketErrorKind>([
  ['ECONNREFUSED', 'unreachable'],
  ['ECONNRESET', 'unreachable'],
  ['ECONNABORTED', 'unreachable'],
  ['EHOSTUNREACH', 'unreachable'],
  ['EHOSTDOWN', 'unreachable'],
  ['ENETUNREACH', 'unreachable'],
  ['ENETDOWN', 'unreachable'],
  ['ENETRESET', 'unreachable'],
  ['EADDRNOTAVAIL', 'unreachable'],
  ['ENONET', 'unreachable'],
  ['EPROTO', 'unreachable'],
  ['EMSGSIZE', 'too-large'],
  ['EAGAIN', 'no-room'],
  ['EWOULDBLOCK', 'no-room'],
  ['ENOBUFS', 'no-room'],
  ['ENOMEM', 'no-room'],
  ['EPERM', 'forbidden'],
  ['EACCES', 'forbidden'],
]);

/** What a system's error code means for the protocols. */
export function socketErrorKind(code: string): SocketErrorKind {
  return KINDS.get(code) ?? 'other';
}
