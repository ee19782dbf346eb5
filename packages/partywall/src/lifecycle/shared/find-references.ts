/** tenancy.shared.references: reads, and changes nothing. */
import type { Database } from '../../ports/database.ts'
import { countReferences, placesOf, type SharedReference } from './references.ts'
import { assertSharedRow, findRow, type SharedRow } from './shared-row.ts'

export async function findReferences(
  { deploy, sharedSchema }: { readonly deploy: Database; readonly sharedSchema: string },
  given: SharedRow,
): Promise<{ readonly found: boolean; readonly total: number; readonly places: readonly SharedReference[] }> {
  assertSharedRow('shared.references', given)
  return deploy.transaction(async (transaction) => {
    const row = await findRow(transaction, sharedSchema, given)
    if (row === undefined) return { found: false, total: 0, places: [] }
    const counted = await countReferences(transaction, row, await placesOf(transaction, row, given.columns))
    const places = counted.map(({ name: _name, links: _links, ...place }) => place)
    return { found: true, total: places.reduce((sum, { rows }) => sum + rows, 0), places }
  })
}
