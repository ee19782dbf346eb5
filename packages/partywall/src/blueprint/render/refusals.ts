/** What a blueprint holds that cannot be made elsewhere. All of it is named at once. */
import { TenancyError } from '../../errors.ts'
import type { Blueprint } from '../blueprint.ts'
import { hasUsualOrder } from './tables.ts'

export function assertRenderable(blueprint: Blueprint): void {
  const relations = new Map(blueprint.relations.map((relation) => [relation.name, relation]))
  refuse([
    ...blueprint.unmodeled.map(({ kind, name }) => `the ${kind} ${name}`),
    ...blueprint.creation.outside.map(({ name }) => `the ${name}`),
    ...blueprint.extensions.map(({ name }) => `the extension ${name}, which a database can have only once`),
    ...blueprint.types.flatMap((type) =>
      type.kind === 'range' && type.canonical !== null ? [`the range ${type.name}, which has a canonical function`] : [],
    ),
    ...blueprint.relations.flatMap((relation) => [
      ...relation.indexes.filter(({ valid }) => !valid).map(({ name }) => `the index ${name}, which is not valid`),
      ...(relation.parents.some((parent) => parent.endsWith(', detach pending'))
        ? [`the partition ${relation.name}, which is being detached`]
        : []),
      ...(hasUsualOrder(relation, relations)
        ? []
        : [`the table ${relation.name}, which got columns of its parents after columns of its own`]),
    ]),
  ])
}

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
