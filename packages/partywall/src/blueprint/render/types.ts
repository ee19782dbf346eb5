import { identifier } from '../../names/identifier.ts'
import { literal } from '../../sql/literal.ts'
import type { Blueprint, Collation, DomainType, RangeType, Type } from '../blueprint.ts'
import type { Need } from '../creation.ts'
import { kindOfConstraint } from './constraints.ts'
import type { Rendering, Unit } from './rendered-schema.ts'
import { keyOf, withoutArguments } from './sql-names.ts'

export function typeUnits({ types }: Blueprint, rendering: Rendering): Unit[] {
  return types.flatMap((type) => {
    if (type.kind === 'domain') return domain(type, rendering)
    return type.kind === 'range' && type.canonical !== null ? [shellOf(type), unitOf(type)] : [unitOf(type)]
  })
}

export function collationUnits({ collations }: Blueprint): Unit[] {
  return collations.map((collation) => ({
    keys: [keyOf('collation', collation.name)],
    statements: [`create collation ${identifier(collation.name)} ${definitionOfCollation(collation)}`],
    tier: 'collation',
  }))
}

function unitOf(type: Exclude<Type, DomainType>): Unit {
  const keys = [keyOf('type', type.name)]
  return { keys, statements: [`create type ${identifier(type.name)} as ${definitionOf(type)}`], tier: 'type' }
}

/** A canonical function takes the range and returns it, so the name of the range is made first. */
function shellOf({ name }: RangeType): Unit {
  return { keys: [keyOf('shell', name)], statements: [`create type ${identifier(name)}`], tier: 'type' }
}

/** The function that makes the values of a range canonical needs the name of the range alone, and the range needs the function. */
export function withShells({ types, routines, creation }: Blueprint): readonly Need[] {
  const shells = new Map(
    types.flatMap((type) => {
      if (type.kind !== 'range' || type.canonical === null) return []
      const canonical = routines.find(({ signature }) => signature === type.canonical)
      return canonical === undefined
        ? []
        : [[`${keyOf('routine', canonical.name)} ${keyOf('type', type.name)}`, type.name] as const]
    }),
  )
  if (shells.size === 0) return creation.needs
  return creation.needs.map((need) => {
    const shell = shells.get(`${need.object} ${need.needs}`)
    return shell === undefined ? need : { ...need, needs: keyOf('shell', shell) }
  })
}

function definitionOf(type: Exclude<Type, DomainType>): string {
  switch (type.kind) {
    case 'enum':
      return `enum (${type.labels.map(literal).join(', ')})`
    case 'composite type':
      return `(${type.attributes.map(({ name, type: of, collation }) => `${identifier(name)} ${of}${collate(collation)}`).join(', ')})`
    case 'range':
      return `range (${rangeOptions(type).join(', ')})`
  }
}

function rangeOptions({ subtype, operatorClass, collation, canonical, difference, multirange }: RangeType): string[] {
  return [
    `subtype = ${subtype}`,
    `subtype_opclass = ${operatorClass}`,
    ...(collation === null ? [] : [`collation = ${collation}`]),
    ...(canonical === null ? [] : [`canonical = ${withoutArguments(canonical)}`]),
    ...(difference === null ? [] : [`subtype_diff = ${withoutArguments(difference)}`]),
    ...(multirange === null ? [] : [`multirange_type_name = ${multirange}`]),
  ]
}

/** Its checks come later when a function in one of them takes the domain. */
function domain({ name, base, collation, default: fallback, notNull, constraints }: DomainType, { split }: Rendering): Unit[] {
  const isSplit = split.has(keyOf('type', name))
  const isLater = (definition: string) =>
    definition.endsWith(' NOT VALID') || (isSplit && kindOfConstraint(definition) === 'check')
  const hasNamedNotNull = constraints.some(({ definition }) => kindOfConstraint(definition) === 'not null')
  const head = [
    `create domain ${identifier(name)} as ${base}${collate(collation)}`,
    ...(fallback === null ? [] : [`default (${fallback})`]),
    ...(notNull && !hasNamedNotNull ? ['not null'] : []),
    ...constraints
      .filter(({ definition }) => !isLater(definition))
      .map((one) => `constraint ${identifier(one.name)} ${one.definition}`),
  ]
  const inside = constraints.filter(({ definition }) => !isLater(definition))
  const whole: Unit = {
    keys: [keyOf('type', name), ...inside.map((one) => keyOf('constraint', name, one.name))],
    statements: [head.join(' ')],
    tier: 'type',
  }
  const later = constraints.filter(({ definition }) => isLater(definition))
  return [
    whole,
    ...later.map((one): Unit => ({
      keys: [keyOf('constraint', name, one.name)],
      statements: [`alter domain ${identifier(name)} add constraint ${identifier(one.name)} ${one.definition}`],
      tier: 'type',
      needs: [keyOf('type', name)],
    })),
  ]
}

function collate(collation: string | null): string {
  return collation === null ? '' : ` collate ${collation}`
}

/** Those that are for every encoding can only be copied. */
function definitionOfCollation(collation: Collation): string {
  const { collprovider, collencoding, collcollate } = collation.definition
  const isForAll = collprovider === 'c' && collencoding === -1 && (collcollate === 'C' || collcollate === 'POSIX')
  return isForAll ? `from pg_catalog.${identifier(collcollate)}` : `(${collationOptions(collation).join(', ')})`
}

/** PostgreSQL has renamed the columns of its catalog from version to version. */
function collationOptions({ definition }: Collation): string[] {
  const text = (...columns: readonly string[]): string | undefined =>
    columns.map((column) => definition[column]).find((value): value is string => typeof value === 'string')
  const provider = ({ i: 'icu', b: 'builtin' } as Record<string, string>)[String(definition['collprovider'])] ?? 'libc'
  const locale = text('colllocale', 'colliculocale') ?? text('collcollate')
  const rules = text('collicurules')
  const places =
    provider === 'libc'
      ? [`lc_collate = ${literal(text('collcollate') ?? '')}`, `lc_ctype = ${literal(text('collctype') ?? '')}`]
      : [`locale = ${literal(locale ?? '')}`]
  return [
    `provider = ${provider}`,
    ...places,
    ...(definition['collisdeterministic'] === false ? ['deterministic = false'] : []),
    ...(rules === undefined ? [] : [`rules = ${literal(rules)}`]),
  ]
}
