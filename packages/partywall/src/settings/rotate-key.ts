/**
 * Encrypts the secrets of tenants under the newest key, and those that were stored before their key was named a secret. Each tenant is a transaction of its
 * own with its entry in the audit, so a run that was killed has done what it has done, and the next one does the rest.
 */
import { recordAction } from '../catalog/audit/record.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { checkedSelection, tenantStatuses } from '../catalog/tenants/selection.ts'
import type { Tenants } from '../catalog/tenants/tenants.ts'
import { TenancyError } from '../errors.ts'
import { forEachTenant, type ForEachEntry, type ForEachOptions } from '../fleet/for-each.ts'
import type { FleetReport, Tenant } from '../types.ts'
import { Sealed } from './cipher.ts'
import { isSecretValue } from './secret-keys.ts'
import type { Rotation } from './settings-results.ts'
import { plainKeysSql, tenantsToRotateSql, writeSettingsSql } from './settings-sql.ts'
import { readStored } from './stored-settings.ts'
import type { TenantSettings } from './tenant-settings.ts'

export interface RotateKeyParts<A extends object> {
  readonly catalog: Catalog
  readonly tenants: Tenants<A>
  readonly settings: TenantSettings<A>
}

/** tenancy.settings.rotateKey */
export async function rotateKey<A extends object>(
  parts: RotateKeyParts<A>,
  options: Omit<ForEachOptions, 'repair' | 'resume'> = {},
): Promise<FleetReport<ForEachEntry<Rotation>>> {
  const { catalog, tenants, settings } = parts
  const { newest } = settings.cipher
  if (newest === undefined) {
    throw new TenancyError('INVALID_OPTION', 'The option "settings.key" is not given, so there is no key to encrypt under.', {
      details: { option: 'settings.key' },
    })
  }
  return forEachTenant<A, Rotation>(
    {
      select: async (selection) => {
        // A key is taken out of the list when no tenant needs it, the archived ones included.
        const selected = await tenants.select(checkedSelection('settings.rotateKey', selection, tenantStatuses))
        const plain = await catalog.query<{ key: string }>(plainKeysSql)
        const secret = plain.rows.map(({ key }) => key).filter((key) => isSecretValue(key, settings.secrets))
        const { rows } = await catalog.query<{ tenant_id: string }>(tenantsToRotateSql(newest, secret))
        const waiting = new Set(rows.map(({ tenant_id: id }) => id))
        return selected.filter(({ id }) => waiting.has(id))
      },
    },
    (tenant) => rotateOne(parts, tenant, newest),
    options,
  )
}

async function rotateOne<A extends object>(
  { tenants, settings }: RotateKeyParts<A>,
  { id }: Tenant<A>,
  newest: string,
): Promise<Rotation> {
  const { cipher, secrets } = settings
  return tenants.changing({ by: 'id', value: id }, async (transaction, tenant) => {
    const rows = [...(await readStored(transaction, id))].flatMap(([key, stored]) => {
      const isDue = stored instanceof Sealed ? stored.by !== newest : isSecretValue(key, secrets)
      if (!isDue) return []
      const value = stored instanceof Sealed ? cipher.open(tenant, key, stored) : stored
      const { text, by } = cipher.seal(id, key, value)
      return [{ key, value: null, sealed: text, sealed_by: by }]
    })
    if (rows.length > 0) {
      await transaction.query(writeSettingsSql(id, rows))
      const details = { keys: rows.map(({ key }) => key), by: newest }
      await recordAction(transaction, { action: 'settings.rotated', tenant, object: tenant.schema, details })
    }
    return { secrets: rows.length }
  })
}
