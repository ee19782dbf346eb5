/** Reads the audit. The role of the application may only add entries, so these statements run on the connections of the deploy role. */
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { nearest } from '../../nearest.ts'
import { seen } from '../../seen.ts'
import type { Queryable } from '../../sql/statement.ts'
import { assertWholeNumber } from '../../whole-number.ts'
import { actions, type ActionName } from './actions.ts'
import { entryPageSql, type EntryFilter, type EntryPage } from './reading-sql.ts'
import { targetOf, type AuditTarget } from './target.ts'

/** One entry of the audit. Frozen. */
export interface AuditEntry {
  /** Grows with each entry. */
  readonly id: string
  readonly at: Date
  /** On whose behalf it was done. */
  readonly actor: string
  readonly action: ActionName
  /** Absent for an entry about no tenant, or about several. */
  readonly tenantId?: string
  /** What was changed, by its name or id. */
  readonly object?: string
  /** Host, process and program. */
  readonly origin: string
  readonly details: Readonly<Record<string, unknown>>
  /** The address of the object, with which a link leads back to it. */
  readonly target?: AuditTarget
}

export type AuditAction =
  | ActionName
  | 'tenant'
  | 'domain'
  | 'member'
  | 'role'
  | 'invitation'
  | 'settings'
  | 'user'
  | 'impersonation'
  | 'token'
  | 'template'
  | 'migrations'
  | 'boundary'
  | 'login'
  | 'sql'
  | 'drift'
  | 'job'
  | 'row'

/** Which entries, without the tenant. */
export interface EntryOptions {
  /** @default every actor */
  readonly actor?: string | undefined
  /** Names such as `member.added`; or the word in front of the dot for all of its actions. @default every action */
  readonly action?: AuditAction | readonly AuditAction[] | undefined
  /** From this time on. @default from the first entry */
  readonly since?: Date | undefined
  /** Before this time. @default to the last entry */
  readonly until?: Date | undefined
}

export interface EntryPageOptions extends EntryOptions {
  /** Most entries in one list. 1 to 1000. @default 100 */
  readonly limit?: number | undefined
  /** The last entry of the page before, or its id. Absent: from the newest one. */
  readonly cursor?: AuditEntry | string | undefined
}

const filterKeys = ['actor', 'action', 'since', 'until']
const pageSize = 1000

/** tenancy.audit.list */
export async function listEntries(
  queryable: Queryable,
  tenantId: string | undefined,
  options: EntryPageOptions,
): Promise<AuditEntry[]> {
  assertKnownKeys('audit.list', options, [...filterKeys, 'limit', 'cursor'])
  const { limit = 100, cursor } = options
  assertWholeNumber('INVALID_ARGUMENT', '"limit" of audit.list', 'limit', limit, { least: 1, most: 1000 })
  const after = cursorOf(cursor)
  return page(queryable, { ...filterOf('audit.list', tenantId, options), limit, after, isOldestFirst: false })
}

/** tenancy.audit.each */
export async function* eachEntry(
  queryable: Queryable,
  tenantId: string | undefined,
  options: EntryOptions,
): AsyncGenerator<AuditEntry, void, undefined> {
  assertKnownKeys('audit.each', options, filterKeys)
  const filter = filterOf('audit.each', tenantId, options)
  for (let after: string | undefined; ;) {
    const entries = await page(queryable, { ...filter, limit: pageSize, after, isOldestFirst: true })
    yield* entries
    if (entries.length < pageSize) return
    after = entries.at(-1)!.id
  }
}

interface Row extends Record<string, unknown> {
  readonly id: string
  readonly at: string
  readonly actor: string
  readonly action: string
  readonly tenant_id: string | null
  readonly object: string | null
  readonly origin: string
  readonly details: string
}

async function page(queryable: Queryable, values: EntryPage): Promise<AuditEntry[]> {
  const { rows } = await queryable.query<Row>(entryPageSql(values))
  return rows.map((row) => {
    const target = targetOf(row.action, row.tenant_id, row.object)
    return Object.freeze({
      id: row.id,
      at: new Date(Number(row.at)),
      actor: row.actor,
      action: row.action as ActionName,
      ...(row.tenant_id !== null && { tenantId: row.tenant_id }),
      ...(row.object !== null && { object: row.object }),
      origin: row.origin,
      details: JSON.parse(row.details) as Record<string, unknown>,
      ...(target !== undefined && { target }),
    })
  })
}

function filterOf(what: string, tenantId: string | undefined, { actor, action, since, until }: EntryOptions): EntryFilter {
  if (actor !== undefined && (typeof actor !== 'string' || actor === '' || actor.includes('\0'))) {
    throw invalid(what, 'actor', `text, as it stands in the entries; it is ${seen(actor)}`)
  }
  const names = action === undefined ? undefined : [action].flat()
  for (const name of names ?? []) if (!known.includes(name)) throw unknownAction(what, name)
  for (const [option, value] of Object.entries({ since, until })) {
    if (value === undefined || (value instanceof Date && value.getTime() > 0 && value.getUTCFullYear() <= 9999)) continue
    throw invalid(what, option, `a Date; it is ${seen(value)}`)
  }
  return { tenantId, actor, actions: names, since, until }
}

function cursorOf(cursor: AuditEntry | string | undefined): string | undefined {
  const id = typeof cursor === 'object' && cursor !== null ? cursor.id : cursor
  if (id === undefined || (typeof id === 'string' && /^\d{1,18}$/.test(id))) return id
  throw invalid('audit.list', 'cursor', 'an entry, or the id of one')
}

const known: readonly string[] = [...new Set(Object.keys(actions).flatMap((name) => [name, name.split('.', 1)[0]!]))]

function unknownAction(what: string, name: unknown): TenancyError {
  const suggestion = typeof name === 'string' ? nearest(name.slice(0, 100), known) : undefined
  const hint = suggestion === undefined ? 'docs/audit.md lists them' : `did you mean ${JSON.stringify(suggestion)}`
  return new TenancyError('INVALID_ARGUMENT', `"action" of ${what} names ${seen(name, 'quoted')}, which is no action: ${hint}.`, {
    details: { what, option: 'action', nearest: suggestion },
  })
}

function invalid(what: string, option: string, allowed: string): TenancyError {
  return new TenancyError('INVALID_ARGUMENT', `"${option}" of ${what} must be ${allowed}.`, { details: { what, option } })
}
