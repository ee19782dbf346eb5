/** Puts the rows of the catalog together: what hangs on a table goes to its table. */
import { byName } from './by-name.ts'
import { type CreationRow, creationOf } from './assemble-creation.ts'
import type {
  Blueprint,
  Column,
  CompositeType,
  Constraint,
  DomainType,
  EnumType,
  RangeType,
  Relation,
  Type,
} from './blueprint.ts'

type OfRelation<T> = T & { readonly relation: string }
type Hanging = 'columns' | 'constraints' | 'indexes' | 'triggers' | 'rules' | 'policies'
type Bare<T extends Type> = Omit<T, 'kind' | 'name' | 'owner' | 'privileges' | 'comment'>

/** The rows of each query of `readBlueprint`. */
export interface Found {
  readonly facts: readonly Pick<Blueprint, 'owner' | 'privileges' | 'defaultPrivileges' | 'historyColumns' | 'extensions'>[]
  readonly relations: readonly Omit<Relation, Hanging>[]
  readonly sequences: Blueprint['sequences']
  readonly columns: readonly OfRelation<Column>[]
  readonly constraints: readonly (Constraint & { readonly holder: string })[]
  readonly indexes: readonly OfRelation<Relation['indexes'][number]>[]
  readonly triggers: readonly OfRelation<Relation['triggers'][number]>[]
  readonly rules: readonly OfRelation<Relation['rules'][number]>[]
  readonly policies: readonly OfRelation<Relation['policies'][number]>[]
  readonly types: readonly FoundType[]
  readonly attributes: readonly (CompositeType['attributes'][number] & { readonly type_of: string })[]
  readonly routines: Blueprint['routines']
  readonly statistics: Blueprint['statistics']
  readonly collations: Blueprint['collations']
  readonly dictionaries: Blueprint['dictionaries']
  readonly configurations: Blueprint['configurations']
  readonly unmodeled: Blueprint['unmodeled']
  readonly creation: readonly CreationRow[]
}

interface FoundType extends Pick<Type, 'kind' | 'name' | 'owner' | 'privileges' | 'comment'> {
  readonly labels: EnumType['labels'] | null
  readonly domain: Omit<Bare<DomainType>, 'constraints'> | null
  readonly range: Bare<RangeType> | null
}

export function assemble(found: Found): Blueprint {
  const { owner, privileges, defaultPrivileges, historyColumns, extensions } = found.facts[0]!
  const columns = held(found.columns, 'relation')
  const constraints = held(found.constraints, 'holder')
  const indexes = held(found.indexes, 'relation')
  const triggers = held(found.triggers, 'relation')
  const rules = held(found.rules, 'relation')
  const policies = held(found.policies, 'relation')
  const attributes = held(found.attributes, 'type_of')
  return {
    owner,
    privileges,
    defaultPrivileges: byName(defaultPrivileges),
    relations: byName(
      found.relations.map((relation) => ({
        ...relation,
        columns: columns(relation.name),
        constraints: byName(constraints(relation.name)),
        indexes: byName(indexes(relation.name)),
        triggers: byName(triggers(relation.name)),
        rules: byName(rules(relation.name)),
        policies: byName(policies(relation.name)),
      })),
    ),
    sequences: byName(found.sequences),
    types: byName(
      found.types.map(({ labels, domain, range, ...type }) => {
        const own = { labels: labels ?? [], attributes: attributes(type.name), constraints: byName(constraints(type.name)) }
        return typeOf(type, domain, range, own)
      }),
    ),
    routines: byName(found.routines),
    statistics: byName(found.statistics),
    collations: byName(found.collations),
    historyColumns,
    dictionaries: byName(found.dictionaries),
    configurations: byName(found.configurations),
    extensions: byName(extensions),
    unmodeled: byName(found.unmodeled),
    creation: creationOf(found.creation),
  }
}

function typeOf(
  type: Pick<Type, 'kind' | 'name' | 'owner' | 'privileges' | 'comment'>,
  domain: FoundType['domain'],
  range: FoundType['range'],
  {
    labels,
    attributes,
    constraints,
  }: Pick<EnumType, 'labels'> & Pick<CompositeType, 'attributes'> & Pick<DomainType, 'constraints'>,
): Type {
  if (domain !== null) return { ...type, ...domain, kind: 'domain', constraints }
  if (range !== null) return { ...type, ...range, kind: 'range' }
  return type.kind === 'enum' ? { ...type, kind: 'enum', labels } : { ...type, kind: 'composite type', attributes }
}

/** The rows by the object that they hang on, without its name. */
function held<T extends object, K extends keyof T>(rows: readonly T[], key: K): (name: string) => Omit<T, K>[] {
  const lists = new Map<unknown, Omit<T, K>[]>()
  for (const row of rows) {
    const { [key]: name, ...rest } = row
    const list = lists.get(name)
    if (list === undefined) lists.set(name, [rest])
    else list.push(rest)
  }
  return (name) => lists.get(name) ?? []
}
