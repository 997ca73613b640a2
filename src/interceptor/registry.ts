import { defaultInterceptors } from './default.ts';
import type { InterceptorFactory } from './interceptor.ts';
import { orderBySlot } from './order.ts';

/**
 * The interceptors that connections are made with. Their slots decide their order; within one slot it is that of registration.
 *
 * @example
 * const registry = new InterceptorRegistry().registerDefaults().register(mine).unregister('nack-generator');
 */
export class InterceptorRegistry {
  readonly #factories: InterceptorFactory[] = [];

  /** Adds an interceptor to every connection made from here on. */
  register(factory: InterceptorFactory): this {
    this.#factories.push(factory);
    return this;
  }

  /** Adds {@link defaultInterceptors}. */
  registerDefaults(): this {
    this.#factories.push(...defaultInterceptors());
    return this;
  }

  /** Takes out those of a name; harmless when there are none. */
  unregister(name: string): this {
    for (let i = this.#factories.length - 1; i >= 0; i--) if (this.#factories[i]?.name === name) this.#factories.splice(i, 1);
    return this;
  }

  /** Whether one of this name is there. */
  has(name: string): boolean {
    return this.#factories.some((factory) => factory.name === name);
  }

  /**
   * What connections are made with: the nearest to the wire first. Throws `ERR_INVALID_ARGUMENT` when two want a slot that one of them
   * must have alone.
   */
  get factories(): readonly InterceptorFactory[] {
    return orderBySlot(this.#factories);
  }
}
