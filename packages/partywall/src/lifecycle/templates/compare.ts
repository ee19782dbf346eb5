/** What differs between a template and a schema that was made of it, without what the boundary gives and the names of the two. */
import type { Blueprint } from '../../blueprint/blueprint.ts'
import type { Access } from '../../catalog/roles/access.ts'
import type { Database } from '../../ports/database.ts'
import { boundaryRolesOf } from '../structure/boundary-roles.ts'
import { differencesOf, schemaMark } from '../structure/differences.ts'

export interface NamedBlueprint {
  readonly schema: string
  readonly blueprint: Blueprint
}

/** Names such as `index "books.books_title"`. */
export async function differencesBetween(
  { access, catalog }: { readonly access: Access; readonly catalog: { readonly deploy: Database } },
  template: NamedBlueprint,
  made: NamedBlueprint,
): Promise<readonly string[]> {
  const roles = await boundaryRolesOf(access, catalog.deploy)
  const differences = differencesOf(withMark(template), made.blueprint, made.schema, roles)
  return [...new Set(differences.map(({ kind, name }) => `${kind} ${JSON.stringify(name)}`))]
}

/** The name of a template begins with a word of its own, so no text has it by chance. */
function withMark({ blueprint, schema }: NamedBlueprint): Blueprint {
  return JSON.parse(JSON.stringify(blueprint).replaceAll(schema, schemaMark)) as Blueprint
}
