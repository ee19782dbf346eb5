/** Broadcasts that stay with one tenant: the rooms that they name are its own, and without a room they reach its sockets instead of all. */
import type { NamespaceParts, OperatorParts } from './internals.ts'
import { baseOf, withBases } from './rooms.ts'

const choosing = new Set<PropertyKey>(['to', 'in', 'except'])
const setting = new Set<PropertyKey>(['compress', 'timeout'])
const flags = new Set<PropertyKey>(['volatile', 'local'])

/** What sends or reads. A room that `socketsJoin` names gets its full name by the `join` of each socket. */
const acting = [
  'emit',
  'emitWithAck',
  'send',
  'write',
  'fetchSockets',
  'allSockets',
  'socketsJoin',
  'socketsLeave',
  'disconnectSockets',
]

export function confined<Operator extends OperatorParts>(operator: Operator, base: string): Operator {
  return new Proxy(operator, {
    get(target, key) {
      if (choosing.has(key)) return (rooms: string | string[]) => confined(call(target, key, withBases(base, rooms)), base)
      if (setting.has(key)) return (value: unknown) => confined(call(target, key, value), base)
      if (flags.has(key)) return confined(Reflect.get(target, key) as OperatorParts, base)
      const whole = target.rooms.size === 0 ? target.to(base) : target
      const value: unknown = Reflect.get(whole, key)
      return typeof value === 'function' ? value.bind(whole) : value
    },
  })
}

/** In the scope of a tenant `io.emit`, `io.to(…)` and the like are confined to it; outside they are what Socket.IO makes of them. */
export function confineNamespace(namespace: NamespaceParts, tenantId: () => string | undefined): void {
  const operatorOf = namespace.to.bind(namespace)
  const own = (): OperatorParts | undefined => {
    const id = tenantId()
    return id === undefined ? undefined : confined(operatorOf([]), baseOf(id))
  }
  for (const name of [...choosing, ...setting, ...acting]) {
    const original: unknown = Reflect.get(namespace, name)
    if (typeof original !== 'function') continue
    const value = (...args: unknown[]): unknown => {
      const operator = own()
      if (operator === undefined) return Reflect.apply(original, namespace, args) as unknown
      // An operator has neither: they emit the event "message", and return the namespace.
      if (name !== 'send' && name !== 'write') return call(operator, name, ...args)
      call(operator, 'emit', 'message', ...args)
      return namespace
    }
    Object.defineProperty(namespace, name, { value, configurable: true, writable: true })
  }
  for (const flag of flags) {
    const original = (): unknown => Reflect.get(Object.getPrototypeOf(namespace) as object, flag, namespace)
    const get = (): unknown => {
      const operator = own()
      return operator === undefined ? original() : Reflect.get(operator, flag)
    }
    Object.defineProperty(namespace, flag, { get, configurable: true })
  }
}

function call(target: object, key: PropertyKey, ...args: unknown[]): OperatorParts {
  return Reflect.apply(Reflect.get(target, key) as (...given: unknown[]) => OperatorParts, target, args)
}
