/** Copies the settings of a tenant to another one, in a transaction of the caller. A secret is bound to its tenant, so it is opened, and encrypted for the new one. */
import type { Queryable } from '../sql/statement.ts'
import type { Tenant } from '../types.ts'
import { Sealed } from './cipher.ts'
import { writeSettingsSql } from './settings-sql.ts'
import { readStored, type Sealing } from './stored-settings.ts'

/** @throws TenancyError SETTINGS_UNREADABLE where a secret does not open: then the copy would lack it */
export async function copySettings(
  queryable: Queryable,
  { cipher }: Pick<Sealing, 'cipher'>,
  from: Tenant<any>,
  to: Pick<Tenant<any>, 'id'>,
): Promise<void> {
  const stored = await readStored(queryable, from.id)
  if (stored.size === 0) return
  const rows = [...stored].map(([key, value]) => {
    if (!(value instanceof Sealed)) return { key, value: JSON.stringify(value), sealed: null, sealed_by: null }
    // Also where the key is not secret any more: a copy shows no more than its source.
    const { text, by } = cipher.seal(to.id, key, cipher.open(from, key, value))
    return { key, value: null, sealed: text, sealed_by: by }
  })
  await queryable.query(writeSettingsSql(to.id, rows))
}
