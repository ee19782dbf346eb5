/**
 * Streams do not carry a scope. Node emits `data`, `end`, `drain`, `finish` and `close` from the socket, where there is no tenant
 * (measured: only what was buffered before the first read keeps it). So the events of one request are bound at the edge.
 */
import type { EventEmitter } from 'node:events'

type Emit = EventEmitter['emit']

/** Runs every listener of `emitter`, whoever added it and when, in the scope that `bind` keeps. The last call counts. */
export function bindEvents(emitter: EventEmitter, bind: (fn: Emit) => Emit): void {
  const emit = unboundEmit.get(emitter) ?? emitter.emit
  unboundEmit.set(emitter, emit)
  emitter.emit = bind((...event) => Reflect.apply(emit, emitter, event) as boolean)
}

/** Binding a bound emit would keep the outer scope, not the inner one. */
const unboundEmit = new WeakMap<EventEmitter, Emit>()
