/** The objects of a schema as statements name them that are for objects of every kind: COMMENT ON, ALTER … OWNER TO, GRANT … ON. */
import { identifier } from '../../names/identifier.ts'
import type { Blueprint, Owned, Relation, Routine, Type } from '../blueprint.ts'
import { isOfHistory } from './sequences.ts'
import { aggregateSignature } from './routines.ts'

export interface NamedObject extends Pick<Owned, 'owner' | 'comment'> {
  /** Such as `materialized view`. */
  readonly kind: string
  /** As GRANT calls the kind; undefined for what has no privileges. */
  readonly grantKind: GrantKind | undefined
  readonly name: string
  /** Where GRANT names it otherwise. */
  readonly nameForGrant?: string
  readonly privileges: Owned['privileges']
  /** It has the owner of something else, and takes no other. */
  readonly isOwned: boolean
}

export type GrantKind = 'table' | 'sequence' | 'function' | 'procedure' | 'type' | 'schema'

export function namedObjects(blueprint: Blueprint): NamedObject[] {
  return [
    ...blueprint.relations.map(ofRelation),
    ...blueprint.sequences
      .filter((sequence) => !isOfHistory(sequence))
      .map((sequence) => ({
        ...sequence,
        kind: 'sequence',
        grantKind: 'sequence' as const,
        name: identifier(sequence.name),
        isOwned: sequence.ownedBy !== null,
      })),
    ...blueprint.types.map(ofType),
    ...blueprint.routines.map(ofRoutine),
    ...blueprint.collations.map((collation) => withoutPrivileges('collation', collation)),
    ...blueprint.dictionaries.map((dictionary) => withoutPrivileges('text search dictionary', dictionary)),
    ...blueprint.configurations.map((configuration) => withoutPrivileges('text search configuration', configuration)),
    ...blueprint.statistics.map((statistics) => withoutPrivileges('statistics', statistics)),
  ]
}

function kindOfRelation({ kind }: Pick<Relation, 'kind'>): string {
  return kind === 'partitioned table' ? 'table' : kind
}

function ofRelation(relation: Relation): NamedObject {
  return { ...relation, kind: kindOfRelation(relation), grantKind: 'table', name: identifier(relation.name), isOwned: false }
}

function ofType(type: Type): NamedObject {
  return {
    ...type,
    kind: type.kind === 'domain' ? 'domain' : 'type',
    grantKind: 'type',
    name: identifier(type.name),
    isOwned: false,
  }
}

function ofRoutine(routine: Routine): NamedObject {
  const kind = routine.kind === 'window function' ? 'function' : routine.kind
  const name = routine.kind === 'aggregate' ? aggregateSignature(routine) : routine.signature
  return {
    ...routine,
    kind,
    grantKind: kind === 'procedure' ? kind : 'function',
    name,
    nameForGrant: routine.signature,
    isOwned: false,
  }
}

function withoutPrivileges(
  kind: string,
  { name, owner, comment }: { readonly name: string; readonly owner: string; readonly comment: string | null },
): NamedObject {
  return { kind, name: identifier(name), owner, comment, grantKind: undefined, privileges: [], isOwned: false }
}
