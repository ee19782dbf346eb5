/** What a blueprint holds that cannot be made elsewhere. All of it is named at once. */
import { TenancyError } from '../../errors.ts'
import type { Blueprint } from '../blueprint.ts'
import { ownName } from './sql-names.ts'

export function assertRenderable(blueprint: Blueprint): void {
  const foreignParts = new Set(
    blueprint.relations.flatMap(({ kind, partitionBound, parents }) =>
      kind === 'foreign table' && partitionBound !== null ? [ownName(parents[0]!)] : [],
    ),
  )
  refuse([
    ...blueprint.unmodeled.map(({ kind, name }) => (name.startsWith('publication of ') ? `the ${name}` : `the ${kind} ${name}`)),
    ...blueprint.creation.outside.map(({ name }) => `the ${name}`),
    ...blueprint.extensions.map(({ name }) => `the extension ${name}, which a database can have only once`),
    ...blueprint.types.flatMap((type) =>
      type.kind === 'range' && type.canonical !== null && ownName(type.canonical) === undefined
        ? [`the range ${type.name}, whose canonical function is in another schema`]
        : [],
    ),
    ...blueprint.relations.flatMap((relation) => [
      ...(relation.partitionBound !== null && ownName(relation.parents[0]!) === undefined
        ? [`the partition ${relation.name} of a table in another schema`]
        : []),
      ...(isNaturalJoin.test(relation.definition ?? '')
        ? [`the ${relation.kind} ${relation.name}, which has an outer NATURAL JOIN of tables without a common column`]
        : []),
      ...(foreignParts.has(relation.name)
        ? relation.indexes
            .filter(({ valid }) => valid)
            .map(({ name }) => `the index ${name} of the table ${relation.name}, which has foreign tables as partitions`)
        : []),
      ...(relation.kind === 'partitioned table' ? [] : relation.indexes)
        .filter(({ valid }) => !valid)
        .map(({ name }) => `the index ${name}, which is not valid`),
      ...(relation.parents.some((parent) => parent.endsWith(', detach pending'))
        ? [`the partition ${relation.name}, which is being detached`]
        : []),
    ]),
  ])
}

/** PostgreSQL prints TRUE for a join that has no condition, and would read it as a condition. */
const isNaturalJoin = /^ +(?:LEFT|RIGHT|FULL) JOIN .* ON TRUE\b/m

/** @throws TenancyError UNSUPPORTED_OBJECT unless the list is empty */
export function refuse(objects: readonly string[]): void {
  if (objects.length === 0) return
  throw new TenancyError(
    'UNSUPPORTED_OBJECT',
    `The structure of the schema cannot be copied, because it holds ${objects.join('; ')}. Nothing was left out: drop these objects, or ` +
      'create the tenant from its migrations.',
    { details: { objects } },
  )
}
