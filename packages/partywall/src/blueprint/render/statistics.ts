import { identifier } from '../../names/identifier.ts'
import type { Blueprint } from '../blueprint.ts'
import type { Unit } from './rendered-schema.ts'

export function statisticsUnits({ statistics }: Blueprint): Unit[] {
  return statistics.map(({ name, table, columns, kinds, target }) => {
    // PostgreSQL adds the statistics of expressions by itself, and takes no kinds where there is only one expression.
    const named = kinds.filter((kind) => kind !== 'expressions')
    const list = named.length === 0 ? '' : ` (${named.join(', ')})`
    return {
      keys: [],
      statements: [
        `create statistics ${identifier(name)}${list} on ${columns} from ${table}`,
        ...(target === null ? [] : [`alter statistics ${identifier(name)} set statistics ${target}`]),
      ],
      tier: 'statistics',
    }
  })
}
