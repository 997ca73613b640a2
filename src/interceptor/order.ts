import { RtcError } from '../core/index.ts';
import type { InterceptorFactory } from './interceptor.ts';

/**
 * Factories by their distance from the wire; those of one slot in the order given. Throws `ERR_INVALID_ARGUMENT` for a slot that
 * is no number, and where one that must be alone in its slot is not.
 */
export function orderBySlot(factories: readonly InterceptorFactory[]): InterceptorFactory[] {
  for (const { name, slot } of factories) {
    if (!Number.isFinite(slot)) throw new RtcError('ERR_INVALID_ARGUMENT', `the slot of ${name} is ${slot}`);
  }
  const ordered = [...factories].sort((a, b) => a.slot - b.slot);
  for (let i = 1; i < ordered.length; i++) {
    const one = ordered[i - 1] as InterceptorFactory;
    const other = ordered[i] as InterceptorFactory;
    if (one.slot === other.slot && (one.exclusive === true || other.exclusive === true)) {
      throw new RtcError('ERR_INVALID_ARGUMENT', `${one.name} and ${other.name} both want slot ${one.slot}, which must have one interceptor`);
    }
  }
  return ordered;
}
