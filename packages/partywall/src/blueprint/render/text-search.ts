import { identifier } from '../../names/identifier.ts'
import type { Blueprint } from '../blueprint.ts'
import type { Unit } from './rendered-schema.ts'

/** Dictionaries first: configurations name them. What uses either comes later. */
export function textSearchUnits({ dictionaries, configurations }: Blueprint): Unit[] {
  const statements = [
    ...dictionaries.map(({ name, template, options }) => {
      const all = [`template = ${template}`, ...(options === null ? [] : [options])]
      return `create text search dictionary ${identifier(name)} (${all.join(', ')})`
    }),
    ...configurations.flatMap(({ name, parser, mappings }) => [
      `create text search configuration ${identifier(name)} (parser = ${parser})`,
      ...mappings.map((mapping) => `alter text search configuration ${identifier(name)} add mapping for ${mapping}`),
    ]),
  ]
  return statements.length === 0 ? [] : [{ keys: [], statements, tier: 'text search' }]
}
