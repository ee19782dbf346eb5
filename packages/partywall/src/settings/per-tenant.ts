/**
 * One object for each tenant that is in use, made of the tenant's settings: a transport for mail, a client of a paid service. It is made when it is first
 * needed, made again when the settings have changed, and disposed of when its last use has ended.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { BoundedMap } from '../bounded-map.ts'
import { TenancyError } from '../errors.ts'
import { assertFunction } from '../given-function.ts'
import { assertKnownKeys } from '../known-keys.ts'
import type { Scope } from '../scope/scope.ts'
import type { Tenant } from '../types.ts'
import { assertWholeNumber } from '../whole-number.ts'
import type { Effective, TenantSettings } from './tenant-settings.ts'

export interface PerTenantOptions<T> {
  /** Called once for each object that was made, when it is replaced, pushed out or closed, and no `use` of it runs any more. An error becomes a warning. */
  readonly dispose?: ((object: T) => unknown) | undefined
  /** Most objects that are kept. The one of a tenant that was not in use lately is pushed out for a new one. 1 or more. @default 100 */
  readonly max?: number | undefined
}

export interface PerTenant<T> {
  /**
   * Calls `fn` with the object of the current tenant, and returns what it returns. Two uses at once share one object, and one `make`. Do not keep the object:
   * after `fn` has ended it may be disposed of.
   * @example await transports.use((transport) => transport.sendMail(mail))
   * @throws TenancyError NO_TENANT, SETTINGS_UNREADABLE, INVALID_ARGUMENT after `close`; what `make` or `fn` throws
   */
  use<R>(fn: (object: T) => R): Promise<Awaited<R>>
  /** Disposes of all objects, each when its uses have ended; resolves when that is done. `tenancy.close` does it, too. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** What is kept for one tenant. */
interface Kept<T> {
  readonly tenant: Tenant<any>
  readonly revision: string
  readonly made: Promise<T>
  readonly ended: PromiseWithResolvers<void>
  uses: number
  isOver: boolean
}

export interface PerTenantParts<A extends object> {
  readonly scope: Scope<A>
  readonly settings: TenantSettings<A>
}

/** tenancy.settings.perTenant */
export function perTenant<A extends object, T>(
  { scope, settings }: PerTenantParts<A>,
  make: (settings: any, tenant: Tenant<A>) => T | Promise<T>,
  options: PerTenantOptions<T> = {},
): PerTenant<T> {
  const what = 'settings.perTenant'
  assertFunction(what, make)
  assertKnownKeys(what, options, ['dispose', 'max'])
  const { dispose = () => {}, max = 100 } = options
  assertFunction(`"dispose" of ${what}`, dispose)
  assertWholeNumber('INVALID_ARGUMENT', `"max" of ${what}`, 'max', max, { least: 1 })

  // An object outlives the request that needed it first: it is made outside of it, so that nothing of that request (its actor, its trace) stays in it.
  const outside = AsyncLocalStorage.snapshot()
  const alive = new Set<Promise<void>>()
  const kept = new BoundedMap<string, Kept<T>>(max, (_, one) => retire(one))
  /** For settings, which may change before the answer. */
  const questions = new Set<{ readonly tenantId: string; isOld: boolean }>()
  let isClosed = false

  function retire(one: Kept<T>): void {
    one.isOver = true
    if (one.uses === 0) void end(one)
  }

  async function end({ made, tenant, ended }: Kept<T>): Promise<void> {
    const object = await made.catch(() => failed)
    try {
      if (object !== failed) await outside(() => scope.run(tenant, () => dispose(object as T)))
    } catch (error) {
      process.emitWarning(`The function "dispose" of ${what} failed for the tenant "${tenant.schema}": ${String(error)}`, {
        code: 'PARTYWALL_DISPOSE',
      })
    }
    ended.resolve()
  }

  function keep(tenant: Tenant<A>, { value, revision }: Effective): Kept<T> {
    const made = outside(() => scope.run(tenant, async () => make(value, tenant)))
    const ended = Promise.withResolvers<void>()
    const one: Kept<T> = { tenant, revision, made, ended, uses: 0, isOver: false }
    alive.add(ended.promise)
    void ended.promise.then(() => alive.delete(ended.promise))
    kept.set(tenant.id, one)
    // What failed is tried again by the next use.
    made.catch(() => void (kept.get(tenant.id) === one && kept.delete(tenant.id)))
    return one
  }

  function fits(one: Kept<T> | undefined, tenant: Tenant<A>, { revision }: Effective): one is Kept<T> {
    return one?.revision === revision && one.tenant.generation === tenant.generation
  }

  /** Asked again where they have changed meanwhile: what was made of the old ones would stay. */
  async function currentOf(tenant: Tenant<A>): Promise<Effective> {
    for (;;) {
      const question = { tenantId: tenant.id, isOld: false }
      questions.add(question)
      try {
        const effective = await settings.effective(tenant)
        if (!question.isOld) return effective
      } finally {
        questions.delete(question)
      }
    }
  }

  /** Also where the settings cannot be read any more. */
  async function lookAgain(one: Kept<T>): Promise<void> {
    const effective = await outside(() => currentOf(one.tenant)).catch(() => undefined)
    const isCurrent = effective !== undefined && fits(one, one.tenant, effective)
    if (kept.get(one.tenant.id) === one && !isCurrent) kept.delete(one.tenant.id)
  }

  /** One after another: a hundred queries at once would be in the way of requests. */
  async function lookAgainAtAll(): Promise<void> {
    for (const one of kept.values()) if (kept.get(one.tenant.id) === one) await lookAgain(one)
  }

  async function use<R>(fn: (object: T) => R): Promise<Awaited<R>> {
    assertFunction(`use of ${what}`, fn)
    await scope.arriving()
    const tenant = scope.current()
    const effective = await currentOf(tenant)
    if (isClosed) throw closed(what)
    const found = kept.get(tenant.id)
    const one = fits(found, tenant, effective) ? found : keep(tenant, effective)
    one.uses++
    try {
      return await fn(await one.made)
    } finally {
      one.uses--
      if (one.isOver && one.uses === 0) void end(one)
    }
  }

  // A changed password is not left in an open connection until the tenant is served again.
  const forgetChanges = settings.onChange((tenantId, isDeleted) => {
    for (const question of questions) if (tenantId === undefined || question.tenantId === tenantId) question.isOld = true
    if (tenantId === undefined) return void lookAgainAtAll()
    if (isDeleted) return kept.delete(tenantId)
    const one = kept.get(tenantId)
    if (one !== undefined) void lookAgain(one)
  })

  const close = async (): Promise<void> => {
    isClosed = true
    forgetChanges()
    forgetClosing()
    kept.deleteWhere(() => true)
    await Promise.all(alive)
  }
  const forgetClosing = settings.closeWith(close)
  return Object.freeze({ use, close, [Symbol.asyncDispose]: close })
}

const failed = Symbol('it was not made')

function closed(what: string): TenancyError {
  return new TenancyError('INVALID_ARGUMENT', `This object of ${what} is closed: nothing can be used through it any more.`, {
    details: { what },
  })
}
