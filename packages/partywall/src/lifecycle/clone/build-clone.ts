/** The transaction that makes a clone. */
import type { Blueprint } from '../../blueprint/blueprint.ts'
import { readCatalogHash } from '../../blueprint/catalog-hash.ts'
import { readBlueprint } from '../../blueprint/read-blueprint.ts'
import type { RoleNames } from '../../catalog/roles/role-names.ts'
import { completeNewSchema, giveNewSchema } from '../../catalog/roles/tenant-role.ts'
import { boundaryOf } from '../../config/boundary-option.ts'
import { commentText, createHistoryTexts, historyTable } from '../../migrations/history/history-sql.ts'
import { assertNothingShadowed } from '../../migrations/plan/both-scopes.ts'
import { provisioningLock } from '../../migrations/plan/targets.ts'
import { tenantRole } from '../../names/role-name.ts'
import type { Transaction } from '../../ports/database.ts'
import { sharedTransactionLockSql } from '../../sql/schema-sql.ts'
import type { Domain, Tenant } from '../../types.ts'
import { copySettings } from '../../settings/copy-settings.ts'
import type { NewRow } from '../new-tenant.ts'
import { createSchema, register } from '../provision.ts'
import { copyFilesName } from '../steps/copy-files.ts'
import { doneSeedsOf, recordCopiedSeeds } from '../steps/copied-seeds.ts'
import type { StepBody } from '../steps/step.ts'
import { cloneRefused, mayLeadBack, notAlike } from './clone-errors.ts'
import type { CloneInput } from './clone-input.ts'
import type { CloneParts } from './clone-parts.ts'
import { renderClone } from './clone-structure.ts'
import { withoutTenantRoles } from './copied-rights.ts'
import { copyRows } from './copy-rows.ts'
import { copyHistoryText, sequenceValuesText, takeRightsText } from './copy-sql.ts'
import { holdSource } from './hold-source.ts'
import { rowsToCopy } from './rows-to-copy.ts'
import { differencesOf } from './same-structure.ts'
import { listTables } from './source-table.ts'
import { withoutBoundary } from './without-boundary.ts'

/** What is being done, for the message of an error. */
export interface Progress {
  step: string
}

export interface Built<A extends object> {
  readonly tenant: Tenant<A>
  readonly domains: readonly Domain[]
  readonly onCommit: () => void
}

export async function buildClone<A extends object>(
  parts: CloneParts<A>,
  from: Tenant<A>,
  wanted: NewRow,
  input: CloneInput<any>,
  progress: Progress,
): Promise<Built<A>> {
  const { catalog, access, options, relations, tenants } = parts
  const listed = await listTables(catalog.deploy, from.schema)
  return catalog.deploy.transaction(async (transaction) => {
    const { tables, digest } = await holdSource(parts, transaction, from, listed, wanted.schema)
    const rows = await rowsToCopy(tables, input)
    if (rows.problems.length > 0) throw cloneRefused(wanted.schema, from.schema, rows.problems)
    const source = await readBlueprint(transaction, from.schema)
    await transaction.query(sharedTransactionLockSql(provisioningLock))
    progress.step = 'making its row, its schema and its role'
    const steps = stepsAfter(parts, from, input)
    const { tenant, domains } = await register(parts, transaction, { ...wanted, steps })
    if (input.data !== false) await recordCopiedSeeds(transaction, tenant, await doneSeedsOf(transaction, from))
    if (input.settings ?? input.data !== false) await copySettings(transaction, parts.settings, from, tenant)
    await parts.steps.record(transaction, tenant, steps, [])
    await createSchema(transaction, wanted.schema)
    await giveNewSchema(transaction, access, options, tenant)
    const rights = await rightsOf(parts, transaction, from, tenant)
    const { settings, structure, afterRows, remarks } = await renderClone(
      rights.comparable(source),
      from.schema,
      wanted.schema,
      rights.tenantRole,
    )
    if (remarks.length > 0 && input.accept !== true) throw mayLeadBack(wanted.schema, from.schema, remarks)
    const send = (texts: readonly (string | undefined)[]): Promise<void> =>
      transaction.send(
        wanted.schema,
        [...settings, 'set local statement_timeout = 0', ...texts].filter((text) => text !== undefined).join(';\n'),
        '',
      )
    progress.step = 'making the tables'
    await send([
      ...structure,
      rights.user === undefined ? undefined : takeRightsText(wanted.schema, rights.user),
      ...createHistoryTexts(wanted.schema),
      copyHistoryText(from.schema, wanted.schema),
      commentText(wanted.schema, digest),
    ])
    await copyRows(transaction, rows, {
      from: from.schema,
      to: wanted.schema,
      source,
      settings,
      signal: input.signal,
      onStep: (step) => void (progress.step = step),
      onProgress: (table, bytes, totalBytes) =>
        void parts.events.emit('tenant.clone.progress', { schema: wanted.schema, source: from.schema, table, bytes, totalBytes }),
    })
    progress.step = 'making indexes, keys and triggers'
    input.signal?.throwIfAborted()
    const isWithRows = input.data !== false
    await send([
      'set local row_security = on',
      ...afterRows,
      isWithRows ? sequenceValuesText(source, from.schema, wanted.schema) : undefined,
    ])
    progress.step = 'checking the clone'
    const onCommit = await relations.recordNew(transaction, wanted, digest)
    await completeNewSchema(transaction, access, options, tenant, historyTable)
    await assertNothingShadowed(transaction, options, wanted.schema)
    if (!(await isExactlyAlike(transaction, from.schema, wanted.schema))) {
      const made = await readBlueprint(transaction, wanted.schema)
      const differences = differencesOf(rights.comparable(source), rights.comparable(made), from.schema, wanted.schema)
      if (differences.length > 0) throw notAlike(wanted.schema, from.schema, differences)
    }
    input.signal?.throwIfAborted()
    return { tenant: await tenants.complete(transaction, tenant), domains, onCommit }
  }, input.signal)
}

/** What runs after the transaction: it takes long, and a process that is killed meanwhile leaves a clone that says so. */
function stepsAfter(
  { options: { files } }: Pick<CloneParts, 'options'>,
  from: Tenant<any>,
  input: CloneInput<any>,
): readonly StepBody[] {
  const isWithFiles = input.files ?? input.data !== false
  return files === undefined || !isWithFiles ? [] : [{ kind: 'hook', name: copyFilesName(from.id), run: () => {} }]
}

/** The rule, unless a column was dropped or the two have other rights; it takes half the time of a comparison. */
async function isExactlyAlike(transaction: Transaction, from: string, to: string): Promise<boolean> {
  const before = await readCatalogHash(transaction, from)
  return before !== undefined && before === (await readCatalogHash(transaction, to))
}

interface CopiedRights {
  /** The role that uses the clone, and gets exactly the rights that the one of the source has; undefined where new rights are made, or none. */
  readonly user: string | undefined
  readonly tenantRole: string | undefined
  /** The structure with the rights that both have. */
  comparable(blueprint: Blueprint): Blueprint
}

/** Under another boundary than that of the source, the clone has the rights that each new tenant has. */
async function rightsOf(
  { access, options: { boundary } }: Pick<CloneParts, 'access' | 'options'>,
  transaction: Transaction,
  from: Tenant<any>,
  clone: Tenant<any>,
): Promise<CopiedRights> {
  const [before, kind] = [boundaryOf(boundary, from), boundaryOf(boundary, clone)]
  const names: RoleNames = await access.names(transaction)
  const role = kind === 'path' ? names.login : tenantRole(clone.id)
  const isUsed = access.isNeeded && !(kind === 'path' && names.login === names.deploy)
  if (!isUsed || before !== kind)
    return {
      user: undefined,
      tenantRole: undefined,
      comparable: (blueprint) => withoutBoundary(withoutTenantRoles(blueprint), names),
    }
  return {
    user: role,
    tenantRole: kind === 'path' ? undefined : role,
    comparable: withoutTenantRoles,
  }
}
