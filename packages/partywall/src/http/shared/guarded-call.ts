/** Calls of listeners that an application has given: what they throw or reject with goes to one function, and never ends the process. */
import { EventEmitter } from 'node:events'

export type Failed = (error: unknown) => void

/** Calls `fn`. What it throws, and what its promise is rejected with, goes to `failed`. */
export function callGuarded(fn: () => unknown, failed: Failed): void {
  try {
    const result = fn()
    if (typeof (result as PromiseLike<unknown> | null | undefined)?.then === 'function') Promise.resolve(result).catch(failed)
  } catch (error) {
    failed(error)
  }
}

/**
 * What `emit` does, with each listener called by `callGuarded`: one that fails keeps none of the others from its event. An event `error` without a listener
 * ends no process.
 */
export function emitGuarded(emitter: EventEmitter, event: string | symbol, args: readonly unknown[], failed: Failed): boolean {
  const watching = event === 'error' ? emitter.rawListeners(EventEmitter.errorMonitor) : []
  const listeners = emitter.rawListeners(event)
  for (const listener of [...watching, ...listeners]) callGuarded(() => Reflect.apply(listener, emitter, args), failed)
  return listeners.length > 0
}
