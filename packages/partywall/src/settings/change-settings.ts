/**
 * Sets values of a tenant, or takes them back. The row of the tenant is locked, so that two calls at once lose nothing of each other, and the settings that
 * come of it are validated as a whole before anything is written.
 */
import { isDeepStrictEqual } from 'node:util'
import { recordAction } from '../catalog/audit/record.ts'
import { toJson, type JsonProblem } from '../catalog/tenants/json-value.ts'
import { invalidMove } from '../catalog/tenants/moves.ts'
import { parseTenantRef } from '../catalog/tenants/tenant-ref.ts'
import type { Tenants } from '../catalog/tenants/tenants.ts'
import type { Events } from '../events.ts'
import { nearest } from '../nearest.ts'
import { seen } from '../seen.ts'
import type { Tenant, TenantRef } from '../types.ts'
import { Sealed } from './cipher.ts'
import { isSecretValue } from './secret-keys.ts'
import { assertKey, assertStorable, isAtOrBelow, isGroup, leavesOf, mergeTrees, treeOf, type Tree } from './setting-keys.ts'
import { invalidArgument, invalidSettings, unknownSetting } from './settings-errors.ts'
import { removeSettingsSql } from './settings-sql.ts'
import { readStored, writeStored, type StoredLeaves } from './stored-settings.ts'
import type { TenantSettings } from './tenant-settings.ts'

export interface ChangeParts<A extends object> {
  readonly tenants: Tenants<A>
  readonly settings: TenantSettings<A>
  readonly events: Pick<Events<A>, 'emit'>
}

/** Of one tenant. */
const mostSettings = 1000
/** Of one value, as JSON. */
const mostBytes = 100_000

/** tenancy.settings.set */
export async function setSettings<A extends object>(
  parts: ChangeParts<A>,
  ref: TenantRef,
  given: unknown,
): Promise<Readonly<Tree>> {
  const what = 'settings.set'
  const wanted = checkedChanges(what, given)
  return change(parts, ref, (own) => mergeTrees(own, wanted), {
    check(value, names) {
      for (const key of leavesOf(wanted).keys()) assertKept(what, key, value, names)
    },
  })
}

/** tenancy.settings.unset */
export async function unsetSettings<A extends object>(
  parts: ChangeParts<A>,
  ref: TenantRef,
  keys: string | readonly string[],
): Promise<Readonly<Tree>> {
  const what = 'settings.unset'
  const names: readonly unknown[] = typeof keys === 'string' ? [keys] : keys
  if (!Array.isArray(names) || names.length === 0)
    throw invalidArgument(what, 'keys', "takes a key such as 'smtp.host', or a list of keys.")
  for (const name of names) assertKey(what, name)
  return change(parts, ref, (own) => {
    const leaves = leavesOf(own)
    for (const name of names as readonly string[]) {
      const found = [...leaves.keys()].filter((key) => isAtOrBelow(key, name))
      for (const key of found) leaves.delete(key)
      if (found.length === 0) assertNoTypo(what, name, leavesOf(own))
    }
    return treeOf(leaves)
  })
}

interface Check {
  /** @param names those that a group has, for the message */
  check(value: object, names: (group: readonly string[]) => readonly string[]): void
}

async function change<A extends object>(
  { tenants, settings, events }: ChangeParts<A>,
  ref: TenantRef,
  edit: (own: Tree) => Tree,
  { check }: Check = { check() {} },
): Promise<Readonly<Tree>> {
  let id: string | undefined
  try {
    const { tenant, value, keys } = await tenants.changing(parseTenantRef(ref), async (transaction, found) => {
      id = found.id
      if (found.status === 'deleting') throw invalidMove(found, 'delete')
      const before = await readStored(transaction, found.id)
      const own = edit(treeOf(before))
      const after = leavesOf(own)
      const result = await settings.resolve(found, own)
      if (result.issues !== undefined) throw invalidSettings(result.issues)
      check(result.value, (group) => settings.namesIn(result.value, group))
      const removed = [...before.keys()].filter((key) => !after.has(key))
      const set = [...after].filter(([key, next]) => !isSame(settings, found, key, before, next))
      assertBounded(after, set)
      if (removed.length > 0) await transaction.query(removeSettingsSql(found.id, removed))
      await writeStored(transaction, settings, found.id, set)
      const names = set.map(([key]) => key)
      if (names.length + removed.length > 0) {
        const details = { set: names.length > 0 ? names : undefined, unset: removed.length > 0 ? removed : undefined }
        await recordAction(transaction, { action: 'settings.changed', tenant: found, object: found.schema, details })
      }
      return { tenant: found, value: result.value, keys: [...names, ...removed].toSorted() }
    })
    settings.changed(tenant.id)
    id = undefined
    if (keys.length > 0) events.emit('settings.changed', { tenant, keys: Object.freeze(keys) })
    return value
  } finally {
    // Also after a failure: when the connection broke during the commit, it is unknown whether it was done.
    if (id !== undefined) settings.changed(id)
  }
}

/** A secret is the same only where it is stored under the newest key, and one that does not open is another one. */
function isSame<A extends object>(
  { cipher, secrets }: TenantSettings<A>,
  tenant: Tenant<A>,
  key: string,
  before: StoredLeaves,
  next: unknown,
): boolean {
  if (!before.has(key)) return false
  const stored = before.get(key)
  if (stored === next) return true
  if (!(stored instanceof Sealed)) return !isSecretValue(key, secrets) && isDeepStrictEqual(stored, next)
  if (!isSecretValue(key, secrets) || stored.by !== cipher.newest) return false
  try {
    return isDeepStrictEqual(cipher.open(tenant, key, stored), next)
  } catch {
    return false
  }
}

function checkedChanges(what: string, given: unknown): Tree {
  if (!isGroup(given) || Object.keys(given).length === 0)
    throw invalidArgument(what, 'changes', 'takes an object with the settings to set, such as { limits: { seats: 10 } }.')
  const absent = undefinedIn(given, new Set())
  if (absent !== undefined) {
    throw invalidArgument(
      what,
      absent,
      `got undefined for ${seen(absent, 'quoted')}. A variable that it is read from may not be set; settings.unset takes a value back.`,
    )
  }
  const problems: JsonProblem[] = []
  const json = toJson(given, problems) as Tree
  if (problems.length > 0) throw invalidSettings(problems)
  assertStorable(what, json, 'INVALID_ARGUMENT')
  return json
}

/** The key of a value that is undefined. */
function undefinedIn(value: object, above: Set<object>, before = ''): string | undefined {
  // What contains itself is refused as JSON.
  if (above.has(value)) return undefined
  above.add(value)
  for (const [name, item] of Object.entries(value) as [string, unknown][]) {
    if (item === undefined) return before + name
    const inner = isGroup(item) ? undefinedIn(item, above, `${before}${name}.`) : undefined
    if (inner !== undefined) return inner
  }
  above.delete(value)
  return undefined
}

/** A key that what came out of the schema lacks was thrown away by it: a typo. Inside of what the schema has made its own, it cannot be told. */
function assertKept(what: string, key: string, value: object, namesIn: (group: readonly string[]) => readonly string[]): void {
  const names = key.split('.')
  let at: unknown = value
  for (const [index, name] of names.entries()) {
    if (!isGroup(at)) return
    if (!Object.hasOwn(at, name)) throw unknownSetting(what, names.slice(0, index + 1).join('.'), namesIn(names.slice(0, index)))
    at = at[name]
  }
}

function assertNoTypo(what: string, name: string, own: ReadonlyMap<string, unknown>): void {
  const groups = [...own.keys()].flatMap((key) => [...key.matchAll(/\./g)].map(({ index }) => key.slice(0, index)))
  const close = nearest(name, [...new Set([...groups, ...own.keys()])])
  if (close === undefined) return
  throw invalidArgument(
    what,
    name.slice(0, 60),
    `found no value ${seen(name, 'quoted')} that the tenant has of its own. Did you mean ${JSON.stringify(close)}?`,
  )
}

function assertBounded(after: ReadonlyMap<string, unknown>, set: readonly (readonly [string, unknown])[]): void {
  if (after.size > mostSettings)
    throw invalidArgument(
      'settings.set',
      'changes',
      `would give the tenant ${after.size} values; at most ${mostSettings} are kept.`,
    )
  const large = set.find(([, value]) => Buffer.byteLength(JSON.stringify(value)) > mostBytes)
  if (large !== undefined)
    throw invalidArgument(
      'settings.set',
      large[0].slice(0, 60),
      `takes values of at most ${mostBytes} bytes of JSON; ${seen(large[0], 'quoted')} is larger.`,
    )
}
