/**
 * Whether a tenant may be entered as its tables are. The search path of a tenant continues with the shared schema: where the tenant lacks a table
 * and the shared schema has one of this name, a statement reads and writes the shared one, and meets the rows of other tenants there. So a
 * tenant is refused
 *
 * - when the shared schema and tenants of its kind have a name, and the option `migrations.shadowed` does not list it;
 * - when it lacks a name that it should have: a listed one that other tenants of its kind have, or one that tenants with its migrations had;
 * - when it lacks migrations that this process knows, as far as the option `behind` says so.
 *
 * Costs a statement nothing, and an entry a few comparisons: the names are asked for once for all tenants and interval (names-in-both.ts), and
 * the digest of a history comes with the lookup of its tenant.
 */
import { BoundedMap } from '../../bounded-map.ts'
import type { Options } from '../../config/options.ts'
import type { Tenants } from '../../catalog/tenants/tenants.ts'
import type { TenancyError } from '../../errors.ts'
import type { Events } from '../../events.ts'
import type { Queryable } from '../../sql/statement.ts'
import { assertEnterable } from '../../scope/entering.ts'
import type { Attributes, Tenant } from '../../types.ts'
import { KnownHeads, type HeadsParts, type KnownHead } from './known-heads.ts'
import { NamesWatch, type NamesInBoth, type NamesOptions } from './names-in-both.ts'
import { behindTheHead, missingNames, unlistedNames } from './refusals.ts'

export interface EntryParts<A extends object = Attributes> extends HeadsParts {
  readonly catalog: Queryable
  readonly tenants: Tenants<A>
  readonly events: Events<A>
  readonly options: HeadsParts['options'] & NamesOptions & Pick<Options, 'behind'>
}

/** Most tenants whose last extra lookup is remembered. */
const mostAsked = 9000

export class Entry<A extends object = Attributes> {
  readonly #parts: EntryParts<A>
  readonly #names: NamesWatch
  readonly #heads: KnownHeads
  readonly #asked = new BoundedMap<string, number>(mostAsked)

  constructor(parts: EntryParts<A>) {
    this.#parts = parts
    this.#names = new NamesWatch(parts.catalog, parts.options)
    this.#heads = new KnownHeads(parts, parts.options.behind === 'refuse')
    parts.events.on('tenant.created', () => this.#forget())
    parts.events.on('migrations.ended', () => {
      parts.tenants.migrated()
      this.#forget()
    })
  }

  /**
   * Passes a tenant that work may start in. Returns a promise only when the database or the files must be asked first.
   * @throws TenancyError UNKNOWN_TENANT, TENANT_CHANGED; TENANT_SUSPENDED, TENANT_MAINTENANCE unless `allowInactive`; NAME_IN_BOTH_SCOPES,
   * TENANT_BEHIND unless `repair`
   */
  assertMayEnter(
    tenant: Tenant<A>,
    { allowInactive, repair }: { allowInactive?: boolean | undefined; repair?: boolean | undefined } = {},
  ): Promise<void> | undefined {
    const assertStatus = (): void => assertEnterable(tenant, this.#parts.tenants.newestOf(tenant), allowInactive === true)
    assertStatus()
    // The tenant may have been suspended while the database was asked.
    return repair === true ? undefined : this.#assertOwnTables(tenant)?.then(assertStatus)
  }

  #assertOwnTables(tenant: Tenant<A>): Promise<void> | undefined {
    return andThen(this.#names.current(), (names) => {
      const unlisted = names.unlisted.get(tenant.kind)
      if (unlisted !== undefined) throw unlistedNames(tenant.schema, unlisted)
      return andThen(this.#assertAtHead(tenant, names), () => {
        const missing = names.missing.get(tenant.id)
        if (missing !== undefined) throw missingNames(tenant.schema, missing)
      })
    })
  }

  /** Migrations have run in this process, or a tenant was created: the next entry asks again. */
  #forget(): void {
    this.#names.forget()
    this.#asked.clear()
  }

  #assertAtHead(tenant: Tenant<A>, names: NamesInBoth): Promise<void> | undefined {
    const { behind } = this.#parts.options
    if (behind === 'allow' || (behind === undefined && names.behind.size === 0)) return undefined
    return andThen(this.#heads.of(tenant.kind), (head) =>
      head === undefined || this.#isAtHead(tenant, head) ? undefined : this.#assertNotBehind(tenant, names, head),
    )
  }

  #isAtHead(tenant: Tenant<A>, head: KnownHead): boolean {
    const { digest } = this.#parts.tenants.newestOf(tenant)
    return digest === head.digest
  }

  /** A migration of another process does not announce itself, so the tenant is looked up again before it is refused: once in an interval. */
  async #assertNotBehind(tenant: Tenant<A>, names: NamesInBoth, head: KnownHead): Promise<void> {
    const { tenants, options } = this.#parts
    if (tenants.newestOf(tenant).digest === undefined) await tenants.lookUp(tenant.id)
    const problem = await this.#problem(tenant, names, head)
    if (problem === undefined) return
    const now = performance.now()
    if (now - (this.#asked.get(tenant.id) ?? -Infinity) < options.tenantCacheMs) throw problem
    this.#asked.set(tenant.id, now)
    await tenants.lookUp(tenant.id)
    const still = await this.#problem(tenant, names, head)
    if (still !== undefined) throw still
  }

  async #problem(tenant: Tenant<A>, names: NamesInBoth, head: KnownHead): Promise<TenancyError | undefined> {
    const { options, tenants } = this.#parts
    const { schema, kind, id } = tenant
    const applied = head.appliedIn(tenants.newestOf(tenant).digest ?? null)
    const pending = head.pendingAfter(applied)
    if (pending.length === 0) return undefined
    if (options.behind === 'refuse') return behindTheHead(schema, pending)
    const has = (name: string): boolean =>
      names.listed.get(kind)?.includes(name) === true && names.missing.get(id)?.includes(name) !== true
    const leadsAway = (name: string): boolean => names.behind.has(name) && !has(name)
    try {
      const { relations, isPartlyUnknown } = await head.createdAfter(applied)
      // A name that is not listed is refused when the code creates it; a listed one is not.
      const object = [...relations, ...(isPartlyUnknown ? options.migrations.shadowed : [])].find(leadsAway)
      return object === undefined ? undefined : behindTheHead(schema, pending, { object })
    } catch (cause) {
      return behindTheHead(schema, pending, { cause })
    }
  }
}

/** Continues at once where nothing must be waited for: then the entry of a tenant stays in the same turn of the event loop. */
function andThen<T>(value: T | Promise<T>, next: (value: T) => Promise<void> | undefined | void): Promise<void> | undefined {
  if (value instanceof Promise) return value.then(next)
  return next(value) ?? undefined
}
