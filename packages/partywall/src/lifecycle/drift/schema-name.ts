import type { Repair } from '../../blueprint/repair/repair.ts'
import { schemaMark } from '../structure/differences.ts'

/**
 * Puts the name of the tenant where an expected text has that of its schema. Where the name needs quotes it is not known whether the text has them: as a name
 * it must, and in a string it must not. So such a repair is left to a person.
 */
export function withSchemaName(repairs: readonly Repair[], schema: string): readonly Repair[] {
  return repairs.map((repair) => {
    if (repair.statement?.includes(schemaMark) !== true) return repair
    if (!/^[a-z_][a-z0-9_]*$/.test(schema)) return { ...repair, statement: null, isAdditive: false }
    return { ...repair, statement: repair.statement.replaceAll(schemaMark, schema) }
  })
}
