/** The settings of one tenant as they are stored: read into a tree, where a secret stays sealed, and written as rows. */
import type { Queryable } from '../sql/statement.ts'
import { Sealed, type Cipher } from './cipher.ts'
import { isSecretValue } from './secret-keys.ts'
import { settingsOfTenantSql, writeSettingsSql, type SettingRow } from './settings-sql.ts'

/** By key: a value of JSON, or a Sealed. */
export type StoredLeaves = ReadonlyMap<string, unknown>

export async function readStored(queryable: Queryable, tenantId: string): Promise<StoredLeaves> {
  const { rows } = await queryable.query<SettingRow & Record<string, unknown>>(settingsOfTenantSql(tenantId))
  return new Map(
    rows.map(({ key, value, sealed, sealed_by: by }) => [
      key,
      sealed === null ? (JSON.parse(value!) as unknown) : new Sealed(sealed, by!),
    ]),
  )
}

export interface Sealing {
  readonly cipher: Cipher
  /** The option `settings.secrets`. */
  readonly secrets: readonly string[]
}

/** Writes values, and encrypts those that are secret, for this tenant. */
export async function writeStored(
  queryable: Queryable,
  { cipher, secrets }: Sealing,
  tenantId: string,
  leaves: Iterable<readonly [key: string, value: unknown]>,
): Promise<void> {
  const rows = [...leaves].map(([key, value]): SettingRow => {
    if (!isSecretValue(key, secrets)) return { key, value: JSON.stringify(value), sealed: null, sealed_by: null }
    const { text, by } = cipher.seal(tenantId, key, value)
    return { key, value: null, sealed: text, sealed_by: by }
  })
  if (rows.length > 0) await queryable.query(writeSettingsSql(tenantId, rows))
}
