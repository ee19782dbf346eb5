import type { Blueprint } from '../../blueprint/blueprint.ts'

export interface KeptBlueprint {
  /** What read it. Another version of it may see more of a schema, so its blueprints are not compared with these. */
  readonly reader: string
  /** What else it depends on: the schemas that the search path has behind the tenant's. */
  readonly surroundings: string
  /** Of a schema that has this structure, and no name of its own in it. */
  readonly fingerprint: string
  readonly blueprint: Blueprint
}
