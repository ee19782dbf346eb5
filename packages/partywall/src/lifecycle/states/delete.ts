/**
 * tenancy.tenants.delete. Its steps, each of which may be the last one of a process that is killed; the next call continues:
 *
 * 1. The plan: nothing outside depends on the tenant, and it is said what becomes of its rows in shared tables.
 * 2. The hook of the application.
 * 3. One transaction: the status is `deleting`, the schema is renamed away, the domains are freed. From its commit on no work enters the tenant, and what
 *    runs fails at its next statement. There is no way back.
 * 4. Rows in shared tables, then the schema in batches, then its files, where the config says where they are.
 * 5. One transaction: what is left of the schema, the roles, and the row.
 * 6. Files that an upload had stored meanwhile.
 */
import { deleteTenantSql, leaveSql } from '../../catalog/tenants/life-sql.ts'
import { recordAction } from '../../catalog/audit/record.ts'
import { assertMayMove, invalidMove } from '../../catalog/tenants/moves.ts'
import { TenancyError } from '../../errors.ts'
import { deleteFilesOf } from '../../file-store.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { awaySchema } from '../../names/identifier.ts'
import type { Transaction } from '../../ports/database.ts'
import { dropSchemaSql } from '../../sql/schema-sql.ts'
import { explainPrivilege } from '../../sql/privilege.ts'
import type { Domain, Tenant, TenantRef } from '../../types.ts'
import { confirmedName, planDelete, type DeletePlan } from './delete-plan.ts'
import { dropInBatches } from './drop-batches.ts'
import { findToDelete } from './find-away.ts'
import type { LifeParts } from './life-parts.ts'
import { patiently } from './patiently.ts'
import { assertNotReferenced, rowsLeft, tenantReferenced } from './references.ts'
import { guardSchema, moveSchema } from './schema-move.ts'
import { deleteSharedRows, sharedRowsOf, type SharedRows } from './shared-rows.ts'
import { closeRoles, dropRoles } from './tenant-roles.ts'

export interface DeleteOptions {
  /** The schema of the tenant, once more. For one that is archived, the schema that it had. */
  readonly confirm: string
  /** What becomes of the tenant's rows in shared tables. @default refuse to delete while there are some */
  readonly sharedRows?: 'delete' | 'keep' | undefined
}

export interface Deleted<A extends object> {
  /** As it was when its deletion was complete. */
  readonly tenant: Tenant<A>
  /** Roles that stay because another database of the server uses them. */
  readonly keptRoles: readonly string[]
}

/** Called in the transaction that begins the deletion; what it throws prevents it. */
export type StillDue<A extends object> = (transaction: Transaction, tenant: Tenant<A>) => Promise<void>

export async function planOfDelete<A extends object>(parts: LifeParts<A>, ref: TenantRef): Promise<DeletePlan> {
  const { rows: _, ...plan } = await planDelete(parts.catalog.deploy, await findToDelete(parts.tenants, ref))
  return plan
}

export async function deleteTenant<A extends object>(
  parts: LifeParts<A>,
  ref: TenantRef,
  options: DeleteOptions,
  isStillDue?: StillDue<A>,
): Promise<Deleted<A>> {
  checked(options)
  const found = await findToDelete(parts.tenants, ref)
  assertConfirmed(found, options)
  const { deploy } = parts.catalog
  const { references, rows } = await planDelete(deploy, found)
  if (references.length > 0) throw tenantReferenced(confirmedName(found), references)
  assertRowsAreMeant(found, rows, options)
  const deleting = found.status === 'deleting' ? found : await begin(parts, found, options, isStillDue)
  await deleteRows(parts, deleting, options)
  await dropInBatches(deploy, deleting.schema)
  await deleteFiles(parts, deleting)
  const { tenant, keptRoles } = await patiently(confirmedName(deleting), () => end(parts, deleting))
  await deleteFiles(parts, deleting)
  parts.tenants.moved('tenant.deleted', { tenant })
  return { tenant, keptRoles }
}

async function begin<A extends object>(
  parts: LifeParts<A>,
  found: Tenant<A>,
  options: DeleteOptions,
  isStillDue: StillDue<A> | undefined,
): Promise<Tenant<A>> {
  await callHook(parts, found)
  const { tenant, freed } = await patiently(confirmedName(found), () =>
    parts.tenants.changing(
      { by: 'id', value: found.id },
      async (transaction, before) => {
        // It may have been renamed while the hook ran.
        assertConfirmed(before, options)
        await isStillDue?.(transaction, before)
        return takeAway(parts, transaction, before)
      },
      parts.catalog.deploy,
    ),
  )
  // No event yet: the tenant is deleted when its row is gone.
  parts.tenants.left(tenant)
  parts.domains.removed(freed)
  return tenant
}

async function takeAway<A extends object>(
  parts: LifeParts<A>,
  transaction: Transaction,
  before: Tenant<A>,
): Promise<{ readonly tenant: Tenant<A>; readonly freed: readonly Domain[] }> {
  assertMayMove(before, 'delete')
  const away = awaySchema(before.id)
  const isPresent = await guardSchema(transaction, before.schema)
  if (isPresent && before.schema !== away) await moveSchema(parts, transaction, before, away)
  await closeRoles(transaction, before.id)
  const freed = await parts.domains.free(transaction, before.id)
  const schema = before.archivedSchema === undefined ? before.schema : undefined
  const leave = leaveSql(before.id, { to: 'deleting', away, schema, freed: undefined, purgeAfterMs: null })
  const details = { before: confirmedName(before), domains: freed.map(({ domain }) => domain) }
  const tenant = await parts.tenants.move(transaction, leave, 'tenant.deleting', details)
  if (tenant === undefined) throw invalidMove(before, 'delete')
  return { tenant, freed }
}

async function callHook({ options }: LifeParts<any>, tenant: Tenant<any>): Promise<void> {
  try {
    await options.hooks.beforeDelete?.(tenant)
  } catch (error) {
    throw new TenancyError(
      'HOOK_FAILED',
      `The hook beforeDelete failed for the tenant ${JSON.stringify(confirmedName(tenant))}, so nothing was deleted. Its error is the cause. Fix what it ` +
        'reports, and delete the tenant again: the hook is called again.',
      { details: { schema: confirmedName(tenant), hook: 'beforeDelete' }, cause: error },
    )
  }
}

/** Each table is a transaction, with its entry in the audit. */
async function deleteRows({ catalog }: LifeParts<any>, tenant: Tenant<any>, options: DeleteOptions): Promise<void> {
  const found = await catalog.deploy.transaction((transaction) => sharedRowsOf(transaction, tenant.id))
  assertRowsAreMeant(tenant, found, options)
  if (options.sharedRows !== 'delete') return
  for (const rows of found) {
    await catalog.deploy.transaction(async (transaction) => {
      await deleteSharedRows(transaction, tenant.id, rows)
      await recordAction(transaction, { action: 'tenant.rows', tenant, object: rows.table, details: { rows: rows.rows } })
    })
  }
}

/** An upload that began before the deletion may still end: it takes its own file back, unless its process is killed at that moment. */
async function deleteFiles({ options: { files } }: LifeParts<any>, { id }: Tenant<any>): Promise<void> {
  if (files !== undefined) await deleteFilesOf(files.store, id)
}

function end<A extends object>(parts: LifeParts<A>, { id }: Tenant<A>): Promise<Deleted<A>> {
  return parts.tenants.changing(
    { by: 'id', value: id },
    async (transaction, before) => {
      if (await guardSchema(transaction, before.schema)) {
        await assertNotReferenced(transaction, before.schema, confirmedName(before))
        await dropSchema(transaction, before.schema)
      }
      const keptRoles = await dropRoles(transaction, parts.access, id)
      const tenant = await parts.tenants.move(transaction, deleteTenantSql(id), 'tenant.deleted', {
        before: confirmedName(before),
        keptRoles,
      })
      if (tenant === undefined) throw invalidMove(before, 'delete')
      return { tenant, keptRoles }
    },
    parts.catalog.deploy,
  )
}

async function dropSchema(transaction: Transaction, schema: string): Promise<void> {
  try {
    await transaction.query(dropSchemaSql(schema))
  } catch (error) {
    throw explainPrivilege(
      error,
      'drop the schema of the tenant',
      'Delete tenants as the role that owns their schemas: the option "database.deploy".',
    )
  }
}

function checked(options: DeleteOptions): void {
  assertKnownKeys('tenants.delete', options, ['confirm', 'sharedRows'])
  const { sharedRows } = options
  if (sharedRows === undefined || sharedRows === 'delete' || sharedRows === 'keep') return
  throw new TenancyError('INVALID_ARGUMENT', "\"sharedRows\" of tenants.delete must be 'delete' or 'keep'.", {
    details: { option: 'sharedRows' },
  })
}

function assertConfirmed(tenant: Tenant<any>, { confirm }: DeleteOptions): void {
  if (confirm === confirmedName(tenant)) return
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `tenants.delete needs the schema of the tenant once more: { confirm: ${JSON.stringify(confirmedName(tenant))} }. Nothing was deleted.`,
    { details: { option: 'confirm', what: 'tenants.delete' } },
  )
}

/** @throws TenancyError TENANT_REFERENCED */
function assertRowsAreMeant(tenant: Tenant<any>, found: readonly SharedRows[], { sharedRows }: DeleteOptions): void {
  const refused = sharedRows === 'delete' ? [] : sharedRows === 'keep' ? found.filter(({ isBound }) => isBound) : found
  if (refused.length > 0) throw rowsLeft(confirmedName(tenant), refused, sharedRows === 'keep')
}
